"""Who may enter which directory of a node."""

import os
import stat

import pytest

from tests.support.cellar import some_settings
from vitrine.errors import SettingsError
from vitrine.storage import layout
from vitrine.storage.layout import Directory

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives directories away")


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path, run_root=f"/tmp/vt-{os.getpid()}/run")


@pytest.fixture
def places(settings):
    return {str(each.path): each for each in layout.directories(settings)}


def place(places, path):
    found = places[str(path)]
    return found.owner, found.group, found.mode


def test_parents_come_before_children(settings):
    seen = []
    for each in layout.directories(settings):
        assert not any(path.is_relative_to(each.path) for path in seen)
        seen.append(each.path)


def test_the_gate_can_use_neither_the_database_nor_a_key(settings, places):
    for path in (settings.sqlite_path.parent, settings.secrets_root / "hub"):
        owner, group, mode = place(places, path)
        assert settings.account_gate not in (owner, group)
        assert mode & 0o007 == 0
    assert "gate" not in layout.DATABASE_MEMBERS
    assert "parser" not in layout.DATABASE_MEMBERS


def test_journals_are_written_by_the_gate_and_read_by_the_steward(settings, places):
    for root in (settings.journal_root, settings.draft_root):
        assert place(places, root) == ("vitrine-gate", "vitrine-steward", 0o2750)


def test_shares_are_written_by_the_steward_and_read_by_the_gate(settings, places):
    assert place(places, settings.share_root) == ("vitrine-steward", "vitrine-gate", 0o2750)


def test_nobody_but_root_reaches_workspaces(settings, places):
    assert place(places, settings.workspace_root) == ("root", "root", 0o700)


def test_every_socket_lies_in_a_directory_of_its_process(settings, places):
    sockets = {
        settings.gate_control_socket: "vitrine-gate",
        settings.host_socket: "root",
        settings.parser_socket: "vitrine-parser",
        settings.hub_socket: "vitrine-hub",
    }
    for path, owner in sockets.items():
        assert place(places, path.parent)[0] == owner
        assert place(places, path.parent)[2] & 0o022 == 0  # nobody else can put a socket there


def test_missing_accounts_come_with_the_commands_that_make_them(tmp_path):
    settings = some_settings(tmp_path, account_hub="nobody-has-this-name")
    commands = layout.missing_accounts(settings)
    assert any(command.endswith(" nobody-has-this-name") for command in commands)
    with pytest.raises(SettingsError, match="lacks Unix accounts") as caught:
        layout.require_accounts(settings)
    assert "useradd" in caught.value.sentence()


@as_root
def test_a_directory_is_made_mended_and_then_left_alone(tmp_path):
    wanted = Directory(tmp_path / "a" / "b", "nobody", "nogroup", 0o2750)
    old = os.umask(0o077)
    try:
        assert layout.make([wanted], with_owners=True) == [wanted]
    finally:
        os.umask(old)
    assert wanted.problem() == ""
    assert layout.make([wanted], with_owners=True) == []
    wanted.path.chmod(0o777)
    assert "has mode 0777, not 2750" in wanted.problem()
    os.chown(wanted.path, 0, 0)
    assert "belongs to root:root, not nobody:nogroup" in wanted.problem()
    assert layout.make([wanted], with_owners=True) == [wanted]
    assert wanted.problem() == ""


def test_a_foreign_mount_is_left_as_it_is(tmp_path):
    path = tmp_path / "mount"
    path.mkdir()
    path.chmod(0o700)
    assert (
        layout.make([Directory(path, "root", "root", 0o755, is_kept=True)], with_owners=False) == []
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    problem = Directory(tmp_path / "file", "root", "root", 0o755).problem()
    assert "is not a directory" in problem
