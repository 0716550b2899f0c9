"""A table under the key of its images: one person stays one person, and nothing else names them."""

import csv
import json
from datetime import date
from io import StringIO

import pandas
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydicom.data import get_testdata_file

from vitrine.cli.main import run
from vitrine.deid.engine.clean import deidentify
from vitrine.deid.engine.values import Values
from vitrine.deid.keys import Key
from vitrine.deid.rules import profile as profiles
from vitrine.deid.tables import decisions as deciding
from vitrine.deid.tables import transform, write
from vitrine.deid.tables.decisions import Decisions, Patients, Text
from vitrine.errors import InvalidInput

RESEARCH, _ = profiles.load("research")
KEY = Key(b"k" * 32)
CT = pydicom.dcmread(get_testdata_file("CT_small.dcm"), stop_before_pixels=True)


def made(table, decisions=None, profile=RESEARCH, key=KEY):
    frame = pandas.DataFrame(table, dtype=object)
    return transform.deidentify(frame, "pid", key, profile, decisions or Decisions())


DAYS = some.dates(date(1990, 1, 1), date(2030, 1, 1))
IDS = some.text("ABC019- _.", min_size=1, max_size=12).filter(lambda each: each.strip())


@settings(max_examples=30, deadline=None)
@given(patient=IDS, day=DAYS, key=some.binary(min_size=32, max_size=32).map(Key))
def test_the_pseudonym_and_the_shift_are_those_of_the_images(patient, day, key):
    CT.PatientID, CT.StudyDate = patient, f"{day:%Y%m%d}"
    image = deidentify(CT, RESEARCH, key, Values())
    rows = made({"pid": [patient.strip()], "scan_date": [day.isoformat()]}, key=key).table
    assert rows["PatientID"].tolist() == [str(image.PatientID)]
    assert rows["scan_date"].str.replace("-", "").tolist() == [str(image.StudyDate)]


@settings(max_examples=30, deadline=None)
@given(days=some.lists(DAYS, min_size=2, max_size=6), later=DAYS)
def test_intervals_stay_also_to_a_follow_up_delivery(days, later):
    first = made({"pid": ["M1"] * len(days), "visit": [d.isoformat() for d in days]}).table
    second = made({"pid": ["M1"], "visit": [later.isoformat()]}).table
    after = [date.fromisoformat(each) for each in (*first["visit"], *second["visit"])]
    before = [*days, later]
    assert [a - after[0] for a in after] == [b - before[0] for b in before]
    assert set(first["PatientID"]) == set(second["PatientID"])


def test_nothing_that_names_anybody_is_left():
    outcome = made(
        {
            "pid": ["MRN4711", "MRN4712"], "surname": ["Dornroschen", "Aschenputtel"],
            "birth_date": ["1950-05-17", "1961-01-02"], "remarks": ["seen by Grimm", ""],
            "stage": ["II", "as Dornroschen"], "group": ["x", "y mrn4712"],
            "arm": ["since 2020-03-04", "B"], "age": ["93", "58"], "score": ["4711", "3"],
        }
    )  # fmt: skip
    said = write.as_csv(outcome.table).decode()
    for token in ("4712", "Aschen", "1950", "1961", "Grimm", "2020-03", "MRN"):
        assert token not in said
    assert sorted(outcome.table["age"]) == ["58", "90"]
    assert {c.name: c.outcome for c in outcome.columns}["birth_date"] == "dropped"
    assert "4711" in outcome.table["score"].tolist()
    assert {c.name: c.emptied for c in outcome.columns}["arm"] == 1
    assert "Dorn" not in repr(outcome)


def test_a_link_gives_the_pseudonym_of_the_image_and_a_drop_takes_the_rows():
    said = Decisions(
        patients=Patients(link={"7": "007"}, drop=frozenset({"8"})), rows_without_patient="drop"
    )
    outcome = made({"pid": ["7", "8", ""], "arm": ["a", "b", "c"]}, said)
    assert outcome.table["PatientID"].tolist() == [KEY.pseudonym("007")]
    assert outcome.rows_dropped == 2


def test_dates_become_days_from_a_baseline():
    table = {
        "pid": ["1", "1", "2"], "visit": ["2020-01-31", "2020-03-01", "2021-05-05"],
        "surgery_date": ["2020-02-10", "2020-02-10", "unknown"],
    }  # fmt: skip
    outcome = made(table, Decisions(baseline="visit")).table
    days = outcome.set_index("PatientID")
    assert days.loc[KEY.pseudonym("1"), "visit_days"].tolist() == ["0", "30"]
    assert days.loc[KEY.pseudonym("1"), "surgery_date_days"].tolist() == ["10", "10"]
    assert days.loc[KEY.pseudonym("2"), "surgery_date_days"] == ""
    assert "visit" not in days


