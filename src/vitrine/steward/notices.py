"""Sending notices, each until it was taken once, and reminding of what is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol

from vitrine.access import store as access
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress.service import notices
from vitrine.egress.service.notice import WEBHOOK, Notice
from vitrine.egress.trail import subject_of
from vitrine.errors import Unavailable
from vitrine.steward.gate import ACTOR
from vitrine.storage.database import Database

ATTEMPTS: Final = 8
"""How often a notice is tried: after 1, 2, 4 … minutes, for two hours in all."""

FIRST_PAUSE: Final = timedelta(minutes=1)


class Channel(Protocol):
    """A way out for notices."""

    def send(self, notice: Notice, address: str) -> None:
        """Hand a notice over; raises Unavailable when it was not taken."""


class Sending:
    """Sends what is to be sent through one channel.

    A notice is marked as sent after the other side took it. Killed between the two, the steward
    sends it again with the same id: it is never lost, and the other side can tell.
    """

    def __init__(
        self,
        db: Database,
        channel: Channel,
        *,
        webhook_url: str | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._db = db
        self._channel = channel
        self._webhook_url = webhook_url
        self._clock = clock

    def step(self) -> str | None:
        """Send what is to be sent now.

        Raises:
            Unavailable: at the first notice that is not taken; it waits, the others do not.
        """
        now = self._clock()
        by_webhook = self._webhook_url is not None
        with self._db.begin() as tx:
            notices.give_up_old(tx, now)
        with self._db.read() as tx:
            waiting = notices.to_send(tx, now, by_webhook=by_webhook)
            addresses = {each.name: each.mail for each in access.accounts(tx)}
        addresses[WEBHOOK] = self._webhook_url or ""
        unaddressed = [each for each in waiting if not addresses.get(each.recipient)]
        if unaddressed:
            with self._db.begin() as tx:
                notices.sent(tx, unaddressed, None)
        done = 0
        for notice in waiting:
            if address := addresses.get(notice.recipient):
                self._send(notice, address)
                done += 1
        return f"{done} sent" if done else None

    def _send(self, notice: Notice, address: str) -> None:
        try:
            self._channel.send(notice, address)
        except Unavailable:
            self._count_failure(notice)
            raise
        with self._db.begin() as tx:
            notices.sent(tx, [notice], self._clock())

    def _count_failure(self, notice: Notice) -> None:
        is_last = notice.attempts + 1 >= ATTEMPTS
        pause = FIRST_PAUSE * 2**notice.attempts
        with self._db.begin() as tx:
            notices.failed(tx, notice, None if is_last else self._clock() + pause)
            if is_last:
                log.record(
                    tx,
                    Event.NOTICE_FAILED,
                    actor=ACTOR,
                    subject=subject_of(notice.request_id),
                    detail={
                        "kind": str(notice.kind),
                        "recipient": notice.recipient or "webhook",
                        "attempts": ATTEMPTS,
                    },
                    clock=self._clock,
                )
