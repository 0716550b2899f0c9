"""What a process gives up before it looks at a hostile file.

Limits bound what it can use up. The system-call filter leaves it memory, the pipe it was given
and its own end: it cannot open a file, make a socket, start a program or signal a process, so a
parser that a file has taken over finds nothing to take.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEMORY_BYTES: Final = 1 << 30
"""Address space beyond what the process has reserved for its libraries when it is confined."""

CPU_S: Final = 20
OPEN_FILES: Final = 16

_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_RET_ALLOW: Final = 0x7FFF0000
_RET_EPERM: Final = 0x00050001
_RET_KILL: Final = 0x80000000


@dataclass(frozen=True, slots=True)
class _Machine:
    audit_arch: int
    allowed: frozenset[int]


# read write lseek close fstat poll mmap mprotect munmap brk mremap madvise, signal masks and
# return, sched_yield nanosleep getpid gettid exit exit_group futex clock_gettime
# clock_nanosleep getrandom getrusage sched_getaffinity rseq
_MACHINES: Final = {
    "x86_64": _Machine(
        0xC000003E,
        frozenset(
            {0, 1, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 28, 35, 39, 60, 98}
            | {131, 186, 202, 204, 228, 230, 231, 318, 334}
        ),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        frozenset(
            {57, 62, 63, 64, 73, 80, 93, 94, 98, 101, 113, 115, 123, 124, 132, 134, 135, 139}
            | {165, 172, 178, 214, 215, 216, 222, 226, 233, 278, 293}
        ),
    ),
}


def harden_server() -> None:
    """Let no process of the same account read or trace this one, and none gain privileges."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)


def limit(memory_bytes: int | None = None, cpu_s: int | None = None) -> None:
    """Bound memory, processor time, files and processes of this process, for good."""
    os.environ.clear()
    memory_bytes = _reserved_bytes() + (MEMORY_BYTES if memory_bytes is None else memory_bytes)
    cpu_s = CPU_S if cpu_s is None else cpu_s
    for kind, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(kind, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # SIGXCPU first, then SIGKILL
    _prctl(_PR_SET_PDEATHSIG, 9)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _reserved_bytes() -> int:
    """The address space of this process as it is."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()


def filter_system_calls() -> None:
    """From here on only the calls listed above work; every other one answers "not permitted".

    Raises:
        OSError: when this machine has no such filter; nothing may be parsed then.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(f"no system-call filter is known for {platform.machine()} machines")
    program = _program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog { unsigned short len; struct sock_filter *filter; }
    fprog = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    holder = ctypes.create_string_buffer(fprog, len(fprog))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(holder))


def _program(machine: _Machine) -> bytes:
    """Classic BPF over struct seccomp_data: number at offset 0, architecture at offset 4."""

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, value)

    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    steps = [
        step(load, 4),
        step(equal, machine.audit_arch, 1, 0),
        step(answer, _RET_KILL),
        step(load, 0),
        step(at_least, 0x40000000, 0, 1),  # the x32 numbers of x86-64
        step(answer, _RET_KILL),
    ]
    for number in sorted(machine.allowed):
        steps += [step(equal, number, 0, 1), step(answer, _RET_ALLOW)]
    return b"".join([*steps, step(answer, _RET_EPERM)])


def _prctl(option: int, *values: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if libc.prctl(ctypes.c_int(option), *words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def network_interfaces() -> list[str]:
    """The interfaces of this network namespace, apart from the loopback one."""
    lines = Path("/proc/self/net/dev").read_text(encoding="ascii").splitlines()[2:]
    return [name for line in lines if (name := line.split(":")[0].strip()) != "lo"]
