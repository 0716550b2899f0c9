"""What the handlers work with: one node's parts, and who is asking."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, cast

from fastapi import Depends, Query, Request
from starlette.responses import Response

from vitrine.access import store as access
from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock
from vitrine.egress.sandbox.asked import Asked, asked_of
from vitrine.egress.sandbox.client import Parser
from vitrine.egress.service.level import ServiceLevel
from vitrine.errors import NotFound, NotPermitted
from vitrine.settings import Settings
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database
from vitrine.web.guard import Origin
from vitrine.web.pages import Pages
from vitrine.web.refusals import NotSignedIn
from vitrine.web.sessions import Sessions

ANONYMOUS_REFUSALS_PER_MINUTE: Final = 60
"""How many refusals of nobody in particular are written down: strangers cannot fill the log."""


class Budget:
    """So many of something in each minute, counted over all threads."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute = ""
        self._used = 0
        self._lock = threading.Lock()

    def take(self, now: datetime) -> bool:
        """Whether there is one left in this minute; it is used up then."""
        with self._lock:
            minute = f"{now:%Y%m%d%H%M}"
            if minute != self._minute:
                self._minute, self._used = minute, 0
            self._used += 1
            return self._used <= self._per_minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The parts of a node that this application uses."""

    settings: Settings
    db: Database
    blobs: BlobStore
    parser: Parser
    sessions: Sessions
    origin: Origin
    pages: Pages
    clock: Clock
    anonymous_refusals: Budget = field(
        default_factory=lambda: Budget(ANONYMOUS_REFUSALS_PER_MINUTE)
    )

    @property
    def level(self) -> ServiceLevel:
        """Within which working time requests should be decided."""
        return ServiceLevel(self.settings.review_due_days, self.settings.holidays)

    @property
    def cookie(self) -> str:
        """Name of the session cookie; the prefix makes browsers bind it to this host over TLS."""
        return "__Host-vitrine-review" if self.origin.is_secure else "vitrine-review"

    def record_refusal(self, request: Request, status: int, reason: str) -> None:
        """Audit that an HTTP request was refused before any use case saw it."""
        name = self.sessions.known(request.cookies.get(self.cookie))
        if name is None and not self.anonymous_refusals.take(self.clock()):
            return
        with self.db.begin() as tx:
            log.record(
                tx,
                Event.REQUEST_REFUSED,
                actor=f"person:{name}" if name else "system:review",
                subject="door:egress-review",
                detail={
                    "method": request.method[:10],
                    "path": request.url.path[:200],
                    "status": status,
                    "reason": reason,
                },
                clock=self.clock,
            )


def desk_of(request: Request) -> Desk:
    """The desk of the application that answers `request`."""
    return cast(Desk, request.app.state.desk)


def person_of(request: Request) -> Account:
    """The account of whoever is signed in.

    Raises:
        NotSignedIn: when nobody is.
        NotPermitted: when this node has no such account, or it is disabled.
    """
    desk = desk_of(request)
    name = desk.sessions.person(request.cookies.get(desk.cookie))
    if name is None:
        raise NotSignedIn
    try:
        with desk.db.read() as tx:
            account = access.account(tx, name)
    except NotFound:
        account = None
    if account is None or account.is_disabled:
        reason = f"the account {name} may not be used here"
        desk.record_refusal(request, 403, reason)
        raise NotPermitted(reason)
    return account


def asked_by(
    start: int = 0,
    row: int = 0,
    part: int = 0,
    sort: int = 0,
    hide: Annotated[list[int], Query()] = [],  # noqa: B006 (FastAPI copies it)
    view: str = "",
    zoom: int = 0,
) -> Asked:
    """What an address asks to see of a file."""
    numbers = {"start": start, "row": row, "part": part, "sort": sort, "zoom": zoom}
    return asked_of({**numbers, "hide": hide, "view": view})


At = Annotated[Desk, Depends(desk_of)]
By = Annotated[Account, Depends(person_of)]
Wanted = Annotated[Asked, Depends(asked_by)]

Handler = Callable[..., Response]
Json = dict[str, Any]
PAGE_LIMIT: Final = 200
