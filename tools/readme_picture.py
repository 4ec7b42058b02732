"""Photograph the first chapter on a laptop and on a phone, for the README: run it after `make book`."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from tools.browser import launch

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "_build" / "html" / "introduction.html"
TARGET = ROOT / "book" / "_static" / "readme.png"


def photograph(browser: Browser, width: int, scheme: str, scroll: str) -> Image.Image:
    """Return what a window of this width shows after it has scrolled to an element."""
    page = browser.new_context(viewport={"width": width, "height": 820}, color_scheme=scheme).new_page()
    page.goto(PAGE.as_uri(), wait_until="load")
    page.wait_for_timeout(1500)
    page.evaluate("s => document.querySelector(s).scrollIntoView({block: 'start'})", scroll)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main() -> None:
    """Join the two pictures, in 128 colours."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        laptop = photograph(browser, 1180, "light", "h1")
        phone = photograph(browser, 390, "dark", "#fig-puzzle")
        browser.close()
    sheet = Image.new("RGB", (laptop.width + 20 + phone.width, laptop.height), "white")
    sheet.paste(laptop, (0, 0))
    sheet.paste(phone, (laptop.width + 20, 0))
    sheet.quantize(128, dither=Image.Dither.NONE).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
