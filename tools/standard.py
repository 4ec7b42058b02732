"""What can be measured of how a chapter teaches: ``python -m tools.standard NAME...`` prints what
fails, and names the paragraph or the cell.

``LIMITS`` and what stands above it say how much, ``HOLDS`` which rule holds for which kind of page,
``AWAITED`` which pages were not brought to the standard yet. How things are counted stands in the
docstrings of ``numerals``, ``words`` and ``minutes``; what an author writes for a rule in the
docstring of its function.
"""

import ast
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
WORDS = {"chapter": (2000, 3500), "sequel": (2000, 3500), "epilogue": (600, 900)}
EXERCISES = 3, 5
PROBLEMS = 3, 7
LIMITS = {
    "numerals": 4,  # in a paragraph
    "density": 2,  # numerals in 100 words
    "parenthesis": 20,  # words
    "first cell": 8,  # lines
    "cell": 12,  # lines
    "key": 200,  # words from the top
    "called": 2,  # standard words, at least
}
AWAITED: list[str] = []  # not brought to the standard yet: this list may only shrink
MAPS = {"hippocampus.svg"}  # shows a place, not a mechanism

EXERCISE = {"exercise", "solution"}
FOLD = {"dropdown", "toggle", "predict"}
CAPTION = {"figure", "image", "glue:figure", "live-model"}
TABLE = {"csv-table", "list-table"}
TITLED = {"admonition", "card", "dropdown", "predict", "sidebar", "tab-item", "topic"}
CODE = {"code", "code-block", "code-cell", "literalinclude", "math", "raw", ""}
CLOSED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
UNSEEN = {"hide-output", "hide-cell", "remove-output", "remove-cell"}
FENCE = re.compile(r"\s*(`{3,}|:{3,}|~{3,})\s*(?:\{([\w:.-]+)\})?\s*(.*)$")
ITEM = re.compile(r"\A\s*(?:[-*+]|\d+[.)])\s+")
AMS = re.compile(r"\s*\\begin\{((?:equation|align|gather|multline|eqnarray)\*?)\}")
FOOTNOTE = re.compile(r"\[\^[^\]]+\]:")
SKIPPED = re.compile(r"\+\+\+|%|-{3,}$|\([\w-]+\)=$")  # breaks, comments, labels
DRAWING = re.compile(r"matplotlib|hebbnotes\.figures\b|(?:.*\.)?frames\b")
GLUED, WORD = "\ue000", "\ue001"  # stand for a glued number, and for a formula or code
NUMERAL = re.compile(r"(?<![^\W_])(?<![A-Z]-)\d+(?:[.,]\d+)*(?:e[-+]?\d+)?|" + GLUED)
YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
NUMBERED = re.compile(
    r"\b(?:fig(?:ure)?s?|eq(?:uation)?s?|exercises?)\b\.?\s*\(?\d[\d.]*\)?"
    r"(?:\s*(?:,|and|or|to|[-–])\s*\(?\d[\d.]*\)?)*",
    re.I,
)


class Block(NamedTuple):
    """A piece of a page.

    Its kind is "heading", "text", "table", "formula", "caption", "code" (in Markdown), "cell" (of
    code) or "directive".
    """

    kind: str
    text: str  # of a directive: its argument
    cell: int
    within: tuple[str, ...] = ()  # names of directives around it, the outermost first
    name: str = ""  # of a directive
    options: Mapping[str, str] = MappingProxyType({})
    tags: frozenset[str] = frozenset()  # of a code cell
    drawn: bool = False  # a code cell that shows a figure

    @property
    def exercise(self) -> bool:
        """Whether it belongs to an exercise or a solution."""
        return bool(EXERCISE & set(self.within)) or self.name in EXERCISE

    @property
    def folded(self) -> bool:
        """Whether a reader has to open something to see it."""
        return bool(FOLD & set(self.within))

    @property
    def open(self) -> bool:
        """Whether it is a code cell whose input is open on the page."""
        aside = self.exercise or self.folded
        return self.kind == "cell" and not aside and not self.tags & CLOSED


class Finding(NamedTuple):
    """What fails: the rule, the paragraph's first words or the cell, and what is wrong there."""

    rule: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.where}: {self.what}"


