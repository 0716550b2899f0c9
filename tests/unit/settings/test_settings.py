"""Settings are read once, checked once and complained about all at once."""

from pathlib import Path

import pytest

from vitrine.errors import SettingsError
from vitrine.settings import Settings, load, read_env_file


def test_a_node_runs_on_defaults_alone():
    settings = Settings.from_env({})
    assert settings.sqlite_path == Path("/var/lib/vitrine/db/vitrine.sqlite")
    assert settings.gate_control_socket == Path("/run/vitrine/gate/control.sock")


def test_moving_the_state_moves_everything_below_it():
    settings = Settings.from_env({"VITRINE_STATE_ROOT": "/srv/v"})
    assert settings.journal_root == Path("/srv/v/journal")
    assert settings.database_url == "sqlite:////srv/v/db/vitrine.sqlite"
    assert settings.audit_sink == Path("/srv/v/offhost/checkpoints.jsonl")


def test_every_problem_is_reported_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(
            {
                "VITRINE_SESSION_CPUS": "many",
                "VITRINE_BLOB_ROOT": "blobs",
                "VITRINE_NODE_NAME": " ",
            }
        )
    for name in ("SESSION_CPUS", "BLOB_ROOT", "NODE_NAME"):
        assert f"VITRINE_{name}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        pytest.param("REVIEWERS_REQUIRED", "0", "greater than 0", id="nobody has to agree"),
        pytest.param("SESSION_CPUS", "nan", "greater than 0", id="not a number"),
        pytest.param("SESSION_CPUS", "inf", "greater than 0", id="endless"),
        pytest.param("REVIEW_URL", "http://127.0.0.1:8010", "another host name", id="one origin"),
        pytest.param("HUB_URL", "ftp://hub", "must be http", id="scheme"),
        pytest.param("HUB_URL", "http://hub/path", "without a path", id="path"),
        pytest.param("DATABASE_URL", "mysql://db", "sqlite:/// or postgresql://", id="server"),
        pytest.param("DATABASE_URL", "sqlite:///here.db", "absolute path", id="relative file"),
        pytest.param("ACCOUNT_GATE", "vitrine-hub", "another Unix account", id="shared account"),
        pytest.param("STATE_ROOT", "/a/../b", "without '..'", id="dots"),
        pytest.param("KERNEL_UID_BASE", "1000", "at least 100000", id="uid of a person"),
        pytest.param("LAB_UID_BASE", "200001", "50000 apart", id="uids that meet"),
        pytest.param("EXPORT_FILE_MB", "100", "must not exceed", id="file beyond request"),
        pytest.param("RUN_ROOT", "/" + "x" * 80, "too long for the sockets", id="socket path"),
    ],
)
def test_a_value_that_would_hurt_is_refused(name, value, complaint):
    with pytest.raises(SettingsError, match=complaint):
        Settings.from_env({f"VITRINE_{name}": value})


def test_a_password_in_the_database_url_is_not_shown():
    url = "postgresql://hub:planted-secret@db/vitrine"
    assert "planted-secret" not in repr(Settings.from_env({"VITRINE_DATABASE_URL": url}))


def test_the_real_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "env"
    file.write_text("# node\n\nVITRINE_NODE_NAME='alpha'\nVITRINE_SESSION_PIDS=64\nOTHER=1\n")
    found = load({"VITRINE_ENV_FILE": str(file), "VITRINE_NODE_NAME": "beta"})
    assert (found.node_name, found.session_pids) == ("beta", 64)


def test_a_misspelt_variable_in_the_file_is_named(tmp_path):
    file = tmp_path / "env"
    file.write_text("VITRINE_SESION_PIDS=64\n")
    with pytest.raises(SettingsError, match="VITRINE_SESION_PIDS"):
        load({"VITRINE_ENV_FILE": str(file)})


def test_a_file_that_is_named_must_be_there(tmp_path):
    with pytest.raises(SettingsError, match="cannot read the environment file"):
        load({"VITRINE_ENV_FILE": str(tmp_path / "none")})


def test_a_line_that_is_no_assignment_is_named(tmp_path):
    file = tmp_path / "env"
    file.write_text("A=1\nexport B=2\n")
    with pytest.raises(SettingsError, match="line 2"):
        read_env_file(file)
