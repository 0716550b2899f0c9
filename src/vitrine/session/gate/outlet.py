"""The gate's sockets for the lab: one kernel's outputs to every page, its replies to one.

Outputs that the lab has not taken yet wait here in order, and while too many wait the kernel's
connection is not read: the agent then slows the kernel down, and says what it had to drop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import zmq

from vitrine.session.channels import CHANNELS, Port

MESSAGES_IN_ZMQ: Final = 8
"""Outputs that ZMQ may hold for each page, besides what lies in the socket's own buffer."""
_SIZE_LIMIT: Final = 26 << 20
_FULL_BYTES: Final = 1 << 20
_EMPTY_ENOUGH_BYTES: Final = 256 << 10
_REPLY_PAUSE_S: Final = 0.1
_REPLY_WAIT_S: Final = 10.0
_IOPUB: Final = 1


class Outlet:
    """Five ZMQ sockets in the lab's directory.

    Args:
        base: paths of the sockets are this, a dash and 1 to 5.
        on_message: called with channel number and frames of what the lab sends.
        on_full: called when too much waits for the lab, and again with False when it does not.
        on_subscribers: called with the number of subscriptions whenever it changes.
    """

    def __init__(
        self,
        base: Path,
        context: zmq.Context[zmq.Socket[bytes]],
        on_message: Callable[[int, list[bytes]], None],
        on_full: Callable[[bool], None],
        on_subscribers: Callable[[int], None],
    ) -> None:
        self._base = base
        self._on_message = on_message
        self._on_full = on_full
        self._on_subscribers = on_subscribers
        self._queue: deque[tuple[list[bytes], int, int]] = deque()
        self._queued_bytes = 0
        self._handed = 0
        self._is_full = False
        self._is_open = True
        self._late: dict[tuple[int, bytes], deque[tuple[float, Sequence[bytes]]]] = {}
        self.subscribers = 0
        self._ports = {number: self._bind(context, number) for number in range(len(CHANNELS))}
        self._ports[_IOPUB].on_writable = self._flush

    def _bind(self, context: zmq.Context[zmq.Socket[bytes]], number: int) -> Port:
        is_iopub = number == _IOPUB
        socket = context.socket(zmq.XPUB if is_iopub else zmq.ROUTER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, _SIZE_LIMIT)
        if is_iopub:
            socket.setsockopt(zmq.XPUB_NODROP, 1)
            socket.setsockopt(zmq.XPUB_VERBOSER, 1)
            socket.setsockopt(zmq.SNDHWM, MESSAGES_IN_ZMQ)
        else:
            socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        path = Path(f"{self._base}-{number + 1}")
        socket.bind(f"ipc://{path}")
        path.chmod(0o660)
        return Port(socket, partial(self._arrived, number))

    def _arrived(self, number: int, frames: list[bytes]) -> None:
        if CHANNELS[number] == "hb":
            self._ports[number].send(frames)
        elif number != _IOPUB:
            self._on_message(number, frames)
        elif frames[0][:1] in (b"\0", b"\1"):
            self.subscribers += 1 if frames[0][0] else -1
            self._on_subscribers(self.subscribers)

    # -- outputs ---------------------------------------------------------------------------

    @property
    def handed(self) -> int:
        """Number of the last kernel message of which nothing waits here any more."""
        return max(0, self._queue[0][2] - 1) if self._queue else self._handed

    def begin(self) -> None:
        """The numbers start again; what waits belongs to an earlier incarnation."""
        self._queue = deque((frames, size, 0) for frames, size, _ in self._queue)
        self._handed = 0

    def publish(self, frames: list[bytes], size: int, number: int = 0) -> None:
        """Show a message to every page, after all that came before.

        Args:
            number: the kernel message it stems from, 0 for the gate's own words.
        """
        self._handed = max(self._handed, number)
        if not self._queue and self._ports[_IOPUB].send(frames):
            return
        self._queue.append((frames, size, number or self._handed))
        self._queued_bytes += size
        self._tell_whether_full()

    def passed(self, number: int) -> None:
        """Kernel message `number` needed nothing to be published."""
        self._handed = max(self._handed, number)

    def _flush(self) -> None:
        if not self._queue:
            return
        while self._queue and self._ports[_IOPUB].send(self._queue[0][0]):
            self._queued_bytes -= self._queue.popleft()[1]
        self._tell_whether_full()

    def _tell_whether_full(self) -> None:
        if not self._is_full and self._queued_bytes > _FULL_BYTES:
            self._is_full = True
            self._on_full(True)
        elif self._is_full and self._queued_bytes < _EMPTY_ENOUGH_BYTES:
            self._is_full = False
            self._on_full(False)

    # -- replies ---------------------------------------------------------------------------

    def reply(self, number: int, frames: Sequence[bytes]) -> None:
        """Send to the page that asked; one that is about to connect again is waited for.

        The order is kept: the lab takes a message that comes after a later one for a repetition.

        Args:
            frames: the page's route first.
        """
        late = self._late.get((number, frames[0]))
        if late is None:
            if not self._is_open or self._ports[number].send(frames):
                return
            late = self._late[number, frames[0]] = deque()
            loop = asyncio.get_running_loop()
            loop.call_later(_REPLY_PAUSE_S, self._send_late, number, frames[0])
        late.append((asyncio.get_running_loop().time() + _REPLY_WAIT_S, frames))

    def _send_late(self, number: int, route: bytes) -> None:
        loop, late = asyncio.get_running_loop(), self._late[number, route]
        while late and self._is_open:
            until, frames = late[0]
            if not self._ports[number].send(frames) and loop.time() < until:
                loop.call_later(_REPLY_PAUSE_S, self._send_late, number, route)
                return
            late.popleft()
        del self._late[number, route]

    def close(self) -> None:
        """Close the sockets and remove their files."""
        self._is_open = False
        for number, port in self._ports.items():
            port.close()
            Path(f"{self._base}-{number + 1}").unlink(missing_ok=True)
