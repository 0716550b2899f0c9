"""Pages of authors: their requests, submitting, withdrawing, downloading what was released."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from egress_review.desk import PAGE_LIMIT, At, By, Desk
from egress_review.panels import panel
from vitrine.access.account import Account, Role
from vitrine.audit.chain import canonical
from vitrine.egress import beside_store, policy, resubmit, store, submit
from vitrine.egress import download as downloads
from vitrine.egress.request import EgressRequest, FileType, Status
from vitrine.egress.view import look
from vitrine.errors import Conflict, InvalidInput, NotPermitted

router = APIRouter()


@router.get("/")
def start(account: By) -> Response:
    """GET / : the page that this person works on."""
    is_checker = Role.OUTPUT_CHECKER in account.roles or Role.AUDITOR in account.roles
    return RedirectResponse("/queue" if is_checker else "/requests", 303)


@router.get("/requests")
def mine(desk: At, account: By) -> Response:
    """GET /requests : what this person has asked out, newest first."""
    with desk.db.read() as tx:
        lines = store.lines(
            tx, account.name, author=account.name, is_newest_first=True, limit=PAGE_LIMIT
        )
    return desk.pages.render(
        "requests.html", account=account, lines=lines, now=desk.clock(), here="requests"
    )


@router.get("/requests/{request_id}")
def show(desk: At, account: By, request_id: str) -> Response:
    """GET /requests/{id} : one request, as far as this person may see it."""
    return _page(desk, account, request_id)


@router.post("/requests/{request_id}/submit")
async def submit_form(request: Request, desk: At, account: By, request_id: str) -> Response:
    """POST /requests/{id}/submit : context and file types, then off to the checkers."""
    form = await request.form(max_files=0, max_fields=2 * 1000 + 10)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return await run_in_threadpool(_submit, desk, account, request_id, fields)


def _submit(desk: Desk, account: Account, request_id: str, fields: dict[str, str]) -> Response:
    context = fields.get("context", "")
    try:
        submit.submit(
            desk.db,
            account,
            request_id,
            context=context,
            filetypes=_filetypes(fields),
            row_version=_row_version(fields),
            level=desk.level,
            clock=desk.clock,
        )
    except (InvalidInput, Conflict, NotPermitted) as refusal:
        with desk.db.read() as tx:
            is_author = store.request(tx, request_id).author == account.name
        if not is_author:
            raise
        # The form comes back with what was typed and the reason above it.
        return _page(desk, account, request_id, refusal.sentence(), context, 422)
    return RedirectResponse(f"/requests/{request_id}", 303)


def _filetypes(fields: dict[str, str]) -> dict[str, FileType]:
    try:
        return {
            name.removeprefix("type-"): FileType(value)
            for name, value in fields.items()
            if name.startswith("type-")
        }
    except ValueError:
        raise InvalidInput("a file is output, supporting or withdrawn") from None


def _row_version(fields: dict[str, str]) -> int:
    text = fields.get("row_version", "")
    if not text.isdigit():
        raise InvalidInput("the form does not say which version of the request it changes")
    return int(text)


def _drafts(
    desk: Desk, account: Account, request: EgressRequest
) -> tuple[list[str], list[EgressRequest]]:
    """Drafts on their way into a returned request, and those that its author may send there."""
    if account.name != request.author or request.status is not Status.RETURNED:
        return [], []
    with desk.db.read() as tx:
        arriving = beside_store.arrivals_of(tx, request.id)
        lines = store.lines(
            tx,
            account.name,
            author=account.name,
            is_newest_first=True,
            limit=PAGE_LIMIT,
        )
    found = [line.request for line in lines if line.request.id not in arriving]
    return arriving, [each for each in found if policy.can_bring_in(request, each)]


def _page(
    desk: Desk,
    account: Account,
    request_id: str,
    problem: str = "",
    context: str | None = None,
    status: int = 200,
) -> Response:
    seen = look(desk.db, account, request_id, clock=desk.clock)
    now = desk.clock()
    arriving, drafts = _drafts(desk, account, seen.request)
    return desk.pages.render(
        "request.html",
        status,
        account=account,
        arriving=arriving,
        drafts=drafts,
        panel=panel(account, seen, now),
        problem=problem,
        context=seen.request.context if context is None else context,
        now=now,
        here="requests" if account.name == seen.request.author else "queue",
    )


@router.post("/requests/{request_id}/files")
def bring_in(desk: At, account: By, request_id: str, draft: Annotated[str, Form()]) -> Response:
    """POST /requests/{id}/files : let the files of a newer draft take their places."""
    resubmit.ask(desk.db, account, request_id, draft, clock=desk.clock)
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.post("/requests/{request_id}/withdraw")
def withdraw(
    desk: At, account: By, request_id: str, row_version: Annotated[int, Form()]
) -> Response:
    """POST /requests/{id}/withdraw : take the whole request back."""
    submit.withdraw(desk.db, account, request_id, row_version=row_version, clock=desk.clock)
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.get("/requests/{request_id}/files/{file_id}/download")
def download(desk: At, account: By, request_id: str, file_id: str) -> Response:
    """GET /requests/{id}/files/{file}/download : the released bytes, for their author."""
    got = downloads.download(desk.db, desk.blobs, account, request_id, file_id, clock=desk.clock)
    return attachment(got.content, got.file.path.rsplit("/", 1)[-1])


@router.get("/requests/{request_id}/receipt")
def receipt(desk: At, account: By, request_id: str) -> Response:
    """GET /requests/{id}/receipt : the signed receipt of the release."""
    signed = downloads.receipt_of(desk.db, account, request_id, clock=desk.clock)
    return attachment(canonical(signed.as_json()).encode() + b"\n", f"{request_id}.receipt.json")


def attachment(content: bytes, name: str) -> Response:
    """Bytes that a browser saves and never shows."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": disposition},
    )
