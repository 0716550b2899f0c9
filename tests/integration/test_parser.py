"""The parser as a process: nothing to reach, nothing to take, and no file that stops it."""

from __future__ import annotations

import grp
import io
import json
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.support import hostile
from tests.support.egress import TABLE, a_notebook, a_png
from vitrine.egress.sandbox import confine, frames, server
from vitrine.egress.sandbox.client import Parser
from vitrine.errors import InvalidInput, Unavailable

MODULE = [sys.executable, "-m", "vitrine.egress.sandbox"]
ACCOUNT = "vitrine-parser"


def has_account() -> bool:
    try:
        return pwd.getpwnam(ACCOUNT).pw_uid > 0
    except KeyError:
        return False


def passing_group() -> int:
    """The group that may pass through the folders above a checkout; 0 when there is none."""
    try:
        return grp.getgrnam("vitrine").gr_gid
    except KeyError:
        return 0


def unprivileged_command(path: Path) -> list[str]:
    """The parser as deployed: no network interface, no root; `nobody` where the account lacks."""
    account = pwd.getpwnam(ACCOUNT if has_account() else "nobody")
    os.chown(path.parent, account.pw_uid, account.pw_gid)
    return [
        "unshare",
        "--net",
        "setpriv",
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        f"--groups={passing_group() or account.pw_gid}",
        *MODULE,
        "--socket",
        str(path),
        "--allow",
        "root",
    ]


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None, "the parser did not start"
        assert time.monotonic() < deadline, "the parser does not listen"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Parser, Path, int]]:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root, to start the parser as another account without a network")
    folder = Path(tempfile.mkdtemp(prefix="vitrine-parser-", dir="/tmp"))
    folder.chmod(0o755)
    path = folder / "parser.sock"
    process = subprocess.Popen(unprivileged_command(path), cwd="/")
    try:
        wait_for(path, process)
        yield Parser(path), path, process.pid
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


@pytest.fixture
def parser(running: tuple[Parser, Path, int]) -> Parser:
    return running[0]


