"""The parser process: one connection, one file, one throw-away child that looks at it.

The server accepts and forks a handler per connection; the handler reads the file, forks a child
that gives everything up (`confine`) and parses, and turns whatever becomes of the child into a
reply. The server itself never sees a byte of a file.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NoReturn

from PIL import Image, JpegImagePlugin, PngImagePlugin

from vitrine.egress.checks import apart, engine, readers
from vitrine.egress.disclosure import from_json
from vitrine.egress.sandbox import changes, clean, confine, frames, pages, preview
from vitrine.egress.sandbox.asked import asked_of
from vitrine.errors import InvalidInput

MAX_FILE_BYTES: Final = 64 << 20
PARSE_TIMEOUT_S: Final = 30.0
READ_TIMEOUT_S: Final = 20.0
MAX_HANDLERS: Final = 4

_PRELOADED: Final = (Image, JpegImagePlugin, PngImagePlugin)  # the child cannot import


class Server:
    """Listens at a Unix socket for the accounts in `allowed_uids`."""

    def __init__(
        self,
        path: Path,
        allowed_uids: Collection[int],
        *,
        parse_timeout_s: float = PARSE_TIMEOUT_S,
    ) -> None:
        self._path = path
        self._allowed_uids = frozenset(allowed_uids)
        self._parse_timeout_s = parse_timeout_s
        self._handlers: set[int] = set()

    def serve(self, is_stopping: Callable[[], bool] = lambda: False) -> None:
        """Answer connections until `is_stopping`, which is asked twice a second."""
        Image.init()
        readers.prepare()
        pages.prepare()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            self._path.unlink(missing_ok=True)
            listener.bind(str(self._path))
            self._path.chmod(0o666)  # SO_PEERCRED decides who is answered
            listener.listen(64)
            listener.settimeout(0.5)
            while not is_stopping():
                self._reap(block=len(self._handlers) >= MAX_HANDLERS)
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    self._dispatch(listener, connection)

    def _dispatch(self, listener: socket.socket, connection: socket.socket) -> None:
        if _peer_uid(connection) not in self._allowed_uids:
            return  # closed without a word
        child = os.fork()
        if child == 0:
            listener.close()
            _handle(connection, self._parse_timeout_s)
        self._handlers.add(child)

    def _reap(self, *, block: bool) -> None:
        while self._handlers:
            try:
                pid, _ = os.waitpid(-1, 0 if block else os.WNOHANG)
            except ChildProcessError:
                self._handlers.clear()
                return
            if pid == 0:
                return
            self._handlers.discard(pid)
            block = False


def _peer_uid(connection: socket.socket) -> int:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int(struct.unpack("3i", credentials)[1])


def _handle(connection: socket.socket, parse_timeout_s: float) -> NoReturn:
    """Answer one connection and end this process."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.alarm(int(READ_TIMEOUT_S * 2 + parse_timeout_s) + 10)
        connection.settimeout(READ_TIMEOUT_S)
        try:
            head, body = frames.read(connection.recv, MAX_FILE_BYTES)
            reply = parse_apart(head, body, parse_timeout_s)
        except frames.BadFrame as error:
            reply = frames.encode({"ok": False, "error": str(error)}, b"")
        connection.sendall(reply)
    except OSError:
        pass  # whoever asked has gone
    finally:
        os._exit(0)


