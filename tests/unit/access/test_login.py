"""Signing in: right words open, wrong ones all look alike, a code works once."""

import time

import pyotp
import pytest
from argon2 import PasswordHasher

from tests.support.cellar import PASSWORD, SetClock, a_database, an_account, some_settings
from vitrine.access import enrol, password, store
from vitrine.access.account import Role
from vitrine.access.login import REFUSAL, authenticate
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.errors import Conflict, InvalidInput, NotFound, NotPermitted


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path, lockout_attempts=3, lockout_minutes=15)


@pytest.fixture
def database(settings):
    return a_database(settings)


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def sign_in(database, settings, clock):
    def attempt(name="ann", word=PASSWORD, otp=""):
        return authenticate(database, name, word, otp, settings=settings, clock=clock)

    return attempt


@pytest.fixture(autouse=True)
def quick_hashing(request, monkeypatch):
    """Real argon2 with a low cost, except where the cost is what is tested."""
    if "takes_as_long" not in request.node.name:
        monkeypatch.setattr(password, "_HASHER", PasswordHasher(1, 64, 1))


def refused(sign_in, *args, **kwargs):
    with pytest.raises(NotPermitted) as caught:
        sign_in(*args, **kwargs)
    assert caught.value.sentence() == REFUSAL


def events(database):
    with database.read() as tx:
        return [(entry.event, entry.detail.get("reason")) for entry in log.entries(tx)][1:]


def everything_audited(database):
    with database.read() as tx:
        return "".join(f"{entry.body}" for entry in log.entries(tx))


def test_the_right_password_opens_the_account(database, sign_in):
    account = an_account(database, "ann", Role.RESEARCHER, Role.AUDITOR)
    assert sign_in() == account
    assert account.roles == {Role.RESEARCHER, Role.AUDITOR}
    assert events(database) == [(Event.LOGIN, None)]


@pytest.mark.parametrize(
    ("name", "word", "reason"),
    [
        pytest.param("ann", "wrong", "wrong password", id="wrong password"),
        pytest.param("bob", PASSWORD, "no such account", id="unknown name"),
        pytest.param("Ann", PASSWORD, "no such account", id="another spelling"),
        pytest.param("ann\0", PASSWORD, "no such account", id="zero character"),
        pytest.param("ann", "\ud800", "wrong password", id="not text"),
        pytest.param("ann", "", "wrong password", id="empty"),
        pytest.param("ann", "x" * 100_000, "wrong password", id="very long"),
    ],
)
def test_every_wrong_attempt_gets_the_same_answer(database, sign_in, name, word, reason):
    an_account(database)
    refused(sign_in, name, word)
    assert events(database) == [(Event.LOGIN_REFUSED, reason)]


def test_no_password_and_no_unknown_name_reaches_the_log(database, sign_in):
    an_account(database)
    refused(sign_in, "ann", "planted-password")
    refused(sign_in, "planted-name", "x")
    assert "planted" not in everything_audited(database)


def test_an_unknown_name_takes_as_long_as_a_wrong_password(database, sign_in, monkeypatch):
    an_account(database)
    checked = []
    real = password.matches
    monkeypatch.setattr(
        password, "matches", lambda word, hash_: checked.append(hash_) or real(word, hash_)
    )
    refused(sign_in, "nobody", "x")
    refused(sign_in, "ann", "x")
    unknown, known = (hash_.split("$")[1:4] for hash_ in checked)
    assert unknown == known
    times = []
    for hash_ in checked:
        start = time.perf_counter()
        real("x", hash_)
        times.append(time.perf_counter() - start)
    assert times[0] > times[1] / 4  # the dummy is really computed, not rejected at once


def test_a_disabled_account_stays_closed(database, sign_in):
    an_account(database)
    enrol.set_disabled(database, "ann", True, actor="os:root")
    refused(sign_in)
    assert events(database)[-1] == (Event.LOGIN_REFUSED, "disabled")
    enrol.set_disabled(database, "ann", False, actor="os:root")
    sign_in()


def test_too_many_failures_lock_the_account_for_a_while(database, sign_in, clock):
    an_account(database)
    for _ in range(3):
        refused(sign_in, word="wrong")
    refused(sign_in)
    assert [reason for _, reason in events(database)] == [
        "wrong password",
        "wrong password",
        "wrong password, now locked",
        "locked",
    ]
    clock.move(minutes=16)
    sign_in()


def test_a_success_forgets_earlier_failures(database, sign_in):
    an_account(database)
    for _ in range(3):
        refused(sign_in, word="wrong")
        sign_in()


