"""Every table of every stage, gathered from the stages that exist."""

from __future__ import annotations

import importlib
from pathlib import Path

from sqlalchemy import MetaData

import vitrine
from vitrine.storage.database import metadata


def every_table() -> MetaData:
    """The shared metadata, after importing every module that defines a table on it."""
    root = Path(vitrine.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if "storage.database import" in (text := path.read_text()) and "metadata" in text:
            relative = path.relative_to(root.parent).with_suffix("")
            if "migrations" not in relative.parts:
                importlib.import_module(".".join(relative.parts))
    return metadata
