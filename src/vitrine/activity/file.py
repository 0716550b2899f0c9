"""The journal's file: opened after a crash, written durably, resumed after a failure."""

from __future__ import annotations

import contextlib
import fcntl
import os
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Final

from vitrine.activity.record import EMPTY, FILE_NAME, BrokenJournal, Head, walk

_TORN_SUFFIX: Final = ".torn"


@dataclass(frozen=True, slots=True)
class Torn:
    """Bytes after the last whole record, never acknowledged, that an opening cut off."""

    size_bytes: int
    sha256: str


class JournalFile:
    """One journal on disk. `head` and `size_bytes` speak only of what is durable.

    Every method may raise OSError; after one, `resume` must succeed before the next `write`.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        self.head = EMPTY
        self.size_bytes = 0
        self._descriptor = -1

    def open(self) -> Torn | None:
        """Open or create the file and find its head; what was torn off, if anything was.

        Raises:
            BrokenJournal: when a record that is not the torn tail of a crash is broken.
            BlockingIOError: when another process has it open for writing.
        """
        self._make_directory()
        self._descriptor = self._open_locked()
        problem = self._find_head()
        torn = self._cut(problem) if problem else None
        os.fsync(self._descriptor)
        self._sync_directory()
        return torn

    def write(self, data: bytes, head: Head) -> None:
        """Make `data` durable after what is there; `head` is then the file's head."""
        view, offset = memoryview(data), self.size_bytes
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            view, offset = view[written:], offset + written
        os.fdatasync(self._descriptor)
        self.size_bytes, self.head = offset, head

    def resume(self) -> None:
        """After an error: open again, check that the last durable record is there, cut the rest.

        Raises:
            BrokenJournal: when what had been durable is not there.
        """
        self.close()
        self._descriptor = self._open_locked()
        ending = self.head.digest.encode() + b'"}\n' if self.head.seq else b""
        found = os.pread(self._descriptor, len(ending), self.size_bytes - len(ending))
        if found != ending or os.fstat(self._descriptor).st_size < self.size_bytes:
            raise BrokenJournal(
                f"record {self.head.seq} was durable and is gone", record=self.head.seq
            )
        os.ftruncate(self._descriptor, self.size_bytes)
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file; anyone may then open it."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def _make_directory(self) -> None:
        directory = self.path.parent
        if not directory.is_dir():
            directory.mkdir(mode=0o750, parents=True, exist_ok=True)
            _fsync_path(directory.parent)

    def _sync_directory(self) -> None:
        _fsync_path(self.path.parent)

    def _open_locked(self) -> int:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _find_head(self) -> BrokenJournal | None:
        with open(self.path, "rb", buffering=1 << 20) as lines:
            try:
                self.head, self.size_bytes = walk(lines)
            except BrokenJournal as problem:
                self.head, self.size_bytes = problem.walked
                return problem
        return None

    def _cut(self, problem: BrokenJournal) -> Torn:
        """Cut what follows the head, kept beside the journal, unless it was once acknowledged."""
        with open(self.path, "rb") as stream:
            stream.seek(self.size_bytes)
            tail = stream.read()
        if _holds_a_chain(tail):
            raise problem
        digest = sha256(tail).hexdigest()
        kept = self.path.with_name(f"{FILE_NAME}{_TORN_SUFFIX}-{self.head.seq + 1}")
        kept.write_bytes(tail)
        os.ftruncate(self._descriptor, self.size_bytes)
        return Torn(len(tail), digest)


def _holds_a_chain(tail: bytes) -> bool:
    """Whether two records in `tail` follow one another: then it is no torn write."""
    lines = tail.split(b"\n")[:-1]
    for first, second in pairwise(lines):
        digest = first[-66:-2]
        number = first[7:].split(b",", 1)[0]
        if len(digest) != 64 or not number.isdigit():
            continue
        try:
            head = Head(int(number), digest.decode())
            walk([second + b"\n"], head)
        except (BrokenJournal, ValueError):
            continue
        return True
    return False


def _fsync_path(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
