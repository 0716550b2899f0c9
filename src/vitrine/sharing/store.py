"""The only SQL of sharing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from vitrine.clock import parse_timestamp, timestamp
from vitrine.sharing.share import Share
from vitrine.storage.database import metadata

shares_table: Final = Table(
    "shares",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project", Text, ForeignKey("projects.id"), nullable=False),
    Column("sender", Text, ForeignKey("accounts.name"), nullable=False),
    Column("session_id", Text, ForeignKey("sessions.id"), nullable=False),
    Column("shared_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("files", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("removed_at", Text),
)

receipts_table: Final = Table(
    "share_receipts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("share_id", Text, ForeignKey("shares.id"), nullable=False),
    Column("person", Text, ForeignKey("accounts.name"), nullable=False),
    Column("session_id", Text, ForeignKey("sessions.id"), nullable=False),
    Column("received_at", Text, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database says about a share; its names and its note are on the shelf only."""

    id: str
    project: str
    sender: str
    shared_at: datetime
    expires_at: datetime
    files: int
    size_bytes: int
    is_removed: bool


def add(tx: Connection, share: Share, session_id: str, manifest_sha256: str) -> None:
    """Record a share that is about to be published."""
    tx.execute(
        insert(shares_table).values(
            id=share.id,
            project=share.project,
            sender=share.sender,
            session_id=session_id,
            shared_at=timestamp(share.shared_at),
            expires_at=timestamp(share.expires_at),
            files=len(share.files),
            size_bytes=share.size_bytes,
            manifest_sha256=manifest_sha256,
        )
    )


def known(tx: Connection, share_id: str) -> Known | None:
    """The share of that id, removed or not; None when there never was one."""
    row = tx.execute(select(shares_table).where(shares_table.c.id == share_id)).first()
    return None if row is None else _known(row)


def held(tx: Connection, project: str | None = None) -> list[Known]:
    """The shares that are not removed, of one project or of all."""
    query: Select[Any] = select(shares_table).where(shares_table.c.removed_at.is_(None))
    if project is not None:
        query = query.where(shares_table.c.project == project)
    return [_known(row) for row in tx.execute(query.order_by(shares_table.c.id))]


def set_removed(tx: Connection, share_id: str, at: str) -> bool:
    """Note that a share is removed; False when it was before."""
    columns = shares_table.c
    open_one = (columns.id == share_id, columns.removed_at.is_(None))
    return tx.execute(update(shares_table).where(*open_one).values(removed_at=at)).rowcount == 1


def has_receipt(tx: Connection, receipt_id: str) -> bool:
    """Whether this reception is recorded already."""
    query = select(receipts_table.c.id).where(receipts_table.c.id == receipt_id)
    return tx.execute(query).first() is not None


def add_receipt(
    tx: Connection, receipt_id: str, *, share_id: str, person: str, session_id: str, at: str
) -> None:
    """Record that a share was handed to a person's session."""
    tx.execute(
        insert(receipts_table).values(
            id=receipt_id, share_id=share_id, person=person, session_id=session_id, received_at=at
        )
    )


def _known(row: Row[Any]) -> Known:
    return Known(
        id=row.id,
        project=row.project,
        sender=row.sender,
        shared_at=parse_timestamp(row.shared_at),
        expires_at=parse_timestamp(row.expires_at),
        files=row.files,
        size_bytes=row.size_bytes,
        is_removed=row.removed_at is not None,
    )
