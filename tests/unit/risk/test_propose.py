"""Proposals reach k, cost as little as can be seen, and change nothing until they are applied."""

import json

import numpy
import pandas
import pytest

from vitrine.cli.main import run
from vitrine.errors import InvalidInput
from vitrine.risk import assess as assessing
from vitrine.risk import attackers, proposal
from vitrine.risk import propose as proposing
from vitrine.risk.attackers import Purpose

DEFAULT = attackers.load()


def a_table(path, rows=400, seed=1):
    draw = numpy.random.default_rng(seed)
    pandas.DataFrame(
        {
            "pid": [f"{n:05d}" for n in range(rows)],
            "age": draw.normal(60, 12, rows).clip(18, 99).astype(int),
            "sex": draw.choice(["f", "m"], rows),
            "zip": draw.integers(80000, 80040, rows),
            "admission_date": [f"2020-{m:02d}-11" for m in draw.integers(1, 13, rows)],
            "remarks": ["nothing"] * rows,
            "outcome": draw.choice(["alive", "dead"], rows),
        }
    ).to_csv(path, index=False)
    return path


def material_of(path):
    return assessing.gather(DEFAULT, table=path, id_column="pid")


@pytest.mark.parametrize("purpose", Purpose)
def test_what_is_proposed_reaches_k_when_it_is_applied(tmp_path, purpose):
    material = material_of(a_table(tmp_path / "t.csv"))
    found = proposing.propose(DEFAULT, material, purpose)
    assert found
    for each in found:
        report = assessing.assess(DEFAULT, proposal.applied(material, each.steps), purpose)
        assert each.is_enough
        assert report.is_passed, report.because
        reached = {profile: m.k for profile, m in report.scopes["table"].items()}
        assert {p: reached[p] for p in each.k["table"]} == dict(each.k["table"])
    assert not assessing.assess(DEFAULT, material, purpose).is_passed


def test_finer_ways_cost_less_than_dropping(tmp_path):
    found = proposing.propose(
        DEFAULT, material_of(a_table(tmp_path / "t.csv", 3000)), Purpose.ENVIRONMENT
    )
    loss = {each.name: each.loss for each in found}
    assert min(loss.values()) < loss.get("drop", 1.0)
    assert [each.loss for each in found] == sorted(loss.values())


def test_nothing_is_proposed_when_nothing_is_needed(tmp_path):
    path = tmp_path / "t.csv"
    pandas.DataFrame({"pid": range(20), "sex": ["f", "m"] * 10}).to_csv(path, index=False)
    assert proposing.propose(DEFAULT, material_of(path), Purpose.ENVIRONMENT) == ()


def test_a_proposal_is_tried_and_the_table_stays(tmp_path, capsys):
    path = a_table(tmp_path / "t.csv")
    before = path.read_bytes()
    table = ["--table", str(path), "--id-column", "pid", "--json"]
    assert run(["risk", "propose", *table]) == 0
    best = json.loads(capsys.readouterr().out)[0]
    (tmp_path / "p.json").write_text(json.dumps(best))
    for said in (best["name"], str(tmp_path / "p.json")):
        assert run(["risk", "propose", *table, "--apply", said]) == 0
        assert json.loads(capsys.readouterr().out)["verdict"] == "pass"
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "said", ["nothing", {"steps": [{"column": "nowhere", "action": "drop"}]},
             {"steps": [{"column": "age", "action": "band"}]}, {"steps": [{"action": "drop"}]}],
)  # fmt: skip
def test_a_wrong_proposal_is_said_so(tmp_path, said):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(said))
    with pytest.raises(InvalidInput):
        proposal.applied(material_of(a_table(tmp_path / "t.csv")), proposal.read_steps(path))
