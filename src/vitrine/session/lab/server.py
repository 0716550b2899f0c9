"""The lab as a Jupyter Server extension: the guard in front of every handler."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import tornado.web as web
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from tornado.httputil import HTTPServerRequest

from vitrine.session.lab.access import refusal
from vitrine.session.lab.config import HIDDEN_COMMANDS
from vitrine.session.lab.gate import gate

_IDENTITY_TIMEOUT_S: Final = 3.0


class _Anything:
    """Contains whatever is asked for."""

    def __contains__(self, _method: object) -> bool:
        return True


class RefusedHandler(JupyterHandler):
    """Answers 403 with the reason, whatever the method, and has it recorded."""

    SUPPORTED_METHODS = _Anything()

    def initialize(self, why: str) -> None:
        """Take the reason. (`_reason` is tornado's own: the words after the status number.)"""
        self._why = why

    def check_xsrf_cookie(self) -> None:
        """Not asked for: the request is refused anyway, and must be recorded."""

    async def prepare(self) -> None:
        """Refuse before any method of the handler is looked at."""
        request = self.request
        who = await self._who()
        gate().report_refusal(str(request.method), request.path, self._why, who)
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        await self.finish(self._why)

    async def _who(self) -> str | None:
        """The name of the person that the request identifies; None when it does not."""
        try:
            user = await asyncio.wait_for(
                ensure_async(self.identity_provider.get_user(self)), _IDENTITY_TIMEOUT_S
            )
        except Exception:
            return None
        return str(user.username) if user is not None else None


def _body_size(request: HTTPServerRequest) -> int | None:
    length = request.headers.get("Content-Length", "0")
    is_known = length.isdecimal() and "Transfer-Encoding" not in request.headers
    return int(length) if is_known else None


def guard(app: web.Application, base_url: str) -> None:
    """Let `app` choose a handler only for requests that may pass."""
    choose = app.find_handler
    prefix = base_url.rstrip("/")

    def find_handler(request: HTTPServerRequest, **kwargs: Any) -> web._HandlerDelegate:
        path = request.path
        inside = path[len(prefix) :] if path.startswith(f"{prefix}/") or path == prefix else None
        reason = "this is not part of a session"
        if inside is not None:
            found = refusal(str(request.method), inside or "/", _body_size(request))
            if found is None:
                return choose(request, **kwargs)
            reason = found
        return app.get_handler_delegate(request, RefusedHandler, {"why": reason})

    app.find_handler = find_handler


def hide(_handler: Any, page: dict[str, Any]) -> dict[str, Any]:
    """JupyterLab's page configuration without what the server would refuse.

    A hook, because JupyterLab collects `disabledExtensions` anew for each page it serves.
    """
    return page | {
        "disabledExtensions": [*page.get("disabledExtensions", ()), *HIDDEN_COMMANDS],
        "lockedExtensions": list(HIDDEN_COMMANDS),
        "terminalsAvailable": False,
        "buildAvailable": False,
    }


def prepare(app: Any) -> None:
    """Guard the server, hide what it refuses, and reach for the gate."""
    guard(app.web_app, app.base_url)
    app.web_app.settings["page_config_hook"] = hide
    app.io_loop.add_callback(lambda: asyncio.ensure_future(gate().keep_connected()))
