"""What was written to a page, until its browser has confirmed that it arrived.

What is written to a connection that has just died is lost, and nobody is told: the operating
system took it. A browser answers each ping, in its place behind the messages before it (RFC 6455,
5.5.2 and 5.5.3), and no script of the page has a part in that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

LIMIT: Final = 16 << 20
"""Bytes of messages kept here; of more the first are given up."""
_MARK: Final = b"vitrine "

Message = tuple[str, Sequence[Any]]
"""Channel and frames."""


class Unconfirmed:
    """The messages of one connection that may not have arrived, in order.

    Args:
        ping: sends a ping with these bytes; the page's answer is for `confirm`.
        limit_bytes: what is kept at most.
    """

    def __init__(self, ping: Callable[[bytes], None], limit_bytes: int = LIMIT) -> None:
        self._ping = ping
        self._limit = limit_bytes
        self._kept: deque[Message] = deque()
        self._size = 0
        self._first = 0
        """The number of the first message kept; every message written has one."""
        self._asked: int | None = None
        """The number of the message behind which a ping is on its way."""

    def add(self, channel: str, frames: Sequence[Any]) -> None:
        """Keep a message that is being written."""
        self._kept.append((channel, frames))
        self._size += _size(frames)
        while self._size > self._limit:
            self._drop_first()

    def ask(self) -> None:
        """Ask whether all has arrived, unless that is being asked: one ping is on its way."""
        if self._asked is None and self._kept:
            self._asked = self._first + len(self._kept) - 1
            self._ping(_MARK + str(self._asked).encode())

    def confirm(self, answer: bytes) -> None:
        """Forget what a ping has overtaken nothing of; `answer` to another ping is ignored."""
        if self._asked is None or answer != _MARK + str(self._asked).encode():
            return
        while self._kept and self._first <= self._asked:
            self._drop_first()
        self._asked = None
        self.ask()

    def withdraw(self) -> list[Message]:
        """What is not confirmed; nothing is kept after that."""
        kept = list(self._kept)
        self._first += len(kept)
        self._kept.clear()
        self._size = 0
        return kept

    def _drop_first(self) -> None:
        _, frames = self._kept.popleft()
        self._size -= _size(frames)
        self._first += 1


def _size(frames: Sequence[Any]) -> int:
    return sum(len(frame) for frame in frames)
