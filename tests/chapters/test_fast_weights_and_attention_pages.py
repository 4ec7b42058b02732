"""Fast weights and attention: checkers accept what is right, and say what is wrong."""

import math

import pytest
import torch

from hebbnotes import analysis, rules
from hebbnotes.chapters.fast_weights_and_attention import checks


def by_heads(alpha, q, k, v, keep=True):
    sigma, a, b = analysis.heads(alpha) if keep else analysis.heads(alpha, min(alpha.shape))
    return sigma[:, None] * b * (((q[:, None] * a.mT).mT @ k.mT) @ v)


def test_heads_are_counted_and_add_up(capsys):
    checks.all_heads(by_heads)
    checks.all_heads(lambda *given: by_heads(*given).flip(0))  # in any order
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda alpha, q, k, v: by_heads(alpha, q, k, v, keep=False), "leave out singular"),
        (lambda alpha, q, k, v: (q @ (alpha * (k.mT @ v)))[None], "1 that speak"),
        (lambda alpha, q, k, v: by_heads(alpha, q, k, v) / 2, "do not add up"),
        (lambda alpha, q, k, v: by_heads(alpha, q, k, v).sum(0), "a row of"),
        (lambda alpha, q, k, v: None, "got nothing.*return"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.all_heads(wrong)


def test_rows_that_add_up_are_not_heads_yet(capsys):
    def mixed(alpha, q, k, v):
        found = by_heads(alpha, q, k, v)
        if len(found) > 1:
            moved = found[0] / 2
            found = torch.cat([(found[0] - moved)[None], (found[1] + moved)[None], found[2:]])
        return found

    with pytest.raises(AssertionError, match="no head"):
        checks.all_heads(mixed)


def test_what_is_missing_is_written_by_a_synapse_that_reads_no_other(capsys):
    checks.only_missing(rules.delta)
    checks.only_missing(lambda w, pre, post, *, drive: torch.outer(pre, post - drive))
    assert "Yes" in capsys.readouterr().out

    def computed(w, pre, post, *, drive):
        return torch.outer(pre, post - pre @ w)

    for wrong, message in (
        (computed, "other synapses"),
        (lambda w, pre, post, *, drive: torch.outer(pre, post), "not minus the slope"),
        (lambda w, pre, post, *, drive: torch.outer(pre, drive - post), "it climbs"),
        (lambda w, pre, post, *, drive: torch.outer(pre, post - drive.mean()), "other receivers"),
        (lambda w, pre, post, *, drive: post - drive, "must return dw of shape"),
        (lambda w, pre, post, *, drive: None, "got NoneType"),
    ):
        with pytest.raises((AssertionError, ValueError), match=message):
            checks.only_missing(wrong)


def facilitated(u, pre, post):
    faded = 0.2 + (u - 0.2) * math.exp(-0.1 / 1.5)
    return faded + 0.2 * (1 - faded) * pre


def test_facilitation_reads_its_sender_alone(capsys):
    checks.sender_alone(facilitated)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda u, pre, post: facilitated(u, pre, post) + 1e-12 * post.sum(), "other receivers"),
        (lambda u, pre, post: facilitated(u, pre, post) + 0.01, "stay there"),
        (lambda u, pre, post: facilitated(u, pre, post).clamp(max=0.3), "one step must fade"),
        (lambda u, pre, post: u.sum(), "for each sender"),
        (lambda u, pre, post: None, "got nothing.*return"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.sender_alone(wrong)
