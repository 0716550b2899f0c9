"""Asking for an export: what is refused before anything is sent, and what is sent."""

import json
import os
import socket
import threading

import pytest

from vitrine import workbench
from vitrine.errors import InvalidInput, NotFound, NotPermitted, Unavailable

CONTEXT = "mean volume for each stage, smallest group 14 patients"


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    folder = tmp_path / "workspace"
    (folder / "results").mkdir(parents=True)
    (folder / "results" / "table.csv").write_text("stage,mean\nII,4\n")
    (folder / "figure.png").write_bytes(b"png")
    monkeypatch.setenv("VITRINE_WORKSPACE", str(folder))
    monkeypatch.setenv("VITRINE_AGENT_SOCKET", str(tmp_path / "agent.sock"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def agent(workspace, tmp_path):
    """A socket that answers each request with `agent.answer` and keeps it in `agent.received`."""

    class Agent:
        received: list = []
        answer = {"ok": True, "draft_id": "dr-1", "review_url": "http://review.example/dr-1"}

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "agent.sock"))
    listening.listen()
    agent = Agent()

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


def test_a_draft_names_its_files_absolutely_and_says_what_comes_next(agent, workspace):
    draft = workbench.request_export(["results/table.csv", "figure.png"], context=CONTEXT)
    assert agent.received == [
        {
            "op": "draft",
            "title": "table.csv",
            "context": CONTEXT,
            "paths": [str(workspace / "results/table.csv"), str(workspace / "figure.png")],
        }
    ]
    assert draft.files == ("results/table.csv", "figure.png")
    assert "submit it" in str(draft)
    assert 'href="http://review.example/dr-1"' in draft._repr_html_()


def test_paths_count_from_where_code_runs_else_from_the_workspace(agent, workspace, monkeypatch):
    monkeypatch.chdir(workspace / "results")
    draft = workbench.request_export(["table.csv", "results/../figure.png"], context=CONTEXT)
    assert draft.files == ("results/table.csv", "figure.png")


def test_the_link_of_an_answer_cannot_become_a_script(agent):
    agent.answer = {"ok": True, "draft_id": "x", "review_url": "javascript:alert(1)"}
    assert "href" not in workbench.request_export("figure.png", context=CONTEXT)._repr_html_()


def test_a_refusal_gives_the_reason(agent):
    agent.answer = {"ok": False, "error": "figure.png is larger than 16 MiB"}
    with pytest.raises(NotPermitted, match="larger than 16 MiB"):
        workbench.request_export("figure.png", context=CONTEXT)


@pytest.mark.parametrize("context", ["", "  \n"])
def test_a_context_is_mandatory(agent, context):
    with pytest.raises(InvalidInput, match="needs a context"):
        workbench.request_export("figure.png", context=context)
    assert agent.received == []


@pytest.mark.parametrize(
    ("path", "error", "reason"),
    [
        pytest.param("absent.csv", NotFound, "no file absent.csv", id="absent"),
        pytest.param("results", InvalidInput, "is a folder", id="folder"),
        pytest.param("/etc/passwd", InvalidInput, "not in", id="outside"),
        pytest.param("../../secret", InvalidInput, "not in", id="climbing out"),
        pytest.param("link", InvalidInput, "not in", id="link that leads outside"),
        pytest.param("pipe", InvalidInput, "not a regular file", id="named pipe"),
    ],
)
def test_only_files_of_the_workspace_are_sent(agent, workspace, path, error, reason):
    (workspace / "link").symlink_to("/etc/passwd")
    os.mkfifo(workspace / "pipe")
    with pytest.raises(error, match=reason):
        workbench.request_export(["figure.png", path], context=CONTEXT)
    assert agent.received == []


def test_no_file_and_one_file_twice_are_refused(agent):
    with pytest.raises(InvalidInput, match="at least one"):
        workbench.request_export([], context=CONTEXT)
    with pytest.raises(InvalidInput, match="twice"):
        workbench.request_export(["figure.png", "./figure.png"], context=CONTEXT)


def test_a_silent_agent_is_said_in_one_sentence(workspace):
    with pytest.raises(Unavailable, match="nothing was frozen"):
        workbench.request_export("figure.png", context=CONTEXT)
