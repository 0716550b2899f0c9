"""JupyterLab's files, as an RPC: lab → gate → agent.

A server that mounted the workspace could be tricked by one symbolic link into serving its own
token; here links resolve in the container of whoever made them. No checkpoints are kept.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import mimetypes
from datetime import UTC, datetime
from typing import Any, Final

from jupyter_server.services.contents.checkpoints import AsyncCheckpoints
from jupyter_server.services.contents.manager import AsyncContentsManager
from tornado.web import HTTPError

from vitrine.session.lab.gate import GateProblem, gate

_WORKSPACE: Final = "/workspace/"
NOTEBOOK_LIMIT: Final = 24 << 20
"""Largest notebook that is opened or saved, in bytes; also the largest single transfer."""
TEXT_LIMIT: Final = 8 << 20
BINARY_LIMIT: Final = 16 << 20
_STATUS: Final = {
    "missing": 404, "exists": 409, "conflict": 409, "too_large": 413, "full": 507, "journal": 503,
    "away": 503, "gone": 503, "slow": 504,
}  # fmt: skip


async def _ask(verb: str, body: bytes = b"", **fields: Any) -> tuple[dict[str, Any], bytes]:
    try:
        return await gate().call(f"files.{verb}", fields, body)
    except GateProblem as problem:
        raise HTTPError(_STATUS.get(problem.code, 400), str(problem)) from None


class NoCheckpoints(AsyncCheckpoints):
    """Checkpoints that are never kept: a second copy would be a second way out."""

    async def create_checkpoint(self, contents_mgr: Any, path: str) -> dict[str, Any]:
        """Something that JupyterLab can show; nothing is stored."""
        return {"id": "none", "last_modified": datetime.now(UTC)}

    async def list_checkpoints(self, path: str) -> list[Any]:
        """None."""
        return []

    async def restore_checkpoint(self, contents_mgr: Any, checkpoint_id: str, path: str) -> None:
        """Refuse."""
        raise HTTPError(404, "checkpoints are not kept")

    async def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:
        """Nothing to rename."""

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Nothing to delete."""

    async def rename_all_checkpoints(self, old_path: str, new_path: str) -> None:
        """Nothing to rename."""

    async def delete_all_checkpoints(self, path: str) -> None:
        """Nothing to delete."""


