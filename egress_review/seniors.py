"""Exceptions, warnings and reports: where somebody's judgement stands beside the checks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from egress_review.desk import At, By, Desk
from vitrine.access.account import Account, Role
from vitrine.egress import accept, exceptions, incident, policy, store
from vitrine.egress.standing import Acceptance
from vitrine.egress.store import Line
from vitrine.errors import NotFound
from vitrine.permits import store as permits

router = APIRouter()


@router.get("/exceptions")
def waiting(desk: At, account: By) -> Response:
    """GET /exceptions : the requests with a file about which a senior checker has to decide."""
    return desk.pages.render(
        "exceptions.html",
        account=account,
        lines=exception_lines(desk, account),
        now=desk.clock(),
        here="exceptions",
    )


def is_senior(account: Account) -> bool:
    """Whether there can be exceptions for `account` to decide about."""
    return Role.SENIOR_CHECKER in account.roles


def exception_lines(desk: Desk, account: Account) -> list[Line]:
    """The requests with an exception that `account` may decide about."""
    if not is_senior(account):
        return []
    with desk.db.read() as tx:
        return [
            line
            for line in store.before_senior(tx, account.name)
            if policy.may_check(account, line.request, permits.project(tx, line.request.project))
        ]


@router.post("/requests/{request_id}/files/{file_id}/exception")
def ask(
    desk: At, account: By, request_id: str, file_id: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """POST /requests/{id}/files/{file}/exception : ask that people judge a blocked file."""
    exceptions.ask(desk.db, account, request_id, file_id, reason=reason, clock=desk.clock)
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.post("/requests/{request_id}/files/{file_id}/exception/decision")
def decide(
    desk: At,
    account: By,
    request_id: str,
    file_id: str,
    is_granted: Annotated[bool, Form()],
    sha256: Annotated[str, Form()],
    answer: Annotated[str, Form()] = "",
) -> Response:
    """POST /requests/{id}/files/{file}/exception/decision : lift what blocks it, or leave it."""
    exceptions.decide(
        desk.db,
        account,
        request_id,
        file_id,
        is_granted=is_granted,
        answer=answer,
        sha256=sha256,
        clock=desk.clock,
    )
    return RedirectResponse("/exceptions", 303)


@router.post("/requests/{request_id}/report")
def report(
    desk: At,
    account: By,
    request_id: str,
    file: Annotated[str, Form()] = "",
    place: Annotated[str, Form()] = "",
) -> Response:
    """POST /requests/{id}/report : stop everything, because something shows what must not leave."""
    incident.report(
        desk.db, account, request_id, file_id=file or None, place=place, clock=desk.clock
    )
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.post("/requests/{request_id}/warnings/{key}")
def accept_warning(
    desk: At,
    account: By,
    request_id: str,
    key: str,
    code: Annotated[Acceptance, Form()],
    file: Annotated[str, Form()] = "",
) -> Response:
    """POST /requests/{id}/warnings/{key} : let equal warnings stand, then back to where one was."""
    accept.accept(desk.db, account, request_id, key, code=code, clock=desk.clock)
    with desk.db.read() as tx:
        if file and store.request(tx, request_id).file(file) is None:
            raise NotFound(f"request {request_id} has no file {file}")
    back = f"/files/{file}#findings" if file else "#warnings"
    return RedirectResponse(f"/requests/{request_id}{back}", 303)
