"""Release requests on PostgreSQL: each process with its own role, and people at the same time."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support import postgres
from tests.support.cellar import SetClock
from tests.support.egress import CONTEXT, TABLE, House, a_house, a_parser
from vitrine.clock import utc_now
from vitrine.egress import (
    download,
    exceptions,
    incident,
    judge,
    prepare,
    release,
    resubmit,
    submit,
    vote,
)
from vitrine.egress.record import record_of
from vitrine.egress.request import EgressRequest, Status, Vote
from vitrine.egress.service import notices, waiting
from vitrine.egress.service.asked import Asked, OwnReview, Sort
from vitrine.egress.service.level import ServiceLevel
from vitrine.egress.service.measure import measure
from vitrine.egress.service.notice import Notice
from vitrine.egress.service.remind import remind
from vitrine.errors import Unavailable
from vitrine.steward.notices import Sending
from vitrine.storage.database import Database

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing() or "-"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.a_server() as running:
        running.new_database("vitrine")
        Database(running.url("vitrine_owner", "vitrine")).migrate()
        running.run_file("vitrine", "grants.sql", role="vitrine_owner")
        yield running


@pytest.fixture(scope="module")
def house(server, tmp_path_factory) -> Iterator[House]:
    """A house whose `db` is the steward's; people use `review_of(server)`."""
    root = tmp_path_factory.mktemp("house")
    with a_parser(root / "parser.sock") as parser:
        owner = Database(server.url("vitrine_owner", "vitrine"))
        made = a_house(root, parser, owner)
        yield dataclasses.replace(made, db=Database(server.url("vitrine_steward", "vitrine")))


@pytest.fixture
def review(house, server) -> House:
    return dataclasses.replace(house, db=Database(server.url("vitrine_review", "vitrine")))


def a_submitted(house: House, review: House, name: str) -> EgressRequest:
    request = house.receive({"table.csv": TABLE}, draft_id=f"drf-{name}")
    return submit.submit(review.db, house.people["ann"], request.id, context=CONTEXT)


def test_steward_and_review_may_do_what_a_release_needs(house, review):
    request = a_submitted(house, review, "path")
    review.review("bo", request)
    review.review("cy", request)
    review.send_back("bo", request)
    request = submit.submit(review.db, house.people["ann"], request.id, context=CONTEXT)
    review.review("bo", request)
    review.review("cy", request)
    review.approve("cy", request)
    made = release.release_approved(house.db, house.blobs, house.settings, house.key)
    assert [each.request_id for each in made] == [request.id]
    got = download.download(
        review.db, house.blobs, house.people["ann"], request.id, request.files[0].id
    )
    assert got.content == TABLE


SMALL = b"site,patients\nnorth,3\nsouth,20\n"


def test_exceptions_words_on_warnings_and_changed_files_need_no_other_rights(house, review, server):
    owner = Database(server.url("vitrine_owner", "vitrine"))
    first = a_submitted(house, review, "changed")
    review.review("bo", first)
    review.send_back("bo", first)
    draft = house.receive({"small.csv": SMALL, "table.csv": SMALL}, draft_id="drf-newer")
    resubmit.ask(review.db, house.people["ann"], first.id, draft.id)
    assert resubmit.bring_in_asked(house.db) == 1
    prepare.clean_received(house.db, house.blobs, house.parser)
    judge.check_received(house.db, house.blobs, house.parser)
    for file in house.request(first.id).files[1:]:
        exceptions.ask(review.db, house.people["ann"], first.id, file.id, reason=CONTEXT)
        exceptions.decide(
            review.db,
            house.people["sue"],
            first.id,
            file.id,
            is_granted=True,
            answer="Phantoms.",
            sha256=file.cleaned_sha256 or "",
        )
    request = submit.submit(review.db, house.people["ann"], first.id, context=CONTEXT)
    assert len(request.outputs) == 2
    for name in ("bo", "cy"):
        review.review(name, request)
    review.approve("cy", request)
    incident.report(review.db, house.people["cy"], request.id)
    made = release.release_approved(house.db, house.blobs, house.settings, house.key)
    assert request.id not in [each.request_id for each in made]
    incident.close(owner, "os:root", request.id, outcome="Phantoms.")
    made = release.release_approved(house.db, house.blobs, house.settings, house.key)
    assert request.id in [each.request_id for each in made]


