"""Drafts of exports: what one session's code asks to leave, frozen."""

from __future__ import annotations

from typing import Any, Final

from vitrine.errors import InvalidInput
from vitrine.session.gate.spool import Spool, Turnstile, check_paths

_TITLE_LIMIT: Final = 200
_CONTEXT_LIMIT: Final = 10_000


def check_draft(fields: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Title, context and workspace-relative paths of a draft that somebody asks for.

    Raises:
        InvalidInput: when one of them is missing, too long or leads out of the workspace.
    """
    title, context = fields.get("title"), fields.get("context")
    title = "" if title is None else title
    context = "" if context is None else context
    if not isinstance(title, str) or len(title) > _TITLE_LIMIT:
        raise InvalidInput(f"the title of an export has at most {_TITLE_LIMIT} characters")
    if not isinstance(context, str) or len(context) > _CONTEXT_LIMIT:
        raise InvalidInput(f"the context of an export has at most {_CONTEXT_LIMIT:,} characters")
    return _printable(title), _printable(context), check_paths(fields.get("paths"), "an export")


def _printable(text: str) -> str:
    return "".join(
        character for character in text if character.isprintable() or character in "\n\t"
    )


class DraftDesk:
    """Freezes what one session's code asks to export."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._turnstile = Turnstile(
            "exports", "put the files of one question into one export", at_once=2, an_hour=60
        )

    async def take(self, fields: dict[str, Any]) -> dict[str, Any]:
        """What the researcher's code is told: the draft's id and files, or why there is none."""

        async def freeze() -> dict[str, Any]:
            title, context, paths = check_draft(fields)
            words = {"title": title, "context": context}
            record = await self._spool.freeze("drf", words, paths)
            return {"draft_id": record["draft_id"], "files": record["files"]}

        return await self._turnstile.answer(freeze)
