"""Each program of a session is killed in the middle of work; each time the researcher is told."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.support.session import Kernel, Session, a_session, text_of, wait_for
from vitrine.activity.verify import verify

COUNTING = (
    "import time\n"
    "for n in range({count}):\n"
    "    print(n, flush=True)\n"
    "    time.sleep({pause})\n"
    "'the result'"
)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with a_session() as running:
        yield running


@pytest.fixture
def kernel(session: Session) -> Iterator[Kernel]:
    opened = session.new_kernel()
    yield opened
    opened.disconnect()
    session.http("DELETE", f"/api/kernels/{opened.kernel_id}")


def numbers_in(text: str) -> list[int]:
    return [int(line) for line in text.splitlines() if line.isdigit()]


def restart_gate(session: Session) -> None:
    session.kill("gate")
    session.start_gate()


@pytest.mark.parametrize("kill", [Session.kill_worker, restart_gate], ids=["worker", "parent"])
def test_a_running_cell_survives_the_gate_with_every_line_once_and_its_reply(session, kernel, kill):
    before = session.kernel_pid(kernel)
    kernel.run("x = 'still here'")
    asked = kernel.execute(COUNTING.format(count=400, pause=0.005))
    last = kernel.receive_until(lambda m: max(numbers_in(text_of([m])), default=0) >= 20)
    kill(session)
    found = kernel.collect(asked)
    assert found[-1]["header"]["msg_type"] in ("status", "execute_reply")
    lines = numbers_in(text_of([last, *found]))
    assert lines == list(range(lines[0], 400))
    assert lines[0] <= 20
    assert "the result" in text_of(found)
    assert "the gate was restarted; this cell went on running" in text_of(found)
    (reply,) = [m for m in found if m["header"]["msg_type"] == "execute_reply"]
    assert reply["content"]["status"] == "ok"
    assert kernel.run("print(x)") == "still here\n"
    assert session.kernel_pid(kernel) == before
    verify(session.journal, session_id=session.session_id)


def test_ten_killed_workers_in_a_row_lose_and_double_nothing(session, kernel):
    asked = kernel.execute(COUNTING.format(count=1500, pause=0.003))
    first = kernel.receive_until(lambda m: m["header"]["msg_type"] == "stream")
    for _ in range(10):
        session.kill_worker()
        time.sleep(0.35)
    text = text_of([first, *kernel.collect(asked)])
    assert numbers_in(text) == list(range(1500))
    recorded = [b["number"] for b in session.of_kind("out") if b["kernel"] == kernel.kernel_id]
    assert len(recorded) == len(set(recorded))
    verify(session.journal, session_id=session.session_id)


def test_a_kernel_is_called_alive_while_the_gate_is_away(session, kernel):
    before = session.kernel_pid(kernel)
    session.kill("gate")
    time.sleep(5)  # longer than Jupyter's restarter looks away
    assert session.api("GET", f"/api/kernels/{kernel.kernel_id}")["id"] == kernel.kernel_id
    session.start_gate()
    assert session.kernel_pid(kernel) == before
    events = [b["event"] for b in session.of_kind("kernel") if b["kernel"] == kernel.kernel_id]
    assert events == ["start"]


def test_a_cell_that_is_sent_while_the_gate_is_away_is_executed_or_answered(session, kernel):
    session.kill("gate")
    asked = [kernel.execute(f"print('cell {n}')") for n in range(5)]
    time.sleep(0.5)
    session.start_gate()
    for n, each in enumerate(asked):
        text = text_of(kernel.collect(each, 20))
        assert text == f"cell {n}\n" or "run it again" in text


def test_a_page_is_told_when_the_gate_stays_away(session, kernel):
    asked = kernel.execute(COUNTING.format(count=80, pause=0.1))
    kernel.receive_until(lambda m: m["header"]["msg_type"] == "stream")
    session.kill("gate")
    began = time.monotonic()
    told = kernel.receive_until(lambda m: "is away" in json.dumps(m["content"]), 20)
    assert told["parent_header"]["msg_id"] == asked
    assert told["content"]["text"].startswith("[vitrine] the gate of this session is away")
    assert time.monotonic() - began < 10
    session.start_gate()
    text = text_of(kernel.collect(asked))
    assert numbers_in(text)[-1] == 79
    assert "the result" in text


def test_requests_that_die_with_a_gate_are_answered_each_with_one_sentence(session, kernel):
    """The worker is stopped, so that requests lie unread in its sockets when it is killed."""
    for _ in range(3):
        pid = session.worker_pid
        os.kill(pid, signal.SIGSTOP)
        asked = [kernel.execute(f"print('number {n}')") for n in range(4)]
        time.sleep(0.3)
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        for n, each in enumerate(asked):
            found = kernel.collect(each, 20)
            text = text_of(found)
            assert text == f"number {n}\n" or text.count("run it again") == 1
        assert time.monotonic() - began < 15  # 10 s is the aim; the machine may be busy
        wait_for(lambda: session.status()["agent_connected"], "the agent's return")


def test_no_cell_is_answered_twice_or_called_not_executed_after_it_was(session, kernel):
    """Replies that the kernel gave while the gate was away are on their way, not lost."""
    kernel.run("done = []")
    told = {}
    for pause_s in (0.0, 0.02, 0.05, 0.1):
        asked = [kernel.execute(f"done.append({n})", stop_on_error=False) for n in range(24)]
        time.sleep(pause_s)
        session.kill("gate")
        time.sleep(0.3)
        session.start_gate()
        for n, each in enumerate(asked):
            found = kernel.collect(each, 20)
            told[n] = [text_of([m]) for m in found if m["header"]["msg_type"] == "error"]
        later = [*kernel.unclaimed, *kernel.drain(1.5)]
        kernel.unclaimed.clear()
        assert not [m for m in later if m["header"]["msg_type"] == "execute_reply"]
        done = json.loads(kernel.run("import json; print(json.dumps(done)); done.clear()"))
        assert done == [n for n in range(24) if not told[n]]


def test_a_kernel_that_ends_while_the_gate_is_away_is_reported_when_it_is_back(session, kernel):
    asked = kernel.execute(
        "import os, time; print('before', flush=True); time.sleep(2);"
        "print('last words', flush=True); time.sleep(0.3); os._exit(7)"
    )
    kernel.receive_until(lambda m: m["content"].get("text") == "before\n")
    session.kill("gate")
    time.sleep(3)
    session.start_gate()
    text = text_of(kernel.collect(asked, 20))
    assert "last words" in text
    assert "exit code 7" in text
    wait_for(lambda: kernel.run("print('new')", 30) == "new\n", "the restarted kernel", 30)


def test_input_that_waits_when_the_gate_dies_can_still_be_given(session, kernel):
    asked = kernel.execute("print('got', input('say: '))")
    kernel.receive_until(lambda m: m["header"]["msg_type"] == "input_request")
    session.kill_worker()
    wait_for(lambda: session.status()["agent_connected"], "the agent's return")
    kernel.send("input_reply", {"value": "it"}, "stdin")
    assert "got it" in text_of(kernel.collect(asked, 20))


def test_keys_and_kernels_are_known_to_the_next_gate(session, kernel):
    memory = session.root / "g" / session.session_id / "kernels.json"
    before = memory.read_bytes()
    assert kernel.kernel_id in json.loads(before)
    assert memory.stat().st_mode & 0o077 == 0
    restart_gate(session)
    wait_for(lambda: session.status()["agent_connected"], "the agent's return")
    assert memory.read_bytes() == before
    assert session.status()["kernels"] == len(json.loads(before))


def test_a_file_that_is_saved_while_the_gate_dies_is_whole_or_refused(session):
    old, new = "old " * 100_000, "new " * 2_000_000
    model = {"type": "file", "format": "text", "content": old}
    session.api("PUT", "/api/contents/big.txt", model)
    for pause in (0.0, 0.05, 0.1, 0.2):
        pid = session.worker_pid

        def kill_soon(pid: int = pid, pause: float = pause) -> None:
            time.sleep(pause)
            os.kill(pid, signal.SIGKILL)

        child = os.fork()
        if child == 0:
            kill_soon()
            os._exit(0)
        status, body = session.http("PUT", "/api/contents/big.txt", model | {"content": new})
        os.waitpid(child, 0)
        assert status in (200, 503), body
        if status == 503:
            assert b"gate of this session is away" in body or b"does not answer" in body
        wait_for(lambda: session.status()["agent_connected"], "the agent's return")
        assert (session.workspace / "big.txt").read_text() in (old, new)


def test_the_page_is_told_within_ten_seconds_that_the_kernel_container_stopped():
    with a_session() as session:
        kernel = session.new_kernel()
        asked = kernel.execute("import time; time.sleep(60)")
        kernel.receive_until(lambda m: m["header"]["msg_type"] == "execute_input")
        session.kill("agent")
        found = kernel.collect(asked, 10)
        assert "the session's kernel container stopped" in text_of(found)
        assert "start the session again from the hub" in text_of(found)
        later = text_of(kernel.collect(kernel.execute("1"), 10))
        assert "the session's kernel container stopped" in later
        status, body = session.http("GET", "/api/contents/")
        assert status == 503
        assert b"does not answer" in body
        session.start_agent()
        wait_for(
            lambda: kernel.run("print('fresh')", 20) == "fresh\n", "a kernel in the new agent", 40
        )


def test_the_gate_and_its_journal_survive_a_lab_that_is_killed():
    with a_session() as session:
        kernel = session.new_kernel()
        kernel.execute(COUNTING.format(count=100, pause=0.01))
        worker = session.worker_pid
        session.kill("lab")
        time.sleep(1.5)
        assert session.worker_pid == worker
        session.start_lab()
        assert session.new_kernel().run("print(1)") == "1\n"
        verify(session.journal, session_id=session.session_id)
