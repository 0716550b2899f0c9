"""The queue: what waits for a checker, filtered and in order, as a page and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import RedirectResponse, Response

from egress_review.desk import At, By, Desk, Json
from egress_review.panels import line_json
from vitrine.access.account import Account, Role
from vitrine.egress.service import waiting
from vitrine.egress.service.asked import (
    COUNTED,
    PAGE,
    TEXT_MAX,
    Asked,
    Counts,
    OwnReview,
    Sort,
    Waiting,
)
from vitrine.egress.service.prioritise import prioritise
from vitrine.egress.service.turn import Priority
from vitrine.egress.store import Line

router = APIRouter()
api = APIRouter(prefix="/api")

REVIEW_TEXT = {
    OwnReview.OPEN: "Open",
    OwnReview.BEGUN: "Begun",
    OwnReview.HANDED_IN: "Handed in",
    OwnReview.CONSOLIDATE: "Consolidate",
    OwnReview.OTHERS: "Others consolidate",
}

SORT_TEXT = {
    Sort.DUE: "due first",
    Sort.AGE: "oldest first",
    Sort.SIZE: "smallest first",
    Sort.PRIORITY: "most urgent first",
}

PRIORITY_TEXT = {Priority.HIGH: "Urgent", Priority.NORMAL: "Normal", Priority.LOW: "Can wait"}

_NOTHING = Counts(waiting=0, overdue=0, by_review=dict.fromkeys(OwnReview, 0))


class PriorityBody(BaseModel):
    """How urgent a request is."""

    model_config = ConfigDict(extra="forbid")
    priority: Priority


def _asked(
    project: Annotated[str, Query(max_length=32)] = "",
    author: Annotated[str, Query(max_length=32)] = "",
    q: Annotated[str, Query(max_length=TEXT_MAX)] = "",
    review: OwnReview | Literal[""] = "",
    overdue: bool = False,
    sort: Sort = Sort.DUE,
    page: Annotated[int, Query(ge=1, le=COUNTED // PAGE)] = 1,
) -> Asked:
    return Asked(
        project=project.strip(),
        author=author.strip(),
        text=q.strip(),
        review=review or None,
        is_overdue=overdue,
        sort=sort,
        page=page,
    )


AskedFor = Annotated[Asked, Depends(_asked)]


def sees_queue(account: Account) -> bool:
    """Whether there can be anything in the queue for `account`."""
    return bool(account.roles & {Role.OUTPUT_CHECKER, Role.AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Board:
    """A page of the queue."""

    waiting: list[Waiting]
    matching: int
    """On all pages; at most `COUNTED`."""

    counts: Counts
    decided: list[Line]
    """Decided lately, where the whole queue is asked for."""


def _board(desk: Desk, account: Account, asked: Asked) -> _Board:
    if not sees_queue(account):
        return _Board(waiting=[], matching=0, counts=_NOTHING, decided=[])
    now = desk.clock()
    with desk.db.read() as tx:
        reach = waiting.reach_of(tx, account)
        counts = waiting.counts(tx, reach, now)
        lines = waiting.page(tx, reach, asked, now)
        if asked.as_query().keys() <= {"sort"}:
            matching = counts.waiting
        elif asked.page == 1 and len(lines) < PAGE:
            matching = len(lines)
        else:
            matching = waiting.count(tx, reach, asked, now)
        return _Board(
            waiting=lines,
            matching=matching,
            counts=counts,
            decided=waiting.decided(tx, reach) if asked == Asked() else [],
        )


@router.get("/queue")
def queue(desk: At, account: By, asked: AskedFor) -> Response:
    """GET /queue : what waits for a checker, as asked for in the address."""
    board = _board(desk, account, asked)
    return desk.pages.render(
        "queue.html",
        account=account,
        board=board,
        asked=asked,
        pages=-(-board.matching // PAGE),
        address=_address,
        COUNTED=COUNTED,
        now=desk.clock(),
        here="queue",
    )


@api.get("/queue")
def queue_json(desk: At, account: By, asked: AskedFor) -> Json:
    """What waits for review, filtered and in order; 50 requests on a page."""
    board = _board(desk, account, asked)
    return {
        "requests": [waiting_json(line) for line in board.waiting],
        "page": asked.page,
        "matching": board.matching,
        "counts": {
            "waiting": board.counts.waiting,
            "overdue": board.counts.overdue,
            **{str(review): board.counts.by_review[review] for review in OwnReview},
        },
    }


def _address(asked: Asked, **changes: str | int) -> str:
    """The address of the queue as it is asked for, with these parameters instead."""
    query = {**asked.as_query(), **{name: str(value) for name, value in changes.items()}}
    kept = {name: value for name, value in query.items() if value}
    return f"/queue?{urlencode(kept)}" if kept else "/queue"


@router.post("/requests/{request_id}/priority")
def priority_form(
    desk: At, account: By, request_id: str, priority: Annotated[Priority, Form()]
) -> Response:
    """POST /requests/{id}/priority : another place in the queue."""
    prioritise(desk.db, account, request_id, priority, clock=desk.clock)
    return RedirectResponse(f"/requests/{request_id}", 303)


@api.post("/requests/{request_id}/priority")
def priority_json(desk: At, account: By, request_id: str, body: PriorityBody) -> Json:
    """Give a request another place in the queue."""
    prioritise(desk.db, account, request_id, body.priority, clock=desk.clock)
    return {"request": request_id, "priority": str(body.priority)}


def waiting_json(waiting: Waiting) -> dict[str, Any]:
    """A request in the queue, for programs."""
    return {
        **line_json(waiting.line),
        "own_review": str(waiting.own),
        "priority": str(waiting.turn.priority),
        "turn": waiting.turn.turn,
    }
