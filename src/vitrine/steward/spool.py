"""What the gate froze for the steward: drafts of exports, of shares, and receipts of shares."""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from vitrine.clock import Clock, utc_now
from vitrine.egress import drafts
from vitrine.errors import IntegrityError, InvalidInput, NotFound, NotPermitted, VitrineError
from vitrine.ids import is_name
from vitrine.sharing import expire, publish
from vitrine.sharing.publish import Limits
from vitrine.sharing.receive import record_reception
from vitrine.sharing.shelf import Shelf
from vitrine.steward import store
from vitrine.steward.gate import Ask
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database
from vitrine.workspaces import store as workspaces

_DRAFT_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DRAFT_BYTES: Final = 4 * 2**20


class Spool(ABC):
    """Takes over one kind of what the gate froze: each whole, each once."""

    kind: ClassVar[str]
    """What the ids of this kind begin with."""

    def __init__(self, db: Database, ask: Ask, draft_root: Path, clock: Clock = utc_now) -> None:
        self._db = db
        self._ask = ask
        self._draft_root = draft_root
        self._clock = clock

    @abstractmethod
    def accept(self, draft: Mapping[str, Any], files_dir: Path) -> None:
        """Take one over; doing it again with the same draft changes nothing.

        Raises:
            VitrineError: InvalidInput, NotFound or NotPermitted when it is refused,
                IntegrityError when it is not what the gate froze.
        """

    @abstractmethod
    def audit_refusal(self, draft_id: str, person: str, reason: str) -> None:
        """Record that one could not be taken over."""

    def step(self) -> str | None:
        """Take over every draft; one that cannot be taken is audited once and left aside.

        Raises:
            IntegrityError: when a draft is not what the gate froze; the others were taken.
        """
        taken, troubles = 0, []
        for draft_id in self.waiting():
            try:
                taken += self._take(draft_id)
            except IntegrityError as trouble:
                troubles.append(trouble)
        if troubles:
            raise troubles[0]
        return f"{taken} taken" if taken else None

    def waiting(self) -> list[str]:
        """The ids of what the gate holds of this kind."""
        found = self._ask({"op": "drafts", "kind": self.kind}).get("drafts") or []
        return [str(draft_id) for draft_id in found]

    def _take(self, draft_id: str) -> bool:
        if not _DRAFT_ID.fullmatch(draft_id):
            raise IntegrityError("the gate names a draft that cannot be one")
        directory = self._draft_root / draft_id
        person = "unknown"
        try:
            draft = _read_draft(directory / "draft.json", draft_id)
            person = str(draft.get("person", person))
            self._compare_with_session(draft)
            self.accept(draft, directory / "files")
        except (InvalidInput, NotFound, NotPermitted) as refusal:
            self._refuse(draft_id, person, refusal)
        except IntegrityError as trouble:
            # Its files stay where they are: somebody has to look at them.
            self._refuse(draft_id, person, trouble)
            raise
        self._ask({"op": "draft_taken", "draft_id": draft_id})
        return True

    def _compare_with_session(self, draft: Mapping[str, Any]) -> None:
        """The session on record must be of the draft's person and project."""
        with self._db.read() as tx:
            session = workspaces.session(tx, str(draft.get("session_id")))
        if (session.person, session.project) != (draft.get("person"), draft.get("project")):
            raise IntegrityError(
                f"draft {draft.get('draft_id')} names another person or project than its session"
            )

    def _refuse(self, draft_id: str, person: str, refusal: VitrineError) -> None:
        """Audit the refusal, once for each draft."""
        name = f"draft-refused:{draft_id}"
        with self._db.read() as tx:
            if store.mark(tx, name) is not None:
                return
        self.audit_refusal(draft_id, person if is_name(person) else "unknown", str(refusal))
        with self._db.begin() as tx:
            store.set_mark(tx, name, str(refusal)[:1000])


class Drafts(Spool):
    """Makes requests of the drafts of exports."""

    kind = "drf"

    def __init__(
        self, db: Database, blobs: BlobStore, ask: Ask, draft_root: Path, clock: Clock = utc_now
    ) -> None:
        super().__init__(db, ask, draft_root, clock)
        self._blobs = blobs

    def accept(self, draft: Mapping[str, Any], files_dir: Path) -> None:
        """Turn the draft into a pending request."""
        drafts.receive(self._db, self._blobs, draft, files_dir, self._clock)

    def audit_refusal(self, draft_id: str, person: str, reason: str) -> None:
        """Record that there is no request of this draft."""
        drafts.refuse(self._db, draft_id, person, reason)


class Shares(Spool):
    """Publishes what members of a project share, and removes what reached its end."""

    kind = "shr"

    def __init__(
        self,
        db: Database,
        shelf: Shelf,
        limits: Limits,
        ask: Ask,
        draft_root: Path,
        clock: Clock = utc_now,
        *,
        sweep_s: float = 15,
    ) -> None:
        super().__init__(db, ask, draft_root, clock)
        self._shelf = shelf
        self._limits = limits
        self._sweep_s = sweep_s
        self._swept_at = float("-inf")

    def step(self) -> str | None:
        """Remove what is over, when it is time; publish what waits."""
        removed, taken = 0, None
        try:
            removed = self._sweep()
        finally:
            # What cannot be removed must not keep others from sharing, nor the other way round.
            taken = super().step()
        notes = [taken, f"{removed} removed" if removed else None]
        return ", ".join(note for note in notes if note) or None

    def _sweep(self) -> int:
        now = self._clock().timestamp()
        if now - self._swept_at < self._sweep_s:
            return 0
        removed = expire.remove_expired(self._db, self._shelf, self._clock)
        expire.tidy(self._db, self._shelf, frozenset(self.waiting()))
        self._swept_at = now
        return removed

    def accept(self, draft: Mapping[str, Any], files_dir: Path) -> None:
        """Publish the share for its project."""
        publish.publish(self._db, self._shelf, draft, files_dir, self._limits, self._clock)

    def audit_refusal(self, draft_id: str, person: str, reason: str) -> None:
        """Record that these files were not shared."""
        publish.refuse(self._db, draft_id, person, reason, self._clock)


class Receipts(Spool):
    """Records who was handed which share."""

    kind = "rcv"

    def accept(self, draft: Mapping[str, Any], files_dir: Path) -> None:
        """Record the reception."""
        record_reception(self._db, draft, self._clock)

    def audit_refusal(self, draft_id: str, person: str, reason: str) -> None:
        """Record that the gate holds a receipt that cannot be true."""
        publish.refuse(self._db, draft_id, person, reason, self._clock)


def _read_draft(path: Path, draft_id: str) -> dict[str, Any]:
    try:
        # The gate could have put a link or a pipe there: follow none, wait for none.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            content = stream.read(_DRAFT_BYTES + 1)
        draft = json.loads(content) if len(content) <= _DRAFT_BYTES else None
    except OSError as error:
        raise IntegrityError(f"draft {draft_id} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        draft = None
    if not isinstance(draft, dict) or draft.get("draft_id") != draft_id:
        raise InvalidInput(f"draft {draft_id} is not described by its draft.json")
    return draft
