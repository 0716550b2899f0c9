"""The review application on a real port, a browser in front of it, and another origin beside it."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import uvicorn

from egress_review.app import create_app
from tests.support.egress import House
from tests.support.hub import a_small_hub

CHROMIUM = Path("/usr/bin/chromium")
SECRET = "a shared secret"


@contextmanager
def a_browser() -> Iterator[Any]:
    """Debian's Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


def a_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(house: House) -> Iterator[tuple[str, object]]:
    """The application on a real port, and the Hub that signs people in."""
    url = f"http://localhost:{a_port()}"
    token = house.settings.secrets_root / "review" / "review_token"
    token.parent.mkdir(parents=True)
    token.touch(0o600)
    token.write_text(SECRET)
    with a_small_hub(SECRET, f"{url}/oauth_callback") as hub:
        settings = dataclasses.replace(house.settings, hub_url=hub.url, review_url=url)
        app = create_app(settings)
        app.state.desk = dataclasses.replace(app.state.desk, parser=house.parser)
        config = uvicorn.Config(
            app, host="localhost", port=int(url.rsplit(":", 1)[1]), log_level="error"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield url, hub
        server.should_exit = True
        thread.join(10)


@contextmanager
def another_origin(folder: Path) -> Iterator[str]:
    """A page server on another host name: where a notebook's output would be shown."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
