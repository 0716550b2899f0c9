"""The key of these tests, and pydicom's own files."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from vitrine.deid.keys import Key

WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.fixture
def key():
    """A key that is the same in every test."""
    return Key(b"k" * 32)
