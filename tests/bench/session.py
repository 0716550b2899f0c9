"""What a session costs, against plain DockerSpawner with the same packages in one container.

    ./run bench session [--pairs N] [--starts N] [--sessions N]

Everything is measured as a page does it: through proxy, lab and JupyterLab's own websocket
protocol, the two hubs alternately in the same run. Ratios are ours / plain, of medians.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.page import Page
from tests.bench.plain_hub import PlainHub
from tests.bench.report import disk_directory, fdatasync_p50_ms, publish
from tests.support.node import PASSWORD, RunningNode
from vitrine.session import control

AIMS = {
    "click_to_first_output_ratio": "<= 1.0",
    "cell_round_trip_ratio": "<= 1.25",
    "output_throughput_ratio": ">= 0.6",
    "idle_session_mb": "<= 170",
    "sessions_started_20_s": "",
}
FLOOD = 'import sys\nfor i in range(200): sys.stdout.write("a" * 100000); sys.stdout.flush()'
FLOOD_BYTES = 20_000_000
PROJECT = "bench"


def main() -> int:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--sessions", type=int, default=20)
    options = parser.parse_args()
    figures: dict[str, float] = {}
    disk = fdatasync_p50_ms(disk_directory("session"))
    with PlainHub() as plain, RunningNode(session_max_hours=2) as node:
        node.add_dataset()
        names = [f"p{number:02d}" for number in range(options.sessions)]
        for name in names:
            node.add_person(name)
        node.add_project(PROJECT, names)
        ours = Page(node.settings.hub_url, names[0], PASSWORD)
        theirs = Page(plain.url, names[0], "any")
        for page in (ours, theirs):
            page.sign_in()
        figures |= _starts(ours, theirs, options.starts)
        figures["idle_session_mb"] = _idle_mb(node)
        figures |= _cells(ours, theirs, options.pairs)
        figures |= _throughput(ours, theirs, 10)
        for page in (ours, theirs):
            page.stop(PROJECT)
        figures["sessions_started_20_s"] = _many(node, names)
    figures["fdatasync_p50_ms"] = disk
    publish("session", figures, aims=AIMS, details=vars(options))
    return 0


def _starts(ours: Page, theirs: Page, rounds: int) -> dict[str, float]:
    """Seconds from the click on Start to the first output of the first cell."""
    times: dict[Page, list[float]] = {ours: [], theirs: []}
    for number in range(rounds + 1):
        for page in (ours, theirs) if number % 2 else (theirs, ours):
            if page.is_open:
                page.stop(PROJECT)
            began = time.perf_counter()
            page.start(PROJECT)
            page.open_kernel(PROJECT)
            page.first_output('print("here")')
            if number:  # the first round warms the disk cache for both
                times[page].append(time.perf_counter() - began)
    return _pair("click_to_first_output", times[ours], times[theirs], "s")


def _cells(ours: Page, theirs: Page, pairs: int) -> dict[str, float]:
    """Seconds from sending a small cell to its reply and idle."""
    times: dict[Page, list[float]] = {ours: [], theirs: []}
    for number in range(pairs + 20):
        for page in (ours, theirs) if number % 2 else (theirs, ours):
            began = time.perf_counter()
            page.run("x = 1")
            if number >= 20:
                times[page].append((time.perf_counter() - began) * 1000)
    return _pair("cell_round_trip", times[ours], times[theirs], "ms")


def _throughput(ours: Page, theirs: Page, rounds: int) -> dict[str, float]:
    """Megabytes of printed text per second that arrive at the page, all of it."""
    rates: dict[Page, list[float]] = {ours: [], theirs: []}
    for number in range(rounds + 1):
        for page in (ours, theirs) if number % 2 else (theirs, ours):
            began = time.perf_counter()
            arrived = page.run(FLOOD)
            seconds = time.perf_counter() - began
            if arrived < FLOOD_BYTES:
                sys.exit(f"{page.hub_url}: {arrived:,} of {FLOOD_BYTES:,} bytes arrived")
            if number:
                rates[page].append(arrived / 1e6 / seconds)
    return _pair("output_throughput", rates[ours], rates[theirs], "mb_per_s")


def _pair(name: str, ours: list[float], theirs: list[float], unit: str) -> dict[str, float]:
    mine, plain = statistics.median(ours), statistics.median(theirs)
    return {
        f"{name}_ratio": mine / plain,
        f"{name}_{unit}": mine,
        f"{name}_plain_{unit}": plain,
    }


def _idle_mb(node: RunningNode) -> float:
    """Memory of both containers without page cache, and the worker's share, after 10 s of rest."""
    time.sleep(10)
    total = 0.0
    for half in node.halves():
        total += _cgroup_mb(half.container_id)
    session_id = node.gate_sessions()[0]
    status = control.ask(
        node.settings.gate_control_socket, {"op": "status", "session_id": session_id}
    )
    return total + _pss_mb(int(status["worker_pid"]))


def _cgroup_mb(container_id: str) -> float:
    """Resident memory of a container's processes and its tmpfs, as its cgroup counts it."""
    v1 = Path(f"/sys/fs/cgroup/memory/docker/{container_id}/memory.stat")
    v2 = Path(f"/sys/fs/cgroup/system.slice/docker-{container_id}.scope/memory.stat")
    path = v1 if v1.exists() else v2
    found = dict(line.split() for line in path.read_text().splitlines())
    if path is v1:
        used = int(found["total_rss"]) + int(found["total_shmem"])
    else:
        used = int(found["anon"]) + int(found["shmem"])
    return used / 2**20


def _pss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _many(node: RunningNode, names: list[str]) -> float:
    """Seconds until every person's session is ready and has run one cell, all started at once."""
    pages = [Page(node.settings.hub_url, name, PASSWORD) for name in names]
    for page in pages:
        page.sign_in()

    def one(page: Page) -> None:
        page.start(PROJECT, timeout_s=300)
        page.open_kernel(PROJECT)
        page.first_output('print("here")')

    began = time.perf_counter()
    with ThreadPoolExecutor(len(pages)) as pool:
        list(pool.map(one, pages))
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
