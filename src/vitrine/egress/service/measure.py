"""Figures for whoever may read them: those of projects, and those of single checkers.

Figures of a checker are that person's and the administrators' alone, and look back no further than
the node keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, select

from vitrine.access.account import Account, Role
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.clock import Clock, parse_timestamp, timestamp, utc_now
from vitrine.egress.service.figures import (
    CheckerFigures,
    Figures,
    SeatTime,
    by_checker,
    by_project,
)
from vitrine.egress.service.level import ServiceLevel
from vitrine.egress.service.tables import turns
from vitrine.egress.service.turns import turn_of
from vitrine.egress.tables import reviews
from vitrine.storage.database import Database

SHOWN: Final = timedelta(days=365)
"""How far figures of projects look back."""

ROWS_MAX: Final = 20_000
"""Turns or reviews that one page counts: the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one person may read."""

    projects: list[Figures]
    checkers: list[CheckerFigures]
    """Of the person who asks; of all, for an administrator."""


def may_read_figures(account: Account) -> Verdict:
    """Whether `account` may read how soon requests are decided."""
    wanted = (Role.OUTPUT_CHECKER, Role.ADMINISTRATOR, Role.AUDITOR)
    if any(account.has(role) for role in wanted):
        return ALLOWED
    return Verdict("figures are for output checkers, auditors and administrators")


def may_read_checker(account: Account, reviewer: str) -> Verdict:
    """Whether `account` may read the figures of one checker."""
    if account.has(Role.ADMINISTRATOR) or (account.name == reviewer and not account.is_disabled):
        return ALLOWED
    return Verdict("figures of a checker are for that person and administrators")


def measure(
    db: Database, account: Account, level: ServiceLevel, kept: timedelta, clock: Clock = utc_now
) -> Measured:
    """The figures that `account` may read.

    Args:
        kept: how far figures of checkers look back.

    Raises:
        NotPermitted: with the policy's reason.
    """
    may_read_figures(account).require()
    now = clock()
    everybody = account.has(Role.ADMINISTRATOR)
    with db.read() as tx:
        ended = select(turns).where(turns.c.ended_at >= timestamp(now - SHOWN))
        newest = ended.order_by(turns.c.ended_at.desc()).limit(ROWS_MAX)
        found = [turn_of(row) for row in tx.execute(newest)]
        seats = _seats(tx, now - kept, None if everybody else account.name)
    seats = [each for each in seats if may_read_checker(account, each.reviewer)]
    return Measured(projects=by_project(found, level), checkers=by_checker(seats, level))


def _seats(tx: Connection, since: datetime, reviewer: str | None) -> list[SeatTime]:
    """Reviews of turns that are over: of the others, nobody knows that they are handed in."""
    is_turn = and_(turns.c.request_id == reviews.c.request_id, turns.c.turn == reviews.c.turn)
    query = (
        select(reviews.c.reviewer, reviews.c.started_at, reviews.c.submitted_at)
        .join(turns, is_turn)
        .where(turns.c.ended_at.is_not(None), reviews.c.submitted_at >= timestamp(since))
    )
    if reviewer is not None:
        query = query.where(reviews.c.reviewer == reviewer)
    newest = query.order_by(reviews.c.submitted_at.desc()).limit(ROWS_MAX)
    return [
        SeatTime(
            reviewer=row.reviewer,
            started_at=parse_timestamp(row.started_at),
            submitted_at=parse_timestamp(row.submitted_at),
        )
        for row in tx.execute(newest)
    ]
