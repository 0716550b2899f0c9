"""A JupyterLab page as a measurement needs it: Hub sign-in, start, one kernel's websocket (v1)."""

from __future__ import annotations

import asyncio
import json
import secrets
import struct
import time
from typing import Any

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

PROTOCOL = "v1.kernel.websocket.jupyter.org"


class Page:
    """Works with any JupyterHub whose sign-in is a form."""

    def __init__(self, hub_url: str, name: str, password: str) -> None:
        self.hub_url, self.name, self._password = hub_url, name, password
        self.http = httpx.Client(timeout=120, follow_redirects=True)
        self.is_open = False
        self._client, self._number = secrets.token_hex(8), 0
        self._loop = asyncio.new_event_loop()

    def sign_in(self) -> None:
        """Send the sign-in form."""
        self.http.get(f"{self.hub_url}/hub/login")
        form = {"username": self.name, "password": self._password, "_xsrf": self._xsrf("/hub/")}
        page = self.http.post(f"{self.hub_url}/hub/login", data=form)
        assert page.status_code == 200, page.text[:500]

    def start(self, project: str, timeout_s: float = 180) -> None:
        """Click Start and wait until JupyterLab has been loaded."""
        form = {"_xsrf": self._xsrf("/hub/")}
        url = f"{self.hub_url}/hub/spawn/{self.name}/{project}"
        answer = self.http.post(url, data=form)
        assert answer.status_code < 400, answer.text[:2000]
        deadline = time.monotonic() + timeout_s
        while not self._server(project).get("ready"):
            assert time.monotonic() < deadline, "the session was not ready in time"
            time.sleep(0.05)
        page = self.http.get(self._url(project, "/lab"))
        assert page.status_code == 200, page.text[:500]
        self.is_open = True

    def stop(self, project: str) -> None:
        """Stop the session and wait until it is gone."""
        url = f"{self.hub_url}/hub/api/users/{self.name}/servers/{project}"
        headers = {"X-XSRFToken": self._xsrf("/hub/"), "Referer": f"{self.hub_url}/hub/home"}
        self.http.request("DELETE", url, headers=headers)
        deadline = time.monotonic() + 90
        while self._server(project).get("ready") or self._server(project).get("pending"):
            assert time.monotonic() < deadline, "the session did not stop in time"
            time.sleep(0.1)
        self.is_open = False

    def open_kernel(self, project: str) -> None:
        """Start a kernel, open its websocket and wait until the kernel answers."""
        prefix = f"/user/{self.name}/{project}/"
        headers = {"X-XSRFToken": self._xsrf(prefix)}
        answer = self.http.post(self._url(project, "/api/kernels"), json={}, headers=headers)
        assert answer.status_code == 201, answer.text[:500]
        url = self._url(project, f"/api/kernels/{answer.json()['id']}/channels")
        jar = [cookie for cookie in self.http.cookies.jar if prefix.startswith(cookie.path)]
        request = HTTPRequest(
            f"{url.replace('http', 'ws', 1)}?session_id={self._client}&_xsrf={self._xsrf(prefix)}",
            headers={
                "Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar),
                "Origin": self.hub_url,
            },
            request_timeout=120,
        )
        self._socket = self._wait(self._connect(request))
        # As JupyterLab does: Jupyter Server swallows outputs that come before it has heard from
        # the kernel.
        asked = self._send("kernel_info", {})
        while True:
            header, parent, _ = self._receive()
            if header["msg_type"] == "kernel_info_reply" and parent.get("msg_id") == asked:
                return

    async def _connect(self, request: HTTPRequest) -> WebSocketClientConnection:
        return await websocket_connect(request, subprotocols=[PROTOCOL], max_message_size=1 << 28)

    def _wait(self, work: Any) -> Any:
        try:
            return self._loop.run_until_complete(asyncio.wait_for(work, 60))
        except TimeoutError:
            raise AssertionError(f"{self.hub_url} is silent for a minute") from None

    def run(self, code: str) -> int:
        """Run a cell to its reply and idle; how many characters it printed."""
        msg_id, printed, has_reply, is_idle = self._execute(code), 0, False, False
        while not (has_reply and is_idle):
            header, parent, content = self._receive()
            if parent.get("msg_id") != msg_id:
                continue
            kind = header["msg_type"]
            if kind == "stream":
                printed += len(content()["text"])
            has_reply |= kind == "execute_reply"
            is_idle |= kind == "status" and content()["execution_state"] == "idle"
        return printed

    def first_output(self, code: str) -> None:
        """Run a cell and return as soon as something of it is shown."""
        msg_id = self._execute(code)
        while True:
            header, parent, _ = self._receive()
            if parent.get("msg_id") == msg_id and header["msg_type"] == "stream":
                return

    def _execute(self, code: str) -> str:
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": True}  # fmt: skip
        return self._send("execute", content)

    def _send(self, verb: str, content: dict[str, Any]) -> str:
        self._number += 1
        msg_id = f"{self._client}-{self._number}"
        header = {"msg_id": msg_id, "msg_type": f"{verb}_request", "username": "", "version": "5.3",
                  "session": self._client, "date": "2026-01-01T00:00:00Z"}  # fmt: skip
        parts = [b"shell", *(json.dumps(part).encode() for part in (header, {}, {}, content))]
        offsets = [8 * (len(parts) + 2)]
        for part in parts:
            offsets.append(offsets[-1] + len(part))
        head = struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets)
        self._wait(_write(self._socket, head + b"".join(parts)))
        return msg_id

    def _receive(self) -> tuple[dict[str, Any], dict[str, Any], Any]:
        data = self._wait(_read(self._socket))
        (count,) = struct.unpack_from("<Q", data)
        at = struct.unpack_from(f"<{count}Q", data, 8)
        parts = [data[at[i] : at[i + 1]] for i in range(count - 1)]
        return json.loads(parts[1]), json.loads(parts[2]), lambda: json.loads(parts[4])

    def _url(self, project: str, path: str) -> str:
        return f"{self.hub_url}/user/{self.name}/{project}{path}"

    def _server(self, project: str) -> dict[str, Any]:
        headers = {"X-XSRFToken": self._xsrf("/hub/"), "Referer": f"{self.hub_url}/hub/home"}
        answer = self.http.get(f"{self.hub_url}/hub/api/users/{self.name}", headers=headers)
        found: dict[str, Any] = answer.json().get("servers", {}).get(project) or {}
        return found

    def _xsrf(self, path: str) -> str:
        for cookie in self.http.cookies.jar:
            if cookie.name == "_xsrf" and cookie.path == path:
                return cookie.value or ""
        return ""


async def _read(socket: WebSocketClientConnection) -> bytes:
    data = await socket.read_message()
    assert isinstance(data, bytes), "the page lost its connection"
    return data


async def _write(socket: WebSocketClientConnection, data: bytes) -> None:
    await socket.write_message(data, binary=True)
