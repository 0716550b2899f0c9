"""Signing in, the guard, and what every answer carries."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from vitrine.access import store as access

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def test_signing_in_goes_through_the_hub_and_sets_a_cookie_that_scripts_cannot_read(door):
    client = door.browser()
    assert client.get("/queue").headers["location"] == "/login?next=/queue"
    asked = client.get("/queue?order=age&page=2").headers["location"]
    assert asked == "/login?next=/queue%3Forder%3Dage%26page%3D2"
    away = client.get("/login?next=/queue")
    query = parse_qs(urlsplit(away.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    back = urlsplit(httpx.get(away.headers["location"]).headers["location"])
    answer = client.get(f"{back.path}?{back.query}")
    cookie = next(
        c for c in answer.headers.get_list("set-cookie") if c.startswith("vitrine-review=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert answer.headers["location"] == "/queue"
    assert client.get("/queue").status_code == 200
    assert [entry.actor for entry in door.house.events("login")] == ["person:ann"]


def test_a_sign_in_that_this_browser_did_not_start_is_refused(door):
    away = door.browser().get("/login").headers["location"]
    back = urlsplit(httpx.get(away).headers["location"])
    other = door.browser()
    assert other.get(f"{back.path}?{back.query}").status_code == 403
    assert other.get("/queue").status_code == 303


def test_a_code_is_good_for_one_sign_in(door):
    client = door.browser()
    back = urlsplit(httpx.get(client.get("/login").headers["location"]).headers["location"])
    assert client.get(f"{back.path}?{back.query}").status_code == 303
    assert client.get(f"{back.path}?{back.query}").status_code == 403


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(door, target):
    client = door.browser()
    away = client.get("/login", params={"next": target}).headers["location"]
    back = urlsplit(httpx.get(away).headers["location"])
    assert client.get(f"{back.path}?{back.query}").headers["location"] == "/"


def test_a_hub_token_opens_nothing_by_itself(door):
    door.sign_in("ann")
    token = next(iter(door.hub.tokens))
    for value in (f"token {token}", f"Bearer {token}"):
        answer = door.browser().get("/api/me", headers={"Authorization": value})
        assert answer.status_code == 401


def test_signing_out_at_the_hub_ends_the_session_here_within_a_minute(door, sign_in):
    client = sign_in("bo")
    assert client.get("/api/me").json()["name"] == "bo"
    door.hub.tokens.clear()
    door.house.clock.move(seconds=61)
    assert client.get("/api/me").status_code == 401


def test_signing_out_here_ends_the_session(door, sign_in):
    client = sign_in("bo")
    cookie = client.cookies["vitrine-review"]
    assert client.post("/logout").headers["location"] == "/goodbye"
    client.cookies.set("vitrine-review", cookie)
    assert client.get("/api/me").status_code == 401


def test_a_disabled_account_is_shut_out_at_once(door, sign_in):
    client = sign_in("bo")
    with door.house.db.begin() as tx:
        access.set_disabled(tx, "bo", True)
    assert client.get("/queue").status_code == 403
    assert door.house.events("request_refused")


def test_somebody_the_node_does_not_know_is_shut_out(door, sign_in):
    assert sign_in("mallory").get("/queue").status_code == 403


@pytest.mark.parametrize("site", [None, "cross-site", "same-site", "none"])
@pytest.mark.parametrize("path", ["submit", "withdraw", "review", "return"])
def test_whatever_changes_something_must_come_from_a_page_of_this_address(
    door, sign_in, site, path
):
    request = door.house.submitted()
    before = door.house.request(request.id)
    client = sign_in("bo")
    del client.headers["Sec-Fetch-Site"]
    headers = {"Sec-Fetch-Site": site} if site else {}
    for url in (f"/requests/{request.id}/{path}", f"/api/requests/{request.id}/{path}"):
        answer = client.post(url, headers=headers, data={"reason": "x"})
        assert answer.status_code == 403
    assert door.house.request(request.id) == before
    refused = door.house.events("request_refused")
    assert len(refused) == 2
    assert refused[0].actor == "person:bo"


def test_other_sites_may_link_here_but_not_load_from_here(door, sign_in):
    client = sign_in("bo")
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/queue", headers={**linked, "Sec-Fetch-Dest": "document"}).status_code == 200
    for dest in ("iframe", "image", "script", "object"):
        assert client.get("/queue", headers={**linked, "Sec-Fetch-Dest": dest}).status_code == 403


def test_strangers_cannot_fill_the_audit_log_with_refusals(door):
    client = door.browser()
    for _ in range(70):
        client.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert len(door.house.events("request_refused")) == 60


def test_another_name_of_this_address_leads_to_the_right_one(door):
    answer = door.browser().get("/queue?a=1", headers={"Host": "127.0.0.1:8010"})
    assert answer.status_code == 307
    assert answer.headers["location"] == "http://localhost:8010/queue?a=1"


@pytest.mark.parametrize("host", ["evil.example", "localhost:9999", "127.0.0.1.evil.example:8010"])
def test_an_unknown_host_is_refused(door, host):
    assert door.browser().get("/queue", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "path",
    ["/queue", "/requests", "/login", "/nowhere", "/static/style.css", "/api/me", "/goodbye"],
)
def test_every_answer_carries_the_same_walls(door, sign_in, path):
    answer = sign_in("bo").get(path)
    assert answer.headers["content-security-policy"] == POLICY
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_a_refusal_is_a_page_for_a_person_and_json_for_a_program(door, sign_in):
    client = sign_in("bo")
    page = client.get("/requests/req-000000000000")
    assert page.status_code == 404
    assert "There is no release request req-000000000000." in page.text
    answer = client.get("/api/requests/req-000000000000")
    assert answer.status_code == 404
    assert answer.json() == {"error": "there is no release request req-000000000000"}


@pytest.mark.parametrize(
    "path",
    ["/requests/%00", "/requests/..%2f..%2fetc", "/requests/%ff", "/requests/" + "x" * 5000],
)
def test_strange_addresses_are_not_found(door, sign_in, path):
    assert sign_in("bo").get(path).status_code == 404


def test_a_body_without_end_is_cut_off(door, sign_in):
    request = door.house.submitted()
    answer = sign_in("bo").post(f"/requests/{request.id}/return", data={"reason": "x" * (2 << 20)})
    assert answer.status_code == 413


def test_the_pages_need_no_other_server(door, sign_in):
    client = sign_in("bo")
    for path in ("/queue", "/goodbye", "/static/style.css", "/static/icon.svg"):
        text = client.get(path).text.replace("http://www.w3.org/2000/svg", "")
        text = text.replace(door.hub.url, "")
        assert "://" not in text
        assert "<script" not in text
