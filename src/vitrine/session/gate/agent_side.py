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
_HELLO_TIMEOUT_S: Final = 5.0


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
        return _Greeting(self._greeted, self._uid, self._kernel_limit, self._owner.oversize)

    def _greeted(self, link: _Greeting, head: dict[str, Any]) -> None:
        if head.get("role") == "control" and self._control is None:
            self._control = link
            link.assign(self._on_control, self._on_control_closed, CONTROL_LIMIT)
            self._arrival.set()
            self._owner.agent_arrived(head)
            return
        deliver = self._owner.attach_kernel(link, head) if head.get("role") == "kernel" else None
        if deliver is None:
            link.close("this connection is not expected")
        else:
            link.assign(deliver, lambda _link, _reason: None, self._kernel_limit)

    def _on_control(self, _link: Link, parts: list[bytes]) -> None:
        head = head_of(parts)
        if "push" in head:
            self._owner.agent_said(head)
            return
        waiting = self._waiting.pop(head.get("id", -1), None)
        if waiting is not None and not waiting.done():
            waiting.set_result((head, parts[1] if len(parts) > 1 else b""))

    def _on_control_closed(self, _link: Link, _reason: str | None) -> None:
        self._control = None
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
    """A connection that has not said yet what it is for."""

    def __init__(
        self,
        greeted: Callable[[_Greeting, dict[str, Any]], None],
        uid: int,
        limit: int,
        on_oversize: Callable[[Link, int, bytes], None],
    ) -> None:
        super().__init__(
            self._first, lambda _link, _reason: None, message_limit=limit, on_oversize=on_oversize
        )
        self._greeted = greeted
        self._expected_uid = uid
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Check who connects, and give it a moment to say why."""
        super().connection_made(transport)
        if peer_uid(transport) != self._expected_uid:
            self.close("another account connected")
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_HELLO_TIMEOUT_S, self.close, "no greeting in time")

    def _first(self, _link: Link, parts: list[bytes]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            head = head_of(parts)
        except WireError as problem:
            self.close(str(problem))
            return
        self._greeted(self, head)

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
