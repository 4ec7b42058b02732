"""Find and start Chromium: the one that ``CHROMIUM`` names, the system's, or Playwright's own.

``python -m tools.browser`` prints which of the first two there is, and fails where there is
neither; it needs no package.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if (
    TYPE_CHECKING
):  # imported where they are used: this module also runs before anything is installed
    from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    # no calls of its own to the network
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MEND = "install Chromium, run `make browser`, or set CHROMIUM to the path of one"


class NoBrowserError(RuntimeError):
    """There is no Chromium that starts; the message says what to do."""


def find() -> str | None:
    """Return the Chromium that ``CHROMIUM`` names, or else the system's; none leaves the choice to
    Playwright.
    """
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright: Playwright) -> Browser:
    """Start Chromium without a window; raises :class:`NoBrowserError` if there is none."""
    from playwright.sync_api import Error

    try:
        return playwright.chromium.launch(executable_path=find(), args=FLAGS)
    except Error as error:
        raise NoBrowserError(
            f"no Chromium could be started: {MEND} ({str(error).splitlines()[0]})"
        ) from error


@contextmanager
def chromium() -> Iterator[Browser]:
    """Lend a browser to a program, which ends with what to do if there is none."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowserError as error:
            sys.exit(str(error))
        try:
            yield browser
        finally:
            browser.close()


SETTLED = """() => Promise.resolve(window.MathJax?.startup.promise)
    .then(() => document.fonts.ready).then(() => window.Live?.settled()).then(() => true)"""
"""What resolves when the formulas of a page, if it has any, are set, its fonts are there, and its
live models have done what they do by themselves.
"""


def settle(page: Page) -> None:
    """Wait until a page is as its reader will find it: see ``SETTLED``."""
    page.evaluate(SETTLED)


if __name__ == "__main__":
    print(find() or sys.exit(f"no Chromium: {MEND}"))
