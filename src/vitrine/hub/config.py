"""Settings of the node, turned into configuration of JupyterHub. Nothing is decided elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from vitrine.hub.authenticator import AccountAuthenticator
from vitrine.hub.home import endings_of, projects_of
from vitrine.hub.spawner import SessionSpawner
from vitrine.settings import Settings
from vitrine.storage import secrets

REVIEW_SERVICE: Final = "egress-review"
REVIEW_CLIENT: Final = "service-egress-review"
TEMPLATES: Final = Path(__file__).parent / "templates"

POLL_EVERY_S: Final = 5
PROXY_CHECK_S: Final = 5
START_TIMEOUT_S: Final = 600
"""Covers the wait for a turn; a session's own start is bounded in `vitrine.hub.pair`."""
ACCOUNT_CHECK_S: Final = 10
SERVERS_PER_PERSON: Final = 200
"""Names that a person may try; the Hub keeps a row for each."""


def apply(settings: Settings, c: Any) -> None:
    """Configure the Hub of this node.

    Raises:
        VitrineError: when one of the Hub's secrets is missing or not its own.
    """
    c.VitrineHub.settings = settings
    _addresses(settings, c)
    _people(c)
    _sessions(c)
    _review(settings, c)
    c.JupyterHub.db_url = f"sqlite:///{settings.state_root / 'hub' / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(settings.secrets_root / "hub" / "cookie_secret")
    c.ConfigurableHTTPProxy.auth_token = secrets.read(settings, "hub", "proxy_token")
    c.JupyterHub.template_paths = [str(TEMPLATES)]
    c.JupyterHub.template_vars = {
        "projects": projects_of,
        "endings": endings_of,
        "review_url": settings.review_url,
    }


def unix_url(socket: Path) -> str:
    """The URL under which JupyterHub knows a Unix socket."""
    return "http+unix://" + quote(str(socket), safe="")


def _addresses(settings: Settings, c: Any) -> None:
    """The Hub listens on a socket; only the proxy, a process of its own, has a port."""
    c.JupyterHub.bind_url = settings.hub_url
    c.JupyterHub.hub_bind_url = c.JupyterHub.hub_connect_url = unix_url(settings.hub_socket)
    c.JupyterHub.hub_socket_mode = 0o660
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = settings.proxy_api_url
    # The Hub looks at the proxy's routes as often as this; a proxy that was restarted has none.
    c.JupyterHub.last_activity_interval = PROXY_CHECK_S
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cleanup_proxy = False
    c.JupyterHub.cookie_host_prefix_enabled = urlsplit(settings.hub_url).scheme == "https"


def _people(c: Any) -> None:
    """Who may do what. No tokens, no shares, no administrators, nobody in another's server."""
    c.JupyterHub.authenticator_class = AccountAuthenticator
    c.Authenticator.allow_all = True  # the accounts are the list
    c.Authenticator.request_otp = True
    c.Authenticator.otp_prompt = "One-time code"
    c.Authenticator.auth_refresh_age = ACCOUNT_CHECK_S
    c.Authenticator.auth_refresh_strict = True
    c.Authenticator.refresh_pre_spawn = True
    c.JupyterHub.load_roles = [
        {
            "name": "user",
            "scopes": [
                "read:users!user",
                "users:activity!user",
                "servers!user",
                "access:servers!user",
                f"access:services!service={REVIEW_SERVICE}",
            ],
        }
    ]


def _sessions(c: Any) -> None:
    c.JupyterHub.spawner_class = SessionSpawner
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.named_server_limit_per_user = SERVERS_PER_PERSON
    c.JupyterHub.implicit_spawn_seconds = 0
    c.JupyterHub.redirect_to_server = False
    c.JupyterHub.default_url = "/hub/home"
    c.JupyterHub.concurrent_spawn_limit = 0
    c.JupyterHub.init_spawners_timeout = -1  # adopt and sweep before anybody is served
    c.Spawner.poll_interval = POLL_EVERY_S
    c.Spawner.start_timeout = START_TIMEOUT_S
    c.Spawner.http_timeout = 60
    c.Spawner.consecutive_failure_limit = 0
    c.Spawner.disable_user_config = True
    c.Spawner.default_url = "/lab"


def _review(settings: Settings, c: Any) -> None:
    """The review application signs people in through the Hub, on its own origin."""
    c.JupyterHub.services = [
        {
            "name": REVIEW_SERVICE,
            "api_token": secrets.read(settings, "hub", "review_token"),
            "oauth_client_id": REVIEW_CLIENT,
            "oauth_redirect_uri": settings.review_url.rstrip("/") + "/oauth_callback",
            "oauth_no_confirm": True,
            "display": False,
        }
    ]
