"""The checks of pictures inside the confined child, where nothing can be imported or opened."""

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

from vitrine.egress import disclosure
from vitrine.egress.checks import apart, images_index
from vitrine.egress.checks.rules import images_match


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_every_format_is_looked_at_in_the_confined_child(form):
    out = io.BytesIO()
    values = np.random.default_rng(4).integers(0, 255, (200, 240, 3), np.uint8)
    Image.fromarray(values).save(out, form)
    (report,) = apart.check([(f"a.{form.lower()}", out.getvalue)], disclosure.load())
    assert report.kind == form.lower()
    assert [each.message for each in report.findings if each.check == "unchecked"] == []


@pytest.mark.parametrize("cmap", ["viridis", "gray"])
def test_a_large_heat_map_needs_no_thread(cmap):
    rows, columns = np.mgrid[0:9:900j, 0:9:900j]
    values = (np.sin(rows) * np.cos(columns) + 1) / 2
    picture = (matplotlib.colormaps[cmap](values)[..., :3] * 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    (report,) = apart.check([("a.png", out.getvalue)], disclosure.load(), timeout_s=20)
    assert [each.message for each in report.findings if each.check == "unchecked"] == []


def test_an_index_needs_no_thread():
    random = np.random.default_rng(2)
    prints = random.normal(size=(20_000, 256)).astype(np.float32)
    index = images_index.Index(prints / 16, np.ones(20_000, dtype=np.int64), 1)
    out = io.BytesIO()
    Image.fromarray(random.integers(0, 255, (300, 300), np.uint8)).save(out, "PNG")
    rule = images_match.rule_for(index)
    (report,) = apart.check([("a.png", out.getvalue)], disclosure.load(), timeout_s=20, more=[rule])
    assert [each.message for each in report.findings if each.check == "unchecked"] == []
