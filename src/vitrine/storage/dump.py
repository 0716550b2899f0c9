"""The whole database as lines of JSON: the same form whichever server holds it.

The first line names the schema revision. Every other line is one row: `[table, {column: value}]`,
tables in an order in which references always point back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any, Final

from sqlalchemy import Connection, MetaData, Table, func, insert, select, text

from vitrine.errors import Conflict, IntegrityError
from vitrine.storage.database import Database
from vitrine.storage.migrate import current_revision, upgrade

_VERSION_TABLE: Final = "alembic_version"
_BATCH_ROWS: Final = 500


def dump(tx: Connection) -> Iterator[str]:
    """The lines of a dump, read in the caller's one consistent view."""
    yield _line({"schema": current_revision(tx)})
    for table in _tables(tx):
        key = list(table.primary_key.columns)
        rows = tx.execute(select(table).order_by(*key), execution_options={"yield_per": 1000})
        for row in rows:
            yield _line([table.name, dict(row._mapping)])


def load(database: Database, lines: Iterable[str]) -> int:
    """Fill an empty database from a dump, bring it to the newest form and count its rows.

    Everything happens in one transaction: a dump that cannot be loaded leaves nothing behind.

    Raises:
        Conflict: when the database has tables already.
        IntegrityError: naming the line that cannot be loaded.
    """
    parsed = _parsed(lines)
    number, header = next(parsed, (1, None))
    if not isinstance(header, dict) or not isinstance(header.get("schema"), str):
        raise IntegrityError(f"line {number} of the database dump does not name its schema")
    database.create()
    with database.begin() as tx:
        if current_revision(tx) is not None:
            raise Conflict("the database has tables already", hint="restore into an empty one")
        upgrade(tx, header["schema"])
        count = _insert(tx, parsed)
        upgrade(tx)
    return count


def _insert(tx: Connection, parsed: Iterator[tuple[int, Any]]) -> int:
    tables = {table.name: table for table in _tables(tx)}
    count = 0
    for name, group in groupby(_rows(parsed, tables), key=lambda item: item[0]):
        table = tables[name]
        rows = (row for _, row in group)
        while batch := list(islice(rows, _BATCH_ROWS)):
            tx.execute(insert(table), batch)
            count += len(batch)
        _advance_sequence(tx, table)
    return count


def _rows(
    parsed: Iterator[tuple[int, Any]], tables: dict[str, Table]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, item in parsed:
        is_row = isinstance(item, list) and len(item) == 2 and isinstance(item[1], dict)
        if not is_row or item[0] not in tables or set(item[1]) - set(tables[item[0]].c.keys()):
            raise IntegrityError(f"line {number} of the database dump is not a row of a table")
        yield item[0], item[1]


def _parsed(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            yield number, json.loads(line)
        except ValueError:
            raise IntegrityError(f"line {number} of the database dump is not readable") from None


def _tables(tx: Connection) -> list[Table]:
    """The tables that are there, not those that this version expects, parents first."""
    found = MetaData()
    found.reflect(tx)
    return [table for table in found.sorted_tables if table.name != _VERSION_TABLE]


def _advance_sequence(tx: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after the ones that were loaded."""
    if tx.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        name = {"table": table.name, "column": column.name}
        sequence = tx.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), name)
        if sequence:
            highest = tx.scalar(select(func.max(column)))
            tx.execute(text("SELECT setval(:name, :value)"), {"name": sequence, "value": highest})


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
