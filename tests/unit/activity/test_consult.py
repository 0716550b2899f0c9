"""Reading a journal is audited; verification uses the heads in the audit log."""

from __future__ import annotations

import json
import os

import pytest

from tests.support.cellar import a_database, some_settings
from vitrine.activity import heads
from vitrine.activity.consult import consult, verify_journals
from vitrine.activity.journal import JournalWriter
from vitrine.activity.reading import listing, path_of, read, session_ids
from vitrine.activity.record import Head
from vitrine.activity.summary import summary
from vitrine.activity.transcript import line_of, script
from vitrine.audit import log
from vitrine.cli.main import run
from vitrine.errors import InvalidInput, NotFound

CODE = "import SimpleITK as sitk\nimage = load()\n"


def a_session(settings, session_id="ses-1", *, is_closed=True) -> Head:
    """A journal with a bit of everything."""
    opening = {"person": "ada", "project": "lung"}
    writer = JournalWriter(settings.journal_root, session_id, opening=opening)
    for kind, body in (
        ("kernel", {"kernel": "k1", "event": "start", "incarnation": 1}),
        ("in", {"kernel": "k1", "msg_type": "execute_request", "content": {"code": CODE}}),
        ("out", {"kernel": "k1", "channel": "iopub", "type": "stream", "size": 1200}),
        ("out", {"kernel": "k1", "channel": "iopub", "type": "status", "size": 31}),
        ("in", {"kernel": "k1", "msg_type": "execute_request", "content": {"code": "1/0"}}),
        ("in", {"kernel": "k1", "msg_type": "execute_request", "content": {"code": ""}}),
        ("in", {"kernel": "k1", "msg_type": "input_reply", "content": {"value": "yes"}}),
        ("in", {"kernel": "k1", "msg_type": "comm_msg", "content": {"comm_id": "c", "v": 0.5}}),
        ("rpc", {"verb": "write", "path": "a.ipynb", "size": 4000, "sha256": "0" * 64}),
        ("out", {"channel": "files", "type": "read", "size": 10, "parent": "a.ipynb"}),
        ("refused", {"method": "GET", "path": "/files/a.csv", "reason": "files stay here"}),
        ("draft", {"draft_id": "dra-1", "files": [{"path": "a.csv"}]}),
        ("share", {"share_id": "shr-1", "files": [{"path": "a.csv"}]}),
        ("receive", {"share_id": "shr-2", "sender": "bob", "files": [{"path": "b.csv"}]}),
        ("receive_failed", {"share_id": "shr-2", "reason": "the workspace is full"}),
        ("dropped", {"count": 3, "reason": "the page could not keep up"}),
        *([("close", {"reason": "stopped"})] if is_closed else []),
    ):
        writer.append(kind, body)
    return writer.close()


@pytest.fixture
def node(tmp_path, monkeypatch):
    settings = some_settings(tmp_path)
    settings.journal_root.mkdir(parents=True)
    monkeypatch.setenv("VITRINE_STATE_ROOT", str(settings.state_root))
    monkeypatch.setenv("VITRINE_ENV_FILE", os.devnull)
    return settings, a_database(settings)


def events(db, event: str) -> list[log.Entry]:
    with db.read() as tx:
        return list(log.find(tx, event=event))


def note(db, session_id: str, head: Head) -> bool:
    with db.begin() as tx:
        return heads.note_head(tx, session_id, head, actor="system:steward")


def test_a_summary_counts_what_was_done(node):
    settings, _ = node
    a_session(settings)
    counts = summary(read(path_of(settings.journal_root, "ses-1")))
    assert (counts.person, counts.project, counts.session_id) == ("ada", "lung", "ses-1")
    assert (counts.cells_run, counts.outputs, counts.output_bytes) == (2, 1, 1200)
    assert (counts.inputs_given, counts.widget_messages) == (1, 1)
    assert (counts.files_read, counts.files_changed) == (1, 1)
    assert (counts.drafts, counts.refusals, counts.outputs_dropped) == (1, 1, 3)
    assert (counts.shares, counts.receptions) == (1, 1)
    assert counts.is_closed


def test_a_transcript_shows_the_first_line_of_the_code(node):
    settings, _ = node
    a_session(settings)
    lines = [line_of(record) for record in read(path_of(settings.journal_root, "ses-1"))]
    assert ("cell", "import SimpleITK as sitk  (+1 lines)") in lines
    assert ("refused", "GET /files/a.csv: files stay here") in lines
    assert ("file", "write a.ipynb (4,000 bytes)") in lines
    assert ("draft", "dra-1, 1 files") in lines
    assert ("share", "shr-1, 1 files") in lines
    assert ("share received", "shr-2 of bob, 1 files") in lines
    assert ("not received", "shr-2: the workspace is full") in lines


def test_a_script_holds_every_word_that_was_run_and_comments_the_rest(node):
    settings, _ = node
    a_session(settings)
    text = "\n".join(script(read(path_of(settings.journal_root, "ses-1"))))
    assert CODE in text
    assert "refused: GET /files/a.csv" in text
    compile(text, "journal", "exec")


