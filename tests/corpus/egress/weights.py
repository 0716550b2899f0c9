"""Model files written by hand: safetensors and ONNX."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence

import numpy as np

_KINDS = {"float32": "F32", "float16": "F16", "int64": "I64", "uint8": "U8"}


def safetensors(tensors: Mapping[str, np.ndarray], about: Mapping[str, str] | None = None) -> bytes:
    """Tensors in the safetensors format."""
    head: dict[str, object] = {"__metadata__": dict(about)} if about else {}
    body = b""
    for name, tensor in tensors.items():
        content = np.ascontiguousarray(tensor).tobytes()
        head[name] = {
            "dtype": _KINDS[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [len(body), len(body) + len(content)],
        }
        body += content
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def _number(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    content = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(content)) + content


def tensor(name: str, values: np.ndarray) -> bytes:
    """An initialiser."""
    shape = b"".join(_field(1, size) for size in values.shape)
    raw = values.astype("<f4").tobytes()
    return shape + _field(2, 1) + _field(8, name) + _field(9, raw)


def node(
    kind: str,
    inputs: Sequence[str],
    output: str,
    domain: str = "",
    floats: Mapping[str, Sequence[float]] = {},
) -> bytes:
    """A node with attributes that are lists of floats."""
    parts = b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)
    for name, values in floats.items():
        packed = struct.pack(f"<{len(values)}f", *values)
        parts += _field(5, _field(1, name) + _field(7, packed) + _field(20, 6))
    return parts + (_field(7, domain) if domain else b"")


def _value(name: str, shape: Sequence[int]) -> bytes:
    sizes = b"".join(_field(1, _field(1, size)) for size in shape)
    kind = _field(1, _field(1, 1) + _field(2, sizes))
    return _field(1, name) + _field(2, kind)


def onnx(
    nodes: Sequence[bytes],
    initialisers: Sequence[bytes] = (),
    about: Mapping[str, str] = {},
    described: str = "",
) -> bytes:
    """A model in the ONNX format, with an input of 1 x 16 and an output of 1 x 2."""
    graph = b"".join(_field(1, each) for each in nodes) + _field(2, "graph")
    graph += b"".join(_field(5, each) for each in initialisers)
    graph += _field(11, _value("x", (1, 16))) + _field(12, _value("y", (1, 2)))
    model = _field(1, 8) + _field(2, "pytorch") + _field(3, "2.5.1")
    model += (_field(6, described) if described else b"") + _field(7, graph)
    model += _field(8, _field(1, "") + _field(2, 17))
    for key, value in about.items():
        model += _field(14, _field(1, key) + _field(2, value))
    return model
