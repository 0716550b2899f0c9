"""What the audit log says of one request, for auditors: they read everything and do nothing."""

from __future__ import annotations

from typing import Final

from vitrine.access.account import Account, Role
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import store
from vitrine.egress.request import TURN, EgressRequest, Turn
from vitrine.egress.trail import refusals, subject_of
from vitrine.storage.database import Database

ENTRIES_MAX: Final = 2000
"""The newest entries that one answer holds."""


def may_read_record(account: Account, request: EgressRequest) -> Verdict:
    """Whether `account` may read who did what with `request`, votes included."""
    if not account.has(Role.AUDITOR):
        return Verdict("the record of a request is for auditors")
    if account.name == request.author:
        return Verdict("you asked for this release yourself; another auditor reads its record")
    if TURN[request.status] is Turn.REVIEWER:
        return Verdict("the record is sealed while the checkers have the request")
    return ALLOWED


def record_of(
    db: Database, account: Account, request_id: str, *, clock: Clock = utc_now
) -> list[log.Entry]:
    """The entries of the audit log about a request, oldest first; reading is recorded, too.

    Raises:
        NotFound: when there is no such request.
        NotPermitted: with the policy's reason.
    """
    with refusals(db, account, request_id, "read the record", clock), db.begin() as tx:
        request = store.request(tx, request_id)
        may_read_record(account, request).require()
        subject = subject_of(request)
        found = list(log.find(tx, subject=subject, limit=ENTRIES_MAX, newest_first=True))
        log.record(tx, Event.RECORD_READ, actor=account.actor, subject=subject, clock=clock)
    return found[::-1]
