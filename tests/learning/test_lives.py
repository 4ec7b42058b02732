"""Machine code for agents: the plain loop's numbers, gradients and lives."""

import copy
import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import PlasticRNN, ScaledIdentity, State, rules, run
from hebbnotes.learning import agents
from hebbnotes.plasticity import compiled
from hebbnotes.tasks import maze

RULES = [rules.hebb, rules.decay, rules.oja]


def drawn(n_steps, batch, n, seed):
    g = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    state = State(normal(batch, n).tanh(), 0.3 * normal(batch, n, n))
    return (
        normal(n_steps, batch, n),
        normal(n, n),
        normal(n, n),
        torch.tensor(0.3, dtype=torch.float64),
        state,
    )


@settings(max_examples=60)
@given(
    *(st.integers(1, k) for k in (9, 3, 6)),
    st.integers(0, 10_000),
    st.sampled_from(RULES),
    st.sampled_from([None, 0.25, 1.0]),
)
def test_outputs_trace_and_all_gradients_are_those_of_the_loop(n_steps, batch, n, seed, rule, clip):
    found = []
    for method in ("loop", "compiled"):
        x, w, alpha, eta, state = drawn(n_steps, batch, n, seed)
        leaves = [leaf.requires_grad_() for leaf in (x, w, alpha, eta, *state)]
        start = State(*leaves[4:])
        output, end = run(x, w, alpha, eta, rule, start, None, method, clip=clip)
        total = output.sin().sum() + end.hebb.square().sum() + end.y.sum()
        found.append([output, end.y, end.hebb, *torch.autograd.grad(total, leaves)])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


def test_gradients_are_those_of_finite_differences():
    x, w, alpha, eta, state = drawn(5, 2, 3, 0)
    leaves = [leaf.requires_grad_() for leaf in (x, w, alpha, eta, *state)]

    def both(*leaves):
        output, end = run(*leaves[:4], rules.oja, State(*leaves[4:]), method="compiled")
        return output, end.hebb

    assert torch.autograd.gradcheck(both, leaves)


def test_what_is_not_compiled_is_refused():
    x, w, alpha, eta, state = drawn(2, 1, 3, 0)
    compiled_run = functools.partial(run, method="compiled")
    with pytest.raises(ValueError, match=r"needs one of the rules hebb, decay, oja.*'loop'"):
        compiled_run(x, w, alpha, eta, lambda w, pre, post: w, state)
    with pytest.raises(ValueError, match=r"alpha must have shape"):
        compiled_run(x, w, alpha[:2], eta, rules.oja, state)
    for short in (0.3, ScaledIdentity(0.3), None):
        with pytest.raises(ValueError, match=r"needs a matrix alpha of shape \(n, n\).*'loop'"):
            compiled_run(x, w, short, eta, rules.oja, state)
    with pytest.raises(ValueError, match=r"needs a matrix w of shape \(n, n\).*'loop'"):
        compiled_run(x, 0.3, alpha, eta, rules.oja, state)
    with pytest.raises(ValueError, match=r"clamps nothing, got a clamp.*'loop'"):
        compiled_run(x, w, alpha, eta, rules.oja, state, x > 0)
    for name in ("kept", "written"):
        with pytest.raises(ValueError, match=r"keeps and writes by the rule alone.*'loop'"):
            compiled_run(x, w, alpha, eta, rules.oja, state, **{name: x})
    with pytest.raises(TypeError, match="nothing is cast"):
        compiled_run(x.float(), w, alpha, eta, rules.oja, state)
    for clip in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="clip must be"):
            compiled_run(x, w, alpha, eta, rules.oja, state, clip=clip)
    with pytest.raises(ValueError, match=r"eta must be a finite number in \[0, 1\]"):
        compiled_run(x, w, alpha, eta + 1, rules.oja, state)
    with pytest.raises(ValueError, match="NaN"):
        compiled_run(x * torch.nan, w, alpha, eta, rules.oja, state)
    with pytest.raises(TypeError, match="state must be a State"):
        compiled_run(x, w, alpha, eta, rules.oja, tuple(state))
    half = [one.bfloat16() for one in (x, w, alpha, eta)]
    with pytest.raises(
        ValueError, match=r"float32 or float64 on the processor, got torch\.bfloat16.*'loop'"
    ):
        compiled_run(*half, rules.oja, state.to(torch.bfloat16))
    output, _ = compiled_run(x.requires_grad_(), w, alpha, eta, rules.oja, state)
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(output.sum(), x, create_graph=True)


