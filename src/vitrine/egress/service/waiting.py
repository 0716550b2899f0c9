"""The SQL of the queue: a page, its filters and its counts, each bounded and each one query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    tuple_,
)

from vitrine.access.account import Account, Role
from vitrine.clock import parse_timestamp, timestamp
from vitrine.egress import policy, store
from vitrine.egress.request import Status
from vitrine.egress.rows import request_of
from vitrine.egress.service.asked import (
    COUNTED,
    PAGE,
    Asked,
    Counts,
    OwnReview,
    Sort,
    Waiting,
    own_review,
)
from vitrine.egress.service.tables import turns
from vitrine.egress.service.turns import turn_of
from vitrine.egress.store import Line
from vitrine.egress.tables import requests, reviews, votes
from vitrine.permits import policy as permit_policy
from vitrine.permits import store as permits

_ORDER = {
    Sort.DUE: (turns.c.due_at,),
    Sort.AGE: (turns.c.submitted_at,),
    Sort.SIZE: (turns.c.output_bytes,),
    Sort.PRIORITY: (turns.c.priority, turns.c.due_at),
}
_DECIDED = (Status.APPROVED, Status.RELEASED, Status.RETURNED, Status.REJECTED)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose queue it is: as the policy says of one request, for all of them at once."""

    name: str
    sees_all: bool
    """Whether an auditor looks."""

    closed: frozenset[str]
    """Projects that this person may not review."""


def reach_of(tx: Connection, account: Account) -> Reach:
    """What of the queue `account` may see."""
    closed = frozenset(
        project.id
        for project in permits.projects_of(tx, account.name)
        if not permit_policy.may_review(account, project)
    )
    return Reach(account.name, Role.AUDITOR in account.roles, closed)


def page(tx: Connection, reach: Reach, asked: Asked, now: datetime) -> list[Waiting]:
    """The requests of one page that wait for review and that may be seen."""
    found = (
        _matching(reach, asked, now, turns.c.request_id, turns.c.turn)
        .order_by(*_ORDER[asked.sort], turns.c.request_id)
        .limit(PAGE)
        .offset((asked.page - 1) * PAGE)
        .subquery()
    )
    query = _lines(reach.name, found).order_by(*_ORDER[asked.sort], turns.c.request_id)
    return [_waiting(row, now) for row in tx.execute(query)]


def count(tx: Connection, reach: Reach, asked: Asked, now: datetime) -> int:
    """How many requests match, on all pages; at most `COUNTED`."""
    found = _matching(reach, asked, now, turns.c.request_id).limit(COUNTED).subquery()
    return int(tx.execute(select(func.count()).select_from(found)).scalar_one())


def counts(tx: Connection, reach: Reach, now: datetime) -> Counts:
    """How many requests of the whole queue are late, begun, handed in."""
    found = (
        _matching(reach, Asked(), now, turns.c.request_id, turns.c.turn, turns.c.due_at)
        .order_by(turns.c.due_at, turns.c.request_id)
        .limit(COUNTED)
        .subquery()
    )
    seat = and_(
        reviews.c.request_id == found.c.request_id,
        reviews.c.turn == found.c.turn,
        reviews.c.reviewer == reach.name,
    )
    seen = (
        select(
            _flag(requests.c.status == str(Status.REVIEWED)).label("is_reviewed"),
            _flag(reviews.c.submitted_at.is_not(None)).label("is_in"),
            _flag(reviews.c.lease_until > timestamp(now)).label("is_held"),
            _flag(found.c.due_at < timestamp(now)).label("is_late"),
        )
        .select_from(
            found.join(requests, requests.c.id == found.c.request_id).outerjoin(reviews, seat)
        )
        .subquery()
    )
    kinds = (seen.c.is_reviewed, seen.c.is_in, seen.c.is_held)
    query = select(*kinds, func.count(), func.sum(seen.c.is_late)).group_by(*kinds)
    waiting, overdue, by_review = 0, 0, Counter[OwnReview]()
    for reviewed, handed_in, held, number, late in tx.execute(query):
        status = Status.REVIEWED if reviewed else Status.SUBMITTED
        lease = datetime.max.replace(tzinfo=now.tzinfo) if held else None
        by_review[own_review(status, now if handed_in else None, lease, now)] += number
        waiting, overdue = waiting + number, overdue + int(late)
    every = {each: by_review[each] for each in OwnReview}
    return Counts(waiting=waiting, overdue=overdue, by_review=every)


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def decided(tx: Connection, reach: Reach) -> list[Line]:
    """What was decided last and may be seen, newest first: up to 20 of the last 100 turns."""
    newest = (
        select(turns.c.request_id, turns.c.turn, turns.c.ended_at)
        .where(turns.c.ended_at.is_not(None), *_is_theirs(reach))
        .order_by(turns.c.ended_at.desc())
        .limit(100)
        .subquery()
    )
    is_present = and_(requests.c.id == newest.c.request_id, requests.c.turn == newest.c.turn)
    query = (
        select(newest.c.request_id)
        .join(requests, is_present)
        .where(requests.c.status.in_([str(status) for status in _DECIDED]))
        .order_by(newest.c.ended_at.desc(), newest.c.request_id)
        .limit(20)
    )
    return store.lines(tx, reach.name, ids=list(tx.execute(query).scalars()))


