"""One flipped byte, one removed line, one cut tail is found and named."""

from __future__ import annotations

import random

import pytest

from vitrine.activity import verify as verify_module
from vitrine.activity.record import EMPTY, BrokenJournal, Head, encode
from vitrine.activity.verify import verify
from vitrine.errors import NotFound

TIME = "2026-01-02T03:04:05.000006Z"


def a_journal(path, size: int, session_id="ses-1", fill="") -> list[Head]:
    """Write a journal of `size` records and return all its heads, the empty one first."""
    heads, lines = [EMPTY], []
    for number in range(1, size + 1):
        kind, body = ("in", {"code": f"print({number})", "fill": fill})
        if number == 1:
            kind, body = ("open", {"session": session_id, "format": 1})
        line, head = encode(kind, body, TIME, heads[-1])
        heads.append(head)
        lines.append(line)
    path.write_bytes(b"".join(lines))
    return heads


@pytest.fixture(params=["in one process", "in four parts"])
def path(request, tmp_path, monkeypatch):
    if request.param == "in four parts":
        monkeypatch.setattr(verify_module, "_PART_BYTES", 500)
        monkeypatch.setattr(verify_module.os, "cpu_count", lambda: 4)
    return tmp_path / "journal.jsonl"


def test_a_whole_journal_verifies_with_its_head_session_and_size(path):
    heads = a_journal(path, 40)
    report = verify(path, heads[-1], session_id="ses-1")
    assert report.head == heads[-1]
    assert (report.session_id, report.records) == ("ses-1", 40)
    assert report.size_bytes == path.stat().st_size


def test_every_flipped_byte_is_found_in_its_record(path):
    a_journal(path, 30)
    content = path.read_bytes()
    choice = random.Random(7)
    for _ in range(60):
        at = choice.randrange(len(content))
        flipped = bytes([content[at] ^ (1 << choice.randrange(8))])
        path.write_bytes(content[:at] + flipped + content[at + 1 :])
        record = content[:at].count(b"\n") + 1
        with pytest.raises(BrokenJournal, match=r"record \d+") as broken:
            verify(path)
        assert broken.value.record == record


@pytest.mark.parametrize("number", [1, 2, 15, 16, 29])
def test_a_removed_line_is_named(path, number):
    a_journal(path, 30)
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[number - 1]
    path.write_bytes(b"".join(lines))
    with pytest.raises(BrokenJournal, match=f"record {number} is missing") as broken:
        verify(path)
    assert broken.value.record == number


def test_two_lines_in_another_order_are_named(path):
    a_journal(path, 30)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[9], lines[10] = lines[10], lines[9]
    path.write_bytes(b"".join(lines))
    with pytest.raises(BrokenJournal, match="record 10 is missing: record 11 stands in its place"):
        verify(path)


def test_a_tail_cut_between_lines_passes_alone_but_not_against_its_anchor(path):
    heads = a_journal(path, 30)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:27]))
    assert verify(path).records == 27
    with pytest.raises(BrokenJournal, match="records 28 to 30 are missing") as broken:
        verify(path, heads[30])
    assert broken.value.record == 28


def test_a_tail_cut_within_a_line_is_named(path):
    a_journal(path, 30)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(BrokenJournal, match="record 30 is cut off"):
        verify(path)


def test_an_emptied_journal_fails_against_any_anchor(path):
    heads = a_journal(path, 3)
    path.write_bytes(b"")
    with pytest.raises(BrokenJournal, match="records 1 to 3 are missing"):
        verify(path, heads[3])


def test_a_journal_rewritten_with_correct_links_fails_against_what_was_noted(path):
    heads = a_journal(path, 30)
    a_journal(path, 30, fill="another story")
    assert verify(path).records == 30
    with pytest.raises(BrokenJournal, match="record 12 is not the one whose digest was noted"):
        verify(path, {20: heads[20].digest, 12: heads[12].digest})


def test_the_journal_of_another_session_is_refused(path):
    a_journal(path, 3)
    with pytest.raises(BrokenJournal, match="not of session ses-2"):
        verify(path, session_id="ses-2")


def test_a_line_with_a_right_digest_that_is_no_json_is_refused(path):
    line, head = encode("open", {"a": 1}, TIME, EMPTY)
    from vitrine.audit.chain import digest_of_bytes

    body = b'{"a":1},"extra":{}'
    text = b'[1,{"body":%b,"kind":"open","t":"%b"}]' % (body, TIME.encode())
    digest = digest_of_bytes(text, EMPTY.digest)
    path.write_bytes(line.replace(b'{"a":1}', body).replace(head.digest.encode(), digest.encode()))
    with pytest.raises(BrokenJournal, match="record 1"):
        verify(path)


def test_no_journal_is_a_sentence(tmp_path):
    with pytest.raises(NotFound, match="there is no journal"):
        verify(tmp_path / "journal.jsonl")
