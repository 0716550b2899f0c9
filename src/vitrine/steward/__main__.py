"""Run the steward: `python -m vitrine.steward`, under the account that owns the signing key."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vitrine import settings as settings_module
from vitrine.egress import judge, prepare, resubmit
from vitrine.egress.release import release_approved
from vitrine.egress.sandbox.client import Parser
from vitrine.egress.service.remind import remind
from vitrine.errors import Unavailable, VitrineError
from vitrine.session import control
from vitrine.settings import Settings
from vitrine.sharing.publish import Limits
from vitrine.sharing.shelf import Shelf
from vitrine.steward.duty import Duty, attend
from vitrine.steward.gate import Heads, Refusals
from vitrine.steward.keeping import Checkpoints, Datasets, Expiry
from vitrine.steward.notices import Sending
from vitrine.steward.post import Mail, Webhook
from vitrine.steward.spool import Drafts, Receipts, Shares
from vitrine.storage import secrets
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database

POLL_S: Final = 1.0
"""Pause of what people wait for: refusals, drafts, shares, releases."""

NOTE_S: Final = 30.0
"""Pause of heads and of checkpoints: together a head is signed outside within a minute."""


def duties(
    settings: Settings, db: Database, key: Ed25519PrivateKey, stopping: threading.Event
) -> list[Duty]:
    """Everything that the steward does."""
    blobs = BlobStore(settings.blob_root)
    parser = Parser(settings.parser_socket)

    def ask(request: Mapping[str, Any]) -> dict[str, Any]:
        return control.ask(settings.gate_control_socket, request)

    def release() -> str | None:
        released = release_approved(db, blobs, settings, key)
        return f"{len(released)} released" if released else None

    def clean() -> str | None:
        decided = prepare.clean_received(db, blobs, parser)
        return f"{decided} files cleaned" if decided else None

    def bring_in() -> str | None:
        brought = resubmit.bring_in_asked(db)
        return f"{brought} drafts brought into returned requests" if brought else None

    def check() -> str | None:
        checked = judge.check_received(db, blobs, parser)
        return f"{checked} requests checked" if checked else None

    def reminders() -> str | None:
        told = remind(db, timedelta(hours=settings.review_reminder_hours))
        return f"{told} turns reminded of" if told else None

    datasets = Datasets(db, settings.dataset_root, is_stopping=stopping.is_set)
    shelf = Shelf(settings.share_root)
    limits = Limits(project_mb=settings.share_project_mb, days=settings.share_days)
    checkpoints = Checkpoints(db, key, settings.audit_sink, settings.node_name)
    return [
        Duty("refusals", POLL_S, Refusals(db, ask).step),
        Duty("drafts", POLL_S, Drafts(db, blobs, ask, settings.draft_root).step),
        Duty("shares", POLL_S, Shares(db, shelf, limits, ask, settings.draft_root).step),
        Duty("receipts", POLL_S, Receipts(db, ask, settings.draft_root).step),
        Duty("resubmissions", POLL_S, bring_in),
        Duty("cleaning", POLL_S, clean),
        Duty("checks", POLL_S, check),
        Duty("releases", POLL_S, release),
        Duty("heads", POLL_S * 2, Heads(db, ask, every_s=NOTE_S).step),
        Duty("checkpoints", NOTE_S, checkpoints.step),
        Duty("expiry", NOTE_S / 2, Expiry(db).step),
        Duty("datasets", 60 * NOTE_S, datasets.step),
        Duty("reminders", NOTE_S, reminders),
        *_sending(settings, db),
    ]


def _sending(settings: Settings, db: Database) -> list[Duty]:
    """The duties of a node that sends its notices somewhere."""
    found = []
    if settings.mail_host != "none":
        found.append(Duty("mail", POLL_S * 5, Sending(db, Mail(settings)).step))
    if settings.webhook_url != "none":
        hook = Sending(db, Webhook(settings), webhook_url=settings.webhook_url)
        found.append(Duty("webhook", POLL_S * 5, hook.step))
    return found


def main() -> int:
    """Attend to every duty until SIGTERM; 1 with a sentence when the steward cannot start."""
    os.umask(0o007)
    logging.basicConfig(level=logging.INFO, format="steward: %(message)s", stream=sys.stderr)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    try:
        settings = settings_module.load()
        key = secrets.signing_key(settings)
        held = _alone(settings.secrets_root / "steward" / secrets.SIGNING_KEY)
        db = Database.open(settings)
        attend(duties(settings, db, key, stopping), stopping)
    except VitrineError as error:
        logging.getLogger("vitrine.steward").error("%s", error.sentence())
        return 1
    os.close(held)
    return 0


def _alone(key: Path) -> int:
    """Hold the key's lock for as long as this process lives: two stewards would do all twice.

    Raises:
        Unavailable: when another steward runs.
    """
    descriptor = os.open(key, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise Unavailable(
            "another steward runs on this node", hint="stop it before you start one"
        ) from None
    return descriptor


if __name__ == "__main__":
    sys.exit(main())
