"""A page that was away finds what it missed, or is told what cannot be shown."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.lab_page import LabPage
from tests.support.node import wait_until

COUNT = """
import time
for number in range(60):
    print("line", number, flush=True)
    time.sleep(0.1)
"""
LINES = [f"line {number}" for number in range(60)]


def lines(lab: LabPage) -> list[str]:
    return [line for line in lab.text().splitlines() if line.startswith("line ")]


def test_a_page_whose_connection_was_cut_finds_every_line(lab: LabPage) -> None:
    lab.press_run(COUNT)
    expect(lab.output()).to_contain_text("line 5")
    lab.cut_websockets()
    lab.wait_for_end(timeout_s=60)
    wait_until(lambda: len(lines(lab)) >= 60, "every line", timeout_s=30)
    assert lines(lab) == LINES


def test_a_page_without_a_network_for_a_while_finds_every_line(lab: LabPage) -> None:
    lab.press_run(COUNT)
    expect(lab.output()).to_contain_text("line 5")
    lab.page.context.set_offline(True)
    lab.cut_websockets()
    lab.page.wait_for_timeout(4000)
    lab.page.context.set_offline(False)
    lab.wait_for_end(timeout_s=60)
    assert lines(lab) == LINES


def test_a_page_that_is_opened_anew_shows_what_was_saved_and_says_where_the_rest_is(
    lab: LabPage,
) -> None:
    lab.run("kept = 7")
    path, again = lab.path, lab.beside()
    lab.page.bring_to_front()
    lab.press_run(COUNT.replace("60", "120"))
    expect(lab.output()).to_contain_text("line 5")
    lab.page.keyboard.press("Control+s")
    lab.page.wait_for_timeout(1000)
    lab.close()
    again.page.wait_for_timeout(4000)
    again.open_notebook(path)
    assert lines(again)[:4] == LINES[:4], "what was saved is there"
    again.choose("View", "Show Log Console")
    console = again.page.locator(".jp-LogConsole")
    expect(console).to_contain_text("outputs came while no page was open")
    expect(console).to_contain_text("line 40")
    assert again.run("print(kept)") == "7", "the kernel went on"


def test_the_session_is_found_again_from_the_home_page(lab: LabPage) -> None:
    lab.run("kept = 8")
    path, hub = lab.path, lab.url.split("/user/")[0]
    lab.page.goto(f"{hub}/hub/home")
    lab.page.get_by_role("link", name="Open").click()
    expect(lab.page.locator("#jp-main-dock-panel")).to_be_visible()
    lab.open_notebook(path)
    assert lab.run("print(kept)") == "8"
