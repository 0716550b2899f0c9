"""One version on its way into the store: written aside, sealed, durable, then given its name."""

from __future__ import annotations

import csv
import errno
import io
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from vitrine.catalogue import manifest, store, tree
from vitrine.catalogue.clinical import ClinicalTable
from vitrine.catalogue.dataset import DatasetVersion
from vitrine.dicom.inventory import Inventory, Progress, Series
from vitrine.dicom.part10 import Instance, UnreadableDicom, read_instance
from vitrine.errors import Conflict
from vitrine.ids import new_id
from vitrine.storage.database import Database

SERIES_COLUMNS: Final = (
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "SeriesDescription",
    "BodyPartExamined",
    "n_instances",
    "Rows",
    "Columns",
    "path",
)
"""Columns of series.csv; `path` is relative to the directory of the version."""

_INCOMING: Final = ".incoming-"
_MARKER: Final = ".publishing-"
_HEADROOM: Final = 1.02


@dataclass(frozen=True, slots=True)
class Delivery:
    """Images and clinical table that may be published, as they were when they were checked."""

    images: Path
    inventory: Inventory
    clinical: ClinicalTable


class Staging:
    """Writes one version of a dataset; the caller holds the store's lock."""

    def __init__(
        self,
        home: Path,
        title: str,
        description: str,
        delivery: Delivery,
        progress: Progress | None,
    ) -> None:
        self.home = home
        """Directory of the dataset; the version gets its name in it."""
        self._title = title
        self._description = description
        self._delivery = delivery
        self._series = delivery.inventory.series()
        self._progress = progress
        self._root = home / f"{_INCOMING}{new_id('pub')}"
        self._contents: dict[str, manifest.Content] = {}

    def write(
        self, recorded: Iterable[DatasetVersion], *, published_at: str, published_by: str
    ) -> DatasetVersion:
        """Write, seal and sync the next version after `recorded` under a temporary name.

        Raises:
            Conflict: when a file changed after it was checked.
            OSError: when the store cannot be written or would be full.
        """
        number = self._next_number(recorded)
        tree.replace_durably(self._marker(number), b"")
        self._check_space()
        self._root.mkdir(mode=0o700)
        self._copy_images()
        self._add("clinical.csv", self._delivery.clinical.as_csv())
        self._add("series.csv", series_csv(self._series))
        version = self._version(number, published_at, published_by)
        self._add("dataset.json", _dataset_json(version))
        listing = manifest.manifest_bytes(version.dataset, number, self._contents)
        tree.write_new(self._root / manifest.MANIFEST, listing)
        tree.seal(self._root)
        tree.sync_filesystem(self._root)
        baseline = manifest.baseline_bytes(manifest.traces(self._root))
        tree.replace_durably(version.baseline_path, baseline)
        return replace(
            version,
            manifest_sha256=manifest.digest(listing),
            baseline_sha256=manifest.digest(baseline),
        )

    def give_name(self, version: DatasetVersion) -> None:
        """Let the version be found where it belongs."""
        self._root.rename(version.path)
        tree.sync_folder(self.home)

    def finish(self, version: DatasetVersion) -> None:
        """Forget that the version, now recorded, was ever unfinished."""
        tree.remove(self._marker(version.version))

    def _next_number(self, recorded: Iterable[DatasetVersion]) -> int:
        """One more than every version recorded or on disk, so that none is ever overwritten."""
        on_disk = [int(entry.name) for entry in self.home.iterdir() if entry.name.isdecimal()]
        return max([0, *(known.version for known in recorded), *on_disk]) + 1

    def _marker(self, number: int) -> Path:
        return self.home / f"{_MARKER}{number}"

    def _version(self, number: int, published_at: str, published_by: str) -> DatasetVersion:
        inventory = self._delivery.inventory
        return DatasetVersion(
            dataset=self.home.name,
            version=number,
            title=self._title,
            description=self._description,
            path=self.home / str(number),
            n_patients=len(inventory.patients),
            n_series=len(self._series),
            n_instances=len(inventory.instances),
            size_bytes=sum(content.size_bytes for content in self._contents.values()),
            manifest_sha256="",
            baseline_sha256="",
            published_at=published_at,
            published_by=published_by,
        )

    def _check_space(self) -> None:
        needed = int(self._delivery.inventory.size_bytes * _HEADROOM)
        if shutil.disk_usage(self.home).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(self.home))

    def _add(self, name: str, data: bytes) -> None:
        self._contents[name] = tree.write_new(self._root / name, data)

    def _copy_images(self) -> None:
        total = len(self._delivery.inventory.instances)
        for done, (name, instance) in enumerate(self._targets(), start=1):
            target = self._root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            self._contents[name] = tree.copy_in(self._delivery.images / instance.name, target)
            # The copy is what is published, so the copy is what must have passed the checks.
            if not _reads_as(target, instance):
                raise Conflict(
                    f"{instance.name} changed while it was copied; nothing was published",
                    hint="publish again when nothing writes to the folder any more",
                )
            if self._progress is not None:
                self._progress("copying images", done, total)

    def _targets(self) -> Iterator[tuple[str, Instance]]:
        """Where each instance goes; original file names may identify people and are dropped."""
        for series in self._series:
            for position, instance in enumerate(series.instances, start=1):
                yield f"{series_path(series)}/{position:05d}.dcm", instance


def clean_up(db: Database, home: Path) -> None:
    """Remove what unfinished publications left in `home`; the caller holds the store's lock.

    A directory with its final name goes only when its marker says that it was being published
    and the database does not know it: restoring an older database never costs a version.
    """
    for left in home.glob(f"{_INCOMING}*"):
        tree.remove(left)
    markers = list(home.glob(f"{_MARKER}*"))
    if not markers:
        return
    with db.read() as tx:
        recorded = {known.version for known in store.versions(tx, home.parent, home.name)}
    for marker in markers:
        number = int(marker.name.removeprefix(_MARKER))
        if number not in recorded:
            tree.remove(home / str(number))
            tree.remove(home / f"{number}.baseline.json")
        tree.remove(marker)
    tree.sync_folder(home)


def series_path(series: Series) -> str:
    """The directory of a series inside its version."""
    return f"images/{series.first.patient_id}/{series.first.series_uid}"


def series_csv(found: Iterable[Series]) -> bytes:
    """The text of series.csv: one line for each series."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SERIES_COLUMNS)
    for series in found:
        first = series.first
        writer.writerow(
            (
                first.patient_id,
                first.study_uid,
                first.series_uid,
                first.modality,
                first.series_description,
                first.body_part,
                len(series.instances),
                "" if first.rows is None else first.rows,
                "" if first.columns is None else first.columns,
                series_path(series),
            )
        )
    return text.getvalue().encode()


def _dataset_json(version: DatasetVersion) -> bytes:
    about = {
        "name": version.dataset,
        "title": version.title,
        "version": version.version,
        "description": version.description,
    }
    return manifest.canonical(about) + b"\n"


def _reads_as(target: Path, expected: Instance) -> bool:
    try:
        return read_instance(target, name=expected.name) == expected
    except UnreadableDicom:
        return False
