"""The checkers: they accept what is right, and say what is wrong with what is not."""

import inspect

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import check, memories, rules
from hebbnotes.learning import actor_critic
from hebbnotes.tasks import maze


def test_the_checker_of_hebbs_rule_accepts_the_right_answer_and_says_what_is_wrong_with_others(
    capsys,
):
    check.hebbian(rules.hebb)
    assert "Yes" in capsys.readouterr().out
    wrong = {
        "look at the sign": lambda w, pre, post: -rules.hebb(w, pre, post),
        "not local": lambda w, pre, post: rules.hebb(w, pre, post) * pre.sum(),
        "look at post": lambda w, pre, post: pre[:, None].expand(w.shape) + 0 * post,
        "look at pre": lambda w, pre, post: post[None, :].expand(w.shape) + 0 * pre[:, None],
        "twice the presynaptic": lambda w, pre, post: rules.hebb(w, pre**2, post),
        "twice the postsynaptic": lambda w, pre, post: rules.hebb(w, pre, post**2),
    }
    for message, rule in wrong.items():
        with pytest.raises(AssertionError, match=message):
            check.hebbian(rule)


def test_the_checker_of_forgetting_accepts_the_power_and_nothing_else():
    check.forgetting(lambda eta, steps: (1 - eta) ** steps)
    for message, share in {
        "age 0": lambda eta, steps: eta * (1 - eta) ** steps,
        "not grow": lambda eta, steps: (1 + eta) ** steps,
        "seven steps": lambda eta, steps: 1 / (1 + eta * steps),
        "lose the share": lambda eta, steps: (1 - eta) ** (2 * steps),
    }.items():
        with pytest.raises(AssertionError, match=message):
            check.forgetting(share)


def test_reads_refuses_a_synapse_that_is_not_there_and_a_rule_of_another_shape():
    with pytest.raises(ValueError, match="no synapse"):
        check.reads(rules.hebb, 9, 0)
    with pytest.raises(ValueError, match="must return dw of shape"):
        check.reads(lambda w, pre, post: pre, 0, 0)


@pytest.mark.parametrize("rule", [rules.hebb, rules.decay, rules.oja], ids=lambda r: r.__name__)
def test_a_rule_of_the_common_form_reads_its_own_two_units_and_what_it_forgets(rule):
    for i in range(4):
        for j in range(3):
            seen = check.reads(rule, i, j)
            own = torch.zeros(4, 3, dtype=torch.bool)
            own[i, j] = True
            assert torch.equal(seen.w | own, own)
            assert seen.pre.nonzero().flatten().tolist() == [i]
            assert seen.post.nonzero().flatten().tolist() == [j]
            assert rule is rules.hebb or seen.w[i, j]


FUNCTIONS = {name: getattr(rules, name) for name in rules.__all__ if name.islower()}
EVERY = {
    name: function
    for name, function in FUNCTIONS.items()
    if [*inspect.signature(function).parameters][:3] == ["w", "pre", "post"]
}
READS = {  # of its own weight, its two units, and what it declares
    "hebb": ("w", "pre", "post"),  # the weight is multiplied by 0
    "decay": ("w", "pre", "post"),
    "oja": ("w", "pre", "post"),
    "competitive": ("w", "pre", "post"),
    "soft_hebb": ("w", "pre", "post", "drive"),
    "covariance": ("w", "pre", "post", "pre_mean", "post_mean"),
    "delta": ("w", "pre", "post", "drive"),
    "bcm": ("w", "pre", "post", "threshold"),
    "scaling": ("w", "post"),
    "stdp": ("w", "pre", "post", "pre_spikes", "post_spikes"),
    "sanger": ("w", "pre", "post"),
}


def test_every_rule_of_the_package_is_listed_with_what_it_reads():
    assert EVERY.keys() == READS.keys()


