"""Associative memories: what is stored, what is recalled, and what theory says of both."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import memories, rules, tasks
from hebbnotes.chapters.associative_memory import experiments as memory

sizes, seeds = st.integers(2, 12), st.integers(0, 10_000)


def drawn(n_patterns, n, seed):
    g = torch.Generator().manual_seed(seed)
    return 2.0 * torch.randint(2, (n_patterns, n), generator=g, dtype=torch.float64) - 1, g


@pytest.mark.witness("eq-hopfield", memories.hopfield)
@given(sizes, sizes, seeds)
def test_hopfield_weights_are_symmetric_sums_of_products_in_any_order(n_patterns, n, seed):
    patterns, g = drawn(n_patterns, n, seed)
    w = memories.hopfield(patterns)
    wanted = torch.zeros(n, n, dtype=torch.float64)
    for p in patterns:
        wanted = wanted + rules.hebb(wanted, p, p) / n
    torch.testing.assert_close(memories.hopfield(patterns, diagonal=True), wanted)
    torch.testing.assert_close(w, wanted - wanted.diag().diag())
    torch.testing.assert_close(w, w.T)
    torch.testing.assert_close(
        memories.hopfield(patterns[torch.randperm(n_patterns, generator=g)]), w
    )


@pytest.mark.witness("eq-descent", memories.recall)
@given(sizes, sizes, seeds)
def test_one_unit_at_a_time_never_raises_the_energy_and_comes_to_rest(n_patterns, n, seed):
    patterns, g = drawn(n_patterns, n, seed)
    w, (state, _) = memories.hopfield(patterns), drawn(3, n, seed + 1)
    before = memories.energy(w, state)
    for _ in range(200):
        new = memories.recall(w, state, 1, generator=g)
        after = memories.energy(w, new)
        assert (after <= before + 1e-12).all()
        if torch.equal(new, state):
            break
        before, state = after, new
    else:
        pytest.fail("it never comes to rest")


@pytest.mark.witness("eq-recall", memories.recall)
@given(sizes, sizes, seeds)
def test_a_unit_takes_the_sign_of_its_drive_and_keeps_its_state_without_one(n_patterns, n, seed):
    patterns, _ = drawn(n_patterns, n, seed)
    w, (state, _) = memories.hopfield(patterns), drawn(2, n, seed + 1)
    w[:, 0] = 0  # the first unit hears nothing
    new = memories.recall(w, state, 1)
    for b in range(2):
        for j in range(n):
            drive = sum(
                int(state[b, i]) * round(n * w[i, j].item()) for i in range(n)
            )  # N times the drive is a whole number
            assert new[b, j] == (state[b, j] if drive == 0 else (drive > 0) - (drive < 0))
    single = memories.recall(w.float(), state.float(), 1)
    assert torch.equal(single.double(), new), (
        "rounding does not decide a tie, in single precision either"
    )
    assert torch.equal(new[:, 0], state[:, 0])
    order = torch.Generator().manual_seed(seed)
    by_turns, again = state.clone(), torch.Generator().manual_seed(seed)
    for j in torch.randperm(n, generator=again).tolist():
        drive = (by_turns @ (n * w[:, j]).round()).round()
        by_turns[:, j] = torch.where(drive == 0, by_turns[:, j], drive.sign())
    assert torch.equal(memories.recall(w, state, 1, generator=order), by_turns)


@pytest.mark.witness("eq-energy", memories.energy)
@given(sizes, sizes, seeds)
def test_the_energy_is_half_the_disagreement_and_that_of_hopfield_sums_squared_overlaps(
    n_patterns, n, seed
):
    patterns, _ = drawn(n_patterns, n, seed)
    w, (state, _) = memories.hopfield(patterns), drawn(3, n, seed + 1)
    for y, energy in zip(state, memories.energy(w, state), strict=True):
        wanted = -sum(y[i] * w[i, j] * y[j] for i in range(n) for j in range(n)) / 2
        torch.testing.assert_close(energy, wanted)
    overlaps = state @ patterns.T / n
    torch.testing.assert_close(
        memories.energy(w, state), -n / 2 * overlaps.square().sum(1) + n_patterns / 2
    )


def test_all_at_once_may_swing_between_two_states_for_ever():
    w = torch.tensor([[0.0, -1.0], [-1.0, 0.0]])
    state = torch.tensor([[1.0, 1.0]])
    assert torch.equal(memories.recall(w, state, 1), -state)
    assert torch.equal(memories.recall(w, state, 2), state)


@pytest.mark.witness("eq-projection", memories.pseudo_inverse)
@given(st.integers(1, 6), seeds)
def test_what_spans_less_than_all_is_left_as_it_is_by_the_pseudo_inverse(n_patterns, seed):
    patterns, _ = drawn(n_patterns, 40, seed)
    w = memories.pseudo_inverse(patterns, diagonal=True)
    torch.testing.assert_close(patterns @ w, patterns)
    torch.testing.assert_close(w @ w, w)
    assert torch.equal(memories.recall(memories.pseudo_inverse(patterns), patterns, 1), patterns)


@given(st.integers(1, 5), seeds)
def test_many_passes_of_the_delta_rule_leave_nothing_to_correct(n_patterns, seed):
    patterns, _ = drawn(n_patterns, 60, seed)
    w = memories.delta(patterns, passes=60)
    torch.testing.assert_close(patterns @ w, patterns, atol=0.05, rtol=0)
    assert not w.diagonal().any()


@pytest.mark.witness("eq-crosstalk", memories.one_step_error)
def test_errors_of_one_step_are_as_many_as_the_theory_says():
    n = 1500
    for load in (0.15, 0.3):
        patterns, _ = drawn(int(load * n), n, 0)
        wrong = (
            (memories.recall(memories.hopfield(patterns), patterns, 1) != patterns)
            .double()
            .mean()
            .item()
        )
        assert wrong == pytest.approx(memories.one_step_error(load), rel=0.1)


@pytest.mark.witness("eq-diagonal", memories.one_step_error)
def test_with_a_diagonal_units_change_as_seldom_as_the_theory_says_in_any_state():
    n = 1500
    for load in (0.3, 1.0, 3.0):
        patterns, _ = drawn(int(load * n), n, 2)
        chance, _ = drawn(200, n, 3)
        w = memories.hopfield(patterns, diagonal=True)
        for stored, state in ((True, patterns), (False, chance)):
            changed = (memories.recall(w, state, 1) != state).double().mean().item()
            assert changed == pytest.approx(memories.one_step_error(load, True, stored), rel=0.05)
    for load in (0.01, 0.5, 0.9, 1.1, 2.0, 100.0):
        assert memories.one_step_error(load, True) < memories.one_step_error(1.0, True), (
            "the worst load is 1"
        )
        assert memories.one_step_error(load, False, False) == 0.5, (
            "an empty diagonal holds no random state"
        )


def test_below_the_capacity_patterns_stay_and_above_they_melt():
    n = 1000
    overlaps = []
    for load in (0.1, 0.2):
        patterns, _ = drawn(int(load * n), n, 1)
        state = memories.recall(memories.hopfield(patterns), patterns, 60)
        overlaps.append((state * patterns).mean().item())
    assert overlaps[0] > 0.98
    assert overlaps[1] < 0.6


def test_with_a_diagonal_any_state_is_stable():
    patterns, _ = drawn(200, 20, 0)
    chance, _ = drawn(500, 20, 1)
    shares = [
        (memories.recall(memories.hopfield(patterns, diagonal), chance, 1) == chance)
        .all(1)
        .double()
        .mean()
        .item()
        for diagonal in (True, False)
    ]
    assert shares[0] > 0.9, "nearly all states, which is no memory"
    assert shares[1] < 0.01


@pytest.mark.witness("eq-delta", memories.delta)
@given(st.integers(1, 5), st.integers(2, 12), seeds)
def test_a_pass_of_the_delta_rule_writes_what_is_missing_one_pattern_after_the_other(
    n_patterns, n, seed
):
    patterns, _ = drawn(n_patterns, n, seed)
    w = torch.zeros(n, n, dtype=torch.float64)
    for p in patterns:
        dw = torch.tensor(
            [
                [p[i] * (p[j] - sum(p[k] * w[k, j] for k in range(n))) / n for j in range(n)]
                for i in range(n)
            ]
        )
        w = w + dw.double()
        w -= w.diag().diag()
    torch.testing.assert_close(memories.delta(patterns), w, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(memories.delta(patterns[:1]), memories.hopfield(patterns[:1]))


@pytest.mark.witness("eq-dense", memories.dense_step)
@given(sizes, sizes, st.integers(2, 5), seeds)
def test_a_dense_step_is_the_sign_of_patterns_weighted_by_powers_of_their_overlap(
    n_patterns, n, power, seed
):
    patterns, _ = drawn(n_patterns, n, seed)
    state, _ = drawn(3, n, seed + 1)
    new = memories.dense_step(patterns, state, power)
    for y, after in zip(state, new, strict=True):
        drive = sum(p * (p @ y / n) ** (power - 1) for p in patterns)
        clear = drive.abs() > 1e-12
        assert torch.equal(after[clear], drive.sign()[clear])


@given(sizes, sizes, seeds)
def test_a_dense_memory_of_power_two_is_a_hopfield_network_with_its_diagonal(n_patterns, n, seed):
    patterns, _ = drawn(n_patterns, n, seed)
    state, _ = drawn(4, n, seed + 1)
    w = memories.hopfield(patterns, diagonal=True)
    clear = (state @ w).abs() > 1e-9
    assert torch.equal(
        memories.dense_step(patterns, state, 2)[clear], memories.recall(w, state, 1)[clear]
    )


def test_a_dense_memory_holds_more():
    patterns, g = drawn(200, 60, 0)
    cue = torch.where(torch.rand(patterns.shape, generator=g) < 0.1, -patterns, patterns)
    found = memories.recall(memories.hopfield(patterns), cue, 5)
    dense = cue
    for _ in range(5):
        dense = memories.dense_step(patterns, dense, 4)
    assert (dense == patterns).all(1).double().mean() > 0.9
    assert (found == patterns).all(1).double().mean() < 0.1


@pytest.mark.witness("eq-modern", memories.modern_step)
@given(sizes, sizes, st.floats(0, 50), seeds)
def test_a_modern_step_is_attention_with_the_patterns_as_keys_and_values(n_patterns, n, beta, seed):
    g = torch.Generator().manual_seed(seed)
    patterns, state = (torch.randn(k, n, generator=g, dtype=torch.float64) for k in (n_patterns, 3))
    attention = torch.nn.functional.scaled_dot_product_attention(
        state, patterns, patterns, scale=beta
    )
    torch.testing.assert_close(memories.modern_step(patterns, state, beta), attention)


def test_a_sharp_modern_step_returns_the_pattern_with_the_largest_product():
    patterns, _ = drawn(20, 64, 0)
    state, _ = drawn(5, 64, 1)
    nearest = patterns[(state @ patterns.T).argmax(1)]
    clear = (state @ patterns.T).topk(2, 1).values.diff(dim=1)[:, 0] < 0
    torch.testing.assert_close(memories.modern_step(patterns, state, 100.0)[clear], nearest[clear])


@pytest.mark.witness("eq-least", memories.least_error)
@pytest.mark.parametrize(("n_patterns", "n_known"), [(2, 1), (5, 2), (20, 4), (30, 3)])
def test_the_majority_of_what_agrees_with_the_cue_errs_as_often_as_is_said_to_be_the_least(
    n_patterns, n_known
):
    g, wrong, episodes = torch.Generator().manual_seed(0), 0.0, 4000
    for _ in range(episodes):
        patterns = 2.0 * torch.randint(2, (n_patterns, n_known + 8), generator=g) - 1
        agree = (patterns[:, :n_known] == patterns[0, :n_known]).all(1)
        said = patterns[agree, n_known:].sum(0).sign()  # 0, a tie, is right half of the time
        wrong += ((1 - said * patterns[0, n_known:]) / 2).mean().item() / episodes
    assert wrong == pytest.approx(memories.least_error(n_patterns, n_known), abs=0.01)


def test_the_least_error_vanishes_with_what_is_known_and_the_modern_memory_comes_close():
    assert memories.least_error(1, 3) == 0
    assert memories.least_error(2, 1) == 0.125
    assert memories.least_error(3, 0) == tasks.floor_majority(3), "without a cue, the majority"
    assert memories.least_error(100, 40) < 1e-9
    assert (
        memories.least_error(400, 10)
        > memories.least_error(200, 10)
        > memories.least_error(200, 11)
    )
    g = torch.Generator().manual_seed(1)
    found = memory.error("modern", 40, 20, 20_000, g)
    assert memories.least_error(40, 10) < found + 0.002 < memories.least_error(40, 10) + 0.006


@pytest.mark.parametrize("name", memories.MEMORIES)
def test_few_patterns_are_completed_from_half_by_every_memory(name):
    patterns, g = drawn(3, 60, 5)
    clamp = torch.rand(3, 60, generator=g).argsort(1) < 30
    assert torch.equal(
        memories.complete(name, patterns, torch.where(clamp, patterns, 0.0), clamp), patterns
    )


def test_what_is_clamped_stays():
    patterns, _ = drawn(3, 50, 0)
    clamp = torch.zeros(3, 50, dtype=torch.bool)
    clamp[:, :25] = True
    cue = torch.where(clamp, patterns, -torch.ones_like(patterns))
    found = memories.recall(memories.hopfield(patterns), cue, 5, clamp)
    assert torch.equal(found[clamp], patterns[clamp])
    assert torch.equal(found, patterns)


def test_what_does_not_fit_is_refused():
    patterns, _ = drawn(3, 6, 0)
    w = memories.hopfield(patterns)
    for call, message in (
        (lambda: memories.hopfield(patterns * 2), "1 and -1"),
        (lambda: memories.recall(w, patterns[0], 1), "state must have shape"),
        (lambda: memories.recall(w[:5], patterns, 1), "w must have shape"),
        (lambda: memories.recall(w, patterns, 0), "n_steps must be at least 1"),
        (lambda: memories.dense_step(patterns, patterns, 1), "power must be at least 2"),
        (lambda: memories.modern_step(patterns, patterns, -1.0), "beta must be"),
        (lambda: memories.one_step_error(0.0), "load must be above 0"),
        (
            lambda: memories.complete("Modern", patterns, patterns, patterns > 0),
            "memory must be one of",
        ),
        (
            lambda: memories.complete("modern", patterns, patterns, patterns > 0, 0),
            "n_steps must be at least 1",
        ),
        (lambda: memories.least_error(0, 1), "n_patterns must be at least 1"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


# ------------------------------------------------------ what is no number does not become an answer


def poisoned(values, bad):
    """Yield copies in which one entry is not finite, and one in which all are."""
    for at in (0, values.numel() - 1):
        wrong = values.clone()
        wrong.view(-1)[at] = bad
        yield wrong
    yield values * bad


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_no_memory_answers_to_what_is_not_finite(bad):
    p = memories.random_patterns(3, 20, torch.Generator().manual_seed(0))
    w, held = memories.hopfield(p), p > 0
    for s in poisoned(p, bad):
        for asked in (
            lambda s=s: memories.recall(w, s, 2),
            lambda s=s: memories.recall(w, s, 2, generator=torch.Generator()),
            lambda s=s: memories.dense_step(p, s),
            lambda s=s: memories.modern_step(p, s, 1.0),
            lambda s=s: memories.modern_step(s, p, 1.0),
            lambda s=s: memories.energy(w, s),
            lambda s=s: memories.hopfield(s),
            lambda s=s: memories.delta(s),
            lambda s=s: memories.pseudo_inverse(s),
            lambda s=s: memories.dense_step(s, p),
            *(
                lambda s=s, name=name, c=c: memories.complete(name, p, s, c)
                for name in memories.MEMORIES
                for c in (held, torch.zeros_like(held))
            ),
            *(
                lambda s=s, name=name: memories.complete(name, s, p, held)
                for name in memories.MEMORIES
            ),
        ):
            with pytest.raises(ValueError, match=r"(patterns|state) holds NaN or infinity"):
                asked()
    for wrong in poisoned(w, bad):
        for asked in (
            lambda wrong=wrong: memories.recall(wrong, p, 2),
            lambda wrong=wrong: memories.energy(wrong, p),
        ):
            with pytest.raises(ValueError, match="w holds NaN or infinity"):
                asked()


def test_a_beta_beyond_all_numbers_is_named():
    p = memories.random_patterns(3, 20, torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"beta must be a finite number in \[0, 1e\+30\]"):
        memories.modern_step(p, p, 1e38)
    with pytest.raises(ValueError, match="use a smaller beta"):
        memories.modern_step(1e6 * p, 1e6 * p, 1e30)
    assert torch.equal(memories.modern_step(p, p, 1e30), p)


@given(st.integers(0, 1000), st.sampled_from([2, 3, 4, 50, 1000, 10**4]))
def test_a_dense_memory_decides_whatever_its_power(seed, power):
    p = memories.random_patterns(3, 15, torch.Generator().manual_seed(seed)).double()
    state = memories.random_patterns(4, 15, torch.Generator().manual_seed(seed + 1)).double()
    alike = [[Fraction(int(a @ b), 15) ** (power - 1) for a in p] for b in state]
    for b, shares in enumerate(alike):
        for i in range(15):
            drive = sum(share * int(p[k, i]) for k, share in enumerate(shares))
            least = max(map(abs, shares)) / 10**9  # nearer to 0 they are rounding
            if abs(drive) > least:
                wanted = 1 if drive > 0 else -1
                assert memories.dense_step(p, state, power)[b, i] == wanted


def test_an_energy_belongs_to_symmetric_connections():
    with pytest.raises(ValueError, match=r"w must be symmetric.*use \(w \+ w.T\) / 2"):
        memories.energy(torch.arange(9.0).view(3, 3), torch.ones(1, 3))


def test_the_least_error_is_found_at_once_whatever_is_stored():
    for n, known in ((10**6, 0), (10**9, 0), (10**9, 1), (10**12, 3), (10**15, 2), (10**5, 10**6)):
        error = memories.least_error(n, known)
        assert 0 <= error <= 0.5
        assert known > 100 or error == pytest.approx(0.5, abs=0.001)
    assert memories.least_error(5000, 0) == tasks.floor_majority(5000)
    with pytest.raises(ValueError, match="n_patterns must be at most"):
        memories.least_error(10**16, 0)


@given(st.integers(2, 300), st.integers(0, 8))
def test_the_least_error_is_the_mean_over_how_many_agree(n, known):
    chance = Fraction(1, 2**known)
    wanted = sum(
        math.comb(n - 1, k)
        * chance**k
        * (1 - chance) ** (n - 1 - k)
        * (Fraction(1, 2) - Fraction(math.comb(k, k // 2), 2 ** (k + 1)))
        for k in range(n)
    )
    assert memories.least_error(n, known) == pytest.approx(float(wanted), abs=1e-11)
