"""The way of an export through the review pages, as authors and checkers walk it."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.support.lab_page import LabPage

MAKE_FILES = """
import json, numpy, pandas, matplotlib.pyplot as plt
from vitrine import workbench
pandas.DataFrame({{"stage": ["I", "II"], "mean_ml": [3.5, 14.25]}}).to_csv("means.csv", index=False)
pandas.DataFrame({{"stage": ["I", "II"], "patients": [21, 3]}}).to_csv("groups.csv", index=False)
plt.figure(figsize=(3, 2)); plt.bar(["I", "II"], [3.5, 14.25]); plt.savefig("means.png")
plt.close()
cell = {{"cell_type": "code", "id": "one", "metadata": {{}}, "source": "print(6 * 7)",
        "outputs": [{{"output_type": "stream", "name": "stdout", "text": "42"}}],
        "execution_count": 1}}
book = {{"nbformat": 4, "nbformat_minor": 5, "metadata": {{}}, "cells": [cell]}}
open("method.ipynb", "w").write(json.dumps(book))
open("notes.txt", "w").write("Volumes in millilitres.\\nMeans over all patients.\\n")
draft = workbench.request_export({files!r}, title={title!r}, context="Means over 24 patients.")
print(draft.draft_id)
"""
CONTEXT = "Mean volume for each stage over 24 patients; the smallest group has 11."
ALL_FILES = ("means.csv", "groups.csv", "means.png", "method.ipynb", "notes.txt")


def draft_and_submit(
    lab: LabPage, review_url: str, title: str, files: tuple[str, ...] = ("means.csv",)
) -> str:
    """Draft an export in a cell and submit it in the author's browser; the request's URL."""
    page = draft(lab, review_url, title, files)
    submit(page)
    url = page.url
    page.close()
    return url


def draft(lab: LabPage, review_url: str, title: str, files: tuple[str, ...]) -> Page:
    """Draft an export in a cell; the author's page on it when its copies have been checked."""
    said = lab.run(MAKE_FILES.format(files=list(files), title=title))
    assert "drf-" in said, said
    page = lab.page.context.new_page()
    page.goto(review_url)
    request = page.get_by_role("link", name=title)
    for _ in range(60):  # the steward fetches drafts and has them cleaned
        if request.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    request.click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    while page.get_by_text(re.compile("Being made|being checked")).count():
        page.wait_for_timeout(500)
        page.reload()
    return page


def submit(page: Page, context: str = CONTEXT) -> None:
    """Write the context of a draft and submit it."""
    page.get_by_label(re.compile("What the files show")).fill(context)
    page.get_by_role("button", name="Submit for review").click()
    expect(page.locator("h1 .chip")).to_have_text("In review")


def open_request(checker: BrowserContext, review_url: str, title: str) -> Page:
    """A checker's page on a request, reached from the queue."""
    page = checker.new_page()
    page.goto(f"{review_url}/queue")
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return page


def approve_all(page: Page) -> None:
    """Open and approve every file, then hand the review in, with the mouse."""
    page.locator(".files a").first.click()
    while page.locator(".path").count():
        here = page.url
        page.get_by_role("button", name="Approve").click()
        page.wait_for_url(lambda url, here=here: url != here)
    accept_warnings(page)
    page.get_by_role("button", name="Hand in the review").click()
    expect(page.locator("#review")).not_to_contain_text("Hand in the review")


def accept_warnings(page: Page) -> None:
    """Let every warning stand, on the page of a request."""
    forms = page.locator("#warnings form").filter(has_text="Why may it stand?")
    buttons = forms.get_by_role("button", name="Accept")
    while left := buttons.count():
        forms.first.get_by_role("combobox").select_option("not_disclosive")
        buttons.first.click()
        expect(buttons).to_have_count(left - 1)


def approve_release(page: Page) -> None:
    """The last word at consolidation, on the page of a request whose reviews are in."""
    page.get_by_role("button", name="Approve for release").click()
    expect(page.locator("h1 .chip")).to_have_text(re.compile("Approved|Released"))


def press_until(page: Page, label: str, limit: int = 60) -> None:
    """Press Tab until what begins with that label has the focus, which must be seen."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const it = document.activeElement, style = getComputedStyle(it);
            return [it.textContent.trim(), style.outlineStyle !== "none"
                && parseFloat(style.outlineWidth) > 0]; }"""
        )
        if found[0].startswith(label):
            assert found[1], f"the focus on {label} cannot be seen"
            return
    raise AssertionError(f"{label} cannot be reached with {limit} presses of Tab")
