"""Sharing in one project: bytes frozen, published by the steward, handed over through the gate."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.cellar import a_database, some_settings
from tests.support.session import Session, a_neighbour, a_session, wait_for
from tests.support.sharing import events, two_projects
from vitrine import workbench
from vitrine.clock import utc_now
from vitrine.permits import govern
from vitrine.session import control
from vitrine.sharing.publish import Limits
from vitrine.sharing.share import decode, encode
from vitrine.sharing.shelf import Shelf
from vitrine.steward.spool import Receipts, Shares

FILES = {"masks/lung 003 é.nii": os.urandom(300_000), "notes.md": b"smoothed\n", "empty": b""}
NO_SUCH = "there is no such share in this project: workbench.shared() lists what there is"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small workspace")


class House:
    """ada and bob of one project and eve of another, under one gate, with one steward."""

    def __init__(self, ada: Session, bob: Session, eve: Session) -> None:
        self.ada, self.bob, self.eve = ada, bob, eve
        self.root = ada.root
        self.shelf = Shelf(ada.share_root)
        self.db = a_database(some_settings(ada.root))
        two_projects(self.db)
        limits = Limits(project_mb=8, days=7)
        self.shares = Shares(self.db, self.shelf, limits, self._ask, ada.draft_root, sweep_s=0)
        self.receipts = Receipts(self.db, self._ask, ada.draft_root)

    def _ask(self, request: Any) -> dict[str, Any]:
        return control.ask(self.root / "control.sock", request)

    def steward(self) -> None:
        self.shares.step()
        self.receipts.step()

    def share(self, files: dict[str, bytes] = FILES, by: Session | None = None) -> str:
        """A published share; its id."""
        sender = by or self.ada
        for name, body in files.items():
            write(sender, name, body)
        answer = ask(sender, "share", paths=list(files), note="masks")
        assert answer["ok"], answer
        self.steward()
        return str(answer["share_id"])

    def received(self, share_id: str, session: Session | None = None) -> Path:
        return (session or self.bob).workspace / "received" / "ada" / share_id


def ask(session: Session, op: str, **fields: Any) -> dict[str, Any]:
    """What the researcher's code gets when it asks for something."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(40)
        connection.connect(str(session.root / f"x-{session.session_id}.sock"))
        connection.sendall(json.dumps({"op": op} | fields).encode() + b"\n")
        return json.loads(connection.makefile().readline())


def write(session: Session, name: str, body: bytes) -> None:
    path = session.workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def house() -> Iterator[House]:
    limits = {"export_file_mb": 2, "export_request_mb": 3, "share_project_mb": 8}
    with (
        a_session(lab=False, **limits) as ada,
        a_neighbour(ada, lab=False, person="bob", **limits) as bob,
        a_neighbour(bob, lab=False, person="eve", project="skin", **limits) as eve,
    ):
        yield House(ada, bob, eve)


