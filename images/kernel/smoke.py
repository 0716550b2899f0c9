"""Proves, inside the image, that what the kernel image promises is there and nothing more."""

import importlib
import os
import shutil
import stat
import subprocess
import sys
import time
from importlib.metadata import version

PROMISED = """
    ipykernel IPython zmq numpy scipy pandas matplotlib skimage sklearn nibabel pydicom
    SimpleITK ipywidgets acro statsmodels PIL vitrine.workbench
"""
ABSENT = "gcc cc g++ make ld curl wget git ssh sudo nc apt-cache dpkg"


def _check(claim: bool, sentence: str) -> None:
    if not claim:
        sys.exit(f"kernel image: {sentence}")


def _no_elevation() -> None:
    for folder, _, names in os.walk("/", topdown=True):
        if folder.startswith(("/proc", "/sys")):
            continue
        for name in names:
            mode = os.lstat(os.path.join(folder, name)).st_mode
            _check(
                not (stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID)),
                f"{folder}/{name} is setuid or setgid",
            )


def main() -> None:
    """Run every check; the first broken promise ends it with one sentence."""
    for name in PROMISED.split():
        importlib.import_module(name)
    import matplotlib.pyplot
    import pandas
    from pydicom.pixels.decoders import JPEG2000LosslessDecoder

    _check(version("ipykernel") == "7.4.0", "ipykernel is not 7.4.0")
    _check(version("ipywidgets") == "8.1.9", "ipywidgets is not 8.1.9")
    _check(pandas.__version__ < "2.4", "pandas is newer than acro accepts")
    _check(JPEG2000LosslessDecoder.is_available, "JPEG 2000 cannot be decoded")
    matplotlib.pyplot.figure()
    for name in ("debugpy", "vitrine.storage", "vitrine.settings", "jupyterlab", "libjpeg"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        sys.exit(f"kernel image: {name} must not be in it")
    for program in ABSENT.split():
        _check(shutil.which(program) is None, f"{program} must not be in it")
    for command in (
        ["pip", "install", "x"],
        [sys.executable, "-m", "pip", "install", "x"],
        ["conda", "install", "x"],
        ["apt", "install", "x"],
    ):
        began = time.monotonic()
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        _check(
            answer.returncode == 1 and "add x to the kernel image" in answer.stderr,
            f"{command[0]} does not say why nothing can be installed",
        )
        _check(time.monotonic() - began < 1.0, f"{command[0]} takes more than a second to refuse")
    _no_elevation()
    print("kernel image: all promises kept")


main()
