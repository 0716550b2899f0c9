"""Workbooks of Excel's open format, with what they hide."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import openpyxl
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter

from vitrine.egress.checks.document import Document, Remark, Table
from vitrine.egress.checks.readers.grid import table_of
from vitrine.egress.checks.readers.unreadable import Unreadable, require_few_cells

UNPACKED_LIMIT: Final = 256 << 20
"""Bytes that all parts of a workbook may unpack to."""

RATIO_LIMIT: Final = 200
"""How many times larger one part may unpack; a larger one is a bomb."""

_SMALL: Final = 1 << 20
_PARTS: Final = (
    ("vbaProject.bin", "macro", "it holds a macro"),
    ("xl/externalLinks/", "external link", "it refers to another workbook"),
    ("xl/embeddings/", "attachment", "it holds an embedded file"),
    ("xl/media/", "attachment", "it holds a picture that is not checked"),
    ("xl/charts/", "chart", "it holds a chart, with a copy of its data"),
    ("xl/pivotCache/", "pivot cache", "it holds the records behind a pivot table"),
    ("xl/connections", "connection", "it holds a data connection"),
    ("xl/model/", "attachment", "it holds a data model"),
    ("customXml/item", "metadata", "it holds custom XML"),
)


def read(name: str, content: bytes, kind: str) -> Document:
    """Each sheet as a table, hidden ones too, and what is hidden, linked or computed.

    Raises:
        Unreadable: when it is damaged or unpacks to more than is reasonable.
    """
    names = parts_of(content)
    remarks = [
        Remark(what=what, detail=said)
        for part, what, said in _PARTS
        if any(part in n for n in names)
    ]
    try:
        values = openpyxl.load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
        formulas = openpyxl.load_workbook(io.BytesIO(content), data_only=False, keep_links=False)
    except Exception as problem:
        raise Unreadable(f"it is a damaged workbook ({type(problem).__name__})") from None
    tables: list[Table] = []
    count = 0
    for sheet in values.worksheets:
        count += (sheet.max_row or 0) * (sheet.max_column or 0)
        require_few_cells(count)
        tables += _tables(sheet)
        remarks += _remarks(sheet, formulas[sheet.title])
    if len(values.worksheets) < len(values.sheetnames):
        remarks.append(Remark(what="chart", detail="it has a sheet that is a chart"))
    remarks += _names(values)
    return Document(
        path=name,
        kind=kind,
        size_bytes=len(content),
        tables=tuple(tables),
        remarks=tuple(remarks),
        content=content,
    )


def prepare() -> None:
    """Read one workbook, so that everything it takes is imported."""
    made = openpyxl.Workbook()
    made.active["A1"] = 1
    made.active["A2"] = datetime(2000, 1, 1)
    made.active["A1"].comment = Comment("", "")
    written = io.BytesIO()
    made.save(written)
    read("", written.getvalue(), "xlsx")


def parts_of(content: bytes) -> list[str]:
    """Names of the parts, after a look at how large they say to be and at what XML declares.

    Raises:
        Unreadable: when it is no archive, unpacks to too much, or declares entities.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > UNPACKED_LIMIT:
                raise Unreadable(f"it unpacks to more than {UNPACKED_LIMIT:,} bytes")
            for part in parts:
                if part.file_size > max(_SMALL, RATIO_LIMIT * part.compress_size):
                    raise Unreadable("one of its parts unpacks to hundreds of times its size")
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    _refuse_entities(archive, part)
            return [part.filename for part in parts]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise Unreadable("it is a damaged or locked workbook") from None


def _refuse_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with archive.open(part) as stream:
        start = stream.read(65536)
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", start.replace(b"\x00", b""), re.IGNORECASE):
        raise Unreadable("one of its parts declares XML entities")


def _tables(sheet: Any) -> Iterator[Table]:
    grid = [
        [text_of(cell) for cell in row]
        for row in sheet.iter_rows(
            max_row=sheet.max_row, max_col=sheet.max_column, values_only=True
        )
    ]
    hidden = sheet.sheet_state != "visible"
    for start, block in _blocks(grid):
        table = table_of(block, at=f"sheet {sheet.title}", first_row=start + 1, is_hidden=hidden)
        if table:
            yield table


def _blocks(grid: list[list[str]]) -> Iterator[tuple[int, list[list[str]]]]:
    """Parts of a sheet between two or more empty rows; a title belongs to what it stands above."""
    start, empty = 0, 0
    for number, row in enumerate(grid):
        if any(row):
            if empty >= 2 and any(any(r) for r in grid[start:number]):
                yield start, grid[start:number]
                start = number
            empty = 0
        else:
            empty += 1
    yield start, grid[start:]


def text_of(value: Any) -> str:
    """A cell's value as it is read in a table."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return str(value)


def _remarks(sheet: Any, formulas: Any) -> Iterator[Remark]:
    at = f"sheet {sheet.title}"
    if sheet.sheet_state != "visible":
        yield Remark(what="hidden sheet", at=at, detail="the sheet is hidden")
    for number, row in sorted(sheet.row_dimensions.items()):
        if row.hidden or row.height == 0:
            yield Remark(what="hidden rows", at=f"{at}, row {number}", detail="the row is hidden")
    for letter, column in sorted(sheet.column_dimensions.items()):
        if column.hidden or column.width == 0:
            last = get_column_letter(column.max) if column.max else letter
            spot = letter if last == letter else f"{letter} to {last}"
            said = "the column is hidden"
            yield Remark(what="hidden columns", at=f"{at}, column {spot}", detail=said)
    for row in formulas.iter_rows():
        for cell in row:
            for what, detail in _of_cell(cell):
                where = f"{at}, row {cell.row}, column {cell.column_letter}"
                yield Remark(what=what, at=where, detail=detail)


def _of_cell(cell: Any) -> Iterator[tuple[str, str]]:
    if cell.comment:
        yield "comment", "the cell has a comment"
    if cell.data_type == "f":
        yield "formula", "the cell is computed"
    if cell.value is not None and cell.number_format == ";;;":
        yield "hidden cell", "its number format hides it"


def _names(workbook: Any) -> Iterator[Remark]:
    for name in workbook.defined_names.values():
        text = str(name.attr_text or "")
        if "[" in text or "://" in text or "file:" in text.lower():
            said = "a defined name refers to another workbook"
            yield Remark(what="external link", at="defined names", detail=said)
        elif name.hidden:
            said = "a defined name is hidden"
            yield Remark(what="hidden name", at="defined names", detail=said)
    told = workbook.properties
    if any((told.keywords, told.description, told.subject, told.category)):
        said = "the workbook's properties hold a description"
        yield Remark(what="metadata", at="properties", detail=said)
