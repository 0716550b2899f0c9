"""A duty: something done again and again, whose failure is no other duty's business."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from vitrine.errors import VitrineError

MAX_PAUSE_S: Final = 30.0
REMIND_S: Final = 300.0

logger = logging.getLogger("vitrine.steward")


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that the steward does every `every_s` seconds.

    `step` does what is to be done now and returns a note for the log, in ids and counts, or
    None. Killed anywhere inside a step, the next step does what is missing and nothing twice.
    """

    name: str
    every_s: float
    step: Callable[[], str | None]


class Rounds:
    """Runs one duty until told to stop; a failure is logged, then tried again."""

    def __init__(self, duty: Duty, stopping: threading.Event) -> None:
        self._duty = duty
        self._stopping = stopping
        self._failures = 0
        self._complaint = ""
        self._complained_at = 0.0

    def run(self) -> None:
        """Step after step, with a pause between that grows while the duty fails."""
        while not self._stopping.is_set():
            self.step()
            self._stopping.wait(self.pause_s)

    @property
    def pause_s(self) -> float:
        """How long to wait before the next step."""
        longest = max(MAX_PAUSE_S, self._duty.every_s)
        return min(self._duty.every_s * float(1 << min(self._failures, 10)), longest)

    def step(self) -> bool:
        """One step; whether it succeeded."""
        try:
            note = self._duty.step()
        except Exception as error:
            self._fail(error)
            return False
        if self._failures:
            logger.info("%s: works again after %d failures", self._duty.name, self._failures)
        self._failures, self._complaint = 0, ""
        if note:
            logger.info("%s: %s", self._duty.name, note)
        return True

    def _fail(self, error: Exception) -> None:
        """Count and log a failure; the same one again only now and then."""
        self._failures += 1
        # An error that is not ours may quote a value: only its type goes into the log.
        complaint = error.sentence() if isinstance(error, VitrineError) else _place(error)
        now = time.monotonic()
        if complaint != self._complaint or now - self._complained_at > REMIND_S:
            logger.warning("%s: %s", self._duty.name, complaint)
            self._complaint, self._complained_at = complaint, now


def _place(error: Exception) -> str:
    """Type of an unforeseen error and the line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def attend(duties: Iterable[Duty], stopping: threading.Event, *, patience_s: float = 20.0) -> None:
    """Run each duty in a thread of its own until `stopping` is set, then let steps finish."""
    threads = [
        threading.Thread(target=Rounds(duty, stopping).run, name=duty.name, daemon=True)
        for duty in duties
    ]
    for thread in threads:
        thread.start()
    stopping.wait()
    deadline = time.monotonic() + patience_s
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
