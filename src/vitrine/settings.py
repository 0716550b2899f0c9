"""The configuration of a node: read once, checked once, complained about all at once.

Every field is one environment variable, `VITRINE_` and the field's name in capitals. The real
environment wins over the environment file. Nothing here is secret except a password inside
`database_url`, which is why `database_url` never appears in a `repr`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from vitrine.errors import SettingsError

PREFIX: Final = "VITRINE_"
FILE_VARIABLE: Final = "VITRINE_ENV_FILE"
"""Names the environment file; the only variable that is not a setting."""

SYSTEM_FILE: Final = Path("/etc/vitrine/vitrine.env")
DEMO_FILE: Final = Path(__file__).parents[2] / "var" / "demo" / "vitrine.env"

MAX_SOCKET_PATH_BYTES: Final = 107
"""Longest path of a Unix socket on Linux (sockaddr_un.sun_path, less the closing zero)."""

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_LONGEST_SOCKET: Final = "s/ses-000000000000/kernel/agent.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one node is told about itself. Paths are absolute, sizes are in MiB."""

    node_name: str = "vitrine"
    """Name of this node in checkpoints, receipts and container labels."""

    state_root: Path
    """Everything that must survive a reboot; must be on an encrypted volume."""

    run_root: Path
    """Sockets and per-session directories; may be emptied by a reboot."""

    database_url: str = field(repr=False)
    """`sqlite:///<absolute path>` or `postgresql://<role>@<host>/<database>`."""

    blob_root: Path
    """Files under review or released, each stored once under its SHA-256."""

    dataset_root: Path
    """Published datasets: read-only, owned by root."""

    workspace_root: Path
    """Fixed-size disk images, one per person and project."""

    journal_root: Path
    """Journals of sessions; a filesystem that no session can write."""

    draft_root: Path
    """Export drafts that the gate froze and the steward has not yet taken."""

    share_root: Path
    """Files that members of a project share with each other; written by the steward only."""

    secrets_root: Path
    """One directory per account, holding the secrets that this account uses."""

    audit_sink: Path
    """File to which signed checkpoints are appended; should be a mount of another machine."""

    hub_url: str = "http://127.0.0.1:8000"
    """Where people sign in, as their browsers see it."""

    proxy_api_url: str = "http://127.0.0.1:8001"
    """Where the proxy takes its routes from the Hub; loopback only."""

    review_url: str = "http://localhost:8010"
    """Where output checkers work; must differ from `hub_url` in host name, not only in port."""

    kernel_image: str = "vitrine/kernel"
    """Image of the container that runs researchers' code."""

    lab_image: str = "vitrine/lab"
    """Image of the container that runs JupyterLab."""

    reviewers_required: int = 2
    """Independent output checkers who must agree before a release (at least 1)."""

    review_due_days: int = 2
    """Working days within which a request should be decided; the author's turns do not count."""

    review_holidays: str = "none"
    """Days besides Saturday and Sunday on which that clock stands: 2026-12-25,2026-12-26."""

    review_reminder_hours: int = 4
    """Hours before a request is due at which its checkers are reminded."""

    figures_days: int = 365
    """Days for which figures of single checkers are shown, to themselves and administrators."""

    mail_host: str = "none"
    """Mail server that takes notices; `none` sends no mail."""

    mail_port: int = 587
    """Port of the mail server."""

    mail_security: str = "starttls"
    """How the mail server is reached: `starttls`, `tls`, or `plain` on this machine only."""

    mail_from: str = "vitrine@localhost"
    """Sender of notices."""

    mail_user: str = "none"
    """Who signs in at the mail server, with the password in `secrets/steward/mail_password`."""

    webhook_url: str = "none"
    """Where notices are posted, signed with `secrets/steward/webhook_secret`; or `none`."""

    session_memory_mb: int = 4096
    """Memory of a kernel container; there is no swap beyond it."""

    session_cpus: float = 1.0
    """Processor share of a kernel container."""

    session_pids: int = 256
    """Processes and threads of a kernel container."""

    session_open_files: int = 4096
    """Open files per process of a kernel container."""

    session_tmp_mb: int = 512
    """Size of `/tmp` in a kernel container; counts as its memory."""

    lab_memory_mb: int = 512
    """Memory of a lab container."""

    workspace_mb: int = 2048
    """Size of a new workspace; an existing one keeps its size."""

    session_max_hours: int = 24
    """Longest life of a session before the steward ends it."""

    journal_limit_mb: int = 1024
    """Largest journal of one session; beyond it nothing executes."""

    agent_buffer_mb: int = 16
    """Output that the agent keeps while the gate is away."""

    export_file_mb: int = 16
    """Largest single file of an export request."""

    export_request_mb: int = 64
    """Largest total of one export request."""

    share_project_mb: int = 1024
    """Largest total of what the members of one project share at a time."""

    share_days: int = 30
    """Days after which a share is removed; the end of its project removes it sooner."""

    account_hub: str = "vitrine-hub"
    """Unix account of the Hub."""

    account_gate: str = "vitrine-gate"
    """Unix account of the gate, which holds no key and no database."""

    account_steward: str = "vitrine-steward"
    """Unix account of the steward, which alone holds the signing key."""

    account_review: str = "vitrine-review"
    """Unix account of the review application."""

    account_parser: str = "vitrine-parser"
    """Unix account that opens files under review, without a network."""

    account_proxy: str = "vitrine-proxy"
    """Unix account of the proxy."""

    lockout_attempts: int = 5
    """Failed sign-ins in a row after which an account is locked for a while."""

    lockout_minutes: int = 15
    """How long a locked account stays locked."""

    kernel_uid_base: int = 200000
    """Kernel containers run as this uid plus the workspace's number."""

    lab_uid_base: int = 300000
    """Lab containers run as this uid plus the workspace's number."""

    @property
    def gate_control_socket(self) -> Path:
        """Where the gate takes orders from the Hub, the steward and root."""
        return self.run_root / "gate" / "control.sock"

    @property
    def host_socket(self) -> Path:
        """Where the host helper takes orders from the Hub."""
        return self.run_root / "host" / "host.sock"

    @property
    def parser_socket(self) -> Path:
        """Where the parser takes files from the steward and the review application."""
        return self.run_root / "parser" / "parser.sock"

    @property
    def hub_socket(self) -> Path:
        """Where labs and the proxy reach the Hub's API."""
        return self.run_root / "hub" / "hub.sock"

    @property
    def session_root(self) -> Path:
        """Directory of the per-session socket directories."""
        return self.run_root / "s"

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None when the database is a PostgreSQL server."""
        prefix = "sqlite:///"
        if not self.database_url.startswith(prefix):
            return None
        return Path(self.database_url.removeprefix(prefix))

    @property
    def holidays(self) -> frozenset[date]:
        """The days of `review_holidays`."""
        named = _named(self.review_holidays)
        return frozenset(date.fromisoformat(day.strip()) for day in named.split(",") if named)

    @property
    def accounts(self) -> dict[str, str]:
        """Unix account of each process, keyed by the process's name."""
        names = ("hub", "gate", "steward", "review", "parser", "proxy")
        return {name: getattr(self, f"account_{name}") for name in names}

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Settings:
        """Settings from variables; what is not set has its default.

        Raises:
            SettingsError: naming every variable that is wrong, all at once.
        """
        problems: list[str] = []
        values = _defaults(environment)
        for each in fields(cls):
            name = variable(each.name)
            if name in environment:
                try:
                    values[each.name] = _parse(environment[name], str(each.type))
                except ValueError as error:
                    problems.append(f"{name} {error}")
        if not problems:
            settings = cls(**values)
            problems = _problems(settings)
        if problems:
            raise SettingsError("; ".join(problems))
        return settings


