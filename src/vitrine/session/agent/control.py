"""The agent's control connection: the gate asks, the agent does.

One connection for life-cycle and files, one more per kernel incarnation. The agent dials; when
the gate goes away it dials again until it is back, and the kernels run on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vitrine.session.agent.files import FileProblem, Workspace
from vitrine.session.agent.kernels import Kernel, WarmInterpreter
from vitrine.session.wire import Link, head_of, pack

_MESSAGE_LIMIT: Final = 160 << 20
_DIAL_PAUSE_S: Final = 0.05
_ATTACH_PAUSE_S: Final = 0.2
_DRAFT_LINE_LIMIT: Final = 256 << 10
_DRAFT_TIMEOUT_S: Final = 120
_KERNELS_LIMIT: Final = 16
_ASKABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": ("title", "context", "paths"),
    "share": ("paths", "note"),
    "shared": (),
    "receive": ("share_id",),
}
"""What the researcher's code may ask the gate for, and what it says with it."""
_ENVIRONMENT: Final = (
    "HOME", "LANG", "LC_ALL", "LOGNAME", "MPLCONFIGDIR", "OMP_NUM_THREADS", "PATH", "TZ", "USER",
    "VITRINE_AGENT_SOCKET", "VITRINE_DATA", "VITRINE_WORKSPACE",
)  # fmt: skip
"""All that a kernel inherits."""

