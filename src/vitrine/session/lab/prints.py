"""Many small prints of a cell become few: a page draws the whole output anew for each message.

Nothing is left out and nothing changes places. The first print after a pause is passed on at
once; what follows within the pause is passed on together. The more a cell shows already, the
longer a page takes to draw it, and the longer is the pause.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from vitrine.session.lab.buffer import Sign

PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 1.0
TOGETHER_BYTES: Final = 512 << 10
_S_PER_BYTE: Final = 0.4 / 1e6
_DELIMITER: Final = b"<IDS|MSG>"
_SIGNATURE, _HEADER, _PARENT, _CONTENT = 1, 2, 3, 5
_STREAM: Final = b"stream"

Frames = Sequence[Any]
"""Topic, delimiter, signature, header, parent, metadata, content."""


def is_print(frames: Frames) -> bool:
    """Whether the gate's topic calls this message a stream output."""
    return bytes(frames[0]).partition(b" ")[0] == _STREAM


def joined(prints: Sequence[Frames], sign: Sign) -> list[Frames]:
    """The same text in fewer messages: neighbours of one cell and one stream become one.

    The kernel writes what it likes: what is no ordinary print stays as it is.
    """
    found: list[Frames] = []
    for place, group in groupby(map(_read, prints), key=lambda one: (one.parent, one.name)):
        run = list(group)
        if None in place or len(run) == 1:
            found += [one.frames for one in run]
            continue
        frames = run[0].frames
        at = _at(frames)
        parts = [bytes(part) for part in frames[at + _HEADER : at + _CONTENT]]
        content = {"name": run[0].name, "text": "".join(one.text for one in run)}
        parts.append(json.dumps(content).encode())
        found.append([*frames[: at + _SIGNATURE], sign(parts), *parts])
    return found


class _Print(NamedTuple):
    frames: Frames
    parent: bytes
    name: str | None
    """None when it cannot be joined with others."""
    text: str


def _read(frames: Frames) -> _Print:
    content = json.loads(bytes(frames[_at(frames) + _CONTENT]))
    name, text = content.get("name"), content.get("text")
    is_ordinary = isinstance(name, str) and isinstance(text, str) and len(content) == 2
    has_buffers = len(frames) > _at(frames) + _CONTENT + 1
    if is_ordinary and not has_buffers:
        return _Print(frames, _parent(frames), name, text)
    return _Print(frames, _parent(frames), None, "")


def _at(frames: Frames) -> int:
    return next(place for place, frame in enumerate(frames) if bytes(frame) == _DELIMITER)


def _parent(frames: Frames) -> bytes:
    return bytes(frames[_at(frames) + _PARENT])


class Prints:
    """Stream outputs on their way to one page.

    Args:
        pass_on: takes the frames of one message.
        sign: signs what was joined; a page that speaks Jupyter's older protocol has it checked.
    """

    def __init__(self, pass_on: Callable[[Frames], None], sign: Sign) -> None:
        self._pass_on = pass_on
        self._sign = sign
        self._waiting: list[Frames] = []
        self._size = 0
        self._cell = b""
        self._shown_bytes = 0
        self._passed_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def take(self, frames: Frames) -> None:
        """Pass a stream output on, now or soon."""
        loop = asyncio.get_running_loop()
        if (cell := _parent(frames)) != self._cell:
            self._cell, self._shown_bytes = cell, 0
        self._shown_bytes += len(frames[-1])
        pause_s = min(LONGEST_PAUSE_S, PAUSE_S + self._shown_bytes * _S_PER_BYTE)
        rest_s = self._passed_at + pause_s - loop.time()
        if rest_s <= 0 and not self._waiting:
            self._passed_at = loop.time()
            self._pass_on(frames)
            return
        self._waiting.append(frames)
        self._size += len(frames[-1])
        if self._size > TOGETHER_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(max(0.0, rest_s), self.flush)

    def flush(self) -> None:
        """Pass on what waits; to be called before any other output of the kernel."""
        waiting = self.withdraw()
        if waiting:
            self._passed_at = asyncio.get_running_loop().time()
            for frames in joined(waiting, self._sign):
                self._pass_on(frames)

    def withdraw(self) -> list[Frames]:
        """What waits, not to be passed on any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting, self._size = self._waiting, [], 0
        return waiting
