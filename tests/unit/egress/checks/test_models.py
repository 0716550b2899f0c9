"""Models: what is kept in them besides weights, and the evidence that they need."""

from __future__ import annotations

import io
import json
import pickle
import struct
from typing import Any

import numpy as np
import pytest

from tests.support.checked import POLICY, findings, said, serious
from tests.unit.egress.checks.test_kinds import torch_zip, zipped
from vitrine.egress.checks import engine, protobuf
from vitrine.errors import InvalidInput

TYPES = {"f4": "F32", "f8": "F64", "i8": "I64", "u1": "U8", "i2": "I16", "f2": "F16"}
UID = "1.2.826.0.1.3680043.8.498.45787841905188114249611671138104263"


def noise(*shape: int, kind: str = "f4") -> Any:
    return np.random.default_rng(1).normal(0, 0.05, shape).astype(kind)


def safetensors(extra: bytes = b"", metadata: Any = None, **arrays: Any) -> bytes:
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    body = b""
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": TYPES[array.dtype.str[1:]], "shape": list(array.shape),
                        "data_offsets": [len(body), len(body) + len(raw)]}  # fmt: skip
        body += raw
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + body + extra


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number: int, value: bytes | int | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def tensor(name: str, array: Any, *more: bytes) -> bytes:
    code = {"f4": 1, "i8": 7, "f8": 11, "u1": 2}[array.dtype.str[1:]]
    return (
        b"".join(field(1, size) for size in array.shape)
        + field(2, code) + field(8, name) + field(9, array.tobytes()) + b"".join(more)
    )  # fmt: skip


def node(operator: str, *attributes: bytes) -> bytes:
    return field(4, operator) + b"".join(field(5, each) for each in attributes)


def onnx(*graph: bytes, model: bytes = b"") -> bytes:
    return (
        field(1, 8) + field(2, "pytorch") + field(7, b"".join(graph) + field(2, "main"))
        + field(8, field(2, 17)) + model
    )  # fmt: skip


def scan(size: int = 64) -> Any:
    y, x = np.mgrid[:size, :size] / size
    return (200 * np.exp(-((x - 0.5) ** 2 + (y - 0.4) ** 2) * 6) + 9 * np.sin(9 * x * y)
            + np.random.default_rng(2).normal(0, 3, (size, size)))  # fmt: skip


def records() -> Any:
    rng = np.random.default_rng(3)
    return np.stack([rng.integers(20, 90, 80), rng.integers(0, 3, 80), rng.normal(80, 9, 80)], 1)


def scaled() -> Any:
    rng = np.random.default_rng(5)
    rows = np.stack([rng.normal(62, 11, 240), rng.normal(26, 4, 240), rng.lognormal(2, 1, 240)], 1)
    return (rows - rows.mean(0)) / rows.std(0)


def ranged() -> Any:
    rows = scaled()
    return (rows - rows.min(0)) / (rows.max(0) - rows.min(0))


def mixed() -> Any:
    return np.concatenate([noise(240, 3), np.random.default_rng(6).integers(0, 2, (240, 3))], 1)


def units(rows: int = 400) -> Any:
    vectors = np.random.default_rng(7).normal(size=(rows, 64))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rows_of_pixels() -> Any:
    return np.stack([scan(28).clip(0).ravel() * (1 + n / 50) for n in range(40)])


KEYS = [f"HN{n * 37:04d}" for n in range(12)]
LAYERS = {"conv1.weight": noise(32, 3, 7, 7), "fc.weight": noise(64, 96), "fc.bias": noise(64)}


