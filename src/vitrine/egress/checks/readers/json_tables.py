"""JSON: every object and list that is a table by its shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from vitrine.egress.checks.document import Document, Role, Table, Text
from vitrine.egress.checks.readers.decoding import decoded
from vitrine.egress.checks.readers.unreadable import Unreadable, require_few_cells

_DEPTH_LIMIT: Final = 60
_NESTED: Final = 4
"""Levels of objects in a record that become columns."""


def read(name: str, content: bytes, kind: str) -> Document:
    """The tables in a JSON text, or in JSON lines; long strings as prose.

    Raises:
        Unreadable: when it is no JSON, or too deep or too large.
    """
    text, remarks = decoded(content)
    values = _parsed(text)
    tables = tuple(tables_in_json(values))
    require_few_cells(sum(len(t.columns) * len(t.rows) for t in tables))
    return Document(
        path=name,
        kind=kind,
        size_bytes=len(content),
        tables=tables,
        texts=tuple(_texts(values, "", 0)),
        remarks=remarks,
        content=content,
    )


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return [orjson.loads(line) for line in text.splitlines() if line.strip()]
    except orjson.JSONDecodeError:
        raise Unreadable("it is no JSON") from None


def tables_in_json(values: Any, at: str = "") -> Iterator[Table]:
    """Each list of objects, object of lists, object of objects, matrix, and plain object.

    Raises:
        Unreadable: when it is nested too deeply.
    """
    yield from _walk(values, at, 0)


def _walk(values: Any, at: str, depth: int) -> Iterator[Table]:
    if depth > _DEPTH_LIMIT:
        raise Unreadable(f"it is nested more than {_DEPTH_LIMIT} levels deep")
    children: list[tuple[str, Any]] = []
    if isinstance(values, dict):
        yield from _of_object(values, at)
        children = [(str(key), each) for key, each in values.items()]
        if _is_records(values.values()):
            children = [(f"{key}.{k}", v) for key, each in children for k, v in each.items()]
    elif isinstance(values, list):
        yield from _of_list(values, at)
        if _is_records(values):
            children = [
                (f"{number}.{key}", each)
                for number, record in enumerate(values, 1)
                for key, each in record.items()
            ]
        else:
            children = [(str(number), each) for number, each in enumerate(values, 1)]
    for key, each in children:
        if isinstance(each, dict | list) and not _is_vector(each):
            yield from _walk(each, f"{at}.{key}" if at else key, depth + 1)


def _of_object(values: dict[str, Any], at: str) -> Iterator[Table]:
    plain = [(str(k), _text(v)) for k, v in values.items() if not isinstance(v, dict | list)]
    vectors = {str(k): v for k, v in values.items() if _is_vector(v)}
    if plain:
        yield _table(("name", "value"), [list(row) for row in plain], at, at)
    if _is_records(values.values()) and values:
        yield _records(list(values.values()), at, [str(key) for key in values])
    if isinstance(values.get("columns"), list) and isinstance(values.get("data"), list):
        yield from _split(values["columns"], values["data"], at)
    for length in sorted({len(each) for each in vectors.values()}):
        if length:
            names = [name for name, each in vectors.items() if len(each) == length]
            rows = zip(*(map(_text, vectors[name]) for name in names), strict=True)
            yield _table(tuple(names), [list(row) for row in rows], at, at)


def _split(columns: list[Any], data: list[Any], at: str) -> Iterator[Table]:
    """The table that pandas writes as `columns` and `data`."""
    rows = [[_text(cell) for cell in row] for row in data if _is_vector(row)]
    if columns and rows and all(len(row) == len(columns) for row in rows):
        yield _table(tuple(map(str, columns)), rows, at, at)


def _of_list(values: list[Any], at: str) -> Iterator[Table]:
    if _is_records(values) and values:
        yield _records(values, at, None)
    elif values and all(_is_vector(each) for each in values):
        width = max(map(len, values))
        rows = [[*map(_text, each), *[""] * (width - len(each))] for each in values]
        require_few_cells(width * len(rows))
        yield _table(tuple(f"column {k + 1}" for k in range(width)), rows, at, at)
    elif _is_vector(values) and values:
        yield _table((at.rsplit(".", 1)[-1] or "column 1",), [[_text(v)] for v in values], at, at)


def _records(records: list[dict[str, Any]], at: str, keys: list[str] | None) -> Table:
    flat = [_flat(record) for record in records]
    columns = tuple(dict.fromkeys(name for record in flat for name in record))
    require_few_cells(len(columns) * len(flat))
    rows = [[record.get(name, "") for name in columns] for record in flat]
    if keys is not None:
        columns = ("name", *columns)
        rows = [[key, *row] for key, row in zip(keys, rows, strict=True)]
    return _table(columns or ("name",), rows, at, at)


def _flat(record: dict[str, Any], depth: int = 0) -> dict[str, str]:
    """Plain values of a record; a vector becomes one column for each element."""
    found: dict[str, str] = {}
    for name, value in record.items():
        if _is_vector(value) and len(value) <= 4096:
            found |= {f"{name}_{k}": _text(each) for k, each in enumerate(value)}
        elif isinstance(value, dict):
            if depth < _NESTED:
                found |= {f"{name}.{k}": v for k, v in _flat(value, depth + 1).items()}
        elif not isinstance(value, list):
            found[str(name)] = _text(value)
    return found


def _table(columns: tuple[str, ...], rows: list[list[str]], at: str, caption: str) -> Table:
    return Table(
        columns=tuple(
            " ".join(name.split())[:120] or f"column {k}" for k, name in enumerate(columns, 1)
        ),
        rows=tuple(map(tuple, rows)),
        at=at[:200],
        first_row=1,
        caption=caption.replace(".", " ").replace("_", " "),
    )


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(each, dict | list) for each in value)


def _is_records(values: Any) -> bool:
    return all(isinstance(each, dict) for each in values)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _texts(values: Any, at: str, depth: int) -> Iterator[Text]:
    """Strings of several words, which may be captions, notes or messages."""
    if depth > _DEPTH_LIMIT:
        return
    if isinstance(values, str) and values.count(" ") > 2:
        yield Text(text=values, role=Role.PROSE, at=at[:200])
    elif isinstance(values, dict):
        for key, each in values.items():
            yield from _texts(each, f"{at}.{key}" if at else str(key), depth + 1)
    elif isinstance(values, list):
        for number, each in enumerate(values, 1):
            yield from _texts(each, f"{at}.{number}" if at else str(number), depth + 1)
