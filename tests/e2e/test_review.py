"""The review in browsers: with the keyboard alone, and what it does not offer to an author."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import SignedIn
from tests.e2e.reviewing import draft_and_submit, press_until
from tests.support.lab_page import LabPage
from tests.support.node import RunningNode


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
