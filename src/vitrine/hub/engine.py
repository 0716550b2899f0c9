"""The Docker engine, asked for exactly what a session needs. Blocking: call it in threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import docker
import docker.errors
import requests.exceptions
from docker.utils import kwargs_from_env

from vitrine.errors import NotFound, Unavailable
from vitrine.hub.containers import LABEL_NODE, LABEL_ROLE, LABEL_SESSION, Images, Role, name_of

REQUEST_TIMEOUT_S: Final = 60
_BUILD_HINT: Final = "build the images with images/build.sh"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Half:
    """One container of a pair as it is now."""

    container_id: str
    session_id: str
    role: str
    is_running: bool
    ending: str = ""
    """Why it ended, when it did."""


class Engine:
    """One client for the life of the Hub; it connects when it is first used."""

    def __init__(self, node_name: str) -> None:
        self._node_name = node_name
        self._connected: docker.APIClient | None = None

    def images(self, kernel: str, lab: str) -> Images:
        """Both images by immutable id.

        Raises:
            NotFound: when an image is not on this machine.
            Unavailable: when the engine does not answer.
        """
        return Images(kernel=self._image_id(kernel), lab=self._image_id(lab))

    def start_pair(self, session_id: str, bodies: Mapping[Role, Mapping[str, Any]]) -> None:
        """Create and start every half at the same time.

        Raises:
            Unavailable: when a half could not be started; the other may then be running.
        """

        def start(role: Role) -> None:
            name = name_of(session_id, role)
            made = self._do(lambda c: c.create_container_from_config(bodies[role], name))
            self._do(lambda c: c.start(made["Id"]))

        with ThreadPoolExecutor(len(bodies)) as pool:
            for each in [pool.submit(start, role) for role in bodies]:
                each.result()

    def halves(self, session_id: str | None = None) -> tuple[Half, ...]:
        """The containers of one session, or of all sessions of this node."""
        labels = [f"{LABEL_NODE}={self._node_name}"]
        labels += [f"{LABEL_SESSION}={session_id}"] if session_id else [LABEL_SESSION]
        found = self._do(lambda c: c.containers(all=True, filters={"label": labels}))
        return tuple(
            Half(
                container_id=each["Id"],
                session_id=each["Labels"][LABEL_SESSION],
                role=each["Labels"].get(LABEL_ROLE, ""),
                is_running=each["State"] == "running",
                ending="" if each["State"] in ("running", "created") else each["Status"],
            )
            for each in found
        )

    def ending(self, half: Half) -> str:
        """Why a half is not running, as the end of a sentence."""
        try:
            state = self._do(lambda c: c.inspect_container(half.container_id))["State"]
        except NotFound:
            return "was removed"
        if state.get("OOMKilled"):
            return "ran out of memory"
        return f"ended with exit code {state.get('ExitCode')}"

    def remove(self, session_id: str) -> None:
        """Kill and remove every container of a session. Doing it twice changes nothing."""
        for half in self.halves(session_id):
            self.remove_half(half)

    def remove_half(self, half: Half) -> None:
        """Kill and remove one container; one that is gone already is fine."""
        try:
            self._do(lambda c: c.remove_container(half.container_id, force=True, v=True))
        except NotFound:
            return

    def _image_id(self, name: str) -> str:
        try:
            found = self._do(lambda c: c.inspect_image(name))
        except NotFound as error:
            raise NotFound(f"image {name} is not on this node", hint=_BUILD_HINT) from error
        return str(found["Id"])

    def _do(self, request: Callable[[Any], Answer]) -> Answer:
        """Ask the engine, and say what is wrong in words."""
        try:
            return request(self._client())
        except docker.errors.NotFound as error:
            raise NotFound(f"the Docker engine does not know it: {error.explanation}") from error
        except docker.errors.APIError as error:
            if error.status_code == 409 and "already in progress" in str(error.explanation):
                raise NotFound("the container is being removed already") from error
            said = str(error.explanation or error).strip().replace("\n", " ")[:300]
            raise Unavailable(f"the Docker engine refused: {said}") from error
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            self._connected = None
            raise Unavailable(
                "the Docker engine does not answer", hint="start it: systemctl start docker"
            ) from error

    def _client(self) -> Any:
        if self._connected is None:
            # As many connections as there may be sessions starting at once.
            self._connected = docker.APIClient(
                version="auto", timeout=REQUEST_TIMEOUT_S, num_pools=64, **kwargs_from_env()
            )
        return self._connected