def test_a_line_being_written_is_left_out_of_reading(node):
    settings, _ = node
    a_session(settings, is_closed=False)
    path = path_of(settings.journal_root, "ses-1")
    with open(path, "ab") as stream:
        stream.write(b'{"seq":18,"t":')
    assert [record.seq for record in read(path)] == list(range(1, 18))
    found = listing(settings.journal_root, "ses-1")
    assert (found.records, found.is_closed, found.person) == (17, False, "ada")


def test_reading_a_journal_is_audited_with_who_and_which(node):
    settings, db = node
    a_session(settings)
    consult(db, settings, "ses-1", actor="os:root")
    [entry] = events(db, "journal_read")
    assert (entry.actor, entry.subject) == ("os:root", "session:ses-1")


@pytest.mark.parametrize("session_id", ["../ses-1", "", "ses-1/..", "SES", "a\x00b"])
def test_a_session_id_cannot_lead_elsewhere(node, session_id):
    settings, db = node
    with pytest.raises(InvalidInput, match="not the id of a session"):
        consult(db, settings, session_id, actor="os:root")
    assert not events(db, "journal_read")


def test_a_head_is_noted_once(node):
    _, db = node
    assert note(db, "ses-1", Head(3, "a" * 64))
    assert not note(db, "ses-1", Head(3, "a" * 64))
    assert note(db, "ses-1", Head(4, "b" * 64))
    assert len(events(db, "journal_head")) == 2


def test_a_cut_tail_is_found_against_the_noted_head(node):
    settings, db = node
    note(db, "ses-1", a_session(settings))
    a_session(settings, "ses-2")
    path = path_of(settings.journal_root, "ses-1")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    broken, whole = verify_journals(db, settings, actor="os:root")
    assert (broken.session_id, broken.record) == ("ses-1", 17)
    assert "records 17 to 18 are missing" in broken.problem
    assert not whole.problem
    assert [entry.detail["verdict"] for entry in events(db, "journal_verified")] == [
        "broken",
        "whole",
    ]


def test_a_line_that_is_being_written_is_no_broken_journal(node):
    import threading

    settings, db = node
    a_session(settings, is_closed=False)
    path = path_of(settings.journal_root, "ses-1")
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 20)
    threading.Timer(0.1, path.write_bytes, [whole]).start()
    [finding] = verify_journals(db, settings, actor="os:root")
    assert not finding.problem


def test_a_journal_that_is_gone_is_found_by_its_noted_head(node):
    settings, db = node
    note(db, "ses-9", Head(7, "a" * 64))
    [finding] = verify_journals(db, settings, actor="os:root")
    assert "the journal is gone" in finding.problem


def test_a_session_nobody_knows_is_a_sentence(node):
    settings, db = node
    with pytest.raises(NotFound, match="ses-404 has no journal"):
        verify_journals(db, settings, ["ses-404"], actor="os:root")


def test_verify_at_the_command_line_names_session_and_record_and_exits_1(node, capsys):
    settings, db = node
    note(db, "ses-1", a_session(settings))
    assert run(["activity", "verify"]) == 0
    path = path_of(settings.journal_root, "ses-1")
    path.write_bytes(path.read_bytes().replace(b"1/0", b"1/1"))
    capsys.readouterr()
    assert run(["activity", "verify", "--json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)[0]["record"] == 6
    assert "the journal of session ses-1 is broken: record 6 was changed" in shown.err


def test_show_prints_time_what_and_code_and_is_audited(node, capsys):
    settings, db = node
    a_session(settings)
    assert run(["activity", "show", "ses-1"]) == 0
    assert "import SimpleITK as sitk" in capsys.readouterr().out
    assert run(["activity", "show", "ses-1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown[2]["body"]["content"]["code"] == CODE
    assert run(["activity", "show", "ses-1", "--summary", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cells_run"] == 2
    assert len(events(db, "journal_read")) == 3
    assert events(db, "journal_read")[0].actor.startswith("os:")


def test_show_of_no_such_session_exits_1_with_the_way_out(node, capsys):
    assert run(["activity", "show", "ses-404"]) == 1
    assert "vitrine activity list shows those that have" in capsys.readouterr().err


def test_list_shows_the_journals_of_a_project(node, capsys):
    settings, _ = node
    a_session(settings)
    assert run(["activity", "list", "--project", "lung", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["session_id"] == "ses-1"
    assert run(["activity", "list", "--project", "other", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_an_exported_journal_still_verifies(node, tmp_path):
    from vitrine.activity.verify import verify

    settings, db = node
    head = a_session(settings)
    target = tmp_path / "out.jsonl"
    assert run(["activity", "export", "ses-1", "--output", str(target)]) == 0
    assert verify(target, head, session_id="ses-1").head == head
    assert run(["activity", "export", "ses-1", "--output", str(target)]) == 1
    assert len(events(db, "journal_exported")) == 1
    assert session_ids(settings.journal_root) == ["ses-1"]
