"""Tables in text of every form, for readers of files that hold such text."""

from __future__ import annotations

from vitrine.egress.checks.readers.delimited import table_of_csv
from vitrine.egress.checks.readers.latex_tables import tables_in_latex
from vitrine.egress.checks.readers.markup_tables import tables_in_html
from vitrine.egress.checks.readers.printed_tables import tables_in_markdown, tables_in_plain_output

__all__ = [
    "table_of_csv",
    "tables_in_html",
    "tables_in_latex",
    "tables_in_markdown",
    "tables_in_plain_output",
]
