"""The cleaner: from a frozen original to the copy that may be reviewed and released.

Deterministic: the same bytes under the same version give the same copy. Images are drawn again
from their pixels, pages as pictures; notebooks, workbooks and figures are written again from what
they show; text and the weights of models stay byte for byte.
Notes and refusals hold counts, never content.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import PIL

from vitrine.egress.sandbox.cleaned import Cleaned, some
from vitrine.egress.sandbox.figures import clean_figure
from vitrine.egress.sandbox.filetypes import JPEG, NOTEBOOK, PDF, PNG, SVG, WORKBOOK, recognise
from vitrine.egress.sandbox.images import clean_image
from vitrine.egress.sandbox.pages import RENDERER, clean_document
from vitrine.egress.sandbox.tables import rows_of
from vitrine.egress.sandbox.weights import clean_model
from vitrine.egress.sandbox.workbooks import clean_workbook
from vitrine.errors import InvalidInput

CLEANER: Final = f"vitrine-cleaner 2, Pillow {PIL.__version__}, {RENDERER}"
"""Name and version of what makes a copy; part of every receipt."""

MAX_CELLS: Final = 5_000
LONG_LINE: Final = 2_000

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_INVISIBLE: Final = re.compile(
    r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
_DATA_URI: Final = re.compile(r"data:[\w.+/=;-]{0,200}?;base64,[A-Za-z0-9+/=\s]{16,}")
_FORMULA: Final = re.compile(r"\s*[=@\t\r]|\s*[+-](?![\s\d.,]*\d[\d.,eE+%-]*\s*$)\S")
_ACTIVE: Final = re.compile(r"<\s*script|\bon\w+\s*=|javascript:|<\s*foreignobject", re.IGNORECASE)

_KERNELS: Final = {
    "python": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "r": {"display_name": "R", "language": "R", "name": "ir"},
}


def clean(name: str, content: bytes) -> Cleaned:
    """The releasable copy of a file.

    Raises:
        InvalidInput: why there is none; the sentence follows the file's name.
    """
    kind = recognise(name, content)
    if kind in (PNG, JPEG):
        return clean_image(content, kind)
    if kind is PDF:
        return clean_document(content)
    if kind is WORKBOOK:
        return clean_workbook(content)
    if kind.name == "model":
        return clean_model(content, kind)
    if kind is SVG:
        return clean_figure(content)
    text, notes = _text(content)
    if kind is NOTEBOOK:
        return _notebook(text)
    if kind.name == "table":
        notes += _table_notes(text, "\t" if kind.media_type.startswith("text/tab") else ",")
    if kind.media_type == "application/json":
        parse_json(text)
    if kind.name == "source" and _ACTIVE.search(text):
        notes.append("holds scripts or event handlers; it is shown as source only")
    return Cleaned(content, kind, tuple(notes))


def _text(content: bytes) -> tuple[str, list[str]]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"the content is not UTF-8 text (byte {error.start}): save it as UTF-8"
        ) from None
    if _CONTROL.search(text):
        raise InvalidInput("the text holds control characters, as binary data does")
    notes = []
    if hidden := len(_INVISIBLE.findall(text)):
        notes.append(f"holds {some(hidden, 'invisible or direction-changing character')}")
    if long := sum(len(line) > LONG_LINE for line in text.splitlines()):
        notes.append(f"holds {some(long, 'line')} longer than {LONG_LINE} characters")
    if embedded := len(_DATA_URI.findall(text)):
        notes.append(f"holds {some(embedded, 'embedded base64 file')}")
    return text, notes


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        InvalidInput: when it is not JSON, nested too deeply, or holds an absurd number.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(f"the content is not valid JSON (line {error.lineno})") from None
    except RecursionError:
        raise InvalidInput("the JSON is nested too deeply to be read by a person") from None
    except ValueError:
        raise InvalidInput("the JSON holds a number with thousands of digits") from None


def _table_notes(text: str, delimiter: str) -> list[str]:
    widths: set[int] = set()
    formulas = 0
    for _, row in rows_of(text, delimiter):
        widths.add(len(row))
        formulas += sum(not cell[:1].isalnum() and bool(_FORMULA.match(cell)) for cell in row)
    notes = []
    widths.discard(0)
    if len(widths) > 1:
        notes.append(f"rows have between {min(widths)} and {max(widths)} cells")
    if formulas:
        notes.append(f"{some(formulas, 'cell')} would run as a formula in a spreadsheet")
    return notes


def _notebook(text: str) -> Cleaned:
    notebook = parse_json(text)
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise InvalidInput("the notebook is not in format 4: save it with JupyterLab")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or len(cells) > MAX_CELLS:
        raise InvalidInput(f"the notebook has no cells, or more than {MAX_CELLS}")
    removed = {"output": 0, "attachment": 0, "embedded file": 0}
    kept = [_cell(cell, number, removed) for number, cell in enumerate(cells, start=1)]
    clean_copy = {
        "cells": kept,
        "metadata": _notebook_metadata(notebook.get("metadata")),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    content = json.dumps(clean_copy, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    notes = [f"{some(count, what)} removed" for what, count in removed.items() if count]
    kept_text = "\n".join(cell["source"] for cell in kept)
    if _CONTROL.search(kept_text):
        raise InvalidInput("a notebook cell holds control characters, as binary data does")
    if hidden := len(_INVISIBLE.findall(kept_text)):
        notes.append(f"holds {some(hidden, 'invisible or direction-changing character')}")
    if long := sum(len(line) > LONG_LINE for line in kept_text.splitlines()):
        notes.append(f"holds {some(long, 'line')} longer than {LONG_LINE} characters")
    notes.insert(0, "written again from its cells; metadata removed")
    return Cleaned(content.encode("utf-8"), NOTEBOOK, tuple(notes))


def _cell(cell: Any, number: int, removed: dict[str, int]) -> dict[str, Any]:
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
        raise InvalidInput(f"cell {number} of the notebook is neither code, markdown nor raw")
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise InvalidInput(f"cell {number} of the notebook has no readable source")
    outputs, attachments = cell.get("outputs"), cell.get("attachments")
    removed["output"] += len(outputs) if isinstance(outputs, list) else 0
    removed["attachment"] += len(attachments) if isinstance(attachments, dict) else 0
    source, embedded = _DATA_URI.subn("data:removed", source)
    removed["embedded file"] += embedded
    kept: dict[str, Any] = {
        "cell_type": cell["cell_type"],
        "id": f"cell-{number}",
        "metadata": {},
        "source": source,
    }
    if cell["cell_type"] == "code":
        kept |= {"execution_count": None, "outputs": []}
    return kept


def _notebook_metadata(metadata: Any) -> dict[str, Any]:
    """Which kernel the notebook is for, from a fixed list: free words do not leave here."""
    found = metadata if isinstance(metadata, dict) else {}
    names = [
        part.get(key)
        for part, key in (
            (found.get("kernelspec"), "language"),
            (found.get("language_info"), "name"),
        )
        if isinstance(part, dict)
    ]
    for name in names:
        if isinstance(name, str) and name.lower() in _KERNELS:
            kernel = _KERNELS[name.lower()]
            return {"kernelspec": kernel, "language_info": {"name": kernel["language"]}}
    return {}
