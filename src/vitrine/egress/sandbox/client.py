"""How the steward and the review application reach the parser."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vitrine.egress.checks.finding import Finding, finding_of
from vitrine.egress.disclosure import DisclosurePolicy, to_json
from vitrine.egress.sandbox import frames
from vitrine.egress.sandbox.asked import FIRST, Asked
from vitrine.errors import InvalidInput, Unavailable

TIMEOUT_S: Final = 60.0
_FINDINGS_LIMIT: Final = 1000


_NONSENSE: Final = "the checks answered with something that is no finding"


def _findings(values: Any) -> list[Finding]:
    if not isinstance(values, list) or len(values) > _FINDINGS_LIMIT:
        raise InvalidInput(_NONSENSE)
    try:
        return [finding_of(each) for each in values]
    except ValueError:
        raise InvalidInput(_NONSENSE) from None


@dataclass(frozen=True, slots=True)
class Copy:
    """The releasable copy that the cleaner made."""

    content: bytes = field(repr=False)
    kind: str
    media_type: str
    cleaner: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a page may show of a copy; `image` is a PNG that this node drew itself."""

    data: dict[str, Any]
    image: bytes = field(default=b"", repr=False)


class Parser:
    """The parser process behind its socket."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s

    def clean(self, name: str, content: bytes) -> Copy:
        """The releasable copy of a file.

        Raises:
            InvalidInput: why there can be none.
            Unavailable: when the parser does not answer.
        """
        head, body = self._ask({"op": "clean", "name": name}, content)
        return Copy(
            content=body,
            kind=str(head["kind"]),
            media_type=str(head["media_type"]),
            cleaner=str(head["cleaner"]),
            notes=tuple(str(note) for note in head["notes"]),
        )

    def preview(self, kind: str, media_type: str, content: bytes, asked: Asked = FIRST) -> Preview:
        """What to show of a copy.

        Raises:
            InvalidInput: when it cannot be shown.
            Unavailable: when the parser does not answer.
        """
        wanted = {
            "op": "preview",
            "kind": kind,
            "media_type": media_type,
            "asked": asked.as_json(),
        }
        head, body = self._ask(wanted, content)
        return Preview(head, body)

    def changes(self, kind: str, before: bytes, after: bytes, asked: Asked = FIRST) -> Preview:
        """What differs between two copies of a file.

        Raises:
            InvalidInput: when they cannot be compared.
            Unavailable: when the parser does not answer.
        """
        wanted = {"op": "changes", "kind": kind, "before": len(before), "asked": asked.as_json()}
        head, body = self._ask(wanted, before + after)
        return Preview(head, body)

    def check(
        self, name: str, content: bytes, policy: DisclosurePolicy, *, is_flattened: bool = False
    ) -> tuple[list[Finding], bytes]:
        """What the checks say of a file, and the facts that `compare` needs, as they came.

        Args:
            is_flattened: `content` is an original whose copy keeps only what it shows.

        Raises:
            InvalidInput: when the file ended its checks.
            Unavailable: when the parser does not answer.
        """
        asked = {
            "op": "check",
            "name": name,
            "policy": to_json(policy),
            "is_flattened": is_flattened,
        }
        head, body = self._ask(asked, content)
        return _findings(head["findings"]), body

    def compare(self, facts: Sequence[bytes], policy: DisclosurePolicy) -> dict[str, list[Finding]]:
        """What the files of one request say together: findings by path.

        Raises:
            InvalidInput: when the facts ended their comparison.
            Unavailable: when the parser does not answer.
        """
        asked = {"op": "compare", "policy": to_json(policy)}
        head, _ = self._ask(asked, b"[" + b",".join(facts) + b"]")
        found = head["findings"]
        if not isinstance(found, dict):
            raise InvalidInput(_NONSENSE)
        return {str(path): _findings(found[path]) for path in found}

    def _ask(self, asked: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout_s)
                connection.connect(str(self._path))
                connection.sendall(frames.encode(asked, content))
                head, body = frames.read(connection.recv)
        except (OSError, frames.BadFrame) as error:
            raise Unavailable(f"the parser at {self._path} does not answer: {error}") from error
        if head.get("ok") is True:
            return head, body
        if "refusal" in head:
            raise InvalidInput(str(head["refusal"]))
        raise Unavailable(f"the parser refused the request: {head.get('error')}")
