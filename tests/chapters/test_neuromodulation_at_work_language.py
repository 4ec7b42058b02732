"""Networks that read letters: the sum over the past is the loop, and a training is fair and goes
on."""

import math
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise, permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import data, experiments
from hebbnotes.chapters.neuromodulation_at_work.language import cells, chunks, costs, trials
from hebbnotes.chapters.neuromodulation_at_work.language import text as plays
from hebbnotes.chapters.neuromodulation_at_work.language.cells import (
    CONSTANT,
    CellState,
    CellWriting,
    loop,
    made,
    rest,
)
from hebbnotes.chapters.neuromodulation_at_work.language.chunks import chunk, tags_of
from hebbnotes.chapters.neuromodulation_at_work.language.network import ARMS, reader
from hebbnotes.chapters.neuromodulation_at_work.language.trials import Readers
from hebbnotes.experiments.experiment import Trial

SIZES = st.tuples(st.integers(1, 7), st.integers(1, 3), st.integers(1, 6))
SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=25)
PART = st.sampled_from([*ARMS])


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def drawn(arm, sizes, seed):
    """Inputs, weights, how it writes, and where it begins, in double precision."""
    (steps, streams, n), g = sizes, seeded(seed)

    def normal(*shape):
        return torch.randn(shape, generator=g, dtype=torch.float64)

    x, w = normal(steps, streams, 4 * n), normal(n, 4 * n) / n**0.5
    rates = torch.rand(2, generator=g, dtype=torch.float64)
    writing = None if arm == "LSTM" else CellWriting(normal(n), rates[0])
    if arm in ("simple", "retroactive"):
        writing = writing._replace(read=normal(n), bias=normal())
    if arm == "retroactive":
        writing = writing._replace(eta_e=rates[1])
    begin = rest(w, streams, writing)
    state = CellState(*(None if one is None else normal(*one.shape) / 2 for one in begin))
    return x, w, writing, state


def parts(writing):
    return [] if writing is None else [one for one in writing if one is not None]


def close(a, b):
    for one, other in zip(a, b, strict=True):
        if one is None or other is None:
            assert one is other
        else:
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


# ------------------------------------------------------------------------------ the sum is the loop


@pytest.mark.witness("eq-work-pull", chunks.chunk)
@settings(max_examples=60)
@given(PART, SIZES, SEEDS)
def test_the_sum_over_the_past_is_the_loop_and_both_go_on_from_any_border(arm, sizes, seed):
    x, w, writing, state = drawn(arm, sizes, seed)
    outputs, last = loop(x, w, writing, state)
    for border in {0, len(x) // 2}:
        first, second = x[:border], x[border:]
        found, there = [], state
        for piece in (first, second):
            if len(piece):
                h, there = chunk(piece, w, writing, there)
                found.append(h)
        close([torch.cat(found), *there], [outputs, *last])


def gradients(run, arm, sizes, seed):
    x, w, writing, state = drawn(arm, sizes, seed)
    leaves = [one.requires_grad_() for one in (x, w, *parts(writing))]
    outputs = run(x, w, writing, state)[0]
    weighed = torch.arange(outputs.numel()).view_as(outputs).cos()
    found = torch.autograd.grad((outputs * weighed).sum(), leaves, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, leaves, strict=True)]


