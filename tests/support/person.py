"""A person before a browser, as far as HTTP goes: cookies, forms, no scripts."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
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
        """Start a session and follow its progress, as the page does, until it is ready."""
        page = self.press_start(project)
        assert page.status_code == 200, said(page.text)
        for event in self._progress(project, time.monotonic() + timeout_s):
            assert not event.get("failed"), event["message"]
        assert self.is_ready(project)

    def _progress(self, project: str, deadline: float) -> Iterator[dict[str, Any]]:
        """The events of a start; none when it was over before anybody asked."""
        url = f"/hub/api/users/{self.name}/servers/{project}/progress"
        headers = {"X-XSRFToken": self._xsrf(), "Referer": f"{self.hub_url}/hub/home"}
        with self.http.stream("GET", url, headers=headers) as stream:
            for line in stream.iter_lines():
                assert time.monotonic() < deadline, "the session did not start in time"
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

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
