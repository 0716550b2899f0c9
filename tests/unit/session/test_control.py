"""Asking the gate: an answer, or one sentence why there is none."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from vitrine.errors import Unavailable
from vitrine.session.control import ask, call


@pytest.fixture
def a_gate(tmp_path):
    """A function that makes a socket whose only answer is `answer` (None: silence)."""
    listeners = []

    def make(answer: bytes | None):
        path = tmp_path / "gate" / "control.sock"
        path.parent.mkdir(exist_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        listeners.append(listener)

        def serve():
            connection, _ = listener.accept()
            received = connection.makefile("rb").readline()
            if answer is None:
                connection.recv(1)
            else:
                connection.sendall(answer.replace(b"ECHO", received.strip()))
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        return path

    yield make
    for listener in listeners:
        listener.close()


def test_the_answer_to_a_request_comes_back(a_gate):
    path = a_gate(b'{"ok":true,"asked":ECHO}\n')
    assert call(path, {"op": "list"}) == {"ok": True, "asked": {"op": "list"}}


def test_a_long_answer_is_read_whole(a_gate):
    long = {"ok": True, "items": ["x" * 100] * 5000}
    assert call(a_gate(json.dumps(long).encode() + b"\n"), {"op": "list"}) == long


def test_a_no_is_an_answer_for_call_and_an_error_for_ask(a_gate):
    path = a_gate(b'{"ok":false,"error":"session ses-1 is not open"}\n')
    with pytest.raises(Unavailable, match="session ses-1 is not open"):
        ask(path, {"op": "close"})


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        pytest.param(None, "did not answer 'list' within 0.2 s", id="silence"),
        pytest.param(b"", "the gate does not answer", id="hangs up"),
        pytest.param(b"[]\n", "cannot be read", id="not an object"),
        pytest.param(b"nonsense\n", "cannot be read", id="not JSON"),
    ],
)
def test_no_answer_is_one_sentence(a_gate, answer, sentence):
    with pytest.raises(Unavailable, match=sentence):
        call(a_gate(answer), {"op": "list"}, timeout_s=0.2)


def test_a_gate_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(Unavailable, match="the gate does not answer"):
        call(tmp_path / "gate" / "control.sock", {"op": "list"})
