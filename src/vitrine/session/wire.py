"""Frames between lab, gate and agent: length-prefixed, at most 1 MiB, over one Unix stream.

A *message* is a list of byte strings (parts); the first part of most messages is a JSON object.
A message travels as one or more *frames*::

    frame   := u32 length of what follows | u8 flags | payload          (length <= 1 MiB)
    flags   := LAST (1): the message ends with this frame · URGENT (2): the urgent lane
    message := u16 number of parts | u32 length of each part | the parts

Two lanes share a stream. Frames of an urgent message may stand between the frames of an ordinary
one, so an interrupt overtakes a 100 MB upload; within a lane the order is kept. Integers are
big-endian. Standard library only: this file is copied into the images as it is.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

FRAME_LIMIT: Final = 1 << 20
"""Largest frame in bytes, flags and payload counted."""
_CHUNK: Final = 256 << 10
_HIGH_WATER: Final = 512 << 10
_HEAD: Final = struct.Struct("!IB")
_LAST: Final = 1
_URGENT: Final = 2
_PARTS_LIMIT: Final = 1024

_UNEXPECTED: Final = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
"""What careless handling of a hostile message raises."""

Parts = Sequence[bytes | memoryview]


class WireError(Exception):
    """The peer does not keep to the frame format; the connection cannot be used any more."""


def encode(parts: Parts) -> bytes:
    """The bytes of one message, not yet cut into frames.

    Raises:
        WireError: when there is no part, or more than 1,024.
    """
    if not 1 <= len(parts) <= _PARTS_LIMIT:
        raise WireError(f"a message of {len(parts)} parts; 1 to {_PARTS_LIMIT} are possible")
    head = struct.pack(f"!H{len(parts)}I", len(parts), *(len(part) for part in parts))
    return b"".join((head, *parts))


def decode(message: bytes | bytearray) -> list[bytes]:
    """The parts of one message.

    Raises:
        WireError: when it has no part, or the lengths do not add up to the message.
    """
    try:
        (count,) = struct.unpack_from("!H", message)
        if not 1 <= count <= _PARTS_LIMIT:
            raise WireError("a message without parts, or with too many")
        lengths = struct.unpack_from(f"!{count}I", message, 2)
    except struct.error:
        raise WireError("a message shorter than its own head") from None
    offset = 2 + 4 * count
    if offset + sum(lengths) != len(message):
        raise WireError("the lengths of a message do not add up")
    parts = []
    view = memoryview(message)
    for length in lengths:
        parts.append(bytes(view[offset : offset + length]))
        offset += length
    return parts


def pack(head: Mapping[str, Any], *bodies: bytes) -> list[bytes]:
    """A message whose first part is `head` as JSON, followed by `bodies`."""
    return [json.dumps(head, separators=(",", ":")).encode(), *bodies]


def head_of(parts: Sequence[bytes]) -> dict[str, Any]:
    """The JSON object in the first part of a message.

    Raises:
        WireError: when there is none.
    """
    try:
        head = json.loads(parts[0])
    except (IndexError, ValueError, RecursionError):
        raise WireError("the head of a message is not JSON") from None
    if not isinstance(head, dict):
        raise WireError("the head of a message is not a JSON object")
    return head


class Link(asyncio.Protocol):
    """One end of a connection: sends and receives whole messages, with bounded memory.

    Args:
        on_message: called with the parts of each message, in order within its lane.
        on_close: called once when the connection has ended, with a reason or None.
        message_limit: largest message accepted, in bytes. A longer one is thrown away as it
            arrives and reported to `on_oversize`.
        on_oversize: called with the size of a message that was thrown away and its first frame.
    """

    def __init__(
        self,
        on_message: Callable[[Link, list[bytes]], None],
        on_close: Callable[[Link, str | None], None],
        *,
        message_limit: int,
        on_oversize: Callable[[Link, int, bytes], None] | None = None,
    ) -> None:
        self._on_message = on_message
        self._on_close = on_close
        self._on_oversize = on_oversize
        self._limit = message_limit
        self.transport: asyncio.Transport | None = None
        self.fault = ""
        """What the peer did that ended the connection; empty when it ended otherwise."""
        self._buffer = bytearray()
        self._lanes: tuple[_Assembly, _Assembly] = (_Assembly(), _Assembly())
        self._queues: tuple[deque[_Outgoing], deque[_Outgoing]] = (deque(), deque())
        self._queued = 0
        self._paused = False
        self._closed = False

    # -- sending ---------------------------------------------------------------------------

    @property
    def queued_bytes(self) -> int:
        """Bytes handed to `send` that the peer's buffer has not taken yet."""
        waiting = self.transport.get_write_buffer_size() if self.transport else 0
        return self._queued + waiting

    @property
    def is_open(self) -> bool:
        """Whether a message sent now has a chance to arrive."""
        return self.transport is not None and not self._closed

    def send(self, parts: Parts, *, urgent: bool = False) -> None:
        """Queue one message; an urgent one goes before every ordinary one that waits."""
        if self._closed:
            return
        message = encode(parts)
        self._queued += len(message)
        self._queues[1 if urgent else 0].append(_Outgoing(memoryview(message)))
        self._pump()

    def _pump(self) -> None:
        while self.transport is not None and not self._paused and not self._closed:
            lane = 1 if self._queues[1] else 0
            if not self._queues[lane]:
                break
            outgoing = self._queues[lane][0]
            chunk, last = outgoing.next_chunk()
            flags = (_LAST if last else 0) | (_URGENT if lane else 0)
            self.transport.write(b"".join((_HEAD.pack(len(chunk) + 1, flags), chunk)))
            self._queued -= len(chunk)
            if last:
                self._queues[lane].popleft()

    def pause(self) -> None:
        """Leave what the peer sends in its own buffers until `resume`."""
        if self.transport is not None and not self._closed:
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self.transport is not None and not self._closed:
            self.transport.resume_reading()

    # -- asyncio.Protocol ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start sending what was queued before the connection stood."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        self._pump()

    def pause_writing(self) -> None:
        """The peer is slow: keep what follows in the queue."""
        self._paused = True

    def resume_writing(self) -> None:
        """The peer caught up."""
        self._paused = False
        self._pump()

    def data_received(self, data: bytes) -> None:
        """Take bytes from the peer; deliver the messages they complete.

        A peer whose message cannot be handled loses its connection, and nobody else does.
        """
        self._buffer += data
        try:
            self._take_frames()
        except WireError as problem:
            self._blame(str(problem))
        except _UNEXPECTED as problem:
            self._blame(f"a message of an unknown form ({type(problem).__name__})")

    def _blame(self, fault: str) -> None:
        self.fault = fault
        self.close(fault)

    def _take_frames(self) -> None:
        offset = 0
        available = len(self._buffer)
        try:
            while available - offset >= _HEAD.size and not self._closed:
                length, flags = _HEAD.unpack_from(self._buffer, offset)
                if not 1 <= length <= FRAME_LIMIT or flags & ~3:
                    raise WireError("a frame of an unknown form")
                end = offset + 4 + length
                if available < end:
                    break
                with memoryview(self._buffer) as view:
                    payload = bytes(view[offset + _HEAD.size : end])
                offset = end
                self._take(self._lanes[1 if flags & _URGENT else 0], payload, bool(flags & _LAST))
        finally:
            del self._buffer[:offset]

    def _take(self, lane: _Assembly, payload: bytes, last: bool) -> None:
        if not payload and not last:
            raise WireError("an empty frame")
        lane.add(payload, self._limit)
        if not last:
            return
        size, first, message = lane.finish(self._limit)
        if message is not None:
            self._on_message(self, decode(message))
        elif self._on_oversize is not None:
            self._on_oversize(self, size, first)

    def connection_lost(self, problem: Exception | None) -> None:
        """Tell the owner once."""
        self._finish(str(problem) if problem else None)

    def close(self, reason: str | None = None) -> None:
        """End the connection now; what is queued is dropped."""
        if self.transport is not None:
            self.transport.abort()
        self._finish(reason)

    def _finish(self, reason: str | None) -> None:
        if self._closed:
            return
        self._closed = True
        self._queues[0].clear()
        self._queues[1].clear()
        self._queued = 0
        self._on_close(self, reason)


