"""The two containers of a session, as the Docker engine is asked for them. Pure: no I/O.

What may be in a container is decided by the `WorkspaceSpec` and the settings alone. Nothing a
person types reaches this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from vitrine.settings import Settings
from vitrine.workspaces.spec import WorkspaceSpec

LABEL_NODE: Final = "vitrine.node"
LABEL_SESSION: Final = "vitrine.session"
LABEL_ROLE: Final = "vitrine.role"

MIB: Final = 1024 * 1024
LAB_PIDS: Final = 128
LAB_OPEN_FILES: Final = 4096
LAB_TMP_MB: Final = 128
TMP_FILES_PER_MB: Final = 128
SHARED_MEMORY_MB: Final = 64

HUB_API: Final = "http+unix://%2Frun%2Fhub%2Fhub.sock"
"""The Hub as a lab sees it."""


class Role(StrEnum):
    """The parts of a pair."""

    KERNEL = "kernel"
    LAB = "lab"


@dataclass(frozen=True, slots=True)
class Node:
    """What every container of this node has in common."""

    settings: Settings
    seccomp: str
    """The seccomp profile, as JSON text."""

    web_gid: int
    """Group that may use the Hub's socket; labs are in it, kernels are not."""


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a pair by immutable id."""

    kernel: str
    lab: str


def name_of(session_id: str, role: Role) -> str:
    """The container's name: it says which session and which half, nothing about a person."""
    return f"vitrine-{session_id}-{role}"


def kernel(spec: WorkspaceSpec, node: Node, image_id: str, workspace: Path) -> dict[str, Any]:
    """The container in which the researcher's code runs.

    Args:
        image_id: `sha256:…`; a name could mean another image tomorrow.
        workspace: where the host helper mounted the workspace.
    """
    place = node.settings.session_root / spec.session_id
    limits = spec.limits
    environment = {
        "HOME": "/workspace",
        "USER": "researcher",
        "LANG": "C.UTF-8",
        "MPLCONFIGDIR": "/tmp/matplotlib",  # noqa: S108 inside the container
        "VITRINE_DATA": "/data",
        "VITRINE_WORKSPACE": "/workspace",
        "VITRINE_AGENT_SOCKET": "/tmp/vitrine-agent.sock",  # noqa: S108 inside the container
    }
    return _container(
        node,
        spec.session_id,
        Role.KERNEL,
        image_id=image_id,
        uid=spec.kernel_uid,
        environment=environment,
        mounts=[
            *(_bind(each.source, f"/data/{each.dataset}") for each in spec.mounts),
            _bind(workspace, "/workspace", writable=True),
            _bind(place / "kernel", "/run/gate"),
        ],
        host={
            "Memory": limits.memory_mb * MIB,
            "MemorySwap": limits.memory_mb * MIB,
            "NanoCpus": round(limits.cpus * 1e9),
            "PidsLimit": limits.pids,
            "Tmpfs": {"/tmp": _tmpfs(limits.tmp_mb)},  # noqa: S108 inside the container
            "Ulimits": _ulimits(limits.open_files, limits.workspace_mb),
        },
    )


def lab(
    spec: WorkspaceSpec, node: Node, image_id: str, environment: Mapping[str, str]
) -> dict[str, Any]:
    """The container of JupyterLab: no data, no workspace, no user code.

    Args:
        environment: the Hub's variables, among them this server's token.
    """
    place = node.settings.session_root / spec.session_id
    memory = spec.limits.lab_memory_mb * MIB
    return _container(
        node,
        spec.session_id,
        Role.LAB,
        image_id=image_id,
        uid=spec.lab_uid,
        environment={"HOME": "/tmp", "LANG": "C.UTF-8", **environment},  # noqa: S108
        mounts=[
            _bind(place / "lab", "/run/gate"),
            _bind(place / "http", "/run/lab", writable=True),
            _bind(node.settings.hub_socket.parent, "/run/hub"),
        ],
        host={
            "Memory": memory,
            "MemorySwap": memory,
            "NanoCpus": 10**9,
            "PidsLimit": LAB_PIDS,
            "GroupAdd": [str(node.web_gid)],
            "Tmpfs": {"/tmp": _tmpfs(LAB_TMP_MB)},  # noqa: S108 inside the container
            "Ulimits": _ulimits(LAB_OPEN_FILES, LAB_TMP_MB),
        },
    )


def _container(
    node: Node,
    session_id: str,
    role: Role,
    *,
    image_id: str,
    uid: int,
    environment: Mapping[str, str],
    mounts: list[dict[str, Any]],
    host: Mapping[str, Any],
) -> dict[str, Any]:
    """What both halves share: no network, no privilege, no log, nothing kept."""
    etc = node.settings.session_root / session_id / "etc"
    over_etc = [_bind(etc / each, f"/etc/{each}") for each in ("resolv.conf", "hosts", "hostname")]
    return {
        "Image": image_id,
        "User": f"{uid}:{uid}",
        "Hostname": "session",
        "Env": [f"{name}={value}" for name, value in sorted(environment.items())],
        "Labels": {
            LABEL_NODE: node.settings.node_name,
            LABEL_SESSION: session_id,
            LABEL_ROLE: str(role),
        },
        "NetworkDisabled": True,
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true", f"seccomp={node.seccomp}"],
            "IpcMode": "private",
            "ShmSize": SHARED_MEMORY_MB * MIB,
            "Init": True,
            "LogConfig": {"Type": "none"},
            "RestartPolicy": {"Name": "no"},
            "OomScoreAdj": 500,
            "Mounts": [*mounts, *over_etc],
            **host,
        },
    }


def _bind(source: Path, target: str, *, writable: bool = False) -> dict[str, Any]:
    return {
        "Type": "bind",
        "Source": str(source),
        "Target": target,
        "ReadOnly": not writable,
        "BindOptions": {"Propagation": "rprivate"},
    }


def _tmpfs(size_mb: int) -> str:
    # Executable: numba and others map what they compile there. Empty files cost memory, too.
    files = f"nr_inodes={size_mb * TMP_FILES_PER_MB}"
    return f"rw,exec,nosuid,nodev,size={size_mb}m,{files},mode=1777"


def _ulimits(open_files: int, file_mb: int) -> list[dict[str, Any]]:
    values = {"core": 0, "nofile": open_files, "fsize": file_mb * MIB}
    return [{"Name": name, "Soft": value, "Hard": value} for name, value in values.items()]
