"""The only SQL of the steward: marks, each saying how far it got with something."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, String, Table, Text, delete, insert, select

from vitrine.storage.database import metadata

marks_table: Final = Table(
    "steward_marks",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("value", Text, nullable=False),
)


def mark(tx: Connection, name: str) -> str | None:
    """The value of the mark `name`, or None when it was never set."""
    query = select(marks_table.c.value).where(marks_table.c.name == name)
    value = tx.execute(query).scalar()
    return None if value is None else str(value)


def set_mark(tx: Connection, name: str, value: str) -> None:
    """Set the mark `name`; the steward is the only writer."""
    tx.execute(delete(marks_table).where(marks_table.c.name == name))
    tx.execute(insert(marks_table).values(name=name, value=value))
