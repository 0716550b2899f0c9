"""The engine, its images, and the programs of the node that should answer."""

from __future__ import annotations

import errno
import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import docker
import httpx

from vitrine.cli.checkup.finding import Finding, fail, ok, warn
from vitrine.settings import Settings

_TIMEOUT_S: Final = 3.0
_LISTENING: Final = "0A"  # TCP_LISTEN in /proc/net/tcp


def check_engine(settings: Settings) -> Iterator[Finding]:
    """Whether the container engine answers and has what sessions start from."""
    try:
        client = docker.from_env(timeout=int(_TIMEOUT_S))
        about = client.info()
    except Exception as error:  # the library raises what its transport raises
        reason = str(error).splitlines()[0][:200]
        fix = "as root: systemctl start docker (without systemd: service docker start)"
        yield fail("engine", f"does not answer: {reason}", fix)
        return
    yield _security(about)
    for image in (settings.kernel_image, settings.lab_image):
        try:
            yield ok("images", f"{image} is {client.images.get(image).short_id}")
        except docker.errors.ImageNotFound:
            yield fail("images", f"{image} is missing", "./run images builds it")
        except docker.errors.APIError as error:
            yield fail("images", f"{image}: {error.explanation}", "docker image ls")


def _security(about: dict[str, Any]) -> Finding:
    version = f"Docker {about.get('ServerVersion', '?')}"
    if not any("seccomp" in option for option in about.get("SecurityOptions") or ()):
        return fail("engine", f"{version} without seccomp", "use an engine and kernel with seccomp")
    if about.get("SwapLimit") is False and _has_swap():
        return warn("engine", f"{version}; swap of containers cannot be limited", "swapoff -a")
    return ok("engine", f"{version} with seccomp")


def _has_swap() -> bool:
    try:
        return len(Path("/proc/swaps").read_text().splitlines()) > 1
    except OSError:
        return False


def check_sockets(settings: Settings) -> Iterator[Finding]:
    """Whether the programs that other programs ask are there to answer."""
    for process, path in (
        ("host", settings.host_socket),
        ("gate", settings.gate_control_socket),
        ("parser", settings.parser_socket),
        ("hub", settings.hub_socket),
    ):
        yield _answers(process, path)


def _answers(process: str, path: Path) -> Finding:
    check = f"{process} socket"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_TIMEOUT_S)
            connection.connect(str(path))
    except PermissionError:
        return warn(check, f"this login may not reach {path}", "run vitrine doctor as root")
    except OSError as error:
        reason = (
            "nobody listens" if error.errno == errno.ECONNREFUSED else os.strerror(error.errno or 0)
        )
        return fail(check, f"{path}: {reason}", f"start the {process} of this node")
    return ok(check, f"{path} answers")


def check_ports(settings: Settings) -> Iterator[Finding]:
    """Whether the three addresses are served, and by this node rather than by something else."""
    accounts = settings.accounts
    yield _served("hub address", settings.hub_url, accounts["proxy"], "/hub/api")
    yield _served("review address", settings.review_url, accounts["review"], "/")
    yield _served("proxy address", settings.proxy_api_url, accounts["proxy"], None)


def _served(check: str, url: str, account: str, path: str | None) -> Finding:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname, port), _TIMEOUT_S):
            pass
    except OSError as error:
        fix = f"start the node; {account} serves this address"
        return fail(check, f"{url} does not answer ({error.strerror or error})", fix)
    stranger = _stranger(parts, port, account)
    if stranger:
        fix = "stop that program, or choose another port in the environment file"
        return fail(check, f"port {port} is in use by {stranger}", fix)
    return ok(check, url) if path is None else _page(check, url, path)


def _page(check: str, url: str, path: str) -> Finding:
    try:
        status = httpx.get(url.rstrip("/") + path, timeout=_TIMEOUT_S).status_code
    except httpx.HTTPError as error:
        return fail(check, f"{url} answers, but not in HTTP ({type(error).__name__})", "restart it")
    if status >= 500:
        return fail(check, f"{url}{path} answers {status}", "read the log of that process")
    return ok(check, f"{url} answers")


def _stranger(parts: SplitResult, port: int, account: str) -> str:
    """Whose program listens on a port of this machine, when it is not `account`'s."""
    if parts.scheme == "https" or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return ""  # a reverse proxy stands there, or another machine
    owners = _listeners(port)
    try:
        expected = pwd.getpwnam(account).pw_uid
    except KeyError:
        return ""
    if not owners or expected in owners:
        return ""
    uid = min(owners)
    try:
        return f"a program of {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"a program of uid {uid}"


def _listeners(port: int) -> set[int]:
    """The uids that listen on a TCP port here."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            local, state, uid = (line.split()[index] for index in (1, 3, 7))
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                found.add(int(uid))
    return found
