"""Becomes the proxy, with this node's ports and the token that only proxy and Hub share.

The proxy listens on loopback. Where the Hub's public address is https, a TLS server in front of
it (deploy/nginx) forwards to port 8000; otherwise people reach it at the address itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from vitrine import settings as node
from vitrine.errors import VitrineError
from vitrine.storage import secrets

LOOPBACK = "127.0.0.1"
BEHIND_TLS = 8000
ERRORS = Path(__file__).resolve().with_name("errors")
"""What people see while the Hub or a session is away."""


def main() -> int:
    """Replace this process by the proxy; 1 with a sentence when the node is not ready for it."""
    program = Path(sys.executable).parent / "configurable-http-proxy"
    try:
        settings = node.load()
        token = secrets.read(settings, "proxy", "proxy_token")
    except VitrineError as error:
        print(f"proxy: {error.sentence()}", file=sys.stderr)
        return 1
    public, api = urlsplit(settings.hub_url), urlsplit(settings.proxy_api_url)
    port = BEHIND_TLS if public.scheme == "https" else public.port or 80
    command = [
        *(str(program), "--log-level", "warn", "--ip", LOOPBACK, "--port", str(port)),
        *("--error-path", str(ERRORS)),
        *("--api-ip", api.hostname or LOOPBACK, "--api-port", str(api.port or 8001)),
    ]
    environment = {"CONFIGPROXY_AUTH_TOKEN": token, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    os.execve(command[0], command, environment)  # noqa: S606  a fixed program, no shell


if __name__ == "__main__":
    sys.exit(main())
