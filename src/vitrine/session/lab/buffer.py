"""What a kernel says while no page listens: kept up to a limit, then left with the gate."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from vitrine.session.lab.unconfirmed import Message

OFFLINE_LIMIT: Final = 16 << 20
"""Bytes of messages kept for a page that is away."""
_DELIMITER: Final = b"<IDS|MSG>"
_OUTPUTS: Final = (b"stream", b"display_data", b"update_display_data", b"execute_result", b"error")
_UNEXPECTED: Final = "control"
"""Any channel on which a page expects no outputs."""
_HEADER, _PARENT, _METADATA, _CONTENT = range(2, 6)

Sign = Callable[[list[bytes]], bytes]
"""The signature of header, parent, metadata and content."""


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
        kept = _without_number(frames)
        self._kept.append((channel, kept))
        self._size += sum(len(frame) for frame in kept)
        if self._size > self._limit and self._outputs is not None and not self._outputs.closed():
            self._outputs.stop_on_recv()

    def begin_with(self, messages: Sequence[Message]) -> None:
        """Put messages before everything: they came just before the page went away."""
        for channel, frames in reversed(messages):
            kept = _without_number(frames)
            self._kept.appendleft((channel, kept))
            self._size += sum(len(frame) for frame in kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[tuple[str, list[bytes]]]:
        return iter(self._kept)

    def address_anew(self, client: str, sign: Sign) -> int:
        """The page that asked is gone for good: say so before what it missed; how many outputs.

        A page that was opened anew has no cell for these messages. Addressed to it, and not on
        the channel of outputs, JupyterLab takes them for unexpected and shows them in the
        notebook's log console; as ordinary outputs of another page it would hide them.

        Args:
            client: the session id of the new page's connection.
            sign: signs header, parent, metadata and content; a page that speaks Jupyter's older
                protocol has every signature checked.
        """
        count = 0
        for place, (channel, frames) in enumerate(self._kept):
            if channel == "iopub" and frames[0] in _OUTPUTS and _DELIMITER in frames:
                count += 1
                self._kept[place] = (_UNEXPECTED, _addressed(frames, client, sign))
        if count:
            first = next(frames for channel, frames in self._kept if channel == _UNEXPECTED)
            self._kept.appendleft((_UNEXPECTED, _notice(first, count, sign)))
        return count


def _without_number(frames: Sequence[bytes]) -> list[bytes]:
    """`frames` as they are shown later: they must not count as seen then."""
    return [bytes(frames[0]).split(b" ")[0], *frames[1:]]


def _addressed(frames: list[bytes], client: str, sign: Sign) -> list[bytes]:
    """`frames` as if `client` had asked."""
    at = frames.index(_DELIMITER)
    parts = list(frames[at + _HEADER : at + _CONTENT + 1])
    parent = json.loads(frames[at + _PARENT]) | {"session": client}
    parts[_PARENT - _HEADER] = json.dumps(parent).encode()
    buffers = frames[at + _CONTENT + 1 :]
    return [*frames[: at + 1], sign(parts), *parts, *buffers]


def _notice(frames: list[bytes], count: int, sign: Sign) -> list[bytes]:
    """A stream output in the form of `frames`, before which it is shown."""
    at = frames.index(_DELIMITER)
    header = json.loads(frames[at + _HEADER])
    text = (
        f"[vitrine] {count:,} outputs came while no page was open. They belong to cells of the "
        "page that was closed, so they are shown here, in the log console, and not below a cell\n"
    )
    head = json.dumps(header | {"msg_type": "stream", "msg_id": f"{header['msg_id']}-notice"})
    content = json.dumps({"name": "stderr", "text": text})
    parts = [head.encode(), frames[at + _PARENT], b"{}", content.encode()]
    return [b"stream", frames[at], sign(parts), *parts]
