"""The experiments on Omniglot: what they may see, that they resume, and what is stored."""

from dataclasses import replace

import pytest
import torch

from hebbnotes import data, experiments, rules
from hebbnotes.chapters.one_shot_learning import elsewhere, live, readings
from hebbnotes.chapters.one_shot_learning import experiments as omniglot
from hebbnotes.experiments.__main__ import main
from hebbnotes.experiments.experiment import Trial
from hebbnotes.networks import one_shot as networks
from hebbnotes.tasks import one_shot

SMALL = {
    "held_out": 6,
    "n_characters": 8,
    "n_drawings": 3,
    "batch": 32,
    "updates": 20,
    "lr": 8e-3,
    "kernel_lr": 0.03,
    "test_episodes": 150,
    "precision": "float32",
    "jitter": False,
}
NAMES = [
    name
    for name, one in omniglot.EXPERIMENTS.items()
    if type(one.configuration) is omniglot.Omniglot
]


@pytest.fixture
def easy(monkeypatch):
    """Drawings of thirty characters that are easy to tell apart."""
    g = torch.Generator().manual_seed(0)
    characters = (torch.rand(30, 1, 31, 31, generator=g) < 0.5).float()
    drawings = (characters + 0.2 * torch.randn(30, 7, 31, 31, generator=g)).clamp(0, 1)
    monkeypatch.setattr(
        one_shot, "omniglot", lambda: (drawings, [f"character {k}" for k in range(30)])
    )
    return drawings


def small(name, **changed):
    configuration = replace(experiments.EXPERIMENTS[name].configuration, **SMALL | changed)
    drawn = max(configuration.n_drawings, configuration.n_shots + 1)
    return replace(configuration, n_ways=min(6, configuration.n_ways), n_drawings=drawn)


@pytest.mark.parametrize("name", NAMES)
def test_each_network_is_trained_and_tested_on_its_own_task(name, easy, tmp_path):
    configuration = small(name)
    history, weights = omniglot.train(Trial(0, tmp_path), configuration)
    found = omniglot.score(weights, 0, configuration)
    assert found["test_right"] > 0.8, "chance is 0.2"
    assert len(history["right"]) == SMALL["updates"]
    plastic = configuration.alpha is not None
    assert set(found["read_by"]) == {"prototypes", "mean product"} | (
        {"oja", "decay", "w = 0"} if plastic else set()
    )
    assert found["test_right"] == found["read_by"][configuration.rule if plastic else "prototypes"]
    assert ("by_step" in found) == (configuration.n_shots == 1)
    if "by_step" in found:
        for name_of, steps in found["by_step"].items():
            assert len(steps) == configuration.n_ways
            assert sum(steps) / len(steps) == pytest.approx(found["read_by"][name_of], abs=0.05)
    assert ("five_shots_read_by" in found) == (
        configuration.n_shots == 1 and configuration.n_ways == 5
    )


def test_a_training_never_sees_a_character_that_is_held_out(easy, tmp_path):
    configuration = small("omniglot-plastic", updates=5)
    weights = omniglot.train(Trial(0, tmp_path / "a"), configuration)[1]
    easy[one_shot.split(30, 6, 0)[1]] = torch.nan
    again = omniglot.train(Trial(0, tmp_path / "b"), configuration)[1]
    assert all(torch.equal(weights[key], again[key]) for key in weights)


def test_a_test_sees_nothing_but_characters_that_are_held_out(easy):
    configuration = small("omniglot-plastic")
    weights = omniglot.network(configuration, torch.Generator().manual_seed(0)).state_dict()
    found = omniglot.score(weights, 0, configuration)
    easy[one_shot.split(30, 6, 0)[0]] = torch.nan
    assert omniglot.score(weights, 0, configuration) == found


