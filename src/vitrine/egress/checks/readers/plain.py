"""Plain text of any kind."""

from __future__ import annotations

from vitrine.egress.checks.document import Document, Role, Text


def read(name: str, content: bytes, kind: str) -> Document:
    """Text as one part: code for programs, prose for everything else."""
    role = Role.CODE if kind == "code" else Role.PROSE
    text = Text(text=content.decode("utf-8"), role=role)
    return Document(path=name, kind=kind, size_bytes=len(content), texts=(text,), content=content)
