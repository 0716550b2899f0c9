"""Files under their SHA-256: written once, never changed, checked whenever it matters."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from vitrine.errors import IntegrityError, InvalidInput, NotFound, Unavailable
from vitrine.ids import is_sha256

_CHUNK_BYTES: Final = 1 << 20
_FILE_MODE: Final = 0o440
_DIRECTORY_MODE: Final = 0o2750  # the group may read, only the owner adds


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file: what it is called is what it is."""

    sha256: str
    size_bytes: int


class BlobStore:
    """The files below `root`, two hexadecimal digits per directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes | BinaryIO) -> Blob:
        """Store `content` durably and say under which digest; storing it again changes nothing.

        Raises:
            Unavailable: when the store cannot be written; nothing is left behind.
        """
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        try:
            _make_directory(self.root)
            return self._store(stream)
        except OSError as error:
            raise Unavailable(f"cannot store a file in {self.root}: {error.strerror}") from error

    def _store(self, stream: BinaryIO) -> Blob:
        descriptor, temporary = tempfile.mkstemp(prefix=".incoming-", dir=self.root)
        try:
            with os.fdopen(descriptor, "wb") as file:
                blob = _copy(stream, file)
                file.flush()
                os.fchmod(file.fileno(), _FILE_MODE)
                os.fsync(file.fileno())
            target = self.path(blob.sha256)
            if not target.exists():
                _make_directory(target.parent)
                os.replace(temporary, target)
                _sync_directory(target.parent)
                _sync_directory(self.root)
            return blob
        finally:
            Path(temporary).unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the file of this digest lies, whether or not it is there.

        Raises:
            InvalidInput: when `sha256` is not a digest.
        """
        if not is_sha256(sha256):
            raise InvalidInput("a stored file is named by 64 hexadecimal digits")
        return self.root / sha256[:2] / sha256

    def open(self, sha256: str) -> BinaryIO:
        """The file for reading.

        Raises:
            NotFound: when it is not stored here.
        """
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound(f"file {sha256} is not stored on this node") from None

    def verify(self, sha256: str) -> Blob:
        """The file's record, after reading every byte of it.

        Raises:
            NotFound: when it is not stored here.
            IntegrityError: when its bytes are not the ones that were stored.
        """
        with self.open(sha256) as file:
            digest = hashlib.sha256()
            size = 0
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
        if digest.hexdigest() != sha256:
            raise IntegrityError(f"stored file {sha256} has other bytes than were stored")
        return Blob(sha256, size)

    def digests(self) -> list[str]:
        """The digest of every stored file, in order."""
        return sorted(path.name for path in self.root.glob("??/*") if is_sha256(path.name))


def _copy(source: BinaryIO, target: BinaryIO) -> Blob:
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    return Blob(digest.hexdigest(), size)


def _make_directory(path: Path) -> None:
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        # The process's umask must not decide. systemd's RestrictSUIDSGID forbids to set what is
        # inherited from the directory above, so only what is not there yet is asked for.
        if stat.S_IMODE(path.stat().st_mode) != _DIRECTORY_MODE:
            path.chmod(_DIRECTORY_MODE)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
