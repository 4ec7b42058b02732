"""Small books for the tests, built with the configuration of the real one."""

import shutil

from tools.build import ROOT, build


def small_book(folder, text, extra=None, name="index.md"):
    """Build a book of one page, and return the finished process; ``extra`` holds further files by name."""
    book = folder / "book"
    shutil.copytree(
        ROOT / "book" / "_static", book / "_static", ignore=shutil.ignore_patterns("mathjax")
    )
    for stored in ("references.bib", "measured.json"):
        shutil.copy(ROOT / "book" / stored, book / stored)
    for file, content in {name: text, **(extra or {})}.items():
        (book / file).write_text(content, encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\n", encoding="utf-8")
    return build(folder, book=book, toc=folder / "_toc.yml", capture_output=True)


def one_page(folder, text, extra=None):
    """Build a book of one page in Markdown, which has a title and a bibliography."""
    return small_book(folder, f"# A page\n\n{text}\n\n```{{bibliography}}\n```\n", extra)
