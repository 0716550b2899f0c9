"""A plain JupyterHub with DockerSpawner on this machine, for as long as a measurement takes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import docker
import httpx

from tests.support.node import BIN, free_ports

HERE = Path(__file__).parent / "plain"
IMAGE = "vitrine-plain"
NETWORK = "vitrine-plain"


class PlainHub:
    """Starts on enter; on exit nothing of it is left but the image."""

    def __init__(self) -> None:
        self.docker = docker.from_env(timeout=180)
        self.root = Path(tempfile.mkdtemp(prefix="plain-", dir="/var/tmp"))
        hub, proxy, api = free_ports(3)
        self.url = f"http://127.0.0.1:{proxy}"
        self._hub_port, self._api = hub, f"http://127.0.0.1:{api}"

    def __enter__(self) -> PlainHub:
        self.docker.images.build(path=str(HERE), tag=IMAGE, rm=True)
        self._network = self.docker.networks.create(NETWORK, driver="bridge")
        gateway = self.docker.api.inspect_network(NETWORK)["IPAM"]["Config"][0]["Gateway"]
        environment = {
            **os.environ,
            "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin",
            "PLAIN_GATEWAY": gateway,
            "PLAIN_URL": self.url,
            "PLAIN_HUB_PORT": str(self._hub_port),
            "PLAIN_PROXY_API": self._api,
            "PLAIN_PROXY": str(BIN / "configurable-http-proxy"),
            "PLAIN_IMAGE": IMAGE,
            "PLAIN_NETWORK": NETWORK,
        }
        with (self.root / "hub.log").open("wb") as log:
            self._process = subprocess.Popen(
                [BIN / "python", "-m", "jupyterhub", "-f", HERE / "jupyterhub_config.py"],
                cwd=self.root,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise SystemExit(f"the plain hub does not start: {self.log()[-2000:]}")
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
        for container in self.containers():
            container.remove(force=True)
        self._network.remove()
        shutil.rmtree(self.root, ignore_errors=True)

    def containers(self) -> list[docker.models.containers.Container]:
        """The containers of this hub."""
        found: list[docker.models.containers.Container] = self.docker.containers.list(
            all=True, filters={"name": "vitrine-plain"}
        )
        return found

    def log(self) -> str:
        """What the hub wrote so far."""
        return (self.root / "hub.log").read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/hub/login", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False
