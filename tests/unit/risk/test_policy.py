"""The gate is a function of the report, and one person at most may answer for its no."""

import json
from dataclasses import replace

import pandas
import pytest

from vitrine.access.account import Account, Role
from vitrine.errors import InvalidInput
from vitrine.risk import assess as assessing
from vitrine.risk import attackers, policy
from vitrine.risk.attackers import Purpose

REASON = "the register that could link it is closed to everybody"
DEFAULT = attackers.load()


def a_report(tmp_path, each=10, **columns):
    """A report on a table in which `each` patients look alike."""
    frame = {"pid": [f"{n:03d}" for n in range(4 * each)], "sex": ["f", "m"] * (2 * each)}
    pandas.DataFrame(frame | columns).to_csv(tmp_path / "t.csv", index=False)
    material = assessing.gather(DEFAULT, table=tmp_path / "t.csv", id_column="pid")
    return assessing.assess(DEFAULT, material, Purpose.ENVIRONMENT)


def test_more_is_asked_for_download_of_the_same_report(tmp_path):
    report = a_report(tmp_path, 4)
    assert policy.gate(report, DEFAULT, Purpose.ENVIRONMENT)
    assert not policy.gate(report, DEFAULT, Purpose.DOWNLOAD)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"policy": "other 7"}, "assess again"),
        ({"patients": 0}, "no patient was assessed"),
        ({"empty": ("join",)}, "no patient is in both"),
        ({"files": {"unreadable": 1}}, "cannot be read"),
        ({"scopes": {"table": {}}}, "was not assessed"),
        ({"columns": {"pid": "identifier", "who": "identifier"}}, "column who"),
        ({"columns": {"pid": "identifier", "note": "free text"}}, "column note"),
    ],
)  # fmt: skip
def test_whatever_was_not_measured_counts_against_it(tmp_path, change, said):
    report = replace(a_report(tmp_path), **change)
    assert said in policy.gate(report, DEFAULT, Purpose.ENVIRONMENT).reason


def person(*roles, name="dee", is_disabled=False):
    return Account(name, name, frozenset(roles), is_disabled)


OFFICER = Role.DATA_PROTECTION_OFFICER


@pytest.mark.parametrize(
    ("who", "author", "reason", "said"),
    [
        pytest.param(person(OFFICER), "stu", REASON, "", id="an officer who did not assess"),
        pytest.param(person(OFFICER), "dee", REASON, "yourself", id="their own assessment"),
        pytest.param(person(OFFICER), "stu", "  because  ", "reason", id="no reason"),
        pytest.param(person(Role.DATA_STEWARD), "stu", REASON, "role", id="a steward"),
        pytest.param(person(Role.ADMINISTRATOR), "stu", REASON, "role", id="an administrator"),
        pytest.param(person(OFFICER, Role.AUDITOR), "stu", REASON, "auditors", id="an auditor"),
        pytest.param(person(OFFICER, is_disabled=True), "stu", REASON, "disabled", id="disabled"),
    ],
)  # fmt: skip
def test_a_hold_is_overridden_by_an_officer_who_did_not_assess(tmp_path, who, author, reason, said):
    report = a_report(tmp_path, age=[*map(str, range(40))])
    verdict = policy.may_override(who, report, author=author, reason=reason)
    assert bool(verdict) is (said == "")
    assert said in verdict.reason


def test_a_pass_needs_no_override(tmp_path):
    report = a_report(tmp_path)
    assert not policy.may_override(person(OFFICER), report, author="stu", reason=REASON)


def test_a_report_has_one_name_and_no_value(tmp_path):
    report = a_report(tmp_path, city=["Rapunzel"] * 39 + ["Drosselbart"])
    assert report.sha256 == a_report(tmp_path, city=["Rapunzel"] * 39 + ["Drosselbart"]).sha256
    assert json.loads(report.canonical())["verdict"] == "hold"
    assert b"Drosselbart" not in report.canonical()


def test_a_policy_in_which_nobody_decides_is_none(tmp_path):
    said = json.loads((attackers.POLICIES / "default.json").read_text())
    for each in said["profiles"]:
        each["decides"] = False
    path = tmp_path / "p.json"
    path.write_text(json.dumps(said))
    with pytest.raises(InvalidInput, match="no profile decides"):
        attackers.load(str(path))
