"""One session's worker: lab on one side, agent on the other, journal between them.

Forked by the parent. It may die at any moment: what it must not forget is in the journal, in
`kernels.json` (keys and incarnations) and in the counts of handled messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import zmq

from vitrine.activity.journal import JournalFailed, JournalWriter
from vitrine.errors import InvalidInput
from vitrine.session.gate.agent_side import AgentProblem, AgentSide
from vitrine.session.gate.drafts import DraftDesk
from vitrine.session.gate.lab_side import LabSide
from vitrine.session.gate.marks import Past
from vitrine.session.gate.order import Places, SessionOrder
from vitrine.session.gate.recovery import pasts
from vitrine.session.gate.relay import MESSAGE_LIMIT, Relay
from vitrine.session.gate.shares import ShareDesk
from vitrine.session.gate.spool import Spool
from vitrine.session.wire import Link
from vitrine.sharing.shelf import Shelf

_REPORT_PAUSE_S: Final = 0.25
_AGENT_GRACE_S: Final = 3.0
_MOURN_AFTER_S: Final = 7.0
"""The Hub looks every 5 s and closes the session with the container's own reason; this is for a
Hub that is away."""
_KERNELS_LIMIT: Final = 16
_REFUSALS_KEPT: Final = 10_000
_CONTAINER_STOPPED: Final = (
    "the session's kernel container stopped: start the session again from the hub"
)


Desk = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Answers one thing that the researcher's code may ask for."""


