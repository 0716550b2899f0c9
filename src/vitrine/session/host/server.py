"""One JSON line in, one JSON line out, from the Hub's account or root and nobody else."""

from __future__ import annotations

import json
import logging
import os
import socket
import socketserver
import struct
import threading
from pathlib import Path
from typing import Any, Final

from vitrine.errors import Conflict, InvalidInput, VitrineError
from vitrine.session.host import disks, order, places
from vitrine.session.host.places import Owners
from vitrine.settings import Settings
from vitrine.storage import layout

LINE_BYTES: Final = 4096
DISCARDED_BYTES: Final = 1 << 20
IDLE_TIMEOUT_S: Final = 60

log = logging.getLogger("vitrine.session.host")


class HostHelper:
    """Carries out orders, one at a time."""

    def __init__(self, settings: Settings, owners: Owners) -> None:
        self._settings = settings
        self._owners = owners
        self._one_at_a_time = threading.Lock()

    def answer(self, request: Any) -> dict[str, Any]:
        """The reply to one request; a refusal is a reply too."""
        try:
            if not isinstance(request, dict):
                raise InvalidInput("an order is a JSON object")
            wanted = order.parse(request, self._settings)
            with self._one_at_a_time:
                return {"ok": True, **self._carry_out(wanted)}
        except VitrineError as error:
            return {"ok": False, "error": error.sentence()}
        except OSError as error:
            log.exception("an order failed")
            return {"ok": False, "error": f"the host helper failed: {error.strerror}"}

    def tidy(self) -> None:
        """Undo what was left half-done: no mount without a session, no session without a claim."""
        root = self._settings.workspace_root
        used = set()
        for claim in list(places.claims(self._settings.session_root)):
            if claim.workspace_id is None:
                places.remove(self._settings.session_root, claim.session_id)
            else:
                used.add(claim.workspace_id)
        for workspace_id in sorted(set(disks.mounted(root)) - used):
            disks.unmount(root, workspace_id)
        for unfinished in root.glob("*.new"):
            unfinished.unlink()

    def _carry_out(self, wanted: order.Order) -> dict[str, Any]:
        match wanted:
            case order.Prepare():
                return {"workspace": str(self._prepare(wanted))}
            case order.Release():
                self._release(wanted)
                return {}
            case order.Listing():
                found = places.claims(self._settings.session_root)
                return {
                    "sessions": [
                        {"session_id": each.session_id, "workspace_id": each.workspace_id}
                        for each in found
                    ]
                }

    def _prepare(self, wanted: order.Prepare) -> Path:
        root = self._settings.session_root
        mine = places.claim(root, wanted.session_id).workspace_id
        if mine not in (None, wanted.workspace_id):
            raise Conflict(f"{wanted.session_id} uses workspace {mine}", hint="release it first")
        others = self._users_of(wanted.workspace_id) - {wanted.session_id}
        if others:
            raise Conflict(
                f"workspace {wanted.workspace_id} is in use by {min(others)}",
                hint="end that session first",
            )
        places.make(root, wanted, self._owners)
        return disks.mount(
            self._settings.workspace_root,
            wanted.workspace_id,
            wanted.kernel_uid,
            wanted.workspace_mb,
        )

    def _release(self, wanted: order.Release) -> None:
        root = self._settings.session_root
        claimed = places.claim(root, wanted.session_id).workspace_id
        if claimed is not None and wanted.workspace_id not in (None, claimed):
            raise InvalidInput(f"{wanted.session_id} does not use that workspace")
        workspace_id = claimed if claimed is not None else wanted.workspace_id
        if workspace_id is not None and not self._users_of(workspace_id) - {wanted.session_id}:
            disks.unmount(self._settings.workspace_root, workspace_id)
        places.remove(root, wanted.session_id)

    def _users_of(self, workspace_id: int) -> set[str]:
        found = places.claims(self._settings.session_root)
        return {each.session_id for each in found if each.workspace_id == workspace_id}


class _Connection(socketserver.StreamRequestHandler):
    server: _Server
    timeout = IDLE_TIMEOUT_S

    def handle(self) -> None:
        """Answer the lines of one caller until it closes the connection."""
        is_allowed = peer_uid(self.connection) in self.server.allowed_uids
        try:
            # A line is read before any answer: closing with bytes unread would lose the answer.
            while line := self.rfile.readline(LINE_BYTES + 1):
                if len(line) > LINE_BYTES:
                    self.rfile.readline(DISCARDED_BYTES)
                    self._refuse(f"a line is at most {LINE_BYTES} bytes")
                    return
                if not is_allowed:
                    self._refuse("only the Hub's account may call the host helper")
                    return
                self._reply(self._answer(line))
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            return

    def _refuse(self, sentence: str) -> None:
        self._reply({"ok": False, "error": sentence})

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            return {"ok": False, "error": "an order is one line of JSON"}
        return self.server.helper.answer(request)

    def _reply(self, body: dict[str, Any]) -> None:
        self.wfile.write(json.dumps(body).encode() + b"\n")


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, helper: HostHelper, allowed_uids: frozenset[int]) -> None:
        self.helper = helper
        self.allowed_uids = allowed_uids
        super().__init__(str(path), _Connection)


def serve(settings: Settings) -> None:
    """Make this node's directories, tidy up, and answer the Hub for ever.

    Raises:
        VitrineError: when an account of this node does not exist or a directory cannot be made.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    owners = Owners.of(settings)
    _make_roots(settings)
    helper = HostHelper(settings, owners)
    helper.tidy()
    with listening(settings, helper, owners) as server:
        log.info("ready at %s", settings.host_socket)
        server.serve_forever(poll_interval=0.5)


def listening(settings: Settings, helper: HostHelper, owners: Owners) -> _Server:
    """The bound server, reachable by root and the Hub's account only."""
    path = settings.host_socket
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        server = _Server(path, helper, frozenset({0, owners.hub}))
    finally:
        os.umask(before)
    os.chown(path, owners.hub, 0)
    return server


def peer_uid(connection: socket.socket) -> int:
    """The uid of the process at the other end, as the kernel vouches for it."""
    size = struct.calcsize("3i")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", credentials)[1])


def _make_roots(settings: Settings) -> None:
    """Directories that a reboot empties, and the one that only root may enter."""
    mine = (settings.run_root, settings.workspace_root)
    wanted = [
        each
        for each in layout.directories(settings)
        if any(each.path.is_relative_to(root) for root in mine)
    ]
    layout.make(wanted, with_owners=True)
