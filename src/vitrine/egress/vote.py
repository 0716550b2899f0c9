"""A checker's review: a seat with a lease, a vote per file on named bytes, the review handed in.

A vote may be changed until its review is handed in, and again at consolidation, when all votes
are on the table; the audit log keeps each one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from vitrine.access.account import Account
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import disclosure, policy, store
from vitrine.egress.drafts import clean_text
from vitrine.egress.request import (
    Decision,
    EgressRequest,
    FileVote,
    Reason,
    RequestFile,
    Review,
    Reviews,
    Status,
    Vote,
)
from vitrine.egress.service import follow
from vitrine.egress.trail import refusals, subject_of, vote_detail
from vitrine.errors import InvalidInput, NotFound
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.storage.database import Database


@dataclass(frozen=True, slots=True)
class Ballot:
    """One file of a vote."""

    file_id: str
    sha256: str
    """Of the copy that was looked at; a vote on other bytes is refused."""


def vote(
    db: Database,
    account: Account,
    request_id: str,
    file_id: str,
    *,
    value: Vote,
    sha256: str,
    reason: str = "",
    reason_code: Reason | None = None,
    clock: Clock = utc_now,
) -> FileVote:
    """Vote on the cleaned copy of one file; the same vote again changes nothing.

    Args:
        sha256: of the copy that was looked at; a vote on other bytes is refused.

    Raises:
        NotPermitted: with the policy's reason.
        NotFound: when the request has no such file.
    """
    (cast,) = vote_on_all(
        db,
        account,
        request_id,
        [Ballot(file_id, sha256)],
        value=value,
        reason=reason,
        reason_code=reason_code,
        clock=clock,
    )
    return cast


def vote_on_all(
    db: Database,
    account: Account,
    request_id: str,
    ballots: Sequence[Ballot],
    *,
    value: Vote,
    reason: str = "",
    reason_code: Reason | None = None,
    clock: Clock = utc_now,
) -> list[FileVote]:
    """Cast the same vote on many files, or on none; the same again changes nothing.

    Raises:
        NotPermitted: with the policy's reason, or the number of files that are not opened.
        NotFound: when the request has no such file.
        InvalidInput: when no file is named.
    """
    reason = clean_text(reason)
    with (
        refusals(db, account, request_id, "vote", clock, Event.VOTE_REFUSED),
        db.begin() as tx,
    ):
        request, reviews, project = _open(tx, request_id)
        files = [_named(request, ballot) for ballot in ballots]
        _may_cast(account, request, files, project, reviews, value, clock).require()
        for file, ballot in zip(files, ballots, strict=True):
            policy.vote_is_sound(file, value, reason, ballot.sha256).require()
        hold_seat(tx, account, request, reviews, clock)
        kept = store.reviews_of(tx, request_id, request.turn)
        cast = {v.file_id: v for v in kept.votes if v.reviewer == account.name}
        for ballot in ballots:
            made = FileVote(
                request_id=request.id,
                file_id=ballot.file_id,
                turn=request.turn,
                reviewer=account.name,
                value=value,
                reason_code=(reason_code or Reason.OTHER) if value is not Vote.APPROVED else None,
                reason=reason,
                sha256=ballot.sha256,
                cast_at=clock(),
                audit_sequence=0,
            )
            earlier = cast.get(ballot.file_id)
            if earlier is None or vote_detail(earlier) != vote_detail(made):
                cast[ballot.file_id] = _put(tx, account, made, is_new=earlier is None, clock=clock)
        return [cast[ballot.file_id] for ballot in ballots]


def _named(request: EgressRequest, ballot: Ballot) -> RequestFile:
    file = request.file(ballot.file_id)
    if file is None:
        raise NotFound(f"request {request.id} has no file {ballot.file_id}")
    return file


def _may_cast(
    account: Account,
    request: EgressRequest,
    files: Sequence[RequestFile],
    project: Project,
    reviews: Reviews,
    value: Vote,
    clock: Clock,
) -> Verdict:
    review = policy.may_review(account, request, project, reviews, clock())
    if not review:
        return review
    if not files:
        raise InvalidInput("the vote names no file")
    for file in files:
        if not (taken := policy.takes_votes(file, review)):
            return taken
    if value is not Vote.APPROVED:
        return ALLOWED
    rules = disclosure.load(project.disclosure)
    return policy.may_approve_files(files, reviews.opened(account.name), rules)


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


def claim(
    db: Database, account: Account, request_id: str, *, clock: Clock = utc_now
) -> EgressRequest:
    """Take a seat in the review, or keep the one held; voting does the same.

    Raises:
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "claim", clock), db.begin() as tx:
        request, reviews, project = _open(tx, request_id)
        policy.may_review(account, request, project, reviews, clock()).require()
        hold_seat(tx, account, request, reviews, clock)
        return store.request(tx, request_id)


