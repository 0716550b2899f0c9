"""Tables are read as their file shows them, or refused by a sentence without a value."""

import zipfile

import pandas
import pytest

from vitrine.deid.tables import columns, reading
from vitrine.deid.tables.columns import Kind
from vitrine.errors import InvalidInput

SECRET = "Schneewittchen"


def a_frame() -> pandas.DataFrame:
    return pandas.DataFrame({"pid": ["007", "08"], "age": [50, None], "seen": ["2020-01-31", ""]})


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx", "parquet"])
def test_every_form_gives_the_same_texts(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    match suffix:
        case "csv":
            path.write_text("\ufeffpid;age;seen\n007;50;2020-01-31\n 08 ;;\n", "utf-8")
        case "tsv":
            path.write_text("pid\tage\tseen\n007\t50\t2020-01-31\n08\t\t\n")
        case "xlsx":
            a_frame().to_excel(path, index=False)
        case _:
            a_frame().to_parquet(path)
    table = reading.read(path, "pid")
    assert table.to_numpy().tolist() == [["007", "50", "2020-01-31"], ["08", "", ""]]


def two_sheets(path):
    with pandas.ExcelWriter(path) as book:
        a_frame().to_excel(book, sheet_name="a", index=False)
        a_frame().to_excel(book, sheet_name="b", index=False)


def a_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            with archive.open(f"{number}.xml", "w", force_zip64=True) as stream:
                for _ in range(8):
                    stream.write(bytes(1 << 20))


BAD = {
    "no rows": ("t.csv", lambda p: p.write_text("pid,age\n"), "no rows"),
    "no such column": ("t.csv", lambda p: p.write_text("a,b\n1,2\n"), "no column pid"),
    "longer line": ("t.csv", lambda p: p.write_text(f"pid,age\n1,2,{SECRET}\n"), "cannot be read"),
    "open quote": ("t.csv", lambda p: p.write_text(f'pid,age\n1,"{SECRET}\n'), "cannot be read"),
    "not UTF-8": ("t.csv", lambda p: p.write_bytes(b"pid,n\n1,\xfc\n"), "not UTF-8"),
    "NUL": ("t.csv", lambda p: p.write_bytes(b"pid,n\n1\0a,2\n1\0b,3\n"), "NUL"),
    "one name twice": ("t.csv", lambda p: p.write_text("pid,age,age\n1,2,3\n"), "one name"),
    "no name": ("t.csv", lambda p: p.write_text("pid,\n1,2\n"), "without a name"),
    "empty": ("t.csv", lambda p: p.write_text(""), "without a name"),
    "two sheets": ("t.xlsx", two_sheets, "2 sheets"),
    "no workbook": ("t.xlsx", lambda p: p.write_text(SECRET), "cannot be read"),
    "no parquet": ("t.parquet", lambda p: p.write_text(SECRET), "cannot be read"),
    "unknown kind": ("t.sav", lambda p: p.write_text(SECRET), "unknown kind"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_without_a_value(tmp_path, case):
    name, make, said = BAD[case]
    make(tmp_path / name)
    with pytest.raises(InvalidInput) as caught:
        reading.read(tmp_path / name, "pid")
    assert said in caught.value.sentence()
    assert SECRET not in caught.value.sentence()


def test_a_workbook_that_unpacks_to_more_than_the_limit_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "BYTES_LIMIT", 1 << 20)
    a_bomb(tmp_path / "t.xlsx")
    with pytest.raises(InvalidInput, match="unpacks to more"):
        reading.read(tmp_path / "t.xlsx", "pid")


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("Geburtsdatum", ["1950-01-01", "1951-02-03"], Kind.AGE),
        ("patientAge", ["50", "61"], Kind.AGE),
        ("marital_status", ["single", "married"], Kind.SOCIAL),
        ("vital_status", ["alive", "dead"], Kind.SENSITIVE),
        ("x", ["2020-01-01", "2021-02-03"], Kind.DATE),
        ("plz", ["80331", "80333"], Kind.REGION),
        ("surname", ["a", "a"], Kind.IDENTIFIER),
        ("case", [f"K{n}" for n in range(60)], Kind.IDENTIFIER),
        ("volume", [f"{n}.5" for n in range(60)], Kind.MEASURE),
        ("volume", [str(n) for n in range(60)], Kind.OTHER),
        ("remarks", ["as before", "new"], Kind.FREE_TEXT),
        ("q7", ["a", "b"], Kind.OTHER),
    ],
)  # fmt: skip
def test_a_column_is_known_by_its_header_and_values(name, values, kind):
    assert columns.kind_of(name, pandas.Series(values)) is kind


def test_what_the_caller_says_decides_and_must_be_a_kind_of_a_column():
    table = pandas.DataFrame({"pid": ["1"], "q": ["x"]})
    assert columns.kinds_of(table, "pid", {"q": "measure"})["q"] is Kind.MEASURE
    for said in ({"q": "nonsense"}, {"r": "measure"}):
        with pytest.raises(InvalidInput):
            columns.kinds_of(table, "pid", said)
