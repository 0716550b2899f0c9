"""A reported disclosure: the request stands still at once, an administrator looks into it.

A report names a place by number and never what stands there: it is read in many places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Row, insert, select, update

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, parse_timestamp, timestamp, utc_now
from vitrine.egress import policy, store
from vitrine.egress.drafts import clean_text
from vitrine.egress.request import EgressRequest
from vitrine.egress.service import notices
from vitrine.egress.service.notice import Kind
from vitrine.egress.tables import incidents
from vitrine.egress.trail import refusals, subject_of
from vitrine.errors import InvalidInput, NotFound
from vitrine.ids import new_id
from vitrine.permits import store as permits
from vitrine.storage.database import Database

_PLACE: Final = re.compile(
    r"(?:(?:row|column|line|cell|output|page|sheet|element|frame) \d{1,7}(?:, )?){0,6}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One report."""

    id: str
    request_id: str
    file_id: str | None
    place: str
    """Within the file, by number: `row 4, column 2`; empty for the whole of it."""

    reported_by: str
    reported_at: datetime
    closed_by: str | None = None
    closed_at: datetime | None = None
    outcome: str = ""
    """What the administrator found and did."""


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
        for known in of(tx, request.id):
            if replace(known, id=made.id, reported_at=made.reported_at) == made:
                return known
        tx.execute(insert(incidents).values(_values(made)))
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
        tx.execute(
            update(incidents)
            .where(incidents.c.request_id == request.id, incidents.c.closed_at.is_(None))
            .values(closed_by=actor, closed_at=timestamp(clock()), outcome=outcome)
        )
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


def of(tx: Connection, request_id: str) -> tuple[Incident, ...]:
    """The reports about a request, oldest first."""
    query = select(incidents).where(incidents.c.request_id == request_id)
    found = tx.execute(query.order_by(incidents.c.reported_at, incidents.c.id))
    return tuple(_incident(row) for row in found)


def open_(tx: Connection) -> tuple[Incident, ...]:
    """The reports that nobody has closed, oldest first."""
    query = select(incidents).where(incidents.c.closed_at.is_(None))
    found = tx.execute(query.order_by(incidents.c.reported_at, incidents.c.id))
    return tuple(_incident(row) for row in found)


def _incident(row: Row[tuple[object, ...]]) -> Incident:
    return Incident(
        id=row.id,
        request_id=row.request_id,
        file_id=row.file_id,
        place=row.place,
        reported_by=row.reported_by,
        reported_at=parse_timestamp(row.reported_at),
        closed_by=row.closed_by,
        closed_at=None if row.closed_at is None else parse_timestamp(row.closed_at),
        outcome=row.outcome,
    )


def _values(made: Incident) -> dict[str, str | None]:
    return {
        "id": made.id,
        "request_id": made.request_id,
        "file_id": made.file_id,
        "place": made.place,
        "reported_by": made.reported_by,
        "reported_at": timestamp(made.reported_at),
        "outcome": made.outcome,
    }
