"""What a file is by its content, whatever its name pretends."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.support.checked import serious
from vitrine.egress.checks import disguises
from vitrine.egress.checks.kinds import kind_of


def nifti(size: int = 348, magic: bytes = b"n+1\x00") -> bytes:
    header = bytearray(size)
    header[:4] = struct.pack("<i", size)
    struct.pack_into("<8h", header, 40, 3, 4, 4, 4, 1, 1, 1, 1)
    header[344:348] = magic
    return bytes(header) + bytes(4 + 64)


def dicom(preamble: bytes = bytes(128)) -> bytes:
    uid = b"1.2.840.10008.5.1.4.1.1.2\x00"
    element = b"\x08\x00\x16\x00UI" + struct.pack("<H", len(uid)) + uid
    return preamble.ljust(128, b"\x00") + b"DICM" + element * 4


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def saved(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, form)
    return buffer.getvalue()


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((4, 4)))
    return buffer.getvalue()


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.zeros(3))
    return buffer.getvalue()


def mgh() -> bytes:
    return struct.pack(">7i", 1, 8, 8, 8, 1, 3, 0) + bytes(4096)


def implicit_dicom() -> bytes:
    return b"\x08\x00\x05\x00" + struct.pack("<I", 10) + b"ISO_IR 100" + bytes(200)


def torch_zip() -> bytes:
    return zipped({"m/data.pkl": b"\x80\x02}.", "m/data/0": b"abc"})


def word() -> bytes:
    return zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})


def onnx() -> bytes:
    graph = b"\x12\x01g"
    return b"\x08\x08\x12\x05torch\x3a" + bytes([len(graph)]) + graph + b"\x42\x02\x10\x11"


def safetensors() -> bytes:
    head = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(4)


DICOM_JSON = json.dumps([{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "A"}]}}]).encode()
ANALYZE = nifti(348, bytes(4))
TABLE = b"a,b,c\n1,2,3\n4,5,6\n7,8,9\n"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        pytest.param("dicom", dicom(), id="DICOM"),
        pytest.param("dicom", dicom()[132:], id="DICOM without preamble"),
        pytest.param("dicom", implicit_dicom(), id="DICOM implicit without preamble"),
        pytest.param("dicom", dicom(b"II*\x00" + bytes(60)), id="DICOM behind a TIFF preamble"),
        pytest.param("dicom", dicom(b"a,b\n1,2\n"), id="DICOM behind text"),
        pytest.param("dicom", DICOM_JSON, id="DICOM as JSON"),
        pytest.param("dicom", b"<?xml?><NativeDicomModel/>", id="DICOM as XML"),
        pytest.param("dicom", gzip.compress(dicom()), id="DICOM in gzip"),
        pytest.param("nifti", nifti(), id="NIfTI"),
        pytest.param("nifti", gzip.compress(nifti()), id="NIfTI in gzip"),
        pytest.param("nifti", bz2.compress(nifti()), id="NIfTI in bzip2"),
        pytest.param("nifti", lzma.compress(nifti()), id="NIfTI in xz"),
        pytest.param("nifti", b"\x1c\x02\x00\x00n+2\x00" + bytes(600), id="NIfTI 2"),
        pytest.param("analyze", ANALYZE, id="Analyze header"),
        pytest.param("mgh", gzip.compress(mgh()), id="FreeSurfer volume"),
        pytest.param("nrrd", b"NRRD0005\ntype: short\n", id="NRRD"),
        pytest.param("metaimage", b"ObjectType = Image\nNDims = 3\n", id="MetaImage"),
        pytest.param("metaimage", b"Comment = a\nNDims=3\n", id="MetaImage after a comment"),
        pytest.param("gifti", b"<?xml version='1.0'?><GIFTI Version='1'>", id="GIFTI surface"),
        pytest.param("mesh", b"# vtk DataFile Version 3.0\n", id="VTK mesh"),
        pytest.param("mesh", b"solid face\n facet normal 0 0 1\n", id="STL mesh"),
        pytest.param("npy", npy(), id="npy"),
        pytest.param("npz", npz(), id="npz"),
        pytest.param("zarr", zipped({"a/.zarray": b"{}", "a/0.0": b"x"}), id="Zarr"),
        pytest.param("hdf5", b"\x89HDF\r\n\x1a\n" + bytes(600), id="HDF5"),
        pytest.param("hdf5", bytes(512) + b"\x89HDF\r\n\x1a\n", id="HDF5 with a user block"),
        pytest.param("keras", b"\x89HDF\r\n\x1a\n" + b"keras_version" + bytes(9), id="Keras h5"),
        pytest.param("keras", zipped({"config.json": b"{}", "model.weights.h5": b""}), id="Keras"),
        pytest.param("mat", b"MATLAB 5.0 MAT-file" + bytes(200), id="MATLAB 5"),
        pytest.param("mat", b"MATLAB 7.3".ljust(512) + b"\x89HDF\r\n\x1a\n", id="MATLAB 7.3"),
        pytest.param("netcdf", b"CDF\x01" + bytes(20), id="NetCDF"),
        pytest.param("tiff", saved("TIFF"), id="TIFF"),
        *[
            pytest.param("pickle", pickle.dumps({"a": [1, 2]}, protocol), id=f"pickle {protocol}")
            for protocol in range(6)
        ],
        pytest.param("pickle", zlib.compress(pickle.dumps([1, 2], 4)), id="joblib compressed"),
        pytest.param("pickle", gzip.compress(pickle.dumps([1, 2], 4)), id="pickle in gzip"),
        pytest.param("torch", torch_zip(), id="torch"),
        pytest.param("torch", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", id="torch legacy"),
        pytest.param("safetensors", safetensors(), id="safetensors"),
        pytest.param("onnx", onnx(), id="ONNX"),
        pytest.param("tflite", b"\x1c\x00\x00\x00TFL3" + bytes(20), id="TFLite"),
        pytest.param("gguf", b"GGUF" + bytes(20), id="GGUF"),
        pytest.param("rdata", gzip.compress(b"RDX3\nX\n"), id="RData"),
        pytest.param("rdata", gzip.compress(b"X\n\x00\x00\x00\x03"), id="RDS"),
        pytest.param("office", word(), id="Word"),
        pytest.param("office", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", id="old Office"),
        pytest.param("zip", zipped({"a.csv": b"a"}), id="zip"),
        pytest.param("gzip", gzip.compress(b"a,b\n"), id="gzip of text"),
        pytest.param("archive", tarred({"a.csv": b"a"}), id="tar"),
        pytest.param("program", b"\x7fELF\x02\x01" + bytes(20), id="ELF"),
        pytest.param("program", b"MZ" + bytes(126) + b"PE\x00\x00", id="Windows program"),
        pytest.param("database", b"SQLite format 3\x00" + bytes(9), id="SQLite"),
        pytest.param("svg", b"<?xml version='1.0'?><svg xmlns='x'/>", id="SVG"),
        pytest.param("html", b"<!DOCTYPE html><html></html>", id="HTML"),
        pytest.param("notebook", b'{"cells": [], "nbformat": 4}', id="notebook"),
        pytest.param("png", saved("PNG"), id="PNG"),
        pytest.param("jpeg", saved("JPEG"), id="JPEG"),
        pytest.param("unknown", b"\x00\xff\x01\x02" * 20, id="noise"),
    ],
)
def test_the_content_decides_under_any_name(kind, content):
    assert {kind_of(name, content) for name in ("a.csv", "a.txt", "a.png", "a")} == {kind}


def test_a_workbook_with_a_stranger_inside_is_an_archive():
    honest = {"[Content_Types].xml": b"", "xl/workbook.xml": b"", "_rels/.rels": b""}
    assert kind_of("a.xlsx", zipped(honest)) == "xlsx"
    assert kind_of("a.xlsx", zipped({**honest, "scan.dcm": dicom()})) == "zip"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", TABLE, "csv"),
        ("a.txt", TABLE, "csv"),
        ("a.dat", TABLE.replace(b",", b"\t"), "tsv"),
        ("notes.txt", b"One, two.\nThree\nFour, five, six\nSeven, eight\n", "text"),
        ("a.md", b"# Title\n\n[a](b)\n", "markdown"),
        ("a.py", b"(x)\nprint(1.)", "code"),
        ("a.json", b'{"a": 1}', "json"),
        ("a.txt", b'{"a": 1}', "json"),
        ("a.tex", b"\\section{A}", "latex"),
        ("a.txt", b"I am.", "text"),
        ("a.txt", b"x = 1", "text"),
        ("a.txt", b"xyz BMI 12 MZ", "text"),
        ("pyproject.toml", b"[project]\nname='a'", "toml"),
        ("README", b"BMI by group", "text"),
        ("README.md", b"<p align=center>A</p>\n# B", "markdown"),
    ],
)
def test_text_keeps_the_kind_of_its_name(name, content, kind):
    assert kind_of(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.png", saved("PNG") + zipped({"a.csv": b"1"}), id="zip behind PNG"),
        pytest.param("a.jpg", saved("JPEG") + zipped({"a.csv": b"1"}), id="zip behind JPEG"),
        pytest.param("a.png", saved("PNG") + dicom(), id="DICOM behind PNG"),
        pytest.param("a.png", saved("PNG") + nifti(), id="NIfTI behind PNG"),
        pytest.param("a.jpg", saved("JPEG") + saved("PNG"), id="PNG behind JPEG"),
        pytest.param("a.png", saved("PNG") + b"<html><script>1</script>", id="script behind PNG"),
        pytest.param("a.pdf", b"%PDF-1.4\n%%EOF" + zipped({"a": b"1"}), id="zip behind PDF"),
        pytest.param("a.dcm", dicom(b"II*\x00"), id="TIFF and DICOM"),
        pytest.param("a.csv", TABLE + zipped({"a": b"1"}), id="zip behind a table"),
        pytest.param("a.gif", b"GIF89a\n%PDF-1.4 1 0 obj startxref", id="GIF and PDF"),
    ],
)
def test_a_file_that_is_two_things_is_blocked(name, content):
    assert serious(name, content)["polyglot"] == "block"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_an_honest_picture_is_one_thing(form):
    content = saved(form)
    assert disguises.also(kind_of("a", content), content) == []


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 5, 8, 12, 40, 130, 200])
def test_cut_files_have_a_kind_too(cut):
    for content in (dicom(), nifti(), npy(), npz(), onnx(), safetensors(), gzip.compress(npy())):
        assert kind_of("a.csv", content[:cut])
        assert disguises.also("png", content[:cut]) is not None
