"""Each part is killed while a page is open: the sentence that its user sees within 10 seconds."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import is_running, start_session
from tests.support.lab_page import LabPage
from tests.support.node import RunningNode, wait_until
from vitrine.session import control

SECONDS = 12
LONG = f"""
import time
for number in range({SECONDS}):
    print("line", number, flush=True)
    time.sleep(1)
"""
WITHIN_MS = 10_000
CONNECTION_LOST = "A connection to the Jupyter server could not be established"
BACK = "the gate was restarted; this cell went on running meanwhile"


@pytest.fixture
def busy(lab: LabPage) -> LabPage:
    """A page whose cell prints for a while; the kernel holds a variable."""
    lab.run("kept = 7")
    lab.press_run(LONG)
    expect(lab.output()).to_contain_text("line 1")
    return lab


@pytest.fixture(autouse=True)
def programs(node: RunningNode) -> Iterator[None]:
    """Whatever was killed runs again afterwards."""
    yield
    for program, process in list(node.processes.items()):
        if process.poll() is not None:
            node.start(program)


def finds_everything(lab: LabPage) -> None:
    """The cell ends, no line is missing, the kernel is the same."""
    lab.wait_for_end(timeout_s=60)
    wait_until(lambda: f"line {SECONDS - 1}" in lab.text(), "the last line", timeout_s=20)
    lines = [line for line in lab.text().splitlines() if line.startswith("line ")]
    assert lines == [f"line {number}" for number in range(SECONDS)]
    lab.dismiss()
    assert lab.run("print(kept)") == "7"


def test_gate_worker(node: RunningNode, busy: LabPage) -> None:
    (session_id,) = node.gate_sessions()
    status = control.ask(
        node.settings.gate_control_socket, {"op": "status", "session_id": session_id}
    )
    os.kill(status["worker_pid"], signal.SIGKILL)
    expect(busy.output()).to_contain_text(BACK, timeout=WITHIN_MS)
    finds_everything(busy)


def test_gate_parent(node: RunningNode, busy: LabPage) -> None:
    node.kill("gate")
    expect(busy.output()).to_contain_text(
        "the gate of this session is away: what runs goes on, and its output follows",
        timeout=WITHIN_MS,
    )
    node.start("gate")
    expect(busy.output()).to_contain_text(BACK, timeout=WITHIN_MS)
    finds_everything(busy)


def test_kernel(busy: LabPage) -> None:
    busy.page.get_by_role("button", name="Interrupt the kernel").click()
    busy.wait_for_end()
    busy.press_run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    expect(busy.output()).to_contain_text(
        "the kernel ended (signal 9), its variables are gone: run the cells again",
        timeout=WITHIN_MS,
    )
    expect(busy.dialog).to_contain_text("It will restart automatically", timeout=WITHIN_MS)
    busy.dismiss()
    busy.wait_for_idle()
    assert "NameError" in busy.run("print(kept)")


def test_agent(node: RunningNode, ann: BrowserContext, busy: LabPage) -> None:
    node.kill_half("kernel")
    expect(busy.output()).to_contain_text(
        "the session ended: the kernel container ended with exit code 137",
        timeout=WITHIN_MS,
    )
    ends_as(node, busy, "the kernel container ended with exit code 137")
    start_session(node, ann)


def test_lab(node: RunningNode, ann: BrowserContext, busy: LabPage) -> None:
    node.kill_half("lab")
    expect(busy.dialog).to_contain_text(CONNECTION_LOST, timeout=WITHIN_MS)
    ends_as(node, busy, "the lab container ended with exit code 137")
    start_session(node, ann)


def ends_as(node: RunningNode, lab: LabPage, reason: str) -> None:
    """The whole session ends, and the page says why when it is loaded again."""
    wait_until(lambda: not is_running(node), "the session has ended", timeout_s=20)
    wait_until(lambda: not node.gate_sessions(), "nothing is left", timeout_s=20)
    lab.page.reload()
    expect(lab.page.get_by_role("heading", name="This session is not running")).to_be_visible()
    expect(lab.page.locator(".alert")).to_have_text(f"It ended: {reason}.")
    lab.page.get_by_role("link", name="Back to your projects").click()


def test_hub(node: RunningNode, busy: LabPage) -> None:
    node.kill("hub")
    home = busy.page.context.new_page()
    answer = home.goto(f"{node.settings.hub_url}/hub/home", timeout=WITHIN_MS)
    assert answer is not None
    assert answer.status == 503
    expect(home.locator("main")).to_contain_text("Running sessions go on")
    finds_everything(busy)
    node.start("hub")
    expect(home.get_by_role("heading", name="Your projects")).to_be_visible(timeout=30_000)
    assert is_running(node)


def test_proxy(node: RunningNode, busy: LabPage) -> None:
    node.kill("proxy")
    expect(busy.dialog).to_contain_text(CONNECTION_LOST, timeout=WITHIN_MS)
    node.start("proxy")
    finds_everything(busy)
