"""Looking at a request and into its files: what the policy shows, with an entry for each look."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, parse_timestamp, utc_now
from vitrine.egress import beside_store, disclosure, policy, store, visible
from vitrine.egress.disclosure import DisclosurePolicy
from vitrine.egress.request import Comment, EgressRequest, RequestFile, Reviews, Status
from vitrine.egress.sandbox.asked import FIRST, Asked
from vitrine.egress.sandbox.client import Parser, Preview
from vitrine.egress.service import turns
from vitrine.egress.service.turn import ReviewTurn
from vitrine.egress.standing import Opening
from vitrine.egress.trail import refusals, refused_release, subject_of
from vitrine.errors import IntegrityError, NotFound
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as one person may see it."""

    request: EgressRequest
    project: Project
    rules: DisclosurePolicy
    """The disclosure policy of the project, as it is now."""

    reviews: Reviews
    """The part of this turn's reviews that this person may know."""

    all_reviews: Reviews = field(repr=False)
    """All of this turn's reviews: for the policy's answers, never to be shown."""

    comments: tuple[Comment, ...]
    """The part of the conversation that this person may read."""

    turn: ReviewTurn | None
    """Its newest turn with the clock; none before it was submitted."""

    held_back: str
    """Why the steward does not release it although it is approved; empty otherwise."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """One file, opened."""

    seen: Seen
    file: RequestFile
    preview: Preview


def look(db: Database, account: Account, request_id: str, *, clock: Clock = utc_now) -> Seen:
    """The request, as far as `account` may see it.

    Raises:
        NotFound: when there is no such request.
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "view", clock), db.read() as tx:
        request = store.request(tx, request_id)
        project = permits.project(tx, request.project)
        policy.may_view(account, request, project).require()
        reviews = store.reviews_of(tx, request.id, request.turn)
        shown = visible.reviews(account, request, reviews, project)
        is_waiting = request.status is Status.APPROVED
        held_back = refused_release(tx, request.id) if is_waiting else ""
        talk = store.comments_of(tx, request.id)
        comments = visible.comments(account, request, talk, reviews)
        turn = next(reversed(turns.of(tx, request.id)), None)
        rules = disclosure.load(project.disclosure)
        return Seen(request, project, rules, shown, reviews, comments, turn, held_back)


def open_file(
    db: Database,
    blobs: BlobStore,
    parser: Parser,
    account: Account,
    request_id: str,
    file_id: str,
    *,
    asked: Asked = FIRST,
    seen: Seen | None = None,
    clock: Clock = utc_now,
) -> SeenFile:
    """What is inside the cleaned copy of a file, as far as `asked`; audited.

    A checker who is shown the copy itself, and not only what changed, has opened it from then on.

    Args:
        seen: the request, when `account` has just looked at it.

    Raises:
        NotFound: when there is no such file.
        NotPermitted: with the policy's reason.
        IntegrityError: when the stored copy has other bytes than were recorded.
    """
    seen = seen or look(db, account, request_id, clock=clock)
    is_compared = asked.view == "changes"
    action = "view changes" if is_compared else "view file"
    may_view = policy.may_view_changes if is_compared else policy.may_view_file
    with refusals(db, account, request_id, action, clock):
        file = _file(seen.request, file_id)
        may_view(account, seen.request, file, seen.project).require()
    with db.begin() as tx:
        looked = log.record(
            tx,
            Event.FILE_VIEWED,
            actor=account.actor,
            subject=subject_of(seen.request),
            detail={
                "file": file.id,
                "sha256": file.cleaned_sha256,
                "start": asked.start,
                "view": asked.view,
            },
            clock=clock,
        )
    content = copy_of(blobs, file)
    if is_compared:
        before = copy_of(blobs, _file(seen.request, file.replaces or ""))
        return SeenFile(seen, file, parser.changes(file.kind or "", before, content, asked))
    preview = parser.preview(file.kind or "text", file.media_type or "", content, asked)
    return SeenFile(_opened(db, account, seen, file, looked), file, preview)


def _opened(
    db: Database, account: Account, seen: Seen, file: RequestFile, looked: log.Entry
) -> Seen:
    """`seen` with the copy of `file` among what this checker has opened."""
    request, known = seen.request, seen.all_reviews
    sha256 = file.cleaned_sha256 or ""
    is_known = sha256 in known.opened(account.name)
    if is_known or not policy.may_check(account, request, seen.project):
        return seen
    made = Opening(
        request_id=request.id,
        reviewer=account.name,
        sha256=sha256,
        file_id=file.id,
        opened_at=parse_timestamp(looked.at),
        audit_sequence=looked.sequence,
    )
    with db.begin() as tx:
        beside_store.add_opening(tx, made)
    return replace(seen, all_reviews=replace(known, openings=(*known.openings, made)))


def copy_of(blobs: BlobStore, file: RequestFile) -> bytes:
    """The bytes of the cleaned copy, compared with their digest.

    Raises:
        IntegrityError: when they are not the bytes that were recorded.
    """
    if file.cleaned_sha256 is None:
        raise NotFound(f"{file.path} has no releasable copy")
    return _content(blobs, file.id, "copy", file.cleaned_sha256)


def original_of(blobs: BlobStore, file: RequestFile) -> bytes:
    """The bytes that were frozen, compared with their digest.

    Raises:
        IntegrityError: when they are not the bytes that were recorded.
    """
    return _content(blobs, file.id, "original", file.original_sha256)


def _content(blobs: BlobStore, file_id: str, what: str, sha256: str) -> bytes:
    with blobs.open(sha256) as stream:
        content = stream.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IntegrityError(
            f"the stored {what} of file {file_id} has other bytes than were recorded"
        )
    return content


def _file(request: EgressRequest, file_id: str) -> RequestFile:
    file = request.file(file_id)
    if file is None:
        raise NotFound(f"request {request.id} has no file {file_id}")
    return file
