"""What was acknowledged is on disk and in order; what was not is told so."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import time
from pathlib import Path

import pytest

from vitrine.activity.journal import JournalFailed, JournalWriter
from vitrine.activity.record import Record, canonical, decode, walk
from vitrine.audit import chain
from vitrine.errors import InvalidInput


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def records(path: Path) -> list[Record]:
    return [decode(line) for line in lines(path)]


def kinds(path: Path) -> list[str]:
    return [record.kind for record in records(path)]


def check(path: Path) -> int:
    return walk(lines(path)).head.seq


@pytest.fixture
def writer(tmp_path):
    writer = JournalWriter(tmp_path, "ses-1", opening={"person": "ada"})
    yield writer
    writer.close()


def a_failing(error: int, times: int, monkeypatch, call="fdatasync"):
    """Let the next `times` calls of os.<call> fail with `error`."""
    real, left = getattr(os, call), [times]

    def fake(*arguments):
        if left[0] > 0:
            left[0] -= 1
            raise OSError(error, os.strerror(error))
        return real(*arguments)

    monkeypatch.setattr(os, call, fake)


def test_a_record_is_on_disk_when_its_future_resolves(writer):
    async def run():
        for number in range(20):
            seq = await writer.durable(writer.append("in", {"code": f"x = {number}"}))
            assert records(writer.path)[-1].seq == seq

    asyncio.run(run())
    assert check(writer.path) == 21


def test_a_record_is_not_acknowledged_before_fdatasync_returned(writer, monkeypatch):
    synced = []
    real = os.fdatasync

    def slow(descriptor):
        time.sleep(0.05)
        real(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fdatasync", slow)

    async def run():
        await writer.durable(writer.append("in", {"code": "1"}))
        assert synced[-1] == writer.path.stat().st_size

    asyncio.run(run())


def test_many_appenders_share_one_fdatasync(writer, monkeypatch):
    calls = []
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (calls.append(1), time.sleep(0.02), real(fd)))

    async def run():
        await asyncio.gather(*[writer.write("in", {"n": n}) for n in range(500)])

    asyncio.run(run())
    assert len(calls) <= 3
    assert [r.body["n"] for r in records(writer.path)[1:]] == list(range(500))


def test_what_comes_out_is_durable_within_100_ms_without_anyone_waiting(writer):
    seq = writer.append("out", {"size": 3})
    assert writer.head.seq < seq
    time.sleep(0.1)
    assert writer.head.seq == seq


def test_the_digests_are_those_of_the_audit_chain(writer):
    writer.wait(writer.append("in", {"code": "é\u2028\x07\x7f", "b": [1, None, True], "a": {}}))
    previous = chain.GENESIS
    for record in records(writer.path):
        body = {"t": record.at, "kind": record.kind, "body": record.body}
        assert record.digest == chain.digest_of(record.seq, body, previous)
        previous = record.digest
    assert writer.head == (2, previous)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(0.1, '{"$float":"0.1"}', id="a float"),
        pytest.param(float("nan"), '{"$float":"nan"}', id="not a number"),
        pytest.param(2**70, f'{{"$int":"{2**70}"}}', id="a huge integer"),
        pytest.param("\ud800x", '"\\\\ud800x"', id="half a surrogate"),
        pytest.param({"b": 1, "a": (2,)}, '{"a":[2],"b":1}', id="keys are sorted"),
    ],
)
def test_what_json_writers_disagree_about_has_one_text(value, text):
    assert canonical({"v": value}).decode() == '{"v":' + text + "}"
    assert canonical(json.loads(canonical({"v": value}))) == canonical({"v": value})


def test_a_body_nested_too_deeply_is_refused_and_the_journal_goes_on(writer):
    deep: dict = {}
    for _ in range(300):
        deep = {"a": deep}
    with pytest.raises(InvalidInput, match="240 levels"):
        writer.append("in", deep)
    writer.wait(writer.append("in", {}))
    assert check(writer.path) == 2


@pytest.mark.parametrize("call", ["fdatasync", "pwrite"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_every_waiter_of_a_failed_write_is_told_and_a_retry_goes_on(
    writer, monkeypatch, call, error
):
    async def run():
        a_failing(error, 1, monkeypatch, call)
        told = await asyncio.gather(
            *[writer.write("in", {"n": n}) for n in range(5)], return_exceptions=True
        )
        assert all(isinstance(answer, JournalFailed) for answer in told)
        assert os.strerror(error).lower() in str(told[0])
        assert writer.failure
        await writer.write("in", {"n": "again"})
        assert writer.failure is None

    asyncio.run(run())
    assert kinds(writer.path) == ["open", "recovered", "in"]
    assert records(writer.path)[1].body["discarded_records"] == 5
    assert check(writer.path) == 3


def test_while_the_journal_fails_nothing_that_comes_out_is_accepted(writer, monkeypatch):
    a_failing(errno.ENOSPC, 2, monkeypatch)
    with pytest.raises(JournalFailed, match="no space left"):
        writer.wait(writer.append("in", {}))
    with pytest.raises(JournalFailed, match="no space left"):
        writer.append("out", {})
    with pytest.raises(JournalFailed):
        writer.wait(writer.append("in", {}))
    assert writer.wait(writer.append("in", {"n": 3})) is None
    writer.append("out", {})


def test_torn_bytes_of_a_failed_write_are_cut_before_the_chain_goes_on(writer, monkeypatch):
    real = os.pwrite
    torn = iter([True])

    def half(descriptor, data, offset):
        if next(torn, False):
            real(descriptor, data[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", half)
    with pytest.raises(JournalFailed):
        writer.wait(writer.append("in", {"code": "x" * 1000}))
    writer.wait(writer.append("in", {"code": "y"}))
    assert check(writer.path) == 3
    assert b"xxx" not in writer.path.read_bytes()


def test_a_retry_refuses_a_file_that_lost_what_was_durable(writer, monkeypatch):
    writer.wait(writer.append("in", {}))
    a_failing(errno.EIO, 1, monkeypatch)
    with pytest.raises(JournalFailed, match="input/output"):
        writer.wait(writer.append("in", {}))
    os.truncate(writer.path, len(lines(writer.path)[0]))
    with pytest.raises(JournalFailed, match="record 2 was durable and is gone"):
        writer.wait(writer.append("in", {}))


def test_opening_again_goes_on_with_the_chain(tmp_path):
    first = JournalWriter(tmp_path, "ses-1")
    first.append("in", {"code": "1"})
    head = first.close()
    second = JournalWriter(tmp_path, "ses-1")
    assert second.head.seq == head.seq + 1
    second.close()
    assert kinds(second.path) == ["open", "in", "recovered"]
    assert check(second.path) == 3


@pytest.mark.parametrize("tail", [b'{"seq":3,"t":"20', b"\0" * 4096, b'{"seq":3}\n'])
def test_a_torn_tail_is_cut_kept_beside_and_recorded(tmp_path, tail):
    first = JournalWriter(tmp_path, "ses-1")
    first.append("in", {"code": "1"})
    first.close()
    with open(first.path, "ab") as stream:
        stream.write(tail)
    second = JournalWriter(tmp_path, "ses-1")
    second.close()
    assert records(second.path)[-1].body["cut_bytes"] == len(tail)
    assert check(second.path) == 3
    assert (second.path.parent / "journal.jsonl.torn-3").read_bytes() == tail


def test_a_journal_altered_in_its_middle_is_not_continued(tmp_path):
    first = JournalWriter(tmp_path, "ses-1")
    for number in range(5):
        first.append("in", {"code": f"{number}"})
    first.close()
    content = first.path.read_bytes()
    first.path.write_bytes(content.replace(b'"code":"1"', b'"code":"9"'))
    with pytest.raises(JournalFailed, match="record 3 was changed"):
        JournalWriter(tmp_path, "ses-1")
    assert len(first.path.read_bytes()) == len(content)


def test_two_processes_cannot_write_one_journal(writer, tmp_path):
    with pytest.raises(JournalFailed, match="another process writes"):
        JournalWriter(tmp_path, "ses-1")


def test_a_session_at_its_limit_is_refused_but_can_be_closed(tmp_path):
    writer = JournalWriter(tmp_path, "ses-1", limit_bytes=2**20)

    def fill(size: int):
        for _ in range(2**12):
            writer.append("in", {"code": "x" * size})

    for size in (500, 0):
        with pytest.raises(JournalFailed, match="limit of 1 MiB"):
            fill(size)
    writer.append("close", {"reason": "limit"})
    writer.close()
    assert kinds(writer.path)[-1] == "close"
    check(writer.path)


def test_importing_the_writer_imports_no_database():
    import subprocess
    import sys

    program = (
        "import sys, vitrine.activity.journal\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}"
        " - set(sys.stdlib_module_names) - {'vitrine', 'orjson', '__main__'}))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert "sqlalchemy" not in found
    assert "cryptography" not in found