def test_a_colleague_receives_the_very_bytes_and_both_sides_are_on_record(house, monkeypatch):
    share_id = house.share()
    write(house.ada, "notes.md", b"changed afterwards")
    monkeypatch.setenv("VITRINE_AGENT_SOCKET", str(house.root / f"x-{house.bob.session_id}.sock"))
    monkeypatch.setenv("VITRINE_WORKSPACE", str(house.bob.workspace))
    [row] = workbench.shared().to_dict("records")
    assert (row["share_id"], row["sender"], row["note"]) == (share_id, "ada", "masks")
    assert dict(zip(row["files"], row["sizes_bytes"], strict=True)) == {
        name: len(body) for name, body in FILES.items()
    }
    assert row["expires_at"] - row["shared_at"] == timedelta(days=7)
    paths = workbench.receive(share_id)
    folder = house.received(share_id)
    assert paths == [folder / name for name in FILES]
    assert contents(folder) == FILES

    expected = [
        {"path": name, "size_bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        for name, body in FILES.items()
    ]
    assert house.ada.of_kind("share") == [{"share_id": share_id, "files": expected}]
    [received] = house.bob.of_kind("receive")
    assert (received["share_id"], received["sender"]) == (share_id, "ada")
    assert received["files"] == expected
    for _ in range(2):
        house.steward()
    [entry] = events(house.db, "files_received")
    assert (entry.subject, entry.detail["receiver"]) == (f"share:{share_id}", "bob")
    assert entry.detail["receipt"] == received["receipt"]
    assert len(events(house.db, "files_shared")) == 1


def test_a_session_of_another_project_sees_nothing_and_learns_nothing(house):
    share_id = house.share()
    own = house.share({"mole.csv": b"1\n"}, by=house.eve)
    assert [each["share_id"] for each in ask(house.eve, "shared")["shares"]] == [own]
    assert [each["share_id"] for each in ask(house.bob, "shared")["shares"]] == [share_id]
    attempts = [share_id, "shr-ffffffffffff", f"../lung/{share_id}", f"/{share_id}", "", None, 7,
                ["x"], "..", f".{share_id}.partial", "shr-" + "f" * 5000, "\ud800"]  # fmt: skip
    for attempt in attempts:
        assert ask(house.eve, "receive", share_id=attempt) == {"ok": False, "error": NO_SUCH}
    assert not (house.eve.workspace / "received").exists()
    assert house.eve.of_kind("receive") == []
    assert ask(house.bob, "receive", share_id=own)["error"] == NO_SUCH


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param({"paths": ["../secret"]}, "only files of the workspace", id="parent folder"),
        pytest.param({"paths": ["/data/set/1.dcm"]}, "only files of the workspace", id="data"),
        pytest.param({"paths": ["link"]}, "reached through a link", id="a link"),
        pytest.param({"paths": ["large"]}, "is the limit", id="too large"),
        pytest.param({"paths": ["a", "A"]}, "same name", id="twice but for case"),
        pytest.param({"paths": ["é" * 130]}, "more than 255 bytes", id="a name too long"),
        pytest.param({"paths": []}, "1 to 50 files", id="none"),
        pytest.param({"paths": [f"f{n}" for n in range(51)]}, "1 to 50 files", id="too many"),
        pytest.param({"paths": ["a"], "note": "x" * 501}, "note", id="a long note"),
        pytest.param({"paths": ["a"], "note": 7}, "note", id="a note that is no text"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_a_sentence_and_leaves_nothing(
    house, fields, sentence
):
    write(house.ada, "a", b"a")
    (house.ada.workspace / "link").symlink_to("/etc/passwd")
    with open(house.ada.workspace / "large", "wb") as file:
        file.truncate(1 << 40)
    answer = ask(house.ada, "share", **fields)
    assert not answer["ok"]
    assert sentence in answer["error"]
    assert not list(house.ada.draft_root.iterdir())
    assert house.ada.of_kind("share") == []


def test_what_a_project_may_not_hold_is_refused_at_once(house):
    for number in range(3):
        house.share({f"part-{number}-{n}": os.urandom(1_250_000) for n in range(2)})
    write(house.ada, "one more", os.urandom(2_000_000))
    answer = ask(house.ada, "share", paths=["one more"])
    assert "at most 8 MiB" in answer["error"]
    assert not list(house.ada.draft_root.iterdir())


def test_nothing_is_overwritten(house):
    share_id = house.share()
    assert ask(house.bob, "receive", share_id=share_id)["ok"]
    (house.received(share_id) / "notes.md").write_bytes(b"my own words")
    answer = ask(house.bob, "receive", share_id=share_id)
    assert "exists already: rename or delete it first" in answer["error"]
    assert (house.received(share_id) / "notes.md").read_bytes() == b"my own words"
    house.steward()
    assert len(events(house.db, "files_received")) == 1


@pytest.mark.parametrize("link", ["received", "received/ada", "received/ada/.{}.partial"])
def test_a_link_on_the_way_is_not_followed(house, tmp_path, link):
    share_id = house.share()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_bytes(b"mine")
    place = house.bob.workspace / link.format(share_id)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(elsewhere)
    answer = ask(house.bob, "receive", share_id=share_id)
    assert contents(elsewhere) == {"mine": b"mine"}
    if answer["ok"]:  # what stood where the copy is made was a leftover: it is replaced
        assert link.endswith("partial")
        assert contents(house.received(share_id)) == FILES
    else:
        assert "reached through a link" in answer["error"]
        house.steward()
        assert events(house.db, "files_received") == []


def test_a_link_that_appears_while_files_are_copied_is_not_followed(house, tmp_path):
    """The recipient's own code swaps its folder for a link as fast as it can."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    share_id = house.share({f"folder/{n}": os.urandom(1000) for n in range(30)})
    partial = house.bob.workspace / "received" / "ada" / f".{share_id}.partial" / "folder"
    is_over = threading.Event()

    def swap() -> None:
        while not is_over.is_set():
            try:
                partial.rename(partial.with_name("aside"))
                partial.symlink_to(elsewhere)
            except OSError:
                pass

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        ask(house.bob, "receive", share_id=share_id)
    finally:
        is_over.set()
        swapper.join()
    assert contents(elsewhere) == {}


@pytest.mark.parametrize("damage", ["a byte", "the length", "a link", "the record"])
def test_what_is_not_as_shared_is_not_handed_over(house, damage, tmp_path):
    share_id = house.share()
    folder = house.shelf.place("lung", share_id)
    path = folder / "files" / hashlib.sha256(FILES["notes.md"]).hexdigest()
    if damage == "the record":
        path = folder / "share.json"
    body = path.read_bytes()
    path.unlink()
    if damage == "a link":
        (tmp_path / "same").write_bytes(body)
        path.symlink_to(tmp_path / "same")
    elif damage == "the length":
        path.write_bytes(body + b"x")
    else:
        path.write_bytes(bytes([body[0] ^ 1]) + body[1:])
    answer = ask(house.bob, "receive", share_id=share_id)
    assert not answer["ok"]
    assert f"share {share_id} does not have the bytes that were shared" in answer["error"]
    assert not list((house.bob.workspace).rglob("*.md"))
    assert not house.received(share_id).exists()
    failed = [each["share_id"] for each in house.bob.of_kind("receive_failed")]
    assert failed == ([] if damage == "the record" else [share_id])


@as_root
@pytest.mark.parametrize(
    ("options", "is_handed"),
    [
        pytest.param("size=256k", False, id="no room from the start"),
        pytest.param("size=8m,nr_inodes=7", True, id="no room half way"),
    ],
)
def test_a_full_workspace_refuses_with_a_sentence_and_keeps_nothing(house, options, is_handed):
    share_id = house.share()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(house.bob.workspace)]
    subprocess.run(mount, check=True)
    try:
        (house.bob.workspace / "mine").write_bytes(b"mine")
        answer = ask(house.bob, "receive", share_id=share_id)
        assert "the workspace is full: delete files" in answer["error"]
        assert contents(house.bob.workspace) == {"mine": b"mine"}
        assert bool(house.bob.of_kind("receive_failed")) is is_handed
        house.steward()
        assert len(events(house.db, "files_received")) == int(is_handed)
    finally:
        subprocess.run(["umount", "--lazy", str(house.bob.workspace)], check=True)


def test_an_expired_share_cannot_be_received_even_before_it_is_removed(house):
    share_id = house.share()
    record = house.shelf.place("lung", share_id) / "share.json"
    share = decode(record.read_bytes())
    record.unlink()
    record.write_bytes(encode(dataclasses.replace(share, expires_at=utc_now())))
    assert ask(house.bob, "shared")["shares"] == []
    assert ask(house.bob, "receive", share_id=share_id)["error"] == NO_SUCH


def test_the_end_of_a_project_removes_its_shares(house):
    share_id = house.share()
    govern.set_expiry(house.db, "lung", utc_now(), actor="os:root")
    house.steward()
    assert ask(house.bob, "receive", share_id=share_id)["error"] == NO_SUCH
    assert list(house.shelf.root.glob("lung/*")) == []
    assert len(events(house.db, "share_removed")) == 1


def test_without_a_journal_nothing_is_shared_and_nothing_is_handed_over():
    with (
        a_session(lab=False, journal_limit_mb=1) as ada,
        a_neighbour(ada, lab=False, person="bob", journal_limit_mb=1) as bob,
        a_neighbour(bob, lab=False, person="eve", project="skin") as eve,
    ):
        house = House(ada, bob, eve)
        share_id = house.share()
        for session in (ada, bob):
            fill(session)
        assert "journal" in ask(bob, "receive", share_id=share_id)["error"]
        assert "journal" in ask(ada, "share", paths=["notes.md"])["error"]
        assert not house.received(share_id).exists()
        assert not list(ada.draft_root.iterdir())


def fill(session: Session) -> None:
    """Let the session's journal reach its limit, by drafts and shares of many long names."""
    names = [f"{'x' * 200}{n}" for n in range(50)]
    for name in names:
        write(session, name, b"")
    ops = iter(["draft", "share"] * 60)
    for count in (50, 5, 1):
        while ask(session, next(ops), paths=names[:count])["ok"]:
            continue
    for path in session.draft_root.iterdir():
        session.control(op="draft_taken", draft_id=path.name)


def test_a_worker_killed_at_any_moment_leaves_whole_shares_only(house):
    for name, body in FILES.items():
        write(house.ada, name, body)
    for attempt in range(8):
        _kill_while(house.ada, 0.004 * attempt, "share", paths=list(FILES))
        assert not [path for path in house.ada.draft_root.iterdir() if path.name.startswith(".")]
    house.steward()
    for share in house.shelf.shares("lung"):
        assert {file.path: house.shelf.read(share, file) for file in share.files} == FILES
    assert events(house.db, "share_refused") == []


def test_a_worker_killed_at_any_moment_leaves_received_shares_whole_or_not_at_all(house):
    shares = [house.share() for _ in range(8)]
    for attempt, share_id in enumerate(shares):
        _kill_while(house.bob, 0.004 * attempt, "receive", share_id=share_id)
        folder = house.received(share_id)
        assert not folder.exists() or contents(folder) == FILES
    house.steward()
    for share_id in shares:
        if not house.received(share_id).exists():
            assert ask(house.bob, "receive", share_id=share_id)["ok"]
        assert contents(house.received(share_id)) == FILES
    for _ in range(2):
        house.steward()
    receipts = [each["receipt"] for each in house.bob.of_kind("receive")]
    audited = [entry.detail["receipt"] for entry in events(house.db, "files_received")]
    assert len(audited) == len(set(audited))
    assert set(audited) <= set(receipts)
    whoever = {entry.subject for entry in events(house.db, "files_received")}
    assert whoever == {f"share:{share_id}" for share_id in shares}


def _kill_while(session: Session, after_s: float, op: str, **fields: Any) -> None:
    asker = threading.Thread(target=lambda: ask(session, op, **fields))
    pid = session.worker_pid
    asker.start()
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    asker.join()
    wait_for(lambda: session.worker_pid not in (0, pid), "a new worker")
    wait_for(lambda: session.status()["agent_connected"], "the agent's return")


def test_a_flood_of_receptions_is_bounded_with_a_sentence(house):
    answers = [ask(house.bob, "receive", share_id="shr-ffffffffffff") for _ in range(121)]
    assert answers[119]["error"] == NO_SUCH
    assert "at most 120 receptions an hour" in answers[120]["error"]


@pytest.mark.parametrize("kind", ["", "x", "*", "../s", 7, None, ["drf"]])
def test_the_spool_lists_known_kinds_only(house, kind):
    assert not house.ada.control(op="drafts", kind=kind)["ok"]
    assert not house.ada.control(op="draft_taken", draft_id=f"{kind}-1")["ok"]