Operation = Callable[[dict[str, Any], bytes], Awaitable[tuple[dict[str, Any], bytes]]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where things are in this container."""

    gate: Path
    """The gate's socket for agents."""
    workspace: Path
    runtime: Path
    """A folder for kernels' own sockets; emptied by nobody but this container's end."""
    drafts: Path
    """The socket on which the researcher's code asks for exports and shares."""
    buffer_bytes: int


class Agent:
    """Starts kernels, serves files, passes on what the researcher's code asks the gate for."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._here = surroundings
        self._workspace = Workspace(surroundings.workspace)
        self._kernels: dict[str, Kernel] = {}
        environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
        self._warm = WarmInterpreter(environment | {"IPYTHONDIR": str(self._ipython())})
        self._control: Link | None = None
        self._drafts: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._draft_number = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._operations: Mapping[str, Operation] = {
            "kernel.start": self._start_kernel,
            "kernel.signal": self._signal_kernel,
            "kernel.close": self._close_kernel,
            "kernel.list": self._list_kernels,
        }

    def _ipython(self) -> Path:
        # Not in the workspace: a startup file there would run before the first recorded cell.
        return self._here.runtime / "ipython"

    async def run(self) -> None:
        """Dial the gate for ever."""
        self._here.runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._warm.prepare()
        self._here.drafts.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(
            self._serve_draft, self._here.drafts, limit=_DRAFT_LINE_LIMIT
        )
        async with server:
            while True:
                await self._serve_once()
                await asyncio.sleep(_DIAL_PAUSE_S)

    async def _serve_once(self) -> None:
        ended = asyncio.get_running_loop().create_future()

        def on_close(_link: Link, _reason: str | None) -> None:
            if not ended.done():
                ended.set_result(None)

        try:
            link = await self._dial(self._on_control, on_close)
        except OSError:
            return
        self._control = link
        link.send(pack({"role": "control", "kernels": [_fact(k) for k in self._kernels.values()]}))
        for kernel in list(self._kernels.values()):
            await self._attach(kernel)
        await ended
        self._control = None
        for draft in self._drafts.values():
            if not draft.done():
                draft.set_result({"ok": False, "error": "the gate was restarted; ask again"})

    async def _dial(
        self,
        on_message: Callable[[Link, list[bytes]], None],
        on_close: Callable[[Link, str | None], None],
    ) -> Link:
        link = Link(on_message, on_close, message_limit=_MESSAGE_LIMIT)
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: link, str(self._here.gate))
        return link

    async def _attach(self, kernel: Kernel) -> None:
        def on_close(link: Link, _reason: str | None) -> None:
            kernel.detach(link)
            asyncio.get_running_loop().call_later(_ATTACH_PAUSE_S, self._attach_again, kernel)

        if kernel.link is not None or kernel.is_attaching:
            return
        kernel.is_attaching = True
        try:
            kernel.attach(await self._dial(kernel.take, on_close))
        except OSError:
            asyncio.get_running_loop().call_later(_ATTACH_PAUSE_S, self._attach_again, kernel)
        finally:
            kernel.is_attaching = False

    def _attach_again(self, kernel: Kernel) -> None:
        """A kernel's connection ended while the gate is there: it gets a new one."""
        is_there = self._control is not None and self._control.is_open
        if is_there and self._kernels.get(kernel.kernel_id) is kernel:
            self._spawn(self._attach(kernel))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- requests of the gate --------------------------------------------------------------

    def _on_control(self, link: Link, parts: list[bytes]) -> None:
        head = head_of(parts)
        if head.get("op") == "draft.done":
            waiting = self._drafts.get(int(head.get("number", 0)))
            if waiting is not None and not waiting.done():
                waiting.set_result(head.get("result", {}))
            return
        body = parts[1] if len(parts) > 1 else b""
        self._spawn(self._answer(link, head, body))

    async def _answer(self, link: Link, head: dict[str, Any], body: bytes) -> None:
        verb = str(head.get("op"))
        urgent = verb.startswith("kernel.")
        try:
            operation = self._operations.get(verb)
            if operation is not None:
                result, answer = await operation(head, body)
            else:
                result, answer = await asyncio.to_thread(
                    self._workspace.perform, verb.removeprefix("files."), head, body
                )
            link.send(pack({"id": head.get("id"), "ok": True, "result": result}, answer),
                      urgent=urgent)  # fmt: skip
        except FileProblem as problem:
            reply = {"id": head.get("id"), "ok": False, "code": problem.code, "error": str(problem)}
            link.send(pack(reply), urgent=urgent)
        except Exception as problem:  # whatever it was: the gate must not wait for an answer
            error = f"the session's container could not do this ({type(problem).__name__})"
            reply = {"id": head.get("id"), "ok": False, "code": "refused", "error": error}
            link.send(pack(reply), urgent=urgent)

    async def _start_kernel(
        self, head: dict[str, Any], _body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        kernel_id = str(head["kernel_id"])
        old = self._kernels.pop(kernel_id, None)
        if old is not None:
            old.close()
        if len(self._kernels) >= _KERNELS_LIMIT:
            raise FileProblem("refused", f"{_KERNELS_LIMIT} kernels run already: shut one down")
        cwd = self._workspace.path(head.get("cwd", ""))
        kernel = Kernel(
            kernel_id,
            int(head["incarnation"]),
            runtime=self._here.runtime,
            buffer_bytes=self._here.buffer_bytes,
            out_of_memory=_out_of_memory_count,
        )
        self._kernels[kernel_id] = kernel
        await kernel.start(self._warm, cwd if cwd.is_dir() else self._here.workspace)
        await self._attach(kernel)
        return {}, b""

    async def _signal_kernel(
        self, head: dict[str, Any], _body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        kernel = self._kernels.get(str(head["kernel_id"]))
        if kernel is not None:
            kernel.signal(int(head["signal"]))
        return {}, b""

    async def _close_kernel(
        self, head: dict[str, Any], _body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        kernel = self._kernels.pop(str(head["kernel_id"]), None)
        if kernel is not None:
            kernel.close()
        return {}, b""

    async def _list_kernels(
        self, _head: dict[str, Any], _body: bytes
    ) -> tuple[dict[str, Any], bytes]:
        return {"kernels": [_fact(kernel) for kernel in self._kernels.values()]}, b""

    # -- exports and shares ----------------------------------------------------------------

    async def _serve_draft(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            answer = await self._draft(json.loads(await reader.readline()))
        except (ValueError, OSError, RecursionError):
            answer = {"ok": False, "error": "the request could not be read"}
        with contextlib.suppress(OSError):
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
            writer.close()

    async def _draft(self, order: Any) -> dict[str, Any]:
        names = _ASKABLE.get(str(order.get("op"))) if isinstance(order, dict) else None
        if names is None:
            return {"ok": False, "error": "only exports and shares can be asked for here"}
        if self._control is None:
            return {"ok": False, "error": "the gate is away for a moment; ask again"}
        self._draft_number += 1
        number = self._draft_number
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._drafts[number] = waiting
        try:
            fields = {key: order.get(key) for key in names}
            self._control.send(pack({"push": order["op"], "number": number, **fields}))
            return await asyncio.wait_for(waiting, _DRAFT_TIMEOUT_S)
        except TimeoutError:
            return {"ok": False, "error": "the gate did not answer; ask again"}
        finally:
            del self._drafts[number]


def _fact(kernel: Kernel) -> dict[str, Any]:
    return {
        "kernel_id": kernel.kernel_id,
        "incarnation": kernel.incarnation,
        "exit_code": kernel.exit_code,
    }


def _out_of_memory_count() -> int:
    """How often this container has run out of memory, by the kernel's own count."""
    for name in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        with contextlib.suppress(OSError, ValueError):
            lines = Path(name).read_text().splitlines()
            counts = dict(line.split(" ", 1) for line in lines if " " in line)
            return int(counts.get("oom_kill", 0))
    return 0
