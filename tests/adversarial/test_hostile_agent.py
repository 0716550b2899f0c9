"""A researcher's code speaks to the gate in the agent's place: nobody else notices."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websocket import WebSocketException

from tests.adversarial.conftest import PROJECTS
from tests.support.node import RunningNode, wait_until, why_not
from tests.support.tenants import Tenant, a_tenant, peak_mb
from vitrine.workspaces import store

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]
HOSTILE = Path(__file__).with_name("hostile.py").read_text()
WORKER_LIMIT_MB = 150


@pytest.fixture(scope="module")
def neighbour(node: RunningNode) -> Iterator[Tenant]:
    with a_tenant(node, "ekkehard", PROJECTS["ekkehard"]) as found:
        yield found


@pytest.fixture
def malice(node: RunningNode, neighbour: Tenant) -> Iterator[Tenant]:
    with a_tenant(node, "mechthild", PROJECTS["mechthild"]) as found:
        assert found.run(HOSTILE) == ""
        yield found


def kernels_of(tenant: Tenant) -> list[str]:
    return [record["body"]["kernel"] for record in tenant.records("kernel")]


def attack(tenant: Tenant, call: str, timeout_s: float = 120) -> Any:
    """What one function of `hostile.py` found, run as a cell; the cell is in the journal."""
    cell = f"print(json.dumps({call}))"
    said = tenant.run(cell, timeout_s)
    assert said.startswith(("{", '"', "[")), said
    assert tenant.has_recorded(cell)
    return json.loads(said)


def assert_unharmed(malice: Tenant, neighbour: Tenant, workers: dict[str, int]) -> None:
    """Both sessions compute, by the same workers, which never were large."""
    for tenant in (malice, neighbour):
        assert tenant.run("6 * 7") == "42\n"
        worker = int(tenant.gate_status()["worker_pid"])
        assert worker == workers[tenant.session_id]
        assert peak_mb(worker) <= WORKER_LIMIT_MB


def workers_of(*tenants: Tenant) -> dict[str, int]:
    return {each.session_id: int(each.gate_status()["worker_pid"]) for each in tenants}


def test_garbage_ends_its_own_connection_and_nothing_else(
    malice: Tenant, neighbour: Tenant
) -> None:
    assert HOSTILE in malice.cells()
    workers = workers_of(malice, neighbour)
    own, others = kernels_of(malice), kernels_of(neighbour)

    ended = attack(malice, f"greetings({own!r}, {others[0]!r})")
    assert len(ended) >= 20
    assert [name for name, is_ended in ended.items() if not is_ended] == []
    for call in ("a_line_of_a_gigabyte()", "a_flood_of_tiny_frames()", "half_a_frame()"):
        assert attack(malice, call)["ended"], call
    endless = attack(malice, "a_message_without_end()")
    assert endless["ended"]
    crowd = attack(malice, "thousands_of_connections()")
    assert crowd["made"] == crowd["ended"] == 3000

    assert_unharmed(malice, neighbour, workers)
    wait_until(lambda: turned_away(malice) > 3000, "it is on record")
    assert turned_away(neighbour) == 0
    peaks = [round(peak_mb(pid)) for pid in workers.values()]
    mb = endless["taken"] // 10**6
    print(f"\n{len(ended)} greetings, {mb} MB without end, 3000 connections: workers {peaks} MB")


def turned_away(tenant: Tenant) -> int:
    """How many connections the journal says were turned away."""
    refused = [record["body"] for record in tenant.records("refused")]
    reasons = [each["reason"] for each in refused if each["method"] == "CONNECT"]
    more = [re.search(r"and ([\d,]+) more", reason) for reason in reasons]
    return len(reasons) + sum(int(each.group(1).replace(",", "")) for each in more if each)


def test_the_attacks_are_in_the_audit_log(node: RunningNode) -> None:
    def told() -> list[dict[str, Any]]:
        found = [entry["detail"] for entry in node.audited("request_refused")]
        return [each for each in found if each.get("path") == "agent.sock"]

    wait_until(told, "the steward fetches what the gate refused", timeout_s=60)
    assert told()[0]["method"] == "CONNECT"


def test_a_false_connection_for_the_own_kernel_hurts_only_that_kernel(
    malice: Tenant, neighbour: Tenant
) -> None:
    workers = workers_of(malice, neighbour)
    cell = f"a_kernels_place({kernels_of(malice)!r})"
    malice.run(cell, 30)  # answered by the gate, which took the connection for a new one
    assert malice.has_recorded(cell)
    wait_until(lambda: malice.run("6 * 7", 20) == "42\n", "the agent is back")
    assert_unharmed(malice, neighbour, workers)


OUTPUTS = {
    "objects": ("[{}] * 1_900_000", False),
    "records": ("[{'x': 1, 'y': 2}] * 400_000", False),
    "words": ("['ab'] * 1_300_000", False),
    "a chart of 100,000 points": ("[{'x': 1, 'y': 2}] * 100_000", True),
    "numbers": ("[12345] * 1_000_000", True),
}


def test_outputs_of_very_many_parts_cost_the_gate_little(malice: Tenant, neighbour: Tenant) -> None:
    workers = workers_of(malice, neighbour)
    for name, (value, is_shown) in OUTPUTS.items():
        shown = f"{{'application/json': {value}, 'text/plain': 'shown'}}"
        said = malice.run(f"display({shown}, raw=True)")
        assert ("shown\n" in said) is is_shown, name
        assert ("has too many parts" in said) is not is_shown, name
    braces = "print('{\"a\": [1, 2]}, ' * 400_000)"  # text, not objects
    assert len(malice.run(braces)) > 6_000_000
    for size in (60_000_000, 120_000_000):
        said = malice.run(f"display({{'text/plain': 'x' * {size}}}, raw=True)")
        assert re.fullmatch(r"\[vitrine\] an output of \d+.\d MB is not shown: .*\n", said)
    assert_unharmed(malice, neighbour, workers)
    dropped = [record["body"]["reason"] for record in malice.records("dropped")]
    assert sum("parts" in reason for reason in dropped) == 3
    print(f"\nworkers: {[round(peak_mb(pid)) for pid in workers.values()]} MB")


def computes(tenant: Tenant) -> bool:
    """Whether a cell is answered within a moment."""
    with contextlib.suppress(WebSocketException):
        return tenant.run("6 * 7", 5) == "42\n"
    return False


LIES = """
own = OWN
false = FalseAgent(own)
ended = false.lie(untruths(own))
again = FalseAgent(own) if ended else false
def every_answer(head):
    yield told(id=head.get("id"), ok=True, result={"entries": "none", "type": [1], "size": -1})
