"""Text that may hold tables: LaTeX, Markdown, logs and other plain text."""

from __future__ import annotations

from vitrine.egress.checks.document import Document, Role, Table, Text
from vitrine.egress.checks.readers.decoding import decoded
from vitrine.egress.checks.readers.tabular_text import (
    table_of_csv,
    tables_in_html,
    tables_in_latex,
    tables_in_markdown,
    tables_in_plain_output,
)


def read(name: str, content: bytes, kind: str) -> Document:
    """The text as prose, and every table that stands in it.

    Raises:
        Unreadable: when the tables are too large.
    """
    text, remarks = decoded(content)
    return Document(
        path=name,
        kind=kind,
        size_bytes=len(content),
        tables=_tables(text, kind),
        texts=(Text(text=text, role=Role.PROSE),),
        remarks=remarks,
        content=content,
    )


def _tables(text: str, kind: str) -> tuple[Table, ...]:
    if kind == "latex":
        return tables_in_latex(text)
    if kind == "markdown":
        return (*tables_in_markdown(text), *tables_in_html(text))
    delimited = table_of_csv(text) if _is_delimited(text) else None
    return (delimited,) if delimited else tables_in_plain_output(text)


def _is_delimited(text: str) -> bool:
    """Whether all lines have the same number of commas, semicolons or tabs, and at least one."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) < 3:
        return False
    for mark in ("\t", ";", ","):
        counts = {line.count(mark) for line in lines}
        if len(counts) == 1 and counts != {0}:
            return not (mark == "," and all(line.rstrip().endswith((",", ".")) for line in lines))
    return False
