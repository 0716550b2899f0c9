"""The same use cases as JSON, for the person's own browser session: the API has no tokens.

A program that holds somebody's Hub token cannot submit, vote or download here.
"""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from egress_review.authors import attachment
from egress_review.desk import PAGE_LIMIT, At, By, Desk, Json, Wanted
from egress_review.panels import (
    comment_json,
    exception_json,
    line_json,
    panel,
    panel_json,
    vote_json,
)
from egress_review.seniors import exception_lines
from vitrine.access.account import Account
from vitrine.egress import accept, decide, exceptions, incident, resubmit, store, submit
from vitrine.egress import download as downloads
from vitrine.egress import vote as votes
from vitrine.egress.policy import FILES_MAX
from vitrine.egress.request import FileType, Reason, Visibility, Vote
from vitrine.egress.standing import Acceptance
from vitrine.egress.view import look, open_file

router = APIRouter(prefix="/api")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubmitBody(_Body):
    """What a submission says."""

    context: str
    filetypes: dict[str, FileType] = {}
    row_version: int | None = None


class WithdrawBody(_Body):
    """What a withdrawal says."""

    row_version: int | None = None


class DraftBody(_Body):
    """Which draft's files are meant, by the request that it became."""

    draft: str


class VoteBody(_Body):
    """What a vote says."""

    value: Vote
    sha256: str
    reason: str = ""
    reason_code: Reason | None = None


class NamedBytes(_Body):
    """A file, and which bytes of it."""

    file: str
    sha256: str


class VotesBody(_Body):
    """What a vote on many files says."""

    value: Vote
    files: list[NamedBytes] = Field(min_length=1, max_length=FILES_MAX)
    reason: str = ""
    reason_code: Reason | None = None


class ReasonBody(_Body):
    """Why a request is returned or rejected."""

    reason: str
    code: Reason = Reason.OTHER


class ApproveBody(_Body):
    """What an approval names."""

    merkle_root: str


class ExceptionBody(_Body):
    """Why an exception is asked for."""

    reason: str


class DecisionBody(_Body):
    """What is decided about an exception, and for which bytes."""

    is_granted: bool
    sha256: str
    answer: str


class ReportBody(_Body):
    """Where something must not be seen, by number."""

    file: str | None = None
    place: str = ""


class AcceptBody(_Body):
    """Why a warning may stand."""

    code: Acceptance


class CommentBody(_Body):
    """What is said, and to whom."""

    body: str
    visibility: Visibility
    file: str | None = None
    anchor: str = ""


@router.get("/me")
def me(account: By) -> Json:
    """Who is signed in."""
    return {
        "name": account.name,
        "display_name": account.display_name,
        "roles": sorted(account.roles),
    }


@router.get("/requests")
def mine(desk: At, account: By) -> Json:
    """What this person has asked out, newest first."""
    with desk.db.read() as tx:
        lines = store.lines(
            tx, account.name, author=account.name, is_newest_first=True, limit=PAGE_LIMIT
        )
    return {"requests": [line_json(line) for line in lines]}


@router.get("/requests/{request_id}")
def show(desk: At, account: By, request_id: str) -> Json:
    """One request, as far as this person may see it."""
    return _shown(desk, account, request_id)


def _shown(desk: Desk, account: Account, request_id: str) -> Json:
    seen = look(desk.db, account, request_id, clock=desk.clock)
    return panel_json(panel(account, seen, desk.clock()))


@router.post("/requests/{request_id}/submit")
def submit_request(desk: At, account: By, request_id: str, body: SubmitBody) -> Json:
    """Hand a request to the checkers."""
    submit.submit(
        desk.db,
        account,
        request_id,
        context=body.context,
        filetypes=body.filetypes,
        row_version=body.row_version,
        level=desk.level,
        clock=desk.clock,
    )
    return _shown(desk, account, request_id)


@router.post("/requests/{request_id}/files")
def bring_in(desk: At, account: By, request_id: str, body: DraftBody) -> Json:
    """Let the files of a newer draft take their places in a returned request."""
    resubmit.ask(desk.db, account, request_id, body.draft, clock=desk.clock)
    return _shown(desk, account, request_id)


@router.post("/requests/{request_id}/withdraw")
def withdraw(desk: At, account: By, request_id: str, body: WithdrawBody) -> Json:
    """Take the whole request back."""
    submit.withdraw(desk.db, account, request_id, row_version=body.row_version, clock=desk.clock)
    return _shown(desk, account, request_id)


@router.get("/requests/{request_id}/files/{file_id}")
def preview(desk: At, account: By, request_id: str, file_id: str, asked: Wanted) -> Json:
    """What is inside the cleaned copy of a file, a page of it."""
    opened = open_file(
        desk.db,
        desk.blobs,
        desk.parser,
        account,
        request_id,
        file_id,
        asked=asked,
        clock=desk.clock,
    )
    return {"sha256": opened.file.cleaned_sha256, **opened.preview.data}


@router.post("/requests/{request_id}/files/{file_id}/vote")
def vote(desk: At, account: By, request_id: str, file_id: str, body: VoteBody) -> Json:
    """Vote on the named bytes of a file."""
    cast = votes.vote(
        desk.db,
        account,
        request_id,
        file_id,
        value=body.value,
        sha256=body.sha256,
        reason=body.reason,
        reason_code=body.reason_code,
        clock=desk.clock,
    )
    return vote_json(cast)


