"""A browser for the tests of what readers see."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Start Chromium once a module; without one its tests are skipped, and fail where everything must be tested."""
    from playwright.sync_api import Error, sync_playwright

    from tools.browser import launch

    with sync_playwright() as playwright:
        try:
            started = launch(playwright)
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no Chromium to visit the site with: install it, or run `make browser` ({str(error).splitlines()[0]})")
        yield started
        started.close()
