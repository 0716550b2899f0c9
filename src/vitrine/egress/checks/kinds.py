"""What a file is by its content, in one word; the name only tells kinds of text apart."""

from __future__ import annotations

import csv
import io
import pickletools
import re
import zipfile
from pathlib import PurePosixPath
from typing import Final

import orjson

from vitrine.egress.checks import protobuf
from vitrine.egress.checks.signatures import structure_of

TEXT_KINDS: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "text",
    ".log": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".rst": "markdown",
    ".qmd": "markdown",
    ".rmd": "markdown",
    ".tex": "latex",
    ".bib": "latex",
    ".json": "json",
    ".geojson": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".cff": "yaml",
    ".toml": "toml",
    ".py": "code",
    ".r": "code",
    ".jl": "code",
    ".m": "code",
    ".do": "code",
    ".sas": "code",
    ".sh": "code",
    ".sql": "code",
    ".svg": "svg",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".ipynb": "notebook",
}
"""Kinds of text by ending; other text is `text`."""

_OLD_TEXT: Final = frozenset({"csv", "tsv"})
"""Kinds that spreadsheet programs also write in other encodings than UTF-8."""

RAW_IMAGES: Final = frozenset(
    {"dicom", "nifti", "analyze", "nrrd", "metaimage", "mgh", "gifti", "mesh", "npy", "npz"}
    | {"hdf5", "zarr", "mat", "netcdf", "tiff", "jpeg2000"}
)
"""Kinds that hold pixels, arrays or surfaces as they were measured."""

ARCHIVES: Final = frozenset({"zip", "gzip", "archive"})
PICKLES: Final = frozenset({"pickle", "torch"})
MODELS: Final = frozenset(
    {"pickle", "torch", "keras", "safetensors", "onnx", "tflite", "gguf", "pmml"}
)
RECORDS: Final = frozenset(
    {"parquet", "arrow", "orc", "avro", "database", "rdata", "stata", "spss", "sas"}
)
"""Kinds that hold tables which no text editor shows."""

PICTURES: Final = frozenset(
    {"png", "jpeg", "gif", "webp", "bmp", "pnm", "heif", "exr", "photoshop"}
)
OPAQUE: Final = RAW_IMAGES | ARCHIVES | MODELS | RECORDS | {"office", "xlsx", "program", "video"}
"""Kinds that must not be hidden in anything else."""

_ZIP_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OFFICE_PARTS: Final = re.compile(r"(?:xl|word|ppt|docProps|_rels|customXml|customUI|docMetadata)/")
_MEMBERS_READ: Final = 5_000
_JSON_PARSED: Final = 64 << 20
_SAMPLE: Final = 65_536
_DICOM_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")


def kind_of(name: str, content: bytes) -> str:
    """One word for what `content` is; `unknown` for bytes that are nothing known, nor text."""
    if content.startswith(_ZIP_MARKS):
        return zip_kind(content)
    if found := structure_of(content):
        return found
    if is_text(content):
        return _text_kind(name, content)
    kind = TEXT_KINDS.get(PurePosixPath(name).suffix.lower(), "text")
    if kind in _OLD_TEXT and _is_old_text(content):
        return kind
    if is_old_pickle(content):
        return "pickle"
    return "onnx" if protobuf.is_onnx(content) else "unknown"


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


def is_old_pickle(content: bytes) -> bool:
    """Whether this is a pickle of protocol 0 or 1, which begin like text."""
    if content[:1] not in b"(]}cIFSVNLKXGU)" or not content.rstrip(b"\n").endswith(b"."):
        return False
    count = -1
    try:
        for count, _ in enumerate(pickletools.genops(content)):
            if count > 1_000_000:
                return True
    except Exception:
        return False
    return count >= 2


