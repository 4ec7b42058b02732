"""The whole book as one PDF, as Jupyter Book does it: all chapters on one page of HTML, which Chromium prints."""

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tools.browser import launch

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "_build" / "hebbnotes.pdf"
FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; color: #555; text-align: center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def build(folder: Path) -> Path:
    """Build the one page below ``folder``, and return its path; a warning is an error, as for the site."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "book", "--config", "_config.yml"]
    command += ["--toc", ROOT / "_toc.yml", "--path-output", folder, "--builder", "singlehtml"]
    subprocess.run([*map(str, command), "--all", "-W", "-n", "--keep-going", "-q"], cwd=ROOT, check=True)
    return folder / "_build" / "singlehtml" / "index.html"


def print_page(page: Path, target: Path, browser: Browser) -> None:
    """Print the one page: beside ``target`` first, so that a half-written file never takes its name."""
    beside = target.with_suffix(".part")
    window = browser.new_page(color_scheme="light", reduced_motion="reduce")
    window.goto(page.as_uri(), wait_until="load")
    window.evaluate("() => MathJax.startup.promise.then(() => document.fonts.ready).then(() => true)")
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
    window.close()
    beside.replace(target)


def main() -> None:
    """Build the one page, and print it."""
    page = build(ROOT)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        print_page(page, TARGET, browser)
        browser.close()
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
