"""What a folder of DICOM files holds: its series, and everything that is wrong with it."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from vitrine.dicom.part10 import Instance, NotDicom, UnreadableDicom, read_instance

Progress = Callable[[str, int, int], None]
"""Called as `progress(what, done, total)` while a long step runs."""

_NAMES_SHOWN = 5
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Series:
    """Instances that share one SeriesInstanceUID, ordered by InstanceNumber."""

    instances: tuple[Instance, ...] = field(repr=False)

    @property
    def first(self) -> Instance:
        """The instance whose header speaks for the series."""
        return self.instances[0]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The instances found under a folder, and what is wrong with it."""

    instances: tuple[Instance, ...] = field(repr=False)
    size_bytes: int
    faults: Mapping[str, list[str]] = field(repr=False)
    """Each fault with the names of the files that have it."""

    @property
    def patients(self) -> frozenset[str]:
        """Every PatientID that occurs."""
        return frozenset(instance.patient_id for instance in self.instances)

    def problems(self, *, with_names: bool) -> list[str]:
        """One sentence for each fault: how many files have it and, if asked, which."""
        if not self.instances and not self.faults:
            return ["the folder holds no files"]
        return [
            f"{_these(names)} {fault}" + (f": {_shown(names)}" if with_names else "")
            for fault, names in self.faults.items()
        ]

    def series(self) -> tuple[Series, ...]:
        """All series, ordered by patient, study and series."""
        grouped: dict[str, list[Instance]] = defaultdict(list)
        for instance in self.instances:
            grouped[instance.series_uid].append(instance)
        ordered = sorted(grouped.values(), key=lambda group: _series_order(group[0]))
        return tuple(Series(tuple(sorted(group, key=_instance_order))) for group in ordered)


def take_inventory(
    root: Path, progress: Progress | None = None, *, skip: Set[str] = frozenset()
) -> Inventory:
    """Read the header of every file under `root`.

    Nothing is followed, changed or copied. What is not a readable, complete DICOM file becomes a
    fault of the file with that path inside `root`.

    Args:
        skip: paths inside `root` that are left out.
    """
    files, faults = _regular_files(root)
    files = [file for file in files if file[0] not in skip]
    instances: list[Instance] = []
    size_bytes = 0
    for done, (name, size) in enumerate(files, start=1):
        try:
            instances.append(read_instance(root / name, name=name))
            size_bytes += size
        except NotDicom:
            faults["not DICOM"].append(name)
        except UnreadableDicom:
            faults["with a damaged DICOM header"].append(name)
        except OSError as error:
            faults[f"that cannot be read ({error.strerror})"].append(name)
        if progress is not None:
            progress("reading headers", done, len(files))
    faults.update(header_faults(instances))
    return Inventory(tuple(instances), size_bytes, faults)


def header_faults(instances: Iterable[Instance]) -> Mapping[str, list[str]]:
    """What is wrong with these headers: each fault with the names of the files that have it."""
    found = list(instances)
    times = Counter(instance.sop_uid for instance in found)
    owners: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for instance in found:
        owners[instance.series_uid].add((instance.patient_id, instance.study_uid))
    faults: dict[str, list[str]] = defaultdict(list)
    for instance in found:
        for fault in _faults_of(instance, times, owners):
            faults[fault].append(instance.name)
    return faults


def _faults_of(
    instance: Instance, times: Mapping[str, int], owners: Mapping[str, set[tuple[str, str]]]
) -> Iterator[str]:
    if instance.missing:
        yield f"without a valid {' and '.join(instance.missing)}"
        return
    if not instance.is_identity_removed:
        yield "where PatientIdentityRemoved is not YES"
    if not _is_safe_folder(instance.patient_id):
        yield "with a PatientID that cannot name a folder (letters, digits, . _ - only)"
    if times[instance.sop_uid] > 1:
        yield "sharing a SOPInstanceUID with another file"
    if len(owners[instance.series_uid]) > 1:
        yield "in a series that spans several patients or studies"


def _regular_files(root: Path) -> tuple[list[tuple[str, int]], dict[str, list[str]]]:
    """Names and sizes of the regular files under `root`, and the faults of everything else."""
    faults: dict[str, list[str]] = defaultdict(list)
    files: list[tuple[str, int]] = []

    def unreadable(error: OSError) -> None:
        name = os.path.relpath(error.filename or root, root)
        faults[f"that cannot be read ({error.strerror})"].append(name)

    for folder, subfolders, names in os.walk(root, onerror=unreadable, followlinks=False):
        subfolders.sort()
        for entry in sorted([*names, *subfolders]):
            path = Path(folder, entry)
            status = path.lstat()
            name = path.relative_to(root).as_posix()
            if stat.S_ISLNK(status.st_mode):
                faults["linking elsewhere (symbolic link)"].append(name)
            elif stat.S_ISREG(status.st_mode):
                files.append((name, status.st_size))
            elif not stat.S_ISDIR(status.st_mode):
                faults["without regular content (pipe, socket or device)"].append(name)
    return files, faults


def _is_safe_folder(patient_id: str) -> bool:
    """Whether a PatientID may be the name of a folder as it stands."""
    return _FOLDER.fullmatch(patient_id) is not None


def _these(names: list[str]) -> str:
    return "1 file" if len(names) == 1 else f"{len(names)} files"


def _shown(names: list[str]) -> str:
    """The first few of `names`, printable, and how many more there are."""
    shown = ", ".join(ascii(name)[1:-1] for name in sorted(names)[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _series_order(instance: Instance) -> tuple[str, str, str]:
    return instance.patient_id, instance.study_uid, instance.series_uid


def _instance_order(instance: Instance) -> tuple[int, str]:
    return instance.instance_number, instance.sop_uid
