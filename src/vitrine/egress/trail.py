"""What is audited: refusals in their own transaction, decisions so that they can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from vitrine.access.account import Account
from vitrine.audit import chain, log
from vitrine.audit.events import Event
from vitrine.clock import Clock
from vitrine.egress import leaving
from vitrine.egress.request import EgressRequest, FileVote, Reviews
from vitrine.egress.standing import AcceptedWarning, ExceptionRequest
from vitrine.errors import IntegrityError, InvalidInput, NotPermitted
from vitrine.storage.database import Database


def subject_of(request: EgressRequest | str) -> str:
    """The request as the audit log names it."""
    return f"request:{request if isinstance(request, str) else request.id}"


@contextmanager
def refusals(
    db: Database,
    account: Account,
    request_id: str,
    action: str,
    clock: Clock,
    event: Event = Event.EXPORT_REFUSED,
) -> Iterator[None]:
    """Audit a refusal that leaves the block, after its transaction was undone, and let it pass on.

    Only refusals about requests that exist come here: unknown ids raise NotFound.
    """
    try:
        yield
    except (NotPermitted, InvalidInput) as refusal:
        with db.begin() as tx:
            log.record(
                tx,
                event,
                actor=account.actor,
                subject=subject_of(request_id),
                detail={"action": action, "reason": str(refusal)[:1000]},
                clock=clock,
            )
        raise


def vote_detail(vote: FileVote) -> Mapping[str, str | int | None]:
    """A vote as the audit log keeps it: everything that counts, the reason by its digest."""
    detail: dict[str, str | int | None] = {
        "file": vote.file_id,
        "turn": vote.turn,
        "value": str(vote.value),
        "sha256": vote.sha256,
        "reason_sha256": hashlib.sha256(vote.reason.encode()).hexdigest(),
    }
    return detail if vote.reason_code is None else detail | {"code": str(vote.reason_code)}


def accepted_detail(word: AcceptedWarning) -> Mapping[str, str | int]:
    """A checker's word on equal warnings as the audit log keeps it."""
    return {"turn": word.turn, "warning": word.key, "code": str(word.code)}


def exception_detail(asked: ExceptionRequest) -> Mapping[str, str]:
    """What was decided about an exception as the audit log keeps it, the answer by its digest."""
    return {
        "file": asked.file_id,
        "sha256": asked.sha256,
        "checks": " ".join(asked.checks),
        "answer_sha256": hashlib.sha256(asked.answer.encode()).hexdigest(),
    }


def content_digest(request: EgressRequest, reviewers_required: int) -> str:
    """SHA-256 over everything about a submitted request that must stand still until it leaves."""
    content = [
        request.id,
        request.project,
        request.author,
        request.title,
        request.context,
        reviewers_required,
        request.disclosure,
        [
            [
                file.id,
                file.path,
                str(file.filetype),
                file.original_sha256,
                file.cleaned_sha256,
                [
                    [each.check, each.version, str(each.severity), each.message, *each.locations]
                    for each in file.findings
                ],
            ]
            for file in request.files
        ],
    ]
    return hashlib.sha256(chain.canonical(content).encode()).hexdigest()


def compare_with_log(tx: Connection, request: EgressRequest, reviews: Reviews) -> str:
    """Who approved the request, when the audit log says of this turn exactly what the tables say.

    Raises:
        IntegrityError: naming what differs.
    """
    said = [
        entry
        for entry in log.find(tx, subject=subject_of(request))
        if entry.detail.get("turn") == request.turn
    ]
    for entry in said:
        if not _is_linked(tx, entry):
            raise IntegrityError(f"audit entry {entry.sequence} is not the one that was written")
    _compare_content(said, request)
    _compare_exceptions(tx, request)
    _compare_votes(said, request, reviews)
    _compare_openings(tx, request, reviews)
    _compare_accepted(said, request, reviews)
    _compare_reviews(said, request, reviews)
    return _approver(said, request, reviews)


def refused_release(tx: Connection, request_id: str) -> str:
    """Why the steward refused to release this request when it last tried; empty if it never did."""
    found = log.find(
        tx,
        event=Event.RELEASE_REFUSED,
        subject=subject_of(request_id),
        limit=1,
        newest_first=True,
    )
    return next((str(entry.detail.get("reason", "")) for entry in found), "")


