"""What the engine is asked for: everything closed, nothing that a person chose."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.cellar import some_settings
from vitrine.hub import containers
from vitrine.hub.app import SECCOMP_PROFILE
from vitrine.hub.containers import Node, Role
from vitrine.permits.project import LimitOverrides
from vitrine.workspaces.spec import Limits, Mount, WorkspaceSpec

TOKEN = "0123456789abcdef0123456789abcdef"
PROJECT = "lung-nodules"
PERSON = "ann"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    settings = some_settings(tmp_path)
    return Node(settings=settings, seccomp=SECCOMP_PROFILE.read_text(), web_gid=61003)


@pytest.fixture
def spec(node: Node) -> WorkspaceSpec:
    return WorkspaceSpec(
        session_id="ses-0123456789ab",
        person=PERSON,
        project=PROJECT,
        kernel_image="vitrine/kernel",
        lab_image="vitrine/lab",
        mounts=(Mount("chest-ct", 3, Path("/srv/datasets/chest-ct/3")),),
        workspace_id=7,
        kernel_uid=200007,
        lab_uid=300007,
        limits=Limits.of(node.settings, LimitOverrides()),
        expires_at=datetime(2099, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def kernel(spec: WorkspaceSpec, node: Node) -> dict[str, Any]:
    return containers.kernel(spec, node, "sha256:aa", Path("/srv/workspaces/7"))


@pytest.fixture
def lab(spec: WorkspaceSpec, node: Node) -> dict[str, Any]:
    environment = {"JUPYTERHUB_API_TOKEN": TOKEN, "JUPYTERHUB_API_URL": containers.HUB_API}
    return containers.lab(spec, node, "sha256:bb", environment)


@pytest.fixture(params=["kernel", "lab"])
def either(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.getfixturevalue(request.param)
    return found


def test_neither_half_has_a_network_a_privilege_or_a_log(either: dict[str, Any]) -> None:
    host = either["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert "CapAdd" not in host
    assert "Privileged" not in host
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert any(each.startswith("seccomp={") for each in host["SecurityOpt"])
    assert host["LogConfig"] == {"Type": "none"}
    assert host["IpcMode"] == "private"
    assert host["RestartPolicy"] == {"Name": "no"}
    assert host["Init"] is True
    assert host["MemorySwap"] == host["Memory"] > 0
    assert host["PidsLimit"] > 0
    assert {"Name": "core", "Soft": 0, "Hard": 0} in host["Ulimits"]
    assert all("nosuid,nodev,size=" in options for options in host["Tmpfs"].values())


def test_neither_half_runs_as_root_or_by_name(either: dict[str, Any]) -> None:
    uid, gid = map(int, either["User"].split(":"))
    assert uid == gid > 100_000
    assert either["Image"].startswith("sha256:")


def test_resolver_hosts_and_hostname_say_nothing_about_the_site(either: dict[str, Any]) -> None:
    targets = {each["Target"] for each in either["HostConfig"]["Mounts"] if each["ReadOnly"]}
    assert {"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"} <= targets
    assert either["Hostname"] == "session"


def test_the_kernel_writes_only_its_workspace(kernel: dict[str, Any]) -> None:
    mounts = {each["Target"]: each for each in kernel["HostConfig"]["Mounts"]}
    assert [name for name, each in mounts.items() if not each["ReadOnly"]] == ["/workspace"]
    assert mounts["/workspace"]["Source"] == "/srv/workspaces/7"
    assert mounts["/data/chest-ct"]["Source"] == "/srv/datasets/chest-ct/3"
    assert mounts["/run/gate"]["Source"].endswith("/s/ses-0123456789ab/kernel")
    assert all(each["BindOptions"] == {"Propagation": "rprivate"} for each in mounts.values())


def test_the_kernel_learns_no_token_hub_person_or_project(kernel: dict[str, Any]) -> None:
    asked = json.dumps({**kernel, "HostConfig": {**kernel["HostConfig"], "SecurityOpt": []}})
    for secret in (TOKEN, "hub", "JUPYTER", PROJECT, f'"{PERSON}"', "proxy"):
        assert secret not in asked
    names = {each.partition("=")[0] for each in kernel["Env"]}
    assert names == {
        "HOME",
        "USER",
        "LANG",
        "MPLCONFIGDIR",
        "VITRINE_DATA",
        "VITRINE_WORKSPACE",
        "VITRINE_AGENT_SOCKET",
    }


def test_the_lab_sees_neither_data_nor_workspace(lab: dict[str, Any]) -> None:
    targets = {each["Target"] for each in lab["HostConfig"]["Mounts"]}
    etc = {"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"}
    assert targets - etc == {"/run/gate", "/run/lab", "/run/hub"}
    writable = [each["Target"] for each in lab["HostConfig"]["Mounts"] if not each["ReadOnly"]]
    assert writable == ["/run/lab"]
    assert not any("docker" in each["Source"] for each in lab["HostConfig"]["Mounts"])


def test_labels_and_names_say_which_session_and_nothing_about_the_person(
    kernel: dict[str, Any], lab: dict[str, Any]
) -> None:
    for body, role in ((kernel, "kernel"), (lab, "lab")):
        assert body["Labels"] == {
            "vitrine.node": "vitrine",
            "vitrine.session": "ses-0123456789ab",
            "vitrine.role": role,
        }
    assert containers.name_of("ses-0123456789ab", Role.LAB) == "vitrine-ses-0123456789ab-lab"
