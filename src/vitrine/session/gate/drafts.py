"""Freezing files for export: copies of bytes, taken once, that no session can change again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from vitrine.clock import timestamp, utc_now
from vitrine.errors import InvalidInput, VitrineError
from vitrine.ids import new_id
from vitrine.session.gate.inward import Journal
from vitrine.session.gate.order import SessionOrder

FILES_LIMIT: Final = 50
_TITLE_LIMIT: Final = 200
_CONTEXT_LIMIT: Final = 10_000
_PATH_LIMIT: Final = 240
_AT_ONCE: Final = 2
_WAITING_LIMIT: Final = 8
_AN_HOUR: Final = 60

Read = Callable[[str, int], Awaitable[bytes]]
"""Reads one workspace file of at most so many bytes through the agent."""


def check_draft(fields: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Title, context and workspace-relative paths of a draft that somebody asks for.

    Raises:
        InvalidInput: when one of them is missing, too long or leads out of the workspace.
    """
    title, context, paths = fields.get("title"), fields.get("context"), fields.get("paths")
    title = "" if title is None else title
    context = "" if context is None else context
    if not isinstance(title, str) or len(title) > _TITLE_LIMIT:
        raise InvalidInput(f"the title of an export has at most {_TITLE_LIMIT} characters")
    if not isinstance(context, str) or len(context) > _CONTEXT_LIMIT:
        raise InvalidInput(f"the context of an export has at most {_CONTEXT_LIMIT:,} characters")
    if not isinstance(paths, list) or not 1 <= len(paths) <= FILES_LIMIT:
        raise InvalidInput(f"an export has 1 to {FILES_LIMIT} files")
    names = [_relative(path) for path in paths]
    if len({name.casefold() for name in names}) != len(names):
        raise InvalidInput("two files of this export have the same name: name each once")
    return _printable(title), _printable(context), names


def _relative(path: object) -> str:
    if not isinstance(path, str) or not path.isprintable() or len(path) > _PATH_LIMIT:
        raise InvalidInput(f"a file name with at most {_PATH_LIMIT} printable characters is needed")
    inside = path.removeprefix("/workspace/")
    names = [name for name in inside.split("/") if name not in ("", ".")]
    if not names or ".." in names or inside.startswith(("/", "~")):
        raise InvalidInput(f"{path} is not in the workspace: only files of the workspace leave")
    return "/".join(names)


def _printable(text: str) -> str:
    return "".join(
        character for character in text if character.isprintable() or character in "\n\t"
    )


class DraftDesk:
    """Freezes what one session's code asks to export: whole, recorded, or not at all.

    Args:
        root: where drafts of every session are left for the steward.
        read: reads one workspace file of at most so many bytes through the agent.
        journal: records a draft before the steward can find it.
    """

    def __init__(self, order: SessionOrder, root: Path, read: Read, journal: Journal) -> None:
        self._order = order
        self._root = root
        self._read = read
        self._journal = journal
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._begun_at: deque[float] = deque()
        for partial in root.glob(f".{order.session_id}-*"):
            shutil.rmtree(partial, ignore_errors=True)

    async def take(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What the researcher's code is told: the draft's id and files, or why there is none."""
        self._waiting += 1
        try:
            self._require_measure()
            async with self._turn:
                record = await self._freeze(fields)
            return {"ok": True, "draft_id": record["draft_id"], "files": record["files"]}
        except VitrineError as problem:
            return {"ok": False, "error": problem.sentence()}
        except OSError as problem:
            return {"ok": False, "error": f"the files could not be frozen: {problem.strerror}"}
        finally:
            self._waiting -= 1

    def _require_measure(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._begun_at and self._begun_at[0] < now - 3600:
            self._begun_at.popleft()
        if self._waiting > _WAITING_LIMIT or len(self._begun_at) >= _AN_HOUR:
            raise InvalidInput(
                f"a session asks for at most {_AN_HOUR} exports an hour, and for "
                f"{_WAITING_LIMIT} at a time: put the files of one question into one export"
            )
        self._begun_at.append(now)

    async def _freeze(self, fields: dict[str, Any]) -> dict[str, Any]:
        title, context, paths = check_draft(fields)
        draft_id = new_id("drf")
        partial = self._root / f".{self._order.session_id}-{draft_id}"
        (partial / "files").mkdir(parents=True)
        try:
            record = {
                "draft_id": draft_id,
                "session_id": self._order.session_id,
                "person": self._order.person,
                "project": self._order.project,
                "title": title,
                "context": context,
                "created_at": timestamp(utc_now()),
                "files": await self._copy(paths, partial / "files"),
            }
            text = json.dumps(record, indent=1).encode()
            await asyncio.to_thread(_write, partial / "draft.json", text)
            fact = {"draft_id": draft_id, "files": record["files"]}
            await self._journal.write("draft", fact)
            await asyncio.to_thread(_publish, partial, self._root / draft_id)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return record

    async def _copy(self, paths: list[str], folder: Path) -> list[dict[str, Any]]:
        files = []
        room = self._order.export_request_mb << 20
        for path in paths:
            limit = min(room, self._order.export_file_mb << 20)
            body = await self._read(path, limit)
            if len(body) > limit:
                raise InvalidInput(f"{path} is larger than an export may be")
            room -= len(body)
            digest = hashlib.sha256(body).hexdigest()
            await asyncio.to_thread(_write, folder / digest, body)
            files.append({"path": path, "size_bytes": len(body), "sha256": digest})
        return files


def _publish(partial: Path, place: Path) -> None:
    _sync_directory(partial / "files")
    _sync_directory(partial)
    partial.rename(place)
    _sync_directory(place.parent)


def _write(path: Path, body: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o440)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
