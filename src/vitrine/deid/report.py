"""What a run of de-identification says of its files: the record that the verifier starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vitrine.deid.engine.stage import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What became of one file."""

    source: str = field(repr=False)
    """Its path below the folder that was read: it may hold a name, so it stays out of records."""

    sha256_in: str
    output: str | None
    """Its path below the folder that was written; None when it was refused."""

    sha256_out: str | None
    refused: str | None
    """Why, without a value of the file."""

    masks: tuple[Mask, ...] = ()
    """Regions that were covered in its pixels."""

    def as_json(self) -> dict[str, Any]:
        """The report of the file as the command line prints it."""
        return {
            "source": self.source,
            "sha256_in": self.sha256_in,
            "output": self.output,
            "sha256_out": self.sha256_out,
            "refused": self.refused,
            "masks": [mask.as_record() for mask in self.masks],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What became of every file of a folder: files = written + refused."""

    profile: str
    table_edition: str
    key_id: str
    dates: str
    files: tuple[FileReport, ...]

    @property
    def written(self) -> int:
        """How many files have an output."""
        return sum(each.output is not None for each in self.files)

    def as_json(self) -> dict[str, Any]:
        """The report as the command line prints it."""
        return {
            "profile": self.profile,
            "table_edition": self.table_edition,
            "key_id": self.key_id,
            "dates": self.dates,
            "counts": {
                "files": len(self.files),
                "written": self.written,
                "refused": len(self.files) - self.written,
            },
            "files": [each.as_json() for each in self.files],
        }
