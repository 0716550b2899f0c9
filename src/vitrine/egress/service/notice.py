"""A notice: that a request has come to a state, or that its time runs out. Pure.

It carries what anybody may know who may know of the request at all: its id, the state that is shown
to everybody, the due date and the way to it. Nothing in it was written by an author or a checker,
and whether somebody gets one never depends on how far another checker is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from vitrine.access.account import Account, Role
from vitrine.egress import policy
from vitrine.egress.request import EgressRequest, Reviews, Status
from vitrine.permits.project import Project

WEBHOOK: Final = ""
"""Recipient of the notice that the node's webhook gets: no person has this name."""


class Kind(StrEnum):
    """What a notice is about."""

    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    RETURNED = "returned"
    RELEASED = "released"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXCEPTION_ASKED = "exception_asked"
    EXCEPTION_ANSWER = "exception_answer"
    FROZEN = "frozen"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


OF_STATUS: Final[Mapping[Status, Kind]] = {
    Status.SUBMITTED: Kind.SUBMITTED,
    Status.REVIEWED: Kind.REVIEWED,
    Status.RETURNED: Kind.RETURNED,
    Status.RELEASED: Kind.RELEASED,
    Status.REJECTED: Kind.REJECTED,
    Status.REVOKED: Kind.REVOKED,
}
"""The states that somebody is told of. Partly reviewed is none: it is sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice to one person, or to the webhook; there is one of each kind in a turn."""

    request_id: str
    turn: int
    kind: Kind
    recipient: str
    state: Status
    """As everybody may know it."""

    due_at: datetime | None
    created_at: datetime
    read_at: datetime | None = None
    attempts: int = 0

    @property
    def id(self) -> str:
        """The same for the same notice, however often it is sent: 128 bits of a SHA-256."""
        key = f"{self.request_id} {self.turn} {self.kind} {self.recipient}"
        return hashlib.sha256(key.encode()).hexdigest()[:32]


def recipients(
    kind: Kind,
    request: EgressRequest,
    reviews: Reviews,
    project: Project,
    accounts: Iterable[Account],
) -> list[str]:
    """Who gets a notice of `kind` about `request` as it is now.

    While votes are cast, a checker's own review alone decides whether that checker is reminded.
    """
    if kind is Kind.FROZEN:
        wanted = (Role.ADMINISTRATOR, Role.SENIOR_CHECKER)
        return [each.name for each in accounts if any(map(each.has, wanted))]
    if kind is Kind.EXCEPTION_ASKED:
        return [
            account.name
            for account in accounts
            if any(
                policy.may_decide_exception(account, request, file, project)
                for file in request.files
            )
        ]
    if kind in (Kind.SUBMITTED, Kind.DUE_SOON, Kind.OVERDUE) or request.status is Status.REVIEWED:
        wants_reviewed = request.status is Status.REVIEWED
        return [
            account.name
            for account in accounts
            if policy.may_check(account, request, project)
            and reviews.has_submitted(account.name) is wants_reviewed
        ]
    return [each.name for each in accounts if each.name == request.author and not each.is_disabled]
