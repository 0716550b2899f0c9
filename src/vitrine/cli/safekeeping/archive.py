"""A backup as a directory: what is in it, how it is made, and whether it is whole.

| path | holds |
|---|---|
| `MANIFEST.json` | size, mode and SHA-256 of everything else |
| `database.jsonl` | every row of every table |
| `blobs/`, `journal/`, `drafts/`, `shares/` | the files of those directories |
| `checkpoints.jsonl`, `signing.pub` | what the audit log is checked with |
| `datasets.json` | which datasets there were, by the SHA-256 of their manifests |
| `secrets/` | only when asked for |

Datasets and workspaces are not in it: both are large and have rhythms of their own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from vitrine.audit import log
from vitrine.catalogue import store as catalogue
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.errors import Conflict, IntegrityError, NotFound, Unavailable
from vitrine.settings import Settings
from vitrine.storage import dump, secrets
from vitrine.storage.database import Database

FORMAT: Final = 1
MANIFEST: Final = "MANIFEST.json"
DATABASE: Final = "database.jsonl"
CHECKPOINTS: Final = "checkpoints.jsonl"
DATASETS: Final = "datasets.json"

_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a backup."""

    path: str
    size_bytes: int
    mode: int
    sha256: str


def trees(settings: Settings) -> dict[str, Path]:
    """The directories whose files a backup holds, by their name in it."""
    return {
        "blobs": settings.blob_root,
        "journal": settings.journal_root,
        "drafts": settings.draft_root,
        "shares": settings.share_root,
    }


def pack(
    settings: Settings,
    database: Database,
    target: Path,
    *,
    with_secrets: bool,
    clock: Clock = utc_now,
) -> dict[str, Any]:
    """Write a backup to `target`, which must not exist, and return its manifest.

    The database is read first and in one view, so that every file and every journal record it
    speaks of is in the copies made afterwards. A backup that fails leaves nothing.

    Raises:
        Conflict: when `target` exists.
        Unavailable: when something cannot be read or written.
    """
    partial = target.with_name(f".{target.name}.partial")
    if target.exists() or partial.exists():
        raise Conflict(f"{target} exists already", hint="name a directory that does not exist")
    try:
        partial.mkdir(mode=0o700)
        try:
            manifest = _fill(settings, database, partial, with_secrets, clock)
            os.sync()
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        where = error.filename or target
        raise Unavailable(f"the backup failed at {where}: {error.strerror}") from error
    return manifest


def check(directory: Path) -> dict[str, Any]:
    """The manifest of a backup, after reading every byte that it speaks of.

    Raises:
        NotFound: when there is no backup.
        IntegrityError: naming the file that is missing, altered or not of this backup.
    """
    manifest = _manifest(directory)
    try:
        items = {each["path"]: Item(**each) for each in manifest["files"]}
    except (KeyError, TypeError):
        raise IntegrityError(f"{directory / MANIFEST} is not the manifest of a backup") from None
    present = {str(path.relative_to(directory)) for path in _files(directory)} - {MANIFEST}
    for path in sorted(present ^ set(items)):
        state = "is missing" if path in items else "does not belong to this backup"
        raise IntegrityError(f"{path} in {directory} {state}")
    for item in items.values():
        _check_item(directory, item)
    return manifest


def _manifest(directory: Path) -> dict[str, Any]:
    path = directory / MANIFEST
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise NotFound(f"{directory} is no backup: {MANIFEST}: {error.strerror}") from error
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("files"), list):
        raise IntegrityError(f"{path} is not the manifest of a backup")
    if found.get("format") != FORMAT:
        raise IntegrityError(
            f"{directory} has the backup format {found.get('format')!r}, not {FORMAT}",
            hint="use the version of Vitrine that made it",
        )
    return found


def _check_item(directory: Path, item: Item) -> None:
    path = directory / item.path
    if path.is_symlink() or not path.resolve().is_relative_to(directory.resolve()):
        raise IntegrityError(f"{item.path} in {directory} leads out of the backup")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != item.sha256:
        raise IntegrityError(f"{item.path} in {directory} has other bytes than were backed up")


def _fill(
    settings: Settings, database: Database, root: Path, with_secrets: bool, clock: Clock
) -> dict[str, Any]:
    with database.read() as tx:
        head = log.head(tx)
        with (root / DATABASE).open("x", encoding="utf-8") as file:
            file.writelines(dump.dump(tx))
        datasets = [
            {"name": each.dataset, "version": each.version, "manifest_sha256": each.manifest_sha256}
            for each in catalogue.versions(tx, settings.dataset_root)
        ]
    (root / DATASETS).write_text(json.dumps(datasets, indent=2) + "\n")
    for name, source in trees(settings).items():
        _copy_tree(source, root / name)
    if with_secrets:
        _copy_tree(settings.secrets_root, root / "secrets")
    public = settings.secrets_root / "steward" / secrets.PUBLIC_KEY
    for source, name in ((settings.audit_sink, CHECKPOINTS), (public, secrets.PUBLIC_KEY)):
        if source.exists():
            _copy(source, root / name)
    manifest = {
        "format": FORMAT,
        "node": settings.node_name,
        "made_at": timestamp(clock()),
        "with_secrets": with_secrets,
        "audit_head": {"sequence": head.sequence, "digest": head.digest},
        "files": [asdict(item) for item in _items(root)],
    }
    (root / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def _items(root: Path) -> Iterator[Item]:
    for path in sorted(_files(root)):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            found = os.fstat(file.fileno())
        yield Item(str(path.relative_to(root)), found.st_size, stat.S_IMODE(found.st_mode), digest)


def _files(root: Path) -> Iterator[Path]:
    """Every file below `root`; links and special files count as files, to be noticed."""
    return (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())


def _copy_tree(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if path.is_symlink() or relative.name.startswith("."):
            continue  # nothing of ours is a link; a hidden file is one being written just now
        if path.is_dir():
            (target / relative).mkdir(mode=0o700)
        elif path.is_file():
            _copy(path, target / relative)


def _copy(source: Path, target: Path) -> None:
    """Copy a file that may be growing: lines of a journal are kept whole."""
    with source.open("rb") as reading, target.open("xb") as writing:
        size = os.fstat(reading.fileno()).st_size
        if source.suffix == ".jsonl":
            size = _end_of_last_line(reading, size)
        while size and (chunk := reading.read(min(size, _CHUNK_BYTES))):
            writing.write(chunk)
            size -= len(chunk)
        writing.flush()
        os.fchmod(writing.fileno(), stat.S_IMODE(os.fstat(reading.fileno()).st_mode))


def _end_of_last_line(file: BinaryIO, size: int) -> int:
    end = size
    while end:
        begin = max(0, end - _CHUNK_BYTES)
        found = os.pread(file.fileno(), end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def manifest_digest(directory: Path) -> str:
    """SHA-256 of a backup's manifest, which stands for everything in the backup."""
    return hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()
