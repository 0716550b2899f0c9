"""How a notice leaves the node: as a mail to a person, or posted to the node's webhook.

What is sent is made of the notice alone: ids, a state, a due date, a link.
"""

from __future__ import annotations

import hashlib
import hmac
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import httpx

from vitrine.audit.chain import canonical
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.egress.service.notice import Kind, Notice
from vitrine.errors import Unavailable
from vitrine.settings import Settings
from vitrine.storage import secrets

TIMEOUT_S: Final = 10.0

SAYING: Final[Mapping[Kind, str]] = {
    Kind.SUBMITTED: "waits for review",
    Kind.REVIEWED: "has all its reviews and waits for a decision",
    Kind.RETURNED: "came back to its author",
    Kind.RELEASED: "was released",
    Kind.REJECTED: "was rejected",
    Kind.REVOKED: "was revoked",
    Kind.EXCEPTION_ASKED: "waits for a senior checker",
    Kind.EXCEPTION_ANSWER: "has an answer of a senior checker",
    Kind.FROZEN: "is frozen: a disclosure was reported",
    Kind.DUE_SOON: "is due soon",
    Kind.OVERDUE: "is overdue",
}


def facts(notice: Notice, settings: Settings) -> dict[str, str | None]:
    """Everything that a notice says."""
    return {
        "request": notice.request_id,
        "kind": str(notice.kind),
        "state": str(notice.state),
        "due_at": None if notice.due_at is None else timestamp(notice.due_at),
        "link": f"{settings.review_url.rstrip('/')}/requests/{notice.request_id}",
    }


def letter(notice: Notice, address: str, settings: Settings) -> EmailMessage:
    """The mail to `address`; sent again, it has the same Message-ID."""
    said = facts(notice, settings)
    made = EmailMessage()
    made["From"] = settings.mail_from
    made["To"] = address
    made["Date"] = format_datetime(notice.created_at)
    made["Message-ID"] = f"<{notice.id}@{settings.mail_from.rpartition('@')[2].rstrip('>')}>"
    made["Auto-Submitted"] = "auto-generated"
    made["Subject"] = f"{notice.request_id} {SAYING[notice.kind]}"
    lines = [f"Release request {notice.request_id} {SAYING[notice.kind]}.", ""]
    lines += [f"State: {said['state']}"]
    lines += [f"Due: {said['due_at']}"] if said["due_at"] else []
    lines += [f"Link: {said['link']}"]
    made.set_content("\n".join(lines) + "\n")
    return made


class Mail:
    """The node's mail server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, notice: Notice, address: str) -> None:
        """Hand the mail over.

        Raises:
            Unavailable: when the server did not take it.
        """
        try:
            with self._open() as server:
                server.send_message(letter(notice, address, self._settings))
        except (OSError, smtplib.SMTPException) as error:
            # What the server says may quote the address: only the kind of trouble is told.
            raise Unavailable(
                f"the mail server did not take a notice: {type(error).__name__}"
            ) from None

    def _open(self) -> smtplib.SMTP:
        settings = self._settings
        where = (settings.mail_host, settings.mail_port)
        safe = ssl.create_default_context()
        if settings.mail_security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=TIMEOUT_S, context=safe)
        else:
            server = smtplib.SMTP(*where, timeout=TIMEOUT_S)
        if settings.mail_security == "starttls":
            server.starttls(context=safe)
        if settings.mail_user != "none":
            server.login(
                settings.mail_user, secrets.read(settings, "steward", secrets.MAIL_PASSWORD)
            )
        return server


class Webhook:
    """The address to which this node posts its notices."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self._settings = settings
        self._clock = clock

    def send(self, notice: Notice, address: str) -> None:
        """Post a notice as JSON to `address`, with its id, the time and a signature in headers.

        The signature is HMAC-SHA-256 over the time, a full stop and the body.

        Raises:
            Unavailable: when the other side did not take it.
        """
        body = canonical({"id": notice.id, **facts(notice, self._settings)})
        at = timestamp(self._clock())
        key = secrets.read(self._settings, "steward", secrets.WEBHOOK_SECRET).encode()
        signature = hmac.new(key, f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Vitrine-Notice": notice.id,
            "X-Vitrine-Time": at,
            "X-Vitrine-Signature": f"sha256={signature}",
        }
        try:
            with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
                status = client.post(address, content=body, headers=headers).status_code
        except httpx.HTTPError as error:
            raise Unavailable(f"the webhook does not answer: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise Unavailable(f"the webhook did not take a notice ({status})")
