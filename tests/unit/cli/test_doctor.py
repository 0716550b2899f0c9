"""Break one thing, and the doctor names it and says how to mend it."""

import os
import pwd
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.cellar import some_settings
from vitrine.audit import log
from vitrine.audit.checkpoint import sign_checkpoint
from vitrine.audit.events import Event
from vitrine.cli.checkup import files, records, services
from vitrine.cli.checkup.finding import Level
from vitrine.clock import utc_now
from vitrine.storage import secrets

ME = pwd.getpwuid(os.getuid()).pw_name


def bad(findings, level=Level.FAIL):
    return [finding for finding in findings if finding.level is level]


def only(findings, level=Level.FAIL):
    (found,) = bad(findings, level)
    assert found.fix, f"{found.found} comes without a fix"
    return found


def note(database, clock=utc_now):
    with database.begin() as tx:
        log.record(tx, Event.LOGIN, actor="person:ann", subject="account:ann", clock=clock)


def sign(database, settings, clock=utc_now, key=None):
    with database.begin() as tx:
        key = key or secrets.signing_key(settings)
        return sign_checkpoint(tx, key, settings.audit_sink, clock)


def an_hour_ago():
    return utc_now() - timedelta(hours=1)


class TestFiles:
    def test_missing_accounts_come_with_their_commands(self, tmp_path):
        settings = some_settings(tmp_path, account_gate="nobody-has-this-name")
        assert "useradd" in only(files.check_accounts(settings)).fix

    def test_every_missing_directory_is_named(self, settings):
        found = bad(files.check_directories(settings))
        assert any(str(settings.journal_root) in each.found for each in found)
        assert all("vitrine node init" in each.fix for each in found)

    def test_a_secret_that_others_may_read_is_named(self, tmp_path):
        names = ("hub", "gate", "steward", "review", "parser", "proxy")
        settings = some_settings(tmp_path)
        for name in names:
            object.__setattr__(settings, f"account_{name}", ME)
        secrets.make_missing(settings)
        assert bad(files.check_secrets(settings)) == []
        path = settings.secrets_root / "hub" / "cookie_secret"
        path.chmod(0o644)
        assert f"{path} has mode 0644, not 0600" in only(files.check_secrets(settings)).found
        path.unlink()
        assert str(path) in only(files.check_secrets(settings)).found

    def test_a_journal_without_room_is_named(self, tmp_path):
        settings = some_settings(tmp_path, journal_limit_mb=10**9)
        settings.journal_root.mkdir(parents=True)
        found = bad(files.check_disks(settings))
        assert "MiB needed" in found[0].found

    @pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="no memory filesystem here")
    def test_a_journal_in_memory_is_named(self, tmp_path):
        settings = some_settings(tmp_path, journal_root="/dev/shm", journal_limit_mb=1)
        settings.workspace_root.mkdir(parents=True)
        assert any("lies in memory" in each.found for each in bad(files.check_disks(settings)))

    def test_journals_that_workspaces_can_crowd_out_are_a_warning(self, settings):
        for path in (settings.journal_root, settings.workspace_root):
            path.mkdir(parents=True)
        warnings = bad(files.check_disks(settings), Level.WARN)
        assert any("share a filesystem" in each.found for each in warnings)


