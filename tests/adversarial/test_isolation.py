"""From inside both containers of a session nothing is reachable, writable or told.

The attacks of `probe.py` run as a cell of a notebook in the kernel's container, so that they stand
in the journal, and as a program of the lab's account in the lab's container.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.node import RunningNode, why_not
from tests.support.tenants import Tenant, a_tenant

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]
ROLES = ("kernel", "lab")
PROBE = Path(__file__).with_name("probe.py").read_text()
MALICE, VICTIM = "hildegard", "bartholomew"
PROJECTS = {MALICE: "lungs-north", VICTIM: "livers-south"}


class Listeners:
    """What the host listens on during the attacks; counts who came."""

    def __init__(self) -> None:
        self.came = 0
        self.doors: list[tuple[str, str, int]] = []
        self.abstract = f"vitrine-test-{secrets.token_hex(4)}"
        self._sockets = [self._tcp(host) for host in ("127.0.0.1", "::1", *gateways())]
        unix = socket.socket(socket.AF_UNIX)
        unix.bind("\0" + self.abstract)
        unix.listen()
        self._serve(unix)

    def _tcp(self, host: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, 0), family=family)
        self.doors.append(("test", host, listener.getsockname()[1]))
        self._serve(listener)
        return listener

    def _serve(self, listener: socket.socket) -> None:
        def accept() -> None:
            while True:
                listener.accept()[0].close()
                self.came += 1

        threading.Thread(target=accept, daemon=True).start()


def gateways() -> list[str]:
    """The host's addresses on the engine's bridges."""
    command = ["ip", "-json", "-4", "address"]
    links = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    bridges = [each for each in links if each["ifname"].startswith(("docker", "br-"))]
    return [each["local"] for bridge in bridges for each in bridge["addr_info"]]


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


@pytest.fixture(scope="module")
def listeners() -> Listeners:
    return Listeners()


@pytest.fixture(scope="module")
def victim(node: RunningNode) -> Iterator[Tenant]:
    with a_tenant(node, VICTIM, PROJECTS[VICTIM]) as found:
        yield found


@pytest.fixture(scope="module")
def malice(node: RunningNode, victim: Tenant) -> Iterator[Tenant]:
    with a_tenant(node, MALICE, PROJECTS[MALICE]) as found:
        yield found


@pytest.fixture(scope="module")
def places(node: RunningNode, listeners: Listeners, victim: Tenant) -> dict[str, Any]:
    """What the attacks aim at; the victim listens, too, inside its own container."""
    listening = (
        "import socket\n"
        "tcp = socket.create_server(('127.0.0.1', 0))\n"
        "hidden = socket.socket(socket.AF_UNIX)\n"
        "hidden.bind(chr(0) + 'vitrine-victim'); hidden.listen()\n"
        "print(tcp.getsockname()[1])"
    )
    of_the_victim = ("victim", "127.0.0.1", int(victim.run(listening)))
    settings = node.settings
    urls = (settings.hub_url, settings.proxy_api_url, settings.review_url)
    of_the_node = [("node", "127.0.0.1", port_of(url)) for url in urls]
    by_gateway = [("node", host, port_of(settings.hub_url)) for host in gateways()]
    return {
        "doors": [*listeners.doors, *of_the_node, *by_gateway, of_the_victim],
        "abstract names": [listeners.abstract, "vitrine-victim", "/containerd-shim/x.sock"],
        "socket paths": [
            *("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"),
            *map(str, (settings.gate_control_socket, settings.host_socket)),
            *map(str, (settings.parser_socket, settings.hub_socket)),
            str(settings.session_root / victim.session_id / "kernel" / "agent.sock"),
            str(settings.session_root / victim.session_id / "http" / "lab.sock"),
        ],
        "writable": "/tmp",
        "canary": f"CANARY-{secrets.token_hex(8)}",
    }


@pytest.fixture(scope="module")
def cell(places: dict[str, Any]) -> str:
    return f"{PROBE}\n\nreport({places!r})\n"


@pytest.fixture(scope="module")
def outcomes(malice: Tenant, cell: str) -> dict[str, dict[str, Any]]:
    """How every attack ended, per container."""
    said = {"kernel": malice.run(cell, 120), "lab": malice.run_program("lab", cell)}
    found = {}
    for role, text in said.items():
        report = re.search(r"<<report (.*) report>>", text, re.DOTALL)
        assert report is not None, text[-2000:]
        found[role] = json.loads(report.group(1))
    return found


def test_every_attack_stands_in_the_journal(
    malice: Tenant, outcomes: dict[str, Any], cell: str
) -> None:
    assert len(outcomes["kernel"]) > 30
    assert malice.has_recorded(cell)


# -- one outcome each -------------------------------------------------------------------------

EXPECTED = {
    "interfaces": ["lo"],
    "tcp_to_the_internet": "ENETUNREACH",
    "tcp6_to_the_internet": "ENETUNREACH",
    "udp_to_the_internet": "ENETUNREACH",
    "udp6_to_the_internet": "ENETUNREACH",
    "udp_broadcast": "ENETUNREACH",
    "udp6_multicast": "ENETUNREACH",
    "name_lookup": "gaierror -3",
    "dns_of_the_engine": "ECONNREFUSED",
    "ping": "ENETUNREACH",
    "raw_icmp": "EPERM",
    "raw_icmp6": "EPERM",
    "families_other_than_four": ["EPERM"],
    "socketpair_other_than_unix": "EPERM",
    "netlink_new_link": "EPERM",
    "netlink_loopback_up_or_down": "EPERM",
    "netlink_new_address": "EPERM",
    "netlink_new_route": "EPERM",
    "ioctl_new_address": "EPERM",
    "enter_the_network_of_process_1": "EPERM",
    "calls_of_32_bits": "SIGSYS",
    "calls_of_x32": "SIGSYS",
    "programs_that_elevate": [],
    "core_dump": {"raised": "refused", "dumped": False, "left": []},
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", EXPECTED)
def test_an_attack_fails(outcomes: dict[str, Any], role: str, name: str) -> None:
    assert outcomes[role][name] == EXPECTED[name]


# -- many outcomes each: every one must be on a list ---------------------------------------------

REFUSED = {
    "named_families": {"EPERM"},
    "netlink_other_than_routes": {"EPERM"},
    "calls": {"EPERM"},
    "switches_of_the_kernel": {"EACCES", "EPERM", "EROFS", "ENOENT"},
    "replace_the_gates_sockets": {"EROFS"},
    "abstract_sockets_of_others": {"ECONNREFUSED"},
    "paths_of_the_host": {"ENOENT"},
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", REFUSED)
def test_all_of_a_kind_fail(outcomes: dict[str, Any], role: str, name: str) -> None:
    found = dict(outcomes[role][name])
    if name == "calls":
        assert found.pop("clone3") == "ENOSYS"  # so that the C library uses clone
    assert found
    assert {key: value for key, value in found.items() if value not in REFUSED[name]} == {}


@pytest.mark.parametrize("role", ROLES)
def test_no_door_of_the_host_or_a_neighbour_is_reached(
    outcomes: dict[str, Any], listeners: Listeners, places: dict[str, Any], role: str
) -> None:
    found = outcomes[role]["doors_of_the_host"]
    assert len(found) >= 4
    for where, ended in found.items():
        is_loopback = where.endswith((" 127.0.0.1", " ::1"))
        assert ended == ("ECONNREFUSED" if is_loopback else "ENETUNREACH"), where
    assert listeners.came == 0


def test_the_doors_were_open_all_the_time(
    outcomes: dict[str, Any], listeners: Listeners, places: dict[str, Any], victim: Tenant
) -> None:
    for name, host, port in places["doors"]:
        if name == "victim":
            assert victim.run(f"socket.create_connection(({host!r}, {port})).close()") == ""
        elif not (name == "node" and host in gateways()):
            socket.create_connection((host, port), timeout=5).close()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + listeners.abstract)


# -- files ----------------------------------------------------------------------------------------

CHANGES = {"EROFS", "EACCES", "EXDEV"}


def test_the_data_cannot_be_changed_or_carried_away(
    node: RunningNode, outcomes: dict[str, Any]
) -> None:
    found = outcomes["kernel"]["change_the_data"]
    assert len(found) == 3
    for path, attempts in found.items():
        assert len(attempts) >= 18
        assert set(attempts.values()) <= CHANGES, (path, attempts)
        assert attempts["create"] == attempts["make folder"] == attempts["chmod"] == "EROFS"
    assert outcomes["lab"]["change_the_data"] == {}, "the lab has no data"
    node.cli("dataset", "verify", "small-ct")


@pytest.mark.parametrize("role", ROLES)
def test_the_system_cannot_be_changed(outcomes: dict[str, Any], role: str) -> None:
    for path, ended in outcomes[role]["change_the_system"].items():
        if isinstance(ended, str):
            assert ended == "EROFS", path
        else:
            assert set(ended.values()) <= CHANGES, (path, ended)
            assert ended["create"] == "EROFS"


def test_only_three_places_can_be_written_and_nothing_elevates_there(
    outcomes: dict[str, Any],
) -> None:
    kernel, lab = (outcomes[role]["writable_places"] for role in ROLES)
    assert set(kernel) == {"/workspace", "/tmp", "/dev/shm"}
    assert set(lab) == {"/run/lab", "/tmp", "/dev/shm"}
    for where, options in [*kernel.items(), *lab.items()]:
        if where != "/run/lab":  # has the options of the host's /run
            assert {"nosuid", "nodev"} <= set(options), where


EXPECTED_SOCKETS = {
    "kernel": r"/run/gate/agent\.sock|/tmp/(vitrine-agent\.sock|\.vitrine/k-[0-9a-f]{8}-1-[1-5])",
    "lab": r"/run/gate/(rpc\.sock|k-[0-9a-f]{8}-[1-5])|/run/lab/lab\.sock",
}


@pytest.mark.parametrize("role", ROLES)
def test_every_socket_is_on_the_expected_list(outcomes: dict[str, Any], role: str) -> None:
    found = outcomes[role]["sockets"]
    assert len(found) == 7, "five of the one kernel and two more"
    assert [path for path in found if not re.fullmatch(EXPECTED_SOCKETS[role], path)] == []


def test_the_lab_sees_the_hubs_socket_and_nothing_else_of_the_hub(
    node: RunningNode, malice: Tenant
) -> None:
    assert [path.name for path in node.settings.hub_socket.parent.iterdir()] == ["hub.sock"]
    ask = (
        "import http.client, socket\n"
        "door = http.client.HTTPConnection('hub')\n"
        "door.sock = socket.socket(socket.AF_UNIX)\n"
        "door.sock.connect('/run/hub/hub.sock')\n"
        "door.request('GET', '/hub/api/users')\n"
        "print(door.getresponse().status)"
    )
    assert malice.run_program("lab", ask).strip() == "403"


# -- what is told ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_an_account_of_its_own_without_any_right(outcomes: dict[str, Any], role: str) -> None:
    found = outcomes[role]["identity"]
    assert len({*found["Uid"], *found["Gid"]}) == 1
    assert int(found["Uid"][0]) >= 200_000
    assert {found[name][0] for name in found if name.startswith("Cap")} == {"0" * 16}
    assert (found["NoNewPrivs"], found["Seccomp"]) == (["1"], ["2"])
    others = set(found["Groups"]) - {found["Uid"][0]}
    assert len(others) == (1 if role == "lab" else 0), "the lab may use the Hub's socket"


def secret_words(node: RunningNode, malice: Tenant, victim: Tenant) -> dict[str, str]:
    """What nobody may read in a kernel's container, by a name for it."""
    names = {name: name for name in (*PROJECTS, *PROJECTS.values(), victim.session_id)}
    urls = (node.settings.hub_url, node.settings.proxy_api_url, node.settings.review_url)
    addresses = {url: url.split("//")[1] for url in urls}
    program = "import os; print(os.environ['JUPYTERHUB_API_TOKEN'])"
    tokens = {f"token of {each.person}": each.run_program("lab", program).strip()
              for each in (malice, victim)}  # fmt: skip
    files = [path for path in node.settings.secrets_root.rglob("*") if path.is_file()]
    contents = {path.name: path.read_bytes().decode("latin-1").strip() for path in files}
    assert all(len(word) > 4 for word in [*tokens.values(), *contents.values()])
    return names | addresses | tokens | contents | {"hub variables": "JUPYTERHUB"}


