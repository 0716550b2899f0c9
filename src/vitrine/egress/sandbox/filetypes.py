"""What a file is, by its content; its name must agree.

Raw medical images, arrays, models, containers and programs are refused: nobody can check them by
looking at them. The sentence says what to export instead.
"""

from __future__ import annotations

import codecs
import pickletools
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from vitrine.egress.checks.kinds import is_text, zip_kind
from vitrine.egress.checks.protobuf import is_onnx
from vitrine.egress.checks.signatures import structure_of
from vitrine.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Kind:
    """How a file is shown, and what it is called on the web."""

    name: str
    """table, image, notebook, workbook, document, model, text or source."""

    media_type: str
    title: str = ""
    """What a sentence calls it, where its content says what it is."""


NOTEBOOK: Final = Kind("notebook", "application/x-ipynb+json")
PNG: Final = Kind("image", "image/png", "a PNG image")
JPEG: Final = Kind("image", "image/jpeg", "a JPEG image")
SVG: Final = Kind("source", "image/svg+xml")
WORKBOOK: Final = Kind(
    "workbook", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "a workbook"
)
PDF: Final = Kind("document", "application/pdf", "a PDF document")
SAFETENSORS: Final = Kind("model", "application/vnd.safetensors", "a safetensors model")
ONNX: Final = Kind("model", "application/vnd.onnx", "an ONNX model")

FLATTENED: Final = frozenset({SVG.media_type, PDF.media_type})
"""Types whose copies lose words that the checks need: they look at what the original shows."""

TEXT_KINDS: Final = {
    ".csv": Kind("table", "text/csv"),
    ".tsv": Kind("table", "text/tab-separated-values"),
    ".txt": Kind("text", "text/plain"),
    ".log": Kind("text", "text/plain"),
    ".md": Kind("text", "text/markdown"),
    ".tex": Kind("text", "text/x-tex"),
    ".json": Kind("text", "application/json"),
    ".yaml": Kind("text", "application/yaml"),
    ".yml": Kind("text", "application/yaml"),
    ".toml": Kind("text", "application/toml"),
    ".py": Kind("text", "text/x-python"),
    ".r": Kind("text", "text/x-r"),
    ".sh": Kind("text", "text/x-sh"),
    ".sql": Kind("text", "text/x-sql"),
    ".svg": SVG,
    ".html": Kind("source", "text/html"),
    ".htm": Kind("source", "text/html"),
    ".ipynb": NOTEBOOK,
}
BINARY_KINDS: Final = {
    ".png": PNG,
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".xlsx": WORKBOOK,
    ".pdf": PDF,
    ".safetensors": SAFETENSORS,
    ".onnx": ONNX,
}

_PIXELS = "pixel data of patients cannot be released: export a table or a figure"
_ARRAY = "arrays cannot be checked by looking at them: export a table or a figure"
_ARCHIVE = "add the files themselves, so that each can be checked"
_OFFICE = "save tables as CSV and text as TXT or MD"
_PROGRAM = "programs are not results"
_AS_PNG = "save the figure as PNG"

_AT_START: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"NRRD000", "an NRRD volume", _PIXELS),
    (b"\x93NUMPY", "a NumPy array", _ARRAY),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _ARRAY),
    (b"CDF\x01", "a NetCDF file", _ARRAY),
    (b"CDF\x02", "a NetCDF file", _ARRAY),
    (b"MATLAB ", "a MATLAB file", _ARRAY),
    (b"PAR1", "a Parquet file", "save the table as CSV"),
    (b"ARROW1", "an Arrow file", "save the table as CSV"),
    (b"FEA1", "a Feather file", "save the table as CSV"),
    (b"SQLite format 3\x00", "a database", "save the table as CSV"),
    (b"II*\x00", "a TIFF image", _AS_PNG),
    (b"MM\x00*", "a TIFF image", _AS_PNG),
    (b"II+\x00", "a TIFF image", _AS_PNG),
    (b"GIF8", "a GIF image", _AS_PNG),
    (b"BM", "a BMP image", _AS_PNG),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document", _OFFICE),
    (b"\x1f\x8b", "a gzip archive", _ARCHIVE),
    (b"BZh", "a bzip2 archive", _ARCHIVE),
    (b"\xfd7zXZ\x00", "an xz archive", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _ARCHIVE),
    (b"Rar!\x1a\x07", "a RAR archive", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _ARCHIVE),
    (b"\x04\x22\x4d\x18", "an LZ4 archive", _ARCHIVE),
    (b"\x7fELF", "a program", _PROGRAM),
    (b"MZ", "a program", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", "a program", _PROGRAM),
    (b"\xca\xfe\xba\xbe", "a program", _PROGRAM),
    (b"\x00asm", "a program", _PROGRAM),
)
for _codec in ("raw-unicode-escape", "unicode-escape", "latin-1", "ascii"):
    codecs.lookup(_codec)  # pickletools needs them where nothing can be imported any more

