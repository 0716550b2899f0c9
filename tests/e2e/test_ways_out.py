"""A script in a notebook's output has the viewer's cookies in reach, and gets nothing by them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import SignedIn, start_session, stop_session
from tests.e2e.reviewing import draft_and_submit
from tests.support.lab_page import LabPage
from tests.support.node import RunningNode

SAVE = """
from IPython.display import HTML, display
display(HTML('''<a id="way-out" download="data.csv" href="data:text/csv,a,b">take it</a>
<a id="new-window" target="_blank" href="about:blank">window</a>
<script>document.getElementById("way-out").click();
window.opened = window.open("about:blank"); document.title = "opened " + window.opened;
</script>'''))
"""

VOTE = """
from IPython.display import HTML, display
display(HTML('''<div id="tried">begun</div><script>
const address = "{url}", body = "value=approved&sha256={sha256}&reason=";
const kind = "application/x-www-form-urlencoded";
const tries = [
    fetch(address, {{method: "POST", credentials: "include", mode: "no-cors", body,
                    headers: {{"Content-Type": kind}}}}),
    fetch(address, {{method: "POST", credentials: "include", body}}),
    new Promise((done, fail) => {{
        const request = new XMLHttpRequest(); request.open("POST", address);
        request.withCredentials = true; request.setRequestHeader("Content-Type", kind);
        request.onload = done; request.onerror = fail; request.send(body); }}),
    new Promise((done, fail) => {{
        const picture = new Image(); picture.onload = done; picture.onerror = fail;
        picture.src = address + "?" + body; }}),
];
try {{ navigator.sendBeacon(address, new URLSearchParams(body)); }} catch {{ }}
const frame = document.createElement("iframe"); frame.name = "sink"; document.body.append(frame);
const form = document.createElement("form");
form.method = "POST"; form.action = address; form.target = "sink";
for (const [name, value] of new URLSearchParams(body)) {{
    const field = document.createElement("input"); field.name = name; field.value = value;
    form.append(field); }}
document.body.append(form); form.submit();
Promise.allSettled(tries).then(() => {{ document.getElementById("tried").textContent = "tried"; }});
</script>'''))
"""


def test_an_output_cannot_save_a_file_or_open_a_window(lab: LabPage) -> None:
    downloads: list[object] = []
    lab.page.on("download", lambda download: downloads.append(download))
    lab.run(SAVE)
    lab.output().locator("#way-out").click()
    lab.output().locator("#new-window").click(force=True)
    lab.page.wait_for_timeout(1500)
    assert downloads == []
    assert len(lab.page.context.pages) == 1


@pytest.fixture(scope="module")
def request_url(node: RunningNode, ann: BrowserContext) -> str:
    """A request of somebody else that waits for votes."""
    url = start_session(node, ann)
    page = LabPage(ann, url)
    page.open().new_notebook()
    found = draft_and_submit(page, node.settings.review_url, "Volumes by stage")
    page.end_kernels()
    page.close()
    return found


@pytest.mark.parametrize(
    "is_policy_kept",
    [
        pytest.param(True, id="with the page's content policy"),
        pytest.param(False, id="even if the browser ignored the policy"),
    ],
)
def test_a_malicious_output_cannot_vote(
    node: RunningNode, signed_in: SignedIn, request_url: str, *, is_policy_kept: bool
) -> None:
    vera = signed_in("vera", bypass_csp=not is_policy_kept)
    file_url, sha256 = one_file(vera, request_url)
    refused_before, votes_before = len(votes_refused(node)), len(node.audited("vote_cast"))
    lab = LabPage(vera, start_session(node, vera, "bones"))
    try:
        lab.open().new_notebook()
        lab.run(VOTE.format(url=f"{file_url}/vote", sha256=sha256))
        expect(lab.output()).to_contain_text("tried")
        lab.page.wait_for_timeout(1000)
    finally:
        stop_session(node, vera, "bones")
    assert len(node.audited("vote_cast")) == votes_before
    refused = votes_refused(node)[refused_before:]
    if is_policy_kept:
        assert refused == [], "the browser sent nothing"
    else:
        assert len(refused) >= 3
        assert {each["actor"] for each in refused} == {"system:review"}, "no cookie went along"
    if not is_policy_kept:
        page = vera.new_page()
        page.goto(file_url)
        page.get_by_role("button", name="Approve").click()
        expect(page.locator("#review")).to_contain_text("1 of 1 output files have your vote")
        votes = node.audited("vote_cast")[votes_before:]
        assert [each["actor"] for each in votes] == ["person:vera"], "on the page itself she can"


def one_file(checker: BrowserContext, request_url: str) -> tuple[str, str]:
    """The page of a request's only file, and the digest that a vote must name."""
    page = checker.new_page()
    page.goto(request_url)
    page.locator(".files a").first.click()
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    sha256 = page.locator("input[name=sha256]").first.get_attribute("value")
    url = page.url
    page.close()
    assert sha256
    return url, sha256


def votes_refused(node: RunningNode) -> list[dict[str, Any]]:
    """Audited refusals of requests to vote."""
    return [each for each in node.audited("request_refused") if "/vote" in json.dumps(each)]
