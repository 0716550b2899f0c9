"""The cleaner: what a copy holds, what it lost, and what is refused with which sentence."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from tests.support.egress import TABLE, a_notebook, a_png
from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.sandbox.clean import clean
from vitrine.egress.sandbox.preview import preview
from vitrine.errors import InvalidInput

SECRET = "MRN-4711"


def saved(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_a_notebook_keeps_its_sources_and_nothing_else():
    cells = [
        {"cell_type": "markdown", "source": ["# A", "\nB"], "attachments": {"a.png": {SECRET: 1}}},
        {"cell_type": "code", "source": "x = 1", "outputs": [{"text": SECRET}], "id": SECRET},
        {"cell_type": "raw", "source": "raw", "metadata": {SECRET: SECRET}},
    ]
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": {"language": "python", "name": SECRET}, "widgets": SECRET},
        "nbformat": 4,
        "nbformat_minor": 2,
        SECRET: SECRET,
    }
    cleaned = clean("a.ipynb", json.dumps(notebook).encode())
    assert SECRET.encode() not in cleaned.content
    kept = json.loads(cleaned.content)
    assert [cell["source"] for cell in kept["cells"]] == ["# A\nB", "x = 1", "raw"]
    assert kept["metadata"]["kernelspec"]["name"] == "python3"
    assert "1 output removed" in cleaned.notes
    assert "1 attachment removed" in cleaned.notes
    import nbformat

    nbformat.validate(nbformat.reads(cleaned.content.decode(), as_version=4))


def test_files_embedded_in_a_notebook_cell_are_removed():
    picture = base64.b64encode(a_png()).decode()
    cell = f"![x](data:image/png;base64,{picture})"
    cleaned = clean("a.ipynb", a_notebook(cell))
    assert picture.encode() not in cleaned.content
    assert "1 embedded file removed" in cleaned.notes


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt", "t.md", "t.py"])
def test_text_stays_byte_for_byte(name):
    assert clean(name, TABLE).content == TABLE


def test_an_image_keeps_its_pixels_and_loses_everything_else():
    pixels = np.random.default_rng(1).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    info = PngImagePlugin.PngInfo()
    info.add_text("Patient", SECRET)
    info.add_itxt("More", SECRET, zip=True)
    original = saved(Image.fromarray(pixels), pnginfo=info, dpi=(72, 72)) + SECRET.encode()
    cleaned = clean("a.png", original)
    assert SECRET.encode() not in cleaned.content
    copy = opened(cleaned.content)
    assert not copy.info
    assert np.array_equal(np.asarray(copy), pixels)
    chunks = [kind for kind, _ in png_chunks(cleaned.content)]
    assert set(chunks) == {b"IHDR", b"IDAT", b"IEND"}


def png_chunks(content: bytes):
    at = 8
    while at < len(content):
        (length,) = struct.unpack("!I", content[at : at + 4])
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length
    assert at == len(content)


def test_what_lies_under_transparency_does_not_survive():
    pixels = np.zeros((20, 20, 4), dtype=np.uint8)
    pixels[..., 0] = 200  # red everywhere, and nowhere visible
    copy = np.asarray(opened(clean("a.png", saved(Image.fromarray(pixels))).content))
    assert copy.shape == (20, 20, 3)
    assert (copy == 255).all()


def test_colours_of_a_palette_that_no_pixel_uses_do_not_survive():
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0] + list(SECRET.encode()) * 31)
    cleaned = clean("a.png", saved(image))
    assert opened(cleaned.content).mode == "RGB"


def test_deep_grey_values_become_eight_bits():
    pixels = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    cleaned = clean("a.png", saved(Image.fromarray(pixels)))
    copy = np.asarray(opened(cleaned.content))
    assert copy.dtype == np.uint8
    assert copy.min() == 0
    assert copy.max() == 255
    assert "reduced to 8 bits per pixel" in cleaned.notes


def test_a_jpeg_loses_its_exif_and_stands_upright():
    image = Image.new("RGB", (40, 20), "white")
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees when shown
    exif[0x010E] = SECRET
    copy = opened(clean("a.jpg", saved(image, "JPEG", exif=exif)).content)
    assert copy.size == (20, 40)
    assert not copy.getexif()


@given(st.sampled_from(["1", "L", "P", "RGB", "RGBA", "LA", "I;16"]), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_the_same_image_gives_the_same_copy_and_a_copy_of_a_copy_is_itself(mode, side):
    original = saved(Image.new(mode, (side, 3), 1 if mode != "RGB" else (1, 2, 3)))
    first = clean("a.png", original).content
    assert clean("a.png", original).content == first
    assert clean("a.png", first).content == first


def a_zip(name: str = "a.txt") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(4))
    return buffer.getvalue()


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(4))
    return buffer.getvalue()


NIFTI = struct.pack("<i", 348) + b"\0" * 340 + b"n+1\0" + b"\0" * 8

REFUSED = {
    "DICOM": (b"\0" * 128 + b"DICM" + b"\0" * 64, "DICOM"),
    "DICOM without preamble": (b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", "DICOM"),
    "NIfTI": (NIFTI, "NIfTI"),
    "NIfTI, compressed": (gzip.compress(NIFTI), "gzip"),
    "Analyze header": (struct.pack("<i", 348) + b"\0" * 344, "NIfTI"),
    "NRRD": (b"NRRD0004\ntype: short\n", "NRRD"),
    "MetaImage": (b"ObjectType = Image\nNDims = 3\n", "MetaImage"),
    "npy": (npy(), "NumPy"),
    "npz": (npz(), "NumPy"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 64, "HDF5"),
    "HDF5 with a user block": (b"\0" * 512 + b"\x89HDF\r\n\x1a\n", "HDF5"),
    "pickle": (pickle.dumps({"a": [1, 2]}), "pickle"),
    "pickle, protocol 0": (pickle.dumps({"a": [1, 2]}, 0), "pickle"),
    "pickle, protocol 2": (pickle.dumps({"a": [1, 2]}, 2), "pickle"),
    "zip": (a_zip(), "zip archive"),
    "workbook": (a_zip("xl/workbook.xml"), "Office"),
    "tar": (b"\0" * 257 + b"ustar\x0000" + b"\0" * 300, "tar"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + b"\0" * 20, "7z"),
    "ELF": (b"\x7fELF" + b"\0" * 20, "program"),
    "Windows program": (b"MZ\x90\x00\x03" + b"\0" * 20, "program"),
    "PDF": (b"%PDF-1.7\n", "PDF"),
    "TIFF": (b"II*\x00" + b"\0" * 20, "TIFF"),
    "GIF": (b"GIF89a" + b"\0" * 20, "GIF"),
    "Parquet": (b"PAR1" + b"\0" * 20, "Parquet"),
    "SQLite": (b"SQLite format 3\x00" + b"\0" * 20, "database"),
}


@pytest.mark.parametrize("suffix", [".csv", ".txt", ".png", ".dcm"])
@pytest.mark.parametrize("what", REFUSED)
def test_what_nobody_can_check_is_refused_by_content_whatever_its_name(what, suffix):
    content, word = REFUSED[what]
    with pytest.raises(InvalidInput, match=word):
        clean("file" + suffix, content)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        pytest.param("a.csv", b"", "empty", id="nothing"),
        pytest.param("a.csv", b"\xff\xfea\0b\0", "not UTF-8", id="UTF-16"),
        pytest.param("a.csv", b"a\0b", "control characters", id="zero byte"),
        pytest.param("a.csv", a_png(), "name says otherwise", id="image called table"),
        pytest.param("a.png", TABLE, "no such image", id="table called image"),
        pytest.param("a.jpg", a_png(), "name says otherwise", id="PNG called JPEG"),
        pytest.param("a.xyz", TABLE, "not accepted", id="unknown ending"),
        pytest.param("table", TABLE, "not accepted", id="no ending"),
        pytest.param("a.png", a_png()[:60], "damaged", id="cut image"),
        pytest.param("a.json", b"[" * 100_000, "nested too deeply", id="deep JSON"),
        pytest.param("a.json", b"{", "not valid JSON", id="half JSON"),
        pytest.param("a.json", b"1" * 5000, "thousands of digits", id="long number"),
        pytest.param("a.ipynb", b"{}", "not in format 4", id="no notebook"),
        pytest.param("a.ipynb", b"[" * 100_000, "nested too deeply", id="deep notebook"),
        pytest.param("a.csv", b'"' + b"x" * (2 << 20), "cannot be read", id="endless field"),
        pytest.param("a.csv", b"1\n" * 1_000_002, "nobody can check it", id="too many rows"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(name, content, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        clean(name, content)


def a_bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack("!I", zlib.crc32(kind + data))
        return struct.pack("!I", len(data)) + kind + data + crc

    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (30_000, 1_000)])
def test_an_image_that_claims_to_be_huge_is_refused_before_it_is_decoded(size):
    with pytest.raises(InvalidInput, match=r"pixels|damaged"):
        clean("a.png", a_bomb(*size))


@pytest.mark.parametrize("cell", ["=SUM(A1)", "+cmd|' /C calc'!A0", "@x", "-2+3+cmd", "=1"])
def test_cells_that_would_run_as_formulas_are_counted(cell):
    notes = clean("a.csv", f'a\n"{cell}"\n'.encode()).notes
    assert notes == ("1 cell would run as a formula in a spreadsheet",)


@pytest.mark.parametrize("cell", ["-3.5", "+4", "-1e-5", "-12%", "- 3", "a=b", "x@y"])
def test_numbers_and_words_are_no_formulas(cell):
    assert clean("a.csv", f'a\n"{cell}"\n'.encode()).notes == ()


def test_scripts_are_noted_and_shown_as_source():
    cleaned = clean("a.html", b"<p onload='x()'><script>1</script></p>")
    assert cleaned.kind.name == "source"
    assert "shown as source only" in cleaned.notes[0]
    shown, image = preview("source", cleaned.kind.media_type, cleaned.content)
    assert shown["kind"] == "source"
    assert not image


def test_a_preview_leaves_nothing_out():
    long = "x" * 5000 + "END"
    shown, _ = preview("text", "text/plain", long.encode())
    assert "".join(text for _, text in shown["lines"]) == long
    table = "a,b\n" + "".join(f"{n},{n}\n" for n in range(250))
    seen, start = [], 0
    while True:
        shown, _ = preview("table", "text/csv", table.encode(), Asked(start=start))
        seen += [row[0] for row in shown["rows"]]
        start += shown["page"]
        if start >= shown["total"]:
            break
    assert seen == [str(n) for n in range(250)]


def test_invisible_characters_become_visible():
    shown, _ = preview("text", "text/plain", "a\u202eb\u200bc".encode())
    assert shown["lines"] == [(1, "a⟨U+202E⟩b⟨U+200B⟩c")]


@given(st.binary(max_size=400), st.sampled_from([".csv", ".json", ".ipynb", ".png", ".jpg", ".md"]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_copy_or_a_sentence(content, suffix):
    try:
        cleaned = clean("a" + suffix, content)
    except InvalidInput:
        return
    preview(cleaned.kind.name, cleaned.kind.media_type, cleaned.content)