class TestRecords:
    def test_a_node_without_a_database(self, settings):
        found = only(records.check_database(settings))
        assert "vitrine node init" in found.fix

    def test_a_database_of_an_older_version(self, settings, database):
        with database.begin() as tx:
            tx.exec_driver_sql("UPDATE alembic_version SET version_num = '0001_cellar'")
        assert "has the schema 0001_cellar" in only(records.check_database(settings)).found

    def test_a_file_that_is_no_database(self, settings, database):
        database.close()
        settings.sqlite_path.write_bytes(b"nonsense" * 1000)
        assert "cannot be opened" in only(records.check_database(settings)).found

    def test_a_healthy_node_has_nothing_to_mend(self, settings, database):
        note(database)
        sign(database, settings)
        assert bad(records.check_database(settings)) == []

    def test_a_clock_that_went_back(self, settings, database):
        note(database)
        findings = records.check_database(settings, an_hour_ago)
        assert any("clock is behind" in each.found for each in bad(findings))

    def test_a_log_that_was_never_signed(self, settings, database):
        note(database)
        warnings = bad(records.check_database(settings), Level.WARN)
        assert any("never signed" in each.found for each in warnings)

    def test_a_steward_that_sleeps(self, settings, database):
        note(database, an_hour_ago)
        sign(database, settings, an_hour_ago)
        assert bad(records.check_database(settings)) == []
        note(database)
        warnings = bad(records.check_database(settings), Level.WARN)
        assert any("more happened since" in each.found for each in warnings)

    def test_a_checkpoint_of_another_key(self, settings, database):
        note(database)
        sign(database, settings, key=Ed25519PrivateKey.generate())
        assert "not signed by this node" in only(records.check_database(settings)).found

    def test_a_sink_that_lost_its_end(self, settings, database):
        note(database)
        sign(database, settings)
        settings.audit_sink.write_text("")
        assert "lacks the newest checkpoint" in only(records.check_database(settings)).found
        settings.audit_sink.unlink()
        assert "cannot read" in only(records.check_database(settings)).found


class TestServices:
    def test_an_engine_that_is_down(self, settings, monkeypatch):
        monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        found = only(services.check_engine(settings))
        assert "does not answer" in found.found
        assert "start docker" in found.fix

    @pytest.mark.docker
    def test_a_missing_image(self, tmp_path):
        settings = some_settings(tmp_path, kernel_image="vitrine/none")
        found = bad(services.check_engine(settings))
        assert found[0].found == "vitrine/none is missing"

    def test_a_socket_that_is_absent_deaf_or_answers(self, tmp_path):
        path = tmp_path / "s"
        assert "No such file" in services._answers("gate", path).found
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            assert "nobody listens" in services._answers("gate", path).found
            server.listen()
            assert services._answers("gate", path).level is Level.OK

    def test_nothing_at_an_address(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            assert "does not answer" in services._served("hub address", url, ME, "/").found

    def test_a_port_taken_by_something_else(self, page):
        found = services._served("hub address", page(200), "nobody", "/")
        assert found.found.endswith(f"is in use by a program of {ME}")
        assert "another port" in found.fix

    def test_an_address_that_answers(self, page):
        assert services._served("hub address", page(200), ME, "/").level is Level.OK
        assert services._served("hub address", page(302), ME, "/").level is Level.OK
        assert "answers 503" in services._served("hub address", page(503), ME, "/").found

    @pytest.fixture
    def page(self):
        servers = []

        def serve(status):
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

                def log_message(self, *_):
                    pass

            servers.append(HTTPServer(("127.0.0.1", 0), Handler))
            threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
            return f"http://127.0.0.1:{servers[-1].server_port}"

        yield serve
        for server in servers:
            server.shutdown()
            server.server_close()


def test_a_node_that_is_not_there_is_1_with_a_fix_for_every_failure(vitrine, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    answer = vitrine("doctor", "--json")
    assert answer.code == 1
    failures = [each for each in answer.json if each["level"] == "fail"]
    assert {"database", "engine", "gate socket"} <= {each["check"] for each in failures}
    assert all(each["fix"] for each in failures)
    assert f"{len(failures)} of {len(answer.json)} checks fail" in answer.stderr


def test_wrong_settings_are_the_only_finding(vitrine, monkeypatch):
    monkeypatch.setenv("VITRINE_SESSION_CPUS", "many")
    answer = vitrine("doctor", "--json")
    assert answer.code == 1
    (finding,) = answer.json
    assert "VITRINE_SESSION_CPUS" in finding["found"]