class Page(NamedTuple):
    """A notebook, taken apart."""

    blocks: list[Block]
    about: dict[str, Any]  # the metadata "hebbnotes"
    book: Path = BOOK

    def prose(self, exercises: bool = False, folds: bool = True) -> list[Block]:
        """Return the running text: paragraphs, items of lists, headings and footnotes."""
        return [
            b
            for b in self.blocks
            if b.kind in ("text", "heading")
            and (exercises or not b.exercise)
            and (folds or not b.folded)
        ]

    def directives(self, *names: str) -> list[Block]:
        """Return the directives of these names."""
        return [b for b in self.blocks if b.kind == "directive" and b.name in names]


def read(path: Path) -> Page:
    """Read a notebook, or a Markdown file as a notebook of one cell."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        return take_apart(json.loads(text), path.parent)
    return take_apart({"cells": [{"cell_type": "markdown", "source": text}]}, path.parent)


def take_apart(notebook: dict[str, Any], book: Path = BOOK) -> Page:
    """Take a notebook's JSON apart; exercises and solutions may reach over several cells."""
    blocks: list[Block] = []
    gated: list[str] = []
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            _Reader(source, number, gated, blocks).read()
        elif cell["cell_type"] == "code":
            blocks += _code(cell, source, number, tuple(gated))
    return Page(blocks, notebook.get("metadata", {}).get("hebbnotes", {}), book)


def _code(cell: dict[str, Any], source: str, number: int, within: tuple[str, ...]) -> list[Block]:
    """Return a code cell, and the caption of its figure."""
    about = cell.get("metadata", {})
    tags = frozenset(about.get("tags", []))
    figure = about.get("mystnb", {}).get("figure", {})
    shown = [output.get("data", {}) for output in cell.get("outputs", [])]
    drawn = not tags & UNSEEN and (
        bool(figure)
        or any(
            {"image/png", "image/svg+xml"} & set(data)
            or "moving-figure" in "".join(data.get("text/html", ""))
            for data in shown
        )
    )
    blocks = [Block("cell", source, number, within, tags=tags, drawn=drawn)]
    if figure.get("caption"):
        blocks.append(Block("caption", figure["caption"], number, within))
    return blocks


