"""The gate's end of the agent's connections. Everything that arrives here is hostile input."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from vitrine.errors import VitrineError
from vitrine.session.wire import Link, WireError, head_of, pack

CONTROL_LIMIT: Final = 25 << 20
"""Largest message on a control connection: a file of 24 MiB and its head."""
ASK_TIMEOUT_S: Final = 30.0
_HEAD_LIMIT: Final = 4 << 20
"""Largest JSON of a control message; the longest is the list of a folder's files."""
_HELLO_TIMEOUT_S: Final = 5.0
_HELLO_LIMIT: Final = 512 << 10
"""Largest first message: a kernel's names up to 2,000 requests of up to 128 characters."""
_STRANGERS_LIMIT: Final = 32
_TELL_PAUSE_S: Final = 2.0


class AgentProblem(VitrineError):
    """The agent could not do what it was asked; `code` is the agent's own word for why."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def peer_uid(transport: asyncio.BaseTransport) -> int:
    """The user id of the process at the other end of a Unix socket."""
    connection = transport.get_extra_info("socket")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int(struct.unpack("3i", credentials)[1])


class Owner(Protocol):
    """The worker, as the agent's connections see it."""

    def agent_arrived(self, head: Mapping[str, Any]) -> None:
        """The control connection stands; `head` is what the agent says about itself."""

    def agent_left(self) -> None:
        """The control connection ended."""

    def agent_said(self, head: Mapping[str, Any]) -> None:
        """The agent pushed a fact."""

    def attach_kernel(self, link: Link, head: Mapping[str, Any]) -> Callable[..., None] | None:
        """Where a kernel connection's messages go; None when it is refused."""

    def oversize(self, link: Link, size: int, first: bytes) -> None:
        """A message beyond the limit was thrown away."""

    def turned_away(self, reason: str) -> None:
        """Somebody in the container connected who is not the agent, or speaks unlike it."""


