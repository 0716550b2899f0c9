"""Workspaces as fixed-size ext4 images, so that a quota holds whatever the code inside does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from vitrine.errors import Unavailable

COMMAND_TIMEOUT_S: Final = 120
MOUNT_OPTIONS: Final = "loop,rw,nosuid,nodev"
_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"


def image_path(root: Path, workspace_id: int) -> Path:
    """The disk image of a workspace."""
    return root / f"{workspace_id}.img"


def mount_path(root: Path, workspace_id: int) -> Path:
    """Where the workspace appears on the host while a session uses it."""
    return root / str(workspace_id)


def mount(root: Path, workspace_id: int, owner: int, size_mb: int) -> Path:
    """Mount a workspace, made on first use, and return where. Doing it twice changes nothing."""
    target = mount_path(root, workspace_id)
    if is_mounted(target):
        return target
    image = image_path(root, workspace_id)
    is_new = not image.exists()
    if is_new:
        _make(image, owner, size_mb)
    target.mkdir(mode=0o700, exist_ok=True)
    _run("mount", "-t", "ext4", "-o", MOUNT_OPTIONS, str(image), str(target))
    if is_new:
        (target / "lost+found").rmdir()
        target.chmod(0o700)
    return target


def unmount(root: Path, workspace_id: int) -> None:
    """Take the workspace off the host. Doing it twice changes nothing."""
    target = mount_path(root, workspace_id)
    while is_mounted(target):
        try:
            _run("umount", str(target))
        except Unavailable:
            # Someone on the host looks into it; the mount goes when they leave.
            _run("umount", "--lazy", str(target))
    if target.is_dir():
        target.rmdir()


def mounted(root: Path) -> Iterator[int]:
    """The workspaces that are mounted below `root`."""
    for point in _mount_points():
        if point.parent == root and point.name.isdecimal():
            yield int(point.name)


def is_mounted(target: Path) -> bool:
    """Whether something is mounted at `target`."""
    return target in set(_mount_points())


def _mount_points() -> Iterator[Path]:
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        escaped = line.split(" ")[4]
        # The kernel writes space, tab, newline and backslash as three octal digits.
        yield Path(escaped.encode().decode("unicode_escape"))


def _make(image: Path, owner: int, size_mb: int) -> None:
    """Create the image under another name first: a half-made one is never mounted."""
    unfinished = image.with_suffix(".new")
    with unfinished.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.truncate(size_mb * 1024 * 1024)
    extended = f"root_owner={owner}:{owner},nodiscard"
    _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", extended, str(unfinished))
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.rename(image)


def _run(*command: str) -> None:
    try:
        subprocess.run(  # fixed programs; arguments are numbers below settings' directories
            command,
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_TIMEOUT_S,
            env={"PATH": _PATH, "LANG": "C.UTF-8"},
        )
    except FileNotFoundError as error:
        raise Unavailable(
            f"{command[0]} is not installed", hint="install e2fsprogs, mount and util-linux"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{command[0]} did not finish in {COMMAND_TIMEOUT_S} s") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().replace("\n", "; ")[:300]
        raise Unavailable(f"{command[0]} failed: {said}") from error
