"""What a message may cost the gate in memory, whatever its text is."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from vitrine.session.gate.messages import OUTWARD, TooManyParts, json_object, parse

PARENT = json.dumps({"msg_id": "m-1"}).encode()
HEADER = json.dumps({"msg_id": "k-1", "msg_type": "display_data"}).encode()
BOMBS = {
    "objects": b"{}," * 1_900_000,
    "lists": b"[]," * 1_900_000,
    "records": b'{"x":1,"y":2},' * 400_000,
    "words": b'"ab",' * 1_300_000,
    "quotes": rb'"\"",' * 1_300_000,
}
HARMLESS = {
    "numbers": b"12345," * 1_000_000,
    "records of a chart": b'{"x":1,"y":2},' * 100_000,
    "a printed table": b'"' + rb"{\"a\": [1, 2]}, " * 450_000 + b'",',
}


def content_of(items: bytes) -> bytes:
    return b'{"data": [' + items.rstrip(b",") + b"]}"


@pytest.mark.parametrize("name", BOMBS)
def test_a_message_of_too_many_parts_is_refused_before_it_is_built(name: str) -> None:
    content = content_of(BOMBS[name])
    tracemalloc.start()
    with pytest.raises(TooManyParts) as refused:
        parse([HEADER, PARENT, b"{}", content], "iopub", OUTWARD)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.parent_id == "m-1"
    assert peak < 2 * len(content)


@pytest.mark.parametrize("name", HARMLESS)
def test_large_outputs_of_few_parts_pass(name: str) -> None:
    content = content_of(HARMLESS[name])
    assert json_object(content) == json.loads(content)
