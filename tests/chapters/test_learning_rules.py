"""The experiments on features, in small: they learn and measure what they say."""

from dataclasses import replace
from functools import cache, partial

import pytest
import torch

from hebbnotes import analysis, data, experiments
from hebbnotes.chapters.learning_rules import experiments as features
from hebbnotes.chapters.learning_rules import live
from hebbnotes.neurons import rate

HOW = {"steps": 300, "batch": 20, "eta": 1.0}


def learned(kind, x, k, generator, **how):
    """Learn features of a kind in small, with settings of our own."""
    of_kind = {"soft": features.Soft, "sanger": features.Learned, "competitive": features.Learned}
    chosen = of_kind.get(kind, features.Features)
    settings = HOW | how if chosen is not features.Features else {}
    return features.learned(x, k, chosen(kind=kind, **settings), generator)


def backpropagated(**how):
    return features.Backpropagated(kind="backpropagation", **how)


def blobs(seed, m=600):
    """Inputs around three directions, of length 1, and which direction each is from."""
    g = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (m,), generator=g)
    x = torch.eye(12)[labels] + 0.25 * torch.randn(m, 12, generator=g)
    return torch.nn.functional.normalize(x), labels


@pytest.mark.parametrize("kind", features.KINDS)
def test_features_have_one_column_each_and_repeat(kind):
    x, _ = blobs(0)
    first, again = (learned(kind, x, 5, torch.Generator().manual_seed(1)) for _ in range(2))
    assert [tuple(one.shape) for one in first] == [(12, 5), (5,)]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert torch.isfinite(first[0]).all()
    with pytest.raises(ValueError, match="kind must be one of"):
        learned("oja", x, 5, torch.Generator())
    with pytest.raises(ValueError, match="k must not be above"):
        learned("competitive", x, 601, torch.Generator())


def test_each_kind_learns_by_its_rule_its_response_and_a_rate_that_falls_to_nothing(monkeypatch):
    x, _ = blobs(0)
    asked, real = [], rate.learn_units

    def spied(inputs, w, rule, eta, *args, **options):
        asked.append((w, rule.__name__, eta, options))
        return real(inputs, w, rule, eta, *args, **options)

    monkeypatch.setattr(rate, "learn_units", spied)
    for kind, rule in (("sanger", "sanger"), ("competitive", "competitive"), ("soft", "soft_hebb")):
        asked.clear()
        sharp = {"beta": 7.0} if kind == "soft" else {}
        learned(kind, x, 4, torch.Generator().manual_seed(0), **sharp)
        rates = torch.cat([eta for _, _, eta, _ in asked])
        torch.testing.assert_close(rates, 1 - torch.arange(300) / 300)
        assert {name for _, name, _, _ in asked} == {rule}
        start, options = asked[0][0], asked[0][3]
        unlearned = learned("exemplars", x, 4, torch.Generator().manual_seed(0))[0]
        assert torch.equal(start, unlearned) == (kind == "competitive"), (
            "the control is where competition begins"
        )
        begins_as_inputs = bool((start.T[:, None] == x[None]).all(-1).any(-1).all())
        assert begins_as_inputs == (kind == "competitive")
        drive = torch.randn(3, 4)
        wanted = {"competitive": rate.winner, "soft": partial(rate.soft_winners, beta=7.0)}.get(
            kind, rate.linear
        )
        assert torch.equal(options.get("respond", rate.linear)(drive), wanted(drive))


def test_digits_are_centred_by_the_training_set_and_have_length_one(monkeypatch):
    if not data.available("mnist"):
        pytest.skip("needs real data: mnist (`make data`)")
    read = cache(data.mnist)  # which takes half a second
    monkeypatch.setattr(data, "mnist", lambda split, download=False: read(split))
    known, _ = data.mnist("train")
    mean = known.flatten(1).mean(0, dtype=torch.float64)
    for split in ("train", "test"):
        x, labels = features.prepared(split)
        pictures, wanted = data.mnist(split)
        torch.testing.assert_close(x.norm(dim=1), torch.ones(len(x)))
        first = pictures[0].flatten().double() - mean
        torch.testing.assert_close(x[0].double(), first / first.norm(), atol=1e-5, rtol=0)
        assert torch.equal(labels, wanted)


