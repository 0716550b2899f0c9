"""The SQL of notices: written with the change that they speak of, read, sent once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from vitrine.access import store as access
from vitrine.clock import parse_timestamp, timestamp
from vitrine.egress import store
from vitrine.egress.request import EgressRequest, Status
from vitrine.egress.service import turns
from vitrine.egress.service.notice import WEBHOOK, Kind, Notice, recipients
from vitrine.egress.service.tables import notices
from vitrine.permits import store as permits

PAGE: Final = 50
COUNTED: Final = 99
"""How far unread notices are counted."""

KEPT_TO_SEND: Final = timedelta(days=3)
"""A notice that could not be sent for so long is old news, and is not sent any more."""


def tell(tx: Connection, request: EgressRequest, kind: Kind, now: datetime) -> int:
    """Write the notices of `kind` in this turn that are not there yet; how many."""
    reviews = store.reviews_of(tx, request.id, request.turn)
    project = permits.project(tx, request.project)
    who = [WEBHOOK, *recipients(kind, request, reviews, project, access.accounts(tx))]
    told = select(notices.c.recipient).where(
        notices.c.request_id == request.id,
        notices.c.turn == request.turn,
        notices.c.kind == str(kind),
    )
    missing = sorted(set(who) - set(tx.execute(told).scalars()))
    turn = next(reversed(turns.of(tx, request.id)), None)
    is_waiting = turn is not None and turn.ended_at is None
    values = {
        "request_id": request.id,
        "turn": request.turn,
        "kind": str(kind),
        "state": str(request.shown_status),
        "due_at": timestamp(turn.due_at) if turn and is_waiting else None,
        "created_at": timestamp(now),
        "send_at": timestamp(now),
        "attempts": 0,
    }
    if missing:
        tx.execute(insert(notices), [{**values, "recipient": name} for name in missing])
    return len(missing)


def has_told(tx: Connection, request_id: str, turn: int, kind: Kind) -> bool:
    """Whether a notice of `kind` was written in that turn."""
    is_it = _is(request_id, turn, kind, WEBHOOK)
    return tx.execute(select(notices.c.kind).where(is_it)).first() is not None


def of(tx: Connection, person: str, page: int = 1) -> list[Notice]:
    """The notices to a person, newest first, one page of them."""
    query = (
        select(notices)
        .where(notices.c.recipient == person)
        .order_by(notices.c.created_at.desc(), notices.c.request_id, notices.c.kind)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return [_notice(row) for row in tx.execute(query)]


def unread(tx: Connection, person: str) -> int:
    """How many notices a person has not read; at most one more than `COUNTED`."""
    found = select(notices.c.kind).where(notices.c.recipient == person, notices.c.read_at.is_(None))
    query = select(func.count()).select_from(found.limit(COUNTED + 1).subquery())
    return int(tx.execute(query).scalar_one())


def mark_read(tx: Connection, person: str, now: datetime, request_id: str = "") -> None:
    """Mark a person's notices as read: all, or those about one request."""
    query = update(notices).where(notices.c.recipient == person, notices.c.read_at.is_(None))
    if request_id:
        query = query.where(notices.c.request_id == request_id)
    tx.execute(query.values(read_at=timestamp(now)))


# -- sending ---------------------------------------------------------------------------------


def give_up_old(tx: Connection, now: datetime) -> None:
    """Send nothing any more that has become old news."""
    is_old = notices.c.created_at < timestamp(now - KEPT_TO_SEND)
    tx.execute(update(notices).where(notices.c.send_at.is_not(None), is_old).values(send_at=None))


def to_send(tx: Connection, now: datetime, *, by_webhook: bool, limit: int = 50) -> list[Notice]:
    """What is to be sent now, oldest first: to people, or to the webhook."""
    is_webhook = notices.c.recipient == WEBHOOK
    query = (
        select(notices)
        .where(notices.c.send_at <= timestamp(now), is_webhook if by_webhook else ~is_webhook)
        .order_by(notices.c.send_at, notices.c.request_id, notices.c.recipient)
        .limit(limit)
    )
    return [_notice(row) for row in tx.execute(query)]


def sent(tx: Connection, done: Sequence[Notice], now: datetime | None) -> None:
    """Send these no more: they were sent at `now`, or there is no address for them."""
    at = None if now is None else timestamp(now)
    if done:
        is_done = or_(*(_is(n.request_id, n.turn, n.kind, n.recipient) for n in done))
        tx.execute(update(notices).where(is_done).values(send_at=None, sent_at=at))


def failed(tx: Connection, notice: Notice, again_at: datetime | None) -> None:
    """Count an attempt that failed; the next one is at `again_at`, or never."""
    is_it = _is(notice.request_id, notice.turn, notice.kind, notice.recipient)
    again = None if again_at is None else timestamp(again_at)
    tx.execute(update(notices).where(is_it).values(send_at=again, attempts=notices.c.attempts + 1))


def _is(request_id: str, turn: int, kind: Kind, recipient: str) -> ColumnElement[bool]:
    return and_(
        notices.c.request_id == request_id,
        notices.c.turn == turn,
        notices.c.kind == str(kind),
        notices.c.recipient == recipient,
    )


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        request_id=row.request_id,
        turn=row.turn,
        kind=Kind(row.kind),
        recipient=row.recipient,
        state=Status(row.state),
        due_at=row.due_at and parse_timestamp(row.due_at),
        created_at=parse_timestamp(row.created_at),
        read_at=row.read_at and parse_timestamp(row.read_at),
        attempts=row.attempts,
    )
