"""What a page may show of a cleaned copy: plain values, pages of rows and lines, drawn images.

Nothing is left out silently: long lines are folded, long cells say how much is missing, and every
text can also be read in full as lines.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Final

from vitrine.egress.sandbox.asked import FIRST, Asked
from vitrine.egress.sandbox.clean import parse_json
from vitrine.egress.sandbox.figures import figure_page
from vitrine.egress.sandbox.filetypes import SVG
from vitrine.egress.sandbox.letters import visible
from vitrine.egress.sandbox.pages import document_page
from vitrine.egress.sandbox.pictures import picture
from vitrine.egress.sandbox.tables import delimited_page
from vitrine.egress.sandbox.weights import model_page
from vitrine.egress.sandbox.workbooks import workbook_page
from vitrine.errors import InvalidInput

PAGE_LINES: Final = 400
PAGE_CELLS: Final = 50
FOLD: Final = 1_000


def preview(
    kind: str, media_type: str, content: bytes, asked: Asked = FIRST
) -> tuple[dict[str, Any], bytes]:
    """What to show of a cleaned copy, and a picture drawn of it.

    Raises:
        InvalidInput: when the copy cannot be shown.
    """
    if kind == "image" and not asked.as_text:
        return picture(content, asked)
    if kind == "image":
        raise InvalidInput("an image has no text to show")
    if kind == "workbook":
        return workbook_page(content, asked), b""
    if kind == "document":
        return document_page(content, asked)
    if kind == "model":
        return model_page(content, media_type, asked), b""
    if media_type == SVG.media_type and not asked.as_text:
        return figure_page(content)
    text = content.decode("utf-8", "replace")
    if kind == "table" and not asked.as_text:
        mark = "\t" if media_type.startswith("text/tab") else ","
        return delimited_page(text.lstrip("\ufeff"), mark, asked), b""
    if kind == "notebook" and not asked.as_text:
        return _notebook(text, asked), b""
    return _lines(text, asked, "source" if kind == "source" else "text"), b""


def _lines(text: str, asked: Asked, kind: str) -> dict[str, Any]:
    lines = text.removesuffix("\n").split("\n")
    folded = [
        (number, at)
        for number, line in enumerate(lines, start=1)
        for at in range(0, max(1, len(line)), FOLD)
    ]
    start = asked.start
    if asked.row:
        start = bisect_left(folded, (asked.row, 0)) // PAGE_LINES * PAGE_LINES
    page = [
        (number, visible(lines[number - 1][at : at + FOLD].rstrip("\r")))
        for number, at in folded[start : start + PAGE_LINES]
    ]
    return {
        "kind": kind,
        "lines": page,
        "numbers": [number for number, _ in page],
        "start": start,
        "page": PAGE_LINES,
        "total": len(folded),
        "unit": "lines",
    }


def _notebook(text: str, asked: Asked) -> dict[str, Any]:
    notebook = parse_json(text)
    cells = notebook["cells"]
    start = (asked.row - 1) // PAGE_CELLS * PAGE_CELLS if asked.row else asked.start
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
        "numbers": [cell["number"] for cell in page],
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
