"""A checker's word on warnings: once for all equal ones of a request, with a reason code."""

from __future__ import annotations

from dataclasses import replace

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import beside_store, policy, store, warned
from vitrine.egress.standing import Acceptance, AcceptedWarning
from vitrine.egress.trail import accepted_detail, refusals, subject_of
from vitrine.egress.vote import hold_seat
from vitrine.errors import NotFound
from vitrine.permits import store as permits
from vitrine.storage.database import Database


def accept(
    db: Database,
    account: Account,
    request_id: str,
    key: str,
    *,
    code: Acceptance,
    clock: Clock = utc_now,
) -> AcceptedWarning:
    """Let a group of equal warnings stand, for one reason; the same again changes nothing.

    Args:
        key: of the group, see `warned.Group`.

    Raises:
        NotPermitted: with the policy's reason.
        NotFound: when no output of the request has such a warning.
    """
    with refusals(db, account, request_id, "accept a warning", clock), db.begin() as tx:
        request = store.request(tx, request_id, for_change=True)
        reviews = store.reviews_of(tx, request_id, request.turn)
        project = permits.project(tx, request.project)
        policy.may_review(account, request, project, reviews, clock()).require()
        if key not in {group.key for group in warned.groups(request)}:
            raise NotFound(f"no output of request {request_id} has such a warning")
        earlier = next(
            (w for w in reviews.accepted if w.reviewer == account.name and w.key == key), None
        )
        if earlier is not None and earlier.code is code:
            return earlier
        hold_seat(tx, account, request, reviews, clock)
        word = AcceptedWarning(
            request_id=request.id,
            turn=request.turn,
            reviewer=account.name,
            key=key,
            code=code,
            accepted_at=clock(),
            audit_sequence=0,
        )
        entry = log.record(
            tx,
            Event.WARNING_ACCEPTED,
            actor=account.actor,
            subject=subject_of(request),
            detail=accepted_detail(word),
            clock=clock,
        )
        word = replace(word, audit_sequence=entry.sequence)
        beside_store.put_accepted(tx, word, is_new=earlier is None)
        return word
