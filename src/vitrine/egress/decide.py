"""What checkers decide about a whole request: return, approve, reject; and the talk about it."""

from __future__ import annotations

from sqlalchemy import Connection

from vitrine.access.account import Account
from vitrine.access.verdict import Verdict
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import leaving, policy, store
from vitrine.egress.drafts import clean_text
from vitrine.egress.request import (
    Comment,
    EgressRequest,
    Reason,
    Reviews,
    Status,
    Visibility,
)
from vitrine.egress.service import follow
from vitrine.egress.trail import refusals, subject_of
from vitrine.errors import InvalidInput, NotFound
from vitrine.ids import new_id
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.storage.database import Database


def approve(
    db: Database, account: Account, request_id: str, *, root: str, clock: Clock = utc_now
) -> EgressRequest:
    """Let the steward release the request: every output has the approvals that it needs.

    Args:
        root: the Merkle root over what would leave, as it was looked at.

    Raises:
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "approve", clock), db.begin() as tx:
        request, reviews, project = _open(tx, request_id)
        policy.may_approve(account, request, project, reviews).require()
        policy.is_named(request, root).require()
        store.change_request(tx, request, status=Status.APPROVED, decided_at=clock(), reason=None)
        log.record(
            tx,
            Event.REQUEST_APPROVED,
            actor=account.actor,
            subject=subject_of(request),
            detail={"turn": request.turn, "merkle_root": leaving.root(request)},
            clock=clock,
        )
        return follow.moved(tx, store.request(tx, request_id), clock())


def return_to_author(
    db: Database,
    account: Account,
    request_id: str,
    *,
    reason: str,
    code: Reason = Reason.OTHER,
    clock: Clock = utc_now,
) -> EgressRequest:
    """Give the request back; before all reviews are in, this turn's votes stay in the record.

    Raises:
        NotPermitted: with the policy's reason.
        InvalidInput: without a reason.
    """
    return _stop(db, account, request_id, Status.RETURNED, reason, code, clock)


def reject(
    db: Database,
    account: Account,
    request_id: str,
    *,
    reason: str,
    code: Reason = Reason.OTHER,
    clock: Clock = utc_now,
) -> EgressRequest:
    """End the request for good, because no change of it could be released.

    Raises:
        NotPermitted: with the policy's reason.
        InvalidInput: without a reason.
    """
    return _stop(db, account, request_id, Status.REJECTED, reason, code, clock)


def _stop(
    db: Database,
    account: Account,
    request_id: str,
    to: Status,
    reason: str,
    code: Reason,
    clock: Clock,
) -> EgressRequest:
    reason = clean_text(reason)
    with refusals(db, account, request_id, f"make {to}", clock), db.begin() as tx:
        request, reviews, project = _open(tx, request_id)
        _may_stop(to, account, request, project, reviews, clock).require()
        if not reason:
            raise InvalidInput("a request is returned or rejected with a reason that helps")
        policy.reason_fits(reason).require()
        store.change_request(
            tx, request, status=to, reason=reason, reason_code=code, decided_at=clock()
        )
        log.record(
            tx,
            Event.REQUEST_RETURNED if to is Status.RETURNED else Event.REQUEST_REJECTED,
            actor=account.actor,
            subject=subject_of(request),
            detail={
                "turn": request.turn,
                "early": int(request.status in policy.UNDER_REVIEW),
                "code": str(code),
            },
            clock=clock,
        )
        return follow.moved(tx, store.request(tx, request_id), clock())


def _may_stop(
    to: Status,
    account: Account,
    request: EgressRequest,
    project: Project,
    reviews: Reviews,
    clock: Clock,
) -> Verdict:
    if to is Status.RETURNED:
        return policy.may_return(account, request, project, reviews, clock())
    return policy.may_consolidate(account, request, project, reviews)


def comment(
    db: Database,
    account: Account,
    request_id: str,
    *,
    body: str,
    visibility: Visibility,
    file_id: str | None = None,
    anchor: str = "",
    clock: Clock = utc_now,
) -> Comment:
    """Add a comment; it is never changed and never deleted. The same again changes nothing.

    Raises:
        NotFound: when the request has no such file.
        NotPermitted: with the policy's reason.
    """
    body, anchor = clean_text(body), " ".join(clean_text(anchor).split())[: policy.ANCHOR_MAX]
    with refusals(db, account, request_id, "comment", clock), db.begin() as tx:
        request, _, project = _open(tx, request_id)
        policy.may_comment(account, request, project, visibility).require()
        policy.comment_is_sound(body).require()
        if file_id is not None and request.file(file_id) is None:
            raise NotFound(f"request {request_id} has no file {file_id}")
        talk = store.comments_of(tx, request.id)
        for said in talk:
            if (said.turn, said.author, said.file_id, said.anchor, said.visibility, said.body) == (
                *(request.turn, account.name, file_id, anchor, visibility, body),
            ):
                return said
        policy.has_room(len(talk)).require()
        made = Comment(
            id=new_id("com"),
            request_id=request.id,
            turn=request.turn,
            author=account.name,
            file_id=file_id,
            anchor=anchor,
            visibility=visibility,
            body=body,
            created_at=clock(),
        )
        store.add_comment(tx, made)
        log.record(
            tx,
            Event.COMMENTED,
            actor=account.actor,
            subject=subject_of(request),
            detail={"turn": request.turn, "comment": made.id, "visibility": str(visibility)},
            clock=clock,
        )
        return made


def _open(tx: Connection, request_id: str) -> tuple[EgressRequest, Reviews, Project]:
    request = store.request(tx, request_id, for_change=True)
    reviews = store.reviews_of(tx, request_id, request.turn)
    return request, reviews, permits.project(tx, request.project)
