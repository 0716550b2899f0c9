"""The only SQL of export requests, in a fixed number of queries per page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from vitrine.clock import parse_timestamp, timestamp
from vitrine.egress.checks.finding import Finding
from vitrine.egress.request import (
    Comment,
    EgressRequest,
    FileType,
    FileVote,
    Release,
    RequestFile,
    Review,
    Reviews,
    Status,
)
from vitrine.egress.rows import (
    accepted_of,
    comment_of,
    exception_of,
    file_of,
    file_values,
    finding_of,
    finding_values,
    joined_release,
    opening_of,
    plain,
    release_of_row,
    request_of,
    request_values,
    review_of,
    vote_of,
)
from vitrine.egress.service.tables import turns
from vitrine.egress.tables import (
    accepted,
    comments,
    exceptions,
    files,
    findings,
    openings,
    releases,
    requests,
    reviews,
    votes,
)
from vitrine.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request as a list shows it: without its files, with their number."""

    request: EgressRequest
    outputs: int
    output_bytes: int
    own_votes: int
    """Outputs that the person who looks has voted on in this turn."""

    own_review_submitted: bool
    due_at: datetime | None
    """When its newest turn should end; none before it was submitted."""


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
    return request_of(row, files_of(tx, request_id))


def request_of_draft(tx: Connection, draft_id: str) -> EgressRequest | None:
    """The request that was made from a draft, if it was."""
    found = tx.execute(select(requests.c.id).where(requests.c.draft_id == draft_id)).scalar()
    return None if found is None else request(tx, found)


def files_of(tx: Connection, request_id: str) -> tuple[RequestFile, ...]:
    """The files of a request, in the order in which its author named them, with findings."""
    found: dict[str, list[Finding]] = {}
    said = select(findings).where(findings.c.request_id == request_id)
    for row in tx.execute(said.order_by(findings.c.file_id, findings.c.position)):
        found.setdefault(row.file_id, []).append(finding_of(row))
    asked = {
        (row.file_id, row.sha256): exception_of(row)
        for row in tx.execute(select(exceptions).where(exceptions.c.request_id == request_id))
    }
    query = select(files).where(files.c.request_id == request_id).order_by(files.c.position)
    return tuple(
        file_of(row, found.get(row.id, ()), asked.get((row.id, row.cleaned_sha256)))
        for row in tx.execute(query)
    )


def reviews_of(tx: Connection, request_id: str, turn: int) -> Reviews:
    """Seats, votes and words of one turn, and all that was opened of the request so far."""
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
    agreed = tx.execute(
        select(accepted)
        .where(accepted.c.request_id == request_id, accepted.c.turn == turn)
        .order_by(accepted.c.accepted_at, accepted.c.reviewer, accepted.c.key)
    )
    seen = tx.execute(
        select(openings)
        .where(openings.c.request_id == request_id)
        .order_by(openings.c.audit_sequence)
    )
    return Reviews(
        seats=tuple(review_of(row) for row in seats),
        votes=tuple(vote_of(row) for row in cast),
        accepted=tuple(accepted_of(row) for row in agreed),
        openings=tuple(opening_of(row) for row in seen),
    )


def comments_of(tx: Connection, request_id: str) -> tuple[Comment, ...]:
    """The conversation about a request, oldest first."""
    query = (
        select(comments)
        .where(comments.c.request_id == request_id)
        .order_by(comments.c.created_at, comments.c.id)
    )
    return tuple(comment_of(row) for row in tx.execute(query))


