"""Markdown: prose with tables, with pages and pictures written into it."""

from __future__ import annotations

import re
from typing import Final

from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.readers import embedded, markup
from vitrine.egress.checks.readers.parts import Parts, from_base64, joined

_PICTURE: Final = re.compile(r"\]\(\s*<?(data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]{16,}))")
_TAG: Final = re.compile(r"<[a-zA-Z!/]")
_REMOTE: Final = re.compile(
    r"!\[[^\]\n]{0,300}\]\(\s*<?(?P<inline>(?:https?:)?//[^\s)>]+)"
    r"|!\[[^\]\n]{0,300}\]\[(?P<name>[^\]\n]{1,80})\]"
    r"|<img\b[^>]{0,400}?\bsrc\s*=\s*[\"']?(?P<tag>(?:https?:)?//[^\s\"'>]+)",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(
    r"^\s{0,3}\[([^\]\n]{1,80})\]:\s*<?((?:https?:)?//\S+)", re.MULTILINE
)
_BADGE: Final = re.compile(r"badge|shields\.io|colab|mybinder|kaggle\.com/static", re.IGNORECASE)
_FENCED: Final = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def read(name: str, content: bytes, kind: str) -> Document:
    """A text as parts; places are lines of its source."""
    parts = Parts()
    read_into(parts, content.decode("utf-8"), "")
    return parts.document(name, kind, content)


def remote_pictures(source: str) -> list[int]:
    """Lines, from 1, of pictures that a viewer loads from elsewhere; badges are ordinary."""
    shown = _FENCED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)
    named = {name.lower(): address for name, address in _REFERENCE.findall(shown)}
    lines = []
    for match in _REMOTE.finditer(shown):
        address = match["inline"] or match["tag"] or named.get((match["name"] or "").lower(), "")
        if address and ("?" in address or not _BADGE.search(address)):
            lines.append(shown.count("\n", 0, match.start()) + 1)
    return lines


def read_into(parts: Parts, source: str, at: str) -> None:
    """Put the parts of a text that lies at `at` into `parts`.

    A badge from elsewhere is ordinary in a README; another picture tells its server who reads the
    file, and an address long enough to carry data is remarked as on any page.
    """
    parts.text(source, Role.PROSE, at)
    parts.tables += embedded.tables_in_markdown(source, at, 1)
    for line in remote_pictures(source):
        parts.remark("external reference", joined(at, f"line {line}"))
    for match in _PICTURE.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        parts.picture(from_base64(match.group(2)), joined(at, f"line {line}"))
    if not _TAG.search(source):
        return
    page = Parts()
    shown = _FENCED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)
    markup.read_into(page, shown, at, is_svg=False)
    parts.tables += page.tables
    parts.rasters += page.rasters
    parts.texts += [each for each in page.texts if each.role is not Role.PROSE]
    parts.remarks += [
        each
        for each in page.remarks
        if each.what != "external reference" or each.detail == markup.LONG_ADDRESS
    ]
