"""The SQL of what stands beside a request: exceptions, words, openings, arrivals, incidents."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from vitrine.clock import parse_timestamp, timestamp
from vitrine.egress.rows import plain
from vitrine.egress.standing import AcceptedWarning, ExceptionRequest, Incident, Opening
from vitrine.egress.tables import accepted, arrivals, exceptions, incidents, openings


def put_exception(tx: Connection, asked: ExceptionRequest, *, is_new: bool) -> None:
    """Insert an exception request, or what was decided about it."""
    values = plain(asdict(asked))
    if is_new:
        tx.execute(insert(exceptions).values(values))
        return
    tx.execute(
        update(exceptions)
        .where(exceptions.c.file_id == asked.file_id, exceptions.c.sha256 == asked.sha256)
        .values(values)
    )


def put_accepted(tx: Connection, word: AcceptedWarning, *, is_new: bool) -> None:
    """Insert a checker's word on a group of warnings, or replace the earlier one of this turn."""
    values = plain(asdict(word))
    if is_new:
        tx.execute(insert(accepted).values(values))
        return
    tx.execute(
        update(accepted)
        .where(
            accepted.c.request_id == word.request_id,
            accepted.c.turn == word.turn,
            accepted.c.reviewer == word.reviewer,
            accepted.c.key == word.key,
        )
        .values(values)
    )


def add_opening(tx: Connection, made: Opening) -> None:
    """Note that a checker opened a copy, unless that is noted already."""
    is_noted = select(openings.c.sha256).where(
        openings.c.request_id == made.request_id,
        openings.c.reviewer == made.reviewer,
        openings.c.sha256 == made.sha256,
    )
    if tx.execute(is_noted).first() is None:
        tx.execute(insert(openings).values(plain(asdict(made))))


def arrivals_of(tx: Connection, request_id: str) -> list[str]:
    """The drafts whose files are about to come into a request."""
    query = select(arrivals.c.draft_id).where(
        arrivals.c.request_id == request_id, arrivals.c.ended_at.is_(None)
    )
    return list(tx.execute(query).scalars())


def is_arriving(tx: Connection, request_id: str, draft_id: str) -> bool:
    """Whether the files of that draft were asked into that request before."""
    query = select(arrivals.c.draft_id).where(
        arrivals.c.request_id == request_id, arrivals.c.draft_id == draft_id
    )
    return tx.execute(query).first() is not None


def arriving(tx: Connection, limit: int = 20) -> list[tuple[str, str]]:
    """Request and draft of what is about to come, in the order in which it was asked."""
    query = (
        select(arrivals.c.request_id, arrivals.c.draft_id)
        .where(arrivals.c.ended_at.is_(None))
        .order_by(arrivals.c.asked_at, arrivals.c.draft_id)
        .limit(limit)
    )
    return [(row.request_id, row.draft_id) for row in tx.execute(query)]


def add_arrival(tx: Connection, request_id: str, draft_id: str, at: datetime) -> None:
    """Note that the files of a draft are to come into a request."""
    row = {"request_id": request_id, "draft_id": draft_id, "asked_at": timestamp(at)}
    tx.execute(insert(arrivals).values(row))


def end_arrival(tx: Connection, request_id: str, draft_id: str, at: datetime) -> None:
    """Note that this has been done, or cannot be done any more."""
    tx.execute(
        update(arrivals)
        .where(arrivals.c.request_id == request_id, arrivals.c.draft_id == draft_id)
        .values(ended_at=timestamp(at))
    )


def add_incident(tx: Connection, made: Incident) -> None:
    """Insert a report of a disclosure."""
    tx.execute(insert(incidents).values(plain(asdict(made))))


def close_incidents(
    tx: Connection, request_id: str, actor: str, outcome: str, at: datetime
) -> None:
    """Close every open report about a request."""
    tx.execute(
        update(incidents)
        .where(incidents.c.request_id == request_id, incidents.c.closed_at.is_(None))
        .values(closed_by=actor, closed_at=timestamp(at), outcome=outcome)
    )


def incidents_of(tx: Connection, request_id: str) -> tuple[Incident, ...]:
    """The reports about a request, oldest first."""
    query = select(incidents).where(incidents.c.request_id == request_id)
    found = tx.execute(query.order_by(incidents.c.reported_at, incidents.c.id))
    return tuple(_incident(row) for row in found)


def open_incidents(tx: Connection) -> tuple[Incident, ...]:
    """The reports that nobody has closed, oldest first."""
    query = select(incidents).where(incidents.c.closed_at.is_(None))
    found = tx.execute(query.order_by(incidents.c.reported_at, incidents.c.id))
    return tuple(_incident(row) for row in found)


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        id=row.id,
        request_id=row.request_id,
        file_id=row.file_id,
        place=row.place,
        reported_by=row.reported_by,
        reported_at=parse_timestamp(row.reported_at),
        closed_by=row.closed_by,
        closed_at=None if row.closed_at is None else parse_timestamp(row.closed_at),
        outcome=row.outcome,
    )
