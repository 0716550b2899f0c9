"""The table of PS3.15 E.1-1 is the edition that it says it is."""

from __future__ import annotations

import importlib

import pytest

from vitrine.deid.rules import profile, table
from vitrine.errors import IntegrityError, InvalidInput

OURS = {"X", "D", "U", "Z", "X/D", "X/Z", "X/Z/D", "Z/D", "X/Z/U*"}


def test_every_row_has_an_action_that_the_standard_knows():
    assert {row.basic for row in table.rows().values()} == OURS
    assert len(table.rows()) == 652


def test_the_actions_are_those_of_another_package_for_the_same_edition():
    theirs = importlib.import_module(
        "dicomanonymizer.dicom_anonymization_databases.dicomfields_2026c"
    )
    names = {
        "X_TAGS": "X", "D_TAGS": "D", "U_TAGS": "U", "Z_TAGS": "Z", "X_D_TAGS": "X/D",
        "X_Z_TAGS": "X/Z", "X_Z_D_TAGS": "X/Z/D", "Z_D_TAGS": "Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*",
    }  # fmt: skip
    other = {
        (tag[0] << 16) | tag[1]: action
        for name, action in names.items()
        for tag in getattr(theirs, name)
        if len(tag) == 2
    }
    assert {tag: row.basic for tag, row in table.rows().items()} == other


def test_the_newest_rows_have_their_options():
    rows = table.rows()
    assert rows[0x00102161].options == {"rtnPatCharsOpt": "K"}
    assert rows[0x00321033].options["cleanDescOpt"] == "C"
    assert sum("rtnLongModifDatesOpt" in row.options for row in rows.values()) == 169


def test_a_changed_table_is_not_used(monkeypatch):
    monkeypatch.setattr(table, "SHA256", "0" * 64)
    with pytest.raises(IntegrityError):
        table.rows.__wrapped__()


def test_a_profile_with_an_unknown_setting_is_none(tmp_path):
    (tmp_path / "mine.json").write_text('{"name": "mine", "keep_everything": true}')
    with pytest.raises(InvalidInput, match="no profile"):
        profile.load(str(tmp_path / "mine.json"))
