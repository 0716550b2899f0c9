"""What the lab keeps for a page that is away, and how it knows a message it has seen."""

from __future__ import annotations

import json
from collections.abc import Callable

from jupyter_client.session import Session

from vitrine.session.lab.buffer import OfflineBuffer, is_new

SESSION = Session(key=b"of the kernel")


class Stream:
    """A ZMQ stream as far as the buffer uses one."""

    def __init__(self) -> None:
        self.receive: Callable[[list[bytes]], None] | None = None

    def on_recv(self, receive: Callable[[list[bytes]], None] | None) -> None:
        self.receive = receive

    def stop_on_recv(self) -> None:
        self.receive = None

    def closed(self) -> bool:
        return False


def said(number: int, text: str = "x", msg_type: str = "stream") -> list[bytes]:
    parts = ({"msg_id": f"m-{number}", "msg_type": msg_type}, {"msg_id": "p"}, {}, {"text": text})
    topic = f"{msg_type} 1 {number}".encode()
    return [topic, b"<IDS|MSG>", b"signature", *(json.dumps(part).encode() for part in parts)]


def test_a_message_that_comes_again_is_not_new_and_the_gates_own_words_always_are():
    stream = Stream()
    assert is_new(stream, said(1))
    assert is_new(stream, said(2))
    assert not is_new(stream, said(1))
    assert not is_new(stream, said(2))
    assert is_new(stream, said(0))
    assert is_new(stream, said(0))
    assert is_new(stream, [b"status 2 1", *said(1)[1:]])
    assert not is_new(stream, said(5))


def test_at_its_limit_the_buffer_stops_reading_outputs_and_goes_on_with_replies():
    channels = {"iopub": Stream(), "shell": Stream()}
    buffer = OfflineBuffer(channels, limit_bytes=10_000)
    number = 0
    while (receive := channels["iopub"].receive) is not None:
        number += 1
        receive(said(number, "x" * 1000))
    assert 8 <= number <= 10
    assert channels["shell"].receive is not None
    channels["shell"].receive(said(number + 1, msg_type="execute_reply"))
    assert len(buffer) == number + 1
    assert [channel for channel, _ in buffer][-1] == "shell"


def test_what_was_kept_is_shown_later_although_its_numbers_were_seen():
    channels = {"iopub": Stream(), "shell": Stream()}
    buffer = OfflineBuffer(channels)
    assert channels["iopub"].receive is not None
    for number in (1, 2, 2, 1, 3):
        channels["iopub"].receive(said(number))
    kept = [frames for _, frames in buffer]
    assert [json.loads(frames[3])["msg_id"] for frames in kept] == ["m-1", "m-2", "m-3"]
    assert all(is_new(channels["iopub"], frames) for frames in kept)


def test_a_new_page_gets_one_sentence_before_what_was_meant_for_another():
    channels = {"iopub": Stream()}
    buffer = OfflineBuffer(channels)
    assert buffer.address_anew("new", SESSION.sign) == 0
    assert len(buffer) == 0
    assert channels["iopub"].receive is not None
    channels["iopub"].receive(said(1))
    channels["iopub"].receive(said(2, msg_type="status"))
    assert buffer.address_anew("new", SESSION.sign) == 1
    assert [channel for channel, _ in buffer] == ["control", "control", "iopub"]
    first, output, _ = (frames for _, frames in buffer)
    assert [json.loads(frames[4])["session"] for frames in (first, output)] == ["new", "new"]
    assert "[vitrine] 1 outputs came while no page was open" in json.loads(first[6])["text"]
    for frames in (first, output):
        assert frames[2] == SESSION.sign(frames[3:7]), "Jupyter's older protocol checks it"


def test_what_a_page_was_not_shown_comes_before_what_it_missed():
    channels = {"iopub": Stream(), "shell": Stream()}
    buffer = OfflineBuffer(channels)
    assert channels["iopub"].receive is not None
    channels["iopub"].receive(said(7, "third"))
    buffer.begin_with([("iopub", said(5, "first")), ("shell", said(6, "second"))])
    kept = [(channel, frames[0], json.loads(frames[6])["text"]) for channel, frames in buffer]
    channels_and_texts = [("iopub", "first"), ("shell", "second"), ("iopub", "third")]
    assert kept == [(channel, b"stream", text) for channel, text in channels_and_texts]
