"""Accounts, directories, secrets and disks of a node."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from vitrine.cli.checkup.finding import Finding, fail, ok, warn
from vitrine.settings import Settings
from vitrine.storage import layout, secrets

_INIT: Final = "as root: vitrine node init"
_MIB: Final = 1 << 20
_LOW_MB: Final = 1024
_TOOLS: Final = {"mkfs.ext4": "e2fsprogs", "mount": "mount", "losetup": "mount"}
_MEMORY_FILESYSTEMS: Final = ("tmpfs", "ramfs")


def check_accounts(settings: Settings) -> Iterator[Finding]:
    """Whether every Unix account and group of the node exists."""
    commands = layout.missing_accounts(settings)
    if commands:
        yield fail("accounts", f"{len(commands)} are missing", "as root: " + " && ".join(commands))
    else:
        yield ok("accounts", f"{len(settings.accounts)} accounts, one per process")


def check_directories(settings: Settings) -> Iterator[Finding]:
    """Whether every directory is there, with the right owner and mode."""
    wanted = layout.directories(settings)
    problems = [problem for each in wanted if (problem := each.problem())]
    for problem in problems:
        yield fail("directories", problem, _INIT)
    if not problems:
        yield ok("directories", f"{len(wanted)} directories with their owners and modes")


def check_secrets(settings: Settings) -> Iterator[Finding]:
    """Whether every secret is there and nobody else can read it."""
    wanted = secrets.files(settings)
    problems = [problem for each in wanted if (problem := _secret_problem(settings, each))]
    for problem in problems:
        yield fail("secrets", problem, _INIT)
    if not problems:
        yield ok("secrets", f"{len(wanted)} files, each for one account")


def _secret_problem(settings: Settings, secret: secrets.SecretFile) -> str:
    try:
        found = secret.path.stat()
    except PermissionError:
        return ""  # out of this login's reach, which is as it should be
    except OSError as error:
        return f"{secret.path}: {error.strerror}"
    mode = stat.S_IMODE(found.st_mode)
    if mode != secret.mode:
        return f"{secret.path} has mode {mode:04o}, not {secret.mode:04o}"
    owner = settings.accounts[secret.process]
    try:
        present = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        present = str(found.st_uid)
    return "" if present == owner else f"{secret.path} belongs to {present}, not {owner}"


def check_disks(settings: Settings) -> Iterator[Finding]:
    """Whether there is room, and whether the journal's room is its own."""
    yield _room("journal disk", settings.journal_root, settings.journal_limit_mb)
    for name, path in (("state disk", settings.state_root), ("run disk", settings.run_root)):
        yield _room(name, path, 64)
    yield from _journal_is_apart(settings)


def _room(check: str, path: Path, needed_mb: int) -> Finding:
    try:
        found = os.statvfs(path)
    except OSError as error:
        return fail(check, f"{path}: {error.strerror}", _INIT)
    free_mb = found.f_bavail * found.f_frsize // _MIB
    text = f"{free_mb} MiB free at {path}"
    if free_mb < needed_mb:
        return fail(check, f"{text}, {needed_mb} MiB needed", "free some space or add a volume")
    if free_mb < max(2 * needed_mb, _LOW_MB) or found.f_favail * 50 < found.f_files:
        return warn(check, f"{text}, which will not last", "free some space or add a volume")
    return ok(check, text)


def _journal_is_apart(settings: Settings) -> Iterator[Finding]:
    try:
        journal = settings.journal_root.stat().st_dev
        workspaces = settings.workspace_root.stat().st_dev
    except OSError:
        return  # said already
    if _filesystem_of(settings.journal_root) in _MEMORY_FILESYSTEMS:
        yield fail(
            "journal disk",
            f"{settings.journal_root} lies in memory and is gone after a power cut",
            "put VITRINE_JOURNAL_ROOT on a disk",
        )
    if journal == workspaces:
        yield warn(
            "journal disk",
            "journals and workspaces share a filesystem, so workspaces can fill it",
            "mount a volume of its own at VITRINE_JOURNAL_ROOT",
        )


def _filesystem_of(path: Path) -> str:
    """The type of the filesystem at `path`, from the longest mount point above it."""
    best, kind = "", ""
    real = str(path.resolve())
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mount, name, *_ = line.split(" ")
        inside = real == mount or real.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, name
    return kind


def check_tools(_settings: Settings) -> Iterator[Finding]:
    """Whether the host can make and mount workspaces."""
    missing = [
        name for name in _TOOLS if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None
    ]
    for name in missing:
        yield fail("host tools", f"{name} is missing", f"apt-get install {_TOOLS[name]}")
    if not Path("/dev/loop-control").exists():
        yield fail("host tools", "there are no loop devices", "as root: modprobe loop")
    elif not missing:
        yield ok("host tools", "workspaces can be made and mounted")
