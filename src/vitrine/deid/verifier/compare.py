"""One output against its source and against everything that the sources know of its patient."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any, Final

import pydicom
from pydicom.dataset import Dataset

from vitrine.deid.verifier.finding import Found, Kind
from vitrine.deid.verifier.known import Known, elements, forms_of, texts_of
from vitrine.deid.verifier.walk import Damaged, Layout, layout_of

_TEXT: Final = frozenset({"PN", "SH", "LO", "ST", "LT", "UT", "UC", "UR", "AE"})
_FREE: Final = frozenset({"ST", "LT", "UT", "UC", "UR"})
_STANDARD: Final = "1.2.840.10008."
_UID: Final = re.compile(rb"(?<![\d.])[0-2](?:\.\d{1,39}){3,}")
_CODED: Final = frozenset({"CodeMeaning", "CodeValue", "CodingSchemeDesignator"})
_OWN: Final = re.compile(r"(?:^|\.)(?:DeidentificationMethod|PatientID|PatientName)")
_TECHNICAL: Final = {
    "Manufacturer": r"[A-Za-z&.,/ _-]{2,40}",
    "ManufacturerModelName": r"[A-Za-z]{2,20}[ _-]?[A-Za-z0-9+/._ -]{0,20}",
    "ConvolutionKernel": r"[A-Za-z]{1,2}\d{1,3}[a-z]{0,2}\d?|[A-Z]{3,8}|FC\d\d",
    "SequenceName": r"[*a-zA-Z0-9_#-]{2,16}",
    "RescaleType": r"[A-Za-z_]{2,12}",
    "LUTExplanation": r"[A-Za-z ]{2,16}",
    "ImagedNucleus": r"\d{0,3}[A-Z][a-z]?\d{0,3}",
    "ReceiveCoilName": r"[A-Za-z0-9_ ]{2,16}",
    "TransmitCoilName": r"[A-Za-z]{2,8}",
    "AttenuationCorrectionMethod": r"[A-Za-z -]{2,12}",
    "ReconstructionMethod": r"[A-Za-z0-9+ -]{2,20}",
    "ScatterCorrectionMethod": r"[A-Za-z -]{2,32}",
    "StackID": r"\d{1,4}",
    "SegmentLabel": r"[A-Za-z ]{3,20}",
    "ROIName": r"[A-Za-z ]{3,20}\d?",
}
"""Texts of makers that may stand as they were, and the form they must have."""
_ENCODINGS: Final = ("utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True)
class Read:
    """One file, twice: as a data set, and as bytes that were walked independently."""

    dataset: Dataset = field(repr=False)
    layout: Layout = field(repr=False)


def read(content: bytes) -> Read:
    """A file as data set and layout.

    Raises:
        Damaged: when either cannot be had.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(BytesIO(content), stop_before_pixels=True)
            dataset.decode()
            return Read(dataset, layout_of(content))
        except Damaged:
            raise
        except Exception:  # whatever a hostile file does to the reader
            raise Damaged from None


def compare(
    name: str,
    before: Read,
    after: Read,
    known: Known,
    uids: frozenset[bytes],
    kept: frozenset[tuple[str, str]],
) -> Iterator[Found]:
    """Everything of the source that is left in the output.

    Args:
        uids: every original UID of all sources, but those of the standard.
        kept: attribute and text that a steward decided to keep.
    """
    yield from _envelope(name, before, after)
    old = {path: element for path, element in elements(before.dataset)}
    new = {path: element for path, element in elements(after.dataset)}
    yield from _unchanged(name, old, new, kept)
    yield from _bytes(name, after, new, known, uids)
    yield from _words(name, new, known, kept)
    yield from _flags(name, after)


