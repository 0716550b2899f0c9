"""A table understood: its cells read, what its columns and rows are about, what names the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.rules.tables_cells import Cell, Form, read_cell
from vitrine.egress.checks.rules.tables_words import Kind, kind_of

SHAPE_ROWS: Final = 400
"""Rows by which the shape of a table is judged."""

ANY_TOTAL: Final = re.compile(
    r"\b(?:grand\s+|sub)?(?:total|all|sum|overall|margin)s?\b", re.IGNORECASE
)
_PEOPLE_CAPTION: Final = re.compile(
    r"confusion[ _]?matri|contingency|cross-?tab|number at risk|numbers? of (?:patients|subjects|"
    r"participants|people|cases|images|scans|women|men|deaths|events|studies|exam)|patient counts?|"
    r"\bcounts?\b|\bexclu(?:ded|sions)\b|\bn \(%\)|at risk|frequenc|flow of|cohort (?:size|flow)",
    re.IGNORECASE,
)
_OTHER_CAPTION: Final = re.compile(
    r"scores?|likert|rank|rating|hyper-?parameter|settings|config|percent|%|importance|mean\b|"
    r"median|protocol|parameters|accuracy|epoch|history|grid",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A table with its cells read and its labels understood."""

    table: Table
    cells: tuple[tuple[Cell, ...], ...]
    columns: tuple[Kind, ...]
    labels: tuple[int, ...]
    """Indices of the columns that name rows."""

    rows: tuple[Kind, ...]
    names: tuple[str, ...]
    """The label of each row, with that of its section before it."""

    caption: Kind


@lru_cache(maxsize=64)
def view_of(table: Table) -> View:
    """The table, understood."""
    known = {text: read_cell(text) for text in {cell for row in table.rows for cell in row}}
    cells = tuple(tuple(known[text] for text in row) for row in table.rows)
    kinds: dict[str, Kind] = {}

    def kind(label: str) -> Kind:
        if label not in kinds:
            kinds[label] = kind_of(label)
        return kinds[label]

    cells = _with_letters_for_counts(cells, table)
    columns = tuple(
        Kind.OTHER if re.fullmatch(r"column \d+", name) else kind(name) for name in table.columns
    )
    labels = _label_columns(table, cells, columns)
    rows, names, section = [], [], ""
    said = f"{table.caption} {table.columns[0] if 0 in labels else ''}"
    for row, line in zip(table.rows, cells, strict=True):
        own = [row[index] for index in labels if row[index]]
        if (
            own
            and labels
            and all(c.form is Form.EMPTY for k, c in enumerate(line) if k not in labels)
        ):
            section = own[0]
        found = min((kind(each) for each in own), default=Kind.OTHER)
        if section and section not in own and found >= Kind.INDEX:
            found = min(found, _of_section(kind(section)))
        elif section and found < Kind.INDEX and re.search(r"[,(]", own[0]):
            section = ""
        rows.append(found)
        names.append(" ".join(filter(None, [section if section not in own else "", *own])))
    return View(table, cells, columns, labels, tuple(rows), tuple(names), _of_caption(said))


_LETTERS: Final = re.compile(r"[A-Za-z#?•.]{1,3}|supp\w*\.?|few|small|hidden", re.IGNORECASE)
_FEWEST_COUNTS: Final = 2


def _with_letters_for_counts(
    cells: tuple[tuple[Cell, ...], ...], table: Table
) -> tuple[tuple[Cell, ...], ...]:
    """The cells, with a letter that stands among counts read as what stands for one."""
    width = range(1, len(table.columns))
    counts = {k: sum(line[k].form is Form.COUNT for line in cells[:SHAPE_ROWS]) for k in width}
    mostly = {
        k for k, count in counts.items() if count >= _FEWEST_COUNTS and count * 2 > len(cells)
    }
    if not mostly:
        return cells
    return tuple(
        tuple(
            Cell(Form.MARKER)
            if k in mostly and cell.form is Form.TEXT and _LETTERS.fullmatch(row[k].strip())
            else cell
            for k, cell in enumerate(line)
        )
        for line, row in zip(cells, table.rows, strict=True)
    )


def _of_section(kind: Kind) -> Kind:
    return kind if kind in (Kind.COUNT, Kind.STATISTIC, Kind.MEASURE, Kind.SETTING) else Kind.OTHER


def _of_caption(caption: str) -> Kind:
    if _PEOPLE_CAPTION.search(caption):
        return Kind.COUNT
    return Kind.MEASURE if _OTHER_CAPTION.search(caption) else Kind.OTHER


def _label_columns(
    table: Table, cells: tuple[tuple[Cell, ...], ...], columns: tuple[Kind, ...]
) -> tuple[int, ...]:
    """Columns of words, those of an order (epoch, fold, class), and a first one without a name."""
    labels = []
    for column, kind in enumerate(columns):
        forms = [
            line[column].form for line in cells[:SHAPE_ROWS] if line[column].form is not Form.EMPTY
        ]
        texts = sum(form is Form.TEXT for form in forms)
        worded = bool(forms) and texts * 2 >= len(forms)
        named = worded and (column == 0 or kind not in (Kind.COUNT, Kind.STATISTIC))
        ordered = kind is Kind.INDEX and set(forms) <= {Form.COUNT, Form.NUMBER}
        unnamed = column == 0 and len(columns) > 1 and _is_unnamed_index(table, columns)
        if named or ordered or unnamed:
            labels.append(column)
    return tuple(labels)


def _is_unnamed_index(table: Table, columns: tuple[Kind, ...]) -> bool:
    """Whether the first column holds numbers and names rows: categories of a cross table."""
    first = [row[0] for row in table.rows[:SHAPE_ROWS]]
    if len(set(first)) != len(first) or columns[0] in (Kind.COUNT, Kind.PEOPLE):
        return False
    if table.columns[0] == "column 1" and table.columns[1] != "column 2":
        return True
    if columns[0] not in (Kind.GROUP, Kind.OTHER):
        return False
    if any(ANY_TOTAL.fullmatch(cell) for cell in first):
        return True
    numbers = [int(cell) for cell in first if cell.isdecimal() and len(cell) < 4]
    ordered = len(numbers) == len(first) <= 30 and numbers == sorted(numbers)
    return ordered and len(columns) > 2 and columns[1] in (Kind.GROUP, Kind.OTHER)