def test_it_refuses_to_start_where_it_can_see_a_network(tmp_path):
    arguments = ["--socket", str(tmp_path / "p"), "--allow", "root", "--allow-root"]
    done = subprocess.run([*MODULE, *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "must see none" in done.stderr


def test_it_refuses_to_start_as_root(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    arguments = ["--socket", str(tmp_path / "p"), "--allow", "root"]
    command = ["unshare", "--net", *MODULE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "must be nobody" in done.stderr


def test_the_process_has_no_network_no_root_and_no_new_privileges(running):
    _, _, pid = running
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert "0" not in fields["Uid"].split()
    assert int(fields["CapEff"], 16) == 0
    assert fields["NoNewPrivs"].strip() == "1"
    interfaces = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]


def test_an_account_that_is_not_on_the_list_gets_no_word(running):
    _, path, _ = running
    script = (
        "import socket,sys;c=socket.socket(socket.AF_UNIX);c.connect(sys.argv[1]);"
        "print(len(c.recv(100)))"
    )
    uid = pwd.getpwnam("nobody").pw_uid
    groups = f"--groups={passing_group() or uid}"
    command = ["setpriv", f"--reuid={uid}", groups, sys.executable, "-c", script]
    done = subprocess.run(
        [*command, str(path)], capture_output=True, text=True, timeout=30, cwd="/"
    )
    assert done.stdout.strip() in ("0", ""), done.stdout
    assert done.returncode == 0 or "ConnectionReset" in done.stderr


def in_a_confined_child(attempt: Callable[[], object]) -> str:
    """What becomes of `attempt` in a process that gave everything up: its error, or "done"."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        result = b"died"
        try:
            confine.limit()
            confine.filter_system_calls()
            attempt()
            result = b"done"
        except BaseException as error:
            result = type(error).__name__.encode()
        finally:
            os.write(writing, result)
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as stream:
        return stream.read().decode()


ATTEMPTS: dict[str, Callable[[], object]] = {
    "read a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "write a file": lambda: os.open("/tmp/x", os.O_WRONLY | os.O_CREAT),
    "list a folder": lambda: os.listdir("/"),
    "make a Unix socket": lambda: socket.socket(socket.AF_UNIX),
    "make an internet socket": lambda: socket.socket(socket.AF_INET),
    "make a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "signal the server": lambda: os.kill(os.getppid(), 0),
    "start a program": lambda: os.execv("/bin/true", ["true"]),
    "fork": lambda: os.fork(),
    "start a thread": lambda: threading.Thread(target=print).start(),
    "become root": lambda: os.setuid(0),
    "lift a limit": lambda: __import__("resource").setrlimit(9, (1 << 40, 1 << 40)),
    "make a pipe": lambda: os.pipe(),
    "take memory": lambda: bytearray(2 << 30),
}


REFUSALS = ("PermissionError", "OSError", "RuntimeError", "MemoryError", "ValueError")


@pytest.mark.parametrize("what", ATTEMPTS)
def test_a_parser_that_a_file_took_over_can_do_nothing(what):
    outcome = in_a_confined_child(ATTEMPTS[what])
    assert outcome in REFUSALS, outcome


def test_the_environment_is_empty_where_files_are_parsed():
    def attempt() -> None:
        assert not os.environ

    assert in_a_confined_child(attempt) == "done"


def a_png_bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack("!I", zlib.crc32(kind + data))
        return struct.pack("!I", len(data)) + kind + data + crc

    side = 4_900
    header = struct.pack("!IIBBBBB", side, side, 8, 6, 0, 0, 0)
    data = zlib.compress(b"\0" * (side * 4 + 1) * side, 9)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def a_text_chunk_bomb() -> bytes:
    text = b"k\0\0" + zlib.compress(b"A" * (200 << 20), 9)
    chunk = struct.pack("!I", len(text)) + b"zTXt" + text
    chunk += struct.pack("!I", zlib.crc32(b"zTXt" + text))
    good = a_png()
    return good[:33] + chunk + good[33:]


HOSTILE = {
    "nothing.csv": b"",
    "deep.json": b"[" * 100_000,
    "deep-objects.json": b'{"a":' * 100_000,
    "deep.ipynb": b'{"cells":' * 100_000,
    "flat.json": b"[" + b"1," * 5_000_000 + b"1]",
    "wide.csv": b"a," * 2_000_000 + b"a\n",
    "long.csv": b"1,2\n" * 1_000_000,
    "quote.csv": b'"' + b"a\n" * 1_000_000,
    "pixels.png": a_png_bomb(),
    "text.png": a_text_chunk_bomb(),
    "cut.png": a_png()[:-20],
    "cut.jpg": b"\xff\xd8\xff\xe0" + b"\0" * 100,
    "noise.png": b"\x89PNG\r\n\x1a\n" + os.urandom(5000),
    "big.txt": b"x" * (40 << 20),
    "digits.json": b"9" * 100_000,
    "surrogate.json": b'"\\ud800"',
    "surrogate.ipynb": json.dumps(
        {"nbformat": 4, "cells": [{"cell_type": "code", "source": "\ud800"}]}
    ).encode(),
    "entities.svg": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><svg>' + b"&a;" * 100_000 + b"</svg>",
    "name\x00.csv": TABLE,
    "../../etc/passwd": TABLE,
    "formulas.csv": b"+" * 1_000_000,
    "spaces.csv": b"-" + b" " * 1_000_000 + b"x",
    "uris.md": b"data:" * 400_000,
}


HOSTILE |= {f"bomb {name}": content for name, content in hostile.bombs().items()}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gives_a_copy_or_a_sentence_and_the_parser_goes_on(parser, name):
    began = time.monotonic()
    said = ""
    try:
        copy = parser.clean(name, HOSTILE[name])
        parser.preview(copy.kind, copy.media_type, copy.content)
    except InvalidInput as refusal:
        said = str(refusal)
    assert len(said) < 300
    assert "malformed (" not in said  # the name of an error that nobody foresaw
    assert time.monotonic() - began < 60
    assert parser.clean("t.csv", TABLE).content == TABLE


def test_a_parser_child_that_crashes_or_hangs_becomes_a_sentence(monkeypatch):
    def crash(_head: object, _body: object) -> bytes:
        os.abort()

    def hang(_head: object, _body: object) -> bytes:
        time.sleep(60)
        return b""

    def spin(_head: object, _body: object) -> bytes:
        while True:
            pass

    monkeypatch.setattr(server, "answer", crash)
    assert b"its parser stopped" in server.parse_apart({}, b"", 5)
    monkeypatch.setattr(server, "answer", hang)
    assert b"longer than 1 seconds" in server.parse_apart({}, b"", 1)
    assert b"seconds" in server.parse_apart({}, b"", 1)

    def look_around(_head: object, _body: object) -> bytes:
        return frames.encode({"ok": True}, Path("/etc/hostname").read_bytes())

    monkeypatch.setattr(server, "answer", look_around)
    assert b'"ok":false' in server.parse_apart({}, b"", 5)
    monkeypatch.setattr(confine, "CPU_S", 1)
    monkeypatch.setattr(server, "answer", spin)
    assert b"seconds of processor time" in server.parse_apart({}, b"", 20)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", id="another protocol"),
        pytest.param(struct.pack("!IQ", 2**31, 2**60), id="endless lengths"),
        pytest.param(struct.pack("!IQ", 10, 10) + b"{}", id="cut short"),
        pytest.param(struct.pack("!IQ", 4, 0) + b"null", id="no object"),
        pytest.param(frames.encode({"op": "unknown"}, b""), id="unknown operation"),
    ],
)
def test_a_malformed_request_is_answered_or_closed_and_the_parser_goes_on(running, sent):
    parser, path, _ = running
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        reply = connection.recv(1 << 16)
    assert b'"ok":false' in reply
    assert parser.clean("t.csv", TABLE).content == TABLE


def test_many_at_once_are_all_answered(parser):
    buffer = io.BytesIO()
    Image.new("RGB", (1200, 900), "white").save(buffer, "PNG")
    files = [("a.png", buffer.getvalue()), ("b.ipynb", a_notebook("x")), ("c.csv", TABLE)] * 12
    answers: list[str] = []

    def ask(name: str, content: bytes) -> None:
        answers.append(parser.clean(name, content).kind)

    threads = [threading.Thread(target=ask, args=each) for each in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["image"] * 12 + ["notebook"] * 12 + ["table"] * 12


def test_no_process_is_left_behind(running):
    parser, _, pid = running
    for _ in range(5):
        parser.clean("t.csv", TABLE)
    time.sleep(1.5)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    states = [Path(f"/proc/{child}/stat").read_text().split()[2] for child in children]
    assert states.count("Z") == 0
    assert not children


def test_a_parser_that_is_away_is_said_in_one_sentence(tmp_path):
    with pytest.raises(Unavailable, match="does not answer"):
        Parser(tmp_path / "nobody.sock").clean("t.csv", TABLE)


def test_it_stops_when_told_to(tmp_path):
    path = tmp_path / "p.sock"
    arguments = ["--socket", str(path), "--allow", "root", "--allow-network", "--allow-root"]
    process = subprocess.Popen([*MODULE, *arguments])
    wait_for(path, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert not path.exists()
