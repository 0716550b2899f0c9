"""How a measurement is shown and kept, and what the disk beneath it can do."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitrine.clock import timestamp, utc_now

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "var" / "bench"


def disk_directory(name: str) -> Path:
    """An empty directory on a real disk for the files of a measurement.

    Raises:
        SystemExit: when it would lie in memory, where nothing has to be made durable.
    """
    directory = RESULTS / "work" / name
    directory.mkdir(parents=True, exist_ok=True)
    kind = filesystem(directory)
    if kind in ("tmpfs", "ramfs", "overlay"):
        raise SystemExit(f"{directory} lies on {kind}: measure on a real disk")
    return directory


def filesystem(path: Path) -> str:
    """The type of the filesystem that `path` lies on, such as `ext4`."""
    shown = subprocess.run(
        ["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True
    )
    return shown.stdout.strip()


def fdatasync_p50_ms(directory: Path, rounds: int = 200) -> float:
    """Median time of making 512 more bytes durable on the disk of `directory`."""
    path = directory / "fdatasync.probe"
    times = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(rounds):
            os.write(descriptor, b"x" * 512)
            began = time.perf_counter()
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(times)


def publish(
    name: str,
    figures: Mapping[str, float | int],
    *,
    aims: Mapping[str, str] = {},
    details: Mapping[str, Any] = {},
) -> Path:
    """Print `figures` beside their aims and write them to var/bench/<name>.json.

    Args:
        aims: what a figure should reach, such as `>= 5000`.
        details: whatever else a reader of the file may want to know.
    """
    rounded = {key: _rounded(value) for key, value in figures.items()}
    rows = [(key, f"{value:,}", aims.get(key, "")) for key, value in rounded.items()]
    print(_table(("figure", "value", "aim"), rows))
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {
        "name": name,
        "at": timestamp(utc_now()),
        "figures": rounded,
        "aims": dict(aims),
        "details": dict(details),
        "machine": {
            "processors": os.cpu_count(),
            "kernel": platform.release(),
            "python": platform.python_version(),
        },
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"written to {path.relative_to(ROOT)}")
    return path


def _rounded(value: float | int) -> float | int:
    if isinstance(value, int):
        return value
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    every = [head, *rows]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]
    lines = [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}".rstrip()
        for row in every
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
