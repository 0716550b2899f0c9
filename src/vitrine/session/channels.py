"""ZMQ sockets on an asyncio loop, without a task for each: what gate and agent both need.

`zmq.asyncio` costs a future and a task switch per message; here a readable socket is drained in
one callback. pyzmq and the standard library only: copied into the kernel image as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import zmq

CHANNELS: Final = ("shell", "iopub", "stdin", "hb", "control")
"""Jupyter's channels, in the order of a connection file's ports 1 to 5."""
_BURST: Final = 64
_LOOK_AGAIN_S: Final = 0.005


class Port:
    """One ZMQ socket whose incoming messages are handed to a callback.

    Args:
        on_message: called with the frames of each message that arrives.
    """

    def __init__(
        self, socket: zmq.Socket[bytes], on_message: Callable[[list[bytes]], None] | None = None
    ) -> None:
        self.socket = socket
        self._on_message = on_message
        self._loop = asyncio.get_running_loop()
        self._fd = int(socket.getsockopt(zmq.FD))
        self._is_open = True
        self._is_scheduled = False
        self._look_again: asyncio.TimerHandle | None = None
        self._is_paused = False
        self.on_writable: Callable[[], None] | None = None
        self._loop.add_reader(self._fd, self._drain)
        self._schedule()

    def send(self, frames: Sequence[bytes]) -> bool:
        """Send without waiting; False when the peer's queue is full or the peer is not there."""
        # The descriptor is edge-triggered: a send, also one that fails, may consume the event of a
        # message that has arrived. Where it fails a queue may be full for long: no hurry then.
        try:
            self.socket.send_multipart(frames, zmq.NOBLOCK, copy=True)
        except zmq.Again:
            self._schedule_soon()
            return False
        except zmq.ZMQError as problem:
            if problem.errno != zmq.EHOSTUNREACH:
                raise
            self._schedule_soon()
            return False
        self._schedule()
        return True

    def pause(self) -> None:
        """Leave what arrives with the peer until `resume`."""
        self._is_paused = True

    def resume(self) -> None:
        """Read again."""
        if self._is_paused:
            self._is_paused = False
            self._schedule()

    def close(self) -> None:
        """Stop listening and close the socket at once."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._fd)
            if self._look_again is not None:
                self._look_again.cancel()
            self.socket.close(linger=0)

    def _schedule(self) -> None:
        if not self._is_scheduled and self._is_open:
            self._is_scheduled = True
            self._loop.call_soon(self._scheduled_drain)

    def _schedule_soon(self) -> None:
        if self._look_again is None and self._is_open:
            self._look_again = self._loop.call_later(_LOOK_AGAIN_S, self._drain_again)

    def _drain_again(self) -> None:
        self._look_again = None
        self._drain()

    def _scheduled_drain(self) -> None:
        self._is_scheduled = False
        self._drain()

    def _drain(self) -> None:
        for _ in range(_BURST):
            if not self._is_open:
                return
            events = int(self.socket.getsockopt(zmq.EVENTS))
            if self.on_writable is not None and events & zmq.POLLOUT:
                self.on_writable()
            if not self._is_open or self._is_paused or not events & zmq.POLLIN:
                return
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if self._on_message is not None:
                self._on_message(frames)
        self._schedule()
