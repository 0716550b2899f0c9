"""The demo's node: its settings, its processes under supervisord, its people and data.

Everything is done with the product's own commands; this only calls them in order.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
HOME = ROOT / "var" / "demo"
ENV_FILE = HOME / "vitrine.env"
PASSWORDS = HOME / "passwords"
DELIVERIES = HOME / "deliveries"
SHARED = ROOT.parent / "shared" / "data" / "dicom"

PEOPLE = {
    "ada": (("researcher",), "Ada, researcher"),
    "olga": (("output_checker",), "Olga, output checker"),
    "omar": (("output_checker", "senior_checker"), "Omar, senior checker"),
    "admin": (("administrator",), "Administrator"),
}
PROJECTS = {
    "lung-nodules": ("Nodule burden on chest CT", ("lung-ct", "reference-scans")),
    "prostate-lesions": ("Prostate lesions on MR", ("prostate-mr",)),
}


class DemoProblem(Exception):
    """Why the demo cannot go on, and what to do."""


def run_root() -> Path:
    """A short path, because a Unix socket's has at most 107 bytes."""
    return Path("/run") / f"vitrine-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]}"


def vitrine(*words: str, stdin: str | None = None, ok: Sequence[int] = (0,)) -> Any:
    """Run `vitrine …`; its JSON when it printed some, else its text.

    Raises:
        DemoProblem: with the command's own sentence.
    """
    done = subprocess.run(
        [BIN / "vitrine", *words],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "VITRINE_ENV_FILE": str(ENV_FILE)},
        timeout=900,
        check=False,
    )
    if done.returncode not in ok:
        raise DemoProblem(f"vitrine {' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout


def write_settings() -> str:
    """The node's environment file and directories; kept when it is there."""
    HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    wanted = {
        "node_name": f"demo-{run_root().name[-6:]}",
        "state_root": HOME / "state",
        "run_root": run_root(),
        "audit_sink": HOME / "offhost" / "checkpoints.jsonl",
        "session_memory_mb": 2048,
        "workspace_mb": 512,
    }
    lines = ["# The demo's node; deploy/env.example explains each variable."]
    lines += [f"VITRINE_{name.upper()}={value}" for name, value in wanted.items()]
    ENV_FILE.write_text("\n".join(lines) + "\n")
    vitrine("node", "init")
    return f"settings in {ENV_FILE.relative_to(ROOT)}"


def add_people() -> str:
    """Accounts with random passwords, written once to a file that only root reads."""
    known = {account["name"] for account in vitrine("user", "list", "--json")}
    passwords = read_passwords()
    for name, (roles, display_name) in PEOPLE.items():
        if name in known and name in passwords:
            continue
        passwords[name] = secrets.token_urlsafe(12)
        _write_passwords(passwords)
        given = [word for role in roles for word in ("--role", role)]
        words = (*given, "--display-name", display_name, "--password-stdin")
        if name in known:
            vitrine("user", "reset", name, "--password-stdin", stdin=passwords[name] + "\n")
        else:
            vitrine("user", "add", name, *words, stdin=passwords[name] + "\n")
    return ", ".join(f"{name} ({roles[-1]})" for name, (roles, _) in PEOPLE.items())


def read_passwords() -> dict[str, str]:
    """Name → password, from the file."""
    try:
        lines = PASSWORDS.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split(" ", 1) for line in lines if " " in line and not line.startswith("#"))


