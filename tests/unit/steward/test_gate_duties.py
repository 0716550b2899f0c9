"""What the gate reports reaches the audit log exactly once, whenever the steward is killed."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime

import pytest

from tests.support.cellar import SetClock, a_database, an_account, some_settings
from vitrine.activity.heads import noted_heads
from vitrine.audit import log
from vitrine.egress import store as egress
from vitrine.errors import IntegrityError, Unavailable
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.steward.gate import Heads, Refusals
from vitrine.steward.spool import Drafts
from vitrine.storage.blobs import BlobStore
from vitrine.workspaces import store as workspaces
from vitrine.workspaces.session import Session, State

DIGESTS = [f"{number:064x}" for number in range(20)]


class Gate:
    """A gate that holds what a test puts there."""

    def __init__(self, draft_root):
        self.draft_root = draft_root
        self.refusals: list[dict] = []
        self.log = "a"
        self.heads: dict[str, dict] = {}
        self.open: set[str] = set()
        self.is_away = False

    def __call__(self, request):
        if self.is_away:
            raise Unavailable("the gate does not answer")
        match request["op"]:
            case "refusals":
                after = request["after"] if request["log"] == self.log else 0
                items = self.refusals[after : after + 3]
                return {"items": items, "next": after + len(items), "log": self.log}
            case "heads":
                return {"heads": self.heads}
            case "list":
                return {"sessions": [{"session_id": each} for each in sorted(self.open)]}
            case "drafts":
                return {"drafts": sorted(path.name for path in self.draft_root.iterdir())}
            case "draft_taken":
                shutil.rmtree(self.draft_root / request["draft_id"])
                return {}

    def refuse(self, number: int, **changes):
        self.refusals.append(
            {
                "session_id": "ses-1",
                "person": "ada",
                "project": "lung",
                "method": "GET",
                "path": f"/files/{number}.csv",
                "reason": "files stay in the session",
                "at": "2026-03-01T12:00:00.000000Z",
            }
            | changes
        )

    def freeze(self, draft_id: str, **changes):
        content = draft_id.encode()
        digest = hashlib.sha256(content).hexdigest()
        directory = self.draft_root / draft_id
        (directory / "files").mkdir(parents=True)
        (directory / "files" / digest).write_bytes(content)
        draft = {
            "draft_id": draft_id,
            "session_id": "ses-1",
            "person": "ada",
            "project": "lung",
            "title": "Table 1",
            "context": "",
            "created_at": "2026-03-01T12:00:00.000000Z",
            "files": [{"path": "table.csv", "size_bytes": len(content), "sha256": digest}],
        } | changes
        (directory / "draft.json").write_text(json.dumps(draft))


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path)


@pytest.fixture
def db(settings):
    database = a_database(settings)
    an_account(database, "ada")
    with database.begin() as tx:
        permits.add_project(
            tx,
            Project(
                id="lung",
                title="Lung",
                members=frozenset({"ada"}),
                datasets=frozenset(),
                expires_at=datetime(2030, 1, 1, tzinfo=UTC),
                reviewers_required=2,
                created_at="2026-01-01T00:00:00.000000Z",
                created_by="os:root",
            ),
        )
        number = workspaces.workspace_of(tx, "ada", "lung", created_at="2026-01-01T00:00:00Z")
        workspaces.add_session(tx, a_session(number))
    return database


def a_session(workspace_id: int) -> Session:
    return Session(
        id="ses-1",
        person="ada",
        project="lung",
        workspace_id=workspace_id,
        state=State.STARTING,
        datasets=(),
        requested_at="2026-03-01T12:00:00.000000Z",
        running_at=None,
        ended_at=None,
        expires_at=datetime(2030, 1, 1, tzinfo=UTC),
        reason=None,
        stop_requested=None,
    )


@pytest.fixture
def gate(settings):
    settings.draft_root.mkdir(parents=True)
    return Gate(settings.draft_root)


def events(db, event: str) -> list[log.Entry]:
    with db.read() as tx:
        return list(log.find(tx, event=event))


# -- refusals -------------------------------------------------------------------------------


def test_every_refusal_is_audited_once_with_who_what_and_why(db, gate):
    for number in range(7):
        gate.refuse(number)
    assert Refusals(db, gate).step() == "7 recorded"
    assert Refusals(db, gate).step() is None
    gate.refuse(7)
    Refusals(db, gate).step()
    found = events(db, "request_refused")
    assert [entry.detail["path"] for entry in found] == [f"/files/{n}.csv" for n in range(8)]
    assert (found[0].actor, found[0].subject) == ("person:ada", "session:ses-1")
    assert found[0].detail["reason"] == "files stay in the session"


def test_the_refusals_of_a_gate_that_began_anew_are_audited_from_the_first(db, gate):
    for number in range(4):
        gate.refuse(number)
    Refusals(db, gate).step()
    gate.log, gate.refusals = "b", []
    Refusals(db, gate).step()
    for number in range(10, 16):
        gate.refuse(number)
    Refusals(db, gate).step()
    found = [entry.detail["path"] for entry in events(db, "request_refused")]
    assert found == [f"/files/{n}.csv" for n in (0, 1, 2, 3, 10, 11, 12, 13, 14, 15)]


def test_a_kill_between_two_batches_neither_loses_nor_repeats_a_refusal(db, gate, monkeypatch):
    from vitrine.steward import store

    for number in range(6):
        gate.refuse(number)
    real, calls = store.set_mark, []

    def killed(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(store, "set_mark", killed)
    with pytest.raises(KeyboardInterrupt):
        Refusals(db, gate).step()
    monkeypatch.setattr(store, "set_mark", real)
    Refusals(db, gate).step()
    assert [entry.detail["path"] for entry in events(db, "request_refused")] == [
        f"/files/{n}.csv" for n in range(6)
    ]


def test_a_path_made_to_break_the_log_is_recorded_harmlessly(db, gate):
    gate.refuse(0, path="/x\x00\x1b[2J" + "y" * 9000, person="../..", session_id="a b")
    gate.refuse(1)
    Refusals(db, gate).step()
    first, second = events(db, "request_refused")
    assert first.detail["path"].isprintable()
    assert (first.actor, first.subject) == ("system:gate", "session:unknown")
    assert second.actor == "person:ada"


# -- heads ----------------------------------------------------------------------------------


def head(number: int) -> dict:
    return {"seq": number, "digest": DIGESTS[number]}


def test_heads_are_noted_when_due_and_only_when_they_changed(db, gate):
    clock = SetClock()
    duty = Heads(db, gate, clock, every_s=60)
    gate.open, gate.heads = {"ses-1"}, {"ses-1": head(3)}
    duty.step()
    gate.heads = {"ses-1": head(4)}
    duty.step()
    assert [entry.detail["seq"] for entry in events(db, "journal_head")] == [3]
    clock.move(seconds=60)
    duty.step()
    clock.move(seconds=60)
    duty.step()
    assert [entry.detail["seq"] for entry in events(db, "journal_head")] == [3, 4]


def test_the_last_head_of_a_closed_session_is_noted_at_once_and_once(db, gate):
    duty = Heads(db, gate, SetClock(), every_s=60)
    gate.open, gate.heads = {"ses-1"}, {"ses-1": head(3)}
    duty.step()
    gate.open, gate.heads = set(), {"ses-1": head(9)}
    for _ in range(3):
        duty.step()
    Heads(db, gate, SetClock()).step()
    found = [
        (entry.detail["seq"], entry.detail.get("final")) for entry in events(db, "journal_head")
    ]
    assert found == [(3, None), (9, "yes")]


def test_the_head_seen_last_is_final_when_the_gate_forgot_the_session(db, gate):
    duty = Heads(db, gate, SetClock(), every_s=60)
    gate.open, gate.heads = {"ses-1"}, {"ses-1": head(3)}
    duty.step()
    gate.heads = {"ses-1": head(5)}
    duty.step()
    gate.open, gate.heads = set(), {}
    duty.step()
    with db.read() as tx:
        assert noted_heads(tx) == {"ses-1": {3: DIGESTS[3], 5: DIGESTS[5]}}


def test_a_journal_that_became_shorter_is_said_once(db, gate):
    clock = SetClock()
    duty = Heads(db, gate, clock, every_s=1)
    gate.open, gate.heads = {"ses-1"}, {"ses-1": head(9)}
    duty.step()
    gate.heads = {"ses-1": head(4)}
    for _ in range(3):
        clock.move(seconds=2)
        duty.step()
    [entry] = events(db, "journal_failed")
    assert "ends at record 4, but record 9 was noted" in entry.detail["reason"]


def test_a_head_of_a_wrong_form_is_not_noted(db, gate):
    gate.open = {"ses-1"}
    gate.heads = {"ses-1": {"seq": "3", "digest": "x"}, "../x": head(3), "ses-2": None}
    Heads(db, gate, SetClock()).step()
    assert events(db, "journal_head") == []


# -- drafts ---------------------------------------------------------------------------------


@pytest.fixture
def duty(db, gate, settings):
    return Drafts(db, BlobStore(settings.blob_root), gate, settings.draft_root)


def request_of(db, draft_id: str):
    with db.read() as tx:
        return egress.request_of_draft(tx, draft_id)


def test_a_draft_becomes_a_request_and_leaves_the_gate(db, gate, duty):
    gate.freeze("drf-1")
    assert duty.step() == "1 taken"
    assert request_of(db, "drf-1").author == "ada"
    assert not list(gate.draft_root.iterdir())


def test_a_draft_taken_over_by_a_steward_killed_just_after_is_not_taken_twice(db, gate, duty):
    gate.freeze("drf-1")
    keep = gate.draft_root.parent / "keep"
    shutil.copytree(gate.draft_root / "drf-1", keep)
    duty.step()
    shutil.copytree(keep, gate.draft_root / "drf-1")
    duty.step()
    assert len(events(db, "draft_created")) == 1
    assert not list(gate.draft_root.iterdir())


def test_a_draft_that_cannot_be_accepted_is_audited_and_the_others_go_on(db, gate, duty):
    gate.freeze("drf-1", files=[])
    gate.freeze("drf-2")
    duty.step()
    [entry] = events(db, "draft_refused")
    assert entry.subject == "draft:drf-1"
    assert request_of(db, "drf-2") is not None


def test_a_draft_with_other_bytes_stays_as_evidence_and_the_others_go_on(db, gate, duty):
    gate.freeze("drf-1")
    next((gate.draft_root / "drf-1" / "files").iterdir()).write_bytes(b"other")
    gate.freeze("drf-2")
    for _ in range(3):
        with pytest.raises(IntegrityError, match="other bytes"):
            duty.step()
    assert len(events(db, "draft_refused")) == 1
    assert (gate.draft_root / "drf-1").is_dir()
    assert request_of(db, "drf-2") is not None


@pytest.mark.parametrize("changes", [{"person": "bob"}, {"project": "other"}])
def test_a_draft_in_the_name_of_somebody_else_is_refused(db, gate, duty, changes):
    gate.freeze("drf-1", **changes)
    with pytest.raises(IntegrityError, match="another person or project than its session"):
        duty.step()
    assert request_of(db, "drf-1") is None


def test_a_gate_that_is_away_leaves_everything_for_later(db, gate, duty):
    gate.freeze("drf-1")
    gate.is_away = True
    with pytest.raises(Unavailable):
        duty.step()
    gate.is_away = False
    assert duty.step() == "1 taken"
