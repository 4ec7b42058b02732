"""Networks without plasticity: same interface, no trace, a memory in their activity alone."""

import pytest
import torch

from hebbnotes import PlasticRNN, tasks
from hebbnotes.networks import baselines

TASK = tasks.PatternCompletion(n_bits=6, n_patterns=2, **tasks.ONCE)


def both():
    return [
        cls(TASK.n_units, 5, torch.Generator().manual_seed(0))
        for cls in (baselines.RecurrentNetwork, baselines.LSTM)
    ]


@pytest.mark.parametrize("network", both(), ids=["rnn", "lstm"])
def test_what_is_clamped_is_the_input_and_each_episode_is_its_own(network):
    episodes = TASK.sample(4, torch.Generator().manual_seed(1))
    output, state = network(episodes.inputs, clamp=episodes.clamp)
    assert state is None
    visible = output[..., : TASK.n_units]
    assert torch.equal(visible[episodes.clamp], episodes.inputs[episodes.clamp])
    assert (visible.abs() <= 1).all()
    alone = network(episodes.inputs[:, 2:3], clamp=episodes.clamp[:, 2:3])[0]
    torch.testing.assert_close(output[:, 2:3], alone)
    free, _ = network(episodes.inputs)
    assert free.shape == output.shape


def test_the_recurrent_network_is_a_plastic_one_that_does_not_read_its_trace():
    network, plastic = (
        both()[0],
        PlasticRNN(TASK.n_units + 5, alpha=None, generator=torch.Generator()),
    )
    plastic.load_state_dict({"w": network.w, "eta_logit": plastic.eta_logit.detach()})
    episodes = TASK.sample(3, torch.Generator().manual_seed(1))
    pad = [torch.nn.functional.pad(x, (0, 5)) for x in (episodes.inputs, episodes.clamp)]
    torch.testing.assert_close(
        network(episodes.inputs, clamp=episodes.clamp)[0], plastic(pad[0], clamp=pad[1])[0]
    )


def test_the_same_seed_gives_the_same_network_and_sizes_are_checked():
    for one, two in zip(both(), both(), strict=True):
        assert all(
            torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True)
        )
    assert sum(p.numel() for p in both()[0].parameters()) == (7 + 5) ** 2
    assert sum(p.numel() for p in both()[1].parameters()) == 4 * 5 * (7 + 5 + 2) + 6 * 7
    for network in both():
        x = torch.zeros(3, 2, 7)
        for kwargs, message in (
            ({"inputs": x[0]}, "inputs must have shape"),
            ({"inputs": x[..., :4]}, "inputs must have shape"),
            ({"inputs": x, "clamp": x[:2] > 0}, "clamp must have shape"),
            ({"inputs": x, "state": x}, "state must be None"),
        ):
            with pytest.raises(ValueError, match=message):
                network(**kwargs)
    with pytest.raises(ValueError, match="n_hidden"):
        baselines.LSTM(3, 0, torch.Generator())
