"""One kernel between lab and agent: checks, records, signs and routes its messages.

Inward a message is durable in the journal before it is forwarded; outward it is on the chain
before it is shown. Replies find the tab that asked by the id of the request, so any number of
tabs share a kernel.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import mmap
import os
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import zmq

from vitrine.activity.journal import JournalFailed
from vitrine.session.channels import CHANNELS, Port
from vitrine.session.gate import messages
from vitrine.session.gate.messages import BadMessage, Message
from vitrine.session.wire import Link

MESSAGE_LIMIT: Final = 8 << 20
"""Largest single output, in bytes. One above it is replaced by a sentence."""
INWARD_LIMIT: Final = 12 << 20
_REQUESTS_KEPT: Final = 4096
_IN_FLIGHT_LIMIT: Final = 1000
_QUEUE_LIMIT: Final = 32 << 20
_ACK_EVERY: Final = 32
_ACK_PAUSE_S: Final = 0.02
_HIGH_WATER_MESSAGES: Final = 8
_EMPTY: Final = b"{}"


class Journal(Protocol):
    """What a relay needs of the journal."""

    def append(self, kind: str, body: Mapping[str, Any]) -> int:
        """Put a record on the chain."""

    def write(self, kind: str, body: Mapping[str, Any]) -> asyncio.Future[int]:
        """Put a record on the chain; the future is done once it is durable."""


@dataclass(slots=True)
class Request:
    """A request of the lab: where its reply goes, and whether it has come."""

    channel: int
    route: bytes
    msg_type: str
    header: bytes
    is_open: bool = True


class Confirmed:
    """How many messages of a kernel were handled; survives the worker, not the machine."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(descriptor, 8)
        self._map = mmap.mmap(descriptor, 8)
        os.close(descriptor)

    @property
    def number(self) -> int:
        """The last message that was handled; 0 at first."""
        return int.from_bytes(self._map[:8], "big")

    @number.setter
    def number(self, value: int) -> None:
        self._map[:8] = value.to_bytes(8, "big")


