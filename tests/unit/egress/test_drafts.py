"""From a frozen draft to a request: everything a kernel could have written into it."""

from __future__ import annotations

import os

import pytest

from tests.support.egress import CONTEXT, TABLE, a_png
from vitrine.egress import drafts, judge, prepare, submit
from vitrine.egress.request import FileType, Status
from vitrine.errors import Conflict, IntegrityError, InvalidInput, NotFound, NotPermitted


def take(house, draft):
    return drafts.receive(house.db, house.blobs, draft, house.root / "frozen", house.clock)


def test_a_draft_becomes_a_pending_request_that_nobody_else_sees_yet(house):
    request = take(house, house.draft({"table.csv": TABLE, "figure.png": a_png()}))
    assert request.status is Status.PENDING
    assert [file.path for file in request.files] == ["table.csv", "figure.png"]
    assert house.blobs.verify(request.files[0].original_sha256).size_bytes == len(TABLE)
    assert house.events("draft_created")[0].detail["author"] == "ann"


def test_taking_a_draft_again_gives_the_same_request(house):
    draft = house.draft({"table.csv": TABLE})
    assert take(house, draft).id == take(house, draft).id
    assert len(house.events("draft_created")) == 1


def test_bytes_that_are_not_those_that_were_frozen_are_refused(house):
    draft = house.draft({"table.csv": TABLE})
    digest = draft["files"][0]["sha256"]
    (house.root / "frozen" / digest).write_bytes(TABLE + b"x")
    with pytest.raises(IntegrityError, match="other bytes"):
        take(house, draft)
    (house.root / "frozen" / digest).unlink()
    with pytest.raises(IntegrityError, match="missing"):
        take(house, draft)
    assert not house.events("draft_created")


@pytest.mark.parametrize("kind", ["link to a file", "link to the folder", "pipe", "folder"])
def test_a_gate_that_was_taken_over_cannot_have_other_files_copied(house, kind):
    draft = house.draft({"table.csv": TABLE})
    frozen = house.root / "frozen"
    planted = frozen / draft["files"][0]["sha256"]
    aside = house.root / "aside"
    if kind == "link to the folder":
        frozen.rename(aside)
        frozen.symlink_to(aside)
    else:
        planted.rename(aside)
        {
            "link to a file": lambda: planted.symlink_to(aside),
            "pipe": lambda: os.mkfifo(planted),
            "folder": planted.mkdir,
        }[kind]()
    with pytest.raises(IntegrityError, match="not a plain file"):
        take(house, draft)
    assert not house.events("draft_created")


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", "no name"),
        ("/etc/passwd", "not a plain path"),
        ("../x.csv", "not a plain path"),
        ("a//b.csv", "not a plain path"),
        ("a/./b.csv", "not a plain path"),
        ("a\x00.csv", "invisible"),
        ("a\n.csv", "invisible"),
        ("gnp.\u202evsc", "invisible"),
        ("a\u200b.csv", "invisible"),
        ("a\\b.csv", "not every computer"),
        ("a:b.csv", "not every computer"),
        (" a.csv", "not every computer"),
        ("e\u0301.csv", "NFC"),
        ("x" * 201, "200 are allowed"),
        (7, "no name"),
    ],
)
def test_a_name_that_could_mean_something_else_is_refused(house, path, sentence):
    draft = house.draft({"table.csv": TABLE})
    draft["files"][0]["path"] = path
    with pytest.raises(InvalidInput, match=sentence):
        take(house, draft)


def test_two_names_that_differ_only_in_letter_case_are_refused(house):
    with pytest.raises(InvalidInput, match="twice"):
        take(house, house.draft({"A.csv": TABLE, "a.csv": TABLE}))


@pytest.mark.parametrize(
    "change",
    [
        {"files": []},
        {"files": "x"},
        {"files": [7]},
        {"files": [{"path": "a.csv"}]},
        {"files": [{"path": "a.csv", "sha256": "x", "size_bytes": 1}]},
        {"files": [{"path": "a.csv", "sha256": "0" * 64, "size_bytes": True}]},
        {"person": "../ann"},
        {"person": None},
        {"project": "Lung!"},
        {"draft_id": "a/b"},
        {"session_id": 7},
        {"title": ["x"]},
        {"context": {}},
    ],
)
def test_a_malformed_draft_is_refused_with_a_sentence(house, change):
    with pytest.raises((InvalidInput, IntegrityError)):
        take(house, {**house.draft({"table.csv": TABLE}), **change})
    assert not house.events("draft_created")


def test_a_title_is_one_plain_line(house):
    request = take(house, house.draft({"a.csv": TABLE}, title="  two\nlines\u202e  " + "x" * 400))
    assert request.title.startswith("two lines x")
    assert len(request.title) == 200


def test_nothing_is_submitted_before_its_copies_are_made(house):
    request = take(house, house.draft({"table.csv": TABLE}))
    with pytest.raises(Conflict, match="still being made"):
        submit.submit(house.db, house.people["ann"], request.id, context=CONTEXT)
    prepare.clean_received(house.db, house.blobs, house.parser, house.clock)
    judge.check_received(house.db, house.blobs, house.parser, house.clock)
    done = submit.submit(house.db, house.people["ann"], request.id, context=CONTEXT)
    assert done.status is Status.SUBMITTED


def test_copies_are_made_once(house):
    request = house.receive({"table.csv": TABLE})
    assert prepare.clean_received(house.db, house.blobs, house.parser, house.clock) == 0
    assert len(house.events("file_cleaned")) == len(request.files)


def test_a_file_without_a_copy_stops_a_submission_until_it_is_taken_back(house):
    request = house.receive({"scan.csv": b"\0" * 128 + b"DICM" + b"\0" * 9, "t.csv": TABLE})
    ann = house.people["ann"]
    with pytest.raises(InvalidInput, match=r"scan.csv: the file is a DICOM object"):
        submit.submit(house.db, ann, request.id, context=CONTEXT)
    assert house.events("export_refused")[0].detail["action"] == "submit"
    kinds = {request.files[0].id: FileType.WITHDRAWN}
    done = submit.submit(house.db, ann, request.id, context=CONTEXT, filetypes=kinds)
    assert [file.path for file in done.outputs] == ["t.csv"]


def test_everything_taken_back_is_not_a_request(house):
    request = house.receive({"t.csv": TABLE})
    kinds = {request.files[0].id: FileType.WITHDRAWN}
    with pytest.raises(NotPermitted, match="no output file"):
        submit.submit(house.db, house.people["ann"], request.id, context=CONTEXT, filetypes=kinds)


def test_a_file_of_another_request_cannot_be_named(house):
    one, other = house.receive({"a.csv": TABLE}), house.receive({"b.csv": TABLE})
    kinds = {other.files[0].id: FileType.SUPPORTING}
    with pytest.raises(NotFound):
        submit.submit(house.db, house.people["ann"], one.id, context=CONTEXT, filetypes=kinds)
