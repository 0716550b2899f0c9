"""A reported disclosure: the request stands still at once, an administrator looks into it.

A report names a place by number and never what stands there: it is read in many places.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import beside_store, policy, store
from vitrine.egress.drafts import clean_text
from vitrine.egress.request import EgressRequest
from vitrine.egress.service import notices
from vitrine.egress.service.notice import Kind
from vitrine.egress.standing import Incident
from vitrine.egress.trail import refusals, subject_of
from vitrine.errors import InvalidInput, NotFound
from vitrine.ids import new_id
from vitrine.permits import store as permits
from vitrine.storage.database import Database

_PLACE: Final = re.compile(
    r"(?:(?:row|column|line|cell|output|page|sheet|element|frame) \d{1,7}(?:, )?){0,6}"
)


def report(
    db: Database,
    account: Account,
    request_id: str,
    *,
    file_id: str | None = None,
    place: str = "",
    clock: Clock = utc_now,
) -> Incident:
    """Freeze a request or its release, and tell those who look into it.

    Args:
        place: by number only, as in `row 4, column 2`.

    Raises:
        NotPermitted: with the policy's reason.
        NotFound: when the request has no such file.
        InvalidInput: when the place says more than numbers.
    """
    place = " ".join(place.split())
    with refusals(db, account, request_id, "report a disclosure", clock), db.begin() as tx:
        request = store.request(tx, request_id, for_change=True)
        policy.may_report(account, request, permits.project(tx, request.project)).require()
        if file_id is not None and request.file(file_id) is None:
            raise NotFound(f"request {request_id} has no file {file_id}")
        if not _PLACE.fullmatch(place) or place.endswith(","):
            raise InvalidInput(
                "say where by number only, as in `row 4, column 2`: the report is read by people "
                "who may not see the content"
            )
        made = Incident(
            id=new_id("inc"),
            request_id=request.id,
            file_id=file_id,
            place=place,
            reported_by=account.name,
            reported_at=clock(),
        )
        for known in beside_store.incidents_of(tx, request.id):
            if replace(known, id=made.id, reported_at=made.reported_at) == made:
                return known
        beside_store.add_incident(tx, made)
        store.change_request(tx, request, frozen_at=request.frozen_at or made.reported_at)
        notices.tell(tx, store.request(tx, request.id), Kind.FROZEN, made.reported_at)
        log.record(
            tx,
            Event.DISCLOSURE_REPORTED,
            actor=account.actor,
            subject=subject_of(request),
            detail={"incident": made.id, "file": file_id, "place": place},
            clock=clock,
        )
        return made


def close(
    db: Database, actor: str, request_id: str, *, outcome: str, clock: Clock = utc_now
) -> EgressRequest:
    """Let a frozen request go on as it was: its reports are closed.

    Args:
        actor: as the audit log names people.
        outcome: what was found and done.

    Raises:
        NotFound: when there is no such request.
        NotPermitted: when it is not frozen.
        InvalidInput: without an outcome.
    """
    outcome = clean_text(outcome)
    if not outcome:
        raise InvalidInput("a report is closed with an outcome: what was found, and what was done")
    policy.reason_fits(outcome).require()
    with db.begin() as tx:
        request = store.request(tx, request_id, for_change=True)
        policy.may_unfreeze(request).require()
        beside_store.close_incidents(tx, request.id, actor, outcome, clock())
        store.change_request(tx, request, frozen_at=None)
        log.record(
            tx,
            Event.DISCLOSURE_CLOSED,
            actor=actor,
            subject=subject_of(request),
            detail={"outcome": outcome[:1000]},
            clock=clock,
        )
        return store.request(tx, request.id)
