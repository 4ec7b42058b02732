"""Photograph the built site for the README: the network to play with on a laptop, the first chapter
on a phone.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tools.browser import chromium, settle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
TARGET = (
    ROOT / "tools" / "readme.png"
)  # beside its program: what lies in book/_static goes into the site
SAME_DOTS = (
    "{ let s = 1; Math.random = () => { s = 16807 * s % 2147483647; return s / 2147483647; }; }"
)
HEIGHT = 860


def play(page: Page) -> None:
    """Show the network a letter and three random patterns, and have it recall the letter from its
    upper half.
    """
    figure = page.locator(".live-network").first
    figure.get_by_role("button", name="Forget all", exact=True).click()
    for pattern in ("A", "Random", "Random", "Random"):
        figure.get_by_role("button", name=pattern, exact=True).click()
        figure.get_by_role("button", name="Show it to the network, once", exact=True).click()
    figure.locator("select.erase").select_option("lower")
    figure.locator(".shown label").first.click()
    figure.get_by_role("button", name="Erase half and recall", exact=True).click()


def photograph(
    browser: Browser, name: str, width: int, scheme: str, scroll: str, playing: bool = False
) -> Image.Image:
    """Return what a window of this width shows of a page after it has scrolled to an element."""
    page = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, reduced_motion="reduce"
    ).new_page()
    page.add_init_script(SAME_DOTS)
    page.goto((SITE / f"{name}.html").as_uri(), wait_until="networkidle")
    if playing:
        play(page)
    page.add_style_tag(content="#pst-back-to-top { display: none !important; }")
    settle(page)  # only then does a place of the page stay where it is
    page.evaluate("s => document.querySelector(s).scrollIntoView({block: 'start'})", scroll)
    page.wait_for_load_state("networkidle")
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main() -> None:
    """Join the two pictures."""
    with chromium() as browser:
        laptop = photograph(browser, "index", 1180, "light", "#a-memory-to-play-with", playing=True)
        phone = photograph(browser, "introduction", 390, "dark", "#fig-puzzle")
    sheet = Image.new("RGB", (laptop.width + 20 + phone.width, HEIGHT), "white")
    sheet.paste(laptop, (0, 0))
    sheet.paste(phone, (laptop.width + 20, 0))
    sheet.save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