def test_compiled_code_starts_at_rest_and_takes_a_number_for_eta_and_a_module():
    x, w, alpha, _, _ = drawn(4, 2, 3, 0)
    for rule in RULES:
        torch.testing.assert_close(
            run(x, w, alpha, 0.2, rule, method="compiled"), run(x, w, alpha, 0.2, rule)
        )
    net = PlasticRNN(3, rules.oja, dtype=torch.float64, method="compiled")
    wanted = net(x)
    net.method = "loop"
    torch.testing.assert_close(net(x), wanted)


def test_weights_that_changed_since_are_not_used_for_gradients():
    x, w, alpha, eta, state = drawn(3, 2, 4, 0)
    output, _ = run(x, w.requires_grad_(), alpha, eta, rules.oja, state, method="compiled")
    with torch.no_grad():
        w.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


@given(st.sampled_from(RULES), st.sampled_from([None, 0.25]), st.integers(0, 10_000))
def test_single_precision_stays_single_and_is_close(rule, clip, seed):
    x, w, alpha, eta, state = drawn(12, 2, 5, seed)
    leaves = [leaf.float().requires_grad_() for leaf in (x, 0.3 * w, 0.3 * alpha, eta)]
    state = State(state.y.float(), state.hebb.float())
    outputs = [
        run(*leaves, rule, state, method=method, clip=clip) for method in ("loop", "compiled")
    ]
    for wanted, found in zip(*([output, *end] for output, end in outputs), strict=True):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
    slopes = [torch.autograd.grad(output.sum(), leaves) for output, _ in outputs]
    assert all(slope.dtype == torch.float32 for slope in slopes[1])
    if clip is None:  # at the bound, rounding decides
        torch.testing.assert_close(slopes[1], slopes[0], atol=1e-3, rtol=1e-3)


CASES = [
    *((kind, rules.oja, None, *more) for kind in agents.AGENTS for more in ((1, 0), (3, 2))),
    *(
        (kind, rule, clip, 1, 0)
        for kind in ("plastic", "simple", "retroactive")
        for rule in RULES
        for clip in (None, 0.05)
    ),
]


@pytest.mark.parametrize(("kind", "rule", "clip", "n_goals", "n_noise"), CASES)
def test_a_compiled_life_is_the_plain_one(kind, rule, clip, n_goals, n_noise):
    made, lives = maze.make(5), []
    for plain in (True, False):
        g = torch.Generator().manual_seed(1)
        how = {"rule": rule, "clip": clip, "n_noise": n_noise, "fan_out": 0.5 if n_noise else None}
        agent = agents.of_kind(kind, 6, generator=g, **how).double()
        agent.plain = plain
        first = agents.live(
            agent, made, maze.start(made, 40, g, n_goals), 60, g, reward=0.7, penalty=0.2
        )
        lives += [first, agents.live(agent, made, first.agents, 30, g, first.state)]  # and on
    assert lives[0].found.any()
    for plain, fast in zip(lives[:2], lives[2:], strict=True):
        for name in ("positions", "actions", "found"):
            assert torch.equal(getattr(plain, name), getattr(fast, name)), name
        for a, b in zip(plain.agents, fast.agents, strict=True):
            torch.testing.assert_close(a, b)
        torch.testing.assert_close(
            [plain.seen, plain.rewards, *plain.state], [fast.seen, fast.rewards, *fast.state]
        )


def test_a_rule_is_known_by_itself_and_not_by_what_it_equals():
    class Own:
        __hash__ = None

        def __eq__(self, other):
            return True

        def __call__(self, w, pre, post):
            return w

    assert compiled.knows(rules.oja)
    assert not compiled.knows(Own())


# -------------------------------------------------------------- what machine code must not be told


MADE = maze.make(7)


def settled(batch=100):
    return maze.start(MADE, batch, torch.Generator().manual_seed(0), 2)


def cut(value):
    return {
        "fewer": value[:1],
        "more": torch.cat([value, value]),
        "none": value[:0],
        "flat": value.flatten()[:7],
        "double": value.double() if value.dtype == torch.long else value.long(),
        "an array": value.numpy(),
        "nothing": None,
        "elsewhere": value.to("meta"),
    }


