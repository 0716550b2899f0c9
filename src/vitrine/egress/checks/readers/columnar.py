"""Parquet files: their columns, and what their schema carries besides."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow
from pyarrow import parquet

from vitrine.egress.checks.document import Document, Remark, Table
from vitrine.egress.checks.readers.unreadable import (
    COLUMNS_LIMIT,
    Unreadable,
    require_few_cells,
)

UNPACKED_LIMIT: Final = 512 << 20
"""Bytes that all columns may unpack to."""

_KNOWN_METADATA: Final = frozenset({b"pandas", b"ARROW:schema"})


def read(name: str, content: bytes, kind: str) -> Document:
    """One table; a remark when the schema carries other data.

    Raises:
        Unreadable: when it is damaged or too large.
    """
    try:
        source = pyarrow.BufferReader(content)
        stored = parquet.ParquetFile(source, pre_buffer=False)
        _require_small(stored.metadata)
        read = stored.read(use_threads=False)
    except pyarrow.ArrowException as problem:
        raise Unreadable(f"it is a damaged parquet file ({type(problem).__name__})") from None
    columns = [_texts(read.column(index)) for index in range(read.num_columns)]
    table = Table(
        columns=_names(read.column_names),
        rows=tuple(zip(*columns, strict=True)) if columns else (),
        first_row=1,
    )
    more = set(read.schema.metadata or {}) - _KNOWN_METADATA
    said = "its schema carries other data than columns"
    return Document(
        path=name,
        kind=kind,
        size_bytes=len(content),
        tables=(table,),
        remarks=(Remark(what="metadata", at="schema", detail=said),) if more else (),
        content=content,
    )


def prepare() -> None:
    """Read one file, so that everything it takes is imported."""
    written = io.BytesIO()
    days = pyarrow.array([datetime(2000, 1, 1, tzinfo=UTC)])
    parquet.write_table(pyarrow.table({"a": [1.5], "b": ["c"], "d": days}), written)
    read("", written.getvalue(), "parquet")


def _require_small(metadata: Any) -> None:
    if metadata.num_columns > COLUMNS_LIMIT:
        raise Unreadable(f"it has more than {COLUMNS_LIMIT:,} columns")
    require_few_cells(metadata.num_rows * max(1, metadata.num_columns))
    size = sum(metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups))
    if size > UNPACKED_LIMIT:
        raise Unreadable(f"it unpacks to more than {UNPACKED_LIMIT:,} bytes")


def _texts(column: Any) -> list[str]:
    return ["" if value is None else _text(value) for value in column.to_pylist()]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _names(names: list[str]) -> tuple[str, ...]:
    return tuple(name.strip() or f"column {k}" for k, name in enumerate(names, 1))
