"""Tables in plain text: pipes of Markdown, and columns that programs align with spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.readers.grid import is_number, table_of

_PIPE_RULE: Final = re.compile(r"\s*[|+]?[\s:|+=\-─━┼│]*[-=─━][\s:|+=\-─━┼│]*")
_DTYPE: Final = re.compile(r"(?:Name: (?P<name>.*?), )?(?:Length: \d+, )?dtype: (?P<kind>\w+)")
_TYPE: Final = re.compile(
    r"(?:u?int|float)\d+|Int64|Float64|object|bool(?:ean)?|category|string|datetime64\S*"
)
"""A kind of values: a list of them says what columns there are, not what is in them."""

_ARRAY: Final = re.compile(r"\[\s*\[[-+\d.eE\s,\[\]]*\]\s*\]")
_ROW: Final = re.compile(r"\[([^\[\]]*)\]")
_SHAPE: Final = re.compile(r"\[\d+ rows x \d+ columns\]")
_WIDEST: Final = 5_000
_LONGEST: Final = 5_000


_PROGRESS: Final = re.compile(r"(?:[^|\n]{0,80}:\s*)?\d{1,3}%\|")
"""How a progress bar begins, such as `Epoch 3:  5%|#    | 1/20`."""


def tables_in_markdown(text: str, at: str = "", first_line: int = 1) -> tuple[Table, ...]:
    """Every pipe table: `line 12` where it begins, rows counted from its header as 1."""
    found: list[Table] = []
    before = ""
    for start, block in _blocks(text.splitlines(), _is_piped):
        if len(block) > 1 or found:
            before = _line_before(text, start)
            place = f"line {start + first_line}"
            grid = [_piped(line) for line in block if not _PIPE_RULE.fullmatch(line)]
            has_rule = any(_PIPE_RULE.fullmatch(line) for line in block[1:2])
            table = table_of(
                grid,
                at=f"{at}, {place}" if at else place,
                caption=before,
                has_header=True if has_rule else None,
            )
            if table and len(table.columns) > 1:
                found.append(table)
    return tuple(found)


def tables_in_plain_output(text: str, at: str = "", first_line: int = 1) -> tuple[Table, ...]:
    """Tables as programs print them: data frames, series, reports, frames of `+` and `|`."""
    piped = tables_in_markdown(text, at, first_line)
    lines = text.expandtabs(8).splitlines()
    found = [*piped, *_arrays(text, at, first_line)]
    for start, block in _blocks(lines, lambda line: not _is_piped(line) and bool(line.strip())):
        place = f"line {start + first_line}"
        table = _aligned(block, f"{at}, {place}" if at else place, _line_before(text, start))
        if table:
            found.append(table)
    return tuple(found)


def _arrays(text: str, at: str, first_line: int) -> Iterator[Table]:
    """Matrices as numpy prints them: `[[51  4]` and so on."""
    for found in _ARRAY.finditer(text):
        rows = [re.split(r"[\s,]+", row.strip(" ,")) for row in _ROW.findall(found.group()[1:-1])]
        start = text.count("\n", 0, found.start())
        place = f"line {start + first_line}"
        said = text[text.rfind("\n", 0, found.start()) + 1 : found.start()].strip()
        table = table_of(
            rows,
            at=f"{at}, {place}" if at else place,
            caption=said or _line_before(text, start),
            has_header=False,
        )
        if table:
            yield table


def _is_piped(line: str) -> bool:
    bare = line.strip()
    if _PROGRESS.match(bare):
        return False
    return bare.count("|") + bare.count("│") + bare.count("┆") >= 2 or (
        bare.startswith(("|", "+")) and bool(_PIPE_RULE.fullmatch(line))
    )


def _piped(line: str) -> list[str]:
    bare = line.strip().replace("│", "|").replace("┆", "|").replace("\\|", "\0")
    bare = bare.removeprefix("|").removesuffix("|")
    return [_unmarked(cell.replace("\0", "|")) for cell in bare.split("|")]


def _unmarked(cell: str) -> str:
    bare = cell.strip().strip("`")
    return bare.strip("*_").replace("\\", "") if bare.strip("*_") else bare


def _blocks(
    lines: Sequence[str], belongs: Callable[[str], bool]
) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines that belong together; one empty line inside aligned text does not end it."""
    start = 0
    block: list[str] = []
    for number, line in enumerate([*lines, "", ""]):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if belongs(line):
            start = start if block else number
            block.append(line)
        elif block and not line.strip() and following.startswith("  ") and belongs(following):
            block.append("")
        elif block:
            yield start, block
            block = []


