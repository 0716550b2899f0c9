"""Where readers of documents hand what they find inside to the readers of tables and pictures."""

from __future__ import annotations

from vitrine.egress.checks.document import Raster, Remark, Table


def tables_in_html(text: str, at: str) -> list[Table]:
    """The tables of an HTML text."""
    return []


def tables_in_markdown(text: str, at: str, first_line: int) -> list[Table]:
    """The tables written with bars in a Markdown text."""
    return []


def tables_in_plain_output(text: str, at: str) -> list[Table]:
    """What a kernel printed as a table, such as a data frame."""
    return []


def raster_of(content: bytes, at: str, caption: str = "") -> tuple[list[Raster], list[Remark]]:
    """The pictures of an image file and what else lies in it."""
    return [], []