_ZIP_MARKS: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def recognise(name: str, content: bytes) -> Kind:
    """What `content` is, when it is something that can be checked and `name` says the same.

    Raises:
        InvalidInput: with what it is instead and what to export.
    """
    if not content:
        raise InvalidInput("the file is empty")
    _refuse_known(content)
    suffix = PurePosixPath(name).suffix.lower()
    found = _binary_kind(content)
    if found is not None:
        if BINARY_KINDS.get(suffix) is not found:
            ending = next(each for each, kind in BINARY_KINDS.items() if kind is found)
            raise InvalidInput(
                f"the content is {found.title} but the name says otherwise: "
                f"give it the ending {ending}"
            )
        return found
    if suffix in BINARY_KINDS:
        what = "image" if BINARY_KINDS[suffix].name == "image" else "file"
        raise InvalidInput(f"the name ends in {suffix} but the content is no such {what}")
    kind = TEXT_KINDS.get(suffix)
    if kind is None:
        raise InvalidInput(
            f"files ending in {suffix or 'nothing'} are not accepted: use one of "
            + ", ".join(sorted({*TEXT_KINDS, *BINARY_KINDS}))
        )
    return kind


def _binary_kind(content: bytes) -> Kind | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(_ZIP_MARKS):
        return WORKBOOK if zip_kind(content) == "xlsx" else None
    if structure_of(content) == "safetensors":
        return SAFETENSORS
    return ONNX if not is_text(content) and is_onnx(content) else None


def _refuse_known(content: bytes) -> None:
    found = (
        _dicom(content)
        or _nifti(content)
        or _container(content)
        or _by_start(content)
        or _pickle(content)
    )
    if found:
        what, instead = found
        raise InvalidInput(f"the file is {what}: {instead}")


def _by_start(content: bytes) -> tuple[str, str] | None:
    for mark, what, instead in _AT_START:
        if content.startswith(mark) and (len(mark) > 2 or not _is_text(content[:4096])):
            return what, instead
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "a WebP image", _AS_PNG
    return None


def _is_text(start: bytes) -> bool:
    return b"\x00" not in start and not any(byte < 9 for byte in start)


def _dicom(content: bytes) -> tuple[str, str] | None:
    # PS3.10 7.1: 128 bytes of preamble, then the prefix; some writers leave both out and begin
    # with group 0002 or 0008, little-endian.
    if content[128:132] == b"DICM":
        return "a DICOM object", _PIXELS
    if content[:2] in (b"\x02\x00", b"\x08\x00") and content[3:4] == b"\x00":
        return "a DICOM object", _PIXELS
    return None


def _nifti(content: bytes) -> tuple[str, str] | None:
    sizes = (b"\x5c\x01\x00\x00", b"\x00\x00\x01\x5c", b"\x1c\x02\x00\x00", b"\x00\x00\x02\x1c")
    if content[344:347] in (b"n+1", b"ni1") or content[4:7] in (b"n+2", b"ni2"):
        return "a NIfTI volume", _PIXELS
    if content[:4] in sizes:
        return "a NIfTI or Analyze volume", _PIXELS
    start = content[:512].lstrip()
    if start.startswith((b"ObjectType = Image", b"NDims =")):
        return "a MetaImage volume", _PIXELS
    return None


def _container(content: bytes) -> tuple[str, str] | None:
    if content.startswith(_ZIP_MARKS) and zip_kind(content) != "xlsx":
        if b"word/" in content[:4096] or b"xl/" in content[:4096] or b"ppt/" in content[:4096]:
            return "an Office document", _OFFICE
        if b".npy" in content[:4096]:
            return "an archive of NumPy arrays", _ARRAY
        return "a zip archive", _ARCHIVE
    if content[257:262] == b"ustar":
        return "a tar archive", _ARCHIVE
    if any(content[at : at + 4] == b"\x89HDF" for at in (512, 1024, 2048)):
        return "an HDF5 file", _ARRAY
    return None


def _pickle(content: bytes) -> tuple[str, str] | None:
    found = ("a Python pickle", "pickles run code when opened: export a table or a figure")
    if content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return found
    if content[:1] not in b"(]}c" or not content.endswith(b"."):
        return None
    # Protocol 0 and 1 look like text: only what reads as a program to its very end is one.
    try:
        *_, last = pickletools.genops(content)
    except Exception:
        return None
    return found if last[2] == len(content) - 1 else None
