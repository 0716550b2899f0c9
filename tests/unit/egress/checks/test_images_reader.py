import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from vitrine.egress.checks.readers import raster
from vitrine.errors import InvalidInput


def an_image(size=(8, 6), mode="RGB"):
    values = np.arange(size[0] * size[1] * len(mode if mode != "L" else "L"), dtype=np.uint8)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], len(mode))
    return Image.fromarray(values.reshape(shape), mode)


def saved(image, form="PNG", **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(png, name, body):
    return png[:33] + chunk(name, body) + png[33:]


def with_text(key, value):
    info = PngImagePlugin.PngInfo()
    info.add_text(key, value)
    return saved(an_image(), pnginfo=info)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_a_plain_picture_is_one_raster_without_remarks(form):
    rasters, remarks = raster.raster_of(saved(an_image((40, 30)), form), "cell 3 output 1", "a")
    assert [each.at for each in rasters] == ["cell 3 output 1"]
    assert rasters[0].pixels.shape[:2] == (30, 40)
    assert rasters[0].pixels.dtype == np.uint8
    assert rasters[0].caption == "a"
    assert remarks == []


def test_frames_are_read_one_by_one():
    frames = [Image.new("L", (9, 9), shade) for shade in (0, 90, 200)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    rasters, remarks = raster.raster_of(content, "")
    assert [each.at for each in rasters] == ["frame 1", "frame 2", "frame 3"]
    assert [each.what for each in remarks] == [raster.FRAMES]


def test_sixteen_bits_stay_sixteen_bits():
    wide = Image.fromarray((np.arange(64, dtype=np.uint16) * 1000).reshape(8, 8))
    rasters, remarks = raster.raster_of(saved(wide), "")
    assert rasters[0].pixels.dtype == np.uint16
    assert rasters[0].pixels.max() == 63_000
    assert [each.what for each in remarks] == [raster.DEEP]


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        pytest.param(with_text("Comment", "anything"), "text", id="png text"),
        pytest.param(with_text("Software", "Jane Doe 1970"), "text", id="png software"),
        pytest.param(
            with_chunk(saved(an_image()), b"prVt", b"abc"), "private data", id="png chunk"
        ),
        pytest.param(saved(an_image(), "JPEG", comment=b"abc"), "comment", id="jpeg comment"),
        pytest.param(saved(an_image(), "JPEG", xmp=b"<x/>"), "XMP", id="jpeg xmp"),
        pytest.param(saved(an_image(), "GIF", comment=b"abc"), "comment", id="gif comment"),
        pytest.param(saved(an_image(), "WEBP", xmp=b"<x/>"), "XMP", id="webp xmp"),
    ],
)
def test_metadata_is_remarked(content, detail):
    remarks = raster.raster_of(content, "page 2")[1]
    assert [(each.what, each.at, each.detail) for each in remarks] == [
        ("image metadata", "page 2", detail)
    ]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_with_content_is_remarked_and_orientation_is_not(form):
    for tag, value, expected in ((0x010E, "anything", ["EXIF"]), (0x0112, 6, [])):
        exif = Image.Exif()
        exif[tag] = value
        remarks = raster.raster_of(saved(an_image(), form, exif=exif), "")[1]
        assert [each.detail for each in remarks] == expected


def test_what_a_plotting_library_signs_with_is_no_metadata():
    content = with_text("Software", "Matplotlib version3.11.2, https://matplotlib.org/")
    assert raster.raster_of(content, "")[1] == []


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_appended_bytes_are_remarked(form):
    remarks = raster.raster_of(saved(an_image(), form) + b"PK\x03\x04 and more", "")[1]
    assert [each.what for each in remarks] == ["image appended bytes"]
    assert "13 bytes" in remarks[0].detail


def test_rows_that_no_viewer_shows_are_remarked():
    header = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00\x01\x02\x03\x04" * 9)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)
    remarks = raster.raster_of(content + chunk(b"IEND", b""), "")[1]
    assert [each.detail for each in remarks] == ["image data beyond the last row"]


def a_bomb():
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(saved(an_image((90, 90)))[:400], "damaged", id="cut short"),
        pytest.param(b"\x89PNG\r\n\x1a\nnonsense", "damaged", id="nonsense"),
        pytest.param(b"", "damaged", id="empty"),
        pytest.param(a_bomb(), "pixels", id="bomb"),
    ],
)
def test_what_cannot_be_read_is_said(content, why):
    rasters, remarks = raster.raster_of(content, "cell 1 output 2")
    assert rasters == []
    assert [(each.what, each.at) for each in remarks] == [(raster.UNREADABLE, "cell 1 output 2")]
    assert why in remarks[0].detail
    with pytest.raises(InvalidInput, match=why):
        raster.read("a.png", content, "png")


def test_another_format_under_a_known_name_is_not_opened():
    content = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"
    assert raster.raster_of(content, "")[1][0].what == raster.UNREADABLE
