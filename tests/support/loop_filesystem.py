"""A small real ext4 filesystem in a file: it can be full, read-only, or lose its power."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def needs_root() -> None:
    """Skip the calling test where nothing can be mounted."""
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists():
        pytest.skip("needs root and loop devices")


class LoopFilesystem:
    """An ext4 filesystem in the file `image`, mounted at `root`."""

    def __init__(self, directory: Path, size_mb: int) -> None:
        self.image = directory / "disk.img"
        self.root = directory / "mounted"
        self.root.mkdir(parents=True)
        with open(self.image, "wb") as stream:
            stream.truncate(size_mb * 2**20)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0", self.image)
        self.mount()

    def mount(self) -> None:
        """Mount it; the filesystem's own journal is replayed when needed."""
        # commit=300: nothing becomes durable merely because time passed
        _run("mount", "-o", "loop,commit=300", self.image, self.root)

    def unmount(self) -> None:
        """Take it away; what is open there fails from then on."""
        _run("umount", "--lazy", self.root)

    def shut_down(self) -> None:
        """Make it read-only at once, as ext4 does after an error of the disk."""
        _run("mount", "-o", "remount,abort", self.root)

    def fill(self) -> Path:
        """Leave no free block; returns the file that takes them all."""
        filler = self.root / "filler"
        with open(filler, "ab", buffering=0) as stream, contextlib.suppress(OSError):
            for size in (2**20, 4096, 1):
                with contextlib.suppress(OSError):
                    while stream.write(b"\1" * size):
                        os.fsync(stream.fileno())
        return filler

    @contextlib.contextmanager
    def after_power_cut(self, workplace: Path) -> Iterator[Path]:
        """What a machine finds that lost its power now: a copy of the disk, mounted."""
        copy, root = workplace / "copy.img", workplace / "copy"
        root.mkdir(parents=True, exist_ok=True)
        _run("cp", "--sparse=always", self.image, copy)
        _run("mount", "-o", "loop", copy, root)
        try:
            yield root
        finally:
            _run("umount", root)
            copy.unlink()


@contextlib.contextmanager
def a_filesystem(directory: Path, size_mb: int) -> Iterator[LoopFilesystem]:
    """A fresh mounted filesystem that is gone afterwards."""
    needs_root()
    made = LoopFilesystem(directory, size_mb)
    try:
        yield made
    finally:
        made.unmount()
        shutil.rmtree(directory, ignore_errors=True)


def _run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.strip()}")
