"""A researcher's code that speaks to the gate in the agent's place. Sent to a kernel as a cell.

It has the agent's account, so the gate's socket answers it. Standard library only.
"""

import contextlib
import json
import os
import socket
import struct
import time

GATE = "/run/gate/agent.sock"
LAST, URGENT = 1, 2


def dial(timeout_s=10):
    link = socket.socket(socket.AF_UNIX)
    link.connect(GATE)  # waits while the gate's queue is full
    link.settimeout(timeout_s)
    return link


def frame(payload, flags=LAST):
    return struct.pack("!IB", len(payload) + 1, flags) + payload


def message(*parts):
    head = struct.pack(f"!H{len(parts)}I", len(parts), *map(len, parts))
    return frame(head + b"".join(parts))


def told(**head):
    return message(json.dumps(head).encode())


def push(link, data, most=1 << 30):
    """Send until everything is sent or the gate hangs up; how many bytes it took."""
    sent = 0
    try:
        while sent < most:
            link.sendall(data)
            sent += len(data)
    except OSError:
        pass
    return sent


def is_hung_up(link, timeout_s=10):
    """Whether the gate ends this connection in time; what it says before is thrown away."""
    link.settimeout(timeout_s)
    try:
        while link.recv(1 << 16):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def a_line_of_a_gigabyte():
    link = dial()
    return {"taken": push(link, b"A" * (1 << 20)), "ended": is_hung_up(link)}


def a_message_without_end():
    """Proper frames, a gigabyte of them, none the last."""
    link = dial()
    return {"taken": push(link, frame(b"A" * ((1 << 20) - 1), 0)), "ended": is_hung_up(link)}


def a_flood_of_tiny_frames():
    link = dial()
    return {"taken": push(link, frame(b"", LAST) * 10_000, 50 << 20), "ended": is_hung_up(link)}


def half_a_frame():
    link = dial()
    link.send(b"\0\0\1")
    return {"ended": is_hung_up(link)}


def thousands_of_connections():
    """As many as this container may hold, each with the beginning of a large message."""
    links, started = [], time.monotonic()
    try:
        while len(links) < 3000 and time.monotonic() - started < 20:
            links.append(dial())
    except OSError:
        pass
    for link in links:
        link.setblocking(False)
    large = [frame(b"A" * ((1 << 20) - 1), 0) for _ in range(8)]
    taken = 0
    for data in large:
        for link in links:
            try:
                taken += link.send(data)
            except OSError:
                continue
    time.sleep(6)
    ended = sum(is_hung_up(link, 0.01) for link in links)
    return {"made": len(links), "taken": taken, "ended": ended}


def greetings(kernels, neighbour):
    """What is said first, by somebody who is not expected; whether the gate hangs up on each."""
    deep = b"[" * 100_000 + b"]" * 100_000
    said = {
        "control": told(role="control", kernels=[]),
        "own kernel, later": told(role="kernel", kernel_id=kernels[0], incarnation=2),
        "own kernel, before": told(role="kernel", kernel_id=kernels[0], incarnation=-1),
        "a neighbour's kernel": told(role="kernel", kernel_id=neighbour, incarnation=1),
        "no kernel": told(role="kernel"),
        "no role": told(),
        "an unknown role": told(role="hub"),
        "a number for a role": told(role=1),
        "a list for an id": told(role="kernel", kernel_id=[kernels[0]], incarnation=[1]),
        "not JSON": message(b"\xff\xfe"),
        "not an object": message(b"[1]"),
        "nested too deeply": message(deep),
        "not a number": message(b'{"role": NaN}'),
        "half a surrogate": message(b'{"role": "\\ud800"}'),
        "no parts": frame(struct.pack("!H", 0)),
        "lengths that lie": frame(struct.pack("!HI", 1, 1 << 31) + b"{}"),
        "unknown flags": frame(b"{}", 0xF0),
        "an empty frame": frame(b"", 0),
        "a length of nothing": b"\0\0\0\0\0",
        "many pieces": message(b'{"role": [' + b",".join([b"{}"] * 300_000) + b"]}"),
    }
    ended = {}
    for name, data in said.items():
        link = dial()
        with contextlib.suppress(OSError):
            link.sendall(data)
        ended[name] = is_hung_up(link)
    return ended


