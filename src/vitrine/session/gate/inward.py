"""Lab to kernel: a message is checked, durable in the journal, and only then forwarded."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Protocol

from vitrine.activity.journal import JournalFailed
from vitrine.session.channels import CHANNELS
from vitrine.session.gate import messages
from vitrine.session.gate.messages import BadMessage, Message
from vitrine.session.gate.requests import Request, RequestBook
from vitrine.session.gate.voice import Voice
from vitrine.session.wire import Link

INWARD_LIMIT: Final = 12 << 20
"""Largest message of the lab, in bytes."""
_IN_FLIGHT_LIMIT: Final = 1000
_IN_FLIGHT_BYTES: Final = 48 << 20


class Journal(Protocol):
    """What a relay needs of the journal."""

    def append(self, kind: str, body: Mapping[str, Any]) -> int:
        """Put a record on the chain."""

    def write(self, kind: str, body: Mapping[str, Any]) -> asyncio.Future[int]:
        """Put a record on the chain; the future is done once it is durable."""


class Inward:
    """Takes what the lab says to one kernel.

    Args:
        link: gives the agent's connection, or None while there is none.
    """

    def __init__(
        self,
        kernel_id: str,
        journal: Journal,
        book: RequestBook,
        voice: Voice,
        link: Callable[[], Link | None],
    ) -> None:
        self._kernel_id = kernel_id
        self._journal = journal
        self._book = book
        self._voice = voice
        self._link = link
        self._waiting: list[tuple[Message, Request]] = []
        self._in_flight_bytes = 0
        self.gone_reason = ""

    def take(self, number: int, frames: list[bytes]) -> None:
        """A message of the lab on channel `number`: the sender's route comes first."""
        if messages.DELIMITER not in frames[1:-1]:
            return
        at = frames.index(messages.DELIMITER)
        route, signature, body = frames[0], frames[at + 1], frames[at + 2 :]
        try:
            if len(body) < 4 or not self._voice.signer.is_signed(signature, body):
                raise BadMessage("a message that the lab did not sign")
            message = messages.parse(body, CHANNELS[number], messages.INWARD)
        except BadMessage as problem:
            self._refuse(number, route, body, str(problem))
            return
        self._admit(number, route, message)

    def _refuse(self, number: int, route: bytes, body: list[bytes], why: str) -> None:
        header = bytes(body[0]) if body else b"{}"
        try:
            fact = {"kernel": self._kernel_id, "method": "message", "path": CHANNELS[number]}
            self._journal.append("refused", fact | {"reason": why})
            fields = json.loads(header)
            msg_type, msg_id = fields["msg_type"], fields["msg_id"]
        except (JournalFailed, ValueError, LookupError, TypeError, RecursionError):
            return
        if isinstance(msg_id, str) and isinstance(msg_type, str) and msg_type.endswith("_request"):
            request = Request(msg_id, number, route, msg_type, header)
            self._voice.answer(request, f"this was refused: {why}")

    def _admit(self, number: int, route: bytes, message: Message) -> None:
        request = Request(message.msg_id, number, route, message.msg_type, message.header_bytes)
        if self._book.is_given_up(message.msg_id):
            return  # the lab has told the researcher that it was not executed
        reason = self._too_much(message.size_bytes)
        if reason:
            self._voice.answer(request, reason)
            return
        self._book.add(request)
        self._in_flight_bytes += message.size_bytes
        durable = self._journal.write("in", self._record(number, route, message))
        durable.add_done_callback(partial(self._is_recorded, message, request))

    def _record(self, number: int, route: bytes, message: Message) -> dict[str, Any]:
        return {
            "kernel": self._kernel_id,
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

    def _too_much(self, size: int) -> str:
        link = self._link()
        queued = self._in_flight_bytes + (link.queued_bytes if link else 0)
        if size > INWARD_LIMIT:
            return f"a request of more than {INWARD_LIMIT >> 20} MiB is not accepted"
        if self._book.open_count >= _IN_FLIGHT_LIMIT or queued > _IN_FLIGHT_BYTES:
            return "too many requests wait for this kernel already; try again when it is idle"
        return ""

    def _is_recorded(
        self, message: Message, request: Request, durable: asyncio.Future[int]
    ) -> None:
        failure = durable.exception()
        if failure is not None:
            self._in_flight_bytes -= message.size_bytes
            sentence = failure.sentence() if isinstance(failure, JournalFailed) else str(failure)
            self._voice.answer(request, f"nothing was executed: {sentence}")
            return
        link = self._link()
        if self.gone_reason or (link is not None and link.is_open):
            self._forward(message, request)
        else:
            self._waiting.append((message, request))

    def _forward(self, message: Message, request: Request) -> None:
        self._in_flight_bytes -= message.size_bytes
        if request.msg_type.endswith("_request") and not request.is_open:
            return  # answered meanwhile
        link = self._link()
        if self.gone_reason or link is None or not link.is_open:
            reason = self.gone_reason or "the session's container does not answer"
            self._voice.answer(request, f"this was not executed: {reason}")
            return
        request.is_forwarded = True
        frames = [message.header_bytes, b"{}", message.metadata_bytes, message.content_bytes]
        urgent = CHANNELS[request.channel] == "control"
        link.send([bytes([request.channel]), *frames, *message.buffers], urgent=urgent)

    def release(self) -> None:
        """The agent's connection stands, or never will: settle what waited for it."""
        waiting, self._waiting = self._waiting, []
        for message, request in waiting:
            self._forward(message, request)
