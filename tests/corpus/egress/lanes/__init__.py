"""The lanes of the corpus, one module or more each."""

from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes import (
    documents,
    images,
    integers,
    models,
    notebooks,
    tables,
    tables_more,
    tables_records_more,
    tables_safe_more,
    text,
    text_more,
)

ALL: tuple[Lane, ...] = (
    tables.lane,
    tables_more.lane,
    tables_records_more.lane,
    tables_safe_more.lane,
    text.lane,
    text_more.lane,
    notebooks.lane,
    images.lane,
    documents.lane,
    models.lane,
    integers.lane,
)
