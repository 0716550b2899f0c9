"""The workspace, as the lab sees it through the gate.

Paths are relative to the workspace, use `/` and never `..`. Links are followed: they resolve in
this container, where only the researcher's own code could have made them; what comes from
colleagues is put where no link leads. Nothing here blocks on a FIFO or a device: whatever is not
a regular file or a directory is refused.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

LIST_LIMIT: Final = 5000
"""Most entries of one folder that are shown."""
HASH_LIMIT: Final = 256 << 20
"""Largest file in bytes that is hashed; a sparse file may claim a terabyte."""
_NAMES_LIMIT: Final = 512 << 10
"""Most bytes of names that are shown, of which JSON may make six times as many."""
_HASH_BLOCK: Final = 1 << 20


class FileProblem(Exception):
    """A file operation that cannot be done; the message is for the researcher.

    `code` is one of `missing`, `exists`, `conflict`, `too_large`, `refused`, `full`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Workspace:
    """File operations below one folder; each returns plain JSON values and perhaps bytes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._operations: Mapping[str, Callable[[dict[str, Any], bytes], tuple[Any, bytes]]] = {
            "stat": self._stat,
            "list": self._list,
            "read": self._read,
            "write": self._write,
            "mkdir": self._mkdir,
            "rename": self._rename,
            "copy": self._copy,
            "delete": self._delete,
            "hash": self._hash,
            "place": self._place,
        }

    def perform(self, verb: str, request: dict[str, Any], body: bytes) -> tuple[Any, bytes]:
        """The result of one operation and the bytes that go with it.

        Raises:
            FileProblem: when it cannot be done.
        """
        operation = self._operations.get(verb)
        if operation is None:
            raise FileProblem("refused", f"{verb} is not a file operation")
        try:
            return operation(request, body)
        except FileNotFoundError:
            raise FileProblem("missing", f"{_shown(request)} does not exist") from None
        except FileExistsError:
            raise FileProblem("exists", f"{_shown(request)} exists already") from None
        except (ValueError, RuntimeError):  # half a character in a name; links in a circle
            raise FileProblem("refused", f"{_shown(request)} is not a usable name") from None
        except OSError as problem:
            if problem.errno in (errno.ENOSPC, errno.EDQUOT):
                message = "the workspace is full: delete files you no longer need and try again"
                raise FileProblem("full", message) from None
            raise FileProblem("refused", f"{_shown(request)}: {problem.strerror}") from None

    def path(self, relative: object) -> Path:
        """Where the file of that name lies.

        Raises:
            FileProblem: when the name is not a path below the workspace.
        """
        if not isinstance(relative, str) or "\0" in relative:
            raise FileProblem("refused", "a file name that is not text")
        names = [name for name in relative.split("/") if name not in ("", ".")]
        if ".." in names:
            raise FileProblem("refused", "a file name that leads out of the workspace")
        if any(len(name.encode("utf-8", "surrogatepass")) > 255 for name in names):
            raise FileProblem("refused", "a file name of more than 255 bytes")
        return self._root.joinpath(*names)

    def _stat(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        return _entry(self.path(request.get("path"))), b""

    def _list(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        folder = self.path(request.get("path"))
        entries: list[dict[str, Any]] = []
        truncated, size = False, 0
        with os.scandir(folder) as found:
            for item in found:
                size += len(os.fsencode(item.name))
                if len(entries) >= LIST_LIMIT or size > _NAMES_LIMIT:
                    truncated = True
                    break
                entries.append(_entry(folder / item.name) | {"name": _clean(item.name)})
        return {"entries": entries, "truncated": truncated, "folder": _entry(folder)}, b""

    def _read(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        path, limit = self.path(request.get("path")), int(request.get("limit", 0))
        if request.get("no_links"):
            self._refuse_links(path, request)
        with _opened(path) as file:
            before = os.fstat(file.fileno())
            if before.st_size > limit:
                message = f"{_shown(request)} has {before.st_size:,} bytes; {limit:,} is the limit"
                raise FileProblem("too_large", message)
            body = file.read(limit + 1)
            after = os.fstat(file.fileno())
        is_same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if len(body) != before.st_size or not is_same:
            raise FileProblem("conflict", f"{_shown(request)} changed while it was read; try again")
        return _entry(path), body

    def _refuse_links(self, path: Path, request: Mapping[str, Any]) -> None:
        for part in (path, *path.parents):
            if part == self._root:
                return
            if part.is_symlink():
                raise FileProblem("refused", f"{_shown(request)} is reached through a link")

    def _write(self, request: dict[str, Any], body: bytes) -> tuple[Any, bytes]:
        path = self.path(request.get("path"))
        if request.get("is_new"):
            self._create(path, body, request)
            return _entry(path), b""
        if path.is_dir():
            raise FileProblem("exists", f"{_shown(request)} is a folder")
        if path.exists() and not path.is_file():
            raise FileProblem("refused", f"{_shown(request)} is not a regular file")
        if request.get("append"):
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
            with os.fdopen(descriptor, "ab") as file:
                _require_regular(descriptor, path)
                file.write(body)
        else:
            self._replace(path, body)
        return _entry(path), b""

    def _replace(self, path: Path, body: bytes) -> None:
        target = path.resolve()
        descriptor, temporary = tempfile.mkstemp(prefix=".saving-", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
                mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
                os.fchmod(file.fileno(), mode)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _create(self, path: Path, body: bytes, request: Mapping[str, Any]) -> None:
        """Write a file that is not there yet, in folders reached without a link."""
        folder = self._folder(path.parent, request)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            descriptor = os.open(path.name, flags, 0o644, dir_fd=folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(body)
            except BaseException:
                os.unlink(path.name, dir_fd=folder)
                raise
        finally:
            os.close(folder)

    def _folder(self, path: Path, request: Mapping[str, Any]) -> int:
        """A descriptor of the folder at `path`, made where it is missing; no link is followed."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        inner = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        for name in path.relative_to(self._root).parts:
            outer = inner
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, dir_fd=outer)
                inner = os.open(name, flags, dir_fd=outer)
            except OSError as problem:
                if problem.errno not in (errno.ELOOP, errno.ENOTDIR):
                    raise
                message = f"{_shown(request)} is reached through a link or a file: move it away"
                raise FileProblem("refused", message) from None
            finally:
                os.close(outer)
        return inner

    def _place(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        """Make an empty folder that is to be renamed to `to` once `room` bytes are in it."""
        path, final = self.path(request.get("path")), self.path(request.get("to"))
        if path.parent != final.parent or self._root in (path, final):
            raise FileProblem("refused", "a folder is filled beside its final place")
        parent = self._folder(path.parent, request)
        try:
            if final.name in os.listdir(parent):
                message = f"{request.get('to')} exists already: rename or delete it first"
                raise FileProblem("exists", message)
            if path.name in os.listdir(parent):  # what an earlier attempt left
                self._delete({"path": request.get("path"), "no_links": True}, b"")
            room = os.fstatvfs(parent)
            if room.f_bavail * room.f_frsize < int(request.get("room", 0)):
                raise OSError(errno.ENOSPC, "no room")
            os.mkdir(path.name, dir_fd=parent)
        finally:
            os.close(parent)
        return {}, b""

    def _mkdir(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        path = self.path(request.get("path"))
        path.mkdir()
        return _entry(path), b""

    def _rename(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        old, new = self.path(request.get("path")), self.path(request.get("to"))
        if old == self._root or new == self._root:
            raise FileProblem("refused", "the workspace itself cannot be renamed")
        if request.get("no_links"):
            self._refuse_links(old, request)
            self._refuse_links(new.parent, request)
        if os.path.lexists(new) and not (os.path.lexists(old) and os.path.samefile(old, new)):
            raise FileProblem("exists", f"{_clean(str(request.get('to')))} exists already")
        old.rename(new)
        return _entry(new), b""

    def _copy(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        old, new = self.path(request.get("path")), self.path(request.get("to"))
        if os.path.lexists(new):
            raise FileProblem("exists", f"{_clean(str(request.get('to')))} exists already")
        with _opened(old) as source:
            size, free = os.fstat(source.fileno()).st_size, shutil.disk_usage(new.parent).free
            if size > free:
                raise FileProblem("full", f"the workspace has no room for {size:,} bytes more")
            with open(new, "xb") as target:
                try:
                    shutil.copyfileobj(source, target, _HASH_BLOCK)
                except OSError:
                    new.unlink(missing_ok=True)
                    raise
        return _entry(new), b""

    def _delete(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        path = self.path(request.get("path"))
        if path == self._root:
            raise FileProblem("refused", "the workspace itself cannot be deleted")
        if request.get("no_links"):
            self._refuse_links(path, request)
        if path.is_dir() and not path.is_symlink():
            if request.get("empty_only") and any(path.iterdir()):
                raise FileProblem("refused", f"{_shown(request)} is not empty")
            shutil.rmtree(path)
        else:
            path.unlink()
        return {}, b""

    def _hash(self, request: dict[str, Any], _body: bytes) -> tuple[Any, bytes]:
        path = self.path(request.get("path"))
        digest = hashlib.sha256()
        with _opened(path) as file:
            if os.fstat(file.fileno()).st_size > HASH_LIMIT:
                raise FileProblem("too_large", f"{_shown(request)} is too large to be compared")
            for block in _blocks(file):
                digest.update(block)
        return _entry(path) | {"sha256": digest.hexdigest()}, b""


def _blocks(file: Any) -> Iterator[bytes]:
    while block := file.read(_HASH_BLOCK):
        yield block


def _opened(path: Path) -> Any:
    """The regular file at `path`, open for reading; never waits for a FIFO's other end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        _require_regular(descriptor, path)
    except FileProblem:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def _require_regular(descriptor: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise FileProblem("refused", f"{_clean(path.name)} is not a regular file")


def _entry(path: Path) -> dict[str, Any]:
    try:
        found = path.stat()
    except OSError:
        # A dangling link is still something the researcher must be able to see and delete.
        if not path.is_symlink():
            return {"type": "missing", "size": 0, "mtime_ns": 0, "ctime_ns": 0, "writable": False}
        found = path.lstat()
    kind = {stat.S_IFREG: "file", stat.S_IFDIR: "directory"}.get(stat.S_IFMT(found.st_mode))
    return {
        "type": kind or "other",
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "ctime_ns": found.st_ctime_ns,
        "writable": os.access(path, os.W_OK),
    }


def _clean(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _shown(request: Mapping[str, Any]) -> str:
    return _clean(str(request.get("path") or "the workspace"))