@pytest.mark.parametrize("kind", agents.AGENTS)
@pytest.mark.parametrize("field", maze.Agents._fields)
def test_no_field_of_the_agents_may_be_of_another_size_or_type(kind, field):
    agent = agents.of_kind(kind, 8, generator=torch.Generator().manual_seed(0))
    good, g = settled(), torch.Generator().manual_seed(1)
    for name, wrong in cut(getattr(good, field)).items():
        if (field, name) == ("reward", "double"):
            continue
        with pytest.raises((TypeError, ValueError), match=r"agents\.|got one of|no numbers"):
            agents.live(agent, MADE, good._replace(**{field: wrong}), 3, g)
    assert torch.equal(g.get_state(), torch.Generator().manual_seed(1).get_state())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("position", -1),
        ("position", 99),
        ("goals", -3),
        ("goals", 9),
        ("turn", 2),
        ("turn", -1),
        ("action", 4),
        ("action", -2),
        ("reward", torch.nan),
        ("reward", torch.inf),
    ],
)
def test_no_field_of_the_agents_may_name_what_is_not_there(field, value):
    agent = agents.of_kind("lstm", 8, generator=torch.Generator().manual_seed(0))
    good, g = settled(), torch.Generator()
    wrong = getattr(good, field).clone()
    wrong.view(-1)[57] = value
    for plain in (True, False):
        agent.plain = plain
        with pytest.raises(ValueError, match="agents"):
            agents.live(agent, MADE, good._replace(**{field: wrong}), 3, g)
    with pytest.raises(ValueError, match="agents"):
        maze.step(
            MADE,
            good._replace(**{field: wrong}),
            torch.zeros(100, dtype=torch.long),
            torch.zeros(100, dtype=torch.double),
        )


def opened(at):
    walls = MADE.walls.clone()
    walls[at] = False
    return maze.Maze(walls, (~walls).nonzero())


MAZES = {
    "no walls at all": maze.Maze(torch.zeros(9, 9).bool(), torch.zeros(9, 9).eq(0).nonzero()),
    "a hole above": opened((0, 3)),
    "a hole at the left": opened((4, 0)),
    "a hole in the corner": opened((8, 8)),
    "not square": maze.Maze(MADE.walls[:, :8], MADE.free),
    "walls of numbers": maze.Maze(MADE.walls.float(), MADE.free),
    "a free wall": maze.Maze(MADE.walls, torch.cat([MADE.free, torch.tensor([[0, 0]])])),
    "a square too few": maze.Maze(MADE.walls, MADE.free[1:]),
    "a pair": (MADE.walls, MADE.free),
    "none": None,
}


@pytest.mark.parametrize("name", MAZES)
def test_a_maze_that_is_not_closed_is_refused_wherever_it_is_taken(name):
    wrong, g, good = MAZES[name], torch.Generator(), settled(3)
    agent = agents.of_kind("plastic", 8, generator=torch.Generator().manual_seed(0))
    for taken in (
        lambda: agents.live(agent, wrong, good, 3, g),
        lambda: maze.start(wrong, 2, g),
        lambda: maze.find(wrong, "walk", 2, 3, g),
        lambda: maze.distances(wrong, (1, 1)),
        lambda: maze.step(
            wrong, good, torch.zeros(3, dtype=torch.long), torch.zeros(3, dtype=torch.double)
        ),
    ):
        with pytest.raises((TypeError, ValueError), match=r"maze.* must"):
            taken()


@pytest.mark.parametrize("kind", agents.AGENTS)
@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_weights_and_states_that_are_not_finite_are_refused_compiled_or_not(kind, plain, bad):
    agent = agents.of_kind(kind, 8, generator=torch.Generator().manual_seed(0))
    agent.plain, good, g = plain, settled(5), torch.Generator()
    for name, p in agent.named_parameters():
        before = p.detach().clone()
        p.data.view(-1)[-1] = bad
        with pytest.raises(ValueError, match=f"agent.{name} holds NaN or infinity"):
            agents.live(agent, MADE, good, 3, g)
        p.data.copy_(before)
    rest = agent.rest(5)
    parts = (
        [rest] if isinstance(rest, torch.Tensor) else [part for part in rest if part is not None]
    )
    for k, part in enumerate(parts):
        wrong = [*parts[:k], part + bad, *parts[k + 1 :]]
        named = hasattr(rest, "_fields")
        state = type(rest)(*wrong) if named else wrong[0] if len(wrong) == 1 else (*wrong,)
        with pytest.raises(ValueError, match="state"):
            agents.live(agent, MADE, good, 3, g, state)


@pytest.mark.parametrize("kind", agents.AGENTS)
def test_weights_of_another_size_never_reach_machine_code(kind):
    agent = agents.of_kind(kind, 8, generator=torch.Generator().manual_seed(0))
    other = agents.of_kind(kind, 5, generator=torch.Generator().manual_seed(0))
    for part in ("outward", "inward", "core"):
        if hasattr(agent, part):
            mixed = copy.deepcopy(agent)
            setattr(mixed, part, getattr(other, part))
            with pytest.raises((ValueError, RuntimeError), match=r"must have shape|must hold"):
                agents.live(mixed, MADE, settled(5), 3, torch.Generator())
