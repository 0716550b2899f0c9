"""A researcher before the real JupyterLab: what a hand and an eye do, in words of the field."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, Response, expect

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
_KEEP_SOCKETS = """
window.openSockets = [];
window.WebSocket = class extends WebSocket {
    constructor(...given) { super(...given); window.openSockets.push(this); }
};
"""


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
        self.page.add_init_script(_KEEP_SOCKETS)
        self.url = lab_url
        self.opened_s = 0.0
        self.traffic: deque[str] = deque(maxlen=60)
        """What the page asked its server about kernels lately, and what went wrong in it."""
        self.page.on("response", self._note_response)
        self.page.on("pageerror", lambda error: self._note(f"error {error}"))

    def _note(self, line: str) -> None:
        self.traffic.append(f"{time.monotonic():.3f} {line}"[:200])

    def _note_response(self, answer: Response) -> None:
        path = answer.url.removeprefix(self.url)
        if answer.status >= 400 or path.startswith(("/api/kernels", "/api/sessions")):
            self._note(f"{answer.status} {answer.request.method} {path}")

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

    def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request with this browser's cookies; status and JSON answer or text.

        It does not pass through the page, which may be busy.
        """
        cookies = self.page.context.cookies(f"{self.url}/")
        xsrf = [each["value"] for each in cookies if each["name"] == "_xsrf"]
        answer = self.page.context.request.fetch(
            f"{self.url}{path}", method=method, data=body, headers={"X-XSRFToken": xsrf[-1]}
        )
        try:
            return answer.status, answer.json()
        except ValueError:
            return answer.status, answer.text()

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

    def new_notebook(self, sources: Iterable[str] = ("",)) -> LabPage:
        """Write a notebook under a new name and open it here."""
        return self.open_notebook(self.make_notebook(f"n{secrets.token_hex(3)}.ipynb", sources))

    def beside(self, path: str = "") -> LabPage:
        """Another tab of the same browser."""
        other = LabPage(self.page.context, self.url)
        return other.open_notebook(path) if path else other.open()

    def end_kernels(self) -> None:
        """Shut down every kernel of the session."""
        for kernel in self.api("GET", "/api/kernels")[1]:
            self.api("DELETE", f"/api/kernels/{kernel['id']}")

    @property
    def path(self) -> str:
        """The path of the document that this page was opened on."""
        return self.page.url.partition("/tree/")[2]

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
        outputs = self.output(number).locator(".jp-OutputArea-output").all_inner_texts()
        return "\n".join(outputs).strip()

    def wait_for_idle(self, timeout_s: float = 60) -> None:
        """Return when the kernel of the notebook in front has nothing to do."""
        bar = self.page.locator("#jp-main-statusbar")
        expect(bar).to_contain_text(") | Idle", timeout=timeout_s * 1000)

    def kernel_id(self) -> str:
        """The kernel of the notebook that this page was opened on."""
        for session in self.api("GET", "/api/sessions")[1]:
            if session["path"] == self.path:
                return str(session["kernel"]["id"])
        raise AssertionError(f"no kernel serves {self.path}")

    def execution_state(self) -> str:
        """What the server says that the kernel is doing."""
        return str(self.api("GET", f"/api/kernels/{self.kernel_id()}")[1]["execution_state"])

    def menu_entries(self, menu: str) -> list[str]:
        """What a menu of the menu bar offers."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
        self.page.wait_for_selector(".lm-Menu")
        entries = self.shown_entries()
        self.page.keyboard.press("Escape")
        return entries

    def shown_entries(self) -> list[str]:
        """The entries of the open menu, without those that are hidden."""
        self.page.wait_for_selector(".lm-Menu-item[data-type=command]:visible")
        found: list[str] = self.page.locator(".lm-Menu-item").evaluate_all(
            """items => items
                .filter(item => item.offsetHeight > 1 && !item.matches(".lm-mod-hidden"))
                .map(item => item.querySelector(".lm-Menu-itemLabel").textContent)
                .filter(Boolean)"""
        )
        return found

    def choose(self, menu: str, entry: str) -> None:
        """Click an entry of a menu of the menu bar."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=menu).first.click()
        self.page.locator(".lm-Menu-itemLabel").get_by_text(entry, exact=True).click()

    @property
    def dialog(self) -> Locator:
        """The dialog in front, if there is one."""
        return self.page.locator(".jp-Dialog-content")

    def accept(self) -> None:
        """Press the dialog's main button."""
        self.dialog.locator(".jp-mod-accept").last.click()

    def dismiss(self) -> None:
        """Close dialogs that come within a moment."""
        self.page.wait_for_timeout(1500)
        while self.dialog.count():
            self.dialog.locator("button").last.click()
            self.page.wait_for_timeout(300)

    def cut_websockets(self) -> None:
        """Close every websocket of the page, as a bad line does."""
        close_all = "() => window.openSockets.splice(0).forEach(socket => socket.close(4000))"
        self.page.evaluate(close_all)

    def close(self) -> None:
        """Close the tab as a person does who is in a hurry."""
        self.page.close()
