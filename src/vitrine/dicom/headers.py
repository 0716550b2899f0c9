"""A few attributes of every file below a folder, for whoever counts and compares."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.errors import InvalidDicomError

_DIRECTORY: Final = "1.2.840.10008.1.3.10"
"""SOP class of a DICOMDIR, which holds no image (PS3.4 B.5)."""

_SUFFIXES: Final = (".dcm", ".dicom", ".ima")


class Outcome(StrEnum):
    """How a file was read."""

    READ = "read"
    UNREADABLE = "unreadable"
    """DICOM by its name or first bytes, and cannot be read: it may hold anybody."""

    NOT_DICOM = "not_dicom"


def headers_below(root: Path, keywords: Sequence[str]) -> Iterator[tuple[Any, Outcome]]:
    """The attributes of each file below `root`, sorted by path, and how it was read.

    Links are not followed. What was not read comes as None.

    Args:
        keywords: the attributes that are wanted; more may come.
    """
    for folder, inner, names in os.walk(root):
        inner.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not path.is_symlink() and path.is_file():
                yield _header(path, ["SOPInstanceUID", *keywords])


def text_of(header: Any, keyword: str) -> str:
    """An attribute as a text without padding; empty when it is missing."""
    value = header.get(keyword, "")
    return str("" if value is None else value).strip().strip("\0").replace("\0", "\1")


def _header(path: Path, keywords: list[str]) -> tuple[Any, Outcome]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=keywords)
        if "SOPInstanceUID" in header:
            return header, Outcome.READ
        is_directory = header.file_meta.get("MediaStorageSOPClassUID") == _DIRECTORY
        return None, Outcome.NOT_DICOM if is_directory else Outcome.UNREADABLE
    except InvalidDicomError:
        is_named = path.suffix.lower() in _SUFFIXES
        return None, Outcome.UNREADABLE if is_named else Outcome.NOT_DICOM
    except Exception:  # whatever a damaged file does to its reader
        return None, Outcome.UNREADABLE
