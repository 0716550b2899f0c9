"""Where shared bytes lie: one folder per project, one per share in it, written by the steward.

    <root>/<project>/<share id>/share.json      the record
    <root>/<project>/<share id>/files/<sha256>  the bytes
    <root>/<project>/.<share id>.partial        one that is being made; nobody looks there
    <root>/<project>/.<share id>.gone           one that is being removed

A share appears and disappears by one rename. The gate's account reads, because new folders take
the group of the root; the steward is not in that group, so nothing here changes a folder's mode.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from vitrine.errors import IntegrityError, InvalidInput, NotFound
from vitrine.ids import is_name
from vitrine.sharing.share import SHARE_ID, Share, SharedFile, decode, encode
from vitrine.storage.plain import open_plain

RECORD: Final = "share.json"
_RECORD_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 20
_FILE_MODE: Final = 0o440
_FOLDER_MODE: Final = 0o750


class Shelf:
    """The shares below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, project: str, share_id: str) -> Path:
        """Where a share of that id lies, whether or not it is there.

        Raises:
            NotFound: when there can be no such share.
        """
        if not is_name(project) or not SHARE_ID.fullmatch(share_id):
            raise unknown()
        return self.root / project / share_id

    # -- reading ---------------------------------------------------------------------------

    def shares(self, project: str) -> list[Share]:
        """The shares of one project, oldest first; a record that cannot be read is left out."""
        try:
            names = sorted(os.listdir(self.root / project))
        except FileNotFoundError:
            return []
        found = []
        for share_id in names:
            try:
                found.append(self.share(project, share_id))
            except (NotFound, IntegrityError):
                continue
        return sorted(found, key=lambda share: (share.shared_at, share.id))

    def share(self, project: str, share_id: str) -> Share:
        """One share of one project.

        Raises:
            NotFound: when this project has none of that id, in the same words for every id.
            IntegrityError: when its record is damaged.
        """
        folder = self.place(project, share_id)
        try:
            with open_plain(folder, RECORD) as file:
                share = decode(file.read(_RECORD_BYTES))
        except FileNotFoundError:
            raise unknown() from None
        except (OSError, InvalidInput):
            raise _damaged(share_id) from None
        if (share.id, share.project) != (share_id, project):
            raise _damaged(share_id)
        return share

    def read(self, share: Share, file: SharedFile) -> bytes:
        """The bytes of one file, which are those that were frozen.

        Raises:
            NotFound: when the share was removed meanwhile.
            IntegrityError: when its bytes are others.
        """
        folder = self.place(share.project, share.id)
        try:
            with open_plain(folder / "files", file.sha256) as stream:
                body = stream.read(file.size_bytes + 1)
        except OSError:
            if not folder.is_dir():
                raise unknown() from None
            raise _damaged(share.id) from None
        if len(body) != file.size_bytes or hashlib.sha256(body).hexdigest() != file.sha256:
            raise _damaged(share.id)
        return body

    # -- writing, for the steward ----------------------------------------------------------

    def stage(self, share: Share, frozen: Path) -> None:
        """Copy a share's bytes from the gate's frozen files to where nobody looks yet.

        Raises:
            IntegrityError: when a file has other bytes than were frozen; nothing is left then.
        """
        partial = self._beside(self.place(share.project, share.id), "partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        partial.mkdir(mode=_FOLDER_MODE)
        (partial / "files").mkdir(mode=_FOLDER_MODE)
        try:
            for file in share.files:
                _copy(frozen, file, partial / "files" / file.sha256)
            _write(partial / RECORD, encode(share))
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        for folder in (partial / "files", partial, partial.parent, self.root):
            _sync(folder)

    def publish(self, project: str, share_id: str) -> None:
        """Let a staged share appear, whole."""
        place = self.place(project, share_id)
        self._beside(place, "partial").rename(place)
        _sync(place.parent)

    def unstage(self, project: str, share_id: str) -> None:
        """Remove what was staged of a share, if anything was."""
        partial = self._beside(self.place(project, share_id), "partial")
        shutil.rmtree(partial, ignore_errors=True)

    def remove(self, project: str, share_id: str) -> None:
        """Let a share disappear, then remove its bytes. Doing it twice changes nothing."""
        place = self.place(project, share_id)
        gone = self._beside(place, "gone")
        if place.is_dir():
            place.rename(gone)
            _sync(place.parent)
        if gone.is_dir():
            shutil.rmtree(gone)

    def everything(self) -> Iterator[tuple[str, str, bool]]:
        """Project and share id of every folder, and whether the share is to be seen in it."""
        for path in sorted(self.root.glob("*/*")):
            share_id = path.name.removeprefix(".").removesuffix(".partial").removesuffix(".gone")
            if is_name(path.parent.name) and SHARE_ID.fullmatch(share_id):
                yield path.parent.name, share_id, path.name == share_id

    @staticmethod
    def _beside(place: Path, state: str) -> Path:
        return place.with_name(f".{place.name}.{state}")


def unknown() -> NotFound:
    """What every id is answered with that names no share of the asker's project."""
    return NotFound(
        "there is no such share in this project", hint="workbench.shared() lists what there is"
    )


def _damaged(share_id: str) -> IntegrityError:
    return IntegrityError(
        f"share {share_id} does not have the bytes that were shared",
        hint="ask its sender to share the files again, and tell your administrator",
    )


def _copy(frozen: Path, file: SharedFile, target: Path) -> None:
    digest, size = hashlib.sha256(), 0
    try:
        with open_plain(frozen, file.sha256) as source, _new(target) as copy:
            while chunk := source.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > file.size_bytes:
                    break
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
    except FileNotFoundError:
        raise IntegrityError(f"the frozen copy of {file.path} is missing") from None
    except OSError as problem:
        if problem.errno is not None and problem.errno != errno.ELOOP:
            raise
        raise IntegrityError(f"the frozen copy of {file.path} is not a plain file") from None
    if (digest.hexdigest(), size) != (file.sha256, file.size_bytes):
        raise IntegrityError(f"the frozen copy of {file.path} has other bytes than were frozen")


def _write(path: Path, body: bytes) -> None:
    with _new(path) as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _new(path: Path) -> BinaryIO:
    # Two names may stand for the same bytes: the second copy replaces the first.
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, _FILE_MODE), "wb")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