class _Reader:
    """Take one Markdown cell apart; ``gated`` holds what earlier cells opened and did not close."""

    def __init__(self, source: str, cell: int, gated: list[str], blocks: list[Block]) -> None:
        self.lines, self.at = source.splitlines(), 0
        self.cell, self.gated, self.blocks = cell, gated, blocks
        self.stack: list[tuple[str, str]] = []  # the mark that closes it, the directive's name
        self.paragraph = ""

    def read(self) -> None:
        """Append the blocks of the cell."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            stripped = line.strip()
            if fence := FENCE.match(line):
                self.flush()
                self.fence(fence)
            elif stripped.startswith("$$"):
                self.take("formula", lambda text: text.count("$$") >= 2)
            elif ams := AMS.match(line):
                self.take("formula", re.compile(rf".*\\end{{{re.escape(ams[1])}}}", re.S).match)
            elif stripped.startswith("|"):
                self.take("table", lambda _: not self.next().startswith("|"))
            elif re.match(r"#{1,6} ", stripped):
                self.take("heading", lambda _: True)
            elif not stripped or SKIPPED.match(stripped):
                self.flush()
                self.at += 1
            else:
                if ITEM.match(line) or FOOTNOTE.match(stripped):
                    self.flush()
                self.paragraph += line + "\n"
                self.at += 1
        self.flush()

    def next(self) -> str:
        """Return the line to read next."""
        return self.lines[self.at].strip() if self.at < len(self.lines) else ""

    def take(self, kind: str, whole: Callable[[str], object]) -> None:
        """Take lines as one block until it is whole."""
        self.flush()
        text, self.at = self.lines[self.at], self.at + 1
        while self.at < len(self.lines) and not whole(text):
            text, self.at = f"{text}\n{self.lines[self.at]}", self.at + 1
        self.add(kind, text.lstrip("# ") if kind == "heading" else text)

    def add(self, kind: str, text: str, **more: Any) -> None:
        """Append a block."""
        within = (*self.gated, *(name for _, name in self.stack))
        self.blocks.append(Block(kind, text, self.cell, within, **more))

    def flush(self) -> None:
        """End a paragraph."""
        if self.paragraph.strip():
            around = {name for _, name in self.stack}
            kind = "caption" if CAPTION & around else "table" if TABLE & around else "text"
            self.add(kind, self.paragraph)
        self.paragraph = ""

    def fence(self, found: re.Match[str]) -> None:
        """Open a directive or a piece of code, or close the innermost directive."""
        mark, name, argument = found[1], found[2] or "", found[3].strip()
        self.at += 1
        if self.stack and not name and not argument and mark.startswith(self.stack[-1][0]):
            self.stack.pop()
            return
        options: dict[str, str] = {}
        while option := re.match(r":([\w-]+):\s*(.*)$", self.next()):
            options[option[1]] = option[2].strip()
            self.at += 1
        gate, _, edge = name.partition("-")
        if gate in EXERCISE and edge == "start":
            self.body(mark)
            self.add("directive", argument, name=gate, options=options)
            self.gated.append(gate)
        elif gate in EXERCISE and edge == "end":
            self.body(mark)
            if gate in self.gated:
                self.gated.remove(gate)
        elif name in CODE:
            self.add("formula" if name == "math" else "code", self.body(mark))
        else:
            self.add("directive", argument, name=name, options=options)
            if name in TITLED and argument:
                self.add("heading", argument)
            folded = FOLD & set(options.get("class", "").split())
            self.stack.append((mark, "dropdown" if folded else name))

    def body(self, mark: str) -> str:
        """Return what stands before the closing mark, and go on after it."""
        closing = re.compile(rf"{re.escape(mark)}{mark[0]}*")
        start = self.at
        while self.at < len(self.lines) and not closing.fullmatch(self.next()):
            self.at += 1
        self.at += 1
        return "\n".join(self.lines[start : self.at - 1])


def plain(text: str) -> str:
    """Return a paragraph as a reader hears it, with one mark for each glued number, formula and
    piece of code, without citations, addresses and the marks of Markdown.
    """

    def role(match: re.Match[str]) -> str:
        name, shown = match[1], match[3]
        if name.startswith("glue"):
            return GLUED
        if name.startswith("cite"):
            return ""
        if name in ("measured", "reading", "math", "code"):
            return WORD
        return re.sub(r"\d", WORD, re.sub(r"\s*<[^<>]*>$", "", shown))

    text = ITEM.sub("", text, count=1)
    text = re.sub(r"^\s*\[\^[^\]]+\]:|\[\^[^\]]+\]|<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r"\{([\w:.+-]+)\}(`+)(.+?)\2", role, text, flags=re.S)
    text = re.sub(r"(`+).+?\1", WORD, text, flags=re.S)
    text = re.sub(r"(?<!\\)\$(?:\\.|[^$\\])+\$", WORD, text)
    text = re.sub(r"!?\[([^\]]*)\](?:\([^)]*\)|\{[.#][^}]*\})", r"\1", text)
    text = re.sub(r"<https?:[^>]*>|https?:\S+|\b(?:arXiv|doi):\S+|</?\w[^>]*>", " ", text)
    return " ".join(re.sub(r"^\s*>+|[*_]|\\(?=\W)", "", text, flags=re.M).split())


def words(text: str) -> int:
    """Count words: a formula, a piece of code, a glued number and a role are one each; a citation
    and a lone mark are none.
    """
    return sum(bool(re.search(rf"[\w{GLUED}{WORD}]", word)) for word in plain(text).split())


def numerals(text: str) -> list[str]:
    """Return the numerals of a paragraph.

    Digits of running text count, and each glued number. Formulas, code, citations, other roles, a
    year (four digits without a comma, 1500 to 2099), the number of a figure, an equation or an
    exercise, the number of an item of a list, and digits that belong to a name (CA3, CIFAR-10) do
    not.
    """
    found = [m[0] for m in NUMERAL.finditer(NUMBERED.sub("", plain(text)))]
    return ["{glue}" if one == GLUED else one for one in found if not YEAR.fullmatch(one)]


def where(block: Block) -> str:
    """Name a paragraph by its first words, a code cell by its number and first line."""
    if block.kind == "cell":
        return f"cell {block.cell} `{block.text.partition(chr(10))[0][:60]}`"
    first = " ".join(plain(block.text).replace(GLUED, "#").replace(WORD, "…").split()[:7])
    return f"{block.kind if block.kind != 'text' else 'paragraph'} “{first} …” (cell {block.cell})"


def numerals_in_paragraphs(page: Page) -> Iterable[Finding]:
    """At most four numerals in a paragraph, an item of a list, or a footnote."""
    for block in page.prose():
        found = numerals(block.text)
        if len(found) > LIMITS["numerals"]:
            what = f"{len(found)} numerals ({', '.join(found)}), at most {LIMITS['numerals']}"
            yield Finding("numerals", where(block), what)


def numerals_in_chapter(page: Page) -> Iterable[Finding]:
    """At most two numerals in 100 words of running text, folds among it, exercises not."""
    value = density(page)
    if value > LIMITS["density"]:
        most = LIMITS["density"]
        yield Finding("density", "chapter", f"{value:.2f} numerals in 100 words, at most {most}")


def density(page: Page) -> float:
    """Return the numerals in 100 words of running text, folds among it, exercises not."""
    text = page.prose()
    count = sum(words(b.text) for b in text)
    return 100 * sum(len(numerals(b.text)) for b in text) / max(count, 1)


def parentheses(page: Page) -> Iterable[Finding]:
    """No parenthesis above twenty words: running text, exercises and captions."""
    captions = [b for b in page.blocks if b.kind == "caption"]
    for block in [*page.prose(exercises=True), *captions]:
        depth, start, text = 0, 0, plain(block.text)
        for at, mark in enumerate(text):
            if mark == "(":
                depth, start = depth + 1, start if depth else at
            elif mark == ")" and depth:
                depth -= 1
                count = words(text[start + 1 : at])
                if not depth and count > LIMITS["parenthesis"]:
                    what = f"a parenthesis of {count} words, at most {LIMITS['parenthesis']}"
                    yield Finding("parentheses", where(block), what)


def first_cell(page: Page) -> Iterable[Finding]:
    """Ask for at most eight plain lines in the first code cell that is open on the page: no
    comprehension inside another, no index of an index, no ``**options``. A cell that only imports
    and sets up is not counted, and folded.
    """
    shown = [b for b in page.blocks if b.open]
    for block in shown:
        if sets_up(block.text):
            yield Finding("first cell", where(block), "only sets up: tag it hide-input")
    for block in [b for b in shown if not sets_up(b.text)][:1]:
        if (count := len(block.text.splitlines())) > LIMITS["first cell"]:
            what = f"{count} lines in the first open cell, at most {LIMITS['first cell']}"
            yield Finding("first cell", where(block), what)
        for what in sorted(_knots(block.text)):
            yield Finding("first cell", where(block), f"{what} in the first open cell")


def sets_up(source: str) -> bool:
    """Return whether a cell does nothing but import and choose a style."""
    return all(
        isinstance(node, ast.Import | ast.ImportFrom) or "use_style" in ast.unparse(node)
        for node in _parsed(source).body
    )


def _knots(source: str) -> set[str]:
    """Return what makes a cell hard to read for a beginner."""
    loops = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    found = set()
    for node in ast.walk(_parsed(source)):
        if isinstance(node, loops):
            inner = [one for one in ast.walk(node) if isinstance(one, loops)]
            if len(inner) > 1 or len(node.generators) > 1:
                found.add("a comprehension inside another")
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript):
            found.add("an index of an index")
        if isinstance(node, ast.Call) and any(k.arg is None for k in node.keywords):
            found.add("**options")
    return found


def _parsed(source: str) -> ast.Module:
    """Parse a cell without its magic commands."""
    return ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M))


def cells(page: Page) -> Iterable[Finding]:
    """Code that is open on the page has at most twelve lines a cell; so have solutions."""
    for block in page.blocks:
        shown = block.kind == "cell" and (block.open or block.exercise)
        if shown and (count := len(block.text.splitlines())) > LIMITS["cell"]:
            yield Finding("cells", where(block), f"{count} lines, at most {LIMITS['cell']}")


def plots(page: Page) -> Iterable[Finding]:
    """No plotting code is open: a cell that calls matplotlib, ``figures`` or a chapter's ``frames``
    has the tag hide-input or remove-input (``glue`` and ``use_style`` draw nothing).
    """
    roots: set[str] = set()
    for block in page.blocks:
        if block.kind == "cell" and not block.exercise:
            tree = _parsed(block.text)
            _follow(tree, roots)
            if block.open and (calls := _draws(tree, roots)):
                what = f"calls {', '.join(sorted(calls))} open on the page: tag it hide-input"
                yield Finding("plots", where(block), what)


def _follow(tree: ast.Module, roots: set[str]) -> None:
    """Update the names by which a notebook draws: modules, functions of its own, and what a drawing
    call returns, such as axes.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            roots |= {
                (alias.asname or alias.name).partition(".")[0]
                for alias in node.names
                if DRAWING.match(f"{module}.{alias.name}".strip("."))
            }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and _draws(node, roots):
            roots.add(node.name)
        elif isinstance(node, ast.Assign):
            names = {name for target in node.targets for name in _names(target)} - {"_"}
            if _draws(node.value, roots):
                roots |= names
            elif not _names(node.value) & roots:
                roots -= names  # the name means something else now
        elif isinstance(node, ast.For | ast.comprehension) and _names(node.iter) & roots:
            roots |= {name for name in _names(node.target) if name.startswith("ax")}


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _draws(tree: ast.AST, roots: set[str]) -> set[str]:
    """Return the drawing functions that an expression calls."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            root = node.func
            while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
                root = root.func if isinstance(root, ast.Call) else root.value
            drawing = isinstance(root, ast.Name) and root.id in roots
            if drawing and name.rpartition(".")[2] not in ("glue", "use_style"):
                found.add(name)
    return found


def length(page: Page) -> Iterable[Finding]:
    """Words outside code, folds, exercises and solutions: 2,000 to 3,500 in a chapter."""
    low, high = WORDS[page.about.get("kind", "chapter")]
    if not low <= (count := words_to_read(page)) <= high:
        yield Finding("words", "chapter", f"{count:,} words, {low:,} to {high:,} are asked")


def words_to_read(page: Page) -> int:
    """Count the words outside code, folds, exercises and solutions: text and tables, without
    captions, which belong to the half minute of their figure.
    """
    tables = [b for b in page.blocks if b.kind == "table" and not b.exercise and not b.folded]
    text = [re.sub(r"[|]|(?<=\|)\s*:?-+:?\s*(?=\|)", " ", b.text) for b in tables]
    return sum(words(t) for t in [b.text for b in page.prose(folds=False)] + text)


def minutes(page: Page) -> int:
    """Return the minutes to read a page: its words / 200, 1 for each displayed equation, 1 for each
    code cell that is open on the page, and .5 for each figure, rounded up to 5. Folds, exercises
    and solutions are not counted.
    """
    seen = [b for b in page.blocks if not b.exercise and not b.folded]
    formulas = sum(b.kind == "formula" for b in seen)
    shown = sum(b.open for b in seen)
    figures = sum(b.drawn for b in seen)
    figures += sum(b.kind == "directive" and b.name in CAPTION for b in seen)
    return 5 * max(1, math.ceil((words_to_read(page) / 200 + formulas + shown + figures / 2) / 5))


def minutes_told(page: Page) -> Iterable[Finding]:
    """Ask for "{reading}`minutes`", once, and for the exercises apart: "and as long again with the
    exercises".
    """
    told = [b for b in page.prose() if "{reading}`" in b.text]
    if len(told) != 1:
        yield Finding("minutes", "chapter", f"{len(told)} times {{reading}}, once is asked")
    elif page.directives("exercise") and "as long again with the exercises" not in plain(
        told[0].text
    ):
        what = 'say "and as long again with the exercises"'
        yield Finding("minutes", where(told[0]), what)


def key(page: Page) -> Iterable[Finding]:
    """Ask for the sentence that the chapter proves in the metadata, "hebbnotes": {"key": "..."},
    and in the same words within the first 200 words of the text.
    """
    sentence = plain(page.about.get("key", ""))
    if not sentence:
        yield Finding("key", "metadata", 'no key sentence: "hebbnotes": {"key": "..."}')
        return
    text = " ".join(plain(b.text) for b in page.prose(folds=False))
    before, found, _ = text.partition(sentence)
    if not found:
        yield Finding("key", "metadata", f"“{sentence}” is not in the text")
    elif (end := len((before + found).split())) > LIMITS["key"]:
        what = f"the key sentence ends at word {end}, not within {LIMITS['key']}"
        yield Finding("key", "chapter", what)


def called(page: Page) -> Iterable[Finding]:
    """Ask for the standard words of both fields that the chapter gives, at least two, in the
    metadata, "hebbnotes": {"called": ["attractor", ...]}, and for each in the text, as
    {term}`attractor` or {term}`attractors <attractor>`, and in the glossary.
    """
    asked = page.about.get("called", [])
    if len(asked) < LIMITS["called"]:
        what = f'{len(asked)} standard words, at least {LIMITS["called"]}: "called": ["..."]'
        yield Finding("called", "metadata", what)
    text = " ".join(b.text for b in page.prose())
    used = {
        " ".join((hit[1] or hit[0]).split())
        for hit in re.findall(r"\{term\}`([^`<]+?)\s*(?:<([^`>]+)>)?`", text)
    }
    known = glossary(page.book)
    for word in asked:
        if word not in used:
            yield Finding("called", "metadata", f"“{word}” is not in the text: {{term}}`{word}`")
        if word not in known:
            yield Finding("called", "metadata", f"“{word}” is not in book/glossary.md")


def glossary(book: Path) -> set[str]:
    """Return the terms that the glossary explains."""
    text = (book / "glossary.md").read_text(encoding="utf-8")
    inside = re.search(r"```\{glossary\}\n(.*?)^```", text, re.S | re.M)
    return {line.strip() for line in re.findall(r"^[^\s:].*$", inside[1] if inside else "", re.M)}


def diagram(page: Page) -> Iterable[Finding]:
    """Ask for a drawn diagram: an SVG of book/_static, made by a program of tools/, which
    names it. The stills of live models (``_static/live``) and ``MAPS`` are not counted.
    """
    shown = {
        Path(b.text).name
        for b in page.directives("figure", "image")
        if b.text.endswith(".svg") and "live" not in Path(b.text).parts and not b.exercise
    } - MAPS
    if not shown:
        yield Finding("diagram", "chapter", "no drawn diagram: {figure} _static/NAME.svg")
    programs = "".join(
        path.read_text(encoding="utf-8")
        for path in (page.book.parent / "tools").rglob("*.py")
        if path.name != Path(__file__).name
    )
    for name in sorted(shown):
        if not (page.book / "_static" / name).exists():
            yield Finding("diagram", "chapter", f"book/_static/{name} is not there")
        elif not re.search(rf"[\"'/]{re.escape(name[:-4])}(?:\.svg)?\b(?!-)", programs):
            yield Finding("diagram", "chapter", f"no program in tools/ names {name[:-4]}")


def exercises(page: Page) -> Iterable[Finding]:
    """Three to five exercises, each but an open one with a solution."""
    asked, (low, high) = page.directives("exercise"), EXERCISES
    if not low <= len(asked) <= high:
        yield Finding("exercises", "chapter", f"{len(asked)} exercises, {low} to {high} are asked")
    solved = {b.text for b in page.directives("solution")}
    for one in asked:
        if not _is_open(one) and one.options.get("label") not in solved:
            yield Finding("exercises", f"exercise “{one.text}”", "has no solution")


def _is_open(exercise: Block) -> bool:
    return "open" in exercise.options.get("class", "").split()


def open_exercise(page: Page) -> Iterable[Finding]:
    """Ask for ":class: open" in the last exercise, and what would "count as an answer" to it."""
    asked = page.directives("exercise")
    if not asked or not _is_open(asked[-1]):
        last = f"exercise “{asked[-1].text}”" if asked else "chapter"
        yield Finding("open exercise", last, "the last exercise is not open: :class: open")
        return
    for one in asked[:-1]:
        if _is_open(one):
            yield Finding("open exercise", f"exercise “{one.text}”", "open, and not the last")
    after = page.blocks[page.blocks.index(asked[-1]) + 1 :]
    text = " ".join(plain(b.text) for b in after if "exercise" in b.within)
    if "count as an answer" not in text:
        what = 'does not say what would "count as an answer"'
        yield Finding("open exercise", f"exercise “{asked[-1].text}”", what)


def open_problems(page: Page) -> Iterable[Finding]:
    """Ask for three to seven open problems, items of a list below "Open problems", each of which
    says what "would count" as an answer to it.
    """
    items, below = [], False
    for block in page.prose():
        if block.kind == "heading":
            below = plain(block.text) == "Open problems"
        elif below and ITEM.match(block.text):
            items.append(block)
    low, high = PROBLEMS
    if not low <= len(items) <= high:
        what = f"{len(items)} open problems, {low} to {high} are asked"
        yield Finding("open problems", "chapter", what)
    for block in items:
        if "would count" not in plain(block.text):
            yield Finding("open problems", where(block), 'does not say what "would count"')


def _box(title: str) -> Callable[[Page], Iterable[Finding]]:
    def box(page: Page) -> Iterable[Finding]:
        boxes = [b for b in page.directives("admonition") if not b.exercise and not b.folded]
        folds = [b for b in boxes if FOLD & set(b.options.get("class", "").split())]
        if title not in {plain(b.text) for b in boxes if b not in folds}:
            yield Finding("box", "chapter", f"no box “{title}”: {{admonition}} {title}")

    box.__doc__ = f"An open box, ``{{admonition}} {title}``."
    return box


limits = _box("Limits")
biology = _box("What did the biology buy?")


def live(page: Page) -> Iterable[Finding]:
    """Ask for a live model in the page: the directive {live-model}."""
    if not page.directives("live-model"):
        yield Finding("live", "chapter", "no live model: {live-model} NAME")


ALL = ("chapter", "sequel", "epilogue")
HOLDS: dict[Callable[[Page], Iterable[Finding]], tuple[str, ...]] = {  # rule: kinds of pages
    numerals_in_paragraphs: ALL,
    numerals_in_chapter: ("chapter", "sequel"),  # the epilogue is a ledger
    parentheses: ALL,
    first_cell: ALL,
    cells: ALL,
    plots: ALL,
    length: ALL,
    minutes_told: ALL,
    key: ALL,
    called: ("chapter", "sequel"),  # the epilogue has no new ideas
    diagram: ("chapter", "sequel"),
    exercises: ("chapter", "sequel"),
    open_exercise: ("chapter", "sequel"),
    open_problems: ("epilogue",),
    limits: ("chapter", "sequel"),
    biology: ("chapter",),  # a sequel is technical, the epilogue collects the boxes
    live: ("chapter", "sequel"),
}


def findings(page: Page) -> list[Finding]:
    """Return all that fails on a page, by the rules for its kind."""
    kind = page.about.get("kind")
    if kind not in ALL:
        what = f'"hebbnotes": {{"kind": {kind!r}}} is none of {", ".join(ALL)}'
        return [Finding("kind", "metadata", what)]
    return [found for rule, kinds in HOLDS.items() if kind in kinds for found in rule(page)]


def main(names: list[str]) -> int:
    """Print what fails on the named pages, or on all."""
    paths = {path.stem: path for path in sorted(BOOK.glob("*.ipynb"))}
    if unknown := set(names) - set(paths):
        sys.exit(f"no notebook is named {', '.join(sorted(unknown))}: there are {', '.join(paths)}")
    failed = False
    for name in names or paths:
        page = read(paths[name])
        lines = sum(len(b.text.splitlines()) for b in page.blocks if b.open)
        print(
            f"{name}: {words_to_read(page):,} words, {minutes(page)} minutes, {density(page):.1f} "
            f"numerals in 100 words, {lines} lines of code open"
        )
        found = findings(page)
        failed |= bool(found)
        print(*(f"  {one}" for one in found), sep="\n", end="\n" if found else "")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
