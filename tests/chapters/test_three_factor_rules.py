"""Three-factor rules: what a reward teaches, how long a trace should last, places in one trial."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check
from hebbnotes import experiments as stored
from hebbnotes.chapters.three_factor_rules import bandit, experiments, matched, places
from hebbnotes.chapters.three_factor_rules import pairs as poisson
from hebbnotes.experiments import Trial
from hebbnotes.plasticity import rules

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)
taus = st.floats(0.2, 8)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


def bits(seed, n, m):
    """Return weights, an input, and a reward for answers: the share of bits that are right."""
    right = (normal(seed + 1, m) > 0).double()
    return normal(seed, n, m), normal(seed + 2, n), lambda y: (y == right).double().mean(-1)


# What a reward teaches


@pytest.mark.witness("eq-covariance-law", bandit.split)
@given(seeds, st.integers(1, 4), st.integers(1, 4), st.sampled_from([rules.hebb, rules.score]))
def test_the_mean_change_is_the_covariance_and_a_drift(seed, n, m, rule):
    w, x, reward = bits(seed, n, m)
    found = bandit.split(rule, w, x, reward)
    torch.testing.assert_close(found.change, found.covariance + found.drift, rtol=0, atol=1e-14)
    p, mean, mean_e, mean_r = torch.sigmoid(x @ w), 0, 0, 0
    for code in range(2**m):  # each answer by hand
        y = torch.tensor([float(code >> j & 1) for j in range(m)], dtype=DOUBLE)
        chance = torch.where(y == 1, p, 1 - p).prod()
        e = torch.outer(x, y if rule is rules.hebb else y - p)
        mean = mean + chance * reward(y[None])[0] * e
        mean_e, mean_r = mean_e + chance * e, mean_r + chance * reward(y[None])[0]
    torch.testing.assert_close(found.change, mean)
    torch.testing.assert_close(found.drift, mean_r * mean_e)
    if rule is rules.score:
        torch.testing.assert_close(mean_e, torch.zeros_like(mean_e), atol=1e-15, rtol=0)
    centred = bandit.split(rule, w, x, lambda y: reward(y) - mean_r)
    torch.testing.assert_close(centred.drift, torch.zeros_like(w), atol=1e-14, rtol=0)
    torch.testing.assert_close(centred.change, found.covariance)


@pytest.mark.witness("eq-score", rules.score)
@given(seeds, st.integers(1, 4), st.integers(1, 4), st.floats(-2, 2))
def test_the_score_follows_the_gradient_of_the_mean_reward_whatever_the_baseline(seed, n, m, b):
    w, x, reward = bits(seed, n, m)
    w.requires_grad_()
    p, y = torch.sigmoid(x @ w), bandit.answers(m)
    chance = torch.where(y == 1, p, 1 - p).prod(-1)
    (gradient,) = torch.autograd.grad((chance * reward(y)).sum(), w)
    w = w.detach()
    torch.testing.assert_close(
        bandit.split(rules.score, w, x, lambda y: reward(y) - b).change, gradient
    )
    torch.testing.assert_close(bandit.split(rules.hebb, w, x, reward).covariance, gradient)
    free = w.clone().requires_grad_()  # and it is the derivative of the log-probability
    probability = torch.sigmoid(x @ free)
    one = y[seed % len(y)]
    (of_log,) = torch.autograd.grad(bandit.likelihood(probability, one[None]).log().sum(), free)
    torch.testing.assert_close(rules.score(w, x, one, post_mean=torch.sigmoid(x @ w)), of_log)


@pytest.mark.witness("eq-best-baseline", bandit.best_baseline)
@given(seeds, st.integers(1, 4), st.integers(1, 4), st.floats(0.05, 3))
def test_no_other_constant_makes_the_change_less_variable(seed, n, m, away):
    w, x, reward = bits(seed, n, m)
    best = bandit.best_baseline(rules.score, w, x, reward)
    least = bandit.variance(rules.score, w, x, reward, best)
    y, p = bandit.answers(m), torch.sigmoid(x @ w)
    size = torch.stack([torch.outer(x, one - p).square().sum() for one in y])
    chance = bandit.likelihood(p, y)
    assert best == pytest.approx(float((chance * reward(y) * size).sum() / (chance * size).sum()))
    for other in (best - away, best + away):
        extra = away**2 * float((chance * size).sum())
        assert bandit.variance(rules.score, w, x, reward, other) == pytest.approx(least + extra)


@given(seeds, st.integers(1, 5))
def test_a_running_mean_moves_for_the_stimulus_that_was_shown_alone(seed, stimuli):
    b, reward = normal(seed, 3, stimuli), normal(seed + 1, 3)
    shown = torch.randint(stimuli, (3,), generator=generator(seed))
    after = bandit.running_mean(b, reward, shown, 0.25)
    for run in range(3):
        for s in range(stimuli):
            own = 0.75 * b[run, s] + 0.25 * reward[run]
            assert after[run, s] == pytest.approx(own if s == shown[run] else b[run, s])


def test_one_mean_for_all_stimuli_does_not_save_hebb_and_each_ones_own_does():
    right = {
        name: bandit.learn(
            bandit.problem(2, 12, generator(0)),
            rule,
            0.3,
            trials=2000,
            generator=generator(1),
            every=2000,
        )[-1].mean(-1)
        for name, rule in experiments.ELIGIBILITIES.items()
    }
    assert (right["Hebb"][:2] < 0.65).all()
    assert right["Hebb"][2] > 0.85
    assert (right["score"] > 0.7).all()
    assert (right["score"][1:] > 0.9).all()


@pytest.mark.parametrize("name", ["hebb", "score"])
def test_machine_code_learns_what_the_rules_say_trial_by_trial(name):
    def score(w, pre, post, *, post_mean):
        return rules.score(w, pre, post, post_mean=post_mean)

    def hebb(w, pre, post):
        return rules.hebb(w, pre, post)

    given_, rate = bandit.problem(3, 4, generator()), torch.tensor([0.1, 0.5, 1.0], dtype=DOUBLE)
    found = [
        bandit.learn(given_, rule, rate, trials=60, generator=generator(1), every=20)
        for rule in (getattr(rules, name), {"hebb": hebb, "score": score}[name])
    ]
    torch.testing.assert_close(*found)


def test_a_problem_has_its_worth_in_equal_steps_and_begins_at_chance():
    given_, g = bandit.problem(3, 4, generator()), generator()
    assert given_.worth.tolist() == [0, 0.5, 1]
    assert bandit.problem(1, 1, generator()).worth.tolist() == [0.5]
    right = bandit.learn(given_, rules.score, 0.1, trials=4, generator=g, every=2)
    assert right.shape == (3, 3, 4)
    assert right[0].tolist() == [[0.5] * 4] * 3
    with pytest.raises(TypeError, match=r"declares drive, and bandit\.learn supplies post_mean"):
        bandit.learn(given_, rules.delta, 0.1, trials=1, generator=g)


@pytest.mark.parametrize("rule", [rules.hebb, rules.decay])  # in machine code, and by the stepper
def test_a_rate_or_a_baseline_without_sense_is_refused_whatever_the_rule(rule):
    given_ = bandit.problem(2, 1, generator())
    for wrong, message in (
        ({"rate": 0.1, "follow": 5.0}, r"follow must be a finite number in \[0, 1\]"),
        ({"rate": math.nan}, "rate holds NaN or infinity"),
    ):
        with pytest.raises(ValueError, match=message):
            bandit.learn(given_, rule, trials=1, generator=generator(), **wrong)


@pytest.mark.parametrize("told", ["reward", "error"])
@given(seeds, st.floats(0.1, 5))
def test_a_unit_that_is_told_its_own_learns_as_if_it_were_alone(told, seed, rate):
    given_ = bandit.problem(2, 2, generator(seed), n_inputs=3, n_units=2)
    found = bandit.told_alone(given_, told, rate, trials=6, generator=generator(seed))
    g, w, wanted = generator(seed), torch.zeros(2, 3, 2, dtype=DOUBLE), []
    for _ in range(6):
        shown = torch.randint(2, (2,), generator=g)
        draws = torch.rand(2, 2, generator=g, dtype=DOUBLE)
        for run in range(2):  # run by run, unit by unit, each with numbers of its own
            s = int(shown[run])
            x, target = given_.inputs[run, s].tolist(), given_.targets[run, s].tolist()
            for j in range(2):
                p = 1 / (1 + math.exp(-sum(x[i] * float(w[run, i, j]) for i in range(3))))
                y = float(draws[run, j] < p)
                own = (1 if y == target[j] else 0) - 0.5
                step = own * (y - p) if told == "reward" else target[j] - p
                for i in range(3):
                    w[run, i, j] += rate * step * x[i]
        p = torch.sigmoid(given_.inputs @ w)
        wanted.append((p * given_.targets + (1 - p) * (1 - given_.targets)).mean((1, 2)))
    assert found[0].tolist() == [0.5, 0.5]
    torch.testing.assert_close(found[1:], torch.stack(wanted))


def test_one_unit_told_its_own_reward_is_one_that_hears_the_bell_less_a_half():
    given_ = bandit.problem(1, 300, generator(), n_inputs=2, n_units=1, spread=0.0)
    rate, many = 0.5, {"trials": 30, "generator": generator(2)}
    alone = bandit.told_alone(given_, "reward", rate, **many)
    bell = bandit.learn(given_, rules.score, rate, **many, follow=0.0, every=1)
    torch.testing.assert_close(alone.mean(1), bell[:, 1].mean(1), atol=0.02, rtol=0)


def test_trials_are_counted_to_the_first_look_and_a_rate_of_zero_never_arrives():
    course = torch.tensor([[0.5, 0.95, 0.5], [0.9, 0.2, 0.5], [0.95, 0.99, 0.6]])
    assert bandit.trials_until(course, every=10) == [10, 0, math.inf]
    assert bandit.trials_until(course, every=10, share=0.6) == [10, 0, 20]
    idle = bandit.told_alone(
        bandit.problem(2, 3, generator()), "reward", 0.0, trials=5, generator=generator()
    )
    assert bandit.trials_until(idle) == [math.inf] * 3
    with pytest.raises(ValueError, match="told must be 'reward' or 'error', got 'all'"):
        bandit.told_alone(
            bandit.problem(1, 1, generator()), "all", 1, trials=1, generator=generator()
        )


@pytest.mark.witness("eq-gain-gating", bandit.gain_and_gate)
@given(seeds, st.floats(0.1, 3), st.floats(-2, 2))
def test_a_gate_leaves_what_is_done_now_and_gain_does_not_but_enters_the_change(seed, gain, m):
    w, pre = normal(seed, 3, 2), normal(seed + 1, 3)
    y, dw = bandit.gain_and_gate(w, pre, gain=gain, modulator=m)
    same, plain = bandit.gain_and_gate(w, pre, gain=gain)
    assert torch.equal(y, same)
    torch.testing.assert_close(dw, m * plain)
    torch.testing.assert_close(y, torch.tanh(gain * (pre @ w)))
    louder, more = bandit.gain_and_gate(w, pre, gain=gain + 1)
    assert (louder.abs() > y.abs()).all()
    torch.testing.assert_close(more, torch.outer(pre, louder))


# How long a trace should last


@pytest.mark.witness("eq-matched-filter", matched.detectability)
@given(seeds, st.floats(0.01, 20), st.integers(2, 40))
def test_no_kernel_detects_better_than_one_like_the_density_of_delays(seed, rate, n):
    dt, kernel = 0.1, normal(seed, 30, n)
    density = normal(seed + 1, n).abs()
    density = density / (density.sum() * dt)
    most = math.sqrt(float(density.square().sum()) * dt / rate)
    found = matched.detectability(kernel, density, rate, dt)
    assert found.abs().max() <= most + 1e-12
    like = matched.detectability(2.5 * density, density, rate, dt)
    assert float(like) == pytest.approx(most)
    for k in kernel[:3]:  # against the sums of its definition
        up = sum(float(a * b) for a, b in zip(k, density, strict=True)) * dt
        noise = math.sqrt(rate * sum(float(a) ** 2 for a in k) * dt)
        one = matched.detectability(k, density, rate, dt)
        assert float(one) == pytest.approx(up / noise)


@pytest.mark.witness("eq-one-delay", matched.at_fixed_delay)
@given(st.floats(0.2, 5), st.floats(0.1, 10))
def test_the_best_trace_is_twice_a_fixed_delay_and_once_the_mean_of_exponential_ones(delay, rate):
    near = delay * torch.tensor([1.9, 2.0, 2.1], dtype=DOUBLE)
    assert matched.at_fixed_delay(near, delay, rate).argmax() == 1
    peak = float(matched.at_fixed_delay(2 * delay, delay, rate))
    assert peak == pytest.approx(math.exp(-0.5) / math.sqrt(rate * delay))
    need = [
        float(matched.needed_rewards(matched.at_fixed_delay(k * delay, delay, rate)))
        for k in (1, 2, 4)
    ]
    assert need[0] / need[1] == pytest.approx(math.e / 2)  # 1.36 times the rewards
    assert need[2] / need[1] == pytest.approx(2 * math.exp(-0.5))  # 1.21 times
    lags = matched.lags(delay / 200, 30 * delay)
    density = matched.exponential(delay, lags) / delay
    kernels = torch.stack([matched.exponential(k * delay, lags) for k in (0.9, 1.0, 1.1)])
    assert matched.detectability(kernels, density, rate, delay / 200).argmax() == 1


@given(st.floats(0.3, 3), taus, st.floats(0.1, 10))
def test_sums_over_lags_agree_with_the_formula_for_one_fixed_delay(delay, tau, rate):
    lags = matched.lags(0.01, 100.0)
    found = matched.detectability(
        matched.exponential(tau, lags), matched.fixed(delay, lags), rate, 0.01
    )
    assert float(found) == pytest.approx(float(matched.at_fixed_delay(tau, delay, rate)), rel=1e-3)


def test_densities_are_whole_and_needed_rewards_stand_three_spreads_apart():
    lags = matched.lags(0.01, 40.0)
    for density in (matched.fixed(1.234, lags), matched.between(1, 3, lags)):
        assert float(density.sum() * 0.01) == pytest.approx(1)
        assert float((lags * density).sum() * 0.01) == pytest.approx(
            1.234 if density[150] == 0 else 2.0
        )
    assert float(matched.needed_rewards(0.3)) == pytest.approx(100)


def test_lags_that_are_no_middles_of_equal_steps_and_a_rate_of_zero_are_refused():
    lags = matched.lags(0.1, 2.0)
    assert matched.step_of(lags) == pytest.approx(0.1)
    for wrong in (lags + 0.01, lags**2, -lags, lags.flip(0)):
        with pytest.raises(ValueError, match=r"use matched\.lags"):
            matched.step_of(wrong)
    one = torch.ones(1, dtype=DOUBLE)
    with pytest.raises(ValueError, match="rate must be a finite number"):
        matched.simulated(one, one, 0.0, generator())


def test_drawn_coincidences_are_told_apart_as_well_as_the_law_says():
    times = torch.tensor([0.5, 1.0, 2.0, 4.0], dtype=DOUBLE)
    found = matched.simulated(times, torch.full((8000,), 1.0, dtype=DOUBLE), 1.0, generator())
    torch.testing.assert_close(found, matched.at_fixed_delay(times, 1.0, 1.0), rtol=0.1, atol=0.02)


@given(st.floats(0.2, 5), st.floats(0.1, 20))
def test_a_fit_finds_the_delay_and_the_height_of_a_curve_that_follows_the_law(delay, a):
    grid = 0.25 * 1.3 ** torch.arange(20, dtype=DOUBLE)
    found = matched.fit(grid, (a / grid).sqrt() * torch.exp(-delay / grid))
    assert found.delay == pytest.approx(delay, rel=2e-3)
    assert found.a == pytest.approx(a, rel=1e-2)


def test_the_law_holds_with_spikes():
    grid = 0.25 * 1.3 ** torch.arange(16, dtype=DOUBLE)
    d = matched.with_spikes(grid, 1.0, poisson.Pairs(), seconds=1500, generator=generator())
    assert 2 * matched.fit(grid, d).delay == pytest.approx(2.0, abs=0.3)


# A place in one trial


@pytest.mark.witness("eq-btsp", places.place_field)
@given(st.floats(0.05, 0.4), st.floats(0.3, 1.5), st.floats(0.3, 1.5))
def test_a_field_is_as_wide_as_speed_times_both_time_constants_and_shifted_back(v, before, after):
    kernel, step = {"before": before, "after": after}, v / 20
    track = {"spacing": step, "length": 24 * v}
    spots, field = places.place_field(v, **kernel, **track, sigma=1e-6)
    assert places.half_width(spots, field) == pytest.approx(
        places.predicted_width(v, **kernel), abs=1.5 * step
    )
    for sigma in (1e-6, 0.3 * v):  # whatever the inputs' width
        spots, field = places.place_field(v, **kernel, **track, sigma=sigma)
        shift = places.predicted_shift(v, **kernel)
        assert places.centre(spots, field) == pytest.approx(shift, abs=0.01 * v)
    times = torch.linspace(-2, 2, 9, dtype=DOUBLE)
    wanted = [math.exp(t / before if t < 0 else -t / after) for t in times.tolist()]
    assert places.btsp(times, **kernel).tolist() == pytest.approx(wanted)


def test_with_a_window_of_20_ms_the_width_hardly_knows_the_speed():
    speeds = (0.1, 0.2, 0.3, 0.4)
    found = [places.half_width(*places.place_field(v, before=0.02, after=0.02)) for v in speeds]
    assert max(found) - min(found) < 0.005
    slow, fast = (places.half_width(*places.place_field(v)) for v in (0.1, 0.4))
    assert fast > 2 * slow


def test_a_field_that_does_not_fall_on_both_sides_is_refused():
    with pytest.raises(ValueError, match="use a longer track"):
        places.half_width(torch.arange(5).double(), torch.ones(5).double())


@pytest.mark.parametrize("rule", [rules.three_factor, rules.modulated_hebb, rules.score])
def test_a_modulated_rule_reads_one_number_more_and_nothing_foreign(rule):
    check.local(rule)
    seen = check.reads(rule, 1, 2)
    for name, mask in seen.further.items():
        assert mask.nonzero().tolist() == [[1, 2] if name == "eligibility" else [2]]


# Experiments


def chosen(name):
    return stored.EXPERIMENTS[name].configuration


def test_rates_are_those_that_did_best_on_seeds_that_are_not_shown():
    tried = stored.result("rewards-rates")["seeds"]["100"]["rates"]
    for rule, by_number in chosen("rewards-stimuli").rates.items():
        for number, rates in by_number.items():
            best = tried[rule][number]["best"]
            assert rates == tuple(best[baseline] for baseline in bandit.BASELINES)
    tried = stored.result("spikes-learn-rates")["seeds"]["100"]["rates"]
    for signal, rates in chosen("spikes-learn").rates.items():
        assert rates == {weakens: one["best"] for weakens, one in tried[signal].items()}
    tried = [one["trained"] for one in stored.seeds("eprop-delay-rates")]
    for method, (rate,) in chosen("eprop-delay").rates.items():
        wrong = {lr: sum(one[method][lr]["test"] for one in tried) for lr in tried[0][method]}
        until = {lr: sum(one[method][lr]["until"] for one in tried) for lr in wrong}
        assert f"{rate:g}" == min(wrong, key=lambda lr: (wrong[lr], until[lr]))
    for name in ("rewards-stimuli", "spikes-learn", "eprop-delay"):
        assert not {*stored.EXPERIMENTS[name].seeds} & {*range(100, 110)}


def test_each_method_is_trained_and_asked_for_fresh_bits(tmp_path):
    small = experiments.Delay({}, delay=3, n=4, batch=5, updates=10, tested=50)
    trial = Trial(0, tmp_path)
    found = {
        method: experiments.train_one(trial, small, method, 1e-3) for method in experiments.METHODS
    }
    assert all(0 <= one["test"] <= 1 and len(one["course"]) == 1 for one in found.values())
    inputs, bit = experiments.bits(small, 400, generator())
    assert inputs.shape == (8, 400, 10)
    assert (inputs[:3, :, 0] == 2 * bit - 1).all()
    assert not inputs[3:, :, 0].any()
    assert inputs[:, 0, 1].tolist() == [0] * 7 + [1]


def test_a_target_that_earns_the_reward_ends_at_its_bound_alone_by_reward_minus_mean():
    small = experiments.Growth({}, parts=60, pairs=poisson.Pairs(n=8))
    above = experiments.ended(small, "reward minus mean", 1.05, 0.01, seed=0)
    assert above["target"] >= small.bound
    assert above["others_at_bound"] == 0
    assert above["alone"] == 1
    plain = experiments.ended(small, "reward", 1.05, 0.01, seed=0)
    assert plain["others"] > 0.9
    assert plain["others_at_bound"] >= 5
    assert plain["alone"] == 0
