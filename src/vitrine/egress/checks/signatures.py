"""What bytes are by their structure, whatever their name says; an empty word when unknown.

Everything here reads headers only, or as much of a compressed file as tells what lies in it.
"""

from __future__ import annotations

import bz2
import lzma
import re
import struct
import zlib
from typing import Final

PEEK_BYTES: Final = 16_384
"""How much of a compressed file is opened to see what it is."""

_AT_START: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF", "pdf"),
    (b"NRRD000", "nrrd"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"CDF\x01", "netcdf"),
    (b"CDF\x02", "netcdf"),
    (b"CDF\x05", "netcdf"),
    (b"MATLAB 5", "mat"),
    (b"MATLAB 7", "mat"),
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"FEA1", "arrow"),
    (b"ORC\x0a", "orc"),
    (b"Obj\x01", "avro"),
    (b"SQLite format 3\x00", "database"),
    (b"\x00\x01\x00\x00Standard", "database"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"ZISRAWFILE", "tiff"),
    (b"\x00\x00\x00\x0cjP  ", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
    (b"8BPS", "photoshop"),
    (b"v/1\x01", "exr"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
    (b"{\\rtf", "office"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"\x04\x22\x4d\x18", "archive"),
    (b"!<arch>\n", "archive"),
    (b"\x1f\x9d", "archive"),
    (b"\x7fELF", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"\xce\xfa\xed\xfe", "program"),
    (b"\xfe\xed\xfa", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"\x00asm", "program"),
    (b"dex\n03", "program"),
    (b"RDX2\n", "rdata"),
    (b"RDX3\n", "rdata"),
    (b"<stata_dta>", "stata"),
    (b"$FL2", "spss"),
    (b"GGUF", "gguf"),
    (b"# vtk DataFile", "mesh"),
    (b"\x1aE\xdf\xa3", "video"),
    (b"OggS", "video"),
)
_SAS: Final = bytes(12) + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\x00\x09\xc7\x31\x8c"
_TORCH_MAGIC: Final = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_VR: Final = re.compile(rb"AE|AS|AT|CS|D[AST]|F[LD]|IS|L[OT]|O[BDFLVW]|PN|S[HLQSTV]|TM|U[CILNRSTV]")
_PNM: Final = re.compile(rb"P[1-7]\s+(?:#[^\n]*\n\s*)*\d+\s+\d+\s")
_NIFTI_SIZES: Final = (b"\x5c\x01\x00\x00", b"\x00\x00\x01\x5c")
_META_IMAGE: Final = re.compile(
    rb"\s*(?:(?:#[^\n]*|Comment *=[^\n]*)\n\s*)*"
    rb"(?:ObjectType *= *\w*Image|NDims *= *\d|DimSize *= *\d|ElementType *= *MET_)"
)


def structure_of(content: bytes) -> str:
    """What `content` is by its own structure; empty when nothing known begins there."""
    return (
        _image_header(content)
        or _at_start(content)
        or _framed(content)
        or raw_dicom(content)
        or compressed(content)
    )


def _at_start(content: bytes) -> str:
    found = next((kind for mark, kind in _AT_START if content.startswith(mark)), "")
    if found == "hdf5":
        return _hdf5(content)
    if found == "archive" and (inside := compressed(content)):
        return inside
    return found


def _hdf5(content: bytes) -> str:
    """HDF5, or what is known to be stored in it."""
    head = content[: 1 << 20]
    return "keras" if b"keras_version" in head or b"model_weights" in head else "hdf5"


def _image_header(content: bytes) -> str:
    """Formats whose mark stands further in, so that other bytes can stand before it."""
    if content[128:132] == b"DICM":
        return "dicom"
    if content[344:347] in (b"n+1", b"ni1") or content[4:7] in (b"n+2", b"ni2"):
        return "nifti"
    if content[:4] in _NIFTI_SIZES and _is_analyze(content):
        return "analyze"
    if _META_IMAGE.match(content[:1024]):
        return "metaimage"
    if _is_mgh(content):
        return "mgh"
    if any(content[at : at + 8] == b"\x89HDF\r\n\x1a\n" for at in (512, 1024, 2048, 4096)):
        return "mat" if content.startswith(b"MATLAB") else "hdf5"
    return ""


def _is_analyze(content: bytes) -> bool:
    if len(content) < 348:
        return False
    order = "<" if content[0] == 0x5C else ">"
    dimensions: int = struct.unpack_from(order + "h", content, 40)[0]
    return 1 <= dimensions <= 7


def _is_mgh(content: bytes) -> bool:
    if len(content) < 284 or content[:4] != b"\x00\x00\x00\x01":
        return False
    *sizes, frames, kind = struct.unpack_from(">5i", content, 4)
    return all(1 <= size <= 4096 for size in sizes) and 1 <= frames <= 1 << 16 and 0 <= kind <= 4


def raw_dicom(content: bytes) -> str:
    """`dicom` for a data set without preamble (PS3.10 7.1 left out), in any byte order."""
    if content[:2] in (b"\x02\x00", b"\x08\x00") and content[3:4] == b"\x00":
        order = "<"
    elif content[:2] in (b"\x00\x02", b"\x00\x08") and content[2:3] == b"\x00":
        order = ">"
    else:
        return ""
    if len(content) < 16:
        return ""
    if _VR.fullmatch(content[4:6]):
        return "dicom"
    (length,) = struct.unpack_from(order + "I", content, 4)
    return "dicom" if length < 1024 and 8 + length < len(content) else ""


def _framed(content: bytes) -> str:
    """Formats that are told by more than one place."""
    brand = content[4:8]
    if content[:4] == b"RIFF":
        return {b"WEBP": "webp", b"AVI ": "video", b"WAVE": "audio"}.get(content[8:12], "")
    if brand == b"ftyp":
        return "heif" if content[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "video"
    if brand == b"TFL3":
        return "tflite"
    if content[257:262] == b"ustar":
        return "archive"
    if content.startswith(_SAS):
        return "sas"
    if _PNM.match(content[:256]):
        return "pnm"
    return _bitmap_or_program(content) or _safetensors(content) or _pickle(content)


def _bitmap_or_program(content: bytes) -> str:
    if content[:2] == b"BM" and len(content) > 26 and _says_its_length(content):
        return "bmp"
    if content[:2] == b"MZ" and content.find(b"PE\x00\x00", 0, 4096) > 0:
        return "program"
    if content[2:4] == b"\r\n" and content[1:2] in (b"\x0c", b"\x0d", b"\x0e", b"\x0f"):
        return "program" if content[16:17] in (b"\xe3", b"\x63") else ""
    return ""


def _pickle(content: bytes) -> str:
    if content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "torch" if content[2:].startswith(_TORCH_MAGIC) else "pickle"
    return ""


def _says_its_length(content: bytes) -> bool:
    return bool(struct.unpack_from("<I", content, 2)[0] == len(content))


def _safetensors(content: bytes) -> str:
    if len(content) > 10 and re.match(rb'\{\s*["}]', content[8:24]):
        (length,) = struct.unpack_from("<Q", content)
        if 2 <= length <= len(content) - 8:
            return "safetensors"
    return ""


def compressed(content: bytes) -> str:
    """What a compressed stream holds, `gzip` or `archive` when that is nothing measured."""
    start = peek(content)
    if start is None:
        return ""
    inside = "" if peek(start) is not None else structure_of(start)
    if not inside and start.startswith((b"X\n\x00\x00", b"A\n2\n", b"A\n3\n")):
        inside = "rdata"
    if inside and inside not in ("archive", "png", "jpeg", "pdf", "gif"):
        return inside
    return "gzip" if content.startswith(b"\x1f\x8b") else "archive"


def peek(content: bytes) -> bytes | None:
    """The first bytes of a gzip, zlib, bzip2 or xz stream; None for anything else."""
    try:
        if content.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(content[:65536], PEEK_BYTES)
        if content.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(content, PEEK_BYTES)
        if content.startswith((b"\xfd7zXZ\x00", b"\x5d\x00\x00")):
            return lzma.LZMADecompressor(memlimit=1 << 27).decompress(content, PEEK_BYTES)
        if len(content) > 8 and content[0] == 0x78 and int.from_bytes(content[:2]) % 31 == 0:
            return zlib.decompressobj().decompress(content[:65536], PEEK_BYTES)
    except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
        pass
    return b"" if content.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")) else None
