"""A researcher before the real JupyterLab: what a hand and an eye do, in words of the field."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

CHROMIUM = "/usr/bin/chromium"
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000


def sign_in(page: Page, hub_url: str, name: str, password: str) -> None:
    """Fill in the Hub's form and wait for the list of projects."""
    page.goto(f"{hub_url}/hub/login")
    page.fill("#username_input", name)
    page.fill("#password_input", password)
    page.click("#login_submit")
    expect(page.get_by_role("heading", name="Your projects")).to_be_visible()


class LabPage:
    """One tab with JupyterLab in it."""

    def __init__(self, context: BrowserContext, lab_url: str) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.url = lab_url
        self.opened_s = 0.0

    # -- pages -----------------------------------------------------------------------------

    def open(self, path: str = "") -> LabPage:
        """Open JupyterLab, on one document or on none, in a layout of its own."""
        began = time.monotonic()
        tree = f"/tree/{path}" if path else ""
        self.page.goto(f"{self.url}/lab/workspaces/w{secrets.token_hex(4)}{tree}")
        self.page.wait_for_selector("#jp-main-dock-panel .lm-TabBar-tab")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")
        self.opened_s = time.monotonic() - began
        return self

    def open_notebook(self, path: str) -> LabPage:
        """Open one notebook and wait until its kernel is idle."""
        self.open(path)
        self.wait_for_idle()
        return self

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One request of this page to its own server; status and JSON answer or text."""
        return self.page.evaluate(
            """async ([method, url, body]) => {
                const xsrf = document.cookie.match(/\\b_xsrf=([^;]*)/)?.[1] ?? "";
                const answer = await fetch(url, {method, body,
                    headers: {"X-XSRFToken": decodeURIComponent(xsrf)}});
                const text = await answer.text();
                try { return [answer.status, JSON.parse(text)]; }
                catch { return [answer.status, text]; }
            }""",
            [method, f"{self.url}{path}", None if body is None else json.dumps(body)],
        )

    def make_notebook(self, path: str, sources: Iterable[str] = ("",)) -> str:
        """Write a notebook into the workspace; its path."""
        cells = [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "source": source,
                "metadata": {},
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(sources)
        ]
        kernel = {"name": "python3", "display_name": "Python 3 (no network)"}
        content = {
            "cells": cells,
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        model = {"type": "notebook", "format": "json", "content": content}
        status, answer = self.api("PUT", f"/api/contents/{path}", model)
        assert status in (200, 201), answer
        return path

    # -- notebooks -------------------------------------------------------------------------

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def cell(self, number: int = -1) -> Locator:
        """One cell, counted from 0; by default the last."""
        return self.notebook.locator(".jp-Cell").nth(number)

    def output(self, number: int = -1) -> Locator:
        """Where a cell's outputs are."""
        return self.cell(number).locator(".jp-Cell-outputArea")

    def write(self, source: str, number: int = -1) -> None:
        """Replace the source of a cell."""
        editor = self.cell(number).locator(".jp-InputArea-editor .cm-content")
        editor.click()
        editor.fill(source)

    def press_run(self, source: str | None = None, number: int = -1) -> None:
        """Run a cell and stay on it, as Ctrl+Enter does."""
        if source is not None:
            self.write(source, number)
        else:
            self.cell(number).locator(".jp-InputArea-editor .cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def run(self, source: str | None = None, number: int = -1, timeout_s: float = 60) -> str:
        """Run a cell, wait for its end, and return the text of its outputs."""
        self.press_run(source, number)
        self.wait_for_end(number, timeout_s)
        return self.text(number)

    def wait_for_end(self, number: int = -1, timeout_s: float = 60) -> None:
        """Return when the cell has a number before it, no longer a star."""
        prompt = self.cell(number).locator(".jp-InputPrompt")
        expect(prompt).not_to_have_text("[*]:", timeout=timeout_s * 1000)
        expect(prompt).not_to_have_text("[ ]:", timeout=timeout_s * 1000)

    def text(self, number: int = -1) -> str:
        """The text of a cell's outputs."""
        return "\n".join(self.output(number).locator(".jp-OutputArea-output").all_inner_texts())

    def wait_for_idle(self, timeout_s: float = 60) -> None:
        """Return when the kernel of the notebook in front has nothing to do."""
        bar = self.page.locator("#jp-main-statusbar")
        expect(bar).to_contain_text(") | Idle", timeout=timeout_s * 1000)

    def menu(self, *labels: str) -> Locator:
        """Open a menu of the menu bar; the entry with the last label."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=labels[0]).first.click()
        for label in labels[1:-1]:
            self.page.locator(".lm-Menu-itemLabel", has_text=label).first.click()
        return self.page.locator(".lm-Menu-itemLabel").get_by_text(labels[-1])

    def command(self, name: str) -> None:
        """Run a command of the command palette."""
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+Shift+C")
        box = self.page.locator(".lm-CommandPalette-input")
        box.fill(name)
        self.page.locator(".lm-CommandPalette-item", has_text=name).first.click()

    @property
    def dialog(self) -> Locator:
        """The dialog in front, if there is one."""
        return self.page.locator(".jp-Dialog-content")

    def accept(self) -> None:
        """Press the dialog's main button."""
        self.dialog.locator(".jp-mod-accept").last.click()

    def close(self) -> None:
        """Close the tab as a person does who is in a hurry."""
        self.page.close()
