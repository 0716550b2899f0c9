"""How the words of the corpus and the names of the checks go together: the one place to edit.

The corpus was written without sight of the checks, so each word stands for the check of the same
name, and for those named here that report the same thing.
"""

from __future__ import annotations

from tests.corpus.egress.case import WORDS

CHECKS: dict[str, tuple[str, ...]] = {
    **{word: (word,) for word in WORDS},
    "raw-image": ("file-kind", "archive-members", "encoded-data", "polyglot"),
    "identifiers": ("identifiers", "text-identifiers", "name-identifiers", "notebook-keys"),
    "text-identifiers": (
        *("text-identifiers", "identifiers", "traceback-data", "notebook-keys", "notebook-code"),
        "notebook-paths",
    ),
    "row-level-data": ("row-level-data", "notebook-rows", "notebook-values"),
    "small-cells": ("small-cells", "notebook-numbers"),
    "endpoints": ("endpoints", "notebook-numbers"),
    "excess-precision": ("excess-precision", "notebook-numbers"),
    "hidden-parts": ("hidden-parts", "hidden-content"),
    "hidden-content": ("hidden-content", "hidden-parts", "model-structure", "incremental-update"),
    "notebook-output": (
        *("notebook-outputs", "traceback-data", "row-level-data", "small-cells", "notebook-keys"),
        *("notebook-values", "notebook-rows", "notebook-numbers", "notebook-paths"),
    ),
    "notebook-attachment": ("notebook-attachments",),
    "notebook-data": ("notebook-data", "notebook-widgets"),
    "embedded-file": ("embedded-file", "encoded-data"),
    "encoded-blob": ("encoded-blob", "encoded-data"),
    "archive": ("file-kind", "archive-bomb", "archive-members", "archive-names"),
    "name": ("double-extension", "name-mismatch", "name-characters", "name-identifiers"),
    "model-pickle": ("model-pickle", "file-kind"),
    "model-records": ("model-records", "model-state", "model-size"),
    "active-content": ("active-content", "formula"),
    "appended-bytes": ("appended-bytes", "model-structure", "polyglot"),
}
"""Word of the vocabulary to the names of the checks that may report it."""

OFF_BY = {"row": 1, "line": 0, "cell": 0, "output": 0, "page": 0}
"""How far a number of a location may be from the label, such as when a head counts as a row."""
