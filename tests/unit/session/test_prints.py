"""Small prints are shown together: all of them, in order, and the first of them at once."""

from __future__ import annotations

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.session import Session

from vitrine.session.lab.prints import PAUSE_S, TOGETHER_BYTES, Prints, is_print, joined

SESSION = Session(key=b"of the kernel")


def said(text: str, name: str = "stdout", parent: str = "cell 1", number: int = 1) -> list[bytes]:
    header = {"msg_type": "stream", "msg_id": f"m{number}", "version": "5.4"}
    parts = (header, {"msg_id": parent}, {}, {"name": name, "text": text})
    frames = [json.dumps(part).encode() for part in parts]
    return [f"stream 1 {number}".encode(), b"<IDS|MSG>", SESSION.sign(frames), *frames]


def told(frames: list[bytes]) -> tuple[str, str, str]:
    content = json.loads(frames[6])
    return json.loads(frames[4])["msg_id"], content["name"], content["text"]


def runs(prints: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What a reader sees: neighbours of one cell and one stream as one text."""
    found: list[tuple[str, str, str]] = []
    for parent, name, text in prints:
        if found and found[-1][:2] == (parent, name):
            found[-1] = (parent, name, found[-1][2] + text)
        else:
            found.append((parent, name, text))
    return found


PRINTS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["stdout", "stderr"]), st.text())
)


@given(PRINTS)
def test_joined_prints_say_the_same_in_the_same_order(prints: list[tuple[str, str, str]]):
    given_ = [said(text, name, parent, n) for n, (parent, name, text) in enumerate(prints)]
    found = joined(given_, SESSION.sign)
    assert [told(list(frames)) for frames in found] == runs(prints)
    reader = Session(key=SESSION.key)
    for frames in found:
        assert reader.deserialize(list(frames[2:]))["msg_type"] == "stream", (
            "the signature is right"
        )


def test_a_single_print_stays_as_it_came():
    one = said("é\n")
    assert joined([one], SESSION.sign) == [one]


def test_what_is_no_ordinary_print_stays_as_it_came_and_in_its_place():
    strange = [
        [*said("1")[:6], b"{}"],
        [*said("1")[:6], b'{"name": "stdout", "text": 7}'],
        [*said("1")[:6], b'{"name": ["stdout"], "text": "x"}'],
        [*said("1")[:6], b'{"name": "stdout", "text": "x", "more": 1}'],
        [*said("1"), b"a buffer"],
    ]
    for one in strange:
        given_ = [said("a"), said("b"), one, one, said("c"), said("d")]
        first, *between, last = joined(given_, SESSION.sign)
        assert (told(list(first))[2], told(list(last))[2]) == ("ab", "cd")
        assert between == [one, one]


def test_only_stream_outputs_are_prints():
    assert is_print(said("x"))
    assert is_print([b"stream", *said("x")[1:]])
    assert not is_print([b"display_data 1 4", *said("x")[1:]])
    assert not is_print([b"streams 1 4", *said("x")[1:]])


def test_the_first_print_is_shown_at_once_and_the_next_together():
    async def scene() -> None:
        shown: list[str] = []
        prints = Prints(lambda frames: shown.append(told(list(frames))[2]), SESSION.sign)
        prints.take(said("1"))
        assert shown == ["1"]
        for number in range(2, 6):
            prints.take(said(str(number)))
        assert shown == ["1"]
        await asyncio.sleep(2 * PAUSE_S)
        assert shown == ["1", "2345"]
        await asyncio.sleep(PAUSE_S)
        prints.take(said("6"))
        assert shown == ["1", "2345", "6"]

    asyncio.run(scene())


def test_what_waits_is_shown_before_anything_else_and_when_it_is_much():
    async def scene() -> None:
        shown: list[str] = []
        prints = Prints(lambda frames: shown.append(told(list(frames))[2]), SESSION.sign)
        prints.take(said("1"))
        prints.take(said("2"))
        prints.flush()
        assert shown == ["1", "2"]
        prints.take(said("x" * TOGETHER_BYTES))
        assert len(shown[2]) == TOGETHER_BYTES

    asyncio.run(scene())


def test_what_is_withdrawn_is_not_shown():
    async def scene() -> None:
        shown: list[object] = []
        prints = Prints(shown.append, SESSION.sign)
        prints.take(said("1"))
        prints.take(said("2"))
        assert [told(list(frames))[2] for frames in prints.withdraw()] == ["2"]
        await asyncio.sleep(2 * PAUSE_S)
        assert len(shown) == 1

    asyncio.run(scene())
