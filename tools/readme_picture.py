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
HEIGHT = 860


def play(page: Page) -> None:
    """Rub over the face, in a zigzag."""
    box = page.locator(".live-model canvas.dots").first.bounding_box()
    assert box
    for k, (x, y) in enumerate(((0.2, 0.2), (0.85, 0.3), (0.15, 0.5), (0.85, 0.6), (0.2, 0.8))):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=9)
        if not k:
            page.mouse.down()
    page.mouse.up()


def photograph(
    browser: Browser, name: str, width: int, scheme: str, scroll: str, playing: bool = False
) -> Image.Image:
    """Return what a window of this width shows of a page after it has scrolled to an element."""
    page = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, reduced_motion="reduce"
    ).new_page()
    page.goto((SITE / f"{name}.html").as_uri(), wait_until="networkidle")
    settle(page)
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
        laptop = photograph(browser, "index", 1180, "light", "h1", playing=True)
        phone = photograph(browser, "introduction", 390, "dark", "#fig-puzzle")
    sheet = Image.new("RGB", (laptop.width + 20 + phone.width, HEIGHT), "white")
    sheet.paste(laptop, (0, 0))
    sheet.paste(phone, (laptop.width + 20, 0))
    sheet.save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
