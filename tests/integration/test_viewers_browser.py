"""The file page in a real browser: its keys, its views, and what hostile files get done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.egress import TABLE, House, a_house, a_parser
from tests.support.review import CHROMIUM, a_browser, serving
from vitrine.egress.request import EgressRequest

pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's Chromium"),
]

TABLES = {f"{name}.csv": TABLE + f"{name},1,30\n".encode() for name in ("a", "b", "c")}


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with a_browser() as running:
        yield running


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with a_parser(tmp_path_factory.mktemp("parser") / "parser.sock") as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, parser) -> House:
    return a_house(tmp_path, parser)


def address_of(url: str, request: EgressRequest, number: int) -> str:
    return f"{url}/requests/{request.id}/files/{request.files[number].id}"


def test_single_keys_walk_through_the_files_and_vote(house: House, browser) -> None:
    request = house.submitted(TABLES)
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page()
        first, second, third = (address_of(url, request, number) for number in range(3))
        page.goto(f"{url}/queue")
        page.goto(first)
        assert "file 1 of 3" in page.content()
        for key, arrives in (("j", second), ("n", third), ("k", second), ("p", first)):
            page.keyboard.press(key)
            page.wait_for_url(arrives)
        page.keyboard.press("a")
        page.wait_for_url(second)
        page.keyboard.press("r")
        page.keyboard.type("jar")
        page.keyboard.press("Escape")
        assert page.input_value("#reason") == "jar", "keys are letters in a field"
        assert page.url == second
        page.keyboard.press("u")
        page.wait_for_url(third)
        page.keyboard.press("u")
        page.wait_for_url(second)
        page.keyboard.press("?")
        assert page.locator(".keys").get_attribute("open") is not None
        votes = house.events("vote_cast")
        assert [(vote.detail["file"], vote.detail["value"]) for vote in votes] == [
            (request.files[0].id, "approved")
        ]


def test_a_key_that_is_held_down_votes_once(house: House, browser) -> None:
    request = house.submitted(TABLES)
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page()
        page.goto(f"{url}/queue")
        page.goto(address_of(url, request, 0))
        page.keyboard.down("a")
        page.wait_for_url(address_of(url, request, 1))
        for _ in range(5):
            page.keyboard.down("a")  # the browser repeats a key that stays down
        page.wait_for_timeout(300)
        assert page.url == address_of(url, request, 1)
        assert len(house.events("vote_cast")) == 1


def test_single_keys_can_be_turned_off(house: House, browser) -> None:
    request = house.submitted(TABLES)
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page()
        page.goto(f"{url}/queue")
        page.goto(address_of(url, request, 0))
        page.locator(".keys summary").click()
        page.get_by_label("Use these keys").uncheck()
        page.reload()
        page.keyboard.press("a")
        page.keyboard.press("j")
        page.wait_for_timeout(300)
        assert page.url == address_of(url, request, 0)
        assert not house.events("vote_cast")


def test_the_page_does_everything_without_its_script(house: House, browser) -> None:
    request = house.submitted(TABLES)
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page(java_script_enabled=False)
        page.goto(f"{url}/queue")
        page.goto(address_of(url, request, 0))
        page.get_by_role("link", name="Next without your vote").click()
        page.wait_for_url(address_of(url, request, 1))
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url(address_of(url, request, 2))
        assert len(house.events("vote_cast")) == 1


def test_a_table_is_sorted_and_its_findings_are_reached_by_key(house: House, browser) -> None:
    rows = "".join(f"site {n},{n % 50 + 20}\n" for n in range(150))
    low = f"site,n\n{rows}last,3\n".encode()
    request = house.submitted({"t.csv": low, "b.csv": TABLE})
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page()
        page.goto(f"{url}/queue")
        page.goto(address_of(url, request, 0))
        assert "3 to 69" in page.locator(".statistics td").nth(1).inner_text()
        page.get_by_role("columnheader", name="n", exact=True).get_by_role("link").click()
        page.wait_for_url("**sort=2*")
        cells = page.locator(".data tbody td:nth-of-type(2)").all_inner_texts()
        assert [int(cell) for cell in cells] == sorted(map(int, cells))
        page.goto(address_of(url, request, 0))
        page.keyboard.press("f")
        page.wait_for_url("**row=152*")
        page.keyboard.press("f")
        assert page.evaluate("document.activeElement.textContent.trim()") in ("3", "152last3")
        page.get_by_text("Columns").first.click()
        page.get_by_label("site").check()
        page.get_by_role("button", name="Show the table so").click()
        page.wait_for_url("**hide=1*")
        assert page.locator(".data thead th[scope=col]").all_inner_texts()[1:] == ["n"]
