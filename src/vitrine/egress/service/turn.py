"""A turn: from when to when the checkers had a request, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vitrine.egress.request import Reason, Status


class Priority(StrEnum):
    """How urgent the checkers find a request."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Its place in the queue: the lower, the earlier."""
        return list(Priority).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTurn:
    """One submission of a request and what became of it; the clock runs until it ends."""

    request_id: str
    turn: int
    project: str
    author: str
    submitted_at: datetime
    due_at: datetime
    """When it should end, as promised at submission."""

    priority: Priority
    outputs: int
    output_bytes: int
    ended_at: datetime | None = None
    outcome: Status | None = None
    """What the request became then: approved, returned or rejected."""

    reason_code: Reason | None = None

    def is_late(self, now: datetime) -> bool:
        """Whether it did not end, or has not ended, when it should."""
        return (self.ended_at or now) > self.due_at


def spans(turns: Iterable[ReviewTurn]) -> list[tuple[datetime, datetime]]:
    """From when to when the checkers had the request in the turns that are over."""
    return [(each.submitted_at, each.ended_at) for each in turns if each.ended_at is not None]
