"""People at work on one running node: a browser, a session and a kernel each."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker

from tests.support.node import PASSWORD, REPOSITORY, RunningNode, wait_until
from vitrine.hub.engine import Half
from vitrine.session import control

_spec = importlib.util.spec_from_file_location(
    "front_door", REPOSITORY / "deploy" / "demo" / "front_door.py"
)
assert _spec is not None
assert _spec.loader is not None
front_door = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(front_door)

PYTHON = "/opt/vitrine/venv/bin/python"


class Tenant:
    """One person with a session for one project, and a page with a kernel in it."""

    def __init__(self, node: RunningNode, person: str, project: str) -> None:
        self.node, self.person, self.project = node, person, project
        self.browser = front_door.Browser(node.settings.hub_url, node.settings.review_url, person)
        self.browser.sign_in(PASSWORD)
        before = set(node.gate_sessions())
        self.browser.start(project)
        (self.session_id,) = set(node.gate_sessions()) - before
        self.page = self.browser.notebook(project)

    def run(self, code: str, timeout_s: float = 60) -> str:
        """What a cell shows."""
        said: str = self.page.run(code, timeout_s)
        return said

    def median_round_trip_s(self, count: int) -> float:
        """The median of so many cells' round trips; each cell's output is checked."""
        taken = []
        for number in range(count):
            began = time.monotonic()
            assert self.run(f"print('line', {number})") == f"line {number}\n"
            taken.append(time.monotonic() - began)
        return sorted(taken)[count // 2]

    # -- what the node knows about it --------------------------------------------------------

    @property
    def journal(self) -> Path:
        """Where the session's journal lies."""
        return self.node.settings.journal_root / self.session_id / "journal.jsonl"

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        """The journal's records, of one kind or all."""
        lines = self.journal.read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return [record for record in found if kind in ("", record["kind"])]

    def cells(self) -> list[str]:
        """The code of every cell that the journal has, in order."""
        found = [record["body"] for record in self.records("in")]
        return [body["content"]["code"] for body in found if body["msg_type"] == "execute_request"]

    def has_recorded(self, code: str) -> bool:
        """Whether the journal has exactly this cell; outputs wait up to 100 ms, cells do not."""
        return code in self.cells()

    def gate_status(self) -> dict[str, Any]:
        """What the gate says about the session."""
        request = {"op": "status", "session_id": self.session_id}
        return control.ask(self.node.settings.gate_control_socket, request)

    def half(self, role: str) -> Half:
        """One of its two containers."""
        (found,) = [half for half in self.node.engine.halves(self.session_id) if half.role == role]
        return found

    def run_program(self, role: str, code: str) -> str:
        """What a Python program prints that is run in a container by the container's account."""
        client = docker.APIClient(version="auto", timeout=120)
        done = client.exec_create(self.half(role).container_id, [PYTHON, "-I", "-c", code])
        said: bytes = client.exec_start(done["Id"])
        return said.decode()

    def is_gone(self) -> bool:
        """Whether nothing of the session runs any more."""
        is_held = self.session_id in self.node.gate_sessions()
        return not is_held and not self.node.engine.halves(self.session_id)

    def stop(self) -> None:
        """End the session and wait until nothing of it is left."""
        self.browser.stop(self.project)
        wait_until(self.is_gone, "the session is gone")


@contextmanager
def a_tenant(node: RunningNode, person: str, project: str) -> Iterator[Tenant]:
    """Somebody at work; the session is gone afterwards."""
    found = Tenant(node, person, project)
    try:
        yield found
    finally:
        found.stop()


@contextmanager
def a_node_of(tenants: Mapping[str, str], **settings: object) -> Iterator[RunningNode]:
    """A node with one dataset, these people, and a project for each of them."""
    with RunningNode(**settings) as node:
        node.add_dataset()
        for person, project in tenants.items():
            node.add_person(person)
            node.add_project(project, [person])
        yield node


def peak_mb(pid: int) -> float:
    """The largest resident memory that a process ever had, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError(f"process {pid} has no memory")
