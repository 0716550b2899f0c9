"""One session floods, or fills everything it can write: the others compute as if alone."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator

import pytest

from tests.adversarial.conftest import PROJECTS
from tests.support.node import RunningNode, why_not
from tests.support.tenants import Tenant, a_tenant, peak_mb
from vitrine.hub.containers import TMP_FILES_PER_MB

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]
FLOOD_S = float(os.environ.get("VITRINE_FLOOD_S", "8"))
"""How long session A floods; 60 for the full test."""
WORKER_LIMIT_MB = 150
FLOOD = """
import sys, time
_end, _line = time.time() + {seconds}, "x" * 999 + "\\n"
_count = 0
while time.time() < _end:
    sys.stdout.write(_line * 200)
    sys.stdout.flush()
    time.sleep(0.02)
    _count += 200
"""


@pytest.fixture(scope="module")
def calm_session(node: RunningNode) -> Iterator[Tenant]:
    with a_tenant(node, "ekkehard", PROJECTS["ekkehard"]) as found:
        yield found


@pytest.fixture
def calm(calm_session: Tenant) -> Tenant:
    """The neighbour with a new page; one that nobody read for a minute is closed."""
    calm_session.page = calm_session.browser.notebook(calm_session.project)
    return calm_session


@pytest.fixture
def flooder(node: RunningNode, calm: Tenant) -> Iterator[Tenant]:
    with a_tenant(node, "mechthild", PROJECTS["mechthild"]) as found:
        yield found


def seconds_per_cell(tenant: Tenant, duration_s: float) -> list[float]:
    """Round trips of cells for so long, sorted; every line of every cell must arrive."""
    taken, end = [], time.monotonic() + duration_s
    while time.monotonic() < end:
        began = time.monotonic()
        said = tenant.run(f"for n in range(20): print({len(taken)}, n)")
        taken.append(time.monotonic() - began)
        assert said == "".join(f"{len(taken) - 1} {n}\n" for n in range(20))
    return sorted(taken)


def middle(values: list[float]) -> float:
    return values[len(values) // 2]


@pytest.mark.timeout(300 + 6 * FLOOD_S)
def test_a_flood_with_a_stalled_reader_leaves_the_neighbour_alone(
    flooder: Tenant, calm: Tenant
) -> None:
    flood = FLOOD.format(seconds=FLOOD_S)
    seconds_per_cell(calm, 1)  # warm
    idle = seconds_per_cell(calm, max(3, FLOOD_S / 4))
    flooder.page.send(flood)  # and nobody reads what it says
    during = seconds_per_cell(calm, FLOOD_S)
    workers = {each.person: int(each.gate_status()["worker_pid"]) for each in (flooder, calm)}
    peaks = {person: peak_mb(pid) for person, pid in workers.items()}
    ratio = middle(during) / middle(idle)
    print(
        f"\nround trip of B: idle {1000 * middle(idle):.1f} ms, during a flood of "
        f"{FLOOD_S:.0f} s {1000 * middle(during):.1f} ms, ratio {ratio:.2f} "
        f"({len(during)} cells); workers {[round(mb) for mb in peaks.values()]} MB"
    )
    said = flooder.page.rest()  # the reader wakes up
    assert ratio <= 2
    assert all(mb <= WORKER_LIMIT_MB for mb in peaks.values())
    assert flooder.has_recorded(flood)

    sentences = re.findall(r"\[vitrine\] ([\d,]+) outputs \(([\d.]+) MB\) are not shown: .*", said)
    assert sentences, "A sees one sentence for what was dropped"
    lines = said.count("x" * 999 + "\n")
    written = int(flooder.run("print(_count)"))
    found = [record["body"] for record in flooder.records("dropped")]
    dropped = [each for each in found if "size" in each]
    dropped_mb = sum(each["size"] for each in dropped) / 1e6
    print(f"A wrote {written / 1000:.0f} MB: {lines / 1000:.0f} shown, {dropped_mb:.0f} dropped")
    told = sum(int(count.replace(",", "")) for count, _ in sentences)
    assert told == sum(each["count"] for each in dropped)
    assert abs(lines / 1000 + dropped_mb - written / 1000) < 0.02 * written / 1000 + 1


FILL = """
import os
def fill(folder):
    count, said = 0, ""
    for size in (1 << 20, 4096, 1):
        try:
            with open(f"{folder}/fill-{size}", "wb", buffering=0) as file:
                while True:
                    count += file.write(bytes(size))
        except OSError as error:
            said = error.strerror
    return f"{count / 1e6:.0f} MB, {said}"

