"""Where a request stands, and whether anything may happen to it. Pure."""

from __future__ import annotations

from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.egress.request import MOVES, EgressRequest, Status

UNDER_REVIEW = frozenset({Status.SUBMITTED, Status.PARTIALLY_REVIEWED})
"""The states in which votes are cast and sealed."""


IN_QUEUE = frozenset({*UNDER_REVIEW, Status.REVIEWED})
"""The states in which a checker has something to do."""


def may_move(request: EgressRequest, status: Status) -> Verdict:
    """Whether the life cycle lets `request` become `status`."""
    if status in MOVES[request.status]:
        return ALLOWED
    return Verdict(f"request {request.id} is {request.shown_status} and cannot become {status}")


def is_open(request: EgressRequest) -> Verdict:
    """Whether anything may happen to `request`: not after a disclosure was reported."""
    if request.frozen_at is None:
        return ALLOWED
    return Verdict(
        f"a disclosure was reported: request {request.id} stands still until an administrator has "
        "looked into it"
    )


def may_unfreeze(request: EgressRequest) -> Verdict:
    """Whether there is a report about `request` to close."""
    if request.frozen_at is None:
        return Verdict(f"no disclosure is reported for request {request.id}")
    return ALLOWED