def _write_passwords(passwords: dict[str, str]) -> None:
    descriptor = os.open(PASSWORDS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("# name password\n")
        file.writelines(f"{name} {password}\n" for name, password in passwords.items())


def publish_data() -> str:
    """Generate the deliveries and publish them, unless they are published already."""
    known = {dataset["dataset"] for dataset in vitrine("dataset", "list", "--json")}
    names = {name for _, datasets in PROJECTS.values() for name in datasets}
    if names <= known:
        return f"{len(names)} datasets were published before"
    shutil.rmtree(DELIVERIES, ignore_errors=True)
    command = [str(BIN / "python"), str(Path(__file__).with_name("phantoms.py")), str(DELIVERIES)]
    if SHARED.is_dir():
        command += ["--shared", str(SHARED)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoProblem(f"the demo's images could not be generated: {done.stderr.strip()}")
    told = []
    for data in json.loads(done.stdout)["datasets"]:
        if data["name"] not in known:
            about = ("--title", data["title"], "--description", data["description"])
            tables = ("--clinical", data["clinical"], "--name", data["name"])
            vitrine("dataset", "publish", data["images"], *tables, *about)
        told.append(f"{data['name']} ({data['series']} series, {data['instances']} images)")
    shutil.rmtree(DELIVERIES, ignore_errors=True)
    return ", ".join(told)


def create_projects() -> str:
    """Two projects, of both of which the researcher is a member."""
    known = {project["id"] for project in vitrine("project", "list", "--json")}
    for name, (title, datasets) in PROJECTS.items():
        if name in known:
            continue
        words = [word for dataset in datasets for word in ("--dataset", dataset)]
        vitrine("project", "create", name, "--title", title, "--expires", "2030-12-31", *words)
        vitrine("project", "add", name, "ada")
    return ", ".join(PROJECTS)


# -- processes -----------------------------------------------------------------------------


def start_service(wait_s: float = 90) -> str:
    """Start the node, at boot too, or start it again; wait until people can sign in.

    Raises:
        DemoProblem: when a port is taken or a process does not come up.
    """
    runs = _node("status").returncode == 0
    if not runs:
        for port in (8000, 8001, 8010):
            _check_port(port)
    # What runs was started from the code of then; sessions outlive a restart.
    for verb in ("restart" if runs else "start", "enable"):
        done = _node(verb)
        if done.returncode:
            raise DemoProblem((done.stderr or done.stdout).strip())
    deadline = time.monotonic() + wait_s
    while not (_answers(8000, "/hub/login") and _answers(8010, "/")):
        if time.monotonic() > deadline:
            said = _node("status").stdout
            raise DemoProblem(f"the service did not come up; see var/demo/state/logs\n{said}")
        time.sleep(0.25)
    return "http://127.0.0.1:8000 and http://localhost:8010"


def _node(verb: str) -> subprocess.CompletedProcess[str]:
    """Run `deploy/supervisor/node.sh`, which starts and stops a node's processes."""
    return subprocess.run(
        ["sh", str(ROOT / "deploy" / "supervisor" / "node.sh"), verb],
        capture_output=True,
        text=True,
        env={**os.environ, "VITRINE_ENV_FILE": str(ENV_FILE)},
        check=False,
    )


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise DemoProblem(
                f"port {port} of 127.0.0.1 is taken by another program; end it and run this again"
            ) from None


def _answers(port: int, path: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as peer:
        host = "localhost:8010" if port == 8010 else f"127.0.0.1:{port}"
        peer.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        return peer.recv(12)[9:10] in (b"2", b"3")
    return False


def remove_sessions() -> None:
    """Remove containers and mounts of sessions, when no Hub is left to do it."""
    docker = os.environ.get("DOCKER", "/usr/bin/docker")
    label = f"label=vitrine.node=demo-{run_root().name[-6:]}"
    listed = subprocess.run(
        [docker, "ps", "-aq", "--filter", label], capture_output=True, text=True, check=False
    )
    if containers := listed.stdout.split():
        subprocess.run([docker, "rm", "-f", *containers], capture_output=True, check=False)
    workspaces = str(HOME / "state" / "workspaces")
    for line in reversed(Path("/proc/mounts").read_text().splitlines()):
        if (target := line.split()[1]).startswith(f"{workspaces}/"):
            subprocess.run(["umount", target], check=False)
    shutil.rmtree(run_root(), ignore_errors=True)


def remove() -> None:
    """Remove the whole node: processes, containers, mounts, files."""
    if ENV_FILE.exists():
        _node("stop")
        _node("disable")
    remove_sessions()
    shutil.rmtree(HOME, ignore_errors=True)


def versions() -> dict[str, str]:
    """Versions of what the demo ran with."""
    from importlib.metadata import version

    names = ("vitrine", "jupyterhub", "dockerspawner", "fastapi", "pyzmq", "pydicom", "SimpleITK")
    found = {name: version(name) for name in names}
    docker = os.environ.get("DOCKER", "/usr/bin/docker")
    engine = subprocess.run(
        [docker, "version", "-f", "{{.Server.Version}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return {**found, "docker": engine.stdout.strip(), "python": sys.version.split()[0]}