def sines(length: int = 64, width: int = 64) -> Any:
    angle = np.arange(length)[:, None] / 1e4 ** (np.arange(width // 2) / (width // 2))
    return np.concatenate([np.sin(angle), np.cos(angle)], 1).astype("f4")


def quantised() -> Any:
    return np.random.default_rng(4).integers(0, 255, (64, 64)).astype("u1")


def grid() -> Any:
    return np.indices((20, 20)).reshape(2, -1).T.astype("f4")


def relative(side: int = 7) -> Any:
    at = np.stack(np.meshgrid(range(side), range(side), indexing="ij")).reshape(2, -1)
    between = at[:, :, None] - at[:, None, :] + side - 1
    return (between[0] * (2 * side - 1) + between[1]).astype("i8")


@pytest.mark.parametrize(
    ("content", "check", "severity"),
    [
        pytest.param(safetensors(**LAYERS, **{"knn._fit_X": noise(50, 4)}), "model-records",
                     "block", id="kNN"),
        pytest.param(safetensors(support_vectors_=noise(50, 4)), "model-records", "block",
                     id="SVM"),
        pytest.param(safetensors(X_train_=noise(50, 4)), "model-records", "block",
                     id="Gaussian process"),
        pytest.param(safetensors(memory_bank=noise(50, 4)), "model-records", "block", id="bank"),
        pytest.param(safetensors(w=scan().astype("f4")), "model-records", "block", id="a picture"),
        pytest.param(safetensors(w=scan(48).astype("i2")[None].repeat(9, 0)), "model-records",
                     "block", id="a volume"),
        pytest.param(safetensors(w=np.stack([scan()] * 3, -1).astype("u1")), "model-records",
                     "block", id="a colour picture"),
        pytest.param(safetensors(w=records().astype("f4")), "model-records", "block",
                     id="records by values"),
        pytest.param(safetensors(**LAYERS, **{"optimizer.exp_avg.fc": noise(64)}), "model-state",
                     "warn", id="Adam"),
        pytest.param(safetensors(b"x" * 99, **LAYERS), "model-structure", "block", id="appended"),
        pytest.param(safetensors(metadata={"x": "y" * 9999}, **LAYERS), "model-structure", "warn",
                     id="long metadata"),
        pytest.param(safetensors(metadata={"s": UID}, **LAYERS), "text-identifiers", "block",
                     id="UID in the metadata"),
        pytest.param(safetensors(**{"patient_00042.z": noise(4)}), "model-records", "block",
                     id="a tensor for a patient"),
        pytest.param(onnx(field(1, node("SVMClassifier"))), "model-records", "block",
                     id="ONNX SVM"),
        pytest.param(onnx(field(1, node("Cdist")), field(5, tensor("c", noise(9, 4)))),
                     "model-records", "block", id="ONNX kNN"),
        pytest.param(onnx(field(5, tensor("w", scan().astype("f4")))), "model-records", "block",
                     id="ONNX picture"),
        pytest.param(onnx(field(1, node("Constant", field(1, "value")
                     + field(5, tensor("", records().astype("f8")))))), "model-records", "block",
                     id="ONNX records in a constant"),
        pytest.param(onnx(field(5, tensor("w", noise(2), field(14, 1)))), "model-structure",
                     "warn", id="ONNX external data"),
        pytest.param(onnx(model=field(14, field(1, "s") + field(2, UID))), "text-identifiers",
                     "block", id="ONNX metadata"),
        pytest.param(onnx(field(1, node("TfIdf", field(1, "pool") + field(9, "MRN: 4711002")))),
                     "text-identifiers", "block", id="ONNX vocabulary"),
        pytest.param(onnx(model=field(20, field(1, b""))), "model-state", "warn",
                     id="ONNX training information"),
        pytest.param(safetensors(w=scaled().astype("f4")), "model-records", "block",
                     id="standardised records"),
        pytest.param(safetensors(w=ranged().astype("f4")), "model-records", "block",
                     id="records from 0 to 1"),
        pytest.param(safetensors(w=mixed().astype("f4")), "model-records", "block",
                     id="yes and no beside measures"),
        pytest.param(safetensors(w=rows_of_pixels().astype("f4")), "model-records", "block",
                     id="a picture in each row"),
        pytest.param(safetensors(queue=units().astype("f4")), "model-records", "block",
                     id="queue of features"),
        pytest.param(safetensors(**{"gp.train_inputs": noise(50, 4)}), "model-records", "block",
                     id="inputs of a Gaussian process"),
        pytest.param(safetensors(b=units().astype("f4")), "model-records", "warn",
                     id="vectors of length 1"),
        pytest.param(safetensors(b=np.random.default_rng(8).permutation(90_000)[:99] + 10_000),
                     "model-records", "warn", id="keys"),
        pytest.param(safetensors(**{f"z.PT{n:04d}": noise(16) for n in range(30)}),
                     "model-records", "warn", id="a tensor for each person"),
        pytest.param(safetensors(metadata={"ids": ",".join(KEYS)}, **LAYERS), "model-records",
                     "warn", id="keys in the metadata"),
        pytest.param(safetensors(metadata={"source": "/data/a/t1.nii.gz"}, **LAYERS),
                     "model-paths", "warn", id="path in the metadata"),
        pytest.param(safetensors(**LAYERS, **{"opt_state.mu.fc": noise(64)}), "model-state",
                     "warn", id="state of optax"),
        *[pytest.param(pickle.dumps({"a": 1}, each), "model-pickle", "block", id=f"pickle {each}")
          for each in range(6)],
        pytest.param(torch_zip(), "model-pickle", "block", id="torch"),
        pytest.param(pickle.dumps({"_fit_X": [1]}), "model-records", "block", id="pickled kNN"),
        pytest.param(pickle.dumps({"optimizer_state_dict": [1]}), "model-state", "warn",
                     id="pickled checkpoint"),
        pytest.param(zipped({"config.json": b'{"class_name": "Lambda"}', "model.weights.h5": b""}),
                     "model-pickle", "block", id="Keras with code"),
    ],
)  # fmt: skip
def test_what_a_model_keeps(content, check, severity):
    assert serious("m.bin", content)[check] == severity


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(safetensors(**LAYERS), id="convolution"),
        pytest.param(safetensors(metadata={"format": "pt"}, **LAYERS), id="with format"),
        pytest.param(safetensors(emb=noise(500, 64)), id="embedding"),
        pytest.param(safetensors(w=noise(64, 64, kind="f2")), id="half precision"),
        pytest.param(safetensors(pe=sines()), id="sines of positions"),
        pytest.param(safetensors(relative_position_index=relative()), id="relative positions"),
        pytest.param(safetensors(mask=np.tril(np.full((64, 64), -100.0)).astype("f4")), id="mask"),
        pytest.param(safetensors(q=quantised()),
                     id="quantised"),
        pytest.param(safetensors(grid=grid()), id="grid"),
        pytest.param(safetensors(n=np.array(7, dtype="i8"), **LAYERS), id="batch counter"),
        pytest.param(safetensors(emb=np.random.default_rng(9).normal(size=(5000, 32)).astype("f4")),
                     id="embedding of deviation 1"),
        pytest.param(safetensors(metadata={"features": ",".join(
                     f"wavelet_LLH_glcm_texture_{n}" for n in range(400))}, **LAYERS),
                     id="long list of features"),
        pytest.param(safetensors(fc=units(10).astype("f4")), id="few vectors of length 1"),
        pytest.param(safetensors(w=np.linspace(0, 1, 256)[:, None].repeat(3, 1).astype("f4")),
                     id="table of tones"),
        pytest.param(safetensors(**{f"block{n:03d}.conv": noise(8, 3, 3) for n in range(30)}),
                     id="numbered layers"),
        pytest.param(onnx(*[field(5, tensor(f"onnx::MatMul_{11_233 + 7 * n}", noise(8, 8)))
                            for n in range(9)]), id="ONNX numbered weights"),
        pytest.param(safetensors(zero=np.zeros((64, 64), "f4")), id="zeros"),
        pytest.param(safetensors(eye=np.eye(64, dtype="f4")), id="identity"),
        pytest.param(safetensors(bn=noise(64) + 1, **LAYERS), id="normalisation"),
        pytest.param(onnx(field(1, node("Conv")), field(5, tensor("w", noise(8, 3, 3, 3)))),
                     id="ONNX convolution"),
        pytest.param(onnx(field(5, tensor("shape", np.array([1, 64], "i8")))), id="ONNX shape"),
    ],
)  # fmt: skip
def test_weights_alone_raise_nothing(content):
    assert {k: v for k, v in serious("m", content).items() if k != "file-kind"} == {}


