"""Writing a session's journal: durable before anything is forwarded, many records per fdatasync.

`append` puts a record on the chain in memory and returns; one thread per journal writes what
is pending and calls fdatasync once for all of it. Whoever must not go on before a record is
durable awaits `durable`. Invariants:

* a record is acknowledged only after the fdatasync that covers it;
* the file always holds a prefix of the chain, plus at most a torn tail nobody was told about;
* after an error nothing counts until a retry found the last durable record in its place: what was
  pending is discarded and its waiters are told, so no record is ever durable but refused.

Standard library and orjson only: every gate worker holds one of these.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from vitrine.activity.file import JournalFile
from vitrine.activity.record import FORMAT, BrokenJournal, Head, encode
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.errors import VitrineError

LAZY_KINDS: Final = frozenset({"out"})
"""Kinds that nobody waits for: they may stay in memory for `lazy_s`."""

_CLOSING_KINDS: Final = frozenset({"close", "dropped", "recovered", "refused", "kernel"})
_CLOSING_BYTES: Final = 256 * 1024
_BACKLOG_BYTES: Final = 48 * 1024 * 1024
_PROBE_S: Final = 1.0
_LOOKS: Final = 20


class JournalFailed(VitrineError):
    """A record could not be made durable, so what it stands for must not happen."""

    hint = "nothing runs in this session until its journal can be written; tell your administrator"


class JournalWriter:
    """The one writer of one session's journal; to be made after the worker was forked.

    Args:
        directory: the journal root; the file is `<directory>/<session_id>/journal.jsonl`.
        opening: what the first record says besides the session (person, project).
        limit_bytes: largest size of the file; None for no limit.
        lazy_s: longest time that a lazy record stays in memory.

    Raises:
        JournalFailed: when the file cannot be opened, is held by another process, or is broken.
    """

    def __init__(
        self,
        directory: Path,
        session_id: str,
        *,
        opening: Mapping[str, Any] | None = None,
        limit_bytes: int | None = None,
        lazy_s: float = 0.05,
        clock: Clock = utc_now,
    ) -> None:
        self._session_id = session_id
        self._limit_bytes = limit_bytes
        self._lazy_s = lazy_s
        self._clock = clock
        self._file = JournalFile(directory / session_id)
        self._wake = threading.Condition()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._in_flight_bytes = 0
        self._waiters: list[_Waiter] = []
        self._failure: str | None = None
        self._failed_at = 0.0
        self._discarded = 0
        self._is_retrying = False
        self._is_urgent = False
        self._is_asleep = False
        self._is_closing = False
        self._deadline = 0.0
        self._tail = self._file.head
        self._open(dict(opening or {}))
        self._thread = threading.Thread(target=self._run, name=f"journal {session_id}", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        """Where the journal lies."""
        return self._file.path

    @property
    def head(self) -> Head:
        """Number and digest of the last durable record."""
        return self._file.head

    @property
    def failure(self) -> str | None:
        """Why nothing can be written now; None while all is well."""
        return self._failure

    @property
    def backlog_bytes(self) -> int:
        """Bytes that are accepted and not yet durable; pause what comes out while it grows."""
        return self._pending_bytes + self._in_flight_bytes

    def append(self, kind: str, body: Mapping[str, Any]) -> int:
        """Put a record on the chain and return its number; it is not durable yet.

        After a failure, a record that somebody waits for starts a retry; lazy ones are refused.

        Raises:
            JournalFailed: when the record is not accepted.
            InvalidInput: when the body cannot be written as canonical JSON.
        """
        with self._wake:
            if self._is_closing:
                raise JournalFailed(f"the journal of session {self._session_id} is closed")
            if self._failure is not None and not self._is_retrying:
                self._retry(is_lazy=kind in LAZY_KINDS)
            if self._failure is not None and kind in LAZY_KINDS:
                raise JournalFailed(self._failure)
            self._put(kind, body)
            if kind not in LAZY_KINDS:
                self._hurry()
            elif len(self._pending) == 1:
                self._deadline = time.monotonic() + self._lazy_s
                if self._is_asleep:
                    self._wake.notify_all()
            return self._tail.seq

    def durable(self, seq: int) -> asyncio.Future[int]:
        """A future of the running loop: `seq` once that record is durable, else JournalFailed.

        Await it, or ask for it, before control goes back to the loop after `append`: a number
        that was discarded is given again to a later record.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        with self._wake:
            if seq <= self._file.head.seq:
                future.set_result(seq)
            elif seq > self._tail.seq:
                reason = self._failure or f"record {seq} was never accepted"
                future.set_exception(JournalFailed(reason))
            else:
                self._waiters.append(_Waiter(seq, loop, future))
                self._hurry()
        return future

    def write(self, kind: str, body: Mapping[str, Any]) -> asyncio.Future[int]:
        """`append` and `durable` in one; a refusal is also told through the future."""
        try:
            return self.durable(self.append(kind, body))
        except JournalFailed as failed:
            future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            future.set_exception(failed)
            return future

    async def commit(self) -> Head:
        """Wait until everything appended so far is durable; the head is then returned.

        Raises:
            JournalFailed: when it is not.
        """
        if self._tail.seq > self._file.head.seq:
            await self.durable(self._tail.seq)
        elif self._failure is not None:
            raise JournalFailed(self._failure)
        return self.head

    def wait(self, seq: int, timeout_s: float = 30.0) -> None:
        """Block this thread until record `seq` is durable; for programs without an event loop.

        Raises:
            JournalFailed: when it is not, or not in time.
        """
        deadline = time.monotonic() + timeout_s
        with self._wake:
            self._hurry()
            while seq > self._file.head.seq:
                if seq > self._tail.seq or not self._wake.wait(deadline - time.monotonic()):
                    reason = self._failure or "the disk did not answer in time"
                    raise JournalFailed(reason)

    def close(self, timeout_s: float = 30.0) -> Head:
        """Write what is pending, close the file and return its head."""
        with self._wake:
            self._is_closing = True
            self._hurry()
        self._thread.join(timeout_s)
        self._file.close()
        return self.head

    def _open(self, opening: dict[str, Any]) -> None:
        try:
            torn = self._file.open()
            self._tail = self._file.head
            if self._file.head.seq == 0:
                self._put("open", opening | {"session": self._session_id, "format": FORMAT})
            else:
                size, digest = (torn.size_bytes, torn.sha256) if torn else (0, None)
                self._put(
                    "recovered", {"reason": "opened again", "cut_bytes": size, "cut_sha256": digest}
                )
            data, self._pending, self._pending_bytes = b"".join(self._pending), [], 0
            self._file.write(data, self._tail)
        except (OSError, BrokenJournal) as error:
            self._file.close()
            raise JournalFailed(self._sentence(error)) from error

    def _put(self, kind: str, body: Mapping[str, Any]) -> None:
        line, tail = encode(kind, body, timestamp(self._clock()), self._tail)
        if self._limit_bytes is not None:
            size = self._file.size_bytes + self.backlog_bytes + len(line)
            spare = _CLOSING_BYTES if kind in _CLOSING_KINDS else 0
            if size > self._limit_bytes + spare:
                raise JournalFailed(
                    f"the journal of session {self._session_id} has reached its limit of "
                    f"{self._limit_bytes // 2**20} MiB",
                    hint="end this session and start it again",
                )
        if self.backlog_bytes > _BACKLOG_BYTES:
            waiting_mb = self.backlog_bytes // 2**20
            raise JournalFailed(f"the journal's disk is too slow: {waiting_mb} MiB wait for it")
        self._pending.append(line)
        self._pending_bytes += len(line)
        self._tail = tail

    def _hurry(self) -> None:
        self._is_urgent = True
        self._wake.notify_all()

    def _retry(self, *, is_lazy: bool) -> None:
        """Begin the chain again at its durable end, with a record of what was discarded."""
        if is_lazy and time.monotonic() - self._failed_at < _PROBE_S:
            return
        self._put("recovered", {"reason": self._failure, "discarded_records": self._discarded})
        self._is_retrying = True
        self._hurry()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wait_for_work()
                data, head = b"".join(self._pending), self._tail
                is_last, is_retry = self._is_closing, self._is_retrying
                self._in_flight_bytes = self._pending_bytes
                self._pending, self._pending_bytes, self._is_urgent = [], 0, False
            error = self._write(data, head, is_retry) if data else None
            with self._wake:
                self._in_flight_bytes = 0
                if error is not None:
                    self._fail(error)
                elif data:
                    self._succeed()
                self._wake.notify_all()
                if is_last and not self._pending:
                    return

    def _wait_for_work(self) -> None:
        # While a cell runs, records come one after the other: to wake this thread for the first of
        # them costs more than to look again after the time that they may wait.
        looks = _LOOKS
        while not self._is_urgent:
            if not self._pending:
                self._is_asleep = looks == 0
                self._wake.wait(None if self._is_asleep else self._lazy_s / 2)
                self._is_asleep = False
                looks = max(0, looks - 1)
                continue
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                return
            self._wake.wait(remaining)

    def _write(self, data: bytes, head: Head, is_retry: bool) -> Exception | None:
        try:
            if is_retry:
                self._file.resume()
            self._file.write(data, head)
        except Exception as error:  # the thread must live on to tell the waiters
            return error
        return None

    def _succeed(self) -> None:
        head = self._file.head
        self._failure, self._discarded, self._is_retrying = None, 0, False
        done = [waiter for waiter in self._waiters if waiter.seq <= head.seq]
        self._waiters = [waiter for waiter in self._waiters if waiter.seq > head.seq]
        _tell(done, None)

    def _fail(self, error: Exception) -> None:
        self._failure = self._sentence(error)
        self._failed_at = time.monotonic()
        retried = 1 if self._is_retrying else 0
        self._discarded += self._tail.seq - self._file.head.seq - retried
        self._is_retrying = False
        self._tail = self._file.head
        self._pending, self._pending_bytes = [], 0
        waiters, self._waiters = self._waiters, []
        _tell(waiters, self._failure)

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, BlockingIOError):
            return f"another process writes the journal of session {self._session_id}"
        if isinstance(error, BrokenJournal):
            return f"the journal of session {self._session_id} is broken: {error}"
        reason = (getattr(error, "strerror", None) or type(error).__name__).lower()
        return f"the journal of session {self._session_id} cannot be written ({reason})"


class _Waiter:
    """Somebody who must not go on before record `seq` is durable."""

    __slots__ = ("future", "loop", "seq")

    def __init__(
        self, seq: int, loop: asyncio.AbstractEventLoop, future: asyncio.Future[int]
    ) -> None:
        self.seq = seq
        self.loop = loop
        self.future = future

    def settle(self, failure: str | None) -> None:
        """Resolve the future; on its loop's thread."""
        if self.future.done():
            return
        if failure is None:
            self.future.set_result(self.seq)
        else:
            self.future.set_exception(JournalFailed(failure))


def _tell(waiters: list[_Waiter], failure: str | None) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[_Waiter]] = {}
    for waiter in waiters:
        loops.setdefault(waiter.loop, []).append(waiter)
    for loop, group in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, group, failure)


def _settle(waiters: Iterable[_Waiter], failure: str | None) -> None:
    for waiter in waiters:
        waiter.settle(failure)
