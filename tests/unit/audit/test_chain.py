"""Every change to a chain is found and named; what cannot be seen is said."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.audit import chain
from vitrine.audit.chain import GENESIS, BrokenChain, Head, Link

BODIES = st.lists(
    st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=9)),
    max_size=8,
)


def a_chain(*bodies):
    links, previous = [], GENESIS
    for sequence, body in enumerate(bodies, start=1):
        previous = chain.digest_of(sequence, body, previous)
        links.append(Link(sequence, body, previous))
    return links


FIVE = a_chain(*({"n": n} for n in range(5)))
HEAD = Head(5, FIVE[-1].digest)


@given(BODIES)
def test_what_was_chained_verifies(bodies):
    links = a_chain(*bodies)
    assert chain.verify(links).sequence == len(links)


def test_an_altered_entry_is_named():
    links = [*FIVE]
    links[2] = replace(links[2], body={"n": 22})
    with pytest.raises(BrokenChain, match="entry 3 was altered") as caught:
        chain.verify(links)
    assert caught.value.sequence == 3


def test_an_entry_altered_together_with_its_digest_breaks_the_next_one():
    links = [*FIVE]
    forged = {"n": 22}
    links[2] = Link(3, forged, chain.digest_of(3, forged, FIVE[1].digest))
    with pytest.raises(BrokenChain, match="entry 4 was altered"):
        chain.verify(links)


@pytest.mark.parametrize("position", range(5))
def test_a_flipped_digit_of_a_digest_is_named(position):
    links = [*FIVE]
    digest = links[position].digest
    flipped = ("1" if digest[0] != "1" else "2") + digest[1:]
    links[position] = replace(links[position], digest=flipped)
    with pytest.raises(BrokenChain, match=f"entry {position + 1} was altered"):
        chain.verify(links)


def test_a_removed_entry_is_named():
    with pytest.raises(BrokenChain, match="entry 2 is missing"):
        chain.verify([FIVE[0], *FIVE[2:]])


def test_several_removed_entries_are_named():
    with pytest.raises(BrokenChain, match="entries 2 to 4 are missing"):
        chain.verify([FIVE[0], FIVE[4]])


def test_swapped_entries_are_noticed():
    with pytest.raises(BrokenChain, match="entry 2 is missing: entry 3 was found in that place"):
        chain.verify([FIVE[0], FIVE[2], FIVE[1], *FIVE[3:]])


def test_a_repeated_entry_is_out_of_order():
    with pytest.raises(BrokenChain, match="entry 2 is out of order"):
        chain.verify([*FIVE[:2], FIVE[1]])


def test_contents_swapped_under_their_numbers_are_noticed():
    links = [*FIVE]
    links[1] = replace(links[1], body=FIVE[2].body)
    links[2] = replace(links[2], body=FIVE[1].body)
    with pytest.raises(BrokenChain, match="entry 2 was altered"):
        chain.verify(links)


def test_a_log_cut_short_passes_alone_but_not_against_its_anchor():
    assert chain.verify(FIVE[:3]).sequence == 3
    with pytest.raises(BrokenChain, match="entries 4 to 5 are missing, anchored at entry 5"):
        chain.verify(FIVE[:3], anchor=HEAD)
    with pytest.raises(BrokenChain, match="cut off or rewritten"):
        chain.verify(FIVE[:3], anchor=HEAD.digest)


def test_a_log_rewritten_as_a_whole_passes_alone_but_not_against_its_anchor():
    forged = a_chain(*({"n": n * 2} for n in range(6)))
    assert chain.verify(forged).sequence == 6
    with pytest.raises(BrokenChain, match="entry 5 is not the one that was anchored"):
        chain.verify(forged, anchor=HEAD)


def test_a_log_that_grew_after_its_anchor_passes():
    assert chain.verify(FIVE, anchor=Head(3, FIVE[2].digest)).sequence == 5
    assert chain.verify(FIVE, anchor=FIVE[2].digest).sequence == 5


def test_an_empty_log_passes_only_without_an_anchor():
    assert chain.verify([]) == Head(0, GENESIS)
    with pytest.raises(BrokenChain, match="the end was cut off"):
        chain.verify([], anchor=HEAD)


def test_the_order_of_keys_does_not_matter_but_the_sequence_does():
    one = chain.digest_of(1, {"a": 1, "b": 2}, GENESIS)
    assert one == chain.digest_of(1, {"b": 2, "a": 1}, GENESIS)
    assert one != chain.digest_of(2, {"a": 1, "b": 2}, GENESIS)
    assert one != chain.digest_of(1, {"a": 1, "b": "2"}, GENESIS)


@pytest.mark.parametrize("body", [{"x": 1.0}, {"x": [{"y": 2.5}]}, {"x": {1: "a"}}])
def test_what_has_more_than_one_text_is_refused(body):
    with pytest.raises(TypeError):
        chain.digest_of(1, body, GENESIS)


def test_text_that_is_no_unicode_still_has_one_digest():
    assert chain.digest_of(1, {"x": "\ud800"}, GENESIS) != chain.digest_of(1, {"x": "?"}, GENESIS)
