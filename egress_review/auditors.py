"""Pages of auditors: what the audit log says of a request."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from egress_review.desk import At, By, Json
from vitrine.egress.record import record_of
from vitrine.egress.view import look

router = APIRouter()
api = APIRouter(prefix="/api")


@router.get("/requests/{request_id}/record")
def record(desk: At, account: By, request_id: str) -> Response:
    """GET /requests/{id}/record : who did what with a request, oldest first."""
    entries = record_of(desk.db, account, request_id, clock=desk.clock)
    seen = look(desk.db, account, request_id, clock=desk.clock)
    return desk.pages.render(
        "record.html", account=account, request=seen.request, entries=entries, here="queue"
    )


@api.get("/requests/{request_id}/record")
def record_json(desk: At, account: By, request_id: str) -> Json:
    """Who did what with a request, oldest first, as the audit log has it."""
    entries = record_of(desk.db, account, request_id, clock=desk.clock)
    return {
        "entries": [
            {"sequence": entry.sequence, "digest": entry.digest, **entry.body} for entry in entries
        ]
    }
