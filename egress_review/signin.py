"""Signing in through the Hub, and out again."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from egress_review.desk import At, Desk
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.web.sessions import FLOW_LIFE, SESSION_LIFE

router = APIRouter()

_FLOW_COOKIE = "vitrine-review-flow"
_CALLBACK = "/oauth_callback"


@router.get("/login")
def login(desk: At, next: str = "/") -> Response:
    """GET /login : off to the Hub."""
    state, url = desk.sessions.begin(next if _is_local(next) else "/")
    response = RedirectResponse(url, 303)
    response.set_cookie(
        _FLOW_COOKIE,
        state,
        max_age=int(FLOW_LIFE.total_seconds()),
        path=_CALLBACK,
        httponly=True,
        secure=desk.origin.is_secure,
        samesite="lax",
    )
    return response


@router.get(_CALLBACK)
def callback(
    request: Request, desk: At, state: str | None = None, code: str | None = None
) -> Response:
    """GET /oauth_callback : back from the Hub."""
    token, next_path = desk.sessions.finish(state, request.cookies.get(_FLOW_COOKIE), code)
    _record(desk, Event.LOGIN, desk.sessions.known(token))
    response = RedirectResponse(next_path, 303)
    response.delete_cookie(_FLOW_COOKIE, path=_CALLBACK)
    response.set_cookie(
        desk.cookie,
        token,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        httponly=True,
        secure=desk.origin.is_secure,
        samesite="lax",
    )
    return response


@router.post("/logout")
def logout(request: Request, desk: At) -> Response:
    """POST /logout : sign this browser out here; the Hub's session is the Hub's."""
    cookie = request.cookies.get(desk.cookie)
    name = desk.sessions.known(cookie)
    desk.sessions.end(cookie)
    if name:
        _record(desk, Event.LOGOUT, name)
    response = RedirectResponse("/goodbye", 303)
    response.delete_cookie(desk.cookie, path="/", secure=desk.origin.is_secure, httponly=True)
    return response


@router.get("/goodbye")
def goodbye(desk: At) -> Response:
    """GET /goodbye : signed out, with the way back."""
    return desk.pages.render("goodbye.html", hub_url=desk.settings.hub_url)


def _record(desk: Desk, event: Event, name: str | None) -> None:
    with desk.db.begin() as tx:
        log.record(
            tx,
            event,
            actor=f"person:{name}",
            subject=f"person:{name}",
            detail={"door": "egress-review"},
            clock=desk.clock,
        )


def _is_local(path: str) -> bool:
    return (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isascii()
        and path.isprintable()
    )
