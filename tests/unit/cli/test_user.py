"""`vitrine user`: passwords are shown once, and every change has its event."""

import pytest

from tests.support.cellar import PASSWORD
from vitrine.access.login import authenticate
from vitrine.audit import log
from vitrine.errors import NotPermitted


def sign_in(database, settings, word, otp=""):
    return authenticate(database, "ann", word, otp, settings=settings)


def audited(database):
    with database.read() as tx:
        return [(entry.event, entry.actor, entry.subject) for entry in log.entries(tx)]


def test_a_random_password_is_printed_once_and_works(vitrine, database, settings):
    answer = vitrine("user", "add", "ann", "--role", "researcher", "--json")
    assert answer.code == 0
    assert sign_in(database, settings, answer.json["password"]).name == "ann"
    ((event, actor, subject),) = audited(database)[:1]
    assert (event, subject) == ("account_added", "account:ann")
    assert actor.startswith("os:")
    assert answer.json["password"] not in vitrine("audit", "list", "--json").stdout


def test_a_password_from_a_pipe_is_not_echoed(vitrine, database, settings):
    words = ("user", "add", "ann", "--role", "researcher", "--role", "auditor")
    answer = vitrine(*words, "--password-stdin", stdin=PASSWORD + "\n")
    assert answer.code == 0
    assert PASSWORD not in answer.stdout + answer.stderr
    assert {role.value for role in sign_in(database, settings, PASSWORD).roles} == {
        "researcher",
        "auditor",
    }


def test_a_one_time_secret_is_printed_once(vitrine, database, settings):
    answer = vitrine("user", "add", "ann", "--role", "auditor", "--totp", "--json")
    assert answer.json["otpauth_uri"].startswith("otpauth://totp/vitrine:ann?secret=")
    with pytest.raises(NotPermitted):
        sign_in(database, settings, answer.json["password"])


def test_dry_runs_change_nothing(vitrine, database):
    vitrine("user", "add", "ann", "--role", "researcher")
    before = audited(database)
    for words in (("add", "bob", "--role", "auditor"), ("disable", "ann"), ("reset", "ann")):
        answer = vitrine("user", *words, "--dry-run")
        assert (answer.code, answer.stdout) == (0, "")
        assert "would" in answer.stderr
    assert vitrine("user", "add", "ann", "--role", "auditor", "--dry-run").code == 1
    assert vitrine("user", "reset", "eve", "--dry-run").code == 1
    assert audited(database) == before


def test_disabling_closes_and_undo_opens(vitrine, database, settings):
    vitrine("user", "add", "ann", "--role", "researcher", "--password-stdin", stdin=PASSWORD)
    assert vitrine("user", "disable", "ann").code == 0
    assert vitrine("user", "list", "--json").json[0]["is_disabled"] is True
    with pytest.raises(NotPermitted):
        sign_in(database, settings, PASSWORD)
    assert vitrine("user", "disable", "ann").code == 1
    assert vitrine("user", "disable", "ann", "--undo").code == 0
    sign_in(database, settings, PASSWORD)


def test_a_reset_prints_a_new_password(vitrine, database, settings):
    vitrine("user", "add", "ann", "--role", "researcher")
    answer = vitrine("user", "reset", "ann", "--json")
    sign_in(database, settings, answer.json["password"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["add", "Ann", "--role", "auditor"], "cannot be a person's name", id="name"),
        pytest.param(["add", "ann", "--role", "king"], "is not a role", id="role"),
        pytest.param(["disable", "eve"], "there is no account 'eve'", id="unknown"),
    ],
)
def test_bad_input_is_one_sentence(vitrine, database, words, sentence):
    answer = vitrine("user", *words)
    assert answer.code == 1
    assert sentence in answer.stderr
    assert audited(database) == []


def test_a_table_is_not_folded_in_a_pipe(vitrine, database):
    name = "an-account-with-a-long-name-here"
    vitrine("user", "add", name, "--role", "researcher", "--display-name", "x" * 99)
    assert vitrine("user", "list").stdout.count("\n") == 2