def lines(
    tx: Connection,
    viewer: str,
    *,
    author: str | None = None,
    ids: Sequence[str] | None = None,
    is_newest_first: bool = False,
    limit: int = 200,
) -> list[Line]:
    """Requests as a list shows them, oldest submission first, in one query.

    Args:
        ids: only these, in this order.
    """
    query = _lines(viewer)
    if ids is not None:
        found = {row.id: _line(row) for row in tx.execute(query.where(requests.c.id.in_(ids)))}
        return [found[each] for each in ids]
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
    is_turn = and_(turns.c.request_id == requests.c.id, turns.c.turn == requests.c.turn)
    return select(
        requests,
        select(func.count()).where(is_output).scalar_subquery().label("outputs"),
        select(func.coalesce(func.sum(files.c.original_bytes), 0))
        .where(is_output)
        .scalar_subquery()
        .label("output_bytes"),
        select(func.count()).select_from(votes).where(own).scalar_subquery().label("own_votes"),
        select(reviews.c.submitted_at).where(seat).scalar_subquery().label("own_submitted_at"),
        select(turns.c.due_at).where(is_turn).scalar_subquery().label("due_at"),
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
    return [file_of(row) for row in tx.execute(query)]


def unchecked(tx: Connection, limit: int = 20) -> list[str]:
    """Ids of requests of which every file has a copy or a refusal, and that nobody has checked."""
    is_uncleaned = (
        select(files.c.id)
        .where(
            files.c.request_id == requests.c.id,
            files.c.cleaned_sha256.is_(None),
            files.c.refusal.is_(None),
        )
        .exists()
    )
    query = (
        select(requests.c.id)
        .where(
            requests.c.disclosure.is_(None),
            requests.c.status.in_([str(Status.PENDING), str(Status.RETURNED)]),
            ~is_uncleaned,
        )
        .order_by(requests.c.created_at, requests.c.id)
        .limit(limit)
    )
    return list(tx.execute(query).scalars())


def before_senior(tx: Connection, viewer: str, limit: int = 200) -> list[Line]:
    """Requests of others with a file about which a senior checker has to decide, oldest first."""
    asked = (
        select(exceptions.c.file_id)
        .where(exceptions.c.request_id == requests.c.id, exceptions.c.is_granted.is_(None))
        .exists()
    )
    query = (
        _lines(viewer)
        .where(
            asked,
            requests.c.author != viewer,
            requests.c.status.in_([str(Status.PENDING), str(Status.RETURNED)]),
        )
        .order_by(requests.c.created_at, requests.c.id)
    )
    return [_line(row) for row in tx.execute(query.limit(limit))]


def release_of(tx: Connection, request_id: str) -> Release:
    """What left for a request.

    Raises:
        NotFound: when nothing has been released for it.
    """
    row = tx.execute(select(releases).where(releases.c.request_id == request_id)).one_or_none()
    if row is None:
        raise NotFound(f"nothing has been released for request {request_id}")
    return release_of_row(row)


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
    return [(joined_release(row), request_of(row, ())) for row in tx.execute(query)]


_RELEASE_COLUMNS = ("manifest", "signature", "key", "released_at")


# -- writing ---------------------------------------------------------------------------------


def add_request(tx: Connection, new: EgressRequest) -> None:
    """Insert a request with its files."""
    tx.execute(insert(requests).values(request_values(new)))
    tx.execute(
        insert(files),
        [{**file_values(file), "position": n} for n, file in enumerate(new.files)],
    )


def change_request(tx: Connection, before: EgressRequest, **values: Any) -> None:
    """Change a request that still is what `before` says.

    Raises:
        Conflict: when somebody changed it since it was read.
    """
    done = tx.execute(
        update(requests)
        .where(requests.c.id == before.id, requests.c.row_version == before.row_version)
        .values(row_version=before.row_version + 1, **plain(values))
    )
    if done.rowcount != 1:
        raise Conflict(f"request {before.id} changed while you looked at it")


def add_findings(tx: Connection, file: RequestFile, found: Sequence[Finding]) -> None:
    """Insert what the checks say of a file."""
    rows = [
        {"file_id": file.id, "request_id": file.request_id, "position": n, **finding_values(each)}
        for n, each in enumerate(found)
    ]
    if rows:
        tx.execute(insert(findings), rows)


def forget_findings(tx: Connection, request_id: str) -> None:
    """Delete what the checks said of a request's files, which are to be checked again."""
    tx.execute(delete(findings).where(findings.c.request_id == request_id))


def add_file(tx: Connection, file: RequestFile, position: int) -> None:
    """Insert one more file of a request."""
    tx.execute(insert(files).values(**file_values(file), position=position))


def make_way(tx: Connection, file: RequestFile) -> None:
    """Withdraw a file and give its name free, which it keeps in the record."""
    key = f"{file.path.casefold()}//{file.id}"  # no name of a file holds two slashes
    change_file(tx, file.id, filetype=FileType.WITHDRAWN, path_key=key)


def change_file(tx: Connection, file_id: str, **values: Any) -> None:
    """Change columns of one file."""
    tx.execute(update(files).where(files.c.id == file_id).values(plain(values)))


def take_seat(tx: Connection, review: Review, *, is_new: bool) -> None:
    """Give a checker a seat in this turn, or hold it until another moment."""
    lease = {"lease_until": timestamp(review.lease_until)}
    if is_new:
        key = {"request_id": review.request_id, "turn": review.turn, "reviewer": review.reviewer}
        began = {"started_at": timestamp(review.started_at)}
        tx.execute(insert(reviews).values(**key, **began, **lease))
        return
    tx.execute(update(reviews).where(_is_seat(review)).values(lease))


def _is_seat(review: Review) -> ColumnElement[bool]:
    return and_(
        reviews.c.request_id == review.request_id,
        reviews.c.turn == review.turn,
        reviews.c.reviewer == review.reviewer,
    )


def submit_seat(tx: Connection, review: Review, at: datetime, audit_sequence: int) -> None:
    """Seal a checker's review of this turn."""
    tx.execute(
        update(reviews)
        .where(_is_seat(review))
        .values(submitted_at=timestamp(at), audit_sequence=audit_sequence)
    )


def put_vote(tx: Connection, vote: FileVote, *, is_new: bool) -> None:
    """Insert a vote, or replace the same checker's earlier one of this turn."""
    values = {
        "request_id": vote.request_id,
        "value": str(vote.value),
        "reason_code": None if vote.reason_code is None else str(vote.reason_code),
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


def add_comment(tx: Connection, comment: Comment) -> None:
    """Insert a comment."""
    tx.execute(insert(comments).values(plain(asdict(comment))))


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


def _line(row: Row[Any]) -> Line:
    return Line(
        request=request_of(row, ()),
        outputs=row.outputs,
        output_bytes=int(row.output_bytes),
        own_votes=row.own_votes,
        own_review_submitted=row.own_submitted_at is not None,
        due_at=None if row.due_at is None else parse_timestamp(row.due_at),
    )
