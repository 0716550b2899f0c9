"""The queue as it is asked for in its address, for a person and for a program."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.egress import CONTEXT, TABLE
from tests.unit.egress_review.test_pages import queries_of
from vitrine.clock import timestamp
from vitrine.egress import submit, vote
from vitrine.egress.request import Vote
from vitrine.egress.service.asked import PAGE
from vitrine.permits import store as permits
from vitrine.permits.project import Project


def named(house, title, rows=1):
    """A submitted request with this title and so many rows."""
    content = TABLE + b"".join(b"site%d,4000,20\n" % n for n in range(rows))
    request = house.receive({"t.csv": content}, title=title)
    return submit.submit(
        house.db, house.people["ann"], request.id, context=CONTEXT, clock=house.clock
    )


def titles(client, query=""):
    """The titles that page and API both show, in order."""
    answer = client.get(f"/api/queue?{query}")
    assert answer.status_code == 200, answer.text
    found = [each["title"] for each in answer.json()["requests"]]
    page = client.get(f"/queue?{query}").text.partition("Decided lately")[0]
    assert re.findall(r'<td data-label="Request"><a [^>]+>([^<]+)<', page) == found
    return found


@pytest.fixture
def client(sign_in):
    return sign_in("bo")


def test_every_filter_finds_its_requests_and_no_others(house, sign_in):
    house.clock.move(days=1)
    late = named(house, "Old volumes")
    house.clock.move(days=3)
    new = named(house, "New VOLUMES 100%")
    client = sign_in("bo")
    assert titles(client) == ["Old volumes", "New VOLUMES 100%"]
    assert titles(client, "overdue=true") == ["Old volumes"]
    assert titles(client, "q=new+volumes") == ["New VOLUMES 100%"]
    assert titles(client, f"q={late.id[:10].upper()}&overdue=true") == ["Old volumes"]
    assert titles(client, f"q={new.id}") == ["New VOLUMES 100%"]
    assert titles(client, "q=100%25") == ["New VOLUMES 100%"]
    assert titles(client, "q=%25") == ["New VOLUMES 100%"], "a percent sign is a letter"
    assert titles(client, "q=_") == []
    assert titles(client, "project=lung&author=ann&q=old") == ["Old volumes"]
    assert titles(client, "project=lun") == []
    assert titles(client, "author=bo") == []
    assert "Nothing matches" in client.get("/queue?author=bo").text


def test_the_state_of_the_own_review_is_a_filter_with_a_count(house, sign_in):
    client = sign_in("bo")
    for title in ("open", "begun", "handed in", "consolidate", "others"):
        named(house, title)
    by_title = {each["title"]: each for each in client.get("/api/queue").json()["requests"]}
    requests = {title: house.request(each["id"]) for title, each in by_title.items()}
    vote.claim(house.db, house.people["bo"], requests["begun"].id, clock=house.clock)
    house.review("bo", requests["handed in"])
    for name in ("bo", "cy"):
        house.review(name, requests["consolidate"])
    for name in ("cy", "hal"):
        house.review(name, requests["others"])
    for title in requests:
        assert titles(client, f"review={title.replace(' ', '_')}") == [title]
    counts = client.get("/api/queue").json()["counts"]
    assert counts == {"waiting": 5, "overdue": 0, "open": 1, "begun": 1, "handed_in": 1,
                      "consolidate": 1, "others": 1}  # fmt: skip
    house.clock.move(hours=9)
    client = sign_in("bo")
    assert titles(client, "review=begun") == [], "a seat that lapsed is nobody's"


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("due", ["small", "large", "urgent"]),
        ("age", ["small", "large", "urgent"]),
        ("size", ["small", "urgent", "large"]),
        ("priority", ["urgent", "small", "large"]),
    ],
)
def test_the_order_is_the_one_asked_for(house, sign_in, sort, order):
    named(house, "small")
    house.clock.move(days=1)
    named(house, "large", rows=90)
    house.clock.move(days=1)
    urgent = named(house, "urgent", rows=9)
    client, body = sign_in("bo"), {"priority": "high"}
    assert client.post(f"/api/requests/{urgent.id}/priority", json=body).status_code == 200
    assert titles(client, f"sort={sort}") == order


def test_pages_hold_each_request_once(house, client):
    made = named(house, "first")
    with house.db.begin() as tx:
        for number in range(PAGE + 9):
            for table in ("egress_requests", "egress_turns"):
                copy_row(tx, table, made.id, f"req-{number:012d}")
    pages = [titles_and_ids(client, page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [PAGE, 10, 0]
    assert len(set(pages[0]) | set(pages[1])) == PAGE + 10
    shown = client.get("/queue?author=ann&page=2").text
    assert "Page 2 of 2, 60 requests" in shown
    assert 'href="/queue?author=ann&amp;page=1"' in shown


def titles_and_ids(client, page):
    return [each["id"] for each in client.get(f"/api/queue?page={page}").json()["requests"]]


def copy_row(tx, table, old, new):
    """The row of request `old` once more, as request `new`."""
    row = tx.execute(text(f"SELECT * FROM {table} WHERE :o IN ({_key(table)})"), {"o": old}).one()
    values = {**row._mapping, _key(table): new}
    if table == "egress_requests":
        values["draft_id"] = new
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    tx.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def _key(table):
    return "id" if table == "egress_requests" else "request_id"


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=99999", "page=x", "sort=title", "review=all", f"q={'x' * 101}", "overdue=x"],
)
def test_a_question_that_makes_no_sense_is_refused(client, query):
    for path in ("/queue", "/api/queue"):
        assert client.get(f"{path}?{query}").status_code == 422


def test_what_is_looked_for_is_shown_as_text(house, client):
    named(house, "x")
    page = client.get("/queue", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_own_requests_and_those_of_own_projects_are_in_no_answer_and_no_count(house, sign_in):
    named(house, "hidden")
    for name in ("ann", "dan"):  # the author, a member of the project
        answer = sign_in(name).get("/api/queue").json()
        assert (answer["requests"], answer["counts"]["waiting"]) == ([], 0)
    assert sign_in("flo").get("/api/queue").json()["requests"] == []
    assert titles(sign_in("eve")) == ["hidden"], "the auditor sees it"


def test_another_checker_s_progress_changes_no_answer(house, sign_in):
    request = named(house, "blind")
    client = sign_in("cy")
    queries = ["", *(f"review={each}" for each in ("open", "begun", "handed_in", "consolidate"))]
    before = [client.get(f"/api/queue?{query}").text for query in queries]
    house.review("bo", request, Vote.CHANGES_REQUESTED)
    assert [client.get(f"/api/queue?{query}").text for query in queries] == before


def test_what_was_decided_last_stands_first(house, sign_in):
    for title in ("one", "two"):
        request = named(house, title)
        house.clock.move(hours=1)
        house.send_back("cy", request)
    named(house, "three")
    client = sign_in("bo")
    page = client.get("/queue").text.partition("Decided lately")[2]
    assert re.findall(r">(one|two|three)<", page) == ["two", "one"]
    assert "Decided lately" not in client.get("/queue?q=three").text


def test_any_question_takes_few_queries(door, house, client):
    other = Project(
        id="liver",
        title="Liver",
        members=frozenset({"bo"}),
        datasets=frozenset(),
        expires_at=house.clock() + timedelta(days=9),
        reviewers_required=2,
        created_at=timestamp(house.clock()),
        created_by="os:root",
    )
    with house.db.begin() as tx:
        permits.add_project(tx, other)
    named(house, "x")
    path = "/queue?q=x&project=lung&review=open&overdue=false&sort=priority"
    assert queries_of(door.app, lambda: client.get(path)) <= 10


def test_priority_is_the_checkers_to_set_and_not_the_author_s(house, sign_in):
    request = named(house, "x")
    assert "Priority" not in sign_in("ann").get(f"/requests/{request.id}").text
    path = f"/requests/{request.id}/priority"
    assert sign_in("ann").post(path, data={"priority": "high"}).status_code == 403
    client = sign_in("bo")
    assert 'value="normal" selected' in client.get(f"/requests/{request.id}").text
    assert client.post(path, data={"priority": "high"}).status_code == 303
    assert 'value="high" selected' in client.get(f"/requests/{request.id}").text
    assert ", urgent" in client.get("/queue").text


def test_the_description_of_the_api_names_what_can_be_asked_for(client):
    described = client.get("/api/openapi.json").json()
    asked = described["paths"]["/api/queue"]["get"]["parameters"]
    assert {each["name"] for each in asked} == {
        "project", "author", "q", "review", "overdue", "sort", "page"
    }  # fmt: skip
    for path in ("/api/notices", "/api/figures", "/api/requests/{request_id}/record"):
        assert path in described["paths"]
