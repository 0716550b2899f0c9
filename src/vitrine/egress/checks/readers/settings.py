"""YAML and TOML: the text, and the tables that its lists and names with values are."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from vitrine.egress.checks.document import Document, Role, Text
from vitrine.egress.checks.readers.json_tables import tables_in_json
from vitrine.egress.checks.readers.unreadable import require_few_cells

_LINES_LIMIT: Final = 20_000
_DEPTH_LIMIT: Final = 20
_ENTRY: Final = re.compile(r"(?:['\"]?(?P<key>[^'\"#:{}\[\]]{1,80})['\"]?:(?: +|$))?")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
_Line = tuple[int, str]
"""Columns of indentation, and what follows."""


def read(name: str, content: bytes, kind: str) -> Document:
    """The text as settings, and its tables where it can be understood.

    Raises:
        Unreadable: when the tables are too large.
    """
    text = content.decode("utf-8")
    try:
        values = tomllib.loads(text) if kind == "toml" else in_yaml(text)
        tables = tuple(tables_in_json(values))
    except (ValueError, RecursionError):
        tables = ()
    require_few_cells(sum(len(table.columns) * len(table.rows) for table in tables))
    return Document(
        path=name,
        kind=kind,
        size_bytes=len(content),
        tables=tables,
        texts=(Text(text=text, role=Role.CODE),),
        content=content,
    )


def in_yaml(text: str) -> Any:
    """Names, lists and plain values of a YAML text; anchors, tags and long strings as strings.

    Raises:
        ValueError: when it is deeper or longer than settings are.
    """
    bare = (_COMMENT.sub("", line).rstrip() for line in text.splitlines())
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in bare if line.strip(" -.")]
    if len(lines) > _LINES_LIMIT:
        raise ValueError("too many lines")
    return _block(lines, 0)


def _block(lines: list[_Line], depth: int) -> Any:
    """The value that lines of at least the same indentation make together."""
    if depth > _DEPTH_LIMIT:
        raise ValueError("too deep")
    names: dict[str, Any] = {}
    items: list[Any] = []
    number = 0
    while number < len(lines):
        indent, line = lines[number]
        end = number + 1
        while end < len(lines) and _belongs(lines[end], indent, line):
            end += 1
        if line.startswith("- "):
            rest = line[2:].lstrip()
            first = (indent + len(line) - len(rest), rest)
            items.append(_block([first, *lines[number + 1 : end]], depth + 1))
        elif (found := _ENTRY.match(line)) and found["key"]:
            rest = line[found.end() :].strip()
            below = lines[number + 1 : end]
            names[found["key"].strip()] = _plain(rest) if rest else _block(below, depth + 1)
        elif len(lines) == 1:
            return _plain(line)
        number = end
    return items or names


def _belongs(line: _Line, indent: int, head: str) -> bool:
    is_item = line[0] == indent and line[1].startswith("- ") and not head.startswith("- ")
    return line[0] > indent or is_item


def _plain(text: str) -> Any:
    """A value on one line: a number, a list or names in brackets, or a string."""
    bare = text.strip().strip("'\"")
    if text.startswith("[") and text.endswith("]"):
        return [_plain(each.strip()) for each in text[1:-1].split(",") if each.strip()]
    if text.startswith("{") and text.endswith("}"):
        pairs = (each.partition(":") for each in text[1:-1].split(",") if ":" in each)
        return {key.strip(" '\""): _plain(value.strip()) for key, _, value in pairs}
    for kind in (int, float):
        try:
            return kind(bare)
        except ValueError:
            continue
    return bare
