"""`vitrine node init` makes what is missing and leaves the rest alone."""

import os
import shutil

import pytest

from vitrine.audit import log
from vitrine.storage import layout
from vitrine.storage.database import Database


@pytest.fixture(autouse=True)
def not_as_root(monkeypatch, settings):
    """The owners are tested with the layout; here the node belongs to whoever runs the test."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    yield
    shutil.rmtree(settings.run_root, ignore_errors=True)


def test_a_new_node_has_everything(vitrine, settings):
    answer = vitrine("node", "init", "--json")
    assert answer.code == 0
    assert set(answer.json["directories"]) == {
        str(each.path) for each in layout.directories(settings)
    }
    assert len(answer.json["secrets"]) == 8
    assert Database.open(settings).is_current()
    assert "not run as root" in answer.stderr


def test_doing_it_again_changes_nothing(vitrine, settings):
    vitrine("node", "init")
    answer = vitrine("node", "init", "--json")
    assert answer.json == {"directories": [], "secrets": [], "database": "unchanged"}
    with Database.open(settings).read() as tx:
        assert log.head(tx).sequence == 1


def test_what_a_reboot_took_comes_back(vitrine, settings):
    vitrine("node", "init")
    shutil.rmtree(settings.run_root)
    answer = vitrine("node", "init", "--json")
    assert str(settings.session_root) in answer.json["directories"]
    assert settings.gate_control_socket.parent.is_dir()


def test_a_dry_run_makes_nothing(vitrine, settings):
    answer = vitrine("node", "init", "--dry-run", "--json")
    assert answer.code == 0
    assert len(answer.json["secrets"]) == 8
    assert not settings.state_root.exists()


def test_missing_accounts_are_named_before_anything_is_made(vitrine, settings, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("VITRINE_ACCOUNT_HUB", "nobody-has-this-name")
    answer = vitrine("node", "init")
    assert answer.code == 1
    assert "useradd" in answer.stderr
    assert not settings.state_root.exists()


def test_settings_are_shown_without_the_password(vitrine, monkeypatch):
    url = "postgresql://hub:planted-secret@db/vitrine"
    monkeypatch.setenv("VITRINE_DATABASE_URL", url)
    answer = vitrine("node", "show", "--json")
    assert answer.json["database_url"] == "postgresql://hub@db/vitrine"
    assert "planted-secret" not in answer.stdout + answer.stderr
    assert vitrine("node", "show", "node_name", "--json").json == {"node_name": "vitrine"}
    assert vitrine("node", "show", "nonsense").code == 2
