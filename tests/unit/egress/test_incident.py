"""One word stops everything about a request, and only an administrator lets it go on."""

from __future__ import annotations

import pytest

from tests.support.egress import TABLE
from vitrine.egress import beside_store, download, incident, release, revoke, vote
from vitrine.egress.request import Status, Vote
from vitrine.errors import InvalidInput, NotFound, NotPermitted


def let_go(house):
    return release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)


def reported(house, request, who="bo", **where):
    return incident.report(house.db, house.people[who], request.id, clock=house.clock, **where)


def load(house, request):
    return download.download(
        house.db, house.blobs, house.people["ann"], request.id, request.files[0].id,
        clock=house.clock,
    )  # fmt: skip


@pytest.mark.parametrize("who", ["ann", "bo", "cy", "sue"])
def test_downloads_stop_with_the_report_and_go_on_when_it_is_closed(house, who):
    request = house.approved()
    let_go(house)
    assert load(house, request).content == TABLE
    made = reported(house, request, who, file_id=request.files[0].id, place="row 2, column 3")
    with pytest.raises(NotPermitted, match="stands still"):
        load(house, request)
    assert house.request(request.id).status is Status.RELEASED
    (entry,) = house.events("disclosure_reported")
    assert dict(entry.detail) == {
        "incident": made.id, "file": request.files[0].id, "place": "row 2, column 3",
    }  # fmt: skip
    incident.close(house.db, "os:root", request.id, outcome="a count of sites", clock=house.clock)
    assert load(house, request).content == TABLE
    assert len(house.events("disclosure_closed")) == 1


def test_an_approved_request_is_not_released_while_it_stands_still(house):
    request = house.approved()
    reported(house, request)
    assert let_go(house) == []
    assert "stands still" in str(house.events("release_refused")[0].detail["reason"])
    incident.close(house.db, "os:root", request.id, outcome="nothing", clock=house.clock)
    assert len(let_go(house)) == 1


def test_no_vote_and_no_review_counts_meanwhile(house):
    request = house.submitted()
    reported(house, request)
    with pytest.raises(NotPermitted, match="stands still"):
        house.review("cy", request)
    file = request.outputs[0]
    with pytest.raises(NotPermitted, match="stands still"):
        vote.vote(
            house.db, house.people["cy"], request.id, file.id, value=Vote.APPROVED,
            sha256=file.cleaned_sha256,
        )  # fmt: skip
    with pytest.raises(NotPermitted, match="stands still"):
        house.send_back("bo", request)


def test_a_release_that_stands_still_can_be_revoked(house):
    request = house.approved()
    let_go(house)
    reported(house, request)
    revoke.revoke(house.db, "os:root", request.id, reason="a count of three")
    assert house.request(request.id).status is Status.REVOKED


@pytest.mark.parametrize("who", ["dan", "eve", "flo"])
def test_who_may_not_see_or_act_cannot_stop_anything(house, who):
    request = house.submitted()
    with pytest.raises(NotPermitted):
        reported(house, request, who)
    assert house.request(request.id).frozen_at is None


@pytest.mark.parametrize(
    "place", ["Mrs Smith", "row 2 is Smith", "row x", "row 2, ", "row 2,column 3", "row 12345678"]
)
def test_a_report_names_places_and_never_values(house, place):
    request = house.submitted()
    if place == "row 2, ":
        place = "row 2,"
    with pytest.raises(InvalidInput, match="by number only"):
        reported(house, request, place=place)
    assert house.request(request.id).frozen_at is None


def test_a_report_is_made_once_and_about_a_file_of_the_request(house):
    request = house.submitted()
    first = reported(house, request)
    assert reported(house, request) == first
    assert reported(house, request, "cy").id != first.id
    with pytest.raises(NotFound):
        reported(house, request, file_id="fil-000000000000")
    with house.db.read() as tx:
        assert len(beside_store.open_incidents(tx)) == 2


def test_closing_needs_a_report_and_an_outcome(house):
    request = house.submitted()
    with pytest.raises(NotPermitted, match="no disclosure is reported"):
        incident.close(house.db, "os:root", request.id, outcome="nothing")
    reported(house, request)
    with pytest.raises(InvalidInput):
        incident.close(house.db, "os:root", request.id, outcome=" ")