def zip_kind(content: bytes) -> str:
    """What a zip archive is for by the names in its directory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()[:_MEMBERS_READ]
    except Exception:
        return "zip"
    found = set(names)
    if any(name.endswith(("/data.pkl", "/constants.pkl")) or name == "data.pkl" for name in names):
        return "torch"
    if "model.weights.h5" in found and "config.json" in found:
        return "keras"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    if any(PurePosixPath(name).name in (".zarray", ".zgroup", "zarr.json") for name in names):
        return "zarr"
    return _office_kind(names) or "zip"


def _office_kind(names: list[str]) -> str:
    """Only an archive in which every member belongs to the document is one."""
    if "mimetype" in names and "content.xml" in names:
        return "office"
    parts = [name for name in names if name != "[Content_Types].xml"]
    if len(parts) == len(names) or not all(_OFFICE_PARTS.match(name) for name in parts):
        return ""
    if "xl/workbook.xml" in parts:
        return "xlsx"
    return "office" if any(name.startswith(("word/", "ppt/", "xl/")) for name in parts) else ""


def _text_kind(name: str, content: bytes) -> str:
    by_name = TEXT_KINDS.get(PurePosixPath(name).suffix.lower(), "text")
    start = content[:_SAMPLE].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"<":
        return _marked_up(start, by_name)
    if start[:1] in (b"{", b"["):
        return _json_kind(content, by_name)
    if re.match(rb"solid [^\n]*\n\s*(?:facet|endsolid)|ply\r?\nformat ", start):
        return "mesh"
    if start[:1] in (b"(", b"c", b"]", b"}") and is_old_pickle(content):
        return "pickle"
    if by_name == "text" and not name.lower().endswith(".log"):
        return _delimited(start.decode("utf-8", "ignore"), whole=len(content) <= _SAMPLE)
    return by_name


def _marked_up(start: bytes, by_name: str) -> str:
    head = start.lower()
    if re.search(rb"<!doctype\s+gifti|<gifti[\s>]", head):
        return "gifti"
    if b"<nativedicommodel" in head or b"<dicomattribute" in head:
        return "dicom"
    if re.search(rb"<vtkfile[\s>]", head):
        return "mesh"
    if re.search(rb"<pmml[\s>]", head):
        return "pmml"
    if by_name in ("svg", "html", "markdown"):
        return by_name
    svg, html = re.search(rb"<(?:\w+:)?svg[\s>]", head), re.search(rb"<!doctype\s+html|<html", head)
    if svg and (html is None or svg.start() < html.start()):
        return "svg"
    if html or re.match(rb"<(?:body|table|div|script|iframe|img|p|meta)[\s>]", head):
        return "html"
    return by_name


def _json_kind(content: bytes, by_name: str) -> str:
    """JSON under any name, unless it is a notebook or a DICOM object written as JSON."""
    if len(content) > _JSON_PARSED:
        return by_name
    try:
        value = orjson.loads(content.removeprefix(b"\xef\xbb\xbf").strip())
    except orjson.JSONDecodeError:
        return by_name
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict):
        if _is_dicom_json(first):
            return "dicom"
        if first is value and "nbformat" in value and ("cells" in value or "worksheets" in value):
            return "notebook"
    return by_name if by_name not in ("text", "csv", "tsv") else "json"


def _is_dicom_json(value: dict[str, object]) -> bool:
    tags = [key for key in value if _DICOM_TAG.fullmatch(key)]
    return bool(tags) and any(isinstance(value[tag], dict) and "vr" in value[tag] for tag in tags)  # type: ignore[operator]


def _delimited(sample: str, *, whole: bool) -> str:
    """`csv` or `tsv` for text in which every line has the same number of fields."""
    lines = [line for line in sample.splitlines() if line.strip()]
    if not whole:
        lines = lines[:-1]
    lines = lines[:200]
    if len(lines) < 4:
        return "text"
    for mark, fewest, kind in (("\t", 2, "tsv"), (",", 3, "csv"), (";", 3, "csv")):
        widths = {len(row) for row in csv.reader(lines, delimiter=mark)}
        if len(widths) == 1 and widths.pop() >= fewest:
            return kind
    return "text"
