"""The root helper does exactly what it is told, twice if need be, and nothing else."""

from __future__ import annotations

import json
import os
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from vitrine.errors import InvalidInput
from vitrine.session.host import disks, order, places
from vitrine.session.host.places import Owners
from vitrine.session.host.server import HostHelper, listening
from vitrine.settings import Settings

OWNERS = Owners(hub=61001, gate=61002, web=61003)
PREPARE = {
    "op": "prepare",
    "session_id": "ses-0123456789ab",
    "workspace_id": 7,
    "kernel_uid": 200007,
    "lab_uid": 300007,
    "workspace_mb": 32,
}
RELEASE = {"op": "release", "session_id": "ses-0123456789ab", "workspace_id": 7}
as_root = pytest.mark.skipif(os.getuid() != 0, reason="mounting needs root")


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with tempfile.TemporaryDirectory(prefix="vt-run-") as run_root:  # names of sockets are short
        found = Settings.from_env(
            {"VITRINE_STATE_ROOT": str(tmp_path / "state"), "VITRINE_RUN_ROOT": run_root}
        )
        for path in (found.session_root, found.workspace_root, found.host_socket.parent):
            path.mkdir(parents=True)
        yield found


@pytest.fixture
def helper(settings: Settings) -> Iterator[HostHelper]:
    yield HostHelper(settings, OWNERS)
    for workspace_id in list(disks.mounted(settings.workspace_root)):
        disks.unmount(settings.workspace_root, workspace_id)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"session_id": "../../etc"}, id="a path for a session"),
        pytest.param({"session_id": "ses-0123456789ab\n"}, id="a line break after the session"),
        pytest.param({"workspace_id": "../7"}, id="a path for a workspace"),
        pytest.param({"workspace_id": True}, id="true for a number"),
        pytest.param({"workspace_id": 0, "kernel_uid": 200000, "lab_uid": 300000}, id="zero"),
        pytest.param(
            {"workspace_id": 50000, "kernel_uid": 250000, "lab_uid": 350000},
            id="a workspace whose uid belongs to another range",
        ),
        pytest.param({"kernel_uid": 0}, id="root for the kernel"),
        pytest.param({"kernel_uid": 200008}, id="somebody else's kernel uid"),
        pytest.param({"lab_uid": 200007}, id="the kernel's uid for the lab"),
        pytest.param({"workspace_mb": -1}, id="a negative size"),
        pytest.param({"workspace_mb": 32.5}, id="a fraction"),
        pytest.param({"target": "/etc"}, id="a word too many"),
        pytest.param({"op": "mount"}, id="another verb"),
    ],
)
def test_an_order_that_is_not_exactly_right_is_refused(
    change: dict[str, object], settings: Settings
) -> None:
    order.parse(PREPARE, settings)
    with pytest.raises(InvalidInput):
        order.parse({**PREPARE, **change}, settings)


def test_a_refusal_is_an_answer_and_leaves_nothing(helper: HostHelper, settings: Settings) -> None:
    for request in ([], "prepare", {"op": "release", "session_id": "/"}, {**PREPARE, "x": 1}):
        reply = helper.answer(request)
        assert reply["ok"] is False
        assert reply["error"]
    assert list(settings.session_root.iterdir()) == []
    assert list(settings.workspace_root.iterdir()) == []


@as_root
def test_preparing_and_releasing_twice_is_the_same_as_once(
    helper: HostHelper, settings: Settings
) -> None:
    first, second = helper.answer(PREPARE), helper.answer(PREPARE)
    assert first == second == {"ok": True, "workspace": str(settings.workspace_root / "7")}
    assert helper.answer({"op": "list"})["sessions"] == [
        {"session_id": "ses-0123456789ab", "workspace_id": 7}
    ]
    (settings.workspace_root / "7" / "kept.txt").write_text("kept")
    assert helper.answer(RELEASE) == helper.answer(RELEASE) == {"ok": True}
    assert list(disks.mounted(settings.workspace_root)) == []
    assert list(settings.session_root.iterdir()) == []
    helper.answer({**PREPARE, "session_id": "ses-aaaaaaaaaaaa"})
    assert (settings.workspace_root / "7" / "kept.txt").read_text() == "kept"