def _envelope(name: str, before: Read, after: Read) -> Iterator[Found]:
    if after.layout.preamble.strip(b"\0"):
        yield Found(name, Kind.ENVELOPE, "preamble")
    if after.layout.has_more:
        yield Found(name, Kind.ENVELOPE, "behind the pixel data")
    meta = before.dataset.file_meta
    for element in after.dataset.file_meta:
        said = [t.strip() for t in texts_of(element.value)] if element.VR != "UI" else []
        old = [t.strip() for t in texts_of(meta[element.tag].value)] if element.tag in meta else []
        if (
            element.VR in ("AE", "SH", "OB")
            and any(t and t in old for t in said)
            and (element.keyword != "FileMetaInformationVersion")
        ):
            yield Found(name, Kind.ENVELOPE, f"file meta, {element.keyword}")
    for element in after.dataset:
        if (
            element.tag.group == 0xFFFC
            or 0x5000 <= element.tag.group <= 0x501F
            or (0x6000 <= element.tag.group <= 0x601F and element.VR in _TEXT)
        ):
            yield Found(name, Kind.ENVELOPE, f"({element.tag.group:04X},{element.tag.element:04X})")


def _unchanged(
    name: str, old: dict[str, Any], new: dict[str, Any], kept: frozenset[tuple[str, str]]
) -> Iterator[Found]:
    """Dates, free texts and private values that stand where they stood."""
    for path, element in new.items():
        before = old.get(path)
        if before is None or not element.value:
            continue
        values, olds = texts_of(element.value), {t.strip() for t in texts_of(before.value)}
        same = [t.strip() for t in values if t.strip() and t.strip() in olds]
        if not same:
            continue
        keyword = element.keyword or ""
        if element.VR in ("DA", "DT") and any(len(t) >= 8 for t in same):
            yield Found(name, Kind.DATE, path)
        elif element.tag.group & 1:
            if element.VR not in ("FD", "FL", "US", "SS", "UL", "SL", "DS", "IS") and not (
                0x10 <= element.tag.element <= 0xFF
            ):
                yield Found(name, Kind.PRIVATE, path)
        elif element.VR == "PN":
            yield Found(name, Kind.NAME, path)
        elif element.VR in _TEXT and keyword not in _CODED and not _OWN.search(path):
            form = _TECHNICAL.get(keyword)
            fine = form is not None and all(re.fullmatch(form, t) for t in same)
            if not fine and not all((keyword, t) in kept for t in same):
                yield Found(name, Kind.TEXT, path)


def _bytes(
    name: str, after: Read, new: dict[str, Any], known: Known, uids: frozenset[bytes]
) -> Iterator[Found]:
    """Original UIDs and longer tokens, anywhere but in the pixel data."""
    body = after.layout.meta + after.layout.body
    for found in {each for each in _UID.findall(body) if each in uids}:
        place = next(
            (p for p, e in new.items() if e.VR == "UI" and found.decode() in texts_of(e.value)),
            "file meta" if found in after.layout.meta else "among the bytes",
        )
        yield Found(name, Kind.UID, place)
    lowered = body.lower()
    wide = body if b"\0" in body else b""
    for token in known.tokens:
        raw = token.encode("utf-8")
        hit = raw in lowered or any(token.encode(e) in wide.lower() for e in _ENCODINGS if wide)
        if not hit and not token.isascii():
            hit = any(
                form in body
                for text in (token, token.title(), token.upper())
                for form in _encoded(text)
            )
        if hit:
            places = [p for p, e in new.items() if _holds(e, token)]
            exempt = [p for p in places if _is_exempt(p, new[p])]
            if not places:
                yield Found(name, Kind.IDENTIFIER, "among the bytes")
            for place in sorted(set(places) - set(exempt)):
                yield Found(name, Kind.IDENTIFIER, place)


def _encoded(text: str) -> Iterator[bytes]:
    for encoding in ("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "shift_jis", "iso2022_jp",
                     "gb18030", "euc_kr", "utf-8"):  # fmt: skip
        try:
            yield text.encode(encoding)
        except UnicodeEncodeError:
            continue


def _holds(element: Any, token: str) -> bool:
    return any(token in text.casefold() for text in texts_of(element.value))


