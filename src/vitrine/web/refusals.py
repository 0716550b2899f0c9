"""Every refusal becomes a page, or JSON below `/api`, in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from vitrine.errors import (
    Conflict,
    IntegrityError,
    InvalidInput,
    NotFound,
    NotPermitted,
    Unavailable,
    VitrineError,
)

STATUS: Final[dict[type[VitrineError], int]] = {
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    InvalidInput: 422,
    IntegrityError: 500,
    Unavailable: 503,
}

TITLE: Final = {
    400: "This request cannot be read",
    401: "Sign in first",
    403: "Not permitted",
    404: "Not found",
    405: "Not used here",
    409: "It changed meanwhile",
    413: "Too large",
    421: "Another address",
    422: "This cannot be accepted",
    500: "Something is wrong with this node",
    503: "A part of this node does not answer",
}

Show = Callable[[Request, int, str, str], Response]
"""Makes the page: request, status, title, sentence."""


class NotSignedIn(Exception):
    """The browser must sign in before this is answered."""


def is_api(request: Request) -> bool:
    """Whether a program is asking."""
    return request.url.path.startswith("/api/")


def answer(request: Request, status: int, sentence: str, show: Show) -> Response:
    """The refusal as JSON for a program and as a page for a person."""
    if is_api(request):
        return JSONResponse({"error": sentence}, status_code=status)
    return show(request, status, TITLE.get(status, TITLE[500]), sentence)


def install(app: FastAPI, show: Show) -> None:
    """Make `app` answer every refusal with its sentence and nothing else."""

    def refused(request: Request, error: Exception) -> Response:
        known = (STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
        sentence = error.sentence() if isinstance(error, VitrineError) else str(error)
        return answer(request, next(known, 500), sentence, show)

    def not_signed_in(request: Request, _error: Exception) -> Response:
        if is_api(request):
            return JSONResponse({"error": "sign in first"}, status_code=401)
        if request.method != "GET":  # a form may not be redirected to the Hub (form-action 'self')
            return show(request, 401, TITLE[401], "your session has ended: sign in and repeat it")
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(asked)}", 303)

    def by_framework(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        sentence = "there is nothing at this address" if status == 404 else TITLE.get(status, "")
        return answer(request, status, sentence or "this cannot be answered", show)

    def malformed(request: Request, _error: Exception) -> Response:
        return answer(request, 422, "a field of the form is missing or malformed", show)

    def unexpected(request: Request, _error: Exception) -> Response:
        return answer(request, 500, "this was not expected; the administrator's log has it", show)

    app.add_exception_handler(VitrineError, refused)
    app.add_exception_handler(NotSignedIn, not_signed_in)
    app.add_exception_handler(HTTPException, by_framework)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(Exception, unexpected)
