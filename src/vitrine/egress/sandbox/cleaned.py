"""What every part of the cleaner makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from vitrine.egress.sandbox.filetypes import Kind


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The releasable copy of a file."""

    content: bytes = field(repr=False)
    kind: Kind
    notes: tuple[str, ...] = ()


def some(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