def test_free_text_stays_only_value_by_value():
    table = {"pid": ["1", "2", "3"], "remarks": ["stable", "by Dr Grimm", "unread"]}
    said = Decisions(
        texts={"remarks": {"stable": Text(decision="keep"),
                           "by Dr Grimm": Text(decision="replace", replacement="by a doctor")}}
    )  # fmt: skip
    assert sorted(made(table, said).table["remarks"]) == ["", "by a doctor", "stable"]
    assert "remarks" not in made(table).table


def test_steps_of_a_proposal_are_applied_in_their_order_and_per_patient():
    table = {
        "pid": ["1", "1", "1", "2", "3"], "age": ["34", "34", "34", "47", ""],
        "city": ["a", "a", "a", "b", "b"], "zip": ["80331"] * 5,
    }  # fmt: skip
    said = Decisions(
        steps=(
            {"column": "age", "action": "band", "parameter": 10},
            {"column": "age", "action": "top", "parameter": 40},
            {"column": "city", "action": "rare", "parameter": 2},
            {"column": "zip", "action": "drop"},
            {"column": "images.device", "action": "drop"},
        )
    )
    outcome = made(table, said).table
    assert "zip" not in outcome
    assert sorted(outcome["age"]) == ["", "30-", "30-", "30-", "40+"]
    assert sorted(outcome["city"]) == ["b", "b", "other", "other", "other"]


@pytest.mark.parametrize(
    ("said", "because"),
    [
        (Decisions(steps=({"column": "surname", "action": "keep"},)), "cannot be kept"),
        (Decisions(steps=({"column": "nowhere", "action": "drop"},)), "not there"),
        (Decisions(baseline="arm"), "not taken for a date"),
        (Decisions(patients=Patients(drop=frozenset({"1"}))), "no row"),
    ],
)  # fmt: skip
def test_decisions_that_cannot_be_followed_are_refused(said, because):
    with pytest.raises(InvalidInput, match=because):
        made({"pid": ["1"], "surname": ["Grimm"], "arm": ["a"]}, said)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"nonsense": 1}', '{"texts": {"remarks": {"Grimm": {"decision": "x"}}}}',
             '{"steps": [{"column": "age", "action": "band"}]}'],
)  # fmt: skip
def test_wrong_decisions_are_refused_without_a_value(tmp_path, text):
    (tmp_path / "d.json").write_text(text)
    with pytest.raises(InvalidInput) as caught:
        deciding.read(tmp_path / "d.json")
    assert "Grimm" not in caught.value.sentence()


@pytest.mark.parametrize("dates", ["basic", "strict"])
def test_a_profile_without_shift_leaves_no_day(dates):
    profile, _ = profiles.load(dates)
    outcome = made({"pid": ["1"], "visit": ["2020-07-31"], "arm": ["a"]}, profile=profile)
    assert "2020-07" not in write.as_csv(outcome.table).decode()


def test_no_cell_is_a_formula_and_numbers_stay():
    cells = ["=1+1", "+cmd", "-x", "@a", "\tb", "-4.5", "50-", 'say "a, b"', "plain"]
    said = write.as_csv(pandas.DataFrame({"=head": cells})).decode()
    rows = [row[0] for row in csv.reader(StringIO(said))]
    assert rows == ["'=head", "'=1+1", "'+cmd", "'-x", "'@a", "'\tb", *cells[5:]]


def test_the_same_table_gives_the_same_bytes_and_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("pid,visit\nM2,2020-01-02\nM1,2020-01-01\n")
    (tmp_path / "k").write_text("ab" * 32)
    (tmp_path / "k").chmod(0o600)
    arguments = ["deid", "table", str(tmp_path / "t.csv"), str(tmp_path / "out.csv")]
    arguments += ["--id-column", "pid", "--key-file", str(tmp_path / "k"), "--json"]
    for _ in range(2):
        assert run(arguments) == 0
    first = json.loads(capsys.readouterr().out.split("\n}\n")[0] + "}")
    assert (first["rows"], first["patients"]) == (2, 2)
    before = (tmp_path / "out.csv").read_bytes()
    (tmp_path / "t.csv").write_text("pid,visit\nM3,2020-01-02\n")
    assert run(arguments) == 2
    assert (tmp_path / "out.csv").read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["k", "out.csv", "t.csv"]


def test_an_unanswered_join_writes_nothing(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("pid,visit\nM2,2020-01-02\n")
    (tmp_path / "k").write_text("ab" * 32)
    (tmp_path / "k").chmod(0o600)
    (tmp_path / "i").mkdir()
    CT.save_as(tmp_path / "i" / "a.dcm")
    arguments = ["deid", "table", str(tmp_path / "t.csv"), str(tmp_path / "out.csv")]
    arguments += ["--id-column", "pid", "--key-file", str(tmp_path / "k")]
    assert run([*arguments, "--images", str(tmp_path / "i")]) == 1
    assert not (tmp_path / "out.csv").exists()
    assert "M2" not in "".join(capsys.readouterr())
