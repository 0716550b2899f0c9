"""Stock JupyterHub with stock DockerSpawner, for comparison: one container on a bridge."""

import os

from dockerspawner import DockerSpawner

c = get_config()  # type: ignore[name-defined]  # noqa: F821
gateway = os.environ["PLAIN_GATEWAY"]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = DockerSpawner
c.JupyterHub.allow_named_servers = True
c.JupyterHub.bind_url = os.environ["PLAIN_URL"]
c.JupyterHub.hub_ip = gateway
c.JupyterHub.hub_port = int(os.environ["PLAIN_HUB_PORT"])
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.implicit_spawn_seconds = 0
c.JupyterHub.concurrent_spawn_limit = 0
c.ConfigurableHTTPProxy.api_url = os.environ["PLAIN_PROXY_API"]
c.ConfigurableHTTPProxy.command = [os.environ["PLAIN_PROXY"]]
c.DockerSpawner.image = os.environ["PLAIN_IMAGE"]
c.DockerSpawner.prefix = "vitrine-plain"
c.DockerSpawner.remove = True
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.network_name = os.environ["PLAIN_NETWORK"]
c.DockerSpawner.mem_limit = "2560M"
c.DockerSpawner.extra_host_config = {"tmpfs": {"/tmp": "size=64m"}}
c.Spawner.environment = {"HOME": "/tmp", "JUPYTER_PREFER_ENV_PATH": "0"}
c.Spawner.http_timeout = 90
c.Spawner.start_timeout = 180
c.Spawner.cmd = ["/opt/vitrine/venv/bin/python", "-m", "jupyterhub.singleuser"]
# Stock Jupyter drops outputs above 1 MB/s; here everything has to arrive.
c.Spawner.args = ["--ZMQChannelsWebsocketConnection.limit_rate=False"]
