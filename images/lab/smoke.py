"""Proves, inside the image, that what the lab image promises is there and nothing more."""

import importlib
import os
import shutil
import stat
import sys
from importlib.metadata import version

VERSIONS = {
    "jupyterhub": "6.1.1",
    "jupyterlab": "4.6.6",
    "jupyter-server": "2.21.1",
    "jupyterlab-widgets": "3.0.17",
}
NEEDED = "jupyterhub.singleuser.app jupyterlab.labapp jupyter_server.serverapp jupyter_client zmq"
ABSENT = """
    ipykernel IPython debugpy terminado jupyter_lsp pip numpy vitrine.storage vitrine.settings
"""


def _check(claim: bool, sentence: str) -> None:
    if not claim:
        sys.exit(f"lab image: {sentence}")


def main() -> None:
    """Run every check; the first broken promise ends it with one sentence."""
    for name in NEEDED.split():
        importlib.import_module(name)
    for name, wanted in VERSIONS.items():
        _check(version(name) == wanted, f"{name} is {version(name)}, not {wanted}")
    for name in ABSENT.split():
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        sys.exit(f"lab image: {name} must not be in it")
    for program in ("gcc", "cc", "make", "curl", "wget", "git", "node", "npm", "pip", "apt"):
        _check(shutil.which(program) is None, f"{program} must not be in it")
    for folder, _, names in os.walk("/"):
        if folder.startswith(("/proc", "/sys")):
            continue
        for name in names:
            mode = os.lstat(os.path.join(folder, name)).st_mode
            _check(
                not (stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID)),
                f"{folder}/{name} is setuid or setgid",
            )
    print("lab image: all promises kept")


main()
