"""Agents: what they live through is what is learned from, and they learn to find."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import rules, training
from hebbnotes.learning import agents
from hebbnotes.plasticity import compiled
from hebbnotes.tasks import maze

MADE = maze.make(5)
kinds, seeds = st.sampled_from([*agents.AGENTS]), st.integers(0, 10_000)


def states(state):
    parts = [state] if isinstance(state, torch.Tensor) else state
    return [part for part in parts if part is not None]


@given(kinds, st.sampled_from([*compiled.POWERS]), st.booleans(), seeds)
def test_an_episode_gone_through_at_once_is_the_one_that_was_lived(kind, rule, plain, seed):
    g = torch.Generator().manual_seed(seed)
    agent = agents.of_kind(kind, 7, rule=rule, generator=g).double()
    agent.plain = plain
    life = agents.live(agent, MADE, maze.start(MADE, 3, g), 9, g)
    logits, values, last = agent(life.seen)
    state = None
    for t in range(9):
        one, value, state = agent(life.seen[t : t + 1], state)
        torch.testing.assert_close(one[0], logits[t])
        torch.testing.assert_close(value[0], values[t])
    torch.testing.assert_close(states(state), states(last))
    torch.testing.assert_close(states(life.state), states(last))


@given(kinds, seeds)
def test_no_agent_sees_another(kind, seed):
    g = torch.Generator().manual_seed(seed)
    agent = agents.AGENTS[kind](6, generator=g)
    seen = torch.randn(8, 3, maze.N_SEEN, generator=g)
    logits = agent(seen)[0]
    seen[:, 1] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        agent(seen)
    seen[:, 1] = 5.0
    torch.testing.assert_close(agent(seen)[0][:, [0, 2]], logits[:, [0, 2]])


def test_the_networks_have_the_numbers_of_parameters_that_are_said():
    sizes = {"plastic": 64, "recurrent": 87, "lstm": 41, "simple": 64, "retroactive": 64}
    made = {kind: agents.AGENTS[kind](n, generator=torch.Generator()) for kind, n in sizes.items()}
    counts = {kind: sum(p.numel() for p in agent.parameters()) for kind, agent in made.items()}
    assert counts["plastic"] == 15 * 64 + 2 * 64**2 + 1 + 65 * 5
    assert counts["recurrent"] == (14 + 2) * 87 + 87**2 + 88 * 5
    assert counts["lstm"] == 4 * ((14 + 2) * 41 + 41**2) + 42 * 5
    stored = [counts[kind] for kind in ("plastic", "recurrent", "lstm")]
    assert max(stored) / min(stored) < 1.02
    assert counts["simple"] == counts["plastic"] + 64 + 1
    assert counts["retroactive"] == counts["simple"] + 1
    with_fan = agents.ModulatedAgent(64, fan_out=1.0, generator=torch.Generator())
    counts["fan-out"] = sum(p.numel() for p in with_fan.parameters())
    assert counts["fan-out"] == counts["simple"] + 64
    assert max(counts.values()) / min(counts.values()) < 1.03


def test_a_life_is_whole_and_follows_the_probabilities():
    g = torch.Generator().manual_seed(0)
    agent = agents.PlasticAgent(8, generator=g)
    with torch.no_grad():
        agent.outward[:, :4] = 0
        agent.outward[-1, :4] = torch.tensor([2.0, 0.0, 0.0, 1.0])
    life = agents.live(agent, MADE, maze.start(MADE, 400, g), 20, g, reward=1.0, penalty=0.25)
    assert life.seen.shape == (20, 400, maze.N_SEEN)
    shares = life.actions.flatten().bincount(minlength=4) / 8000
    torch.testing.assert_close(
        shares, torch.tensor([2.0, 0.0, 0.0, 1.0]).softmax(0), atol=0.02, rtol=0
    )
    did = life.seen[1:, :, 9:13].argmax(-1)
    assert torch.equal(did, life.actions[:-1]), "each step tells what was done before"
    assert torch.equal(life.seen[1:, :, 13], life.rewards[:-1]), "and what it gave"
    assert set(life.rewards.unique().tolist()) == {-0.25, 0.0, 1.0}
    assert torch.equal(life.found, life.rewards == 1.0)
    assert (life.positions[0] == MADE.centre).all()


@pytest.mark.parametrize("kind", [*agents.AGENTS])
def test_what_is_erased_is_zero_and_the_rest_is_as_it_was(kind):
    g = torch.Generator().manual_seed(0)
    agent = agents.AGENTS[kind](8, generator=g)
    life = agents.live(agent, MADE, maze.start(MADE, 3, g), 10, g)
    ways = agent.erased(life.state)
    assert ways["nothing"] is life.state
    whole = ways.get("all", ways.get("both", ways["activity"]))
    assert not any(part.any() for part in states(whole))
    if "trace" in ways:
        assert torch.equal(ways["trace"].y, life.state.y)
        assert not ways["trace"].hebb.any()
        assert torch.equal(ways["activity"].hebb, life.state.hebb)
        assert not ways["activity"].y.any()
    if kind == "retroactive":
        assert not ways["eligibility"].eligibility.any()
        assert torch.equal(ways["eligibility"].hebb, life.state.hebb)
        for name in ("activity", "trace", "both"):
            assert torch.equal(ways[name].eligibility, life.state.eligibility)
    read = agents.readable_from(agent, MADE, life)
    sizes = {name: part.shape[1] for name, part in read.items() if name != "place"}
    assert (
        sizes
        == {
            "plastic": {"activity": 8, "trace": 64},
            "recurrent": {"activity": 8},
            "lstm": {"activity": 16},
            "simple": {"activity": 8, "trace": 64},
            "retroactive": {"activity": 8, "trace": 64, "eligibility": 64},
        }[kind]
    )
    assert (read["place"].sum(1) == 2).all()


@pytest.mark.parametrize("kind", [*agents.AGENTS])
def test_all_that_an_agent_has_is_trained(kind):
    g = torch.Generator().manual_seed(0)
    agent = agents.AGENTS[kind](8, generator=g)
    value, parts = agents.loss(agent, MADE, 8, 12, g)(0)
    value.backward()
    assert {"finds", "reward", "entropy", "value_error"} == set(parts)
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in agent.parameters())


def test_a_rule_that_is_not_compiled_takes_the_loop_and_a_clip_holds():
    g = torch.Generator().manual_seed(0)
    with_clip = agents.PlasticAgent(8, rule=rules.hebb, clip=0.01, eta=0.5, generator=g)
    life = agents.live(with_clip, MADE, maze.start(MADE, 3, g), 10, g)
    assert life.state.hebb.abs().max() == pytest.approx(0.01)
    own = agents.PlasticAgent(
        8, rule=lambda w, pre, post: 0.5 * rules.oja(w, pre, post), generator=g
    )
    assert not own.compiles()
    assert agents.live(own, MADE, maze.start(MADE, 3, g), 10, g).state.hebb.any()


def test_agents_learn_to_find():
    g = torch.Generator().manual_seed(0)
    agent, small = agents.PlasticAgent(24, generator=g), maze.make(3)
    loss = agents.loss(agent, small, 64, 25, g)
    history = training.train(
        agent.parameters(), loss, 200, lr=5e-3, clip_norm=0.5, schedule=training.cosine
    )
    finds = history.metrics["finds"]
    assert sum(finds[-10:]) > 1.6 * sum(finds[:10])


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("kind", [*agents.AGENTS])
def test_what_does_not_fit_is_refused_before_anything_is_lived(kind, plain):
    g = torch.Generator().manual_seed(0)
    agent = agents.AGENTS[kind](8, generator=g)
    agent.plain = plain
    born = maze.start(MADE, 4, g)
    others = agents.AGENTS[kind](7, generator=g), agents.AGENTS[kind](8, generator=g).double()
    for state in (agent.rest(1), *(other.rest(4) for other in others)):
        with pytest.raises(ValueError, match="state must hold"):
            agents.live(agent, MADE, born, 3, g, state)
    for wrong, message in (
        (maze.start(maze.make(9), 400, g), "free squares of this maze"),
        (born._replace(position=torch.zeros(4, 2, dtype=torch.long)), "free squares of this maze"),
        (born._replace(turn=born.turn + 1), "turn must be from 0 to 0"),
        (born._replace(position=born.position[:2]), "agents.position must have shape"),
    ):
        before = g.get_state()
        with pytest.raises(ValueError, match=message):
            agents.live(agent, MADE, wrong, 3, g)
        assert torch.equal(g.get_state(), before), "no chance was drawn"
    with pytest.raises(ValueError, match="penalty must be"):
        agents.live(agent, MADE, born, 3, g, penalty=-1.0)


@pytest.mark.parametrize("clip", [0, -1, float("nan"), "a"])
def test_a_clip_that_cannot_be_is_refused_at_once(clip):
    with pytest.raises((TypeError, ValueError), match="clip must be"):
        agents.PlasticAgent(8, clip=clip, generator=torch.Generator())


def test_half_precision_takes_the_plain_way():
    g = torch.Generator().manual_seed(0)
    agent = agents.PlasticAgent(8, generator=g).bfloat16()
    assert not agent.compiles()
    assert agents.live(agent, MADE, maze.start(MADE, 2, g), 3, g).seen.dtype == torch.bfloat16


def test_a_configuration_names_a_kind_and_what_no_agent_has_is_refused():
    g = torch.Generator().manual_seed(0)
    for kind, made in agents.AGENTS.items():
        agent = agents.of_kind(kind, 8, n_noise=2, generator=g, rule=rules.hebb, clip=0.5)
        assert type(agent) is made
        assert agent.n_seen == maze.N_SEEN + 2
        assert agent.rest(3) is not None
        with pytest.raises(TypeError, match=r"no agent has the option 'rules': use alpha_scale"):
            agents.of_kind(kind, 8, generator=g, rules=rules.hebb)
    assert agents.of_kind("plastic", 8, generator=g, rule=rules.hebb).core.rule is rules.hebb
    with pytest.raises(ValueError, match="kind must be one of 'plastic', 'recurrent', 'lstm'"):
        agents.of_kind("elman", 8, generator=g)
    with pytest.raises(TypeError, match="goals"):
        agents.Task(goals=2)


@given(st.booleans(), st.booleans(), st.sampled_from([*compiled.POWERS]), st.booleans(), seeds)
def test_what_a_step_would_have_left_by_another_signal(retroactive, fan_out, rule, clipped, seed):
    g = torch.Generator().manual_seed(seed)
    made = agents.RetroactiveAgent if retroactive else agents.ModulatedAgent
    how = {"clip": 0.02 if clipped else None, "fan_out": 1.0 if fan_out else None, "eta": 0.3}
    agent = made(5, rule=rule, generator=g, **how).double()
    if fan_out:
        agent.core.fan_out.data.normal_(generator=g)
    life = agents.live(agent, MADE, maze.start(MADE, 3, g), 6, g)
    seen, given = life.seen[-1:], torch.randn(3, generator=g, dtype=torch.float64).tanh()
    before, after = (agent(life.seen[:k])[2] for k in (5, 6))
    torch.testing.assert_close(states(agent.rewritten(before, after)), states(after))
    drive = seen @ agent.inward[:-1] + agent.inward[-1]
    wanted = agent.core(drive, before, modulation=given.unsqueeze(0))[2]
    torch.testing.assert_close(states(agent.rewritten(before, after, given)), states(wanted))
    both = agent.signals(life.seen[:2]), agent.signals(life.seen[2:], agent(life.seen[:2])[2])
    own = torch.tanh(after.y @ agent.core.read + agent.core.bias)
    torch.testing.assert_close(torch.cat(both), agent.signals(life.seen))
    torch.testing.assert_close(agent.signals(life.seen)[-1], own)


def test_at_first_a_modulated_agent_writes_as_a_plastic_one():
    told = {"generator": torch.Generator().manual_seed(0), "signal": 0.5, "fan_out": 0.2}
    agent = agents.of_kind("simple", 64, **told)
    life = agents.live(agent, MADE, maze.start(MADE, 20, told["generator"]), 30, told["generator"])
    signals = agent.signals(life.seen)
    assert (signals > 0).double().mean() > 0.95
    assert abs(0.2 * signals.mean().item() - agent.core.eta.item()) < 0.01


def test_a_rule_that_is_not_of_the_common_form_is_not_rewritten():
    def own(w, pre, post, *, modulator):
        return modulator.unsqueeze(-2) * w

    agent = agents.ModulatedAgent(4, rule=own, generator=torch.Generator())
    assert not agent.compiles()
    with pytest.raises(ValueError, match=r"common form such as rules\.oja"):
        agent.rewritten(agent.rest(2), agent.rest(2))


@pytest.mark.parametrize("name", ["eta_e", "gate", "alpha", "w_scale", "etas"])
def test_what_a_modulated_agent_is_not_made_with_is_refused_by_name(name):
    g = torch.Generator()
    with pytest.raises(TypeError, match=f"ModulatedAgent has no option '{name}': use rule, clip"):
        agents.ModulatedAgent(4, generator=g, **{name: 0.3})
    assert agents.RetroactiveAgent(4, generator=g, eta_e=0.3).core.eta_e.item() == pytest.approx(
        0.3
    )


@pytest.mark.parametrize("method", ["auto", "loop", "chunk"])
def test_an_agent_runs_by_the_method_that_was_set_and_leaves_it(method, monkeypatch):
    from hebbnotes.networks.modulated import network

    ran, run = [], network.run_modulated

    def seen_run(*args, **kwargs):
        ran.append(args[7])
        return run(*args, **kwargs)

    monkeypatch.setattr(network, "run_modulated", seen_run)
    agent = agents.ModulatedAgent(4, generator=torch.Generator().manual_seed(0))
    agent.core.method = method
    agent(torch.zeros(3, 2, agent.n_seen))
    assert agent.core.method == method
    assert ran == ["compiled" if method == "auto" and agent.compiles() else method]
    agent.plain = True
    agent(torch.zeros(3, 2, agent.n_seen))
    assert ran[1] == method


def test_two_agents_of_a_seed_are_the_same_and_draw_equally_much():
    for made in agents.AGENTS.values():
        g, h = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
        one, two = made(6, generator=g).state_dict(), made(6, generator=h).state_dict()
        assert all(torch.equal(one[key], two[key]) for key in one)
        assert torch.equal(g.get_state(), h.get_state())


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None  # as if it were not installed
import torch
from hebbnotes.learning import agents
from hebbnotes.tasks import maze
for made in agents.AGENTS.values():
    agent, g = made(6, generator=torch.Generator()), torch.Generator().manual_seed(0)
    assert not agent.compiles()
    loss, _ = agents.loss(agent, maze.make(3), 2, 3, g)(0)
    loss.backward()
try:
    import hebbnotes.learning.agents.compiled_lives
except ModuleNotFoundError as error:
    print(error)
"""


def test_without_numba_agents_live_plainly_and_compiled_code_says_what_is_missing():
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMBA], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert 'pip install "hebbnotes[chapters]"' in ran.stdout
