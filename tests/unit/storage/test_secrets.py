"""One secret, one reader; what exists is never replaced."""

import dataclasses
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.cellar import some_settings
from vitrine.errors import IntegrityError, NotFound
from vitrine.storage import secrets


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path)


@pytest.fixture
def made(settings):
    return secrets.make_missing(settings)


def test_every_secret_is_made_once(settings, made):
    assert [each.path for each in made] == [each.path for each in secrets.files(settings)]
    before = {each.path: each.path.read_bytes() for each in made}
    assert secrets.make_missing(settings) == []
    assert {path: path.read_bytes() for path in before} == before


def test_only_the_public_key_is_for_others(settings, made):
    modes = {each.path.name: stat.S_IMODE(each.path.stat().st_mode) for each in made}
    assert modes.pop("signing.pub") == 0o644
    assert set(modes.values()) == {0o600}


def test_secrets_differ_unless_they_are_shared(settings, made):
    contents = [each.path.read_bytes() for each in made]
    shared = sum(len(processes) - 1 for processes in secrets.TOKENS.values())
    assert len(set(contents)) == len(contents) - shared
    for name, processes in secrets.TOKENS.items():
        assert len({secrets.read(settings, process, name) for process in processes}) == 1


def test_a_lost_copy_of_a_shared_token_is_copied_back(settings, made):
    token = secrets.read(settings, "hub", "proxy_token")
    (settings.secrets_root / "hub" / "proxy_token").unlink()
    secrets.make_missing(settings)
    assert secrets.read(settings, "hub", "proxy_token") == token


def test_a_lost_signing_key_is_not_silently_replaced(settings, made):
    (settings.secrets_root / "steward" / "signing.pem").unlink()
    with pytest.raises(NotFound, match="is gone, but its public half"):
        secrets.make_missing(settings)


def test_a_lost_public_key_comes_back_from_the_signing_key(settings, made):
    path = settings.secrets_root / "steward" / "signing.pub"
    before = path.read_bytes()
    path.unlink()
    secrets.make_missing(settings)
    assert path.read_bytes() == before


def test_the_two_halves_belong_together(settings, made):
    signature = secrets.signing_key(settings).sign(b"x")
    secrets.public_key(settings).verify(signature, b"x")
    assert isinstance(secrets.signing_key(settings), Ed25519PrivateKey)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_secret_that_others_may_read_is_refused(settings, made, mode):
    path = settings.secrets_root / "hub" / "cookie_secret"
    path.chmod(mode)
    with pytest.raises(IntegrityError, match="others may read"):
        secrets.read(settings, "hub", "cookie_secret")


def test_a_missing_secret_says_how_to_make_it(settings):
    with pytest.raises(NotFound) as caught:
        secrets.read(settings, "hub", "cookie_secret")
    assert "vitrine node init" in caught.value.sentence()


def test_what_is_no_key_is_refused(settings, made):
    steward = settings.secrets_root / "steward"
    (steward / "signing.pem").write_text("nonsense")
    (steward / "signing.pub").write_text("nonsense")
    with pytest.raises(IntegrityError):
        secrets.signing_key(settings)
    with pytest.raises(IntegrityError):
        secrets.public_key(settings)


def test_a_node_with_a_webhook_has_a_secret_for_it(settings):
    hooked = dataclasses.replace(settings, webhook_url="https://chat.example/hook")
    secrets.make_missing(hooked)
    assert len(secrets.read(hooked, "steward", secrets.WEBHOOK_SECRET)) >= 32
    assert hooked.secrets_root / "steward" / "webhook_secret" not in {
        each.path for each in secrets.files(settings)
    }
