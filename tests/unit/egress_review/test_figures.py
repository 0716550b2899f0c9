"""Who reads which figures."""

from __future__ import annotations

import pytest

from vitrine.access import store as access
from vitrine.access.account import Role


@pytest.fixture
def decided(house):
    """A request that passed, reviewed by bo and cy; ivy administers."""
    with house.db.begin() as tx:
        roles = frozenset({Role.ADMINISTRATOR})
        access.add_account(tx, "ivy", roles=roles, password_hash="-")
    return house.approved()


def test_checkers_auditors_and_administrators_read_figures_of_projects(decided, sign_in):
    for name in ("bo", "eve", "ivy"):
        client = sign_in(name)
        (row,) = client.get("/api/figures").json()["projects"]
        assert (row["project"], row["turns"], row["first_time_passed"]) == ("lung", 1, 1)
        assert "1 of 1, 100 %" in client.get("/figures").text
    for path in ("/figures", "/api/figures"):
        assert sign_in("flo").get(path).status_code == 403


@pytest.mark.parametrize(
    ("who", "whose"),
    [("bo", ["bo"]), ("cy", ["cy"]), ("hal", []), ("eve", []), ("ivy", ["bo", "cy"])],
)
def test_a_checker_s_figures_are_that_person_s_and_the_administrators_alone(
    decided, sign_in, who, whose
):
    client = sign_in(who)
    assert [row["reviewer"] for row in client.get("/api/figures").json()["checkers"]] == whose
    page = client.get("/figures").text
    assert all((f">{name}<" in page) is (name in whose) for name in ("bo", "cy"))


def test_figures_of_checkers_end_where_the_node_keeps_them_no_longer(decided, house, sign_in):
    house.clock.move(days=364)
    assert sign_in("bo").get("/api/figures").json()["checkers"]
    house.clock.move(days=2)
    assert not sign_in("bo").get("/api/figures").json()["checkers"]


def test_figures_tell_nothing_of_a_review_while_its_turn_lasts(house, sign_in):
    with house.db.begin() as tx:
        access.set_roles(tx, "cy", frozenset({Role.OUTPUT_CHECKER, Role.ADMINISTRATOR}))
    request = house.submitted()
    client = sign_in("cy")
    before = client.get("/api/figures").json()
    house.review("bo", request)
    assert client.get("/api/figures").json() == before
    house.send_back("cy", request)
    (row,) = client.get("/api/figures").json()["checkers"]
    assert row["reviewer"] == "bo"
