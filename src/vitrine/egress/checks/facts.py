"""A document's parts as plain JSON and back, without pixels and bytes, for comparing files."""

from __future__ import annotations

from typing import Any, Final

import numpy

from vitrine.egress.checks.document import Document, Raster, Remark, Role, Table, Text

CELLS_LIMIT: Final = 200_000
"""Cells of one file that are compared with other files; longer tables are cut and say so."""
TEXT_LIMIT: Final = 2_000_000
_NO_PIXELS: Final = numpy.zeros((0, 0), dtype=numpy.uint8)


def facts_of(document: Document) -> dict[str, Any]:
    """What other files may be compared with."""
    tables, left = [], CELLS_LIMIT
    for table in document.tables:
        height = min(len(table.rows), left // max(1, len(table.columns)))
        left -= height * len(table.columns)
        tables.append(
            {
                "columns": list(table.columns),
                "rows": [list(row) for row in table.rows[:height]],
                "at": table.at,
                "first_row": table.first_row,
                "caption": table.caption,
                "is_hidden": table.is_hidden,
            }
        )
    remarks = [{"what": r.what, "at": r.at, "detail": r.detail} for r in document.remarks]
    texts, left = [], TEXT_LIMIT
    for text in document.texts:
        kept = text.text[:left]
        left -= len(kept)
        texts.append(
            {"text": kept, "role": str(text.role), "at": text.at, "first_line": text.first_line}
        )
    return {
        "path": document.path,
        "kind": document.kind,
        "size_bytes": document.size_bytes,
        "tables": tables,
        "texts": texts,
        "remarks": remarks,
        "rasters": [{"at": each.at, "caption": each.caption} for each in document.rasters],
    }


def document_of(facts: Any) -> Document:
    """The document again; each raster is an empty one at its place."""
    return Document(
        path=str(facts["path"]),
        kind=str(facts["kind"]),
        size_bytes=int(facts["size_bytes"]),
        tables=tuple(
            Table(
                columns=tuple(each["columns"]),
                rows=tuple(tuple(row) for row in each["rows"]),
                at=each["at"],
                first_row=each["first_row"],
                caption=each["caption"],
                is_hidden=each["is_hidden"],
            )
            for each in facts["tables"]
        ),
        texts=tuple(
            Text(
                text=each["text"],
                role=Role(each["role"]),
                at=each["at"],
                first_line=each["first_line"],
            )
            for each in facts["texts"]
        ),
        rasters=tuple(
            Raster(pixels=_NO_PIXELS, at=each["at"], caption=each["caption"])
            for each in facts["rasters"]
        ),
        remarks=tuple(Remark(**each) for each in facts["remarks"]),
    )
