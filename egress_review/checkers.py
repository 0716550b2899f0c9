"""Pages of output checkers: one file at a time, the vote, the review."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from egress_review.desk import At, By, Desk, Wanted
from egress_review.panels import marks, next_mark, panel
from vitrine.access.account import Account
from vitrine.egress import decide, policy
from vitrine.egress import vote as votes
from vitrine.egress.request import Reason, Visibility, Vote
from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.sandbox.filetypes import SVG
from vitrine.egress.view import Seen, SeenFile, look, open_file
from vitrine.errors import InvalidInput, NotFound

router = APIRouter()

_INERT = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; "
        "sandbox"
    )
}
"""A figure is drawn by the browser, in an origin of its own where nothing loads or runs."""


@router.get("/requests/{request_id}/files/{file_id}")
def file_page(desk: At, account: By, request_id: str, file_id: str, asked: Wanted) -> Response:
    """GET /requests/{id}/files/{file} : what is inside the copy, and the vote beside it."""
    seen = look(desk.db, account, request_id, clock=desk.clock)
    shown: SeenFile | None = None
    unreadable = ""
    try:
        shown = _open(desk, account, request_id, file_id, asked, seen)
    except InvalidInput as refusal:
        unreadable = str(refusal)
    now = desk.clock()
    board = panel(account, shown.seen if shown else seen, now)
    row = next(row for row in board.rows if row.file.id == file_id)
    at = board.rows.index(row)
    data = shown.preview.data if shown else None
    found = marks(row.file, data)
    return desk.pages.render(
        "file.html",
        account=account,
        panel=board,
        row=row,
        before=board.rows[at - 1] if at else None,
        after=board.rows[at + 1] if at + 1 < len(board.rows) else None,
        unvoted=board.next_after(file_id),
        unopened=board.next_unopened(file_id),
        position=at + 1,
        data=data,
        marks=found,
        next_mark=next_mark(found, data, asked),
        asked=asked,
        unreadable=unreadable,
        now=now,
        here="queue",
    )


def _open(
    desk: Desk,
    account: Account,
    request_id: str,
    file_id: str,
    asked: Asked,
    seen: Seen | None = None,
) -> SeenFile:
    return open_file(
        desk.db,
        desk.blobs,
        desk.parser,
        account,
        request_id,
        file_id,
        asked=asked,
        seen=seen,
        clock=desk.clock,
    )


@router.get("/requests/{request_id}/files/{file_id}/image")
def image(desk: At, account: By, request_id: str, file_id: str, asked: Wanted) -> Response:
    """GET /requests/{id}/files/{file}/image : the picture, drawn again by the parser."""
    opened = _open(desk, account, request_id, file_id, replace(asked, is_drawn=True))
    if not opened.preview.image:
        raise NotFound("this file is not an image")
    if opened.preview.data.get("kind") == "figure":
        return Response(opened.preview.image, media_type=SVG.media_type, headers=_INERT)
    return Response(opened.preview.image, media_type="image/png")


@router.post("/requests/{request_id}/files/{file_id}/vote")
def vote(
    desk: At,
    account: By,
    request_id: str,
    file_id: str,
    value: Annotated[Vote, Form()],
    sha256: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "",
    reason_code: Annotated[Reason | None, Form()] = None,
) -> Response:
    """POST /requests/{id}/files/{file}/vote : then on to the next file without a vote."""
    votes.vote(
        desk.db,
        account,
        request_id,
        file_id,
        value=value,
        sha256=sha256,
        reason=reason,
        reason_code=reason_code,
        clock=desk.clock,
    )
    seen = look(desk.db, account, request_id, clock=desk.clock)
    board = panel(account, seen, desk.clock())
    following = board.next_after(file_id)
    left = "#warnings" if any(each.own is None for each in board.weighed) else "#review"
    target = f"/files/{following.file.id}" if following else left
    return RedirectResponse(f"/requests/{request_id}{target}", 303)


@router.post("/requests/{request_id}/votes")
async def vote_on_all(request: Request, desk: At, account: By, request_id: str) -> Response:
    """POST /requests/{id}/votes : approve the ticked files, each named with its bytes."""
    form = await request.form(max_files=0, max_fields=policy.FILES_MAX + 10)
    ticked = [str(value) for value in form.getlist("file")]
    return await run_in_threadpool(_approve_all, desk, account, request_id, ticked)


def _approve_all(desk: Desk, account: Account, request_id: str, ticked: list[str]) -> Response:
    """Args:
    ticked: each `FILE:SHA256`.
    """
    votes.vote_on_all(
        desk.db,
        account,
        request_id,
        [votes.Ballot(file, sha256) for file, _, sha256 in (t.partition(":") for t in ticked)],
        value=Vote.APPROVED,
        clock=desk.clock,
    )
    return RedirectResponse(f"/requests/{request_id}#review", 303)


@router.post("/requests/{request_id}/claim")
def claim(desk: At, account: By, request_id: str) -> Response:
    """POST /requests/{id}/claim : take a seat, then on to the first file."""
    votes.claim(desk.db, account, request_id, clock=desk.clock)
    seen = look(desk.db, account, request_id, clock=desk.clock)
    first = panel(account, seen, desk.clock()).next_after("")
    target = f"/files/{first.file.id}" if first else ""
    return RedirectResponse(f"/requests/{request_id}{target}", 303)


@router.post("/requests/{request_id}/give-up")
def give_up(desk: At, account: By, request_id: str) -> Response:
    """POST /requests/{id}/give-up : leave the seat to somebody else."""
    votes.give_up(desk.db, account, request_id, clock=desk.clock)
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.post("/requests/{request_id}/comments")
def comment(
    desk: At,
    account: By,
    request_id: str,
    body: Annotated[str, Form()],
    visibility: Annotated[Visibility, Form()],
    file: Annotated[str, Form()] = "",
    anchor: Annotated[str, Form()] = "",
) -> Response:
    """POST /requests/{id}/comments : say something about the request or one of its files."""
    decide.comment(
        desk.db,
        account,
        request_id,
        body=body,
        visibility=visibility,
        file_id=file or None,
        anchor=anchor,
        clock=desk.clock,
    )
    target = f"/files/{file}" if file else ""
    return RedirectResponse(f"/requests/{request_id}{target}#talk", 303)


@router.post("/requests/{request_id}/approve")
def approve(
    desk: At, account: By, request_id: str, merkle_root: Annotated[str, Form()]
) -> Response:
    """POST /requests/{id}/approve : let the steward release exactly what was looked at."""
    decide.approve(desk.db, account, request_id, root=merkle_root, clock=desk.clock)
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.post("/requests/{request_id}/review")
def submit_review(desk: At, account: By, request_id: str) -> Response:
    """POST /requests/{id}/review : hand the review in."""
    votes.submit_review(desk.db, account, request_id, clock=desk.clock)
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.post("/requests/{request_id}/return")
def return_to_author(
    desk: At,
    account: By,
    request_id: str,
    reason: Annotated[str, Form()] = "",
    code: Annotated[Reason, Form()] = Reason.OTHER,
) -> Response:
    """POST /requests/{id}/return : give it back to its author."""
    decide.return_to_author(
        desk.db, account, request_id, reason=reason, code=code, clock=desk.clock
    )
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.post("/requests/{request_id}/reject")
def reject(
    desk: At,
    account: By,
    request_id: str,
    reason: Annotated[str, Form()] = "",
    code: Annotated[Reason, Form()] = Reason.OTHER,
) -> Response:
    """POST /requests/{id}/reject : end it for good."""
    decide.reject(desk.db, account, request_id, reason=reason, code=code, clock=desk.clock)
    return RedirectResponse(f"/requests/{request_id}", 303)
