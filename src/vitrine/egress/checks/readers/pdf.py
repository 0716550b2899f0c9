"""PDF documents: text and pictures of every page, and what is not on any page."""

from __future__ import annotations

import io
import itertools
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

import numpy
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import ContentStream

from vitrine.egress.checks import kinds
from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.readers import embedded
from vitrine.egress.checks.readers.parts import Parts
from vitrine.egress.checks.readers.pdf_page import UNIT, Drawing, Page
from vitrine.errors import InvalidInput

PAGES_LIMIT: Final = 300
STREAM_LIMIT: Final = 16 << 20
PIXELS_LIMIT: Final = 25_000_000
ATTACHMENTS_LIMIT: Final = 100
EARLIER_LIMIT: Final = 5

_END: Final = re.compile(rb"startxref\s+\d+\s+%%EOF")
_INLINE: Final = re.compile(rb"(?:^|\s)BI\s[^\x80-\xff]{1,400}?\sID\s")
_USUAL: Final = frozenset({"/Title", "/Author", "/Subject", "/Keywords", "/Creator", "/Producer",
                           "/CreationDate", "/ModDate", "/Trapped"})  # fmt: skip
_TOOLS: Final = ("/PTEX", "/GTS", "/AAPL", "/SPDF", "/IEEE", "/arXiv", "/ContentType")
_SAID: Final = ("/Title", "/Author", "/Subject", "/Keywords")
_ACTIONS: Final = {
    "/JavaScript": "script",
    "/Launch": "launch action",
    "/SubmitForm": "launch action",
    "/ImportData": "launch action",
    "/GoToR": "launch action",
    "/Rendition": "launch action",
}
_MEDIA: Final = frozenset({"/RichMedia", "/3D", "/Movie", "/Sound", "/Screen"})
_SILENT: Final = frozenset({"/Link", "/Widget", "/Popup", "/PrinterMark", "/TrapNet"})

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it says can quote a document


def read(name: str, content: bytes, kind: str) -> Document:
    """A document as parts, at `page n`, `attachment n` and `metadata`.

    Raises:
        InvalidInput: when it is damaged or has more pages than anybody checks.
    """
    parts = Parts()
    _ends(content, parts)
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        is_locked = reader.is_encrypted
    except Exception:
        raise InvalidInput("the document is damaged or cut short") from None
    if is_locked:
        parts.remark("encrypted")
        return parts.document(name, kind, content)
    try:
        root, pages = reader.root_object, len(reader.pages)
    except Exception:
        raise InvalidInput("the document is damaged or cut short") from None
    if pages > PAGES_LIMIT:
        raise InvalidInput(f"the document has {pages} pages; {PAGES_LIMIT} are allowed")
    for number in range(pages):
        _safely(parts, f"page {number + 1}", lambda at, n=number: _page(reader.pages[n], at, parts))
    _safely(parts, "", lambda _at: _catalogue(root, parts))
    _safely(parts, "metadata", lambda _at: _metadata(reader, root, parts))
    return parts.document(name, kind, content)


def _safely(parts: Parts, at: str, work: Any) -> None:
    """Do `work`; what it cannot read is an unread part, the rest of the document is read on."""
    try:
        work(at)
    except Exception as problem:
        why = str(problem) if isinstance(problem, InvalidInput) else "it cannot be read"
        parts.remark("unread part", at, why)


def _ends(content: bytes, parts: Parts) -> None:
    """Several ends mean that earlier states of the document are still in the file."""
    ends = [match.end() for match in _END.finditer(content)]
    # A linearised document has two ends, and one by Word that old readers can open has too.
    allowed = 2 if b"/Linearized" in content[:2048] or b"/XRefStm" in content else 1
    if len(ends) > allowed:
        parts.remark("incremental update")
        for number, end in enumerate(ends[:-1][:EARLIER_LIMIT], start=1):
            at = f"earlier state {number}"
            _safely(parts, at, lambda at, end=end: _earlier(content[:end], at, parts))
    last = content.rfind(b"%%EOF")
    if last >= 0 and len(content[last + 5 :].strip(b"\x00\r\n\t ")) > 0:
        parts.remark("bytes after the end")


def _earlier(content: bytes, at: str, parts: Parts) -> None:
    """Keep the words of the document as it was before it was changed."""
    reader = PdfReader(io.BytesIO(content), strict=False)
    for page in itertools.islice(reader.pages, PAGES_LIMIT):
        parts.text(page.extract_text(), Role.HIDDEN, at)