@given(st.sampled_from([*READS]), st.integers(1, 4), st.integers(1, 4), st.data())
def test_every_rule_reads_its_own_entries_and_sangers_those_before(name, n_pre, n_post, data):
    i, j = data.draw(st.integers(0, n_pre - 1)), data.draw(st.integers(0, n_post - 1))
    seed = data.draw(st.integers(0, 1000))
    seen = check.reads(EVERY[name], i, j, n_pre=n_pre, n_post=n_post, seed=seed)
    assert seen.further.keys() == set(READS[name]) - {"w", "pre", "post"}
    for what, mask in {"w": seen.w, "pre": seen.pre, "post": seen.post, **seen.further}.items():
        own, before = torch.zeros_like(mask), j + 1
        if what == "w":
            own[i, :before] = name == "sanger"
            own[i, j] = True
        elif what.startswith("pre"):
            own[i] = True
        else:
            own[:before] = name == "sanger"
            own[j] = True
        assert torch.equal(mask, own & (what in READS[name])), what


@pytest.mark.parametrize("name", READS)
def test_every_rule_is_local_but_sangers(name):
    if name == "sanger":
        with pytest.raises(AssertionError, match="not local: the synapse"):
            check.local(EVERY[name])
    else:
        check.local(EVERY[name])


ROLLED = {
    "drive": lambda w, pre, post, *, drive: w + drive.roll(1),
    "modulator": lambda w, pre, post, *, modulator: w + modulator.sum(),
    "eligibility": lambda w, pre, post, *, eligibility: w + eligibility.roll(1, 0),
    "pre_place": lambda w, pre, post, *, pre_place: w + pre_place.roll(1).unsqueeze(-1),
    "post_type": lambda w, pre, post, *, post_type: w * (post_type.sum() % 2),
}


@pytest.mark.parametrize("name", ROLLED)
def test_a_foreign_entry_of_a_declared_quantity_is_found(name):
    with pytest.raises(AssertionError, match=rf"the synapse \(0, 0\) reads .*{name}\("):
        check.local(ROLLED[name])


def test_types_may_index_a_table_and_places_may_be_compared():
    signs = torch.tensor([1.0, -1.0], dtype=torch.float64)

    def typed(w, pre, post, *, pre_type, post_place, pre_place):
        far = (pre_place.unsqueeze(-1) - post_place.unsqueeze(-2)).abs()
        return signs[pre_type].unsqueeze(-1) * rules.hebb(w, pre, post) * far

    check.local(typed)
    seen = check.reads(typed, 2, 1)
    assert {name: mask.nonzero().flatten().tolist() for name, mask in seen.further.items()} == {
        "pre_type": [2],
        "post_place": [1],
        "pre_place": [2],
    }


FOREIGN = {
    r"pre\(1,\)": lambda w, pre, post: rules.hebb(w, pre, post) + pre.roll(-1)[:, None],
    r"post\(1,\)": lambda w, pre, post: rules.hebb(w, pre, post) + post.roll(-1),
    r"w\(0, 1\)": lambda w, pre, post: rules.hebb(w, pre, post) + w.roll(-1, 1),
    r"w\(1, 0\)": lambda w, pre, post: rules.hebb(w, pre, post) + w.roll(-1, 0),
    r"w\(3, 2\)": lambda w, pre, post: rules.hebb(w, pre, post) + 0 * w[3, 2],
}


@pytest.mark.parametrize("message", FOREIGN)
def test_a_rule_that_is_not_local_is_told_what_it_reads(message):
    with pytest.raises(AssertionError, match=rf"the synapse \(0, 0\) reads .*{message}"):
        check.local(FOREIGN[message])


def test_the_checker_of_forgetting_says_yes(capsys):
    check.forgetting(lambda eta, steps: (1 - eta) ** steps)
    assert "Yes" in capsys.readouterr().out


def test_what_is_no_rule_is_refused():
    with pytest.raises(TypeError, match="rule must be a function"):
        check.reads("hebb", 0, 0)
    with pytest.raises(ValueError, match="must return dw of shape"):
        check.local(lambda w, pre, post: 1.0)
    with pytest.raises(ValueError, match="no synapse"):
        check.reads(rules.hebb, 0, -1)


