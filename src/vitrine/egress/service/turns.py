"""The SQL of turns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update

from vitrine.clock import parse_timestamp, timestamp
from vitrine.egress.request import EgressRequest, Reason, Status
from vitrine.egress.service.level import ServiceLevel
from vitrine.egress.service.notice import Kind
from vitrine.egress.service.tables import notices, turns
from vitrine.egress.service.turn import Priority, ReviewTurn, spans


def of(tx: Connection, request_id: str) -> tuple[ReviewTurn, ...]:
    """The turns of a request, the first one first; none before it was submitted."""
    query = select(turns).where(turns.c.request_id == request_id).order_by(turns.c.turn)
    return tuple(turn_of(row) for row in tx.execute(query))


def unreminded(
    tx: Connection, until: datetime, kind: Kind, *, after: datetime | None = None, limit: int = 100
) -> list[ReviewTurn]:
    """Turns that last and are due from `after` to `until`, of which nobody was told `kind`."""
    told = exists().where(
        notices.c.request_id == turns.c.request_id,
        notices.c.turn == turns.c.turn,
        notices.c.kind == str(kind),
    )
    query = select(turns).where(
        turns.c.ended_at.is_(None), turns.c.due_at <= timestamp(until), ~told
    )
    if after is not None:
        query = query.where(turns.c.due_at > timestamp(after))
    return [turn_of(row) for row in tx.execute(query.order_by(turns.c.due_at).limit(limit))]


def begin(tx: Connection, request: EgressRequest, level: ServiceLevel, now: datetime) -> None:
    """Start the clock of a request that has just been submitted; a priority once set stays."""
    earlier = of(tx, request.id)
    priority = earlier[-1].priority if earlier else Priority.NORMAL
    tx.execute(
        insert(turns).values(
            request_id=request.id,
            turn=request.turn,
            project=request.project,
            author=request.author,
            submitted_at=timestamp(now),
            due_at=timestamp(level.due(now, spans(earlier))),
            priority=priority.rank,
            outputs=len(request.outputs),
            output_bytes=sum(file.original_bytes for file in request.outputs),
        )
    )


def end(tx: Connection, request: EgressRequest, now: datetime) -> None:
    """Stop the clock: the turn of `request` ended with its present status."""
    code = None if request.status is Status.APPROVED else request.reason_code
    _change(
        tx,
        request,
        ended_at=timestamp(now),
        outcome=str(request.status),
        reason_code=code and str(code),
    )


def set_priority(tx: Connection, request: EgressRequest, priority: Priority) -> None:
    """Move a request to another place in the queue."""
    _change(tx, request, priority=priority.rank)


def _change(tx: Connection, request: EgressRequest, **values: Any) -> None:
    is_turn = (turns.c.request_id == request.id) & (turns.c.turn == request.turn)
    tx.execute(update(turns).where(is_turn).values(values))


def turn_of(row: Row[Any], *, prefix: str = "") -> ReviewTurn:
    """The turn of a row whose columns are named with `prefix`."""
    values = {each.name: row._mapping[f"{prefix}{each.name}"] for each in turns.columns}
    for name in ("submitted_at", "due_at", "ended_at"):
        values[name] = values[name] and parse_timestamp(values[name])
    values["priority"] = list(Priority)[values["priority"]]
    values["outcome"] = values["outcome"] and Status(values["outcome"])
    values["reason_code"] = values["reason_code"] and Reason(values["reason_code"])
    return ReviewTurn(**values)
