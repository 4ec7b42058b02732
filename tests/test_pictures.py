"""Networks that complete pictures: what a shared alpha cannot do, what rank does, and what two numbers do."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import data, networks, tasks
from hebbnotes.experiments import pictures
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
    """The plastic drive of the last step, and of each past step: key, value as it has faded, and the present activity."""
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
    drive, _, values, _ = drive_and_moments(inputs, clamp, torch.randn(6, 6, generator=g, dtype=torch.double), 0.3)
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
    net = networks.HalvesRNN(n_pixels, n_pixels + 1, eta=0.2, generator=torch.Generator().manual_seed(seed)).double()
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
        drive, keys, values, now = drive_and_moments(inputs, clamp, net.alpha.detach(), net.eta.item())
        torch.testing.assert_close(torch.atanh(y[-1]) - inputs[-1, 0], drive, atol=1e-9, rtol=1e-6)
    other = keys[:, :half] @ now[:half]
    own = keys[:, half:] @ now[half:]  # and the bias unit
    wanted = (across * other + elsewhere * own) @ values[:, half:n_pixels]
    torch.testing.assert_close(drive[half:n_pixels], wanted, atol=1e-7, rtol=1e-5)


def test_with_nothing_within_a_half_the_erased_half_has_no_vote_on_itself():
    net = halves(8, 0.5, 0.0)
    g = torch.Generator().manual_seed(1)
    state = networks.State(torch.rand(1, 9, generator=g).double(), torch.randn(1, 9, 9, generator=g).double())
    poisoned = state._replace(y=torch.cat([state.y[:, :4], torch.full((1, 4), 1e3).double(), state.y[:, 8:]], 1))
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
    expected = {"full": 2 * 17**2 + 1, "halves": 17**2 + 3, "shared": 17**2 + 2, "none": 17**2 + 1}[kind]
    assert sum(p.numel() for p in net.parameters()) == expected
    known = tasks.smooth_patterns(10, (4, 4), 1.0, g)
    tasks.picture_loss(net, task, known, (4, 4), 2, g)(0)[0].backward()
    graded = {name for name, p in net.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert graded == {name for name, _ in net.named_parameters()} - ({"eta_logit"} if kind == "none" else set())


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
        where: tasks.smooth_episodes(task, where, 1.0, shape, batch, torch.Generator().manual_seed(seed)) for where in tasks.ERASED
    }
    for episodes in shown.values():
        assert episodes.erased.sum(1).eq(n // 2).all()
    for where in ("half", "checkerboard"):
        assert shown[where].erased.view(batch, 2, n // 2).float().std(-1).eq(0).all(), "all units before the middle, or all after"
    grid = shown["half"].patterns.unflatten(-1, shape)
    black = torch.stack([grid[..., i, j] for i in range(shape[0]) for j in range(shape[1]) if (i + j) % 2 == 0], -1)
    assert torch.equal(shown["checkerboard"].patterns[..., : n // 2], black), "the same patterns, one colour first"
