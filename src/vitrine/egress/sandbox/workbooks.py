"""Workbooks: written again from the values that their visible cells show, and nothing else.

The copy is the smallest workbook there is (ECMA-376 18.2, 18.3): sheets of numbers, truth values
and words. It has no part in which anything could be hidden.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import openpyxl
from openpyxl.utils import get_column_letter

from vitrine.egress.checks.readers.unreadable import require_few_cells
from vitrine.egress.checks.readers.workbook import parts_of, text_of
from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.sandbox.cleaned import Cleaned, some
from vitrine.egress.sandbox.filetypes import WORKBOOK
from vitrine.egress.sandbox.letters import visible
from vitrine.egress.sandbox.tables import table_page
from vitrine.errors import InvalidInput

Rows = list[list[Any]]

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can name: copies do not say when they were made."""

_KEPT: Final = re.compile(
    r"\[Content_Types\]\.xml|_rels/|docProps/|xl/(?:workbook|styles|sharedStrings|calcChain)\.xml"
    r"|xl/(?:worksheets|theme|_rels)/|xl/(?:comments|drawings/vmlDrawing)"
)
"""Parts that are read, or that every workbook has; all others are counted as lost."""


def clean_workbook(content: bytes) -> Cleaned:
    """The values of every visible cell, as a new workbook.

    Raises:
        InvalidInput: when it is damaged, too large, or shows nothing.
    """
    lost = sum(not _KEPT.match(name) for name in parts_of(content))
    values, formulas = _opened(content, data_only=True), _opened(content, data_only=False)
    counts = {"hidden sheet": 0, "hidden row": 0, "hidden column": 0, "hidden cell": 0}
    sheets: list[tuple[str, Rows]] = []
    computed = comments = size = 0
    for sheet in values.worksheets:
        size += (sheet.max_row or 0) * (sheet.max_column or 0)
        require_few_cells(size)
        for row in formulas[sheet.title].iter_rows():
            computed += sum(cell.data_type == "f" for cell in row)
            comments += sum(cell.comment is not None for cell in row)
        if sheet.sheet_state != "visible":
            counts["hidden sheet"] += 1
        else:
            sheets.append((sheet.title, _shown(sheet, counts)))
    if not any(rows for _, rows in sheets):
        raise InvalidInput("the workbook shows no cell")
    notes = ["written again from the values that it shows; formats and metadata removed"]
    notes += [f"{some(count, what)} removed" for what, count in counts.items() if count]
    if computed:
        notes.append(f"{some(computed, 'formula')} replaced by the value last stored for it")
    if comments:
        notes.append(f"{some(comments, 'comment')} removed")
    if lost:
        notes.append(f"{some(lost, 'part')} such as charts, pictures and links removed")
    return Cleaned(_written(sheets), WORKBOOK, tuple(notes))


def workbook_page(content: bytes, asked: Asked) -> dict[str, Any]:
    """A page of one sheet, and what the sheets are called."""
    parts_of(content)
    book = _opened(content, data_only=True)
    if asked.part >= len(book.worksheets):
        raise InvalidInput("the workbook has no such sheet")
    sheet = book.worksheets[asked.part]
    require_few_cells((sheet.max_row or 0) * (sheet.max_column or 0))
    every = sheet.iter_rows(max_row=sheet.max_row, max_col=sheet.max_column, values_only=True)
    rows = [(number, [text_of(value) for value in row]) for number, row in enumerate(every, 1)]
    page = table_page(rows[0] if rows else (1, []), rows[1:], asked)
    names = [visible(each.title) for each in book.worksheets]
    return {**page, "parts": names, "part": asked.part, "place": f"sheet {sheet.title}"}


def _opened(content: bytes, *, data_only: bool) -> Any:
    try:
        return openpyxl.load_workbook(io.BytesIO(content), data_only=data_only, keep_links=False)
    except (MemoryError, RecursionError):
        raise
    except Exception:
        raise InvalidInput("the workbook is damaged: save it again") from None


def _shown(sheet: Any, counts: dict[str, int]) -> Rows:
    """The values of a sheet without its hidden rows and columns; empty rows at its end left out."""
    rows = {n for n, row in sheet.row_dimensions.items() if row.hidden or row.height == 0}
    columns = set(_hidden_columns(sheet))
    counts["hidden row"] += len(rows)
    counts["hidden column"] += len(columns)
    shown: Rows = []
    for row in sheet.iter_rows(max_row=sheet.max_row, max_col=sheet.max_column):
        if row[0].row not in rows:
            shown.append([_value(cell, counts) for cell in row if cell.column not in columns])
    while shown and not any(value is not None for value in shown[-1]):
        shown.pop()
    return shown


def _hidden_columns(sheet: Any) -> Iterator[int]:
    for column in sheet.column_dimensions.values():
        if column.hidden or column.width == 0:
            yield from range(column.min, min(column.max, sheet.max_column) + 1)


def _value(cell: Any, counts: dict[str, int]) -> Any:
    if cell.value is not None and cell.number_format == ";;;":
        counts["hidden cell"] += 1
        return None
    return cell.value


def _written(sheets: Sequence[tuple[str, Rows]]) -> bytes:
    numbers = range(1, len(sheets) + 1)
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
            f'ContentType="{_TYPE}.worksheet+xml"/>'
            for n in numbers
        )
        + "</Types>",
        "_rels/.rels": _relationships([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(_plain(name))} sheetId="{n}" r:id="r{n}"/>'
            for n, (name, _) in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relationships(
            [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
        ),
    }
    for n, (_, rows) in zip(numbers, sheets, strict=True):
        files[f"xl/worksheets/sheet{n}.xml"] = _sheet(rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(entry, _HEAD + text)
    return packed.getvalue()


def _relationships(targets: Sequence[tuple[str, str]]) -> str:
    links = (
        f'<Relationship Id="r{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, start=1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(links)}</Relationships>'


def _sheet(rows: Rows) -> str:
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = (
            _cell(f"{get_column_letter(at)}{number}", value)
            for at, value in enumerate(row, start=1)
            if value is not None
        )
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(place: str, value: Any) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)) and math.isfinite(value):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    words = text_of(value) if isinstance(value, (str, date, datetime, time)) else str(value)
    text = f'<t xml:space="preserve">{escape(_plain(words))}</t>'
    return f'<c r="{place}" t="inlineStr"><is>{text}</is></c>'


def _plain(text: str) -> str:
    return _NO_XML.sub("�", text)
