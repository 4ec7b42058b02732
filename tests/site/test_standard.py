"""How a chapter teaches, as far as it can be measured; each rule of counting on a small notebook."""

import json
import re
from pathlib import Path

import pytest

from tools import standard

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
PAGES = [*NOTEBOOKS, *sorted((ROOT / "book").glob("*.md")), ROOT / "README.md"]
FIRST_NINE = {
    "associative-memory",
    "differentiable-plasticity",
    "fast-evaluation",
    "hebb-in-the-brain",
    "introduction",
    "learning-rules",
    "maze",
    "natural-images",
    "one-shot-learning",
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_page_teaches_by_the_standard(path):
    found = standard.findings(standard.read(path))
    if path.stem in standard.AWAITED:
        assert found, f"{path.stem} meets the standard: take it off AWAITED in tools/standard.py"
        assert found[0].rule != "kind", found[0]
    else:
        assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_page_has_three_to_five_exercises_also_where_the_rest_is_awaited(path):
    page = standard.read(path)
    if page.about["kind"] in standard.HOLDS[standard.exercises]:
        assert not list(standard.exercises(page))


def test_the_pages_that_are_awaited_are_some_of_the_first_nine():
    assert set(standard.AWAITED) <= FIRST_NINE & {path.stem for path in NOTEBOOKS}


def test_nothing_but_the_role_says_minutes_to_read():
    told = re.compile(
        r"(?:(\S+)\s+)?\bminutes?\b\W+(?:to|of|for)\s+read|minutes?[ -]read\b|read\w*\s+time", re.I
    )
    for path in PAGES:
        for block in standard.read(path).blocks:
            for hit in told.finditer(block.text):
                assert hit[1] == "**{reading}`minutes`", f"{path.name}: {hit[0]}"


def page(*cells, book=None, **about):
    """Return a page of Markdown cells (a text) and code cells (source, tag, ...)."""
    made = [
        {"cell_type": "markdown", "source": cell}
        if isinstance(cell, str)
        else {"cell_type": "code", "source": cell[0], "metadata": {"tags": list(cell[1:])}}
        for cell in cells
    ]
    notebook = {"cells": made, "metadata": {"hebbnotes": {"kind": "chapter"} | about}}
    return standard.take_apart(json.loads(json.dumps(notebook)), book or standard.BOOK)


def told(rule, *cells, **about):
    """Return what a rule finds, as text."""
    return [str(found) for found in rule(page(*cells, **about))]


EXERCISE = """```{exercise-start} Count
:label: ex-count
```
How many of 1, 2, 3, 4, 5, 6 are even?
```{exercise-end}
```

```{solution-start} ex-count
:class: dropdown
```
"""
SOLVED = "Of 1, 2, 3, 4, 5, 6 there are 3.\n```{solution-end}\n```\n"
OPEN = """```{exercise} Nobody knows
:label: ex-open
:class: open
Which? A proof would count as an answer.
```
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Of 1,000 units 0.5 or -1.1 or 1e-9 answer.", ["1,000", "0.5", "1.1", "1e-9"]),
        ("From 3 to 4 %, 20-bit, 32 x 32, 86 ± 8.", ["3", "4", "20", "32", "32", "86", "8"]),
        ("It finds {glue:text}`a` and {glue:text}`b:.2f` of them.", ["{glue}", "{glue}"]),
        ("**Bold 7** and *8*, [a link to 9](https://a.b/10), \\#11.", ["7", "8", "9", "11"]),
        ("12 at the start of a paragraph.", ["12"]),
        ("[^note]: A footnote of 13.", ["13"]),
    ],
)
def test_digits_in_running_text_and_each_glue_are_numerals(text, found):
    assert standard.numerals(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "In 1949, and in the 1980s, and from 1992 to 2018.",
        "Figure 3, Fig. 4, equation (2), Eqs. 2 and 3, exercises 4 to 6.",
        "$N = 12$ and $x_{1}$, `range(5)`, ``a 6``.",
        "{cite:p}`bliss1973long`, {measured}`maze.seconds`, {eq}`eq-2`, {term}`layer 4 <layer>`.",
        "CA3, NR2B and CIFAR-10 are names, arXiv:1804.02464v1 an address.",
        "<https://a.b/1> and https://a.b/2 and [words](https://a.b/3) and a note [^4].",
        "3. an item of a list",
        "Two hundred, three quarters.",
    ],
)
def test_what_is_no_numeral(text):
    assert standard.numerals(text) == []


def test_a_paragraph_with_five_numerals_is_named():
    four, five = "One is 1, 2, 3, 4.", "Start on these: 1, 2, 3,\n4, 5."
    found = told(standard.numerals_in_paragraphs, f"# Title\n\n{four}\n\n{five}\n\n{four}")
    assert len(found) == 1
    assert "paragraph “Start on these: 1, 2, 3, 4, …” (cell 0): 5 numerals" in found[0]
    assert "1, 2, 3, 4, 5" in found[0]
    assert not told(standard.numerals_in_paragraphs, four)
    assert not told(standard.numerals_in_paragraphs, f"* {four}\n* {four}\n1. {four}")


@pytest.mark.parametrize(
    "aside",
    [
        "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4, 5, 6 |",
        "```{list-table}\n* - 1\n  - 2, 3, 4, 5\n```",
        "$$\n1 + 2 + 3 + 4 + 5\n$$ (eq-five)",
        "\\begin{align}\n1 + 2 + 3 \\\\\n + 4 + 5\n\\end{align}",
        "```{math}\n1 + 2 + 3 + 4 + 5\n```",
        "```python\nrange(1, 2, 3, 4, 5)\n```",
        "```{figure} a.png\n:name: fig-5\n:alt: 1, 2, 3\n\nA caption of 1, 2, 3, 4, 5.\n```",
        EXERCISE + SOLVED,
        "<!-- 1, 2, 3, 4, 5 -->",
        "% 1, 2, 3, 4, 5",
        "```{admonition} Box\n:name: box-12345\n:class: note\nWords.\n```",
    ],
)
def test_tables_captions_code_formulas_and_exercises_have_no_numerals(aside):
    text = f"Words {'word ' * 96} 1, 2.\n\n{aside}\n\nWords at the end."
    assert not told(standard.numerals_in_paragraphs, text)
    assert not told(standard.numerals_in_chapter, text)
    assert told(standard.numerals_in_chapter, f"{text}\n\n1, 2, 3, 4"), "the end is text again"


def test_a_box_a_fold_and_its_title_are_running_text():
    box = "```{admonition} Box\n1, 2, 3, 4, 5\n```"
    fold = ":::{dropdown} Why not 1, 2, 3, 4 or 5?\nWords.\n:::"
    nested = f"````{{note}}\nWords.\n{box}\n````"
    for text in (box, fold, nested):
        assert len(told(standard.numerals_in_paragraphs, text)) == 1
    assert "heading “Why not" in told(standard.numerals_in_paragraphs, fold)[0]


def test_a_solution_ends_cells_after_it_began():
    cells = [EXERCISE, ("print(1)",), SOLVED + "\nText of 1, 2, 3, 4, 5."]
    found = told(standard.numerals_in_paragraphs, *cells)
    assert len(found) == 1
    assert "Text of" in found[0]
    assert [b.exercise for b in page(*cells).blocks if b.kind == "cell"] == [True]


def test_a_chapter_has_two_numerals_in_a_hundred_words():
    assert not told(standard.numerals_in_chapter, "word " * 98 + "1 2")
    assert "3.00 numerals" in told(standard.numerals_in_chapter, "word " * 97 + "1 2 3")[0]


def test_words_are_counted():
    assert standard.words("One, two: **three** $a + b$ `c d` {glue:text}`e` {term}`f g <h>`") == 8
    assert standard.words("Nothing {cite:p}`a,b` counts - here = but words — and 1.5") == 7


def test_words_to_read_leave_out_code_folds_exercises_and_captions():
    fold = ":::{dropdown} Two words\nmany words that are folded\n:::"
    figure = "```{figure} a.png\n:alt: an alt text\n\nA caption.\n```"
    table = "| one | two |\n|:---|---:|\n| three | {glue:text}`four` |"
    text = "# Title\n\nTwo words.\n\n" + "\n\n".join([fold, figure, table, "$$\na + b\n$$"])
    made = page(text, ("code = 1",), EXERCISE + SOLVED)
    assert standard.words_to_read(made) == 1 + 2 + 2 + 4


def test_a_chapter_has_words_enough_and_not_too_many():
    for count, fine in ((1999, False), (2000, True), (3500, True), (3501, False)):
        assert (not told(standard.length, "word " * count)) == fine
    for count, fine in ((599, False), (600, True), (900, True), (901, False)):
        assert (not told(standard.length, "word " * count, kind="epilogue")) == fine


def test_minutes_are_words_equations_open_cells_and_figures():
    def minutes(*cells):
        return standard.minutes(page(*cells))

    figure, formula = "```{figure} a.svg\n:alt: a\n\nA.\n```", "$$\na\n$$"
    assert minutes("word " * 1000) == 5
    assert minutes("word " * 1001) == 10
    assert minutes("word") == 5
    full = "word " * 800
    assert minutes(full, formula) == 5
    assert minutes(full, f"{formula}\n\n```{{math}}\na\n```") == 10
    assert minutes(full, ("a = 1",)) == 5
    assert minutes(full, ("a = 1",), ("a = 1",)) == 10
    assert minutes(full, f"{figure}\n\n{figure}") == 5
    assert minutes(full, f"{figure}\n\n{figure}\n\n{figure}") == 10
    closed = [("a = 1", tag) for tag in sorted(standard.CLOSED)]
    folded = f":::{{dropdown}} x\n{formula}\n\n{figure}\n:::"
    assert minutes(full, *closed, *[folded] * 9, EXERCISE + formula, ("a = 1",), SOLVED) == 5


@pytest.mark.parametrize(
    ("output", "figures"),
    [
        ({"image/png": "x"}, 1),
        ({"image/png": "x", "image/svg+xml": ["<svg/>"]}, 1),
        ({"text/html": ["<div class='moving-", "figure'>"]}, 1),
        ({"text/plain": "1"}, 0),
    ],
)
def test_figures_of_code_cells_are_counted(output, figures):
    for tag, shown in (("hide-input", figures), ("remove-input", figures), ("remove-cell", 0)):
        cell = {
            "cell_type": "code",
            "source": "draw()",
            "metadata": {"tags": [tag]},
            "outputs": [{"output_type": "display_data", "data": output}],
        }
        assert sum(b.drawn for b in standard.take_apart({"cells": [cell]}).blocks) == shown


def test_the_box_says_minutes_and_the_exercises_apart():
    box = "**{reading}`minutes` minutes** to read"
    apart = f"{box}, and as long again with the exercises."
    assert not told(standard.minutes_told, apart, EXERCISE + SOLVED)
    assert not told(standard.minutes_told, f"{box}.")
    assert told(standard.minutes_told, f"{box}.", EXERCISE + SOLVED)
    assert told(standard.minutes_told, "Ten minutes.")
    assert told(standard.minutes_told, apart, apart)


def test_a_parenthesis_has_at_most_twenty_words():
    for count, fine in ((20, True), (21, False)):
        inside = "word " * (count - 1) + "$a (b) c$"
        for text in (
            f"A text ({inside}) of words.",
            f"(Nested ({inside[5:]}))",
            EXERCISE + f"({inside})",
        ):
            assert (not told(standard.parentheses, text)) == fine, text
    assert "a parenthesis of 30 words" in told(standard.parentheses, f"A ({'word ' * 30}).")[0]
    assert not told(standard.parentheses, f"[{'word ' * 30}](a.md) a) {'word ' * 30} b) c")
    assert not told(standard.parentheses, f"(one) {'word ' * 30} (two")


def test_the_first_open_cell_is_short_and_plain():
    long, short = "\n".join(["a = 1"] * 9), "\n".join(["a = 1"] * 8)
    assert not told(standard.first_cell, (short,), (long,))
    assert not told(standard.first_cell, (long, "hide-input"), (long, "remove-cell"), (short,))
    found = told(standard.first_cell, "Text.", (long, "remove-output"))
    assert "cell 1 `a = 1`: 9 lines" in found[0]
    for knot in (
        "[[b for b in a] for a in c]",
        "[b for a in c for b in a]",
        "run(a)[0][-1]",
        "run(a, **options)",
    ):
        assert told(standard.first_cell, (knot,)), knot
    assert not told(standard.first_cell, ("[a[0] for a in c], b[0, -1], 2**3",))


def test_a_cell_that_only_sets_up_is_folded_and_not_the_first():
    setup = "import torch\nfrom hebbnotes import figures as fig\n%pip install x\nfig.use_style()"
    found = told(standard.first_cell, (setup,), ("\n".join(["a = 1"] * 9),))
    assert ["only sets up" in one for one in found] == [True, False]
    assert not told(standard.first_cell, (setup, "hide-input"))


def test_code_that_is_shown_has_at_most_twelve_lines():
    for count, fine in ((12, True), (13, False)):
        code = "\n".join(["a = 1"] * count)
        assert (not told(standard.cells, (code,))) == fine
        assert (not told(standard.cells, EXERCISE, (code,), SOLVED)) == fine
        assert not told(standard.cells, (code, "hide-input"))


IMPORTS = """import matplotlib.pyplot as plt
from hebbnotes import figures as fig, tasks
from hebbnotes.figures import MovingFigure
from hebbnotes.chapters.maze import frames, checks
fig.use_style()"""


@pytest.mark.parametrize(
    "code",
    [
        "plt.plot([1])",
        "frames.completion(1)",
        "a = tasks.sample()\nMovingFigure([a])",
        "fig.show(tasks.sample())",
        "_, (left, right) = plt.subplots(1, 2)\nleft.set(title='a')",
        "for ax in axes:\n    ax.plot(1)",
        "axes[0].figure.legend()",
        "draw(3)",
    ],
)
def test_plotting_code_is_not_open(code):
    before = "_, axes = plt.subplots(2)\ndef draw(x):\n    plt.plot(x)"
    cells = (IMPORTS, "hide-input"), (before, "hide-input")
    assert told(standard.plots, *cells, (code,))
    assert not told(standard.plots, *cells, (code, "hide-input"))
    assert not told(standard.plots, *cells, EXERCISE, (code,), SOLVED)


def test_code_that_does_not_plot_may_be_open():
    code = """axes = [0, 1]
axes.append(2)
checks.local(tasks.sample())
fig.glue("a", "1")
colour = fig.BLUE"""
    assert not told(standard.plots, (IMPORTS,), ("_, axes = plt.subplots()", "hide-input"), (code,))


def test_the_key_sentence_stands_in_the_first_two_hundred_words():
    key = "A network that *writes* remembers $N$ things."
    for before, fine in ((192, True), (193, True), (194, False)):
        text = (
            f"# T\n\n{'word ' * (before - 1)}\n\nA **network** that writes\nremembers $N$ things."
        )
        assert (not told(standard.key, text, key=key)) == fine
    assert "no key sentence" in told(standard.key, key)[0]
    assert "is not in the text" in told(standard.key, "Other words.", key=key)[0]
    assert "is not in" in told(standard.key, f":::{{dropdown}} x\n{key}\n:::", key=key)[0]


def test_words_of_both_fields_stand_in_the_text_and_the_glossary(tmp_path):
    (tmp_path / "glossary.md").write_text(
        "# Glossary\n\nbasin\n\n```{glossary}\n:sorted:\n\nattractor\n  A state.\n\ntrace\n  A record.\n```\n"
    )
    text = "{term}`Attractors <attractor>` and a {term}`trace`, {term}`basin`."
    assert not told(standard.called, text, book=tmp_path, called=["attractor", "trace"])
    assert "1 standard words" in told(standard.called, text, book=tmp_path, called=["trace"])[0]
    found = told(standard.called, text, book=tmp_path, called=["attractor", "basin"])
    assert len(found) == 1
    assert "“basin” is not in book/glossary.md" in found[0]
    found = told(
        standard.called, "attractor {term}`trace`", book=tmp_path, called=["attractor", "trace"]
    )
    assert len(found) == 1
    assert "“attractor” is not in the text" in found[0]


def test_a_diagram_is_drawn_by_a_program(tmp_path):
    book = tmp_path / "book"
    for name in ("synapse", "by-hand", "hippocampus"):
        (book / "_static" / "live").mkdir(parents=True, exist_ok=True)
        (book / "_static" / f"{name}.svg").touch()
    (book / "_static" / "live" / "synapse.svg").touch()
    (tmp_path / "tools" / "drawings").mkdir(parents=True)
    (tmp_path / "tools" / "drawings" / "all.py").write_text(
        'FILES = {"synapse": 1, "by-hand-2": 2}'
    )

    def found(name):
        return told(
            standard.diagram, f"```{{figure}} _static/{name}\n:alt: a\n\nA.\n```", book=book
        )

    assert not found("synapse.svg")
    assert "no program in tools/ names by-hand" in found("by-hand.svg")[0]
    assert "is not there" in found("gone.svg")[0]
    for none in ("hippocampus.svg", "live/synapse.svg", "synapse.png"):
        assert "no drawn diagram" in found(none)[0]


def test_there_are_three_to_five_exercises_and_all_but_an_open_one_are_solved():
    solved = EXERCISE + SOLVED
    for count, fine in ((2, False), (3, True), (5, True), (6, False)):
        assert (not told(standard.exercises, *[solved] * (count - 1), OPEN)) == fine
    unsolved = OPEN.replace(":class: open\n", "")
    assert (
        "“Nobody knows”: has no solution" in told(standard.exercises, solved, solved, unsolved)[0]
    )


def test_the_last_exercise_is_open_and_says_what_would_count():
    solved = EXERCISE + SOLVED
    assert not told(standard.open_exercise, solved, OPEN)
    gated = EXERCISE.partition("```{solution")[0].replace(":label:", ":class: open\n:label:")
    parts = gated.split("How many")
    split = parts[0], ("a = 1",), "What would count as an answer?\n" + parts[1]
    assert not told(standard.open_exercise, solved, *split)
    assert told(standard.open_exercise, OPEN, solved)
    assert told(standard.open_exercise, OPEN, OPEN)
    assert told(standard.open_exercise, "No exercise.")
    vague = OPEN.replace("count as an answer", "be fine")
    assert "count as an answer" in told(standard.open_exercise, vague + "count as an answer")[0]


@pytest.mark.parametrize("title", ["Limits", "What did the biology buy?"])
def test_the_boxes_are_there(title):
    rule = {"Limits": standard.limits}.get(title, standard.biology)
    assert not told(rule, f"```{{admonition}} {title}\n:class: note\nNothing.\n```")
    assert not told(rule, f":::{{admonition}} **{title}**\nNothing.\n:::")
    for none in (f"## {title}", f"**{title}**", f":::{{dropdown}} {title}\nNothing.\n:::"):
        assert title in told(rule, none)[0]
    folded = f"```{{admonition}} {title}\n:class: dropdown\nNothing.\n```"
    assert told(rule, folded), "the box is open"


def test_the_live_model_can_be_asked_for():
    assert told(standard.live, "None.")
    assert not told(standard.live, "```{live-model} maze\n```")


def test_each_open_problem_of_an_epilogue_says_what_would_count():
    head, good = "## Open problems\n\n", "* Why? *What would count:* a proof.\n"
    assert not told(standard.open_problems, head + 3 * good)
    assert not told(standard.open_problems, head + 7 * good + "\n## More\n\n* an item\n")
    assert "2 open problems, 3 to 7 are asked" in told(standard.open_problems, head + 2 * good)[0]
    assert "8 open problems" in told(standard.open_problems, head + 8 * good)[0]
    assert "0 open problems" in told(standard.open_problems, 5 * good)[0]
    (found,) = told(standard.open_problems, head + 3 * good + "* Why not?\n")
    assert "“Why not? …”" in found
    assert "would count" in found


def test_each_kind_of_page_has_its_rules():
    rules = {
        kind: [r for r, kinds in standard.HOLDS.items() if kind in kinds] for kind in standard.ALL
    }
    own = {standard.open_problems}
    assert set(rules["epilogue"]) - own < set(rules["sequel"]) < set(rules["chapter"])
    assert own < set(rules["epilogue"])
    assert standard.biology not in rules["sequel"]
    assert set(rules["chapter"]) == set(standard.HOLDS) - own
    for kind in (None, "poem"):
        assert [one.rule for one in standard.findings(page("Text.", kind=kind))] == ["kind"]


def test_findings_are_printed_for_authors(tmp_path, monkeypatch, capsys):
    notebook = {"cells": [], "metadata": {"hebbnotes": {"kind": "chapter"}}}
    (tmp_path / "empty.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "glossary.md").write_text("")
    monkeypatch.setattr(standard, "BOOK", tmp_path)
    assert standard.main(["empty"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("empty: 0 words, 5 minutes, 0.0 numerals in 100 words, 0 lines")
    assert "  words: chapter: 0 words, 2,000 to 3,500 are asked\n" in printed
    with pytest.raises(SystemExit, match="no notebook is named gone: there are empty"):
        standard.main(["gone"])
