"""The arms of reward-gated memory, and what is done to their signals and traces."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.chapters.neuromodulated_plasticity import causal, experiments, model
from hebbnotes.experiments import stored
from hebbnotes.experiments.experiment import Trial
from hebbnotes.networks import run
from hebbnotes.networks.modulated import ModulatedState
from hebbnotes.tasks import RewardGatedMemory

TASK = RewardGatedMemory(4, 3, n_bits=5)
SILENT = RewardGatedMemory(4, 3, n_bits=5, silent=True)
TRACED = [*experiments.WRITING, *experiments.FORGETTING, *experiments.CLIPPED]
RETROACTIVE = ["retroactive", "retroactive, clip"]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def made(arm, task=TASK, batch=6):
    return model.network(arm, task.n_inputs, generator()), task.sample(batch, generator(1))


def test_all_arms_train_about_as_many_numbers():
    task = RewardGatedMemory(4, 3)
    counted = {
        arm: sum(p.numel() for p in model.network(arm, task.n_inputs, generator()).parameters())
        for arm in model.ARMS
    }
    assert max(counted.values()) < 1.03 * min(counted.values())


@pytest.mark.parametrize("arm", model.ARMS)
def test_every_arm_scores_the_tested_cues_and_all_its_numbers_are_trained(arm):
    net, episodes = made(arm)
    scores = net(episodes)
    assert scores.shape == (6, TASK.n_test)
    scores.square().sum().backward()
    assert all(p.grad is not None and p.grad.ne(0).any() for p in net.parameters())
    lived = net.live(episodes.inputs, episodes.silenced)
    wanted = torch.stack([lived.activity[t] @ net.readout for t in episodes.read.tolist()], 1)
    torch.testing.assert_close(scores, wanted)


@pytest.mark.parametrize("arm", experiments.WRITING)
def test_a_plastic_arm_is_the_plastic_network_of_its_numbers(arm):
    net, episodes = made(arm)
    lived, core = net.live(episodes.inputs, episodes.silenced), net.core
    x = episodes.inputs @ net.w_in + net.bias
    output, end = run(x, core.w, core.alpha, core.eta, core.rule, clip=net.clip, method="loop")
    torch.testing.assert_close(lived.activity, output)
    torch.testing.assert_close(lived.state.hebb, end.hebb)


@pytest.mark.parametrize("arm", ["none", *TRACED])
def test_in_silence_all_units_are_at_0_two_steps_after_a_cue(arm):
    net, episodes = made(arm, SILENT)
    activity = net.live(episodes.inputs, episodes.silenced).activity
    assert activity[episodes.silenced].eq(0).all()
    assert activity[~episodes.silenced].ne(0).any()
    assert arm == "none" or net(episodes).requires_grad


def test_torchs_cells_refuse_silence():
    net, episodes = made("GRU", SILENT)
    with pytest.raises(ValueError, match="cannot be silenced"):
        net(episodes)


@pytest.mark.parametrize("arm", [*experiments.FORGETTING, *experiments.CLIPPED])
def test_what_is_handed_to_a_network_in_place_of_its_signal(arm):
    net, episodes = made(arm)
    m = net.live(episodes.inputs, episodes.silenced).modulation.detach()
    reward = episodes.inputs[..., -2]
    handed = {name: signal(m, episodes) for name, signal in causal.SIGNALS.items()}
    assert all(one.shape == m.shape for one in handed.values())
    assert torch.equal(handed["own"], m)
    assert handed["mean"].unique().numel() == 1
    assert torch.equal(handed["shuffled"].sort(0).values, m.sort(0).values)
    assert not torch.equal(handed["shuffled"], m)
    assert torch.equal(handed["another episode's"][:, 1:], m[:, :-1])
    assert torch.equal(handed["sign turned"], -m)
    line = handed["a line of the reward"]
    assert line.unique().numel() == 2
    fit = torch.linalg.lstsq(
        torch.stack([torch.ones(m.numel()), reward.flatten()], 1), m.reshape(-1, 1)
    ).solution
    torch.testing.assert_close(line, fit[0] + fit[1] * reward)
    assert torch.equal(handed["at the reward alone"], m * reward)
    later = handed["a step later alone"]
    assert later.ne(0).sum() == reward.sum()
    assert torch.equal(later[1:].ne(0), reward[:-1].ne(0))
    found = causal.causal(net, episodes, TASK.sample(6, generator(2)))
    assert found["own"] == causal.right(net(episodes), episodes)
    assert {*causal.SIGNALS, "best constant"} < {*found}


class OfConstants:
    """Answers right where it is handed the constant that is right for these episodes."""

    def __init__(self, wanted):
        self.wanted = wanted

    def live(self, inputs, silenced):
        return model.Lived(inputs, torch.ones(inputs.shape[:2]))

    def __call__(self, episodes, modulation):
        wanted = next(size for its, size in self.wanted if its is episodes)
        answer = episodes.target if modulation[0, 0] == wanted else episodes.target + 1
        return torch.nn.functional.one_hot(answer % TASK.n_test, TASK.n_test).double()


def test_the_best_constant_is_found_in_other_episodes_than_those_it_is_judged_by():
    asked, others = (TASK.sample(6, generator(seed)) for seed in (1, 2))
    found = causal.causal(OfConstants([(asked, 0.6), (others, -0.1)]), asked, others)
    assert found["the best constant"] == -0.1
    assert found["best constant"] == 0, "in these episodes 0.6 is best"
    found = causal.causal(OfConstants([(asked, -0.1), (others, -0.1)]), asked, others)
    assert found["best constant"] == 1


CANNOT_BE_TOLD = {
    **dict.fromkeys(("none", "GRU", "LSTM"), ("state", "modulation")),
    **dict.fromkeys(experiments.WRITING, ("modulation",)),
    **dict.fromkeys((*experiments.FORGETTING, *experiments.CLIPPED), ()),
}


@pytest.mark.parametrize("arm", model.ARMS)
def test_every_arm_refuses_what_it_cannot_be_told(arm):
    net, episodes = made(arm)
    n = len(net.readout)
    told = {
        "state": ModulatedState(torch.zeros(6, n), torch.zeros(6, n, n), torch.zeros(6, n, n)),
        "modulation": torch.zeros(episodes.inputs.shape[:2]),
    }
    if arm in (*experiments.FORGETTING, *experiments.CLIPPED) and arm not in RETROACTIVE:
        told["state"] = told["state"]._replace(eligibility=None)
    if arm in experiments.WRITING:
        told["state"] = told["state"]._replace(eligibility=None)
    for name, value in told.items():
        if name in CANNOT_BE_TOLD[arm]:
            with pytest.raises(TypeError, match=f"{name} must be None for"):
                net.live(episodes.inputs, episodes.silenced, **{name: value})
        else:
            net.live(episodes.inputs, episodes.silenced, **{name: value})
    with pytest.raises(TypeError, match="etta"):
        model.network(arm, TASK.n_inputs, generator(), etta=1)


def test_a_network_without_a_signal_has_none_to_exchange():
    net, episodes = made("decay")
    with pytest.raises(TypeError, match="must be one that makes a signal"):
        causal.causal(net, episodes, episodes)


@pytest.mark.parametrize(("arm", "what"), [*itertools.product(TRACED, ["y", "hebb"])])
@given(st.integers(0, 4))
def test_one_thing_is_emptied_once_in_the_slot_of_the_rewarded_cue(arm, what, step):
    net, episodes = made(arm)
    check_emptied(net, episodes, what, step)


@pytest.mark.parametrize("arm", RETROACTIVE)
@given(st.integers(0, 4))
def test_the_eligibility_is_emptied_as_well_and_together_with_others(arm, step):
    net, episodes = made(arm)
    check_emptied(net, episodes, "eligibility", step)
    check_emptied(net, episodes, ("eligibility", "hebb"), step)
    check_emptied(net, episodes, ("y", "hebb", "eligibility"), step)


def test_only_what_a_network_carries_on_can_be_emptied():
    net, episodes = made("retroactive")
    for what in ("weights", ("hebb", "marks")):
        with pytest.raises(ValueError, match="what must be one of 'y', 'hebb', 'eligibility'"):
            causal.emptied(net, TASK, episodes, what, 3)


def check_emptied(net, episodes, what, step):
    """Compare with each episode run alone, in two parts."""
    names = (what,) if isinstance(what, str) else what
    found = causal.emptied(net, TASK, episodes, what, step)
    for b, rewarded in enumerate(episodes.rewarded.tolist()):
        cut = rewarded * TASK.slot + step
        alone, quiet = episodes.inputs[:, b : b + 1], episodes.silenced
        state, before = None, []
        if cut:
            lived = net.live(alone[:cut], quiet[:cut])
            state, before = lived.state, [lived.activity]
            state = state._replace(
                **{name: torch.zeros_like(getattr(state, name)) for name in names}
            )
        after = net.live(alone[cut:], quiet[cut:], state).activity
        torch.testing.assert_close(found.activity[:, b : b + 1], torch.cat([*before, after]))


def test_bits_are_read_where_they_are_and_by_chance_where_nothing_is():
    net, episodes = made("decay", SILENT, 400)
    found = causal.bits_read(net, SILENT, episodes)
    assert len(found) == SILENT.slot
    assert found[0] > 0.95, "while the cue is shown"
    assert abs(found[2] - 0.5) < 0.1, "in silence"


@given(st.lists(st.floats(0, 1), max_size=30), st.integers(1, 5), st.sampled_from([0.5, 0.9]))
def test_the_first_window_that_reaches_a_share(right, window, share):
    reached = [
        k
        for k in range(window, len(right) + 1)
        if sum(right[k - window : k]) / window >= share + 1e-6
    ]
    found = experiments.updates_to(right, share, window)
    assert found is None or sum(right[found - window : found]) / window >= share - 1e-6
    if reached:
        assert found is not None
        assert found <= reached[0]


def test_each_training_has_a_name_and_shares_of_a_seed_are_one_each():
    chosen = experiments.Comparison(rates={"simple": (1e-3, 1e-2), "GRU": (1e-2,)})
    assert chosen.each() == {
        "simple 0.001": ("simple", 1e-3),
        "simple 0.01": ("simple", 1e-2),
        "GRU": ("GRU", 1e-2),
    }
    assert [one.rates for one in chosen.alone()] == [
        {"simple": (1e-3,)},
        {"simple": (1e-2,)},
        {"GRU": (1e-2,)},
    ]
    with pytest.raises(TypeError, match="unexpected keyword"):
        experiments.Comparison(rates={}, delays=3)


@pytest.mark.parametrize("silent", [False, True])
def test_an_experiment_trains_tests_and_tells_of_each_arm(silent, tmp_path):
    arms = ["decay", "retroactive"] if silent else ["GRU", "decay", "retroactive"]
    chosen = experiments.Comparison(
        rates={arm: (1e-3,) for arm in arms},
        silent=silent,
        starts={"decay": 0.05},
        updates=6,
        longer={"decay": 4},
        batch=2,
        test_episodes=8,
    )
    numbers, weights = experiments.train_arms(Trial(3, tmp_path), chosen)
    assert {*numbers["trained"]} == {*arms}
    assert [numbers["trained"][arm]["updates"] for arm in arms[-2:]] == [4, 6]
    assert numbers["best_rate"] == dict.fromkeys(arms, 1e-3)
    tested = experiments.probe_arms(weights, 3, chosen)
    assert all(0 <= share <= 1 for share in tested["right"].values())
    assert {*tested["causal"]} == {"retroactive"}
    assert {*tested["emptied"]} == {"decay", "retroactive"}
    assert {*tested["bits"]} == ({"decay", "retroactive"} if silent else set())
    assert "eligibility, before the reward" in tested["emptied"]["retroactive"]
    same = experiments.train_arms(Trial(3, tmp_path / "again"), chosen)[1]
    assert all(torch.equal(weights[key], same[key]) for key in weights)
    for share in chosen.alone():  # the same training, whichever are trained with it
        _, one = experiments.train_arms(Trial(3, tmp_path / "alone"), share)
        assert all(torch.equal(weights[key], one[key]) for key in one)


def mean_right(name):
    """Return the mean share that is right while it is trained, over an experiment's seeds."""
    tried = [one["trained"] for one in stored.seeds(name)]
    return {key: sum(one[key]["mean_right"] for one in tried) / len(tried) for key in tried[0]}


