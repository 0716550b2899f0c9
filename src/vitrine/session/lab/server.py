"""The lab as a Jupyter Server extension: the guard in front of every handler."""

from __future__ import annotations

import asyncio
from typing import Any

import tornado.web as web
from jupyter_server.base.handlers import JupyterHandler
from tornado.httputil import HTTPServerRequest

from vitrine.session.lab.access import refusal
from vitrine.session.lab.config import HIDDEN_COMMANDS
from vitrine.session.lab.gate import gate


class RefusedHandler(JupyterHandler):
    """Answers 403 with the reason, whatever the method, and has it recorded."""

    def initialize(self, reason: str) -> None:
        """Take the reason."""
        self._reason = reason

    async def prepare(self) -> None:
        """Refuse before any method of the handler is looked at."""
        request = self.request
        gate().report_refusal(str(request.method), request.path, self._reason)
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        await self.finish(self._reason)


def guard(app: web.Application, base_url: str) -> None:
    """Let `app` choose a handler only for requests that may pass."""
    choose = app.find_handler
    prefix = base_url.rstrip("/")

    def find_handler(request: HTTPServerRequest, **kwargs: Any) -> web._HandlerDelegate:
        path = request.path
        inside = path[len(prefix) :] if path.startswith(f"{prefix}/") or path == prefix else None
        reason = "this is not part of a session"
        if inside is not None:
            found = refusal(str(request.method), inside or "/")
            if found is None:
                return choose(request, **kwargs)
            reason = found
        return app.get_handler_delegate(request, RefusedHandler, {"reason": reason})

    app.find_handler = find_handler


def prepare(app: Any) -> None:
    """Guard the server, hide what it refuses, and reach for the gate."""
    guard(app.web_app, app.base_url)
    page = app.web_app.settings.setdefault("page_config_data", {})
    page["disabledExtensions"] = dict.fromkeys(HIDDEN_COMMANDS, True)
    page["lockedExtensions"] = dict.fromkeys(HIDDEN_COMMANDS, True)
    page["terminalsAvailable"] = False
    app.io_loop.add_callback(lambda: asyncio.ensure_future(gate().keep_connected()))
