"""The only SQL of export requests: five tables, read in a fixed number of queries per page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    insert,
    select,
    update,
)

from vitrine.clock import parse_timestamp, timestamp
from vitrine.egress.request import (
    EgressRequest,
    FileType,
    FileVote,
    Release,
    RequestFile,
    Review,
    Reviews,
    Status,
    Vote,
)
from vitrine.errors import Conflict, NotFound
from vitrine.storage.database import metadata

requests = Table(
    "egress_requests",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("draft_id", String(64), nullable=False, unique=True),
    Column("session_id", String(40), nullable=False),
    Column("project", String(32), nullable=False),
    Column("author", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("reviewers_required", Integer),
    Column("row_version", Integer, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("submitted_at", String(27)),
    Column("decided_at", String(27)),
    Column("released_at", String(27)),
    Column("reason", Text),
    Index("ix_egress_requests_status_submitted_at", "status", "submitted_at"),
    Index("ix_egress_requests_author_created_at", "author", "created_at"),
)

files = Table(
    "egress_files",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("path_key", Text, nullable=False),
    Column("filetype", String(12), nullable=False),
    Column("original_sha256", String(64), nullable=False),
    Column("original_bytes", Integer, nullable=False),
    Column("cleaned_sha256", String(64)),
    Column("cleaned_bytes", Integer),
    Column("media_type", String(80)),
    Column("kind", String(12)),
    Column("cleaner", String(80)),
    Column("notes", Text, nullable=False),
    Column("refusal", Text),
    UniqueConstraint("request_id", "path_key"),
)

reviews = Table(
    "egress_reviews",
    metadata,
    Column("request_id", String(40), ForeignKey("egress_requests.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("reviewer", String(32), primary_key=True),
    Column("started_at", String(27), nullable=False),
    Column("submitted_at", String(27)),
    Column("audit_sequence", Integer),
)

votes = Table(
    "egress_votes",
    metadata,
    Column("file_id", String(40), ForeignKey("egress_files.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("reviewer", String(32), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False),
    Column("value", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("cast_at", String(27), nullable=False),
    Column("audit_sequence", Integer, nullable=False),
    Index("ix_egress_votes_request_id_turn", "request_id", "turn"),
)

releases = Table(
    "egress_releases",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False, unique=True),
    Column("manifest", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    Column("key", String(64), nullable=False),
    Column("released_at", String(27), nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request as a list shows it: without its files, with their number."""

    request: EgressRequest
    outputs: int
    output_bytes: int
    own_votes: int
    """Outputs that the person who looks has voted on in this turn."""

    own_review_submitted: bool


# -- reading ---------------------------------------------------------------------------------


def request(tx: Connection, request_id: str, *, for_change: bool = False) -> EgressRequest:
    """The request with its files, in their order.

    Args:
        for_change: whether nobody else may change it, or vote on it, until `tx` ends.

    Raises:
        NotFound: when there is none with this id.
    """
    query = select(requests).where(requests.c.id == request_id)
    if for_change:
        query = query.with_for_update()  # on SQLite a write transaction is alone anyway
    row = tx.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no release request {request_id}")
    return _request(row, files_of(tx, request_id))


def request_of_draft(tx: Connection, draft_id: str) -> EgressRequest | None:
    """The request that was made from a draft, if it was."""
    found = tx.execute(select(requests.c.id).where(requests.c.draft_id == draft_id)).scalar()
    return None if found is None else request(tx, found)


def files_of(tx: Connection, request_id: str) -> tuple[RequestFile, ...]:
    """The files of a request, in the order in which its author named them."""
    query = select(files).where(files.c.request_id == request_id).order_by(files.c.position)
    return tuple(_file(row) for row in tx.execute(query))


def reviews_of(tx: Connection, request_id: str, turn: int) -> Reviews:
    """Seats and votes of one turn."""
    seats = tx.execute(
        select(reviews)
        .where(reviews.c.request_id == request_id, reviews.c.turn == turn)
        .order_by(reviews.c.started_at, reviews.c.reviewer)
    )
    cast = tx.execute(
        select(votes)
        .where(votes.c.request_id == request_id, votes.c.turn == turn)
        .order_by(votes.c.cast_at, votes.c.reviewer)
    )
    return Reviews(
        seats=tuple(_review(row) for row in seats), votes=tuple(_vote(row) for row in cast)
    )


