"""Jupyter notebooks: cells, outputs, attachments, widget state and metadata, each at its cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from vitrine.egress.checks import kinds
from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.readers import embedded, markdown, markup, plot_data, written_tables
from vitrine.egress.checks.readers.parts import Parts, from_base64, joined
from vitrine.errors import InvalidInput

CELLS_LIMIT: Final = 5_000
OUTPUTS_LIMIT: Final = 20_000
STRINGS_LIMIT: Final = 50_000

_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_DATA_URI: Final = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]{16,})")
_COLAB: Final = re.compile(r"""class=["']colab-df-""")
_QUOTES_DATA: Final = re.compile(
    r"could not convert (?:string|object)|invalid literal for|unknown (?:string|datetime) format"
    r"|time data ['\"]|unconverted data|duplicate (?:entries|keys|values)\W+\w*\d|month must be in"
    r"|\d+(?:\.\d+){5,}|KeyError: ['\"][A-Z][\w'-]+, [A-Z]|not in list|invalid value for .*: ['\"]",
    re.IGNORECASE,
)
"""Sentences of errors that repeat what was in the data."""

_WIDGET_VIEW: Final = "application/vnd.jupyter.widget-view+json"
_WIDGET_STATE: Final = "application/vnd.jupyter.widget-state+json"
_OLD_KEYS: Final = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "html": "text/html",
    "text": "text/plain",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
    "pdf": "application/pdf",
}
"""Keys of outputs in notebooks of format 3."""

_ORDINARY: Final = frozenset(
    {"kernelspec", "language_info", "colab", "accelerator", "gpuClass", "toc", "toc-autonumbering"}
    | {"toc-showcode", "toc-showmarkdowntxt", "toc-showtags", "orig_nbformat", "anaconda-cloud"}
    | {"vscode", "interpreter", "jupytext", "nbformat", "widgets", "varInspector", "hide_input"}
    | {"id", "outputId", "cellView", "tags", "collapsed", "scrolled", "execution", "slideshow"}
    | {"jupyter", "deletable", "editable", "trusted", "pycharm", "needs_background", "ExecuteTime"}
    | {"executionInfo", "colab_type", "name", "raw_mimetype", "format", "is_executing", "heading"}
    | {"base_uri", "height", "language", "notebookId", "celltoolbar", "nbTranslate", "kaggle"}
    | {"papermill", "image/png", "image/jpeg", "application/pdf", "etc", "metadata", "ein.tags"}
)
"""Metadata that every tool writes and that says nothing about data."""


def read(name: str, content: bytes, kind: str) -> Document:
    """A notebook as parts.

    Raises:
        InvalidInput: when it is no notebook, or has more cells or outputs than anybody checks.
    """
    notebook = _parsed(content)
    parts = Parts()
    cells = _cells(notebook)
    if len(cells) > CELLS_LIMIT:
        raise InvalidInput(f"the notebook has {len(cells):,} cells; {CELLS_LIMIT:,} are allowed")
    outputs = 0
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            raise InvalidInput(f"cell {number} of the notebook is none")
        outputs += _read_cell(cell, f"cell {number}", parts)
        if outputs > OUTPUTS_LIMIT:
            raise InvalidInput(f"the notebook has more than {OUTPUTS_LIMIT:,} outputs")
    metadata = notebook.get("metadata")
    if isinstance(metadata, dict):
        _metadata(metadata, "metadata", parts)
        _widgets(metadata.get("widgets"), parts)
    extra = set(notebook) - {"cells", "metadata", "nbformat", "nbformat_minor", "worksheets"}
    for key in sorted(extra):
        _unusual(notebook[key], "metadata", parts)
    return parts.document(name, kind, content)


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        notebook = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        raise InvalidInput("the notebook is not valid JSON, or nested too deeply") from None
    if not isinstance(notebook, dict):
        raise InvalidInput("the notebook is not a JSON object")
    return notebook


def _cells(notebook: Mapping[str, Any]) -> list[Any]:
    cells = notebook.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = notebook.get("worksheets")
    if isinstance(sheets, list):
        found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        return [cell for each in found if isinstance(each, list) for cell in each]
    raise InvalidInput("the notebook has no cells")