def variable(field_name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field_name.upper()


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this node: its environment file, overridden by the real environment.

    Raises:
        SettingsError: when the file cannot be read, names an unknown variable, or a value is wrong.
    """
    real = os.environ if environment is None else environment
    path = environment_file(real)
    from_file = read_env_file(path) if path is not None else {}
    known = {variable(each.name) for each in fields(Settings)} | {FILE_VARIABLE}
    unknown = sorted(name for name in from_file if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"{path} sets variables that do not exist: {', '.join(unknown)}")
    return Settings.from_env({**from_file, **real})


def environment_file(environment: Mapping[str, str]) -> Path | None:
    """The file that `load` reads, or None when this node has none and runs on defaults."""
    if environment.get(FILE_VARIABLE):
        return Path(environment[FILE_VARIABLE])
    return next((path for path in (SYSTEM_FILE, DEMO_FILE) if path.is_file()), None)


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of an environment file: `NAME=value` lines, comments, optional quotes.

    Raises:
        SettingsError: when the file cannot be read or a line is neither.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"cannot read the environment file {path}: {reason}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise SettingsError(f"line {number} of {path} is not NAME=value")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def _defaults(environment: Mapping[str, str]) -> dict[str, Any]:
    """Defaults of the fields that depend on `state_root`."""
    state = Path(environment.get("VITRINE_STATE_ROOT") or "/var/lib/vitrine")
    return {
        "state_root": state,
        "run_root": Path("/run/vitrine"),
        "database_url": f"sqlite:///{state}/db/vitrine.sqlite",
        "blob_root": state / "blobs",
        "dataset_root": state / "datasets",
        "workspace_root": state / "workspaces",
        "journal_root": state / "journal",
        "draft_root": state / "drafts",
        "share_root": state / "shares",
        "secrets_root": state / "secrets",
        "audit_sink": state / "offhost" / "checkpoints.jsonl",
    }


def _parse(text: str, type_name: str) -> str | int | float | Path:
    """`text` as the annotated type of its field; a ValueError's text follows the name."""
    if not text.strip():
        raise ValueError("is empty; give it a value or leave it out")
    if type_name == "Path":
        path = Path(text)
        if not path.is_absolute() or ".." in path.parts:
            raise ValueError(f"must be an absolute path without '..', not {text!r}")
        return path
    if type_name in ("int", "float"):
        try:
            return int(text) if type_name == "int" else float(text)
        except ValueError:
            kind = "whole number" if type_name == "int" else "number"
            raise ValueError(f"must be a {kind}, not {text!r}") from None
    return text


def _problems(settings: Settings) -> list[str]:
    """What is wrong with values that have the right form, one sentence each."""
    return [
        *_number_problems(settings),
        *_url_problems(settings),
        *_service_problems(settings),
        *_account_problems(settings),
        *_path_problems(settings),
    ]


def _number_problems(settings: Settings) -> list[str]:
    found = []
    for each in fields(settings):
        value = getattr(settings, each.name)
        if isinstance(value, int | float) and not 0 < value < float("inf"):
            found.append(f"{variable(each.name)} must be greater than 0")
    if settings.export_file_mb > settings.export_request_mb:
        found.append("VITRINE_EXPORT_FILE_MB must not exceed VITRINE_EXPORT_REQUEST_MB")
    if min(settings.kernel_uid_base, settings.lab_uid_base) < 100_000:
        found.append("VITRINE_KERNEL_UID_BASE and VITRINE_LAB_UID_BASE must be at least 100000")
    if abs(settings.kernel_uid_base - settings.lab_uid_base) < 50_000:
        found.append("VITRINE_KERNEL_UID_BASE and VITRINE_LAB_UID_BASE must lie 50000 apart")
    return found


def _url_problems(settings: Settings) -> list[str]:
    found = []
    for name in ("hub_url", "proxy_api_url", "review_url"):
        parts = urlsplit(getattr(settings, name))
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.path not in ("", "/")
        ):
            found.append(f"{variable(name)} must be http(s)://host[:port] without a path")
    hub, review = urlsplit(settings.hub_url), urlsplit(settings.review_url)
    if hub.hostname == review.hostname:
        # Cookies ignore ports: on one host name a script in a notebook output could vote.
        found.append("VITRINE_REVIEW_URL must have another host name than VITRINE_HUB_URL")
    if settings.sqlite_path is not None:
        if not settings.sqlite_path.is_absolute():
            found.append("VITRINE_DATABASE_URL must name an absolute path: sqlite:////var/…")
    elif urlsplit(settings.database_url).scheme not in ("postgresql", "postgresql+pg8000"):
        found.append("VITRINE_DATABASE_URL must begin with sqlite:/// or postgresql://")
    return found


