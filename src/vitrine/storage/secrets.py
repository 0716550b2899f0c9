"""Secrets: one file of mode 0600 for each account that uses it, below `secrets_root`.

| file | used by | for |
|---|---|---|
| `steward/signing.pem` | steward | Ed25519 key of checkpoints and receipts |
| `steward/signing.pub` | everybody (0644) | checking them |
| `hub/cookie_secret` | Hub | signing its cookies |
| `hub/proxy_token`, `proxy/proxy_token` | Hub, proxy | the proxy's route API |
| `hub/review_token`, `review/review_token` | Hub, review | OAuth client of the review application |
| `review/cookie_secret` | review | signing its cookies |
| `steward/webhook_secret` | steward | signing notices, where a webhook is set |
| `steward/mail_password` | steward | signing in at the mail server; an administrator writes it |

A secret that two accounts share is stored twice, so that no file has two readers.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from vitrine.errors import IntegrityError, NotFound, Unavailable
from vitrine.settings import Settings

SIGNING_KEY: Final = "signing.pem"
PUBLIC_KEY: Final = "signing.pub"

WEBHOOK_SECRET: Final = "webhook_secret"  # noqa: S105 the name of a file
MAIL_PASSWORD: Final = "mail_password"  # noqa: S105 the name of a file

TOKENS: Final[dict[str, tuple[str, ...]]] = {
    "proxy_token": ("hub", "proxy"),
    "review_token": ("hub", "review"),
}
"""Shared random tokens and the processes that hold a copy."""

COOKIE_SECRETS: Final = ("hub", "review")
"""Processes that sign cookies of their own."""

_MAKE_HINT: Final = "run `vitrine node init` as root, which makes missing secrets"


@dataclass(frozen=True, slots=True)
class SecretFile:
    """Where a secret lies and which process owns it."""

    process: str
    path: Path
    is_public: bool = False

    @property
    def mode(self) -> int:
        """The permission bits that the file must have."""
        return 0o644 if self.is_public else 0o600


def files(settings: Settings) -> list[SecretFile]:
    """Every secret file of a node, whether or not it is there."""
    root = settings.secrets_root
    found = [
        SecretFile("steward", root / "steward" / SIGNING_KEY),
        SecretFile("steward", root / "steward" / PUBLIC_KEY, is_public=True),
    ]
    found += [SecretFile(process, root / process / "cookie_secret") for process in COOKIE_SECRETS]
    if settings.webhook_url != "none":
        found.append(SecretFile("steward", root / "steward" / WEBHOOK_SECRET))
    for name, processes in TOKENS.items():
        found += [SecretFile(process, root / process / name) for process in processes]
    return found


def make_missing(settings: Settings) -> list[SecretFile]:
    """Create every secret that is not there, and return what was created.

    A shared token of which one copy exists is copied, not replaced. Existing files stay as they
    are. The caller gives each file to its account.

    Raises:
        NotFound: when the public key is there but the key that it belongs to is not.
        Unavailable: when a file cannot be written.
    """
    missing = [each for each in files(settings) if not each.path.exists()]
    try:
        for each in missing:
            each.path.parent.mkdir(parents=True, exist_ok=True)
            if each.path.name not in (SIGNING_KEY, PUBLIC_KEY):
                _write(each, _new_token(settings, each))
        _make_keys(settings, {each.path.name for each in missing})
    except OSError as error:
        raise Unavailable(f"cannot write {error.filename}: {error.strerror}") from error
    return missing


def read(settings: Settings, process: str, name: str) -> str:
    """The token or cookie secret `name` of a process, which runs as the account that owns it.

    Raises:
        NotFound: when it has not been made.
        Unavailable: when this account may not read it.
        IntegrityError: when others may read it.
    """
    return _read_private(settings.secrets_root / process / name).decode("ascii").strip()


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The key that signs checkpoints and receipts; only the steward and root can read it.

    Raises:
        NotFound: when it has not been made.
        Unavailable: when this account may not read it.
        IntegrityError: when others may read it, or it is no Ed25519 key.
    """
    path = settings.secrets_root / "steward" / SIGNING_KEY
    pem = _read_private(path)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityError(f"{path} does not hold an Ed25519 key")
    return key


def public_key(settings: Settings) -> Ed25519PublicKey:
    """The key that checks checkpoints and receipts; anybody on the node may read it.

    Raises:
        NotFound: when it has not been made.
        IntegrityError: when it is no Ed25519 key.
    """
    return load_public_key(settings.secrets_root / "steward" / PUBLIC_KEY)


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The Ed25519 public key in a PEM file.

    Raises:
        NotFound: when there is no such file.
        IntegrityError: when it holds something else.
    """
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise NotFound(f"cannot read {path}: {error.strerror}", hint=_MAKE_HINT) from error
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise IntegrityError(f"{path} does not hold an Ed25519 public key")
    return key


def _make_keys(settings: Settings, missing: set[str]) -> None:
    private, public = files(settings)[:2]
    if SIGNING_KEY in missing and PUBLIC_KEY not in missing:
        # A new key would leave old receipts unverifiable without anybody having decided so.
        raise NotFound(
            f"{private.path} is gone, but its public half {public.path} is there",
            hint="bring it back from a backup, or move the public key away to begin anew",
        )
    if SIGNING_KEY in missing:
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write(private, pem)
    if PUBLIC_KEY in missing:
        pem = (
            signing_key(settings)
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        _write(public, pem)


def _new_token(settings: Settings, wanted: SecretFile) -> bytes:
    """A copy of the token where another process has one; a fresh one otherwise."""
    for process in TOKENS.get(wanted.path.name, ()):
        copy = settings.secrets_root / process / wanted.path.name
        if copy.exists():
            return copy.read_bytes()
    return secrets.token_hex(32).encode() + b"\n"


def _write(secret: SecretFile, content: bytes) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW
    descriptor = os.open(secret.path, flags, secret.mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, secret.mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except FileNotFoundError:
        raise NotFound(f"the secret {path} does not exist", hint=_MAKE_HINT) from None
    except OSError as error:
        raise Unavailable(
            f"cannot read the secret {path}: {error.strerror}",
            hint="use the account it belongs to, or root",
        ) from error
    if mode & 0o077:
        raise IntegrityError(
            f"others may read the secret {path}", hint="make a new one, then chmod it to 0600"
        )
    return content
