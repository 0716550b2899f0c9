from __future__ import annotations

from pathlib import Path

from vitrine.egress.request import MOVES, PHASE, TURN, Phase, Status, Turn, diagram


def test_every_status_has_its_moves_its_turn_and_its_phase():
    assert set(MOVES) == set(TURN) == set(PHASE) == set(Status)


def test_every_status_can_be_reached_and_every_path_can_end():
    reached, frontier = {Status.PENDING}, {Status.PENDING}
    while frontier:
        frontier = {to for status in frontier for to in MOVES[status]} - reached
        reached |= frontier
    assert reached == set(Status)
    ends = {status for status in Status if not MOVES[status]}
    assert ends == {Status.REVOKED, Status.REJECTED, Status.WITHDRAWN}


def test_only_an_approved_request_can_be_released():
    assert [status for status in Status if Status.RELEASED in MOVES[status]] == [Status.APPROVED]


def test_only_a_reviewed_request_can_be_approved():
    assert [status for status in Status if Status.APPROVED in MOVES[status]] == [Status.REVIEWED]


def test_the_author_waits_exactly_while_reviewers_or_the_system_have_the_turn():
    for status in Status:
        assert (TURN[status] is Turn.AUTHOR) is (PHASE[status] is Phase.AUTHOR)


def test_the_guide_of_output_checkers_shows_the_life_cycle_that_the_code_has():
    guide = Path(__file__).parents[3] / "docs" / "output-checker.md"
    assert diagram() in guide.read_text(encoding="utf-8")