def _is_exempt(path: str, element: Any) -> bool:
    """Whether a place says what the standard or a maker says, whoever is called so."""
    keyword = element.keyword or ""
    if element.VR in ("UI", "CS") or keyword in _CODED or _OWN.search(path):
        return True
    form = _TECHNICAL.get(keyword)
    return form is not None and all(re.fullmatch(form, t.strip()) for t in texts_of(element.value))


def _words(
    name: str, new: dict[str, Any], known: Known, kept: frozenset[tuple[str, str]]
) -> Iterator[Found]:
    """Short parts of names as whole words, and days in any form, in decoded texts."""
    days = {form for day in known.dates for form in forms_of(day)}
    for path, element in new.items():
        if element.VR not in _TEXT or _is_exempt(path, element):
            continue
        for text in texts_of(element.value):
            folded = text.casefold()
            if any(word in known.words for word in re.findall(r"\w+", folded)):
                yield Found(name, Kind.NAME, path)
            if any(day in folded for day in days) if len(folded) >= 8 else False:
                yield Found(name, Kind.DATE, path)


def _flags(name: str, after: Read) -> Iterator[Found]:
    dataset = after.dataset
    if str(dataset.get("PatientIdentityRemoved", "")) != "YES":
        yield Found(name, Kind.FLAG, "PatientIdentityRemoved")
    if not dataset.get("DeidentificationMethod") and not dataset.get(
        "DeidentificationMethodCodeSequence"
    ):
        yield Found(name, Kind.FLAG, "DeidentificationMethod")
    if str(dataset.get("SOPInstanceUID", "")) != str(
        dataset.file_meta.get("MediaStorageSOPInstanceUID", "")
    ):
        yield Found(name, Kind.FLAG, "MediaStorageSOPInstanceUID")
    for path, element in elements(dataset):
        if element.VR == "DA":
            for value in texts_of(element.value):
                if value.strip() and _day(value) is None:
                    yield Found(name, Kind.FLAG, f"{path} is no date")


def _day(value: str) -> date | None:
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:8]))
    except ValueError:
        return None


def shifts(before: Read, after: Read) -> dict[str, int]:
    """By how many days each date of the output is earlier than in the source, by its path."""
    old = dict(elements(before.dataset))
    found: dict[str, int] = {}
    for path, element in elements(after.dataset):
        if element.VR not in ("DA", "DT") or path not in old:
            continue
        pairs = zip(texts_of(old[path].value), texts_of(element.value), strict=False)
        for one, other in pairs:
            a, b = _day(one.replace(".", "")), _day(other)
            if a and b and other[:8] not in ("19000101",):
                found[path] = (a - b).days
    return found


def same_pixels(name: str, before: Read, after: Read, content: tuple[bytes, bytes],
                masks: Sequence[dict[str, Any]]) -> Iterator[Found]:  # fmt: skip
    """Nothing, when the pixel data are the source's, or differ within the recorded masks only."""
    if before.layout.pixels == after.layout.pixels:
        return
    if not masks:
        yield Found(name, Kind.PIXELS, "pixel data")
        return
    try:
        old, new = (pydicom.dcmread(BytesIO(each)).pixel_array.copy() for each in content)
        if old.shape != new.shape:
            raise ValueError
        _cover(old, masks)
        _cover(new, masks)
    except Exception:
        yield Found(name, Kind.PIXELS, "pixel data that cannot be compared")
        return
    if (old != new).any():
        yield Found(name, Kind.PIXELS, "outside the recorded masks")


def _cover(pixels: Any, masks: Sequence[dict[str, Any]]) -> None:
    """Set the masked regions to zero; frames first, then rows and columns."""
    colour = pixels.ndim > 2 and pixels.shape[-1] in (3, 4)
    many = pixels.ndim - colour == 3
    for mask in masks:
        left, top, right, bottom = mask["box"]
        if not many:
            pixels[top:bottom, left:right] = 0
            continue
        frames = range(len(pixels)) if mask["frames"] == "all" else mask["frames"]
        for frame in frames:
            pixels[frame, top:bottom, left:right] = 0
