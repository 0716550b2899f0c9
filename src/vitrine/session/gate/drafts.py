"""Freezing files for export: copies of bytes, taken once, that no session can change again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from vitrine.clock import timestamp, utc_now
from vitrine.errors import InvalidInput
from vitrine.ids import new_id
from vitrine.session.gate.order import SessionOrder

FILES_LIMIT: Final = 50
_TITLE_LIMIT: Final = 200
_CONTEXT_LIMIT: Final = 10_000
_PATH_LIMIT: Final = 240

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
    return _printable(title), _printable(context), [_relative(path) for path in paths]


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


def partial_prefix(order: SessionOrder) -> str:
    """How the names of a session's unfinished drafts begin."""
    return f".{order.session_id}-"


async def freeze(
    fields: dict[str, Any], order: SessionOrder, root: Path, read: Read
) -> dict[str, Any]:
    """Copy the named files to `root`; the draft's record comes back once it is durable.

    Raises:
        InvalidInput: when the draft or a file of it cannot be accepted; nothing is left behind.
    """
    title, context, paths = check_draft(fields)
    if len({path.casefold() for path in paths}) != len(paths):
        raise InvalidInput("two files of this export have the same name: name each once")
    draft_id = new_id("drf")
    partial = root / f"{partial_prefix(order)}{draft_id}"
    (partial / "files").mkdir(parents=True)
    try:
        files = []
        room = order.export_request_mb << 20
        for path in paths:
            if not room:
                raise InvalidInput(f"an export has at most {order.export_request_mb} MB in all")
            body = await read(path, min(room, order.export_file_mb << 20))
            room -= len(body)
            digest = hashlib.sha256(body).hexdigest()
            _write(partial / "files" / digest, body)
            files.append({"path": path, "size_bytes": len(body), "sha256": digest})
        record = {
            "draft_id": draft_id,
            "session_id": order.session_id,
            "person": order.person,
            "project": order.project,
            "title": title,
            "context": context,
            "created_at": timestamp(utc_now()),
            "files": files,
        }
        _write(partial / "draft.json", json.dumps(record, indent=1).encode())
        _sync_directory(partial)
        partial.rename(root / draft_id)
        _sync_directory(root)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return record


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
