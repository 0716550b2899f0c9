"""Opening files that another account put there, without being led elsewhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_plain(folder: Path, name: str) -> BinaryIO:
    """The regular file `name` of `folder`, opened without following a link or waiting for a pipe.

    The gate parses hostile bytes. Should it ever be taken over, it must not be able to have
    files copied that the steward may read and it may not.

    Raises:
        OSError: when there is no such file, or it is a link or anything else than a file.
    """
    within = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(name, flags, dir_fd=within)
    finally:
        os.close(within)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return os.fdopen(descriptor, "rb")
