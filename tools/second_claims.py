"""What the second paper says, and what became of it here: typed by hand, but for the verdicts.

The paper is Miconi, Rawal, Clune & Stanley (2019), "Backpropamine". Each claim of a figure or a
table is put so that stored numbers decide about it: ``tools/second_paper.py`` compares them.
"""

from typing import NamedTuple

__all__ = ["CLAIMS", "HALF_WAY", "SETTINGS", "SHOWN", "WORDS", "Claim", "Shown", "Value"]

WORDS = {
    "other": "it came out by another training or at another size: the effect was found, the number "
    "was not repeated",
    "not": "it did not come out: the interval of the difference, over seeds, does not exclude that "
    "there is none, or some networks do what none should, or do not what all should",
    "not attempted": "we have it not, or have not run it",
    "no verdict": "the paper has no such result, ours is of a single seed, or it says that two "
    "do not differ, and no more can be said of ours: so few seeds do not show that they are alike",
}
"""What the verdicts of this part mean."""

_CAPTION = "arXiv 2002.10585, the figure's caption as a review of it quotes it"
_DIGEST = (
    "a digest of the version of 2019, whose numbers we could not hold against the paper's own pages"
)
_PROGRAM = "the published program"


class Shown(NamedTuple):
    """A figure or a table: what it shows and says, by which source, and what differs here."""

    what: str
    text: str
    source: str
    here: str
    differs: tuple[str, ...]


class Value(NamedTuple):
    """Numbers of a stored experiment, one for each seed: where they are, and of what network."""

    experiment: str
    path: str
    arm: str


class Claim(NamedTuple):
    """What the paper says of one or two networks.

    ``kind`` says how it is decided. ``"more"`` and ``"less"``: the 95 % interval of the paired
    difference of two values lies above 0, or below. ``"alike"``: where it holds 0 nothing is
    decided. ``"all"`` and ``"none"``: each network, or none, has at least :data:`HALF_WAY`.
    ``"told"``: nothing is decided.
    """

    figure: str
    words: str
    kind: str
    values: tuple[Value, ...]
    causes: dict[str, str]


HALF_WAY = 0.75
"""Share of right answers half-way from guessing to knowing which cue pays."""

SHOWN: dict[str, Shown] = {
    "Figure 1": Shown(
        "cue and reward, median and quartiles of the rewards of an episode over 10 runs",
        "networks with either kind of modulation learn the task; those that always write, and "
        "those that never do, fail",
        _CAPTION,
        "{doc}`neuromodulation-at-work`",
        (
            "trials without blank steps among the cues, and a number of trials instead of steps",
            "an answer counts, and is told, at Go alone, and there at every step",
            "each answer is judged by its own reward, and there by all that come, discounted by "
            "0.9 a step, less the value of *one* episode of the batch, which is a slip of the "
            "program (below)",
            "no input tells the time, first weights have both signs, and the signal starts above 0",
            "the plain networks have as many trained numbers as the others, and an LSTM is beside "
            "them, which the paper has not",
        ),
    ),
    "The figure of the maze": Shown(
        "rewards in a maze, modulated against plastic networks, 9 or 10 runs",
        "a curve: modulated networks earn more than plastic ones, at many points with p below 0.05 "
        "by Wilcoxon's test",
        _DIGEST,
        "{doc}`neuromodulation-at-work`, {doc}`maze`",
        (
            "all that {doc}`maze` lists: rewards, discount, advantages, the entropy, rates",
            "the trace forgets by Oja's rule, and there it forgets nothing and is cut off at 2",
        ),
    ),
    "Table 1": Shown(
        "Penn Treebank, word by word, small networks, 16 runs",
        "perplexity 104.26 ± 0.22 of an LSTM, 103.80 ± 0.25 with plastic connections, 102.65 ± "
        "0.30 with simple and 102.48 ± 0.28 with retroactive modulation (95 %), where simple and "
        "retroactive do not differ (p = 0.066)",
        _DIGEST,
        "{doc}`neuromodulation-at-work`",
        (
            "Shakespeare letter by letter, a text of a million letters, instead of words",
            "one layer and one short training on a processor; bits a letter instead of perplexity",
            "the traces decay, and there they are cut off",
        ),
    ),
    "The large language model": Shown(
        "the same text, three layers, 24 million numbers",
        "perplexity 62.48 (62.40 to 62.60) without and 61.44 (61.37 to 61.68) with modulation",
        _DIGEST,
        "nowhere",
        ("its traces take tens of megabytes for each step of text, and days of a graphics card",),
    ),
    "Beside the paper": Shown(
        "reward-gated memory, a task of this book's in which nothing is played: one of four cues "
        "is followed by a reward, and is asked for",
        "no such task; simple and retroactive modulation are the paper's",
        "its digest",
        "{doc}`neuromodulated-plasticity`",
        ("all: it is a supervised task",),
    ),
}
"""What the paper shows, in its order, and what this book has beside it."""


