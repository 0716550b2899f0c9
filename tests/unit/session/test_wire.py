"""The frame format between lab, gate and agent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.session.wire import (
    FRAME_LIMIT,
    Link,
    WireError,
    decode,
    encode,
    head_of,
    pack,
)

PARTS = st.lists(st.binary(max_size=2000), min_size=1, max_size=8)


class End:
    """One end of a connection, with what it received."""

    def __init__(self, limit: int = 1 << 30) -> None:
        self.messages: list[list[bytes]] = []
        self.oversize: list[tuple[int, bytes]] = []
        self.closed: list[str | None] = []
        self.link = Link(
            lambda _link, parts: self.messages.append(parts),
            lambda _link, reason: self.closed.append(reason),
            message_limit=limit,
            on_oversize=lambda _link, size, first: self.oversize.append((size, first)),
        )


class Wire:
    """A transport that keeps what is written, and can say that it is full."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.is_aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.is_aborted = True

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int) -> None:
        pass


def an_end(limit: int = 1 << 30) -> tuple[End, Wire]:
    end, wire = End(limit), Wire()
    end.link.transport = wire  # type: ignore[assignment]
    return end, wire


def frames_of(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        length, flags = struct.unpack_from("!IB", data)
        found.append((flags, bytes(data[5 : 4 + length])))
        data = data[4 + length :]
    return found


@given(st.lists(PARTS, min_size=1, max_size=10), st.integers(1, 70_000))
def test_whatever_is_sent_arrives_whole_and_in_order_however_the_stream_is_cut(sent, cut):
    sender, wire = an_end()
    receiver, _ = an_end()
    for parts in sent:
        sender.link.send(parts)
    data = bytes(wire.written)
    for at in range(0, len(data), cut):
        receiver.link.data_received(data[at : at + cut])
    assert receiver.messages == sent
    assert receiver.closed == []


@given(st.binary(max_size=4000))
def test_garbage_is_either_waited_for_or_ends_the_connection_but_never_raises(data):
    end, wire = an_end(limit=10_000)
    end.link.data_received(data)
    assert wire.is_aborted == bool(end.closed)


@given(PARTS, st.data())
def test_a_message_with_one_byte_of_its_lengths_changed_is_not_delivered(parts, data):
    message = bytearray(encode(parts))
    at = data.draw(st.integers(0, 1 + 4 * len(parts)))
    message[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(WireError):
        decode(bytes(message))


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(struct.pack("!IB", 0, 1), id="length zero"),
        pytest.param(struct.pack("!IB", FRAME_LIMIT + 1, 1), id="above the frame limit"),
        pytest.param(struct.pack("!IB", 0xFFFFFFFF, 1), id="4 GiB"),
        pytest.param(struct.pack("!IB", 5, 4) + b"abcd", id="unknown flag"),
        pytest.param(struct.pack("!IB", 1, 0), id="empty and more to come"),
        pytest.param(struct.pack("!IB", 1, 1), id="empty message"),
        pytest.param(struct.pack("!IB", 3, 1) + b"\x00\x00", id="no parts"),
        pytest.param(struct.pack("!IB", 3, 1) + b"\xff\xff", id="65,535 parts"),
        pytest.param(struct.pack("!IBHI", 7, 1, 1, 9), id="a part that is not there"),
    ],
)
def test_a_frame_of_an_unknown_form_closes_the_connection_with_a_reason(frame):
    end, wire = an_end()
    end.link.data_received(frame)
    assert wire.is_aborted
    assert end.closed
    assert end.closed[0]
    assert end.messages == []


def test_a_message_that_cannot_be_handled_costs_its_sender_the_connection_and_nothing_else():
    end, wire = an_end()
    end.link._on_message = lambda _link, parts: json.loads(parts[0])["a"]["b"]
    sender, sent = an_end()
    sender.link.send([b'{"a":[]}'])
    end.link.data_received(bytes(sent.written))
    assert wire.is_aborted
    assert end.closed == ["a message of an unknown form (TypeError)"]


