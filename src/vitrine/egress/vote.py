"""A checker's moves: vote per file on named bytes, hand the review in, return or reject.

A vote may be changed until its review is handed in; the audit log keeps each one. When enough
reviews are in, the request is decided in the same transaction.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import policy, store
from vitrine.egress.drafts import clean_text
from vitrine.egress.request import (
    Decision,
    EgressRequest,
    FileVote,
    Review,
    Reviews,
    Status,
    Vote,
)
from vitrine.egress.trail import refusals, subject_of, vote_detail
from vitrine.errors import InvalidInput, NotFound
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.storage.database import Database


def vote(
    db: Database,
    account: Account,
    request_id: str,
    file_id: str,
    *,
    value: Vote,
    sha256: str,
    reason: str = "",
    clock: Clock = utc_now,
) -> FileVote:
    """Vote on the cleaned copy of one file; the same vote again changes nothing.

    Args:
        sha256: of the copy that was looked at; a vote on other bytes is refused.

    Raises:
        NotPermitted: with the policy's reason.
        NotFound: when the request has no such file.
    """
    reason = clean_text(reason)
    with (
        refusals(db, account, request_id, "vote", clock, Event.VOTE_REFUSED),
        db.begin() as tx,
    ):
        request, reviews, project = _open(tx, request_id)
        file = request.file(file_id)
        if file is None:
            raise NotFound(f"request {request_id} has no file {file_id}")
        policy.may_vote(account, request, file, project, reviews).require()
        policy.vote_is_sound(file, value, reason, sha256).require()
        earlier = reviews.vote(account.name, file_id)
        cast = FileVote(
            request_id=request.id,
            file_id=file_id,
            turn=request.turn,
            reviewer=account.name,
            value=value,
            reason=reason,
            sha256=sha256,
            cast_at=clock(),
            audit_sequence=0,
        )
        if earlier is not None and vote_detail(earlier) == vote_detail(cast):
            return earlier
        _ensure_seat(tx, account, request, reviews, clock)
        return _put(tx, account, cast, is_new=earlier is None, clock=clock)


def _put(
    tx: Connection, account: Account, cast: FileVote, *, is_new: bool, clock: Clock
) -> FileVote:
    entry = log.record(
        tx,
        Event.VOTE_CAST,
        actor=account.actor,
        subject=subject_of(cast.request_id),
        detail=vote_detail(cast),
        clock=clock,
    )
    cast = replace(cast, audit_sequence=entry.sequence)
    store.put_vote(tx, cast, is_new=is_new)
    return cast


def submit_review(
    db: Database, account: Account, request_id: str, *, clock: Clock = utc_now
) -> EgressRequest:
    """Hand the review in; with enough of them in, the request is decided.

    Raises:
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "submit review", clock), db.begin() as tx:
        request, reviews, project = _open(tx, request_id)
        policy.may_submit_review(account, request, project, reviews).require()
        seat = _ensure_seat(tx, account, request, reviews, clock)
        entry = log.record(
            tx,
            Event.REVIEW_SUBMITTED,
            actor=account.actor,
            subject=subject_of(request),
            detail={"turn": request.turn},
            clock=clock,
        )
        store.submit_seat(tx, seat, clock(), entry.sequence)
        _move_on(tx, request, clock)
        return store.request(tx, request_id)


def return_to_author(
    db: Database, account: Account, request_id: str, *, reason: str, clock: Clock = utc_now
) -> EgressRequest:
    """Give the request back before all reviews are in; votes stay in the record.

    Raises:
        NotPermitted: with the policy's reason.
        InvalidInput: without a reason.
    """
    return _stop(db, account, request_id, Status.RETURNED, reason, clock)


def reject(
    db: Database, account: Account, request_id: str, *, reason: str, clock: Clock = utc_now
) -> EgressRequest:
    """End the request for good, because no change of it could be released.

    Raises:
        NotPermitted: with the policy's reason.
        InvalidInput: without a reason.
    """
    return _stop(db, account, request_id, Status.REJECTED, reason, clock)


def _stop(
    db: Database, account: Account, request_id: str, to: Status, reason: str, clock: Clock
) -> EgressRequest:
    reason = clean_text(reason)
    with refusals(db, account, request_id, f"make {to}", clock), db.begin() as tx:
        request, reviews, project = _open(tx, request_id)
        policy.may_review(account, request, project, reviews).require()
        if not reason:
            raise InvalidInput("a request is returned or rejected with a reason that helps")
        policy.reason_fits(reason).require()
        store.change_request(tx, request, status=to, reason=reason, decided_at=clock())
        log.record(
            tx,
            Event.REQUEST_RETURNED if to is Status.RETURNED else Event.REQUEST_REJECTED,
            actor=account.actor,
            subject=subject_of(request),
            detail={"turn": request.turn, "early": 1},
            clock=clock,
        )
        return store.request(tx, request_id)


def _open(tx: Connection, request_id: str) -> tuple[EgressRequest, Reviews, Project]:
    request = store.request(tx, request_id, for_change=True)
    reviews = store.reviews_of(tx, request_id, request.turn)
    return request, reviews, permits.project(tx, request.project)


def _ensure_seat(
    tx: Connection, account: Account, request: EgressRequest, reviews: Reviews, clock: Clock
) -> Review:
    seat = reviews.seat(account.name)
    if seat is None:
        seat = Review(
            request_id=request.id,
            turn=request.turn,
            reviewer=account.name,
            started_at=clock(),
        )
        store.take_seat(tx, seat)
    return seat


def _move_on(tx: Connection, request: EgressRequest, clock: Clock) -> None:
    """Move a request on after a review came in: partly reviewed, or reviewed and decided."""
    reviews = store.reviews_of(tx, request.id, request.turn)
    required = request.reviewers_required or 1
    decision = policy.decide(request, reviews, required)
    if decision is Decision.INCOMPLETE:
        if request.status is Status.SUBMITTED:
            store.change_request(tx, request, status=Status.PARTIALLY_REVIEWED)
        return
    _move(tx, request, Status.REVIEWED, Event.REQUEST_REVIEWED, clock)
    reviewed = store.request(tx, request.id)
    if decision is Decision.APPROVED:
        _move(tx, reviewed, Status.APPROVED, Event.REQUEST_APPROVED, clock)
    else:
        reason = "The checkers ask for changes; the files below say which."
        _move(tx, reviewed, Status.RETURNED, Event.REQUEST_RETURNED, clock, reason=reason)


def _move(
    tx: Connection,
    request: EgressRequest,
    to: Status,
    event: Event,
    clock: Clock,
    reason: str | None = None,
) -> None:
    policy.may_move(request, to).require()
    store.change_request(tx, request, status=to, decided_at=clock(), reason=reason)
    log.record(
        tx,
        event,
        actor="system:review",
        subject=subject_of(request),
        detail={"turn": request.turn},
        clock=clock,
    )