class Relay:
    """The gate's side of one kernel.

    Args:
        lab_directory: where the ZMQ sockets for the lab are bound.
        state_directory: where the count of handled messages is kept.
        key: what lab and gate sign with.
        requests: requests still open when an earlier worker died, from the journal.
    """

    def __init__(
        self,
        kernel_id: str,
        *,
        key: bytes,
        incarnation: int,
        lab_directory: Path,
        state_directory: Path,
        journal: Journal,
        context: zmq.Context[zmq.Socket[bytes]],
        requests: Iterable[tuple[str, Request]] = (),
    ) -> None:
        self.kernel_id = kernel_id
        self.key = key
        self.incarnation = incarnation
        self.exit_code: int | None = None
        self.exit_reason = ""
        self.link: Link | None = None
        self.on_idle: Callable[[], None] | None = None
        self._base = lab_directory / f"k-{kernel_id[:8]}"
        self._state = state_directory
        self._journal = journal
        self._context = context
        self._session = f"gate-{secrets.token_hex(8)}"
        self._signer = messages.Signer(key)
        self._requests: OrderedDict[str, Request] = OrderedDict(requests)
        self._open_count = sum(request.is_open for request in self._requests.values())
        self._confirmed = Confirmed(self._confirmed_path())
        self._since_ack = 0
        self._ack_timer: asyncio.TimerHandle | None = None
        self._queue: deque[tuple[list[bytes], int]] = deque()
        self._queued_bytes = 0
        self._dropped: dict[str, list[int]] = {}
        self._ports = {number: self._bind(number, name) for number, name in enumerate(CHANNELS)}

    def _confirmed_path(self) -> Path:
        return self._state / f"k-{self.kernel_id[:8]}-{self.incarnation}.confirmed"

    def connection_info(self) -> dict[str, Any]:
        """What the lab needs to connect, in the form of a connection file."""
        ports = {f"{name}_port": number for number, name in enumerate(CHANNELS, start=1)}
        return {
            "transport": "ipc",
            "ip": self._base.name,
            "key": self.key.decode(),
            "signature_scheme": "hmac-sha256",
            **ports,
        }

    def _bind(self, number: int, name: str) -> Port:
        kinds = {"iopub": zmq.XPUB, "shell": zmq.ROUTER, "stdin": zmq.ROUTER,
                 "control": zmq.ROUTER, "hb": zmq.ROUTER}  # fmt: skip
        socket = self._context.socket(kinds[name])
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, INWARD_LIMIT + (1 << 20))
        if name == "iopub":
            socket.setsockopt(zmq.XPUB_NODROP, 1)
            socket.setsockopt(zmq.SNDHWM, _HIGH_WATER_MESSAGES)
        else:
            socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        path = Path(f"{self._base}-{number + 1}")
        socket.bind(f"ipc://{path}")
        path.chmod(0o660)
        port = Port(socket, partial(self._from_lab, number, name))
        if name == "iopub":
            port.on_writable = self._flush
        return port

    # -- lab to kernel ---------------------------------------------------------------------

    def _from_lab(self, number: int, name: str, frames: list[bytes]) -> None:
        if name == "hb":
            self._ports[number].send(frames)
            return
        if name == "iopub" or messages.DELIMITER not in frames:
            return
        at = frames.index(messages.DELIMITER)
        route, signature, body = frames[0], frames[at + 1], frames[at + 2 :]
        try:
            if len(body) < 4 or not self._signer.is_signed(signature, body):
                raise BadMessage("a message that the lab did not sign")
            message = messages.parse(body, name, messages.INWARD)
        except BadMessage as problem:
            self._refuse_unparsed(number, route, body, str(problem))
            return
        self._admit(number, route, message)

    def _admit(self, number: int, route: bytes, message: Message) -> None:
        request = Request(number, route, message.msg_type, message.header_bytes)
        if message.size_bytes > INWARD_LIMIT:
            self.answer(request, f"a request of more than {INWARD_LIMIT >> 20} MiB is not accepted")
            return
        if self._open_count >= _IN_FLIGHT_LIMIT:
            self.answer(request, f"{_IN_FLIGHT_LIMIT} requests wait for this kernel already")
            return
        self._remember(message.msg_id, request)
        body = {
            "kernel": self.kernel_id,
            "channel": CHANNELS[number],
            "msg_id": message.msg_id,
            "msg_type": message.msg_type,
            "route": route.hex(),
            "header": message.header_bytes.decode(),
            "metadata": message.metadata,
            "content": message.content,
            "buffers": [
                {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for data in message.buffers
            ],
        }
        durable = self._journal.write("in", body)
        durable.add_done_callback(partial(self._forward, message, request))

    def _remember(self, msg_id: str, request: Request) -> None:
        # A comm message or an input reply is not answered, so it is never waited for.
        request.is_open = request.msg_type.endswith("_request")
        self._open_count += request.is_open
        self._requests[msg_id] = request
        while len(self._requests) > _REQUESTS_KEPT:
            _, oldest = self._requests.popitem(last=False)
            self._open_count -= oldest.is_open

    def _forward(self, message: Message, request: Request, durable: asyncio.Future[int]) -> None:
        failure = durable.exception()
        if failure is not None:
            self.answer(request, f"nothing was executed: {_sentence(failure)}")
        elif self.link is None:
            reason = self.exit_reason or "the kernel's container does not answer"
            self.answer(request, f"this was recorded but not executed: {reason}; run it again")
        else:
            frames = [message.header_bytes, _EMPTY, message.metadata_bytes, message.content_bytes]
            urgent = request.channel == 4
            self.link.send([bytes([request.channel]), *frames, *message.buffers], urgent=urgent)

    def _refuse_unparsed(self, number: int, route: bytes, body: list[bytes], why: str) -> None:
        header = bytes(body[0]) if body else _EMPTY
        self._record("refused", {"kernel": self.kernel_id, "reason": why, "method": "message"})
        try:
            fields = json.loads(header)
            msg_type, is_known = str(fields["msg_type"]), isinstance(fields["msg_id"], str)
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if is_known and msg_type.endswith("_request"):
            self.answer(Request(number, route, msg_type, header), f"this was refused: {why}")

    # -- answers of the gate itself --------------------------------------------------------

    def answer(self, request: Request, sentence: str) -> None:
        """Answer a request in the kernel's place: one sentence, then idle."""
        if request.is_open:
            request.is_open = False
            self._open_count = max(0, self._open_count - 1)
        if request.msg_type == "execute_request":
            self._show(request.header, "error", messages.error_content(sentence))
        if request.msg_type.endswith("_request"):
            reply = request.msg_type.replace("_request", "_reply")
            header = messages.header_for(reply, self._session)
            content = messages.error_content(sentence)
            frames = self._signer.frames(header, request.header, _EMPTY, content)
            self._ports[request.channel].send([request.route, *frames])
        self._show(request.header, "status", b'{"execution_state":"idle"}')

    def answer_open(self, sentence: str, *, except_ids: Iterable[str] = ()) -> None:
        """Answer every request that still waits, other than those named."""
        spared = set(except_ids)
        for msg_id, request in list(self._requests.items()):
            if request.is_open and msg_id not in spared:
                self.answer(request, sentence)

    def note(self, msg_id: str, sentence: str) -> None:
        """Show one sentence below the cell of a request."""
        request = self._requests.get(msg_id)
        header = request.header if request else _EMPTY
        content = json.dumps({"name": "stderr", "text": f"[vitrine] {sentence}\n"}).encode()
        self._show(header, "stream", content)

    def note_open(self, sentence: str) -> None:
        """Show one sentence below every cell that still runs."""
        for msg_id, request in list(self._requests.items()):
            if request.is_open and request.msg_type == "execute_request":
                self.note(msg_id, sentence)

    def known(self, msg_ids: Iterable[str]) -> list[str]:
        """Those of `msg_ids` that reached this gate."""
        return [msg_id for msg_id in msg_ids if msg_id in self._requests]

    def _show(self, parent: bytes, msg_type: str, content: bytes) -> None:
        header = messages.header_for(msg_type, self._session)
        frames = self._signer.frames(header, parent, _EMPTY, content)
        self._publish([msg_type.encode(), *frames], len(content), "", may_drop=False)

    # -- kernel to lab ---------------------------------------------------------------------

    def attach(self, link: Link, received: Iterable[str], *, is_new_worker: bool) -> None:
        """The agent connected for this kernel: continue after what was handled already."""
        self.link = link
        link.send([b"resume", self._confirmed.number.to_bytes(8, "big")])
        if is_new_worker:
            lost = "this cell was recorded but not executed, because the gate was restarted"
            arrived = set(received)
            self.answer_open(f"{lost}; run it again", except_ids=arrived)
            self.note_open("the gate was restarted; this cell went on running meanwhile")

    def take(self, _link: Link, parts: list[bytes]) -> None:
        """A numbered message of the kernel."""
        number = int.from_bytes(parts[0], "big")
        if len(parts) < 3 or number <= self._confirmed.number:
            return
        if parts[1] == b"dropped":
            self._take_dropped(parts[2])
        else:
            self._from_kernel(parts[1], parts[2:])
        self._confirmed.number = number
        self._acknowledge()

    def take_oversize(self, _link: Link, size: int, _first: bytes) -> None:
        """A message beyond every limit was thrown away while it arrived."""
        self._withhold("", size, "it is larger than the limit")

    def _acknowledge(self) -> None:
        self._since_ack += 1
        if self._since_ack >= _ACK_EVERY:
            self._send_ack()
        elif self._ack_timer is None:
            loop = asyncio.get_running_loop()
            self._ack_timer = loop.call_later(_ACK_PAUSE_S, self._send_ack)

    def _send_ack(self) -> None:
        if self._ack_timer is not None:
            self._ack_timer.cancel()
            self._ack_timer = None
        if self._queued_bytes > _QUEUE_LIMIT // 4:
            return  # the page is behind: let the agent wait, it reports what it has to drop
        self._since_ack = 0
        if self.link is not None:
            self.link.send([b"ack", self._confirmed.number.to_bytes(8, "big")], urgent=True)

    def _from_kernel(self, channel: bytes, frames: list[bytes]) -> None:
        number = channel[0] if channel else 255
        name = CHANNELS[number] if number < len(CHANNELS) else ""
        try:
            message = messages.parse(frames, name, messages.OUTWARD)
        except BadMessage as problem:
            self._record("dropped", {"kernel": self.kernel_id, "reason": str(problem), "count": 1})
            return
        if message.size_bytes > MESSAGE_LIMIT:
            self._withhold(message.parent_id, message.size_bytes, "it is larger than the limit")
            if name == "iopub" and message.msg_type in messages.OUTPUTS:
                return
        body = {
            "kernel": self.kernel_id,
            "channel": name,
            "type": message.msg_type,
            "size": message.size_bytes,
            "sha256": message.sha256(),
            "parent": message.parent_id,
        }
        is_recorded = self._record("out", body)
        self._deliver(number, name, message, is_recorded=is_recorded)

    def _deliver(self, number: int, name: str, message: Message, *, is_recorded: bool) -> None:
        request = self._requests.get(message.parent_id)
        header = messages.header_for(message.msg_type, self._session, message.msg_id)
        content = messages.outward_content(message)
        if not is_recorded and message.msg_type != "status":
            content = messages.error_content("the journal cannot be written, so this is withheld")
        parent = request.header if request else _EMPTY
        frames = self._signer.frames(
            header, parent, message.metadata_bytes, content, *message.buffers
        )
        if name == "iopub":
            if not is_recorded and message.msg_type != "status":
                return
            topic = message.msg_type.encode()
            may_drop = message.msg_type in messages.OUTPUTS
            self._publish(
                [topic, *frames], message.size_bytes, message.parent_id, may_drop=may_drop
            )
        elif request is not None:
            if message.msg_type.endswith("_reply") and request.is_open:
                request.is_open = False
                self._open_count -= 1
            self._ports[number].send([request.route, *frames])

    def _publish(self, frames: list[bytes], size: int, parent: str, *, may_drop: bool) -> None:
        if not self._queue and self._ports[1].send(frames):
            return
        if may_drop and self._queued_bytes > _QUEUE_LIMIT:
            count = self._dropped.setdefault(parent, [0, 0])
            count[0] += 1
            count[1] += size
            return
        self._queue.append((frames, size))
        self._queued_bytes += size

    def _flush(self) -> None:
        if not self._queue:
            return
        while self._queue and self._ports[1].send(self._queue[0][0]):
            self._queued_bytes -= self._queue.popleft()[1]
        if self._queued_bytes < _QUEUE_LIMIT // 8:
            if self._since_ack:
                self._acknowledge()
            dropped, self._dropped = self._dropped, {}
            for parent, (count, size) in dropped.items():
                self._report_dropped(parent, count, size)

    def _take_dropped(self, note: bytes) -> None:
        try:
            fields = json.loads(note)
            parent, count, size = str(fields["parent"]), int(fields["count"]), int(fields["bytes"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        self._report_dropped(parent, count, size)

    def _report_dropped(self, parent: str, count: int, size: int) -> None:
        reason = "the page or the gate could not keep up"
        body = {"kernel": self.kernel_id, "parent": parent, "count": count, "size": size}
        self._record("dropped", body | {"reason": reason})
        self.note(parent, f"{count} outputs ({_amount(size)}) are not shown: {reason}")

    def _withhold(self, parent: str, size: int, reason: str) -> None:
        body = {"kernel": self.kernel_id, "parent": parent, "count": 1, "size": size}
        self._record("dropped", body | {"reason": reason})
        limit = _amount(MESSAGE_LIMIT)
        self.note(parent, f"an output of {_amount(size)} is not shown: {reason} of {limit}")

    def _record(self, kind: str, body: Mapping[str, Any]) -> bool:
        try:
            self._journal.append(kind, body)
        except JournalFailed:
            return False
        return True

    # -- life ------------------------------------------------------------------------------

    def begin(self, incarnation: int) -> None:
        """A new process takes this kernel's place; the lab's sockets stay as they are."""
        self.answer_open("the kernel was restarted before this was finished")
        if self.link is not None:
            self.link.close("the kernel was restarted")
        self.link = None
        self.incarnation = incarnation
        self.exit_code, self.exit_reason = None, ""
        self._confirmed = Confirmed(self._confirmed_path())

    def ended(self, code: int, reason: str) -> None:
        """The process ended by itself: every waiting request is told why."""
        self.exit_code, self.exit_reason = code, reason
        self.answer_open(reason)

    def close(self) -> None:
        """Remove the sockets; the kernel is gone."""
        if self.link is not None:
            self.link.close("the kernel was shut down")
        for number, port in self._ports.items():
            port.close()
            Path(f"{self._base}-{number + 1}").unlink(missing_ok=True)
        for left in self._state.glob(f"k-{self.kernel_id[:8]}-*"):
            left.unlink(missing_ok=True)


def _sentence(failure: BaseException) -> str:
    return failure.sentence() if isinstance(failure, JournalFailed) else str(failure)


def _amount(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
