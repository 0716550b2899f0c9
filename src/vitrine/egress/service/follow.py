"""What follows from a change of state, in the transaction of the change."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from vitrine.egress.request import EgressRequest, Status
from vitrine.egress.service import turns
from vitrine.egress.service.level import ServiceLevel

_ENDS: Final = frozenset({Status.APPROVED, Status.RETURNED, Status.REJECTED})


def moved(
    tx: Connection, request: EgressRequest, now: datetime, level: ServiceLevel = ServiceLevel()
) -> EgressRequest:
    """Let the clock follow a request that has just come into its present state; the request."""
    if request.status is Status.SUBMITTED:
        turns.begin(tx, request, level, now)
    elif request.status in _ENDS:
        turns.end(tx, request, now)
    return request