def _named(text: str) -> str:
    """A value that may be left out: `none` stands for nothing."""
    return "" if text == "none" else text


def _service_problems(settings: Settings) -> list[str]:
    found = []
    try:
        settings.holidays  # noqa: B018 what it raises is what is asked
    except ValueError:
        found.append("VITRINE_REVIEW_HOLIDAYS must be days such as 2026-12-25,2026-12-26, or none")
    if settings.mail_security not in ("starttls", "tls", "plain"):
        found.append("VITRINE_MAIL_SECURITY must be starttls, tls or plain")
    elif settings.mail_security == "plain" and settings.mail_host not in ("none", *_LOOPBACK):
        found.append("VITRINE_MAIL_SECURITY may be plain only where the server is this machine")
    if "@" not in settings.mail_from or not settings.mail_from.isprintable():
        found.append("VITRINE_MAIL_FROM must be an address, name@host")
    webhook = urlsplit(_named(settings.webhook_url))
    is_local = webhook.scheme == "http" and webhook.hostname in _LOOPBACK
    if settings.webhook_url != "none" and not (
        webhook.hostname and (webhook.scheme == "https" or is_local)
    ):
        found.append("VITRINE_WEBHOOK_URL must begin with https://, or be none")
    return found


def _account_problems(settings: Settings) -> list[str]:
    names = list(settings.accounts.values())
    if len(set(names)) < len(names):
        return ["each VITRINE_ACCOUNT_… must name another Unix account"]
    return []


def _path_problems(settings: Settings) -> list[str]:
    longest = len(str(settings.run_root / _LONGEST_SOCKET).encode())
    if longest > MAX_SOCKET_PATH_BYTES:
        excess = longest - MAX_SOCKET_PATH_BYTES
        return [f"VITRINE_RUN_ROOT is {excess} bytes too long for the sockets below it"]
    return []
