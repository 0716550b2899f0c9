"""Verify a folder of outputs against its sources: everything fits, and nothing of them is left.

It fails closed: what cannot be read, is missing, was changed or stands in no report is a finding.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from vitrine.deid.verifier.compare import Read, compare, read, same_pixels, shifts
from vitrine.deid.verifier.finding import Found, Kind
from vitrine.deid.verifier.known import Known, elements, learn, texts_of
from vitrine.deid.verifier.walk import Damaged
from vitrine.errors import InvalidInput

_STANDARD: Final = "1.2.840.10008."
_OWN_FILES: Final = ".vitrine-deid"
Progress = Callable[[int, int], None]


def verify(
    source: Path,
    output: Path,
    report: Mapping[str, Any],
    *,
    kept: frozenset[tuple[str, str]] = frozenset(),
    progress: Progress = lambda _done, _of: None,
) -> list[Found]:
    """Every finding, sorted; none when the outputs are clean.

    Args:
        report: of the run that made `output`, as its JSON says it.
        kept: attribute and text that a steward decided to keep.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of pydicom quote the value that they are about
        return _verify(source, output, report, kept, progress)


def _verify(
    source: Path,
    output: Path,
    report: Mapping[str, Any],
    kept: frozenset[tuple[str, str]],
    progress: Progress,
) -> list[Found]:
    found: list[Found] = []
    pairs = _pairs(source, output, report, found)
    patients: dict[str, Known] = defaultdict(Known)
    owner: dict[str, str] = {}
    uids: set[bytes] = set()
    for number, (name, path) in enumerate(pairs):
        try:
            dataset = read(path.read_bytes()).dataset
        except (Damaged, OSError):
            found.append(Found(name, Kind.FILE, "its source cannot be read"))
            continue
        owner[name] = str(
            dataset.get("PatientID", "") or f"study {dataset.get('StudyInstanceUID')}"
        )
        learn(patients[owner[name]], dataset)
        uids.update(_uids_of(dataset))
        progress(number, 2 * len(pairs))
    known_uids = frozenset(uids)
    masks = {each["output"]: each.get("masks") or [] for each in report["files"] if each["output"]}
    mapping = _Mapping(str(report.get("dates", "")))
    for number, (name, path) in enumerate(pairs):
        if name in owner:
            found += _one(
                name, path, output / name, patients[owner[name]], known_uids, kept,
                masks.get(name, []), mapping, owner[name],
            )  # fmt: skip
        progress(len(pairs) + number, 2 * len(pairs))
    return sorted({*found, *mapping.findings()})


def _one(
    name: str,
    source: Path,
    target: Path,
    known: Known,
    uids: frozenset[bytes],
    kept: frozenset[tuple[str, str]],
    masks: list[dict[str, Any]],
    mapping: _Mapping,
    patient: str,
) -> Iterator[Found]:
    contents = source.read_bytes(), target.read_bytes()
    try:
        before, after = read(contents[0]), read(contents[1])
    except Damaged:
        yield Found(name, Kind.FILE, "it cannot be read")
        return
    yield from compare(name, before, after, known, uids, kept)
    yield from same_pixels(name, before, after, contents, masks)
    mapping.learn(name, patient, before, after)


def _pairs(
    source: Path, output: Path, report: Mapping[str, Any], found: list[Found]
) -> list[tuple[str, Path]]:
    """Output name and source of each file that was written, and what does not fit."""
    pairs: list[tuple[str, Path]] = []
    seen: set[str] = set()
    for number, entry in enumerate(report["files"], start=1):
        seen.add(entry["source"])
        label = f"report entry {number}"
        path = source / entry["source"] if source.is_dir() else source
        if entry["output"] is None:
            if not entry.get("refused"):
                found.append(Found(label, Kind.FILE, "neither written nor refused"))
            continue
        target = output / entry["output"]
        if not target.is_file() or target.is_symlink():
            found.append(Found(entry["output"], Kind.FILE, "missing"))
        elif _sha256(target) != entry["sha256_out"]:
            found.append(Found(entry["output"], Kind.FILE, "other bytes than the report says"))
        elif not path.is_file() or _sha256(path) != entry["sha256_in"]:
            found.append(Found(entry["output"], Kind.FILE, "its source has other bytes or is gone"))
        else:
            pairs.append((entry["output"], path))
    outputs = {entry["output"] for entry in report["files"]}
    for name in _files_below(output):
        if name not in outputs and not name.startswith(_OWN_FILES):
            found.append(Found(name, Kind.FILE, "in no report"))
    missing = [name for name in _files_below(source) if name not in seen]
    if source.is_dir() and missing:
        found.append(Found("sources", Kind.FILE, f"{len(missing)} files are in no report"))
    return pairs


def _files_below(folder: Path) -> Iterator[str]:
    for below, inner, names in os.walk(folder):
        links = [each for each in inner if os.path.islink(os.path.join(below, each))]
        for name in (*names, *links):
            yield os.path.relpath(os.path.join(below, name), folder)


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _uids_of(dataset: Any) -> Iterator[bytes]:
    for _, element in elements(dataset):
        if element.VR == "UI":
            for value in texts_of(element.value):
                bare = value.strip(" \0")
                if bare.count(".") >= 3 and not bare.startswith(_STANDARD):
                    yield bare.encode("ascii", "replace")


class _Mapping:
    """Whether UIDs and days were mapped alike in all files."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.forward: dict[str, str] = {}
        self.backward: dict[str, str] = {}
        self.days: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.found: set[Found] = set()

    def learn(self, name: str, patient: str, before: Read, after: Read) -> None:
        """Add one file."""
        old, new = dict(elements(before.dataset)), dict(elements(after.dataset))
        for path, element in new.items():
            if element.VR == "UI" and path in old:
                pairs = zip(texts_of(old[path].value), texts_of(element.value), strict=False)
                for one, other in pairs:
                    self._uid(name, path, one.strip(" \0"), other.strip(" \0"))
        if self.mode == "shift":
            for path, days in shifts(before, after).items():
                if self.days.setdefault(patient, days) != days:
                    self.found.add(Found(name, Kind.INTERVAL, path))
        pseudonym = str(after.dataset.get("PatientID", ""))
        if self.names.setdefault(pseudonym, patient) != patient or not pseudonym:
            self.found.add(Found(name, Kind.REFERENCE, "PatientID"))

    def _uid(self, name: str, path: str, one: str, other: str) -> None:
        if not one or not other or one.startswith(_STANDARD):
            if one != other and one.startswith(_STANDARD) and other:
                self.found.add(Found(name, Kind.REFERENCE, path))
            return
        if self.forward.setdefault(one, other) != other or (
            self.backward.setdefault(other, one) != one
        ):
            self.found.add(Found(name, Kind.REFERENCE, path))

    def findings(self) -> set[Found]:
        """What does not fit together."""
        return self.found


def read_report(path: Path) -> Mapping[str, Any]:
    """The report of a run, from its JSON.

    Raises:
        InvalidInput: when it is missing or something else.
    """
    try:
        report = json.loads(path.read_text("utf-8"))
        for each in report["files"]:
            _ = each["source"], each["output"], each["sha256_in"], each["sha256_out"]
    except OSError as problem:
        why = (problem.strerror or "").lower()
        raise InvalidInput(f"the report {path} cannot be read: {why}") from None
    except (ValueError, KeyError, TypeError):
        raise InvalidInput(
            f"{path} is no report of a run", hint="it is what vitrine deid run --json prints"
        ) from None
    return dict(report)
