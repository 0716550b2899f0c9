"""Export drafts: bytes frozen through gate and agent, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.session import Session, a_session, wait_for


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with a_session(lab=False, export_file_mb=2, export_request_mb=3) as running:
        yield running


def ask(session: Session, *paths: Any, **fields: Any) -> dict[str, Any]:
    """What the researcher's code gets when it asks for an export."""
    order = {"op": "draft", "title": "a title", "context": "a context", "paths": list(paths)}
    return ask_line(session, json.dumps(order | fields).encode() + b"\n")


def ask_line(session: Session, line: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(40)
        connection.connect(str(session.root / f"x-{session.session_id}.sock"))
        connection.sendall(line)
        return json.loads(connection.makefile().readline())


def write(session: Session, name: str, body: bytes) -> str:
    path = session.workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return name


def drafts(session: Session) -> list[str]:
    return sorted(os.listdir(session.draft_root))


def test_the_frozen_bytes_are_those_of_the_files_with_who_why_and_what(session):
    bodies = {"table.csv": b"a,b\n1,2\n", "figures/plot é.png": os.urandom(300_000)}
    for name, body in bodies.items():
        write(session, name, body)
    answer = ask(session, "table.csv", "/workspace/figures/plot é.png")
    assert answer["ok"], answer
    folder = session.draft_root / answer["draft_id"]
    record = json.loads((folder / "draft.json").read_text())
    assert (record["person"], record["project"], record["session_id"], record["title"]) == (
        "ada", "lung", session.session_id, "a title",
    )  # fmt: skip
    assert [file["path"] for file in record["files"]] == list(bodies)
    for file in record["files"]:
        frozen = (folder / "files" / file["sha256"]).read_bytes()
        assert frozen == bodies[file["path"]]
        assert hashlib.sha256(frozen).hexdigest() == file["sha256"]
        assert (folder / "files" / file["sha256"]).stat().st_mode & 0o222 == 0
    assert session.of_kind("draft")[-1]["draft_id"] == answer["draft_id"]
    (session.workspace / "table.csv").write_bytes(b"changed afterwards")
    assert (folder / "files" / record["files"][0]["sha256"]).read_bytes() == bodies["table.csv"]
    assert answer["draft_id"] in session.control(op="drafts")["drafts"]
    session.control(op="draft_taken", draft_id=answer["draft_id"])
    assert drafts(session) == []


@pytest.mark.parametrize(
    ("paths", "sentence"),
    [
        pytest.param(["../secret"], "only files of the workspace", id="parent folder"),
        pytest.param(["a/../../x"], "only files of the workspace", id="parent folder inside"),
        pytest.param(["/etc/passwd"], "only files of the workspace", id="absolute"),
        pytest.param(["/data/set/images/1.dcm"], "only files of the workspace", id="data"),
        pytest.param(["~/x"], "only files of the workspace", id="home"),
        pytest.param(["link"], "reached through a link", id="a link"),
        pytest.param(["linked/passwd"], "reached through a link", id="a linked folder"),
        pytest.param(["no-such-file"], "no-such-file does not exist", id="missing"),
        pytest.param(["folder"], "not a regular file", id="a folder"),
        pytest.param(["pipe"], "not a regular file", id="a pipe"),
        pytest.param(["large"], "2,097,152 is the limit", id="too large"),
        pytest.param(["half-1", "half-2", "half-3"], "is the limit", id="too large together"),
        pytest.param(["a.txt", "a.txt"], "same name", id="twice"),
        pytest.param(["a.txt", "A.TXT"], "same name", id="twice but for case"),
        pytest.param(["a.txt", "./a.txt"], "same name", id="twice, written otherwise"),
        pytest.param([], "1 to 50 files", id="none"),
        pytest.param([f"f{n}" for n in range(51)], "1 to 50 files", id="too many"),
        pytest.param(["a\nb"], "printable", id="a newline"),
        pytest.param(["\u202ea.txt"], "printable", id="right to left"),
        pytest.param([7], "printable", id="not text"),
        pytest.param(["x" * 300], "240", id="too long"),
    ],
)
def test_what_cannot_leave_is_refused_with_a_sentence_and_leaves_nothing(session, paths, sentence):
    write(session, "a.txt", b"a")
    write(session, "folder/x", b"x")
    for name in ("half-1", "half-2", "half-3"):
        write(session, name, bytes(1_500_000))
    with open(session.workspace / "large", "wb") as file:
        file.truncate(1 << 40)
    for name, target in (("link", "/etc/passwd"), ("linked", "/etc")):
        if not (session.workspace / name).is_symlink():
            (session.workspace / name).symlink_to(target)
    if not (session.workspace / "pipe").exists():
        os.mkfifo(session.workspace / "pipe")
    before = drafts(session)
    answer = ask(session, *paths)
    assert not answer["ok"]
    assert sentence in answer["error"]
    assert drafts(session) == before


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"not json\n",
        b"[]\n",
        b'{"op":"release"}\n',
        b'{"op":"draft","paths":"a.txt"}\n',
        b'{"op":"draft","paths":["a.txt"],"title":7}\n',
        b'{"op":"draft","paths":["a.txt"],"context":["x"]}\n',
        b"[" * 100_000 + b"\n",
        b"x" * 400_000 + b"\n",
    ],
)
def test_a_request_of_another_form_is_answered_with_a_sentence(session, line):
    try:
        answer = ask_line(session, line)
    except (ConnectionError, ValueError):
        answer = {"ok": False, "error": "the connection was closed"}
    assert not answer["ok"]
    assert len(answer["error"]) > 10
    assert drafts(session) == []
    assert session.status()["agent_connected"]