@pytest.mark.parametrize("review_state", [None, *OwnReview])
@pytest.mark.parametrize("sort", Sort)
def test_the_queue_answers_as_it_does_on_sqlite(house, review, review_state, sort):
    name = f"queue-{review_state}-{sort}"
    request = a_submitted(house, review, name)
    vote.claim(review.db, house.people["bo"], request.id)
    asked = Asked(review=review_state, sort=sort, text=request.id[4:].upper(), project="lung")
    is_begun = review_state in (None, OwnReview.BEGUN)
    with review.db.read() as tx:
        reach = waiting.reach_of(tx, house.people["bo"])
        lines = waiting.page(tx, reach, asked, utc_now())
        assert [each.line.request.id for each in lines] == [request.id] * is_begun
        assert waiting.count(tx, reach, asked, utc_now()) == is_begun
        assert waiting.counts(tx, reach, utc_now()).by_review[OwnReview.BEGUN] >= 1
        waiting.decided(tx, reach)


def test_the_steward_reminds_and_sends_and_everybody_reads_figures(house, review):
    request = a_submitted(house, review, "notices")
    later = SetClock()
    later.now = utc_now() + timedelta(days=2, hours=20)
    told: list[str] = []

    class Keeps:
        def send(self, notice: Notice, address: str) -> None:
            told.append(f"{notice.kind} {notice.request_id}")

    assert remind(house.db, timedelta(days=9), later) >= 1
    while Sending(house.db, Keeps(), webhook_url="https://elsewhere.example", clock=later).step():
        pass
    assert sum(request.id in each for each in told) == 2
    with review.db.begin() as tx:
        assert notices.unread(tx, "bo") >= 2
        notices.mark_read(tx, "bo", utc_now())
        assert notices.unread(tx, "bo") == 0
    returned = a_returned(house, review)
    assert measure(review.db, house.people["bo"], ServiceLevel(), timedelta(days=9)).projects
    assert record_of(review.db, house.people["eve"], returned.id)


def a_returned(house: House, review: House) -> EgressRequest:
    return review.send_back("bo", a_submitted(house, review, "returned"))


@pytest.mark.parametrize(
    ("who", "statement"),
    [
        ("steward", "UPDATE egress_votes SET value = 'approved'"),
        ("steward", "INSERT INTO egress_reviews VALUES ('r', 1, 'bo', 'now', 'now', 'now', 1)"),
        ("review", "UPDATE egress_files SET cleaned_sha256 = 'x'"),
        ("review", "UPDATE egress_releases SET manifest = ''"),
        ("review", "DELETE FROM egress_votes"),
        ("review", "DELETE FROM egress_findings"),
        ("review", "INSERT INTO egress_files SELECT * FROM egress_files"),
        ("steward", "UPDATE egress_exceptions SET is_granted = 1"),
        ("steward", "DELETE FROM egress_accepted"),
        ("steward", "INSERT INTO egress_openings SELECT * FROM egress_openings"),
        ("review", "UPDATE egress_openings SET reviewer = 'cy'"),
        ("review", "DELETE FROM egress_openings"),
        ("hub", "SELECT * FROM egress_openings"),
        ("review", "DELETE FROM egress_notices"),
        ("review", "UPDATE accounts SET mail = 'a@b'"),
        ("steward", "UPDATE egress_turns SET due_at = ''"),
        ("hub", "SELECT * FROM egress_notices"),
        ("hub", "UPDATE egress_requests SET status = 'APPROVED'"),
    ],
)
def test_no_role_may_do_what_is_another_process_s_work(house, server, who, statement):
    with pytest.raises((Unavailable, DBAPIError)):
        with Database(server.url(f"vitrine_{who}", "vitrine")).begin() as tx:
            tx.execute(text(statement))


def test_reviews_handed_in_at_the_same_moment_are_all_counted(house, review):
    for turn in range(5):
        request = a_submitted(house, review, f"race-{turn}")
        file = request.files[0]
        for name in ("bo", "cy"):
            review.open(name, request)
            vote.vote(
                review.db,
                house.people[name],
                request.id,
                file.id,
                value=Vote.APPROVED,
                sha256=file.cleaned_sha256 or "",
            )
        start = threading.Barrier(2)
        problems: list[BaseException] = []

        def hand_in(name: str, request_id: str = request.id, start=start, problems=problems):
            start.wait()
            try:
                vote.submit_review(review.db, house.people[name], request_id)
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=hand_in, args=(name,)) for name in ("bo", "cy")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not problems
        assert house.request(request.id).status is Status.REVIEWED


def test_two_stewards_at_once_release_a_request_once(house, review):
    request = a_submitted(house, review, "twice")
    review.review("bo", request)
    review.review("cy", request)
    review.approve("bo", request)
    made: list[release.Release] = []

    def let_go() -> None:
        made.extend(release.release_approved(house.db, house.blobs, house.settings, house.key))

    threads = [threading.Thread(target=let_go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len([each for each in made if each.request_id == request.id]) == 1
    assert request.id not in {e.subject.partition(":")[2] for e in house.events("release_refused")}