class GateContentsManager(AsyncContentsManager):
    """Files of one workspace."""

    checkpoints_class = NoCheckpoints

    # -- questions -------------------------------------------------------------------------

    def is_hidden(self, path: str) -> bool:
        """Whether a part of the path starts with a dot."""
        return any(part.startswith(".") for part in path.strip("/").split("/"))

    async def _type(self, path: str) -> str:
        fact, _ = await _ask("stat", path=path)
        return str(fact.get("type"))

    async def file_exists(self, path: str = "") -> bool:
        """Whether `path` is a regular file."""
        return await self._type(path) == "file"

    async def dir_exists(self, path: str) -> bool:
        """Whether `path` is a folder."""
        return not path.strip("/") or await self._type(path) == "directory"

    async def exists(self, path: str) -> bool:
        """Whether there is anything at `path`."""
        return await self._type(path) != "missing"

    async def get_kernel_path(self, path: str, model: Any = None) -> str:
        """The folder that a notebook's kernel starts in."""
        return path.strip("/").rpartition("/")[0]

    async def resolve_path(self, path: str) -> str | None:
        """The file that a traceback names, so that a click opens it; None outside the workspace."""
        inside = path.removeprefix(_WORKSPACE)
        if inside == path or self.is_hidden(inside) or not await self.exists(inside):
            return None
        return inside

    # -- reading ---------------------------------------------------------------------------

    async def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,
        format: str | None = None,
        require_hash: bool = False,
    ) -> dict[str, Any]:
        """The model of a file, notebook or folder.

        Raises:
            HTTPError: 404 when it does not exist, 413 when it is too large to be shown.
        """
        path = path.strip("/")
        fact, _ = await _ask("stat", path=path)
        kind = fact.get("type")
        if kind == "missing" or (self.is_hidden(path) and not self.allow_hidden):
            raise HTTPError(404, f"{path or 'the workspace'} does not exist")
        if kind == "other":
            raise HTTPError(400, f"{path} is not a regular file")
        if kind == "directory":
            if type not in (None, "directory"):
                raise HTTPError(400, f"{path} is a folder")
            return await self._folder(path, fact, content)
        if type == "directory":
            raise HTTPError(400, f"{path} is not a folder")
        if type == "notebook" or (type is None and path.endswith(".ipynb")):
            return await self._file(path, fact, "notebook", "json", content, require_hash)
        return await self._file(path, fact, "file", format, content, require_hash)

    async def _folder(self, path: str, fact: dict[str, Any], content: bool) -> dict[str, Any]:
        model = _model(path, fact, "directory")
        if not content:
            return model
        found, _ = await _ask("list", path=path)
        entries = [
            _model(f"{path}/{entry['name']}".strip("/"), entry, _kind(entry))
            for entry in found.get("entries", [])
            if isinstance(entry, dict) and _is_shown(entry)
        ]
        if found.get("truncated"):
            entries.append(_more(path))
        return model | {"content": entries, "format": "json"}

    async def _file(
        self,
        path: str,
        fact: dict[str, Any],
        kind: str,
        form: str | None,
        content: bool,
        require_hash: bool,
    ) -> dict[str, Any]:
        model = _model(path, fact, kind)
        digest = None
        if content:
            limit = NOTEBOOK_LIMIT if kind == "notebook" else BINARY_LIMIT
            fact, body = await _ask("read", path=path, limit=limit)
            model |= _model(path, fact, kind) | await _content(path, body, kind, form)
            digest = hashlib.sha256(body).hexdigest()
        if require_hash:
            if digest is None:
                found, _ = await _ask("hash", path=path)
                digest = str(found.get("sha256"))
            model |= {"hash": digest, "hash_algorithm": "sha256"}
        return model

    # -- writing ---------------------------------------------------------------------------

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Write a file, a notebook, a chunk of an upload, or make a folder.

        Raises:
            HTTPError: 400 for a model that is not one, 507 when the workspace is full.
        """
        path = path.strip("/")
        kind, chunk = model.get("type"), model.get("chunk")
        if kind not in ("file", "notebook", "directory"):
            raise HTTPError(400, "a model without a known type")
        if kind == "directory":
            if not await self.dir_exists(path):
                await _ask("mkdir", path=path)
            return await self.get(path, content=False)
        if "content" not in model:
            raise HTTPError(400, "a model without content")
        body = await asyncio.to_thread(_body, model, kind)
        is_append = isinstance(chunk, int) and chunk != 1
        fact, _ = await _ask("write", body, path=path, append=is_append)
        saved = _model(path, fact, kind)
        if chunk is None:
            saved |= {"hash": hashlib.sha256(body).hexdigest(), "hash_algorithm": "sha256"}
        return saved

    async def delete_file(self, path: str) -> None:
        """Delete a file or a folder with all that is in it."""
        await _ask("delete", path=path.strip("/"))

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Rename; 409 when the new name is taken."""
        await _ask("rename", path=old_path.strip("/"), to=new_path.strip("/"))

    async def copy(self, from_path: str, to_path: str | None = None) -> dict[str, Any]:
        """Copy a file inside the workspace."""
        source = from_path.strip("/")
        folder, name = source.rpartition("/")[::2]
        if to_path is not None:
            target = to_path.strip("/")
            if await self.dir_exists(target):
                folder = target
            else:
                folder, name = target.rpartition("/")[::2]
        name = await self.increment_filename(name, folder, insert="-Copy")
        path = f"{folder}/{name}".strip("/")
        await _ask("copy", path=source, to=path)
        return await self.get(path, content=False)

    async def trust_notebook(self, path: str) -> None:
        """Refuse: outputs are trusted by running their cells."""
        raise HTTPError(403, "run a notebook's cells to trust their outputs")

    def check_and_sign(self, nb: Any, path: str = "") -> None:
        """Sign nothing: no signature is ever believed."""

    def mark_trusted_cells(self, nb: Any, path: str = "") -> None:
        """Trust nothing that was not run in this page."""


