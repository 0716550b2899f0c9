"""The lanes of the corpus, one module each."""

from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes import (
    documents,
    images,
    integers,
    models,
    notebooks,
    tables,
    text,
)

ALL: tuple[Lane, ...] = (
    tables.lane,
    text.lane,
    notebooks.lane,
    images.lane,
    documents.lane,
    models.lane,
    integers.lane,
)
