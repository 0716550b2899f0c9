"""What the journal costs: durable records per second, and how fast one is verified.

    ./run bench journal

`durable_append_per_s`: 64 tasks of one event loop, as in a gate worker, each appending a cell
and waiting until it is durable. `verify_vs_sha256sum_ratio`: bytes per second of `verify`
against `sha256sum` over the same file, alternated, median of the rounds.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.report import disk_directory, fdatasync_p50_ms, filesystem, publish
from vitrine.activity.journal import JournalWriter
from vitrine.activity.record import EMPTY, encode
from vitrine.activity.verify import verify
from vitrine.clock import timestamp, utc_now

APPENDERS = 64
APPENDS = 40_000
FILE_BYTES = 128 * 2**20
ROUNDS = 7

AIMS = {"durable_append_per_s": ">= 5000", "verify_vs_sha256sum_ratio": ">= 0.5"}


def a_cell(choice: random.Random) -> dict[str, Any]:
    """A journalled execute_request with one to thirty lines of code."""
    msg_id = f"{choice.getrandbits(128):032x}"
    return {
        "kernel": "2f1c0a9b-e2d4-4c57-9d3e-0d9a1c6b7f10",
        "channel": "shell",
        "msg_id": msg_id,
        "msg_type": "execute_request",
        "metadata": {"deletedCells": [], "recordTiming": False},
        "content": {
            "code": "mask = sitk.OtsuThreshold(image)\n" * choice.randrange(1, 30),
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
        },
        "buffers": [],
    }


def an_output(choice: random.Random) -> dict[str, Any]:
    """A journalled output: its size and digest."""
    return {
        "kernel": "2f1c0a9b-e2d4-4c57-9d3e-0d9a1c6b7f10",
        "channel": "iopub",
        "type": "stream",
        "size": choice.randrange(100_000),
        "sha256": f"{choice.getrandbits(256):064x}",
        "parent": f"{choice.getrandbits(128):032x}",
    }


async def append_rate(directory: Path, appenders: int, appends: int) -> tuple[float, float]:
    """Durable records per second, and the median time in ms that one waited."""
    choice = random.Random(1)
    cells = [a_cell(choice) for _ in range(256)]
    writer = JournalWriter(directory, f"ses-rate-{appenders}")
    waits: list[float] = []

    async def one(number: int) -> None:
        for count in range(appends // appenders):
            began = time.perf_counter()
            await writer.durable(writer.append("in", cells[(number + count) % len(cells)]))
            waits.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*[one(number) for number in range(appenders)])
    seconds = time.perf_counter() - began
    writer.close()
    verify(writer.path, writer.head)
    return len(waits) / seconds, statistics.median(waits) * 1000


def journal_lines(size_bytes: int) -> Iterator[bytes]:
    """A day's work: three outputs for each cell, now and then a saved notebook."""
    choice, head, at, written = random.Random(2), EMPTY, timestamp(utc_now()), 0
    while written < size_bytes:
        kind, body = "out", an_output(choice)
        if head.seq % 4 == 0:
            kind, body = "in", a_cell(choice)
        elif head.seq % 50 == 1:
            kind, body = "rpc", {"verb": "save", "path": "analysis.ipynb", "size": 4000}
        line, head = encode(kind, body, at, head)
        written += len(line)
        yield line


def verify_rates(path: Path) -> Iterator[tuple[float, float]]:
    """MB per second of `verify` and of `sha256sum`, round by round."""
    size_mb = path.stat().st_size / 1e6
    for _ in range(ROUNDS):
        began = time.perf_counter()
        verify(path)
        between = time.perf_counter()
        subprocess.run(["sha256sum", path], stdout=subprocess.DEVNULL, check=True)
        ended = time.perf_counter()
        yield size_mb / (between - began), size_mb / (ended - between)


def main() -> None:
    """Measure, print, write var/bench/journal.json."""
    directory = disk_directory("journal")
    shutil.rmtree(directory)
    directory.mkdir()
    probe_ms = fdatasync_p50_ms(directory)
    rate, wait_ms = asyncio.run(append_rate(directory, APPENDERS, APPENDS))
    alone_rate, alone_ms = asyncio.run(append_rate(directory, 1, 2000))
    path = directory / "journal.jsonl"
    with open(path, "wb") as stream:
        stream.writelines(journal_lines(FILE_BYTES))
    records = verify(path).records
    rounds = list(verify_rates(path))
    figures = {
        "durable_append_per_s": rate,
        "durable_append_wait_p50_ms": wait_ms,
        "one_appender_per_s": alone_rate,
        "one_appender_wait_p50_ms": alone_ms,
        "verify_vs_sha256sum_ratio": statistics.median(ours / sums for ours, sums in rounds),
        "verify_mb_per_s": statistics.median(ours for ours, _ in rounds),
        "sha256sum_mb_per_s": statistics.median(sums for _, sums in rounds),
        "verify_record_bytes": path.stat().st_size / records,
        "disk_fdatasync_p50_ms": probe_ms,
    }
    details = {
        "appenders": APPENDERS,
        "appends": APPENDS,
        "file_records": records,
        "filesystem": filesystem(directory),
    }
    publish("journal", figures, aims=AIMS, details=details)
    shutil.rmtree(directory)


if __name__ == "__main__":
    main()
