"""Bytes of a text file as text, whatever program wrote them."""

from __future__ import annotations

import codecs
from typing import Final

from vitrine.egress.checks.document import Remark
from vitrine.egress.checks.readers.unreadable import Unreadable

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes) -> tuple[str, tuple[Remark, ...]]:
    """The text, and a remark when it is neither UTF-8 nor says what else it is.

    Raises:
        Unreadable: when a file that says it is UTF-8 or UTF-16 is not.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), ()
            except UnicodeDecodeError:
                raise Unreadable(f"it begins as {encoding} text and is damaged") from None
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError:
        said = "not UTF-8; read as Windows-1252, so some letters may be wrong"
        return content.decode("cp1252", "replace"), (Remark(what="encoding", detail=said),)