def _compare_content(said: Sequence[log.Entry], request: EgressRequest) -> None:
    submitted = [e for e in said if e.event == Event.REQUEST_SUBMITTED]
    digest = content_digest(request, request.reviewers_required or 0)
    if len(submitted) != 1 or submitted[0].detail.get("content_sha256") != digest:
        raise IntegrityError(f"request {request.id} is not what its author submitted")


def _compare_votes(said: Sequence[log.Entry], request: EgressRequest, reviews: Reviews) -> None:
    latest = {
        (entry.actor, entry.detail.get("file")): entry
        for entry in said
        if entry.event == Event.VOTE_CAST
    }
    for vote in reviews.votes:
        entry = latest.pop((f"person:{vote.reviewer}", vote.file_id), None)
        if (
            entry is None
            or entry.sequence != vote.audit_sequence
            or dict(entry.detail) != dict(vote_detail(vote))
        ):
            raise IntegrityError(
                f"the vote of {vote.reviewer} on file {vote.file_id} is not the one that was cast"
            )
    if latest:
        raise IntegrityError(f"{len(latest)} votes on request {request.id} are missing")


def _compare_openings(tx: Connection, request: EgressRequest, reviews: Reviews) -> None:
    views = log.find(tx, event=Event.FILE_VIEWED, subject=subject_of(request))
    seen = {entry.sequence: entry for entry in views}
    for opening in reviews.openings:
        entry = seen.get(opening.audit_sequence)
        if (
            entry is None
            or entry.actor != f"person:{opening.reviewer}"
            or entry.detail.get("file") != opening.file_id
            or entry.detail.get("sha256") != opening.sha256
            or not _is_linked(tx, entry)
        ):
            raise IntegrityError(f"{opening.reviewer} did not open file {opening.file_id}")


def _compare_accepted(said: Sequence[log.Entry], request: EgressRequest, reviews: Reviews) -> None:
    latest = {
        (entry.actor, entry.detail.get("warning")): entry
        for entry in said
        if entry.event == Event.WARNING_ACCEPTED
    }
    for word in reviews.accepted:
        entry = latest.pop((f"person:{word.reviewer}", word.key), None)
        if (
            entry is None
            or entry.sequence != word.audit_sequence
            or dict(entry.detail) != dict(accepted_detail(word))
        ):
            raise IntegrityError(f"what {word.reviewer} said of a warning is not what was said")
    if latest:
        raise IntegrityError(f"{len(latest)} words on warnings of {request.id} are missing")


def _compare_exceptions(tx: Connection, request: EgressRequest) -> None:
    for file in request.outputs:
        asked = file.exception
        if asked is None or not asked.is_granted:
            continue
        entry = next(log.entries(tx, after=(asked.audit_sequence or 1) - 1, limit=1), None)
        if (
            entry is None
            or entry.sequence != asked.audit_sequence
            or entry.event != Event.EXCEPTION_GRANTED
            or entry.actor != f"person:{asked.decided_by}"
            or entry.subject != subject_of(request)
            or dict(entry.detail) != dict(exception_detail(asked))
            or not _is_linked(tx, entry)
        ):
            raise IntegrityError(f"the exception for file {file.id} is not one that was granted")


def _compare_reviews(said: Sequence[log.Entry], request: EgressRequest, reviews: Reviews) -> None:
    submitted = {e.actor: e.sequence for e in said if e.event == Event.REVIEW_SUBMITTED}
    stored = {
        f"person:{seat.reviewer}": seat.audit_sequence
        for seat in reviews.seats
        if seat.submitted_at is not None
    }
    if submitted != stored:
        raise IntegrityError(f"the reviews of request {request.id} are not those handed in")


def _approver(said: Sequence[log.Entry], request: EgressRequest, reviews: Reviews) -> str:
    approved = [e for e in said if e.event == Event.REQUEST_APPROVED]
    if len(approved) != 1 or approved[0].detail.get("merkle_root") != leaving.root(request):
        raise IntegrityError(f"what would leave with {request.id} is not what was approved")
    name = approved[0].actor.removeprefix("person:")
    if name not in reviews.submitted:
        raise IntegrityError(f"request {request.id} was approved by somebody who did not review it")
    return name


def _is_linked(tx: Connection, entry: log.Entry) -> bool:
    """Whether the entry's digest is that of its content after the entry before it."""
    before = next(log.entries(tx, after=entry.sequence - 2, limit=1), None)
    previous = before.digest if before and before.sequence < entry.sequence else chain.GENESIS
    return chain.digest_of(entry.sequence, entry.body, previous) == entry.digest
