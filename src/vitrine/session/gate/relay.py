"""One kernel between lab and agent.

Inward a message is durable in the journal before it is forwarded; outward it is on the chain
before it is shown. Replies find the tab that asked by the id of the request, so any number of
tabs share a kernel. Every message of a kernel has a number: what the agent is told to forget has
been handed to the lab, and a new worker shows again what its predecessor may have taken with it
(the lab leaves out numbers that it has seen).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import zmq

from vitrine.activity.journal import JournalFailed
from vitrine.session.channels import CHANNELS
from vitrine.session.gate import messages
from vitrine.session.gate.inward import Inward, Journal
from vitrine.session.gate.marks import Marks, Past
from vitrine.session.gate.messages import BadMessage, Message, TooManyParts
from vitrine.session.gate.outlet import Outlet
from vitrine.session.gate.requests import Request, RequestBook
from vitrine.session.gate.voice import Voice
from vitrine.session.wire import Link

MESSAGE_LIMIT: Final = 8 << 20
"""Largest single output, in bytes. One above it is replaced by a sentence."""
_TOO_LARGE: Final = f"it is larger than the limit of {MESSAGE_LIMIT / 1e6:.1f} MB"
_NUMBER_LIMIT: Final = 1 << 60
_ACK_EVERY: Final = 32
_ACK_PAUSE_S: Final = 0.02
_LAB_WAIT_S: Final = 2.0

OnExit = Callable[["Relay", Mapping[str, Any], bool], None]
"""Called with the relay, what the agent says, and whether an earlier worker knew it already."""


class Relay:
    """The gate's side of one kernel.

    Args:
        lab_directory: where the ZMQ sockets for the lab are bound.
        state_directory: where the marks are kept.
        key: what lab and gate sign with.
        on_exit: called when the kernel's process has ended by itself.
        past: what an earlier worker's journal says; None for a kernel that starts now.
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
        on_exit: OnExit,
        past: Past | None = None,
    ) -> None:
        self.kernel_id = kernel_id
        self.key = key
        self.exit_code: int | None = None
        self.exit_reason = ""
        self.link: Link | None = None
        self._base = lab_directory / f"k-{kernel_id[:8]}"
        self._state = state_directory
        self._journal = journal
        self._on_exit = on_exit
        self._book = RequestBook(past.requests if past else ())
        self._outlet = Outlet(
            self._base, context, self._from_lab, self._lab_is_behind, self._subscribed
        )
        self._voice = Voice(key, self._book, self._outlet, self._record_answer)
        self._voice.incarnation = incarnation
        self._inward = Inward(kernel_id, journal, self._book, self._voice, lambda: self.link)
        self._marks = Marks(self._marks_path())
        self._recorded = past.recorded if past else 0
        self._taken = 0
        self._is_inherited = past is not None
        self._lost: list[Request] = []
        self._went_on: list[Request] = []
        self._lab_timer: asyncio.TimerHandle | None = None
        self._expected = self._marks.subscribers if past else 0
        self._acknowledged = 0
        self._ack_timer: asyncio.TimerHandle | None = None

    @property
    def incarnation(self) -> int:
        """Which process of this kernel it is, counted from 1."""
        return self._voice.incarnation

    def _marks_path(self) -> Path:
        return self._state / f"k-{self.kernel_id[:8]}-{self.incarnation}.marks"

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

    def _from_lab(self, number: int, frames: list[bytes]) -> None:
        self._inward.take(number, frames)

    def give_up(self, msg_ids: Iterable[str]) -> list[str]:
        """Those of `msg_ids` that reached this gate; the others will not be executed."""
        return self._book.give_up(msg_ids)

    def answer_open(self, sentence: str) -> None:
        """Answer every request that still waits."""
        for request in self._book.opened():
            self._voice.answer(request, sentence)

    # -- the agent's connection ------------------------------------------------------------

    def attach(self, link: Link, received: Iterable[str]) -> None:
        """The agent connected for this kernel: continue after what was handled already.

        Args:
            received: ids of the requests that reached the kernel, until their reply is recorded.
        """
        self.link = link
        if self.exit_code is None:
            self.exit_reason = self._inward.gone_reason = ""
        here = set(received)
        forwarded = [request for request in self._book.opened() if request.is_forwarded]
        self._lost = [request for request in forwarded if request.msg_id not in here]
        self._went_on = [request for request in forwarded if request.msg_id in here]
        self._inward.release()
        if not self._is_inherited or self._outlet.subscribers >= self._expected:
            self._resume()
        else:
            # Nothing is shown before every page that listened to the last worker listens again.
            loop = asyncio.get_running_loop()
            self._lab_timer = loop.call_later(_LAB_WAIT_S, self._resume)

    def _subscribed(self, count: int) -> None:
        if self._lab_timer is not None:
            if count >= self._expected:
                self._resume()
        elif not self._is_inherited:
            self._marks.subscribers = count

    def _resume(self) -> None:
        if self._lab_timer is not None:
            self._lab_timer.cancel()
            self._lab_timer = None
        self._marks.subscribers = self._outlet.subscribers
        for request in self._lost:
            lost = "this was recorded but not executed, because the gate was restarted"
            self._voice.answer(request, f"{lost}: run it again")
        for request in self._went_on if self._is_inherited else ():
            if request.msg_type == "execute_request":
                restarted = "the gate was restarted; this cell went on running meanwhile"
                self._voice.note(request.msg_id, restarted)
        self._lost, self._went_on, self._is_inherited, self._acknowledged = [], [], False, 0
        if self.link is not None:
            self.link.send([b"resume", self._taken.to_bytes(8, "big")])

    def _lab_is_behind(self, is_behind: bool) -> None:
        if self.link is not None:
            if is_behind:
                self.link.pause()
            else:
                self.link.resume()

    def _acknowledge(self) -> None:
        if self._outlet.handed - self._acknowledged >= _ACK_EVERY:
            self._send_ack()
        elif self._ack_timer is None:
            loop = asyncio.get_running_loop()
            self._ack_timer = loop.call_later(_ACK_PAUSE_S, self._send_ack)

    def _send_ack(self) -> None:
        if self._ack_timer is not None:
            self._ack_timer.cancel()
            self._ack_timer = None
        handed = self._outlet.handed
        if handed > self._acknowledged:
            self._acknowledged = handed
            if self.link is not None:
                self.link.send([b"ack", handed.to_bytes(8, "big")], urgent=True)
        if handed < self._taken:
            self._ack_timer = asyncio.get_running_loop().call_later(_ACK_PAUSE_S, self._send_ack)

    # -- kernel to lab ---------------------------------------------------------------------

    def take(self, _link: Link, parts: list[bytes]) -> None:
        """A numbered message of the kernel."""
        number = int.from_bytes(parts[0], "big")
        if len(parts) < 3 or not self._taken < number < _NUMBER_LIMIT:
            return
        is_repeated = self._is_recorded(number)
        if parts[1] == b"exit":
            fact = {**messages.json_object(parts[2]), "number": number}
            self._on_exit(self, fact, is_repeated)
        elif parts[1] == b"dropped":
            self._take_dropped(number, parts[2], is_repeated)
        else:
            self._from_kernel(number, parts[1], parts[2:], is_repeated)
        self._outlet.passed(number)
        self._acknowledge()

    def take_oversize(self, first: bytes, size: int) -> None:
        """A message beyond every limit was thrown away while it arrived; this was its start."""
        start = messages.beginning_of(first)
        if self._taken < start.number < _NUMBER_LIMIT:
            is_repeated = self._is_recorded(start.number)
            self._withhold(start.number, start.channel, start.parent_id, size, is_repeated)
            self._outlet.passed(start.number)
            self._acknowledge()

    def _is_recorded(self, number: int) -> bool:
        is_repeated = number <= self._recorded
        self._taken, self._recorded = number, max(self._recorded, number)
        return is_repeated

    def _from_kernel(
        self, number: int, channel: bytes, frames: list[bytes], is_repeated: bool
    ) -> None:
        place = channel[0] if channel else len(CHANNELS)
        name = CHANNELS[place] if place < len(CHANNELS) else ""
        try:
            message = messages.parse(frames, name, messages.OUTWARD)
        except TooManyParts as problem:
            size = sum(len(frame) for frame in frames)
            self._withhold(number, place, problem.parent_id, size, is_repeated, str(problem))
            return
        except BadMessage as problem:
            if not is_repeated:
                self._record("dropped", number, {"reason": str(problem), "count": 1})
            return
        if message.size_bytes > MESSAGE_LIMIT:
            size = message.size_bytes
            self._withhold(number, place, message.parent_id, size, is_repeated)
            return
        fact = {
            "channel": name,
            "type": message.msg_type,
            "size": message.size_bytes,
            "sha256": message.sha256(),
            "parent": message.parent_id,
        }
        if is_repeated or self._record("out", number, fact) or message.msg_type == "status":
            self._deliver(number, place, message)
        elif name != "iopub" and (request := self._book.get(message.parent_id)):
            sentence = "the journal cannot be written, so what the kernel said is not shown"
            self._voice.answer(request, sentence)

    def _deliver(self, number: int, place: int, message: Message) -> None:
        request = self._book.get(message.parent_id)
        header = messages.header_for(message.msg_type, self._voice.session, message.msg_id)
        frames = self._voice.signer.frames(
            header,
            request.header if request else b"{}",
            message.metadata_bytes,
            messages.outward_content(message),
            *message.buffers,
        )
        topic = self._voice.topic(message.msg_type, number)
        if CHANNELS[place] == "iopub":
            self._outlet.publish([topic, *frames], message.size_bytes, number)
        elif request is not None:
            if message.msg_type.endswith("_reply"):
                self._book.settle(request)
            self._outlet.reply(place, [request.route, topic, *frames])

    def _take_dropped(self, number: int, note: bytes, is_repeated: bool) -> None:
        fields = messages.json_object(note)
        parent, count, size = str(fields["parent"])[:128], int(fields["count"]), fields["bytes"]
        reason = "the page or the gate could not keep up"
        if not is_repeated:
            fact = {"parent": parent, "count": count, "size": int(size), "reason": reason}
            self._record("dropped", number, fact)
        sentence = f"{count:,} outputs ({_amount(int(size))}) are not shown: {reason}"
        self._voice.note(parent, sentence, number)

    def _withhold(
        self,
        number: int,
        place: int,
        parent: str,
        size: int,
        is_repeated: bool,
        reason: str = _TOO_LARGE,
    ) -> None:
        if not is_repeated:
            fact = {"parent": parent, "count": 1, "size": size, "reason": reason}
            self._record("dropped", number, fact)
        sentence = f"an output of {_amount(size)} is not shown: {reason}"
        request = self._book.get(parent)
        if place < len(CHANNELS) and CHANNELS[place] != "iopub" and request is not None:
            self._voice.answer(request, sentence)
        else:
            self._voice.note(parent, sentence, number)

    def displaced(self, count: int) -> None:
        """Outputs reached a page that was opened after their cells' page was closed."""
        reason = "their page was closed; they are in the log console of the page opened since"
        self._record("dropped", 0, {"parent": "", "count": count, "size": 0, "reason": reason})

    def _record(self, kind: str, number: int, fact: Mapping[str, Any]) -> bool:
        try:
            self._journal.append(kind, {"kernel": self.kernel_id, "number": number, **fact})
        except JournalFailed:
            return False
        return True

    def _record_answer(self, msg_id: str, sentence: str) -> None:
        # The next worker must not answer it again, and the auditor must not think that it ran.
        self._record("answer", 0, {"parent": msg_id, "reason": sentence})

    # -- life ------------------------------------------------------------------------------

    def begin(self, incarnation: int) -> None:
        """A new process takes this kernel's place; the lab's sockets stay as they are."""
        self.gone("the kernel was restarted before this was finished")
        if self.link is not None:
            self.link.close("the kernel was restarted")
        self.link = None
        self.exit_code, self.exit_reason, self._inward.gone_reason = None, "", ""
        self._voice.incarnation = incarnation
        self._is_inherited, self._lost = False, []
        self._recorded = self._taken = self._acknowledged = 0
        self._outlet.begin()
        self._marks = Marks(self._marks_path())
        self._marks.subscribers = self._outlet.subscribers

    def ended(self, code: int, reason: str) -> None:
        """The process ended by itself: every waiting request is told why."""
        self.exit_code = code
        self.gone(reason)

    def gone(self, reason: str) -> None:
        """Nothing more can be executed: every waiting request is told why."""
        self.exit_reason = self._inward.gone_reason = reason
        self.answer_open(reason)
        self._inward.release()

    def close(self) -> None:
        """Remove the sockets; the kernel is gone."""
        for timer in (self._ack_timer, self._lab_timer):
            if timer is not None:
                timer.cancel()
        if self.link is not None:
            self.link.close("the kernel was shut down")
        self._outlet.close()
        for left in self._state.glob(f"k-{self.kernel_id[:8]}-*"):
            left.unlink(missing_ok=True)


def _amount(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
