"""The parts of a Hub's OAuth provider that a service uses, on a real port.

The Hub is somebody else's system; what is checked here is what it checks: client, secret,
redirect address, PKCE, and that a code is used once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID = "service-egress-review"


class SmallHub(ThreadingHTTPServer):
    """Signs every browser in as `person` and keeps its tokens until they are revoked."""

    daemon_threads = True

    def __init__(self, secret: str, redirect_uri: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secret = secret
        self.redirect_uri = redirect_uri
        self.person = "ann"
        self.codes: dict[str, tuple[str, str]] = {}
        self.tokens: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: SmallHub

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/hub/api/oauth2/authorize":
            self._authorize(query)
        elif parts.path == "/hub/api/user":
            name = self.server.tokens.get(self.headers.get("Authorization", "")[6:])
            self._json(200 if name else 403, {"name": name, "kind": "user"} if name else {})
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        name, challenge = self.server.codes.pop(form.get("code", ""), ("", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        is_right = (
            bool(name)
            and form.get("client_id") == CLIENT_ID
            and form.get("client_secret") == self.server.secret
            and form.get("redirect_uri") == self.server.redirect_uri
            and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        )
        if not is_right:
            return self._json(401, {"error": "invalid_grant"})
        token = secrets.token_hex(16)
        self.server.tokens[token] = name
        return self._json(200, {"access_token": token, "token_type": "Bearer"})

    def _authorize(self, query: dict[str, str]) -> None:
        if query["client_id"] != CLIENT_ID or query["redirect_uri"] != self.server.redirect_uri:
            return self._json(400, {"error": "invalid_request"})
        code = secrets.token_hex(16)
        self.server.codes[code] = (self.server.person, query["code_challenge"])
        self.send_response(302)
        back = urlencode({"code": code, "state": query["state"]})
        self.send_header("Location", f"{self.server.redirect_uri}?{back}")
        self.end_headers()
        return None

    def _json(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def a_small_hub(secret: str, redirect_uri: str) -> Iterator[SmallHub]:
    """A Hub that answers until the block ends."""
    hub = SmallHub(secret, redirect_uri)
    thread = threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
