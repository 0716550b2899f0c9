"""Reminders: each turn has one before it is due and one when it is overdue."""

from __future__ import annotations

from datetime import datetime, timedelta

from vitrine.clock import Clock, utc_now
from vitrine.egress import store
from vitrine.egress.service import notices, turns
from vitrine.egress.service.notice import Kind
from vitrine.egress.service.turn import ReviewTurn
from vitrine.storage.database import Database


def remind(db: Database, before: timedelta, clock: Clock = utc_now) -> int:
    """Write the reminders that are due and not written yet; of how many turns.

    Args:
        before: how long before the due date the first reminder comes.
    """
    now = clock()
    with db.read() as tx:
        late = turns.unreminded(tx, now, Kind.OVERDUE)
        soon = turns.unreminded(tx, now + before, Kind.DUE_SOON, after=now)
    done = [_remind(db, turn, Kind.OVERDUE, now) for turn in late]
    done += [_remind(db, turn, Kind.DUE_SOON, now) for turn in soon]
    return sum(done)


def _remind(db: Database, turn: ReviewTurn, kind: Kind, now: datetime) -> bool:
    """Whether a turn, which still lasts, had to be reminded of."""
    with db.begin() as tx:
        request = store.request(tx, turn.request_id)
        present = turns.of(tx, turn.request_id)[-1]
        if present.turn != turn.turn or present.ended_at is not None:
            return False
        if notices.has_told(tx, turn.request_id, turn.turn, kind):
            return False
        return notices.tell(tx, request, kind, now) > 0
