"""The checks in confined children: one for each file, one for what files say together.

A child is forked with everything imported and then gives up files, network, programs and all but
a bounded amount of memory and time (`sandbox.confine`). Whatever a file does to it, the parent
reads only JSON from a pipe; a child that ends early makes a warning, never a pass.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Final, NoReturn

from vitrine.egress.checks import engine, readers
from vitrine.egress.checks.engine import Report
from vitrine.egress.checks.finding import finding_of
from vitrine.egress.checks.rule import Rule
from vitrine.egress.disclosure import DisclosurePolicy
from vitrine.egress.sandbox import confine
from vitrine.errors import InvalidInput, Unavailable

MEMORY_BYTES: Final = 6 << 30
"""Address space, most of which the imported libraries reserve and never touch."""
TIMEOUT_S: Final = 60.0
CPU_S: Final = 60
_ANSWER_LIMIT: Final = 256 << 20


class _Broken(Exception):
    """A confined child ended without an answer."""


def check(
    files: Sequence[tuple[str, Callable[[], bytes]]],
    policy: DisclosurePolicy,
    *,
    timeout_s: float = TIMEOUT_S,
    on_done: Callable[[str], None] = lambda _path: None,
    more: Sequence[Rule] = (),
    earlier: Sequence[tuple[str, Callable[[], bytes]]] = (),
) -> list[Report]:
    """The reports on all files of one request, in their order.

    Args:
        files: path and how to get its bytes, which is called once, when its turn comes; a file
            that cannot be opened is reported as not checked.
        on_done: called with the path of each file that has been looked at.
        more: checks besides those that every file meets, as one against a project's images.
        earlier: what was released before; only compared with, never reported on. One that cannot
            be read makes every new file say so.

    Raises:
        Unavailable: when this machine cannot confine a process; nothing is opened then.
    """
    readers.prepare()
    reports, facts, known = [], [], []
    unknown: list[str] = []
    for path, read in earlier:
        try:
            known.append(_apart(partial(_look, path, read(), policy, ()), timeout_s)[1])
        except (OSError, _Broken):
            unknown.append(path)
    for path, read in files:
        try:
            content = read()
        except OSError as problem:
            why = (problem.strerror or "it cannot be opened").lower()
            reports.append(engine.unread(path, b"", why))
            on_done(path)
            continue
        try:
            packed, fact = _apart(partial(_look, path, content, policy, more), timeout_s)
            reports.append(Report.from_packed(packed))
            facts.append(fact)
        except _Broken as problem:
            reports.append(engine.unread(path, content, str(problem)))
        on_done(path)
    try:
        found = _apart(partial(engine.compare_with, facts, known, policy), timeout_s)
    except _Broken as problem:
        lost = engine.not_checked("the comparison of the files", InvalidInput(str(problem)))
        return [report.with_findings([lost]) for report in reports]
    damaged = InvalidInput("it is damaged or beyond the limits")
    lost_ones = [
        engine.not_checked(f"the comparison with {engine.EARLIER}{path}", damaged)
        for path in unknown
    ]
    return [
        report.with_findings([*map(finding_of, found.get(report.path, [])), *lost_ones])
        for report in reports
    ]


def _look(path: str, content: bytes, policy: DisclosurePolicy, more: Sequence[Rule]) -> Any:
    report, fact = engine.look(path, content, policy, more)
    return report.packed(), fact


def _apart(work: Callable[[], Any], timeout_s: float) -> Any:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _work_and_exit(work, writing)
    os.close(writing)
    try:
        answer = _collect(reading, timeout_s)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if answer is None:
        raise _Broken(f"it took longer than {timeout_s:g} seconds")
    if answer.startswith(b"!"):
        raise Unavailable(f"this machine cannot confine the checks: {answer[1:].decode()}")
    try:
        return json.loads(answer)
    except ValueError:
        raise _Broken(_why_it_ended(status)) from None


def _work_and_exit(work: Callable[[], Any], writing: int) -> NoReturn:
    """In the child: give everything up, work, write the answer, end."""
    try:
        os.dup2(writing, 0)
        os.closerange(1, 4096)
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[os.getpid() % len(processors)]})  # it has no threads
        try:
            confine.limit(MEMORY_BYTES, CPU_S)
            confine.filter_system_calls()
        except OSError as problem:
            os.write(0, b"!" + str(problem).encode())
            os._exit(1)
        view = memoryview(json.dumps(work(), default=asdict).encode("ascii"))
        while view:
            view = view[os.write(0, view) :]
    finally:
        os._exit(0)


def _collect(reading: int, timeout_s: float) -> bytes | None:
    deadline = time.monotonic() + timeout_s
    parts: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            return None
        part = os.read(reading, 1 << 20)
        size += len(part)
        if not part or size > _ANSWER_LIMIT:
            return b"".join(parts)
        parts.append(part)


def _why_it_ended(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return f"it took more than {CPU_S} seconds of processor time"
    return "it cannot be read within the limits of memory and time"
