"""The arena: what is asked is fair, what is scored is right, and what matters cancels."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import rules
from hebbnotes.arena.memories import Buffer, Matrix
from hebbnotes.arena.place import Row, place_of, ranked, record, table
from hebbnotes.arena.scores import Scores, overlaps, score, sweep
from hebbnotes.arena.streams import CODES, TASKS, ceiling, stream, tasks_of

HELD = [(task, name) for name, code in CODES.items() for task in tasks_of(code)]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("task", "code"), HELD)
def test_keys_have_length_one_and_answers_by_chance_score_nothing(task, code):
    drawn = stream(task, code, 40, generator())
    lengths = drawn.pre.norm(dim=-1)
    torch.testing.assert_close(lengths[lengths > 0], torch.ones(int((lengths > 0).sum())))
    blind = Matrix(lambda w, pre, post: torch.randn(w.shape, generator=g), (1.0,))
    g = generator(1)
    assert abs(float(overlaps(blind, drawn, g))) < 0.09


def test_a_rule_that_writes_nothing_scores_nothing():
    silent = Matrix(lambda w, pre, post: torch.zeros_like(w), (1.0,))
    for task, code in HELD:
        assert float(overlaps(silent, stream(task, code, 3, generator()), generator())) == 0


def test_the_newest_value_of_a_key_is_asked_for():
    drawn = stream("re-bind", "dense", 3, generator())
    for query, wanted in zip(drawn.queries, drawn.wanted, strict=True):
        shown = (drawn.pre == query).all(-1)
        last = [int(steps.nonzero().max()) for steps in shown.T]
        assert (shown.sum(0) == 4).all()
        assert all((drawn.post[t, b] == wanted[b]).all() for b, t in enumerate(last))


def test_four_of_the_pairs_are_marked_and_asked_for():
    drawn = stream("reward", "sparse", 5, generator())
    assert (drawn.modulator.sum(0) == 4).all()
    for b in range(5):
        marked = drawn.pre[drawn.modulator[:, b] == 1, b]
        assert {tuple(q.tolist()) for q in drawn.queries[:, b]} == {
            tuple(k.tolist()) for k in marked
        }


def test_a_drifting_value_turns_one_number_in_fifty():
    drawn = stream("drift", "dense", 200, generator())
    old, new = drawn.post[:-8], drawn.post[8:]  # of one key, eight steps apart
    share = float((old != new).float().mean())
    expected = (1 - (1 - 2 * 0.02) ** 8) / 2
    assert abs(share - expected) < 0.002


@pytest.mark.parametrize("code", CODES)
def test_the_last_value_of_a_drifting_key_is_right_as_often_as_the_ceiling_says(code):
    drawn = stream("drift", code, 200, generator())
    old, new = drawn.post[:-8], drawn.post[8:]
    alike = torch.cosine_similarity(old, new, dim=-1) if drawn.graded else old * new
    assert abs(float(alike.mean()) - ceiling("drift")) < 0.01
    assert {ceiling(task) for task in TASKS if task != "drift"} == {1.0}


def test_strangers_are_of_the_size_of_the_pairs():
    drawn = stream("crowd", "graded", 400, generator())
    sizes = drawn.post.square().mean((1, 2))
    assert abs(float(sizes[:4].mean() - sizes[4:].mean())) < 0.01
    torch.testing.assert_close(drawn.pre.norm(dim=-1), torch.ones(36, 400))


@pytest.mark.parametrize(("pairs", "d"), [(16, 32)])
def test_hebbs_errors_are_those_of_theory(pairs, d):
    drawn = stream("recall", "dense", 4_000, generator())
    found = float(
        overlaps(Matrix(rules.hebb, (1.0,), noise=0.0, writes=math.inf), drawn, generator())
    )
    crosstalk = math.sqrt(d / (2 * (pairs - 1)))
    # a sum of fifteen times 32 signs is even: half of its ties are errors, as in a Gaussian
    assert abs(found - (1 - math.erfc(crosstalk))) < 0.004


@given(power=st.integers(-6, 6), task=st.sampled_from(tuple(TASKS)))
@settings(max_examples=12, deadline=None)
def test_a_rule_that_is_multiplied_by_a_number_is_the_same_rule(power, task):
    drawn = stream(task, "dense", 4, generator())

    def larger(w, pre, post):
        return 2.0**power * rules.hebb(w, pre, post)

    one, other = (
        overlaps(Matrix(rule, (0.25,)), drawn, generator(3)) for rule in (rules.hebb, larger)
    )
    assert torch.equal(one, other)


@given(seed=st.integers(0, 99), eta=st.floats(0.05, 1))
@settings(max_examples=8, deadline=None)
def test_the_matrix_is_the_plain_loop(seed, eta):
    drawn = stream("re-bind", "dense", 2, generator(seed))
    w = torch.zeros(2, 32, 32, dtype=torch.float64)
    for pre, post in zip(drawn.pre.double(), drawn.post.double(), strict=True):
        for b in range(2):
            w[b] += eta * torch.outer(pre[b], post[b] - pre[b] @ w[b])
    right = torch.einsum("qbi,bij->qbj", drawn.queries.double(), w).sign() * drawn.wanted
    found = overlaps(Matrix(rules.delta, (eta,), noise=0, writes=math.inf), drawn, generator())
    assert abs(float(found) - float(right.mean())) < 0.01


def test_each_rate_is_scored_as_if_it_were_alone():
    drawn = stream("drift", "sparse", 3, generator())
    both = overlaps(Matrix(rules.delta, (0.1, 0.7)), drawn, generator(1))
    alone = [overlaps(Matrix(rules.delta, (rate,)), drawn, generator(1)) for rate in (0.1, 0.7)]
    torch.testing.assert_close(both, torch.cat(alone))


def test_no_synapse_leaves_its_range():
    memory = Matrix(rules.hebb, (0.5,), writes=3.0)
    drawn = stream("crowd", "dense", 2, generator())
    overlaps(memory, drawn, generator())
    fresh = 0.5 * float(drawn.pre[0, 0, 0].abs())
    assert float(memory.w.abs().max()) == pytest.approx(3 * fresh)


@given(order=st.permutations(range(6)), seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_a_list_without_order_does_not_know_what_came_first(order, seed):
    g = generator(seed)
    keys, values = torch.randn(6, 2, 8, generator=g), torch.randn(6, 2, 8, generator=g)
    answers = []
    for row in (range(6), order):
        memory = Buffer(settings=(3.0,), pairs=8, noise=0.0)
        memory.start(keys[0], values[0])
        for k in row:
            memory.write(keys[k], values[k], torch.ones(2), torch.zeros(2, 8), tell=False)
        answers.append(memory.read(keys[:, None], torch.zeros(6, 2, 8)))
    torch.testing.assert_close(*answers)


def test_a_full_list_lets_the_oldest_go_and_no_other():
    g = generator()
    keys, values = torch.eye(8)[:, None].repeat(1, 2, 1), torch.randn(8, 2, 8, generator=g)
    memory = Buffer(settings=(100.0,), pairs=5, noise=0.0)
    memory.start(keys[0], values[0])
    for k in range(8):
        memory.write(keys[k], values[k], torch.ones(2), torch.zeros(2, 8), tell=False)
    answers = memory.read(keys[:, None], torch.zeros(8, 2, 8))[:, 0]
    torch.testing.assert_close(answers[3:], values[3:])
    torch.testing.assert_close(answers[0], values[3:].mean(0))  # a key that it does not hold


def test_what_chose_a_rate_does_not_judge_it():
    with pytest.raises(ValueError, match=r"seeds \[7\] are in fresh and in tuning"):
        score(Matrix(rules.hebb, (0.1,)), fresh=(7, 8), tuning=(6, 7))


def test_the_rate_is_the_best_on_the_seeds_of_tuning():
    memory = Matrix(rules.delta, (0.01, 0.5))
    scores = score(memory, fresh=(5,), tuning=(1,), episodes=4)
    tried = sweep(memory, "dense", (1,), 2)
    means = torch.stack([at.mean(0) for at in tried.values()]).mean(0)
    assert scores.setting == memory.settings[int(means.argmax())]
    own = {task: memory.settings[int(at.mean(0).argmax())] for task, at in tried.items()}
    assert scores.own == own
    again = sweep(memory.at([scores.setting]), "dense", (5,), 4)
    assert {task: [float(at[0, 0])] for task, at in again.items()} == scores.tasks
    assert scores.total()[0] == pytest.approx(sum(v[0] for v in scores.tasks.values()) / 8)


ROWS = st.lists(
    st.tuples(st.sampled_from(("local", "supplied", "foreign", "list")), st.floats(0, 1)),
    min_size=1,
)


def row(name, kind, total):
    return Row(name, kind, Scores(0.1, {"recall": [total]}, {"recall": 0.1}, {"recall": [total]}))


@given(rows=ROWS, total=st.floats(0, 1))
def test_who_reads_foreign_numbers_is_never_above_who_does_not(rows, total):
    others = [row(str(k), kind, value) for k, (kind, value) in enumerate(rows)]
    order = [r.kind == "foreign" for r in ranked(others)]
    assert order == sorted(order)
    place, count = place_of(row("mine", "foreign", total), others)
    assert 1 <= place <= count == 1 + sum(kind == "foreign" for kind, _ in rows)
    place, count = place_of(row("mine", "local", total), others)
    better = sum(kind in {"local", "supplied"} and value > total for kind, value in rows)
    assert place == 1 + better
    assert count == 1 + sum(kind in {"local", "supplied"} for kind, _ in rows)


def test_the_table_marks_the_entry_and_has_each_task():
    text = table(
        [row("Hebb", "local", 0.75), row("sums", "foreign", 0.9)], row("mine", "local", 0.5)
    )
    head, *lines = text.splitlines()
    assert head.split()[:4] == ["sees", "numbers", "bits", "recall"]
    assert [line.split()[0] for line in lines] == ["Hebb", ">", "reads", "sums"]
    assert lines[1].split()[:4] == [">", "mine", "local", "0.50"]


def test_a_record_tells_a_setting_on_the_border():
    edge = {"side": "low", "setting": 0.05, "gain": 0.0}
    told = record(row("Hebb", "local", 0.75)._replace(edge=edge, numbers=1024, bits=4186))
    assert (told["setting"], told["numbers"], told["bits"]) == ("<0.1", "1024", "4186")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: stream("recal", "dense", 2, generator()), "task must be one of"),
        (lambda: stream("sequence", "graded", 2, generator()), "task must be one of"),
        (lambda: stream("recall", "morse", 2, generator()), "code must be one of"),
        (lambda: stream("recall", "dense", 0, generator()), "batch must be at least 1"),
        (lambda: Matrix(rules.bcm, (0.1,)), "declares threshold, and the arena supplies"),
        (lambda: Matrix(rules.hebb, ()), "rates must hold one"),
        (lambda: Matrix(rules.hebb, (0.1,), writes=0), "writes must be above 0"),
        (lambda: sweep(Matrix(rules.hebb, (0.1,)), "morse", (1,)), "code must be one of"),
    ],
)
def test_what_cannot_be_asked_is_refused(wrong, message):
    with pytest.raises((ValueError, TypeError), match=message):
        wrong()
