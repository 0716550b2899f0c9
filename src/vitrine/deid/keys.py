"""Keys of de-identification, and what they make of identifiers: pseudonyms, UIDs, shifts.

Everything is HMAC-SHA-256 under the key with a domain of its own, so that nothing has to be
remembered: the same identifier becomes the same pseudonym on any machine, in images and tables,
and nobody without the key can enumerate record numbers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vitrine.errors import InvalidInput

WELL_KNOWN: Final = "1.2.840.10008."
"""Root of the UIDs that the standard itself defines (PS3.6 annex A): they name no instance."""

_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Key:
    """32 secret bytes."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Says which key it was, and nothing about it: 16 hexadecimal digits."""
        return self._of("key id", b"")[:8].hex()

    def _of(self, domain: str, value: bytes) -> bytes:
        return hmac.digest(self.secret, domain.encode() + b"\0" + value, hashlib.sha256)

    def tag(self, domain: str, value: bytes) -> str:
        """A name for `value` that only holders of the key can make: 32 hexadecimal digits."""
        return self._of(f"tag {domain}", value)[:16].hex()

    def pseudonym(self, patient_id: str) -> str:
        """What stands for a patient: `P` and 16 letters and digits. Spaces around count not."""
        made = self._of("patient", patient_id.strip().encode())
        return "P" + base64.b32encode(made[:10]).decode()

    def uid(self, original: str) -> str:
        """What stands for a UID: `2.25.` and 128 bits (PS3.5 B.2), at most 44 characters.

        UIDs of the standard itself and empty ones stay.
        """
        bare = original.strip().strip("\0")
        if not bare or bare.startswith(WELL_KNOWN):
            return bare
        return f"2.25.{int.from_bytes(self._of('uid', bare.encode())[:16], 'big')}"

    def shift_days(self, patient_id: str, fewest: int, most: int) -> int:
        """By how many days all dates of a patient move into the past."""
        made = int.from_bytes(self._of("shift", patient_id.strip().encode())[:8], "big")
        return fewest + made % (most - fewest + 1)


def read(path: Path) -> Key:
    """The key in a file of 64 hexadecimal digits that only its owner may read.

    Raises:
        InvalidInput: when the file is missing, open to others, or holds something else.
    """
    try:
        status = path.stat()
        text = path.read_text("ascii", errors="replace").strip()
    except OSError as problem:
        raise InvalidInput(
            f"the key file {path} cannot be read: {(problem.strerror or '').lower()}",
            hint="make one with: vitrine deid key new FILE",
        ) from None
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise InvalidInput(
            f"the key file {path} is open to others (mode {stat.S_IMODE(status.st_mode):o})",
            hint=f"chmod 600 {path}, or make a new key if somebody may have read it",
        )
    if not _HEX.fullmatch(text):
        raise InvalidInput(
            f"the key file {path} does not hold 64 hexadecimal digits",
            hint="make one with: vitrine deid key new FILE",
        )
    return Key(bytes.fromhex(text))


def new(path: Path) -> Key:
    """A new key, in a new file of mode 600.

    Raises:
        InvalidInput: when the file exists, or cannot be made.
    """
    secret = secrets.token_bytes(32)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise InvalidInput(
            f"{path} exists, and a key is never overwritten", hint="give another name"
        ) from None
    except OSError as problem:
        said = (problem.strerror or "").lower()
        raise InvalidInput(f"the key file {path} cannot be made: {said}") from None
    with os.fdopen(handle, "w") as stream:
        stream.write(secret.hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return Key(secret)


def rotate(path: Path) -> tuple[Key, Path]:
    """A new key at `path`; the old one beside it, named by its id. Gives both places.

    Pseudonyms of the new key have nothing to do with those of the old one.

    Raises:
        InvalidInput: when there is no key at `path`.
    """
    old = read(path)
    kept = path.with_name(f"{path.name}.{old.id}")
    coming = path.with_name(f"{path.name}.new")
    key = new(coming)
    try:
        os.link(path, kept)
    except FileExistsError:
        coming.unlink()
        raise InvalidInput(f"{kept} exists, and a key is never overwritten") from None
    os.replace(coming, path)
    _make_names_durable(path.parent)
    return key, kept


def destroy(path: Path) -> str:
    """Overwrite and remove the key at `path`; gives its id. Nobody can link by it afterwards.

    A copy in a backup or in spare blocks of a disk is out of reach.

    Raises:
        InvalidInput: when there is no key at `path`.
    """
    key = read(path)
    with open(path, "r+b") as stream:
        stream.write(b"0" * path.stat().st_size)
        stream.flush()
        os.fsync(stream.fileno())
    path.unlink()
    _make_names_durable(path.parent)
    return key.id


def _make_names_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
