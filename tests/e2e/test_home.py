"""The Hub's pages: what a person can start, what not, and why."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.conftest import WINDOW, SignedIn, is_running, start_session, stop_session
from tests.support.node import RunningNode


def test_the_home_page_lists_projects_with_a_button_or_the_reason(
    node: RunningNode, ann: BrowserContext
) -> None:
    page = ann.new_page()
    page.goto(f"{node.settings.hub_url}/hub/home")
    expect(page.locator("[data-project]")).to_have_count(2)
    lungs, closed = page.locator("[data-project=lungs]"), page.locator("[data-project=closed]")
    expect(lungs.locator(".vitrine-do :is(button, a)").first).to_be_visible()
    expect(closed.locator(".vitrine-do :is(button, a)")).to_have_count(0)
    expect(closed.locator(".vitrine-reason")).to_contain_text("ended")
    page.close()


def test_an_output_checker_is_led_to_the_queue(node: RunningNode, signed_in: SignedIn) -> None:
    page = signed_in("olga").new_page()
    page.goto(f"{node.settings.hub_url}/hub/home")
    page.get_by_role("link", name="see what waits for review").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    page.close()


def test_start_leads_to_jupyterlab_and_stop_ends_both_containers(
    node: RunningNode, ann: BrowserContext
) -> None:
    if is_running(node):
        stop_session(node, ann)
    assert start_session(node, ann).endswith("/user/ann/lungs")
    assert is_running(node)
    stop_session(node, ann)
    assert not is_running(node)


def test_nobody_can_make_a_token_that_works_without_a_browser(
    node: RunningNode, ann: BrowserContext
) -> None:
    hub = node.settings.hub_url
    cookies = {each["name"]: each["value"] for each in ann.cookies(f"{hub}/hub/")}
    answer = ann.request.post(
        f"{hub}/hub/api/users/ann/tokens",
        data={"note": "mine"},
        headers={"X-XSRFToken": cookies["_xsrf"], "Referer": f"{hub}/hub/token"},
    )
    assert answer.status == 403


def test_a_wrong_password_is_answered_with_one_sentence(
    node: RunningNode, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=WINDOW)
    page = context.new_page()
    page.goto(f"{node.settings.hub_url}/hub/login")
    page.fill("#username_input", "ann")
    page.fill("#password_input", "wrong")
    page.click("#login_submit")
    expect(page.locator(".login_error")).to_be_visible()
    context.close()


@pytest.mark.parametrize("address", ["/user/bob/lungs/lab", "/hub/nothing", "/hub/admin"])
def test_a_page_that_is_not_for_this_person_says_so(
    node: RunningNode, ann: BrowserContext, address: str
) -> None:
    page = ann.new_page()
    answer = page.goto(f"{node.settings.hub_url}{address}")
    assert answer is not None
    assert answer.status in (403, 404)
    expect(page.get_by_role("link", name="Back to your projects")).to_be_visible()
    page.close()
