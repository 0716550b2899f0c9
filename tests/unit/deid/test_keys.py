"""Keys: who may read them, and what they make of identifiers."""

from __future__ import annotations

import re

import pytest

from vitrine.deid import keys
from vitrine.deid.keys import Key
from vitrine.errors import InvalidInput


def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "key"
    keys.new(path)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="open to others"):
        keys.read(path)


def test_a_key_is_never_overwritten(tmp_path):
    keys.new(tmp_path / "key")
    with pytest.raises(InvalidInput, match="never overwritten"):
        keys.new(tmp_path / "key")


def test_a_rotated_key_is_another_and_the_old_one_is_kept(tmp_path):
    old = keys.new(tmp_path / "key")
    key, kept = keys.rotate(tmp_path / "key")
    assert key.id != old.id
    assert keys.read(kept) == old
    assert keys.read(tmp_path / "key") == key


def test_a_destroyed_key_is_gone(tmp_path):
    key = keys.new(tmp_path / "key")
    assert keys.destroy(tmp_path / "key") == key.id
    assert not (tmp_path / "key").exists()


def test_neither_secret_nor_identifier_shows():
    key = Key(b"s" * 32)
    assert "ssss" not in repr(key)
    assert "MRN1" not in key.pseudonym("MRN1")


def test_uids_are_valid_and_those_of_the_standard_stay():
    key = Key(b"s" * 32)
    made = key.uid("1.2.3.4")
    assert re.fullmatch(r"2\.25\.(0|[1-9][0-9]*)", made)
    assert len(made) <= 64
    assert key.uid("1.2.3.4\0") == made
    assert key.uid("1.2.840.10008.5.1.4.1.1.2") == "1.2.840.10008.5.1.4.1.1.2"


def test_domains_and_keys_do_not_link():
    one, other = Key(b"1" * 32), Key(b"2" * 32)
    assert one.pseudonym("7") != other.pseudonym("7")
    assert len({one.shift_days(str(each), 365, 3650) for each in range(50)}) > 30
