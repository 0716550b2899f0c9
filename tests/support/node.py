"""A whole node in a temporary directory, run by its own programs under their own accounts.

Real proxy, host helper, gate and Hub; real images; only the paths, ports and sizes are the
test's. Needs root, a Docker engine, the built images and the accounts of `deploy/accounts.sh`.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import docker
import pydicom
from pydicom.data import get_testdata_file

from tests.support.person import Person
from vitrine.hub.engine import Engine, Half
from vitrine.session import control
from vitrine.session.host import disks
from vitrine.settings import Settings
from vitrine.settings import load as load_settings
from vitrine.storage.database import Database

REPOSITORY = Path(__file__).parents[2]
BIN = REPOSITORY / ".venv" / "bin"
PASSWORD = "correct horse battery"
PROGRAMS = ("proxy", "host", "gate", "hub")
REVIEW_PROGRAMS = ("parser", "steward", "review")
_MODULES = {
    "host": "vitrine.session.host",
    "gate": "vitrine.session.gate",
    "hub": "vitrine.hub",
    "parser": "vitrine.egress.sandbox",
    "steward": "vitrine.steward",
    "review": "egress_review",
}


def why_not() -> str:
    """Why no node can be run here; empty when one can."""
    if os.geteuid() != 0:
        return "a node needs root"
    try:
        client = docker.APIClient(version="auto", timeout=10)
        for image in ("vitrine/kernel", "vitrine/lab"):
            client.inspect_image(image)
        pwd.getpwnam("vitrine-hub")
    except docker.errors.ImageNotFound:
        return "the images are not built (./run images)"
    except docker.errors.DockerException:
        return "no Docker engine answers"
    except KeyError:
        return "the node's accounts are not there (deploy/accounts.sh)"
    if not (BIN / "configurable-http-proxy").exists():
        return "the proxy is not installed (./run env)"
    return ""


class RunningNode:
    """One node; use it as a context manager, so that nothing of it stays behind."""

    def __init__(self, **settings: object) -> None:
        name = f"vt-{secrets.token_hex(3)}"
        self.root = Path("/var/tmp") / name
        self.root.mkdir(mode=0o755)
        hub_port, api_port, review_port = free_ports(3)
        wanted = {
            "node_name": name,
            "state_root": self.root / "state",
            "run_root": Path("/run") / name,
            "hub_url": f"http://127.0.0.1:{hub_port}",
            "proxy_api_url": f"http://127.0.0.1:{api_port}",
            "review_url": f"http://localhost:{review_port}",
            "workspace_mb": 64,
            "session_memory_mb": 512,
            "session_tmp_mb": 64,
            **settings,
        }
        lines = [f"VITRINE_{key.upper()}={value}" for key, value in wanted.items()]
        env_file = self.root / "vitrine.env"
        env_file.write_text("\n".join(lines) + "\n")
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("VITRINE_")},
            "VITRINE_ENV_FILE": str(env_file),
            "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/nonexistent",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.settings: Settings = load_settings({"VITRINE_ENV_FILE": str(env_file)})
        self.engine = Engine(name)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> RunningNode:
        try:
            self.cli("node", "init")
            self.database = Database.open(self.settings)
            for program in PROGRAMS:
                self.start(program)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for program in reversed([*self.processes]):
            self.stop(program)
        for half in self.engine.halves():
            self.engine.remove_half(half)
        for workspace_id in list(disks.mounted(self.settings.workspace_root)):
            disks.unmount(self.settings.workspace_root, workspace_id)
        shutil.rmtree(self.settings.run_root, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)

    # -- what an administrator does ---------------------------------------------------------

    def cli(self, *words: str, stdin: str = "") -> Any:
        """Run `vitrine …`, and return what it printed, from JSON where it is some."""
        done = subprocess.run(
            [BIN / "vitrine", *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=120,
        )
        assert done.returncode == 0, f"vitrine {' '.join(words)}: {done.stderr}{done.stdout}"
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout

    def add_person(self, name: str, *roles: str) -> Person:
        """An account that signs in with `PASSWORD`; a researcher if nothing else is said."""
        words = [word for role in roles or ("researcher",) for word in ("--role", role)]
        self.cli("user", "add", name, *words, "--password-stdin", stdin=PASSWORD + "\n")
        return self.person(name)

    def person(self, name: str) -> Person:
        """Somebody who has an account, before a browser that knows nothing yet."""
        return Person(self.settings.hub_url, name, PASSWORD)

    def add_dataset(self, name: str = "small-ct") -> Path:
        """Publish one small series, and return where it was published."""
        delivery = self.root / "delivery" / name
        delivery.mkdir(parents=True)
        image = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        image.PatientID = "P0001"
        image.PatientIdentityRemoved = "YES"
        image.save_as(delivery / "1.dcm")
        table = self.root / "delivery" / f"{name}.csv"
        table.write_text("PatientID,age\nP0001,61\n")
        words = ("--clinical", str(table), "--name", name, "--title", "Small CT")
        self.cli("dataset", "publish", str(delivery), *words)
        return self.settings.dataset_root / name / "1"

    def add_project(self, name: str, members: Iterable[str], dataset: str = "small-ct") -> None:
        """A project that ends in 2099."""
        words = ("--title", f"Project {name}", "--dataset", dataset, "--expires", "2099-12-31")
        self.cli("project", "create", name, *words)
        for member in members:
            self.cli("project", "add", name, member)

    # -- programs ---------------------------------------------------------------------------

    def start_reviews(self) -> None:
        """Start what exports need beside sessions: parser, steward, review application."""
        for program in REVIEW_PROGRAMS:
            self.start(program)

    def start(self, program: str, **environment_: str) -> None:
        """Start one program under its account and wait until it answers."""
        is_root = program in ("host", "parser")
        account = "root" if is_root else getattr(self.settings, f"account_{program}")
        environment = {**self._environment, **environment_}
        become = ["setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups"]
        with (self.root / f"{program}.log").open("ab") as log:
            self.processes[program] = subprocess.Popen(
                [*become, *self._command(program)],
                env=environment,
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        answers: Callable[[], bool] = {
            "proxy": lambda: _listens(self.settings.proxy_api_url),
            "host": lambda: _answers(self.settings.host_socket),
            "gate": lambda: _answers(self.settings.gate_control_socket),
            "hub": self._hub_answers,
            "parser": lambda: _accepts(self.settings.parser_socket),
            "steward": lambda: True,  # serves nobody; that it runs is checked
            "review": lambda: _listens(self.settings.review_url),
        }[program]
        wait_until(answers, f"the {program} answers", lambda: self._still_runs(program), 60)

    def kill(self, program: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one program and wait for its end."""
        process = self.processes[program]
        process.send_signal(number)
        process.wait(30)

    def stop(self, program: str) -> None:
        """End one program, gently first."""
        process = self.processes.pop(program, None)
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def log(self, program: str) -> str:
        """What a program wrote so far."""
        return (self.root / f"{program}.log").read_text(errors="replace")

    def run_inside(self, role: str, script: str) -> Any:
        """Run a Python script in the running container of that role; what it printed, as JSON."""
        client = docker.APIClient(version="auto", timeout=60)
        (half,) = [each for each in self.halves() if each.role == role and each.is_running]
        command = ["/opt/vitrine/venv/bin/python", "-I", "-c", script]
        done = client.exec_create(half.container_id, command)
        printed = client.exec_start(done["Id"])
        assert client.exec_inspect(done["Id"])["ExitCode"] == 0, printed.decode()
        return json.loads(printed)

    def kill_half(self, role: str) -> None:
        """Kill the container of that role, as the kernel's out-of-memory killer might."""
        (half,) = [each for each in self.halves() if each.role == role]
        docker.APIClient(version="auto", timeout=60).kill(half.container_id)

    # -- what there is ----------------------------------------------------------------------

    def halves(self) -> tuple[Half, ...]:
        """The containers of this node."""
        return self.engine.halves()

    def gate_sessions(self) -> list[str]:
        """The sessions that the gate holds open."""
        answer = control.ask(self.settings.gate_control_socket, {"op": "list"})
        return [each["session_id"] for each in answer["sessions"]]

    def host_sessions(self) -> list[str]:
        """The sessions that have directories."""
        answer = control.ask(self.settings.host_socket, {"op": "list"})
        return [each["session_id"] for each in answer["sessions"]]

    def mounts(self) -> list[int]:
        """The workspaces that are mounted."""
        return list(disks.mounted(self.settings.workspace_root))

    def audited(self, event: str) -> list[dict[str, Any]]:
        """The audit log's entries of one kind, oldest first."""
        found: list[dict[str, Any]] = self.cli("audit", "list", "--event", event, "--json")
        return found

    def _command(self, program: str) -> list[str]:
        if program == "proxy":
            return [str(BIN / "python"), str(REPOSITORY / "deploy" / "proxy" / "start.py")]
        config = ["-f", str(REPOSITORY / "jupyterhub_config.py")] if program == "hub" else []
        command = [str(BIN / "python"), "-m", _MODULES[program], *config]
        return [*self._in_empty_network(), *command] if program == "parser" else command

    def _in_empty_network(self) -> list[str]:
        account = self.settings.account_parser
        become = ["setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups"]
        return ["unshare", "--net", "--", *become, "--bounding-set=-all", "--no-new-privs"]

    def _hub_answers(self) -> bool:
        return _accepts(self.settings.hub_socket) and self.person("nobody").sees_the_sign_in()

    def _still_runs(self, program: str) -> None:
        code = self.processes[program].poll()
        assert code is None, f"the {program} ended with {code}: {self.log(program)[-3000:]}"


def wait_until(
    condition: Callable[[], Any],
    what: str,
    check: Callable[[], None] = lambda: None,
    timeout_s: float = 30,
) -> None:
    """Return when `condition` holds; `check` may fail earlier."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        check()
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain until {what}"
        time.sleep(0.1)


def _accepts(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(path))
            return True
    except OSError:
        return False


def _answers(path: Path) -> bool:
    try:
        return bool(control.call(path, {"op": "list"}, timeout_s=5).get("ok"))
    except Exception:
        return False


def _listens(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(_port(url))), timeout=2).close()
    except OSError:
        return False
    return True


def _port(url: str) -> str:
    return url.rsplit(":", 1)[1]


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody uses now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in listeners]
    for each in listeners:
        each.close()
    return ports