@pytest.mark.parametrize("name", ["omniglot-plastic", "omniglot-prototypes"])
def test_an_interrupted_training_ends_as_an_uninterrupted_one(name, easy, tmp_path, monkeypatch):
    configuration = small(name, updates=6, jitter=True)
    wanted = omniglot.train(Trial(0, tmp_path / "a"), configuration)[1]
    loss, calls = one_shot.loss, []

    def stopped(network, draw, dtype):
        inner = loss(network, draw, dtype)

        def new(update):
            calls.append(update)
            if len(calls) == 4:
                raise KeyboardInterrupt
            return inner(update)

        return new

    monkeypatch.setattr(one_shot, "loss", stopped)
    train = Trial.train
    monkeypatch.setattr(Trial, "train", lambda self, *a, **k: train(self, *a, **k, every=0.0))
    with pytest.raises(KeyboardInterrupt):
        omniglot.train(Trial(0, tmp_path / "b"), configuration)
    found = omniglot.train(Trial(0, tmp_path / "b"), configuration)[1]
    assert calls == [0, 1, 2, 3, 3, 4, 5]
    assert all(torch.equal(wanted[key], found[key]) for key in wanted)


@pytest.mark.parametrize("name", NAMES)
def test_without_the_data_nothing_is_begun(name, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HEBBNOTES_DATA", str(tmp_path / "data"))
    assert main(["run", name, "--folder", str(tmp_path / "runs")]) == 1
    assert "python -m hebbnotes.data omniglot" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_the_scale_of_the_paper_is_trained_and_its_rate_falls_by_thirds(easy, tmp_path):
    configuration = replace(
        experiments.EXPERIMENTS["omniglot-plastic"].scaled("paper"), held_out=6, updates=7
    )
    history, weights = omniglot.train(Trial(0, tmp_path), configuration)
    assert len(history["loss"]) == 7
    assert weights["readout.alpha"].item() == pytest.approx(0.01, abs=1e-3)
    factors = [omniglot.LR_SCHEDULES["falling"](done) for done in (0, 0.19, 0.21, 0.41, 0.61, 0.99)]
    assert factors == pytest.approx([1, 1, 0.666, 0.666**2, 0.666**3, 0.666**4])


def test_what_is_not_there_is_named():
    with pytest.raises(ValueError, match="name must be one of 'omniglot-plastic'"):
        omniglot.load("thousand-bits", {})
    with pytest.raises(ValueError, match="name must be one of 'omniglot-plastic'"):
        omniglot.load("omniglot-digits", {})  # which trains nothing
    with pytest.raises(ValueError, match="rule must be one of 'hebb', 'decay', 'oja'"):
        omniglot.network(small("omniglot-plastic", rule="Oja"), torch.Generator())
    with pytest.raises(RuntimeError, match="Missing key"):
        omniglot.load("omniglot-plastic", {}, "0.")


@pytest.mark.parametrize(("n_ways", "n_shots"), [(5, 1), (3, 2)])
def test_episodes_of_features_are_the_episodes_of_the_drawings(n_ways, n_shots, easy):
    net = networks.OneShotNetwork(n_ways, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        answers, where = readings.answers(
            net, readings.featured(net, easy), n_ways, n_shots, 40, torch.Generator().manual_seed(1)
        )
        e = one_shot.episodes(easy, n_ways, n_shots, 40, torch.Generator().manual_seed(1))
        y = net(e.inputs, targets=e.targets, clamp=e.clamp)[0][-1]
    assert torch.equal(answers["oja"], one_shot.correct(y, e).float())
    for b in range(40):
        assert e.targets[int(where[b]), b].argmax() == e.answer[b]
        assert not (e.targets[: int(where[b]), b].argmax(-1) == e.answer[b]).any()


def test_readings_are_what_they_are_called():
    g = torch.Generator().manual_seed(0)
    net = networks.OneShotNetwork(3, rules.decay, n_features=5, generator=g)
    seen = torch.randn(7, 4, 5, generator=g)
    labels = torch.nn.functional.one_hot(torch.rand(4, 6, generator=g).argsort(-1).T % 3, 3).float()
    targets = torch.cat([labels, torch.zeros(1, 4, 3)])
    clamp = torch.ones_like(targets, dtype=torch.bool)
    clamp[-1] = False
    found = readings.readings(net, seen, targets, clamp)
    layer = net.readout
    torch.testing.assert_close(found["decay"], layer(seen, targets=targets, clamp=clamp)[0][-1])
    layer.rule = rules.oja
    torch.testing.assert_close(found["oja"], layer(seen, targets=targets, clamp=clamp)[0][-1])
    torch.testing.assert_close(
        found["prototypes"], networks.prototypes(seen[:-1], labels, seen[-1])
    )
    for b in range(4):
        for j in range(3):
            mean = seen[:-1, b][labels[:, b, j] > 0].mean(0)
            torch.testing.assert_close(found["mean product"][b, j], mean @ seen[-1, b])
    bare = networks.PrototypicalNetwork(5, generator=g)
    assert set(readings.readings(bare, seen, targets, clamp)) == {"prototypes", "mean product"}


@pytest.fixture(scope="module")
def real():
    """Half of the drawings of each character of Omniglot, and all names, if they are there."""
    if not data.available("omniglot"):
        pytest.skip(f"needs real data: Omniglot is not in {data.folder()}")
    drawings, names = one_shot.omniglot()
    return drawings[:, :10], names


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_networks_name_drawings_about_as_often_as_is_stored(name, real, monkeypatch):
    monkeypatch.setattr(one_shot, "omniglot", lambda: real)
    experiment, its = experiments.EXPERIMENTS[name], experiments.weights(name)
    few = replace(experiment.configuration, test_episodes=300)
    found = experiment.test(
        {key.removeprefix("0."): value for key, value in its.items() if key.startswith("0.")},
        0,
        few,
    )
    assert found["test_right"] == pytest.approx(experiments.seeds(name)[0]["test_right"], abs=0.04)
    net = omniglot.load(name, its, "0.")
    assert not any(p.requires_grad for p in net.parameters())


NAMED = [f"{'abc'[k % 3]}/{k}" for k in range(30)]


def test_alphabets_are_held_out_whole_and_characters_of_the_others():
    known, of_known, of_new = (
        [NAMED[k] for k in some.tolist()] for some in elsewhere.by_alphabet(NAMED, 1, 4, 0)
    )
    assert sorted([*known, *of_known, *of_new]) == sorted(NAMED)
    assert len({elsewhere.alphabet(name) for name in of_new}) == 1
    assert not {name[0] for name in known} & {name[0] for name in of_new}
    assert sorted(name[0] for name in of_known) == sorted(4 * list({name[0] for name in known}))
    others = {tuple(elsewhere.by_alphabet(NAMED, 1, 4, seed)[2].tolist()) for seed in range(20)}
    assert len(others) == 3, "another seed holds out others"
    with pytest.raises(ValueError, match="n_alphabets must be at most 2"):
        elsewhere.by_alphabet(NAMED, 3, 1, 0)
    with pytest.raises(ValueError, match="n_of_others must be below the characters of"):
        elsewhere.by_alphabet(NAMED, 1, 10, 0)


def harder(monkeypatch, drawings, **changed):
    monkeypatch.setattr(one_shot, "omniglot", lambda: (drawings, NAMED))
    few = {key: value for key, value in SMALL.items() if key != "held_out"}
    return omniglot.Alphabets(alphabets=1, of_others=5, **few | changed)


@pytest.mark.parametrize("alpha", ["shared", None])
def test_harder_tests_ask_about_what_a_seed_holds_out(alpha, easy, tmp_path, monkeypatch):
    chosen = harder(monkeypatch, easy, alpha=alpha)
    weights = omniglot.train(Trial(0, tmp_path), chosen)[1]
    found = omniglot.score_harder(weights, 0, chosen)
    assert found["known_characters"] == found["new_characters"] == 10
    own = "oja" if alpha else "prototypes"
    for kind in ("known_alphabets", "new_alphabets"):
        assert set(found[kind]) == {"trained", "untrained", "pixels"}
        for test in ("mixed", "alphabet", "upright"):
            assert found[kind]["trained"][test][own] > 0.8, "chance is 0.2"
            assert found[kind]["untrained"][test][own] <= found[kind]["trained"][test][own]
            assert found[kind]["pixels"][test]["prototypes"] > 0.8, "these are easy"
    assert found["test_right"] == found["new_alphabets"]["trained"]["alphabet"][own]
    assert len(found["held_out"]) == 1
    easy[omniglot.divided(NAMED, 0, chosen)[0]] = torch.nan
    assert omniglot.score_harder(weights, 0, chosen) == found


def test_a_training_never_sees_what_a_harder_test_asks_about(easy, tmp_path, monkeypatch):
    chosen = harder(monkeypatch, easy, updates=5)
    weights = omniglot.train(Trial(0, tmp_path / "a"), chosen)[1]
    easy[torch.cat(omniglot.divided(NAMED, 0, chosen)[1:])] = torch.nan
    again = omniglot.train(Trial(0, tmp_path / "b"), chosen)[1]
    assert all(torch.equal(weights[key], again[key]) for key in weights)


def test_an_episode_of_one_alphabet_shows_nothing_else(easy):
    same = torch.rand(30, 7, 31, 31, generator=torch.Generator().manual_seed(3))  # nothing to know
    its = torch.tensor([name[0] == "a" for name in NAMED])
    same[its] = easy[its]  # but in one alphabet
    found = elsewhere.harder(readings.Pixels(), same, NAMED, 5, 900, 0)
    for test in ("alphabet", "upright"):
        right = found[test]["prototypes"]
        assert len(right) == 900
        assert right[:300].mean() > 0.9
        assert right[300:].mean() < 0.3
    assert len(found["mixed"]["prototypes"]) == 900
    with pytest.raises(ValueError, match="no alphabet has 11 characters"):
        elsewhere.harder(readings.Pixels(), same, NAMED, 11, 90, 0)


def test_digits_are_drawings_of_ink():
    if not data.available("mnist"):
        pytest.skip(f"needs real data: MNIST is not in {data.folder()}")
    drawings, thin = elsewhere.digits(each=20), elsewhere.digits(thin=True, each=20)
    assert drawings.shape == thin.shape == (10, 20, 31, 31)
    assert drawings.min() >= 0
    assert 0.9 < drawings.max() <= 1
    assert (thin.sum((-1, -2)) < drawings.sum((-1, -2))).all()
    pictures, labels = data.mnist("test", download=False)
    third = pictures[labels == 7][2] / 255
    assert drawings[7, 2].mean() == pytest.approx(third.mean().item(), rel=0.05)
    with pytest.raises(ValueError, match="each"):
        elsewhere.digits(each=893)


def test_stored_networks_are_tested_on_digits_with_the_same_episodes(monkeypatch):
    if not data.available("mnist"):
        pytest.skip(f"needs real data: MNIST is not in {data.folder()}")
    found = omniglot.score_digits({}, 0, omniglot.Digits(each=20, test_episodes=200))
    stored = experiments.seeds("omniglot-digits")[0]["right_of"]
    for name, of_test in stored.items():
        for net, read in of_test.items():
            for way, share in read.items():
                assert found["right_of"][name][net][way] == pytest.approx(share, abs=0.15)


def test_the_network_of_the_page_has_convolutions_of_six_bits_and_answers_as_the_stored_one():
    page = live.network()
    for layer in page.features:
        if isinstance(layer, torch.nn.Conv2d):
            steps = layer.weight / layer.weight.abs().max() * 31
            assert (steps - steps.round()).abs().max() < 1e-9
    stored = omniglot.load("omniglot-plastic", experiments.weights("omniglot-plastic"), "0.")
    sign = [[[20.0, 200.0], [130.0, 30.0], [240.0, 200.0]], [[60.0, 130.0], [200.0, 130.0]]]
    drawn = live._drawn(sign)
    assert drawn.shape == (31, 31)
    assert 0 <= drawn.min() < drawn.max() == 1
    across = (drawn > 0.4).nonzero()[:, 1]
    assert across.min() + across.max() == 30, "in the middle"
    assert 20 <= across.max() - across.min() <= 22, "the longer side"
    signs = [
        sign,
        [[[20.0, 20.0], [200.0, 200.0]]],
        [[[20.0, 20.0], [20.0, 200.0], [200.0, 200.0]]],
    ]
    pictures = torch.stack([live._drawn(one) for one in signs])
    theirs, ours = stored.features(pictures.float()).double(), page.features(pictures)
    assert (ours @ theirs.T).argmax(1).tolist() == [0, 1, 2], "each is most like itself"