def _is_theirs(reach: Reach) -> list[ColumnElement[bool]]:
    if reach.sees_all:
        return []
    return [turns.c.author != reach.name, turns.c.project.not_in(sorted(reach.closed))]


def _matching(
    reach: Reach, asked: Asked, now: datetime, *columns: ColumnElement[Any]
) -> Select[Any]:
    """The turns that the checkers have now, that may be seen and that match."""
    wanted = [turns.c.ended_at.is_(None), *_is_theirs(reach)]
    if asked.project:
        wanted.append(turns.c.project == asked.project)
    if asked.author:
        wanted.append(turns.c.author == asked.author)
    if asked.is_overdue:
        wanted.append(turns.c.due_at < timestamp(now))
    if asked.review is not None:
        wanted.append(_is_at(asked.review, reach.name, now))
    if asked.text:
        wanted.append(turns.c.request_id.in_(_saying(asked.text)))
    return select(*columns).where(*wanted)


def _saying(text: str) -> Select[Any]:
    """The ids of requests in the queue whose title or id holds `text`, in either case."""
    in_queue = requests.c.status.in_([str(status) for status in policy.IN_QUEUE])
    holds = or_(
        requests.c.title.icontains(text, autoescape=True),
        requests.c.id.icontains(text, autoescape=True),
    )
    return select(requests.c.id).where(in_queue, holds)


def _is_at(review: OwnReview, viewer: str, now: datetime) -> ColumnElement[bool]:
    """Whether `viewer` is so far with a request, by sets that are read once and not for each."""
    own = select(reviews.c.request_id, reviews.c.turn).where(reviews.c.reviewer == viewer)
    turn = tuple_(turns.c.request_id, turns.c.turn)
    is_in = turn.in_(own.where(reviews.c.submitted_at.is_not(None)))
    is_held = turn.in_(
        own.where(reviews.c.submitted_at.is_(None), reviews.c.lease_until > timestamp(now))
    )
    all_in = select(requests.c.id).where(requests.c.status == str(Status.REVIEWED))
    is_reviewed = turns.c.request_id.in_(all_in)
    match review:
        case OwnReview.OPEN:
            return and_(~is_reviewed, ~is_in, ~is_held)
        case OwnReview.BEGUN:
            return and_(is_held, ~is_reviewed)
        case OwnReview.HANDED_IN:
            return and_(is_in, ~is_reviewed)
        case OwnReview.CONSOLIDATE:
            return and_(is_reviewed, is_in)
        case OwnReview.OTHERS:
            return and_(is_reviewed, ~is_in)


def _lines(viewer: str, found: FromClause) -> Select[Any]:
    seat = and_(
        reviews.c.request_id == turns.c.request_id,
        reviews.c.turn == turns.c.turn,
        reviews.c.reviewer == viewer,
    )
    own_votes = select(func.count()).where(
        votes.c.request_id == turns.c.request_id,
        votes.c.turn == turns.c.turn,
        votes.c.reviewer == viewer,
    )
    is_found = and_(turns.c.request_id == found.c.request_id, turns.c.turn == found.c.turn)
    own_columns = [turns.c[name].label(f"turn_{name}") for name in _TURN_COLUMNS]
    return select(
        requests,
        *own_columns,
        own_votes.scalar_subquery().label("own_votes"),
        reviews.c.submitted_at.label("own_submitted_at"),
        reviews.c.lease_until.label("own_lease_until"),
    ).select_from(
        found.join(turns, is_found)
        .join(requests, requests.c.id == turns.c.request_id)
        .outerjoin(reviews, seat)
    )


_TURN_COLUMNS: Sequence[str] = [column.name for column in turns.columns]


def _waiting(row: Row[Any], now: datetime) -> Waiting:
    request = request_of(row, ())
    turn = turn_of(row, prefix="turn_")
    submitted_at = row.own_submitted_at and parse_timestamp(row.own_submitted_at)
    lease_until = row.own_lease_until and parse_timestamp(row.own_lease_until)
    line = Line(
        request=request,
        outputs=turn.outputs,
        output_bytes=turn.output_bytes,
        own_votes=row.own_votes,
        own_review_submitted=submitted_at is not None,
        due_at=turn.due_at,
    )
    own = own_review(request.status, submitted_at, lease_until, now)
    return Waiting(line=line, turn=turn, own=own)
