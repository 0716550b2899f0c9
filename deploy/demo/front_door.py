"""A person before a browser, as far as HTTP goes: the Hub, JupyterLab's websocket, the reviews.

Nothing here knows a password file, a database or a socket of the node: only URLs, cookies and
what pages say.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from typing import Any

import httpx
import websocket

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
"""What a browser adds to requests that a page makes to its own server."""


class DoorError(Exception):
    """The node answered with something that a person would not expect."""


class Browser:
    """Signs in once; cookies are kept per host, as a browser keeps them."""

    def __init__(self, hub_url: str, review_url: str, name: str) -> None:
        self.name = name
        self.hub_url = hub_url.rstrip("/")
        self.review_url = review_url.rstrip("/")
        self.http = httpx.Client(timeout=60, follow_redirects=True)

    # -- the Hub ---------------------------------------------------------------------------

    def sign_in(self, password: str) -> None:
        """Send the Hub's sign-in form.

        Raises:
            DoorError: when the home page does not follow.
        """
        self.http.get(f"{self.hub_url}/hub/login")
        form = {"username": self.name, "password": password, "_xsrf": self._xsrf("/hub/")}
        page = self.http.post(f"{self.hub_url}/hub/login", data=form)
        if page.status_code != 200 or not page.url.path.startswith("/hub/home"):
            raise DoorError(f"{self.name} could not sign in: {_said(page)}")

    def start(self, project: str, timeout_s: float = 120) -> None:
        """Press Start and wait until JupyterLab is there."""
        form = {"_xsrf": self._xsrf("/hub/")}
        page = self.http.post(f"{self.hub_url}/hub/spawn/{self.name}/{project}", data=form)
        if page.status_code >= 400:
            raise DoorError(_said(page))
        deadline = time.monotonic() + timeout_s
        while not self._server(project).get("ready"):
            pending = self.http.get(f"{self.hub_url}/hub/spawn-pending/{self.name}/{project}")
            if pending.status_code >= 400:
                raise DoorError(_said(pending))
            if time.monotonic() > deadline:
                raise DoorError(f"the session was not ready within {timeout_s:.0f} s")
            time.sleep(0.1)
        page = self.http.get(self._lab_url(project, "/lab"))
        if page.status_code != 200:
            raise DoorError(f"JupyterLab answered {page.status_code}")

    def stop(self, project: str, timeout_s: float = 60) -> None:
        """Press Stop and wait until the session is gone."""
        headers = {"X-XSRFToken": self._xsrf("/hub/"), "Referer": f"{self.hub_url}/hub/home"}
        url = f"{self.hub_url}/hub/api/users/{self.name}/servers/{project}"
        self.http.delete(url, headers=headers)
        deadline = time.monotonic() + timeout_s
        while self._server(project) and time.monotonic() < deadline:
            time.sleep(0.2)

    def is_running(self, project: str) -> bool:
        """Whether this person's session for the project is ready."""
        return bool(self._server(project).get("ready"))

    def _server(self, project: str) -> dict[str, Any]:
        headers = {"Referer": f"{self.hub_url}/hub/home", "X-XSRFToken": self._xsrf("/hub/")}
        answer = self.http.get(f"{self.hub_url}/hub/api/users/{self.name}", headers=headers)
        found: dict[str, Any] = answer.json().get("servers", {}).get(project, {})
        return found

    def _xsrf(self, path: str) -> str:
        for cookie in self.http.cookies.jar:
            if cookie.name == "_xsrf" and cookie.path == path:
                return cookie.value or ""
        return ""

    # -- JupyterLab ------------------------------------------------------------------------

    def _lab_url(self, project: str, path: str) -> str:
        return f"{self.hub_url}/user/{self.name}/{project}{path}"

    def lab(self, project: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """One request of JupyterLab's page to its own server."""
        headers = {"X-XSRFToken": self._xsrf(f"/user/{self.name}/{project}/"), **SAME_ORIGIN}
        return self.http.request(method, self._lab_url(project, path), headers=headers, json=body)

    def notebook(self, project: str) -> Notebook:
        """A new kernel in a running session, as a page holds it."""
        answer = self.lab(project, "POST", "/api/kernels", {"name": "python3"})
        if answer.status_code != 201:
            raise DoorError(f"no kernel was started: {_said(answer)}")
        kernel_id = answer.json()["id"]
        client = secrets.token_hex(8)
        prefix = f"/user/{self.name}/{project}/"
        url = self._lab_url(project, f"/api/kernels/{kernel_id}/channels")
        xsrf = self._xsrf(prefix)
        cookies = "; ".join(
            f"{cookie.name}={cookie.value}"
            for cookie in self.http.cookies.jar
            if prefix.startswith(cookie.path)
        )
        socket = websocket.create_connection(
            f"{url.replace('http', 'ws', 1)}?session_id={client}&_xsrf={xsrf}",
            cookie=cookies,
            origin=self.hub_url,
            timeout=120,
        )
        return Notebook(socket, client)

    # -- reviews ---------------------------------------------------------------------------

    def open_reviews(self) -> None:
        """Open the review application; the Hub signs the person in."""
        page = self.http.get(f"{self.review_url}/")
        if page.status_code != 200:
            raise DoorError(f"the review application answered {page.status_code}: {_said(page)}")

    def page(self, path: str) -> httpx.Response:
        """A page or file of the review application."""
        return self.http.get(f"{self.review_url}{path}", headers=SAME_ORIGIN)

    def api(self, path: str, body: Any = None) -> Any:
        """What the review application's API says; with `body`, after changing something.

        Raises:
            DoorError: with its sentence, when it refuses.
        """
        url = f"{self.review_url}/api{path}"
        if body is None:
            answer = self.http.get(url, headers=SAME_ORIGIN)
        else:
            answer = self.http.post(url, json=body, headers=SAME_ORIGIN)
        if answer.status_code >= 400:
            raise DoorError(f"{path}: {_said(answer)}")
        return answer.json()


class Notebook:
    """A websocket to one kernel, speaking as JupyterLab does."""

    def __init__(self, socket: websocket.WebSocket, client: str) -> None:
        self._socket = socket
        self._client = client
        self._number = 0

    def run(self, code: str, timeout_s: float = 120) -> str:
        """What a cell prints and shows; errors as `Name: text`."""
        self.send(code)
        return self.rest(timeout_s)

    def send(self, code: str) -> None:
        """Run a cell without waiting for what it says."""
        self._number += 1
        msg_id = f"{self._client}-{self._number}"
        self._socket.send(json.dumps(_execute_request(msg_id, self._client, code)))

    def rest(self, timeout_s: float = 120) -> str:
        """What the cell that was sent last shows until it has ended."""
        msg_id = f"{self._client}-{self._number}"
        shown: list[str] = []
        has_reply = is_idle = False
        deadline = time.monotonic() + timeout_s
        while not (has_reply and is_idle):
            self._socket.settimeout(max(0.1, deadline - time.monotonic()))
            message = json.loads(self._socket.recv())
            if (message.get("parent_header") or {}).get("msg_id") != msg_id:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            has_reply |= kind == "execute_reply"
            is_idle |= kind == "status" and content["execution_state"] == "idle"
            shown.append(_text(kind, content))
        return "".join(shown)

    def close(self) -> None:
        """Close the page."""
        self._socket.close()


def _execute_request(msg_id: str, client: str, code: str) -> dict[str, Any]:
    header = {
        "msg_id": msg_id,
        "msg_type": "execute_request",
        "username": "",
        "session": client,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "version": "5.3",
    }
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": True,
    }
    return {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
        "channel": "shell",
    }


def _text(kind: str, content: dict[str, Any]) -> str:
    if kind == "stream":
        return str(content["text"])
    if kind in ("execute_result", "display_data"):
        return str(content["data"].get("text/plain", "")) + "\n"
    if kind == "error":
        return f"{content['ename']}: {content['evalue']}\n"
    return ""


def _said(answer: httpx.Response) -> str:
    """The sentence on a page or in a JSON answer."""
    try:
        fields = answer.json()
        return str(fields.get("detail") or fields.get("message") or fields)[:300]
    except ValueError:
        pass
    found = re.search(r'class="[^"]*(?:alert|problem|error)[^"]*"[^>]*>\s*([^<]+)', answer.text)
    return (found.group(1).strip() if found else f"status {answer.status_code}")[:300]
