"""The checkers: they accept what is right, and say what is wrong with what is not."""

import pytest

from hebbnotes import check, rules


def test_the_checker_of_hebbs_rule_accepts_the_right_answer_and_says_what_is_wrong_with_others(capsys):
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
