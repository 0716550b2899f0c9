"""Saying how urgent a request is: the checkers do, its author does not."""

from __future__ import annotations

from vitrine.access.account import Account
from vitrine.access.verdict import Verdict
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import policy, store
from vitrine.egress.request import TURN, EgressRequest, Turn
from vitrine.egress.service import turns
from vitrine.egress.service.turn import Priority
from vitrine.egress.trail import refusals, subject_of
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.storage.database import Database


def may_prioritise(account: Account, request: EgressRequest, project: Project) -> Verdict:
    """Whether `account` may move `request` to another place in the queue."""
    verdict = policy.may_check(account, request, project)
    if verdict and TURN[request.status] is not Turn.REVIEWER:
        return Verdict(f"this request is {request.shown_status}; it is not in the queue")
    return verdict


def prioritise(
    db: Database, account: Account, request_id: str, priority: Priority, *, clock: Clock = utc_now
) -> None:
    """Give a request that waits for review another priority.

    Raises:
        NotFound: when there is no such request.
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "prioritise", clock), db.begin() as tx:
        request = store.request(tx, request_id, for_change=True)
        may_prioritise(account, request, permits.project(tx, request.project)).require()
        turns.set_priority(tx, request, priority)
        log.record(
            tx,
            Event.PRIORITY_SET,
            actor=account.actor,
            subject=subject_of(request),
            detail={"turn": request.turn, "priority": str(priority)},
            clock=clock,
        )
