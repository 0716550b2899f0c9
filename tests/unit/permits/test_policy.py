"""What a project allows whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vitrine.access.account import Account, Role
from vitrine.permits import policy
from vitrine.permits.project import LimitOverrides, Project

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_person(name="ada", *roles, is_disabled=False):
    return Account(name, name, frozenset(roles or {Role.RESEARCHER}), is_disabled)


def a_checker(name="bo"):
    return a_person(name, Role.OUTPUT_CHECKER)


def a_project(**changes):
    project = Project(
        id="lungs",
        title="Lungs",
        members=frozenset({"ada"}),
        datasets=frozenset({"lung-ct"}),
        expires_at=NOW + timedelta(days=1),
        reviewers_required=2,
    )
    return replace(project, **changes)


@pytest.mark.parametrize(
    ("who", "project", "reason"),
    [
        pytest.param(a_person(), a_project(), "", id="a member"),
        pytest.param(a_person("eve"), a_project(), "not a member", id="a stranger"),
        pytest.param(a_person(is_disabled=True), a_project(), "disabled", id="disabled"),
        pytest.param(a_checker("ada"), a_project(), "researcher", id="no researcher"),
        pytest.param(a_person(), a_project(expires_at=NOW), "ended on 2026-03-01", id="over"),
    ],
)
def test_a_project_is_used_by_its_researchers_until_it_ends(who, project, reason):
    verdict = policy.may_use(who, project, NOW)
    assert bool(verdict) is (reason == "")
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("who", "project", "reason"),
    [
        pytest.param(a_checker(), a_project(), "", id="a checker from outside"),
        pytest.param(a_person("bo"), a_project(), "output", id="no checker"),
        pytest.param(
            a_person("ada", Role.RESEARCHER, Role.OUTPUT_CHECKER),
            a_project(),
            "you are a member of project lungs",
            id="a checker who is a member",
        ),
        pytest.param(
            a_person("ada", Role.RESEARCHER, Role.OUTPUT_CHECKER),
            a_project(allow_same_project_review=True),
            "",
            id="a member where the project allows it",
        ),
    ],
)
def test_output_checkers_review_projects_of_which_they_are_no_members(who, project, reason):
    verdict = policy.may_review(who, project)
    assert bool(verdict) is (reason == "")
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({}, "", id="complete"),
        pytest.param({"id": "../lungs"}, "a project id", id="climbing id"),
        pytest.param({"id": "Lungs"}, "a project id", id="capitals"),
        pytest.param({"id": "a--b"}, "a project id", id="a name that no server may have"),
        pytest.param({"id": "a" * 31}, "a project id", id="too long for a server"),
        pytest.param({"title": " "}, "title", id="no title"),
        pytest.param({"title": "a\nb"}, "title", id="two lines"),
        pytest.param({"datasets": frozenset()}, "at least one dataset", id="no dataset"),
        pytest.param({"expires_at": NOW}, "in the future", id="over from the start"),
        pytest.param({"reviewers_required": 0}, "reviewer", id="no reviewer"),
        pytest.param({"limits": LimitOverrides(memory_mb=0)}, "memory_mb", id="no memory"),
        pytest.param({"limits": LimitOverrides(cpus=float("nan"))}, "cpus", id="no number"),
    ],
)
def test_a_project_can_only_exist_with_what_a_session_needs(changes, reason):
    verdict = policy.may_exist(a_project(**changes), NOW)
    assert bool(verdict) is (reason == "")
    assert reason in verdict.reason
