"""What the Hub refused to a person who is signed in, entered in the audit log."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import defaultdict, deque
from typing import Any, Final

from vitrine.audit import log as audit
from vitrine.audit.events import Event
from vitrine.errors import VitrineError
from vitrine.hub.pair import Pairs

PER_MINUTE: Final = 30
"""Entries of one person in a minute; more would let anybody fill the log."""

_PATH_CHARACTERS: Final = 200
_FORGED: Final = re.compile(r"/hub/(api/users|api/shares|spawn)/")
"""Where an unknown or impossible name is no slip of the pen."""

log = logging.getLogger("vitrine.hub")


class Refusals:
    """Notes refused requests; called by the Hub after every request."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, handler: Any) -> None:
        """Enter the request of `handler` in the audit log when it was refused."""
        status, path = handler.get_status(), handler.request.path
        person = getattr(getattr(handler, "_jupyterhub_user", None), "name", None)
        if person is None or not is_refusal(status, path) or not self._has_room(person):
            return
        writing = asyncio.ensure_future(self._write(person, handler.request.method, path, status))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    def _has_room(self, person: str) -> bool:
        recent, now = self._recent[person], time.monotonic()
        while recent and recent[0] < now - 60:
            recent.popleft()
        recent.append(now)
        if len(recent) == PER_MINUTE + 1:
            log.warning("%s is refused so often that not every refusal is audited", person)
        return len(recent) <= PER_MINUTE

    async def _write(self, person: str, method: str, path: str, status: int) -> None:
        def record() -> None:
            with self._pairs.database.begin() as tx:
                audit.record(
                    tx,
                    Event.REQUEST_REFUSED,
                    actor=f"person:{person}",
                    subject="hub:" + ascii(path[:_PATH_CHARACTERS])[1:-1],
                    detail={"method": method, "status": status},
                    clock=self._pairs.clock,
                )

        try:
            await self._pairs.do(record)
        except VitrineError as error:
            log.error("a refusal could not be audited: %s", error.sentence())


def is_refusal(status: int, path: str) -> bool:
    """Whether an answer says that the person may not, rather than that something broke."""
    return status == 403 or (status in (400, 404) and _FORGED.match(path) is not None)
