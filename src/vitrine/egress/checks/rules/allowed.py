"""What may be submitted at all: kinds by content, sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.kinds import RAW_IMAGES
from vitrine.egress.checks.rule import Rule
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]


def _kind(document: Document, policy: DisclosurePolicy) -> Answer:
    if document.kind in policy.allowed_kinds:
        return
    if document.kind in RAW_IMAGES:
        said = f"this is {document.kind} data by its content: export a table or a figure"
    else:
        said = f"files of kind {document.kind} are not accepted by policy {policy.name}"
    yield Severity.BLOCK, said, ()


def _size(document: Document, policy: DisclosurePolicy) -> Answer:
    if document.size_bytes == 0:
        yield Severity.INFO, "the file is empty", ()
    if document.size_bytes > policy.max_file_bytes:
        yield (
            Severity.BLOCK,
            f"the file has {document.size_bytes:,} bytes; {policy.max_file_bytes:,} are allowed",
            (),
        )


def _rows(document: Document, policy: DisclosurePolicy) -> Answer:
    for table in document.tables:
        if len(table.rows) > policy.max_rows:
            yield (
                Severity.BLOCK,
                f"the table has {len(table.rows):,} rows; {policy.max_rows:,} are allowed",
                (table.at,) if table.at else (),
            )


RULES: Final = (
    Rule("file-kind", 1, _kind),
    Rule("file-size", 2, _size),
    Rule("table-size", 1, _rows),
)
