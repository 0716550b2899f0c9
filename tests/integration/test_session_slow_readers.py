"""Pages that read slowly, go away, or come back as another page: bounded, and never silent."""

from __future__ import annotations

import json
import os
import signal
import statistics
import time
from collections.abc import Iterator

import pytest

from tests.support.session import Kernel, Session, a_neighbour, a_session, rss_mb, text_of, wait_for

FLOOD_LINES = int(os.environ.get("VITRINE_FLOOD_LINES", "40000"))
LINE = "x" * 280


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with a_session(agent_buffer_mb=16) as running:
        yield running


@pytest.fixture
def kernel(session: Session) -> Iterator[Kernel]:
    opened = session.new_kernel()
    yield opened
    opened.disconnect()
    session.http("DELETE", f"/api/kernels/{opened.kernel_id}")


def flood(lines: int = FLOOD_LINES) -> str:
    """A cell that prints numbered lines, each as a message of its own."""
    return (
        "import sys\n"
        f"for n in range({lines}):\n"
        f"    sys.stdout.write(str(n) + ' {LINE}\\n'); sys.stdout.flush()\n"
        "    if not n % 1000: open('progress', 'w').write(str(n))\n"
        "_ = open('progress', 'w').write('done')"
    )


def numbers_in(text: str) -> list[int]:
    return [int(line.split()[0]) for line in text.splitlines() if line[:1].isdigit()]


def progress(session: Session) -> str:
    return (session.workspace / "progress").read_text()


def told_missing(text: str) -> int:
    """How many outputs the sentences in `text` say are not shown."""
    return sum(
        int(line.split()[1].replace(",", ""))
        for line in text.splitlines()
        if line.startswith("[vitrine]") and "are not shown" in line
    )


def pin(process_id: int, processors: set[int]) -> None:
    """Keep a process and those it starts on some processors, as a container's limit would."""
    for task in os.listdir(f"/proc/{process_id}/task"):
        os.sched_setaffinity(int(task), processors)


@pytest.mark.slow
def test_a_page_that_stops_reading_holds_up_nobody_and_is_told_what_it_missed():
    with a_session() as session, a_neighbour(session) as other:
        reader = other.new_kernel()
        kernel = session.new_kernel()
        pin(session.processes["agent"].pid, {0})
        pin(session.kernel_pid(kernel), {0})

        def round_trip() -> float:
            began = time.perf_counter()
            assert reader.run("print(2)") == "2\n"
            return time.perf_counter() - began

        idle = statistics.median(round_trip() for _ in range(40))
        asked = kernel.execute(flood())
        wait_for(lambda: (session.workspace / "progress").exists(), "the flood")
        time.sleep(1.5)
        busy, worker, lab = [], 0.0, 0.0
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline and (progress(session) != "done" or len(busy) < 40):
            busy.append(round_trip())
            time.sleep(0.02)
            worker = max(worker, rss_mb(session.worker_pid))
            lab = max(lab, rss_mb(session.processes["lab"].pid))
        assert progress(session) == "done", "the kernel waits for a page that does not read"
        print(
            f"idle {idle * 1e3:.1f} ms, meanwhile {statistics.median(busy) * 1e3:.1f} ms, "
            f"worker {worker:.0f} MiB, lab {lab:.0f} MiB"
        )
        assert worker <= 150
        assert lab <= 260
        # 2x is the aim with a processor of one's own; here everything shares two.
        assert statistics.median(busy) <= 4 * idle + 0.02

        text = text_of(kernel.collect(asked))
        shown = numbers_in(text)
        assert shown == sorted(set(shown))
        assert len(shown) + told_missing(text) == FLOOD_LINES
        assert told_missing(text) > 0
        assert told_missing(text) == sum(
            body["count"] for body in session.of_kind("dropped") if "keep up" in body["reason"]
        )
        assert reader.run("'neighbour'") == "'neighbour'"


def test_a_page_that_reads_gets_every_line_of_a_flood(session, kernel):
    lines = 10_000
    text = text_of(kernel.collect(kernel.execute(flood(lines))))
    assert numbers_in(text) == list(range(lines))
    assert "[vitrine]" not in text


def test_an_output_above_the_limit_is_withheld_with_one_sentence_below_its_cell(session, kernel):
    for size in (9 << 20, 60 << 20):
        code = (
            f"from IPython.display import display\ndisplay({{'image/png': 'A' * {size}}}, raw=True)"
        )
        found = kernel.collect(kernel.execute(f"{code}\nprint('after')"))
        text = text_of(found)
        assert text.count("[vitrine] an output of") == 1
        assert "is not shown: it is larger than the limit of 8.4 MB" in text
        assert "after\n" in text
        assert "display_data" not in [m["header"]["msg_type"] for m in found]
    wait_for(lambda: len(session.of_kind("dropped")) >= 2, "the records")
    assert session.of_kind("dropped")[-1]["size"] > 60 << 20
    assert rss_mb(session.worker_pid) <= 150


def test_a_reply_above_the_limit_ends_its_cell_with_a_sentence(kernel):
    asked = kernel.execute("pass", user_expressions={"big": "'a' * (9 << 20)"})
    found = kernel.collect(asked)
    (reply,) = [m for m in found if m["header"]["msg_type"] == "execute_reply"]
    assert "larger than the limit" in reply["content"]["evalue"]


