"""A node made from a backup: everything is checked before anything is written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vitrine.activity import heads
from vitrine.activity import verify as journals
from vitrine.audit import log
from vitrine.audit.checkpoint import Report, verify_log
from vitrine.audit.events import Event
from vitrine.cli.safekeeping import archive
from vitrine.errors import Conflict, IntegrityError, Unavailable
from vitrine.settings import Settings
from vitrine.storage import dump, layout, secrets
from vitrine.storage.database import Database


def check(directory: Path, against: Path | None) -> tuple[dict[str, Any], Report]:
    """The manifest of a backup and the report about its audit log.

    The database is rebuilt in a temporary directory; the log and every journal are verified.

    Args:
        against: a file of checkpoints kept elsewhere; without one, the backup's own.

    Raises:
        NotFound: when there is no backup.
        IntegrityError: naming what is not as it was backed up.
    """
    manifest = archive.check(directory)
    own = directory / archive.CHECKPOINTS
    anchors = against or (own if own.exists() and own.stat().st_size else None)
    with tempfile.TemporaryDirectory(prefix="vitrine-restore-") as scratch:
        database = Database(f"sqlite:///{scratch}/checked.sqlite")
        with _lines(directory) as lines:
            dump.load(database, lines)
        with database.read() as tx:
            key = secrets.load_public_key(directory / secrets.PUBLIC_KEY)
            report = verify_log(tx, key, anchors)
            noted = heads.noted_heads(tx)
        database.close()
    if manifest.get("audit_head") != {"sequence": report.entries, "digest": report.digest}:
        raise IntegrityError(f"the audit log in {directory} is not the one its manifest names")
    for path in sorted((directory / "journal").glob("*/journal.jsonl")):
        session = path.parent.name
        journals.verify(path, noted.get(session), session_id=session)
    return manifest, report


def require_empty(settings: Settings, database: Database) -> None:
    """Pass when nothing of this node would be lost.

    Raises:
        Conflict: naming what is there.
    """
    for name, root in archive.trees(settings).items():
        if root.is_dir() and any(root.iterdir()):
            raise Conflict(
                f"this node has {name} already, in {root}", hint="restore onto an empty node"
            )
    if database.revision() is not None:
        raise Conflict(
            "this node has a database already",
            hint="restore before `vitrine node init`, or move the database away",
        )


def require_same_key(settings: Settings, directory: Path) -> None:
    """Pass when the node's signing key, if it has one, is the one that signed the backup.

    Raises:
        Conflict: when it is another one: old checkpoints could not be checked any more.
    """
    here = settings.secrets_root / "steward" / secrets.PUBLIC_KEY
    if not here.exists():
        return
    if here.read_bytes() != (directory / secrets.PUBLIC_KEY).read_bytes():
        raise Conflict(
            f"the signing key of this node, {here}, is not the one of the backup",
            hint="move the node's own secrets away",
        )


def restore(
    settings: Settings,
    database: Database,
    directory: Path,
    manifest: Mapping[str, Any],
    *,
    actor: str,
) -> int:
    """Bring everything of a checked backup to its place and return how many rows there are.

    Raises:
        Unavailable: when something cannot be written.
    """
    with_owners = os.geteuid() == 0
    places = layout.directories(settings)
    layout.make(places, with_owners=with_owners)
    by_path = {place.path: place for place in places}
    try:
        for name, root in archive.trees(settings).items():
            _copy_tree(directory / name, by_path[root], with_owners)
        _restore_keys(settings, directory, with_owners)
        _restore_sink(settings, directory, with_owners)
    except OSError as error:
        raise Unavailable(f"cannot restore {error.filename}: {error.strerror}") from error
    with _lines(directory) as lines:
        rows = dump.load(database, lines)
    with database.begin() as tx:
        log.record(
            tx,
            Event.RESTORED,
            actor=actor,
            subject=f"node:{settings.node_name}",
            detail={"rows": rows, "made_at": str(manifest["made_at"])},
        )
    return rows


def _restore_keys(settings: Settings, directory: Path, with_owners: bool) -> None:
    """Secrets of the backup where the node has none, and the public key in any case."""
    own = {each.path.relative_to(settings.secrets_root): each for each in secrets.files(settings)}
    for relative, secret in own.items():
        source = directory / "secrets" / relative
        if secret.is_public and not source.exists():
            source = directory / secrets.PUBLIC_KEY
        if source.exists() and not secret.path.exists():
            shutil.copyfile(source, secret.path)
            secret.path.chmod(secret.mode)
        if secret.path.exists() and with_owners:
            layout.give(secret.path, settings.accounts[secret.process], secret.mode)


def _restore_sink(settings: Settings, directory: Path, with_owners: bool) -> None:
    """The checkpoints, when the sink went down with the node."""
    source = directory / archive.CHECKPOINTS
    if source.exists() and not settings.audit_sink.exists():
        shutil.copyfile(source, settings.audit_sink)
        if with_owners:
            layout.give(settings.audit_sink, settings.account_steward, 0o644)


def _copy_tree(source: Path, place: layout.Directory, with_owners: bool) -> None:
    for path in sorted(source.rglob("*")):
        target = place.path / path.relative_to(source)
        if path.is_dir():
            target.mkdir(exist_ok=True)
            mode = place.mode
        else:
            shutil.copyfile(path, target)
            mode = path.stat().st_mode & 0o777
        if with_owners:
            shutil.chown(target, place.owner, place.group)
        target.chmod(mode)


@contextmanager
def _lines(directory: Path) -> Iterator[Iterator[str]]:
    """The lines of a backup's database, closed at the end of the block."""
    with (directory / archive.DATABASE).open(encoding="utf-8") as file:
        yield iter(file)