@router.post("/requests/{request_id}/votes")
def vote_on_all(desk: At, account: By, request_id: str, body: VotesBody) -> Json:
    """Cast the same vote on the named bytes of many files, or on none of them."""
    cast = votes.vote_on_all(
        desk.db,
        account,
        request_id,
        [votes.Ballot(each.file, each.sha256) for each in body.files],
        value=body.value,
        reason=body.reason,
        reason_code=body.reason_code,
        clock=desk.clock,
    )
    return {"votes": [vote_json(vote) for vote in cast]}


@router.get("/exceptions")
def exceptions_asked(desk: At, account: By) -> Json:
    """Requests with a file about which a senior checker has to decide."""
    return {"requests": [line_json(line) for line in exception_lines(desk, account)]}


@router.post("/requests/{request_id}/files/{file_id}/exception")
def ask_exception(
    desk: At, account: By, request_id: str, file_id: str, body: ExceptionBody
) -> Json:
    """Ask that people judge a file although checks block it."""
    asked = exceptions.ask(
        desk.db, account, request_id, file_id, reason=body.reason, clock=desk.clock
    )
    return exception_json(asked, is_author=True)


@router.post("/requests/{request_id}/files/{file_id}/exception/decision")
def decide_exception(
    desk: At, account: By, request_id: str, file_id: str, body: DecisionBody
) -> Json:
    """Lift what blocks a file, or leave it."""
    decided = exceptions.decide(
        desk.db,
        account,
        request_id,
        file_id,
        is_granted=body.is_granted,
        answer=body.answer,
        sha256=body.sha256,
        clock=desk.clock,
    )
    return exception_json(decided, is_author=False)


@router.post("/requests/{request_id}/report")
def report(desk: At, account: By, request_id: str, body: ReportBody) -> Json:
    """Stop everything, because something shows what must not leave."""
    made = incident.report(
        desk.db, account, request_id, file_id=body.file, place=body.place, clock=desk.clock
    )
    return {"incident": made.id, "request": request_id}


@router.post("/requests/{request_id}/warnings/{key}")
def accept_warning(desk: At, account: By, request_id: str, key: str, body: AcceptBody) -> Json:
    """Let a group of equal warnings stand."""
    accept.accept(desk.db, account, request_id, key, code=body.code, clock=desk.clock)
    return _shown(desk, account, request_id)


@router.post("/requests/{request_id}/claim")
def claim(desk: At, account: By, request_id: str) -> Json:
    """Take a seat in the review."""
    votes.claim(desk.db, account, request_id, clock=desk.clock)
    return _shown(desk, account, request_id)


@router.post("/requests/{request_id}/give-up")
def give_up(desk: At, account: By, request_id: str) -> Json:
    """Leave the seat to somebody else."""
    votes.give_up(desk.db, account, request_id, clock=desk.clock)
    return _shown(desk, account, request_id)


@router.post("/requests/{request_id}/comments")
def comment(desk: At, account: By, request_id: str, body: CommentBody) -> Json:
    """Add a comment."""
    made = decide.comment(
        desk.db,
        account,
        request_id,
        body=body.body,
        visibility=body.visibility,
        file_id=body.file,
        anchor=body.anchor,
        clock=desk.clock,
    )
    return comment_json(made)


@router.post("/requests/{request_id}/approve")
def approve(desk: At, account: By, request_id: str, body: ApproveBody) -> Json:
    """Let the steward release the request."""
    decide.approve(desk.db, account, request_id, root=body.merkle_root, clock=desk.clock)
    return _shown(desk, account, request_id)


@router.post("/requests/{request_id}/review")
def submit_review(desk: At, account: By, request_id: str) -> Json:
    """Hand the review in."""
    votes.submit_review(desk.db, account, request_id, clock=desk.clock)
    return _shown(desk, account, request_id)


@router.post("/requests/{request_id}/return")
def return_to_author(desk: At, account: By, request_id: str, body: ReasonBody) -> Json:
    """Give a request back to its author."""
    decide.return_to_author(
        desk.db, account, request_id, reason=body.reason, code=body.code, clock=desk.clock
    )
    return _shown(desk, account, request_id)


@router.post("/requests/{request_id}/reject")
def reject(desk: At, account: By, request_id: str, body: ReasonBody) -> Json:
    """End a request for good."""
    decide.reject(
        desk.db, account, request_id, reason=body.reason, code=body.code, clock=desk.clock
    )
    return _shown(desk, account, request_id)


@router.get("/requests/{request_id}/files/{file_id}/download")
def download(desk: At, account: By, request_id: str, file_id: str) -> Response:
    """The released bytes of a file, for its author."""
    got = downloads.download(desk.db, desk.blobs, account, request_id, file_id, clock=desk.clock)
    return attachment(got.content, got.file.path.rsplit("/", 1)[-1])


@router.get("/requests/{request_id}/receipt")
def receipt(desk: At, account: By, request_id: str) -> Json:
    """The signed receipt of the release."""
    return downloads.receipt_of(desk.db, account, request_id, clock=desk.clock).as_json()
