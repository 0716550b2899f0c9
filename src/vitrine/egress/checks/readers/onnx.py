"""ONNX models, read by hand from their messages; numbers are those of onnx.proto3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy
from numpy.typing import NDArray

from vitrine.egress.checks import protobuf
from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.protobuf import BYTES, Field, fields
from vitrine.egress.checks.readers import tensors
from vitrine.egress.checks.readers.parts import Parts
from vitrine.errors import InvalidInput

NODES_LIMIT: Final = 200_000
DEPTH_LIMIT: Final = 16

_TYPES: Final = {
    1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "u1", 10: "<f2",
    11: "<f8", 12: "<u4", 13: "<u8",
}  # fmt: skip
_INSTANCES: Final = frozenset({"SVMClassifier", "SVMRegressor", "Cdist", "GaussianProcess"})
"""Operators whose constants are records of the training set."""
_RECORD_ATTRIBUTES: Final = frozenset({"support_vectors", "prob_a"})


def read(name: str, content: bytes, kind: str) -> Document:
    """The tensors, operators and words of an ONNX model.

    Raises:
        InvalidInput: when a message is cut short or nested too deeply.
    """
    model = _Model()
    for number, wire, _, body in fields(memoryview(content)):
        if wire != BYTES:
            continue
        if number == 7:
            model.graph(body, 0)
        elif number in (2, 3, 4, 6):
            model.words.append(_text(body))
        elif number == 14:
            model.words.append(": ".join(_text(each) for _, _, _, each in fields(body)))
        elif number == 20:
            model.parts.remark("optimiser state", "training information")
    return model.document(name, kind, content)


def _text(body: memoryview) -> str:
    return bytes(body[:100_000]).decode("utf-8", "replace")


class _Model:
    """What has been read of one model."""

    def __init__(self) -> None:
        self.parts = Parts()
        self.words: list[str] = []
        self.names: list[str] = []
        self.nodes = self.tensors = self.parameters = 0

    def graph(self, body: memoryview, depth: int) -> None:
        if depth > DEPTH_LIMIT:
            raise InvalidInput("the model nests graphs too deeply")
        for number, wire, _, inner in fields(body):
            if wire != BYTES:
                continue
            if number == 1:
                self.node(inner, depth)
            elif number == 5:
                self.tensor(inner, "")
            elif number == 10:
                self.words.append(_text(inner))
            elif number == 15:
                for _, _, _, part in _only(inner, 1, 2):
                    self.tensor(part, "")

    def node(self, body: memoryview, depth: int) -> None:
        self.nodes += 1
        if self.nodes > NODES_LIMIT:
            raise InvalidInput(f"the model has more than {NODES_LIMIT:,} operators")
        operator, name, attributes = "", "", []
        for number, wire, _, inner in fields(body):
            if number == 3:
                name = _text(inner)
            elif number == 4:
                operator = _text(inner)
            elif number == 5 and wire == BYTES:
                attributes.append(inner)
            elif number == 6:
                self.words.append(_text(inner))
        if operator in _INSTANCES:
            self.parts.remark("training records", f"operator {operator}")
        for each in attributes:
            self.attribute(each, name or operator, depth)

    def attribute(self, body: memoryview, node: str, depth: int) -> None:
        name, strings = "", []
        for number, wire, _, inner in fields(body):
            if wire != BYTES:
                continue
            if number == 1:
                name = _text(inner)
            elif number in (4, 9):
                strings.append(_text(inner))
            elif number in (5, 10):
                self.tensor(inner, f"{node}.{name}")
            elif number in (6, 11):
                self.graph(inner, depth + 1)
            elif number == 7 and name in _RECORD_ATTRIBUTES:
                self.parts.remark("training records", f"attribute {name}")
        self.words += strings

    def tensor(self, body: memoryview, called: str) -> None:
        read = TensorFields(body)
        name = read.name or called
        self.tensors += 1
        self.parameters += tensors.count(read.shape)
        self.names.append(name)
        self.words += read.strings
        if read.is_elsewhere:
            self.parts.remark("external data", f"tensor {name[:120]}")
        tensors.inspect(tensors.Tensor(name, read.shape, read.values()), self.parts)

    def document(self, name: str, kind: str, content: bytes) -> Document:
        """Everything that was read."""
        self.parts.text("\n".join(filter(None, self.words)), Role.HIDDEN, "metadata")
        self.parts.text("\n".join(filter(None, self.names)), Role.HIDDEN, "names of tensors")
        self.parts.remark(
            "inventory",
            "",
            f"{self.tensors:,} tensors with {self.parameters:,} parameters"
            f" and {self.nodes:,} operators",
        )
        return self.parts.document(name, kind, content)


class TensorFields:
    """The fields of a TensorProto."""

    def __init__(self, body: memoryview) -> None:
        dims: list[int] = []
        self.name, self.kind, self.is_elsewhere = "", 0, False
        self.strings: list[str] = []
        self._raw: memoryview | None = None
        self._numbers: list[NDArray[Any]] = []
        for number, wire, value, inner in fields(body):
            if number == 1:
                dims += protobuf.varints(inner) if wire == BYTES else [value]
            elif number == 2:
                self.kind = value
            elif number in (4, 10) and wire == BYTES:
                code = "<f4" if number == 4 else "<f8"
                self._numbers.append(_from_buffer(inner, code))
            elif number == 6:
                self.strings.append(_text(inner))
            elif number == 8:
                self.name = _text(inner)
            elif number == 9:
                self._raw = inner
            elif number == 13 or (number == 14 and value == 1):
                self.is_elsewhere = True
        self.shape = tuple(dims)

    def values(self) -> NDArray[Any] | None:
        """The numbers, when they are in the file and of a known type."""
        if self._raw is not None and self.kind in _TYPES:
            return _from_buffer(self._raw, _TYPES[self.kind])
        return numpy.concatenate(self._numbers) if self._numbers else None


def _from_buffer(body: memoryview, code: str) -> NDArray[Any]:
    size = numpy.dtype(code).itemsize
    return numpy.frombuffer(body[: len(body) // size * size], dtype=code)


def _only(body: memoryview, *numbers: int) -> Iterator[Field]:
    return (each for each in fields(body) if each[0] in numbers and each[1] == BYTES)
