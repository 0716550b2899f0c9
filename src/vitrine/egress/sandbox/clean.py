"""The cleaner: from a frozen original to the copy that may be reviewed and released.

Deterministic: the same bytes under the same version give the same copy. Images are drawn again
from their pixels, notebooks are written again from their sources; text stays byte for byte.
Notes and refusals hold counts, never content.
"""

from __future__ import annotations

import io
import json
import re
import warnings
from dataclasses import dataclass, field
from typing import Any, Final

import PIL
from PIL import Image, ImageOps

from vitrine.egress.sandbox.filetypes import JPEG, NOTEBOOK, PNG, Kind, recognise
from vitrine.egress.sandbox.tables import rows_of
from vitrine.errors import InvalidInput

CLEANER: Final = f"vitrine-cleaner 1, Pillow {PIL.__version__}"
"""Name and version of what makes a copy; part of every receipt."""

MAX_PIXELS: Final = 25_000_000
MAX_CELLS: Final = 5_000
LONG_LINE: Final = 2_000

Image.MAX_IMAGE_PIXELS = MAX_PIXELS

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


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The releasable copy of a file."""

    content: bytes = field(repr=False)
    kind: Kind
    notes: tuple[str, ...] = ()


def clean(name: str, content: bytes) -> Cleaned:
    """The releasable copy of a file.

    Raises:
        InvalidInput: why there is none; the sentence follows the file's name.
    """
    kind = recognise(name, content)
    if kind in (PNG, JPEG):
        return _image(content, kind)
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
        notes.append(f"holds {_some(hidden, 'invisible or direction-changing character')}")
    if long := sum(len(line) > LONG_LINE for line in text.splitlines()):
        notes.append(f"holds {_some(long, 'line')} longer than {LONG_LINE} characters")
    if embedded := len(_DATA_URI.findall(text)):
        notes.append(f"holds {_some(embedded, 'embedded base64 file')}")
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


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


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
        notes.append(f"{_some(formulas, 'cell')} would run as a formula in a spreadsheet")
    return notes


def _image(content: bytes, kind: Kind) -> Cleaned:
    notes: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
                _refuse_huge(image)
                if getattr(image, "n_frames", 1) > 1:
                    notes.append("an animation: only the first frame is kept")
                if len(image.info) or image.getexif():
                    notes.append("metadata removed")
                image.load()
                pixels = _opaque(ImageOps.exif_transpose(image), notes)
    except InvalidInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InvalidInput(f"the image has more than {MAX_PIXELS:,} pixels") from None
    except (MemoryError, RecursionError):
        raise
    except Exception:
        raise InvalidInput("the image is damaged or cut short: save the figure again") from None
    drawn = io.BytesIO()
    fresh = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    if kind is PNG:
        fresh.save(drawn, format="PNG", compress_level=6)
    else:
        fresh.save(drawn, format="JPEG", quality=92, subsampling=0)
    return Cleaned(drawn.getvalue(), kind, ("drawn again from its pixels", *notes))


def _refuse_huge(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InvalidInput(f"the image has {width} by {height} pixels; {MAX_PIXELS:,} are allowed")


def _opaque(image: Image.Image, notes: list[str]) -> Image.Image:
    """`image` as 8-bit grey or RGB on white: no palette, no alpha, nothing beneath."""
    if image.mode.startswith(("I", "F")):
        notes.append("reduced to 8 bits per pixel")
        wide = image.convert("I") if image.mode != "F" else image
        return wide.point(lambda value: value * (1 / 256) + 0).convert("L")
    if image.mode in ("1", "L") and "transparency" not in image.info:
        return image.convert("L")
    if image.mode in ("RGB", "YCbCr", "CMYK", "LAB", "HSV") and "transparency" not in image.info:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    if layered.getchannel("A").getextrema() != (255, 255):
        notes.append("transparency flattened on white")
    white = Image.new("RGBA", layered.size, "white")
    white.alpha_composite(layered)
    return white.convert("RGB")


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
    notes = [f"{_some(count, what)} removed" for what, count in removed.items() if count]
    kept_text = "\n".join(cell["source"] for cell in kept)
    if _CONTROL.search(kept_text):
        raise InvalidInput("a notebook cell holds control characters, as binary data does")
    if hidden := len(_INVISIBLE.findall(kept_text)):
        notes.append(f"holds {_some(hidden, 'invisible or direction-changing character')}")
    if long := sum(len(line) > LONG_LINE for line in kept_text.splitlines()):
        notes.append(f"holds {_some(long, 'line')} longer than {LONG_LINE} characters")
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
