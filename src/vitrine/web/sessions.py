"""Who is signed in here: random cookies outside, names and Hub tokens inside this process.

A restart signs everybody out, which costs one redirect through the Hub. Nothing about a session is
written anywhere.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from vitrine.clock import Clock, utc_now
from vitrine.errors import NotPermitted
from vitrine.web.hub import HubLogin, HubPerson

SESSION_LIFE: Final = timedelta(hours=10)
IDLE_LIFE: Final = timedelta(hours=1)
HUB_ASKED_EVERY: Final = timedelta(minutes=1)
FLOW_LIFE: Final = timedelta(minutes=10)
MAX_SESSIONS: Final = 10_000
MAX_FLOWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Session:
    person: HubPerson
    since: datetime
    used_at: datetime
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in under way."""

    verifier: str
    next_path: str
    since: datetime


class Sessions:
    """The sessions and sign-ins under way of one web application. Safe between threads."""

    def __init__(self, hub: HubLogin, clock: Clock = utc_now) -> None:
        self._hub = hub
        self._clock = clock
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._flows: OrderedDict[str, Flow] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, next_path: str) -> tuple[str, str]:
        """Start a sign-in: the state to keep in a cookie, and where to send the browser."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        with self._lock:
            self._flows[_key(state)] = Flow(verifier, next_path, self._clock())
            while len(self._flows) > MAX_FLOWS:
                self._flows.popitem(last=False)
        return state, self._hub.sign_in_url(state, verifier)

    def finish(self, state: str | None, cookie: str | None, code: str | None) -> tuple[str, str]:
        """End a sign-in: the session's cookie value and where the person wanted to go.

        Raises:
            NotPermitted: when this browser did not start it, it is too old, or the Hub says no.
        """
        with self._lock:
            flow = self._flows.pop(_key(state or ""), None)
        is_ours = state is not None and cookie is not None and secrets.compare_digest(state, cookie)
        if flow is None or not is_ours or self._clock() - flow.since > FLOW_LIFE or not code:
            raise NotPermitted("this sign-in was not started here", hint="sign in again")
        person = self._hub.person_for_code(code, flow.verifier)
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._sessions[_key(token)] = _Session(person, now, now, now)
            while len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return token, flow.next_path

    def person(self, cookie: str | None) -> str | None:
        """Who this browser is signed in as; the Hub is asked again every minute.

        Raises:
            Unavailable: when the Hub must be asked and does not answer.
        """
        if not cookie:
            return None
        key, now = _key(cookie), self._clock()
        with self._lock:
            session = self._sessions.get(key)
        if session is None:
            return None
        if now - session.since > SESSION_LIFE or now - session.used_at > IDLE_LIFE:
            self._forget(key)
            return None
        if now - session.asked_at > HUB_ASKED_EVERY:
            again = self._hub.person_for_token(session.person.token)
            if again is None or again.name != session.person.name:
                self._forget(key)
                return None
            session = replace(session, asked_at=now)
        with self._lock:
            if key in self._sessions:
                self._sessions[key] = replace(session, used_at=now)
        return session.person.name

    def known(self, cookie: str | None) -> str | None:
        """Who this browser was signed in as when it was last asked; asks nobody."""
        with self._lock:
            session = self._sessions.get(_key(cookie or ""))
        return session.person.name if session else None

    def end(self, cookie: str | None) -> None:
        """Sign this browser out."""
        self._forget(_key(cookie or ""))

    def _forget(self, key: str) -> None:
        with self._lock:
            self._sessions.pop(key, None)


def _key(secret: str) -> str:
    # Looked up by digest, so that the time of a look-up says nothing about a cookie.
    return hashlib.sha256(secret.encode()).hexdigest()
