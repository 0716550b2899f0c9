"""A port never forgets a message that has arrived, whatever else is done with its socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
import zmq

from vitrine.session.channels import Port


def receive_after(
    do_meanwhile: Callable[[Port], None], kind: int, options: dict[int, int]
) -> list[list[bytes]]:
    """What a port hands over of one message that arrived just before `do_meanwhile`."""

    async def scene() -> list[list[bytes]]:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        server, peer = context.socket(kind), context.socket(zmq.DEALER)
        peer.setsockopt(zmq.RCVHWM, 1)
        try:
            for option, value in options.items():
                server.setsockopt(option, value)
            server.bind("inproc://here")
            peer.connect("inproc://here")
            found: list[list[bytes]] = []
            port = Port(server, found.append)
            await asyncio.sleep(0.05)
            peer.send(b"a message")
            time.sleep(0.05)  # it arrives while the loop does something else
            do_meanwhile(port)
            await asyncio.sleep(0.2)
            port.close()
            return found
        finally:
            peer.close(linger=0)
            context.term()

    return asyncio.run(scene())


def test_a_message_that_came_during_a_send_to_a_peer_that_is_gone_is_handed_over() -> None:
    def send_to_nobody(port: Port) -> None:
        assert not port.send([b"nobody has this identity", b"x"])

    found = receive_after(send_to_nobody, zmq.ROUTER, {zmq.ROUTER_MANDATORY: 1})
    assert [frames[-1] for frames in found] == [b"a message"]


def test_a_message_that_came_during_a_send_that_would_block_is_handed_over() -> None:
    def send_too_much(port: Port) -> None:
        while port.send([b"x"]):
            pass

    found = receive_after(send_too_much, zmq.DEALER, {zmq.SNDHWM: 1})
    assert [frames[-1] for frames in found] == [b"a message"]


@pytest.mark.parametrize("count", [0, 1])
def test_a_message_that_came_during_a_successful_send_is_handed_over(count: int) -> None:
    def send(port: Port) -> None:
        for _ in range(count):
            assert port.send([b"x"])

    found = receive_after(send, zmq.DEALER, {})
    assert [frames[-1] for frames in found] == [b"a message"]
