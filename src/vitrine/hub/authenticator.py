"""Signing in to the Hub with an account of this node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyterhub.auth import Authenticator
from jupyterhub.handlers.login import LogoutHandler
from tornado.web import HTTPError

from vitrine.access import login, store
from vitrine.audit import log as audit
from vitrine.audit.events import Event
from vitrine.errors import NotFound, NotPermitted, VitrineError
from vitrine.hub.pair import Pairs


class AuditedLogout(LogoutHandler):
    """GET /hub/logout"""

    async def handle_logout(self) -> None:
        """Enter the sign-out in the audit log; the cookies are gone already."""
        if self.current_user is not None:
            await self.authenticator.record_logout(self.current_user.name)


class AccountAuthenticator(Authenticator):
    """Name, password and, where the account has one, a one-time code.

    Nobody is an administrator of the Hub: what administrators do, they do on the command line,
    under their own login, and it is audited.
    """

    @property
    def pairs(self) -> Pairs:
        """This Hub's database and settings."""
        found: Pairs = self.parent.pairs
        return found

    async def authenticate(self, handler: Any, data: Mapping[str, str]) -> dict[str, Any]:
        """Who signed in.

        Raises:
            HTTPError: 403 with the one sentence that every refusal has.
        """
        try:
            account = await self.pairs.do(
                lambda: login.authenticate(
                    self.pairs.database,
                    data.get("username", ""),
                    data.get("password", ""),
                    data.get("otp", "").replace(" ", ""),
                    settings=self.pairs.settings,
                    clock=self.pairs.clock,
                )
            )
        except NotPermitted as error:
            raise _page(403, error) from error
        except VitrineError as error:
            raise _page(503, error) from error
        return {"name": account.name, "admin": False}

    async def refresh_user(self, user: Any, handler: Any = None) -> bool | dict[str, Any]:
        """False as soon as the account is disabled or gone: the next click asks for a sign-in."""
        try:
            is_welcome = await self.pairs.do(lambda: self._is_welcome(user.name))
        except VitrineError as error:
            self.log.error("Accounts cannot be read: %s", error.sentence())
            return False
        return {"name": user.name, "admin": False} if is_welcome else False

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """The pages that differ from the Hub's own."""
        return [(r"/logout", AuditedLogout)]

    def is_admin(self, handler: Any, authentication: Mapping[str, Any]) -> bool:
        """Never."""
        return False

    def normalize_username(self, username: str) -> str:
        """The name as it was typed; `Ann` and `ann` are not the same account."""
        return username

    async def record_logout(self, name: str) -> None:
        """Enter a sign-out in the audit log."""
        await self.pairs.do(lambda: self._record_logout(name))

    def _is_welcome(self, name: str) -> bool:
        with self.pairs.database.read() as tx:
            try:
                return not store.account(tx, name).is_disabled
            except NotFound:
                return False

    def _record_logout(self, name: str) -> None:
        with self.pairs.database.begin() as tx:
            audit.record(
                tx,
                Event.LOGOUT,
                actor=f"person:{name}",
                subject=f"account:{name}",
                clock=self.pairs.clock,
            )


def _page(status: int, error: VitrineError) -> HTTPError:
    page = HTTPError(status, error.sentence())
    page.jupyterhub_message = f"{str(error)[:1].upper()}{error.sentence()[1:]}."
    return page
