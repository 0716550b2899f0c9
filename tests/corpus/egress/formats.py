"""Tables and small containers as bytes, with nothing in them that changes from run to run."""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from openpyxl import Workbook

LONG_AGO = (2024, 1, 1, 0, 0, 0)
Rows = Sequence[Sequence[Any]]


def frame(head: Sequence[str], rows: Rows) -> pd.DataFrame:
    """Rows as a data frame."""
    return pd.DataFrame([list(row) for row in rows], columns=list(head))


def csv(head: Sequence[str], rows: Rows, separator: str = ",") -> str:
    """Rows as CSV as pandas writes it."""
    return str(frame(head, rows).to_csv(index=False, sep=separator, lineterminator="\n"))


def markdown(head: Sequence[str], rows: Rows) -> str:
    """Rows as a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def latex(head: Sequence[str], rows: Rows, caption: str = "") -> str:
    """Rows as a LaTeX table with booktabs."""
    escape = {"%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#"}
    lines = [
        " & ".join(re.sub(r"[%_&#]", lambda m: escape[m[0]], str(cell)) for cell in line) + r" \\"
        for line in [head, *rows]
    ]
    rule = [r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    body = "\n".join([rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", *rule, r"\end{tabular}"])
    if not caption:
        return body + "\n"
    top = f"\\begin{{table}}[ht]\n\\centering\n\\caption{{{caption}}}\n"
    return f"{top}{body}\n\\end{{table}}\n"


def html(head: Sequence[str], rows: Rows, title: str = "Results", body: str = "") -> str:
    """Rows as a small web page."""
    cells = "".join(f"<th>{cell}</th>" for cell in head)
    lines = "\n".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<!DOCTYPE html>\n<html><head><meta charset='utf-8'><title>{title}</title></head>\n"
        f"<body>\n<h1>{title}</h1>\n<table>\n<tr>{cells}</tr>\n{lines}\n</table>\n{body}"
        "</body></html>\n"
    )


def json_text(content: Any) -> str:
    """JSON with two blanks of indent."""
    return json.dumps(content, indent=2) + "\n"


def parquet(head: Sequence[str], rows: Rows) -> bytes:
    """Rows as Parquet."""
    return bytes(frame(head, rows).to_parquet(index=False))


def workbook(sheets: Mapping[str, Rows]) -> Workbook:
    """A workbook with a sheet for each entry, the first row as the head."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    return book


def xlsx(book: Workbook | Mapping[str, Rows]) -> bytes:
    """A workbook as bytes."""
    if isinstance(book, Mapping):
        book = workbook(book)
    stream = io.BytesIO()
    book.save(stream)
    return settled(stream.getvalue())


def settled(package: bytes, extra: Mapping[str, bytes | str] = {}) -> bytes:
    """A ZIP package with fixed times, and with the members of `extra` added or replaced."""
    members: dict[str, bytes | str] = {}
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for name in archive.namelist():
            members[name] = archive.read(name)
    if "docProps/core.xml" in members:
        members["docProps/core.xml"] = re.sub(
            rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
            b"2024-01-01T00:00:00Z",
            bytes(members["docProps/core.xml"]),  # type: ignore[arg-type]
        )
    return zipped({**members, **extra})


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """A ZIP file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, LONG_AGO)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return stream.getvalue()


def tarred(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    """A tar file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()
