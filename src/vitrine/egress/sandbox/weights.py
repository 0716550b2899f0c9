"""Model files: the same bytes, and an inventory of what they hold. Nothing is ever run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from vitrine.egress.checks.protobuf import BYTES, fields
from vitrine.egress.checks.readers.models import header_of
from vitrine.egress.checks.readers.onnx import DEPTH_LIMIT, TensorFields
from vitrine.egress.checks.readers.tensors import count
from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.sandbox.cleaned import Cleaned, some
from vitrine.egress.sandbox.filetypes import SAFETENSORS, Kind
from vitrine.egress.sandbox.letters import visible
from vitrine.egress.sandbox.tables import Row, table_page
from vitrine.errors import InvalidInput

_COLUMNS: Final = ["name", "type", "shape", "parameters"]
_WORDS: Final = 2_000
"""Letters of one entry of a model's metadata that a page shows."""

# onnx.proto3, TensorProto.DataType
_ONNX_TYPES: Final = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    16: "bfloat16",
}  # fmt: skip

Tensor = tuple[str, str, tuple[int, ...]]
"""Name, type and shape."""


def clean_model(content: bytes, kind: Kind) -> Cleaned:
    """The same bytes, when their inventory can be read.

    Raises:
        InvalidInput: when it cannot.
    """
    tensors, _ = _inventory(content, kind.media_type)
    parameters = sum(count(shape) for _, _, shape in tensors)
    held = f"{some(len(tensors), 'tensor')} with {parameters:,} parameters"
    return Cleaned(content, kind, (f"the same bytes: {held}",))


def model_page(content: bytes, media_type: str, asked: Asked) -> dict[str, Any]:
    """A page of the inventory, and what the model says of itself."""
    tensors, words = _inventory(content, media_type)
    rows: list[Row] = [
        (at, [name, kind, " × ".join(map(str, shape)) or "one value", str(count(shape))])
        for at, (name, kind, shape) in enumerate(tensors, start=1)
    ]
    page = table_page((0, _COLUMNS), rows, asked)
    return {**page, "facts": [[visible(key), _short(value)] for key, value in words]}


def _short(text: str) -> str:
    left = len(text) - _WORDS
    return visible(text[:_WORDS]) + (f" … and {left:,} more characters" if left > 0 else "")


def _inventory(content: bytes, media_type: str) -> tuple[list[Tensor], list[tuple[str, str]]]:
    if media_type == SAFETENSORS.media_type:
        return _safetensors(content)
    return _onnx(content)


def _safetensors(content: bytes) -> tuple[list[Tensor], list[tuple[str, str]]]:
    header, _ = header_of(content)
    said = header.pop("__metadata__", None)
    words = [(str(k), str(v)) for k, v in said.items()] if isinstance(said, dict) else []
    try:
        tensors = [
            (name, str(each["dtype"]), tuple(int(side) for side in each["shape"]))
            for name, each in header.items()
        ]
    except (KeyError, TypeError, ValueError):
        raise InvalidInput("the header of the model is damaged") from None
    return tensors, words


def _onnx(content: bytes) -> tuple[list[Tensor], list[tuple[str, str]]]:
    tensors: list[Tensor] = []
    words: list[tuple[str, str]] = []
    operators: dict[str, int] = {}
    names = {2: "made by", 3: "version of its maker", 4: "domain", 6: "description"}
    for number, wire, _, body in fields(memoryview(content)):
        if number == 7 and wire == BYTES:
            tensors += _graph(body, operators, 0)
        elif number in names and wire == BYTES:
            words.append((names[number], _text(body)))
        elif number == 14 and wire == BYTES:
            pair = {n: _text(each) for n, _, _, each in fields(body)}
            words.append((pair.get(1, ""), pair.get(2, "")))
    used = ", ".join(f"{name} {number:,}" for name, number in sorted(operators.items()))
    return tensors, [*words, ("operators", used)]


def _graph(body: memoryview, operators: dict[str, int], depth: int) -> Iterator[Tensor]:
    if depth > DEPTH_LIMIT:
        raise InvalidInput("the model nests graphs too deeply")
    for number, wire, _, inner in fields(body):
        if number == 5 and wire == BYTES:
            yield _tensor(inner, "")
        elif number == 1 and wire == BYTES:
            yield from _node(inner, operators, depth)


def _node(body: memoryview, operators: dict[str, int], depth: int) -> Iterator[Tensor]:
    """What the attributes of a node hold: tensors, and graphs of their own."""
    called = ""
    attributes = []
    for number, wire, _, inner in fields(body):
        if number == 4 and wire == BYTES:
            called = _text(inner)
        elif number == 5 and wire == BYTES:
            attributes.append(inner)
    operators[called] = operators.get(called, 0) + 1
    for attribute in attributes:
        for number, wire, _, inner in fields(attribute):
            if number in (5, 10) and wire == BYTES:
                yield _tensor(inner, f"in {called}")
            elif number in (6, 11) and wire == BYTES:
                yield from _graph(inner, operators, depth + 1)


def _tensor(body: memoryview, called: str) -> Tensor:
    read = TensorFields(body)
    return read.name or called, _ONNX_TYPES.get(read.kind, f"type {read.kind}"), read.shape


def _text(body: memoryview) -> str:
    return bytes(body[:100_000]).decode("utf-8", "replace")
