import os

import pytest

from tests.support.cellar import a_database, some_settings
from tests.support.commands import CommandLine
from vitrine.storage import secrets


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path, run_root=f"/tmp/vitrine-test-{os.getpid()}")


@pytest.fixture
def database(settings):
    made = a_database(settings)
    secrets.make_missing(settings)
    settings.audit_sink.parent.mkdir()
    return made


@pytest.fixture
def vitrine(capsys, monkeypatch, settings):
    return CommandLine(capsys, monkeypatch).on(settings)
