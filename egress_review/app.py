"""The application, put together from a node's settings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from egress_review import (
    api,
    auditors,
    authors,
    checkers,
    figures,
    inbox,
    panels,
    queue,
    seniors,
    signin,
)
from egress_review.desk import Desk
from vitrine.clock import Clock, utc_now
from vitrine.egress import policy
from vitrine.egress.record import may_read_record
from vitrine.egress.request import FileType
from vitrine.egress.sandbox.changes import has_lines
from vitrine.egress.sandbox.client import Parser
from vitrine.egress.service.measure import may_read_figures
from vitrine.settings import Settings
from vitrine.storage import secrets
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database
from vitrine.web import refusals
from vitrine.web.guard import Guard, Origin
from vitrine.web.hub import HubLogin
from vitrine.web.pages import STATIC, Pages
from vitrine.web.sessions import Sessions

TEMPLATES: Final = Path(__file__).parent / "templates"
CLIENT_ID: Final = "service-egress-review"


def create_app(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The review application of a node.

    Raises:
        VitrineError: when the secret that it shares with the Hub is missing or open to others.
    """
    desk = _desk(settings, clock)
    desk.pages.share(unread=partial(inbox.unread, desk))
    app = FastAPI(
        title="Vitrine output review",
        docs_url=None,  # those pages load their scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.desk = desk
    for pages in (signin, authors, checkers, seniors, queue, inbox, figures, auditors):
        app.include_router(pages.router, include_in_schema=False)
    for programs in (api.router, queue.api, inbox.api, figures.api, auditors.api):
        app.include_router(programs)
    app.add_api_route("/healthz", _health, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC))

    def show(request: Request, status: int, title: str, sentence: str) -> Response:
        return desk.pages.render(
            "refusal.html", status, title=title, sentence=sentence, status=status
        )

    def refuse(request: Request, status: int, sentence: str) -> Response:
        desk.record_refusal(request, status, sentence)
        return refusals.answer(request, status, sentence, show)

    refusals.install(app, show)
    app.add_middleware(Guard, origin=desk.origin, refuse=refuse)
    return app


def _desk(settings: Settings, clock: Clock) -> Desk:
    hub = HubLogin(
        settings.hub_url,
        CLIENT_ID,
        secrets.read(settings, "review", "review_token"),
        settings.review_url.rstrip("/") + "/oauth_callback",
    )
    shared = {
        "where": "output review",
        "node_name": settings.node_name,
        "policy": policy,
        "FileType": FileType,
        "sees_queue": queue.sees_queue,
        "is_senior": seniors.is_senior,
        "has_lines": has_lines,
        "status_text": panels.status_text,
        "may_read_record": may_read_record,
        "may_read_figures": may_read_figures,
        "KIND_TEXT": inbox.KIND_TEXT,
        "REVIEW_TEXT": queue.REVIEW_TEXT,
        "SORT_TEXT": queue.SORT_TEXT,
        "PRIORITY_TEXT": queue.PRIORITY_TEXT,
        "VOTE_TEXT": panels.VOTE_TEXT,
        "REASON_TEXT": panels.REASON_TEXT,
        "ACCEPTANCE_TEXT": panels.ACCEPTANCE_TEXT,
    }
    return Desk(
        settings=settings,
        db=Database.open(settings),
        blobs=BlobStore(settings.blob_root),
        parser=Parser(settings.parser_socket),
        sessions=Sessions(hub, clock),
        origin=Origin(settings.review_url),
        pages=Pages([TEMPLATES], shared),
        clock=clock,
    )


def _health() -> Response:
    return JSONResponse({"status": "up"})
