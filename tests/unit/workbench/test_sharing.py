"""Sharing: what is refused before anything is sent, what is sent, and what comes back."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from vitrine import workbench
from vitrine.errors import InvalidInput, NotPermitted, Unavailable


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "notes.md").write_text("smoothed")
    monkeypatch.setenv("VITRINE_WORKSPACE", str(folder))
    monkeypatch.setenv("VITRINE_AGENT_SOCKET", str(tmp_path / "agent.sock"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def agent(workspace, tmp_path):
    """A socket that answers each request with `agent.answer` and keeps it in `agent.received`."""

    class Agent:
        received: list = []
        answer = {"ok": True}

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "agent.sock"))
    listening.listen()
    agent = Agent()
    agent.received = []

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                agent.received.append(json.loads(stream.readline()))
                connection.sendall(json.dumps(agent.answer).encode() + b"\n")

    threading.Thread(target=serve, daemon=True).start()
    yield agent
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def test_a_share_names_its_files_absolutely_and_says_who_gets_them(agent, workspace):
    agent.answer = {"ok": True, "share_id": "shr-1", "project": "lung"}
    share = workbench.share("notes.md", note=" masks ")
    path = str(workspace / "notes.md")
    assert agent.received == [{"op": "share", "paths": [path], "note": "masks"}]
    assert share.files == ("notes.md",)
    assert "members of project lung" in str(share)
    assert "workbench.receive('shr-1')" in str(share)


@pytest.mark.parametrize("paths", [[], ["notes.md", "./notes.md"], "/etc/passwd", "."])
def test_only_files_of_the_workspace_named_once_are_sent(agent, paths):
    with pytest.raises(InvalidInput):
        workbench.share(paths)
    assert agent.received == []


def test_nothing_shared_is_an_empty_table_with_its_columns(agent):
    agent.answer = {"ok": True, "shares": []}
    table = workbench.shared()
    assert len(table) == 0
    assert list(table) == [
        "share_id", "sender", "shared_at", "expires_at", "note", "files", "sizes_bytes",
    ]  # fmt: skip


def test_a_refusal_gives_the_reason(agent):
    agent.answer = {"ok": False, "error": "the workspace is full"}
    with pytest.raises(NotPermitted, match="the workspace is full"):
        workbench.receive("shr-1")


def test_received_files_are_named_below_the_workspace(agent, workspace):
    agent.answer = {"ok": True, "paths": ["received/ada/shr-1/notes.md"]}
    assert workbench.receive("shr-1") == [workspace / "received/ada/shr-1/notes.md"]
    with pytest.raises(InvalidInput, match="by its id"):
        workbench.receive(workbench.shared)


def test_a_silent_agent_is_said_in_one_sentence(workspace):
    with pytest.raises(Unavailable, match="nothing was shared"):
        workbench.share("notes.md")
