"""A share is published, handed over and removed exactly once, whenever the steward is killed."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.cellar import SetClock, a_database, some_settings
from tests.support.sharing import LATER, events, frozen, two_projects
from vitrine.audit import log
from vitrine.errors import IntegrityError, NotFound
from vitrine.permits import govern
from vitrine.sharing import store
from vitrine.sharing.publish import Limits
from vitrine.sharing.shelf import Shelf
from vitrine.steward.spool import Receipts, Shares

FILES = {"masks/a.nii": b"mask" * 1000, "notes.md": b"notes"}


class Killed(BaseException):
    """The steward's process ends here."""


class Node:
    """A steward, and a gate that holds what a test puts there."""

    def __init__(self, root):
        settings = some_settings(root)
        for path in (settings.draft_root, settings.share_root):
            path.mkdir(parents=True)
        self.drafts = settings.draft_root
        self.shelf = Shelf(settings.share_root)
        self.db = a_database(settings)
        self.clock = SetClock()
        two_projects(self.db)
        limits = Limits(project_mb=1, days=7)
        places = (self.ask, self.drafts, self.clock)
        self.shares = Shares(self.db, self.shelf, limits, *places, sweep_s=0)
        self.receipts = Receipts(self.db, *places)

    def ask(self, request):
        if request["op"] == "drafts":
            return {"drafts": sorted(p.name for p in self.drafts.glob(f"{request['kind']}-*"))}
        assert request["op"] == "draft_taken"
        shutil.rmtree(self.drafts / request["draft_id"])
        return {}

    def share(self, number=1, files=FILES, **changes):
        return frozen(self.drafts, number, files, **changes)

    def receipt(self, number, share_id, **changes):
        changes = {
            "draft_id": f"rcv-{number:012x}",
            "share_id": share_id,
            "session_id": "ses-000000000002",
            "person": "bob",
        } | changes
        frozen(self.drafts, number + 1000, {}, **changes)
        path = self.drafts / f"shr-{number + 1000:012x}"
        path.rename(self.drafts / f"rcv-{number:012x}")

    def on_shelf(self):
        return [path.name for path in self.shelf.root.glob("*/*")]


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_a_share_is_published_whole_for_its_project_and_audited_once(node):
    share_id = node.share()
    assert node.shares.step() == "1 taken"
    [share] = node.shelf.shares("lung")
    assert (share.id, share.sender, share.note) == (share_id, "ada", "masks")
    assert {file.path: node.shelf.read(share, file) for file in share.files} == FILES
    assert share.expires_at == node.clock() + timedelta(days=7)
    [entry] = events(node.db, "files_shared")
    assert entry.subject == f"share:{share_id}"
    assert (entry.detail["sender"], entry.detail["project"]) == ("ada", "lung")
    assert (entry.detail["files"], entry.detail["bytes"]) == (2, 4005)
    assert not list(node.drafts.iterdir())
    assert node.shelf.shares("skin") == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["stage", "publish"])
def test_killed_while_publishing_the_next_steward_completes_it_once(
    node, monkeypatch, step, moment
):
    share_id = node.share()
    _kill_at(monkeypatch, step, moment)
    with pytest.raises(Killed):
        node.shares.step()
    assert node.on_shelf() in ([], [f".{share_id}.partial"], [share_id])
    monkeypatch.undo()
    node.clock.move(seconds=5)
    for _ in range(3):
        node.shares.step()
    assert node.on_shelf() == [share_id]
    [share] = node.shelf.shares("lung")
    assert {file.path: node.shelf.read(share, file) for file in share.files} == FILES
    assert len(events(node.db, "files_shared")) == 1
    with node.db.read() as tx:
        assert store.known(tx, share_id).shared_at == share.shared_at
    assert not list(node.drafts.iterdir())


def test_killed_in_its_transaction_nothing_is_seen_and_nothing_is_audited(node, monkeypatch):
    node.share()
    real = log.record

    def killed(*arguments, **named):
        real(*arguments, **named)
        raise Killed

    monkeypatch.setattr(log, "record", killed)
    with pytest.raises(Killed):
        node.shares.step()
    monkeypatch.undo()
    assert events(node.db, "files_shared") == []
    assert node.shelf.shares("lung") == []
    node.shares.step()
    assert len(events(node.db, "files_shared")) == 1


def test_killed_before_the_gate_was_told_it_is_not_published_again(node):
    share_id = node.share()
    keep = node.drafts.parent / "keep"
    shutil.copytree(node.drafts / share_id, keep)
    node.shares.step()
    before = (node.shelf.root / "lung" / share_id).stat().st_ino
    shutil.copytree(keep, node.drafts / share_id)
    node.shares.step()
    assert (node.shelf.root / "lung" / share_id).stat().st_ino == before
    assert len(events(node.db, "files_shared")) == 1
    assert not list(node.drafts.iterdir())


