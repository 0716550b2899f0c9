"""Notices in the application: one's own, counted in the header, marked as read."""

from __future__ import annotations

import re


def shown(client):
    return re.search(r'title="unread">([^<]+)<', client.get("/notices").text)


def test_notices_are_listed_counted_and_marked_as_read(house, sign_in):
    first, second = house.submitted(), house.submitted()
    client = sign_in("bo")
    page = client.get("/notices").text
    assert first.id in page
    assert second.id in page
    assert "Lesion volumes" not in page, "nothing that the author wrote"
    assert shown(client)[1] == "2"
    assert client.post("/notices/read", data={"request": first.id}).status_code == 303
    assert shown(client)[1] == "1"
    listed = client.get("/api/notices").json()
    assert {each["request"]: each["is_read"] for each in listed["notices"]} == {
        first.id: True,
        second.id: False,
    }
    assert client.post("/api/notices/read", json={}).json() == {"unread": 0}
    assert shown(client) is None
    assert shown(sign_in("cy"))[1] == "2"


def test_everybody_reads_their_own_notices_only(house, sign_in):
    request = house.submitted()
    house.send_back("bo", request)
    assert [each["kind"] for each in sign_in("ann").get("/api/notices").json()["notices"]] == [
        "returned"
    ]
    for name in ("eve", "flo", "dan"):
        assert sign_in(name).get("/api/notices").json() == {"notices": [], "unread": 0}


def test_marking_as_read_takes_a_page_of_this_address(house, sign_in):
    house.submitted()
    client = sign_in("bo")
    for path in ("/notices/read", "/api/notices/read"):
        headers = {"Sec-Fetch-Site": "cross-site"}
        assert client.post(path, headers=headers, json={}).status_code == 403
    assert shown(client)[1] == "1"