class _Outgoing:
    """A message on its way out, cut into frames as the peer takes them."""

    __slots__ = ("_at", "_message")

    def __init__(self, message: memoryview) -> None:
        self._message = message
        self._at = 0

    def next_chunk(self) -> tuple[memoryview, bool]:
        chunk = self._message[self._at : self._at + _CHUNK]
        self._at += len(chunk)
        return chunk, self._at >= len(self._message)


class _Assembly:
    """A message on its way in; beyond the limit only its size and first frame are kept."""

    __slots__ = ("_chunks", "_first", "_size")

    def __init__(self) -> None:
        self._chunks = bytearray()
        self._first = b""
        self._size = 0

    def add(self, chunk: bytes, limit: int) -> None:
        if not self._size:
            self._first = chunk
        elif self._size <= limit:
            # One buffer, not a list: a peer may send a byte at a time.
            if not self._chunks:
                self._chunks += self._first
            self._chunks += chunk
        self._size += len(chunk)
        if self._size > limit:
            self._chunks = bytearray()

    def finish(self, limit: int) -> tuple[int, bytes, bytes | bytearray | None]:
        size, first, chunks = self._size, self._first, self._chunks
        self._chunks, self._first, self._size = bytearray(), b"", 0
        return size, first, None if size > limit else chunks or first