@settings(max_examples=60)
@given(PART, SIZES, SEEDS)
def test_its_gradients_are_those_of_the_loop(arm, sizes, seed):
    found, told = gradients(chunk, arm, sizes, seed), gradients(loop, arm, sizes, seed)
    for one, other in zip(found, told, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("arm", ARMS)
def test_its_gradients_are_those_of_finite_differences(arm):
    x, w, writing, state = drawn(arm, (4, 2, 2), 0)
    given_parts = parts(writing)

    def outputs(x, w, *numbers):
        how = None
        if writing is not None:
            there = iter(numbers)
            how = CellWriting(*(None if one is None else next(there) for one in writing))
        return chunk(x, w, how, state)[0]

    leaves = [one.requires_grad_() for one in (x, w, *given_parts)]
    assert torch.autograd.gradcheck(outputs, leaves)


@pytest.mark.parametrize("arm", ARMS)
def test_what_is_carried_over_a_border_has_no_gradient(arm):
    x, w, writing, state = drawn(arm, (4, 2, 3), 1)
    last = chunk(x.requires_grad_(), w.requires_grad_(), writing, state)[1]
    assert not any(one.requires_grad for one in last if one is not None)


@FEW
@given(SIZES, SEEDS)
def test_tags_are_the_eligibility_trace(sizes, seed):
    x, w, writing, state = drawn("retroactive", sizes, seed)
    tags = tags_of(writing.eta_e, len(x))
    assert tags[:, 0].eq(0).all(), "the old trace has no part in the new marks"
    trace = state.eligibility
    pre, c = state.h, state.c
    pairs = []
    for t in range(len(x)):
        built = tags[t, 1] * state.eligibility
        built = built + sum(tags[t, 2 + s] * pair for s, pair in enumerate(pairs))
        torch.testing.assert_close(trace, built)
        _, after = loop(x[t : t + 1], w, writing, CellState(pre, c, state.hebb, trace))
        pairs.append((after.eligibility - (1 - writing.eta_e) * trace) / writing.eta_e)
        trace, pre, c = after.eligibility, after.h, after.c


# ------------------------------------------------------------------------------- what M is, and not


@FEW
@given(st.sampled_from(["simple", "retroactive"]), SIZES, SEEDS)
def test_the_signs_of_signal_and_gain_do_not_matter_together(arm, sizes, seed):
    x, w, writing, state = drawn(arm, sizes, seed)
    state = state._replace(hebb=torch.zeros_like(state.hebb))
    turned = writing._replace(alpha=-writing.alpha, read=-writing.read, bias=-writing.bias)
    close(chunk(x, w, writing, state)[:1], chunk(x, w, turned, state)[:1])


@FEW
@given(SIZES, SEEDS)
def test_a_signal_that_does_not_change_is_the_plastic_arm(sizes, seed):
    x, w, writing, state = drawn("simple", sizes, seed)
    bias = torch.atanh(torch.tensor(CONSTANT, dtype=torch.float64))
    same = writing._replace(read=torch.zeros_like(writing.read), bias=bias)
    plastic = CellWriting(writing.alpha, writing.eta)
    close([*chunk(x, w, same, state)[1]], [*chunk(x, w, plastic, state)[1]])


@pytest.mark.witness("eq-work-cell", cells.loop)
@FEW
@given(SIZES, SEEDS)
def test_the_loop_is_its_equations_connection_by_connection(sizes, seed):
    x, w, writing, state = drawn("simple", sizes, seed)
    found, last = loop(x, w, writing, state)
    (alpha, eta, read, bias, _), n = writing, len(w)
    for b in range(x.shape[1]):
        h, c, hebb = (one[b].tolist() for one in state[:3])
        for t in range(len(x)):

            def heard(j, part, t=t, b=b, h=h):
                column = part * n + j
                return float(x[t, b, column]) + sum(h[i] * float(w[i, column]) for i in range(n))

            into, keep, show = (
                [1 / (1 + math.exp(-heard(j, part))) for j in range(n)] for part in range(3)
            )
            pull = [float(alpha[j]) * sum(h[i] * hebb[i][j] for i in range(n)) for j in range(n)]
            g = [math.tanh(heard(j, 3) + pull[j]) for j in range(n)]
            c = [keep[j] * c[j] + into[j] * g[j] for j in range(n)]
            after = [show[j] * math.tanh(c[j]) for j in range(n)]
            m = math.tanh(sum(after[j] * float(read[j]) for j in range(n)) + float(bias))
            hebb = [
                [(1 - float(eta)) * hebb[i][j] + m * h[i] * g[j] for j in range(n)]
                for i in range(n)
            ]
            h = after
            torch.testing.assert_close(found[t, b], torch.tensor(h, dtype=torch.float64))
        torch.testing.assert_close(last.hebb[b], torch.tensor(hebb, dtype=torch.float64))


@FEW
@given(SIZES, SEEDS)
def test_a_fan_out_of_the_signal_is_a_second_gain(sizes, seed):
    """A trace whose columns are written phi times as strongly is read as one at phi times alpha."""
    x, w, writing, state = drawn("simple", sizes, seed)
    phi = torch.randn(len(w), generator=seeded(seed), dtype=torch.float64)
    state = state._replace(hebb=torch.zeros_like(state.hebb))
    whole = chunk(x, w, writing._replace(alpha=writing.alpha * phi), state)[0]
    h, c, hebb = state.h, state.c, state.hebb
    for heard, wanted in zip(x, whole, strict=True):
        n, pre = len(w), h
        drive = heard + pre @ w
        drive[:, 3 * n :] += writing.alpha * torch.einsum("bi,bij->bj", pre, hebb)
        into, keep, show = torch.sigmoid(drive[:, : 3 * n]).chunk(3, -1)
        cell = torch.tanh(drive[:, 3 * n :])
        c = keep * c + into * cell
        h = show * torch.tanh(c)
        torch.testing.assert_close(h, wanted)
        heard_by_each = phi * made(h, writing)[:, None]
        hebb = (1 - writing.eta) * hebb + torch.einsum("bi,bj->bij", pre, heard_by_each * cell)


def test_the_plain_arm_is_the_memory_of_torch():
    steps, streams, n = 6, 3, 5
    x, w, _, _ = drawn("LSTM", (steps, streams, n), 2)
    cells = torch.nn.LSTM(4 * n, n).double()
    order = torch.tensor([0, 1, 3, 2])  # torch's order: in, keep, cell input, show
    with torch.no_grad():
        for p in cells.parameters():
            p.zero_()
        cells.weight_hh_l0.copy_(w.view(n, 4, n)[:, order].flatten(1).T)
        cells.weight_ih_l0.copy_(torch.eye(4 * n).view(4, n, -1)[order].flatten(0, 1))
    outputs, (h, c) = cells(x)
    found, state = chunk(x, w, None, rest(w, streams, None))
    close([found, state.h, state.c], [outputs, h[0], c[0]])


# ----------------------------------------------------------------------------------------- the text


LINES = "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind\n" * 40


def test_a_text_is_parted_in_order_and_nothing_is_lost():
    text = plays.Text.of(LINES)
    assert text.said(torch.cat([text.train, text.validation, text.test])) == LINES
    assert len(text.train) == len(LINES) * 90 // 100
    assert abs(len(text.validation) - len(text.test)) <= 1
    with pytest.raises(ValueError, match="400 letters or more"):
        plays.Text.of("To be")
    with pytest.raises(TypeError, match=r"pass data.shakespeare\(\)"):
        plays.Text.of(3)


@given(st.integers(8, 200), st.integers(1, 8), st.integers(1, 9), SEEDS)
def test_the_streams_read_each_letter_in_order(length, streams, steps, seed):
    text = torch.arange(length)
    begin = plays.starts(length, streams, seeded(seed))
    pieces = [plays.batch(text, begin, steps, update) for update in range(3)]
    assert pieces[0].shape == (steps + 1, streams)
    for before, after in pairwise(pieces):
        assert torch.equal(before[-1], after[0]), "what was the last answer is read next"
    read = torch.cat([piece[:-1] for piece in pieces])
    assert torch.equal((read[1:] - read[:-1]) % length, torch.ones_like(read[1:]) % length)
    apart = (begin.roll(-1) - begin)[:-1] % length
    assert apart.eq(length // streams).all()


def by_hand(train, part, before, k, n):
    """Bits a letter of the letter-by-letter definition, with dictionaries."""
    counts = [Counter() for _ in range(k + 1)]
    for j in range(k + 1):
        for i in range(j, len(train)):
            counts[j][tuple(train[i - j : i]), train[i]] += 1
    followers = [{} for _ in counts]
    for j, one in enumerate(counts):
        for (context, letter), count in one.items():
            followers[j].setdefault(context, {})[letter] = count
    whole, bits = [*before, *part], 0.0
    for i in range(len(before), len(whole)):
        chance = 1 / n
        for j in range(k + 1):
            its = followers[j].get(tuple(whole[i - j : i]), {})
            if its:
                chance = (its.get(whole[i], 0) + len(its) * chance) / (sum(its.values()) + len(its))
        bits -= math.log2(chance)
    return bits / len(part)


@given(st.integers(0, 3), SEEDS)
def test_counts_predict_what_the_definition_says(most, seed):
    numbers = torch.randint(4, (500,), generator=seeded(seed))
    text = plays.Text(numbers[:450], numbers[450:475], numbers[475:], "abcd")
    found = plays.counts_floor(text, most, text.validation, text.train)
    for k, value in enumerate(found):
        wanted = by_hand(text.train.tolist(), text.validation.tolist(), text.train.tolist(), k, 4)
        assert math.isclose(value, wanted, rel_tol=1e-9)


@given(st.integers(0, 3), SEEDS)
def test_the_chances_of_all_letters_sum_to_one(most, seed):
    numbers = torch.randint(4, (500,), generator=seeded(seed))
    text = plays.Text(numbers[:450], numbers[450:475], numbers[475:], "abcd")
    each = [
        plays.counts_floor(text, most, torch.tensor([letter]), text.train)[-1]
        for letter in range(4)
    ]
    assert math.isclose(sum(2**-bits for bits in each), 1)


def test_counts_of_too_many_letters_are_refused():
    text = plays.Text.of(LINES)
    with pytest.raises(ValueError, match="most must be at most 9"):
        plays.counts_floor(text, 10, text.test, text.train)
    many = text._replace(letters="x" * 100_000)
    with pytest.raises(ValueError, match="too many to be counted: take fewer"):
        plays.counts_floor(many, 4, text.test, text.train)


# --------------------------------------------------------------------------------------- a training


SMALL = Readers(
    rates=dict.fromkeys(ARMS, (0.01,)), n=6, updates=8, batch=3, steps=7, block=4, validated=4
)


@pytest.fixture
def lines(monkeypatch):
    monkeypatch.setattr(trials.plays, "read", lambda: plays.Text.of(LINES))
    monkeypatch.setattr(trials, "AHEAD", 20)
    return plays.Text.of(LINES)


def test_arms_begin_alike_and_have_about_equally_many_numbers():
    nets = {arm: Readers(rates={}).network(arm, 65, 3) for arm in ARMS}
    sizes = {arm: sum(p.numel() for p in net.parameters()) for arm, net in nets.items()}
    assert max(sizes.values()) / min(sizes.values()) < 1.004
    its = dict(nets["retroactive"].named_parameters())
    for net in nets.values():
        for name, value in net.named_parameters():
            assert torch.equal(value, its[name]), name
    for arm in ("simple", "retroactive"):
        signal = nets[arm](torch.zeros(1, 1, dtype=torch.int64)).signal
        torch.testing.assert_close(signal, torch.full((1, 1), CONSTANT), rtol=0, atol=0.02)


@pytest.mark.parametrize("arm", ARMS)
def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(lines, tmp_path, arm):
    chosen = replace(SMALL, rates={arm: (0.01,)})
    numbers, weights = trials.train_readers(Trial(0, tmp_path / "whole"), chosen)

    def stop(part, update, updates):
        if update == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trials.train_readers(Trial(0, tmp_path / "stopped", tell=stop), chosen)
    again, found = trials.train_readers(Trial(0, tmp_path / "stopped"), chosen)
    assert weights.keys() == found.keys()
    assert all(torch.equal(value, found[key]) for key, value in weights.items())
    for one in (numbers, again):
        del one["trained"][arm]["milliseconds"]
    assert numbers == again


def test_readers_learn_and_all_that_is_stored_is_there(lines, tmp_path):
    rates = dict.fromkeys(ARMS, (0.03,))
    chosen = replace(SMALL, rates=rates, updates=24, validated=12, block=6)
    numbers, weights = trials.train_readers(Trial(0, tmp_path), chosen)
    for one in numbers["trained"].values():
        assert len(one["curve"]) == 4
        assert len(one["validation"]) == 2
        assert one["curve"][-1] < one["curve"][0] - 0.2
    found = trials.test_readers(weights, 0, chosen)
    assert set(found["test"]) == set(ARMS)
    for arm in ARMS:
        assert math.isclose(found["test"][arm], sum(found["pieces"][arm]) / 3, abs_tol=1e-3)
    for arm in [*ARMS][1:]:
        gained = found["test"]["LSTM"] - found["test"][arm]
        assert math.isclose(found["gained"][arm], gained, abs_tol=1e-4)
    assert set(found["changed"]["plastic"]) == {"trace emptied", "no trace"}
    for arm in ("simple", "retroactive"):
        told = found["signal"][arm]
        assert len(told["passage"]) == len(told["along"])
        assert told["passage"][1:] in LINES
        assert set(found["changed"][arm]) == {
            *("trace emptied", "no trace", "M at its mean", "M turned")
        }


@given(SEEDS)
@settings(max_examples=5)
def test_a_network_that_knows_nothing_needs_the_bits_of_equal_chances(seed):
    text = plays.Text.of(LINES)
    chosen = replace(SMALL, steps=1 + seed % 40)
    net = reader("simple", 4, len(text.letters), seeded(seed))
    with torch.no_grad():
        net.readout.zero_()
    scored = trials.bits(net, text.test, text.validation, chosen)
    assert math.isclose(scored.bits, math.log2(len(text.letters)), rel_tol=1e-6)
    assert len(scored.signal) == len(text.test) // 3 * 3


@pytest.mark.parametrize("arm", ARMS)
def test_bits_do_not_depend_on_where_chunks_end_and_signals_stand_in_order(arm):
    text = plays.Text.of(LINES)
    net = reader(arm, 5, len(text.letters), seeded(0)).double()
    few, many = (replace(SMALL, batch=1, steps=steps) for steps in (5, 1_000))
    a, b = (trials.bits(net, text.test, text.validation, one) for one in (few, many))
    torch.testing.assert_close(a.pieces, b.pieces)
    torch.testing.assert_close(a.signal, b.signal)
    letters = torch.cat([text.validation[-trials.AHEAD - 1 :], text.test])
    reading = net(letters[:-1, None])
    signal = reading.signal[-len(text.test) :, 0]
    torch.testing.assert_close(a.signal, signal)
    chances = torch.log_softmax(reading.scores[-len(text.test) :, 0], -1)
    wanted = -chances.gather(1, text.test[:, None]).mean() / math.log(2)
    assert math.isclose(a.bits, wanted.item(), rel_tol=1e-9)


@given(SEEDS)
def test_the_interventions_do_to_the_signal_what_they_say(seed):
    x, w, writing, state = drawn("simple", (5, 2, 4), seed)
    h, _ = chunk(x, w, writing, state)
    signal = made(h, writing)
    ways = trials.changed(writing, signal.flatten())
    torch.testing.assert_close(made(h, ways["M turned"]), -signal)
    mean = torch.full_like(signal, float(signal.mean()))
    torch.testing.assert_close(made(h, ways["M at its mean"]), mean)
    plain = chunk(x, w, None, CellState(state.h, state.c))[0]
    torch.testing.assert_close(chunk(x, w, ways["no trace"], state)[0], plain)
    assert set(trials.changed(CellWriting(writing.alpha, writing.eta), signal)) == {"no trace"}


def test_an_emptied_trace_is_empty_where_each_chunk_begins(monkeypatch):
    text, seen = plays.Text.of(LINES), []
    net = reader("retroactive", 5, len(text.letters), seeded(1))
    real = net.forward

    def forward(letters, state, writing=None):
        seen.append(state)
        return real(letters, state, writing)

    monkeypatch.setattr(net, "forward", forward)
    trials.bits(net, text.test, text.validation, SMALL, emptied=True)
    assert len(seen) > 3
    assert not any(one.hebb.any() or one.eligibility.any() for one in seen)
    assert seen[-1].h.any()
    assert seen[-1].c.any()


# ----------------------------------------------------------------------------------- cost, and data


def test_what_the_loop_keeps_grows_with_the_square_of_the_cells_and_the_sum_does_not():
    chosen = costs.Costs(sizes=(8, 64), batch=2, steps=6, letters=5, repeats=1)
    found = costs.measure_costs({}, 0, chosen)
    kept = found["kept_megabytes"]
    for arm in [*ARMS][1:]:
        assert kept[f"{arm}, 64, loop"] > 6 * 64 * 64 * 2 * 4 / 1e6, "a trace for each step"
        assert kept[f"{arm}, 64, loop"] / kept[f"{arm}, 8, loop"] > 12
        # the traces where the chunk begins, and otherwise as many numbers as there are cells
        first = (64**2 - 8**2) * 2 * 4 / 1e6 * (2 if arm == "retroactive" else 1)
        weights = (64**2 - 8**2) * 4 * 4 / 1e6
        rest = kept[f"{arm}, 64, sum"] - kept[f"{arm}, 8, sum"] - first - weights
        assert 0 < rest < 6 * 2 * 64 * 4 * 20 / 1e6
        assert found["apart"][f"{arm}, 64"] < 1e-5
    assert set(found["faster"]) == {f"{arm}, {n}" for arm in ARMS for n in (8, 64)}


def test_counts_are_told_for_each_number_of_letters(lines):
    found = costs.count_letters({}, 0, costs.Floor(most=5))
    assert len(found["validation"]) == len(found["test"]) == 6
    assert found["five_gram"] == found["test"][4]
    assert found["best"] == found["test"][found["looked_at"]]


@pytest.mark.parametrize("name", ["language", "language-rates", "language-counts"])
def test_without_the_text_an_experiment_says_how_to_get_it(tmp_path, monkeypatch, name):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path))
    its = experiments.EXPERIMENTS[name]
    said = r"input.txt is not in .*run `python -m hebbnotes.data tinyshakespeare`"
    with pytest.raises(FileNotFoundError, match=said):
        its.needs(its.configuration)
    with pytest.raises(FileNotFoundError, match=said):
        plays.read()


