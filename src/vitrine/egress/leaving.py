"""What would leave with a release, to the last word, under one Merkle root.

Pure. The root is what a checker approves at consolidation, what the steward compares before it
signs, and what the receipt carries: leaves and nodes are told apart as in RFC 6962, section 2.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vitrine.audit.chain import canonical
from vitrine.egress.request import EgressRequest

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def words(request: EgressRequest) -> tuple[str, ...]:
    """Everything that its author wrote and that leaves beside the files' content: their names."""
    return tuple(file.path for file in request.outputs)


def entries(request: EgressRequest) -> list[dict[str, Any]]:
    """One entry for each file that would leave, as the receipt lists it."""
    return [
        {
            "name": file.path,
            "released_sha256": file.cleaned_sha256,
            "size_bytes": file.cleaned_bytes,
            "media_type": file.media_type,
        }
        for file in request.outputs
    ]


def root(request: EgressRequest) -> str:
    """The Merkle root over what would leave, in hexadecimal."""
    return root_of(entries(request))


def root_of(found: Sequence[Mapping[str, Any]]) -> str:
    """The Merkle root over entries of a receipt, of which only the fields of `entries` count."""
    kept = [
        {name: entry.get(name) for name in ("name", "released_sha256", "size_bytes", "media_type")}
        for entry in found
    ]
    level = [hashlib.sha256(_LEAF + canonical(entry).encode()).digest() for entry in kept]
    return (_root(level) if level else hashlib.sha256().digest()).hex()


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(_NODE + _root(leaves[:half]) + _root(leaves[half:])).digest()
