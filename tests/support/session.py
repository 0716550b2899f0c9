"""A whole session without containers: real gate, real agent, real kernels, real Jupyter Server.

All run as the tests' own account in one temporary directory with short paths (a Unix socket's
path has at most 107 bytes). What containers add is tested elsewhere, in containers.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

REPOSITORY = Path(__file__).parents[2]
GATE = """
import asyncio, json, os, sys
from pathlib import Path
from vitrine.session.gate.order import Places
from vitrine.session.gate.parent import Parent
from vitrine.session.gate.worker import Worker
root = Path(sys.argv[1])
places = Places(sessions=root / "s", state=root / "g", journal=Path(sys.argv[2]), drafts=root / "d")
def run(order, pipe):
    asyncio.run(Worker(order, places, pipe).run())
Parent(places, root / "control.sock", frozenset({os.getuid()}), run).serve()
"""
LAB = """
import os, sys
sys.argv = ["lab"]
from vitrine.session.lab.kernels import GateProvisionerFactory
GateProvisionerFactory.instance()
from jupyter_server.serverapp import ServerApp
ServerApp.launch_instance(["--config=" + os.environ["LAB_CONFIG"]])
"""
LAB_CONFIG = """
from vitrine.session.lab.config import apply
c = get_config()
apply(c)
c.ServerApp.sock = ""
c.ServerApp.ip, c.ServerApp.port = "127.0.0.1", {port}
c.ServerApp.allow_root = True
c.IdentityProvider.token = "{token}"
c.ServerApp.root_dir = "{root}"
c.LabApp.workspaces_dir = "{root}/lw"
c.LabApp.user_settings_dir = "{root}/ls"
"""


def wait_for(condition: Any, what: str, timeout_s: float = 20.0) -> Any:
    """The first true value of `condition`, or a failure that names `what`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError, KeyError):
            value = condition()
            if value:
                return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {timeout_s} s")


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Session:
    """One running session; every process can be killed and started again."""

    session_id: str
    root: Path
    journal_root: Path
    token: str = "t" * 32
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.root / "w" / self.session_id

    @property
    def journal(self) -> Path:
        return self.journal_root / self.session_id / "journal.jsonl"

    def control(self, **request: Any) -> dict[str, Any]:
        """Ask the gate's parent."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(15)
            connection.connect(str(self.root / "control.sock"))
            connection.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(connection.makefile().readline())

    def status(self) -> dict[str, Any]:
        return self.control(op="status", session_id=self.session_id)

    def start_gate(self) -> None:
        arguments = [sys.executable, "-c", GATE, str(self.root), str(self.journal_root)]
        self.start("gate", arguments)
        wait_for(lambda: self.control(op="list")["ok"], "the gate's answer")

    def open(self) -> None:
        for part in ("lab", "kernel", "http"):
            (self.root / "s" / self.session_id / part).mkdir(parents=True, exist_ok=True)
        self.workspace.mkdir(parents=True, exist_ok=True)
        fields = {
            "session_id": self.session_id,
            "person": "ada",
            "project": "lung",
            "kernel_uid": os.getuid(),
            "lab_uid": os.getuid(),
            **self.order,
        }
        answer = self.control(op="open", session=fields)
        assert answer["ok"], answer

    def start_agent(self) -> None:
        environment = os.environ | {
            "VITRINE_GATE_SOCKET": str(self.root / "s" / self.session_id / "kernel" / "agent.sock"),
            "VITRINE_WORKSPACE": str(self.workspace),
            "VITRINE_RUNTIME": str(self.root / f"a-{self.session_id}"),
            "VITRINE_AGENT_SOCKET": str(self.root / f"x-{self.session_id}.sock"),
            "HOME": str(self.workspace),
            "JUPYTER_RUNTIME_DIR": str(self.root / "jr"),
        }
        self.start("agent", [sys.executable, "-m", "vitrine.session.agent"], environment)
        wait_for(lambda: self.status().get("agent_connected"), "the agent's connection")

    def start_lab(self) -> None:
        config = self.root / f"lab-{self.session_id}.py"
        config.write_text(LAB_CONFIG.format(port=self.port, token=self.token, root=self.root))
        environment = os.environ | {
            "VITRINE_GATE_DIRECTORY": str(self.root / "s" / self.session_id / "lab"),
            "LAB_CONFIG": str(config),
            "JUPYTER_CONFIG_DIR": str(self.root / "jc"),
            "JUPYTER_DATA_DIR": str(self.root / "jd"),
            "JUPYTER_RUNTIME_DIR": str(self.root / "jr"),
            "HOME": str(self.root),
        }
        self.start("lab", [sys.executable, "-c", LAB], environment)
        wait_for(lambda: self.http("GET", "/api/status")[0] == 200, "the lab's answer", 40)

    def start(self, name: str, arguments: list[str], environment: Any = None) -> None:
        log = open(self.root / f"{name}-{self.session_id}.log", "ab")
        self.processes[name] = subprocess.Popen(
            arguments, env=environment, stdout=log, stderr=log, cwd=self.root
        )

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def http(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Status and body of one request to the lab, signed in."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            return problem.code, problem.read()

    def new_kernel(self) -> Kernel:
        status, body = self.http("POST", "/api/kernels", {"name": "python3"})
        assert status == 201, body
        return Kernel(self, json.loads(body)["id"])

    def log(self, name: str) -> str:
        return (self.root / f"{name}-{self.session_id}.log").read_text(errors="replace")

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def close(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Kernel:
    """A page's websocket to one kernel, speaking the protocol that JupyterLab speaks."""

    def __init__(self, session: Session, kernel_id: str, client: str | None = None) -> None:
        self.session = session
        self.kernel_id = kernel_id
        self.client = client or os.urandom(8).hex()
        self.counter = 0
        self.connect()

    def connect(self) -> None:
        url = f"ws://127.0.0.1:{self.session.port}/api/kernels/{self.kernel_id}/channels"
        self.socket = websocket.create_connection(
            f"{url}?session_id={self.client}",
            header=[f"Authorization: token {self.session.token}"],
            timeout=60,
        )

    def send(self, msg_type: str, content: dict[str, Any], channel: str = "shell") -> str:
        self.counter += 1
        msg_id = f"{self.client}-{self.counter}"
        header = {
            "msg_id": msg_id,
            "msg_type": msg_type,
            "username": "",
            "session": self.client,
            "date": "2026-01-01T00:00:00Z",
            "version": "5.3",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "buffers": [],
            "channel": channel,
        }
        self.socket.send(json.dumps(message))
        return msg_id

    def receive(self, timeout_s: float = 60.0) -> dict[str, Any]:
        self.socket.settimeout(timeout_s)
        data = self.socket.recv()
        if isinstance(data, bytes):
            count = int.from_bytes(data[:4], "big")
            offsets = [int.from_bytes(data[4 * (i + 1) : 4 * (i + 2)], "big") for i in range(count)]
            end = offsets[1] if count > 1 else len(data)
            return json.loads(data[offsets[0] : end])
        return json.loads(data)

    def execute(self, code: str, **fields: Any) -> str:
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
        }
        return self.send("execute_request", content | fields)

    def collect(self, msg_id: str, timeout_s: float = 60.0) -> list[dict[str, Any]]:
        """All messages of a request until its reply and its idle have come."""
        found, has_reply, is_idle = [], False, False
        deadline = time.monotonic() + timeout_s
        while not (has_reply and is_idle):
            message = self.receive(max(0.1, deadline - time.monotonic()))
            if (message.get("parent_header") or {}).get("msg_id") != msg_id:
                continue
            found.append(message)
            kind = message["header"]["msg_type"]
            has_reply |= kind.endswith("_reply")
            is_idle |= kind == "status" and message["content"]["execution_state"] == "idle"
        return found

    def run(self, code: str, timeout_s: float = 60.0) -> str:
        """What a cell prints, shows or fails with."""
        return text_of(self.collect(self.execute(code), timeout_s))


def text_of(messages: list[dict[str, Any]]) -> str:
    parts = []
    for message in messages:
        content = message["content"]
        kind = message["header"]["msg_type"]
        if kind == "stream":
            parts.append(content["text"])
        elif kind in ("execute_result", "display_data"):
            parts.append(content["data"].get("text/plain", ""))
        elif kind == "error":
            parts.append(f"{content['ename']}: {content['evalue']}")
    return "".join(parts)


@contextlib.contextmanager
def a_session(
    *, lab: bool = True, journal_root: Path | None = None, **order: Any
) -> Iterator[Session]:
    """A running session; everything it made is removed afterwards."""
    root = Path(tempfile.mkdtemp(prefix="vt-", dir="/tmp"))
    for part in ("s", "g", "d", "j", "w"):
        (root / part).mkdir()
    session = Session("ses-000000000001", root, journal_root or root / "j", order=order)
    try:
        session.start_gate()
        session.open()
        session.start_agent()
        if lab:
            session.start_lab()
        yield session
    finally:
        session.close()
        shutil.rmtree(root, ignore_errors=True)
