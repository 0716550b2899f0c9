"""What is on disk: the manifest of contents and the baseline of sizes, times and inodes."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

MANIFEST: Final = "manifest.json"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """The published bytes of one file."""

    sha256: str
    size_bytes: int


Trace = tuple[int, int, int, int]
"""Size in bytes, mtime and ctime in nanoseconds, inode; all -1 for what is no regular file."""


def canonical(value: object) -> bytes:
    """`value` as the one JSON text it has here: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def digest(data: bytes) -> str:
    """SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def manifest_bytes(dataset: str, version: int, contents: Mapping[str, Content]) -> bytes:
    """The text of manifest.json: every file of the version but the manifest itself."""
    files = {name: asdict(content) for name, content in contents.items()}
    return canonical({"dataset": dataset, "version": version, "files": files})


def parse_manifest(data: bytes) -> dict[str, Content]:
    """The contents that `manifest_bytes` wrote; the caller has checked the digest of `data`."""
    files: dict[str, dict[str, str | int]] = json.loads(data)["files"]
    return {
        name: Content(str(entry["sha256"]), int(entry["size_bytes"]))
        for name, entry in files.items()
    }


def traces(root: Path) -> dict[str, Trace]:
    """Size, times and inode of every file under `root`, without opening or following any."""
    found: dict[str, Trace] = {}
    pending = [(os.fspath(root), "")]
    while pending:
        folder, prefix = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, name + "/"))
                    continue
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    found[name] = (
                        status.st_size,
                        status.st_mtime_ns,
                        status.st_ctime_ns,
                        status.st_ino,
                    )
                else:
                    found[name] = (-1, -1, -1, -1)
    return found


def baseline_bytes(found: Mapping[str, Trace]) -> bytes:
    """The text of a baseline file; its digest is what a session start compares."""
    return canonical({name: list(trace) for name, trace in found.items()})


def parse_baseline(data: bytes) -> dict[str, Trace]:
    """The traces that `baseline_bytes` wrote."""
    return {name: (t[0], t[1], t[2], t[3]) for name, t in json.loads(data).items()}


def content_of(path: Path) -> Content:
    """SHA-256 and size of the regular file at `path`; a symbolic link is not followed."""
    sha256 = hashlib.sha256()
    size = 0
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha256.update(chunk)
            size += len(chunk)
    return Content(sha256.hexdigest(), size)
