"""The lab's doors: every route of the real server is on the list, or refused and recorded."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.session import LAB_CONFIG, REPOSITORY, Session, a_session, wait_for
from vitrine.session.lab.access import refusal

UUID = "01234567-89ab-cdef-0123-456789abcdef"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE", "X")
ROUTES = """
import json, os, sys
sys.argv = ["lab"]
from jupyter_server.serverapp import ServerApp
app = ServerApp.instance()
app.initialize(["--config=" + os.environ["LAB_CONFIG"]])
found = set()
def walk(rules):
    for rule in rules:
        target = getattr(rule.target, "rules", None)
        if target is not None:
            walk(target)
        pattern = getattr(rule.matcher, "regex", None)
        if pattern is not None:
            found.add(pattern.pattern)
walk(app.web_app.default_router.rules)
walk(app.web_app.wildcard_router.rules)
print("ROUTES" + json.dumps(sorted(found)))
os._exit(0)
"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with a_session() as running:
        yield running


@pytest.fixture(scope="module")
def routes(session: Session) -> list[str]:
    """The pattern of every route that the configured server has."""
    config = session.root / "routes.py"
    config.write_text(
        LAB_CONFIG.format(
            port=0, sock=session.root / "r.sock", token="r" * 32, root=session.root
        )
    )  # fmt: skip
    environment = os.environ | {
        "LAB_CONFIG": str(config), "HOME": str(session.root), "PYTHONPATH": str(REPOSITORY / "src"),
        "JUPYTER_CONFIG_DIR": str(session.root / "jc2"),
        "JUPYTER_RUNTIME_DIR": str(session.root / "jr2"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ROUTES], env=environment, capture_output=True, text=True, timeout=60
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("ROUTES")]
    return json.loads(line.removeprefix("ROUTES"))


def sample_of(pattern: str) -> str:
    """A path that the pattern of a route matches."""
    path = pattern.removesuffix("$").replace("\\", "")
    for _ in range(6):
        path = re.sub(r"\(\?P<kernel_id>[^)]*\)|\(\?P<session_id>[^)]*\)", UUID, path)
        path = re.sub(r"\(\?P<path>\(\?:\(\?:/\[\^/\]\+\)\+\|/\?\)\)", "/folder/file.ipynb", path)
        path = re.sub(r"\((?:\?P<\w+>|\?:)?[^()]*\)[*+?]?", "x", path)
    return re.sub(r"\[[^]]*\][*+?]?|[.*+?^|]+", "x", path)


def is_refused(status: int, body: bytes, method: str, path: str) -> bool:
    return status == 403 and (method == "HEAD" or body.decode() == refusal(method, path))


def test_every_route_is_on_the_list_or_refused_with_its_reason(session, routes):
    assert len(routes) > 30
    allowed, refused = set(), set()
    for pattern in routes:
        path = sample_of(pattern)
        if not path.startswith("/"):
            path = "/" + path
        for method in METHODS:
            if refusal(method, path) is None:
                allowed.add(f"{method} {path}")
                continue
            status, body = session.http(method, path, timeout_s=20)
            assert is_refused(status, body, method, path), (method, path, status, body[:200])
            refused.add(f"{method} {path}")
    assert len(refused) > 10 * len(routes) * 0.6
    forbidden = (
        "/files", "/view", "nbconvert", "terminals", "/lsp", "metrics", "spec.yaml", "shutdown",
        "/lab/api/build", "/lab/api/extensions", "/lab/api/plugins", "/login", "licenses",
        "listings", "/lab/api/news", "POST /api/contents/folder/filexipynb/trust",
    )  # fmt: skip
    assert not [each for each in allowed if any(word in each for word in forbidden)]
    writes = [each for each in allowed if each.split()[0] not in ("GET", "HEAD")]
    assert not [each for each in writes if "config" in each]


ATTACKS = [
    ("GET", "/files/a.csv"),
    ("GET", "/files/a.csv?download=1"),
    ("HEAD", "/files/a.csv"),
    ("GET", "/view/a.html"),
    ("GET", "/nbconvert/html/n.ipynb"),
    ("GET", "/nbconvert/script/n.ipynb?download=true"),
    ("POST", "/nbconvert/html"),
    ("GET", "/api/nbconvert"),
    ("POST", "/api/terminals"),
    ("GET", "/terminals/websocket/1"),
    ("GET", "/terminals/1"),
    ("GET", "/lsp/status"),
    ("GET", "/lsp/ws/pylsp"),
    ("POST", "/lab/api/build"),
    ("POST", "/lab/api/extensions"),
    ("POST", "/lab/api/plugins"),
    ("PUT", "/api/config/notebook"),
    ("PATCH", "/api/config/notebook"),
    ("GET", "/api/spec.yaml"),
    ("GET", "/metrics"),
    ("POST", "/api/events"),
    ("POST", "/api/shutdown"),
    ("POST", "/api/contents/n.ipynb/trust"),
    ("POST", "/api/contents/n.ipynb/checkpoints/none"),
    ("DELETE", "/api/contents/n.ipynb/checkpoints/none"),
    ("GET", "/lab/api/listings/x.json"),
    ("GET", "/lab/api/licenses/?download=1"),
    ("GET", "/lab/api/news"),
    ("GET", "/proxy/8001/"),
    ("GET", "/tree"),
    ("GET", "/notebooks/n.ipynb"),
    ("GET", "/edit/a.py"),
    ("GET", "/hub/api"),
    ("GET", "//files/a.csv"),
    ("GET", "/./files/a.csv"),
    ("GET", "/lab/../files/a.csv"),
    ("GET", "/lab/..%2ffiles/a.csv"),
    ("GET", "/FILES/a.csv"),
    ("GET", "/files%2fa.csv"),
    ("GET", "/%66iles/a.csv"),
    ("GET", "/files/a.csv/"),
    ("GET", "/;/files/a.csv"),
    ("GET", "/files;x=1/a.csv"),
    ("GET", "/files/a%00.csv"),
    ("GET", "/api/contents/../../files/a.csv/../checkpoints/x"),
    ("GET", "/static\\..\\files/a.csv"),
    ("PROPFIND", "/api/contents/"),
    ("TRACE", "/api"),
    ("OPTIONS", "/files/a.csv"),
    ("COPY", "/api/contents/a.csv"),
]


