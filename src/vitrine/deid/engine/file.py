"""One file: read as far as its pixels, admitted or refused, cleaned, written with its pixels.

The envelope is built anew: preamble of zeros, file meta information with nothing but UIDs, no
padding, no group lengths, nothing behind the last element (PS3.10 section 7).
"""

from __future__ import annotations

import hashlib
import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import _read_file_meta_info, read_dataset
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from vitrine.deid.engine import clean, pixels
from vitrine.deid.engine.stage import Mask, Painted, PixelStage
from vitrine.deid.engine.values import Values
from vitrine.deid.keys import Key
from vitrine.deid.rules import table
from vitrine.deid.rules.profile import Profile
from vitrine.errors import InvalidInput

IMPLEMENTATION: Final = "2.25.323121735204270243183129174513871127114"
_MAGIC: Final = b"DICM"
_INFLATED_LIMIT: Final = 4 << 30
_REQUIRED: Final = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
_REFUSED: Final = {
    "1.2.840.10008.1.3.10": "a DICOMDIR lists files and is none of the images",
    "1.2.840.10008.5.1.4.1.1.66": "raw data have no rules by which they could be cleaned",
    "1.2.840.10008.5.1.4.1.1.104.1": "an encapsulated document cannot be looked into",
    "1.2.840.10008.5.1.4.1.1.104.2": "an encapsulated document cannot be looked into",
    "1.2.840.10008.5.1.4.1.1.104.3": "an encapsulated model cannot be looked into",
    "1.2.840.10008.5.1.4.1.1.104.4": "an encapsulated model cannot be looked into",
    "1.2.840.10008.5.1.4.1.1.104.5": "an encapsulated model cannot be looked into",
}
_BURNED: Final = {
    "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.6.2",
    "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.7.1", "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.3", "1.2.840.10008.5.1.4.1.1.7.4", "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2", "1.2.840.10008.5.1.4.1.1.3",
    "1.2.840.10008.5.1.4.1.1.12.1.1", "1.2.840.10008.5.1.4.1.1.77.1.1.1",
    "1.2.840.10008.5.1.4.1.1.77.1.2.1", "1.2.840.10008.5.1.4.1.1.77.1.4.1",
    "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.2", "1.2.840.10008.5.1.4.1.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.1.3", "1.2.840.10008.5.1.4.1.1.1.3.1",
}  # fmt: skip
"""Ultrasound, secondary capture, angiography, fluoroscopy, video, film: text is often drawn in."""

_BURNED_MODALITIES: Final = frozenset(
    {"US", "IVUS", "SC", "XA", "RF", "OT", "ES", "XC", "CR", "DX", "MG", "IO", "PX", "RG"}
)
_BURNED_TYPES: Final = frozenset({"LOCALIZER", "SCREEN SAVE", "DOSE_INFO"})
"""Values of ImageType: overviews and screens of a scanner, which show what its console shows."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file as far as the engine needs it."""

    header: Dataset
    syntax: UID
    extents: list[pixels.Extent]
    stream: BinaryIO
    """Where the pixel data are: the file, or its inflated body."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an object."""

    folder: str
    """`patient/study/series` of pseudonyms."""

    name: str
    sha256: str
    masks: tuple[Mask, ...] = ()


def clean_file(
    source: Path,
    target: Path,
    profile: Profile,
    key: Key,
    values: Values,
    stage: PixelStage | None = None,
) -> Written:
    """Clean one file into `target`, complete and not yet durable when this returns.

    Args:
        stage: searches the pixels for text; without one, objects that often show text are refused
            unless the profile keeps them.

    Raises:
        InvalidInput: saying why the file is refused, without a word of its content.
        OSError: when the disk refuses.
    """
    with opened(source) as read:
        admit(read, profile, has_stage=stage is not None)
        painted = Painted()
        if stage is not None and profile.burned_in == "ocr" and read.extents:
            painted = stage(source, read.header)
        result = clean.deidentify(read.header, profile, key, values)
        _finish(result)
        digest = _write(read, result, painted, target)
    folder = f"{result.PatientID}/{result.StudyInstanceUID}/{result.SeriesInstanceUID}"
    return Written(folder, f"{result.SOPInstanceUID}.dcm", digest, painted.masks)


