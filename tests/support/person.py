"""A person before a browser, as far as HTTP goes: cookies, forms, no scripts."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx


class Person:
    """Signs in to the Hub, starts and stops sessions. Each instance is a fresh browser."""

    def __init__(self, hub_url: str, name: str, password: str) -> None:
        self.name = name
        self.hub_url = hub_url
        self._password = password
        self.http = httpx.Client(base_url=hub_url, timeout=60, follow_redirects=True)

    def sees_the_sign_in(self) -> bool:
        """Whether the sign-in page is served."""
        try:
            return self.http.get("/hub/login").status_code == 200
        except httpx.HTTPError:
            return False

    def sign_in(self, password: str = "", otp: str = "") -> httpx.Response:
        """Send the sign-in form, and return the page that follows."""
        self.http.get("/hub/login")
        form = {"username": self.name, "password": password or self._password, "otp": otp}
        return self.http.post("/hub/login", data={**form, "_xsrf": self._xsrf()})

    def home(self) -> str:
        """The home page."""
        return self.http.get("/hub/home").text

    def press_start(self, project: str, **fields: str) -> httpx.Response:
        """Press Start on the home page; returns the page that follows."""
        form = {"_xsrf": self._xsrf(), **fields}
        return self.http.post(f"/hub/spawn/{self.name}/{project}", data=form)

    def start(self, project: str, timeout_s: float = 90) -> None:
        """Start a session and wait until JupyterLab answers."""
        page = self.press_start(project)
        assert page.status_code == 200, said(page.text)
        deadline = time.monotonic() + timeout_s
        while not self.is_ready(project):
            failed = self.http.get(f"/hub/spawn-pending/{self.name}/{project}")
            assert failed.status_code < 400, said(failed.text)
            assert time.monotonic() < deadline, f"no session within {timeout_s} s"
            time.sleep(0.2)

    def stop(self, project: str, timeout_s: float = 60) -> None:
        """Press Stop and wait until the session is gone."""
        self.api("DELETE", f"users/{self.name}/servers/{project}")
        deadline = time.monotonic() + timeout_s
        while self.server(project) and time.monotonic() < deadline:
            time.sleep(0.2)

    def server(self, project: str) -> dict[str, Any]:
        """What the Hub says about the session; empty when it has none."""
        user = self.api("GET", f"users/{self.name}").json()
        found: dict[str, Any] = user.get("servers", {}).get(project, {})
        return found

    def is_ready(self, project: str) -> bool:
        """Whether the Hub calls the session ready."""
        return bool(self.server(project).get("ready"))

    def api(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """One request to the Hub's API with the browser's cookies."""
        headers = {"X-XSRFToken": self._xsrf(), "Referer": f"{self.hub_url}/hub/home"}
        url = f"/hub/api/{path}"
        return self.http.request(method, url, headers=headers, params=None, **arguments)

    def _xsrf(self) -> str:
        for cookie in self.http.cookies.jar:
            if cookie.name == "_xsrf" and cookie.path == "/hub/":
                return cookie.value or ""
        return ""


def said(page: str) -> str:
    """The alert on a page of the Hub, or its beginning."""
    found = re.search(r'class="[^"]*alert[^"]*"[^>]*>\s*([^<]+)', page)
    return found.group(1).strip() if found else page[:2000]
