"""What a page may show of a cleaned copy: plain values, pages of rows and lines, drawn images.

Nothing is left out silently: long lines are folded, long cells say how much is missing, and every
text can also be read in full as lines.
"""

from __future__ import annotations

import io
from typing import Any, Final

from PIL import Image

from vitrine.egress.sandbox.clean import parse_json, table_rows
from vitrine.errors import InvalidInput

PAGE_ROWS: Final = 100
PAGE_LINES: Final = 400
PAGE_CELLS: Final = 50
MAX_COLUMNS: Final = 200
MAX_CELL: Final = 500
FOLD: Final = 1_000
MAX_EDGE: Final = 6_000


def preview(
    kind: str, media_type: str, content: bytes, *, start: int = 0, as_text: bool = False
) -> tuple[dict[str, Any], bytes]:
    """What to show of a cleaned copy, from row, line or cell `start` (zero-based).

    Raises:
        InvalidInput: when the copy cannot be shown.
    """
    start = max(0, start)
    if kind == "image" and not as_text:
        return _image(content)
    text = content.decode("utf-8", "replace")
    if kind == "table" and not as_text:
        return _table(text, "\t" if media_type.startswith("text/tab") else ",", start), b""
    if kind == "notebook" and not as_text:
        return _notebook(text, start), b""
    if kind == "image":
        raise InvalidInput("an image has no text to show")
    return _lines(text, start, "source" if kind == "source" else "text"), b""


def _lines(text: str, start: int, kind: str) -> dict[str, Any]:
    lines = text.removesuffix("\n").split("\n")
    folded = [
        (number, at)
        for number, line in enumerate(lines, start=1)
        for at in range(0, max(1, len(line)), FOLD)
    ]
    page = [
        (number, visible(lines[number - 1][at : at + FOLD].rstrip("\r")))
        for number, at in folded[start : start + PAGE_LINES]
    ]
    return {
        "kind": kind,
        "lines": page,
        "start": start,
        "page": PAGE_LINES,
        "total": len(folded),
        "unit": "lines",
    }


def _table(text: str, delimiter: str, start: int) -> dict[str, Any]:
    rows = table_rows(text.lstrip("\ufeff"), delimiter)
    header, body = (rows[0], rows[1:]) if rows else ([], [])
    width = max((len(row) for row in rows), default=0)
    page = body[start : start + PAGE_ROWS]
    return {
        "kind": "table",
        "columns": [_cell(cell) for cell in header[:MAX_COLUMNS]],
        "rows": [[_cell(cell) for cell in row[:MAX_COLUMNS]] for row in page],
        "hidden_columns": max(0, width - MAX_COLUMNS),
        "start": start,
        "page": PAGE_ROWS,
        "total": len(body),
        "unit": "rows",
    }


def _cell(cell: str) -> str:
    if len(cell) <= MAX_CELL:
        return visible(cell)
    return visible(cell[:MAX_CELL]) + f" … and {len(cell) - MAX_CELL} more characters"


def _notebook(text: str, start: int) -> dict[str, Any]:
    notebook = parse_json(text)
    cells = notebook["cells"]
    page = [
        {
            "number": number,
            "type": cell["cell_type"],
            "source": "\n".join(_folded(visible(cell["source"]))),
        }
        for number, cell in enumerate(cells, start=1)
    ][start : start + PAGE_CELLS]
    return {
        "kind": "notebook",
        "cells": page,
        "start": start,
        "page": PAGE_CELLS,
        "total": len(cells),
        "unit": "cells",
    }


def _folded(text: str) -> list[str]:
    return [
        line[at : at + FOLD]
        for line in text.split("\n")
        for at in range(0, max(1, len(line)), FOLD)
    ]


def visible(text: str) -> str:
    """`text` with each invisible or direction-changing character shown as its code point."""
    return "".join(
        letter if letter in "\n\t" or letter.isprintable() else f"⟨U+{ord(letter):04X}⟩"
        for letter in text
    )


def _image(content: bytes) -> tuple[dict[str, Any], bytes]:
    with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
        image.load()
        shown = image.convert("L" if image.mode == "L" else "RGB")
    width, height = shown.size
    if max(width, height) > MAX_EDGE:
        shown.thumbnail((MAX_EDGE, MAX_EDGE))
    drawn = io.BytesIO()
    shown.save(drawn, format="PNG", compress_level=1)
    head = {
        "kind": "image",
        "width": width,
        "height": height,
        "mode": "grey" if shown.mode == "L" else "colour",
        "start": 0,
        "page": 1,
        "total": 1,
        "unit": "images",
    }
    return head, drawn.getvalue()
