"""What a check blocks is lifted by one senior checker, for these bytes; warnings are weighed."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from tests.support.egress import CONTEXT, TABLE
from vitrine.egress import accept, exceptions, release, submit, vote, warned
from vitrine.egress.request import Status, Vote
from vitrine.egress.standing import Acceptance
from vitrine.errors import NotFound, NotPermitted

SMALL = b"site,patients\nnorth,3\nsouth,20\n"
WHY = "The three are the study's own phantoms, not patients."


def asked(house, files=None):
    request = house.receive(files or {"small.csv": SMALL})
    ask(house, request)
    return house.request(request.id)


def ask(house, request, who="ann", reason=WHY):
    return exceptions.ask(
        house.db, house.people[who], request.id, request.files[0].id, reason=reason,
        clock=house.clock,
    )  # fmt: skip


def decide_it(house, request, who="sue", *, is_granted=True, sha256=None, answer="Phantoms."):
    file = request.files[0]
    return exceptions.decide(
        house.db,
        house.people[who],
        request.id,
        file.id,
        is_granted=is_granted,
        answer=answer,
        sha256=file.cleaned_sha256 if sha256 is None else sha256,
        clock=house.clock,
    )


def granted(house, files=None):
    request = asked(house, files)
    decide_it(house, request)
    return house.request(request.id)


def submitted(house, files=None):
    request = granted(house, files)
    return submit.submit(
        house.db, house.people["ann"], request.id, context=CONTEXT, clock=house.clock
    )


def approved(house):
    request = submitted(house)
    house.review("bo", request)
    house.review("cy", request)
    return house.approve("cy", request)


def let_go(house):
    return release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)


def test_a_lifted_file_is_submitted_reviewed_and_released_and_the_receipt_says_who_lifted_it(house):
    approved(house)
    (made,) = let_go(house)
    (file,) = json.loads(made.manifest)["files"]
    (entry,) = house.events("exception_granted")
    assert file["exception"] == {
        "checks": ["small-cells"],
        "granted_by": "sue",
        "audit": entry.sequence,
    }
    (weighed,) = json.loads(made.manifest)["accepted_warnings"]
    assert (weighed["check"], weighed["codes"]) == ("small-cells", ["not_disclosive"])
    assert WHY not in made.manifest


@pytest.mark.parametrize("who", ["ann", "bo", "cy", "dan", "eve", "flo"])
def test_only_a_senior_checker_from_outside_lifts_and_others_do_not_even_see_it(house, who):
    request = asked(house)
    with pytest.raises(NotPermitted):
        decide_it(house, request, who)
    assert house.request(request.id).files[0].open_blocks
    assert not house.events("exception_granted")
    assert [e for e in house.events("export_refused") if e.detail["action"].startswith("decide")]


def test_what_is_not_lifted_is_not_submitted(house):
    request = asked(house)
    with pytest.raises(NotPermitted, match="cannot be asked out"):
        submit.submit(house.db, house.people["ann"], request.id, context=CONTEXT)
    decide_it(house, request, is_granted=False, answer="They are patients.")
    with pytest.raises(NotPermitted, match="cannot be asked out"):
        submit.submit(house.db, house.people["ann"], request.id, context=CONTEXT)
    with pytest.raises(NotPermitted, match="stays blocked as it is"):
        ask(house, request, reason=WHY + " Please.")


def test_asking_twice_is_asking_once_and_nobody_else_asks(house):
    request = asked(house)
    ask(house, request)
    assert len(house.events("exception_asked")) == 1
    for who in ("bo", "sue", "flo"):
        with pytest.raises(NotPermitted):
            ask(house, request, who)
    with pytest.raises(NotPermitted, match="not decided"):
        ask(house, request, reason=WHY + " Really.")


def test_an_exception_is_asked_for_with_reasons_and_only_where_a_check_blocks(house):
    request = house.receive({"table.csv": TABLE})
    with pytest.raises(NotPermitted, match="no check blocks"):
        ask(house, request)
    request = house.receive({"small.csv": SMALL})
    with pytest.raises(NotPermitted, match="needs 20"):
        ask(house, request, reason="please")
    ask(house, request)
    for changes in ({"answer": " "}, {"sha256": "0" * 64}):
        with pytest.raises(NotPermitted):
            decide_it(house, house.request(request.id), **changes)
    assert house.request(request.id).files[0].is_before_senior


def test_every_reviewer_weighs_each_group_of_equal_warnings_once(house):
    request = asked(house, {"a.csv": SMALL, "b.csv": SMALL + b"east,30\n"})
    other = request.files[1]
    exceptions.ask(house.db, house.people["ann"], request.id, other.id, reason=WHY)
    for file in request.files:
        exceptions.decide(
            house.db, house.people["sue"], request.id, file.id,
            is_granted=True, answer="Phantoms.", sha256=file.cleaned_sha256,
        )  # fmt: skip
    request = submit.submit(
        house.db, house.people["ann"], request.id, context=CONTEXT, clock=house.clock
    )
    (group,) = warned.groups(request)
    assert len(group.files) == 2
    for file in request.outputs:
        cast(house, "bo", request, file)
    with pytest.raises(NotPermitted, match="1 warning lacks a word on files that you approve"):
        vote.submit_review(house.db, house.people["bo"], request.id, clock=house.clock)
    word(house, "bo", request, group.key)
    word(house, "bo", request, group.key)
    assert len(house.events("warning_accepted")) == 1
    vote.submit_review(house.db, house.people["bo"], request.id, clock=house.clock)


def cast(house, who, request, file, value=Vote.APPROVED):
    house.open(who, request)
    vote.vote(
        house.db, house.people[who], request.id, file.id, value=value,
        sha256=file.cleaned_sha256, reason="" if value is Vote.APPROVED else "round",
        clock=house.clock,
    )  # fmt: skip


def word(house, who, request, key, code=Acceptance.EXPLAINED):
    return accept.accept(house.db, house.people[who], request.id, key, code=code, clock=house.clock)


def test_who_asks_for_changes_need_not_weigh_until_approving_after_all(house):
    request = submitted(house)
    house.review("bo", request)
    cast(house, "cy", request, request.outputs[0], Vote.CHANGES_REQUESTED)
    vote.submit_review(house.db, house.people["cy"], request.id, clock=house.clock)
    cast(house, "cy", request, request.outputs[0])
    with pytest.raises(NotPermitted, match="1 warning lacks a word on files that cy approves"):
        house.approve("bo", request)
    word(house, "cy", request, warned.groups(request)[0].key)
    house.approve("bo", request)
    assert len(let_go(house)) == 1


def test_nobody_weighs_from_outside_the_review_and_no_word_counts_for_another_turn(house):
    request = submitted(house)
    (group,) = warned.groups(request)
    for who in ("ann", "dan", "eve", "flo"):
        with pytest.raises(NotPermitted):
            word(house, who, request, group.key)
    with pytest.raises(NotFound):
        word(house, "bo", request, "0" * 64)
    word(house, "bo", request, group.key)
    house.send_back("bo", request)
    again = submit.submit(
        house.db, house.people["ann"], request.id, context=CONTEXT, clock=house.clock
    )
    cast(house, "bo", again, again.outputs[0])
    with pytest.raises(NotPermitted, match="lacks a word"):
        vote.submit_review(house.db, house.people["bo"], again.id, clock=house.clock)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE egress_exceptions SET decided_by = 'bo'", "not one that was granted"),
        ("UPDATE egress_exceptions SET answer = 'x'", "not one that was granted"),
        ("UPDATE egress_exceptions SET audit_sequence = 1", "not one that was granted"),
        ("UPDATE egress_exceptions SET checks = '[\"identifiers\"]'", "not one that was granted"),
        ("DELETE FROM egress_exceptions", "no senior checker has lifted"),
        ("DELETE FROM egress_findings", "not what its author submitted"),
        ("UPDATE egress_findings SET severity = 'info'", "not what its author submitted"),
        ("DELETE FROM egress_accepted WHERE reviewer = 'bo'", "words on warnings"),
        ("UPDATE egress_accepted SET code = 'permitted'", "not what was said"),
        ("UPDATE egress_accepted SET reviewer = 'eve' WHERE reviewer = 'bo'", "not what was said"),
    ],
)
def test_what_was_lifted_or_weighed_and_then_changed_releases_nothing(house, statement, reason):
    request = approved(house)
    with house.db.begin() as tx:
        tx.execute(text(statement))
    assert let_go(house) == []
    assert house.request(request.id).status is Status.APPROVED
    (entry,) = house.events("release_refused")
    assert reason in str(entry.detail["reason"])


def test_an_exception_written_into_the_database_before_the_submission_releases_nothing(house):
    request = asked(house)
    with house.db.begin() as tx:
        tx.execute(text("UPDATE egress_exceptions SET is_granted = 1, decided_by = 'sue'"))
    submit.submit(house.db, house.people["ann"], request.id, context=CONTEXT, clock=house.clock)
    house.review("bo", request)
    house.review("cy", request)
    house.approve("cy", request)
    assert let_go(house) == []
    assert "not one that was granted" in str(house.events("release_refused")[0].detail["reason"])


def test_senior_checkers_are_told_of_an_exception_and_its_author_of_the_answer(house):
    request = asked(house)

    def told(kind):
        with house.db.read() as tx:
            rows = tx.execute(
                text("SELECT recipient FROM egress_notices WHERE kind = :kind"), {"kind": kind}
            )
            return {row.recipient for row in rows}

    assert told("exception_asked") == {"", "sue"}
    decide_it(house, request, is_granted=False)
    assert told("exception_answer") == {"", "ann"}
