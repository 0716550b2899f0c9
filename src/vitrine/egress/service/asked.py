"""What somebody asks the queue for: which requests, in which order. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vitrine.egress.request import Status
from vitrine.egress.service.turn import ReviewTurn
from vitrine.egress.store import Line

TEXT_MAX = 100
"""Letters of a text that is looked for."""

PAGE = 50
"""Requests on one page of the queue."""

COUNTED = 5_000
"""How far the queue is counted; beyond, a page says so many or more."""


class OwnReview(StrEnum):
    """How far the person who looks at the queue is with a request."""

    OPEN = "open"
    BEGUN = "begun"
    """In a seat, not handed in."""

    HANDED_IN = "handed_in"
    """Handed in; the other reviews are not in, or not known to be."""

    CONSOLIDATE = "consolidate"
    """Handed in by all: to be decided by this person and the others who reviewed."""

    OTHERS = "others"
    """Reviewed by others, who decide about it."""


class Sort(StrEnum):
    """The order of the queue; what is equal goes by due date or age."""

    DUE = "due"
    AGE = "age"
    SIZE = "size"
    """Smallest first: what can be done between two others."""

    PRIORITY = "priority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Filters that all must match, an order and a page, from 1."""

    project: str = ""
    author: str = ""
    text: str = ""
    """Letters of the title or the id, whichever case."""

    review: OwnReview | None = None
    is_overdue: bool = False
    sort: Sort = Sort.DUE
    page: int = 1

    def as_query(self) -> Mapping[str, str]:
        """The parameters of an address that asks for the same, without its page."""
        every = {
            "project": self.project,
            "author": self.author,
            "q": self.text,
            "review": str(self.review or ""),
            "overdue": "true" if self.is_overdue else "",
            "sort": "" if self.sort is Sort.DUE else str(self.sort),
        }
        return {name: value for name, value in every.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One line of the queue."""

    line: Line
    turn: ReviewTurn
    own: OwnReview


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many requests of the whole queue are what; each at most `COUNTED`."""

    waiting: int
    overdue: int
    by_review: Mapping[OwnReview, int]


def own_review(
    status: Status, submitted_at: datetime | None, lease_until: datetime | None, now: datetime
) -> OwnReview:
    """How far somebody is, from the request's status and that person's own seat alone."""
    if status is Status.REVIEWED:
        return OwnReview.OTHERS if submitted_at is None else OwnReview.CONSOLIDATE
    if submitted_at is not None:
        return OwnReview.HANDED_IN
    is_held = lease_until is not None and now < lease_until
    return OwnReview.BEGUN if is_held else OwnReview.OPEN
