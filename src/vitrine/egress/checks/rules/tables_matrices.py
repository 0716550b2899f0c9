"""Tables that are no results but data: embeddings, pixels, encoded cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy
from numpy.typing import NDArray

from vitrine.egress.checks.document import Document, Table
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.prose_records import drawn_in
from vitrine.egress.checks.rules.tables_words import Kind, kind_of, word_set
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_WIDE: Final = 16
_ROWS: Final = 2000
_SEQUENCE: Final = re.compile(r"([A-Za-z_ .:\[\]-]*?)[_ .\[-]*\d+\]?")
_ORDERS: Final = word_set(
    "fold epoch year month week age hour day class bin q item visit loss acc accuracy auc lr "
    "history train val precision recall iou"
)
_LATENT: Final = re.compile(
    r"embedding|\bemb|latent|feature[ _]?vec|\bvector|\bencod|representation", re.IGNORECASE
)
_SPOTS: Final = ("x", "y", "row", "col", "column", "i", "j", "r", "c", "pixel_x", "pixel_y")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/=_-]+")
_OF_NUMBERS: Final = frozenset("0123456789.,;eE+-[]() \n")
_LONG: Final = 200
_LONG_LINE: Final = 60


def _embeddings(document: Document, policy: DisclosurePolicy) -> Answer:
    places = [table.at or "all rows" for table in document.tables if _is_embedding(table)]
    if places:
        yield Severity.BLOCK, "vectors of many numbers for each row, as embeddings are", places


def _pixels(document: Document, policy: DisclosurePolicy) -> Answer:
    places = [
        table.at or "all rows"
        for table in document.tables
        if _is_picture(table) or _lists_pixels(table)
    ]
    if places:
        yield Severity.BLOCK, "a table whose numbers are the pixels of an image", places
    drawn = tuple(drawn_in(document))
    if drawn:
        yield Severity.WARN, "a text whose letters draw a picture, as of an image", drawn


def _is_embedding(table: Table) -> bool:
    named = _LATENT.search(f"{table.caption} {' '.join(table.columns[:3])}") is not None
    if named and len(table.columns) < _WIDE:
        return _is_long_vector(table)
    columns = _sequence(table)
    if len(columns) < _WIDE or not table.rows:
        return False
    values = _values(table, columns)
    if values is None or _is_square_of_names(table, columns) or _is_symmetric(values):
        return False
    fractions = float((values != numpy.round(values)).mean())
    return fractions > 0.5 and not _is_ordered(values)


def _is_long_vector(table: Table) -> bool:
    if len(table.rows) < _WIDE:
        return False
    for column, name in enumerate(table.columns):
        if _LATENT.search(f"{name} {table.caption}"):
            values = _values(table, [column])
            if values is not None and float((values != numpy.round(values)).mean()) > 0.5:
                return True
    return False


def _is_picture(table: Table) -> bool:
    columns = _sequence(table)
    if len(columns) < _WIDE or len(table.rows) < _WIDE:
        return False
    values = _values(table, columns)
    if values is None or _is_square_of_names(table, columns) or _is_symmetric(values):
        return False
    if _is_diagonal(values) or float(values.std()) == 0:
        return False
    low, high = float(values.min()), float(values.max())
    whole = float((values == numpy.round(values)).mean()) > 0.95
    if whole and low >= -4096 and 16 < high - low <= 65535:
        return True
    return _is_smooth(values)


def _sequence(table: Table) -> list[int]:
    """Columns whose names are a number after the same word, or nothing."""
    stems: dict[str, list[int]] = {}
    for index, name in enumerate(table.columns):
        if found := _SEQUENCE.fullmatch(name.strip()):
            stem = found[1].strip(" _.-[").lower()
            stems.setdefault(stem, []).append(index)
    best = max(stems.values(), key=len, default=[])
    stem = next((each for each, found in stems.items() if found is best), "")
    if kind_of(stem) in (Kind.COUNT, Kind.PEOPLE, Kind.SETTING):
        return []
    return [] if set(re.split(r"[\W_]+", stem)) & _ORDERS else best


def _values(table: Table, columns: Sequence[int]) -> NDArray[numpy.float64] | None:
    """The numbers of these columns; None when a twentieth of them or more are none."""
    rows = [[_number(row[k]) for k in columns] for row in table.rows[:_ROWS] if any(row)]
    values = numpy.array(rows, dtype=numpy.float64).reshape(len(rows), len(columns))
    if not values.size or float(numpy.isnan(values).mean()) > 0.05:
        return None
    return numpy.asarray(numpy.nan_to_num(values))


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _is_square_of_names(table: Table, columns: Sequence[int]) -> bool:
    """Whether rows are named like the columns: a matrix of correlations or of confusions."""
    if columns and columns[0] == 0:
        return False
    rows = {row[0].strip() for row in table.rows}
    return len(rows & {table.columns[k].strip() for k in columns}) * 2 > len(columns)


def _is_symmetric(values: NDArray[numpy.float64]) -> bool:
    square = values.shape[0] == values.shape[1] and values.shape[0] > 2
    return square and bool(numpy.allclose(values, values.T, atol=1e-3))


def _is_diagonal(values: NDArray[numpy.float64]) -> bool:
    if values.shape[0] != values.shape[1]:
        return False
    rest = (values.sum() - numpy.trace(values)) / max(1, values.size - len(values))
    return bool(numpy.trace(values) / len(values) > 5 * abs(rest))


def _is_ordered(values: NDArray[numpy.float64]) -> bool:
    """Whether most rows only rise or fall: curves, not vectors."""
    steps = numpy.diff(values, axis=1)
    return bool((((steps >= 0).all(axis=1)) | ((steps <= 0).all(axis=1))).mean() > 0.5)


def _is_smooth(values: NDArray[numpy.float64]) -> bool:
    across = float(numpy.abs(numpy.diff(values, axis=1)).mean())
    down = float(numpy.abs(numpy.diff(values, axis=0)).mean())
    return max(across, down) < 0.5 * float(values.std())


def _encoded(document: Document, policy: DisclosurePolicy) -> Answer:
    places = []
    for table in document.tables:
        for number, row in enumerate(table.rows):
            for column, cell in enumerate(row):
                if len(cell) >= _LONG_LINE and _is_encoded(cell):
                    places.append(table.place(number, column))
    if places:
        yield Severity.BLOCK, "cells with long encoded data or many numbers", places


def _is_encoded(cell: str) -> bool:
    """Whether a cell is one long word of an encoding, or a list of numbers."""
    if len(cell) >= _LONG:
        return bool(_ENCODED.fullmatch(cell)) or set(cell) <= _OF_NUMBERS
    if not _ENCODED.fullmatch(cell) or "_" in cell:
        return False
    mixed = any(c.isdigit() for c in cell) and any(c.isupper() for c in cell)
    return mixed and any(c.islower() for c in cell)


def _lists_pixels(table: Table) -> bool:
    """Whether rows are positions in a picture and what is there."""
    names = [name.strip().lower() for name in table.columns]
    spots = [names.index(each) for each in _SPOTS if each in names]
    if len(spots) < 2 or len(names) > 6 or len(table.rows) < _WIDE * _WIDE:
        return False
    values = _values(table, spots[:2])
    return values is not None and bool((values == numpy.round(values)).all())


RULES: Final = (
    Rule("encoded-data", 1, _encoded),
    Rule("embeddings", 2, _embeddings),
    Rule("pixel-matrix", 2, _pixels),
)
