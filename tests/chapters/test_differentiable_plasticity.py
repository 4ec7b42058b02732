"""What the chapter on differentiable plasticity alone uses."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import experiments, networks, run, tasks, training
from hebbnotes.chapters.differentiable_plasticity import analysis, autopsy, checks, routes
from hebbnotes.experiments.experiment import Trial


def test_each_ablation_takes_away_what_its_name_says():
    g = torch.Generator().manual_seed(0)
    w, alpha = torch.randn(5, 5, generator=g), torch.randn(5, 5, generator=g)
    cut = analysis.ablations(w, alpha, g)
    assert torch.equal(cut["intact"][0], w)
    assert torch.equal(cut["intact"][1], alpha)
    assert cut["w = 0"][0].eq(0).all()
    assert torch.equal(cut["w without its diagonal"][0] + torch.diag(w.diagonal()), w)
    torch.testing.assert_close(cut["w = its mean diagonal"][0], w.diagonal().mean() * torch.eye(5))
    shuffled = cut["alpha shuffled"][1]
    assert torch.equal(shuffled.flatten().sort().values, alpha.flatten().sort().values)
    assert not torch.equal(shuffled, alpha)
    torch.testing.assert_close(cut["alpha = its mean"][1], alpha.mean() * torch.ones(5, 5))
    assert torch.linalg.matrix_rank(cut["alpha of rank 1"][1], atol=1e-5) == 1
    best = torch.linalg.svdvals(alpha)[1:].square().sum().sqrt()
    torch.testing.assert_close((alpha - cut["alpha of rank 1"][1]).norm(), best)
    assert cut["alpha = 0"][1].eq(0).all()
    for name, pair in cut.items():
        same = [torch.equal(a, b) for a, b in zip(pair, (w, alpha), strict=True)]
        assert any(same), f"{name} changes both"
    with pytest.raises(ValueError, match=r"shape \(n, n\)"):
        analysis.ablations(w, alpha[:3], g)


@pytest.mark.parametrize("schedule", [tasks.ONCE, tasks.CODE], ids=["once", "twice"])
@pytest.mark.parametrize("kind", ["target", "last", "blend", "majority"])
def test_the_regression_recognises_a_network_by_what_it_answers(kind, schedule):
    task = tasks.PatternCompletion(n_bits=40, n_patterns=3, **schedule)
    episodes = task.sample(300, torch.Generator().manual_seed(0))
    rows = torch.arange(300)
    shown = episodes.patterns[rows[:, None], episodes.order[:, -3:]]
    y = {
        "target": episodes.answer,
        "last": shown[:, -1],
        "blend": shown.mean(1),
        "majority": shown.sum(1).sign(),
    }[kind]
    y = torch.where(episodes.erased, y, 9.0)  # what the cue gave does not count
    found = analysis.regress(torch.cat([y, torch.ones(300, 1)], 1), episodes)
    wanted = {
        "target": (1, (0, 0, 0)),
        "last": (0, (0, 0, 1)),
        "blend": (0, (1 / 3,) * 3),
        "majority": (0, (0.5,) * 3),
    }[kind]
    assert found.target == pytest.approx(wanted[0], abs=0.03)
    assert found.shown.tolist() == pytest.approx(wanted[1], abs=0.03)
    assert found.r2 == pytest.approx(0.75 if kind == "majority" else 1, abs=0.02)


def test_the_regression_asks_for_enough_bits():
    task = tasks.PatternCompletion(n_bits=2, n_patterns=3, **tasks.ONCE)
    episodes = task.sample(7, torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="at least 8 erased bits, got 7"):
        analysis.regress(episodes.answer, episodes)
    for task, batch in (
        (tasks.PatternCompletion(50, 3, **tasks.ONCE), 1),
        (tasks.PatternCompletion(50, 1, **tasks.ONCE), 100),
    ):
        episodes = task.sample(batch, torch.Generator().manual_seed(0))
        with pytest.raises(ValueError, match="cannot be told apart"):
            analysis.regress(episodes.answer, episodes)
    with pytest.raises(ValueError, match="NaN"):
        analysis.regress(
            torch.full((1, 50), torch.nan),
            tasks.PatternCompletion(50, 3).sample(1, torch.Generator()),
        )
    with pytest.raises(ValueError, match="y must have shape"):
        analysis.regress(episodes.answer[:5], episodes)


@pytest.mark.witness("eq-one-step", analysis.one_step)
@pytest.mark.parametrize(("n_cue", "n_patterns"), [(9, 4), (25, 5), (25, 9)])
def test_one_step_errs_as_often_as_coins_outvote_the_cue(n_cue, n_patterns):
    g = torch.Generator().manual_seed(0)
    coins = torch.randint(0, 2, (100_000, (n_patterns - 1) * n_cue), generator=g) * 2 - 1
    votes = n_cue + coins.sum(1)
    wrong = (votes < 0).double().mean() + (votes == 0).double().mean() / 2
    found = analysis.one_step(n_cue, n_patterns)
    assert found == pytest.approx(wrong.item(), rel=0.1, abs=4e-4)
    x = math.sqrt(n_cue / (n_patterns - 1))
    above = torch.distributions.Normal(0, 1).cdf(torch.tensor(-x, dtype=torch.float64))
    assert found == pytest.approx(above.item())


@pytest.mark.witness("eq-one-step", analysis.one_step)
@pytest.mark.parametrize("n_patterns", [5, 9])
def test_one_weak_gain_is_one_step_of_a_hopfield_network(n_patterns):
    how = {"bias_unit": False, "balanced": False} | tasks.ONCE
    task = tasks.PatternCompletion(50, n_patterns, **how)
    shown = task.sample(1500, torch.Generator().manual_seed(1))
    y, _ = run(shown.inputs, 0.0, 1e-3 / 50, 1e-4, clamp=shown.clamp)
    hebb = torch.einsum("bpi,bpj->bij", shown.patterns, shown.patterns)
    cue = shown.answer * ~shown.erased
    drive = (cue.unsqueeze(1) @ hebb).squeeze(1)
    decided = shown.erased & (drive != 0)
    assert torch.equal(y[-1].sign()[decided], drive.sign()[decided])
    wrong = tasks.errors(y[-1], shown).erased.mean().item()
    assert wrong == pytest.approx(analysis.one_step(25, n_patterns), rel=0.12)


def test_a_trace_that_fades_errs_more():
    task = tasks.PatternCompletion(50, 5, bias_unit=False, **tasks.ONCE)
    shown = task.sample(3000, torch.Generator().manual_seed(2))
    little, more = (
        tasks.errors(run(shown.inputs, 0.0, 2 / 50, eta, clamp=shown.clamp)[0][-1], shown).erased
        for eta in (1e-4, 0.01)
    )
    difference = more - little
    assert difference.mean() > 3 * difference.std() / len(difference) ** 0.5


def test_three_numbers_of_a_larger_network_are_louder():
    g = torch.Generator().manual_seed(0)
    task = tasks.PatternCompletion(100, 2, bias_unit=False, **tasks.ONCE)
    three = networks.ThreeNumbers(inhibition=0.3, gain=20.0, eta=0.01)
    loss = tasks.recall_loss(three, task, 8, g)
    how = {"lr": 0.06, "clip_norm": 25.0, "schedule": training.cosine}
    training.train(three.parameters(), loss, 200, **how)
    assert 58 < three.gain < 70


def test_a_memory_of_one_pattern_is_never_wrong_after_one_step():
    assert analysis.one_step(3, 1) == 0
    with pytest.raises(ValueError, match="n_cue"):
        analysis.one_step(0, 2)


SMALL = routes.Route(updates=6, block=3, test_episodes=8)


@pytest.mark.parametrize("eta", ["logit", "raw", "fixed"])
@pytest.mark.parametrize("n_units", [51, 54])
def test_a_route_is_trained_and_tested(tmp_path, eta, n_units):
    chosen = replace(SMALL, eta=eta, n_units=n_units)
    numbers, weights = routes.train_route(Trial(0, tmp_path), chosen)
    assert numbers["trained_numbers"] == 2 * n_units**2 + (eta != "fixed")
    assert numbers["episodes"] == [3, 6]
    found = routes.score_route(weights, 0, chosen)
    assert set(found["lesions"]) == set(routes.lesions(n_units))
    assert found["test_erased"] == found["lesions"]["intact"]["all"]
    assert found["test_all_bits"] == pytest.approx(found["test_erased"] / 2, rel=1e-3)


def test_a_route_goes_as_the_stored_training_of_51_units():
    short = experiments.seeds("fifty-bits-plastic-2", "paper")
    for one, other in zip(experiments.seeds("units-51-logit"), short, strict=True):
        ends = [0, *other["episodes"]]
        widths = [end - begin for begin, end in itertools.pairwise(ends)]
        mean = sum(n * v for n, v in zip(widths, other["erased"], strict=True)) / ends[-1]
        assert sum(one["erased"][:20]) / 20 == pytest.approx(mean, rel=1e-3)


def test_a_diagonal_that_is_held_stays_and_a_quick_one_goes_further():
    g = torch.Generator().manual_seed(0)
    held, quick = (routes.RouteNetwork(replace(SMALL, diagonal=d), g) for d in (0.0, 10.0))
    for network in (held, quick):
        with torch.no_grad():
            network.w += 0.01
    torch.testing.assert_close(held.fixed.diagonal(), held.began)
    torch.testing.assert_close(quick.fixed.diagonal(), quick.began + 0.1)
    others = ~torch.eye(51, dtype=torch.bool)
    torch.testing.assert_close(quick.fixed[others], quick.w[others])
    loss = held.fixed.square().sum()
    assert not torch.autograd.grad(loss, held.w)[0].diagonal().any()


def test_a_cut_trace_gives_the_same_answers_and_other_gradients():
    g = torch.Generator().manual_seed(0)
    network = routes.RouteNetwork(replace(SMALL, eta="fixed", first_eta=0.1), g)
    with torch.no_grad():
        network.alpha += 0.3
    shown = routes.TASK.sample(3, g)
    numbers = network.w, network.alpha, network.eta
    y, hebb = routes.run_cut(shown.inputs, *numbers, shown.clamp)
    output, state = run(shown.inputs, *numbers, clamp=shown.clamp)
    torch.testing.assert_close(y, output[-1])
    torch.testing.assert_close(hebb, state.hebb)
    whole, cut = (torch.autograd.grad(one.sum(), network.w)[0] for one in (output[-1], y))
    assert (whole - cut).norm() > 0.01 * whole.norm()
    assert not hebb.requires_grad


def test_further_units_are_shown_nothing_and_the_fast_evaluation_agrees():
    g = torch.Generator().manual_seed(0)
    network = routes.RouteNetwork(replace(SMALL, eta="raw", n_units=300), g)
    with torch.no_grad():
        network.w *= 3
        network.alpha *= 10
    shown = routes.TASK.sample(1, g)
    assert networks.loop.choose_method(networks.PlasticRNN(3).rule, 11, 1, 300) == "chunk"
    inputs, clamp = (routes.padded(x, 300) for x in (shown.inputs, shown.clamp))
    assert not inputs[..., 51:].any()
    assert not clamp[..., 51:].any()
    outputs = [
        run(inputs, network.fixed, network.alpha, network.eta, clamp=clamp, method=method)[0]
        for method in ("loop", "chunk")
    ]
    torch.testing.assert_close(*outputs)
    torch.testing.assert_close(network(shown.inputs, shown.clamp)[0], outputs[0][-1])


def test_each_lesion_does_what_its_name_says():
    g = torch.Generator().manual_seed(0)
    w, alpha, y = (torch.randn(54, 54, generator=g) for _ in range(3))
    found = {name: one(w, alpha, y) for name, one in routes.lesions(54).items()}
    assert all(torch.equal(a, b) for a, b in zip(found["intact"], (w, alpha, y), strict=True))
    assert torch.equal(found["wiped"][2].abs().sum(0) > 0, torch.arange(54) == 50)
    assert not found["bits wiped"][2][:, :50].any()
    assert torch.equal(found["bits wiped"][2][:, 50:], y[:, 50:])
    assert not found["others wiped"][2][:, 51:].any()
    assert torch.equal(found["others wiped"][2][:, :51], y[:, :51])
    cut_w, cut_alpha, _ = found["others removed"]
    assert torch.equal(cut_w[:51, :51], w[:51, :51])
    assert not any(m[51:].any() or m[:, 51:].any() for m in (cut_w, cut_alpha))
    leaning = found["leaning"][0] - w
    torch.testing.assert_close(leaning.diagonal()[:50], torch.full((50,), -routes.LEAN))
    assert leaning.count_nonzero() == 50
    assert set(routes.lesions(51)) == {"intact", "wiped", "leaning"}


RIGHT = {
    "majority": (checks.majority, tasks.floor_majority),
    "age": (checks.age, lambda steps, eta: (1 - eta) ** steps),
    "one step": (checks.one_step, analysis.one_step),
    "sequence": (
        checks.sequence,
        lambda p: torch.cat([p, p[:1], torch.zeros(4, p.shape[1])]).unsqueeze(1),
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_checker_accepts_what_is_right(name, capsys):
    check, answer = RIGHT[name]
    check(answer)
    assert capsys.readouterr().out.startswith("Yes")


@pytest.mark.parametrize(
    ("check", "answer", "said"),
    [
        (checks.majority, lambda P: 0.25, "you say 0.25"),
        (checks.majority, tasks.floor_last, "you say"),
        (checks.age, lambda steps, eta: 1 - eta * steps, "is left"),
        (checks.age, lambda steps, eta: (1 - eta) ** (steps + 1), "is left"),
        (checks.one_step, lambda n, P: analysis.one_step(n, P + 1), "you say"),
        (checks.one_step, lambda n, P: None, "must return a number"),
        (checks.sequence, lambda p: p, "shape"),
        (checks.sequence, lambda p: torch.cat([p, p[:1], p[1:]]).unsqueeze(1), "must be free"),
        (checks.sequence, lambda p: torch.cat([p, torch.zeros(4, 400)]).unsqueeze(1), "says"),
    ],
)
def test_a_checker_refuses_what_is_wrong_and_says_why(check, answer, said):
    with pytest.raises(AssertionError, match=said):
        check(answer)


@given(
    batch=st.integers(1, 4),
    n_bits=st.integers(2, 12),
    seed=st.integers(0, 99),
    factor=st.floats(0.01, 50),
)
def test_a_loss_that_is_blind_to_size_sees_the_direction_of_the_erased_bits_alone(
    batch, n_bits, seed, factor
):
    g = torch.Generator().manual_seed(seed)
    shown = tasks.PatternCompletion(n_bits, 2, **tasks.ONCE).sample(batch, g)
    y = torch.randn(batch, n_bits + 1, generator=g, dtype=torch.double).requires_grad_()
    loss = autopsy.blind_to_size(y, shown)
    for b in range(batch):
        pairs = [(y[b, j].item(), shown.answer[b, j].item()) for j in shown.erased[b].nonzero()]
        length = math.sqrt(sum(said**2 for said, _ in pairs) * len(pairs))
        cosine = sum(said * right for said, right in pairs) / length
        assert loss[b].item() == pytest.approx(1 - cosine, abs=1e-9)
    (gradient,) = torch.autograd.grad(loss.sum(), y)
    torch.testing.assert_close((gradient * y).sum(1), torch.zeros_like(loss), atol=1e-9, rtol=0)
    assert not gradient[:, n_bits:].any()
    assert not gradient[:, :n_bits][~shown.erased].any()
    torch.testing.assert_close(autopsy.blind_to_size(factor * y, shown), loss)
    right = torch.cat([shown.answer, torch.ones(batch, 1)], 1)
    for sign, ends in ((1, 0), (-1, 2)):
        found = autopsy.blind_to_size(sign * factor * right, shown)
        torch.testing.assert_close(found, torch.full_like(found, ends), atol=1e-5, rtol=0)
