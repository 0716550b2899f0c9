"""`kill -9` of the steward at random instants: nothing is lost and nothing is done twice."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.cellar import a_database, an_account
from vitrine.audit import log
from vitrine.audit.checkpoint import verify_log
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.settings import Settings
from vitrine.sharing import store as sharing
from vitrine.sharing.shelf import Shelf
from vitrine.storage import secrets
from vitrine.workspaces import store as workspaces
from vitrine.workspaces.session import Session, State

FIRST_SHARE = f"shr-{0:012x}"
KILLS = int(os.environ.get("VITRINE_STEWARD_KILLS", "12"))
SHARE_EVERY = 10
"""A project holds 200 shares at a time."""
GATE = """
import os, sys
from pathlib import Path
from vitrine.session.gate.order import Places
from vitrine.session.gate.parent import Parent
root, drafts, control = map(Path, sys.argv[1:])
places = Places(sessions=root / "s", state=root / "g", journal=root / "j", drafts=drafts,
                shares=root / "h")
Parent(places, control, frozenset({os.getuid()}), lambda order, pipe: None).serve()
"""


@pytest.fixture
def node():
    with tempfile.TemporaryDirectory(prefix="vs-") as name:
        root = Path(name)
        environment = {
            "VITRINE_STATE_ROOT": str(root / "state"),
            "VITRINE_RUN_ROOT": str(root / "run"),
        }
        settings = Settings.from_env(environment)
        secrets.make_missing(settings)
        places = (settings.draft_root, settings.share_root, settings.audit_sink.parent)
        for each in (*places, root / "gate" / "g"):
            each.mkdir(parents=True)
        settings.gate_control_socket.parent.mkdir(parents=True)
        (root / "empty.env").touch()
        environment |= {"VITRINE_ENV_FILE": str(root / "empty.env"), "PATH": os.environ["PATH"]}
        yield root, settings, environment


def a_session(db) -> None:
    an_account(db, "ada")
    with db.begin() as tx:
        permits.add_project(
            tx,
            Project(
                id="lung",
                title="Lung",
                members=frozenset({"ada"}),
                datasets=frozenset(),
                expires_at=datetime(2099, 1, 1, tzinfo=UTC),
                reviewers_required=2,
                created_at="2026-01-01T00:00:00.000000Z",
                created_by="os:root",
            ),
        )
        number = workspaces.workspace_of(tx, "ada", "lung", created_at="2026-01-01T00:00:00Z")
        workspaces.add_session(
            tx,
            Session(
                id="ses-1",
                person="ada",
                project="lung",
                workspace_id=number,
                state=State.STARTING,
                datasets=(),
                requested_at="2026-03-01T12:00:00.000000Z",
                running_at=None,
                ended_at=None,
                expires_at=datetime(2099, 1, 1, tzinfo=UTC),
                reason=None,
                stop_requested=None,
            ),
        )


def refuse(state: Path, number: int) -> None:
    """A refusal as the gate keeps it."""
    line = {"session_id": "ses-1", "person": "ada", "project": "lung", "method": "GET"}
    line |= {"path": f"/files/{number}", "reason": "files stay", "at": "2026-03-01T12:00:00Z"}
    with open(state / "refusals-0123456789abcdef.jsonl", "ab") as stream:
        stream.write(json.dumps(line).encode() + b"\n")


def freeze(draft_root: Path, number: int, kind: str = "drf") -> None:
    """A draft as the gate keeps it: complete once it has its name."""
    draft_id, content = f"{kind}-{number:012x}", f"table {number}".encode() * 1000
    digest = hashlib.sha256(content).hexdigest()
    making = draft_root / f".{draft_id}"
    (making / "files").mkdir(parents=True)
    (making / "files" / digest).write_bytes(content)
    draft = {"draft_id": draft_id, "session_id": "ses-1", "person": "ada", "project": "lung"}
    draft |= {"title": "Table", "context": "", "created_at": "2026-03-01T12:00:00Z"}
    draft |= {"share_id": FIRST_SHARE}
    draft["files"] = [{"path": "table.csv", "size_bytes": len(content), "sha256": digest}]
    (making / "draft.json").write_text(json.dumps(draft))
    making.rename(draft_root / draft_id)


def share_is_known(db) -> bool:
    """Whether the first share was taken over: nobody receives one before."""
    with db.read() as tx:
        return sharing.known(tx, FIRST_SHARE) is not None


def wait_until(condition, timeout_s: float = 180) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_a_steward_killed_at_random_instants_loses_nothing_and_repeats_nothing(node):
    root, settings, environment = node
    db = a_database(settings)
    a_session(db)
    places = [root / "gate", settings.draft_root, settings.gate_control_socket]
    gate = subprocess.Popen([sys.executable, "-c", GATE, *map(str, places)])
    started, count, choice = [], 0, random.Random()
    receipts: list[str] = []
    try:
        for kill in range(KILLS + 1):
            with open(root / "steward.log", "ab") as output:
                steward = subprocess.Popen(
                    [sys.executable, "-m", "vitrine.steward"], env=environment, stderr=output
                )
            started.append(steward)
            end = time.monotonic() + 1 + choice.uniform(0, 2)
            while time.monotonic() < end:
                refuse(root / "gate" / "g", count)
                freeze(settings.draft_root, count)
                if count % SHARE_EVERY == 0:
                    freeze(settings.draft_root, count, "shr")
                if count % SHARE_EVERY == 0 and share_is_known(db):
                    freeze(settings.draft_root, count, "rcv")
                    receipts.append(f"rcv-{count:012x}")
                count += 1
                time.sleep(0.02)
            if kill < KILLS:
                steward.kill()
                steward.wait()
        wait_until(lambda: _recorded(db, "request_refused") == count)
        wait_until(lambda: not list(settings.draft_root.glob("*-*")))
        steward.terminate()
        assert steward.wait(30) == 0
    finally:
        for process in [gate, *started]:
            process.kill()
            process.wait()
    with db.read() as tx:
        refused = [entry.detail["path"] for entry in log.find(tx, event="request_refused")]
        drafts = [entry.detail["draft"] for entry in log.find(tx, event="draft_created")]
        shares = [entry.subject for entry in log.find(tx, event="files_shared")]
        received = [entry.detail["receipt"] for entry in log.find(tx, event="files_received")]
        report = verify_log(tx, secrets.public_key(settings), settings.audit_sink)
    assert refused == [f"/files/{number}" for number in range(count)]
    assert sorted(drafts) == [f"drf-{number:012x}" for number in range(count)]
    expected = [f"shr-{number:012x}" for number in range(0, count, SHARE_EVERY)]
    assert sorted(shares) == [f"share:{share_id}" for share_id in expected]
    assert sorted(received) == receipts
    shelf = Shelf(settings.share_root)
    assert sorted(path.name for path in shelf.root.glob("*/*")) == expected
    for share in shelf.shares("lung"):
        assert all(shelf.read(share, file) for file in share.files)
    assert report.checkpoints > 0
    print(f"\n{KILLS} kills, {count} refusals and drafts, each exactly once")


def _recorded(db, event: str) -> int:
    with db.read() as tx:
        return sum(1 for _ in log.find(tx, event=event))


def test_a_second_steward_refuses_to_start(node):
    root, settings, environment = node
    a_database(settings)
    command = [sys.executable, "-m", "vitrine.steward"]
    with open(root / "steward.log", "ab") as output:
        first = subprocess.Popen(command, env=environment, stderr=output)
    try:
        wait_until(lambda: (root / "steward.log").read_text())
        second = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert second.returncode == 1
        assert "another steward runs on this node: stop it before" in second.stderr
    finally:
        first.kill()
        first.wait()


def test_without_its_key_the_steward_says_what_to_do(node):
    _, settings, environment = node
    (settings.secrets_root / "steward" / secrets.SIGNING_KEY).unlink()
    done = subprocess.run(
        [sys.executable, "-m", "vitrine.steward"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "vitrine node init" in done.stderr
