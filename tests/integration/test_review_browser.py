"""What a real browser does with hostile pages and files in front of the review application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.egress import TABLE, House, a_house, a_notebook, a_parser
from tests.support.review import CHROMIUM, a_browser, another_origin, serving

pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's Chromium"),
]

HOSTILE = {
    "plot.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='parent.hit=1;fetch(`//x/`)'>"
    b"<script>window.hit=1</script><image href='http://198.51.100.7/a.png'/></svg>",
    "page.html": b"<html><script>window.hit=1</script><img src=x onerror='window.hit=1'>"
    b"<iframe src='javascript:parent.hit=1'></iframe></html>",
    "run.ipynb": a_notebook(
        "<img src=x onerror='window.hit=1'>", "</code></pre><script>hit=1</script>"
    ),
    "table.csv": b'a,b\n<script>window.hit=1</script>,"<img src=x onerror=window.hit=1>"\n',
    "notes.md": b"[x](javascript:window.hit=1) <script>window.hit=1</script>\n",
}


@pytest.fixture
def browser() -> Iterator[object]:
    with a_browser() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_parser(tmp_path / "parser.sock") as parser:
        yield a_house(tmp_path, parser)


ATTACK = """<!doctype html><title>output of a cell</title><body>
<iframe name="sink"></iframe>
<form id="form" method="post" target="sink" action="{vote}">
<input name="value" value="approved"><input name="sha256" value="{sha256}"></form>
<script>
window.done = [];
async function attempts() {{
  document.getElementById("form").submit();
  const body = new URLSearchParams({{value: "approved", sha256: "{sha256}"}});
  for (const mode of ["no-cors", "cors"]) {{
    try {{ await fetch("{vote}", {{method: "POST", mode, credentials: "include", body}}); }}
    catch (error) {{ window.done.push(mode); }}
  }}
  navigator.sendBeacon("{vote}", body);
  try {{ window.text = await (await fetch("{queue}", {{credentials: "include"}})).text(); }}
  catch (error) {{ window.done.push("read"); }}
  const frame = document.createElement("iframe");
  frame.src = "{queue}";
  document.body.append(frame);
  await new Promise(resolve => setTimeout(resolve, 1500));
  window.finished = true;
}}
attempts();
</script>"""


def test_a_malicious_notebook_output_cannot_vote_with_the_viewers_session(
    house: House, browser, tmp_path: Path
) -> None:
    request = house.submitted({"table.csv": TABLE})
    file = request.files[0]
    pages = tmp_path / "pages"
    pages.mkdir()
    with serving(house) as (url, hub), another_origin(pages) as other:
        hub.person = "bo"
        page = browser.new_page()
        page.goto(f"{url}/queue")
        assert "Lesion volumes" in page.content()
        vote = f"{url}/requests/{request.id}/files/{file.id}/vote"
        attack = ATTACK.format(vote=vote, sha256=file.cleaned_sha256, queue=f"{url}/queue")
        (pages / "attack.html").write_text(attack)
        page.goto(f"{other}/attack.html")
        page.wait_for_function("window.finished === true", timeout=20_000)
        assert "read" in page.evaluate("window.done")
        assert page.evaluate("window.text") is None
        assert not house.events("vote_cast")
        refused = house.events("request_refused")
        assert len([entry for entry in refused if entry.detail["method"] == "POST"]) >= 3
        # The same person, on the page itself, can: the attack was stopped for what it is.
        page.goto(f"{url}/requests/{request.id}/files/{file.id}")
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url("**#review")
        assert len(house.events("vote_cast")) == 1


def test_no_file_runs_a_script_or_reaches_another_server(house: House, browser) -> None:
    request = house.submitted(HOSTILE)
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda sent: asked.append(sent.url))
        page.goto(f"{url}/queue")
        asked.clear()
        for file in request.files:
            for view in ("", "?view=text"):
                page.goto(f"{url}/requests/{request.id}/files/{file.id}{view}")
                page.wait_for_timeout(150)
                assert page.evaluate("window.hit") is None
                own = "[...document.scripts].map(each => each.getAttribute('src') + each.text)"
                assert page.evaluate(own) == ["/static/keys.js"]
                assert page.evaluate("document.querySelectorAll('iframe, object').length") == 0
        assert asked
        assert {address.startswith(f"{url}/") for address in asked} == {True}


def test_a_review_needs_nothing_but_the_keyboard(house: House, browser) -> None:
    request = house.submitted({"a.csv": TABLE, "b.csv": TABLE + b"east,1,30\n"})
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page()
        page.goto(f"{url}/queue")

        def press_until(name: str) -> None:
            for _ in range(40):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.textContent.trim()") == name:
                    with page.expect_navigation():
                        page.keyboard.press("Enter")
                    return
            raise AssertionError(f"{name} cannot be reached by keyboard")

        press_until("Lesion volumes")
        press_until("a.csv")
        press_until("Approve")
        page.wait_for_url(f"**/{request.files[1].id}")
        press_until("Approve")
        page.wait_for_url("**#review")
        press_until("Hand in the review")
        page.wait_for_url(f"**/{request.id}")
        assert len(house.events("review_submitted")) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_small_screen(house: House, browser, scheme: str) -> None:
    request = house.submitted(HOSTILE)
    with serving(house) as (url, hub):
        hub.person = "bo"
        page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
        paths = ["/queue", "/requests", "/notices", "/figures", f"/requests/{request.id}"]
        paths += [f"/requests/{request.id}/files/{file.id}" for file in request.files]
        for path in paths:
            page.goto(url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
