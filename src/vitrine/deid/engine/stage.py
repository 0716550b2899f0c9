"""The seam of the stage that looks into pixels: what it is asked, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Mask:
    """A rectangle that was painted over."""

    frames: tuple[int, ...] | Literal["all"]
    """Zero-based numbers of frames."""

    box: tuple[int, int, int, int]
    """`x0, y0, x1, y1` in columns and rows, zero-based, half-open."""

    def as_record(self) -> Mapping[str, object]:
        """The mask as it stands in a report."""
        frames = self.frames if self.frames == "all" else list(self.frames)
        return {"frames": frames, "box": list(self.box)}

    @classmethod
    def from_record(cls, said: Mapping[str, Any]) -> Mask:
        """The mask that `as_record` wrote."""
        frames = said["frames"]
        x0, y0, x1, y1 = said["box"]
        return cls("all" if frames == "all" else tuple(frames), (x0, y0, x1, y1))


@dataclass(frozen=True, slots=True)
class Painted:
    """What the stage made of the pixels of one object."""

    masks: tuple[Mask, ...] = ()
    pixel_data: bytes | None = field(default=None, repr=False)
    """Uncompressed little-endian values of every frame; None leaves the pixels byte for byte."""

    attributes: Dataset | None = field(default=None, repr=False)
    """Attributes of the image that the new pixels change, such as PhotometricInterpretation."""


PixelStage = Callable[[Path, Dataset], Painted]
"""Called as `stage(source, header)` with the original file; raises InvalidInput to refuse it.

It runs in worker processes, so it is a function of a module.
"""
