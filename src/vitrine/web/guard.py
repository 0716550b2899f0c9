"""What stands before every handler: the right host, the right origin, a bounded body, headers.

A page of another origin can make a browser send a request with this origin's cookies, but it
cannot make the browser say `Sec-Fetch-Site: same-origin`. Whatever changes something must say it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
UNSAFE_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
MAX_BODY_BYTES: Final = 1 << 20

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), clipboard-read=()",
    "Cache-Control": "no-store",
}

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

Refuse = Callable[[Request, int, str], Response]
"""Audits a refusal and makes its page: the request, the status, the sentence."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The one address under which an application is used."""

    url: str

    @property
    def host(self) -> str:
        """Host and port, as a browser sends them."""
        return urlsplit(self.url).netloc.lower()

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return urlsplit(self.url).scheme == "https"

    def knows(self, host: str) -> bool:
        """Whether `host` is another name of the same place: loopback, with the same port."""
        own, port = _split(self.host)
        other, other_port = _split(host)
        return own in _LOOPBACK and other in _LOOPBACK and port == other_port


def _split(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and port.isdigit() else (host, "")


class Guard:
    """ASGI middleware around a whole application."""

    def __init__(self, app: ASGIApp, origin: Origin, refuse: Refuse) -> None:
        self._app = app
        self._origin = origin
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that must not pass; let every other one through with headers."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no websockets here

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), self._origin)
            await send(message)

        request = Request(scope, receive)
        answer = await run_in_threadpool(self._answer, request)
        if answer is not None:
            await answer(scope, receive, send_with_headers)
        else:
            await self._app(scope, _bounded(receive), send_with_headers)

    def _answer(self, request: Request) -> Response | None:
        headers, method = request.headers, request.method
        host = headers.get("host", "").lower()
        if host != self._origin.host:
            if method in SAFE_METHODS and self._origin.knows(host):
                return RedirectResponse(self._origin.url.rstrip("/") + _target(request), 307)
            return self._refuse(request, 421, f"this address is {self._origin.url}")
        if method not in SAFE_METHODS | UNSAFE_METHODS:
            return self._refuse(request, 405, "this method is not used here")
        site = headers.get("sec-fetch-site", "")
        if method in UNSAFE_METHODS:
            if site != "same-origin":
                return self._refuse(
                    request, 403, "only pages of this address may change anything here"
                )
            if _declared_length(headers) > MAX_BODY_BYTES:
                return self._refuse(request, 413, "the request is larger than anything needed here")
        elif site in ("cross-site", "same-site") and not _is_navigation(headers):
            return self._refuse(request, 403, "other sites may link here but not load from here")
        return None


def _add_headers(headers: MutableHeaders, origin: Origin) -> None:
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if origin.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def _is_navigation(headers: Headers) -> bool:
    return (
        headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )


def _declared_length(headers: Headers) -> int:
    text = headers.get("content-length", "0")
    return int(text) if text.isdigit() else MAX_BODY_BYTES + 1


def _bounded(receive: Receive) -> Receive:
    """`receive`, which ends a body that grows beyond the limit as if the client had gone."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    return limited


def _target(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")