@contextmanager
def opened(source: Path) -> Iterator[Read]:
    """The header of a Part 10 file and the place of its pixel data.

    Raises:
        InvalidInput: when it is no Part 10 file or is damaged.
    """
    with open(source, "rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream.seek(128)
        if stream.read(4) != _MAGIC:
            raise InvalidInput("it is no DICOM Part 10 file")
        try:
            yield _read(stream)
        except (InvalidInput, OSError):
            raise
        except RecursionError:
            raise InvalidInput("it nests sequences too deeply") from None
        except MemoryError:
            raise InvalidInput("it says that it is larger than memory") from None
        except Exception as problem:  # whatever a hostile header does to the reader
            raise InvalidInput(f"its header is damaged ({type(problem).__name__})") from None


def _read(stream: BinaryIO) -> Read:
    stream.seek(132)
    meta = _read_file_meta_info(stream)
    syntax = UID(str(meta.get("TransferSyntaxUID", "")))
    if not syntax.is_transfer_syntax:
        raise InvalidInput("its transfer syntax is none of the standard's")
    body: BinaryIO = stream
    if syntax == DeflatedExplicitVRLittleEndian:
        body = io.BytesIO(_inflated(stream))
    header = read_dataset(
        body, syntax.is_implicit_VR, syntax.is_little_endian, stop_when=_at_pixels
    )
    if meta.get("MediaStorageSOPInstanceUID") and not header.get("SOPInstanceUID"):
        raise InvalidInput("it has no SOPInstanceUID")
    found = pixels.extents(
        body, is_implicit=syntax.is_implicit_VR, is_little=syntax.is_little_endian
    )
    return Read(header, syntax, found, body)


def _at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return bool(tag.group >= 0x7FE0)


def _inflated(stream: BinaryIO) -> bytes:
    made = zlib.decompressobj(-zlib.MAX_WBITS)
    parts, size = [], 0
    while block := stream.read(1 << 20):
        part = made.decompress(block, _INFLATED_LIMIT - size)
        size += len(part)
        parts.append(part)
        if size >= _INFLATED_LIMIT:
            raise InvalidInput("it inflates to more than 4 GiB")
    return b"".join(parts)


def admit(read: Read, profile: Profile, *, has_stage: bool = False) -> None:
    """Nothing, when the engine has rules for this object.

    Args:
        has_stage: whether a stage will search the pixels for text.

    Raises:
        InvalidInput: with the reason.
    """
    header = read.header
    sop_class = str(header.get("SOPClassUID", ""))
    for uid, why in _REFUSED.items():
        if sop_class == uid:
            raise InvalidInput(why)
    lacking = [each for each in _REQUIRED if not str(header.get(each, "") or "").strip()]
    if lacking:
        raise InvalidInput(f"it has no {' and no '.join(lacking)}")
    if not sop_class.startswith(_STORAGE) or sop_class not in table.types().top:
        raise InvalidInput("its SOP class is none that can be cleaned")
    pixels.check_geometry(header, read.extents)
    if read.extents and (profile.burned_in == "quarantine" or not has_stage):
        _quarantine(header, sop_class, profile)


def _quarantine(header: Dataset, sop_class: str, profile: Profile) -> None:
    if profile.burned_in == "keep":
        return
    if str(header.get("BurnedInAnnotation", "")).strip().upper() == "YES":
        raise InvalidInput("it says that text is burned in, and text in pixels is not searched")
    modality = str(header.get("Modality", "")).strip().upper()
    is_drawn_on = sop_class in _BURNED or modality in _BURNED_MODALITIES
    if is_drawn_on or _image_type(header) & _BURNED_TYPES:
        raise InvalidInput(
            "objects of its kind often show text, and text in pixels is not searched"
        )


def _image_type(header: Dataset) -> set[str]:
    said = header.get("ImageType") or []
    return {str(each).strip().upper() for each in ([said] if isinstance(said, str) else said)}


def _finish(result: Dataset) -> None:
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not str(result.get(keyword, "")):
            raise InvalidInput(f"it has no {keyword}")


def _write(read: Read, result: Dataset, painted: Painted, target: Path) -> str:
    syntax = read.syntax if painted.pixel_data is None else ExplicitVRLittleEndian
    if painted.pixel_data is not None:
        result.update(painted.attributes or {})
        result.PixelData = painted.pixel_data
        result["PixelData"].VR = "OW" if result.BitsAllocated > 8 else "OB"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(str(result.SOPClassUID))
    meta.MediaStorageSOPInstanceUID = UID(str(result.SOPInstanceUID))
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    extents = read.extents if painted.pixel_data is None else []
    with open(target, "wb") as stream:
        out = _Digested(stream)
        out.write(_meta_only(meta))
        if syntax == DeflatedExplicitVRLittleEndian:
            body = io.BytesIO()
            body.write(_encoded(result, syntax))
            pixels.copy(read.stream, extents, body)
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            packed = packer.compress(body.getvalue()) + packer.flush()
            out.write(packed + b"\0" * (len(packed) % 2))
        else:
            out.write(_encoded(result, syntax))
            pixels.copy(read.stream, extents, out)
        return out.digest.hexdigest()


class _Digested:
    """A stream that knows the digest of what was written to it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.digest = stream, hashlib.sha256()

    def write(self, part: bytes) -> int:
        """Write, and remember."""
        self.digest.update(part)
        return self.stream.write(part)


def _meta_only(meta: FileMetaDataset) -> bytes:
    """Preamble, prefix and file meta information."""
    made = io.BytesIO()
    made.write(b"\0" * 128 + _MAGIC)
    write_file_meta_info(made, meta, enforce_standard=True)
    return made.getvalue()


def _encoded(result: Dataset, syntax: UID) -> bytes:
    """The attributes in the syntax of the file that they came from."""
    made = DicomBytesIO()
    made.is_implicit_VR = syntax.is_implicit_VR
    made.is_little_endian = syntax.is_little_endian
    write_dataset(made, Dataset(result), ["utf8"])
    return bytes(made.getvalue())
