"""JupyterHub that cleans up after itself: whatever a killed Hub left half-done is undone first."""

from __future__ import annotations

import asyncio
import grp
import logging
from pathlib import Path
from typing import Any, Final

from jupyterhub.app import JupyterHub
from jupyterhub.log import log_request
from tornado.ioloop import PeriodicCallback
from traitlets import Instance

from vitrine.errors import SettingsError, VitrineError
from vitrine.hub import sweep
from vitrine.hub.containers import Node
from vitrine.hub.engine import Engine
from vitrine.hub.pair import Pairs
from vitrine.hub.refusals import Refusals
from vitrine.settings import Settings
from vitrine.storage.database import Database
from vitrine.storage.layout import WEB_GROUP

SECCOMP_PROFILE: Final = Path(__file__).parents[3] / "deploy" / "seccomp" / "session.json"


class VitrineHub(JupyterHub):
    """The Hub of one node."""

    settings = Instance(
        Settings,
        config=True,
        help="""
        The node's settings. Set by `vitrine.hub.config.apply`; there is no default.
        """,
    )
    pairs: Pairs

    def init_db(self) -> None:
        """Open the Hub's own database, then what the sessions need."""
        super().init_db()
        self.pairs = Pairs(
            _node(self.settings),
            Database.open(self.settings),
            Engine(self.settings.node_name),
        )
        logging.getLogger("vitrine").handlers = self.log.handlers
        logging.getLogger("vitrine").setLevel(self.log.level)

    def init_tornado_settings(self) -> None:
        """Hand the sessions to spawners and pages."""
        super().init_tornado_settings()
        self.tornado_settings["vitrine_pairs"] = self.pairs
        refusals = Refusals(self.pairs)

        def after_request(handler: Any) -> None:
            log_request(handler)
            refusals.note(handler)

        self.tornado_settings["log_function"] = after_request

    async def init_spawners(self) -> int:
        """Adopt the sessions that still run, then end everything that nobody holds."""
        count: int = await super().init_spawners()
        await self._sweep()
        return count

    async def start(self) -> None:
        """Serve, and sweep every minute."""
        await super().start()
        every_ms = sweep.EVERY_S * 1000
        periodic = PeriodicCallback(self._sweep, every_ms)
        self._periodic_callbacks["vitrine_sweep"] = periodic
        periodic.start()

    async def _sweep(self) -> None:
        try:
            await sweep.sweep(self.pairs)
        except VitrineError as error:
            self.log.error("The sweep failed: %s", error.sentence())
        except asyncio.CancelledError:
            raise
        except Exception:
            self.log.exception("The sweep failed")


def _node(settings: Settings) -> Node:
    """What every container of this node has in common.

    Raises:
        SettingsError: when the seccomp profile or the group is missing: nothing starts without.
    """
    try:
        return Node(
            settings=settings,
            seccomp=SECCOMP_PROFILE.read_text(encoding="utf-8"),
            web_gid=grp.getgrnam(WEB_GROUP).gr_gid,
        )
    except OSError as error:
        raise SettingsError(
            f"the seccomp profile {SECCOMP_PROFILE} cannot be read: {error.strerror}",
            hint="reinstall Vitrine",
        ) from error
    except KeyError as error:
        raise SettingsError(
            f"there is no group {WEB_GROUP}", hint="run deploy/accounts.sh as root"
        ) from error
