"""What the steward does of its own accord: checkpoints, expiry, looking at the datasets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from vitrine.audit import checkpoint, log
from vitrine.audit.events import Event
from vitrine.catalogue import store as catalogue
from vitrine.catalogue.dataset import DatasetVersion
from vitrine.catalogue.verify import verify
from vitrine.clock import Clock, parse_timestamp, timestamp, utc_now
from vitrine.errors import Conflict, IntegrityError
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.steward import store
from vitrine.steward.gate import ACTOR
from vitrine.storage.database import Database
from vitrine.workspaces import store as workspaces
from vitrine.workspaces.stop import request_stop, sessions_to_end

FULL_VERIFICATION: Final = timedelta(days=1)


class Checkpoints:
    """Signs the head of the audit log into the sink whenever something was recorded."""

    def __init__(
        self,
        db: Database,
        key: Ed25519PrivateKey,
        sink: Path,
        node: str,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._key = key
        self._sink = sink
        self._node = node
        self._clock = clock

    def step(self) -> str | None:
        """Sign, append and record a checkpoint when one is due."""
        with self._db.begin() as tx:
            if not checkpoint.is_due(tx):
                return None
            signed = checkpoint.sign_checkpoint(
                tx, self._key, self._sink, self._clock, node=self._node, actor=ACTOR
            )
        return f"entry {signed.sequence} signed"


class Expiry:
    """Records that a project is over, and asks the Hub to end what may not go on."""

    def __init__(self, db: Database, clock: Clock = utc_now) -> None:
        self._db = db
        self._clock = clock

    def step(self) -> str | None:
        """Record each end of a project once; ask for each session's end once."""
        now = self._clock()
        with self._db.read() as tx:
            over = [each for each in permits.projects(tx) if each.is_expired(now)]
            unknown = [each for each in over if store.mark(tx, _mark(each)) != _ends(each)]
        for project in unknown:
            with self._db.begin() as tx:
                self._record(tx, project)
        asked = sum(self._stop(each, why) for each, why in sessions_to_end(self._db, self._clock))
        if not unknown and not asked:
            return None
        return f"{len(unknown)} projects over, {asked} sessions asked to end"

    def _record(self, tx: Connection, project: Project) -> None:
        store.set_mark(tx, _mark(project), _ends(project))
        subject = f"project:{project.id}"
        newest = log.find(
            tx, event=Event.PROJECT_EXPIRED, subject=subject, limit=1, newest_first=True
        )
        if any(entry.detail.get("to") == _ends(project) for entry in newest):
            return  # an administrator ended it, which is recorded
        log.record(
            tx,
            Event.PROJECT_EXPIRED,
            actor=ACTOR,
            subject=subject,
            detail={"to": _ends(project)},
            clock=self._clock,
        )

    def _stop(self, session_id: str, reason: str) -> bool:
        with self._db.read() as tx:
            session = workspaces.session(tx, session_id)
        if session.stop_requested is not None or not session.is_open:
            return False
        try:
            request_stop(self._db, session_id, reason[:200], actor=ACTOR, clock=self._clock)
        except Conflict:
            return False  # it ended just now
        return True


def _mark(project: Project) -> str:
    return f"expired:{project.id}"


def _ends(project: Project) -> str:
    return timestamp(project.expires_at)


class Datasets:
    """Reads every byte of every dataset once a day and compares it with its manifest."""

    def __init__(
        self,
        db: Database,
        dataset_root: Path,
        clock: Clock = utc_now,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._db = db
        self._dataset_root = dataset_root
        self._clock = clock
        self._is_stopping = is_stopping

    def step(self) -> str | None:
        """Verify every version whose last full verification is a day old.

        Raises:
            IntegrityError: when a dataset is not what was published; it is audited.
        """
        verified, troubles = 0, []
        for version in self._waiting():
            if self._is_stopping():
                break
            try:
                findings = verify(self._db, version, full=True, actor=ACTOR, clock=self._clock)
                if not findings.is_intact:
                    troubles.append(f"files of dataset {version.label} have changed")
            except IntegrityError as error:
                troubles.append(str(error))
            with self._db.begin() as tx:
                store.set_mark(tx, _verified(version), timestamp(self._clock()))
            verified += 1
        if troubles:
            raise IntegrityError("; ".join(troubles))
        return f"{verified} dataset versions verified" if verified else None

    def _waiting(self) -> list[DatasetVersion]:
        latest = self._clock() - FULL_VERIFICATION
        with self._db.read() as tx:
            versions = catalogue.versions(tx, self._dataset_root)
            return [each for each in versions if _last_verified(tx, each) <= latest]


def _verified(version: DatasetVersion) -> str:
    return f"verified:{version.label}"


def _last_verified(tx: Connection, version: DatasetVersion) -> datetime:
    """When every byte was read last; publication did that, too."""
    return parse_timestamp(store.mark(tx, _verified(version)) or version.published_at)
