"""Maps that spare wire, sheets that are taught, and the experiments on both."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hebbnotes import data
from hebbnotes.chapters.maps import experiments, pinwheels, sheet, wire
from hebbnotes.chapters.maps.trials import growing, taught
from hebbnotes.experiments import Trial
from hebbnotes.plasticity import places

DOUBLE = torch.float64
seeds = st.integers(0, 10_000)
needs = st.tuples(
    st.sampled_from([2, 4, 8]), st.floats(4, 10), st.floats(0.5, 6), st.sampled_from(wire.FORMS)
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=DOUBLE)


def torus(side):
    return places.distances(places.grid((side, side), dtype=DOUBLE), side)


FAR = torus(9)


# ------------------------------------------------------------------------------------------- wire


@given(needs)
def test_quotas_sum_to_all_partners_and_have_the_ratio(need):
    bins, partners, ratio, form = need
    quota = wire.quotas(bins, partners, ratio, form)
    assert quota.sum().item() == pytest.approx(partners)
    assert (quota[0] / quota[bins // 2]).item() == pytest.approx(ratio)
    assert torch.allclose(quota[1:], quota[1:].flip(0))
    whole = wire.quotas(bins, partners, ratio, form, whole=True)
    assert torch.equal(whole, quota.round())


@given(needs, seeds)
def test_wire_is_what_a_plain_search_finds(need, seed):
    quota = wire.quotas(*need)
    bins = len(quota)
    labels = wire.random_layout(81, bins, generator(seed))
    found = wire.wire_length(labels, quota, FAR)
    for i in (0, seed % 81):
        total = 0.0
        for b in range(bins):
            left = quota[(b - labels[i]) % bins].item()
            others = sorted(FAR[i, j].item() for j in range(81) if labels[j] == b and j != i)
            for d in others:
                total += max(0.0, min(1.0, left)) * d
                left -= 1
        assert found[i].item() == pytest.approx(total)


@pytest.mark.witness("eq-wire-bound", wire.wire_bound)
@given(needs, seeds, st.booleans())
def test_no_layout_needs_less_wire_than_to_the_nearest_cells(need, seed, laid_out):
    quota = wire.quotas(*need)
    labels = wire.random_layout(81, len(quota), generator(seed))
    if laid_out:
        z = pinwheels.ring_field(9, 4.0, 0.2, generator(seed))[0]
        labels = wire.map_layout(z, len(quota))
    bound = wire.wire_bound(quota.sum().item(), FAR)
    assert (wire.wire_length(labels, quota, FAR) >= bound - 1e-9).all()
    nearest = FAR.fill_diagonal_(0).sort(1).values[:, 1:]
    whole = int(quota.sum().item())
    assert (bound >= nearest[:, :whole].sum(1) - 1e-9).all()
    assert (bound <= nearest[:, : whole + 1].sum(1) + 1e-9).all()
    assert bound.max() - bound.min() < 1e-9, "on a torus all places are alike"


@given(needs, seeds)
def test_wire_depends_on_the_layout_alone(need, seed):
    quota = wire.quotas(*need)
    labels = wire.random_layout(81, len(quota), generator(seed))
    total = wire.wire_length(labels, quota, FAR).sum()
    p, r = seed % 81, (7 * seed + 1) % 81
    swapped = labels.clone()
    swapped[[p, r]] = swapped[[r, p]]
    swapped[[p, r]] = swapped[[r, p]]  # two equal swaps
    assert torch.equal(wire.wire_length(swapped, quota, FAR).sum(), total)
    turned = (labels + 1) % len(quota)
    assert wire.wire_length(turned, quota, FAR).sum().item() == pytest.approx(total.item())
    moved = labels.reshape(9, 9).roll(2, 1).flatten()
    assert wire.wire_length(moved, quota, FAR).sum().item() == pytest.approx(total.item())


@settings(max_examples=6)
@given(needs, seeds)
def test_a_swap_costs_what_all_wire_laid_again_does(need, seed):
    quota = (wire.quotas(*need) * 1024).round() / 1024  # sums of such numbers are exact
    far = (FAR * 65536).round() / 65536
    before = wire.random_layout(81, len(quota), generator(seed))
    cold = {"hot": 1e-9, "cold": 1e-9}
    after = wire.anneal(before, quota, far, generator(seed), sweeps=1, **cold)
    wanted, total = before.clone(), wire.wire_length(before, quota, far).sum()
    for p, r in torch.randint(0, 81, (81, 2), generator=generator(seed)).tolist():
        tried = wanted.clone()
        tried[[p, r]] = wanted[[r, p]]
        cost = wire.wire_length(tried, quota, far).sum()
        if cost <= total:
            wanted, total = tried, cost
    assert torch.equal(after, wanted)
    assert torch.equal(before, wire.anneal(before, quota, far, generator(seed), sweeps=0))


def test_annealing_finds_a_map_where_alike_cells_are_needed_and_none_where_not():
    far = torus(16)
    for ratio, least, most in ((1.0, -0.3, 0.1), (20.0, 0.3, 1.0)):
        quota = wire.quotas(4, 12, ratio)
        start = wire.random_layout(256, 4, generator(0))
        end = wire.anneal(start, quota, far, generator(1), sweeps=60)
        assert least < wire.similarity(end, 4, far) < most
        spent = [wire.wire_length(one, quota, far).mean() for one in (start, end)]
        assert wire.wire_bound(12, far).mean() - 1e-9 <= spent[1] < spent[0]


@given(st.sampled_from([2, 4, 8]), seeds)
def test_the_likeness_of_neighbours_is_a_mean_over_pairs(bins, seed):
    labels = wire.random_layout(81, bins, generator(seed))
    grid = labels.reshape(9, 9)
    pairs = [
        math.cos(2 * math.pi / bins * int(grid[i, j] - grid[(i + di) % 9, (j + dj) % 9]))
        for i in range(9)
        for j in range(9)
        for di, dj in ((0, 1), (1, 0))
    ]
    assert wire.similarity(labels, bins, FAR) == pytest.approx(sum(pairs) / len(pairs))
    assert wire.similarity(torch.zeros(81).long(), bins, FAR) == 1


def test_an_onset_lies_between_two_ratios():
    assert wire.onset([1, 2, 4], [0.0, 0.2, 0.4], 0.3) == pytest.approx(3)
    assert wire.onset([1, 2], [0.5, 0.6], 0.3) == 1
    assert math.isnan(wire.onset([1, 2], [0.0, 0.1], 0.3))


# ------------------------------------------------------------------------------------------ sheets


@pytest.mark.witness("eq-spatial-loss", sheet.spatial_loss)
@settings(max_examples=40)
@given(seeds, st.integers(3, 12), st.integers(2, 4))
def test_the_spatial_loss_lies_between_0_and_1_and_asks_for_places_only(seed, batch, side):
    far = places.distances(places.grid((side, side), dtype=DOUBLE))
    y = normal(seed, batch, side**2)
    loss = sheet.spatial_loss(y, far)
    assert -1e-9 <= loss <= 1 + 1e-9
    r = np.corrcoef(y.numpy().T)
    i, j = np.triu_indices(side**2, 1)
    wanted = (1 - np.corrcoef(r[i, j], 1 / (1 + far.numpy()[i, j]))[0, 1]) / 2
    assert loss.item() == pytest.approx(wanted, abs=1e-9)
    size = 0.1 + torch.rand(side**2, generator=generator(seed), dtype=DOUBLE)
    order = torch.randperm(batch, generator=generator(seed))
    torch.testing.assert_close(sheet.spatial_loss(y * size + 3, far), loss)
    torch.testing.assert_close(sheet.spatial_loss(y[order], far), loss)
    cells = torch.randperm(side**2, generator=generator(seed))
    moved = sheet.spatial_loss(y[:, cells], far)
    torch.testing.assert_close(
        sheet.spatial_loss(y, far[cells][:, cells].T),
        sheet.spatial_loss(y[:, cells.argsort()], far),
    )
    if side > 2 and batch > 3:  # other places, another loss, unless cells keep theirs
        assert abs(moved - loss) > 1e-9 or torch.equal(cells, cells.sort().values)


@settings(max_examples=20)
@given(seeds)
def test_the_spatial_loss_has_its_gradient(seed):
    far = places.distances(places.grid((2, 3), dtype=DOUBLE))
    y = normal(seed, 5, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: sheet.spatial_loss(y, far), y, atol=1e-4)


def test_a_sheet_whose_likeness_is_nearness_costs_nothing_and_silent_cells_are_no_error():
    far = places.distances(places.grid((4, 4), dtype=DOUBLE))
    values, vectors = torch.linalg.eigh(1 / (1 + far))
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T  # answers of this likeness
    y = torch.cat([root, -root])
    assert sheet.spatial_loss(y, far) < 1e-6
    y[:, 3] = 0
    silent = y.clone().requires_grad_()
    loss = sheet.spatial_loss(silent, far)
    loss.backward()
    assert 0 < loss < 0.5
    assert torch.isfinite(silent.grad).all()


def test_a_local_sheet_is_what_the_plain_loop_says_and_a_convolution_if_shared():
    x = torch.randn(2, 3, 12, 12, generator=generator(0))
    for shared in (False, True):
        net = sheet.LocalNet(12, generator(1), field=4, stride=4, block=2, shared=shared)
        net.b.data.normal_(generator=generator(2))
        assert net.shape == (6, 6)
        y = net.answers(x.flatten(1)).reshape(2, 6, 6)
        for i in range(6):
            for j in range(6):
                patch = x[:, :, i // 2 * 4 : i // 2 * 4 + 4, j // 2 * 4 : j // 2 * 4 + 4]
                within = i % 2 * 2 + j % 2
                column = within if shared else 4 * (i // 2 * 3 + j // 2) + within
                drive = patch.flatten(1) @ net.w[:, column] + net.b[column]
                torch.testing.assert_close(y[:, i, j], drive.relu(), atol=1e-5, rtol=1e-5)
        assert net.w.numel() == 48 * (4 if shared else 36)


@given(st.floats(0, 1), st.integers(2, 7), seeds)
def test_lesions_take_the_share_that_is_asked_for(share, side, seed):
    at = places.grid((side, side))
    centre = side * torch.rand(2, generator=generator(seed))
    left = sheet.disc(at, centre, share)
    lost = round(share * side**2)
    assert int((~left).sum()) == lost == int((~sheet.scattered(side**2, share, generator())).sum())
    far = (at - centre).norm(dim=1)
    if 0 < lost < side**2:
        assert far[~left].max() <= far[left].min() + 1e-5


def test_what_is_told_right_is_counted_by_class_and_without_the_lost_cells():
    net = sheet.SheetNet(3, (2, 2), 2, generator(0))
    y, labels = torch.rand(40, 4, generator=generator(1)), torch.arange(40) % 2
    alive = torch.tensor([True, False, True, True])
    for left in (None, alive):
        heard = y if left is None else y * left
        said = (heard @ net.readout + net.bias).argmax(1)
        wanted = [(said[labels == c] == c).double().mean() for c in (0, 1)]
        torch.testing.assert_close(sheet.right(net, y, labels, left), torch.stack(wanted))
    x = torch.rand(5, 3, generator=generator(2))
    logits, answers = net(x, alive.float())
    torch.testing.assert_close(logits, net.read(answers * alive))


def test_likeness_on_a_sheet_is_counted_as_it_is_said_to_be():
    classes = torch.tensor([0, 0, 1, -1, 0, 1])
    assert sheet.next_door(classes, (2, 3)) == pytest.approx(3 / 5)
    y = torch.tensor([[1.0, 0, 0], [3.0, 0, 1], [0, 0, 4]])
    assert sheet.preferred(y, torch.tensor([0, 0, 1]), 2).tolist() == [0, -1, 1]
    far = places.distances(places.grid((4,)))
    wave = torch.sin(torch.arange(50.0)[:, None] / 3 + torch.tensor([0.0, 0.1, 2.0, 2.1]))
    assert sheet.reach_of_alike(wave, far, 1) == 1
    assert sheet.reach_of_alike(wave[:, [0, 2, 1, 3]], far, 1) == 2
    z = torch.polar(torch.ones(3, 4), torch.full((3, 4), 0.7))
    assert sheet.alike(z) == pytest.approx(1)
    assert sheet.alike(z * (-1.0) ** torch.arange(4)) == pytest.approx((8 - 9) / 17)


def test_a_cell_that_is_made_for_an_orientation_prefers_it():
    net = sheet.LocalNet(8, generator(0), field=8, stride=8, block=2)
    shown = sheet.gratings(8, angles=4, lengths=(4.0,))
    with torch.no_grad():
        net.w.copy_(shown[:, 0].T)  # each cell sees its own grating best
    z = sheet.tuned(net, shown).flatten()
    turn = torch.polar(torch.ones(4), -math.pi * torch.arange(4) / 2)
    assert (z * turn).real.min() > 0.2
    assert (z * turn).imag.abs().max() < 0.1


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_price_is_on_the_sheet_and_dropout_on_what_is_read(dropout):
    net = sheet.SheetNet(4, (3, 3), 2, generator(0), dropout=dropout)
    x, labels = torch.rand(20, 4, generator=generator(1)), torch.arange(20) % 2
    far = places.distances(places.grid((3, 3)))
    free, paid = (sheet.topographic_loss(net, x, labels, far, p, generator(2)) for p in (0.0, 2.0))
    torch.testing.assert_close(paid - free, 2 * sheet.spatial_loss(net.answers(x), far))
    other = sheet.topographic_loss(net, x, labels, far, 0.0, generator(3))
    assert torch.equal(other, free) == (dropout == 0)


# ------------------------------------------------------------------------------------- experiments


def test_density_and_economy_are_measured_alike_each_time():
    small = growing.Density(
        side=16,
        steps=(5, 10),
        times=(10,),
        reaches=(0.5,),
        bandwidths=(0.1,),
        twins=2,
        wavelength=5.0,
    )
    first = growing.score_density({}, 0, small)
    assert first == growing.score_density({}, 0, small)
    assert len(first["kohonen"]["density"]) == 2
    assert first["last"] == first["kohonen"]["density"][-1]
    widths = growing.Widths(side=16, steps=(5,), sigmas=(1.0,), overs=(0.8, 2.0), twins=2)
    assert set(growing.score_widths({}, 0, widths)["of"]["1"]) == {"0.8", "2"}
    economy = growing.Economy(
        vary="partners", values=(8, 12), side=9, bins=4, sweeps=3, ratios=(1.0, 2.0), from_map=True
    )
    its = growing.score_economy({}, 0, economy)
    assert its == growing.score_economy({}, 0, economy)
    assert set(its["of"]) == {"8", "12"}
    for of in its["of"].values():
        assert of["needed"] == [1.0, 2.0]
        for kind in ("random_wire", "wire", "map_wire", "from_map_wire"):
            assert all(a >= b for a, b in zip(of[kind], of["bound"], strict=True))
    assert its["mouse"] == its["of"]["8"]["alike"][1]


def test_sheets_are_taught_and_lesioned(tmp_path, monkeypatch):
    x = torch.randint(0, 9, (300, 28, 28), generator=generator(0), dtype=torch.uint8)
    labels = torch.arange(300) % 10
    x[:, 0] = (25 * labels).to(torch.uint8).unsqueeze(1)  # the label can be read
    monkeypatch.setattr(data, "mnist", lambda *_, **__: (x, labels))
    chosen = taught.Taught(
        shape=(5, 5),
        rates={"0": {"0": (0.01,), "1": (0.01,)}, "0.5": {"1": (0.01,)}},
        pictures=300,
        batch=20,
        updates=5,
        shares=(0.25,),
    )
    numbers, weights = taught.train_digits(Trial(0, tmp_path), chosen)
    assert weights == {}
    its = numbers["of"]["0"]["1"]["0.01"]
    assert numbers["of"]["0"]["0"]["0.01"]["right"] == numbers["right"]
    assert len(its["classes"]) == 25
    assert its["lesions"]["share"] == [0.25]
    assert its["loss"] < numbers["of"]["0"]["0"]["0.01"]["loss"]
    tried = replace(chosen, check=True)
    numbers, _ = taught.train_digits(Trial(0, tmp_path / "b"), tried)
    assert "lesions" not in numbers["of"]["0"]["1"]["0.01"]


def test_local_sheets_are_taught(tmp_path, monkeypatch):
    x = torch.randint(0, 256, (4_000, 32, 32, 3), generator=generator(0), dtype=torch.uint8)

    def some(split="train", subset=False, download=True, what="pictures"):
        many = 60 if split == "train" else 30
        assert subset, "a reader has the first pictures alone"
        return x[:many] if what == "pictures" else torch.arange(many) % 10

    monkeypatch.setattr(data, "cifar10", some)
    once = {"0": (0.003,)}
    chosen = taught.Local(
        rates={"local": {"0": (0.003,), "1": (0.003,)}, "shared": once, "dense": once},
        field=16,
        stride=16,
        batch=10,
        updates=2,
        shares=(0.25,),
    )
    numbers, _ = taught.train_local(Trial(0, tmp_path), chosen)
    of = {kind: its["0"]["0.003"] for kind, its in numbers["of"].items()}
    assert of["shared"]["weights"] < of["local"]["weights"] < of["dense"]["weights"]
    assert "alike" in of["local"]
    assert "alike" not in of["dense"]


def test_the_configurations_are_what_is_said():
    for name, one in experiments.EXPERIMENTS.items():
        assert name.split("-")[0] in ("maps", "economy", "sheet")
        assert one.seeds == (
            (100, 101)
            if name.endswith(("rates", "further")) and name[0] == "s"
            else (0, 1, 2, 3, 4)
        )


# --------------------------------------------------------------------------------------- bad input

LABELS, QUOTA = torch.arange(81) % 4, torch.tensor([4.0, 3.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: wire.quotas(5, 10, 2.0), "bins must be even"),
        (lambda: wire.quotas(4, 10, 2.0, "square"), "form must be one of"),
        (lambda: wire.quotas(4, 10, 0.0), "ratio must be"),
        (lambda: wire.map_layout(torch.zeros(4, 4), 4), "z must be complex"),
        (lambda: wire.wire_length(LABELS + 1, QUOTA, FAR), "labels must hold integers from 0 to 3"),
        (lambda: wire.wire_length(LABELS[:9], QUOTA, FAR), "must have shape"),
        (lambda: wire.wire_length(LABELS, 10 * QUOTA, FAR), "fewer partners"),
        (lambda: wire.wire_bound(81, FAR), "partners must be"),
        (lambda: wire.anneal(LABELS, QUOTA, FAR, generator(), hot=0.01), "cold must be"),
        (lambda: sheet.spatial_loss(torch.rand(1, 4), torch.rand(4, 4)), "two stimuli and three"),
        (lambda: sheet.spatial_loss(torch.rand(3, 4), torch.rand(5, 5)), "distances must have"),
        (lambda: sheet.LocalNet(8, generator(), field=9), "field must be at most 8"),
        (lambda: sheet.SheetNet(8, (3, 3), 2, generator(), dropout=1.0), "dropout must be"),
        (lambda: sheet.disc(torch.rand(4, 2), torch.rand(2), 2.0), "share must be"),
        (lambda: sheet.reach_of_alike(torch.ones(4, 5), torch.rand(5, 5)), "fewer partners"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_mend(call, told):
    with pytest.raises((ValueError, TypeError), match=told):
        call()
