"""Whether a version on disk is still what was published: quickly by size, times and inode, or
fully by reading every byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.catalogue import manifest, store, tree
from vitrine.catalogue.dataset import DatasetVersion, Findings
from vitrine.catalogue.manifest import Content, Trace
from vitrine.clock import Clock, utc_now
from vitrine.dicom.inventory import Progress
from vitrine.errors import IntegrityError
from vitrine.storage.database import Database


def check_unchanged(version: DatasetVersion) -> Verdict:
    """Whether every file has the size, times and inode it had when it was last verified.

    Opens no image; ten thousand files take about a tenth of a second. The reason names the
    dataset and says whom to ask.
    """
    try:
        found = manifest.digest(manifest.baseline_bytes(manifest.traces(version.path)))
    except OSError as error:
        return Verdict(
            f"dataset {version.label} cannot be read on this node "
            f"({error.strerror}); ask the data steward"
        )
    if found != version.baseline_sha256:
        return Verdict(
            f"files of dataset {version.label} have changed since it was published; "
            "ask the data steward to verify it"
        )
    return ALLOWED


def compare(version: DatasetVersion) -> Findings:
    """What differs by size, times and inode; opens no image.

    Raises:
        IntegrityError: when the record of sizes and times beside the version is not the one
            that the database knows.
    """
    baseline = _read(version, version.baseline_path.name, version.baseline_sha256)
    expected = manifest.parse_baseline(baseline)
    found = _traces(version)
    return Findings(
        changed=_names(name for name in expected.keys() & found if expected[name] != found[name]),
        missing=_names(expected.keys() - found),
        extra=_names(found.keys() - expected),
    )


def verify_full(version: DatasetVersion, *, progress: Progress | None = None) -> Findings:
    """What differs by content; reads every byte and compares it with the manifest.

    Raises:
        IntegrityError: when the manifest is not the one that was published.
    """
    name = f"{version.version}/{manifest.MANIFEST}"
    expected = manifest.parse_manifest(_read(version, name, version.manifest_sha256))
    found = _traces(version)
    present = {name: trace for name, trace in found.items() if name != manifest.MANIFEST}
    changed = _changed(version, expected, present, progress)
    return Findings(
        changed=_names(changed),
        missing=_names(expected.keys() - present),
        extra=_names(present.keys() - expected),
        touched=_touched(version, found, except_for=changed),
    )


def verify(
    db: Database,
    version: DatasetVersion,
    *,
    full: bool,
    renew: bool = False,
    actor: str,
    clock: Clock = utc_now,
    progress: Progress | None = None,
) -> Findings:
    """Verify `version` and record the outcome in the audit log.

    Args:
        full: read every byte, instead of comparing sizes, times and inodes.
        renew: after a full verification that found every content as published, accept the
            present times and inodes, as they are after a restore from backup.

    Raises:
        IntegrityError: when manifest or baseline are not what was recorded; audited as well.
    """
    subject = f"dataset:{version.dataset}"
    try:
        findings = verify_full(version, progress=progress) if full else compare(version)
    except IntegrityError as error:
        detail: dict[str, str | int | None] = {"version": version.version, "reason": str(error)}
        with db.begin() as tx:
            log.record(
                tx, Event.DATASET_CHANGED, actor=actor, subject=subject, detail=detail, clock=clock
            )
        raise
    renewed = full and renew and findings.is_intact
    clean = renewed or findings.is_clean
    event = Event.DATASET_VERIFIED if clean else Event.DATASET_CHANGED
    with db.begin() as tx:
        if renewed:
            store.renew_baseline(tx, version, _renew(version))
        log.record(
            tx,
            event,
            actor=actor,
            subject=subject,
            detail={
                "version": version.version,
                "method": "full" if full else "quick",
                "renewed": "yes" if renewed else "no",
                **findings.counts(),
            },
            clock=clock,
        )
    return replace(findings, touched=()) if renewed else findings


def _renew(version: DatasetVersion) -> str:
    """Write the present sizes, times and inodes beside the version; the digest of that file."""
    baseline = manifest.baseline_bytes(manifest.traces(version.path))
    tree.replace_durably(version.baseline_path, baseline)
    return manifest.digest(baseline)


def _changed(
    version: DatasetVersion,
    expected: Mapping[str, Content],
    present: Mapping[str, Trace],
    progress: Progress | None,
) -> set[str]:
    """Names of the files whose bytes are not those in the manifest."""
    changed = set()
    for done, (name, content) in enumerate(sorted(expected.items()), start=1):
        if name in present and not _holds(version, name, present[name], content):
            changed.add(name)
        if progress is not None:
            progress("reading files", done, len(expected))
    return changed


def _holds(version: DatasetVersion, name: str, trace: Trace, content: Content) -> bool:
    if trace[0] != content.size_bytes:
        return False
    try:
        return manifest.content_of(version.path / name) == content
    except OSError:
        return False


def _touched(
    version: DatasetVersion, found: Mapping[str, Trace], *, except_for: set[str]
) -> tuple[str, ...]:
    """Names of the files whose times or inodes are not those of the baseline."""
    try:
        baseline = _read(version, version.baseline_path.name, version.baseline_sha256)
    except IntegrityError:
        return _names(found.keys() - except_for)  # nothing is known about any of them
    expected = manifest.parse_baseline(baseline)
    both = expected.keys() & found.keys()
    return _names(name for name in both - except_for if expected[name] != found[name])


def _read(version: DatasetVersion, name: str, sha256: str) -> bytes:
    """The file `name` beside or in the version, which must have the digest `sha256`."""
    try:
        data = (version.path.parent / name).read_bytes()
    except OSError as error:
        raise IntegrityError(
            f"{name} of dataset {version.dataset} cannot be read: {error.strerror}"
        ) from None
    if manifest.digest(data) != sha256:
        raise IntegrityError(
            f"{name} of dataset {version.dataset} is not the file that was recorded"
        )
    return data


def _traces(version: DatasetVersion) -> dict[str, Trace]:
    try:
        return manifest.traces(version.path)
    except OSError as error:
        raise IntegrityError(f"dataset {version.label} cannot be read: {error.strerror}") from None


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