def _late(arm: str) -> Value:
    return Value("cue-reward", f"late.{arm}", arm)


def _maze(kind: str) -> Value:
    return Value(f"maze-modulated-{kind}", "test_finds", kind)


def _text(arm: str) -> Value:
    return Value("language", f"test.{arm}", arm)


_PLASTIC = Value("maze-plastic", "test_finds", "plastic")
_SMALLER = "a smaller task and another training, which is judged answer by answer"
_SLOW = "with the rates that we tried, not in all seeds within our budget"
_MAZE = {
    "other": "another training, at rates tried on seeds of their own, and traces that forget",
    "not": "a twentieth of the published updates, at rates tried on seeds of their own; and with "
    "traces that forget, always writing is a stronger control than it is there. Of five networks "
    "with retroactive modulation one broke down within its training",
}
_LETTERS = {
    "other": "letters of Shakespeare instead of words, and a small network",
    "not": "the published gain is 1.7 % of the perplexity at most, in 16 long runs; ours are few "
    "and short",
}

CLAIMS: list[Claim] = [
    *(
        Claim(
            "Figure 1",
            f"{arm} modulation learns the task: in the second half of its trials every network is "
            "half-way from guessing to knowing, or further",
            "all",
            (_late(arm),),
            {"other": _SMALLER, "not": _SLOW},
        )
        for arm in ("simple", "retroactive")
    ),
    *(
        Claim(
            "Figure 1",
            f"{who} fail: no network is half-way",
            "none",
            (_late(arm),),
            {
                "other": "within our budget, as in the paper within its own",
                "not": "some do, in this smaller task: the paper's failure is one of its budget",
            },
        )
        for arm, who in (
            ("plastic", "networks that always write"),
            ("none", "networks that never write"),
        )
    ),
    *(
        Claim(
            "Figure 1",
            f"{arm} modulation has more right answers than always writing",
            "more",
            (_late(arm), _late("plastic")),
            {
                "other": _SMALLER,
                "not": "too few seeds, or too short a training, to tell them apart",
            },
        )
        for arm in ("simple", "retroactive")
    ),
    Claim(
        "Figure 1",
        "retroactive modulation learns it with twice our budget, in the same sense",
        "all",
        (Value("cue-reward-longer", "late.retroactive", "retroactive"),),
        {"other": _SMALLER, "not": _SLOW},
    ),
    Claim(
        "Figure 1",
        "retroactive modulation learns it at three times its rate, in the same sense",
        "all",
        (Value("cue-reward-other-rate", "late.retroactive", "retroactive"),),
        {
            "other": "the rate that was better on the second of two seeds on which rates were "
            "tried",
            "not": "the rate that was better on the second of two seeds on which rates were tried "
            "is no better in the end",
        },
    ),
    Claim(
        "Figure 1",
        "networks that always write fail with twice our budget, too",
        "none",
        (Value("cue-reward-longer-plastic", "late.plastic", "plastic"),),
        {
            "other": "within this budget, as in the paper within its own",
            "not": "some do not: the paper's failure is one of its budget",
        },
    ),
    Claim(
        "Figure 1",
        "an LSTM of as many numbers, at the same task",
        "told",
        (_late("LSTM"),),
        {"no verdict": "a control that the paper's figure does not have"},
    ),
    *(
        Claim(
            "The figure of the maze",
            f"{kind} modulation finds more goals than always writing",
            "more",
            (_maze(kind), _PLASTIC),
            _MAZE,
        )
        for kind in ("simple", "retroactive")
    ),
    *(
        Claim(
            "Table 1",
            f"{words} needs less than a plain LSTM",
            "less",
            (_text(arm), _text("LSTM")),
            _LETTERS,
        )
        for arm, words in (
            ("plastic", "a plastic path"),
            ("simple", "simple modulation"),
            ("retroactive", "retroactive modulation"),
        )
    ),
    Claim(
        "Table 1",
        "simple modulation needs less than a plastic path",
        "less",
        (_text("simple"), _text("plastic")),
        _LETTERS,
    ),
    Claim(
        "Table 1",
        "simple and retroactive modulation do not differ",
        "alike",
        (_text("retroactive"), _text("simple")),
        {
            "no verdict": "few seeds, which would show a large difference alone",
            "not": "they do here",
        },
    ),
    Claim("The large language model", "modulation needs less", "less", (), {}),
    *(
        Claim(
            "Beside the paper",
            words,
            "told",
            (Value("reward-gated", f"right.{arm}", arm),),
            {},
        )
        for arm, words in (
            ("simple", "simple modulation, which forgets"),
            ("retroactive", "retroactive modulation, which forgets"),
            ("simple, clip", "simple modulation, cut off as published"),
            ("retroactive, clip", "retroactive modulation, cut off as published"),
            ("decay", "always writing"),
            ("none", "never writing"),
        )
    ),
]
"""All claims, figure by figure."""

