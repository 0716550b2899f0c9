"""Comma, semicolon and tab separated text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from vitrine.egress.checks.document import Document, Remark, Role, Table, Text
from vitrine.egress.checks.readers.decoding import decoded
from vitrine.egress.checks.readers.grid import table_of
from vitrine.egress.checks.readers.unreadable import Unreadable, require_few_cells

_DELIMITERS: Final = "\t;,|"
_SAMPLE_LINES: Final = 50


def read(name: str, content: bytes, kind: str) -> Document:
    """One table; its comment lines are a text of their own.

    Raises:
        Unreadable: when a field or the whole is beyond a limit.
    """
    text, remarks = decoded(content)
    if "\x00" in text:
        remarks = (*remarks, Remark(what="control characters", detail="it holds zero bytes"))
        text = text.replace("\x00", " ")
    table = table_of_csv(text, delimiter="\t" if kind == "tsv" and "\t" in text else None)
    return Document(
        path=name,
        kind=kind,
        size_bytes=len(content),
        tables=(table,) if table else (),
        texts=_comments(text),
        remarks=remarks,
        content=content,
    )


def table_of_csv(
    text: str, at: str = "", *, first_line: int = 1, delimiter: str | None = None
) -> Table | None:
    """The table in delimited text; rows are numbered as lines are.

    Args:
        delimiter: None when it is to be found out.

    Raises:
        Unreadable: when a field or the whole is beyond a limit.
    """
    lines = text.splitlines(keepends=True)
    if lines and (said := re.fullmatch(r"sep=(.)\s*", lines[0])):
        delimiter, lines[0] = said[1], "\n"
    kept = ["\n" if line.lstrip().startswith("#") else line for line in lines]
    if lines and lines[0].startswith("#") and _is_header(lines):
        kept[0] = lines[0].lstrip("#")
    caption = " ".join(line.strip("# \t\r\n") for line in lines[:10] if line.startswith("#"))
    if delimiter is None:
        delimiter = delimiter_of("".join(kept[:2000]))
    grid = list(_records(kept, delimiter))
    return table_of(grid, at=at, first_row=first_line, caption=caption)


def delimiter_of(text: str) -> str:
    """The separator that gives most lines the same number of fields; a comma when none does."""
    lines = [line for line in text.splitlines() if line.strip()][:_SAMPLE_LINES]
    best, choice = 0.0, ","
    for mark in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=mark)]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count) if widths else 1
        score = widths.count(usual) / max(1, len(widths)) * (usual > 1)
        if score > best + 0.05 or (score == best and score and mark == ";"):
            best, choice = score, mark
    return choice


def _is_header(lines: list[str]) -> bool:
    """Whether the first line, which begins like a comment, has as many fields as the second."""
    mark = delimiter_of("".join(lines[1:20]))
    return len(lines) > 1 and 0 < lines[0].count(mark) == lines[1].count(mark)


def _records(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter)
    seen, cells = 0, 0
    try:
        for record in reader:
            cells += len(record) or 1
            require_few_cells(cells)
            yield record
            yield from ([] for _ in range(reader.line_num - seen - 1))
            seen = reader.line_num
    except csv.Error as problem:
        raise Unreadable(f"it is no delimited text ({problem})") from None


def _comments(text: str) -> tuple[Text, ...]:
    lines = [line if line.lstrip().startswith("#") else "" for line in text.splitlines()]
    if not any(lines):
        return ()
    return (Text(text="\n".join(lines), role=Role.COMMENT),)
