"""Small books for the tests, built with the configuration of the real one."""

import shutil

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
