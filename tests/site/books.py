"""Small books for the tests, built with the configuration of the real one."""

import shutil

import nbformat
import yaml

from tools.build import ROOT, build


def small_book(folder, pages, outside=(), url="", site=""):
    """Build a book of pages by their files' names, the first being its root, and return the finished process.

    Pages that are named ``outside`` are not in its contents; ``url`` is the address of the repository, ``site`` that of the
    site.
    """
    book = folder / "book"
    shutil.copytree(
        ROOT / "book" / "_static", book / "_static", ignore=shutil.ignore_patterns("mathjax")
    )
    for stored in ("references.bib", "measured.json"):
        shutil.copy(ROOT / "book" / stored, book / stored)
    for name, text in pages.items():
        (book / name).write_text(text, encoding="utf-8")
    root, *chapters = [name.partition(".")[0] for name in pages if name not in outside]
    toc = {"format": "jb-book", "root": root}
    toc |= {"chapters": [{"file": name} for name in chapters]} if chapters else {}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = url
    config["html"]["baseurl"] = site
    config["sphinx"]["local_extensions"] = dict.fromkeys(
        config["sphinx"]["local_extensions"], str(ROOT / "tools")
    )
    # these pages have no commits, without which their sources would not be linked
    config["sphinx"]["config"]["git_untracked_show_sourcelink"] = True
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return build(
        folder,
        book=book,
        config=folder / "_config.yml",
        toc=folder / "_toc.yml",
        capture_output=True,
    )


def markdown(text):
    """Return a page in Markdown, which has a title and a bibliography."""
    return f"# A page\n\n{text}\n\n```{{bibliography}}\n```\n"


CELL = r"""
# A chapter

```{admonition} Before you start
:class: note
**{reading}`minutes` minutes**, {measured}`introduction.seconds` seconds; see {doc}`index` and {doc}`this page <chapter>`.
```

It is {glue:text}`share`, by {cite:t}`hebb1949organization`. [^note] Code: `{glue:text}` and `a_b`.

[^note]: A note on {numref}`fig-drawn`.

```{figure} _static/logo.svg
:name: fig-drawn
:alt: Two "dots" & a line
A drawing of {glue:text}`share`.
```

:::{dropdown} Is *it* `so`?
Perhaps.
:::

```python
print("{glue:text}`share`")
```

```{exercise-start} A question
:label: ex-asked
```
What does {glue:text}`share` mean?
```{exercise-end}
```

```{solution-start} ex-asked
:class: dropdown
```
"""
REST = """
Two.
```{solution-end}
```

```{live-model} maze
:alt: A maze.

A caption.
```
"""
"""The two cells of a chapter that has what has a plain form, parted within a solution."""
ODD = "# A chapter\n\n{sub}`low`\n\n```{epigraph}\nWords.\n```"
"""What has no plain form in a notebook that is downloaded."""


def chapter(*texts):
    """Return the text of a notebook, a cell of text each and one of code, which stores a number."""
    cells = [
        nbformat.v4.new_markdown_cell(text.strip("\n"), id=f"text-{n}")
        for n, text in enumerate(texts)
    ]
    prefix = "application/papermill.record/"
    glued = nbformat.v4.new_output(
        "display_data",
        data={f"{prefix}text/plain": "40 % (30 to 50) * 2 < 1"},
        metadata={"scrapbook": {"name": "share", "mime_prefix": prefix}},
    )
    cells.insert(1, nbformat.v4.new_code_cell("1", id="code", outputs=[glued], execution_count=1))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=kernel))
