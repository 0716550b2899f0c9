"""Model files: safetensors by hand; pickles and Keras only named and listed, never loaded."""

from __future__ import annotations

import io
import pickletools
import re
import zipfile
from typing import Any, Final

import numpy
import orjson
from numpy.typing import NDArray

from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.readers import tensors
from vitrine.egress.checks.readers.parts import Parts
from vitrine.errors import InvalidInput

TENSORS_LIMIT: Final = 50_000
HEADER_LIMIT: Final = 64 << 20
STEPS_LIMIT: Final = 500_000
"""Steps of a pickle that are listed."""

_TYPES: Final = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "u1", "BF16": "bf16",
}  # fmt: skip
_LETTERS: Final = 4_000
_WORD: Final = re.compile(r"[^\s,;:\"'\[\]{}]+")
_NAME: Final = re.compile(r"(?=\D*(?:\d\D*){0,4}$)[A-Za-z][\w.-]{0,79}")
_ESTIMATORS: Final = re.compile(
    r"neighbors|\.svm|gaussian_process|SVC|SVR|KNeighbors|GaussianProcess|NearestCentroid"
    r"|LabelPropagation|LabelSpreading|KernelDensity|KernelRidge"
)


def read_safetensors(name: str, content: bytes, kind: str) -> Document:
    """The tensors of a safetensors file, by name and values, and its metadata.

    Raises:
        InvalidInput: when the header is damaged or describes bytes that are not there.
    """
    header, start = header_of(content)
    parts = Parts()
    metadata = header.pop("__metadata__", None)
    if isinstance(metadata, dict):
        words = "\n".join(f"{key}: {value}" for key, value in metadata.items())
        parts.text(words, Role.HIDDEN, "metadata")
        if _is_long(words):
            parts.remark("model metadata", "metadata", "many letters")
    if len(header) > TENSORS_LIMIT:
        raise InvalidInput(f"the model has {len(header):,} tensors; {TENSORS_LIMIT:,} are allowed")
    spans, parameters, data = [], 0, memoryview(content)[start:]
    for key, described in header.items():
        tensor, span = _tensor(key, described, data)
        spans.append(span)
        parameters += tensors.count(tensor.shape)
        tensors.inspect(tensor, parts)
    if not _covers(spans, len(data)):
        parts.remark("bytes outside tensors")
    parts.remark("inventory", "", f"{len(header):,} tensors with {parameters:,} parameters")
    parts.text("\n".join(header), Role.HIDDEN, "names of tensors")
    return parts.document(name, kind, content)


def _is_long(words: str) -> bool:
    """Whether metadata has more letters than describe a model, names of features not counted."""
    strange = sum(len(each) for each in _WORD.findall(words) if not _NAME.fullmatch(each))
    return strange > _LETTERS or len(words) > 16 * _LETTERS


def header_of(content: bytes) -> tuple[dict[str, Any], int]:
    """What a safetensors file says of its tensors, and where their bytes begin.

    Raises:
        InvalidInput: when the header is damaged.
    """
    length = int.from_bytes(content[:8], "little")
    if length > min(HEADER_LIMIT, len(content) - 8):
        raise InvalidInput("the header of the model is longer than it can be")
    try:
        header = orjson.loads(content[8 : 8 + length])
    except orjson.JSONDecodeError:
        raise InvalidInput("the header of the model is damaged") from None
    if not isinstance(header, dict):
        raise InvalidInput("the header of the model is damaged")
    return header, 8 + length


def _tensor(name: str, described: Any, data: memoryview) -> tuple[tensors.Tensor, tuple[int, int]]:
    try:
        begin, end = (int(each) for each in described["data_offsets"])
        shape = tuple(int(each) for each in described["shape"])
        kind = str(described["dtype"])
    except (KeyError, TypeError, ValueError):
        raise InvalidInput("the header of the model is damaged") from None
    if not 0 <= begin <= end <= len(data) or any(each < 0 for each in shape):
        raise InvalidInput("the header of the model describes bytes that are not there")
    return tensors.Tensor(name, shape, _values(kind, data[begin:end])), (begin, end)


def _values(kind: str, body: memoryview) -> NDArray[Any] | None:
    code = _TYPES.get(kind)
    if code is None:
        return None
    if code == "bf16":
        half = numpy.frombuffer(body[: len(body) // 2 * 2], dtype="<u2")
        return (half.astype(numpy.uint32) << 16).view(numpy.float32)
    size = numpy.dtype(code).itemsize
    return numpy.frombuffer(body[: len(body) // size * size], dtype=code)


def _covers(spans: list[tuple[int, int]], size: int) -> bool:
    at = 0
    for begin, end in sorted(spans):
        if begin != at:
            return False
        at = end
    return at == size


def read_opaque(name: str, content: bytes, kind: str) -> Document:
    """What a file that must not be loaded says about itself."""
    parts = Parts()
    for stream in _pickles(content):
        _list_pickle(stream, parts)
    if kind == "keras":
        for word in (b"optimizer_weights", b"optimizer/vars", b"training_config"):
            if word in content:
                parts.remark("optimiser state")
                break
        if b'"class_name": "Lambda"' in content or _has_lambda(content):
            parts.remark("stored code")
    return parts.document(name, kind, content)


def _has_lambda(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entry = archive.getinfo("config.json")
            return entry.file_size < HEADER_LIMIT and b'"Lambda"' in archive.read(entry)
    except Exception:
        return False


def _pickles(content: bytes) -> list[bytes]:
    if content[:1] == b"\x80" or content[:1] in b"(]}c":
        return [content]
    if content[:2] != b"PK":
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [each for each in archive.infolist() if each.filename.endswith(".pkl")]
            return [archive.read(each) for each in entries[:4] if each.file_size < HEADER_LIMIT]
    except Exception:
        return []


def _list_pickle(content: bytes, parts: Parts) -> None:
    """Names of classes and attributes in a pickle, step by step, nothing of it run."""
    names: set[str] = set()
    try:
        for step, (operation, argument, _) in enumerate(pickletools.genops(content)):
            if step > STEPS_LIMIT:
                break
            if isinstance(argument, str) and len(argument) < 200 and operation.name != "PERSID":
                names.add(argument)
    except Exception:
        parts.remark("unread part", "", "a pickle that breaks off")
    for name in sorted(names):
        if tensors.is_records(name) or _ESTIMATORS.search(name):
            parts.remark("training records", f"attribute {name[:80]}")
        elif tensors.is_state(name):
            parts.remark("optimiser state", f"attribute {name[:80]}")
