"""The database, the audit log, its checkpoints and the clock."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from vitrine.audit import checkpoint, log
from vitrine.audit.checkpoint import Checkpoint
from vitrine.cli.checkup.finding import Finding, fail, ok, warn
from vitrine.clock import Clock, parse_timestamp, utc_now
from vitrine.egress import store as egress
from vitrine.egress.request import Status
from vitrine.egress.trail import refused_release
from vitrine.errors import VitrineError
from vitrine.settings import Settings
from vitrine.storage import secrets
from vitrine.storage.database import Database
from vitrine.storage.migrate import head_revision

_INIT: Final = "as root: vitrine node init"
_CHECKPOINT_AGE: Final = timedelta(minutes=5)
_CLOCK_SLACK: Final = timedelta(seconds=2)
_CLOCK_UNSYNCHRONISED: Final = 5  # TIME_ERROR of adjtimex(2)


def check_database(settings: Settings, clock: Clock = utc_now) -> Iterator[Finding]:
    """Whether the database is there and of this version, and what hangs on it."""
    database = Database.open(settings)
    try:
        present = database.revision()
        wanted = head_revision()
        if present != wanted:
            found = f"has the schema {present or 'of nothing'}, this version needs {wanted}"
            yield fail("database", found, _INIT)
            return
        yield ok("database", f"{database.dialect}, schema {present}")
        with database.read() as tx:
            yield from _check_audit(settings, tx, clock)
            yield from _check_releases(tx)
    except VitrineError as error:
        yield fail("database", str(error), error.hint or _INIT)
    finally:
        database.close()


def _check_audit(settings: Settings, tx: Connection, clock: Clock) -> Iterator[Finding]:
    newest = next(log.find(tx, limit=1, newest_first=True), None)
    if newest is None:
        yield ok("audit log", "empty")
        return
    yield ok("audit log", f"{newest.sequence} entries; vitrine audit verify checks them all")
    if parse_timestamp(newest.at) > clock() + _CLOCK_SLACK:
        found = "the clock is behind the newest entry of the audit log"
        yield fail("clock", found, "set the clock; timedatectl shows what it follows")
    yield from _check_checkpoint(settings, tx, clock)
    yield from _check_sink(settings, checkpoint.last_checkpoint(tx))


def _check_releases(tx: Connection) -> Iterator[Finding]:
    """Approved requests that the steward refuses to release."""
    waiting = egress.with_status(tx, Status.APPROVED)
    held = {each: reason for each in waiting if (reason := refused_release(tx, each))}
    fix = "mend it and it leaves by itself; a changed byte or vote: deploy/runbooks/incident.md"
    for request_id, reason in held.items():
        yield fail("releases", f"{request_id} is approved and not released: {reason}", fix)
    if not held:
        yield ok("releases", f"{len(waiting)} approved requests wait for the steward")


def _check_checkpoint(settings: Settings, tx: Connection, clock: Clock) -> Iterator[Finding]:
    last = checkpoint.last_checkpoint(tx)
    start = "start the steward, or as root: vitrine audit checkpoint"
    if last is None:
        yield warn("checkpoint", "the audit log was never signed", start)
        return
    try:
        is_signed = last.is_signed_by(secrets.public_key(settings))
    except VitrineError as error:
        yield fail("checkpoint", str(error), error.hint)
        return
    if not is_signed:
        found = "the newest checkpoint is not signed by this node's steward"
        yield fail("checkpoint", found, "follow deploy/runbooks/incident.md")
        return
    age = clock() - parse_timestamp(last.at)
    text = f"entry {last.sequence} signed {int(age.total_seconds())} s ago"
    if age > _CHECKPOINT_AGE and checkpoint.is_due(tx):
        yield warn("checkpoint", f"{text}, and more happened since", start)
    else:
        yield ok("checkpoint", text)


def _check_sink(settings: Settings, last: Checkpoint | None) -> Iterator[Finding]:
    sink = settings.audit_sink
    try:
        noted = checkpoint.read_sink(sink)
        is_here = os.stat(sink).st_dev == os.stat(settings.state_root).st_dev
    except (VitrineError, OSError) as error:
        level = fail if last is not None else warn
        yield level("audit sink", str(error), "VITRINE_AUDIT_SINK must be readable; bring it back")
        return
    if last is not None and last not in noted:
        found = f"{sink} lacks the newest checkpoint of the audit log"
        yield fail("audit sink", found, "follow deploy/runbooks/incident.md")
    elif is_here:
        found = f"{sink} lies on this machine, so root here can rewrite it"
        yield warn("audit sink", found, "mount a directory of another machine there")
    else:
        yield ok("audit sink", f"{len(noted)} checkpoints in {sink}")


def check_clock(_settings: Settings) -> Iterator[Finding]:
    """Whether the kernel's clock follows another one (adjtimex reports it to anybody)."""
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    if state < 0:
        yield warn("clock", "the kernel does not say whether the clock is synchronised")
    elif state == _CLOCK_UNSYNCHRONISED:
        yield warn("clock", "follows no other clock", "apt-get install systemd-timesyncd")
    else:
        yield ok("clock", "synchronised")