def test_a_file_that_changes_all_the_time_is_frozen_as_one_state_or_refused(session):
    states = [bytes([65 + n]) * 1_000_000 for n in range(8)]
    path = session.workspace / "changing"
    path.write_bytes(states[0])
    is_over = threading.Event()

    def change() -> None:
        n = 0
        while not is_over.is_set():
            with open(path, "r+b") as file:
                file.write(states[n % 8])
            n += 1

    changer = threading.Thread(target=change)
    changer.start()
    try:
        answers = [ask(session, "changing") for _ in range(8)]
    finally:
        is_over.set()
        changer.join()
    for answer in answers:
        if answer["ok"]:
            folder = session.draft_root / answer["draft_id"]
            (file,) = json.loads((folder / "draft.json").read_text())["files"]
            frozen = (folder / "files" / file["sha256"]).read_bytes()
            assert hashlib.sha256(frozen).hexdigest() == file["sha256"]
            session.control(op="draft_taken", draft_id=answer["draft_id"])
        else:
            assert "changed while it was read" in answer["error"]
    assert drafts(session) == []


def test_a_worker_killed_at_any_moment_leaves_whole_drafts_only(session):
    for n in range(3):
        write(session, f"part-{n}", bytes([n]) * 900_000)
    for attempt in range(8):
        answers: list[dict[str, Any]] = []
        asker = threading.Thread(
            target=lambda to=answers: to.append(ask(session, *(f"part-{n}" for n in range(3))))
        )
        pid = session.worker_pid
        asker.start()
        time.sleep(0.004 * attempt)
        os.kill(pid, signal.SIGKILL)
        asker.join()
        wait_for(lambda old=pid: session.worker_pid not in (0, old), "a new worker")
        wait_for(lambda: session.status()["agent_connected"], "the agent's return")
        assert not [name for name in drafts(session) if name.startswith(".")]
        for name in drafts(session):
            record = json.loads((session.draft_root / name / "draft.json").read_text())
            for file in record["files"]:
                frozen = (session.draft_root / name / "files" / file["sha256"]).read_bytes()
                assert hashlib.sha256(frozen).hexdigest() == file["sha256"]
            session.control(op="draft_taken", draft_id=name)
        (answer,) = answers
        assert answer["ok"] or "ask again" in answer["error"]


def test_a_flood_of_drafts_is_bounded_with_a_sentence():
    with a_session(lab=False) as session:
        write(session, "a.txt", b"a")
        answers = [ask(session, "a.txt") for _ in range(70)]
        assert sum(answer["ok"] for answer in answers) == 60
        assert "at most 60 exports an hour" in answers[-1]["error"]


@pytest.mark.parametrize("draft_id", ["../../etc", "drf-../x", "", "drf-", "/tmp", "drf-a/b", 7])
def test_the_steward_cannot_be_made_to_delete_anything_else(session, draft_id):
    answer = session.control(op="draft_taken", draft_id=draft_id)
    assert not answer["ok"]
    assert session.draft_root.is_dir()