def fill_names(folder):
    os.makedirs(folder, exist_ok=True)
    number = 0
    try:
        while True:
            open(f"{folder}/{number}", "x").close()
            number += 1
    except OSError as error:
        return f"{number} files, {error.strerror}"

def fill_shared_memory():
    import ctypes
    libc, total = ctypes.CDLL(None, use_errno=True), 0
    while libc.shmget(0, 16 << 20, 0o1600) != -1 and total < 64:
        total += 1
    return f"{total * 16} MiB reserved"

def fill_descriptors():
    held = []
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        number = len(held)
        for handle in held:
            os.close(handle)
        return f"{number} open files, {error.strerror}"

def fill_processes():
    children = []
    try:
        while len(children) < 5000:
            child = os.fork()
            if child == 0:
                import time
                time.sleep(60)
                os._exit(0)
            children.append(child)
    except OSError as error:
        said = f"{len(children)} processes, {error.strerror}"
    else:
        said = "no end"
    for child in children:
        os.kill(child, 9)
    for child in children:
        os.waitpid(child, 0)
    return said
"""
FILLED = {
    "fill('/tmp')": r"(\d+) MB, No space left on device",
    "fill('/dev/shm')": r"(\d+) MB, No space left on device",
    "fill_names('/tmp/names')": r"(\d+) files, No space left on device",
    "fill_descriptors()": r"(\d+) open files, Too many open files",
    "fill_processes()": r"(\d+) processes, Resource temporarily unavailable",
    "fill_shared_memory()": r"(\d+) MiB reserved",
    "fill_names('/workspace/names')": r"(\d+) files, No space left on device",
    "fill('/workspace')": r"(\d+) MB, No space left on device",
}
EMPTY = "!rm -rf /tmp/fill-* /tmp/names /workspace/names"


def test_a_session_that_fills_all_it_can_write_stops_nobody(
    node: RunningNode, flooder: Tenant, calm: Tenant
) -> None:
    settings = node.settings
    limits = {
        "fill('/tmp')": settings.session_tmp_mb * 1.05,
        "fill_names('/tmp/names')": settings.session_tmp_mb * TMP_FILES_PER_MB,
        "fill('/dev/shm')": 68,
        "fill('/workspace')": settings.workspace_mb * 1.05,
        "fill_descriptors()": settings.session_open_files,
        "fill_processes()": settings.session_pids,
    }
    assert flooder.run(FILL) == ""
    found = {}
    for call, expected in FILLED.items():
        said = flooder.run(f"print({call})", 120).strip()
        match = re.fullmatch(expected, said)
        assert match, (call, said)
        found[call] = int(match.group(1))
        assert found[call] <= limits.get(call, 1 << 20), call
        assert calm.run("6 * 7") == "42\n", call
        if call != "fill('/workspace')":
            flooder.run(EMPTY)
    print(f"\n{json.dumps(found)}")

    notebook = {"type": "file", "format": "text", "content": "x" * 100_000}
    path = "/api/contents/result.txt"
    answer = flooder.browser.lab(flooder.project, "PUT", path, notebook)
    assert "the workspace is full: delete files you no longer need" in answer.text
    assert calm.browser.lab(calm.project, "PUT", path, notebook).status_code == 201

    eaten = "rest = []\nwhile True: rest.append(bytearray(1 << 24))"
    assert "ran out of memory (512 MB for this session)" in flooder.run(eaten, 60)
    assert flooder.gate_status()["agent_connected"]
    assert calm.run("6 * 7") == "42\n"


def test_a_journal_filled_to_its_limit_stops_its_own_session_only(
    node: RunningNode, flooder: Tenant, calm: Tenant
) -> None:
    limit = node.settings.journal_limit_mb << 20
    filler = f"_ = {'x' * 4_000_000!r}"
    said = ""
    for _ in range(2 * limit // len(filler)):
        said = flooder.run(filler)
        if said.startswith("Vitrine"):
            break
    assert re.search(r"nothing was executed: the journal .* has reached its limit of 24 MiB", said)
    assert flooder.run(filler).startswith("Vitrine: nothing was executed")
    assert flooder.journal.stat().st_size <= limit + (1 << 20)
    assert calm.run("6 * 7") == "42\n"
    print(f"\n{flooder.journal.stat().st_size / 1e6:.1f} MB of journal; {said.strip()}")