def _more(path: str) -> dict[str, Any]:
    """An entry that says that there are others; JupyterLab has no other place for it."""
    name = "(more files than can be shown: list them in a notebook)"
    return _model(f"{path}/{name}".strip("/"), {}, "file")


def _kind(entry: dict[str, Any]) -> str:
    if entry.get("type") == "directory":
        return "directory"
    return "notebook" if str(entry["name"]).endswith(".ipynb") else "file"


def _is_shown(entry: dict[str, Any]) -> bool:
    name = entry.get("name")
    return isinstance(name, str) and not name.startswith(".") and entry.get("type") != "other"


def _model(path: str, fact: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "type": kind,
        "writable": bool(fact.get("writable")),
        "created": _moment(fact.get("ctime_ns")),
        "last_modified": _moment(fact.get("mtime_ns")),
        "size": fact.get("size") if kind != "directory" else None,
        "mimetype": None,
        "content": None,
        "format": None,
        "hash": None,
        "hash_algorithm": None,
    }


def _moment(nanoseconds: Any) -> datetime:
    try:
        return datetime.fromtimestamp(int(nanoseconds) / 1e9, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


async def _content(path: str, body: bytes, kind: str, form: str | None) -> dict[str, Any]:
    if kind == "notebook":
        notebook = await asyncio.to_thread(_notebook, path, body)
        return {"content": notebook, "format": "json", "mimetype": None}
    guessed = mimetypes.guess_type(path)[0]
    if form != "base64":
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            if form == "text":
                raise HTTPError(400, f"{path} is not UTF-8 text") from None
        else:
            if len(body) > TEXT_LIMIT:
                limit = TEXT_LIMIT >> 20
                raise HTTPError(413, f"{path} is larger than the {limit} MiB shown as text")
            return {"content": text, "format": "text", "mimetype": guessed or "text/plain"}
    encoded = base64.b64encode(body).decode("ascii")
    return {"content": encoded, "format": "base64",
            "mimetype": guessed or "application/octet-stream"}  # fmt: skip


def _notebook(path: str, body: bytes) -> Any:
    """The notebook in `body`; stray data under a notebook's name is not handed out."""
    try:
        notebook = json.loads(body) if body.strip() else _empty()
    except (ValueError, RecursionError):
        raise HTTPError(400, f"{path} is not a notebook: it is not JSON") from None
    _check(notebook, path)
    return notebook


def _check(notebook: Any, path: str) -> None:
    is_notebook = (
        isinstance(notebook, dict)
        and notebook.get("nbformat") == 4
        and isinstance(notebook.get("cells"), list)
        and all(
            isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown", "raw")
            for cell in notebook["cells"]
        )
    )
    if not is_notebook:
        raise HTTPError(400, f"{path} is not a notebook of format 4")


def _empty() -> dict[str, Any]:
    return {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _notebook_bytes(notebook: dict[str, Any]) -> bytes:
    try:
        return json.dumps(notebook, indent=1, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half a character in an output: escaped, not replaced
        return json.dumps(notebook, indent=1).encode() + b"\n"


def _body(model: dict[str, Any], kind: str) -> bytes:
    content, form = model["content"], model.get("format")
    if kind == "notebook":
        _check(content, str(model.get("path", "this")))
        for cell in content["cells"]:
            cell.get("metadata", {}).pop("trusted", None)
        body = _notebook_bytes(content)
    elif form == "text" or form is None:
        body = str(content).encode("utf-8", "replace")
    else:
        try:
            body = base64.b64decode(content, validate=False)
        except (ValueError, TypeError):
            raise HTTPError(400, "content that is not base64") from None
    if len(body) > NOTEBOOK_LIMIT:
        raise HTTPError(413, f"more than {NOTEBOOK_LIMIT >> 20} MiB cannot be saved at once")
    return body
