"""One kernel process and its connection to the gate.

Everything the kernel says gets a number and is kept until the gate confirms that number, so a
gate that dies loses nothing up to the limit. While the gate is there, a full buffer slows the
kernel down; while it is away, outputs beyond the limit are dropped, counted and reported.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import signal
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import zmq

from vitrine.session.channels import CHANNELS, Port
from vitrine.session.wire import Link, pack

_DELIMITER: Final = b"<IDS|MSG>"
_PAUSE_BYTES: Final = 8 << 20
_PAUSE_LIMIT_S: Final = 1.0
_RECEIVED_LIMIT: Final = 2000
_TAIL_BYTES: Final = 512 << 10
_TAIL_MESSAGES: Final = 24
_TAIL_LIMIT: Final = 16 << 20
_IOPUB: Final = CHANNELS.index("iopub")
_IOPUB_BYTE: Final = bytes([_IOPUB])
_OUTPUTS: Final = frozenset({"stream", "display_data", "update_display_data", "execute_result"})


class WarmInterpreter:
    """A single-use Python process that has imported the kernel and waits for its order."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    async def prepare(self) -> None:
        """Start importing now."""
        self._process = await self._spawn()

    async def take(self, order: dict[str, Any]) -> asyncio.subprocess.Process:
        """A process that becomes the kernel of `order`."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            process = await self._spawn()
        assert process.stdin is not None
        process.stdin.write(json.dumps(order).encode() + b"\n")
        with contextlib.suppress(OSError):
            await process.stdin.drain()
        process.stdin.close()
        return process

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("kernel_main.py")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment | {"JPY_PARENT_PID": str(os.getpid())},
            start_new_session=True,
        )


class Kernel:
    """A kernel incarnation: process, ZMQ sockets, numbered outbox.

    Args:
        out_of_memory: how often this container has run out of memory.
    """

    def __init__(
        self,
        kernel_id: str,
        incarnation: int,
        *,
        runtime: Path,
        buffer_bytes: int,
        out_of_memory: Callable[[], int],
    ) -> None:
        self.kernel_id = kernel_id
        self.incarnation = incarnation
        self.exit_code: int | None = None
        self.link: Link | None = None
        self.is_attaching = False
        self._base = runtime / f"k-{kernel_id[:8]}-{incarnation}"
        self._key = secrets.token_hex(32).encode()
        self._buffer_bytes = buffer_bytes
        self._out_of_memory = out_of_memory
        self._out_of_memory_before = out_of_memory()
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._context = zmq.Context()
        self._ports: dict[int, Port] = {}
        self._sent = 0
        self._is_flowing = False
        self._paused_since: float | None = None
        self._is_shedding = False
        self._outbox: deque[tuple[int, int, list[bytes]]] = deque()
        self._outbox_bytes = 0
        self._tail: deque[tuple[int, int, list[bytes]]] = deque()
        self._tail_bytes = 0
        self._dropped: dict[str, list[int]] = {}
        self._received: dict[str, None] = {}

    # -- process ---------------------------------------------------------------------------

    async def start(self, warm: WarmInterpreter, cwd: Path) -> None:
        """Start the process and connect to its sockets."""
        connection_file = Path(f"{self._base}.json")
        info = {
            "transport": "ipc",
            "ip": str(self._base),
            "key": self._key.decode(),
            "signature_scheme": "hmac-sha256",
            "kernel_name": "python3",
            **{f"{name}_port": number for number, name in enumerate(CHANNELS, start=1)},
        }
        descriptor = os.open(connection_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(info, file)
        self._connect()
        order = {"connection_file": str(connection_file), "cwd": str(cwd)}
        self._process = await warm.take(order)
        self._waiting = asyncio.ensure_future(self._wait(self._process))

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        self.exit_code = await process.wait()
        # What the kernel wrote last is still on its way through ZMQ.
        await asyncio.sleep(0.05)
        for port in self._ports.values():
            port.resume()
        await asyncio.sleep(0.05)
        is_out = self.exit_code == -signal.SIGKILL and (
            self._out_of_memory() > self._out_of_memory_before
        )
        fact = {"exit_code": self.exit_code, "out_of_memory": is_out}
        self._report_dropped()
        self._append([b"exit", json.dumps(fact).encode()], 64)

    def signal(self, number: int) -> None:
        """Send a signal: an interrupt to the kernel itself, anything else to its whole group."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGINT:
                os.kill(self._process.pid, number)
            else:
                os.killpg(self._process.pid, number)

    def close(self) -> None:
        """End the process group, the sockets and the connection to the gate."""
        self.signal(signal.SIGKILL)
        for port in self._ports.values():
            port.close()
        self._ports.clear()
        self._context.destroy(linger=0)
        if self.link is not None:
            self.link.close("the kernel has ended")
        for left in self._base.parent.glob(f"{self._base.name}*"):
            left.unlink(missing_ok=True)

    # -- kernel to gate --------------------------------------------------------------------

    def _connect(self) -> None:
        kinds = {"shell": zmq.DEALER, "iopub": zmq.SUB, "stdin": zmq.DEALER, "control": zmq.DEALER}
        for number, name in enumerate(CHANNELS):
            if name not in kinds:
                continue
            socket = self._context.socket(kinds[name])
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RECONNECT_IVL, 5)
            socket.setsockopt(zmq.RECONNECT_IVL_MAX, 50)
            if name == "iopub":
                socket.setsockopt(zmq.RCVHWM, 200)
                socket.setsockopt(zmq.SUBSCRIBE, b"")
            else:
                socket.setsockopt(zmq.IDENTITY, b"vitrine-gate")
                socket.setsockopt(zmq.SNDHWM, 0)
            socket.connect(f"ipc://{self._base}-{number + 1}")
            self._ports[number] = Port(socket, self._taker(number))

    def _taker(self, channel: int) -> Callable[[list[bytes]], None]:
        def take(frames: list[bytes]) -> None:
            if _DELIMITER in frames:
                after = frames.index(_DELIMITER) + 2
                self._emit(channel, frames[after:])

        return take

    def _emit(self, channel: int, frames: list[bytes]) -> None:
        size = sum(len(frame) for frame in frames)
        is_over = self._outbox_bytes + size > self._buffer_bytes
        is_shedding = (is_over or self._dropped) and (self.link is None or self._is_shedding)
        if is_shedding and self._drop(channel, frames, size):
            return
        if self._dropped:
            # Before the idle that ends a cell: afterwards the page has no place to say it.
            self._report_dropped()
        self._append([bytes([channel]), *frames], size)
        if self._outbox_bytes > min(_PAUSE_BYTES, self._buffer_bytes) and not self._is_shedding:
            self._slow_down()

    def _slow_down(self) -> None:
        """Let the kernel wait for a gate that is busy, but not for one that makes no progress."""
        if self.link is None or self._paused_since is not None or _IOPUB not in self._ports:
            return
        loop = asyncio.get_running_loop()
        self._paused_since = loop.time()
        self._ports[_IOPUB].pause()
        loop.call_later(_PAUSE_LIMIT_S, self._shed, self._paused_since)

    def _shed(self, since: float) -> None:
        # The kernel's own queue would otherwise grow until it runs out of memory.
        if self._paused_since == since:
            self._is_shedding = True
            self._flow_again()

    def _flow_again(self) -> None:
        self._paused_since = None
        if _IOPUB in self._ports:
            self._ports[_IOPUB].resume()

    def _append(self, parts: list[bytes], size: int) -> None:
        self._sent += 1
        message = [self._sent.to_bytes(8, "big"), *parts]
        self._outbox.append((self._sent, size, message))
        self._outbox_bytes += size
        if self.link is not None and self._is_flowing:
            self.link.send(message)

    def _drop(self, channel: int, frames: list[bytes], size: int) -> bool:
        """Whether this message was an output, which is now only counted."""
        try:
            header, parent = json.loads(frames[0]), json.loads(frames[1])
            parent_id = str(parent.get("msg_id", ""))
            if channel != _IOPUB or header["msg_type"] not in _OUTPUTS:
                return False
        except (ValueError, LookupError, TypeError, AttributeError):
            return False
        count = self._dropped.setdefault(parent_id, [0, 0])
        count[0] += 1
        count[1] += size
        return True

    # -- gate ------------------------------------------------------------------------------

    def attach(self, link: Link) -> None:
        """The gate is there: introduce this kernel and repeat what it has not confirmed.

        `received` names the requests that reached the kernel and whose reply is not certainly in
        the journal: the gate tells all others of its own that they were not executed.
        """
        self.link = link
        link.send(
            pack(
                {
                    "role": "kernel",
                    "kernel_id": self.kernel_id,
                    "incarnation": self.incarnation,
                    "received": list(self._received),
                }
            )
        )

    def detach(self, link: Link) -> None:
        """That connection ended: keep reading, up to the limit."""
        if self.link is link:
            self.link = None
            self._is_flowing = False
            self._flow_again()

    def take(self, _link: Link, parts: list[bytes]) -> None:
        """A message of the gate: a confirmation, or something for the kernel."""
        if parts[0] == b"ack":
            self._confirmed(int.from_bytes(parts[1], "big"))
        elif parts[0] == b"resume":
            self._repeat_after(int.from_bytes(parts[1], "big"))
        else:
            self._to_kernel(parts[0][0], parts[1:])

    def _confirmed(self, number: int) -> None:
        while self._outbox and self._outbox[0][0] <= number:
            message = self._outbox.popleft()
            self._outbox_bytes -= message[1]
            self._keep(message)
        if self._outbox_bytes < min(_PAUSE_BYTES, self._buffer_bytes) // 2:
            self._is_shedding = False
            self._flow_again()
            self._report_dropped()

    def _keep(self, message: tuple[int, int, list[bytes]]) -> None:
        """Keep what was confirmed last: it may lie in a socket that dies with the gate.

        That is what ZMQ queues (8 messages a page) and a Unix socket's buffer of about 200 kB.
        """
        self._tail.append(message)
        self._tail_bytes += message[1]
        while self._tail_bytes > _TAIL_BYTES and (
            len(self._tail) > _TAIL_MESSAGES or self._tail_bytes > _TAIL_LIMIT
        ):
            _, size, forgotten = self._tail.popleft()
            self._tail_bytes -= size
            if forgotten[1] != _IOPUB_BYTE:
                self._forget_received(forgotten[2:])

    def _repeat_after(self, number: int) -> None:
        self._is_flowing = True
        for sent, _, message in (*self._tail, *self._outbox):
            if sent > number and self.link is not None:
                self.link.send(message)
        if self.link is not None and self._outbox_bytes < self._buffer_bytes:
            self._report_dropped()

    def _report_dropped(self) -> None:
        dropped, self._dropped = self._dropped, {}
        for parent_id, (count, size) in dropped.items():
            note = {"parent": parent_id, "count": count, "bytes": size}
            self._append([b"dropped", json.dumps(note).encode()], 64)

    def _to_kernel(self, channel: int, frames: list[bytes]) -> None:
        signature = hmac.new(self._key, digestmod=hashlib.sha256)
        for frame in frames[:4]:
            signature.update(frame)
        with contextlib.suppress(ValueError, KeyError):
            header = json.loads(frames[0])
            if str(header["msg_type"]).endswith("_request"):
                self._received[str(header["msg_id"])] = None
            if len(self._received) > _RECEIVED_LIMIT:
                del self._received[next(iter(self._received))]
        port = self._ports.get(channel)
        if port is not None:
            port.send([_DELIMITER, signature.hexdigest().encode(), *frames])

    def _forget_received(self, frames: list[bytes]) -> None:
        with contextlib.suppress(ValueError, LookupError, AttributeError, TypeError):
            if str(json.loads(frames[0])["msg_type"]).endswith("_reply"):
                self._received.pop(json.loads(frames[1])["msg_id"], None)
