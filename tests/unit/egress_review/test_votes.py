"""Votes on many files, and on what is not opened, through both faces."""

from __future__ import annotations

import re

import pytest

from tests.support.egress import TABLE

THREE = {f"{n}.csv": TABLE + b"x,%d,20\n" % n for n in range(3)}


def ticked(request):
    return [f"{file.id}:{file.cleaned_sha256}" for file in request.outputs]


def named(request):
    return [{"file": file.id, "sha256": file.cleaned_sha256} for file in request.outputs]


def test_the_page_ticks_what_is_opened_and_leads_to_what_is_not(house, sign_in):
    request = house.submitted(THREE)
    client = sign_in("bo")
    base = f"/requests/{request.id}"
    page = client.get(base).text
    assert page.count("Not opened") == 3
    assert "Approve the ticked files" not in page
    following = re.search(r'href="([^"]+)">Open the next file', page)[1]
    assert following.endswith(request.outputs[0].id)
    for _ in range(2):
        opened = client.get(following).text
        following = re.search(r'aria-keyshortcuts="o" href="([^"]+)"', opened)[1]
    page = client.get(base).text
    assert page.count('type="checkbox" form="ticked"') == 2
    assert "2 of 3 output files are opened by you, 2 of them without your vote" in page
    boxes = re.findall(r'name="file" value="([^"]+)" checked', page)
    assert client.post(f"{base}/votes", data={"file": boxes}).status_code == 303
    assert client.get(base).text.count("chip approved") == 2
    answer = client.post(f"{base}/votes", data={"file": ticked(request)})
    assert answer.status_code == 403
    assert "1 of 3 files are not opened; open each before you approve it" in answer.text
    assert "Next not opened" not in client.get(following).text


def test_a_program_votes_on_many_files_at_once(house, sign_in):
    request = house.submitted(THREE)
    client = sign_in("bo")
    base = f"/api/requests/{request.id}"
    body = {"value": "approved", "files": named(request)}
    answer = client.post(f"{base}/votes", json=body)
    assert answer.status_code == 403
    assert "3 of 3 files are not opened" in answer.json()["error"]
    before = client.get(base).json()["files"]
    assert [row["is_opened"] for row in before] == [False] * 3
    assert not before[0]["may"]["approve"]["allowed"]
    assert before[0]["may"]["vote"]["allowed"]
    for row in before:
        client.get(f"{base}/files/{row['id']}")
    for _ in range(2):
        cast = client.post(f"{base}/votes", json=body).json()["votes"]
        assert [vote["value"] for vote in cast] == ["approved"] * 3
    assert len(house.events("vote_cast")) == 3


@pytest.mark.parametrize("face", ["page", "api"])
def test_a_vote_through_a_door_that_skips_the_page_of_the_file_is_refused(house, sign_in, face):
    request = house.submitted({"t.csv": TABLE})
    file = request.outputs[0]
    said = {"value": "approved", "sha256": file.cleaned_sha256}
    path = f"/requests/{request.id}/files/{file.id}/vote"
    client = sign_in("bo")
    answer = (
        client.post(path, data=said) if face == "page" else client.post(f"/api{path}", json=said)
    )
    assert answer.status_code == 403
    assert "t.csv before you approve it" in answer.text
