"""Freezing what the steward is to take: copies of bytes, taken once, that no session can change.

Drafts of exports, shares and receipts of shares differ in their words only. Each is a folder
with `draft.json` and `files/<sha256>`, recorded in the journal before the steward can find it,
and there as a whole or not at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from vitrine.clock import timestamp, utc_now
from vitrine.errors import InvalidInput, VitrineError
from vitrine.ids import new_id
from vitrine.session.gate.inward import Journal
from vitrine.session.gate.order import SessionOrder

FILES_LIMIT: Final = 50
_PATH_LIMIT: Final = 240
_WAITING_LIMIT: Final = 8

Read = Callable[[str, int], Awaitable[bytes]]
"""Reads one workspace file of at most so many bytes through the agent."""


def check_paths(paths: object, what: str) -> list[str]:
    """The workspace-relative paths of files that somebody asks to be frozen.

    Args:
        what: what they are asked for, for the sentence: an export, a share.

    Raises:
        InvalidInput: when there are none or too many, or one leads out of the workspace.
    """
    if not isinstance(paths, list) or not 1 <= len(paths) <= FILES_LIMIT:
        raise InvalidInput(f"{what} has 1 to {FILES_LIMIT} files")
    names = [_relative(path) for path in paths]
    if len({name.casefold() for name in names}) != len(names):
        raise InvalidInput(f"two files of {what} have the same name: name each once")
    return names


def _relative(path: object) -> str:
    if not isinstance(path, str) or not path.isprintable() or len(path) > _PATH_LIMIT:
        raise InvalidInput(f"a file name with at most {_PATH_LIMIT} printable characters is needed")
    inside = path.removeprefix("/workspace/")
    names = [name for name in inside.split("/") if name not in ("", ".")]
    if not names or ".." in names or inside.startswith(("/", "~")):
        raise InvalidInput(f"{path} is not in the workspace: only files of the workspace leave")
    return "/".join(names)


class Turnstile:
    """Answers what one session's code asks for: so many at a time, so many an hour.

    Args:
        name: what is asked for, in the plural, for the sentence.
        advice: what to do instead of asking more often.
    """

    def __init__(self, name: str, advice: str, *, at_once: int, an_hour: int) -> None:
        self._name = name
        self._advice = advice
        self._an_hour = an_hour
        self._turn = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._begun_at: deque[float] = deque()

    async def answer(self, work: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """What the researcher's code is told: the result of `work`, or why there is none."""
        self._waiting += 1
        try:
            self._require_measure()
            async with self._turn:
                return {"ok": True, **await work()}
        except VitrineError as problem:
            return {"ok": False, "error": problem.sentence()}
        except OSError as problem:
            return {"ok": False, "error": f"the files could not be copied: {problem.strerror}"}
        finally:
            self._waiting -= 1

    def _require_measure(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._begun_at and self._begun_at[0] < now - 3600:
            self._begun_at.popleft()
        if self._waiting > _WAITING_LIMIT or len(self._begun_at) >= self._an_hour:
            raise InvalidInput(
                f"a session asks for at most {self._an_hour} {self._name} an hour, and for "
                f"{_WAITING_LIMIT} at a time: {self._advice}"
            )
        self._begun_at.append(now)


class Spool:
    """Freezes files of one session for the steward: whole, recorded, or not at all.

    Args:
        root: where what sessions freeze is left for the steward.
        read: reads one workspace file of at most so many bytes through the agent.
        journal: records what is frozen before the steward can find it.
    """

    def __init__(self, order: SessionOrder, root: Path, read: Read, journal: Journal) -> None:
        self._order = order
        self._root = root
        self._read = read
        self._journal = journal
        for partial in root.glob(f".{order.session_id}-*"):
            shutil.rmtree(partial, ignore_errors=True)

    async def freeze(
        self,
        kind: str,
        words: Mapping[str, Any],
        paths: list[str],
        check: Callable[[int], None] = lambda _size: None,
    ) -> dict[str, Any]:
        """The record of what is frozen now; its `draft_id` begins with `kind`.

        Args:
            words: what the record says besides who, when and which bytes.
            check: told the size of all files before anything is recorded; may refuse.

        Raises:
            VitrineError: when a file cannot be had or nothing can be recorded.
            OSError: when nothing can be written.
        """
        draft_id = new_id(kind)
        partial = self._root / f".{self._order.session_id}-{draft_id}"
        (partial / "files").mkdir(parents=True)
        try:
            record = {
                "draft_id": draft_id,
                "session_id": self._order.session_id,
                "person": self._order.person,
                "project": self._order.project,
                **words,
                "created_at": timestamp(utc_now()),
                "files": await self._copy(paths, partial / "files"),
            }
            check(sum(file["size_bytes"] for file in record["files"]))
            text = json.dumps(record, indent=1).encode()
            await asyncio.to_thread(_write, partial / "draft.json", text)
            await self._journal.write(*_fact(kind, record))
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
                raise InvalidInput(f"{path} is larger than the files of one request may be")
            room -= len(body)
            digest = hashlib.sha256(body).hexdigest()
            if not (folder / digest).exists():  # two names may stand for the same bytes
                await asyncio.to_thread(_write, folder / digest, body)
            files.append({"path": path, "size_bytes": len(body), "sha256": digest})
        return files


def _fact(kind: str, record: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What the journal says about one that was frozen, and of which kind that record is."""
    if kind == "drf":
        return "draft", {"draft_id": record["draft_id"], "files": record["files"]}
    if kind == "shr":
        return "share", {"share_id": record["draft_id"], "files": record["files"]}
    fact = {key: record[key] for key in ("share_id", "sender")}
    fact |= {"receipt": record["draft_id"], "files": record["received"]}
    return "receive", fact


def _publish(partial: Path, place: Path) -> None:
    _sync_directory(partial / "files")
    _sync_directory(partial)
    partial.rename(place)
    _sync_directory(place.parent)


def _write(path: Path, body: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440)
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
