"""A failing duty is logged and tried again; the others go on."""

from __future__ import annotations

import logging
import threading
import time

from vitrine.errors import Unavailable
from vitrine.steward.duty import Duty, Rounds, attend


def test_a_failing_duty_does_not_stop_the_others():
    done = []
    stopping = threading.Event()

    def fail():
        done.append("failing")
        raise Unavailable("the gate does not answer")

    def hang():
        time.sleep(3600)

    def work():
        done.append("working")
        if done.count("working") > 5 and done.count("failing") > 1:
            stopping.set()

    steps = {"fails": fail, "hangs": hang, "works": work}
    duties = [Duty(name, 0.01, step) for name, step in steps.items()]
    threading.Timer(10, stopping.set).start()
    attend(duties, stopping, patience_s=0.1)
    assert done.count("working") > 5
    assert done.count("failing") > 1


def test_the_same_complaint_is_logged_once_and_so_is_the_recovery(caplog):
    answers = iter([Unavailable("gone", hint=""), Unavailable("gone", hint=""), None, None])

    def step():
        answer = next(answers)
        if answer is not None:
            raise answer

    rounds = Rounds(Duty("refusals", 1, step), threading.Event())
    with caplog.at_level(logging.INFO, "vitrine.steward"):
        assert [rounds.step() for _ in range(4)] == [False, False, True, True]
    assert caplog.messages == ["refusals: gone", "refusals: works again after 2 failures"]


def test_an_unforeseen_error_is_logged_without_its_text(caplog):
    def step():
        raise ValueError("Doe, Jane")

    with caplog.at_level(logging.INFO, "vitrine.steward"):
        Rounds(Duty("drafts", 1, step), threading.Event()).step()
    assert "Doe" not in caplog.text
    assert "ValueError in step" in caplog.text


def test_the_pause_grows_while_a_duty_fails_and_ends_with_success():
    fails = [True]

    def step():
        if fails[0]:
            raise Unavailable("gone")

    rounds = Rounds(Duty("x", 1, step), threading.Event())
    pauses = [(rounds.step(), rounds.pause_s)[1] for _ in range(7)]
    assert pauses == [2, 4, 8, 16, 30, 30, 30]
    fails[0] = False
    rounds.step()
    assert rounds.pause_s == 1