def test_a_page_that_was_away_finds_every_line_when_it_comes_back(session, kernel):
    asked = kernel.execute(
        "import time\nfor n in range(300): print(n, flush=True); time.sleep(0.01)\n'done'"
    )
    first = kernel.receive_until(lambda m: m["header"]["msg_type"] == "stream")
    time.sleep(0.5)  # what comes meanwhile is never read here: it was lost with the connection
    kernel.disconnect()
    time.sleep(1)
    session.kill_worker()  # and a gate that dies meanwhile makes no difference
    time.sleep(3)
    kernel.connect()
    text = text_of(kernel.collect(asked))
    shown = numbers_in(text)
    assert shown == list(range(shown[0], 300))
    assert shown[0] <= numbers_in(first["content"]["text"])[-1] + 1
    assert "done" in text


def test_a_line_that_a_page_has_received_is_not_shown_again_when_it_comes_back(session, kernel):
    asked = kernel.execute("for n in range(20): print(n, flush=True)\nimport time; time.sleep(3)")
    before = text_of(kernel.drain(1.0))
    kernel.disconnect()
    kernel.connect()
    assert numbers_in(before) == list(range(20))
    assert numbers_in(text_of(kernel.collect(asked))) == []


def test_a_reply_that_was_on_its_way_to_a_page_without_a_network_reaches_it_later(session, kernel):
    asked = kernel.execute("40 + 2")
    time.sleep(1.5)  # reply and result are in the connection, which nobody reads
    kernel.disconnect()
    kernel.connect()
    found = kernel.collect(asked)
    assert "42" in text_of(found)


def test_a_request_that_died_with_a_gate_while_its_page_was_away_is_answered(session, kernel):
    assert kernel.run("1") == "1"
    os.kill(session.worker_pid, signal.SIGSTOP)
    asked = kernel.execute("print('never')")
    time.sleep(0.3)
    kernel.disconnect()
    session.kill_worker()
    assert session.new_kernel().run("print(2)") == "2\n", "another gate works"
    kernel.connect()
    text = text_of(kernel.collect(asked, timeout_s=30))
    assert "never" in text or "not executed" in text
    assert kernel.run("print('goes on')") == "goes on\n"


@pytest.mark.slow
def test_a_page_away_during_a_flood_is_told_how_much_it_missed(session, kernel):
    lines = 2 * FLOOD_LINES  # more than lab, gate and agent keep together
    (session.workspace / "progress").unlink(missing_ok=True)
    asked = kernel.execute(flood(lines))
    first = kernel.receive_until(lambda m: m["header"]["msg_type"] == "stream")
    kernel.disconnect()
    wait_for(lambda: progress(session) == "done", "the end of the flood", 90)
    assert rss_mb(session.processes["lab"].pid) < 260
    assert rss_mb(session.worker_pid) <= 150
    kernel.connect()
    text = text_of(kernel.collect(asked))
    shown = numbers_in(text)
    assert shown == sorted(set(shown))
    assert told_missing(text) > 0
    before = {*numbers_in(first["content"]["text"])} - {*shown}
    assert lines - len(shown) - len(before) - told_missing(text) == 0


def test_a_page_that_was_closed_and_opened_anew_is_told_and_shown_what_it_missed(session, kernel):
    asked = kernel.execute(
        "import time\nfor n in range(50): print('line', n, flush=True); time.sleep(0.02)\n'done'"
    )
    kernel.receive_until(lambda m: m["header"]["msg_type"] == "stream")
    kernel.disconnect()
    time.sleep(2)
    anew = Kernel(session, kernel.kernel_id)
    found = anew.drain(1.0)
    notice = next(m for m in found if "while no page was open" in json.dumps(m["content"]))
    assert notice["header"]["msg_type"] == "stream"
    assert notice["parent_header"]["session"] == anew.client
    missed = [m for m in found if m["parent_header"].get("msg_id") == asked]
    assert "line 49" in text_of(missed)
    assert "'done'" in text_of(missed)
    assert any("opened" in body["reason"] for body in session.of_kind("dropped"))
    assert anew.run("print('goes on')") == "goes on\n"


def test_an_interrupt_overtakes_the_save_of_a_large_notebook(session, kernel):
    cell = {"cell_type": "markdown", "metadata": {}, "source": "x" * (20 << 20), "id": "a"}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    model = {"type": "notebook", "format": "json", "content": notebook}
    asked = kernel.execute("import time\nwhile True: time.sleep(0.1)")
    kernel.receive_until(lambda m: m["header"]["msg_type"] == "execute_input")
    began = time.monotonic()
    session.api("PUT", "/api/contents/large.ipynb", model)
    print(f"20 MB notebook saved in {time.monotonic() - began:.2f} s while a cell runs")
    session.http("POST", f"/api/kernels/{kernel.kernel_id}/interrupt")
    assert "KeyboardInterrupt" in text_of(kernel.collect(asked, 10))
    assert (session.workspace / "large.ipynb").stat().st_size > 20 << 20
