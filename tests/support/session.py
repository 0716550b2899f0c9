"""A whole session without containers: real gate, real agent, real kernels, real Jupyter Server.

All run as the tests' own account in one temporary directory with short paths (a Unix socket's
path has at most 107 bytes). What containers add is tested elsewhere, in containers.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

PROTOCOL = "v1.kernel.websocket.jupyter.org"
_UNCLAIMED_LIMIT = 1000
REPOSITORY = Path(__file__).parents[2]
GATE = """
import asyncio, json, os, sys
from pathlib import Path
from vitrine.session.gate.order import Places
from vitrine.session.gate.parent import Parent
from vitrine.session.gate.worker import Worker
root = Path(sys.argv[1])
places = Places(sessions=root / "s", state=root / "g", journal=Path(sys.argv[2]), drafts=root / "d",
                shares=root / "h")
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
c.ServerApp.sock = "{sock}"
del c.ServerApp.port
if {port}:
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


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, as the Hub's proxy speaks to the lab."""

    def __init__(self, path: Path, timeout_s: float = 60) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def rss_mb(pid: int) -> float:
    """Resident memory of one process, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@dataclass
class Session:
    """One running session; every process can be killed and started again."""

    session_id: str
    root: Path
    journal_root: Path
    token: str = "t" * 32
    port: int = 0
    """A loopback port for a browser; 0 for the Unix socket only."""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.root / "w" / self.session_id

    @property
    def lab_socket(self) -> Path:
        return self.root / "s" / self.session_id / "http" / "lab.sock"

    @property
    def draft_root(self) -> Path:
        return self.root / "d"

    @property
    def share_root(self) -> Path:
        return self.root / "h"

    @property
    def worker_pid(self) -> int:
        return int(self.status()["worker_pid"])

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
        config.write_text(
            LAB_CONFIG.format(
                port=self.port, sock=self.lab_socket, token=self.token, root=self.root
            )
        )
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
        with open(self.root / f"{name}-{self.session_id}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                arguments, env=environment, stdout=log, stderr=log, cwd=self.root
            )

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def http(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        timeout_s: float = 60,
    ) -> tuple[int, bytes]:
        """Status and body of one request to the lab, signed in."""
        connection: http.client.HTTPConnection
        if self.port:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        else:
            connection = UnixConnection(self.lab_socket, timeout_s)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f"token {self.token}", **(headers or {})}
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer of a request that must succeed."""
        status, answer = self.http(method, path, body)
        assert status < 300, (status, answer[:500])
        return json.loads(answer) if answer else None

    def new_kernel(self) -> Kernel:
        status, body = self.http("POST", "/api/kernels", {"name": "python3"})
        assert status == 201, body
        return Kernel(self, json.loads(body)["id"])

    def kernel_pid(self, kernel: Kernel) -> int:
        return int(kernel.run("import os; print(os.getpid())"))

    def kill_worker(self) -> None:
        """End the gate's worker of this session, and wait until another serves."""
        pid = self.worker_pid
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.worker_pid not in (0, pid), "a new worker")

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Bodies of the journal's records of one kind, those of a moment ago too."""
        time.sleep(0.15)  # what nobody waits for is in the file within 100 ms
        return [record["body"] for record in self.records() if record["kind"] == kind]

    def log(self, name: str) -> str:
        return (self.root / f"{name}-{self.session_id}.log").read_text(errors="replace")

    def records(self) -> list[dict[str, Any]]:
        lines = self.journal.read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

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
        self.unclaimed: list[dict[str, Any]] = []
        self.connect()

    def connect(self) -> None:
        session = self.session
        if session.port:
            peer = socket.create_connection(("127.0.0.1", session.port))
        else:
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(str(session.lab_socket))
        peer.settimeout(60)
        self.socket = websocket.create_connection(
            f"ws://localhost/api/kernels/{self.kernel_id}/channels?session_id={self.client}",
            header=[f"Authorization: token {session.token}"],
            subprotocols=[PROTOCOL],
            socket=peer,
            timeout=60,
        )

    def disconnect(self) -> None:
        self.socket.close()

    def send(
        self,
        msg_type: str,
        content: Any,
        channel: str = "shell",
        *,
        buffers: tuple[bytes, ...] = (),
        **header: Any,
    ) -> str:
        """Send a message in the protocol of JupyterLab; its id comes back."""
        self.counter += 1
        msg_id = f"{self.client}-{self.counter}"
        fields = {
            "msg_id": msg_id,
            "msg_type": msg_type,
            "username": "",
            "session": self.client,
            "date": "2026-01-01T00:00:00Z",
            "version": "5.3",
            **header,
        }
        parts = [json.dumps(part).encode() for part in (fields, {}, {})]
        parts.append(content if isinstance(content, bytes) else json.dumps(content).encode())
        self.send_parts(channel, [*parts, *buffers])
        return str(fields["msg_id"])

    def send_parts(self, channel: str, parts: list[bytes]) -> None:
        """Send whatever parts, well formed or not."""
        count = len(parts) + 2
        offsets = [8 * (count + 1)]
        for part in (channel.encode(), *parts):
            offsets.append(offsets[-1] + len(part))
        head = b"".join(number.to_bytes(8, "little") for number in (count, *offsets))
        self.socket.send_binary(head + channel.encode() + b"".join(parts))

    def receive(self, timeout_s: float = 60.0) -> dict[str, Any]:
        """The next message, with the channel it came on and its buffers."""
        self.socket.settimeout(timeout_s)
        data = self.socket.recv()
        count = int.from_bytes(data[:8], "little")
        marks = [int.from_bytes(data[8 * (at + 1) : 8 * (at + 2)], "little") for at in range(count)]
        parts = [data[start:end] for start, end in itertools.pairwise(marks)]
        names = ("header", "parent_header", "metadata", "content")
        message = {name: json.loads(part) for name, part in zip(names, parts[1:5], strict=True)}
        return message | {"channel": parts[0].decode(), "buffers": parts[5:]}

    def drain(self, quiet_s: float = 0.3) -> list[dict[str, Any]]:
        """Everything that arrives until nothing does for a moment."""
        found = []
        with contextlib.suppress(websocket.WebSocketTimeoutException):
            while True:
                found.append(self.receive(quiet_s))
        return found

    def receive_until(
        self, wanted: Callable[[dict[str, Any]], Any], timeout_s: float = 30
    ) -> dict[str, Any]:
        """The first message for which `wanted` is true; those before it are thrown away."""
        deadline = time.monotonic() + timeout_s
        while True:
            message = self.receive(max(0.1, deadline - time.monotonic()))
            if wanted(message):
                return message

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
        """All messages of a request until its reply and its idle have come.

        Those of other requests are kept for when they are asked for: replies and outputs come
        through different sockets, so those of two requests may be interleaved.
        """
        found, has_reply, is_idle = [], False, False
        kept, self.unclaimed = self.unclaimed, []
        deadline = time.monotonic() + timeout_s
        while not (has_reply and is_idle):
            remaining = max(0.1, deadline - time.monotonic())
            message = kept.pop(0) if kept else self.receive(remaining)
            if (message.get("parent_header") or {}).get("msg_id") != msg_id:
                self.unclaimed.append(message)
                continue
            found.append(message)
            kind = message["header"]["msg_type"]
            has_reply |= kind.endswith("_reply")
            is_idle |= kind == "status" and message["content"]["execution_state"] == "idle"
        self.unclaimed = [*self.unclaimed, *kept][-_UNCLAIMED_LIMIT:]
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
    for part in ("s", "g", "d", "h", "j", "w"):
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


@contextlib.contextmanager
def a_neighbour(of: Session, *, lab: bool = True, **order: Any) -> Iterator[Session]:
    """Another session under the same gate, numbered one higher."""
    number = int(of.session_id[-4:]) + 1
    session = Session(f"ses-{number:012d}", of.root, of.journal_root, order=order)
    try:
        session.open()
        session.start_agent()
        if lab:
            session.start_lab()
        yield session
    finally:
        session.close()
