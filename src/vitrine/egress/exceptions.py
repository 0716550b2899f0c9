"""A door beside a check that blocks: the author asks, a senior checker looks and decides.

What is lifted is lifted for exactly these bytes and these checks; the file still needs the votes.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import beside_store, policy, store
from vitrine.egress.drafts import clean_text
from vitrine.egress.request import EgressRequest, RequestFile
from vitrine.egress.service import notices
from vitrine.egress.service.notice import Kind
from vitrine.egress.standing import ExceptionRequest
from vitrine.egress.trail import exception_detail, refusals, subject_of
from vitrine.errors import NotFound
from vitrine.permits import store as permits
from vitrine.storage.database import Database


def ask(
    db: Database,
    account: Account,
    request_id: str,
    file_id: str,
    *,
    reason: str,
    clock: Clock = utc_now,
) -> ExceptionRequest:
    """Ask that people judge a file although checks block it; the same again changes nothing.

    Raises:
        NotPermitted: with the policy's reason.
        NotFound: when the request has no such file.
    """
    reason = clean_text(reason)
    with refusals(db, account, request_id, "ask an exception", clock), db.begin() as tx:
        request, file = _open(tx, request_id, file_id)
        asked = file.exception
        if asked and file.is_before_senior and asked.reason == reason:
            policy.may_edit(account, request).require()
            return asked
        policy.may_ask_exception(account, request, file).require()
        policy.plea_is_sound(reason).require()
        made = ExceptionRequest(
            request_id=request.id,
            file_id=file.id,
            sha256=file.cleaned_sha256 or "",
            checks=tuple(sorted({finding.check for finding in file.blocks})),
            reason=reason,
            asked_at=clock(),
        )
        beside_store.put_exception(tx, made, is_new=asked is None)
        notices.tell(tx, store.request(tx, request.id), Kind.EXCEPTION_ASKED, made.asked_at)
        log.record(
            tx,
            Event.EXCEPTION_ASKED,
            actor=account.actor,
            subject=subject_of(request),
            detail={"file": file.id, "sha256": made.sha256, "checks": " ".join(made.checks)},
            clock=clock,
        )
        return made


def decide(
    db: Database,
    account: Account,
    request_id: str,
    file_id: str,
    *,
    is_granted: bool,
    answer: str,
    sha256: str,
    clock: Clock = utc_now,
) -> ExceptionRequest:
    """Lift what blocks a file, or leave it.

    Args:
        answer: why, for the author and the checkers.
        sha256: of the copy that was looked at.

    Raises:
        NotPermitted: with the policy's reason.
        NotFound: when the request has no such file.
    """
    answer = clean_text(answer)
    with refusals(db, account, request_id, "decide an exception", clock), db.begin() as tx:
        request, file = _open(tx, request_id, file_id)
        project = permits.project(tx, request.project)
        policy.may_decide_exception(account, request, file, project).require()
        policy.exception_is_sound(file, answer, sha256).require()
        assert file.exception is not None  # the policy has said so
        decided = replace(
            file.exception,
            is_granted=is_granted,
            answer=answer,
            decided_by=account.name,
            decided_at=clock(),
        )
        entry = log.record(
            tx,
            Event.EXCEPTION_GRANTED if is_granted else Event.EXCEPTION_REFUSED,
            actor=account.actor,
            subject=subject_of(request),
            detail=exception_detail(decided),
            clock=clock,
        )
        decided = replace(decided, audit_sequence=entry.sequence)
        beside_store.put_exception(tx, decided, is_new=False)
        notices.tell(tx, request, Kind.EXCEPTION_ANSWER, clock())
        return decided


def _open(tx: Connection, request_id: str, file_id: str) -> tuple[EgressRequest, RequestFile]:
    request = store.request(tx, request_id, for_change=True)
    file = request.file(file_id)
    if file is None:
        raise NotFound(f"request {request_id} has no file {file_id}")
    return request, file
