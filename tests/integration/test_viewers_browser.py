"""The file page in a real browser: its keys, its views, and what hostile files get done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support import hostile
from tests.support.egress import CONTEXT, TABLE, House, a_house, a_parser
from tests.support.review import CHROMIUM, a_browser, serving
from vitrine.egress import submit
from vitrine.egress.request import EgressRequest, FileType

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


@contextmanager
def a_listener() -> Iterator[tuple[str, list[str]]]:
    """A server of another origin, and the paths that anything asked it for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()


def test_no_file_runs_loads_or_reads_anything_in_any_view(house: House, browser) -> None:
    with a_listener() as (listener, reached), serving(house) as (url, hub):
        request = house.submitted(hostile.files(listener))
        assert {file.path: file.refusal for file in request.files if file.refusal} == {}
        hub.person = "bo"
        page = browser.new_page()
        page.goto(f"{url}/queue")
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda sent: asked.append(sent.url))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        seen = 0
        for file in request.files:
            base = f"{url}/requests/{request.id}/files/{file.id}"
            addresses = [base, f"{base}?view=text", f"{base}?zoom=400"]
            if file.kind in ("image", "document") or file.media_type == "image/svg+xml":
                addresses.append(f"{base}/image")
            for address in addresses:
                page.goto(address)
                page.mouse.click(200, 300)
                page.wait_for_timeout(60)
                assert page.url.startswith(url), (file.path, page.url)
                assert page.evaluate("window.hit") is None, (file.path, address)
                frames = "document.querySelectorAll('iframe, object, embed, base').length"
                assert page.evaluate(frames) == 0, (file.path, address)
                seen += 1
        assert seen > 3 * len(request.files)
        assert not reached
        assert not said
        assert {address.startswith(f"{url}/") for address in asked} == {True}
        assert not house.events("vote_cast")


def test_a_figure_opened_by_itself_has_no_origin_and_runs_nothing(house: House, browser) -> None:
    request = house.submitted(hostile.files("http://127.0.0.1:9"))
    figure = next(file for file in request.files if file.path == "plot.svg")
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page()
        page.goto(f"{url}/queue")
        answer = page.goto(f"{url}/requests/{request.id}/files/{figure.id}/image")
        rules = answer.headers["content-security-policy"]
        assert "default-src 'none'" in rules
        assert "sandbox" in rules.split("; ")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert page.evaluate("window.origin") == "null"
        read = page.evaluate(f"fetch('{url}/queue').then(got => got.text(), error => 'refused')")
        assert read == "refused"


def test_bombs_are_refused_with_a_sentence_and_the_pages_go_on(house: House, browser) -> None:
    request = house.receive({**hostile.bombs(), "table.csv": TABLE})
    files = {file.path: file for file in request.files}
    for name in ("deep.json", "deep.ipynb", "laughs.svg", "deep.svg", "pages.pdf", "book.xlsx"):
        assert files[name].refusal, name
        assert "malformed (" not in files[name].refusal, name
    request = submit.submit(
        house.db,
        house.people["ann"],
        request.id,
        context=CONTEXT,
        filetypes={
            file.id: FileType.WITHDRAWN if file.refusal else FileType.SUPPORTING
            for file in request.files
            if file.path != "table.csv"
        },
        clock=house.clock,
    )
    wide = next(n for n, file in enumerate(request.files) if file.path == "wide.csv")
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page()
        page.goto(f"{url}/queue")
        assert page.goto(address_of(url, request, wide)).status == 200
        assert page.locator(".data th[scope=col]").count() == 201
        assert "more columns not shown here" in page.content()