def lines(
    tx: Connection,
    viewer: str,
    *,
    statuses: Iterable[Status] | None = None,
    author: str | None = None,
    is_newest_first: bool = False,
    limit: int = 200,
) -> list[Line]:
    """Requests as a list shows them, oldest submission first, in one query."""
    query = _lines(viewer)
    if statuses is not None:
        query = query.where(requests.c.status.in_([str(status) for status in statuses]))
    if author is not None:
        query = query.where(requests.c.author == author)
    order = requests.c.created_at.desc() if is_newest_first else requests.c.submitted_at
    return [_line(row) for row in tx.execute(query.order_by(order, requests.c.id).limit(limit))]


def _lines(viewer: str) -> Select[Any]:
    is_output = and_(files.c.request_id == requests.c.id, files.c.filetype == str(FileType.OUTPUT))
    own = and_(
        votes.c.request_id == requests.c.id,
        votes.c.turn == requests.c.turn,
        votes.c.reviewer == viewer,
    )
    seat = and_(
        reviews.c.request_id == requests.c.id,
        reviews.c.turn == requests.c.turn,
        reviews.c.reviewer == viewer,
    )
    return select(
        requests,
        select(func.count()).where(is_output).scalar_subquery().label("outputs"),
        select(func.coalesce(func.sum(files.c.original_bytes), 0))
        .where(is_output)
        .scalar_subquery()
        .label("output_bytes"),
        select(func.count()).select_from(votes).where(own).scalar_subquery().label("own_votes"),
        select(reviews.c.submitted_at).where(seat).scalar_subquery().label("own_submitted_at"),
    )


def with_status(tx: Connection, status: Status) -> list[str]:
    """Ids of the requests in one state, oldest submission first."""
    query = (
        select(requests.c.id)
        .where(requests.c.status == str(status))
        .order_by(requests.c.submitted_at, requests.c.id)
    )
    return list(tx.execute(query).scalars())


def uncleaned(tx: Connection, limit: int = 100) -> list[RequestFile]:
    """Files for which the cleaner has neither made a copy nor said why not."""
    query = (
        select(files)
        .where(files.c.cleaned_sha256.is_(None), files.c.refusal.is_(None))
        .order_by(files.c.id)
        .limit(limit)
    )
    return [_file(row) for row in tx.execute(query)]


def release_of(tx: Connection, request_id: str) -> Release:
    """What left for a request.

    Raises:
        NotFound: when nothing has been released for it.
    """
    row = tx.execute(select(releases).where(releases.c.request_id == request_id)).one_or_none()
    if row is None:
        raise NotFound(f"nothing has been released for request {request_id}")
    return _release(row)


def all_releases(tx: Connection) -> list[tuple[Release, EgressRequest]]:
    """Every release with its request (without files), oldest first."""
    query = (
        select(
            requests,
            releases.c.id.label("release_id"),
            *[releases.c[name].label(f"release_{name}") for name in _RELEASE_COLUMNS],
        )
        .join(releases, releases.c.request_id == requests.c.id)
        .order_by(releases.c.released_at, releases.c.id)
    )
    return [(_joined_release(row), _request(row, ())) for row in tx.execute(query)]


_RELEASE_COLUMNS = ("manifest", "signature", "key", "released_at")


# -- writing ---------------------------------------------------------------------------------


def add_request(tx: Connection, new: EgressRequest) -> None:
    """Insert a request with its files."""
    tx.execute(insert(requests).values(_request_values(new)))
    tx.execute(
        insert(files),
        [{**_file_values(file), "position": n} for n, file in enumerate(new.files)],
    )


def change_request(tx: Connection, before: EgressRequest, **values: Any) -> None:
    """Change a request that still is what `before` says.

    Raises:
        Conflict: when somebody changed it since it was read.
    """
    done = tx.execute(
        update(requests)
        .where(requests.c.id == before.id, requests.c.row_version == before.row_version)
        .values(row_version=before.row_version + 1, **_plain(values))
    )
    if done.rowcount != 1:
        raise Conflict(f"request {before.id} changed while you looked at it")


def change_file(tx: Connection, file_id: str, **values: Any) -> None:
    """Change columns of one file."""
    tx.execute(update(files).where(files.c.id == file_id).values(_plain(values)))


def take_seat(tx: Connection, review: Review) -> None:
    """Give a checker a seat in this turn."""
    tx.execute(
        insert(reviews).values(
            request_id=review.request_id,
            turn=review.turn,
            reviewer=review.reviewer,
            started_at=timestamp(review.started_at),
        )
    )


def submit_seat(tx: Connection, review: Review, at: datetime, audit_sequence: int) -> None:
    """Seal a checker's review of this turn."""
    tx.execute(
        update(reviews)
        .where(
            reviews.c.request_id == review.request_id,
            reviews.c.turn == review.turn,
            reviews.c.reviewer == review.reviewer,
        )
        .values(submitted_at=timestamp(at), audit_sequence=audit_sequence)
    )


