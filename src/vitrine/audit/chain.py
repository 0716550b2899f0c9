"""A hash chain: each entry's digest covers the entry and the digest before it.

Invariants. The first entry has sequence 1 and follows `GENESIS`; sequences have no gaps; the same
body always has the same text. Whoever knows one digest can prove everything up to it and nothing
after it: a chain cut short at its end still verifies unless a later digest was noted elsewhere.

Pure, standard library only: the gate's workers import it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vitrine.errors import IntegrityError

GENESIS: Final = "0" * 64
"""The digest that the first entry follows."""

_DOMAIN: Final = b"vitrine chain v1\n"


class BrokenChain(IntegrityError):
    """An entry does not follow from the one before it, or the chain lacks its anchor."""

    def __init__(self, message: str, *, sequence: int) -> None:
        super().__init__(message)
        self.sequence = sequence


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a chain, as it was found."""

    sequence: int
    body: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain; sequence 0 and `GENESIS` when it is empty."""

    sequence: int = 0
    digest: str = GENESIS


def canonical(value: Any) -> str:
    """`value` as JSON with sorted keys, no spaces, plain UTF-8 and no floats.

    Raises:
        TypeError: at a float or anything else that JSON has more than one text for.
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(sequence: int, body: Mapping[str, Any], previous: str) -> str:
    """SHA-256 over the domain tag, the previous digest, the sequence and the canonical body."""
    text = canonical([sequence, body])
    # A lone surrogate, which a kernel can put into a string, has no UTF-8: keep it distinct.
    return digest_of_bytes(text.encode("utf-8", "surrogatepass"), previous)


def digest_of_bytes(payload: bytes, previous: str) -> str:
    """SHA-256 over the domain tag, the previous digest and a payload that is canonical already.

    The payload must contain its sequence number.
    """
    return hashlib.sha256(_DOMAIN + bytes.fromhex(previous) + payload).hexdigest()


def verify(entries: Iterable[Link], anchor: Head | str | None = None) -> Head:
    """Check every link and return the head.

    Args:
        entries: all entries from the first, in the order in which they were found.
        anchor: a head (or only its digest) noted earlier where this system cannot write.
            Without one, a chain cut short at its end still verifies.

    Raises:
        BrokenChain: at the first entry that does not follow from the one before it, or when
            the anchor is not one of the heads that the chain went through.
    """
    head = Head()
    is_anchored = anchor is None or anchor in (GENESIS, Head())
    for entry in entries:
        head = follow(head, entry)
        if isinstance(anchor, Head) and entry.sequence == anchor.sequence:
            if entry.digest != anchor.digest:
                raise BrokenChain(
                    f"entry {entry.sequence} is not the one that was anchored: "
                    "the entries up to it were rewritten",
                    sequence=entry.sequence,
                )
            is_anchored = True
        elif entry.digest == anchor:
            is_anchored = True
    if not is_anchored:
        raise _cut_tail(head, anchor)
    return head


def follow(head: Head, entry: Link) -> Head:
    """The head after `entry`, when it follows from `head`.

    Raises:
        BrokenChain: naming the entry and whether it is missing, out of order or altered.
    """
    expected = head.sequence + 1
    if entry.sequence > expected:
        missing = f"entry {expected} is"
        if entry.sequence > expected + 1:
            missing = f"entries {expected} to {entry.sequence - 1} are"
        raise BrokenChain(
            f"{missing} missing: entry {entry.sequence} was found in that place",
            sequence=expected,
        )
    if entry.sequence < expected:
        raise BrokenChain(
            f"entry {entry.sequence} is out of order: it was found where {expected} belongs",
            sequence=entry.sequence,
        )
    try:
        digest = digest_of(entry.sequence, entry.body, head.digest)
    except (TypeError, ValueError):
        digest = ""
    if digest != entry.digest:
        raise BrokenChain(
            f"entry {entry.sequence} was altered: its digest is not that of its content",
            sequence=entry.sequence,
        )
    return Head(entry.sequence, entry.digest)


def _cut_tail(head: Head, anchor: Head | str | None) -> BrokenChain:
    if isinstance(anchor, Head):
        lost = f"entries {head.sequence + 1} to {anchor.sequence} are"
        if anchor.sequence == head.sequence + 1:
            lost = f"entry {anchor.sequence} is"
        message = f"the end was cut off: {lost} missing, anchored at entry {anchor.sequence}"
    else:
        message = f"the end was cut off or rewritten: no entry up to {head.sequence} has the anchor"
    return BrokenChain(message, sequence=head.sequence + 1)


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a chained body holds no floats")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("a chained body has text keys only")
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