def test_the_checker_of_a_window_accepts_the_exponentials_and_says_what_is_wrong_with_others(
    capsys,
):
    import math

    def window(lag, tau=0.02):
        return ((lag > 0) - (lag < 0)) * math.exp(-abs(lag) / tau)

    check.window(window)
    assert "Yes" in capsys.readouterr().out
    for message, wrong in {
        "look at the sign of the lag": lambda lag: -window(lag),
        "look at the order": lambda lag: abs(window(lag)),
        "fade as the spikes": lambda lag: math.copysign(1, lag),
        "fade as": lambda lag: window(lag) if abs(lag) < 0.01 else -window(lag),
        "trace's decay": lambda lag: window(lag, 0.2),
    }.items():
        with pytest.raises(AssertionError, match=message):
            check.window(wrong)


def test_the_checker_of_sides_accepts_left_against_right_and_says_what_is_wrong_with_others():
    def columns_mixed(column, columns):
        return torch.tensor([0, 0, 1, 0, 1, 1] if columns == 6 else [0, 0, 1, 1])[column]

    def side(shape, kind="column"):
        row, column = (
            torch.arange(shape[0] * shape[1]) // shape[1],
            torch.arange(shape[0] * shape[1]) % shape[1],
        )
        of = {
            "column": column * 2 // shape[1],
            "row": row * 2 // shape[0],
            "stripes": column % 2,
            "mixed": columns_mixed(column, shape[1]),
        }[kind]
        return of[:, None] != of

    check.across(side)
    for message, wrong in {
        "must be a tensor": lambda shape: None,
        "must have shape": lambda shape: side(shape)[1:],
        "end with a comparison": lambda shape: side(shape).float(),
        "the same side as itself": lambda shape: ~side(shape),
        "so are j and i": lambda shape: side(shape).triu(),
        "look at the column": lambda shape: side(shape, "row"),
        "half of all pixels": lambda shape: side(shape) & False,
        "first two pixels": lambda shape: side(shape, "stripes"),
        "left of the middle": lambda shape: side(shape, "mixed"),
    }.items():
        with pytest.raises(AssertionError, match=message):
            check.across(wrong)


def test_the_shares_of_drawings_are_those_that_ojas_rule_leaves(capsys):
    check.shares(lambda eta, n: eta * (1 - eta) ** torch.arange(n - 1, -1, -1))
    check.shares(lambda eta, n: eta * (1 - eta) ** torch.arange(n - 1, -1, -1, dtype=torch.float64))
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda eta, n: [eta] * n, "a tensor, got list"),
        (lambda eta, n: torch.full((n + 1,), eta), "one number for each of 1"),
        (lambda eta, n: (1 - eta) ** torch.arange(n - 1, -1, -1), "written with eta"),
        (lambda eta, n: eta * (1 - eta) ** torch.arange(n), "written with eta|oldest first"),
        (lambda eta, n: torch.full((n,), eta), "the newest counts most"),
        (lambda eta, n: eta * (1 - eta / 2) ** torch.arange(n - 1, -1, -1), "leaves 1 - eta"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.shares(wrong)


def test_a_read_out_without_a_trace_compares_each_label_with_its_own_drawing(capsys):
    def right(shown, labels, asked):
        return torch.stack([shown[labels == label][0] @ asked for label in range(len(labels))])

    check.matching(right)
    check.matching(lambda shown, labels, asked: right(shown.double(), labels, asked.double()))
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda shown, labels, asked: 1.0, "a tensor, got float"),
        (lambda shown, labels, asked: asked, "a number for each of 2 labels"),
        (lambda shown, labels, asked: shown @ asked, "in which order"),
        (lambda shown, labels, asked: right(shown, labels, asked).softmax(0), "must drive thrice"),
        (
            lambda shown, labels, asked: right(shown - shown.mean(0), labels, asked),
            "its own label alone",
        ),
        (
            lambda shown, labels, asked: 2 * right(shown, labels, asked),
            "the product of what is asked",
        ),
    ):
        with pytest.raises(AssertionError, match=message):
            check.matching(wrong)


