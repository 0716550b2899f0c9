"""The audit log: one entry per event, appended in the transaction of the change it speaks of.

Either both the change and its entry are there, or neither is. Entries are never altered or
removed; on PostgreSQL the server refuses it, on SQLite a trigger does, and in both cases the
chain shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Table, Text, insert, select

from vitrine.audit import chain
from vitrine.audit.events import Event
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.errors import InvalidInput
from vitrine.storage.database import metadata

audit_log: Final = Table(
    "audit_log",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False, index=True),
    Column("event", Text, nullable=False, index=True),
    Column("actor", Text, nullable=False, index=True),
    Column("subject", Text, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

_MAX_TEXT: Final = 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it was recorded."""

    sequence: int
    at: str
    event: str
    actor: str
    subject: str
    digest: str
    detail: Mapping[str, str | int | None] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, object]:
        """What the digest covers, apart from the sequence and the digest before."""
        return {
            "at": self.at,
            "event": self.event,
            "actor": self.actor,
            "subject": self.subject,
            "detail": dict(self.detail),
        }

    @property
    def link(self) -> chain.Link:
        """This entry as a link of the hash chain."""
        return chain.Link(self.sequence, self.body, self.digest)


def record(
    tx: Connection,
    event: Event,
    *,
    actor: str,
    subject: str,
    detail: Mapping[str, str | int | None] = {},
    clock: Clock = utc_now,
) -> Entry:
    """Append an event in the caller's transaction and return its entry.

    `Database.begin` lets one writer in at a time, so that the log has one order; a second
    entry with the same sequence is refused by the primary key.

    Args:
        actor: `person:<name>`, `os:<login>` or `system:<process>`.
        subject: `<noun>:<id>`, the thing that it happened to.
        detail: ids, counts, digests and reasons; never a patient's value or a secret.

    Raises:
        InvalidInput: when actor or subject has another form, or a detail is no text or number.
    """
    _check(actor, subject, detail)
    last = head(tx)
    entry = Entry(
        sequence=last.sequence + 1,
        at=timestamp(clock()),
        event=event.value,
        actor=actor,
        subject=subject,
        digest="",
        detail=dict(detail),
    )
    digest = chain.digest_of(entry.sequence, entry.body, last.digest)
    tx.execute(
        insert(audit_log).values(
            sequence=entry.sequence,
            at=entry.at,
            event=entry.event,
            actor=actor,
            subject=subject,
            detail=chain.canonical(dict(detail)),
            digest=digest,
        )
    )
    return Entry(entry.sequence, entry.at, entry.event, actor, subject, digest, entry.detail)


def head(tx: Connection) -> chain.Head:
    """The last entry's sequence and digest."""
    newest = select(audit_log.c.sequence, audit_log.c.digest)
    row = tx.execute(newest.order_by(audit_log.c.sequence.desc()).limit(1)).first()
    return chain.Head(row.sequence, row.digest) if row else chain.Head()


def entries(tx: Connection, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
    """The entries after sequence `after`, oldest first.

    Raises:
        IntegrityError: at an entry whose detail is no longer readable.
    """
    return find(tx, after=after, limit=limit)


def find(
    tx: Connection,
    *,
    event: str | None = None,
    actor: str | None = None,
    subject: str | None = None,
    since: str | None = None,
    after: int = 0,
    limit: int | None = None,
    newest_first: bool = False,
) -> Iterator[Entry]:
    """The entries that match every given filter.

    Args:
        since: a timestamp; entries from that moment on.
        limit: at most so many, counted in the order asked for.
    """
    columns = audit_log.c
    query = select(audit_log).where(columns.sequence > after)
    for column, value in ((columns.event, event), (columns.actor, actor)):
        query = query if value is None else query.where(column == value)
    query = query if subject is None else query.where(columns.subject == subject)
    query = query if since is None else query.where(columns.at >= since)
    order = columns.sequence.desc() if newest_first else columns.sequence
    rows = tx.execute(query.order_by(order).limit(limit), execution_options={"yield_per": 1000})
    for row in rows:
        yield Entry(
            row.sequence, row.at, row.event, row.actor, row.subject, row.digest, _detail(row)
        )


def _detail(row: object) -> dict[str, str | int | None]:
    text_, sequence = getattr(row, "detail"), getattr(row, "sequence")  # noqa: B009 row attributes
    try:
        detail = json.loads(text_)
    except (ValueError, TypeError):
        detail = None
    # A changed space would parse to the same mapping: only the canonical text is what was written.
    if not isinstance(detail, dict) or _canonical_or_none(detail) != text_:
        raise chain.BrokenChain(
            f"entry {sequence} was altered: its detail is not what was written", sequence=sequence
        )
    return detail


def _canonical_or_none(detail: dict[str, object]) -> str | None:
    try:
        return chain.canonical(detail)
    except TypeError:
        return None


def _check(actor: str, subject: str, detail: Mapping[str, str | int | None]) -> None:
    kind, _, name = actor.partition(":")
    if kind not in ("person", "os", "system") or not name:
        raise InvalidInput(f"audit actor {actor!r} is not person:…, os:… or system:…")
    noun, _, thing = subject.partition(":")
    if not noun or not thing:
        raise InvalidInput(f"audit subject {subject!r} is not <noun>:<id>")
    for key, value in {"actor": actor, "subject": subject, **detail}.items():
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise InvalidInput(f"audit detail {key!r} is neither text nor a whole number")
        if isinstance(value, str) and not _is_storable(value):
            raise InvalidInput(
                f"audit detail {key!r} is longer than {_MAX_TEXT} characters or is not plain text"
            )


def _is_storable(value: str) -> bool:
    """Whether both servers keep `value` as it is: no zero character, no lone surrogate."""
    is_unicode = not any("\ud800" <= each <= "\udfff" for each in value)
    return len(value) <= _MAX_TEXT and "\x00" not in value and is_unicode