def test_sanger_spans_what_the_principal_components_span_and_soft_units_have_length_one():
    x, _ = blobs(1)
    x = x - x.mean(0)
    g = torch.Generator().manual_seed(0)
    found = learned("sanger", x, 2, g, steps=1500, batch=50, eta=0.3)[0]
    main = learned("pca", x, 2, g)[0]
    assert torch.linalg.svdvals(torch.linalg.qr(found)[0].T @ main).min() > 0.98
    soft = learned("soft", x, 4, g, steps=1000, batch=50, beta=10.0)[0]
    torch.testing.assert_close(soft.norm(dim=0), torch.ones(4), atol=0.05, rtol=0)


def test_components_come_with_both_signs_and_whitened_ones_are_equally_loud():
    x, _ = blobs(1)
    g = torch.Generator().manual_seed(0)
    main, both = (learned(kind, x, k, g)[0] for kind, k in (("pca", 3), ("pairs", 5)))
    torch.testing.assert_close(both[:, ::2], main)
    torch.testing.assert_close(both[:, 1::2], -main[:, :2])
    said = features.features(x, both[:, :4], torch.zeros(4), "rectified")
    torch.testing.assert_close(said[:, ::2] - said[:, 1::2], x @ main[:, :2])
    equal = learned("whitened", x, 3, g)[0]
    torch.testing.assert_close((x @ equal).std(0), torch.ones(3))
    cosine = torch.nn.functional.cosine_similarity(equal, main, dim=0)
    torch.testing.assert_close(cosine, torch.ones(3))