def test_a_reset_ends_the_lock_out_and_the_old_password(database, sign_in):
    an_account(database)
    for _ in range(3):
        refused(sign_in, word="wrong")
    made = enrol.reset(database, "ann", actor="os:root")
    sign_in(word=made.password)
    refused(sign_in, word=PASSWORD)


class TestOneTimeCodes:
    @pytest.fixture
    def secret(self, database):
        made = enrol.enrol(
            database,
            "ann",
            roles=frozenset({Role.RESEARCHER}),
            password=PASSWORD,
            with_totp=True,
            actor="os:root",
        )
        return made.totp_secret

    def code(self, secret, clock, steps=0):
        return pyotp.TOTP(secret).at(int(clock.now.timestamp()) + 30 * steps)

    def test_the_right_code_opens(self, sign_in, secret, clock):
        sign_in(otp=self.code(secret, clock))

    def test_no_code_or_another_one_does_not(self, database, sign_in, secret, clock):
        refused(sign_in)
        refused(sign_in, otp="éé")
        assert events(database)[-1] == (Event.LOGIN_REFUSED, "wrong or used code")

    def test_a_code_works_once(self, sign_in, secret, clock):
        sign_in(otp=self.code(secret, clock))
        refused(sign_in, otp=self.code(secret, clock))
        clock.move(seconds=30)
        refused(sign_in, otp=self.code(secret, clock, -1))
        sign_in(otp=self.code(secret, clock))

    def test_a_clock_may_be_half_a_minute_off_and_no_more(self, sign_in, secret, clock):
        sign_in(otp=self.code(secret, clock, -1))
        refused(sign_in, otp=self.code(secret, clock, 2))
        refused(sign_in, otp=self.code(secret, clock, -2))

    def test_a_wrong_password_does_not_use_the_code_up(self, sign_in, secret, clock):
        refused(sign_in, word="wrong", otp=self.code(secret, clock))
        sign_in(otp=self.code(secret, clock))

    def test_taking_the_codes_away_leaves_the_password(self, database, sign_in, secret):
        made = enrol.reset(database, "ann", with_totp=False, actor="os:root")
        sign_in(word=made.password)


def test_a_random_password_is_long_and_never_the_same():
    words = {password.random_password() for _ in range(100)}
    assert len(words) == 100
    assert all(len(word) == 27 for word in words)


def test_what_is_shown_once_does_not_show_in_a_repr(database):
    made = enrol.enrol(
        database, "ann", roles=frozenset({Role.AUDITOR}), with_totp=True, actor="os:root"
    )
    assert made.password not in repr(made)
    assert made.totp_secret not in repr(made)
    with database.read() as tx:
        assert "argon2" not in repr(store.credentials(tx, "ann"))


@pytest.mark.parametrize("name", ["", "a", "Ann", "ann_b", "../ann", "ann ", "-ann", "x" * 33])
def test_a_name_that_is_unsafe_anywhere_is_refused(database, name):
    with pytest.raises(InvalidInput):
        an_account(database, name)


def test_an_account_cannot_be_added_twice_or_changed_when_absent(database):
    an_account(database)
    with pytest.raises(Conflict, match="exists already"):
        an_account(database)
    with pytest.raises(NotFound, match="'bob'"):
        enrol.reset(database, "bob", actor="os:root")
    with pytest.raises(NotFound):
        enrol.set_disabled(database, "bob", True, actor="os:root")


def test_a_short_password_is_refused_and_nothing_is_added(database):
    with pytest.raises(InvalidInput, match="shorter than 12"):
        enrol.enrol(
            database, "ann", roles=frozenset({Role.AUDITOR}), password="short", actor="os:root"
        )
    with database.read() as tx:
        assert store.accounts(tx) == []
        assert log.head(tx).sequence == 0


def test_roles_are_words_of_the_vocabulary():
    assert enrol.parse_roles(["output-checker", "Researcher"]) == {
        Role.OUTPUT_CHECKER,
        Role.RESEARCHER,
    }
    with pytest.raises(InvalidInput, match="'root' is not a role"):
        enrol.parse_roles(["root"])


def test_changing_roles_records_both(database):
    an_account(database)
    enrol.set_roles(database, "ann", frozenset({Role.AUDITOR}), actor="os:root")
    with database.read() as tx:
        entry = next(log.find(tx, event=Event.ACCOUNT_CHANGED))
        assert store.account(tx, "ann").roles == {Role.AUDITOR}
    assert entry.detail == {"roles": "auditor", "roles_before": "researcher"}
