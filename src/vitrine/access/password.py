"""Passwords and one-time codes: made, kept and checked."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vitrine.errors import InvalidInput

MINIMUM_LENGTH: Final = 12
MAXIMUM_LENGTH: Final = 256
"""Beyond this a password is an attempt to keep the hasher busy."""

TOTP_STEP_S: Final = 30
_TOTP_DRIFT_STEPS: Final = 1

_HASHER: Final = PasswordHasher()  # RFC 9106, second recommended option

UNKNOWN: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$dml0cmluZS11bmtub3duIQ$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""A hash that no password has, with the cost of a real one: checked for names nobody has."""


def hashed(password: str) -> str:
    """The argon2id hash of a password that may be used.

    Raises:
        InvalidInput: when it is too short or too long.
    """
    if len(password) < MINIMUM_LENGTH:
        raise InvalidInput(
            f"the password is shorter than {MINIMUM_LENGTH} characters", hint="use a longer one"
        )
    if len(password) > MAXIMUM_LENGTH:
        raise InvalidInput(f"the password is longer than {MAXIMUM_LENGTH} characters")
    return _HASHER.hash(_encoded(password))


def matches(password: str, password_hash: str) -> bool:
    """Whether `password` has that hash; takes the same time for any hash of this module."""
    try:
        return _HASHER.verify(password_hash, _encoded(password[: MAXIMUM_LENGTH + 1]))
    except (VerificationError, InvalidHashError):
        return False


def random_password() -> str:
    """A password with 120 random bits, in groups that can be read out."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs, none like another
    return "-".join("".join(secrets.choice(alphabet) for _ in range(6)) for _ in range(4))


def new_totp_secret() -> str:
    """A fresh secret for one-time codes, 160 random bits in base 32."""
    return pyotp.random_base32(32)


def otpauth_uri(secret: str, name: str, node_name: str) -> str:
    """What an authenticator application reads to be set up. Holds the secret: show it once."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=node_name)


def totp_step(secret: str, code: str, *, now: datetime, after: int) -> int | None:
    """The time step (RFC 6238) whose code this is, or None.

    Args:
        after: the step of the last code that was accepted; it and earlier ones are used up.
    """
    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // TOTP_STEP_S
    accepted = None
    for step in range(present - _TOTP_DRIFT_STEPS, present + _TOTP_DRIFT_STEPS + 1):
        expected = totp.generate_otp(step)
        if (
            hmac.compare_digest(expected.encode(), code.strip().encode("utf-8", "replace"))
            and step > after
        ):
            accepted = step
    return accepted


def _encoded(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # what a form posts need not be UTF-8
