"""JupyterHub of a Vitrine node. Every choice is in vitrine.hub.config; settings in the env file."""

from vitrine import settings
from vitrine.hub import config

config.apply(settings.load(), get_config())  # noqa: F821 given by JupyterHub
