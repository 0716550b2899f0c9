"""What the checks find stands with the request before its author can submit it."""

from __future__ import annotations

import json

import pytest

from tests.support.egress import CONTEXT, TABLE
from vitrine.egress import drafts, judge, prepare, release, submit
from vitrine.egress.request import FileType
from vitrine.errors import Conflict, NotPermitted, Unavailable

TOO_LONG = b"site,mean\n" + b"north,4.2\n" * 5001


def test_a_file_that_a_check_blocks_is_not_submitted_and_says_why(house):
    request = house.receive({"long.csv": TOO_LONG, "table.csv": TABLE})
    long, short = request.files
    assert [finding.check for finding in long.blocks] == ["table-size"]
    assert not short.blocks
    assert request.disclosure == "acro 1"
    ann = house.people["ann"]
    with pytest.raises(NotPermitted, match=r"long\.csv cannot be asked out: the table has 5,001"):
        submit.submit(house.db, ann, request.id, context=CONTEXT, clock=house.clock)
    (refusal,) = house.events("export_refused")
    assert "table has 5,001 rows" in refusal.detail["reason"]
    kinds = {long.id: FileType.WITHDRAWN}
    submit.submit(house.db, ann, request.id, context=CONTEXT, filetypes=kinds, clock=house.clock)


def test_nothing_is_submitted_before_it_was_checked(house):
    made = drafts.receive(
        house.db, house.blobs, house.draft({"t.csv": TABLE}), house.root / "frozen", house.clock
    )
    prepare.clean_received(house.db, house.blobs, house.parser, house.clock)
    with pytest.raises(Conflict, match="still being checked"):
        submit.submit(house.db, house.people["ann"], made.id, context=CONTEXT, clock=house.clock)
    assert judge.check_received(house.db, house.blobs, house.parser, house.clock) == 1
    assert judge.check_received(house.db, house.blobs, house.parser, house.clock) == 0
    submit.submit(house.db, house.people["ann"], made.id, context=CONTEXT, clock=house.clock)
    (entry,) = house.events("request_checked")
    assert entry.detail["disclosure"] == "acro 1"


def test_without_a_parser_nothing_counts_as_checked(house):
    made = drafts.receive(
        house.db, house.blobs, house.draft({"t.csv": TABLE}), house.root / "frozen", house.clock
    )
    prepare.clean_received(house.db, house.blobs, house.parser, house.clock)
    gone = type(house.parser)(house.root / "nobody.sock")
    with pytest.raises(Unavailable):
        judge.check_received(house.db, house.blobs, gone, house.clock)
    assert house.request(made.id).disclosure is None


def test_the_receipt_names_the_policy(house):
    house.approved()
    (made,) = release.release_approved(
        house.db, house.blobs, house.settings, house.key, house.clock
    )
    assert json.loads(made.manifest)["policy"]["disclosure"] == "acro 1"
