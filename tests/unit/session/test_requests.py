"""Which requests wait for their reply, and what a journal tells a new worker about them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from vitrine.activity.journal import JournalWriter
from vitrine.session.gate.recovery import pasts
from vitrine.session.gate.requests import Request, RequestBook


def a_request(msg_id: str, msg_type: str = "execute_request") -> Request:
    return Request(msg_id, 0, b"tab", msg_type, b"{}")


def test_a_request_is_open_until_it_is_settled_and_settled_only_once():
    book, request = RequestBook(), a_request("m-1")
    book.add(request)
    assert book.opened() == [request]
    assert book.settle(request)
    assert not book.settle(request)
    assert book.open_count == 0
    assert book.get("m-1") is request


def test_what_is_never_answered_is_never_open():
    book = RequestBook()
    for msg_type in ("comm_msg", "comm_open", "comm_close", "input_reply"):
        book.add(a_request(msg_type, msg_type))
    assert book.open_count == 0


def test_settling_a_request_that_was_never_admitted_closes_no_other():
    book, admitted = RequestBook(), a_request("m-1")
    book.add(admitted)
    book.settle(a_request("m-1"))
    assert book.opened() == [admitted]


def test_an_old_cell_that_still_runs_is_known_however_many_messages_follow():
    book, running = RequestBook(), a_request("m-running")
    book.add(running)
    for n in range(10_000):
        book.add(a_request(f"m-{n}", "comm_msg"))
    assert book.opened() == [running]
    assert book.get("m-running") is running
    assert "m-0" not in book


def test_what_somebody_else_answered_is_known_when_it_arrives_too_late():
    book = RequestBook()
    book.add(a_request("m-1"))
    assert book.give_up(["m-1", "m-2"]) == ["m-1"]
    assert book.is_given_up("m-2")
    assert not book.is_given_up("m-1")
    book.give_up(f"n-{n}" for n in range(10_000))
    assert book.is_given_up("n-9999")
    assert not book.is_given_up("m-2")


def entered(msg_id: str, kernel: str = "k") -> dict[str, object]:
    header = json.dumps({"msg_id": msg_id, "msg_type": "execute_request"})
    return {
        "kernel": kernel, "channel": "shell", "msg_id": msg_id, "msg_type": "execute_request",
        "route": b"tab".hex(), "header": header, "metadata": {}, "content": {}, "buffers": [],
    }  # fmt: skip


def said(number: int, msg_type: str, parent: str, kernel: str = "k") -> dict[str, object]:
    return {"kernel": kernel, "number": number, "type": msg_type, "parent": parent}


def journal_of(root: Path, *records: tuple[str, dict[str, object]]) -> Path:
    async def write() -> Path:
        journal = JournalWriter(root, "ses-1")
        for kind, body in records:
            journal.append(kind, body)
        await journal.commit()
        journal.close()
        return journal.path

    return asyncio.run(write())


def test_a_new_worker_learns_what_waits_and_how_far_the_outputs_are_recorded(tmp_path):
    path = journal_of(
        tmp_path,
        ("kernel", {"kernel": "k", "event": "start", "incarnation": 1}),
        ("in", entered("m-1")),
        ("out", said(1, "stream", "m-1")),
        ("out", said(2, "execute_reply", "m-1")),
        ("in", entered("m-2")),
        ("dropped", {"kernel": "k", "number": 7, "parent": "m-2", "count": 4, "size": 1}),
        ("in", entered("n-1", "other")),
    )
    past = pasts(path)
    assert {request.msg_id: request.is_open for request in past["k"].requests} == {
        "m-1": False, "m-2": True,
    }  # fmt: skip
    assert all(request.is_forwarded for request in past["k"].requests)
    assert past["k"].recorded == 7
    assert past["other"].recorded == 0
    assert past["other"].requests[0].route == b"tab"


def test_a_new_process_answers_what_waited_for_the_old_one_and_counts_again(tmp_path):
    path = journal_of(
        tmp_path,
        ("in", entered("m-1")),
        ("out", said(900, "stream", "m-1")),
        ("kernel", {"kernel": "k", "event": "start", "incarnation": 2}),
        ("out", said(3, "stream", "")),
    )
    past = pasts(path)["k"]
    assert [request.is_open for request in past.requests] == [False]
    assert past.recorded == 3


def test_what_a_worker_answered_itself_is_not_answered_again_by_the_next(tmp_path):
    path = journal_of(
        tmp_path,
        ("in", entered("m-1")),
        ("in", entered("m-2")),
        ("answer", {"kernel": "k", "number": 0, "parent": "m-1", "reason": "not executed"}),
    )
    past = pasts(path)["k"]
    assert [request.is_open for request in past.requests] == [False, True]


def test_outputs_of_a_process_that_ended_by_itself_are_known_to_be_recorded(tmp_path):
    path = journal_of(
        tmp_path,
        ("out", said(7, "stream", "")),
        ("kernel", {"kernel": "k", "event": "exit", "code": 0, "number": 8}),
    )
    assert pasts(path)["k"].recorded == 8