def parse_apart(head: dict[str, Any], body: bytes, timeout_s: float) -> bytes:
    """The reply to one request, worked out by a confined child of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _parse_and_exit(head, body, writing)
    os.close(writing)
    try:
        reply = _collect(reading, timeout_s)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if reply is None:
        return _refusal(f"the file takes longer than {timeout_s:g} seconds to read")
    try:
        frames.read(_reader(reply))
    except frames.BadFrame:
        return _refusal(_why_it_died(status))
    return reply


def _collect(reading: int, timeout_s: float) -> bytes | None:
    """Everything that the child writes until it closes, or None when it takes too long."""
    deadline = time.monotonic() + timeout_s
    parts: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            return None
        part = os.read(reading, 1 << 20)
        size += len(part)
        if not part or size > frames.MAX_BODY:
            return b"".join(parts)
        parts.append(part)


def _reader(content: bytes) -> Callable[[int], bytes]:
    view, position = memoryview(content), 0

    def receive(length: int) -> bytes:
        nonlocal position
        part = bytes(view[position : position + length])
        position += len(part)
        return part

    return receive


def _why_it_died(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return f"the file takes more than {confine.CPU_S} seconds of processor time to read"
        if number == signal.SIGSEGV:
            return "the file is malformed: its parser stopped"
    return "the file cannot be read within the limits of memory and time"


def _refusal(sentence: str) -> bytes:
    return frames.encode({"ok": False, "refusal": sentence}, b"")


def _parse_and_exit(head: dict[str, Any], body: bytes, writing: int) -> NoReturn:
    """In the child: give everything up, parse, write the reply, end."""
    try:
        gc.disable()  # it ends before there is anything to collect
        os.dup2(writing, 0)  # one way out, at the lowest number; everything else is closed
        os.closerange(1, 1024)
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        is_check = head.get("op") in ("check", "compare")
        confine.limit(apart.MEMORY_BYTES if is_check else None)
        confine.filter_system_calls()
        reply = answer(head, body)
        view = memoryview(reply)
        while view:
            view = view[os.write(0, view) :]
    finally:
        os._exit(0)


def answer(head: dict[str, Any], body: bytes) -> bytes:
    """The reply to one request; runs confined and never raises for a bad file."""
    try:
        if head.get("op") == "clean":
            return _answer_clean(str(head.get("name", "")), body)
        if head.get("op") == "preview":
            return _answer_preview(head, body)
        if head.get("op") == "changes":
            return _answer_changes(head, body)
        if head.get("op") == "check":
            return _answer_check(head, body)
        if head.get("op") == "compare":
            return _answer_compare(head, body)
        return frames.encode({"ok": False, "error": "there is no such operation"}, b"")
    except InvalidInput as refusal:
        return _refusal(str(refusal))
    except MemoryError:
        return _refusal("the file needs too much memory to be read")
    except RecursionError:
        return _refusal("the file is nested too deeply")
    except Exception as error:
        return _refusal(f"the file is malformed ({type(error).__name__})")


def _answer_clean(name: str, body: bytes) -> bytes:
    cleaned = clean.clean(name, body)
    head = {
        "ok": True,
        "kind": cleaned.kind.name,
        "media_type": cleaned.kind.media_type,
        "cleaner": clean.CLEANER,
        "notes": list(cleaned.notes),
    }
    return frames.encode(head, cleaned.content)


def _answer_changes(head: dict[str, Any], body: bytes) -> bytes:
    at = int(head.get("before") or 0)
    asked = asked_of(head.get("asked") or {})
    shown = changes.changes(str(head.get("kind")), body[:at], body[at:], asked)
    return frames.encode({"ok": True, **shown}, b"")


def _answer_check(head: dict[str, Any], body: bytes) -> bytes:
    policy = from_json(str(head.get("policy")), "the policy")
    is_flattened = head.get("is_flattened") is True
    report, facts = engine.look(str(head.get("name")), body, policy, is_flattened=is_flattened)
    found = {"ok": True, "findings": report.packed()["findings"]}
    return frames.encode(found, json.dumps(facts).encode("ascii"))


def _answer_compare(head: dict[str, Any], body: bytes) -> bytes:
    policy = from_json(str(head.get("policy")), "the policy")
    found = engine.compare(json.loads(body), policy)
    packed = {path: [asdict(each) for each in findings] for path, findings in found.items()}
    return frames.encode({"ok": True, "findings": packed}, b"")


def _answer_preview(head: dict[str, Any], body: bytes) -> bytes:
    shown, image = preview.preview(
        str(head.get("kind")),
        str(head.get("media_type")),
        body,
        asked_of(head.get("asked") or {}),
    )
    return frames.encode({"ok": True, **shown}, image)