class Worker:
    """Opens a session's sockets and serves until told to close."""

    def __init__(self, order: SessionOrder, places: Places, parent: socket.socket) -> None:
        self.order = order
        self.places = places
        self._parent = parent
        self._memory = places.memory(order.session_id)
        self._relays: dict[str, Relay] = {}
        self._ended = asyncio.Event()
        self._close_reason = "the session was closed"
        self._refusals: deque[dict[str, Any]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve the session until the parent closes it."""
        self.journal = JournalWriter(
            self.places.journal,
            self.order.session_id,
            opening={"person": self.order.person, "project": self.order.project},
            limit_bytes=self.order.journal_limit_mb << 20,
        )
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._recover()
        self.agent = AgentSide(
            self.places.kernel(self.order.session_id) / "agent.sock",
            self.order.kernel_uid,
            self,
            kernel_limit=MESSAGE_LIMIT + (1 << 20),
        )
        self._desks = self._open_desks()
        self._lab = LabSide(self)
        await self.agent.listen()
        await self._lab.listen()
        asyncio.get_running_loop().add_reader(self._parent.fileno(), self._parent_said)
        self._spawn(self._report())
        await self._ended.wait()
        await self._close()

    def _open_desks(self) -> Mapping[str, Desk]:
        """What the researcher's code may ask for, by the agent's word for it."""
        spool = Spool(self.order, self.places.drafts, self._read_for_spool, self.journal)
        shelf = Shelf(self.places.shares)
        shares = ShareDesk(self.order, spool, shelf, self.journal, self.agent.ask)
        return {
            "draft": DraftDesk(spool).take,
            "share": shares.share,
            "shared": shares.shared,
            "receive": shares.receive,
        }

    def _recover(self) -> None:
        """Take up the kernels of a worker that died."""
        try:
            known = json.loads((self._memory / "kernels.json").read_bytes())
        except FileNotFoundError:
            return
        past = pasts(self.journal.path)
        for kernel_id, fact in known.items():
            self._relays[kernel_id] = self._relay(
                kernel_id, fact["key"].encode(), fact["incarnation"], past.get(kernel_id, Past())
            )

    def _relay(
        self, kernel_id: str, key: bytes, incarnation: int, past: Past | None = None
    ) -> Relay:
        return Relay(
            kernel_id,
            key=key,
            incarnation=incarnation,
            lab_directory=self.places.lab(self.order.session_id),
            state_directory=self._memory,
            journal=self.journal,
            context=self._context,
            on_exit=self._kernel_ended,
            past=past,
        )

    def _remember(self) -> None:
        known = {
            kernel_id: {"key": relay.key.decode(), "incarnation": relay.incarnation}
            for kernel_id, relay in self._relays.items()
        }
        path = self._memory / "kernels.json"
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(known, file)
        temporary.replace(path)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- kernels ---------------------------------------------------------------------------

    def relay(self, kernel_id: str) -> Relay:
        """The kernel of that id.

        Raises:
            InvalidInput: when there is none.
        """
        relay = self._relays.get(kernel_id)
        if relay is None:
            raise InvalidInput("this kernel is not running in this session")
        return relay

    async def start_kernel(self, kernel_id: str, key: str, cwd: str) -> dict[str, Any]:
        """Start a kernel, or a new process for one that stands, and say how to connect to it.

        Args:
            key: what lab and gate sign this kernel's messages with; the kernel never sees it.
            cwd: the folder it starts in, relative to the workspace.

        Raises:
            JournalFailed: when the start cannot be recorded; nothing is started then.
            AgentProblem: when the agent cannot start it.
        """
        await self.agent.arrived(timeout_s=15)
        relay = self._relays.get(kernel_id)
        incarnation = relay.incarnation + 1 if relay else 1
        if relay is None and len(self._relays) >= _KERNELS_LIMIT:
            raise InvalidInput(f"{_KERNELS_LIMIT} kernels run in this session: shut one down first")
        fact = {"kernel": kernel_id, "event": "start", "incarnation": incarnation}
        await self.journal.write("kernel", fact)
        if relay is None:
            relay = self._relay(kernel_id, key.encode(), incarnation)
            self._relays[kernel_id] = relay
        else:
            relay.begin(incarnation)
        self._remember()
        order = {"kernel_id": kernel_id, "incarnation": incarnation, "cwd": cwd}
        try:
            await self.agent.ask("kernel.start", order)
        except AgentProblem as problem:
            relay.gone(str(problem))
            if incarnation == 1:
                await self.close_kernel(kernel_id)
            raise
        return relay.connection_info()

    async def signal_kernel(self, kernel_id: str, number: int) -> None:
        """Pass a signal on, recorded or not: stopping is never refused."""
        self.relay(kernel_id)
        with contextlib.suppress(JournalFailed):
            fact = {"kernel": kernel_id, "verb": "signal", "signal": number}
            self.journal.append("rpc", fact)
        await self.agent.ask("kernel.signal", {"kernel_id": kernel_id, "signal": number})

    async def close_kernel(self, kernel_id: str) -> None:
        """Shut a kernel down for good."""
        relay = self._relays.pop(kernel_id, None)
        if relay is None:
            return
        with contextlib.suppress(JournalFailed):
            self.journal.append("kernel", {"kernel": kernel_id, "event": "close"})
        relay.answer_open("the kernel was shut down")
        with contextlib.suppress(AgentProblem):
            await self.agent.ask("kernel.close", {"kernel_id": kernel_id}, timeout_s=5)
        relay.close()
        self._remember()

    # -- agent -----------------------------------------------------------------------------

    def agent_arrived(self, head: Mapping[str, Any]) -> None:
        """The container's agent is there; kernels that it does not know are gone."""
        facts = head.get("kernels")
        here = {
            (str(fact.get("kernel_id")), fact.get("incarnation"))
            for fact in (facts if isinstance(facts, list) else [])
            if isinstance(fact, dict) and isinstance(fact.get("incarnation"), int)
        }
        for relay in self._relays.values():
            if relay.exit_code is None and (relay.kernel_id, relay.incarnation) not in here:
                relay.ended(255, "the kernel is gone with its variables: restart it")

    def agent_left(self) -> None:
        """The agent is gone; if it does not come back the container has stopped."""
        self._spawn(self._mourn())

    async def _mourn(self) -> None:
        try:
            await self.agent.arrived(timeout_s=_MOURN_AFTER_S)
        except AgentProblem:
            for relay in self._relays.values():
                relay.gone(_CONTAINER_STOPPED)

    def agent_said(self, head: Mapping[str, Any]) -> None:
        """The researcher's code asks for an export, or for something about shares."""
        desk = self._desks.get(head["push"]) if isinstance(head["push"], str) else None
        if desk is not None:
            self._spawn(self._attend(desk, dict(head)))

    def _kernel_ended(self, relay: Relay, fact: Mapping[str, Any], is_repeated: bool) -> None:
        code = fact.get("exit_code")
        code = code if isinstance(code, int) and abs(code) < 1 << 31 else 255
        if not is_repeated:
            with contextlib.suppress(JournalFailed):
                record = {"kernel": relay.kernel_id, "event": "exit", "code": code}
                self.journal.append("kernel", record | {"number": fact["number"]})
        relay.ended(code, self._reason(code, bool(fact.get("out_of_memory"))))

    def _reason(self, code: int, is_out_of_memory: bool) -> str:
        if is_out_of_memory:
            return (
                f"the kernel ran out of memory ({self.order.memory_mb:,} MB for this session) and "
                "was stopped, its variables are gone: load less at a time, then run again"
            )
        how = f" (signal {-code})" if code < 0 else f" (exit code {code})" if code else ""
        return f"the kernel ended{how}, its variables are gone: run the cells again"

    def attach_kernel(
        self, link: Link, head: Mapping[str, Any]
    ) -> Callable[[Link, list[bytes]], None] | None:
        """Where a kernel's messages go, when it is expected and has no connection yet."""
        relay = self._relays.get(str(head.get("kernel_id")))
        if relay is None or relay.incarnation != head.get("incarnation"):
            return None
        if relay.link is not None:
            relay.link.close("the agent connected again")
        received = head.get("received")
        relay.attach(link, [str(item) for item in received] if isinstance(received, list) else [])
        return relay.take

    def oversize(self, link: Link, size: int, first: bytes) -> None:
        """An output beyond every limit: its kernel's page says so."""
        for relay in self._relays.values():
            if relay.link is link:
                relay.take_oversize(first, size)

    def turned_away(self, reason: str) -> None:
        """The researcher's code, whose account is the agent's, meddled with the gate's socket."""
        self.refused("CONNECT", "agent.sock", reason, self.order.person)

    # -- exports and shares ----------------------------------------------------------------

    async def _attend(self, desk: Desk, fields: dict[str, Any]) -> None:
        result = await desk(fields)
        # The name is older than shares; agents of sessions that run already know no other.
        self.agent.tell({"op": "draft.done", "number": fields.get("number"), "result": result})

    async def _read_for_spool(self, path: str, limit: int) -> bytes:
        fields = {"path": path, "limit": limit, "no_links": True}
        _, body = await self.agent.ask("files.read", fields)
        return body

    # -- files and refusals, asked for by the lab ------------------------------------------

    async def file_operation(
        self, verb: str, fields: dict[str, Any], body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        """Record a file operation, then let the agent do it.

        Raises:
            JournalFailed: when it cannot be recorded.
            AgentProblem: when it cannot be done.
        """
        record: dict[str, Any] = {"verb": verb, **{key: str(fields[key])[:1024] for key in fields}}
        if body:
            digest = await asyncio.to_thread(lambda: hashlib.sha256(body).hexdigest())
            record |= {"size": len(body), "sha256": digest}
        await self.agent.arrived(timeout_s=_AGENT_GRACE_S)
        await self.journal.write("rpc", record)
        result, answer = await self.agent.ask(f"files.{verb}", fields, body)
        if answer:
            digest = await asyncio.to_thread(lambda: hashlib.sha256(answer).hexdigest())
            fact = {"channel": "files", "type": verb, "size": len(answer), "sha256": digest}
            self.journal.append("out", fact | {"parent": str(fields.get("path", ""))[:1024]})
        return result, answer

    def refused(self, method: str, path: str, reason: str, who: str | None) -> None:
        """The lab refused a request: into the journal, and to the audit log through the parent.

        Args:
            who: the person that the request identifies, None when it identifies nobody.
        """
        fact = {
            "method": method[:16],
            "path": path[:512],
            "reason": reason[:300],
            "person": (who or "")[:64],
        }
        with contextlib.suppress(JournalFailed):
            self.journal.append("refused", fact)
        if len(self._refusals) < _REFUSALS_KEPT:
            self._refusals.append(fact)
        self._tell_refusals()

    def _tell_refusals(self) -> None:
        while self._refusals and self._tell_parent({"refused": self._refusals[0]}):
            self._refusals.popleft()

    # -- parent ----------------------------------------------------------------------------

    async def _report(self) -> None:
        last: dict[str, Any] = {}
        while True:
            head = self.journal.head
            fact = {
                "head": [head.seq, head.digest],
                "agent_connected": self.agent.is_connected,
                "kernels": len(self._relays),
                "journal_ok": self.journal.failure is None,
            }
            if fact != last and self._tell_parent(fact):
                last = fact
            self._tell_refusals()
            await asyncio.sleep(_REPORT_PAUSE_S)

    def _tell_parent(self, fact: Mapping[str, Any]) -> bool:
        """Whether the parent will hear it; one that is gone ends this process by a signal."""
        try:
            self._parent.send(json.dumps(fact).encode())
        except OSError:
            return False
        return True

    def _parent_said(self) -> None:
        try:
            data = self._parent.recv(1 << 16)
        except OSError:
            return
        if not data:
            # The parent is dead and the signal that ends its workers is on its way. That is not
            # an order to close: the next parent's worker takes this session up as it is.
            os._exit(1)
        try:
            order = json.loads(data)
        except ValueError:
            return
        if order.get("op") == "close":
            self._close_reason = str(order.get("reason", self._close_reason))
            self._ended.set()

    async def _close(self) -> None:
        for relay in self._relays.values():
            relay.answer_open(f"the session ended: {self._close_reason}")
        await asyncio.sleep(0.2)  # for the lab to pass it on
        with contextlib.suppress(JournalFailed):
            await self.journal.write("close", {"reason": self._close_reason})
        head = self.journal.close(timeout_s=5)
        self._tell_parent({"head": [head.seq, head.digest], "closed": True})
        for relay in self._relays.values():
            relay.close()
        for left in (self._memory / "kernels.json", Path(self._memory / "order.json")):
            left.unlink(missing_ok=True)
