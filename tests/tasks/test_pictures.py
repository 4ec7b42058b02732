"""Pictures: one half is erased, and the error is that of the erased pixels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import tasks


@given(st.integers(1, 4), st.integers(2, 6), st.integers(1, 5), st.integers(0, 10_000))
def test_one_half_of_a_picture_is_erased_and_the_other_is_not(batch, rows, columns, seed):
    erased = tasks.halves(batch, (rows, columns), torch.Generator().manual_seed(seed)).reshape(
        batch, rows, columns
    )
    for picture in erased:
        assert (picture == picture[:, :1]).all(), "whole rows"
        upper = bool(picture[0, 0])
        assert picture[: rows // 2].eq(upper).all()
        assert picture[rows // 2 :].eq(not upper).all()


def test_both_halves_are_erased_about_equally_often():
    erased = tasks.halves(400, (2, 1), torch.Generator().manual_seed(0))
    assert 150 < erased[:, 0].sum() < 250


@given(st.integers(0, 10_000))
def test_pictures_are_shown_whole_and_asked_for_by_one_half(seed):
    g = torch.Generator().manual_seed(seed)
    known = torch.rand(5, 12, generator=g) * 2 - 1
    known[0, 3] = 0
    task = tasks.PatternCompletion(n_bits=12, **tasks.PICTURES)
    shown = tasks.pictures(task, known, (4, 3), 6, g)
    assert shown.inputs.shape == (task.n_steps, 6, 13)
    for b, pictures in enumerate(shown.patterns):
        assert len({tuple(picture.tolist()) for picture in pictures}) == 3, "three different ones"
        assert all((known == picture).all(1).any() for picture in pictures)
        assert torch.equal(shown.inputs[-1, b, :12], shown.answer[b] * ~shown.erased[b])
    assert shown.clamp[:20].all(), "grey of exactly 0 is shown, too"
    assert not shown.clamp[20:22, :, :12].any()
    assert torch.equal(shown.clamp[-1, :, :12], ~shown.erased)
    y = torch.cat([shown.answer + 0.5 * shown.erased, torch.ones(6, 1)], 1)
    torch.testing.assert_close(tasks.squared_error(y, shown), torch.full((6,), 0.25))


def test_the_loss_of_pictures_is_the_squared_error_of_the_erased_pixels():
    known = torch.rand(4, 12, generator=torch.Generator().manual_seed(0)) * 2 - 1
    task = tasks.PatternCompletion(n_bits=12, **tasks.PICTURES)

    def silent(inputs, clamp):
        return torch.zeros_like(inputs), None

    value, metrics = tasks.picture_loss(
        silent, task, known, (4, 3), 8, torch.Generator().manual_seed(1)
    )(0)
    shown = tasks.pictures(task, known, (4, 3), 8, torch.Generator().manual_seed(1))
    expected = (shown.answer.square() * shown.erased).sum(1)
    assert value.item() == pytest.approx(expected.mean().item(), rel=1e-5)
    assert metrics["squared"] == pytest.approx((expected / 6).mean().item(), rel=1e-5)


def test_bad_pictures_get_a_clear_error():
    task, g = tasks.PatternCompletion(n_bits=12, **tasks.PICTURES), torch.Generator()
    for known, message in (
        (torch.zeros(2, 12), "holds 2 pictures"),
        (torch.zeros(5, 11), "n_bits=12"),
        (torch.full((5, 12), 2.0), "numbers in"),
    ):
        with pytest.raises(ValueError, match=message):
            tasks.pictures(task, known, (4, 3), 1, g)
    with pytest.raises(ValueError, match="erased must have shape"):
        task.episodes(torch.zeros(1, 3, 12), g, erased=torch.zeros(1, 11, dtype=torch.bool))


def grey(batch=3, n=6):
    task = tasks.PatternCompletion(n_bits=n, **tasks.PICTURES | {"n_patterns": 2})
    g = torch.Generator().manual_seed(0)
    return tasks.pictures(task, 2 * torch.rand(5, n, generator=g) - 1, (2, n // 2), batch, g)


@pytest.mark.parametrize("shape", [(1, 7), (3, 1), (3, 5), (6, 3, 7), (8, 6, 6), (7,), (4, 7), ()])
def test_a_squared_error_is_of_one_step_of_as_many_episodes_and_pixels(shape):
    with pytest.raises(ValueError, match=r"y must have shape .* pass one step"):
        tasks.squared_error(torch.zeros(shape), grey(6 if len(shape) == 3 else 3))
    assert tasks.squared_error(torch.zeros(3, 7), grey()).shape == (3,)


@pytest.mark.parametrize("shape", [(1, 6), (4,), (2, 3, 1), 6, "23", (-2, 3), (2.0, 3), None])
def test_a_picture_has_two_rows_or_more_and_columns(shape):
    with pytest.raises((TypeError, ValueError), match="shape must"):
        tasks.halves(2, shape, torch.Generator())


@pytest.mark.parametrize("batch", [0, -1, 2.0, "2", None, True])
def test_a_batch_is_a_whole_number(batch):
    with pytest.raises((TypeError, ValueError), match="batch must be"):
        tasks.halves(batch, (2, 3), torch.Generator())
    with pytest.raises((TypeError, ValueError), match="batch must be"):
        grey(batch)