def test_the_kernels_container_tells_no_secret_no_address_and_no_name(
    node: RunningNode, outcomes: dict[str, Any], malice: Tenant, victim: Tenant
) -> None:
    told = outcomes["kernel"]["everything_told"]
    assert {"/proc/1/environ", "/proc/1/cmdline", "/proc/1/mountinfo", "/proc/net/unix"} <= {*told}
    for name, word in secret_words(node, malice, victim).items():
        assert [path for path, text in told.items() if word in text] == [], name


def test_the_labs_container_tells_nothing_of_others(
    node: RunningNode, outcomes: dict[str, Any], malice: Tenant, victim: Tenant, cell: str
) -> None:
    told = {
        path: text.replace("\0", "\n")
        for path, text in outcomes["lab"]["everything_told"].items()
        if "def report" not in text  # the probe's own command line
    }
    assert any("JUPYTERHUB_API_TOKEN" in text for text in told.values()), "its own"
    words = secret_words(node, malice, victim)
    own = {MALICE, PROJECTS[MALICE], f"token of {MALICE}", "hub variables"}
    for name in words.keys() - own:
        if not name.startswith("http"):  # the Hub's public address is the lab's business
            assert [path for path, text in told.items() if words[name] in text] == [], name
    for word in ("/data/", "/workspace"):
        assert [path for path, text in told.items() if f" {word}" in text] == []


def test_what_a_process_prints_is_in_no_log_of_the_engine(
    outcomes: dict[str, Any], malice: Tenant, places: dict[str, Any]
) -> None:
    canary = places["canary"]
    for role in ROLES:
        assert "done" in outcomes[role]["speak_as_process_1"], "somebody's output was written to"
        container = malice.half(role).container_id
        logs = subprocess.run(["docker", "logs", container], capture_output=True)
        assert logs.returncode != 0
        assert canary.encode() not in logs.stdout + logs.stderr
    root = Path("/var/lib/docker/containers") / container
    assert root.is_dir()
    for path in root.rglob("*"):
        assert not path.is_file() or canary.encode() not in path.read_bytes()
    for path in Path("/var/log").rglob("*"):
        if path.is_file() and path.stat().st_size < 20_000_000:
            assert canary.encode() not in path.read_bytes(), path


def test_the_files_a_container_gets_about_names_are_neutral(outcomes: dict[str, Any]) -> None:
    for role in ROLES:
        told = outcomes[role]["everything_told"]
        assert told["/etc/resolv.conf"] == ""
        assert told["/etc/hosts"] == "127.0.0.1 localhost\n::1 localhost\n"
        assert told["/etc/hostname"] == "session\n"
