"""No journal, no execution: the disk of the journal is really full, really read-only, or slow."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.loop_filesystem import LoopFilesystem, a_filesystem
from tests.support.session import Session, a_neighbour, a_session, text_of, wait_for
from vitrine.activity.verify import verify


@pytest.fixture
def disk() -> Iterator[LoopFilesystem]:
    directory = Path(tempfile.mkdtemp(prefix="vj-", dir="/var/tmp"))
    with a_filesystem(directory / "fs", 16) as made:
        yield made
    shutil.rmtree(directory, ignore_errors=True)


def run_marks(session: Session) -> list[str]:
    return sorted(path.name for path in session.workspace.glob("ran-*"))


def test_a_full_disk_stops_this_session_with_one_sentence_and_no_other_and_space_heals_it(disk):
    with a_session() as session:
        # Each session's journal may lie on its own filesystem.
        neighbour_id = "ses-000000000002"
        (session.journal_root / neighbour_id).symlink_to(disk.root / "journal")
        (disk.root / "journal").mkdir()
        with a_neighbour(session) as full:
            kernel, other = full.new_kernel(), session.new_kernel()
            assert kernel.run("x = 1; print(x)") == "1\n"
            filler = disk.fill()

            found = kernel.collect(kernel.execute("open('ran-1', 'w'); print('ran')"))
            text = text_of(found)
            assert "nothing was executed" in text
            assert "no space left" in text
            assert [m["header"]["msg_type"] for m in found].count("error") == 1
            assert run_marks(full) == []
            # more in a row, so that the disk's last few bytes do not decide
            for n in range(2, 6):
                assert "nothing was executed" in kernel.run(f"open('ran-{n}', 'w')")
            assert run_marks(full) == []
            status, body = full.http(
                "PUT", "/api/contents/a.txt", {"type": "file", "format": "text", "content": "a"}
            )
            assert status == 503
            assert b"nothing was done" in body
            assert not (full.workspace / "a.txt").exists()
            wait_for(lambda: full.status()["journal_ok"] is False, "the report of the failure")
            assert other.run("print('goes on')") == "goes on\n"

            filler.unlink()
            wait_for(lambda: kernel.run("print(x)") == "1\n", "the kernel of before", 30)
        verify(disk.root / "journal" / "journal.jsonl", session_id=neighbour_id)


def test_a_disk_that_turns_read_only_stops_everything_that_would_need_a_record(disk):
    with a_session(journal_root=disk.root) as session:
        kernel = session.new_kernel()
        assert kernel.run("print(1)") == "1\n"
        asked = kernel.execute("name = input()")
        kernel.receive_until(lambda m: m["header"]["msg_type"] == "input_request")
        disk.shut_down()
        kernel.send("input_reply", {"value": "never"}, "stdin")
        note = kernel.receive_until(
            lambda m: "nothing was executed" in json.dumps(m["content"]), 20
        )
        assert note["parent_header"]["msg_id"] == asked
        session.api("POST", f"/api/kernels/{kernel.kernel_id}/interrupt")
        assert "nothing was executed" in kernel.run("open('ran-1', 'w')")
        status, body = session.http("POST", "/api/kernels", {"name": "python3"})
        assert status == 503
        assert b"nothing was done" in body
        assert run_marks(session) == []


def test_what_a_kernel_says_is_not_shown_while_it_cannot_be_recorded(disk):
    with a_session(journal_root=disk.root) as session:
        kernel = session.new_kernel()
        # Until the file appears, the disk has room; what is said after that cannot be recorded.
        kernel.run("import os, time")
        asked = kernel.execute(
            "while not os.path.exists('full'): time.sleep(0.05)\n"
            "for n in range(4): print('line', n, flush=True); time.sleep(0.5)\n"
            "'the result'"
        )
        kernel.receive_until(lambda m: m["header"]["msg_type"] == "execute_input")
        disk.fill()
        (session.workspace / "full").touch()
        found = kernel.collect(asked)
        shown = text_of(found)
        # At most what came within one group commit is shown before the disk has said no.
        assert "line 3" not in shown
        assert "the result" not in shown
        (reply,) = [m for m in found if m["header"]["msg_type"] == "execute_reply"]
        assert "journal cannot be written" in reply["content"]["evalue"]


def test_a_cell_is_in_the_journal_before_the_kernel_has_it():
    with a_session() as session:
        kernel = session.new_kernel()
        seen = session.workspace / "seen.txt"
        code = (
            f"found = open({str(session.journal)!r}).read()\n"
            "open('seen.txt', 'w').write(str(found.count('a-mark-of-this-' + 'cell')))"
            " # a-mark-of-this-cell"
        )
        kernel.run(code)
        assert int(seen.read_text()) >= 1


def test_files_are_recorded_by_size_and_digest_and_never_by_content():
    with a_session() as session:
        body = "CANARY-7f3a " * 1000
        model = {"type": "file", "format": "text", "content": body}
        session.api("PUT", "/api/contents/table.csv", model)
        session.api("GET", "/api/contents/table.csv?content=1")
        time.sleep(0.3)
        digest = hashlib.sha256(body.encode()).hexdigest()
        (written,) = [each for each in session.of_kind("rpc") if each["verb"] == "write"]
        assert (written["path"], written["size"]) == ("table.csv", len(body))
        assert written["sha256"] == digest
        (read,) = [each for each in session.of_kind("out") if each["channel"] == "files"]
        assert (read["size"], read["sha256"]) == (len(body), digest)
        assert "CANARY" not in session.journal.read_text()


def test_a_journal_at_its_limit_says_so_and_the_session_can_still_be_closed():
    with a_session(journal_limit_mb=1) as session:
        kernel = session.new_kernel()
        text = ""
        for _ in range(40):
            text = kernel.run("# " + "x" * 60_000)
            if text:
                break
        assert "reached its limit of 1 MiB" in text
        assert "end this session and start it again" in text
        answer = session.control(op="close", session_id=session.session_id, reason="test")
        head = answer["head"]
        report = verify(session.journal, session_id=session.session_id)
        assert [report.head.seq, report.head.digest] == head
        assert session.records()[-1]["kind"] == "close"


def test_closing_a_session_records_the_reason_and_returns_the_last_head():
    with a_session() as session:
        session.new_kernel().run("print(1)")
        answer = session.control(op="close", session_id=session.session_id, reason="the end")
        report = verify(session.journal, session_id=session.session_id)
        assert answer["head"] == [report.head.seq, report.head.digest]
        assert session.of_kind("close") == [{"reason": "the end"}]
        assert session.control(op="list")["sessions"] == []
        assert not (session.root / "g" / session.session_id).exists()
