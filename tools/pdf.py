"""Make the whole book one PDF, as Jupyter Book does from HTML: all pages as one, printed by Chromium.

Jupyter Book's own command takes the browser that Playwright has downloaded and nothing else; this one takes the system's, too.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update")
PAPER = """
@page { size: A4; margin: 16mm 14mm 18mm; }
.bd-header, .bd-header-article, .bd-sidebar-primary, .bd-sidebar-secondary, .prev-next-footer, .skip-link, .headerlink,
#pst-back-to-top, .copybtn, .live-network form { display: none !important; }
.bd-main .bd-content .bd-article-container { max-width: 100% !important; }
html { font-size: 11pt; }
div.cell_input pre { white-space: pre-wrap; }
figure, div.cell_output, table, div.math { break-inside: avoid; }
section > h1 { break-before: page; }
"""


def browser_path() -> str | None:
    """Return the system's Chromium (or the one that ``CHROMIUM`` names), or nothing, for Playwright's own."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)


def one_page(out: Path) -> Path:
    """Build the book as a single page of HTML below ``out``, and return its path.

    Raises
    ------
    RuntimeError
        If the build fails; the message is its end.
    """
    command = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        str(ROOT / "book"),
        "--config",
        str(ROOT / "_config.yml"),
    ]
    command += ["--toc", str(ROOT / "_toc.yml"), "--path-output", str(out), "--builder", "custom", "--custom-builder", "singlehtml"]
    done = subprocess.run([*command, "--all"], cwd=ROOT, capture_output=True, text=True, check=False)
    page = out / "_build" / "singlehtml" / "index.html"
    if done.returncode or not page.exists():
        raise RuntimeError(f"the book could not be built as one page: {done.stderr[-2000:]}")
    return page


def printed(page: Path, pdf: Path) -> None:
    """Print a page of HTML, once its formulas are set, as a PDF with an outline; written beside and renamed."""
    from playwright.sync_api import sync_playwright

    beside = pdf.with_suffix(".part")
    pdf.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        sheet = browser.new_page(color_scheme="light", viewport={"width": 1000, "height": 1400})
        sheet.goto(page.as_uri(), wait_until="load")
        sheet.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise", timeout=120_000)
        sheet.evaluate("MathJax.startup.promise")
        sheet.add_style_tag(content=PAPER)
        sheet.pdf(path=beside, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
        browser.close()
    beside.replace(pdf)


def main() -> None:
    """Write ``_build/pdf/hebbnotes.pdf``."""
    pdf = ROOT / "_build" / "pdf" / "hebbnotes.pdf"
    printed(one_page(ROOT), pdf)
    print(f"{pdf.relative_to(ROOT)}: {pdf.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
