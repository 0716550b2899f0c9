"""The gate's end of the lab's connections: kernels, files and refusals, one request at a time.

The lab runs no user code, but it renders what users made; so it may ask only for these verbs, and
each is recorded before it is done.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vitrine.activity.journal import JournalFailed
from vitrine.errors import InvalidInput, VitrineError
from vitrine.session.gate.agent_side import CONTROL_LIMIT, AgentProblem, peer_uid
from vitrine.session.wire import Link, WireError, head_of, pack

if TYPE_CHECKING:
    from vitrine.session.gate.worker import Worker

FILE_VERBS: Final = frozenset(
    {"stat", "list", "read", "write", "mkdir", "rename", "copy", "delete", "hash"}
)
_IN_HAND_LIMIT: Final = 48 << 20
"""Bytes of file bodies taken from the lab before it has to wait."""
_FILES_AT_ONCE: Final = 4
_SIGNALS: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGKILL})

Answer = tuple[dict[str, Any], bytes]


class LabSide:
    """Serves `rpc.sock` for the lab's account."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._in_hand = 0
        self._paused: list[Link] = []
        self._turn = asyncio.Semaphore(_FILES_AT_ONCE)
        self._boot = os.urandom(8).hex()
        self._verbs: Mapping[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "hello": self._hello,
            "kernel.start": self._start,
            "kernel.poll": self._poll,
            "kernel.signal": self._signal,
            "kernel.close": self._close,
            "kernel.give_up": self._give_up,
            "kernel.displaced": self._displaced,
            "refused": self._refused,
        }

    async def listen(self) -> asyncio.Server:
        """Bind the socket anew."""
        directory: Path = self._worker.places.lab(self._worker.order.session_id)
        path = directory / "rpc.sock"
        path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(self._accept, str(path))
        os.chmod(path, 0o660)
        return server

    def _accept(self) -> Link:
        return _LabLink(self._take, self._worker.order.lab_uid)

    def _take(self, link: Link, parts: list[bytes]) -> None:
        try:
            head = head_of(parts)
        except WireError as problem:
            link.close(str(problem))
            return
        body = parts[1] if len(parts) > 1 else b""
        self._in_hand += len(body)
        if self._in_hand > _IN_HAND_LIMIT:
            link.pause()
            self._paused.append(link)
        task = asyncio.ensure_future(self._answer(link, head, body))
        task.add_done_callback(lambda done: done.exception())

    async def _answer(self, link: Link, head: dict[str, Any], body: bytes) -> None:
        number, verb = head.pop("id", None), str(head.pop("op", ""))
        try:
            result, answer = await self._perform(verb, head, body)
            reply: dict[str, Any] = {"id": number, "ok": True, "result": result}
            parts = pack(reply, answer) if answer else pack(reply)
        except AgentProblem as problem:
            parts = pack({"id": number, "ok": False, "code": problem.code, "error": str(problem)})
        except JournalFailed as problem:
            sentence = f"nothing was done: {problem.sentence()}"
            parts = pack({"id": number, "ok": False, "code": "journal", "error": sentence})
        except (VitrineError, KeyError, ValueError, TypeError) as problem:
            parts = pack({"id": number, "ok": False, "code": "refused", "error": str(problem)})
        finally:
            self._done_with(len(body))
        link.send(parts, urgent=verb.startswith("kernel."))

    def _done_with(self, size: int) -> None:
        self._in_hand -= size
        if self._in_hand <= _IN_HAND_LIMIT // 2:
            paused, self._paused = self._paused, []
            for link in paused:
                link.resume()

    async def _perform(self, verb: str, head: dict[str, Any], body: bytes) -> Answer:
        if verb.startswith("files."):
            name = verb.removeprefix("files.")
            if name not in FILE_VERBS:
                raise InvalidInput("not a file operation")
            async with self._turn:
                return await self._worker.file_operation(name, head, body)
        operation = self._verbs.get(verb)
        if operation is None:
            raise InvalidInput("not something the lab may ask for")
        return await operation(head), b""

    async def _hello(self, _head: dict[str, Any]) -> dict[str, Any]:
        return {"boot": self._boot}

    async def _start(self, head: dict[str, Any]) -> dict[str, Any]:
        kernel_id = str(head["kernel_id"])
        if not kernel_id.replace("-", "").isalnum() or not 8 <= len(kernel_id) <= 64:
            raise InvalidInput("a kernel id of an unknown form")
        key = str(head["key"])
        if len(key) < 32:
            raise InvalidInput("a key that is too short to sign with")
        return await self._worker.start_kernel(kernel_id, key, str(head.get("cwd", "")))

    async def _poll(self, head: dict[str, Any]) -> dict[str, Any]:
        relay = self._worker.relay(str(head["kernel_id"]))
        return {"exit_code": relay.exit_code, "reason": relay.exit_reason}

    async def _signal(self, head: dict[str, Any]) -> dict[str, Any]:
        number = int(head["signal"])
        if number not in _SIGNALS:
            raise InvalidInput("this signal is not passed on")
        await self._worker.signal_kernel(str(head["kernel_id"]), number)
        return {}

    async def _close(self, head: dict[str, Any]) -> dict[str, Any]:
        await self._worker.close_kernel(str(head["kernel_id"]))
        return {}

    async def _give_up(self, head: dict[str, Any]) -> dict[str, Any]:
        relay = self._worker.relay(str(head["kernel_id"]))
        return {"known": relay.give_up([str(item)[:128] for item in head["msg_ids"]])}

    async def _displaced(self, head: dict[str, Any]) -> dict[str, Any]:
        self._worker.relay(str(head["kernel_id"])).displaced(int(head["count"]))
        return {}

    async def _refused(self, head: dict[str, Any]) -> dict[str, Any]:
        who = head.get("who")
        self._worker.refused(
            str(head["method"]),
            str(head["path"]),
            str(head["reason"]),
            None if who is None else str(who),
        )
        return {}


class _LabLink(Link):
    """A connection of the lab, checked by account."""

    def __init__(self, on_message: Callable[[Link, list[bytes]], None], uid: int) -> None:
        super().__init__(on_message, lambda _link, _reason: None, message_limit=CONTROL_LIMIT)
        self._expected_uid = uid

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Only the lab's own account is served."""
        super().connection_made(transport)
        if peer_uid(transport) != self._expected_uid:
            self.close("another account connected")