def put_vote(tx: Connection, vote: FileVote, *, is_new: bool) -> None:
    """Insert a vote, or replace the same checker's earlier one of this turn."""
    values = {
        "request_id": vote.request_id,
        "value": str(vote.value),
        "reason": vote.reason,
        "sha256": vote.sha256,
        "cast_at": timestamp(vote.cast_at),
        "audit_sequence": vote.audit_sequence,
    }
    if is_new:
        key = {"file_id": vote.file_id, "turn": vote.turn, "reviewer": vote.reviewer}
        tx.execute(insert(votes).values(**key, **values))
        return
    tx.execute(
        update(votes)
        .where(
            votes.c.file_id == vote.file_id,
            votes.c.turn == vote.turn,
            votes.c.reviewer == vote.reviewer,
        )
        .values(values)
    )


def add_release(tx: Connection, release: Release) -> None:
    """Insert what left."""
    tx.execute(
        insert(releases).values(
            id=release.id,
            request_id=release.request_id,
            manifest=release.manifest,
            signature=release.signature,
            key=release.key,
            released_at=timestamp(release.released_at),
        )
    )


# -- rows and records ------------------------------------------------------------------------


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Column values of a record's values."""
    plain = dict(values)
    for name, value in values.items():
        if isinstance(value, datetime):
            plain[name] = timestamp(value)
        elif isinstance(value, Status | FileType):
            plain[name] = str(value)
        elif isinstance(value, tuple):
            plain[name] = json.dumps(value, ensure_ascii=False)
    return plain


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_timestamp(text)


def _request(row: Row[Any], its_files: Sequence[RequestFile]) -> EgressRequest:
    return EgressRequest(
        id=row.id,
        draft_id=row.draft_id,
        session_id=row.session_id,
        project=row.project,
        author=row.author,
        title=row.title,
        context=row.context,
        status=Status(row.status),
        turn=row.turn,
        reviewers_required=row.reviewers_required,
        row_version=row.row_version,
        created_at=parse_timestamp(row.created_at),
        submitted_at=_moment(row.submitted_at),
        decided_at=_moment(row.decided_at),
        released_at=_moment(row.released_at),
        reason=row.reason,
        files=tuple(its_files),
    )


def _request_values(new: EgressRequest) -> dict[str, Any]:
    names = [column.name for column in requests.columns]
    return _plain({name: getattr(new, name) for name in names})


def _file(row: Row[Any]) -> RequestFile:
    return RequestFile(
        id=row.id,
        request_id=row.request_id,
        path=row.path,
        filetype=FileType(row.filetype),
        original_sha256=row.original_sha256,
        original_bytes=row.original_bytes,
        cleaned_sha256=row.cleaned_sha256,
        cleaned_bytes=row.cleaned_bytes,
        media_type=row.media_type,
        kind=row.kind,
        cleaner=row.cleaner,
        notes=tuple(json.loads(row.notes)),
        refusal=row.refusal,
    )


def _file_values(file: RequestFile) -> dict[str, Any]:
    names = {column.name for column in files.columns} - {"position", "path_key"}
    values = {name: getattr(file, name) for name in names}
    return {**_plain(values), "path_key": file.path.casefold()}


def _review(row: Row[Any]) -> Review:
    return Review(
        request_id=row.request_id,
        turn=row.turn,
        reviewer=row.reviewer,
        started_at=parse_timestamp(row.started_at),
        submitted_at=_moment(row.submitted_at),
        audit_sequence=row.audit_sequence,
    )


def _vote(row: Row[Any]) -> FileVote:
    return FileVote(
        request_id=row.request_id,
        file_id=row.file_id,
        turn=row.turn,
        reviewer=row.reviewer,
        value=Vote(row.value),
        reason=row.reason,
        sha256=row.sha256,
        cast_at=parse_timestamp(row.cast_at),
        audit_sequence=row.audit_sequence,
    )


def _release(row: Row[Any]) -> Release:
    return Release(
        id=row.id,
        request_id=row.request_id,
        manifest=row.manifest,
        signature=row.signature,
        key=row.key,
        released_at=parse_timestamp(row.released_at),
    )


def _joined_release(row: Row[Any]) -> Release:
    return Release(
        id=row.release_id,
        request_id=row.id,
        manifest=row.release_manifest,
        signature=row.release_signature,
        key=row.release_key,
        released_at=parse_timestamp(row.release_released_at),
    )


def _line(row: Row[Any]) -> Line:
    return Line(
        request=_request(row, ()),
        outputs=row.outputs,
        output_bytes=int(row.output_bytes),
        own_votes=row.own_votes,
        own_review_submitted=row.own_submitted_at is not None,
    )
