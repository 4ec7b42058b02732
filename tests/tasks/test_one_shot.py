"""One-shot learning: what an episode shows, and the published network's size."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hebbnotes import rules, training
from hebbnotes.networks import loop, run_layer
from hebbnotes.networks import one_shot as networks
from hebbnotes.networks.one_shot import OneShotNetwork, PrototypicalNetwork
from hebbnotes.tasks import one_shot

seeds = st.integers(0, 10_000)


def marked(characters=7, each=6):
    """Drawings that tell which they are: two pixels hold their numbers, a corner their turn."""
    drawings = torch.zeros(characters, each, 5, 5)
    drawings[:, :, 2, 2] = torch.arange(characters)[:, None] + 1.0
    drawings[:, :, 0, 0] = torch.arange(each) + 1.0
    return drawings


@given(
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2),
    st.integers(0, 1),
    st.booleans(),
    seeds,
)
def test_an_episode_shows_every_label_as_often_and_asks_for_an_unseen_drawing(
    n_ways, n_shots, batch, more, extra, pooled, seed
):
    g = torch.Generator().manual_seed(seed)
    if pooled:
        pool = one_shot.pool(
            marked(), n_ways + more, n_shots + 1 + extra, n_ways, n_shots, batch, g
        )
        assert pool.pictures.shape == ((n_ways + more) * (n_shots + 1 + extra), 5, 5)
        assert len({tuple(picture.flatten().tolist()) for picture in pool.pictures}) == len(
            pool.pictures
        )
        shown = pool.episodes()
    else:
        shown = one_shot.episodes(marked(), n_ways, n_shots, batch, g)
    total = n_ways * n_shots
    assert shown.inputs.shape == (total + 1, batch, 5, 5)
    assert shown.targets[:-1].sum(-1).eq(1).all()
    assert shown.targets[-1].eq(0).all()
    assert shown.clamp[:-1].all()
    assert not shown.clamp[-1].any()
    for b in range(batch):
        labels = [*shown.targets[:-1, b].argmax(-1).tolist(), shown.answer[b].item()]
        assert all(labels[:-1].count(label) == n_shots for label in range(n_ways))
        characters = shown.inputs[:, b, 2, 2].tolist()
        of = {
            label: {c for c, other in zip(characters, labels, strict=True) if other == label}
            for label in range(n_ways)
        }
        assert all(len(one) == 1 for one in of.values()), "one character a label"
        assert len(set.union(*of.values())) == n_ways, "and another for each"
        corners = [x.flatten()[[0, 4, 20, 24]] for x in shown.inputs[:, b]]
        turns = {(label, int(x.argmax())) for x, label in zip(corners, labels, strict=True)}
        assert len(turns) == n_ways, "all drawings of a character are turned alike"
        drawn = [(label, x.max().item()) for x, label in zip(corners, labels, strict=True)]
        assert len(set(drawn)) == total + 1, "no drawing is shown twice"


def test_characters_labels_turns_and_order_are_drawn_anew():
    shown = one_shot.episodes(marked(), 3, 2, 400, torch.Generator().manual_seed(0))
    assert shown.answer.bincount(minlength=3).min() > 100
    assert shown.inputs[-1, :, 2, 2].long().bincount(minlength=8)[1:].min() > 30
    corners = shown.inputs[-1].flatten(1)[:, [0, 4, 20, 24]].argmax(-1)
    assert corners.bincount(minlength=4).min() > 70
    assert len({tuple(labels) for labels in shown.targets[:-1].argmax(-1).T.tolist()}) > 80, (
        "of 90 orders"
    )


def test_too_few_drawings_get_a_clear_error():
    g = torch.Generator()
    for ways, shots in ((8, 1), (2, 6)):
        with pytest.raises(ValueError, match="drawings must be square"):
            one_shot.episodes(marked(), ways, shots, 1, g)
    with pytest.raises(ValueError, match="n_ways"):
        one_shot.episodes(marked(), 0, 1, 1, g)
    before = g.get_state()
    for characters, each, ways, shots, message in (
        (8, 2, 5, 1, "drawings must be square, of 8 characters or more and 2 drawings"),
        (7, 7, 5, 1, "7 drawings or more of each"),
        (4, 2, 5, 1, "n_characters must be 5 or more"),
        (5, 2, 5, 2, "n_drawings must be 3 or more"),
        (5, 1, 5, 1, "n_drawings must be 2 or more"),
    ):
        with pytest.raises(ValueError, match=message):
            one_shot.pool(marked(), characters, each, ways, shots, 1, g)
    assert torch.equal(g.get_state(), before), "refused before anything is drawn"


def test_what_is_no_drawing_is_refused_with_the_mend():
    g = torch.Generator()
    for draw in (
        lambda d, g: one_shot.episodes(d, 2, 1, 1, g),
        lambda d, g: one_shot.pool(d, 2, 2, 2, 1, 1, g),
    ):
        with pytest.raises(TypeError, match=r"one_shot\.shrink"):
            draw(marked() > 0, g)
        with pytest.raises(TypeError, match=r"must be a torch\.Generator on cpu"):
            draw(marked(), None)


def test_answers_and_episodes_must_fit():
    g = torch.Generator().manual_seed(0)
    shown = one_shot.episodes(torch.rand(6, 3, 31, 31, generator=g), 3, 1, 4, g)
    net, other = OneShotNetwork(3, generator=g), PrototypicalNetwork(generator=g)
    y = net(shown.inputs, targets=shown.targets, clamp=shown.clamp)[0]
    assert one_shot.correct(y[-1], shown).shape == (4,)
    with pytest.raises(ValueError, match=r"pass y\[-1\]"):
        one_shot.correct(y, shown)
    with pytest.raises(ValueError, match="y must have shape"):
        one_shot.correct(y[-1, :2], shown)
    with pytest.raises(ValueError, match="shown at least once"):
        networks.prototypes(torch.rand(2, 1, 4), torch.eye(3)[:2].unsqueeze(1), torch.rand(1, 4))
    with pytest.raises(ValueError, match="look at clamp"):
        other(shown.inputs, targets=shown.targets, clamp=~shown.clamp)
    for one in (net, other):
        with pytest.raises(ValueError, match="rows=31"):
            one(shown.inputs[..., :28], targets=shown.targets, clamp=shown.clamp)
    pool = one_shot.pool(torch.rand(6, 3, 31, 31, generator=g), 5, 2, 5, 1, 4, g)
    with pytest.raises(ValueError, match="targets must have shape"):
        net.ask(*pool[:4])
    with pytest.raises(TypeError, match="common form"):
        OneShotNetwork(rule=rules.sanger, generator=g).ask(*pool[:4])
    with pytest.raises(ValueError, match="dtype must be one of"):
        other.ask(*pool[:4], torch.float64)
    with pytest.raises(ValueError, match="alpha must be one of"):
        OneShotNetwork(alpha=None, generator=g)


def test_a_pool_draws_characters_turns_and_drawings_anew():
    g = torch.Generator().manual_seed(0)
    pools = [one_shot.pool(marked(), 3, 2, 2, 1, 4, g).pictures for _ in range(300)]
    assert torch.cat(pools)[:, 2, 2].long().bincount(minlength=8)[1:].min() > 150
    turns = torch.stack(pools).flatten(2)[..., [0, 4, 20, 24]].argmax(-1)
    assert turns[:, ::2].equal(turns[:, 1::2]), "both drawings of a character are turned alike"
    assert turns.flatten().bincount(minlength=4).min() > 300
    asked = one_shot.pool(marked(), 7, 3, 5, 1, 4000, g)
    assert asked.asked.bincount(minlength=21).min() > 130
    assert asked.answer.bincount(minlength=5).min() > 700


@given(st.integers(2, 60), seeds)
def test_a_split_leaves_out_what_it_tests(n, seed):
    train, test = one_shot.split(n, n // 2, seed)
    assert len(test) == n // 2
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(n))
    assert torch.equal(test, one_shot.split(n, n // 2, seed)[1]), "the same in training and test"
    with pytest.raises(ValueError, match="n_held_out"):
        one_shot.split(n, n, seed)


@pytest.mark.parametrize("make", [OneShotNetwork, PrototypicalNetwork])
def test_half_precision_gives_about_the_same_answers_and_gradients(make):
    g = torch.Generator().manual_seed(0)
    net = make(generator=g)
    pool = one_shot.pool(torch.rand(6, 3, 31, 31, generator=g), 6, 2, 5, 1, 30, g)
    whole, half = net.ask(*pool[:4]), net.ask(*pool[:4], torch.bfloat16)
    assert half.dtype == whole.dtype
    torch.testing.assert_close(half, whole, atol=0.02, rtol=0.05)
    gradients = [
        torch.cat(
            [
                p.flatten()
                for p in torch.autograd.grad(one.square().sum(), net.features.parameters())
            ]
        )
        for one in (whole, half)
    ]
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.98


def test_one_can_pick_drawings():
    shown = one_shot.pick(marked(), [4, 0, 6], [2, 2, 5], (1, 3))
    assert shown.inputs.shape == (4, 1, 5, 5)
    assert shown.inputs[:, 0, 2, 2].tolist() == [5, 1, 7, 1]
    assert shown.inputs[:, 0, 0, 0].tolist() == [3, 3, 6, 4]
    assert shown.targets[:, 0].argmax(-1)[:-1].tolist() == [0, 1, 2]
    assert shown.answer.tolist() == [1]
    for characters, drawn, asked, message in (
        ([4, 0], [2], (0, 1), "2 characters and 1 drawings"),
        ([4, 4], [2, 1], (0, 3), "one label only"),
        ([4, 0], [2, 2], (2, 1), "below 2"),
        ([4, 7], [2, 2], (0, 1), "7 characters"),
        ([4, 0], [2, 6], (0, 1), "6 drawings"),
        ([4, 0], [2, 2], (0, 2), "shown already"),
    ):
        with pytest.raises(ValueError, match=message):
            one_shot.pick(marked(), characters, drawn, asked)


def test_small_drawings_keep_their_share_of_ink():
    drawings = torch.rand(2, 3, 105, 105, generator=torch.Generator().manual_seed(0)) < 0.2
    small = one_shot.shrink(drawings, 35)
    assert small.shape == (2, 3, 35, 35)
    torch.testing.assert_close(small.mean((-2, -1)), drawings.float().mean((-2, -1)))
    assert one_shot.shrink(drawings).shape == (2, 3, 31, 31)


@pytest.mark.parametrize(("alpha", "size"), [("shared", 111_746), ("full", 112_065)])
def test_the_network_has_the_published_number_of_trained_numbers(alpha, size):
    net = OneShotNetwork(alpha=alpha, generator=torch.Generator().manual_seed(0))
    assert sum(p.numel() for p in net.parameters()) == size


def test_the_network_answers_in_probabilities_and_all_its_numbers_are_trained():
    g = torch.Generator().manual_seed(0)
    drawings = torch.rand(6, 3, 31, 31, generator=g)
    net = OneShotNetwork(generator=g)
    shown = one_shot.episodes(drawings, 5, 1, 4, g)
    y, state = net(shown.inputs, targets=shown.targets, clamp=shown.clamp)
    assert torch.equal(y[:-1], shown.targets[:-1])
    torch.testing.assert_close(y[-1].sum(-1), torch.ones(4))
    assert state.hebb.shape == (4, 64, 5)
    value, metrics = one_shot.loss(net, lambda: one_shot.pool(drawings, 6, 2, 5, 1, 4, g))(0)
    value.backward()
    assert set(metrics) == {"right"}
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
    with pytest.raises(ValueError, match="rows"):
        net(torch.zeros(2, 1, 28, 28))


def test_a_network_learns_to_learn_on_easy_drawings():
    g = torch.Generator().manual_seed(0)
    prototypes = (torch.rand(40, 1, 31, 31, generator=g) < 0.5).float()
    drawings = (prototypes + 0.2 * torch.randn(40, 4, 31, 31, generator=g)).clamp(0, 1)
    net = OneShotNetwork(generator=g)
    history = training.train(
        net.parameters(),
        one_shot.loss(net, lambda: one_shot.pool(drawings, 16, 2, 5, 1, 64, g)),
        60,
        lr=2e-3,
    )
    right = history.metrics["right"]
    assert sum(right[-10:]) / 10 > 0.9, "chance is 0.2"


@pytest.mark.parametrize(
    "make",
    [
        lambda g: OneShotNetwork(3, rules.hebb, "full", n_features=4, generator=g),
        lambda g: OneShotNetwork(3, rules.decay, n_features=4, generator=g),
        lambda g: OneShotNetwork(3, rules.oja, n_features=4, generator=g),
        lambda g: PrototypicalNetwork(4, generator=g),
    ],
)
@given(st.integers(1, 3), seeds)
def test_to_ask_a_pool_is_to_run_its_episodes(make, n_shots, seed):
    g = torch.Generator().manual_seed(seed)
    net = make(g).double()
    pool = one_shot.pool(
        torch.rand(6, 5, 31, 31, generator=g, dtype=torch.float64), 5, 4, 3, n_shots, 7, g
    )
    shown = pool.episodes()
    y = net(shown.inputs, targets=shown.targets, clamp=shown.clamp)[0]
    torch.testing.assert_close(net.ask(*pool[:4]).softmax(-1), y[-1])
    assert torch.equal(y[:-1], shown.targets[:-1])


def features(batch, n_ways, n_shots, n, seed):
    """Random features of each step, labels in random order, and the clamp that holds them."""
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n_ways * n_shots + 1, batch, n, generator=g, dtype=torch.float64)
    labels = torch.rand(batch, n_ways * n_shots, generator=g).argsort(-1).T % n_ways
    targets = torch.nn.functional.one_hot(labels, n_ways).to(x.dtype)
    whole = torch.cat([targets, torch.zeros_like(targets[:1])])
    return (
        x,
        labels,
        targets,
        whole,
        torch.cat([torch.ones_like(targets), torch.zeros_like(targets[:1])]).bool(),
        g,
    )


cases = st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), seeds


@pytest.mark.witness("eq-one-shot", loop.run_layer)
@given(*cases, st.floats(0, 1), st.sampled_from([200.0, 1000.0]))
def test_a_clamp_is_a_label_that_is_said_strongly(batch, n_ways, n_shots, n, seed, eta, strength):
    x, _, _, targets, clamp, g = features(batch, n_ways, n_shots, n, seed)
    w, alpha = torch.randn(n, n_ways, generator=g, dtype=x.dtype), 0.5
    found, state = run_layer(x, w, alpha, eta, rules.oja, None, targets, clamp)
    for b in range(batch):
        hebb = torch.zeros(n, n_ways, dtype=x.dtype)
        for t in range(len(x)):
            drive = [
                sum(x[t, b, i] * (w[i, j] + alpha * hebb[i, j]) for i in range(n))
                for j in range(n_ways)
            ]
            y = torch.stack(
                [d + strength * said for d, said in zip(drive, targets[t, b], strict=True)]
            ).softmax(0)
            hebb = torch.stack(
                [
                    torch.stack(
                        [
                            hebb[i, j] + eta * y[j] * (x[t, b, i] - y[j] * hebb[i, j])
                            for j in range(n_ways)
                        ]
                    )
                    for i in range(n)
                ]
            )
            torch.testing.assert_close(found[t, b], y)
        torch.testing.assert_close(state.hebb[b], hebb)


@pytest.mark.witness("eq-running-mean", loop.run_layer)
@given(*cases, st.floats(0, 1))
def test_under_oja_a_clamped_column_is_a_running_mean_of_its_own_inputs_alone(
    batch, n_ways, n_shots, n, seed, eta
):
    x, labels, _, targets, clamp, _ = features(batch, n_ways, n_shots, n, seed)
    hebb = run_layer(x[:-1], 0.3, 1.0, eta, rules.oja, None, targets[:-1], clamp[:-1])[1].hebb
    for b in range(batch):
        for j in range(n_ways):
            column = torch.zeros(n, dtype=x.dtype)
            for seen in x[:-1, b][labels[:, b] == j]:
                column = (1 - eta) * column + eta * seen
            torch.testing.assert_close(hebb[b, :, j], column)


@pytest.mark.witness("eq-matching", loop.run_layer)
@given(
    st.integers(1, 3),
    st.integers(1, 5),
    st.integers(1, 5),
    seeds,
    st.floats(0, 1),
    st.floats(-3, 3),
    st.booleans(),
)
def test_a_one_shot_layer_compares_by_products_if_all_columns_of_w_are_equal(
    batch, n_ways, n, seed, eta, alpha, zero
):
    x, labels, _, targets, clamp, g = features(batch, n_ways, 1, n, seed)
    w = (0 if zero else torch.randn(n, 1, generator=g, dtype=x.dtype)) * torch.ones(
        n, n_ways, dtype=x.dtype
    )
    y = run_layer(x, w, alpha, eta, rules.oja, None, targets, clamp)[0][-1]
    products = torch.einsum("kbf,bf->bk", x[:-1], x[-1])  # in the order of showing
    by_label = torch.zeros_like(products).scatter(1, labels.T, products)
    torch.testing.assert_close(y, (alpha * eta * by_label).softmax(-1), atol=1e-6, rtol=0)


def test_it_is_no_such_comparison_if_a_condition_fails():
    x, _, _, targets, clamp, g = features(3, 4, 1, 5, 0)
    products = torch.einsum("kbf,kbn,bf->bn", x[:-1], targets[:-1], x[-1])
    w, alpha = (
        torch.randn(5, 4, generator=g, dtype=x.dtype),
        torch.randn(5, 4, generator=g, dtype=x.dtype),
    )
    free = clamp.clone()
    free[2] = False
    for changed in ((w, 2.0, clamp), (0.0, alpha, clamp), (0.0, 2.0, free)):
        y = run_layer(x, *changed[:2], 0.5, rules.oja, None, targets, changed[2])[0][-1]
        assert (y - products.softmax(-1)).abs().max() > 1e-3


@pytest.mark.witness("eq-positions", loop.run_layer)
@given(*cases, st.floats(0, 1))
def test_under_decay_what_was_shown_earlier_counts_less_whatever_its_label(
    batch, n_ways, n_shots, n, seed, eta
):
    x, _, shown, targets, clamp, _ = features(batch, n_ways, n_shots, n, seed)
    hebb = run_layer(x[:-1], 0.0, 1.0, eta, rules.decay, None, targets[:-1], clamp[:-1])[1].hebb
    age = torch.arange(len(shown) - 1, -1, -1, dtype=x.dtype)
    torch.testing.assert_close(
        hebb, torch.einsum("k,kbf,kbn->bfn", eta * (1 - eta) ** age, x[:-1], shown)
    )


@pytest.mark.witness("eq-prototypes", networks.prototypes)
@given(*cases)
def test_a_distance_to_a_mean_is_a_product_with_it_and_half_its_square(
    batch, n_ways, n_shots, n, seed
):
    x, labels, shown, _, _, _ = features(batch, n_ways, n_shots, n, seed)
    found = networks.prototypes(x[:-1], shown, x[-1])
    for b in range(batch):
        means = torch.stack([x[:-1, b][labels[:, b] == j].mean(0) for j in range(n_ways)])
        torch.testing.assert_close(found[b], -(means - x[-1, b]).square().sum(-1))
        torch.testing.assert_close(
            found[b].softmax(-1), (2 * (means @ x[-1, b] - means.square().sum(-1) / 2)).softmax(-1)
        )


def test_a_prototypical_network_runs_whole_episodes_with_labels():
    net = PrototypicalNetwork(4, generator=torch.Generator().manual_seed(0))
    assert (
        sum(p.numel() for p in PrototypicalNetwork(generator=torch.Generator()).parameters())
        == 111_424
    )
    with pytest.raises(ValueError, match="needs targets"):
        net(torch.rand(2, 1, 31, 31))


# ------------------------------------------------------------------------- what would go unnoticed


def question(batch=3, n_ways=2):
    pictures = torch.rand(6, 31, 31, generator=torch.Generator().manual_seed(0))
    shown = torch.arange(2 * batch).view(2, batch) % 6
    targets = torch.eye(2, n_ways)[:, None].expand(2, batch, n_ways)
    return {"pictures": pictures, "shown": shown, "targets": targets, "asked": shown[0]}


ODD_QUESTIONS = {
    "fewer shown": {"shown": question()["shown"][:1]},
    "shown to one": {"shown": question()["shown"][:, :1]},
    "one asked": {"asked": torch.tensor([0])},
    "a number asked": {"asked": torch.tensor(0)},
    "the last, by -1": {"shown": question()["shown"] - 1},
    "beyond the last": {"asked": question()["asked"] + 6},
    "numbers with a point": {"shown": question()["shown"].float()},
    "a list": {"asked": [0, 1, 2]},
    "labels that are missing": {"targets": question()["targets"][:1]},
    "labels of one episode": {"targets": question()["targets"][:, :1]},
    "labels that are no numbers": {"targets": question()["targets"] * torch.nan},
    "labels of another precision": {"targets": question()["targets"].double()},
    "pictures that are no numbers": {"pictures": question()["pictures"] + torch.nan},
    "pictures of bytes": {"pictures": question()["pictures"].byte()},
}


@pytest.mark.parametrize("name", ODD_QUESTIONS)
@pytest.mark.parametrize("made", [OneShotNetwork, PrototypicalNetwork])
def test_a_question_that_does_not_fit_together_is_refused(made, name):
    options = {"n_ways": 2} if made is OneShotNetwork else {}
    network = made(**options, n_features=4, generator=torch.Generator().manual_seed(0))
    assert network.ask(**question()).shape == (3, 2)
    with pytest.raises((TypeError, ValueError), match=r" must | holds NaN | is torch"):
        network.ask(**question() | ODD_QUESTIONS[name])


@pytest.mark.parametrize("answer", [0, 1])
def test_an_answer_that_is_no_number_is_wrong_whatever_the_label(answer):
    episodes = one_shot.with_labels(torch.zeros(3, 4, 2), torch.full((4, 3), answer), 2)
    assert not one_shot.correct(torch.full((4, 2), torch.nan), episodes).any()
    y = torch.eye(2)[answer].repeat(4, 1)
    y[2, 1 - answer] = torch.nan
    assert one_shot.correct(y, episodes).tolist() == [True, True, False, True]


@pytest.mark.parametrize(
    ("shape", "labels"),
    [
        ((5, 3), torch.zeros(3, 3, dtype=torch.long)),
        ((5, 3), torch.zeros(5, 3, dtype=torch.long)),
        ((5, 3), torch.full((3, 5), 9)),
        ((5, 3), torch.full((3, 5), -1)),
        ((5, 3), torch.zeros(3, 5)),
        ((5,), torch.zeros(3, 5, dtype=torch.long)),
    ],
)
def test_labels_are_one_of_each_step_and_episode(shape, labels):
    with pytest.raises((TypeError, ValueError), match=" must "):
        one_shot.with_labels(torch.zeros(shape), labels, 2)


@pytest.mark.parametrize("seed", ["a", 1.5, 2**64, -1, None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises((TypeError, ValueError), match="seed must be"):
        one_shot.split(10, 3, seed)


def test_a_character_has_one_label_however_it_is_named():
    for characters in ([1, 1], torch.tensor([1, 1]), (1, 1)):
        with pytest.raises(ValueError, match="one label only"):
            one_shot.pick(marked(), characters, [0, 1], (0, 2))
    for asked in (None, 1, (1,), (1.0, 2)):
        with pytest.raises((TypeError, ValueError), match="asked must"):
            one_shot.pick(marked(), [0, 1], [0, 1], asked)
    with pytest.raises(ValueError, match="size must be at most 5"):
        one_shot.shrink(marked() > 0, 400)
