"""Exit codes, sentences and who acts: the same for every command."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from vitrine.cli import main, output


def test_no_arguments_show_every_command(vitrine):
    answer = vitrine("--help")
    assert answer.code == 0
    for name in [*main.NOUNS, *main.VERBS]:
        if (Path(main.__file__).parent / f"{name}.py").exists():
            assert f"\n  {name} " in answer.stdout


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["nonsense"], id="no such noun"),
        pytest.param(["user", "nonsense"], id="no such verb"),
        pytest.param(["user", "add"], id="missing argument"),
        pytest.param(["user", "list", "--nonsense"], id="no such option"),
        pytest.param(["audit", "list", "--limit", "many"], id="not a number"),
        pytest.param(["audit", "list", "--event", "nonsense"], id="no such event"),
        pytest.param(["user", "list", "--actor", "os:eve"], id="the actor is never an option"),
    ],
)
def test_being_called_wrongly_is_2(vitrine, database, words):
    answer = vitrine(*words)
    assert (answer.code, answer.stdout) == (2, "")
    assert "Error" in answer.stderr


def test_a_refusal_is_1_and_one_sentence_with_the_way_out(vitrine):
    answer = vitrine("user", "list")
    assert (answer.code, answer.stdout) == (1, "")
    assert answer.stderr.count("\n") == 1
    assert answer.stderr.startswith("vitrine: the database ")


def test_wrong_settings_are_one_sentence(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_SESSION_CPUS", "many")
    answer = vitrine("user", "list")
    assert answer.code == 1
    assert "VITRINE_SESSION_CPUS must be a number" in answer.stderr


def test_the_actor_is_the_login_whatever_the_environment_says(monkeypatch):
    for name in ("USER", "LOGNAME", "SUDO_USER", "USERNAME"):
        monkeypatch.setenv(name, "eve")
    loginuid = Path("/proc/self/loginuid")
    uid = int(loginuid.read_text()) if loginuid.exists() else 2**32 - 1
    expected = pwd.getpwuid(os.getuid() if uid == 2**32 - 1 else uid).pw_name
    assert output.login_name() == expected


def test_control_characters_never_reach_the_terminal():
    assert "\x1b" not in output.cell_text("\x1b[2Jgone")


def test_the_installed_command_runs():
    command = Path(sys.executable).with_name("vitrine")
    done = subprocess.run([command, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Look at everything, take nothing" in done.stdout


def test_output_cut_off_by_its_reader_is_no_traceback(settings, database):
    command = Path(sys.executable).with_name("vitrine")
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} node show | head -n 1"],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "VITRINE_ENV_FILE": os.devnull,
            "VITRINE_STATE_ROOT": str(settings.state_root),
        },
    )
    assert "Traceback" not in done.stderr