def test_an_inventory_counts_parameters():
    (found,) = (each for each in findings("m.safetensors", safetensors(**LAYERS))
                if each.check == "model-kind")  # fmt: skip
    assert "3 tensors with 10,912 parameters" in found.message


CARD = b"# Model card\n\nTask: segmentation of the prostate\n\nTrained on 1,200 patients.\n"


def together(**files: bytes) -> dict[str, set[str]]:
    facts = [engine.look(name.replace("_", "."), raw, POLICY)[1] for name, raw in files.items()]
    found = engine.compare(facts, POLICY)
    return {path: {f"{each.severity} {each.check}" for each in each_found}
            for path, each_found in found.items() if each_found}  # fmt: skip


def test_a_model_without_evidence_does_not_leave():
    assert together(m_safetensors=safetensors(**LAYERS)) == {
        "m.safetensors": {"block model-evidence"}
    }


def test_a_segmentation_leaves_with_its_card():
    assert together(m_safetensors=safetensors(**LAYERS), card_md=CARD) == {}
    assert together(m_onnx=onnx(field(1, node("Conv"))), card_md=CARD) == {}


def test_a_classifier_needs_a_report_too():
    card = CARD.replace(b"segmentation of the prostate", b"image classification")
    weights = safetensors(**LAYERS)
    assert together(m_safetensors=weights, card_md=card) == {
        "m.safetensors": {"block model-evidence"}
    }
    report = b'{"LIRA_1": {"attack_experiment_logger": {"metrics": {"AUC": 0.51}}}}'
    assert together(m_safetensors=weights, card_md=card, sacroml_json=report) == {}


