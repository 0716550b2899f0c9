"""The receipt of a release: a canonical manifest and the steward's signature over it.

Pure, so that anybody who has the public key can check a receipt without this node. It holds
digests, decisions and versions, and of the author's words only the names of the files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vitrine.audit.chain import canonical
from vitrine.egress.leaving import root_of
from vitrine.errors import IntegrityError, InvalidInput

FORMAT: Final = "vitrine receipt v1"
_DOMAIN: Final = b"vitrine receipt v1\n"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A manifest exactly as signed, and what proves it."""

    manifest: str
    signature: str
    key: str

    def as_json(self) -> dict[str, Any]:
        """The receipt as the file that an author downloads."""
        return {
            "format": FORMAT,
            "key": self.key,
            "manifest": json.loads(self.manifest),
            "signature": self.signature,
        }


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, by which receipts name it."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def sign(manifest: Mapping[str, Any], key: Ed25519PrivateKey) -> Receipt:
    """The signed receipt of `manifest`, which holds no floats."""
    text = canonical(manifest)
    signature = key.sign(_DOMAIN + text.encode())
    return Receipt(text, signature.hex(), fingerprint(key.public_key()))


def parse(content: bytes) -> Receipt:
    """The receipt in a downloaded file, not yet verified.

    Raises:
        InvalidInput: when the file is no receipt.
    """
    try:
        found = json.loads(content)
        if found["format"] != FORMAT:
            raise KeyError("format")
        manifest = canonical(found["manifest"])
        receipt = Receipt(manifest, str(found["signature"]), str(found["key"]))
        list(files_of(receipt))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("this file is not a release receipt") from None
    return receipt


def verify(receipt: Receipt, key: Ed25519PublicKey) -> None:
    """Pass when the holder of `key` signed exactly this manifest.

    Raises:
        IntegrityError: when it was signed by another key, or anything in it was changed.
    """
    if receipt.key != fingerprint(key):
        raise IntegrityError("the receipt was signed with another key than the one given")
    try:
        key.verify(bytes.fromhex(receipt.signature), _DOMAIN + receipt.manifest.encode())
    except (InvalidSignature, ValueError):
        raise IntegrityError("the signature does not fit: the receipt was changed") from None
    manifest = json.loads(receipt.manifest)
    if "merkle_root" in manifest and manifest["merkle_root"] != root_of(manifest["files"]):
        raise IntegrityError("the files of the receipt are not those that were approved")


def files_of(receipt: Receipt) -> Iterator[tuple[str, str]]:
    """Name and SHA-256 of each released file."""
    for file in json.loads(receipt.manifest)["files"]:
        yield str(file["name"]), str(file["released_sha256"])


def compare(receipt: Receipt, directory: Path) -> list[str]:
    """What is wrong with the downloaded files below `directory`; empty when all are as released."""
    problems = []
    for name, sha256 in files_of(receipt):
        path = directory / name
        if not path.is_file():  # browsers save without folders
            path = directory / Path(name).name
        if not path.resolve().is_relative_to(directory.resolve()):
            problems.append(f"{name} lies outside {directory}")
            continue
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            problems.append(f"{name} cannot be read: {error.strerror}")
            continue
        if found != sha256:
            problems.append(f"{name} has other bytes than were released")
    return problems