def test_advantages_look_forward_and_count_what_was_not_expected(capsys):
    check.advantages(actor_critic.advantages)
    assert "Yes" in capsys.readouterr().out

    def summed(rewards, values, gamma, lam, after=0.0, before=1.0, fade=None):
        coming = torch.cat([values[1:], torch.full_like(values[:1], after) * values[-1:]])
        total, found = 0.0, []
        for now in reversed(rewards + gamma * coming - before * values):
            total = now + (gamma * lam if fade is None else fade(gamma, lam)) * total
            found.insert(0, total)
        return torch.stack(found)

    check.advantages(summed)
    for wrong, message in (
        (lambda *a: 0.0, "a tensor, got float"),
        (lambda r, v, g, k: summed(r, v, g, k).sum(0), "the shape of the rewards"),
        (lambda r, v, g, k: summed(r.flip(0), v, g, k).flip(0), "what came before it"),
        (lambda r, v, g, k: 2 * summed(r, v, g, k), "an advantage of 1, got 2"),
        (lambda *a: summed(*a, fade=lambda g, k: g), "fades by gamma"),
        (lambda *a: summed(*a, after=1.0), "the advantage is -1"),
        (lambda *a: summed(*a, before=0.0), "the advantage is -1"),
        (lambda r, v, g, k: summed(r, v, 1.0, g * k), "add gamma times"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.advantages(wrong)


def test_steps_to_finds_count_who_never_found(capsys):
    check.steps_to_finds(lambda found: maze.steps_to_finds(found, 3)[:2])
    assert "Yes" in capsys.readouterr().out

    def of_those_who_did(found):
        at = [one.nonzero()[:, 0] + 1.0 for one in found.T]
        firsts, seconds = [a[0] for a in at if len(a)], [a[1] - a[0] for a in at if len(a) > 1]
        return sum(firsts) / len(firsts), sum(seconds) / len(seconds) if seconds else float("inf")

    def late(found):
        first, second = maze.steps_to_finds(found, 3)[:2]
        return first, first + second

    for wrong, message in (
        (of_those_who_did, "makes slow searches look fast"),
        (lambda found: (maze.steps_to_finds(found, 3)[0] - 1, 6), "took 4, got 3"),
        (late, "count from the first find"),
        (lambda found: (maze.steps_to_finds(found, 3)[0], 6), "infinite"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.steps_to_finds(wrong)


def test_the_rests_of_oja_are_zero_and_both_signs_of_each_component(capsys):
    def right(c):
        vectors = torch.linalg.eigh(c)[1].T
        return torch.cat([0 * vectors[:1], vectors, -vectors])

    check.resting(right)
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
            check.resting(wrong)


def test_sangers_rule_is_told_from_its_neighbours(capsys):
    check.components(rules.sanger)
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
            check.components(wrong)


def test_sangers_rule_may_be_written_with_a_mask():
    def masked(w, pre, post):
        return post * (pre[:, None] - (w * post) @ torch.triu(torch.ones(len(post), len(post))))

    check.components(masked)


def test_the_crosstalk_and_the_self_support_must_be_those_of_a_network(capsys):
    check.crosstalk(memories.one_step_error)
    check.self_support(lambda load: 1 - memories.one_step_error(load, True, False))
    assert capsys.readouterr().out.count("Yes") == 2
    for wrong, message in (
        (lambda load: 1 - memories.one_step_error(load), "between 0 and one half"),
        (lambda load: 0.01 / load, "must grow with the load"),
        (lambda load: memories.one_step_error(load / 2), "a network has"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.crosstalk(wrong)
    for wrong, message in (
        (lambda load: memories.one_step_error(load, True, False), "can only help"),
        (lambda load: 0.5, "must grow"),
        (lambda load: 1 - memories.one_step_error(2 * load, True, False), "a network keeps"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.self_support(wrong)


def test_an_attention_head_is_told_from_what_resembles_it(capsys):
    def right(q, k, v):
        return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    check.attention(right)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda q, k, v: right(q, k, v).T, "one row for each query"),
        (lambda q, k, v: (q @ k.T) @ v, "sum to 1"),
        (lambda q, k, v: right(q, k, v.flip(0)), "order of the pairs"),
        (lambda q, k, v: torch.softmax(q @ k.T, 1) @ v, "root of the length"),
        (lambda q, k, v: torch.softmax(q @ k.T / v.shape[1] ** 0.5, 1) @ v, "root of the length"),
        (lambda q, k, v: torch.softmax(q @ k.T / 4, 1) @ v, "root of the length"),
    ):
        with pytest.raises(AssertionError, match=message):
            check.attention(wrong)