def test_each_of_two_models_needs_a_card():
    first, second = safetensors(**LAYERS), onnx(field(1, node("Conv")))
    files = {"a/m.safetensors": first, "a/card.md": CARD, "b/m.onnx": second}
    facts = [engine.look(name, raw, POLICY)[1] for name, raw in files.items()]
    found = {path for path, each in engine.compare(facts, POLICY).items() if each}
    assert found == {"b/m.onnx"}


def test_one_card_serves_two_models_that_it_names():
    card = CARD + b"\nWeights: a.safetensors and b.safetensors\n"
    weights = safetensors(**LAYERS)
    assert together(a_safetensors=weights, b_safetensors=weights, card_md=card) == {}
    assert set(together(a_safetensors=weights, b_safetensors=weights, card_md=CARD)) == {
        "a.safetensors", "b.safetensors"
    }  # fmt: skip


def test_a_row_for_each_patient_of_the_card_is_asked_about():
    weights = safetensors(table=noise(1200, 16), **LAYERS)
    assert together(m_safetensors=weights, card_md=CARD) == {
        "m.safetensors": {"warn model-evidence"}
    }


def test_a_card_without_a_class_is_asked_for_it():
    card = b"# Model card\n\nWeights of our network.\n"
    assert together(m_safetensors=safetensors(**LAYERS), card_md=card) == {
        "m.safetensors": {"warn model-evidence"}
    }


def test_a_model_of_records_is_refused_with_any_card():
    weights = safetensors(support_vectors_=noise(20, 3))
    assert together(m_safetensors=weights, card_md=CARD) == {
        "m.safetensors": {"block model-evidence"}
    }


def test_a_request_without_models_needs_nothing():
    assert together(a_md=b"# Results\n", b_txt=b"a\n") == {}


@pytest.mark.parametrize("cut", [8, 9, 20, 60, 200])
def test_a_cut_model_does_not_pass(cut):
    assert set(said("m.safetensors", safetensors(**LAYERS)[:cut])) & {"file-kind", "unchecked"}


def test_a_header_that_points_outside_is_not_read():
    head = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,999999]}}'
    assert "unchecked" in serious("m", struct.pack("<Q", len(head)) + head + bytes(8))


def test_messages_are_read_to_their_end_or_not_at_all():
    for broken in (b"\x08", b"\x0a\xff\x01a", b"\x07\x01", b"\xff" * 11, b"\x02\x01"):
        with pytest.raises(InvalidInput):
            list(protobuf.fields(memoryview(broken)))
    assert list(protobuf.floats(memoryview(struct.pack("<2f", 1, 2)), 4)) == [1.0, 2.0]


def test_a_graph_in_a_graph_in_a_graph_ends():
    inner = field(2, "g")
    for _ in range(60):
        inner = field(1, node("If", field(1, "then") + field(6, inner)))
    assert "unchecked" in serious("m.onnx", onnx(inner))


def test_reading_a_pickle_runs_nothing():
    class Trap:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return (io.open, ("/nonexistent/trap", "w"))  # type: ignore[return-value]

    assert serious("m.pkl", pickle.dumps(Trap()))["model-pickle"] == "block"
