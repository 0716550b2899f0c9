"""The seccomp profile: an allow-list without the calls that go round an empty network namespace."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from vitrine.hub.app import SECCOMP_PROFILE

PROFILE: dict[str, Any] = json.loads(SECCOMP_PROFILE.read_text())
NAMESPACES = 0x7E020000  # every CLONE_NEW* flag

FORBIDDEN = """
io_uring_setup io_uring_enter io_uring_register bpf userfaultfd keyctl add_key request_key
perf_event_open unshare setns clone3 mount umount2 pivot_root move_mount open_tree fsopen
fsmount mount_setattr ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp
open_by_handle_at name_to_handle_at init_module finit_module delete_module kexec_load
kexec_file_load reboot swapon acct quotactl syslog settimeofday clock_settime adjtimex
iopl ioperm modify_ldt chroot socketcall memfd_secret fanotify_init lookup_dcookie
vhangup sethostname nfsservctl
"""


def allowed(name: str) -> list[dict[str, Any]]:
    return [
        rule
        for rule in PROFILE["syscalls"]
        if name in rule["names"] and rule["action"] == "SCMP_ACT_ALLOW"
    ]


def test_what_is_not_named_is_refused() -> None:
    assert PROFILE["defaultAction"] == "SCMP_ACT_ERRNO"


@pytest.mark.parametrize("name", FORBIDDEN.split())
def test_a_dangerous_call_is_on_no_list(name: str) -> None:
    assert allowed(name) == []


def test_a_socket_is_unix_internet_or_netlink() -> None:
    families = set()
    for rule in allowed("socket"):
        condition, *further = rule["args"]
        assert (condition["index"], condition["op"]) == (0, "SCMP_CMP_EQ")
        families.add(condition["value"])
        if condition["value"] == socket.AF_NETLINK:
            # No kernel events, audit, firewall or crypto: the protocol must be NETLINK_ROUTE.
            assert further == [{"index": 2, "value": 0, "op": "SCMP_CMP_EQ"}]
        else:
            assert further == []
    assert families == {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}


def test_a_clone_makes_no_namespace() -> None:
    (rule,) = allowed("clone")
    (condition,) = rule["args"]
    assert condition["op"] == "SCMP_CMP_MASKED_EQ"
    assert condition["value"] == NAMESPACES
    assert condition["valueTwo"] == 0


def test_no_other_architecture_gives_a_second_way_in() -> None:
    # On x86-64 the 32-bit calls have other numbers and one `socketcall` for every family.
    assert all(each["subArchitectures"] == [] for each in PROFILE["archMap"])
