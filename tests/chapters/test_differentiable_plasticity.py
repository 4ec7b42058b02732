"""What the chapter on differentiable plasticity alone uses."""

import pytest
import torch

from hebbnotes import tasks
from hebbnotes.chapters.differentiable_plasticity import analysis


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
