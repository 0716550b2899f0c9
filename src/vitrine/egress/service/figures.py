"""How soon requests are decided, and why they come back. Pure.

Times are working time while the checkers had the turn, in hours. A percentile is the smallest time
that so many of a hundred did not exceed (nearest rank).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vitrine.egress.request import Reason, Status
from vitrine.egress.service.level import ServiceLevel
from vitrine.egress.service.turn import ReviewTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The turns of one project that ended in one month."""

    project: str
    month: str
    """`2026-03`, in UTC."""

    turns: int
    p50_h: float
    p90_h: float
    late: int
    """Turns that ended after they were due."""

    first_turns: int
    first_time_passed: int
    """First turns that ended with an approval."""

    reasons: Mapping[Reason, int]
    """Why the others were returned or rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTime:
    """A review that was handed in: by whom, and from when to when it took."""

    reviewer: str
    started_at: datetime
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckerFigures:
    """The reviews that one checker handed in."""

    reviewer: str
    reviews: int
    p50_h: float
    p90_h: float


def by_project(turns: Iterable[ReviewTurn], level: ServiceLevel) -> list[Figures]:
    """The figures of each project and month, the newest month first."""
    groups: dict[tuple[str, str], list[ReviewTurn]] = defaultdict(list)
    for turn in turns:
        if turn.ended_at is not None:
            groups[f"{turn.ended_at:%Y-%m}", turn.project].append(turn)
    months = sorted({month for month, _ in groups}, reverse=True)
    return [
        _figures(project, month, groups[month, project], level)
        for month in months
        for project in sorted(project for each, project in groups if each == month)
    ]


def by_checker(reviews: Iterable[SeatTime], level: ServiceLevel) -> list[CheckerFigures]:
    """The figures of each checker, by name."""
    groups: dict[str, list[float]] = defaultdict(list)
    for review in reviews:
        groups[review.reviewer].append(
            _hours(level.working(review.started_at, review.submitted_at))
        )
    return [
        CheckerFigures(
            reviewer=name,
            reviews=len(groups[name]),
            p50_h=percentile(groups[name], 50),
            p90_h=percentile(groups[name], 90),
        )
        for name in sorted(groups)
    ]


def _figures(project: str, month: str, turns: Sequence[ReviewTurn], level: ServiceLevel) -> Figures:
    hours = [_hours(level.working(t.submitted_at, t.ended_at or t.submitted_at)) for t in turns]
    first = [turn for turn in turns if turn.turn == 1]
    return Figures(
        project=project,
        month=month,
        turns=len(turns),
        p50_h=percentile(hours, 50),
        p90_h=percentile(hours, 90),
        late=sum(turn.ended_at is not None and turn.is_late(turn.ended_at) for turn in turns),
        first_turns=len(first),
        first_time_passed=sum(turn.outcome is Status.APPROVED for turn in first),
        reasons=Counter(turn.reason_code for turn in turns if turn.reason_code is not None),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest of `values`, of which there are some, that `percent` per cent do not exceed."""
    return sorted(values)[max(1, math.ceil(len(values) * percent / 100)) - 1]


def _hours(time: timedelta) -> float:
    return time / timedelta(hours=1)
