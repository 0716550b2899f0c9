"""What the gate says to the lab over real ZMQ sockets."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import zmq
import zmq.asyncio

from vitrine.session.gate.outlet import Outlet

SHELL = 0


async def page_at(base: Path, route: bytes) -> zmq.asyncio.Socket:
    page = zmq.asyncio.Context.instance().socket(zmq.DEALER)
    page.setsockopt(zmq.IDENTITY, route)
    page.setsockopt(zmq.LINGER, 0)
    page.connect(f"ipc://{base}-{SHELL + 1}")
    return page


def test_replies_to_a_page_that_is_about_to_connect_keep_their_order():
    async def exchange(base: Path) -> list[bytes]:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        outlet = Outlet(base, context, print, print, print)
        for number in range(3):
            outlet.reply(SHELL, [b"tab", b"%d" % number])
        page = await page_at(base, b"tab")
        try:
            # It is connected now, but what came first still waits for its next try.
            while not outlet._ports[SHELL].send([b"tab", b"connected"]):
                await asyncio.sleep(0.001)
            for number in range(3, 6):
                outlet.reply(SHELL, [b"tab", b"%d" % number])
            return [(await asyncio.wait_for(page.recv_multipart(), 5))[0] for _ in range(7)]
        finally:
            page.close()
            outlet.close()
            context.destroy(linger=0)

    with tempfile.TemporaryDirectory() as directory:
        received = asyncio.run(exchange(Path(directory, "k")))
    assert received == [b"connected", b"0", b"1", b"2", b"3", b"4", b"5"]
