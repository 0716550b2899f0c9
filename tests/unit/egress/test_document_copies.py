"""Documents become pictures of their pages: nothing else is left, and the same each time."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject, TextStringObject

from vitrine.egress.sandbox.asked import FIRST
from vitrine.egress.sandbox.clean import clean
from vitrine.egress.sandbox.preview import preview
from vitrine.errors import InvalidInput

SECRET = "MRN-4711"


def a_document(pages: int = 2, side: float = 200, **more: str) -> bytes:
    """Pages with words, a script, an attachment and metadata that hold a secret."""
    writer = PdfWriter()
    for number in range(pages):
        page = writer.add_blank_page(side, side)
        drawing = StreamObject()
        drawing.set_data(f"0.5 g 20 {20 + 60 * number} 60 40 re f".encode())
        page[NameObject("/Contents")] = writer._add_object(drawing)
    script = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject(f"app.alert('{SECRET}')")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject(key): value for key, value in script.items()}
    )
    writer.add_attachment(f"{SECRET}.txt", SECRET.encode())
    writer.add_metadata({"/Title": SECRET})
    if more:
        writer.encrypt(**more)
    saved = io.BytesIO()
    writer.write(saved)
    return saved.getvalue()


def shown(content: bytes, part: int) -> np.ndarray:
    _, drawn = preview("document", "", content, replace(FIRST, part=part, is_drawn=True))
    return np.asarray(Image.open(io.BytesIO(drawn)).convert("L"))


def test_pages_are_kept_as_pictures_and_nothing_else_is():
    copy = clean("a.pdf", a_document() + SECRET.encode())
    reader = PdfReader(io.BytesIO(copy.content))
    assert len(reader.pages) == 2
    assert not reader.metadata
    assert not reader.attachments
    for page in reader.pages:
        assert page.extract_text() == ""
        assert len(page.images) == 1
        assert [round(side) for side in page.mediabox[2:]] == [200, 200]
    for word in (SECRET, "JavaScript", "Names", "Annots", "AA", "OpenAction"):
        assert word.encode() not in copy.content


def test_what_a_page_draws_is_still_there():
    copy = clean("a.pdf", a_document()).content
    for number in (0, 1):
        page = shown(copy, number)
        assert page.shape == (417, 417)
        middle = 417 - round((40 + 60 * number) * 150 / 72)
        assert page[middle, 100] == 128
        assert page[5, 5] == 255
    with pytest.raises(InvalidInput, match="no such page"):
        shown(copy, 2)


def test_the_same_document_gives_the_same_copy():
    original = a_document()
    copy = clean("a.pdf", original).content
    assert clean("a.pdf", original).content == copy
    pages = [shown(copy, number) for number in (0, 1)]
    again = clean("a.pdf", copy).content
    assert all(np.array_equal(shown(again, n), page) for n, page in enumerate(pages))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"%PDF-1.7\n", "damaged or locked", id="no document"),
        pytest.param(a_document()[:300], "damaged or locked", id="cut short"),
        pytest.param(a_document(user_password="x"), "damaged or locked", id="locked"),
        pytest.param(a_document(41), "40 are allowed", id="too many pages"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(content, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        clean("a.pdf", content)


def test_a_huge_page_is_drawn_at_fewer_dots_and_says_so():
    copy = clean("a.pdf", a_document(1, 14_400))
    assert "1 large page drawn at fewer dots per inch" in copy.notes
    assert max(shown(copy.content, 0).shape) <= 3_000


def a_page_that_says(words: str) -> bytes:
    """A page of one line in a font that readers bring along, and a script."""
    reader = PdfReader(io.BytesIO(a_document(1)))
    writer = PdfWriter(clone_from=reader)
    page = writer.pages[0]
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    entry = DictionaryObject({NameObject(key): NameObject(each) for key, each in font.items()})
    fonts = DictionaryObject({NameObject("/F"): entry})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    drawing = StreamObject()
    drawing.set_data(f"BT /F 12 Tf 10 100 Td ({words}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(drawing)
    saved = io.BytesIO()
    writer.write(saved)
    return saved.getvalue()


def test_the_checks_read_words_that_the_copy_only_shows(house):
    request = house.receive(
        {
            "small.pdf": a_page_that_says("Relapse occurred in 3 patients."),
            "large.pdf": a_page_that_says("Relapse occurred in 300 patients."),
        }
    )
    small, large = request.files
    found = {each.check: each.locations for each in small.findings}
    assert found["small-cells"] == ("page 1, line 1",)
    assert "active-content" not in found
    assert "small-cells" not in {each.check for each in large.findings}
    for file in request.files:
        with house.blobs.open(file.cleaned_sha256) as stream:
            content = stream.read()
        assert b"Relapse" not in content
        assert shown(content, 0).min() < 100, "the words are drawn"