def a_kernels_place(kernels):
    """Connect as the agent does for the kernel that runs this, and send what no kernel sends."""
    link = dial(3)
    link.sendall(told(role="kernel", kernel_id=kernels[0], incarnation=1, received=[]))
    time.sleep(0.5)
    header = json.dumps({"msg_id": "x", "msg_type": "execute_reply"}).encode()
    parent = json.dumps({"msg_id": "y"}).encode()
    number = (1 << 50).to_bytes(8, "big")
    for channel in (b"\0", b"\1", b"\x09", b"", b"exit", b"dropped", b"ack"):
        with contextlib.suppress(OSError):
            link.sendall(message(number, channel, header, parent, b"{}", b"{}"))
            link.sendall(message(number, channel, b"[" * 1000, b"null", b"\xff", b"NaN"))
            link.sendall(message(b"", channel))
    return {"ended": is_hung_up(link)}


def agent_pids():
    """The agent's process, which has this account, too."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if b"vitrine.session.agent" in words and int(process) != 1:
            found.append(int(process))
    return found


class FalseAgent:
    """Holds the control connection in the agent's place, once the gate listens anew."""

    def __init__(self, kernels):
        deadline = time.monotonic() + 60
        while True:
            self.link = socket.socket(socket.AF_UNIX)
            try:
                self.link.connect(GATE)
                facts = [{"kernel_id": name, "incarnation": 1} for name in kernels]
                self.link.sendall(told(role="control", kernels=facts))
                self.link.settimeout(0.5)
                if self.link.recv(1, socket.MSG_PEEK):
                    return
            except TimeoutError:
                return  # not hung up on: accepted
            except OSError:
                pass
            self.link.close()
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def lie(self, lies):
        """Say things that are not so, one after the other; which of them ended the connection."""
        self.link.settimeout(5)
        for name, data in lies.items():
            try:
                self.link.sendall(data)
                time.sleep(0.05)
                if not self.link.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    return name
            except BlockingIOError:
                continue
            except OSError:
                return name
        return ""

    def answer(self, make, most, timeout_s):
        """Answer so many questions of the gate with what `make` returns for each."""
        self.link.settimeout(timeout_s)
        asked = []
        try:
            while len(asked) < most:
                head = json.loads(self._receive()[0])
                asked.append(head.get("op"))
                for data in make(head):
                    self.link.sendall(data)
        except (OSError, ValueError):
            pass
        return asked

    def _receive(self):
        data = b""
        while True:
            length, flags = struct.unpack("!IB", self._exactly(5))
            data += self._exactly(length - 1)
            if flags & LAST:
                break
        (count,) = struct.unpack_from("!H", data)
        lengths = struct.unpack_from(f"!{count}I", data, 2)
        at, parts = 2 + 4 * count, []
        for length in lengths:
            parts.append(data[at : at + length])
            at += length
        return parts

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.link.recv(size - len(data))
            if not piece:
                raise OSError("hung up")
            data += piece
        return data


def untruths(kernels):
    """Pushed facts and answers that nobody asked for."""
    return {
        "an answer to nothing": told(id=99, ok=True, result={}),
        "an answer to a word": told(id="x", ok=True),
        "an answer to a list": told(id=[1], ok=True),
        "an answer to nobody": told(id=None),
        "an exit": told(push="exit", kernel_id=kernels[0], incarnation=1, exit_code=0),
        "a draft of nothing": told(push="draft", number=1),
        "a draft from outside": told(push="draft", number=2, paths=["../../etc/passwd"]),
        "a draft of words": told(push="draft", number="x", paths="all"),
        "a thousand drafts": b"".join(
            told(push="draft", number=n, paths=["/etc/passwd"]) for n in range(1000)
        ),
        "an unknown push": told(push="root"),
        "a push of a list": told(push=["draft"]),
        "a file of 24 MB": message(b'{"id": 5, "ok": true}', b"A" * 200_000),
    }
