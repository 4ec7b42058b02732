"""Credit assignment: checkers accept what is right, and say what is wrong."""

import pytest
import torch

from hebbnotes.chapters.credit_assignment import checks
from hebbnotes.chapters.credit_assignment.rules import backward, by_feedback, by_sign, gate


def test_the_price_is_compared_with_steps_that_are_taken(capsys):
    checks.price(lambda k, ratio: (k + 1 + ratio) / k)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda k, ratio: (1 + ratio) / k, "as many steps"),
        (lambda k, ratio: k + 1 + ratio, "as many steps"),
        (lambda k, ratio: (k + 1 + ratio) / min(k, 100), "divided by K"),
        (lambda k, ratio: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.price(wrong)


def test_signs_may_be_known_and_sizes_not(capsys):
    checks.only_signs(by_sign)
    checks.only_signs(lambda w, b, here, above, m: gate(here.drive) * (above.error @ w.sign().T))
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (backward, "not know sizes"),
        (by_feedback, "all signs turned"),
        (lambda w, b, here, above, m: above.error @ w.sign().T, "silent"),
        (lambda w, b, here, above, m: -by_sign(w, b, here, above, m), "the truth, up to"),
        (lambda w, b, here, above, m: above.error, "one number"),
        (lambda w, b, here, above, m: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.only_signs(wrong)


def perturbed(sign=-1, behind=False, centred=True):
    def tell(u, w_out, target, noise):
        def loss(y):
            return (target - y @ w_out).square().sum() / 2

        moved = torch.sigmoid(u) + noise if behind else torch.sigmoid(u + noise)
        rise = loss(moved) - centred * loss(torch.sigmoid(u))
        return sign * rise * noise

    return tell


def test_each_slip_of_node_perturbation_is_named(capsys):
    checks.news(perturbed())
    checks.news(perturbed(-7.0))  # a constant factor is a learning rate
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (perturbed(1), "it climbs: who went up while the error rose should go down$"),
        (perturbed(behind=True), "^the noise comes behind"),
        (perturbed(1, behind=True), "it climbs.*and the noise comes behind"),
        (perturbed(centred=False), "not right on average"),
        (lambda u, w_out, target, noise: noise.sum(), "one number"),
        (lambda u, w_out, target, noise: None, "got nothing"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.news(wrong)


def test_feedback_must_come_to_mirror_the_weights_by_what_two_cells_show(capsys):
    def right(back, above, here):
        return torch.outer(above.error, here.rate) - 0.1 * back

    checks.mirror(right)
    assert "Yes" in capsys.readouterr().out
    for wrong, message in (
        (lambda back, above, here: torch.outer(above.error, here.rate), "after 1 steps"),
        (lambda back, above, here: right(back, above, here) + 0.01 * back, "after 1 steps"),
        (lambda back, above, here: torch.outer(here.rate, above.error), "for each feedback"),
        (lambda back, above, here: right(back, above, here) * above.error.sum(), "not local: abo"),
        (lambda back, above, here: right(back, above, here) * here.rate.sum(), "not local: here"),
        (lambda back, above, here: 0.0, "a tensor, got float"),
    ):
        with pytest.raises(AssertionError, match=message):
            checks.mirror(wrong)
