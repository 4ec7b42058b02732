"""Networks that complete pictures: what a shared alpha cannot do, what rank and two numbers do."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import data, tasks
from hebbnotes.chapters.natural_images import analysis, smooth
from hebbnotes.chapters.natural_images import experiments as pictures
from hebbnotes.chapters.natural_images import model as networks
from hebbnotes.experiments.experiment import Trial
from hebbnotes.networks import run

sizes, seeds = st.integers(2, 6), st.integers(0, 10_000)


def episode(n, steps, seed):
    """Random inputs, and a clamp of every unit but in the last step, in double precision."""
    g = torch.Generator().manual_seed(seed)
    inputs = 2 * torch.rand(steps, 1, n, generator=g, dtype=torch.double) - 1
    clamp = torch.ones(steps, 1, n, dtype=torch.bool)
    clamp[-1] = False
    return inputs, clamp, g


def drive_and_moments(inputs, clamp, alpha, eta):
    """Return the plastic drive of the last step; of each past one key, faded value and activity."""
    y = run(inputs, 0.0, alpha, eta, clamp=clamp)[0][:, 0]
    now, last = y[-2], len(y) - 1
    keys = torch.cat([torch.zeros_like(y[:1]), y[: last - 1]])
    fade = (1 - eta) ** torch.arange(last - 1, -1, -1, dtype=torch.double)
    return torch.atanh(y[-1]) - inputs[-1, 0], keys, eta * fade[:, None] * y[:last], now


@pytest.mark.witness("eq-one-mixture", networks.run)
@given(st.integers(4, 8), st.integers(3, 4), st.floats(-0.5, 0.5), st.floats(0.05, 0.9), seeds)
def test_with_one_alpha_the_drive_is_one_mixture_of_what_was_shown(n, steps, alpha, eta, seed):
    inputs, clamp, _ = episode(n, steps, seed)
    drive, keys, values, now = drive_and_moments(inputs, clamp, alpha, eta)
    torch.testing.assert_close(drive, alpha * (keys @ now) @ values, atol=1e-9, rtol=1e-7)


def test_with_an_alpha_for_each_connection_the_drive_is_no_mixture():
    inputs, clamp, g = episode(6, 3, 0)
    drive, _, values, _ = drive_and_moments(
        inputs, clamp, torch.randn(6, 6, generator=g, dtype=torch.double), 0.3
    )
    mixed = values.T @ torch.linalg.lstsq(values.T, drive[:, None]).solution[:, 0]
    assert (drive - mixed).norm() > 0.1 * drive.norm()


@pytest.mark.witness("eq-rank", networks.run)
@given(sizes, st.integers(1, 3), st.integers(2, 5), seeds)
def test_an_alpha_of_low_rank_compares_a_few_times(n, rank, steps, seed):
    inputs, clamp, g = episode(n, steps, seed)
    a, b = (torch.randn(rank, n, generator=g, dtype=torch.double) / n for _ in range(2))
    drive, keys, values, now = drive_and_moments(inputs, clamp, a.T @ b, 0.3)
    wanted = sum(b[r] * ((keys @ (a[r] * now)) @ values) for r in range(rank))
    torch.testing.assert_close(drive, wanted, atol=1e-9, rtol=1e-7)


def halves(n_pixels, across, elsewhere, seed=0):
    net = networks.HalvesRNN(
        n_pixels, n_pixels + 1, eta=0.2, generator=torch.Generator().manual_seed(seed)
    ).double()
    with torch.no_grad():
        net.two.copy_(torch.tensor([across, elsewhere]))
        net.core.w.zero_()
    return net


@pytest.mark.witness("eq-halves", networks.HalvesRNN)
@given(st.sampled_from([4, 8, 12]), st.floats(-1, 1), st.floats(-1, 1), seeds)
def test_each_half_is_asked_for_what_the_two_numbers_say(n_pixels, across, elsewhere, seed):
    net, half = halves(n_pixels, across, elsewhere), n_pixels // 2
    inputs, clamp, _ = episode(n_pixels + 1, 3, seed)
    with torch.no_grad():
        y = net(inputs, clamp=clamp)[0][:, 0]
        drive, keys, values, now = drive_and_moments(
            inputs, clamp, net.alpha.detach(), net.eta.item()
        )
        torch.testing.assert_close(torch.atanh(y[-1]) - inputs[-1, 0], drive, atol=1e-9, rtol=1e-6)
    other = keys[:, :half] @ now[:half]
    own = keys[:, half:] @ now[half:]  # and the bias unit
    wanted = (across * other + elsewhere * own) @ values[:, half:n_pixels]
    torch.testing.assert_close(drive[half:n_pixels], wanted, atol=1e-7, rtol=1e-5)


def test_with_nothing_within_a_half_the_erased_half_has_no_vote_on_itself():
    net = halves(8, 0.5, 0.0)
    g = torch.Generator().manual_seed(1)
    state = networks.State(
        torch.rand(1, 9, generator=g).double(), torch.randn(1, 9, 9, generator=g).double()
    )
    poisoned = state._replace(
        y=torch.cat([state.y[:, :4], torch.full((1, 4), 1e3).double(), state.y[:, 8:]], 1)
    )
    blank = torch.zeros(1, 1, 9).double()
    one, other = (net(blank, which)[0] for which in (state, poisoned))
    assert torch.equal(one[..., 4:8], other[..., 4:8])
    assert not torch.equal(one[..., :4], other[..., :4])


@pytest.mark.parametrize(
    ("n_pixels", "n", "eta", "error", "message"),
    [
        (1, 4, 0.1, ValueError, "n_pixels must be at least 2, got 1"),
        (4.0, 5, 0.1, TypeError, "n_pixels must be an integer"),
        (4, 3, 0.1, ValueError, "n must be at least 4, got 3"),
        (4, "5", 0.1, TypeError, "n must be an integer"),
        (4, 5, 1.0, ValueError, "a learned eta must lie inside"),
    ],
)
def test_a_network_of_halves_refuses_what_cannot_be(n_pixels, n, eta, error, message):
    with pytest.raises(error, match=message):
        networks.HalvesRNN(n_pixels, n, eta=eta, generator=torch.Generator())


def test_the_two_numbers_are_those_across_and_elsewhere():
    alpha = halves(4, 0.75, 0.125).alpha
    across = torch.zeros(5, 5, dtype=torch.bool)
    across[:2, 2:4] = across[2:4, :2] = True
    assert alpha[across].eq(0.75).all()
    assert alpha[~across].eq(0.125).all()


@pytest.mark.parametrize("kind", list(pictures.KINDS))
def test_every_kind_of_network_trains_all_its_numbers(kind):
    task = tasks.PatternCompletion(n_bits=16, **tasks.PICTURES)
    g = torch.Generator().manual_seed(0)
    net = pictures.network(pictures.KINDS[kind], task, 0.03, g)
    expected = {"full": 2 * 17**2 + 1, "halves": 17**2 + 3, "shared": 17**2 + 2, "none": 17**2 + 1}[
        kind
    ]
    assert sum(p.numel() for p in net.parameters()) == expected
    known = smooth.smooth_patterns(10, (4, 4), 1.0, g)
    tasks.picture_loss(net, task, known, (4, 4), 2, g)(0)[0].backward()
    graded = {
        name for name, p in net.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0
    }
    assert graded == {name for name, _ in net.named_parameters()} - (
        {"eta_logit"} if kind == "none" else set()
    )


def test_patches_come_from_two_photographs_and_have_contrast():
    known, new = data.patches("train"), data.patches("test", size=6)
    assert known.shape[1] == 64
    assert new.shape[1] == 36
    assert len(known) > 1_000
    assert len(new) > 1_000
    for one in (known, new):
        torch.testing.assert_close(one.abs().amax(1), torch.ones(len(one)))
        torch.testing.assert_close(one.mean(1), torch.zeros(len(one)), atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="split must be one of"):
        data.patches("both")


def test_photographs_say_their_shape_and_are_not_downloaded(tmp_path, monkeypatch):
    assert pictures.photographs("patches", "test")[1] == (8, 8)
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    for source in ("cifar10", "cifar10-subset"):
        with pytest.raises(FileNotFoundError):
            pictures.photographs(source, "train")


@given(st.integers(1, 3), st.sampled_from([(2, 4), (4, 4)]), seeds)
def test_half_of_the_pixels_are_erased_in_each_way(batch, shape, seed):
    n = shape[0] * shape[1]
    task = tasks.PatternCompletion(n_bits=n, **tasks.PICTURES)
    shown = {
        where: smooth.smooth_episodes(
            task, where, 1.0, shape, batch, torch.Generator().manual_seed(seed)
        )
        for where in smooth.ERASED
    }
    for episodes in shown.values():
        assert episodes.erased.sum(1).eq(n // 2).all()
    for where in ("half", "checkerboard"):
        assert shown[where].erased.view(batch, 2, n // 2).float().std(-1).eq(0).all(), (
            "all units before the middle, or all after"
        )
    grid = shown["half"].patterns.unflatten(-1, shape)
    black = torch.stack(
        [grid[..., i, j] for i in range(shape[0]) for j in range(shape[1]) if (i + j) % 2 == 0], -1
    )
    assert torch.equal(shown["checkerboard"].patterns[..., : n // 2], black), (
        "the same patterns, one colour first"
    )


@pytest.mark.witness("eq-independent", analysis.independent_pixels)
@given(st.floats(0, 3), st.integers(0, 10_000))
def test_chance_overlaps_are_those_of_fewer_independent_pixels(length, seed):
    g = torch.Generator().manual_seed(seed)
    a, b = (
        smooth.smooth_patterns(20_000, (3, 4), length, g) * 3**0.5 for _ in range(2)
    )  # of variance 1
    overlap = (a * b).mean(1)
    assert abs(overlap.mean()) < 5 * overlap.std() / 20_000**0.5
    worth = analysis.independent_pixels(smooth.smooth_correlation((3, 4), length))
    assert overlap.var().item() == pytest.approx(1 / worth, rel=0.08)


def test_independent_pixels_count_from_one_to_all():
    assert analysis.independent_pixels(torch.eye(7)) == 7
    assert analysis.independent_pixels(torch.ones(7, 7)) == 1
    for bad in (torch.zeros(3, 3), torch.ones(3), torch.ones(2, 3)):
        with pytest.raises(ValueError, match="ones on its diagonal"):
            analysis.independent_pixels(bad)


def test_each_simpler_alpha_is_what_its_name_says():
    g = torch.Generator().manual_seed(0)
    alpha = torch.randn(9, 9, generator=g)  # 8 pixels and a bias unit
    found = analysis.simpler_alphas(alpha, 8, g)
    assert torch.equal(found["intact"], alpha)
    assert torch.equal(found["shuffled"].flatten().sort().values, alpha.flatten().sort().values)
    torch.testing.assert_close(found["its mean"], alpha.mean() * torch.ones(9, 9))
    for rank in (1, 2, 4, 8):
        lost = torch.linalg.svdvals(alpha)[rank:].square().sum().sqrt()
        torch.testing.assert_close((alpha - found[f"rank {rank}"]).norm(), lost)
    blocks = found["mean of each block"][:8, :8].view(2, 4, 2, 4)
    assert torch.equal(blocks, blocks[:, :1, :, :1].expand_as(blocks))
    torch.testing.assert_close(blocks[0, 0, 1, 0], alpha[:4, 4:8].mean())
    across = found["within halves 0"][:8, :8].view(2, 4, 2, 4)
    assert across[0, :, 0].eq(0).all()
    assert across[1, :, 1].eq(0).all()
    assert torch.equal(across[0, :, 1], alpha[:4, 4:8])
    gains = found["gains across"][:8, :8]
    assert gains[:4, :4].eq(0).all()
    assert gains[4:, 4:].eq(0).all()
    for block, own in ((gains[:4, 4:], alpha[:4, 4:8]), (gains[4:, :4], alpha[4:8, :4])):
        torch.testing.assert_close(
            (own - block).norm(), torch.linalg.svdvals(own)[1:].square().sum().sqrt()
        )
    for name in ("mean of each block", "within halves 0", "gains across"):
        assert torch.equal(found[name][8], alpha[8]), "the bias unit keeps its own"
        assert torch.equal(found[name][:, 8], alpha[:, 8])
    with pytest.raises(ValueError, match="n >= n_pixels"):
        analysis.simpler_alphas(alpha, 10, g)
    assert torch.equal(analysis.block_means(alpha, 8), found["mean of each block"])


def test_each_question_lacks_half_of_the_pixels_and_is_what_its_name_says():
    asked = {name: one.view(8, 4) for name, one in pictures.questions((8, 4)).items()}
    assert all(one.sum() == 16 for one in asked.values())
    for one, other in (
        ("upper half", "lower half"),
        ("left half", "right half"),
        ("strip", "top and bottom"),
    ):
        assert torch.equal(asked[one], ~asked[other])
    assert asked["upper half"][:4].all()
    assert asked["left half"][:, :2].all()
    assert asked["strip"][2:6].all()
    assert not (asked["checkerboard"][1:] & asked["checkerboard"][:-1]).any()
    disc = pictures.questions((9, 9))["disc"].view(9, 9)
    assert disc[4, 4]
    assert not any(disc[i, j] for i in (0, 8) for j in (0, 8))


def test_a_question_changes_what_is_missing_and_nothing_else():
    task = tasks.PatternCompletion(n_bits=16, **tasks.PICTURES)
    g = torch.Generator().manual_seed(0)
    shown = [tasks.pictures(task, smooth.smooth_patterns(9, (4, 4), 1.0, g), (4, 4), 3, g)]
    asked = pictures.asked_otherwise(task, shown, (4, 4), 0)
    assert set(asked) == {*pictures.questions((4, 4)), "scattered"}
    for name, (again,) in asked.items():
        assert torch.equal(again.answer, shown[0].answer)
        assert torch.equal(again.order, shown[0].order)
        assert again.erased.sum(1).eq(8).all()
        if name != "scattered":
            assert torch.equal(again.erased, pictures.questions((4, 4))[name].expand(3, -1))


def test_reduced_photographs_are_means_of_squares(monkeypatch):
    grey = 2 * torch.rand(3, 1024, generator=torch.Generator().manual_seed(0)) - 1
    monkeypatch.setattr(data, "cifar10", lambda *_, **__: None)
    monkeypatch.setattr(data, "grey", lambda _: grey)
    for source, side in (("cifar10-subset", 1), ("cifar10-subset-16", 2), ("cifar10-subset-8", 4)):
        known, shape = pictures.photographs(source, "test")
        assert shape == (32 // side, 32 // side)
        first = grey.view(3, 32, 32)[:, :side, :side].mean((1, 2))
        torch.testing.assert_close(known[:, 0], first)


def test_rows_that_send_most_are_found():
    sends, hears = torch.rand(8, 2) + 0.5, torch.rand(8, 2) + 0.5
    alpha = torch.zeros(17, 17)
    alpha[:16, :16] = sends.flatten()[:, None] * hears.flatten()
    alpha[:8, :8] = alpha[8:16, 8:16] = 0.1  # within a half: not asked for
    found = analysis.gains_by_row(alpha, (8, 2))
    for name, gain in (("sender", sends), ("receiver", hears)):
        for half in (slice(0, 4), slice(4, 8)):
            there, wanted = torch.tensor(found[name])[half], gain.mean(1)[half]
            torch.testing.assert_close(there / there[0], wanted / wanted[0], atol=2e-3, rtol=0)
    sizes = analysis.root_mean_squares(alpha, 16)
    assert sizes["alpha_within_rms"] == pytest.approx(0.1)
    across = torch.cat([alpha[:8, 8:16], alpha[8:16, :8]]).square().mean().sqrt()
    assert sizes["alpha_across_rms"] == pytest.approx(across.item(), rel=1e-3)


def test_a_cue_is_worth_no_more_than_its_pixels():
    assert analysis.cue_pixels(torch.eye(8)) == 4
    smooth_one = smooth.smooth_correlation((8, 8), 2.0)
    assert 1 < analysis.cue_pixels(smooth_one) < analysis.independent_pixels(smooth_one)


def test_groups_share_a_number_and_minus_one_is_their_mean():
    group = torch.tensor([[0, 1], [-1, 1]])
    g = torch.Generator().manual_seed(0)
    net = networks.GroupsRNN(group, torch.tensor([1.0, 3.0]), eta=0.1, generator=g)
    assert net.alpha.tolist() == [[1, 3], [2, 3]]
    net.alpha.sum().backward()
    assert net.values.grad.tolist() == [1.5, 2.5]
    for bad in (torch.tensor([[0, 2], [0, 0]]), torch.tensor([[-2, 0], [0, 0]]), torch.eye(2)):
        with pytest.raises(ValueError, match="integers from -1 to 1"):
            networks.GroupsRNN(bad, torch.ones(2), eta=0.1, generator=g)


def test_on_noise_each_kind_has_its_numbers_where_its_name_says():
    task = tasks.PatternCompletion(n_bits=4, graded=True)
    kinds = {
        kind: smooth.noise_network(kind, task, 0.1, torch.Generator().manual_seed(0))
        for kind in smooth.GROUPS
    }
    one, itself, bias = 0.5, -0.25, 2.0
    wanted = torch.full((5, 5), one)
    each = {
        "and diagonal": [one, itself],
        "and bias": [one, bias],
        "and both": [one, bias, itself],
    }
    for kind, numbers in each.items():
        with torch.no_grad():
            kinds[kind].values.copy_(torch.tensor(numbers))
        there = wanted.clone()
        if kind != "and diagonal":
            there[4] = bias
        if kind != "and bias":
            there[range(4), range(4)] = itself
        assert torch.equal(kinds[kind].alpha, there), kind
    tied, pixels = kinds["diagonal tied"].alpha, torch.arange(4)
    assert tied[pixels, pixels].std() == 0
    others = ~torch.eye(5, dtype=torch.bool)
    others[4, 4] = True
    torch.testing.assert_close(tied[0, 0], tied[others].mean())
    assert tied[others].unique().numel() == 21


def test_kinds_on_noise_train_and_are_tested_side_by_side(tmp_path):
    rates = {"full": (0.03,), "and both": (0.03, 0.01)}
    chosen = smooth.Noise(rates=rates, n_bits=6, batch=2, updates=2, test_episodes=4)
    weights = smooth.train_noise(Trial(0, tmp_path), chosen)[1]
    found = smooth.score_noise(weights, 0, chosen)
    assert {kind: len(each) for kind, each in found["errors"].items()} == {"full": 1, "and both": 2}
    assert found["best"]["and both"] == min(found["errors"]["and both"])
    assert [len(each) for each in found["alphas"]["and both"]] == [3, 3]


def test_rates_are_tried_side_by_side(tmp_path):
    rates = {"full": (1e-2,), "shared": (1e-2, 1e-3), "none": (1e-2,)}
    chosen = pictures.Rates(rates=rates, source="patches", updates=2, batch=2, test_episodes=20)
    weights = pictures.train_rates(Trial(0, tmp_path), chosen)[1]
    found = pictures.score_rates(weights, 0, chosen)
    assert {kind: len(each) for kind, each in found["errors"].items()} == {
        kind: len(each) for kind, each in rates.items()
    }
    alone = pictures.Pictures(
        alpha="shared", source="patches", lr=1e-3, updates=2, batch=2, test_episodes=20
    )
    trained = pictures.train_natural_images(Trial(0, tmp_path / "alone"), alone)[1]
    assert all(torch.equal(trained[key], weights[f"shared 0.001.{key}"]) for key in trained)
