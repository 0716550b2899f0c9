"""What a relay must not forget when its worker dies."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from pathlib import Path

from vitrine.session.gate.requests import Request


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal says about a kernel whose worker died."""

    requests: tuple[Request, ...] = ()
    recorded: int = 0
    """Number of the last message of this incarnation that is on the chain."""


class Marks:
    """A count that survives the worker, not the machine."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(descriptor, 8)
        self._map = mmap.mmap(descriptor, 8)
        os.close(descriptor)

    @property
    def subscribers(self) -> int:
        """How many subscriptions the lab had."""
        return int.from_bytes(self._map[:8], "big")

    @subscribers.setter
    def subscribers(self, value: int) -> None:
        self._map[:8] = max(0, value).to_bytes(8, "big")
