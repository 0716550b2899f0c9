"""The tables of turns and notices."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from vitrine.storage.database import metadata

turns: Final = Table(
    "egress_turns",
    metadata,
    Column("request_id", String(40), ForeignKey("egress_requests.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("project", String(32), nullable=False),
    Column("author", String(32), nullable=False),
    Column("submitted_at", String(27), nullable=False),
    Column("due_at", String(27), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("outputs", Integer, nullable=False),
    Column("output_bytes", BigInteger, nullable=False),
    Column("ended_at", String(27)),
    Column("outcome", String(20)),
    Column("reason_code", String(24)),
)

_is_over: Any = turns.c.ended_at.is_not(None)
Index(
    "ix_egress_turns_ended_at",
    turns.c.ended_at,
    sqlite_where=_is_over,
    postgresql_where=_is_over,
)


def _waiting(name: str, *columns: str) -> Index:
    """An index over the turns that the checkers have now, and no others."""
    is_open: Any = turns.c.ended_at.is_(None)
    return Index(
        f"ix_egress_turns_{name}",
        *(turns.c[column] for column in (*columns, "request_id")),
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


_waiting("waiting_due", "due_at")
_waiting("waiting_age", "submitted_at")
_waiting("waiting_size", "output_bytes")
_waiting("waiting_priority", "priority", "due_at")

notices: Final = Table(
    "egress_notices",
    metadata,
    Column("request_id", String(40), ForeignKey("egress_requests.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("recipient", String(32), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("due_at", String(27)),
    Column("created_at", String(27), nullable=False),
    Column("read_at", String(27)),
    Column("send_at", String(27)),
    Column("sent_at", String(27)),
    Column("attempts", Integer, nullable=False),
    Index("ix_egress_notices_recipient_created_at", "recipient", "created_at"),
)

_is_unread: Any = notices.c.read_at.is_(None)
_is_unsent: Any = notices.c.send_at.is_not(None)
Index(
    "ix_egress_notices_unread",
    notices.c.recipient,
    sqlite_where=_is_unread,
    postgresql_where=_is_unread,
)
Index(
    "ix_egress_notices_unsent",
    notices.c.send_at,
    sqlite_where=_is_unsent,
    postgresql_where=_is_unsent,
)
