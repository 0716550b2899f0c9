"""Names of things: random ids that say what they name, and the words people may choose."""

from __future__ import annotations

import re
import secrets
from typing import Final

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
"""What a person, project or dataset may be called: safe in paths, URLs, labels and logs."""

SHA256: Final = re.compile(r"[0-9a-f]{64}")


def new_id(prefix: str) -> str:
    """A fresh random id such as `ses-6f1c0a9be2d4` (48 random bits)."""
    return f"{prefix}-{secrets.token_hex(6)}"


def is_name(text: str) -> bool:
    """Whether `text` may name a person, a project or a dataset."""
    return NAME.fullmatch(text) is not None


def is_sha256(text: str) -> bool:
    """Whether `text` is a SHA-256 in lower-case hexadecimal."""
    return SHA256.fullmatch(text) is not None
