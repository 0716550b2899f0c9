"""The lab's one connection to the gate: kernels, files, refusals.

The connection is kept up; while the gate is away for a moment, calls wait for it, because its
restart must not look like a failure of the researcher's work.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from vitrine.session.wire import Link, WireError, head_of, pack

_MESSAGE_LIMIT: Final = 26 << 20
_DIAL_PAUSE_S: Final = 0.1
_PATIENCE_S: Final = 8.0
AWAY_AFTER_S: Final = 5.0
"""Seconds without a gate after which the pages are told."""
AWAY: Final = "the gate of this session is away; try again in a few seconds"


class GateProblem(Exception):
    """The gate or the agent said no; `code` says which kind of no."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Gate:
    """Calls to the gate, from Jupyter Server's own event loop."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.on_restart: list[Callable[[], None]] = []
        self.on_away: list[Callable[[], None]] = []
        self._link: Link | None = None
        self._connected = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[tuple[dict[str, Any], bytes]]] = {}
        self._number = 0
        self._boot: str | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._reports: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        """Whether the gate is there now."""
        return self._link is not None

    async def keep_connected(self) -> None:
        """Dial until the end of the process; calling it again changes nothing."""
        if self._keeper is None:
            self._keeper = asyncio.ensure_future(self._dial_for_ever())

    async def _dial_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            ended = loop.create_future()
            try:
                link = Link(
                    self._take,
                    lambda _link, _reason, ended=ended: self._lost(ended),  # type: ignore[misc]
                    message_limit=_MESSAGE_LIMIT,
                )
                await loop.create_unix_connection(lambda link=link: link,  # type: ignore[misc]
                                                  str(self.directory / "rpc.sock"))  # fmt: skip
            except OSError:
                await asyncio.sleep(_DIAL_PAUSE_S)
                continue
            self._link = link
            self._connected.set()
            await self._greet()
            await ended

    async def _greet(self) -> None:
        try:
            hello, _ = await self.call("hello", {}, timeout_s=5)
        except GateProblem:
            return
        boot = str(hello.get("boot"))
        is_other = self._boot is not None and self._boot != boot
        self._boot = boot
        if is_other:
            for callback in list(self.on_restart):
                callback()

    def _lost(self, ended: asyncio.Future[None]) -> None:
        self._link = None
        self._connected.clear()
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(GateProblem(AWAY, "away"))
        if not ended.done():
            ended.set_result(None)
        asyncio.get_running_loop().call_later(AWAY_AFTER_S, self._tell_away)

    def _tell_away(self) -> None:
        if not self.is_connected:
            for callback in list(self.on_away):
                callback()

    def _take(self, link: Link, parts: list[bytes]) -> None:
        try:
            head = head_of(parts)
        except WireError as problem:
            link.close(str(problem))
            return
        waiting = self._waiting.pop(head.get("id", -1), None)
        if waiting is not None and not waiting.done():
            waiting.set_result((head, parts[1] if len(parts) > 1 else b""))

    async def call(
        self,
        verb: str,
        fields: Mapping[str, Any],
        body: bytes = b"",
        *,
        timeout_s: float = 60.0,
        patience_s: float = _PATIENCE_S,
    ) -> tuple[dict[str, Any], bytes]:
        """The gate's answer to one request.

        Args:
            patience_s: how long to wait for a gate that is away.

        Raises:
            GateProblem: when it is refused, or the gate stays away.
        """
        await self.keep_connected()
        if not self.is_connected and patience_s > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._connected.wait(), patience_s)
        if self._link is None:
            raise GateProblem(AWAY, "away")
        self._number += 1
        number = self._number
        answer: asyncio.Future[tuple[dict[str, Any], bytes]] = (
            asyncio.get_running_loop().create_future()
        )
        self._waiting[number] = answer
        urgent = verb.startswith("kernel.")
        self._link.send(pack({**fields, "id": number, "op": verb}, body), urgent=urgent)
        try:
            head, reply = await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            raise GateProblem("the session did not answer in time", "slow") from None
        finally:
            self._waiting.pop(number, None)
        if not head.get("ok"):
            raise GateProblem(str(head.get("error")), str(head.get("code")))
        result = head.get("result")
        return (result if isinstance(result, dict) else {}), reply

    def report_refusal(self, method: str, path: str, reason: str, who: str | None) -> None:
        """Have a refusal recorded; the answer to the browser does not wait for it."""
        fields = {"method": method, "path": path[:1024], "reason": reason, "who": who}
        self._report("refused", fields)

    def report_displaced(self, kernel_id: str, count: int) -> None:
        """Have it recorded that outputs came too late for the cells they belong to."""
        self._report("kernel.displaced", {"kernel_id": kernel_id, "count": count})

    def _report(self, verb: str, fields: Mapping[str, Any]) -> None:
        async def report() -> None:
            try:
                await self.call(verb, fields, timeout_s=30, patience_s=30)
            except GateProblem:
                return

        task = asyncio.ensure_future(report())
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)


@functools.cache
def gate() -> Gate:
    """This process's connection to the gate."""
    return Gate(Path(os.environ.get("VITRINE_GATE_DIRECTORY", "/run/gate")))
