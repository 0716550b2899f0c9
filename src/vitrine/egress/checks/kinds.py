"""What a file is by its content, in one word; the name only tells kinds of text apart."""

from __future__ import annotations

import struct
from pathlib import PurePosixPath
from typing import Final

TEXT_KINDS: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "text",
    ".log": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".tex": "latex",
    ".json": "json",
    ".geojson": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".py": "code",
    ".r": "code",
    ".sh": "code",
    ".sql": "code",
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".ipynb": "notebook",
}
"""Kinds of text by ending; other text is `text`."""

_OLD_TEXT: Final = frozenset({"csv", "tsv"})
"""Kinds that spreadsheet programs also write in other encodings than UTF-8."""

RAW_IMAGES: Final = frozenset(
    {"dicom", "nifti", "nrrd", "metaimage", "npy", "npz", "hdf5", "zarr", "mat", "netcdf", "tiff"}
)
"""Kinds that hold pixels or arrays as they were measured."""

_AT_START: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"%PDF", "pdf"),
    (b"NRRD000", "nrrd"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"CDF\x01", "netcdf"),
    (b"CDF\x02", "netcdf"),
    (b"MATLAB 5", "mat"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"FEA1", "arrow"),
    (b"SQLite format 3\x00", "database"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"\x7fELF", "program"),
)


def kind_of(name: str, content: bytes) -> str:
    """One word for what `content` is; `unknown` for bytes that are nothing known, nor text."""
    for found in (_medical(content), _at_start(content), _container(content), _model(content)):
        if found:
            return found
    kind = TEXT_KINDS.get(PurePosixPath(name).suffix.lower(), "text")
    if is_text(content) or (kind in _OLD_TEXT and _is_old_text(content)):
        return kind
    return "unknown"


def _is_old_text(content: bytes) -> bool:
    """Whether `content` is UTF-16 with a mark, or one-byte text without control characters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return "\x00" not in content.decode("utf-16")
        except UnicodeDecodeError:
            return False
    controls = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"
    return len(content.translate(None, controls)) == len(content)


def is_text(content: bytes) -> bool:
    """Whether `content` is UTF-8 text without binary control characters."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any(letter < " " and letter not in "\t\n\r\f\x1b" for letter in text[:65536])


def _at_start(content: bytes) -> str:
    return next((kind for mark, kind in _AT_START if content.startswith(mark)), "")


def _medical(content: bytes) -> str:
    if content[128:132] == b"DICM":
        return "dicom"
    if content[:2] in (b"\x02\x00", b"\x08\x00") and content[3:4] == b"\x00":
        return "dicom"
    if content[344:347] in (b"n+1", b"ni1") or content[4:7] in (b"n+2", b"ni2"):
        return "nifti"
    if content[:512].lstrip().startswith((b"ObjectType = Image", b"NDims =")):
        return "metaimage"
    return ""


def _container(content: bytes) -> str:
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        return _zip(content)
    if content[257:262] == b"ustar":
        return "archive"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[:2] == b"BM" and len(content) > 14 and _says_its_length(content):
        return "bmp"
    return ""


def _says_its_length(content: bytes) -> bool:
    return bool(struct.unpack_from("<I", content, 2)[0] == len(content))


def _zip(content: bytes) -> str:
    names = content[:4096] + content[-8192:]
    for mark, kind in (
        (b"xl/workbook.xml", "xlsx"),
        (b"word/document.xml", "office"),
        (b"ppt/", "office"),
        (b"data.pkl", "torch"),
        (b".npy", "npz"),
        (b".zarray", "zarr"),
        (b"zarr.json", "zarr"),
    ):
        if mark in names:
            return kind
    return "zip"


def _model(content: bytes) -> str:
    if content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "pickle"
    if len(content) > 10 and content[8:10] == b'{"':
        (length,) = struct.unpack_from("<Q", content)
        if 2 <= length <= len(content) - 8:
            return "safetensors"
    return ""
