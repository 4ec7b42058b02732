"""Cell types: checkers accept what is right, and say what is wrong."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes.chapters.cell_types import checks, memory
from hebbnotes.networks import dale


def test_the_price_knows_no_sign_and_is_met_by_rows_of_one_size(capsys):
    checks.price(dale.common_mode)
    checks.price(lambda w: w.abs().mean(1).square().mean().sqrt() * len(w))
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda w: w.sum() / len(w), "not know the signs"),
        (lambda w: w.mean(1).square().sum().sqrt() * len(w), "no larger than"),
        (lambda w: w.abs().mean() * len(w), "root of the mean square"),
        (lambda w: w.abs().mean(1).square().mean(), "twice|no larger|met"),
        (lambda w: w.abs().sum(1), "must return a number"),
        (lambda w: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.price(wrong)


@settings(max_examples=5)
@given(st.sampled_from([0, 1, 2, 3]), st.sampled_from([-1.0, 0.5, 2.0]))
def test_the_trace_of_rates_is_judged_part_by_part(part, factor):
    def right(both, sent, received, share):
        return 4 * both - 2 * sent[:, None] - 2 * received[None] + share

    checks.trace(right)

    def wrong(*parts):
        turned = [factor * one if k == part else one for k, one in enumerate(parts)]
        return right(*turned)

    names = ("both ends", "the sender", "the receiver", "the share")
    with pytest.raises(AssertionError, match=f"off by .*{names[part]}"):
        checks.trace(wrong)


def test_a_trace_of_rates_with_rows_for_columns_or_of_another_shape_is_refused():
    def right(both, sent, received, share):
        return 4 * both - 2 * sent[:, None] - 2 * received[None] + share

    for wrong, message in (
        (lambda both, sent, received, share: right(both, received, sent, share), "the sender"),
        (lambda both, sent, received, share: right(both.T, sent, received, share), "rows and col"),
        (lambda both, sent, received, share: share, "a number for each pair"),
        (lambda *parts: 1.0, "a tensor, got float"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.trace(wrong)


def test_few_interneurons_must_be_as_near_to_private_ones_as_can_be(capsys):
    checks.interneurons(memory.groups)
    assert "Yes" in capsys.readouterr().out

    def uneven(n, k):  # groups of other sizes come as near
        label = (torch.arange(n) - (n - k)).clamp(min=0)
        member = (label[:, None] == torch.arange(k)).float()
        return member / member.sum(0), member.T

    checks.interneurons(uneven)
    for wrong, message in (
        (lambda n, k: memory.groups(n, k)[0], "two tensors"),
        (lambda n, k: memory.groups(n, k)[::-1], "shapes must be"),
        (lambda n, k: tuple(-one for one in memory.groups(n, k)), "below 0"),
        (lambda n, k: (torch.eye(n)[:, :k], 0 * torch.eye(n)[:k]), "the mean of what"),
        (lambda n, k: (torch.ones(n, k), torch.ones(k, n)), "the mean of what"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.interneurons(wrong)
