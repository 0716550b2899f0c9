"""Data that an interactive plot carries along: plotly, vega, bokeh, html widgets, plain JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.readers.parts import Parts, from_base64

FEWEST: Final = 5
"""Values from which on a list counts as data."""
MANY: Final = 30
"""Values from which on a plot carries more than a table would show."""
POINTS: Final = 8
"""Values from which on a plot of single points shows persons."""
TABLES_LIMIT: Final = 60
VALUES_LIMIT: Final = 200_000
_DECODES_LIMIT: Final = 10_000
_DEEP: Final = 900
"""Brackets in a row after which the next value is looked for."""

_STYLE_KEYS: Final = frozenset(
    {"template", "layout", "colorscale", "colorway", "config", "frames", "palette", "encoding"}
    | {"domain", "range", "tickvals", "ticktext", "margin", "shapes"}
)
_POINT_TEXTS: Final = frozenset({"text", "hovertext", "customdata", "ids", "tooltip", "labels"})
_JSON_START: Final = re.compile(r'[\[{]\s*(?:[\[{"]|-?\d)')
_QUOTED_JSON: Final = re.compile(r"JSON\.parse\(\s*(['\"])((?:\\.|(?!\1)[^\\])*)\1")

_RAW_TRACES: Final = frozenset(
    {"box", "violin", "histogram", "histogram2d", "splom", "parcoords", "parcats", "scatter3d"}
    | {"scattergeo", "scattermapbox", "scattermap", "densitymapbox"}
)
"""Plots whose file holds the values that they sum up."""
_RAW_MARKS: Final = frozenset({"point", "circle", "square", "tick", "boxplot"})
_MOST_LAYERS: Final = 200

Column = list[str]


def keep_data(value: Any, parts: Parts, at: str) -> None:
    """Put the data of a plot into `parts`: a table for each group of lists, and one remark."""
    longest, has_point_texts, tables = 0, False, 0
    for columns in _groups(value):
        height = max(map(len, columns.values()))
        longest = max(longest, height)
        has_point_texts |= height >= FEWEST and not _POINT_TEXTS.isdisjoint(columns)
        if tables < TABLES_LIMIT:
            parts.tables.append(_table(columns, at))
            tables += 1
    shows_each = longest >= POINTS and _shows_each(value)
    if longest >= MANY or has_point_texts or shows_each:
        parts.remark("embedded data", at, "many values")
    elif longest:
        parts.remark("embedded data", at, "few values")


def keep_script_data(script: str, parts: Parts, at: str) -> None:
    """The same for every JSON value that stands in a script."""
    decoder = json.JSONDecoder()
    values: list[Any] = []
    position = 0
    for _ in range(_DECODES_LIMIT):
        match = _JSON_START.search(script, position)
        if match is None:
            break
        try:
            value, position = decoder.raw_decode(script, match.start())
        except ValueError:
            position = match.start() + 1
            continue
        except RecursionError:
            position = match.start() + _DEEP
            continue
        values.append(value)
    for match in _QUOTED_JSON.finditer(script):
        try:
            values.append(json.loads(re.sub(r"\\(['\"\\])", r"\1", match.group(2))))
        except (ValueError, RecursionError):
            continue
    if values:
        keep_data(values, parts, at)


def _shows_each(value: Any) -> bool:
    """Whether a plot by plotly or vega draws each value that it holds, or sums them up later."""
    holder = value if isinstance(value, Mapping) else {}
    traces = holder.get("data", value)
    if isinstance(traces, list) and any(map(_is_raw_trace, traces[:_MOST_LAYERS])):
        return True
    waiting, seen = [holder], 0
    while waiting and seen < _MOST_LAYERS:
        here, seen = waiting.pop(), seen + 1
        mark = here.get("mark")
        name = mark.get("type") if isinstance(mark, Mapping) else mark
        if isinstance(name, str) and name in _RAW_MARKS:
            return True
        for key in ("layer", "hconcat", "vconcat", "concat", "spec"):
            inner = here.get(key)
            parts = inner if isinstance(inner, list) else [inner]
            waiting += [each for each in parts if isinstance(each, Mapping)]
    return False


def _is_raw_trace(trace: Any) -> bool:
    if not isinstance(trace, Mapping):
        return False
    if trace.get("type") in _RAW_TRACES:
        return True
    axes = [_column(trace.get(key)) or [] for key in ("x", "y")]
    is_free = all(len(set(axis)) >= POINTS and all(map(_is_number, axis)) for axis in axes)
    return trace.get("mode") == "markers" and is_free


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d[\d.]*(?:e[+-]?\d+)?", text, re.IGNORECASE))


def _groups(value: Any) -> Iterator[dict[str, Column]]:
    """Lists that belong together, by name; a walk without recursion."""
    left = VALUES_LIMIT
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting and left > 0:
        name, here = waiting.pop()
        left -= 1
        if isinstance(here, Mapping):
            columns, rest = _columns(here)
            if columns:
                left -= sum(map(len, columns.values()))
                yield columns
            waiting += [(key, each) for key, each in rest if key not in _STYLE_KEYS]
        elif isinstance(here, list):
            columns = _records(here) or _matrix(here)
            if columns:
                left -= sum(map(len, columns.values()))
                yield columns
            elif (column := _column(here)) and len(column) >= FEWEST:
                left -= len(column)
                yield {name or "column 1": column}
            else:
                waiting += [(name, each) for each in here[:VALUES_LIMIT] if _is_nested(each)]


def _is_nested(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _columns(mapping: Mapping[str, Any]) -> tuple[dict[str, Column], list[tuple[str, Any]]]:
    """The lists of scalars directly in a mapping, and what else is nested in it."""
    columns: dict[str, Column] = {}
    rest = []
    for key, each in mapping.items():
        column = None if key in _STYLE_KEYS else _column(each)
        if column is not None and len(column) >= FEWEST:
            columns[str(key)] = column
        elif _is_nested(each):
            rest.append((str(key), each))
    return columns, rest


def _column(value: Any) -> Column | None:
    if isinstance(value, list):
        if not value or any(_is_nested(each) for each in value):
            return None
        return ["" if each is None else str(each) for each in value[:VALUES_LIMIT]]
    if isinstance(value, Mapping):
        return _array(value)
    return None


def _array(value: Mapping[str, Any]) -> Column | None:
    """An array that is written as base64 of its bytes, as plotly and bokeh do."""
    letters = value.get("bdata", value.get("__ndarray__"))
    inner = value.get("array")
    if letters is None and isinstance(inner, Mapping):
        letters = inner.get("data")
    if not isinstance(letters, str) or not isinstance(value.get("dtype"), str):
        return None
    names = {"float64": "f8", "float32": "f4", "int32": "i4", "int8": "i1", "uint8": "u1"}
    kind = names.get(value["dtype"], value["dtype"])
    if not re.fullmatch(r"[fiu][1248]", kind):
        return None
    content = from_base64(letters)
    size = int(kind[1])
    numbers = numpy.frombuffer(content[: len(content) // size * size], dtype=f"<{kind}")
    return [f"{number:.10g}" for number in numbers[:VALUES_LIMIT].tolist()]


def _records(rows: Sequence[Any]) -> dict[str, Column]:
    """A list of flat objects, one for each row."""
    if len(rows) < 3 or not all(isinstance(row, Mapping) for row in rows):
        return {}
    names = list(dict.fromkeys(key for row in rows[:200] for key in row))
    flat = [name for name in names if not any(_is_nested(row.get(name)) for row in rows[:200])][
        :200
    ]
    if not flat or any(name in ("type", "id", "attributes", "$schema") for name in names[:2]):
        return {}
    return {str(name): [str(row.get(name, "")) for row in rows[:VALUES_LIMIT]] for name in flat}


def _matrix(rows: Sequence[Any]) -> dict[str, Column]:
    """Lists of equal length: rows when there are more of them than values in each."""
    if len(rows) < 2 or not all(isinstance(row, list) for row in rows):
        return {}
    widths = {len(row) for row in rows}
    if len(widths) != 1 or any(_is_nested(each) for row in rows for each in row):
        return {}
    width = widths.pop()
    if width == 0 or len(rows) * width < 2 * FEWEST:
        return {}
    lines = rows if len(rows) > width else list(zip(*rows, strict=True))
    height = len(lines[0])
    return {f"column {at + 1}": [str(line[at]) for line in lines] for at in range(height)}


def _table(columns: Mapping[str, Column], at: str) -> Table:
    height = max(map(len, columns.values()))
    padded = [column + [""] * (height - len(column)) for column in columns.values()]
    return Table(columns=tuple(columns), rows=tuple(zip(*padded, strict=True)), at=at, first_row=1)