def test_responses_are_what_their_names_say():
    x, w, bias = (
        torch.tensor([[1.0, 2.0]]),
        torch.tensor([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
        torch.tensor([0.0, 0.0, 0.5]),
    )
    said = {
        name: features.features(x, w, bias, name)[0].tolist()
        for name in ("linear", "rectified", "above the mean")
    }
    assert said["linear"] == [1.0, 2.0, -0.5]
    assert said["rectified"] == [1.0, 2.0, 0.0]
    assert said["above the mean"] == pytest.approx([1 / 6, 7 / 6, 0])
    with pytest.raises(ValueError, match="respond must be one of"):
        features.features(x, w, bias, "above mean")


def test_a_read_out_learns_what_the_features_tell_and_no_more():
    x, labels = blobs(2)
    y, wanted = blobs(3)
    assert features.wrong((x, labels), (y, wanted)) < 0.1
    assert features.wrong((torch.randn(600, 4), labels), (torch.randn(600, 4), wanted)) > 0.4
    with_a_dead_unit = torch.cat([x, torch.zeros(600, 1)], 1)
    silent = torch.zeros(600, 2)
    assert features.wrong((silent, labels), (silent, wanted)) > 0.5, (
        "features that say nothing are read as nothing"
    )
    assert (
        features.wrong((with_a_dead_unit, labels), (torch.cat([y, torch.zeros(600, 1)], 1), wanted))
        < 0.1
    )


def test_units_trained_with_labels_tell_them_better(tmp_path):
    x, labels = blobs(4)
    y, wanted = blobs(5)
    trial = experiments.Trial(0, tmp_path, bar={"disable": True})
    w, bias = features.trained(trial, x, labels, 2, backpropagated(steps=400, batch=50))
    pair = [
        (features.features(one, w, bias, "rectified"), names)
        for one, names in ((x, labels), (y, wanted))
    ]
    blind = learned("random", x, 2, torch.Generator().manual_seed(0))
    control = [
        (features.features(one, *blind, "rectified"), names)
        for one, names in ((x, labels), (y, wanted))
    ]
    assert features.wrong(*pair) < features.wrong(*control)


@pytest.mark.parametrize(
    "name", [name for name in features.EXPERIMENTS if name != "features-choices"]
)
def test_an_experiment_on_features_runs_in_small(name, tmp_path, monkeypatch):
    monkeypatch.setattr(features, "prepared", lambda split: blobs(6 if split == "train" else 7))
    one = experiments.EXPERIMENTS[name]
    fewer = {"sizes": (3, 4), "steps": 50, "batch": 10, "eta": 0.5}
    its = {key: value for key, value in fewer.items() if key in vars(one.configuration)}
    small = replace(one.configuration, **its)
    numbers, weights = one.train(experiments.Trial(0, tmp_path, bar={"disable": True}), small)
    assert not numbers
    found = one.test(weights, 0, small)
    assert all(0 <= value <= 1 for value in leaves(found))
    again = one.test({key: value.half().float() for key, value in weights.items()}, 0, small)
    assert leaves(again) == pytest.approx(leaves(found), abs=0.05), "stored in half precision"


def test_choices_are_made_on_held_out_training_digits_by_seeds_of_their_own(tmp_path, monkeypatch):
    asked = []

    def prepared(split):
        asked.append(split)
        return blobs(8, 60_000)

    monkeypatch.setattr(features, "prepared", prepared)
    one, fitted, learned_from = experiments.EXPERIMENTS["features-choices"], [], []
    learn, wrong, trained = features.learned, features.wrong, features.trained
    monkeypatch.setattr(
        features,
        "learned",
        lambda x, k, chosen, g: learned_from.append((x, chosen)) or learn(x, k, chosen, g),
    )
    monkeypatch.setattr(
        features,
        "trained",
        lambda t, x, y, k, chosen: learned_from.append((x, chosen)) or trained(t, x, y, k, chosen),
    )
    monkeypatch.setattr(
        features,
        "wrong",
        lambda known, new: fitted.append((len(known[0]), len(new[0]))) or wrong(known, new),
    )
    small = replace(
        one.configuration, k=3, betas=(5, 10), lrs=(0.01, 0.02), steps=20, batch=10, eta=0.5
    )
    numbers, weights = one.train(experiments.Trial(100, tmp_path, bar={"disable": True}), small)
    assert set(asked) == {"train"}, "test digits choose nothing"
    assert not weights
    assert {kind: list(tried) for kind, tried in numbers.items()} == {
        "soft": ["5", "10"],
        "backpropagation": ["0.01", "0.02"],
    }
    assert fitted == [(50_000, 10_000)] * 4
    assert [len(x) for x, _ in learned_from] == [50_000] * 4, "held-out digits teach nothing"
    assert [chosen.beta for _, chosen in learned_from[:2]] == [5, 10]
    assert [chosen.lr for _, chosen in learned_from[2:]] == [0.01, 0.02]
    others = {
        seed
        for name, e in features.EXPERIMENTS.items()
        if name != "features-choices"
        for seed in e.seeds
    }
    assert others.isdisjoint(one.seeds)


def test_the_settings_of_the_experiments_are_those_that_did_best_when_they_were_chosen():
    tried = experiments.seeds("features-choices")
    for kind, key in (("soft", "beta"), ("backpropagation", "lr")):
        mean = {value: sum(one[kind][value] for one in tried) for value in tried[0][kind]}
        best = min(mean, key=mean.get)
        assert float(best) == getattr(
            experiments.EXPERIMENTS[f"features-{kind}"].configuration, key
        )
        assert best not in (min(mean, key=float), max(mean, key=float)), (
            "the best is not at the edge of what was tried"
        )


def test_the_stored_competition_names_digits_as_well_as_is_stored():
    if not data.available("mnist"):
        pytest.skip("needs real data: mnist (`make data`)")
    weights = {
        key.removeprefix("0."): value
        for key, value in experiments.weights("features-competitive").items()
    }
    one = experiments.EXPERIMENTS["features-competitive"]
    found = one.test(weights, 0, replace(one.configuration, sizes=(25,), responses=("linear",)))
    assert found["linear"]["25"] == pytest.approx(
        experiments.seeds("features-competitive")[0]["linear"]["25"], abs=0.005
    )


def leaves(numbers):
    return [
        leaf
        for value in numbers.values()
        for leaf in (leaves(value) if isinstance(value, dict) else [value])
    ]


def test_stripes_have_the_angle_that_is_found_in_them():
    phases, waves = torch.linspace(0, 0.9, 7).double(), torch.linspace(1, 2.5, 7).double()
    for angle in (0, 30, 90, 135):
        pieces = live.stripes(angle, phases, waves)
        assert pieces.shape == (7, 144)
        torch.testing.assert_close(pieces.norm(dim=1), torch.ones(7).double())
        assert pieces.mean(1).abs().max() < 1e-12
        assert ((live.orientations(pieces.T) - angle + 90) % 180 - 90).abs().max() <= 5
    lying = live.stripes(0, phases, waves)[0].view(12, 12)
    assert (lying - lying[:, :1]).abs().max() < 1e-12, "the same along each row"


def test_in_a_drum_of_stripes_all_who_learn_prefer_them_and_follow_while_they_are_young():
    g = torch.Generator().manual_seed(3)
    one = live.raised("oja", 60.0, g)
    assert analysis.participation_ratio(one / one.norm(dim=0)) < 1.1
    assert live.orientations(one).tolist() == [60] * 8
    assert live.orientations(live.raised("oja", 150.0, g, one)).tolist() == [150] * 8
    with pytest.raises(ValueError, match="rule must be"):
        live.raised("Oja", 60.0, g)
