"""How soon requests are decided, as a page and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from egress_review.desk import At, By, Desk, Json
from vitrine.access.account import Account
from vitrine.egress.service.measure import Measured, measure

router = APIRouter()
api = APIRouter(prefix="/api")


@router.get("/figures")
def figures(desk: At, account: By) -> Response:
    """GET /figures : turnaround by project and month, and one's own."""
    return desk.pages.render(
        "figures.html",
        account=account,
        measured=_measured(desk, account),
        kept_days=desk.settings.figures_days,
        here="figures",
    )


@api.get("/figures")
def figures_json(desk: At, account: By) -> Json:
    """Turnaround by project and month in working hours, and one's own figures."""
    return asdict(_measured(desk, account))


def _measured(desk: Desk, account: Account) -> Measured:
    kept = timedelta(days=desk.settings.figures_days)
    return measure(desk.db, account, desk.level, kept, desk.clock)
