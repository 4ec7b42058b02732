"""The arena's contenders: what is counted, what a chain keeps, and what descent may find."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import check, rules
from hebbnotes.arena.memories import Matrix
from hebbnotes.arena.place import stored_rows
from hebbnotes.arena.scores import overlaps
from hebbnotes.arena.streams import CODES, stream, tasks_of
from hebbnotes.chapters.arena import checks, contenders, learned
from hebbnotes.chapters.arena.others import Bayesian, Chain


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.witness("eq-arena-overlap", overlaps)
@given(seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_an_overlap_counts_wrong_signs(seed):
    drawn = stream("recall", "dense", 2, generator(seed))
    memory = Matrix(rules.hebb, (1.0,), noise=0.0, writes=math.inf)
    found = float(overlaps(memory, drawn, generator()))
    answers = memory.read(drawn.queries[:, None], torch.zeros_like(drawn.queries))[:, 0]
    w = torch.einsum("tbi,tbj->bij", drawn.pre, drawn.post)
    torch.testing.assert_close(answers, torch.einsum("qbi,bij->qbj", drawn.queries, w))
    wrong = (answers.sign() != drawn.wanted).float().masked_fill(answers == 0, 0.5).mean()
    assert found == pytest.approx(1 - 2 * float(wrong), abs=1e-6)


@pytest.mark.witness("eq-arena-noise", Matrix)
@given(code=st.sampled_from(("dense", "sparse", "graded")), eta=st.floats(0.01, 1))
@settings(max_examples=12, deadline=None)
def test_the_noise_of_a_read_is_a_share_of_a_fresh_read(code, eta):
    drawn = stream("recall", code, 3, generator())
    memory = Matrix(rules.oja, (eta,), noise=0.3)
    memory.start(drawn.pre[0], drawn.post[0])
    ones, none = torch.ones(3), torch.zeros_like(drawn.post[0])
    memory.write(drawn.pre[0], drawn.post[0], ones, none, tell=False)
    quiet = memory.read(drawn.pre[:1, None], none[None])
    noise = torch.randn(1, *none.shape, generator=generator(1))
    loud = memory.read(drawn.pre[:1, None], noise)
    unit = quiet.abs().mean()  # one pair, just written on an empty sheet
    torch.testing.assert_close(loud - quiet, 0.3 * unit * noise[:, None])


@pytest.mark.witness("eq-arena-bits", contenders.pairs_of)
@given(writes=st.integers(1, 200))
def test_a_list_of_equal_bits_holds_as_many_as_fit(writes):
    pairs = contenders.pairs_of("dense", writes, "bits")
    bits = 32 * 32 * math.log2(2 * writes + 1)
    assert pairs * 64 <= bits + 1e-3 < (pairs + 1) * 64 + 2e-3
    assert contenders.pairs_of("dense", writes) == 16


def test_sixteen_pairs_have_as_many_numbers_and_sixty_five_as_many_bits():
    table = contenders.contenders("dense")
    for name, one in table.items():
        if one.kind != "list" and name not in ("chain of four", "BCPNN"):
            assert one.numbers == 1024
    assert table["BCPNN"].numbers == 1024 + 3 * 32
    assert table["list, equal numbers"].numbers == 1024 == table["Hebb"].numbers
    assert table["list, equal bits"].memory.pairs == 65
    assert table["list, equal bits"].bits <= table["Hebb"].bits < 4186
    assert table["chain of four"].numbers == 4 * 1024


@given(seed=st.integers(0, 99), eta=st.floats(0.01, 0.5), steps=st.integers(1, 6))
@settings(max_examples=15, deadline=None)
def test_a_chain_loses_nothing_but_into_the_ground(seed, eta, steps):
    g = generator(seed)
    memory = Chain(settings=(eta,), noise=0.0, writes=math.inf)
    pre, post = (torch.randn(steps, 2, 4, generator=g) for _ in range(2))
    memory.start(pre[0], post[0])
    held = lost = written = torch.zeros(2, 4, 4)
    for sent, got in zip(pre, post, strict=True):
        lost = lost + 2.0**3 * eta * 4.0**-3 * memory.u[3][0]
        written = written + sent[:, :, None] * got[:, None, :]
        memory.write(sent, got, torch.ones(2), torch.zeros(2, 4), tell=False)
    held = sum(2.0**k * memory.u[k][0] for k in range(4))
    torch.testing.assert_close(held, written - lost, atol=1e-5, rtol=1e-4)


@given(seed=st.integers(0, 99), eta=st.sampled_from((0.05, 0.3)))
@settings(max_examples=10, deadline=None)
def test_bayesian_weights_are_the_logarithms_of_running_means(seed, eta):
    g = generator(seed)
    drawn = stream("recall", "dense", 2, g)
    memory = Bayesian(settings=(eta,), noise=0.0)
    memory.start(drawn.pre[0], drawn.post[0])
    p_pre, p_post, p_both = torch.tensor(0.5), torch.tensor(0.5), torch.tensor(0.25)
    for pre, post in zip(drawn.pre, drawn.post, strict=True):
        memory.write(pre, post, torch.ones(2), torch.zeros(2, 32), tell=False)
        x, y = float(pre[1, 3] > 0), float(post[1, 5] > 0)
        p_pre = p_pre + eta * (x - p_pre)
        p_post = p_post + eta * (y - p_post)
        p_both = p_both + eta * (x * y - p_both)
    one = torch.zeros(1, 1, 2, 32)
    one[..., 3] = 1.0  # the third sender alone is active
    bias = (p_post / (1 - p_post)).log()
    ratio = (p_both.clamp(min=1e-4) / p_post).log() - (
        (p_pre - p_both).clamp(min=1e-4) / (1 - p_post)
    ).log()
    found = memory.read(one, torch.zeros(1, 2, 32))[0, 0, 1, 5]
    torch.testing.assert_close(found, bias + ratio, atol=1e-4, rtol=1e-3)


def test_in_silence_all_means_fall_alike_and_the_weights_stay():
    drawn = stream("blanks", "sparse", 2, generator())
    memory = Bayesian(settings=(0.05,), noise=0.0, writes=math.inf, least=1e-9)
    memory.start(drawn.pre[0], drawn.post[0])
    asked = drawn.queries[:, None], torch.zeros_like(drawn.queries)
    for k in range(4 + 20):
        memory.write(drawn.pre[k], drawn.post[k], torch.ones(2), torch.zeros(2, 64), tell=False)
        if k == 3:
            before, answers = memory.p_both.clone(), memory.read(*asked)
    torch.testing.assert_close(memory.p_both, before * 0.95**20)
    torch.testing.assert_close(memory.read(*asked), answers, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("memory", [Bayesian(settings=(0.1,)), Chain(settings=(0.1,))])
@pytest.mark.parametrize("code", ["dense", "sparse"])
def test_a_synapse_of_these_reads_its_own_two_ends_and_no_others(memory, code):
    drawn = stream("recall", code, 2, generator())
    none, kept = torch.zeros_like(drawn.post[0]), []
    i = int(drawn.pre[-1, 0].nonzero()[0])
    for poisoned in (False, True):
        memory.start(drawn.pre[0], drawn.post[0])
        for step, (sent, got) in enumerate(zip(drawn.pre, drawn.post, strict=True)):
            pre, post = sent.clone(), got.clone()
            if poisoned and step % 2:  # what every other cell does is turned round
                pre, post = sent.flip(-1), -got
                pre[:, i], post[:, 5] = sent[:, i], got[:, 5]
            memory.write(pre, post, torch.ones(2), none, tell=False)
        w = memory._weights()[0] if isinstance(memory, Bayesian) else memory.u[0]
        kept.append(w[0, :, i, 5])
    assert torch.equal(*kept)
    assert kept[0].any()


def test_no_weight_of_logarithms_leaves_its_range():
    drawn = stream("re-bind", "dense", 2, generator())
    memory = Bayesian(settings=(0.02, 0.3), writes=2.0)
    overlaps(memory, drawn, generator())
    for w in memory._weights():
        assert (w.abs() <= memory.most).all()
        assert (w.abs().amax((1, 2, 3)) == memory.most.flatten()).all()


@given(share=st.floats(0.001, 1))
@settings(max_examples=5, deadline=None)
def test_hebb_that_grows_strengthens_where_both_ends_are_active(share):
    pre, post = torch.tensor([[0.0, share]]), torch.tensor([[1.0, 0.0]])
    dw = contenders.grows(torch.ones(1, 2, 2), pre, post)
    torch.testing.assert_close(dw, torch.tensor([[[0, 0], [share + 0.06, 0]]]))


def test_the_map_is_made_from_the_audit():
    names = [*contenders.RULES, "BCPNN", "chain of four"]
    places = {
        name: contenders.COLUMNS[contenders.column(contenders.verdict(name).own)] for name in names
    }
    assert places == {
        "Hebb": "two ends",
        "decay": "+ own weight",
        "Oja": "+ own weight",
        "decay at active senders": "+ own weight",
        "Hebb that grows": "+ own weight",
        "delta": "+ drive",
        "delta with a leak": "+ drive",
        "decay, modulated": "+ broadcast",
        "delta, modulated": "+ drive, broadcast",
        "delta that sums": "+ own weight",
        "BCPNN": "+ means",
        "chain of four": "+ own weight",
    }
    kinds = {name: contenders.verdict(name).kind for name in names}
    assert [name for name in names if kinds[name] == "foreign"] == ["delta that sums"]
    assert kinds["BCPNN"] == "supplied"
    assert kinds["chain of four"] == "local"
    assert all(c.startswith("+") for c in contenders.COLUMNS[1:])


@pytest.mark.parametrize("code", ["dense", "sparse", "graded"])
def test_what_is_stored_is_what_the_audit_and_the_count_say(code):
    table = contenders.contenders(code)
    rows = {row.name: row for row in stored_rows(code)}
    assert list(rows) == list(table)
    for name, row in rows.items():
        one = table[name]
        assert (row.kind, row.sees, row.numbers) == (one.kind, one.sees, one.numbers)
        assert row.bits == round(one.bits)
        assert all(task in row.scores.tasks for task in tasks_of(CODES[code]))
        at_border = row.scores.setting in row.tried
        assert (row.edge is not None) == at_border


@given(seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_hebb_delta_and_decay_are_among_the_rules_that_descent_may_find(seed):
    g = generator(seed)
    w, pre, post, drive = (
        torch.randn(2, *shape, generator=g) for shape in ((4, 3), (4,), (3,), (3,))
    )
    same = (
        ({}, rules.hebb(w, pre, post)),
        ({"w": -1.0}, rules.decay(w, pre, post)),
        ({"post2 w": -1.0}, rules.oja(w, pre, post)),
    )
    for terms, dw in same:
        torch.testing.assert_close(learned.rule_of(terms)(w, pre, post), dw)
    delta = learned.rule_of({"drive": -1.0})
    torch.testing.assert_close(
        delta(w, pre, post, drive=drive), rules.delta(w, pre, post, drive=drive)
    )
    check.local(learned.rule_of(dict.fromkeys(learned.TERMS, 0.3)))


def test_decay_at_active_senders_forgets_nowhere_else():
    check.local(contenders.pre_gated)
    pre = torch.tensor([[0.0, 0.5, 0.0]])
    dw = contenders.pre_gated(torch.ones(1, 3, 2), pre, torch.zeros(1, 2))
    assert dw.tolist() == [[[0, 0], [-1, -1], [0, 0]]]


def test_a_term_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="term must be one of"):
        learned.rule_of({"pre": 1.0})


@pytest.mark.parametrize(
    ("checker", "right", "wrong", "message"),
    [
        (
            checks.bits,
            lambda d, writes: d * math.log2(2 * writes + 1) / 2,
            lambda d, writes: d / 2,
            "should be about",
        ),
        (
            checks.better,
            lambda w, pre, post: rules.hebb(w, pre, post) - (pre > 0).float()[..., None] * w,
            rules.hebb,
            "re-binds no better than Hebb",
        ),
        (
            checks.better,
            None,  # the right one is above
            rules.decay,
            "re-binds no better|forgets in silence",
        ),
        (checks.better, None, rules.delta, "use nothing but w, pre and post"),
        (checks.better, None, lambda w, pre, post: None, r"got nothing: does it end with return"),
        (checks.cheat, None, rules.hebb, "the audit finds nothing either"),
        (checks.cheat, None, rules.sanger, "poison sees it already"),
    ],
)
def test_checkers_take_what_is_right_and_say_what_is_wrong(checker, right, wrong, message):
    if right:
        checker(right)
    with pytest.raises(AssertionError, match=message):
        checker(wrong)


def test_a_cheat_that_counts_passes_poison_and_is_caught(capsys):
    kept = []

    def counts(w, pre, post):
        if w.ndim == 3:
            kept.append(post)
        return (1 + len(kept) / 100) * rules.hebb(w, pre, post)

    checks.cheat(counts)
    assert "the audit says: the rule remembers" in capsys.readouterr().out
