"""Notices to the person who is signed in, as a page and as JSON."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import RedirectResponse, Response

from egress_review.desk import At, By, Desk, Json
from vitrine.access.account import Account
from vitrine.clock import timestamp
from vitrine.egress.service import notices
from vitrine.egress.service.notice import Kind, Notice

router = APIRouter()
api = APIRouter(prefix="/api")

KIND_TEXT = {
    Kind.SUBMITTED: "Waits for review",
    Kind.REVIEWED: "All reviews are in: decide",
    Kind.RETURNED: "Came back to you",
    Kind.RELEASED: "Released: download the files",
    Kind.REJECTED: "Rejected",
    Kind.REVOKED: "Revoked",
    Kind.EXCEPTION_ASKED: "An exception is asked for: decide",
    Kind.EXCEPTION_ANSWER: "A senior checker has decided",
    Kind.FROZEN: "Frozen: a disclosure was reported",
    Kind.DUE_SOON: "Due soon",
    Kind.OVERDUE: "Overdue",
}

PageNumber = Annotated[int, Query(ge=1, le=200)]


class ReadBody(BaseModel):
    """Which notices were read."""

    model_config = ConfigDict(extra="forbid")
    request: str = ""
    """Those about this request; all without it."""


@router.get("/notices")
def inbox(desk: At, account: By, page: PageNumber = 1) -> Response:
    """GET /notices : what this person was told, newest first."""
    with desk.db.read() as tx:
        found = notices.of(tx, account.name, page)
    return desk.pages.render(
        "notices.html",
        account=account,
        notices=found,
        page=page,
        is_last=len(found) < notices.PAGE,
        here="notices",
    )


@api.get("/notices")
def inbox_json(desk: At, account: By, page: PageNumber = 1) -> Json:
    """What this person was told, newest first; 50 on a page."""
    with desk.db.read() as tx:
        found = notices.of(tx, account.name, page)
        unread = notices.unread(tx, account.name)
    return {"notices": [_notice_json(each) for each in found], "unread": unread}


@router.post("/notices/read")
def read_form(desk: At, account: By, request: Annotated[str, Form()] = "") -> Response:
    """POST /notices/read : mark them as read, and back to the list."""
    _mark(desk, account, request)
    return RedirectResponse("/notices", 303)


@api.post("/notices/read")
def read_json(desk: At, account: By, body: ReadBody) -> Json:
    """Mark notices as read."""
    _mark(desk, account, body.request)
    return {"unread": unread(desk, account)}


def unread(desk: Desk, account: Account) -> int:
    """How many notices `account` has not read; at most one more than `notices.COUNTED`."""
    with desk.db.read() as tx:
        return notices.unread(tx, account.name)


def _mark(desk: Desk, account: Account, request: str) -> None:
    with desk.db.begin() as tx:
        notices.mark_read(tx, account.name, desk.clock(), request)


def _notice_json(notice: Notice) -> dict[str, Any]:
    return {
        "request": notice.request_id,
        "turn": notice.turn,
        "kind": str(notice.kind),
        "state": str(notice.state),
        "due_at": None if notice.due_at is None else timestamp(notice.due_at),
        "at": timestamp(notice.created_at),
        "is_read": notice.read_at is not None,
    }
