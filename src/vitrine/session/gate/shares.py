"""Sharing with members of the same project: files are frozen here, and handed over here.

What a session may list and receive is what lies below its own project's name. The id that its
code names is only ever looked up there, so the shares of other projects do not exist for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping
from typing import Any, Final, Protocol

from vitrine.activity.journal import JournalFailed
from vitrine.clock import timestamp, utc_now
from vitrine.errors import VitrineError
from vitrine.session.gate.agent_side import AgentProblem
from vitrine.session.gate.inward import Journal
from vitrine.session.gate.order import SessionOrder
from vitrine.session.gate.spool import Spool, Turnstile, check_paths
from vitrine.sharing import policy
from vitrine.sharing.share import Share, SharedFile, checked_note
from vitrine.sharing.share import check_paths as check_shared_paths
from vitrine.sharing.shelf import Shelf, unknown

RECEIVED: Final = "received"
"""The folder of a workspace that shares are received in."""


class Ask(Protocol):
    """Asks the agent for one file operation; raises AgentProblem when it is not done."""

    def __call__(
        self, verb: str, fields: Mapping[str, Any], body: bytes = b""
    ) -> Awaitable[tuple[dict[str, Any], bytes]]:
        """The agent's answer."""


class ShareDesk:
    """Freezes what one session's code gives to its project, lists and hands over what is there.

    Args:
        shelf: where the steward publishes shares.
        ask: one file operation of the agent, without a further record.
    """

    def __init__(
        self, order: SessionOrder, spool: Spool, shelf: Shelf, journal: Journal, ask: Ask
    ) -> None:
        self._order = order
        self._spool = spool
        self._shelf = shelf
        self._journal = journal
        self._ask = ask
        together = "put files that belong together into one share"
        self._sharing = Turnstile("shares", together, at_once=2, an_hour=60)
        self._listing = Turnstile("lists of shares", "keep the last one", at_once=1, an_hour=3600)
        self._receiving = Turnstile("receptions", "receive each share once", at_once=1, an_hour=120)

    async def share(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What the researcher's code is told: the share's id and files, or why there is none."""

        async def freeze() -> dict[str, Any]:
            note = checked_note(fields.get("note"))
            paths = check_paths(fields.get("paths"), "a share")
            check_shared_paths(paths)
            held = [share.size_bytes for share in await self._current()]

            def check(size_bytes: int) -> None:
                # The steward decides; this only spares waiting for nothing.
                policy.has_room(held, size_bytes, self._order.share_project_mb).require()

            record = await self._spool.freeze("shr", {"note": note}, paths, check)
            project = self._order.project
            return {"share_id": record["draft_id"], "files": record["files"], "project": project}

        return await self._sharing.answer(freeze)

    async def shared(self, _fields: dict[str, Any]) -> dict[str, Any]:
        """What the researcher's code is told: the shares of its project that it can receive."""

        async def look() -> dict[str, Any]:
            return {"shares": [_shown(share) for share in await self._current()]}

        return await self._listing.answer(look)

    async def receive(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What the researcher's code is told: where the files are, or why they are not there."""

        async def hand_over() -> dict[str, Any]:
            share = await self._found(str(fields.get("share_id")))
            folder = f"{RECEIVED}/{share.sender}/{share.id}"
            partial = f"{RECEIVED}/{share.sender}/.{share.id}.partial"
            await self._ask(
                "files.place", {"path": partial, "to": folder, "room": share.size_bytes}
            )
            # On record before the first byte: whoever has them cannot make that unsaid.
            await self._spool.freeze("rcv", _receipt(share), [])
            try:
                await self._copy(share, partial)
                await self._ask("files.rename", {"path": partial, "to": folder, "no_links": True})
            except BaseException as problem:
                await self._give_up(share, partial, problem)
                raise
            paths = [f"{folder}/{file.path}" for file in share.files]
            return {"share_id": share.id, "sender": share.sender, "paths": paths}

        return await self._receiving.answer(hand_over)

    async def _copy(self, share: Share, partial: str) -> None:
        for file in share.files:
            body = await asyncio.to_thread(self._shelf.read, share, file)
            fields = {"path": f"{partial}/{file.path}", "is_new": True}
            await self._ask("files.write", fields, body)

    async def _give_up(self, share: Share, partial: str, problem: BaseException) -> None:
        """Remove what was copied of a share, and say in the journal that it was not all."""
        reason = str(problem) if isinstance(problem, VitrineError) else type(problem).__name__
        with contextlib.suppress(JournalFailed):
            fact = {"share_id": share.id, "reason": reason[:300]}
            self._journal.append("receive_failed", fact)
        with contextlib.suppress(AgentProblem):
            await self._ask("files.delete", {"path": partial, "no_links": True})

    async def _current(self) -> list[Share]:
        found = await asyncio.to_thread(self._shelf.shares, self._order.project)
        now = utc_now()
        return [share for share in found if not share.is_expired(now)]

    async def _found(self, share_id: str) -> Share:
        share = await asyncio.to_thread(self._shelf.share, self._order.project, share_id)
        if share.is_expired(utc_now()):
            raise unknown()
        return share


def _receipt(share: Share) -> dict[str, Any]:
    return {
        "share_id": share.id,
        "sender": share.sender,
        "received": [_file(file) for file in share.files],
    }


def _file(file: SharedFile) -> dict[str, Any]:
    return {"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256}


def _shown(share: Share) -> dict[str, Any]:
    return {
        "share_id": share.id,
        "sender": share.sender,
        "shared_at": timestamp(share.shared_at),
        "expires_at": timestamp(share.expires_at),
        "note": share.note,
        "files": [{"path": file.path, "size_bytes": file.size_bytes} for file in share.files],
    }
