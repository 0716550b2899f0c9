"""Publish a folder of images and its clinical table as the next version of a dataset.

Nothing is half-published. Files are copied under a temporary name, sealed and made durable; the
directory gets its final name inside the transaction that records it. What a killed publication
left behind is removed by the next one: temporary directories, and a directory that has its final
name but, as its marker says, was never recorded.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
from pathlib import Path
from typing import Final

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.catalogue import policy, store, tree
from vitrine.catalogue.clinical import read_clinical
from vitrine.catalogue.dataset import DatasetVersion
from vitrine.catalogue.staging import Delivery, Staging, clean_up
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.dicom.inventory import Progress, take_inventory
from vitrine.errors import InvalidInput, Unavailable, VitrineError
from vitrine.ids import is_name
from vitrine.settings import Settings
from vitrine.storage.database import Database

_READERS: Final = "vitrine-db"
"""Unix group that may enter the store: the Hub compares files when a session starts."""


class DeliveryRefused(InvalidInput):
    """A delivery may not be published. `summary` is the reason without names of files."""

    hint = "correct the folder or the clinical table and publish again"

    def __init__(self, message: str, *, summary: str) -> None:
        super().__init__(message)
        self.summary = summary


def check_delivery(path: Path, clinical: Path, *, progress: Progress | None = None) -> Delivery:
    """Read everything that would be published; change nothing.

    Raises:
        InvalidInput: naming everything that stands against publication, all at once.
    """
    if path.is_symlink() or not path.is_dir():
        raise InvalidInput(
            f"{path} is not a folder", hint="give the folder that holds the DICOM files"
        )
    table = read_clinical(clinical)
    inventory = take_inventory(path, progress, skip=_inside(clinical, path))
    verdict = policy.may_publish(inventory, table)
    if not verdict:
        raise DeliveryRefused(
            f"this cannot be published: {verdict.reason}",
            summary=policy.may_publish(inventory, table, with_names=False).reason,
        )
    return Delivery(path, inventory, table)


def publish(
    db: Database,
    settings: Settings,
    path: Path,
    clinical: Path,
    *,
    name: str,
    title: str,
    description: str = "",
    actor: str,
    clock: Clock = utc_now,
    progress: Progress | None = None,
) -> DatasetVersion:
    """Publish the images under `path` with the table `clinical` as the next version of `name`.

    Args:
        actor: who publishes, as the audit log names people.
        progress: called while headers are read and files copied.

    Raises:
        InvalidInput: when the delivery may not be published.
        Conflict: when another publication is running, or a file changed while it was copied.
        Unavailable: when the store cannot be written. In each case nothing was published, and
            the refusal is audited as DATASET_REFUSED.
    """
    try:
        try:
            named = policy.may_be_named(name, title)
            if not named:
                raise InvalidInput(named.reason)
            delivery = check_delivery(path, clinical, progress=progress)
            home = _prepare_store(settings.dataset_root) / name
            with tree.exclusive(settings.dataset_root):
                home.mkdir(exist_ok=True)
                home.chmod(0o755)
                clean_up(db, home)
                staging = Staging(home, title, description, delivery, progress)
                return _record(db, staging, actor=actor, clock=clock)
        except OSError as error:
            raise _unwritable(name, error) from error
    except VitrineError as refusal:
        _record_refusal(db, name, refusal, actor=actor, clock=clock)
        raise


def _record(db: Database, staging: Staging, *, actor: str, clock: Clock) -> DatasetVersion:
    """Write the version, then record it and give it its name in one step; undo on any error."""
    try:
        with db.read() as tx:
            recorded = store.versions(tx, staging.home.parent, staging.home.name)
        version = staging.write(recorded, published_at=timestamp(clock()), published_by=actor)
        with db.begin() as tx:
            store.add_version(tx, version)
            log.record(
                tx,
                Event.DATASET_PUBLISHED,
                actor=actor,
                subject=f"dataset:{version.dataset}",
                detail=_detail(version),
                clock=clock,
            )
            staging.give_name(version)
    except BaseException:
        clean_up(db, staging.home)
        raise
    staging.finish(version)
    return version


def _detail(version: DatasetVersion) -> dict[str, str | int | None]:
    return {
        "version": version.version,
        "n_patients": version.n_patients,
        "n_series": version.n_series,
        "n_instances": version.n_instances,
        "size_bytes": version.size_bytes,
        "manifest_sha256": version.manifest_sha256,
    }


def _record_refusal(
    db: Database, name: str, refusal: VitrineError, *, actor: str, clock: Clock
) -> None:
    reason = refusal.summary if isinstance(refusal, DeliveryRefused) else str(refusal)
    with db.begin() as tx:
        log.record(
            tx,
            Event.DATASET_REFUSED,
            actor=actor,
            subject=f"dataset:{name if is_name(name) else 'unnamed'}",
            detail={"reason": reason[:1000]},
            clock=clock,
        )


def _prepare_store(root: Path) -> Path:
    """The store, created when it is missing; only root and the readers' group may enter it."""
    if not root.exists():
        root.mkdir(parents=True, mode=0o750)
        root.chmod(0o750)
        if os.geteuid() == 0:
            with contextlib.suppress(KeyError):  # without the group there is no Hub yet
                os.chown(root, 0, grp.getgrnam(_READERS).gr_gid)
    return root


def _inside(clinical: Path, images: Path) -> frozenset[str]:
    """The path of the clinical table inside the folder of images, when it lies there."""
    table, folder = clinical.resolve(), images.resolve()
    if table.is_relative_to(folder):
        return frozenset({table.relative_to(folder).as_posix()})
    return frozenset()


def _unwritable(name: str, error: OSError) -> Unavailable:
    hint = "run it as root, and check the volume of VITRINE_DATASET_ROOT"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free space on the volume of VITRINE_DATASET_ROOT and publish again"
    return Unavailable(f"dataset {name} was not published: {error.strerror}", hint=hint)