@pytest.fixture(scope="module")
def a_canary(session: Session) -> bytes:
    canary = b"CANARY-2b61"
    (session.root / "a.csv").write_bytes(canary)
    (session.workspace / "a.csv").write_bytes(canary)
    return canary


@pytest.mark.parametrize(("method", "path"), ATTACKS, ids=[" ".join(each) for each in ATTACKS])
def test_a_way_around_is_answered_without_a_byte_of_the_file(session, a_canary, method, path):
    status, body = session.http(method, path)
    assert a_canary not in body
    assert status in (301, 302, 400, 403, 404, 405), (status, body[:200])
    if refusal(method, path.split("?")[0]) is not None:
        assert status == 403


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_header_cannot_make_a_read_a_write(session, header):
    path = f"/api/config/notebook{header[-4:]}"
    session.http("GET", path, headers={header: "PUT"}, body=b'{"a":1}')
    assert session.http("GET", path)[1] == b"{}"


def test_what_is_refused_is_in_the_journal_and_told_to_the_steward_with_who_it_was(session):
    who = session.api("GET", "/api/me")["identity"]["username"]
    session.http("POST", "/nbconvert/html?mark=1", {"cells": []})
    session.http("GET", "/files/by-nobody", headers={"Authorization": "token wrong"})

    def found() -> list[dict[str, Any]]:
        return [body for body in session.of_kind("refused") if body["path"] == "/files/by-nobody"]

    (nobody,) = wait_for(found, "the record of the refusal")
    assert nobody["person"] == ""
    somebody = [b for b in session.of_kind("refused") if b["path"] == "/nbconvert/html"][-1]
    assert somebody["person"]
    assert somebody["person"] == who or len(somebody["person"]) == len(who)
    assert somebody["reason"] == "notebooks are not exported here: request an export instead"

    def told() -> list[dict[str, Any]]:
        items, after = [], 0
        while True:
            answer = session.control(op="refusals", after=after)
            items += answer["items"]
            if not answer["items"]:
                return [item for item in items if item["path"] == "/files/by-nobody"]
            after = answer["next"]

    (item,) = wait_for(told, "the steward's list")
    assert item["person"] == ""
    assert item["session_id"] == session.session_id


def test_settings_and_layouts_are_no_place_to_keep_data(session):
    for path in ("/lab/api/workspaces/hoard", "/lab/api/settings/@jupyterlab/x:y"):
        status, body = session.http("PUT", path, {"data": "x" * (300 << 10)})
        assert (status, body) == (403, b"settings and layouts have at most 256 KiB")
        chunked = {"Transfer-Encoding": "chunked"}
        status, _ = session.http("PUT", path, b"0\r\n\r\n", headers=chunked)
        assert status == 403


def test_the_status_line_is_the_protocols_and_the_body_is_the_reason(session):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(session.lab_socket))
        peer.sendall(
            f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: token {session.token}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = peer.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(b"this is not part of a session")


def test_every_answer_carries_the_policy_that_forbids_downloads_and_popups(session):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(session.lab_socket))
        peer.sendall(
            f"GET /lab HTTP/1.1\r\nHost: x\r\nAuthorization: token {session.token}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        head = peer.makefile("rb").read().partition(b"\r\n\r\n")[0].decode()
    (policy,) = re.findall(r"Content-Security-Policy: (.*)", head)
    assert "sandbox" in policy
    assert "allow-downloads" not in policy
    assert "allow-popups" not in policy
    assert "Referrer-Policy: no-referrer" in head


def test_a_name_in_a_path_is_quoted_by_nobody_and_long_ones_are_cut(session):
    path = "/files/" + quote("<script>" * 200)
    status, body = session.http("GET", path)
    assert status == 403
    assert b"<script>" not in body
    wait_for(
        lambda: [b for b in session.of_kind("refused") if "%3Cscript" in b["path"]], "the record"
    )
    assert max(len(body["path"]) for body in session.of_kind("refused")) <= 1024