def _page(page: Any, at: str, parts: Parts) -> None:
    text = page.extract_text()
    parts.text(text, Role.PROSE, at)
    if text.count("\n") >= 8:
        parts.tables += embedded.tables_in_plain_output(_layout(page, text), at)
    _annotations(page, at, parts)
    _actions(page.get("/AA"), at, parts)
    _pictures(page.get("/Resources"), at, parts, 0)
    contents = page.get_contents()
    if contents is None:
        return
    data = contents.get_data()
    if len(data) > STREAM_LIMIT:
        raise InvalidInput("a page draws more than can be followed")
    if _INLINE.search(data):
        _safely(parts, at, lambda place: _inline_pictures(page, place, parts))
    left, bottom, right, top = (float(each) for each in page.cropbox)
    seen: dict[tuple[str, int], Drawing | None] = {}

    def form(called: str, resources: Any) -> Drawing | None:
        key = (called, id(resources))
        if key not in seen:
            seen[key] = _form(called, resources)
        return seen[key]

    drawn = Page((left, bottom, right, top), form, _opacity)
    drawn.draw(ContentStream(contents, page.pdf).operations, page.get("/Resources"))
    for what in drawn.findings():
        parts.remark(what, at)


def _layout(page: Any, text: str) -> str:
    """The text with its columns side by side, where that can be told."""
    try:
        return str(page.extract_text(extraction_mode="layout"))
    except Exception:
        return text


