"""A dataset and its immutable versions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Dataset:
    """A name under which versions of one collection are published."""

    name: str
    title: str
    created_at: str
    latest_version: int


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One publication: images, clinical table and their manifest, never changed afterwards."""

    dataset: str
    version: int
    title: str
    description: str
    path: Path
    """Directory that is mounted at /data/<dataset>."""
    n_patients: int
    n_series: int
    n_instances: int
    size_bytes: int
    """Sum over the image files and the clinical table."""
    manifest_sha256: str
    """SHA-256 of manifest.json, which holds the SHA-256 of every other file."""
    baseline_sha256: str
    """SHA-256 of the size, times and inode of every file, as they were when last verified."""
    published_at: str
    published_by: str

    @property
    def label(self) -> str:
        """How people write this version: `lung-ct version 2`."""
        return f"{self.dataset} version {self.version}"

    @property
    def baseline_path(self) -> Path:
        """The file, beside the version, that lists size, times and inode of each file."""
        return self.path.with_name(f"{self.version}.baseline.json")


@dataclass(frozen=True, slots=True)
class Findings:
    """What differs between a version on disk and what was published; paths inside the version."""

    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    """Right content, yet other times or inode than at publication."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return not (self.changed or self.missing or self.extra or self.touched)

    @property
    def is_intact(self) -> bool:
        """Whether every file has its published content and there is no other file."""
        return not (self.changed or self.missing or self.extra)

    def counts(self) -> dict[str, int]:
        """How many files of each kind, for the audit log."""
        return {
            "changed": len(self.changed),
            "missing": len(self.missing),
            "extra": len(self.extra),
            "touched": len(self.touched),
        }