def test_a_sender_who_left_the_project_meanwhile_shares_nothing(node):
    node.share()
    govern.remove_member(node.db, "lung", "ada", actor="os:root")
    node.shares.step()
    [entry] = events(node.db, "share_refused")
    assert "not a member" in entry.detail["reason"]
    assert node.on_shelf() == []
    assert not list(node.drafts.iterdir())


def test_a_membership_that_ends_while_files_are_copied_counts(node, monkeypatch):
    node.share()
    real = Shelf.stage

    def stage(self, share, files):
        real(self, share, files)
        govern.remove_member(node.db, "lung", "ada", actor="os:root")

    monkeypatch.setattr(Shelf, "stage", stage)
    node.shares.step()
    assert len(events(node.db, "share_refused")) == 1
    assert events(node.db, "files_shared") == []
    assert node.on_shelf() == []


def test_nothing_is_shared_in_a_project_that_is_over(node):
    govern.set_expiry(node.db, "lung", node.clock(), actor="os:root")
    node.share()
    node.shares.step()
    assert "ended" in events(node.db, "share_refused")[0].detail["reason"]
    assert node.on_shelf() == []


@pytest.mark.parametrize("changes", [{"person": "bob"}, {"project": "skin"}])
def test_a_share_in_the_name_of_somebody_else_is_refused_and_kept(node, changes):
    share_id = node.share(**changes)
    for _ in range(2):
        with pytest.raises(IntegrityError, match="another person or project"):
            node.shares.step()
    assert len(events(node.db, "share_refused")) == 1
    assert (node.drafts / share_id).is_dir()
    assert node.on_shelf() == []


def test_a_name_that_leads_elsewhere_is_refused_by_the_steward_too(node):
    node.share(files={"../../../evil": b"x"})
    node.shares.step()
    assert "plain path" in events(node.db, "share_refused")[0].detail["reason"]
    assert node.on_shelf() == []


def test_other_bytes_than_were_frozen_are_not_published_and_stay_as_evidence(node):
    share_id = node.share()
    for path in (node.drafts / share_id / "files").iterdir():
        path.write_bytes(path.read_bytes()[::-1])
    node.share(2)
    with pytest.raises(IntegrityError, match="other bytes"):
        node.shares.step()
    assert node.on_shelf() == ["shr-000000000002"]
    assert (node.drafts / share_id).is_dir()


def test_a_gate_that_freezes_a_link_cannot_have_the_stewards_files_copied(node, tmp_path):
    secret = tmp_path / "signing.pem"
    secret.write_bytes(b"secret")
    share_id = node.share(files={"a": b"secret"})
    [path] = (node.drafts / share_id / "files").iterdir()
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(IntegrityError, match="not a plain file"):
        node.shares.step()
    assert node.on_shelf() == []


def test_what_a_project_shares_at_a_time_is_bounded_and_expiry_makes_room(node):
    for number in (1, 2):
        node.share(number, {"large": bytes(600_000)})
    node.shares.step()
    assert len(node.shelf.shares("lung")) == 1
    assert "at most 1 MiB" in events(node.db, "share_refused")[0].detail["reason"]
    node.clock.move(days=7)
    node.share(3, {"large": bytes(600_000)})
    node.shares.step()
    assert node.on_shelf() == ["shr-000000000003"]


@pytest.mark.parametrize("how", ["its days", "its project"])
def test_a_share_that_is_over_leaves_a_tombstone_and_no_bytes(node, how):
    share_id = node.share()
    node.shares.step()
    if how == "its days":
        node.clock.move(days=7)
    else:
        govern.set_expiry(node.db, "lung", node.clock(), actor="os:root")
    assert node.shares.step() == "1 removed"
    assert node.shares.step() is None
    [entry] = events(node.db, "share_removed")
    assert entry.subject == f"share:{share_id}"
    assert entry.detail["reason"] == ("expired" if how == "its days" else "project over")
    assert node.on_shelf() == []


@pytest.mark.parametrize("moment", ["before", "half", "after"])
def test_killed_while_removing_the_next_steward_removes_the_rest_once(node, monkeypatch, moment):
    node.share()
    node.shares.step()
    node.clock.move(days=7)
    if moment == "half":
        monkeypatch.setattr(shutil, "rmtree", _killed)
    else:
        _kill_at(monkeypatch, "remove", moment)
    with pytest.raises(Killed):
        node.shares.step()
    monkeypatch.undo()
    seen = node.shelf.shares("lung")
    assert seen == [] or all(node.shelf.read(seen[0], file) for file in seen[0].files)
    for _ in range(2):
        node.shares.step()
    assert node.on_shelf() == []
    assert len(events(node.db, "share_removed")) == 1


