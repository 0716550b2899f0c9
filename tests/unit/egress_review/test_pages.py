"""The main path through both faces, and that both say the same."""

from __future__ import annotations

import html
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event, text

from tests.support.egress import CONTEXT, TABLE, a_notebook, a_png
from vitrine.egress import (
    exceptions,
    incident,
    judge,
    leaving,
    prepare,
    receipt,
    release,
    resubmit,
    revoke,
    submit,
    warned,
)
from vitrine.egress import vote as votes
from vitrine.egress.request import Status, Vote
from vitrine.errors import NotPermitted

FILES = {
    "table.csv": TABLE,
    "figure.png": a_png(),
    "run.ipynb": a_notebook("print('<b>hello</b>')"),
    "plot.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><title>Means</title></svg>",
}
SCRIPT = {
    "plot.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "page.html": b"<html><script>alert(1)</script></html>",
}
PEOPLE = ["ann", "bo", "cy", "hal", "sue", "dan", "eve", "flo", "kim"]
SMALL = b"site,patients\nnorth,3\nsouth,20\n"
PLEA = "The three are phantoms of the study and no patients."


def let_go(house):
    return release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)


def review_through_pages(client, house, request):
    target = f"/requests/{request.id}/files/{request.files[0].id}"
    opened = []
    while "/files/" in target:
        page = client.get(target)
        assert page.status_code == 200
        opened.append(target)
        sha256 = re.search(r'name="sha256" value="([0-9a-f]{64})"', page.text)[1]
        answer = client.post(f"{target}/vote", data={"value": "approved", "sha256": sha256})
        assert answer.status_code == 303, answer.text
        target = answer.headers["location"]
    assert len(opened) == len(set(opened)) == len(request.outputs)
    assert client.post(f"/requests/{request.id}/review").status_code == 303


def test_the_main_path_through_the_pages(door, house, sign_in):
    request = house.receive(FILES)
    ann = sign_in("ann")
    assert "Lesion volumes" in ann.get("/requests").text
    form = ann.get(f"/requests/{request.id}").text
    version = re.search(r'name="row_version" value="(\d+)"', form)[1]
    answer = ann.post(
        f"/requests/{request.id}/submit", data={"row_version": version, "context": CONTEXT}
    )
    assert answer.status_code == 303
    for name in ("bo", "cy"):
        client = sign_in(name)
        assert request.id in client.get("/queue").text
        review_through_pages(client, house, request)
    page = client.get(f"/requests/{request.id}").text
    assert all(f"<code>{name}</code>" in page for name in FILES), "the author's words that leave"
    root = re.search(r'name="merkle_root" value="([0-9a-f]{64})"', page)[1]
    answer = client.post(f"/requests/{request.id}/approve", data={"merkle_root": root})
    assert answer.status_code == 303
    (made,) = let_go(house)
    page = ann.get(f"/requests/{request.id}").text
    assert page.count("/download") == len(FILES)
    for file in house.request(request.id).files:
        got = ann.get(f"/requests/{request.id}/files/{file.id}/download")
        assert got.headers["content-type"] == "application/octet-stream"
        assert got.headers["content-disposition"].startswith("attachment")
        assert b"MRN-4711" not in got.content
    document = ann.get(f"/requests/{request.id}/receipt").content
    receipt.verify(receipt.parse(document), house.key.public_key())
    manifest = json.loads(document)["manifest"]
    assert manifest["release"] == made.id
    assert (manifest["merkle_root"], manifest["approved_by"]) == (root, "cy")