@pytest.mark.parametrize("where", experiments.RATES)
def test_the_rates_and_starts_that_are_used_are_the_best_of_those_that_were_tried(where):
    name = "reward-gated" if where == "open" else f"reward-gated-{where}"
    mean, tried = mean_right(f"{name}-rates"), experiments.TRIED
    for arm, rate in experiments.RATES[where].items():
        assert rate == max(tried, key=lambda r: mean[f"{arm} {r:g}"])
    other = mean_right(f"{name}-starts") if experiments.BEST[where] else {}
    starts = [experiments._starts(*of[where]) for of in (experiments.STARTS, experiments.OTHERS)]
    for arm, start in experiments.BEST[where].items():
        assert start == starts[other[arm] > mean[f"{arm} {tried[1]:g}"]][arm]


def test_at_six_steps_what_always_writes_has_the_best_pair_of_all_that_were_tried():
    rates, starts, pairs = (
        mean_right(f"reward-gated-long-{what}") for what in ("rates", "starts", "pairs")
    )
    first, second = experiments.STARTS["long"][0], experiments.OTHERS["long"][0]
    again, first_run = (
        experiments.EXPERIMENTS[name].configuration
        for name in ("reward-gated-long-writers", "reward-gated-long")
    )
    for arm in experiments.WRITING:
        mean = {(rate, first): rates[f"{arm} {rate:g}"] for rate in experiments.TRIED}
        mean |= {(rate, second): pairs[f"{arm} {rate:g}"] for rate in experiments.TRIED[::2]}
        mean[experiments.TRIED[1], second] = starts[arm]
        assert len(mean) == 6
        scored = again if arm in again.rates else first_run
        its = [mean[rate, scored.starts[arm]] for rate in scored.rates[arm]]
        assert max(its) == max(mean.values()), "the best of six pairs was scored"
        assert all(one > max(its) - 0.002 for one in its), "and what is level with it"


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_every_experiment_says_what_it_needs(name):
    one = experiments.EXPERIMENTS[name]
    chosen = one.configuration
    assert {*chosen.rates} <= {*model.ARMS}
    assert {*chosen.starts} <= {*chosen.rates}
    arm = one.metric.partition(".")[2]
    assert arm in chosen.rates
    net = chosen.network(arm, generator())
    kept = {key.partition(".")[2] for key in one.keep_only if key.startswith(f"{arm}.")}
    assert not kept or kept == {*net.state_dict()}
