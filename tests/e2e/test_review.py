"""The main job in browsers: draft, submit, two reviews, release, download."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import SignedIn
from tests.e2e.reviewing import (
    ALL_FILES,
    approve_all,
    approve_release,
    draft_and_submit,
    open_request,
    press_until,
)
from tests.support.lab_page import LabPage
from tests.support.node import RunningNode

TITLE = "Means by stage"


def test_a_result_leaves_after_two_people_approved_its_exact_bytes(
    node: RunningNode, lab: LabPage, ann: BrowserContext, signed_in: SignedIn, tmp_path: Path
) -> None:
    review = node.settings.review_url
    url = draft_and_submit(lab, review, TITLE, ALL_FILES)
    for name in ("olga", "omar"):
        checker = open_request(signed_in(name), review, TITLE)
        approve_all(checker)
    for name in ALL_FILES:
        expect(checker.locator("#review code", has_text=name)).to_be_visible()
    approve_release(checker)
    page = ann.new_page()
    page.goto(url)
    for _ in range(40):  # the steward releases within seconds
        if page.locator("h1 .chip").inner_text() == "Released":
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("h1 .chip")).to_have_text("Released")
    for name in ALL_FILES:
        row = page.locator(".files tr", has_text=name)
        with page.expect_download() as download:
            row.get_by_role("link", name="Download").click()
        download.value.save_as(tmp_path / name)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the signed receipt").click()
    receipt = tmp_path / download.value.suggested_filename
    download.value.save_as(receipt)
    node.cli("release", "verify", str(receipt), "--files", str(tmp_path))
    assert (tmp_path / "means.csv").read_text().splitlines()[1] == "I,3.5"
    book = json.loads((tmp_path / "method.ipynb").read_text())
    assert book["cells"][0]["outputs"] == [], "a notebook leaves without its outputs"
    digest = hashlib.sha256((tmp_path / "means.png").read_bytes()).hexdigest()
    assert digest in receipt.read_text()


def test_the_vote_form_is_reached_and_used_with_the_keyboard_alone(
    node: RunningNode, lab: LabPage, signed_in: SignedIn
) -> None:
    review = node.settings.review_url
    draft_and_submit(lab, review, "By keyboard")
    page = signed_in("olga").new_page()
    page.goto(f"{review}/queue")
    for label in ("By keyboard", "means.csv", "Approve"):
        press_until(page, label)
        here = page.url
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, here=here: url != here)  # type: ignore[misc]
    expect(page.locator("#review")).to_contain_text("1 of 1 output files have your vote")
    press_until(page, "Why may it stand?")
    page.keyboard.press("ArrowDown")
    press_until(page, "Accept")
    page.keyboard.press("Enter")
    expect(page.locator("#warnings")).to_contain_text("Accepted")
    press_until(page, "Hand in the review")
    page.keyboard.press("Enter")
    expect(page.locator("#review")).not_to_contain_text("Hand in the review")


def test_an_author_cannot_open_the_queue_or_vote(node: RunningNode, lab: LabPage) -> None:
    review = node.settings.review_url
    url = draft_and_submit(lab, review, "My own")
    page = lab.page.context.new_page()
    page.goto(f"{review}/queue")
    expect(page.get_by_role("link", name="My own")).to_have_count(0)
    page.goto(url)
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.locator("#review")).to_have_count(0)
