"""What changed between two copies: every line of both is accounted for, and nothing is made up."""

from __future__ import annotations

import json
import random

import pytest

from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.sandbox.changes import PAGE_CHANGES, changes
from vitrine.errors import InvalidInput


def compare(before, after, kind="text", **asked):
    return changes(kind, before.encode(), after.encode(), Asked(**asked))


def text_of(line):
    return "".join(piece for piece, _ in line["segments"])


@pytest.mark.parametrize("seed", range(100))
def test_the_new_copy_can_be_made_of_the_old_one_and_the_changes(seed):
    chance = random.Random(seed)
    old = [chance.choice("abcdef") * 3 for _ in range(chance.randrange(40))]
    new = [line for line in old if chance.random() > 0.2]
    for _ in range(chance.randrange(6)):
        new.insert(chance.randrange(len(new) + 1), chance.choice("ghi"))
    found = compare("\n".join(old), "\n".join(new))["changes"]
    made = {n: line for n, line in enumerate("\n".join(old).split("\n"), start=1)}
    for line in found:
        if line["mark"] == "old":
            assert made.pop(line["old"]) == text_of(line)
    rest = iter(made.values())
    added = {line["new"]: text_of(line) for line in found if line["mark"] == "new"}
    rebuilt = [
        added[n] if n in added else next(rest)
        for n in range(1, len("\n".join(new).split("\n")) + 1)
    ]
    assert rebuilt == "\n".join(new).split("\n")


def test_a_changed_cell_of_a_table_is_named_and_its_neighbours_are_not():
    found = compare("site,mean,n\nnorth,4210,20\n", "site,mean,n\nnorth,4200,20\n", "table")
    old, new = (line for line in found["changes"] if line["mark"] != "same")
    assert [piece for piece, is_changed in old["segments"] if is_changed] == ["4210"]
    assert [piece for piece, is_changed in new["segments"] if is_changed] == ["4200"]
    assert (old["old"], new["new"]) == (2, 2)


def test_notebooks_are_compared_cell_by_cell():
    def book(*sources):
        cells = [{"cell_type": "code", "source": source} for source in sources]
        return json.dumps({"cells": cells})

    found = compare(book("a = 1", "b = 2"), book("a = 1", "b = 3"), "notebook")["changes"]
    assert [text_of(line) for line in found if line["mark"] == "new"] == ["b = 3"]
    assert any(text_of(line) == "[cell 2, code]" for line in found)


def test_a_change_far_down_a_long_line_is_shown():
    found = compare("x" * 1500 + "a", "x" * 1500 + "b")["changes"]
    assert [line["mark"] for line in found] == ["old", "new"]
    assert any(is_changed for _, is_changed in found[1]["segments"])


def test_direction_changing_letters_are_shown_and_pages_are_bounded():
    (line,) = (x for x in compare("a", "a\u202eb")["changes"] if x["mark"] == "new")
    assert "\u202e" not in text_of(line)
    long = compare("", "\n".join(str(n) for n in range(2000)))
    assert len(long["changes"]) == PAGE_CHANGES
    assert long["total"] >= 2000
    assert compare("a", "a")["changes"] == []


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [("image", "x", "only texts"), ("text", "x\n" * 60_000, "lines to compare")],
)
def test_what_cannot_be_compared_is_said(kind, text, why):
    with pytest.raises(InvalidInput, match=why):
        compare(text, "y", kind)
