"""The main job in browsers, from the sign-in to a revoked release, and pictures of it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import WINDOW, SignedIn
from tests.e2e.reviewing import (
    ALL_FILES,
    accept_warnings,
    approve_all,
    approve_release,
    draft,
    open_request,
    submit,
)
from tests.support.album import Album, shown_in_the_guide
from tests.support.lab_page import LabPage
from tests.support.node import RunningNode

TITLE = "Means by stage"
CONTEXT = "Volumes and numbers of patients by stage, 24 in all. Stage II has 3: see the permit."
LOOK = """
from vitrine import workbench
series = workbench.series("small-ct")
workbench.viewer(workbench.load_series(series.iloc[0]))
"""


def test_a_result_leaves_after_two_people_approved_its_exact_bytes(
    node: RunningNode,
    lab: LabPage,
    ann: BrowserContext,
    chromium: Browser,
    signed_in: SignedIn,
    album: Album,
    tmp_path: Path,
) -> None:
    review = node.settings.review_url
    see_the_way_in(node, ann, chromium, album)
    look_at_a_series(lab, album)
    page = draft(lab, review, TITLE, ALL_FILES)
    ask_for_an_exception(page, album)
    lift_the_block(signed_in("sena"), review, album)
    page.reload()
    submit(page, CONTEXT)
    album.take(page, "submitted")
    approve_all(open_request(signed_in("olga"), review, TITLE))
    approve_after_reading(signed_in("omar"), review, album)
    wait_for_release(page)
    album.take(page, "released", page.locator("h1"))
    receipt = download_everything(page, tmp_path)
    said = node.cli("release", "verify", str(receipt), "--files", str(tmp_path))
    assert re.search(r"verdict +genuine", said)
    assert re.search(rf"files compared +{len(ALL_FILES)}", said)
    assert_only_what_was_meant_left(tmp_path, receipt)
    node.cli("release", "revoke", page.url.rsplit("/", 1)[1], "--reason", "A newer figure exists")
    page.reload()
    expect(page.locator("h1 .chip")).to_have_text("Revoked")
    expect(page.get_by_role("link", name="Download", exact=True)).to_have_count(0)
    album.take(page, "revoked", page.locator("h1"))
    assert album.names == [*shown_in_the_guide()], "docs/walkthrough.md shows the pictures in order"


def see_the_way_in(node: RunningNode, ann: BrowserContext, chromium: Browser, album: Album) -> None:
    """The sign-in page and the list of projects."""
    stranger = chromium.new_context(viewport=WINDOW)
    page = stranger.new_page()
    page.goto(f"{node.settings.hub_url}/hub/login")
    album.take(page, "sign-in")
    stranger.close()
    page = ann.new_page()
    page.goto(f"{node.settings.hub_url}/hub/home")
    album.take(page, "projects")
    page.close()


def look_at_a_series(lab: LabPage, album: Album) -> None:
    """A series in the slice viewer, in a notebook."""
    lab.run(LOOK)
    expect(lab.output().locator("img").first).to_be_visible()
    album.take(lab.page, "session")
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("b")


def ask_for_an_exception(page: Page, album: Album) -> None:
    """The author reads what the checks found, and asks that people judge the blocked file."""
    row = page.locator(".files tr", has_text="groups.csv")
    expect(row).to_contain_text("Blocked")
    album.take(page, "draft")
    row.get_by_text("Ask a senior checker for an exception").click()
    row.get_by_label("Why nobody can be recognised").fill(
        "The permit allows counts from 3 in tables of stages."
    )
    album.take(page, "exception-asked", row)
    row.get_by_role("button", name="Ask for the exception").click()
    expect(row).to_contain_text("a senior checker decides")


def lift_the_block(senior: BrowserContext, review: str, album: Album) -> None:
    """A senior checker opens the file and lets people judge it."""
    page = senior.new_page()
    page.goto(f"{review}/exceptions")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("link", name="groups.csv").click()
    page.get_by_label("Why, for the author").fill("Section 4 of the permit allows it.")
    album.take(page, "exception")
    page.get_by_role("button", name="Let people judge it").click()
    expect(page.get_by_role("heading", name="No exception is asked for")).to_be_visible()


def approve_after_reading(checker: BrowserContext, review: str, album: Album) -> None:
    """The second checker: queue, seat, each file, warnings, and the last word."""
    page = checker.new_page()
    page.goto(f"{review}/queue")
    album.take(page, "queue")
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    request = page.url
    page.get_by_role("button", name="Start the review").click()
    expect(page.locator(".path")).to_be_visible()
    page.goto(request)
    expect(page.get_by_role("button", name="Hand in the review")).to_be_visible()
    album.take(page, "seat", page.locator("#review"))
    for name, picture in (
        ("groups.csv", "table"),
        ("means.png", "picture"),
        ("method.ipynb", "notebook"),
    ):
        page.goto(request)
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page.locator(".path")).to_have_text(name)
        album.take(page, picture)
    page.goto(request)
    page.locator(".files a").first.click()
    while page.locator(".path").count():
        here = page.url
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url(lambda url, here=here: url != here)
    album.take(page, "warnings", page.locator("#warnings"))
    accept_warnings(page)
    page.get_by_role("button", name="Hand in the review").click()
    for name in ALL_FILES:
        expect(page.locator("#review code", has_text=name)).to_be_visible()
    album.take(page, "consolidation", page.locator("#review"))
    approve_release(page)


def wait_for_release(page: Page) -> None:
    """Return when the author reads that the files are released, which takes seconds."""
    for _ in range(40):
        page.reload()
        if page.locator("h1 .chip").inner_text() == "Released":
            break
        page.wait_for_timeout(500)
    expect(page.locator("h1 .chip")).to_have_text("Released")


def download_everything(page: Page, folder: Path) -> Path:
    """The released files are in the folder; the path of the receipt beside them."""
    for name in ALL_FILES:
        row = page.locator(".files tr", has_text=name)
        with page.expect_download() as download:
            row.get_by_role("link", name="Download").click()
        download.value.save_as(folder / name)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the signed receipt").click()
    receipt = folder / download.value.suggested_filename
    download.value.save_as(receipt)
    return receipt


def assert_only_what_was_meant_left(folder: Path, receipt: Path) -> None:
    """The files are those that were asked for, and the notebook has no outputs."""
    assert (folder / "means.csv").read_text().splitlines()[1] == "I,3.5"
    book = json.loads((folder / "method.ipynb").read_text())
    assert book["cells"][0]["outputs"] == [], "a notebook leaves without its outputs"
    digest = hashlib.sha256((folder / "means.png").read_bytes()).hexdigest()
    assert digest in receipt.read_text()
