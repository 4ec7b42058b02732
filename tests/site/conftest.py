"""What the tests of the site share: browsers, the built book and its address, each made once."""

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page, sync_playwright

from tests.site.books import small_book
from tests.site.live import Played
from tests.site.reader import InChromium, InFirefox, NoFirefoxError, firefox_started
from tools import live
from tools.browser import SETTLED, NoBrowserError, launch
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
def firefox() -> Iterator:
    """Start Firefox once; without one its tests are skipped, and fail where everything must be tested."""
    with firefox_started() as started:
        yield started


@pytest.fixture(scope="session")
def window(browser) -> Page:
    """Open the one page of Chromium that the tests share."""
    return browser.new_page()


@pytest.fixture(scope="session")
def without_scripts(browser) -> Page:
    """Open a page that runs no scripts."""
    return browser.new_page(java_script_enabled=False)


@pytest.fixture
def blank(window) -> Iterator[Page]:
    """Lend that page, for what a test writes into it."""
    window.emulate_media(media="null", color_scheme="light", reduced_motion="no-preference")
    yield window
    window.goto("about:blank")


@contextmanager
def put_before(kind: str, request, **how) -> Iterator[InChromium | InFirefox]:
    """Put a reader before a browser."""
    if kind == "chromium":
        reader = InChromium(request.getfixturevalue("window"), **how)
    else:
        try:
            reader = InFirefox(request.getfixturevalue("firefox"))
        except NoFirefoxError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
    try:
        yield reader
    finally:  # all tests share the page
        reader.close()


@pytest.fixture(params=["chromium", "firefox"])
def reader(request) -> Iterator[InChromium | InFirefox]:
    """Put a reader before each of both browsers; afterwards, no script may have failed."""
    with put_before(request.param, request) as reader:
        yield reader
        faults = reader.faults()
    assert not faults


@pytest.fixture(scope="session")
def shelf(tmp_path_factory) -> Path:
    """Return a folder that holds a page for each live model, opened as files: nothing can be fetched."""
    folder = tmp_path_factory.mktemp("live")
    for name in live.names():
        (folder / f"{name}.html").write_text(live.alone(name), encoding="utf-8")
    return folder


@pytest.fixture
def played(reader, shelf):
    """Open the page of a model in each browser."""

    def opened(name: str, width: int = 1280) -> Played:
        reader.open((shelf / f"{name}.html").as_uri(), width)
        reader.until("() => document.querySelector('.live-model.live')")
        return Played(reader)

    return opened


@pytest.fixture(scope="module")
def visited(request, address) -> Iterator[InChromium | InFirefox]:
    """Open a page of the book in a browser, once for all tests of a module that ask for both; each
    shows it as it needs it, and the last asks what failed.
    """
    kind, name = request.param
    with put_before(kind, request, **{"moves": True} if kind == "chromium" else {}) as reader:
        reader.open(f"{address}/{name}.html")
        reader.run(SETTLED)
        yield reader


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serve files without a word."""

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="session")
def address(site) -> Iterator[str]:
    """Serve the site, and return where."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=site)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """Return the folder that holds ``_build``: what ``HEBBNOTES_BUILT`` names, or a new one, in which the book is built once
    for all workers.

    The PDF's page is written from the same reading.
    """
    if there := os.environ.get("HEBBNOTES_BUILT"):
        return Path(there)
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    out, ended = shared / "book", shared / "book-is-built"
    with FileLock(shared / "book.lock"):
        if not ended.exists():
            out.mkdir(exist_ok=True)
            done = build(out, capture_output=True)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
            ended.touch()
    return out


@pytest.fixture(scope="session")
def site(built) -> Path:
    """Return the folder of the built site."""
    return built / "_build" / "html"


@pytest.fixture(scope="session")
def faulty_book(tmp_path_factory) -> tuple[list[str], Path]:
    """Build a book that has every fault, and return its warnings, which name them, and its site."""
    from tests.site.test_site import with_faults

    folder = tmp_path_factory.mktemp("faulty")
    done = small_book(folder, with_faults(), outside=["stray.md"])
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
    return told, folder / "_build" / "html"


@pytest.fixture(scope="session")
def addressed(tmp_path_factory) -> Path:
    """Return the site of a book whose repository and site have addresses, made up, whatever the real ones are."""
    from tests.site.test_site import with_addresses

    folder = tmp_path_factory.mktemp("addressed")
    url, site = "https://github.com/example/hebbnotes", "https://example.org/book/"
    done = small_book(folder, with_addresses(), url=url, site=site)
    assert done.returncode == 0, done.stderr
    return folder / "_build" / "html"