def test_the_real_text_is_parted_as_is_told():
    if not data.available("tinyshakespeare"):
        pytest.skip(f"the plays are not in {data.folder()}: run `python -m hebbnotes.data`")
    text = plays.read()
    assert [len(one) for one in text[:3]] == [1_003_854, 55_770, 55_770]
    assert len(text.letters) == 65


def test_bad_letters_and_arms_are_refused():
    net = reader("plastic", 4, 5, seeded(0))
    with pytest.raises(TypeError, match=re.escape("use letters.long()")):
        net(torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"letters must lie in \[0, 4\].*Text.letters"):
        net(torch.full((3, 2), 5))
    with pytest.raises(ValueError, match="arm must be one of 'LSTM'"):
        reader("GRU", 4, 5, seeded(0))
    with pytest.raises(ValueError, match="arm must be one of 'LSTM'"):
        Readers(rates={"LSTM": (0.01,), "simpel": (0.01,)})
    with pytest.raises(ValueError, match="rates must name one or more for the arm 'LSTM'"):
        Readers(rates={"LSTM": ()})
    with pytest.raises(ValueError, match="n_streams must be at most 8"):
        plays.starts(8, 9, seeded(0))


def test_a_state_or_a_writing_of_another_arm_is_refused():
    letters = torch.zeros(3, 2, dtype=torch.int64)
    nets = {arm: reader(arm, 4, 5, seeded(0)) for arm in ARMS}
    for arm, other in permutations(ARMS, 2):
        net, writing = nets[arm], nets[other].writing()
        if {arm, other} != {"plastic", "simple"}:  # their states are alike
            with pytest.raises(ValueError, match="it is a state of another arm"):
                net(letters, nets[other].rest(2))
            if writing is not None:
                with pytest.raises(ValueError, match=r"writing must (be None|have (no|an) eta_e)"):
                    net(letters, writing=writing)
        elif writing is not None:
            assert net(letters, nets[other].rest(2), writing).scores.shape == (3, 2, 5)
    with pytest.raises(ValueError, match=r"state.h must have shape \(B=2, n=4\)"):
        nets["LSTM"](letters, nets["LSTM"].rest(3))
    with pytest.raises(ValueError, match=r"writing.alpha must have shape \(n=4\)"):
        nets["plastic"](letters, writing=reader("plastic", 6, 5, seeded(0)).writing())


@pytest.mark.parametrize("arm", ARMS)
def test_under_autocast_a_chunk_is_computed_in_full_precision(arm):
    net, x = reader(arm, 4, 5, seeded(0)), torch.randn(6, 2, 16, generator=seeded(1))
    state, writing = net.rest(2), net.writing()
    wanted, _ = chunk(x, net.w, writing, state)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, after = chunk(x, net.w, writing, state)
        net(torch.zeros(3, 2, dtype=torch.int64)).scores.float().sum().backward()
    assert torch.equal(found, wanted)
    assert after.h.dtype == torch.float32
    assert net.w.grad.isfinite().all()
