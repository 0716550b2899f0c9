"""The example of a node's settings, against the program that reads them."""

from dataclasses import fields
from pathlib import Path

from vitrine.settings import Settings, read_env_file, variable

EXAMPLE = Path(__file__).parents[2] / "deploy" / "env.example"


def uncommented(target: Path) -> Path:
    """The example with every variable set to what it shows."""
    lines = EXAMPLE.read_text().splitlines()
    target.write_text("\n".join(line.removeprefix("#") for line in lines if "VITRINE_" in line[:9]))
    return target


def test_the_example_names_every_setting_and_no_other(tmp_path):
    named = set(read_env_file(uncommented(tmp_path / "env")))
    assert named == {variable(field.name) for field in fields(Settings)}


def test_the_example_shows_the_defaults(tmp_path):
    assert Settings.from_env(read_env_file(uncommented(tmp_path / "env"))) == Settings.from_env({})


def test_the_example_as_it_is_changes_nothing():
    assert read_env_file(EXAMPLE) == {}


def test_every_setting_is_explained():
    lines = EXAMPLE.read_text().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("#VITRINE_"):
            assert lines[number - 1].startswith("# "), f"{line} has no explanation"
