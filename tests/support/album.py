"""The pictures of `docs/walkthrough.md`, taken of the real pages that a test walks through."""

from __future__ import annotations

import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page

REPOSITORY = Path(__file__).parents[2]
GUIDE = REPOSITORY / "docs" / "walkthrough.md"
PICTURES = REPOSITORY / "docs" / "pictures"
LARGEST_BYTES = 120_000
"""What one picture of the guide may weigh."""

_SHOWN = re.compile(r"!\[([^\]]*)\]\(pictures/([a-z-]+)\.png\)")
_COLOURS = 96
_IS_DRAWN = """() => [...document.images].every(it => it.loading === "lazy" || it.naturalWidth)"""


def shown_in_the_guide() -> dict[str, str]:
    """The alternative text of each picture that the guide shows, by name, in reading order."""
    return {name: text for text, name in _SHOWN.findall(GUIDE.read_text(encoding="utf-8"))}


class Album:
    """Takes pictures of pages into one folder, and knows which it took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []

    def take(self, page: Page, name: str, at: Locator | None = None) -> None:
        """Keep what the window shows as `name`.png, with `at` scrolled near its top."""
        assert name not in self.names, f"{name} is in the album already"
        if at is not None:
            at.evaluate("it => window.scrollTo(0, it.getBoundingClientRect().top + scrollY - 72)")
        page.wait_for_function(_IS_DRAWN)
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
        few = shot.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        self.folder.mkdir(parents=True, exist_ok=True)
        few.save(self.folder / f"{name}.png", optimize=True)
        self.names.append(name)