def _resolved(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


def _entry(holder: Any, *keys: str) -> Any:
    """What lies under keys, one in the other; None where one is missing."""
    here = _resolved(holder)
    for key in keys:
        if not isinstance(here, dict):
            return None
        here = _resolved(here.get(key))
    return here


def _form(name: str, resources: Any) -> Drawing | None:
    found = _entry(resources, "/XObject", name)
    if not isinstance(found, dict):
        return None
    subtype = str(found.get("/Subtype"))
    if subtype != "/Form":
        return subtype, (), UNIT, None
    matrix = tuple(float(each) for each in found.get("/Matrix", UNIT))
    own = _entry(found, "/Resources") or resources
    data = found.get_data() if hasattr(found, "get_data") else b""
    operations = ContentStream(found, None).operations if len(data) < STREAM_LIMIT else ()
    return subtype, operations, matrix if len(matrix) == 6 else UNIT, own


def _opacity(name: str, resources: Any) -> float:
    found = _entry(resources, "/ExtGState", name, "/ca")
    return float(found) if found is not None else 1.0


def _pictures(resources: Any, at: str, parts: Parts, depth: int) -> None:
    found = _entry(resources, "/XObject")
    for name in found if isinstance(found, dict) else ():
        drawing = _resolved(found[name])
        subtype = str(drawing.get("/Subtype"))
        if subtype == "/Form" and depth < 3:
            _pictures(drawing.get("/Resources"), at, parts, depth + 1)
        elif subtype == "/Image":
            _safely(parts, at, lambda place, each=drawing: _picture(each, place, parts))


def _inline_pictures(page: Any, at: str, parts: Parts) -> None:
    """Pictures that stand in the stream itself."""
    found = page.images  # a sequence that has names too
    names = [name for name in list(found.keys()) if isinstance(name, str) and name.startswith("~")]
    for name in names[:100]:
        image = found[name].image
        if image is None:
            raise InvalidInput("a picture that cannot be read")
        parts.pixels(numpy.asarray(image.convert("RGB")), at)


def _picture(drawing: Any, at: str, parts: Parts) -> None:
    if int(drawing.get("/Width", 0)) * int(drawing.get("/Height", 0)) > PIXELS_LIMIT:
        raise InvalidInput("a picture with too many pixels")
    if drawing.get("/ImageMask"):
        return
    image = drawing.decode_as_image()
    if image is None:
        raise InvalidInput("a picture that cannot be read")
    kept = image if image.mode in ("L", "RGB", "RGBA", "I;16") else image.convert("RGB")
    parts.pixels(numpy.asarray(kept), at)


def _annotations(page: Any, at: str, parts: Parts) -> None:
    annotations = _resolved(page.get("/Annots")) or ()
    for each in annotations:
        note = _resolved(each)
        subtype = str(note.get("/Subtype"))
        _actions(note.get("/AA"), at, parts)
        _action(note.get("/A"), at, parts)
        if subtype == "/Widget":
            parts.remark("form", at)
            parts.text(str(note.get("/V", "")), Role.HIDDEN, at)
        elif subtype == "/FileAttachment":
            _attachment(_entry(note, "/FS"), f"{at}, attachment", parts)
        elif subtype in _MEDIA:
            parts.remark("embedded file", at, "video")
        elif subtype not in _SILENT:
            parts.remark("annotation", at)
        parts.text(str(note.get("/Contents", "")), Role.COMMENT, at)


def _action(action: Any, at: str, parts: Parts) -> None:
    found = _resolved(action)
    for _ in range(20):
        if not isinstance(found, dict):
            return
        what = _ACTIONS.get(str(found.get("/S")))
        if what or "/JS" in found:
            parts.remark(what or "script", at)
        script = _resolved(found.get("/JS"))
        if script is not None:
            data = script.get_data() if hasattr(script, "get_data") else str(script)
            said = data if isinstance(data, str) else bytes(data).decode("utf-8", "replace")
            parts.text(said, Role.CODE, at)
        found = _resolved(found.get("/Next"))


def _actions(actions: Any, at: str, parts: Parts) -> None:
    found = _resolved(actions)
    for each in found.values() if isinstance(found, dict) else ():
        _action(each, at, parts)


def _catalogue(root: Any, parts: Parts) -> None:
    _action(root.get("/OpenAction"), "", parts)
    _actions(root.get("/AA"), "", parts)
    for script in _names(_entry(root, "/Names", "/JavaScript")):
        parts.remark("script", "")
        _action(script, "", parts)
    files = [*_names(_entry(root, "/Names", "/EmbeddedFiles")), *(_entry(root, "/AF") or ())]
    for number, each in enumerate(files[:ATTACHMENTS_LIMIT], start=1):
        _attachment(each, f"attachment {number}", parts)
    form = _entry(root, "/AcroForm")
    if isinstance(form, dict) and (_entry(form, "/Fields") or "/XFA" in form):
        parts.remark("form", "")
    _layers(_entry(root, "/OCProperties"), parts)


def _layers(layers: Any, parts: Parts) -> None:
    base = _entry(layers, "/D")
    if not isinstance(base, dict):
        return
    if _entry(base, "/OFF") or str(base.get("/BaseState")) == "/OFF":
        parts.remark("hidden layer")


def _names(tree: Any, depth: int = 0) -> Iterator[Any]:
    """The values of a name tree."""
    found = _resolved(tree)
    if not isinstance(found, dict) or depth > 20:
        return
    names = _resolved(found.get("/Names")) or ()
    yield from (_resolved(each) for each in names[1::2])
    for branch in _resolved(found.get("/Kids")) or ():
        yield from _names(branch, depth + 1)


def _attachment(specification: Any, at: str, parts: Parts) -> None:
    stream = _entry(specification, "/EF", "/F") or _entry(specification, "/EF", "/UF")
    data = bytes(stream.get_data()) if hasattr(stream, "get_data") else b""
    name = str(_entry(specification, "/UF") or _entry(specification, "/F") or "")
    parts.remark("embedded file", at, kinds.kind_of(name, data))
    parts.text(name, Role.HIDDEN, at)
    if kinds.is_text(data):
        parts.text(data.decode("utf-8"), Role.HIDDEN, at)


def _metadata(reader: Any, root: Any, parts: Parts) -> None:
    entries = {str(key): str(value) for key, value in (reader.metadata or {}).items()}
    parts.text(
        "\n".join(f"{key[1:]}: {each}" for key, each in entries.items()), Role.HIDDEN, "metadata"
    )
    strange = {
        key: value for key, value in entries.items()
        if key not in _USUAL and not key.startswith(_TOOLS)
    }  # fmt: skip
    if sum(map(len, strange.values())) > 200 or any(len(each) > 1_000 for each in entries.values()):
        parts.remark("document metadata", "metadata", "many letters")
    elif strange or any(entries.get(key) for key in _SAID):
        parts.remark("document metadata", "metadata", "few")
    described = _entry(root, "/Metadata")
    if hasattr(described, "get_data"):
        parts.text(bytes(described.get_data()).decode("utf-8", "replace"), Role.HIDDEN, "metadata")


def prepare() -> None:
    """Load what reading pictures would otherwise import late."""
    Image.init()
    image = Image.new("RGB", (2, 2))
    saved = io.BytesIO()
    image.save(saved, "PDF")
    read("a.pdf", saved.getvalue(), "pdf")
