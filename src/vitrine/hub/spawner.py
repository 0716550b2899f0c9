"""One server of the Hub is one session: the server's name is the project's id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from dockerspawner import DockerSpawner
from jupyterhub.spawner import SpawnException
from tornado.web import HTTPError

from vitrine.audit import log as audit
from vitrine.audit.events import Event
from vitrine.errors import NotFound, NotPermitted, VitrineError
from vitrine.hub.containers import HUB_API, Images
from vitrine.hub.pair import Pairs
from vitrine.ids import is_name

STOPPED: Final = "stopped by request"
"""Why most sessions end: their person pressed Stop."""

_NO_DEFAULT: Final = "a session belongs to a project; start it from the list on the home page"
_NO_OPTIONS: Final = (
    "a session is made from its project's record and takes no options; start it from the home page"
)
_OWN_PARAMETERS: Final = frozenset({"next", "display_name", "_xsrf"})


class SessionSpawner(DockerSpawner):
    """Starts, watches and ends the pair of containers of one session.

    Of DockerSpawner's configuration nothing is used: image, mounts, limits and environment come
    from the project's record, and what a request asks for is refused.
    """

    user_options: dict[str, Any]
    session_id: str = ""
    workspace_id: int | None = None
    _steps: tuple[tuple[int, str], ...] = ()

    @property
    def pairs(self) -> Pairs:
        """This Hub's sessions."""
        found: Pairs = self.user.settings["vitrine_pairs"]
        return found

    async def start(self) -> str:
        """Start the session of project `self.name` and return the lab's URL.

        Raises:
            SpawnException: with one sentence for the person, when nothing was started.
        """
        self._steps = ()
        try:
            await self._refuse_forgeries()
            spec = await self.pairs.plan(self.user.name, self.name)
            self.session_id, self.workspace_id = spec.session_id, spec.workspace_id
            images = await self.pairs.start(spec, self.get_env(), self._report)
            await self._record_images(images)
        except VitrineError as error:
            await self._end(str(error))
            raise _refusal(error) from error
        except BaseException:
            await self._end("the Hub could not finish starting it")
            raise
        return self._url()

    async def stop(self, now: bool = False) -> None:
        """End the session because the person, or the Hub for them, asked for it."""
        await self._end(STOPPED)

    async def poll(self) -> int | None:
        """None while both halves run and nobody asked for the end; otherwise end it, and 1."""
        if not self.session_id:
            return 0
        if self._start_pending and not self._waiting_for_response:
            return None
        if reason := await self.pairs.why_ending(self.session_id):
            await self._end(reason)
            return 1
        return None

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """The steps of the start as they happen."""
        shown = 0
        while True:
            for per_cent, sentence in self._steps[shown:]:
                shown += 1
                yield {"progress": per_cent, "message": sentence}
            await asyncio.sleep(0.1)

    def get_state(self) -> dict[str, Any]:
        """What a restarted Hub needs to find the session again."""
        if not self.session_id:
            return {}
        return {"session_id": self.session_id, "workspace_id": self.workspace_id}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over the session that an earlier Hub process started."""
        self.session_id = state.get("session_id", "")
        self.workspace_id = state.get("workspace_id")
        if self.session_id:
            self.pairs.held.add(self.session_id)

    def clear_state(self) -> None:
        """Forget the session."""
        super().clear_state()
        self.session_id, self.workspace_id = "", None

    def get_env(self) -> dict[str, str]:
        """The lab's environment: the Hub's variables, its URLs as the lab sees them, no more."""
        self.hub_connect_url = HUB_API
        return {
            name: str(value)
            for name, value in super().get_env().items()
            if name.startswith("JUPYTERHUB_") and value is not None
        }

    def template_namespace(self) -> dict[str, Any]:
        """Nothing is rendered from templates."""
        return {}

    def options_from_query(self, query_data: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what a link asked for, so that it is refused in one place."""
        return dict(query_data)

    def run_options_from_form(self, form_data: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what a form asked for, so that it is refused in one place."""
        return {name: value for name, value in form_data.items() if name not in _OWN_PARAMETERS}

    async def get_options_form(self) -> str:
        """There is no form. A link that asked for something ends here and starts nothing."""
        asked = set(self.handler.request.query_arguments) if self.handler else set()
        if asked - _OWN_PARAMETERS:
            raise HTTPError(403, _NO_OPTIONS)
        return ""

    @property
    def server(self) -> Any:
        """The Hub's record of the lab's address, with the socket that a URL cannot carry.

        The Hub lower-cases the host part and appends a port; a path survives neither.
        """
        found = DockerSpawner.server.fget(self)
        if found is not None and self.session_id:
            found.connect_url = self._url()
        return found

    @server.setter
    def server(self, value: Any) -> None:
        DockerSpawner.server.fset(self, value)

    def _url(self) -> str:
        return "http+unix://" + quote(str(self.pairs.lab_socket(self.session_id)), safe="")

    def _report(self, per_cent: int, sentence: str) -> None:
        self._steps = (*self._steps, (per_cent, sentence))

    async def _end(self, reason: str) -> None:
        session_id, workspace_id = self.session_id, self.workspace_id
        self.session_id, self.workspace_id = "", None
        if session_id:
            self.log.warning("Session %s ends: %s", session_id, reason)
            await self.pairs.end(session_id, workspace_id, reason)

    async def _refuse_forgeries(self) -> None:
        """Stop what no page of ours would send, and say so in the audit log.

        Raises:
            NotPermitted: when the request carries options or names no project.
        """
        reason = ""
        if self.user_options:
            names = ", ".join(sorted(map(str, self.user_options)))[:200]
            self.user_options = self.orm_spawner.user_options = {}
            reason = f"options were sent: {names!a}"
        elif not is_name(self.name):
            reason = "no project was named" if not self.name else "the name is no project's id"
        if not reason:
            return
        await self.pairs.do(lambda: self._audit(Event.SPAWN_REFUSED, {"reason": reason}))
        raise NotPermitted(_NO_OPTIONS if reason.startswith("options") else _NO_DEFAULT)

    async def _record_images(self, images: Images) -> None:
        detail = {
            "session": self.session_id,
            "kernel_image": images.kernel,
            "lab_image": images.lab,
        }
        await self.pairs.do(lambda: self._audit(Event.SESSION_IMAGES, detail))

    def _audit(self, event: Event, detail: Mapping[str, str]) -> None:
        name = self.name if is_name(self.name) else "none"
        with self.pairs.database.begin() as tx:
            audit.record(
                tx,
                event,
                actor=f"person:{self.user.name}",
                subject=f"project:{name}",
                detail=detail,
                clock=self.pairs.clock,
            )


def _refusal(error: VitrineError) -> SpawnException:
    """The error as the Hub's pages show it: one sentence."""
    status = 403 if isinstance(error, NotPermitted) else 404 if isinstance(error, NotFound) else 503
    refusal = SpawnException(error.sentence(), reason=type(error).__name__, status_code=status)
    refusal.jupyterhub_message = _as_sentence(error)
    return refusal


def _as_sentence(error: VitrineError) -> str:
    text = error.sentence()
    return f"{text[:1].upper()}{text[1:]}."
