"""The gate's parent: opens and closes sessions, one forked worker each.

Answers Hub and steward from what the workers reported, so no worker can hold anybody up. Plain
`selectors`, no event loop and no ZMQ: a fork inherits nothing it could trip over.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import secrets
import selectors
import shutil
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vitrine.clock import timestamp, utc_now
from vitrine.errors import InvalidInput, NotFound, VitrineError
from vitrine.session.gate.order import KINDS, Places, SessionOrder

_LINE_LIMIT: Final = 64 << 10
_CLOSE_WAIT_S: Final = 8.0
_RESPAWN_PAUSE_S: Final = (0.0, 0.2, 1.0, 5.0)
_WORKER_DATA_LIMIT: Final = 512 << 20
_PR_SET_PDEATHSIG: Final = 1
_REFUSALS_A_CALL: Final = 500
_REFUSALS_BYTES: Final = 256 << 20

_FACTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "agent_connected": bool,
    "journal_ok": bool,
    "closed": bool,
    "kernels": int,
    "failed": str,
}
"""What a worker reports about its session."""

RunWorker = Callable[[SessionOrder, socket.socket], None]
"""Serves one session in a forked child; returns when the session is closed."""


@dataclass(slots=True)
class _Session:
    order: SessionOrder
    pid: int = 0
    pipe: socket.socket | None = None
    fact: dict[str, Any] = field(default_factory=dict)
    deaths: int = 0
    respawn_at: float | None = None
    is_closing: bool = False


class Parent:
    """Serves the control socket and keeps one worker per open session alive.

    Args:
        allowed_uids: the accounts that may use the control socket.
        run_worker: what a forked child does.
    """

    def __init__(
        self,
        places: Places,
        control: Path,
        allowed_uids: frozenset[int],
        run_worker: RunWorker,
    ) -> None:
        self._places = places
        self._control_path = control
        self._allowed = allowed_uids
        self._run_worker = run_worker
        self._sessions: dict[str, _Session] = {}
        self._heads: dict[str, list[Any]] = {}
        self._selector = selectors.DefaultSelector()
        self._verbs: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "open": self._open,
            "close": self._close,
            "status": self._status,
            "list": self._list,
            "heads": self._list_heads,
            "refusals": self._list_refusals,
            "drafts": self._list_drafts,
            "draft_taken": self._draft_taken,
        }

    def serve(self) -> None:
        """Recover the open sessions, then serve until SIGTERM."""
        self._control_path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self._control_path))
        os.chmod(self._control_path, 0o660)
        listener.listen(64)
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._recover()
        is_ending = []
        signal.signal(signal.SIGTERM, lambda _number, _frame: is_ending.append(True))
        while not is_ending:
            for key, _ in self._selector.select(timeout=0.2):
                key.data(key.fileobj)
            self._reap()
            self._respawn()

    def _recover(self) -> None:
        for path in sorted(self._places.state.glob("*/order.json")):
            try:
                order = SessionOrder.of(json.loads(path.read_bytes()))
            except (OSError, ValueError, VitrineError):
                _say(f"{path.parent.name}: the record of this session cannot be read; left alone")
                continue
            session = self._sessions[order.session_id] = _Session(order)
            if self._places.lab(order.session_id).is_dir():
                self._fork(session)
            else:
                self._forget(order.session_id)
        for partial in self._places.drafts.glob(".*"):
            shutil.rmtree(partial, ignore_errors=True)

    # -- workers ---------------------------------------------------------------------------

    def _fork(self, session: _Session) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent_pid = os.getpid()
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._become_worker(session.order, theirs, parent_pid)
        theirs.close()
        ours.setblocking(False)
        session.pid, session.pipe, session.respawn_at = pid, ours, None
        session.fact = {}
        self._selector.register(
            ours, selectors.EVENT_READ, lambda pipe: self._worker_said(session, pipe)
        )

    def _become_worker(self, order: SessionOrder, pipe: socket.socket, parent_pid: int) -> None:
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent_pid:
                os._exit(1)
            for key in list(self._selector.get_map().values()):
                os.close(key.fd)
            resource.setrlimit(resource.RLIMIT_DATA, (_WORKER_DATA_LIMIT, _WORKER_DATA_LIMIT))
            pipe.setblocking(False)
            self._run_worker(order, pipe)
            code = 0
        except VitrineError as problem:
            _say(f"{order.session_id}: {problem.sentence()}")
            with contextlib.suppress(OSError):
                pipe.send(json.dumps({"failed": problem.sentence()}).encode())
        except BaseException as problem:
            _say(f"{order.session_id}: worker ended by {type(problem).__name__}")
            raise
        finally:
            os._exit(code)

    def _worker_said(self, session: _Session, pipe: socket.socket) -> None:
        try:
            data = pipe.recv(1 << 16)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(pipe)
            pipe.close()
            if session.pipe is pipe:
                session.pipe = None
            return
        self._learn(session, data)

    def _learn(self, session: _Session, data: bytes) -> None:
        """What a worker says. It parses hostile bytes, so it is not believed to be well formed."""
        try:
            fact = json.loads(data)
            if "refused" in fact:
                self._note_refusal(session.order, fact["refused"])
                return
            known = {key: kind(fact[key]) for key, kind in _FACTS.items() if key in fact}
            if "head" in fact:
                seq, digest = fact["head"]
                self._heads[session.order.session_id] = [int(seq), str(digest)]
                session.deaths = 0
        except (ValueError, TypeError, LookupError, AttributeError):
            _say(f"{session.order.session_id}: the worker said something of an unknown form")
            return
        session.fact |= known

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for session in self._sessions.values():
                if session.pid == pid:
                    self._worker_ended(session)

    def _worker_ended(self, session: _Session) -> None:
        session.pid = 0
        session.fact["agent_connected"] = False
        if not session.is_closing:
            pause = _RESPAWN_PAUSE_S[min(session.deaths, len(_RESPAWN_PAUSE_S) - 1)]
            session.deaths += 1
            session.respawn_at = time.monotonic() + pause

    def _respawn(self) -> None:
        now = time.monotonic()
        for session in self._sessions.values():
            if session.respawn_at is not None and session.respawn_at <= now:
                if session.pipe is not None:
                    self._selector.unregister(session.pipe)
                    session.pipe.close()
                self._fork(session)

    # -- control socket --------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        if struct.unpack("3i", credentials)[1] not in self._allowed:
            connection.close()
            return
        connection.setblocking(False)
        buffer = bytearray()
        self._selector.register(
            connection, selectors.EVENT_READ, lambda peer: self._read_line(peer, buffer)
        )

    def _read_line(self, connection: socket.socket, buffer: bytearray) -> None:
        try:
            data = connection.recv(1 << 16)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        buffer += data
        if data and len(buffer) <= _LINE_LIMIT and b"\n" not in buffer:
            return
        if b"\n" not in buffer:
            self._selector.unregister(connection)
            connection.close()
            return
        line, _, rest = bytes(buffer).partition(b"\n")
        buffer[:] = rest
        answer = json.dumps(self._answer(line)).encode() + b"\n"
        with contextlib.suppress(OSError):
            connection.settimeout(2)
            connection.sendall(answer)
            connection.setblocking(False)

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            verb = self._verbs[request.pop("op")]
            return {"ok": True, **verb(request)}
        except VitrineError as problem:
            return {"ok": False, "error": problem.sentence()}
        except OSError as problem:
            return {"ok": False, "error": f"the gate's disk refused: {problem.strerror}"}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {"ok": False, "error": "a request of an unknown form"}

    def _open(self, request: dict[str, Any]) -> dict[str, Any]:
        order = SessionOrder.of(request["session"])
        held = self._sessions.get(order.session_id)
        if held is not None:
            if held.order != order:
                raise InvalidInput(f"session {order.session_id} is open with another order")
            return {}
        if not self._places.lab(order.session_id).is_dir():
            raise NotFound(f"session {order.session_id} has no directories yet")
        memory = self._places.memory(order.session_id)
        memory.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = memory / "order.new"
        temporary.write_text(json.dumps(order.fields()))
        temporary.replace(memory / "order.json")
        session = self._sessions[order.session_id] = _Session(order)
        self._fork(session)
        return {}

    def _close(self, request: dict[str, Any]) -> dict[str, Any]:
        session = self._sessions.get(str(request["session_id"]))
        if session is None:
            return {"head": self._heads.get(str(request["session_id"]))}
        session.is_closing = True
        if session.pipe is not None and session.pid:
            reason = str(request.get("reason", "closed"))[:300]
            self._close_worker(session, session.pipe, reason)
        if session.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(session.pid, signal.SIGKILL)
            os.waitpid(session.pid, 0)
        if session.pipe is not None:
            self._selector.unregister(session.pipe)
            session.pipe.close()
        self._forget(session.order.session_id)
        return {"head": self._heads.get(session.order.session_id)}

    def _close_worker(self, session: _Session, pipe: socket.socket, reason: str) -> None:
        """Ask a worker to write its last record, and wait a moment for it."""
        deadline = time.monotonic() + _CLOSE_WAIT_S
        with contextlib.suppress(OSError, ValueError):
            pipe.settimeout(1)
            pipe.send(json.dumps({"op": "close", "reason": reason}).encode())
            while not session.fact.get("closed"):
                pipe.settimeout(max(0.01, deadline - time.monotonic()))
                data = pipe.recv(1 << 16)
                if not data:
                    return
                self._learn(session, data)

    def _forget(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)
        shutil.rmtree(self._places.memory(session_id), ignore_errors=True)

    def _status(self, request: dict[str, Any]) -> dict[str, Any]:
        session = self._sessions.get(str(request["session_id"]))
        if session is None:
            raise NotFound(f"session {request['session_id']} is not open")
        fact = session.fact
        return {
            "agent_connected": fact.get("agent_connected", False),
            "kernels": fact.get("kernels", 0),
            "journal_ok": fact.get("journal_ok", False),
            "failed": fact.get("failed"),
            "worker_pid": session.pid,
        }

    def _list(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"sessions": [session.order.fields() for session in self._sessions.values()]}

    def _list_heads(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {
            "heads": {
                session_id: {"seq": head[0], "digest": head[1]}
                for session_id, head in self._heads.items()
            }
        }

    # -- refusals and drafts, for the steward ----------------------------------------------

    def _note_refusal(self, order: SessionOrder, fact: Mapping[str, Any]) -> None:
        line = {
            "session_id": order.session_id,
            "owner": order.person,
            "project": order.project,
            "person": str(fact.get("person"))[:64],
            "method": str(fact.get("method"))[:16],
            "path": str(fact.get("path"))[:512],
            "reason": str(fact.get("reason"))[:300],
            "at": timestamp(utc_now()),
        }
        try:
            with open(self._refusals(), "ab") as file:
                if file.tell() < _REFUSALS_BYTES:
                    file.write(json.dumps(line).encode() + b"\n")
        except OSError as problem:
            # The session's journal has it too; what one session fills must not stop the others.
            _say(f"{order.session_id}: a refusal could not be kept for the audit: {problem}")

    def _refusals(self) -> Path:
        """The list of refusals; its name is new when an earlier list was lost with a reboot."""
        for path in self._places.state.glob("refusals-*.jsonl"):
            return path
        return self._places.state / f"refusals-{secrets.token_hex(8)}.jsonl"

    def _list_refusals(self, request: dict[str, Any]) -> dict[str, Any]:
        path = self._refusals()
        # A reader who remembers another list begins this one at its start.
        is_same = request.get("log") in (None, "", path.stem)
        offset = max(0, int(request.get("after", 0))) if is_same else 0
        items: list[Any] = []
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            offset = offset if offset <= path.stat().st_size else 0
            file.seek(offset)
            for line in file:
                if len(items) >= _REFUSALS_A_CALL or not line.endswith(b"\n"):
                    break
                items.append(json.loads(line))
                offset += len(line)
        return {"items": items, "next": offset, "log": path.stem}

    def _list_drafts(self, request: dict[str, Any]) -> dict[str, Any]:
        kind = request.get("kind", KINDS[0])
        if kind not in KINDS:
            raise InvalidInput("a kind of draft that is unknown")
        return {"drafts": sorted(path.name for path in self._places.drafts.glob(f"{kind}-*"))}

    def _draft_taken(self, request: dict[str, Any]) -> dict[str, Any]:
        draft_id = str(request["draft_id"])
        kind, _, number = draft_id.partition("-")
        if kind not in KINDS or not number.isalnum():
            raise InvalidInput("a draft id of an unknown form")
        shutil.rmtree(self._places.drafts / draft_id, ignore_errors=True)
        return {}


def _say(sentence: str) -> None:
    print(f"gate: {sentence}", file=sys.stderr, flush=True)
