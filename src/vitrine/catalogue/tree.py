"""Directories that nobody writes to: copied in under a temporary name, sealed, made durable."""

from __future__ import annotations

import ctypes
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final

from vitrine.catalogue.manifest import Content
from vitrine.errors import Conflict

FILE_MODE: Final = 0o444
FOLDER_MODE: Final = 0o555
_CHUNK: Final = 1 << 20


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Hold the store at `root` for one publication; the lock ends with the process.

    Raises:
        Conflict: when another publication holds it.
    """
    descriptor = os.open(root / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Conflict(
            "another publication is running", hint="wait until it has ended and publish again"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def copy_in(source: Path, target: Path) -> Content:
    """Copy the regular file `source` to the new file `target`; returns what was written.

    Raises:
        OSError: also when `source` has become a symbolic link or `target` exists.
    """
    sha256 = hashlib.sha256()
    size = 0
    reading = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(reading, "rb") as stream, target.open("xb") as copy:
        while chunk := stream.read(_CHUNK):
            sha256.update(chunk)
            size += len(chunk)
            copy.write(chunk)
        os.fchmod(copy.fileno(), FILE_MODE)
    return Content(sha256.hexdigest(), size)


def write_new(target: Path, data: bytes) -> Content:
    """Write `data` to the new read-only file `target`."""
    with target.open("xb") as stream:
        stream.write(data)
        os.fchmod(stream.fileno(), FILE_MODE)
    return Content(hashlib.sha256(data).hexdigest(), len(data))


def replace_durably(target: Path, data: bytes) -> None:
    """Put `data` at `target` in one step, durable when this returns."""
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    with fresh.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fchmod(stream.fileno(), FILE_MODE)
        os.fsync(stream.fileno())
    fresh.rename(target)
    sync_folder(target.parent)


def seal(root: Path) -> None:
    """Make every folder under `root`, and `root`, readable and closed to writing."""
    for folder, _, _ in os.walk(root, topdown=False):
        os.chmod(folder, FOLDER_MODE, follow_symlinks=False)


def sync_filesystem(root: Path) -> None:
    """Make everything written to the filesystem of `root` durable.

    One call for the whole tree; an fsync for each of ten thousand files takes minutes.

    Raises:
        OSError: when the disk reported an error while writing back (Linux 5.8 and later).
    """
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if library.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), os.fspath(root))
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the entries of `folder` durable: what was renamed, created or removed in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove `path` and all below it, sealed or not; what is absent stays absent."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(status.st_mode):
        path.unlink()
        return
    path.chmod(0o700)
    for entry in path.iterdir():
        remove(entry)
    path.rmdir()
