"""Learning rules: figures show what they get, checkers accept what is right."""

import matplotlib.pyplot as plt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes.chapters.learning_rules import checks, frames
from hebbnotes.neurons import rate
from hebbnotes.plasticity import rules


@pytest.mark.witness("eq-not-centred", rules.average)
@given(st.integers(0, 10_000), st.integers(2, 5), st.floats(0, 3))
def test_rules_see_the_mean_square_which_is_covariance_plus_mean_times_mean(seed, n, far):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(60, n, generator=g, dtype=torch.float64) * 1.5 ** -torch.arange(n)
    x = x - x.mean(0) + far * torch.nn.functional.normalize(x[0], dim=0)
    total = torch.cov(x.T, correction=0) + torch.outer(x.mean(0), x.mean(0))
    w = torch.randn(n, 1, generator=g, dtype=torch.float64)
    torch.testing.assert_close(rules.average(rules.hebb, w, x, x @ w), total @ w)
    torch.testing.assert_close(
        rules.average(rules.oja, w, x, x @ w), total @ w - (w.T @ total @ w) * w
    )


def test_far_from_zero_oja_finds_nearly_the_mean_and_exactly_only_if_it_is_a_component():
    spread = torch.diag(torch.tensor([1.0, 0.1], dtype=torch.float64))
    start, late = torch.ones(2, dtype=torch.float64), torch.tensor([500.0], dtype=torch.float64)

    def end(mean):
        mean = torch.tensor(mean, dtype=torch.float64)
        w = rate.oja_flow(spread + torch.outer(mean, mean), start, late)[0]
        return w, torch.nn.functional.normalize(mean, dim=0)

    w, mean = end([0.0, 2.0])
    torch.testing.assert_close(w, mean)
    w, mean = end([3.0, 3.0])
    assert 0.99 < w @ mean < 0.9999
    torch.testing.assert_close(end([0.0, 0.5])[0], torch.tensor([1.0, 0.0], dtype=torch.float64))


def test_a_frame_for_each_cloud_shows_it_both_paths_and_how_far_the_arrow_turned():
    g = torch.Generator().manual_seed(0)
    dots, lengths = torch.randn(50, 3, 2, generator=g), torch.tensor([0.0, 1.0, 2.0])
    grow = torch.linspace(0, 1, 40)[:, None, None] * torch.tensor([0.0, 1.0])
    paths = {"Hebb": 100 * grow.expand(40, 3, 2) + 0.1, "Oja": grow.expand(40, 3, 2) + 0.1}
    exact, side = torch.tensor([[1.0, 0.0], [-1.0, 1.0], [0.0, 1.0]]), torch.tensor([1.0, 0.0])
    made = frames.clouds(dots, paths, lengths, exact, side)
    assert len(made) == 3
    plane, turn = made[1].axes
    assert plane.lines[0].get_xydata().tolist() == pytest.approx(dots[:, 1].numpy(), abs=1e-6)
    assert {text.get_text() for text in plane.texts} >= {"Hebb", "Oja"}
    longest = max(line.get_ydata().max() for line in plane.lines[2:4])
    assert longest < 6, "what leaves the picture is cut off"
    assert turn.lines[0].get_ydata().tolist() == pytest.approx([0, 45, 90], abs=1e-3)
    assert turn.lines[-1].get_xdata() == [1.0]
    plt.close("all")


def test_lines_of_features_are_named_at_their_start_none_over_another():
    kinds = {"random": 30.0, "hard": 12.0, "soft": 12.1}
    errors = {kind: torch.tensor([[at, at / 2, at / 4]] * 2) for kind, at in kinds.items()}
    (ax,) = frames.worth([25, 100, 400], {"title": errors}, 7.0)
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert heights["hard"] == pytest.approx(12)
    assert heights["soft"] > 1.1 * heights["hard"]
    assert heights["random"] == pytest.approx(30)
    assert ax.get_title() == "title"
    plt.close("all")


def test_fields_are_drawn_unit_by_unit_with_colours_of_their_own():
    w = torch.stack([torch.arange(6.0), -10 * torch.arange(6.0), torch.zeros(6)], 1)
    axes = frames.fields({"one": w, "two": w[:, :2]}, (2, 3))
    assert axes.shape == (2, 3)
    first, second, silent = (ax.images[0] for ax in axes[0])
    assert first.get_array().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (first.get_clim(), second.get_clim(), silent.get_clim()) == ((-5, 5), (-50, 50), (-1, 1))
    assert not axes[1, 2].images, "a row with fewer units leaves the rest empty"
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["one", "two"]
    frame = frames.fields_frame(w, (2, 3), 2, "now")
    assert len(frame.axes) == 4
    assert frame.get_suptitle() == "now"
    plt.close("all")


def test_the_rests_of_oja_are_zero_and_both_signs_of_each_component(capsys):
    def right(c):
        vectors = torch.linalg.eigh(c)[1].T
        return torch.cat([0 * vectors[:1], vectors, -vectors])

    checks.resting(right)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda c: 0.0, "a tensor, got float"),
        (lambda c: torch.zeros(1, 7), "a vector of 1 weights"),
        (lambda c: 2 * right(c), "of which length"),
        (lambda c: right(c)[1:], "multiplies by its output"),
        (lambda c: right(c)[: len(c) + 1], "if -w does"),
        (lambda c: torch.cat([right(c), right(c)[:1]]), "two rows are the same"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.resting(wrong)


def test_sangers_rule_is_told_from_its_neighbours(capsys):
    checks.components(rules.sanger)
    assert "Yes" in capsys.readouterr().out

    def whole(w, pre, post):  # Oja's rule for a subspace
        return torch.outer(pre, post) - w @ torch.outer(post, post)

    def backwards(w, pre, post):
        return torch.outer(pre, post) - w @ torch.tril(torch.outer(post, post))

    def added(w, pre, post):
        before = (w * post).cumsum(1) - w * post
        return post * (pre[:, None] - w * post + before)

    for wrong, message in (
        (rules.hebb, "by Oja's rule"),
        (rules.oja, "must read itself and all units before"),
        (whole, "reads a unit after it"),
        (backwards, "reads a unit after it"),
        (
            lambda w, pre, post: rules.sanger(w, pre, post) - (w * post).cumsum(1) + w * post,
            "at rest",
        ),
        (added, "with which sign"),
        (
            lambda w, pre, post: 2 * rules.sanger(w, pre, post) - rules.oja(w, pre, post),
            "how much of it",
        ),
        (lambda w, pre, post: pre, "a change for each weight"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.components(wrong)


def test_sangers_rule_may_be_written_with_a_mask():
    def masked(w, pre, post):
        return post * (pre[:, None] - (w * post) @ torch.triu(torch.ones(len(post), len(post))))

    checks.components(masked)


def test_a_mean_of_wins_is_told_from_other_means(capsys):
    def by(rate):
        def weights(inputs):
            w = 0.0
            for n, x in enumerate(inputs, start=1):
                w = w + rate(n) * (x - w)
            return w

        return weights

    checks.mean_of_wins(by(lambda n: 1 / n))
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (by(lambda n: 1.0), "only the last input"),
        (by(lambda n: 0.1), "which rate"),
        (by(lambda n: 1 / (n + 1)), "from which win on"),
        (lambda inputs: torch.zeros(2), "one for each of 3"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.mean_of_wins(wrong)
