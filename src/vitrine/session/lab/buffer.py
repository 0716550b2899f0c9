"""What a kernel says while no page listens: kept up to a limit, then left with the gate."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

OFFLINE_LIMIT: Final = 16 << 20
"""Bytes of messages kept for a page that is away."""
_DELIMITER: Final = b"<IDS|MSG>"
_OUTPUTS: Final = (b"stream", b"display_data", b"update_display_data", b"execute_result", b"error")
_HEADER, _PARENT, _METADATA, _CONTENT = range(2, 6)


def is_new(stream: Any, frames: list[bytes]) -> bool:
    """Whether this message has not been seen on `stream`; a restarted gate repeats the last ones.

    The gate writes `<type> <incarnation> <number>` before a message, number 0 for its own words.
    """
    fields = bytes(frames[0]).split(b" ")
    if len(fields) != 3 or fields[2] == b"0":
        return True
    mark = (int(fields[1]), int(fields[2]))
    if mark <= getattr(stream, "vitrine_seen", (0, 0)):
        return False
    stream.vitrine_seen = mark
    return True


class OfflineBuffer:
    """Messages for a page that is away, in order.

    At the limit the outputs are not read any more: they wait with gate and agent, which say how
    many they had to drop. Iterates as Jupyter Server expects, over (channel, frames).
    """

    def __init__(self, channels: dict[str, Any], limit_bytes: int = OFFLINE_LIMIT) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._kept: deque[tuple[str, list[bytes]]] = deque()
        self._outputs = channels.get("iopub")
        for channel, stream in channels.items():
            stream.on_recv(partial(self._add, channel, stream))

    def _add(self, channel: str, stream: Any, frames: list[bytes]) -> None:
        if not is_new(stream, frames):
            return
        # Without its number: shown later, it must not count as seen.
        kept = [bytes(frames[0]).split(b" ")[0], *frames[1:]]
        self._kept.append((channel, kept))
        self._size += sum(len(frame) for frame in kept)
        if self._size > self._limit and self._outputs is not None and not self._outputs.closed():
            self._outputs.stop_on_recv()

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[tuple[str, list[bytes]]]:
        return iter(self._kept)

    def address_anew(self) -> int:
        """The page that asked is gone for good: say so before what it missed; how many outputs.

        A page that was opened anew has no cell for these messages. JupyterLab shows what belongs
        to no cell in the notebook's log console, so nothing is lost without a word.
        """
        outputs = [
            frames
            for channel, frames in self._kept
            if channel == "iopub" and frames[0] in _OUTPUTS and _DELIMITER in frames
        ]
        if outputs:
            self._kept.appendleft(("iopub", _notice(outputs[0], len(outputs))))
        return len(outputs)


def _notice(frames: list[bytes], count: int) -> list[bytes]:
    """A stream output in the form of `frames`. Nothing after the gate checks its signature."""
    at = frames.index(_DELIMITER)
    header = json.loads(frames[at + _HEADER])
    text = (
        f"[vitrine] {count:,} outputs came while no page was open. They belong to cells of the "
        "page that was closed, so they are shown here, in the log console, and not below a cell\n"
    )
    message: tuple[dict[str, Any], ...] = (
        header | {"msg_type": "stream", "msg_id": f"{header['msg_id']}-notice"},
        {},
        {},
        {"name": "stderr", "text": text},
    )
    return [b"stream", *frames[at : at + _HEADER], *(json.dumps(part).encode() for part in message)]
