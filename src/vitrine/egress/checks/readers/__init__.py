"""Readers: the bytes of one kind of file as parts with their places.

A reader takes a name and bytes and returns a `Document`. It raises `Unreadable` when the content
is damaged or beyond a limit; whatever else it raises is reported as "not checked" too.
"""

from __future__ import annotations

import codecs
import importlib
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.readers import (
    columnar,
    containers,
    delimited,
    json_tables,
    markdown,
    markup,
    models,
    notebook,
    onnx,
    pdf,
    plain,
    raster,
    settings,
    tabular,
    workbook,
)

_CODECS: Final = (
    *("cp437", "raw-unicode-escape", "unicode-escape", "latin-1", "ascii", "charmap", "mac-roman"),
    *("utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "cp1252", "gb18030", "gbk"),
    *("gb2312", "big5", "shift-jis", "euc-jp", "euc-kr", "cp949", "cp932", "iso8859-15"),
)
"""Encodings that members of archives, pickles and fonts of documents may ask for."""

Reader = Callable[[str, bytes, str], Document]
"""Name, bytes and kind."""


def _archive(name: str, content: bytes, kind: str) -> Document:
    return containers.read(name, content, kind, read)


READERS: Final[Mapping[str, Reader]] = {
    "markdown": markdown.read,
    **dict.fromkeys(("svg", "html"), markup.read),
    "notebook": notebook.read,
    "pdf": pdf.read,
    "safetensors": models.read_safetensors,
    "onnx": onnx.read,
    **dict.fromkeys(("pickle", "torch", "keras"), models.read_opaque),
    **dict.fromkeys(("zip", "gzip", "archive", "npz", "zarr"), _archive),
    "code": plain.read,
    **dict.fromkeys(("yaml", "toml"), settings.read),
    **dict.fromkeys(("text", "latex"), tabular.read),
    **dict.fromkeys(("csv", "tsv"), delimited.read),
    "json": json_tables.read,
    **dict.fromkeys(("png", "jpeg", "gif", "bmp", "webp", "tiff"), raster.read),
    "parquet": columnar.read,
    "xlsx": workbook.read,
}


def read(name: str, content: bytes, kind: str) -> Document:
    """The parts of a file; of a kind without a reader only the bytes."""
    reader = READERS.get(kind)
    if reader is None:
        return Document(path=name, kind=kind, size_bytes=len(content), content=content)
    return reader(name, content, kind)


def prepare() -> None:
    """Load what readers and rules would otherwise import late: a confined child cannot."""
    Image.init()
    workbook.prepare()
    columnar.prepare()
    pdf.prepare()
    importlib.import_module("numpy.ma")
    for codec in _CODECS:
        codecs.lookup(codec)