def text_of(value: Any) -> str:
    """A string, or the lines of one."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return ""


def _read_cell(cell: Mapping[str, Any], at: str, parts: Parts) -> int:
    """Read one cell; says how many outputs it has."""
    source = text_of(cell.get("source", cell.get("input", "")))
    is_code = cell.get("cell_type") == "code"
    if is_code:
        parts.text(source, Role.CODE, at)
        parts.tables += written_tables.tables_in_code(source, at)
        for letters in _DATA_URI.findall(source):
            parts.picture(from_base64(letters), at)
    else:
        markdown.read_into(parts, source, at)
        _pictures_from_elsewhere(source, at, parts)
        if cell.get("cell_type") == "raw":
            parts.tables += written_tables.tables_in_lines(source, at)
    attachments = cell.get("attachments")
    for bundle in attachments.values() if isinstance(attachments, dict) else ():
        parts.remark("notebook attachment", at)
        if isinstance(bundle, dict):
            _bundle(bundle, joined(at, "attachment"), parts)
    if isinstance(cell.get("metadata"), dict):
        _metadata(cell["metadata"], at, parts)
    outputs = cell.get("outputs")
    if not isinstance(outputs, list):
        return 0
    for number, output in enumerate(outputs, start=1):
        if isinstance(output, dict):
            _output(output, f"{at} output {number}", parts)
    return len(outputs)


def _pictures_from_elsewhere(source: str, at: str, parts: Parts) -> None:
    """Remark what opening the notebook would load: who serves it learns what the address says."""
    for line in markdown.remote_pictures(source):
        parts.remark("external reference", joined(at, f"line {line}"))


def _output(output: Mapping[str, Any], at: str, parts: Parts) -> None:
    parts.remark("output", at)
    kind = output.get("output_type")
    if kind in ("error", "pyerr"):
        message = f"{text_of(output.get('ename'))}: {text_of(output.get('evalue'))}"
        traceback = output.get("traceback")
        lines = [each for each in traceback if isinstance(each, str)] if isinstance(
            traceback, list) else []  # fmt: skip
        parts.remark("error", at, _how_telling(message))
        parts.text(_plain("\n".join([message, *lines])), Role.OUTPUT, at)
        return
    if kind == "stream":
        _printed(text_of(output.get("text")), at, parts)
    data = output.get("data")
    if not isinstance(data, dict):
        data = {mime: output[key] for key, mime in _OLD_KEYS.items() if key in output}
        data = {} if kind == "stream" else data
    _bundle(data, at, parts)
    if isinstance(output.get("metadata"), dict):
        _metadata(output["metadata"], at, parts)


def _plain(text: str) -> str:
    """Text as a terminal shows it: no colours, and of lines written over the last one."""
    return _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def _printed(text: str, at: str, parts: Parts) -> None:
    shown = _plain(text)
    parts.text(shown, Role.OUTPUT, at)
    parts.tables += embedded.tables_in_plain_output(shown, at)
    parts.tables += written_tables.tables_in_lines(shown, at)


def _how_telling(message: str) -> str:
    """Whether the sentence of an error quotes a value that is not the name of something."""
    if _QUOTES_DATA.search(message):
        return "many quoted values"
    quoted = re.findall(r"['\"`]([^'\"`\n]{1,200})['\"`]", message)
    quotes_value = any(re.search(r"\d{3,}|\^|@|\d[-/.]\d", each) for each in quoted)
    is_key = message.startswith(("KeyError", "IndexError")) and re.search(r"\d{4,}", message)
    return "many quoted values" if quotes_value or is_key else "few"


def _bundle(data: Mapping[str, Any], at: str, parts: Parts) -> None:
    """All representations of one output, each read as what it is."""
    for mime, value in data.items():
        try:
            _representation(str(mime), value, at, parts, has_html="text/html" in data)
        except InvalidInput as problem:
            parts.remark("unread part", at, str(problem))


def _representation(mime: str, value: Any, at: str, parts: Parts, *, has_html: bool) -> None:
    text = text_of(value)
    if mime == "text/plain":
        parts.text(_plain(text), Role.OUTPUT, at)
        if not has_html:
            parts.tables += embedded.tables_in_plain_output(_plain(text), at)
    elif mime == "text/html":
        _page(text, at, parts)
    elif mime == "image/svg+xml":
        markup.read_into(parts, text, at, is_svg=True)
    elif mime in ("text/markdown", "text/latex"):
        parts.text(text, Role.OUTPUT, at)
        parts.tables += embedded.tables_in_markdown(text, at, 1)
        _pictures_from_elsewhere(text, at, parts)
    elif "javascript" in mime:
        parts.remark("script", at)
        parts.text(text, Role.CODE, at)
        plot_data.keep_script_data(text, parts, at)
    elif mime == _WIDGET_VIEW:
        parts.remark("widget", at)
    elif mime == _WIDGET_STATE:
        _widgets({mime: value}, parts)
    elif "json" in mime:
        plot_data.keep_data(value, parts, at)
        _strings(value, at, parts)
    else:
        _bytes(mime, text, at, parts)


def _page(page: str, at: str, parts: Parts) -> None:
    """A page; of a table by Colab without the buttons that every one of them has."""
    found = Parts()
    markup.read_into(found, page, at, is_svg=False)
    if _COLAB.search(page):
        found.remarks = [
            each for each in found.remarks if each.what not in ("script", "event handler")
        ]
        found.texts = [each for each in found.texts if each.role is not Role.CODE]
    parts.add(found.document("", "html", b""))


def _bytes(mime: str, text: str, at: str, parts: Parts) -> None:
    """Something in base64, or text of a kind that no reader knows."""
    content = from_base64(text)
    if content and (mime.startswith("image/") or kinds.kind_of("", content) != "unknown"):
        parts.opaque(content, at)
    elif text.strip():
        parts.remark("embedded file", at, "unknown" if mime.startswith("text/") else mime)
        parts.text(text, Role.HIDDEN, at)


def _widgets(widgets: Any, parts: Parts) -> None:
    if not isinstance(widgets, dict) or not widgets:
        return
    state = widgets.get(_WIDGET_STATE, widgets)
    models = state.get("state", state) if isinstance(state, dict) else {}
    if not models:
        return
    parts.remark("widget state", "metadata")
    _strings(models, "metadata, widgets", parts)
    plot_data.keep_data(models, parts, "metadata, widgets")


def _strings(value: Any, at: str, parts: Parts) -> None:
    """Every string of a JSON value: pictures as pictures, the rest as one text nobody sees."""
    waiting, kept, seen = [("", value)], [], 0
    while waiting and seen < STRINGS_LIMIT:
        key, here = waiting.pop()
        seen += 1
        if isinstance(here, dict):
            waiting += [(str(name), each) for name, each in here.items()]
        elif isinstance(here, list):
            waiting += [(key, each) for each in here if isinstance(each, (str, dict, list))]
        elif isinstance(here, str) and len(here) > 200 and _is_picture(here, at, parts):
            continue
        elif isinstance(here, (str, int)) and not isinstance(here, bool) and key[:1] != "_":
            kept.append(f"{key}: {here}" if key else str(here))
    parts.text("\n".join(kept), Role.HIDDEN, at)


def _is_picture(letters: str, at: str, parts: Parts) -> bool:
    content = from_base64(letters.partition("base64,")[2] or letters)
    if kinds.kind_of("", content) not in kinds.PICTURES:
        return False
    parts.picture(content, at)
    return True


def _metadata(metadata: Mapping[str, Any], at: str, parts: Parts) -> None:
    for key, value in metadata.items():
        if key == "papermill":
            parts.remark("notebook metadata", at, "few")
            _strings(value, joined(at, "metadata") if at != "metadata" else at, parts)
        elif key not in _ORDINARY:
            _unusual({key: value}, at, parts)
        elif key in ("tags", "name"):
            parts.text(orjson.dumps(value).decode(), Role.HIDDEN, at)


def _unusual(value: Any, at: str, parts: Parts) -> None:
    """Metadata of no known tool: a place where anything can be carried out."""
    size = len(orjson.dumps(value))
    parts.remark("notebook metadata", at, "many letters" if size > 400 else "few")
    place = at if at == "metadata" else joined(at, "metadata")
    _strings(value, place, parts)
    if isinstance(value, dict):
        plot_data.keep_data(value, parts, place)
