"""What follows from a change of state, in the transaction of the change."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from vitrine.egress.request import EgressRequest, Status
from vitrine.egress.service import notices, turns
from vitrine.egress.service.level import ServiceLevel
from vitrine.egress.service.notice import OF_STATUS

_ENDS: Final = frozenset({Status.APPROVED, Status.RETURNED, Status.REJECTED})


def moved(
    tx: Connection, request: EgressRequest, now: datetime, level: ServiceLevel = ServiceLevel()
) -> EgressRequest:
    """Move the clock of a request that has just come into its present state, and tell people."""
    if request.status is Status.SUBMITTED:
        turns.begin(tx, request, level, now)
    elif request.status in _ENDS:
        turns.end(tx, request, now)
    if request.status in OF_STATUS:
        notices.tell(tx, request, OF_STATUS[request.status], now)
    return request
