"""One-shot learning: what an episode shows, and the published network's size."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import oneshot, training
from hebbnotes.networks import OneShotNetwork


def marked(characters=7, each=6):
    """Drawings that tell which they are: two pixels hold their numbers, and a corner their rotation."""
    drawings = torch.zeros(characters, each, 5, 5)
    drawings[:, :, 2, 2] = torch.arange(characters)[:, None] + 1.0
    drawings[:, :, 0, 0] = torch.arange(each) + 1.0
    return drawings


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(0, 10_000))
def test_an_episode_shows_every_label_as_often_and_asks_for_an_unseen_drawing(n_ways, n_shots, batch, seed):
    shown = oneshot.episodes(marked(), n_ways, n_shots, batch, torch.Generator().manual_seed(seed))
    total = n_ways * n_shots
    assert shown.inputs.shape == (total + 1, batch, 5, 5)
    assert shown.targets[:-1].sum(-1).eq(1).all()
    assert shown.targets[-1].eq(0).all()
    assert shown.clamp[:-1].all()
    assert not shown.clamp[-1].any()
    for b in range(batch):
        labels = [*shown.targets[:-1, b].argmax(-1).tolist(), shown.answer[b].item()]
        assert all(labels[:-1].count(label) == n_shots for label in range(n_ways))
        characters = shown.inputs[:, b, 2, 2].tolist()
        of = {label: {c for c, other in zip(characters, labels, strict=True) if other == label} for label in range(n_ways)}
        assert all(len(one) == 1 for one in of.values()), "one character a label"
        assert len(set.union(*of.values())) == n_ways, "and another for each"
        corners = [x.flatten()[[0, 4, 20, 24]] for x in shown.inputs[:, b]]
        turns = {(label, int(x.argmax())) for x, label in zip(corners, labels, strict=True)}
        assert len(turns) == n_ways, "all drawings of a character are turned alike"
        drawn = [(label, x.max().item()) for x, label in zip(corners, labels, strict=True)]
        assert len(set(drawn)) == total + 1, "no drawing is shown twice"


def test_characters_labels_turns_and_order_are_drawn_anew():
    shown = oneshot.episodes(marked(), 3, 2, 400, torch.Generator().manual_seed(0))
    assert shown.answer.bincount(minlength=3).min() > 100
    assert shown.inputs[-1, :, 2, 2].long().bincount(minlength=8)[1:].min() > 30
    corners = shown.inputs[-1].flatten(1)[:, [0, 4, 20, 24]].argmax(-1)
    assert corners.bincount(minlength=4).min() > 70
    assert len({tuple(labels) for labels in shown.targets[:-1].argmax(-1).T.tolist()}) > 80, "of 90 orders"


def test_too_few_drawings_get_a_clear_error():
    g = torch.Generator()
    for ways, shots in ((8, 1), (2, 6)):
        with pytest.raises(ValueError, match="drawings must be square"):
            oneshot.episodes(marked(), ways, shots, 1, g)
    with pytest.raises(ValueError, match="n_ways"):
        oneshot.episodes(marked(), 0, 1, 1, g)


def test_small_drawings_keep_their_share_of_ink():
    drawings = torch.rand(2, 3, 105, 105, generator=torch.Generator().manual_seed(0)) < 0.2
    small = oneshot.shrink(drawings, 35)
    assert small.shape == (2, 3, 35, 35)
    torch.testing.assert_close(small.mean((-2, -1)), drawings.float().mean((-2, -1)))
    assert oneshot.shrink(drawings).shape == (2, 3, 31, 31)


@pytest.mark.parametrize(("alpha", "size"), [("shared", 111_746), ("full", 112_065)])
def test_the_network_has_the_published_number_of_trained_numbers(alpha, size):
    net = OneShotNetwork(alpha=alpha, generator=torch.Generator().manual_seed(0))
    assert sum(p.numel() for p in net.parameters()) == size


def test_the_network_answers_in_probabilities_and_all_its_numbers_are_trained():
    g = torch.Generator().manual_seed(0)
    drawings = torch.rand(6, 3, 31, 31, generator=g)
    net = OneShotNetwork(generator=g)
    shown = oneshot.episodes(drawings, 5, 1, 4, g)
    y, state = net(shown.inputs, targets=shown.targets, clamp=shown.clamp)
    assert torch.equal(y[:-1], shown.targets[:-1])
    torch.testing.assert_close(y[-1].sum(-1), torch.ones(4))
    assert state.hebb.shape == (4, 64, 5)
    value, metrics = oneshot.loss(net, drawings, 5, 1, 4, g)(0)
    value.backward()
    assert set(metrics) == {"right"}
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
    with pytest.raises(ValueError, match="rows"):
        net(torch.zeros(2, 1, 28, 28))


def test_a_network_learns_to_learn_on_easy_drawings():
    g = torch.Generator().manual_seed(0)
    prototypes = (torch.rand(40, 1, 31, 31, generator=g) < 0.5).float()
    drawings = (prototypes + 0.2 * torch.randn(40, 4, 31, 31, generator=g)).clamp(0, 1)
    net = OneShotNetwork(generator=g)
    history = training.train(net.parameters(), oneshot.loss(net, drawings, 5, 1, 16, g), 60, lr=2e-3)
    right = history.metrics["right"]
    assert sum(right[-10:]) / 10 > 0.9, "chance is 0.2"
