"""The only door out: the steward lets approved copies leave, after looking at everything again.

Nothing that was decided earlier is believed. The votes are read again and compared with the audit
log, the reviewers and the project are asked again, every byte is hashed again. Any difference
refuses the release and says so in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from vitrine.access import store as access
from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.egress import disclosure, leaving, policy, receipt, store, warned
from vitrine.egress.request import (
    EgressRequest,
    Release,
    RequestFile,
    Reviews,
    Status,
)
from vitrine.egress.service import follow
from vitrine.egress.standing import ExceptionRequest
from vitrine.egress.trail import compare_with_log, refused_release, subject_of
from vitrine.errors import Conflict, IntegrityError, NotFound, NotPermitted, VitrineError
from vitrine.ids import new_id
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.settings import Settings
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database

_ACTOR = "system:steward"


def release_approved(
    db: Database,
    blobs: BlobStore,
    settings: Settings,
    signing_key: Ed25519PrivateKey,
    clock: Clock = utc_now,
) -> list[Release]:
    """Release every approved request that still stands up to a second look.

    One that does not is refused, once per reason and change of the request, and stays APPROVED
    until what is wrong is mended; its page and `vitrine doctor` say why.
    """
    with db.read() as tx:
        waiting = store.with_status(tx, Status.APPROVED)
    released = []
    for request_id in waiting:
        try:
            released.append(release(db, blobs, settings, signing_key, request_id, clock))
        except Conflict:  # somebody else was quicker
            continue
        except (NotPermitted, IntegrityError, NotFound) as refusal:
            _refuse(db, request_id, refusal, clock)
    return released


def release(
    db: Database,
    blobs: BlobStore,
    settings: Settings,
    signing_key: Ed25519PrivateKey,
    request_id: str,
    clock: Clock = utc_now,
) -> Release:
    """Release one approved request: its manifest signed, its files open to its author.

    Raises:
        Conflict: when it is not, or no longer, waiting to be released.
        NotPermitted: when the votes do not suffice.
        IntegrityError: when a stored byte, a vote or the record is not what it was.
    """
    with db.begin() as tx:
        request = store.request(tx, request_id, for_change=True)
        if request.status is not Status.APPROVED:
            raise Conflict(f"request {request_id} is {request.status}, no longer approved")
        project = permits.project(tx, request.project)
        reviews = store.reviews_of(tx, request.id, request.turn)
        approver = compare_with_log(tx, request, reviews)
        checkers = _reviewers(tx, reviews)
        required = max(project.reviewers_required, request.reviewers_required or 1)
        rules = disclosure.load(project.disclosure)
        policy.may_release(request, reviews, checkers, project, required, rules).require()
        for file in request.outputs:
            _compare_bytes(blobs, file)
        manifest = {
            **_manifest(request, project, reviews, required, clock()),
            "node": settings.node_name,
            "approved_by": approver,
        }
        made = _signed(request, manifest, signing_key, clock())
        store.add_release(tx, made)
        store.change_request(tx, request, status=Status.RELEASED, released_at=made.released_at)
        follow.moved(tx, store.request(tx, request_id), clock())
        log.record(
            tx,
            Event.RELEASED,
            actor=_ACTOR,
            subject=subject_of(request),
            detail={
                "release": made.id,
                "author": request.author,
                "project": request.project,
                "files": len(request.outputs),
                "bytes": sum(file.cleaned_bytes or 0 for file in request.outputs),
                "signature": made.signature,
            },
            clock=clock,
        )
    return made


def _reviewers(tx: Connection, reviews: Reviews) -> list[Account]:
    return [access.account(tx, name) for name in sorted(reviews.submitted)]


def _compare_bytes(blobs: BlobStore, file: RequestFile) -> None:
    if file.cleaned_sha256 is None:
        raise IntegrityError(f"file {file.id} has no copy that could be released")
    blob = blobs.verify(file.cleaned_sha256)
    if blob.size_bytes != file.cleaned_bytes:
        raise IntegrityError(f"the copy of file {file.id} has another size than was recorded")


def _signed(
    request: EgressRequest,
    manifest: Mapping[str, Any],
    signing_key: Ed25519PrivateKey,
    now: datetime,
) -> Release:
    release_id = new_id("rel")
    made = receipt.sign({**manifest, "release": release_id}, signing_key)
    return Release(id=release_id, request_id=request.id, released_at=now, **asdict(made))


def _manifest(
    request: EgressRequest, project: Project, reviews: Reviews, required: int, now: datetime
) -> dict[str, Any]:
    return {
        "request": request.id,
        "turn": request.turn,
        "project": request.project,
        "session": request.session_id,
        "author": request.author,
        "submitted_at": timestamp(request.submitted_at or now),
        "released_at": timestamp(now),
        "policy": {
            "reviewers_required": required,
            "disclosure": request.disclosure,
            "same_project_review": project.allow_same_project_review,
        },
        "reviewers": sorted(reviews.submitted),
        "accepted_warnings": _accepted_warnings(request, reviews),
        "versions": {"vitrine": version("vitrine")},
        "merkle_root": leaving.root(request),
        "files": [
            {**entry, **_file_history(file, reviews)}
            for entry, file in zip(leaving.entries(request), request.outputs, strict=True)
        ],
    }


def _accepted_warnings(request: EgressRequest, reviews: Reviews) -> list[dict[str, Any]]:
    """What the reviewers let stand, by check: no message, which may hold numbers of a file."""
    return [
        {
            "check": group.check,
            "version": group.version,
            "files": len(group.files),
            "codes": sorted({str(w.code) for w in reviews.accepted if w.key == group.key}),
        }
        for group in warned.groups(request)
    ]


def _exception(asked: ExceptionRequest) -> dict[str, Any]:
    return {
        "checks": list(asked.checks),
        "granted_by": asked.decided_by,
        "audit": asked.audit_sequence,
    }


def _file_history(file: RequestFile, reviews: Reviews) -> Mapping[str, Any]:
    return {
        "original_sha256": file.original_sha256,
        "cleaner": file.cleaner,
        **({"exception": _exception(file.exception)} if file.exception and file.blocks else {}),
        "votes": [
            {
                "reviewer": vote.reviewer,
                "vote": str(vote.value),
                "sha256": vote.sha256,
                "at": timestamp(vote.cast_at),
                "audit": vote.audit_sequence,
            }
            for vote in sorted(reviews.votes, key=lambda each: each.reviewer)
            if vote.file_id == file.id
        ],
    }


def _refuse(db: Database, request_id: str, refusal: VitrineError, clock: Clock) -> None:
    """Audit the refusal, unless the newest entry on this request says the same already."""
    reason = str(refusal)[:1000]
    with db.begin() as tx:
        if refused_release(tx, request_id) == reason:
            return
        log.record(
            tx,
            Event.RELEASE_REFUSED,
            actor=_ACTOR,
            subject=subject_of(request_id),
            detail={"reason": reason},
            clock=clock,
        )