@as_root
def test_the_directories_belong_to_whom_they_should(helper: HostHelper, settings: Settings) -> None:
    helper.answer(PREPARE)
    place = settings.session_root / "ses-0123456789ab"

    def facts(path: Path) -> tuple[int, int, int]:
        found = path.stat()
        return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)

    assert facts(place) == (0, 0, 0o711)
    assert facts(place / "lab") == (61002, 300007, 0o2750)
    assert facts(place / "kernel") == (61002, 200007, 0o2750)
    assert facts(place / "http") == (300007, 61003, 0o2710)
    assert facts(place / "claim") == (0, 0, 0o600)
    assert facts(settings.workspace_root / "7") == (200007, 200007, 0o700)
    assert (place / "etc" / "resolv.conf").read_text() == ""


@as_root
def test_a_workspace_is_as_large_as_it_was_made_and_carries_no_devices(
    helper: HostHelper, settings: Settings
) -> None:
    helper.answer(PREPARE)
    room = os.statvfs(settings.workspace_root / "7")
    assert room.f_blocks * room.f_frsize < 32 * 1024 * 1024
    assert room.f_flag & os.ST_NOSUID
    assert room.f_flag & os.ST_NODEV
    assert not room.f_flag & os.ST_NOEXEC
    assert list((settings.workspace_root / "7").iterdir()) == []


@as_root
def test_a_workspace_serves_one_session_at_a_time(helper: HostHelper) -> None:
    helper.answer(PREPARE)
    reply = helper.answer({**PREPARE, "session_id": "ses-bbbbbbbbbbbb"})
    assert reply["error"].startswith("workspace 7 is in use by ses-0123456789ab")
    assert helper.answer({**PREPARE, "workspace_id": 8, "kernel_uid": 200008, "lab_uid": 300008})[
        "error"
    ].startswith("ses-0123456789ab uses workspace 7")


@as_root
def test_releasing_one_session_never_unmounts_the_workspace_of_another(
    helper: HostHelper, settings: Settings
) -> None:
    helper.answer(PREPARE)
    helper.answer({"op": "release", "session_id": "ses-bbbbbbbbbbbb", "workspace_id": 7})
    assert list(disks.mounted(settings.workspace_root)) == [7]


@as_root
def test_after_a_kill_only_claimed_workspaces_stay_mounted(
    helper: HostHelper, settings: Settings
) -> None:
    helper.answer(PREPARE)
    helper.answer(
        {
            **PREPARE,
            "session_id": "ses-bbbbbbbbbbbb",
            "workspace_id": 8,
            "kernel_uid": 200008,
            "lab_uid": 300008,
        }
    )
    (settings.session_root / "ses-bbbbbbbbbbbb" / "claim").unlink()
    (settings.workspace_root / "9.new").write_bytes(b"half an image")
    HostHelper(settings, OWNERS).tidy()
    assert list(disks.mounted(settings.workspace_root)) == [7]
    assert [each.session_id for each in places.claims(settings.session_root)] == [
        "ses-0123456789ab"
    ]
    assert not (settings.workspace_root / "9.new").exists()


@as_root
def test_only_the_hubs_account_and_root_are_answered(helper: HostHelper) -> None:
    # Not below tmp_path, whose parents pytest keeps closed to other accounts.
    with tempfile.TemporaryDirectory(prefix="vt-host-") as open_to_all:
        os.chmod(open_to_all, 0o755)
        settings = Settings.from_env({"VITRINE_RUN_ROOT": open_to_all})
        settings.host_socket.parent.mkdir()
        with listening(settings, helper, OWNERS) as server:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            assert _ask_as(61001, settings.host_socket) == {"ok": True, "sessions": []}
            assert _ask_as(0, settings.host_socket) == {"ok": True, "sessions": []}
            os.chmod(settings.host_socket, 0o666)  # even if the file let everybody in
            assert _ask_as(61002, settings.host_socket)["ok"] is False
            server.shutdown()


@as_root
def test_a_hostile_line_gets_a_sentence(helper: HostHelper, settings: Settings) -> None:
    with listening(settings, helper, OWNERS) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        for line in (b"not json\n", b"[" * 4000 + b"\n", b"x" * 9000 + b"\n", b"\xff\n"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(settings.host_socket))
                client.sendall(line)
                assert json.loads(client.makefile().readline())["ok"] is False
        server.shutdown()


def _ask_as(uid: int, path: Path) -> dict[str, object]:
    """One request made by a child process that runs as `uid`."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        reply = b'{"ok": null}'
        try:
            os.setresuid(uid, uid, uid)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                client.sendall(b'{"op": "list"}\n')
                reply = client.makefile("rb").readline()
        finally:
            os.write(theirs, reply)
            os._exit(0)
    os.waitpid(child, 0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        answer: dict[str, object] = json.loads(pipe.read())
    return answer