def test_the_main_path_through_the_api(door, house, sign_in):
    request = house.receive(FILES)
    base = f"/api/requests/{request.id}"
    answer = sign_in("ann").post(f"{base}/submit", json={"context": CONTEXT})
    assert answer.json()["status"] == "SUBMITTED"
    for name in ("bo", "cy"):
        client = sign_in(name)
        assert [r["id"] for r in client.get("/api/queue").json()["requests"]] == [request.id]
        for file in client.get(base).json()["files"]:
            shown = client.get(f"{base}/files/{file['id']}").json()
            assert shown["sha256"] == file["sha256"]
            body = {"value": "approved", "sha256": shown["sha256"]}
            for _ in range(2):  # the same vote again changes nothing
                assert client.post(f"{base}/files/{file['id']}/vote", json=body).status_code == 200
        assert client.post(f"{base}/review").status_code == 200
    assert len(house.events("vote_cast")) == 2 * len(FILES)
    root = client.get(base).json()["merkle_root"]
    assert client.post(f"{base}/approve", json={"merkle_root": "0" * 64}).status_code == 403
    assert client.post(f"{base}/approve", json={"merkle_root": root}).status_code == 200
    let_go(house)
    ann = sign_in("ann")
    assert ann.get(base).json()["status"] == "RELEASED"
    assert receipt.parse(ann.get(f"{base}/receipt").content)


def test_changes_come_back_with_their_reasons_and_a_second_turn_starts_anew(house, sign_in):
    request = house.submitted({"table.csv": TABLE, "b.csv": TABLE + b"east,1,30\n"})
    house.review("bo", request)
    house.review("cy", request, Vote.CHANGES_REQUESTED)
    assert "round the counts" not in sign_in("ann").get(f"/requests/{request.id}").text
    house.send_back("cy", request)
    ann = sign_in("ann")
    page = ann.get(f"/requests/{request.id}").text
    assert "round the counts" in page
    assert ">bo<" not in page
    assert ">cy<" not in page
    api = f"/api/requests/{request.id}"
    body = {"context": CONTEXT, "filetypes": {request.files[1].id: "withdrawn"}}
    again = ann.post(f"{api}/submit", json=body).json()
    assert (again["status"], again["turn"]) == ("SUBMITTED", 2)
    house.review("bo", house.request(request.id))
    assert house.request(request.id).status is Status.PARTIALLY_REVIEWED
    house.review("cy", house.request(request.id))
    house.approve("bo", request)
    (made,) = let_go(house)
    assert [file["name"] for file in json.loads(made.manifest)["files"]] == ["table.csv"]


def test_how_far_another_checker_is_shows_nowhere(house, sign_in):
    request = house.submitted()
    client = sign_in("cy")
    paths = (
        "/queue",
        "/api/queue",
        f"/requests/{request.id}",
        f"/api/requests/{request.id}",
        f"/requests/{request.id}/files/{request.files[0].id}",
    )
    client.get(paths[-1])
    before = [client.get(path).text for path in paths]
    house.review("bo", request)
    assert house.request(request.id).status is Status.PARTIALLY_REVIEWED
    assert [client.get(path).text for path in paths] == before


def test_the_author_sees_no_content_and_no_progress_before_the_decision(house, sign_in):
    request = house.submitted(FILES)
    client = sign_in("ann")
    paths = [f"/requests/{request.id}", f"/api/requests/{request.id}", "/requests"]
    before = [client.get(path).text for path in paths]
    house.review("bo", request)
    assert [client.get(path).text for path in paths] == before
    for file in request.files:
        for tail in ("", "/image", "/download"):
            path = f"/requests/{request.id}/files/{file.id}{tail}"
            assert client.get(path).status_code == 403
    assert {entry.actor for entry in house.events("file_viewed")} == {"person:bo"}


def test_every_look_into_a_file_is_recorded(house, sign_in):
    request = house.submitted(FILES)
    client = sign_in("bo")
    for file in request.files:
        page = client.get(f"/requests/{request.id}/files/{file.id}").text
        if file.kind == "image":
            assert client.get(re.search(r'<img src="(/requests[^"]+)"', page)[1]).status_code == 200
    seen = [entry.detail["file"] for entry in house.events("file_viewed")]
    assert list(dict.fromkeys(seen)) == [file.id for file in request.files]
    assert seen.count(request.files[1].id) == 2, "the page, and the picture on it"
    assert {entry.actor for entry in house.events("file_viewed")} == {"person:bo"}


def test_hostile_content_is_shown_as_text(house, sign_in):
    request = house.submitted(FILES | SCRIPT)
    client = sign_in("bo")
    for file in request.files:
        page = client.get(f"/requests/{request.id}/files/{file.id}").text
        assert re.findall("<script[^>]*>", page) == ['<script src="/static/keys.js" defer>']
        assert "<b>" not in page
        assert "MRN-4711" not in page
    html = request.files[4]
    assert "&lt;script&gt;" in client.get(f"/requests/{request.id}/files/{html.id}").text


