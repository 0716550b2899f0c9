"""The lanes of the corpus, one module or more each."""

from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes import (
    documents,
    documents_more,
    images,
    images_more,
    images_safe_more,
    integers,
    integers_more,
    models,
    models_more,
    notebooks,
    notebooks_more,
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
    notebooks_more.lane,
    images.lane,
    images_more.lane,
    images_safe_more.lane,
    documents.lane,
    documents_more.lane,
    models.lane,
    models_more.lane,
    integers.lane,
    integers_more.lane,
)
