"""The lab: stock JupyterLab whose kernels, files and doors are somewhere else.

Kernels and files are reached through the gate; whatever is not on the list of allowed requests is
refused, and the refusal is recorded. Copied into the lab image as files.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "vitrine.session.lab"}]


def _load_jupyter_server_extension(app: Any) -> None:
    # Imported here: the gate's tests import records of this package without Jupyter installed.
    from vitrine.session.lab.server import prepare

    prepare(app)