SETTINGS: dict[str, list[tuple[str, str, str, str]]] = {
    "Figure 1": [
        ("cues of an episode", "4", "cue-reward", "n_cues"),
        ("cues of a trial", "2", "cue-reward", "n_shown"),
        ("bits of a cue", "20", "cue-reward", "n_bits"),
        ("most blank steps among the cues of a trial", "3", "cue-reward", "blanks"),
        ("episodes in an update", "30", "cue-reward", "batch"),
        ("updates", "200,000", "cue-reward", "updates"),
        ("gradients are cut at", "2", "cue-reward", "clip_norm"),
        ("weight of the critic's error", "0.1", "cue-reward", "value_weight"),
        ("learning rate", "0.0001", "cue-reward", "rates"),
        ("runs", "10", "cue-reward", "seeds"),
    ],
    "The figure of the maze": [
        ("units", "100", "maze-modulated-simple", "n"),
        ("squares along a side", "9", "maze-modulated-simple", "size"),
        ("steps", "200", "maze-modulated-simple", "n_steps"),
        ("episodes in an update", "30", "maze-modulated-simple", "batch"),
        ("updates", "200,002", "maze-modulated-simple", "updates"),
        ("learning rate", "0.0001", "maze-modulated-simple", "lr"),
        ("discount", "0.9", "maze-modulated-simple", "gamma"),
        ("gradients are cut at", "4", "maze-modulated-simple", "clip_norm"),
        ("runs", "10", "maze-modulated-simple", "seeds"),
    ],
}
"""Settings: in words, as in the program, and where ours is in the configuration."""

PROGRAM_FAULT = (
    "In the published programs for cue and reward and for the maze, what is subtracted from the "
    "return of *every* episode of a batch is the critic's value for the first one, by a slip of an "
    "index: a fault that was met when their settings were read. A baseline that does not depend on "
    "the action leaves the mean of the gradient as it is, so that nothing learned by it is wrong; "
    "but the value of another episode takes away less noise than its own would, and may add some. "
    "Ours subtracts each episode's own value. What the slip costs there we have not measured"
)
"""What is wrong in the published programs, as far as it bears on the comparison."""