def _line_before(text: str, start: int) -> str:
    above = [line.strip() for line in text.splitlines()[max(0, start - 3) : start]]
    return next((line[:300] for line in reversed(above) if line), "")


def _aligned(block: Sequence[str], at: str, caption: str) -> Table | None:
    if max(map(len, block)) > _WIDEST:
        return None
    if sum(bool(_LOGGED.match(line)) for line in block) * 2 > len(block):
        return None
    lines = [line for line in block if not _SHAPE.fullmatch(line.strip())]
    if lines and (footer := _DTYPE.fullmatch(lines[-1].strip())):
        return _series(lines[:-1], footer["name"] or "", footer["kind"], at, caption)
    lines = [line for line in lines if not _PIPE_RULE.fullmatch(line)]
    if len([line for line in lines if line]) < 2:
        return None
    if matrix := _matrix(lines):
        return table_of(matrix, at=at, caption=caption, has_header=False)
    for skipped in range(min(3, len(lines) - 1)):
        grid = _split(lines[skipped:])
        if grid and _is_tabular(grid):
            table = table_of(grid, at=at, first_row=1 + skipped, caption=caption)
            return table if table and len(table.columns) > 1 else None
    return None


def _matrix(lines: Sequence[str]) -> list[list[str]] | None:
    """Lines of as many numbers each, and of nothing else, however they are aligned."""
    grid = [re.split(r"[\s,;]+", line.strip(" ,;")) for line in lines if line.strip()]
    if len(grid) < _FEWEST_LINES or len(grid[0]) < _FEWEST_NUMBERS:
        return None
    same = all(len(row) == len(grid[0]) for row in grid)
    return grid if same and all(is_number(cell) for row in grid for cell in row) else None


_FEWEST_LINES: Final = 6
_FEWEST_NUMBERS: Final = 6
_LOGGED: Final = re.compile(
    r"\s*(?:\[[A-Z] )?\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d|\s*(?:DEBUG|INFO|WARNING)\b"
)
"""How a line of a program's log begins."""


def _series(lines: Sequence[str], name: str, kind: str, at: str, caption: str) -> Table | None:
    """A printed pandas series: labels and values; counts by category when it counts."""
    pairs = [line.rsplit(maxsplit=1) if " " in line.strip() else [line.strip()] for line in lines]
    header = pairs[0][0] if pairs and len(pairs[0]) == 1 else ""
    body = [pair for pair in pairs[bool(header) :] if len(pair) == 2]
    if body and all(_TYPE.fullmatch(value) for _, value in body):
        return None
    labels = [label.strip() for label, _ in body]
    counted = kind.startswith("int") and not all(is_number(label) for label in labels)
    title = name if name and name != header else "value"
    if counted and title != "count" and set(labels).isdisjoint({"mean", "count", "std"}):
        title = f"count of {title}"
    grid = [[header or "index", title], *([label.strip(), value] for label, value in body)]
    return table_of(grid, at=at, first_row=1, caption=caption, has_header=True) if body else None


def _split(lines: Sequence[str]) -> list[list[str]] | None:
    """Cells between the columns of characters that are blank in every line."""
    width = max(map(len, lines))
    inked = bytearray(width)
    for line in lines[:_LONGEST]:
        for index, letter in enumerate(line):
            if letter != " ":
                inked[index] = 1
    spans, start = [], None
    for index in range(width + 1):
        if index < width and inked[index]:
            start = index if start is None else start
        elif start is not None:
            spans.append((start, index))
            start = None
    if len(spans) < 2:
        return None
    return [[line[low:high].strip() for low, high in spans] for line in lines]


def _is_tabular(grid: Sequence[Sequence[str]]) -> bool:
    """Whether aligned words are a table: a column of values under a name, or wide gaps."""
    body = [row for row in grid[1:] if any(row)]
    columns = list(zip(*body, strict=True))
    values = sum(
        sum(is_number(cell) for cell in column) * 2 > sum(map(bool, column)) for column in columns
    )
    if len(body) == 1:
        return values * 2 > len(columns) and len(columns) > 2
    full = sum(all(row[:2]) for row in body) * 2 > len(body)
    return values > 0 and full and not _gaps(grid)


def _gaps(grid: Sequence[Sequence[str]]) -> list[int]:
    """Indices of rows that have a gap of two or more columns between cells, as prose has."""
    broken = []
    for number, row in enumerate(grid[1:], 1):
        filled = [index for index, cell in enumerate(row) if cell]
        if any(high - low > 4 for low, high in pairwise(filled)):
            broken.append(number)
    return broken