def test_hostile_words_of_the_author_are_shown_as_text(house, sign_in):
    hostile = "<img src=x onerror=alert(1)> and enough words to be a context"
    request = house.receive({"a&amp;b'.csv": TABLE}, title="<script>alert(1)</script>")
    sign_in("ann").post(f"/api/requests/{request.id}/submit", json={"context": hostile})
    client = sign_in("bo")
    for path in ("/queue", f"/requests/{request.id}"):
        assert "<script" not in client.get(path).text
        assert "<img src=x" not in client.get(path).text


@dataclass(frozen=True)
class Ways:
    """What is sent where a form names things in other fields than JSON does."""

    api: dict[str, Any]
    page: dict[str, Any]


def actions(request):
    """Everything that can be asked of a request: method, path, body."""
    file = request.files[0]
    base, one = f"/requests/{request.id}", f"/requests/{request.id}/files/{file.id}"
    vote = {"value": "approved", "sha256": file.cleaned_sha256}
    changes = vote | {"value": "changes_requested", "reason": "why", "reason_code": "small_counts"}
    version = {"row_version": request.row_version}
    decision = {"sha256": file.cleaned_sha256, "answer": "Phantoms."}
    ticked = Ways(
        api={
            "value": "approved",
            "files": [{"file": file.id, "sha256": str(file.cleaned_sha256)}],
        },
        page={"file": [f"{file.id}:{file.cleaned_sha256}"]},
    )
    key = next((group.key for group in warned.groups(request)), "0" * 64)
    return {
        "view": ("GET", base, None),
        "view file": ("GET", one, None),
        "record": ("GET", f"{base}/record", None),
        "download": ("GET", f"{one}/download", None),
        "receipt": ("GET", f"{base}/receipt", None),
        "submit": ("POST", f"{base}/submit", version | {"context": CONTEXT}),
        "withdraw": ("POST", f"{base}/withdraw", version),
        "claim": ("POST", f"{base}/claim", {}),
        "give up": ("POST", f"{base}/give-up", {}),
        "approve file": ("POST", f"{one}/vote", vote),
        "request changes": ("POST", f"{one}/vote", changes),
        "approve ticked": ("POST", f"{base}/votes", ticked),
        "hand in": ("POST", f"{base}/review", {}),
        "priority": ("POST", f"{base}/priority", {"priority": "high"}),
        "private": ("POST", f"{base}/comments", {"body": "b", "visibility": "private"}),
        "public": ("POST", f"{base}/comments", {"body": "b", "visibility": "public"}),
        "return": ("POST", f"{base}/return", {"reason": "why", "code": "other"}),
        "reject": ("POST", f"{base}/reject", {"reason": "why", "code": "other"}),
        "approve": ("POST", f"{base}/approve", {"merkle_root": leaving.root(request)}),
        "ask exception": ("POST", f"{one}/exception", {"reason": PLEA}),
        "grant": ("POST", f"{one}/exception/decision", decision | {"is_granted": True}),
        "leave blocked": ("POST", f"{one}/exception/decision", decision | {"is_granted": False}),
        "report": ("POST", f"{base}/report", {"place": "row 2"}),
        "bring in": ("POST", f"{base}/files", {"draft": request.id}),
        "accept": ("POST", f"{base}/warnings/{key}", {"code": "explained"}),
    }


def partly_reviewed(house):
    request = house.submitted()
    house.review("bo", request)
    return request


def asked(house):
    request = house.receive({"t.csv": SMALL})
    ann, file = house.people["ann"], request.files[0]
    exceptions.ask(house.db, ann, request.id, file.id, reason=PLEA, clock=house.clock)
    return house.request(request.id)


def lifted(house):
    request = asked(house)
    file = request.files[0]
    exceptions.decide(
        house.db,
        house.people["sue"],
        request.id,
        file.id,
        is_granted=True,
        answer="Phantoms.",
        sha256=file.cleaned_sha256,
        clock=house.clock,
    )
    ann = house.people["ann"]
    return submit.submit(house.db, ann, request.id, context=CONTEXT, clock=house.clock)


