"""What the checks find stands with the request before its author can submit it."""

from __future__ import annotations

import json

import pytest

from tests.support.egress import CONTEXT, TABLE
from vitrine.egress import drafts, judge, prepare, release, submit
from vitrine.egress.request import FileType
from vitrine.errors import Conflict, InvalidInput, NotPermitted, Unavailable

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


def test_a_table_with_a_hundred_thousand_small_counts_is_still_blocked(house):
    rows = "\n".join(",".join(str(1 + (n + m) % 4) for m in range(25)) for n in range(4000))
    head = ",".join(f"patients with {'x' * 200} {n}" for n in range(25))
    (file,) = house.receive({"many.csv": f"{head}\n{rows}\n".encode()}).files
    assert file.blocks
    assert "unchecked" not in {finding.check for finding in file.findings}
    assert sum(len(place) for finding in file.findings for place in finding.locations) < 200_000


def test_a_name_that_no_text_can_hold_hides_nothing(house):
    content = b'{"patients \\ud800": 3, "patients with metastases": 2, "deaths": 1}'
    (file,) = house.receive({"counts.json": content}).files
    assert [finding for finding in file.findings if finding.severity != "info"]


class _Liar:
    """A parser whose child was taken over by a file, for some files."""

    def __init__(self, parser, answers):
        self._parser, self._answers = parser, answers

    def check(self, name, content, policy, **changes):
        if name in self._answers:
            raise self._answers[name]
        return self._parser.check(name, content, policy, **changes)

    def compare(self, facts, policy):
        return {"another/file.csv": [], **self._parser.compare(facts, policy)}


def _two_waiting(house):
    made = [
        drafts.receive(
            house.db, house.blobs, house.draft({name: TABLE}), house.root / "frozen", house.clock
        )
        for name in ("first.csv", "second.csv")
    ]
    prepare.clean_received(house.db, house.blobs, house.parser, house.clock)
    return made


def test_an_answer_that_is_no_finding_is_a_warning_and_no_pass(house):
    first, second = _two_waiting(house)
    liar = _Liar(house.parser, {"first.csv": InvalidInput("the checks answered with nonsense")})
    judge.check_received(house.db, house.blobs, liar, house.clock)
    (file,) = house.request(first.id).files
    assert [finding.check for finding in file.findings if finding.severity == "warn"]
    assert house.request(second.id).disclosure == "acro 1"


def test_one_requests_trouble_does_not_stop_the_next(house):
    first, second = _two_waiting(house)
    liar = _Liar(house.parser, {"first.csv": Unavailable("the parser is away")})
    with pytest.raises(Unavailable):
        judge.check_received(house.db, house.blobs, liar, house.clock)
    assert house.request(first.id).disclosure is None
    assert house.request(second.id).disclosure == "acro 1"
