"""What a dying connection may have swallowed is shown again; what arrived for certain is not."""

from __future__ import annotations

import random
from collections import deque

import pytest

from vitrine.session.lab.unconfirmed import Unconfirmed


class Link:
    """A connection in order, both ways, that may be cut at any instant, and a browser behind it."""

    def __init__(self) -> None:
        self.down: deque[bytes] = deque()
        self.up: deque[bytes] = deque()
        self.seen: list[bytes] = []
        self.lab = Unconfirmed(self.down.append)

    def write(self, text: bytes) -> None:
        self.lab.add("iopub", [b"stream", text])
        self.down.append(text)
        self.lab.ask()

    def arrive(self) -> None:
        if self.down:
            frame = self.down.popleft()
            if frame.startswith(b"vitrine "):
                self.up.append(frame)
            else:
                self.seen.append(frame)

    def answer(self) -> None:
        if self.up:
            self.lab.confirm(self.up.popleft())


@pytest.mark.parametrize("seed", range(200))
def test_nothing_is_lost_by_a_cut_and_only_what_was_under_way_is_shown_again(seed):
    chance = random.Random(seed)
    link, written, answered = Link(), 0, 0
    for _ in range(chance.randrange(200)):
        step = chance.choice(("write", "arrive", "arrive", "answer"))
        if step == "write":
            link.write(b"%d" % written)
            written += 1
        elif step == "arrive":
            link.arrive()
        else:
            answered = max([answered, *(int(each.split()[1]) + 1 for each in list(link.up)[:1])])
            link.answer()
    shown_again = [frames[1] for _, frames in link.lab.withdraw()]
    assert shown_again == [b"%d" % number for number in range(answered, written)]
    assert {*link.seen, *shown_again} == {b"%d" % number for number in range(written)}
    assert link.lab.withdraw() == []


def test_one_ping_is_on_its_way_and_the_last_message_has_one_behind_it():
    link = Link()
    for number in range(100):
        link.write(b"%d" % number)
    assert sum(frame.startswith(b"vitrine ") for frame in link.down) == 1
    while link.down or link.up:
        link.arrive()
        link.answer()
    assert link.lab.withdraw() == []


def test_an_answer_that_was_not_asked_for_confirms_nothing():
    link = Link()
    link.write(b"0")
    for answer in (b"", b"vitrine 7", b"vitrine -1", b"vitrine x", b"\xff"):
        link.lab.confirm(answer)
    assert len(link.lab.withdraw()) == 1


def test_of_more_than_the_limit_the_first_are_given_up_and_a_late_answer_does_no_harm():
    pings: list[bytes] = []
    lab = Unconfirmed(pings.append, limit_bytes=1000)
    for number in range(100):
        lab.add("iopub", [b"x" * 99, b"%d" % (number % 10)])
        lab.ask()
    lab.confirm(pings[0])
    assert len(pings) == 2, "the rest is asked about"
    kept = lab.withdraw()
    assert len(kept) == 10
    lab.confirm(pings[1])
    assert lab.withdraw() == []