def frozen(make):
    def made(house):
        request = make(house)
        incident.report(house.db, house.people["ann"], request.id, clock=house.clock)
        return house.request(request.id)

    return made


def claimed(house):
    request = house.submitted()
    for name in ("bo", "cy"):
        votes.claim(house.db, house.people[name], request.id, clock=house.clock)
    return request


def differing(house):
    request = partly_reviewed(house)
    house.review("cy", request, Vote.CHANGES_REQUESTED)
    return request


def withdrawn(house):
    request = house.receive({"t.csv": TABLE})
    return submit.withdraw(house.db, house.people["ann"], request.id, clock=house.clock)


def released(house):
    request = house.approved()
    let_go(house)
    return request


def revoked(house):
    request = released(house)
    revoke.revoke(house.db, "os:root", request.id, reason="a mistake", clock=house.clock)
    return request


STATES = {
    "PENDING": lambda house: house.receive({"t.csv": TABLE}),
    "PENDING, blocked": lambda house: house.receive({"t.csv": SMALL}),
    "PENDING, exception asked": asked,
    "SUBMITTED": lambda house: house.submitted(),
    "SUBMITTED, exception granted": lifted,
    "SUBMITTED, seats taken": claimed,
    "PARTIALLY_REVIEWED": partly_reviewed,
    "REVIEWED": lambda house: house.reviewed(),
    "REVIEWED, differing": differing,
    "RETURNED": lambda house: house.send_back("bo", differing(house)),
    "APPROVED": lambda house: house.approved(),
    "RELEASED": released,
    "RELEASED, frozen": frozen(released),
    "SUBMITTED, frozen": frozen(claimed),
    "REVIEWED, frozen": frozen(lambda house: house.reviewed()),
    "REJECTED": lambda house: house.reject("bo", house.reviewed()),
    "WITHDRAWN": withdrawn,
    "REVOKED": revoked,
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", PEOPLE)
def test_both_doors_give_the_same_verdict_with_the_same_sentence(house, sign_in, state, who):
    client = sign_in(who)
    request = house.request(STATES[state](house).id)
    for name in actions(request):
        request = opened_by(house, who, request, name)
        method, path, body = actions(request)[name]
        answer = client.request(method, f"/api{path}", **sent("json", body))
        is_allowed = answer.status_code < 400
        if is_allowed and method == "POST":  # it changed: the next one needs a fresh request
            request = opened_by(house, who, house.request(STATES[state](house).id), name)
            method, path, body = actions(request)[name]
        elif not is_allowed:
            assert answer.status_code in (403, 404), (name, answer.text)
            assert house.request(request.id) == request
        page = client.request(method, path, **sent("data", body))
        assert (page.status_code < 400) is is_allowed, (name, answer.text, page.text)
        if not is_allowed:
            sentence = answer.json()["error"]
            assert plain_words(sentence) in plain_words(html.unescape(page.text)), name
            assert house.request(request.id) == request
        elif method == "POST":
            request = house.request(STATES[state](house).id)


def opened_by(house, who, request, name):
    """The request, opened by who may open it, where approving it is about to be tried."""
    if name in ("approve file", "approve ticked"):
        with suppress(NotPermitted):
            house.open(who, request)
    return request


def sent(kind, body):
    if isinstance(body, Ways):
        body = body.api if kind == "json" else body.page
    return {} if body is None else {kind: body}


READS = {"view", "receipt", "record"}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", ["eve", "kim"])
def test_an_auditor_reads_and_does_nothing_in_any_state(house, sign_in, state, who):
    client = sign_in(who)
    request = house.request(STATES[state](house).id)
    for name, (method, path, body) in actions(request).items():
        for address, kind in ((f"/api{path}", "json"), (path, "data")):
            answer = client.request(method, address, **sent(kind, body))
            assert answer.status_code in ((200, 403, 404) if name in READS else (403,)), name
            if name == "view":
                assert answer.status_code == 200
    assert house.request(request.id) == request


def test_an_auditor_reads_the_votes_and_the_record_when_they_are_no_longer_sealed(house, sign_in):
    request = house.submitted()
    house.review("bo", request)
    eve = sign_in("eve")
    assert "bo" not in str(eve.get(f"/api/requests/{request.id}").json()["files"][0]["votes"])
    assert "Record of this request" not in eve.get(f"/requests/{request.id}").text
    assert eve.get(f"/requests/{request.id}/record").status_code == 403
    house.review("cy", request)
    house.approve("cy", request)
    (file,) = eve.get(f"/api/requests/{request.id}").json()["files"]
    assert {vote["reviewer"] for vote in file["votes"]} == {"bo", "cy"}
    assert "Record of this request" in eve.get(f"/requests/{request.id}").text
    entries = eve.get(f"/api/requests/{request.id}/record").json()["entries"]
    said = [(entry["event"], entry["actor"]) for entry in entries]
    assert ("vote_cast", "person:bo") in said
    assert said[-1] == ("request_approved", "person:cy")
    page = eve.get(f"/requests/{request.id}/record").text
    assert "vote cast" in page
    assert page.count("<tr>") == len(entries) + 2  # the head, and that it was read before
    assert [entry.actor for entry in house.events("record_read")] == ["person:eve"] * 2


def plain_words(text):
    return re.sub(r"\W+", " ", text).lower().strip()


def test_an_exception_through_the_pages(house, sign_in):
    request = house.receive({"t.csv": SMALL})
    file = request.files[0]
    ann, sue = sign_in("ann"), None
    assert (
        f'action="/requests/{request.id}/files/{file.id}/exception"'
        in ann.get(f"/requests/{request.id}").text
    )
    ann.post(f"/requests/{request.id}/files/{file.id}/exception", data={"reason": PLEA})
    assert "a senior checker decides" in ann.get(f"/requests/{request.id}").text
    bo = sign_in("bo")
    assert request.id not in bo.get("/exceptions").text
    assert bo.get(f"/requests/{request.id}").status_code == 403
    sue = sign_in("sue")
    assert request.id in sue.get("/exceptions").text
    page = sue.get(f"/requests/{request.id}/files/{file.id}").text
    assert PLEA in page
    assert "north" in page
    form = {"is_granted": "true", "sha256": file.cleaned_sha256, "answer": "Seen <b>them</b>."}
    path = f"/requests/{request.id}/files/{file.id}/exception/decision"
    assert sue.post(path, data=form).status_code == 303
    assert sue.get(f"/requests/{request.id}").status_code == 403, "it is the author's again"
    page = ann.get(f"/requests/{request.id}").text
    assert "Seen &lt;b&gt;them&lt;/b&gt;." in page
    assert "(sue)" not in page
    version = re.search(r'name="row_version" value="(\d+)"', page)[1]
    form = {"row_version": version, "context": CONTEXT}
    assert ann.post(f"/requests/{request.id}/submit", data=form).status_code == 303
    page = bo.get(f"/requests/{request.id}/files/{file.id}").text
    word = re.search(r'action="(/requests/[^"]+/warnings/[0-9a-f]{64})"', page)[1]
    answer = bo.post(word, data={"code": "permitted", "file": file.id})
    assert answer.headers["location"].endswith(f"{file.id}#findings")
    assert "Allowed by the permit" in bo.get(f"/requests/{request.id}").text
    assert "Accepted" not in sign_in("cy").get(f"/requests/{request.id}").text, "blind"


def test_changed_files_through_the_pages(house, sign_in):
    request = house.submitted({"table.csv": TABLE})
    house.review("bo", request)
    house.review("cy", request, Vote.CHANGES_REQUESTED)
    house.send_back("bo", request)
    draft = house.receive({"table.csv": TABLE.replace(b"17", b"20")}, title="Better volumes")
    ann = sign_in("ann")
    assert "Better volumes" in ann.get(f"/requests/{request.id}").text
    answer = ann.post(f"/requests/{request.id}/files", data={"draft": draft.id})
    assert answer.status_code == 303
    page = ann.get(f"/requests/{request.id}").text
    assert "are being brought in" in page
    assert "Better volumes" not in page
    resubmit.bring_in_asked(house.db, house.clock)
    prepare.clean_received(house.db, house.blobs, house.parser, house.clock)
    judge.check_received(house.db, house.blobs, house.parser, house.clock)
    page = ann.get(f"/requests/{request.id}").text
    assert "replaced by a newer copy" in page
    assert page.count('name="type-') == 1
    version = re.search(r'name="row_version" value="(\d+)"', page)[1]
    form = {"row_version": version, "context": CONTEXT}
    assert ann.post(f"/requests/{request.id}/submit", data=form).status_code == 303
    assert "new in this turn" in sign_in("bo").get(f"/requests/{request.id}").text


def queries_of(app, call):
    counted = []

    def count(_connection, _cursor, text, *_rest):
        counted.append(text)

    engine = app.state.desk.db._engine
    event.listen(engine, "before_cursor_execute", count)
    assert call().status_code == 200
    event.remove(engine, "before_cursor_execute", count)
    return len([text for text in counted if text.startswith("SELECT")])


def test_a_page_takes_the_same_number_of_queries_however_long_it_is(door, house, sign_in):
    few = house.submitted({"0.csv": TABLE})
    many = house.submitted({f"{n}.csv": TABLE + b"x,%d,20\n" % n for n in range(60)})
    client = sign_in("bo")
    of_few = queries_of(door.app, lambda: client.get(f"/requests/{few.id}"))
    of_many = queries_of(door.app, lambda: client.get(f"/requests/{many.id}"))
    assert of_few == of_many <= 15
    short = queries_of(door.app, lambda: client.get("/queue"))
    for _ in range(5):
        house.submitted()
    assert queries_of(door.app, lambda: client.get("/queue")) == short <= 10


def test_a_file_that_cannot_be_released_is_explained_and_can_be_taken_back(house, sign_in):
    request = house.receive({"scan.png": b"\0" * 128 + b"DICM" + b"\0" * 64, "t.csv": TABLE})
    ann = sign_in("ann")
    page = ann.get(f"/requests/{request.id}").text
    assert "The file is a DICOM object" in page
    data = {"row_version": request.row_version, "context": CONTEXT}
    refused = ann.post(f"/requests/{request.id}/submit", data=data)
    assert refused.status_code == 422
    assert CONTEXT in refused.text  # what was typed is still there
    data[f"type-{request.files[0].id}"] = "withdrawn"
    assert ann.post(f"/requests/{request.id}/submit", data=data).status_code == 303


def test_an_approved_request_that_is_held_back_says_so(house, sign_in):
    request = house.approved()
    with house.db.begin() as tx:
        tx.execute(text("UPDATE egress_files SET path = 'other.csv'"))
    assert let_go(house) == []
    page = sign_in("ann").get(f"/requests/{request.id}").text
    assert "does not release it. It tries again by itself; tell an administrator" in page
    assert "not what its author submitted" not in page, "the details are not for the author"
    assert "this takes seconds" not in page
    page = sign_in("bo").get(f"/requests/{request.id}").text
    assert f"request {request.id} is not what its author submitted" in page
    with house.db.begin() as tx:
        tx.execute(text(f"UPDATE egress_files SET path = '{request.files[0].path}'"))
    assert len(let_go(house)) == 1
    assert "does not release it" not in sign_in("ann").get(f"/requests/{request.id}").text


def test_a_form_that_is_out_of_date_changes_nothing(house, sign_in):
    request = house.submitted()
    house.review("bo", request, Vote.CHANGES_REQUESTED)
    house.review("cy", request)
    house.send_back("bo", request)
    ann = sign_in("ann")
    answer = ann.post(f"/requests/{request.id}/withdraw", data={"row_version": 1})
    assert answer.status_code == 409
    assert house.request(request.id).status is Status.RETURNED


def test_a_vote_on_bytes_that_are_not_the_copy_is_refused(house, sign_in):
    request = house.submitted()
    path = f"/api/requests/{request.id}/files/{request.files[0].id}/vote"
    answer = sign_in("bo").post(path, json={"value": "approved", "sha256": "0" * 64})
    assert answer.status_code == 403
    assert len(house.events("vote_refused")) == 1
