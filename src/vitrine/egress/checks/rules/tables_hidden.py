"""What a table file holds besides what it shows: hidden parts, comments, formulas, links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_KINDS: Final = frozenset({"csv", "tsv", "xlsx", "parquet", "json"})
_HIDDEN: Final = {
    "hidden sheet": "hidden sheets",
    "hidden rows": "hidden rows",
    "hidden columns": "hidden columns",
    "hidden cell": "cells that their format hides",
    "hidden name": "hidden names",
    "comment": "comments",
    "external link": "links to other workbooks",
    "connection": "data connections",
    "pivot cache": "the records behind a pivot table",
    "chart": "charts with a copy of their data",
    "attachment": "embedded files or pictures",
    "macro": "macros",
    "metadata": "metadata besides the data",
}
_BLOCKED: Final = frozenset({"macro", "pivot cache", "connection"})
_INJECTED: Final = re.compile(
    r"\s*(?:=\s*[A-Za-z+\-(\"'@]|@[A-Za-z]+\(|[+-][A-Za-z]+[(|!]|[+\-=@].*\|.*!)"
)
_ACTIVE: Final = re.compile(
    r"hyperlink|webservice|importxml|importdata|importrange|importhtml|image\(|dde|\|.*!|cmd|rtd\(",
    re.IGNORECASE,
)


def _hidden(document: Document, policy: DisclosurePolicy) -> Answer:
    places: list[str] = []
    said: list[str] = []
    worst = Severity.WARN
    for remark in document.remarks if document.kind in _KINDS else ():
        if remark.what in _HIDDEN:
            said.append(_HIDDEN[remark.what])
            places.append(remark.at or remark.what)
            worst = Severity.BLOCK if remark.what in _BLOCKED else worst
    for table in document.tables:
        if table.is_hidden and document.kind != "xlsx":
            said.append("hidden tables")
            places.append(table.at)
    if said:
        yield worst, f"it holds {', '.join(dict.fromkeys(said))}", tuple(dict.fromkeys(places))


def _formula(document: Document, policy: DisclosurePolicy) -> Answer:
    computed = [remark.at for remark in document.remarks if remark.what == "formula"]
    if document.kind in ("csv", "tsv", "xlsx"):
        injected, active = _injected(document)
        if injected:
            severity = Severity.BLOCK if active else Severity.WARN
            yield severity, "cells that a spreadsheet program would run as a formula", injected
    if computed:
        yield Severity.WARN, "cells that are computed: save their values instead", tuple(computed)


def _injected(document: Document) -> tuple[tuple[str, ...], bool]:
    places, active = [], False
    for table in document.tables:
        for number, row in enumerate(table.rows):
            for column, cell in enumerate(row):
                if cell[:1] in "=+-@" and cell and _INJECTED.match(cell):
                    places.append(table.place(number, column))
                    active |= bool(_ACTIVE.search(cell))
    return tuple(places), active


RULES: Final = (Rule("hidden-parts", 1, _hidden), Rule("formula", 1, _formula))
