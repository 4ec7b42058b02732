"""Find and start Chromium: the one that ``CHROMIUM`` names, the system's, or Playwright's own."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update")


def launch(playwright: Playwright) -> Browser:
    """Start Chromium without a window, and without its own calls to the network; raises Playwright's ``Error`` if there is none."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    return playwright.chromium.launch(executable_path=named, args=[*FLAGS, "--disable-sync", "--no-first-run"])
