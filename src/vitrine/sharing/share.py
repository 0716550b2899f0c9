"""A share: files that one member of a project gave the others, as they were then. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from vitrine.clock import parse_timestamp, timestamp
from vitrine.errors import InvalidInput
from vitrine.ids import is_name, is_sha256

SHARE_ID: Final = re.compile(r"shr-[0-9a-f]{12}")
RECEIPT_ID: Final = re.compile(r"rcv-[0-9a-f]{12}")
MAX_FILES: Final = 50
MAX_PATH: Final = 240
MAX_PART_BYTES: Final = 255
MAX_NOTE: Final = 500


@dataclass(frozen=True, slots=True)
class SharedFile:
    """One file of a share; `path` is relative to the sender's workspace."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Who gave which bytes to the members of a project, and until when they may be received."""

    id: str
    project: str
    sender: str
    note: str
    shared_at: datetime
    expires_at: datetime
    files: tuple[SharedFile, ...]

    @property
    def size_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.size_bytes for file in self.files)

    def is_expired(self, now: datetime) -> bool:
        """Whether nobody can receive it any more."""
        return now >= self.expires_at


def encode(share: Share) -> bytes:
    """The share as its record on disk; the same share is always the same bytes."""
    fields = asdict(share) | {
        "shared_at": timestamp(share.shared_at),
        "expires_at": timestamp(share.expires_at),
    }
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, indent=1).encode()


def decode(text: bytes) -> Share:
    """The share that `encode` wrote.

    Raises:
        InvalidInput: when it is not the record of a share.
    """
    try:
        found = json.loads(text)
        return Share(
            id=matching(found, "id", SHARE_ID),
            project=name(found, "project"),
            sender=name(found, "sender"),
            note=checked_note(found["note"]),
            shared_at=parse_timestamp(found["shared_at"]),
            expires_at=parse_timestamp(found["expires_at"]),
            files=checked_files(found["files"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("this is not the record of a share") from None


def checked_note(note: object) -> str:
    """`note` on one line, without what cannot be shown.

    Raises:
        InvalidInput: when it is too long or not text.
    """
    note = "" if note is None else note
    if not isinstance(note, str) or len(note) > MAX_NOTE:
        raise InvalidInput(f"the note of a share has at most {MAX_NOTE} characters")
    return " ".join("".join(c if c.isprintable() else " " for c in note).split())


def checked_files(files: object) -> tuple[SharedFile, ...]:
    """The files of a share, each with a name that means one place below a folder.

    Raises:
        InvalidInput: when one of them has no usable name, size or digest, or there are too many.
    """
    if not isinstance(files, list) or not 1 <= len(files) <= MAX_FILES:
        raise InvalidInput(f"a share has 1 to {MAX_FILES} files")
    found = tuple(_file(entry) for entry in files)
    check_paths([file.path for file in found])
    return found


def check_paths(paths: list[str]) -> None:
    """Pass when every file can be put where its path says, whatever the others are called.

    Raises:
        InvalidInput: naming the path that cannot.
    """
    for path in paths:
        parts = path.split("/")
        if not path.isprintable() or len(path) > MAX_PATH:
            raise InvalidInput(f"a file of a share has a name of at most {MAX_PATH} characters")
        if any(part in ("", ".", "..") for part in parts):
            raise InvalidInput(f"{path!r} is not a plain path below the workspace")
        if any(len(part.encode()) > MAX_PART_BYTES for part in parts):
            raise InvalidInput(f"a part of a file name has more than {MAX_PART_BYTES} bytes")
    names = {path.casefold() for path in paths}
    if len(names) < len(paths):
        raise InvalidInput("two files of a share have the same name (letter case does not count)")
    for path in names:
        if any(path.startswith(f"{other}/") for other in names):
            raise InvalidInput(f"{path!r} lies in a folder that is a file of the same share")


def matching(fields: Mapping[str, Any], key: str, form: re.Pattern[str]) -> str:
    """The id `fields[key]`.

    Raises:
        InvalidInput: when it does not have its form.
    """
    value = fields.get(key)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise InvalidInput(f"a share or receipt has no valid {key}")
    return value


def name(fields: Mapping[str, Any], key: str) -> str:
    """The name of a person or project in `fields[key]`.

    Raises:
        InvalidInput: when it cannot be one.
    """
    value = fields.get(key)
    if not isinstance(value, str) or not is_name(value):
        raise InvalidInput(f"a share or receipt has no valid {key}")
    return value


def _file(entry: Any) -> SharedFile:
    if not isinstance(entry, Mapping):
        raise InvalidInput("a share names a file without path, size and digest")
    path, size, sha256 = entry.get("path"), entry.get("size_bytes"), entry.get("sha256")
    if not isinstance(path, str):
        raise InvalidInput("a file of a share has no name")
    if not isinstance(sha256, str) or not is_sha256(sha256):
        raise InvalidInput("a share names a file without its SHA-256")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise InvalidInput("a share names a file without its size")
    return SharedFile(path, size, sha256)
