"""Where readers of documents hand what they find inside to the readers of tables and pictures."""

from __future__ import annotations

from vitrine.egress.checks.readers.raster import raster_of
from vitrine.egress.checks.readers.tabular_text import (
    tables_in_html,
    tables_in_markdown,
    tables_in_plain_output,
)

__all__ = ["raster_of", "tables_in_html", "tables_in_markdown", "tables_in_plain_output"]
