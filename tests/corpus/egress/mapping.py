"""How the words of the corpus and the names of the checks go together: the one place to edit.

The corpus was written without sight of the checks, so each word stands for the check of the same
name until their owner says otherwise.
"""

from __future__ import annotations

from tests.corpus.egress.case import WORDS

CHECKS: dict[str, tuple[str, ...]] = {
    **{word: (word,) for word in WORDS},
}
"""Word of the vocabulary to the names of the checks that may report it."""

OFF_BY = {"row": 1, "line": 0, "cell": 0, "output": 0, "page": 0}
"""How far a number of a location may be from the label, such as when a head counts as a row."""
