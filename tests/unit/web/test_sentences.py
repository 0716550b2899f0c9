"""A reason on a page begins as a sentence does, and the name of a file stays as it is."""

from __future__ import annotations

import pytest

from vitrine.web.pages import sentence_text


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("you have no seat in this review", "You have no seat in this review"),
        ("table.csv is a supporting file", "table.csv is a supporting file"),
        ("results/means: too long", "results/means: too long"),
        ("nobody reviews their own work.", "Nobody reviews their own work."),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_unless_a_file_begins_it(reason, shown):
    assert sentence_text(reason) == shown
