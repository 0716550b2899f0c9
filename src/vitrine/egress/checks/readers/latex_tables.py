"""Tables in LaTeX source, without running TeX."""

from __future__ import annotations

import re
from typing import Final

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.readers.grid import table_of
from vitrine.egress.checks.readers.unreadable import SPAN_LIMIT, require_few_cells

_KINDS: Final = r"(?:tabular[xy]?|tabular\*|longtable|longtabu|tabu|array|supertabular|tblr)"
_BEGIN: Final = re.compile(r"\\begin\{(" + _KINDS + r")\}")
_RULES: Final = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot|noalign"
    r"|(?:cline|cmidrule)(?:\([^)]*\))?\{[^}]*\}|addlinespace(?:\[[^\]]*\])?)"
)
_CAPTION: Final = re.compile(r"\\caption(?:\[[^\]]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}")
_COMMENT: Final = re.compile(r"(?<!\\)%.*")
_COLUMN_SPAN: Final = re.compile(r"\\multicolumn\s*\{(\d+)\}\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_ROW_SPAN: Final = re.compile(r"\\multirow(?:\[[^\]]*\])?\s*\{[^}]*\}(?:\[[^\]]*\])?\s*\{[^}]*\}")
_WORDS: Final = (
    (r"\pm", "±"), (r"\textless", "<"), (r"\textgreater", ">"), (r"\leq", "≤"), (r"\geq", "≥"),
    (r"\le", "≤"), (r"\ge", "≥"), (r"\%", "%"), (r"\_", "_"), (r"\#", "#"), (r"\,", ""),
    (r"\;", " "), (r"\&", "&"), (r"\quad", " "), (r"\times", "×"), ("~", " "), ("$", ""),
    ("--", "–"),
)  # fmt: skip
_COMMAND: Final = re.compile(r"\\[A-Za-z]+\*?(?:\[[^\]]*\])?\s*")


def tables_in_latex(text: str, at: str = "", first_line: int = 1) -> tuple[Table, ...]:
    """Every tabular of a LaTeX source: `line 12` where it begins, rows from 1 in each.

    Raises:
        Unreadable: when there are too many cells.
    """
    plain = _COMMENT.sub("", text)
    found, count, after = [], 0, 0
    for start in _BEGIN.finditer(plain):
        end = plain.find(f"\\end{{{start[1]}}}", start.end())
        end = end if end >= 0 else len(plain)
        grid = _grid(_without_arguments(plain[start.end() : end]))
        count += sum(map(len, grid))
        require_few_cells(count)
        place = f"line {plain.count(chr(10), 0, start.start()) + first_line}"
        told = [
            *_CAPTION.findall(plain[max(after, start.start() - 2000) : start.start()])[-1:],
            *_CAPTION.findall(plain[start.end() : end])[:1],
            *_CAPTION.findall(plain[end : _end_of_float(plain, end)])[:1],
        ]
        table = table_of(
            grid,
            at=f"{at}, {place}" if at else place,
            caption=" ".join(_plain(each) for each in told),
        )
        after = end
        if table:
            found.append(table)
    return tuple(found)


def _end_of_float(text: str, start: int) -> int:
    end = text.find(r"\end{table", start)
    following = text.find(r"\begin{", start)
    return end if end >= 0 and (following < 0 or end < following) else start


def _without_arguments(body: str) -> str:
    """The body without the column description and other arguments of the environment."""
    body = body.lstrip()
    while body[:1] in ("{", "["):
        depth, closing = 0, {"{": "}", "[": "]"}[body[0]]
        opening = body[0]
        for index, letter in enumerate(body):
            depth += (letter == opening) - (letter == closing)
            if depth == 0:
                body = body[index + 1 :].lstrip()
                break
        else:
            return ""
    return body


def _grid(body: str) -> list[list[str]]:
    body = _CAPTION.sub("", _RULES.sub(" ", body))
    rows = re.split(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline", body)
    return [_cells(row) for row in rows if row.strip()]


def _cells(row: str) -> list[str]:
    cells: list[str] = []
    for part in re.split(r"(?<!\\)&", row):
        span = _COLUMN_SPAN.search(part)
        cells.append(_plain(_ROW_SPAN.sub("", _COLUMN_SPAN.sub("", part))))
        if span:
            cells += [""] * (min(SPAN_LIMIT, int(span[1][:6])) - 1)
    return cells


def _plain(text: str) -> str:
    for command, sign in _WORDS:
        text = text.replace(command, sign)
    return " ".join(_COMMAND.sub("", text).replace("{", "").replace("}", "").split())