def test_a_receipt_is_audited_once_however_often_it_is_told(node):
    share_id = node.share()
    node.shares.step()
    for _ in range(2):
        node.receipt(1, share_id)
        node.receipts.step()
    node.receipt(2, share_id)
    node.receipts.step()
    found = events(node.db, "files_received")
    assert [entry.detail["receipt"] for entry in found] == ["rcv-000000000001", "rcv-000000000002"]
    assert found[0].detail["receiver"] == "bob"
    assert found[0].detail["sender"] == "ada"
    assert not list(node.drafts.iterdir())


def test_a_receipt_of_another_projects_share_is_an_incident(node):
    share_id = node.share()
    node.shares.step()
    node.receipt(1, share_id, session_id="ses-000000000003", person="eve", project="skin")
    with pytest.raises(IntegrityError, match="another project"):
        node.receipts.step()
    assert len(events(node.db, "share_refused")) == 1


def test_every_id_that_is_not_of_the_project_gets_the_same_answer(node):
    share_id = node.share()
    node.share(2, session_id="ses-000000000003", person="eve", project="skin")
    node.shares.step()
    answers = set()
    for asked in (
        share_id,
        "shr-ffffffffffff",
        "../lung/" + share_id,
        "",
        ".",
        f".{share_id}.gone",
    ):
        with pytest.raises(NotFound) as caught:
            node.shelf.share("skin", asked)
        answers.add(caught.value.sentence())
    assert len(answers) == 1


def test_a_record_that_was_moved_to_another_project_is_not_believed(node):
    share_id = node.share()
    node.shares.step()
    shutil.copytree(node.shelf.root / "lung", node.shelf.root / "skin")
    assert node.shelf.shares("skin") == []
    with pytest.raises(IntegrityError):
        node.shelf.share("skin", share_id)


def test_a_record_with_a_name_that_leads_elsewhere_is_not_believed(node):
    share_id = node.share()
    node.shares.step()
    record = node.shelf.root / "lung" / share_id / "share.json"
    fields = json.loads(record.read_text())
    fields["files"][0]["path"] = "../../../.bashrc"
    record.unlink()
    record.write_text(json.dumps(fields))
    assert node.shelf.shares("lung") == []
    with pytest.raises(IntegrityError):
        node.shelf.share("lung", share_id)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes other accounts")
def test_the_gate_reads_what_the_steward_publishes_and_nobody_else_does(tmp_path):
    steward, gate, other = 61001, 61002, 61003
    for path in (tmp_path, *tmp_path.parents):
        if (
            path.stat().st_uid == os.geteuid()
            and path.is_relative_to("/tmp")
            and path != Path("/tmp")
        ):
            path.chmod(path.stat().st_mode | 0o711)
    node = Node(tmp_path)
    share_id = node.share()
    root = node.shelf.root
    os.chown(root, steward, gate)
    root.chmod(0o2750)
    draft = json.loads((node.drafts / share_id / "draft.json").read_text())
    share = _share(draft)

    def publish():
        os.umask(0o007)
        node.shelf.stage(share, node.drafts / share_id / "files")
        node.shelf.publish("lung", share_id)

    def read():
        assert node.shelf.shares("lung") == [share]
        assert [node.shelf.read(share, file) for file in share.files] == list(FILES.values())

    assert _as(steward, publish)
    assert _as(gate, read)
    assert not _as(other, read)
    for path in (root, root / "lung", root / "lung" / share_id):
        assert not _as(gate, lambda path=path: (path / "new").write_bytes(b""))
    assert not _as(gate, lambda: next((root / "lung").rglob("files/*")).open("ab"))


def _share(draft):
    from vitrine.sharing.share import Share, checked_files

    return Share(
        id=draft["draft_id"],
        project="lung",
        sender="ada",
        note="masks",
        shared_at=LATER,
        expires_at=LATER,
        files=checked_files(draft["files"]),
    )


def _as(account, work):
    """Whether `work` succeeds as that account, in a process of its own."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(account)
            os.setuid(account)
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1] == 0


def _killed(*_arguments, **_named):
    raise Killed


def _kill_at(monkeypatch, step, moment):
    real = getattr(Shelf, step)

    def killed(self, *arguments):
        if moment == "after":
            real(self, *arguments)
        raise Killed

    monkeypatch.setattr(Shelf, step, killed)
