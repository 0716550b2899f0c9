"""The checks of pictures inside the confined child, where nothing can be imported or opened."""

import io

import numpy as np
import pytest
from PIL import Image

from vitrine.egress import disclosure
from vitrine.egress.checks import apart


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_every_format_is_looked_at_in_the_confined_child(form):
    out = io.BytesIO()
    values = np.random.default_rng(4).integers(0, 255, (200, 240, 3), np.uint8)
    Image.fromarray(values).save(out, form)
    (report,) = apart.check([(f"a.{form.lower()}", out.getvalue)], disclosure.load())
    assert report.kind == form.lower()
    assert [each.message for each in report.findings if each.check == "unchecked"] == []
