"""A project with two members and another one beside it, in a real database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.cellar import an_account
from vitrine.audit import log
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.storage.database import Database
from vitrine.workspaces import store as workspaces
from vitrine.workspaces.session import Session, State

LATER = datetime(2099, 1, 1, tzinfo=UTC)
SESSIONS = {
    "ses-000000000001": ("ada", "lung"),
    "ses-000000000002": ("bob", "lung"),
    "ses-000000000003": ("eve", "skin"),
}


def two_projects(db: Database, expires_at: datetime = LATER) -> None:
    """ada and bob are members of `lung`, eve of `skin`; each has a session."""
    for name in ("ada", "bob", "eve"):
        an_account(db, name)
    with db.begin() as tx:
        for project, members in (("lung", {"ada", "bob"}), ("skin", {"eve"})):
            permits.add_project(
                tx,
                Project(
                    id=project,
                    title=project,
                    members=frozenset(members),
                    datasets=frozenset(),
                    expires_at=expires_at,
                    reviewers_required=2,
                    created_at="2026-01-01T00:00:00.000000Z",
                    created_by="os:root",
                ),
            )
        for session_id, (person, project) in SESSIONS.items():
            number = workspaces.workspace_of(tx, person, project, created_at="2026-01-01T00:00:00Z")
            workspaces.add_session(
                tx,
                Session(
                    id=session_id,
                    person=person,
                    project=project,
                    workspace_id=number,
                    state=State.STARTING,
                    datasets=(),
                    requested_at="2026-03-01T12:00:00.000000Z",
                    running_at=None,
                    ended_at=None,
                    expires_at=LATER,
                    reason=None,
                    stop_requested=None,
                ),
            )


def frozen(root: Path, number: int, files: Mapping[str, bytes], **changes: Any) -> str:
    """A share as the gate leaves it for the steward; its id."""
    share_id = f"shr-{number:012x}"
    making = root / f".ses-{share_id}"
    (making / "files").mkdir(parents=True)
    entries = []
    for path, body in files.items():
        digest = hashlib.sha256(body).hexdigest()
        (making / "files" / digest).write_bytes(body)
        entries.append({"path": path, "size_bytes": len(body), "sha256": digest})
    draft = {
        "draft_id": share_id,
        "session_id": "ses-000000000001",
        "person": "ada",
        "project": "lung",
        "note": "masks",
        "created_at": "2026-03-01T12:00:00.000000Z",
        "files": entries,
    } | changes
    (making / "draft.json").write_text(json.dumps(draft))
    making.rename(root / share_id)
    return share_id


def events(db: Database, event: str) -> list[log.Entry]:
    """Everything of that kind in the audit log."""
    with db.read() as tx:
        return list(log.find(tx, event=event))