def test_an_urgent_message_overtakes_a_20_mb_message_that_is_already_on_its_way():
    sender, wire = an_end()
    big = bytes(20 << 20)
    sender.link._paused = True
    sender.link.send([b"big", big])
    sender.link._paused = False
    taken = {"frames": 0}
    write = wire.write

    def slowly(data: bytes) -> None:
        write(data)
        taken["frames"] += 1
        if taken["frames"] == 3:
            sender.link._paused = True

    wire.write = slowly  # type: ignore[method-assign]
    sender.link._pump()
    sender.link.send([b"interrupt"], urgent=True)
    sender.link.resume_writing()
    kinds = [flags & 2 for flags, _ in frames_of(bytes(wire.written))]
    assert kinds.index(2) == 3
    receiver, _ = an_end()
    receiver.link.data_received(bytes(wire.written))
    assert [parts[0] for parts in receiver.messages] == [b"interrupt", b"big"]
    assert receiver.messages[1][1] == big


def test_a_message_above_the_limit_is_thrown_away_as_it_arrives():
    sender, wire = an_end()
    receiver, _ = an_end(limit=1 << 20)
    sender.link.send([b"header", bytes(60 << 20)])
    sender.link.send([b"next"])
    data = bytes(wire.written)
    tracemalloc.start()
    for at in range(0, len(data), 256 << 10):
        receiver.link.data_received(data[at : at + (256 << 10)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 << 20
    ((size, first),) = receiver.oversize
    assert size > 60 << 20
    assert b"header" in first
    assert receiver.messages == [[b"next"]]


def test_a_message_sent_two_bytes_a_frame_takes_no_more_memory_than_its_size():
    body = bytes(400_000)
    message = encode([body])
    frames = b"".join(
        struct.pack("!IB", 1 + len(message[at : at + 2]), int(at + 2 >= len(message)))
        + message[at : at + 2]
        for at in range(0, len(message), 2)
    )
    receiver, _ = an_end()
    tracemalloc.start()
    for at in range(0, len(frames) - 1000, 65536):
        receiver.link.data_received(frames[at : at + 65536])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * len(message)


@given(st.binary(max_size=200))
def test_a_head_is_a_json_object_or_a_wire_error(data):
    with contextlib.suppress(WireError):
        assert isinstance(head_of([data]), dict)


@pytest.mark.parametrize(
    "head", [b"[" * 100_000, b"1" * 10_000, b"null", b"\xff\xfe", b'"\\ud800"', b"[1,2]"]
)
def test_a_head_that_is_no_object_is_a_wire_error(head):
    with pytest.raises(WireError):
        head_of([head])


def test_a_message_without_parts_or_with_too_many_is_not_sent():
    with pytest.raises(WireError):
        encode([])
    with pytest.raises(WireError):
        encode([b""] * 1025)


def test_a_peer_that_does_not_read_stops_the_writer_not_the_memory_of_the_socket():
    async def scenario() -> None:
        ours, theirs = socket.socketpair()
        end = End()
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: end.link, sock=ours)
        for _ in range(40):
            end.link.send([bytes(1 << 20)])
        await asyncio.sleep(0.05)
        assert end.link.transport is not None
        assert end.link.transport.get_write_buffer_size() < 2 << 20
        assert end.link.queued_bytes > 35 << 20
        theirs.close()
        await asyncio.sleep(0.05)
        assert end.closed
        assert end.link.queued_bytes == 0
        end.link.send([b"late"])

    asyncio.run(scenario())


@settings(max_examples=20)
@given(st.dictionaries(st.text(max_size=10), st.integers() | st.text(max_size=20), max_size=5))
def test_a_head_comes_back_as_it_was_packed(head):
    assert head_of(pack(head, b"body")) == head
