"""The book as one PDF, as Jupyter Book does it: all chapters on one page of HTML, which Chromium
prints. The signatures of the package are left to the site (:mod:`tools.one_page`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools.browser import chromium, settle
from tools.build import ROOT, build

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TARGET = ROOT / "_build" / "hebbnotes.pdf"
FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; color: #555; text-align: center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def build_page(out: Path, anew: bool = True) -> Path:
    """Build the one page below ``out``, and return its path; unless ``anew``, from what a build of
    the site has read.
    """
    build(out, "--builder", "singlehtml", "-q", anew=anew).check_returncode()
    return out / "_build" / "singlehtml" / "index.html"


LOADS = 300_000
"""Milliseconds in which the one page, of all chapters, must have loaded on a busy computer."""


HIDDEN = """
const sheet = new CSSStyleSheet();
sheet.replaceSync("body { display: none; }");
document.adoptedStyleSheets = [sheet];
const show = () => { document.adoptedStyleSheets = []; };
document.addEventListener("readystatechange", show, { once: true });
"""
"""Has Chromium read the page to its end before it lays it out: else it does so for each part."""


@contextmanager
def opened(page: Path, browser: Browser) -> Iterator[Page]:
    """Open the one page, as it is when its formulas are set."""
    window = browser.new_page(color_scheme="light", reduced_motion="reduce")
    window.add_init_script(HIDDEN)
    try:
        window.goto(page.as_uri(), wait_until="load", timeout=LOADS)
        settle(window)
        yield window
    finally:
        window.close()


def print_page(window: Page, target: Path) -> None:
    """Print the one page: beside ``target`` first, so that a half-written file never takes its
    name.
    """
    beside = target.with_suffix(".part")
    try:
        window.pdf(
            path=beside,
            format="A4",
            scale=0.75,
            margin={"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
            print_background=True,
            outline=True,
            tagged=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
        )
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def main() -> None:
    """Build the one page, and print it; the browser comes first, since without one the rest is in
    vain.
    """
    with chromium() as browser, opened(build_page(ROOT), browser) as window:
        print_page(window, TARGET)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
