"""Taking a release back: nobody downloads any more, and it is said who has the files already."""

from __future__ import annotations

from dataclasses import dataclass

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import policy, store
from vitrine.egress.drafts import clean_text
from vitrine.egress.request import EgressRequest, Status
from vitrine.egress.service import follow
from vitrine.egress.trail import subject_of
from vitrine.errors import InvalidInput
from vitrine.storage.database import Database


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who downloaded a released file before it was revoked."""

    person: str
    file: str
    """Its name in the release."""

    sha256: str
    at: str


def revoke(
    db: Database, actor: str, request_id: str, *, reason: str, clock: Clock = utc_now
) -> list[Holder]:
    """Stop all downloads of a released request; who downloaded what before, oldest first.

    What was downloaded cannot be recalled.

    Args:
        actor: as the audit log names people.

    Raises:
        NotFound: when there is no such request.
        NotPermitted: when it is not released.
        InvalidInput: without a reason.
    """
    reason = clean_text(reason)
    if not reason:
        raise InvalidInput("a release is revoked with a reason, which its author reads")
    policy.reason_fits(reason).require()
    with db.begin() as tx:
        request = store.request(tx, request_id, for_change=True)
        policy.may_move(request, Status.REVOKED).require()
        found = log.find(tx, event=Event.DOWNLOADED, subject=subject_of(request))
        holders = [_holder(request, entry) for entry in found]
        store.change_request(tx, request, status=Status.REVOKED, reason=reason)
        follow.moved(tx, store.request(tx, request_id), clock())
        log.record(
            tx,
            Event.REVOKED,
            actor=actor,
            subject=subject_of(request),
            detail={"downloads": len(holders), "reason": reason[:1000]},
            clock=clock,
        )
    return holders


def _holder(request: EgressRequest, entry: log.Entry) -> Holder:
    file = request.file(str(entry.detail.get("file")))
    return Holder(
        person=entry.actor.removeprefix("person:"),
        file=file.path if file else str(entry.detail.get("file")),
        sha256=str(entry.detail.get("sha256")),
        at=entry.at,
    )