def give_up(
    db: Database, account: Account, request_id: str, *, clock: Clock = utc_now
) -> EgressRequest:
    """Leave a seat to somebody else; the votes stay in the record and do not count.

    Raises:
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "give up", clock), db.begin() as tx:
        request, reviews, _ = _open(tx, request_id)
        now = clock()
        policy.may_give_up(account, request, reviews, now).require()
        seat = reviews.seat(account.name)
        assert seat is not None  # the policy has said so
        store.take_seat(tx, replace(seat, lease_until=now), is_new=False)
        log.record(
            tx,
            Event.SEAT_GIVEN_UP,
            actor=account.actor,
            subject=subject_of(request),
            detail={"turn": request.turn},
            clock=clock,
        )
        return store.request(tx, request_id)


def submit_review(
    db: Database, account: Account, request_id: str, *, clock: Clock = utc_now
) -> EgressRequest:
    """Hand the review in; with enough of them in, those who reviewed consolidate.

    Raises:
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "submit review", clock), db.begin() as tx:
        request, reviews, project = _open(tx, request_id)
        policy.may_submit_review(account, request, project, reviews, clock()).require()
        seat = hold_seat(tx, account, request, reviews, clock)
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


def _open(tx: Connection, request_id: str) -> tuple[EgressRequest, Reviews, Project]:
    request = store.request(tx, request_id, for_change=True)
    reviews = store.reviews_of(tx, request_id, request.turn)
    return request, reviews, permits.project(tx, request.project)


def hold_seat(
    tx: Connection, account: Account, request: EgressRequest, reviews: Reviews, clock: Clock
) -> Review:
    """The seat of `account`, taken or its lease renewed."""
    now = clock()
    seat = reviews.seat(account.name)
    if seat is not None and seat.submitted_at is not None:
        return seat
    held = Review(
        request_id=request.id,
        turn=request.turn,
        reviewer=account.name,
        started_at=now if seat is None else seat.started_at,
        lease_until=now + policy.LEASE,
    )
    store.take_seat(tx, held, is_new=seat is None)
    if seat is None or not seat.is_held(now):
        log.record(
            tx,
            Event.SEAT_TAKEN,
            actor=account.actor,
            subject=subject_of(request),
            detail={"turn": request.turn},
            clock=clock,
        )
    if seat is None and request.turn > 1:
        _keep_votes(tx, account, request, reviews, clock)
    return held


def _keep_votes(
    tx: Connection, account: Account, request: EgressRequest, reviews: Reviews, clock: Clock
) -> None:
    """Cast the approvals of the last turn again, of copies that are still the same."""
    before = store.reviews_of(tx, request.id, request.turn - 1)
    if not before.has_submitted(account.name):
        return
    for file in request.outputs:
        kept = before.vote(account.name, file.id)
        if (
            kept is not None
            and kept.value is Vote.APPROVED
            and kept.sha256 == file.cleaned_sha256
            and reviews.vote(account.name, file.id) is None
        ):
            again = replace(kept, turn=request.turn, cast_at=clock(), audit_sequence=0)
            _put(tx, account, again, is_new=True, clock=clock)


def _move_on(tx: Connection, request: EgressRequest, clock: Clock) -> None:
    """Move a request on after a review came in: partly reviewed, or reviewed by enough."""
    reviews = store.reviews_of(tx, request.id, request.turn)
    if request.status is Status.REVIEWED:
        return  # a third review, which breaks a tie
    if policy.decide(request, reviews, request.reviewers_required or 1) is Decision.INCOMPLETE:
        if request.status is Status.SUBMITTED:
            store.change_request(tx, request, status=Status.PARTIALLY_REVIEWED)
        return
    store.change_request(tx, request, status=Status.REVIEWED)
    follow.moved(tx, store.request(tx, request.id), clock())
    log.record(
        tx,
        Event.REQUEST_REVIEWED,
        actor="system:review",
        subject=subject_of(request),
        detail={"turn": request.turn},
        clock=clock,
    )
