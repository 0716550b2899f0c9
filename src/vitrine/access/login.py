"""Signing in: one answer for every wrong attempt, the real reason only in the audit log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from vitrine.access import password as passwords
from vitrine.access import store
from vitrine.access.account import Account
from vitrine.access.store import Credentials
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, parse_timestamp, timestamp, utc_now
from vitrine.errors import NotPermitted
from vitrine.ids import is_name
from vitrine.settings import Settings
from vitrine.storage.database import Database

REFUSAL: Final = "that name, password or code is not right, or the account is locked"
"""The only thing that a failed sign-in says to the one who tries."""

_NO_CREDENTIALS: Final = Credentials(passwords.UNKNOWN)


def authenticate(
    db: Database,
    name: str,
    password: str,
    otp: str = "",
    *,
    settings: Settings,
    clock: Clock = utc_now,
) -> Account:
    """The account that these words open; the attempt is audited either way.

    Every attempt costs one argon2 verification, also for names that nobody has. A one-time
    code works once. The password never reaches the log.

    Raises:
        NotPermitted: with `REFUSAL`, whatever the reason was.
    """
    with db.read() as tx:
        known = store.credentials(tx, name) if is_name(name) else None
    # Outside a transaction: hashing takes 50 ms and the write lock is everybody's.
    is_right = passwords.matches(password, (known or _NO_CREDENTIALS).password_hash)
    with db.begin() as tx:
        account, reason = _decide(tx, name, known, is_right, otp, settings, clock())
        if account is None:
            _record_refusal(tx, name, reason, clock)
        else:
            log.record(tx, Event.LOGIN, actor=account.actor, subject=f"account:{name}", clock=clock)
    if account is None:
        raise NotPermitted(REFUSAL)
    return account


def _decide(
    tx: Connection,
    name: str,
    checked: Credentials | None,
    is_right: bool,
    otp: str,
    settings: Settings,
    now: datetime,
) -> tuple[Account | None, str]:
    """The account or why not, with the counters brought up to date."""
    present = store.credentials(tx, name) if checked else None
    if checked is None or present is None:
        return None, "no such account"
    account = store.account(tx, name)
    if present.locked_until and now < parse_timestamp(present.locked_until):
        return None, "locked"
    if present.password_hash != checked.password_hash:
        return None, "password changed meanwhile"
    step = present.totp_last_step
    reason = "" if is_right else "wrong password"
    if present.totp_secret:
        found = passwords.totp_step(present.totp_secret, otp, now=now, after=step)
        if found is None:
            reason = reason or "wrong or used code"
        elif is_right:
            step = found
    if reason:
        return None, _count_failure(tx, name, present, reason, settings, now)
    if account.is_disabled:
        return None, "disabled"
    store.set_credentials(
        tx, name, replace(present, totp_last_step=step, failed_attempts=0, locked_until=None)
    )
    return account, ""


def _count_failure(
    tx: Connection, name: str, present: Credentials, reason: str, settings: Settings, now: datetime
) -> str:
    failed = present.failed_attempts + 1
    until = present.locked_until
    if failed >= settings.lockout_attempts:
        until = timestamp(now + timedelta(minutes=settings.lockout_minutes))
        failed = 0
        reason = f"{reason}, now locked"
    store.set_credentials(tx, name, replace(present, failed_attempts=failed, locked_until=until))
    return reason


def _record_refusal(tx: Connection, name: str, reason: str, clock: Clock) -> None:
    # A name that nobody has may be a password typed into the wrong field.
    shown = "unknown" if reason == "no such account" else name
    log.record(
        tx,
        Event.LOGIN_REFUSED,
        actor="system:hub",
        subject=f"account:{shown}",
        detail={"reason": reason},
        clock=clock,
    )
