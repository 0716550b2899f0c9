"""The walk-through shows pictures that are there, small, and told in words."""

from __future__ import annotations

from tests.support.album import GUIDE, LARGEST_BYTES, PICTURES, shown_in_the_guide


def test_the_guide_shows_every_picture_of_its_folder_and_no_other() -> None:
    assert set(shown_in_the_guide()) == {path.stem for path in PICTURES.iterdir()}
    assert GUIDE.read_text(encoding="utf-8").count("![") == len(shown_in_the_guide())


def test_each_picture_of_the_guide_is_small_and_has_its_text() -> None:
    for name, text in shown_in_the_guide().items():
        assert len(text) > 20, f"{name} needs a text for those who do not see it"
        assert (PICTURES / f"{name}.png").stat().st_size < LARGEST_BYTES, name
