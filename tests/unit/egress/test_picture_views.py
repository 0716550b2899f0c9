"""Views of a picture: its planes and lowest bits, its histogram, and all that its file holds."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from vitrine.egress.sandbox.asked import FIRST
from vitrine.egress.sandbox.pictures import picture
from vitrine.errors import InvalidInput

DRAWN = replace(FIRST, is_drawn=True)


def saved(pixels: np.ndarray, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def shown(content: bytes, view: str = "") -> np.ndarray:
    _, drawn = picture(content, replace(DRAWN, view=view))
    return np.asarray(Image.open(io.BytesIO(drawn)))


def test_what_is_hidden_in_the_lowest_bit_is_seen():
    plain = np.full((40, 60, 3), 200, dtype=np.uint8)
    plain[10:20, 10:30, 1] |= 1
    seen = shown(saved(plain), "lowest-bit")
    assert (seen[10:20, 10:30, 1] == 255).all()
    assert seen.sum() == 255 * 200
    assert (shown(saved(plain)) == plain).all()


def test_each_plane_is_seen_alone():
    pixels = np.zeros((4, 4, 4), dtype=np.uint8)
    pixels[..., 0], pixels[..., 3] = 7, 9
    assert (shown(saved(pixels), "red") == 7).all()
    assert (shown(saved(pixels), "transparency") == 9).all()
    with pytest.raises(InvalidInput, match="no such view"):
        shown(saved(pixels[..., :3].copy()), "transparency")
    with pytest.raises(InvalidInput, match="no such view"):
        shown(saved(pixels), "../../etc")


def test_the_histogram_counts_every_pixel_where_it_belongs():
    pixels = np.zeros((10, 10), dtype=np.uint8)
    pixels[:5] = 255
    ((band, bars),) = picture(saved(pixels), FIRST)[0]["histogram"]
    assert band == "L"
    assert bars[0] == bars[-1] == 100
    assert not any(bars[1:-1])


def test_everything_that_the_file_holds_is_listed():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 50)
    content = saved(np.zeros((4, 4), dtype=np.uint8), pnginfo=info) + b"more"
    facts = dict(picture(content, FIRST)[0]["facts"])
    assert "tEXt 58 B" in facts["Parts of the file"]
    assert "behind the end 4 B" in facts["Parts of the file"]
    assert facts["Metadata"] == "Comment"
    jpeg = saved(np.zeros((9, 9), dtype=np.uint8), "JPEG", comment=b"hello") + b"12345"
    facts = dict(picture(jpeg, FIRST)[0]["facts"])
    assert "FFFE 7 B" in facts["Parts of the file"]
    assert "behind the end 5 B" in facts["Parts of the file"]


def test_a_picture_is_drawn_only_when_it_is_wanted():
    assert not picture(saved(np.zeros((4, 4), dtype=np.uint8)), FIRST)[1]
