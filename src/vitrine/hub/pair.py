"""A session's life in this process: planned, opened, running, ended. One pair is one thing.

Whatever `start` has done when it fails, `end` undoes; `end` may be called at any time and twice.
What neither could do, because the Hub was killed, the sweep does (`vitrine.hub.sweep`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from vitrine.clock import Clock, utc_now
from vitrine.errors import NotFound, Unavailable, VitrineError
from vitrine.hub import containers
from vitrine.hub.containers import Images, Node, Role
from vitrine.hub.engine import Engine
from vitrine.session import control
from vitrine.storage.database import Database
from vitrine.workspaces import start as workspaces
from vitrine.workspaces.spec import WorkspaceSpec
from vitrine.workspaces.stop import sessions_to_end

READY_TIMEOUT_S: Final = 90
"""From the start of the containers until lab and agent answer, on a busy machine."""

_LOOK_EVERY_S: Final = 0.1
_CHECK_CONTAINERS_EVERY_S: Final = 2.0
_THREADS: Final = 64

Result = TypeVar("Result")
Report = Callable[[int, str], None]
"""Takes per cent and a sentence for the person who waits."""

log = logging.getLogger("vitrine.hub")


class Pairs:
    """Every session that this Hub holds, and the parts of the node that sessions are made of."""

    def __init__(
        self, node: Node, database: Database, engine: Engine, clock: Clock = utc_now
    ) -> None:
        self.settings = node.settings
        self.database = database
        self.engine = engine
        self.clock = clock
        self.planning = asyncio.Lock()
        """Held while a session is planned, and while the sweep looks at what there is."""
        self.held: set[str] = set()
        """Sessions that this process starts, runs or adopted. The sweep leaves them alone."""
        self._node = node
        # Starting is work for a processor. Twenty at once would all be late; in turn, the first
        # is there after seconds and the last no later.
        self._turns = asyncio.Semaphore(max(2, os.cpu_count() or 2))
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pair")

    async def plan(self, person: str, project: str) -> WorkspaceSpec:
        """What `person` may start for `project`, entered as a starting session.

        Raises:
            NotPermitted: with the policy's reason.
            NotFound: when there is no such project.
        """
        async with self.planning:
            spec = await self.do(
                lambda: workspaces.begin_session(
                    self.database, self.settings, person, project, clock=self.clock
                )
            )
            self.held.add(spec.session_id)
        return spec

    async def start(
        self, spec: WorkspaceSpec, lab_environment: Mapping[str, str], report: Report
    ) -> Images:
        """Bring up the pair and wait until lab and agent answer.

        Raises:
            VitrineError: saying what is missing; `end` must then be called.
        """
        report(5, "Looking for the images of this session.")
        images = await self.do(
            lambda: self.engine.images(kernel=spec.kernel_image, lab=spec.lab_image)
        )
        if self._turns.locked():
            report(5, "Waiting for other sessions that start just now.")
        async with self._turns:
            await self._bring_up(spec, images, lab_environment, report)
        await self.do(
            lambda: workspaces.mark_running(self.database, spec.session_id, clock=self.clock)
        )
        return images

    async def _bring_up(
        self, spec: WorkspaceSpec, images: Images, environment: Mapping[str, str], report: Report
    ) -> None:
        report(10, "Mounting the workspace.")
        workspace = await self.do(lambda: self._prepare(spec))
        report(25, "Opening the journal.")
        await self.do(lambda: self._open_gate(spec))
        report(40, "Starting the two containers.")
        bodies = {
            Role.KERNEL: containers.kernel(spec, self._node, images.kernel, workspace),
            Role.LAB: containers.lab(spec, self._node, images.lab, environment),
        }
        await self.do(lambda: self.engine.start_pair(spec.session_id, bodies))
        report(60, "Waiting for JupyterLab and the kernel's agent.")
        await self._until_ready(spec.session_id)

    async def end(self, session_id: str, workspace_id: int | None, reason: str) -> None:
        """Remove every trace of a session except its record, which gets the reason."""
        # The gate first: it tells an open page why its cells end, and the lab has a moment to
        # pass that on.
        steps: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("the gate's session", lambda: self._close_gate(session_id, reason)),
            ("its containers", lambda: self.engine.remove(session_id)),
            ("its directories", lambda: self._release(session_id, workspace_id)),
            ("its record", lambda: self._record_end(session_id, reason)),
        )
        try:
            for what, step in steps:
                try:
                    await self.do(step)
                except VitrineError as error:
                    log.error("session %s: %s stay for now: %s", session_id, what, error.sentence())
        finally:
            self.held.discard(session_id)

    async def why_ending(self, session_id: str) -> str:
        """Why a running session must end now; empty when it may go on.

        An engine, a database or a gate that does not answer says nothing about the session.
        """
        try:
            asked = await self.do(lambda: self._asked_to_end(session_id))
            broken = asked or await self.do(lambda: self._broken(session_id))
            return broken or await self.do(lambda: self._closed(session_id))
        except VitrineError as error:
            log.warning("session %s cannot be looked at: %s", session_id, error.sentence())
            return ""

    def lab_socket(self, session_id: str) -> Path:
        """Where the lab of a session listens, as the Hub and the proxy see it."""
        return self.settings.session_root / session_id / "http" / "lab.sock"

    async def do(self, work: Callable[[], Result]) -> Result:
        """Run blocking `work` in a thread. Cancelled, it still waits for the work to end."""
        task = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    def ask_gate(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The gate's answer.

        Raises:
            Unavailable: when it is away or says no.
        """
        return control.ask(self.settings.gate_control_socket, request)

    def ask_host(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The host helper's answer.

        Raises:
            Unavailable: when it is away or says no.
        """
        return control.ask(self.settings.host_socket, request, timeout_s=60)

    def _prepare(self, spec: WorkspaceSpec) -> Path:
        answer = self.ask_host(
            {
                "op": "prepare",
                "session_id": spec.session_id,
                "workspace_id": spec.workspace_id,
                "kernel_uid": spec.kernel_uid,
                "lab_uid": spec.lab_uid,
                "workspace_mb": spec.limits.workspace_mb,
            }
        )
        return Path(answer["workspace"])

    def _release(self, session_id: str, workspace_id: int | None) -> None:
        request: dict[str, Any] = {"op": "release", "session_id": session_id}
        if workspace_id is not None:
            request["workspace_id"] = workspace_id
        self.ask_host(request)

    def _open_gate(self, spec: WorkspaceSpec) -> None:
        session = {
            "session_id": spec.session_id,
            "person": spec.person,
            "project": spec.project,
            "kernel_uid": spec.kernel_uid,
            "lab_uid": spec.lab_uid,
            "memory_mb": spec.limits.memory_mb,
            "journal_limit_mb": spec.limits.journal_limit_mb,
            "agent_buffer_mb": spec.limits.agent_buffer_mb,
            "export_file_mb": spec.limits.export_file_mb,
            "export_request_mb": spec.limits.export_request_mb,
            "share_project_mb": spec.limits.share_project_mb,
        }
        self.ask_gate({"op": "open", "session": session})

    def _close_gate(self, session_id: str, reason: str) -> None:
        request = {"op": "close", "session_id": session_id, "reason": reason}
        answer = control.call(self.settings.gate_control_socket, request)
        if answer.get("ok") is False and session_id in self._gate_sessions():
            raise Unavailable(str(answer.get("error")))

    def _gate_sessions(self) -> set[str]:
        return set(sessions_of(self.ask_gate({"op": "list"})))

    def _record_end(self, session_id: str, reason: str) -> None:
        try:
            workspaces.end_session(self.database, session_id, reason, clock=self.clock)
        except NotFound:
            return

    async def _until_ready(self, session_id: str) -> None:
        """Return when the lab accepts connections and the agent has dialled the gate."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        look_at_containers = time.monotonic() + _CHECK_CONTAINERS_EVERY_S
        lab_answers = agent_answers = False
        while not (lab_answers and agent_answers):
            await asyncio.sleep(_LOOK_EVERY_S)
            lab_answers = lab_answers or await _accepts(self.lab_socket(session_id))
            agent_answers = agent_answers or await self.do(lambda: self._agent_there(session_id))
            now = time.monotonic()
            if now > look_at_containers:
                look_at_containers = now + _CHECK_CONTAINERS_EVERY_S
                if broken := await self.do(lambda: self._broken(session_id)):
                    raise Unavailable(f"the session could not start: {broken}")
            if now > deadline:
                what = "the kernel's agent" if lab_answers else "JupyterLab"
                raise Unavailable(
                    f"{what} did not come up within {READY_TIMEOUT_S} s", hint="start it again"
                )

    def _agent_there(self, session_id: str) -> bool:
        status = self.ask_gate({"op": "status", "session_id": session_id})
        return bool(status.get("agent_connected"))

    def _broken(self, session_id: str) -> str:
        """Which half of the pair is not running and why; empty when both are."""
        halves = {half.role: half for half in self.engine.halves(session_id)}
        for role in Role:
            half = halves.get(role)
            if half is None:
                return f"the {role} container is gone"
            if not half.is_running:
                return f"the {role} container {self.engine.ending(half)}"
        return ""

    def _closed(self, session_id: str) -> str:
        """Why a session whose containers run is over: a Hub was killed while it ended it."""
        return "" if session_id in self._gate_sessions() else "the gate closed this session"

    def _asked_to_end(self, session_id: str) -> str:
        return dict(sessions_to_end(self.database, self.clock)).get(session_id, "")


def sessions_of(answer: Mapping[str, Any]) -> list[str]:
    """The session ids in an answer to `list`, as names or as records."""
    found = answer.get("sessions", [])
    return [each if isinstance(each, str) else str(each["session_id"]) for each in found]


async def _accepts(socket: Path) -> bool:
    """Whether something accepts connections at `socket`."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_unix_connection(str(socket)), timeout=5)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