class AgentSide:
    """Listens for the agent: one control connection, one connection per kernel incarnation."""

    def __init__(self, path: Path, uid: int, owner: Owner, *, kernel_limit: int) -> None:
        self._path = path
        self._uid = uid
        self._owner = owner
        self._kernel_limit = kernel_limit
        self._control: Link | None = None
        self._waiting: dict[int, asyncio.Future[tuple[dict[str, Any], bytes]]] = {}
        self._number = 0
        self._arrival = asyncio.Event()
        self._strangers: set[_Greeting] = set()
        self._turned_away = 0

    @property
    def is_connected(self) -> bool:
        """Whether the agent's control connection stands."""
        return self._control is not None

    async def listen(self) -> asyncio.Server:
        """Bind the socket anew, whatever was left there."""
        self._path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(self._accept, str(self._path))
        os.chmod(self._path, 0o660)
        return server

    def _accept(self) -> Link:
        return _Greeting(self)

    def admits(self, link: _Greeting, uid: int) -> str:
        """Why this connection is closed at once; empty when it may say what it is for."""
        if uid != self._uid:
            return "another account connected"
        if len(self._strangers) >= _STRANGERS_LIMIT:
            return "too many connections that do not say what they are for"
        self._strangers.add(link)
        return ""

    def oversize(self, link: Link, size: int, first: bytes) -> None:
        """A message beyond its connection's limit was thrown away."""
        self._owner.oversize(link, size, first)

    def greeted(self, link: _Greeting, head: dict[str, Any]) -> None:
        """A connection said what it is for."""
        if head.get("role") == "control" and self._control is None:
            self._control = link
            self._strangers.discard(link)
            link.assign(self._on_control, self._on_control_closed, CONTROL_LIMIT)
            self._arrival.set()
            self._owner.agent_arrived(head)
            return
        deliver = self._owner.attach_kernel(link, head) if head.get("role") == "kernel" else None
        if deliver is None:
            link.close("it was not expected")
        else:
            self._strangers.discard(link)
            link.assign(deliver, self._on_kernel_closed, self._kernel_limit)

    def left(self, link: _Greeting, reason: str | None) -> None:
        """A connection ended before it was anybody's; a flood of them is told as one."""
        self._strangers.discard(link)
        if reason is None:
            return
        self._turned_away += 1
        if self._turned_away == 1:
            loop = asyncio.get_running_loop()
            loop.call_later(_TELL_PAUSE_S, self._tell_turned_away, reason)

    def _tell_turned_away(self, reason: str) -> None:
        count, self._turned_away = self._turned_away, 0
        more = f", and {count - 1:,} more" if count > 1 else ""
        self._owner.turned_away(f"a connection to the gate was closed: {reason}{more}")

    def _on_kernel_closed(self, link: Link, _reason: str | None) -> None:
        if link.fault:
            self._owner.turned_away(f"a kernel's connection was closed: {link.fault}")

    def _on_control(self, _link: Link, parts: list[bytes]) -> None:
        if len(parts[0]) > _HEAD_LIMIT:
            raise WireError("a control message that is too long")
        head = head_of(parts)
        if "push" in head:
            self._owner.agent_said(head)
            return
        waiting = self._waiting.pop(head.get("id", -1), None)
        if waiting is not None and not waiting.done():
            waiting.set_result((head, parts[1] if len(parts) > 1 else b""))

    def _on_control_closed(self, link: Link, _reason: str | None) -> None:
        self._control = None
        if link.fault:
            self._owner.turned_away(f"the agent's connection was closed: {link.fault}")
        self._arrival.clear()
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(AgentProblem("the session's container went away", "gone"))
        self._owner.agent_left()

    async def arrived(self, timeout_s: float) -> None:
        """Wait for the agent's control connection.

        Raises:
            AgentProblem: when it does not come in time.
        """
        try:
            await asyncio.wait_for(self._arrival.wait(), timeout_s)
        except TimeoutError:
            raise AgentProblem("the session's container does not answer", "gone") from None

    async def ask(
        self,
        verb: str,
        fields: Mapping[str, Any],
        body: bytes = b"",
        *,
        timeout_s: float = ASK_TIMEOUT_S,
    ) -> tuple[dict[str, Any], bytes]:
        """The agent's answer to one request: a JSON object and bytes. Believe neither.

        Raises:
            AgentProblem: when the agent refuses, is away or does not answer in time.
        """
        if self._control is None:
            raise AgentProblem("the session's container does not answer", "gone")
        self._number += 1
        number = self._number
        answer: asyncio.Future[tuple[dict[str, Any], bytes]] = (
            asyncio.get_running_loop().create_future()
        )
        self._waiting[number] = answer
        head = {**fields, "op": verb, "id": number}
        self._control.send(pack(head, body), urgent=verb.startswith("kernel."))
        try:
            reply, reply_body = await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            raise AgentProblem("the session's container did not answer in time", "slow") from None
        finally:
            self._waiting.pop(number, None)
        if not reply.get("ok"):
            text = str(reply.get("error", "the agent refused"))[:400]
            raise AgentProblem(text, str(reply.get("code", "refused"))[:20])
        result = reply.get("result")
        return (result if isinstance(result, dict) else {}), reply_body

    def tell(self, head: Mapping[str, Any]) -> None:
        """Send the agent something that is not answered."""
        if self._control is not None:
            self._control.send(pack(head))


class _Greeting(Link):
    """A connection that has not said yet what it is for: a little time, a little memory."""

    def __init__(self, side: AgentSide) -> None:
        super().__init__(
            self._first, self._gone, message_limit=_HELLO_LIMIT, on_oversize=side.oversize
        )
        self._side = side
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Check who connects, and give it a moment to say why."""
        super().connection_made(transport)
        refusal = self._side.admits(self, peer_uid(transport))
        if refusal:
            self.close(refusal)
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_HELLO_TIMEOUT_S, self.close, "it said nothing in time")

    def _first(self, _link: Link, parts: list[bytes]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            head = head_of(parts)
        except WireError as problem:
            self.close(str(problem))
            return
        self._side.greeted(self, head)

    def _gone(self, _link: Link, reason: str | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._side.left(self, reason)

    def assign(
        self,
        on_message: Callable[[Link, list[bytes]], None],
        on_close: Callable[[Link, str | None], None],
        limit: int,
    ) -> None:
        """From now on this connection belongs to somebody."""
        self._on_message = on_message
        self._on_close = on_close
        self._limit = limit
