"""The author's moves: choose the files, say what they are, submit, or take the request back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import beside_store, policy, store
from vitrine.egress.drafts import clean_text
from vitrine.egress.request import EgressRequest, FileType, Status
from vitrine.egress.service import follow
from vitrine.egress.service.level import ServiceLevel
from vitrine.egress.trail import content_digest, refusals, subject_of
from vitrine.errors import Conflict, InvalidInput, NotFound
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.storage.database import Database


def submit(
    db: Database,
    account: Account,
    request_id: str,
    *,
    context: str,
    filetypes: Mapping[str, FileType] | None = None,
    row_version: int | None = None,
    level: ServiceLevel = ServiceLevel(),
    clock: Clock = utc_now,
) -> EgressRequest:
    """Hand a request to the checkers: from here on its bytes, names and context stand still.

    Args:
        context: what the files show, of how many patients, how small numbers were treated.
        filetypes: by file id; files that are not named keep what they are.
        row_version: of the form that was filled in; a request that changed since is refused.
        level: within which working time it should be decided.

    Raises:
        NotPermitted: with the policy's reason.
        InvalidInput: naming the files of which no releasable copy can be made.
        Conflict: when the request changed, or its copies are not made yet.
    """
    context = clean_text(context)
    with refusals(db, account, request_id, "submit", clock), db.begin() as tx:
        before = store.request(tx, request_id, for_change=True)
        _unchanged(before, row_version)
        project = permits.project(tx, before.project)
        chosen = _with_filetypes(before, filetypes or {})
        policy.may_submit(account, chosen, project, context).require()
        _require_copies(chosen)
        if beside_store.arrivals_of(tx, before.id):
            raise Conflict(
                "files of another draft are being brought in", hint="try again in a few seconds"
            )
        _save_filetypes(tx, before, chosen)
        now = clock()
        store.change_request(
            tx,
            before,
            status=Status.SUBMITTED,
            turn=before.turn + 1,
            context=context,
            reviewers_required=project.reviewers_required,
            submitted_at=now,
            decided_at=None,
            reason=None,
        )
        _record(tx, account, replace(chosen, context=context), project, clock)
        return follow.moved(tx, store.request(tx, request_id), now, level)


def _record(
    tx: Connection, account: Account, chosen: EgressRequest, project: Project, clock: Clock
) -> None:
    required = project.reviewers_required
    log.record(
        tx,
        Event.REQUEST_SUBMITTED,
        actor=account.actor,
        subject=subject_of(chosen),
        detail={
            "project": chosen.project,
            "turn": chosen.turn + 1,
            "content_sha256": content_digest(chosen, required),
            "outputs": len(chosen.outputs),
            "supporting": sum(f.filetype is FileType.SUPPORTING for f in chosen.files),
            "reviewers_required": required,
            "disclosure": chosen.disclosure,
        },
        clock=clock,
    )


def withdraw(
    db: Database,
    account: Account,
    request_id: str,
    *,
    row_version: int | None = None,
    clock: Clock = utc_now,
) -> EgressRequest:
    """Take the whole request back, for good.

    Raises:
        NotPermitted: with the policy's reason.
        Conflict: when the request changed since it was read.
    """
    with refusals(db, account, request_id, "withdraw", clock), db.begin() as tx:
        before = store.request(tx, request_id, for_change=True)
        _unchanged(before, row_version)
        policy.may_withdraw(account, before).require()
        store.change_request(tx, before, status=Status.WITHDRAWN, decided_at=clock())
        log.record(
            tx,
            Event.REQUEST_WITHDRAWN,
            actor=account.actor,
            subject=subject_of(before),
            detail={"turn": before.turn},
            clock=clock,
        )
        return store.request(tx, request_id)


def _unchanged(before: EgressRequest, row_version: int | None) -> None:
    if row_version is not None and row_version != before.row_version:
        raise Conflict(f"request {before.id} changed while you looked at it")


def _with_filetypes(before: EgressRequest, filetypes: Mapping[str, FileType]) -> EgressRequest:
    for file_id in filetypes:
        if before.file(file_id) is None:
            raise NotFound(f"request {before.id} has no file {file_id}")
    files = tuple(replace(f, filetype=filetypes.get(f.id, f.filetype)) for f in before.files)
    return replace(before, files=files)


def _require_copies(chosen: EgressRequest) -> None:
    asked = [file for file in chosen.files if file.filetype is not FileType.WITHDRAWN]
    refused = [file for file in asked if file.refusal is not None]
    if refused:
        raise InvalidInput(
            "; ".join(f"{file.path}: {file.refusal}" for file in refused[:10]),
            hint="take these files back, or make a new request with files that can be checked",
        )
    waiting = sum(file.cleaned_sha256 is None for file in asked)
    if waiting or chosen.disclosure is None:
        raise Conflict(
            f"the releasable copies of {waiting} files are still being made"
            if waiting
            else "the files are still being checked",
            hint="try again in a few seconds",
        )


def _save_filetypes(tx: Connection, before: EgressRequest, chosen: EgressRequest) -> None:
    for old, new in zip(before.files, chosen.files, strict=True):
        if old.filetype is not new.filetype:
            store.change_file(tx, new.id, filetype=new.filetype)
