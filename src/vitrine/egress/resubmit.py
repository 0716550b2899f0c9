"""Changed files for a request that came back: those of a newer draft take their places.

The author asks in review; the steward, which alone brings files in, does it and has all of them
checked again. Nothing is overwritten: what was replaced stays in the record as withdrawn. Votes
on copies that did not change are kept when their checkers take a seat again.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import beside_store, policy, store
from vitrine.egress.request import EgressRequest, FileType, RequestFile, Status
from vitrine.egress.trail import refusals, subject_of
from vitrine.errors import Conflict
from vitrine.ids import new_id
from vitrine.storage.database import Database

_ACTOR = "system:steward"


def ask(
    db: Database, account: Account, request_id: str, draft_id: str, *, clock: Clock = utc_now
) -> EgressRequest:
    """Ask that the files of a draft take the places of a returned request's; asking twice is once.

    Args:
        draft_id: of the request that the draft became.

    Raises:
        NotFound: when there is no such request or draft.
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "bring files in", clock), db.begin() as tx:
        request = store.request(tx, request_id, for_change=True)
        draft = store.request(tx, draft_id, for_change=True)
        policy.may_bring_in(account, request, draft).require()
        if beside_store.is_arriving(tx, request.id, draft.id):
            return request
        beside_store.add_arrival(tx, request.id, draft.id, clock())
        log.record(
            tx,
            Event.FILES_ASKED_IN,
            actor=account.actor,
            subject=subject_of(request),
            detail={"draft": draft.id},
            clock=clock,
        )
        return request


def bring_in_asked(db: Database, clock: Clock = utc_now) -> int:
    """Do what authors asked, each once; returns how many drafts were looked at.

    A draft or a request that has moved on meanwhile stays as it is, and the audit log says so.
    """
    with db.read() as tx:
        waiting = beside_store.arriving(tx)
    for request_id, draft_id in waiting:
        with db.begin() as tx:
            request = store.request(tx, request_id, for_change=True)
            draft = store.request(tx, draft_id, for_change=True)
            beside_store.end_arrival(tx, request_id, draft_id, clock())
            try:
                with tx.begin_nested():
                    brought = _bring_in(tx, request, draft, clock)
            except Conflict:
                brought = 0
            log.record(
                tx,
                Event.FILES_BROUGHT_IN,
                actor=_ACTOR,
                subject=subject_of(request),
                detail={"draft": draft_id, "files": brought},
                clock=clock,
            )
    return len(waiting)


def _bring_in(tx: Connection, request: EgressRequest, draft: EgressRequest, clock: Clock) -> int:
    if not policy.can_bring_in(request, draft):
        raise Conflict(f"request {request.id} or draft {draft.id} has moved on")
    present = {
        file.path.casefold(): file for file in request.files if not request.is_replaced(file)
    }
    position = len(request.files)
    brought = 0
    for file in draft.files:
        old = present.get(file.path.casefold())
        if old is not None and old.original_sha256 == file.original_sha256:
            continue
        if old is not None:
            store.make_way(tx, old)
        store.add_file(tx, _in_place(file, request, old), position + brought)
        brought += 1
    if brought:
        store.forget_findings(tx, request.id)
    store.change_request(tx, request, **({"disclosure": None} if brought else {}))
    store.change_request(
        tx,
        draft,
        status=Status.WITHDRAWN,
        decided_at=clock(),
        reason=f"its files went to request {request.id}",
    )
    return brought


def _in_place(file: RequestFile, request: EgressRequest, old: RequestFile | None) -> RequestFile:
    kept = FileType.OUTPUT if old is None or old.filetype is FileType.WITHDRAWN else old.filetype
    return replace(
        file,
        id=new_id("fil"),
        request_id=request.id,
        filetype=kept,
        replaces=None if old is None else old.id,
        findings=(),
        exception=None,
    )
