"""What the tests of the site share: a browser and the built book, each made once."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tools.browser import NoBrowserError, launch
from tools.build import build


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once; without one its tests are skipped, and fail where everything must be tested."""
    with sync_playwright() as playwright:
        try:
            started = launch(playwright)
        except NoBrowserError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
        yield started
        started.close()


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """Return the folder that holds ``_build``: what ``HEBBNOTES_BUILT`` names, or a new one, in which the book is built once.

    The PDF's page is written from the same reading.
    """
    if there := os.environ.get("HEBBNOTES_BUILT"):
        return Path(there)
    out = tmp_path_factory.mktemp("book")
    done = build(out, capture_output=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return out


@pytest.fixture(scope="session")
def site(built) -> Path:
    """Return the folder of the built site."""
    return built / "_build" / "html"