asked = again.answer(every_answer, 3, 6)
again.link.close()
for pid in agent_pids():
    os.kill(pid, 18)
"""


def test_lies_in_the_agents_place_are_survived(
    node: RunningNode, malice: Tenant, neighbour: Tenant
) -> None:
    """The agent is stopped; when the gate's worker is a new one, user code is there first."""
    before = workers_of(malice, neighbour)
    stopping = "[os.kill(pid, 19) for pid in agent_pids()]"
    lies = LIES.replace("OWN", repr(kernels_of(malice)))
    # One cell: while the agent is stopped, nothing else reaches the kernel.
    later = f"import threading\ndef lie():\n time.sleep(2)\n {stopping}\n exec({lies!r}, globals())"
    cell = f"{later}\nthreading.Thread(target=lie).start()"
    assert malice.run(cell) == ""
    time.sleep(3)
    os.kill(before[malice.session_id], signal.SIGKILL)
    wait_until(lambda: malice.gate_status()["agent_connected"], "somebody claims to be the agent")
    for path in ("", "/x.txt"):
        answer = malice.browser.lab(malice.project, "GET", f"/api/contents{path}")
        assert answer.status_code in (200, 400, 404, 409, 500, 503), answer.text
        assert "Traceback" not in answer.text
    assert neighbour.run("6 * 7") == "42\n"
    wait_until(lambda: computes(malice), "the agent is back", timeout_s=90)
    lied = json.loads(malice.run("print(json.dumps([ended, asked]))").strip())
    print(f"\nlies that ended the connection: {lied[0]!r}; asked meanwhile: {lied[1]}")
    workers = workers_of(malice, neighbour)
    assert workers[neighbour.session_id] == before[neighbour.session_id]
    assert all(peak_mb(pid) <= WORKER_LIMIT_MB for pid in workers.values())
    assert malice.has_recorded(cell)
    assert not list(node.settings.draft_root.glob(".drf-*")), "no half-made draft is left"


def test_killing_the_agent_ends_the_session_with_a_reason(
    node: RunningNode, malice: Tenant, neighbour: Tenant
) -> None:
    began = time.monotonic()
    cell = "[os.kill(pid, 9) for pid in agent_pids()]"
    with contextlib.suppress(WebSocketException):
        malice.run(cell, 15)

    def reason() -> str | None:
        with node.database.read() as tx:
            return store.session(tx, malice.session_id).reason

    wait_until(lambda: malice.is_gone() and reason(), "the pair is gone", timeout_s=20)
    taken_s = time.monotonic() - began
    assert re.search(r"the kernel container ended", str(reason())), reason()
    assert malice.has_recorded(cell)
    assert neighbour.run("6 * 7") == "42\n"
    print(f"\ngone after {taken_s:.1f} s: {reason()}")
    assert taken_s < 15
