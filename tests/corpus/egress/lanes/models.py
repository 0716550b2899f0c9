"""Model files, with and without what a release of a model needs."""

from __future__ import annotations

import io
import json
import pickle
import zlib

import numpy as np

from tests.corpus.egress import formats, people, sources, weights
from tests.corpus.egress.case import Lane

lane = Lane("models")


def _convolutions(rng: np.random.Generator, kind: str = "float32") -> dict[str, np.ndarray]:
    """The weights of a small network."""
    tensors = {}
    before = 1
    for stage, after in enumerate((8, 16, 32)):
        shape = (after, before, 3, 3)
        tensors[f"encoder.{stage}.conv.weight"] = rng.normal(0, 0.1, shape).astype(kind)
        tensors[f"encoder.{stage}.norm.weight"] = rng.normal(1, 0.05, after).astype(kind)
        tensors[f"encoder.{stage}.norm.bias"] = rng.normal(0, 0.05, after).astype(kind)
        before = after
    tensors["head.weight"] = rng.normal(0, 0.1, (2, 32)).astype(kind)
    return tensors


def _card(kind: str) -> str:
    return (
        f"---\nmodel_class: {kind}\nlicense: cc-by-4.0\n---\n# Model card\n\n"
        f"- Class: {kind}\n- Architecture: U-Net, 3 stages\n"
        "- Training data: CT of 1,240 patients from 12 hospitals, 2014 to 2021\n"
        "- Evaluation: 412 patients; Dice 0.86 (95% CI 0.84 to 0.88)\n"
        "- Intended use: research\n- Disclosure: no records, no optimiser state\n"
    )


def _attacks() -> str:
    """A report of SACRO-ML in outline."""
    metrics = {
        "AUC": 0.52,
        "P_HIGHER_AUC": 0.31,
        "TPR": 0.51,
        "FPR": 0.49,
        "FDIF01": 0.02,
        "PDIF01": 0.4,
        "Advantage": 0.02,
        "n_pos_test_examples": 300,
    }
    return formats.json_text(
        {
            "sacroml_version": "1.4.0",
            "target": {"model_name": "DenseNet", "n_train": 828, "n_test": 412},
            "attacks": [
                {
                    "name": name,
                    "metadata": {"attack_params": {"n_reps": 10}},
                    "attack_experiment_logger": {"attack_instance_logger": {"instance_0": metrics}},
                }
                for name in ("worst_case", "lira", "attribute_inference", "structural")
            ],
        }
    )


def _dense(rng: np.random.Generator, **more: object) -> bytes:
    nodes = [weights.node("MatMul", ["x", "w"], "h"), weights.node("Add", ["h", "b"], "y")]
    return weights.onnx(
        nodes,
        [weights.tensor("w", rng.normal(size=(16, 2))), weights.tensor("b", rng.normal(size=2))],
        **more,
    )


SEGMENTATION = ("model.safetensors", "model_card.md")
CLASSIFIER = ("model.safetensors", "model_card.md", "sacroml_report.json")


def classifier(content: bytes, name: str = "model.safetensors") -> dict[str, bytes | str]:
    return {name: content, "model_card.md": _card("classifier"), "sacroml_report.json": _attacks()}


# ---- unsafe: files that run code when they are loaded ---------------------------------


def _state(rng: np.random.Generator) -> bytes:
    return pickle.dumps({"state_dict": {"w": rng.normal(size=8).tolist()}, "epoch": 40}, 2)


def _torch(rng: np.random.Generator) -> bytes:
    return formats.zipped(
        {
            "archive/data.pkl": _state(rng),
            "archive/version": "3\n",
            "archive/data/0": rng.normal(size=64).astype("<f4").tobytes(),
        }
    )


def _objects(rng: np.random.Generator) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([{"w": 1.0}, {"w": 2.0}], dtype=object), allow_pickle=True)
    return stream.getvalue()


PICKLES = {
    "torch": ("model.pt", _torch),
    "torch-pth": ("best_metric_model.pth", _torch),
    "checkpoint": ("epoch=40.ckpt", _torch),
    "pickle": ("model.pkl", _state),
    "old-pickle": ("clf.sav", lambda rng: pickle.dumps({"coef": [0.2, 0.7]}, 0)),
    "new-pickle": ("scaler.pickle", lambda rng: pickle.dumps({"mean": [0.2]}, 5)),
    "joblib-zlib": ("forest.joblib", lambda rng: zlib.compress(_state(rng))),
    "as-safetensors": ("model.safetensors", _state),
    "as-json": ("weights.json", _state),
    "object-array": ("ensemble.npy", _objects),
    "runs-code": ("preprocess.pkl", lambda rng: b"cos\nsystem\n(S'id'\ntR."),
}

for _name, (_file, _make) in PICKLES.items():
    lane.unsafe(
        f"pickle-{_name}",
        "model-pickle",
        _file,
        _make,
        also=("archive", "encoded-blob", "polyglot", "raw-image"),
    )(lambda rng, make: make(rng))


# ---- unsafe: records within ------------------------------------------------------------


def _with(rng: np.random.Generator, **tensors: np.ndarray) -> dict[str, np.ndarray]:
    return {**_convolutions(rng), **{k.replace("__", "."): v for k, v in tensors.items()}}


RECORDS = {
    "neighbours": lambda rng: {
        "_fit_X": rng.normal(size=(828, 32)).astype(np.float32),
        "_y": rng.integers(0, 2, 828).astype(np.int64),
    },
    "support-vectors": lambda rng: {
        "svm.support_vectors_": rng.normal(size=(212, 24)).astype(np.float32),
        "svm.dual_coef_": rng.normal(size=(1, 212)).astype(np.float32),
    },
    "gaussian-process": lambda rng: {
        "gp.train_inputs": rng.normal(size=(300, 12)).astype(np.float32),
        "gp.train_targets": rng.normal(size=300).astype(np.float32),
    },
    "optimiser": lambda rng: _with(
        rng,
        optimizer__state__0__exp_avg=rng.normal(size=(8, 1, 3, 3)).astype(np.float32),
        optimizer__state__0__exp_avg_sq=rng.random((8, 1, 3, 3)).astype(np.float32),
        optimizer__state__0__step=np.array([40000], np.int64),
    ),
    "memory-queue": lambda rng: _with(rng, queue=rng.normal(size=(128, 1024)).astype(np.float32)),
    "replay-buffer": lambda rng: _with(
        rng, replay_images=np.stack([sources.shown(n)[::4, ::4] for n in sources.PHANTOMS])
    ),
    "vector-each": lambda rng: {
        f"embedding.PAT{i:04}": rng.normal(size=64).astype(np.float32) for i in range(60)
    },
    "example-input": lambda rng: _with(
        rng, example_input_array=sources.phantom("ct")[None, None].astype(np.float32)
    ),
    "gradients": lambda rng: _with(
        rng, encoder__0__conv__weight__grad=rng.normal(size=(8, 1, 3, 3)).astype(np.float32)
    ),
}

for _name, _make in RECORDS.items():
    lane.unsafe(
        f"records-{_name}",
        "model-records",
        CLASSIFIER,
        _make,
        also=("embeddings", "scan-pixels", "identifiers", "raw-image", "pixel-matrix"),
    )(lambda rng, make: classifier(weights.safetensors(make(rng))))

ONNX_CLASSIFIER = ("model.onnx", "model_card.md", "sacroml_report.json")


@lane.unsafe("onnx-support-vectors", "model-records", ONNX_CLASSIFIER)
def _(rng):
    vectors = {
        "support_vectors": rng.normal(size=1600).tolist(),
        "coefficients": rng.normal(size=100).tolist(),
    }
    return classifier(
        weights.onnx([weights.node("SVMClassifier", ["x"], "y", "ai.onnx.ml", vectors)]),
        "model.onnx",
    )


@lane.unsafe("onnx-neighbours", "model-records", ONNX_CLASSIFIER)
def _(rng):
    nodes = [
        weights.node("CDist", ["x", "training_data"], "d", "com.microsoft"),
        weights.node("TopK", ["d", "k"], "y"),
    ]
    return classifier(
        weights.onnx(
            nodes,
            [
                weights.tensor("training_data", rng.normal(size=(500, 16))),
                weights.tensor("k", np.array([5.0])),
            ],
        ),
        "model.onnx",
    )


# ---- unsafe: without evidence, with identifiers, with a tail --------------------------


@lane.unsafe("no-evidence", "model-evidence", "model.safetensors")
def _(rng):
    return weights.safetensors(_convolutions(rng))


@lane.unsafe("no-evidence-onnx", "model-evidence", "model.onnx")
def _(rng):
    return _dense(rng)


@lane.unsafe("card-only-for-classifier", "model-evidence", SEGMENTATION)
def _(rng):
    return {
        "model.safetensors": weights.safetensors(_convolutions(rng)),
        "model_card.md": _card("classifier"),
    }


@lane.unsafe("unrelated-readme", "model-evidence", ("model.safetensors", "README.md"))
def _(rng):
    return {
        "model.safetensors": weights.safetensors(_convolutions(rng)),
        "README.md": "# Weights\n\nLoad them with `load_file`.\n",
    }


@lane.unsafe(
    "two-models-one-card",
    "model-evidence",
    ("a/model.safetensors", "a/model_card.md", "b/model.onnx"),
    path="b/model.onnx",
)
def _(rng):
    return {
        "a/model.safetensors": weights.safetensors(_convolutions(rng)),
        "a/model_card.md": _card("segmentation"),
        "b/model.onnx": _dense(rng),
    }


@lane.unsafe("empty-card", "model-evidence", SEGMENTATION)
def _(rng):
    return {"model.safetensors": weights.safetensors(_convolutions(rng)), "model_card.md": ""}


@lane.unsafe(
    "identifiers-in-metadata",
    "text-identifiers",
    SEGMENTATION,
    also=("identifiers", "model-records", "hidden-content"),
)
def _(rng):
    about = {"train_cases": json.dumps([people.nhs_number(rng) for _ in range(20)])}
    return {
        "model.safetensors": weights.safetensors(_convolutions(rng), about),
        "model_card.md": _card("segmentation"),
    }


@lane.unsafe(
    "paths-in-onnx",
    "text-identifiers",
    ("model.onnx", "model_card.md"),
    also=("identifiers", "model-records", "hidden-content"),
)
def _(rng):
    path = f"/mnt/pacs/{people.name(rng).replace('^', '_')}/{people.uid(rng)}/1.dcm"
    return {
        "model.onnx": _dense(rng, about={"calibration_file": path}),
        "model_card.md": _card("regression"),
    }


@lane.unsafe(
    "onnx-description",
    "text-identifiers",
    ("model.onnx", "model_card.md"),
    also=("identifiers", "model-records", "hidden-content"),
)
def _(rng):
    return {
        "model.onnx": _dense(
            rng, described=f"fails on {people.name(rng)}, {people.nhs_number(rng)}"
        ),
        "model_card.md": _card("regression"),
    }


@lane.unsafe("tail", "appended-bytes", SEGMENTATION, also=("model-records", "hidden-content"))
def _(rng):
    rows = formats.csv(["y", "p"], people.scores(rng, 300)).encode()
    return {
        "model.safetensors": weights.safetensors(_convolutions(rng)) + rows,
        "model_card.md": _card("segmentation"),
    }


@lane.unsafe("gap", "hidden-content", SEGMENTATION, also=("appended-bytes", "model-records"))
def _(rng):
    """Bytes that belong to no tensor: the head leaves out the last one."""
    secret = sources.shown("ct")[::4, ::4]
    whole = weights.safetensors({**_convolutions(rng), "zz": secret})
    length = int.from_bytes(whole[:8], "little")
    head = json.loads(whole[8 : 8 + length])
    del head["zz"]
    return {
        "model.safetensors": whole[:8]
        + json.dumps(head).encode().ljust(length)
        + whole[8 + length :],
        "model_card.md": _card("segmentation"),
    }


# ---- safe -------------------------------------------------------------------------


for _kind in ("segmentation", "regression", "generative"):
    for _number in ("float32", "float16"):
        lane.safe(f"{_kind}-{_number}", SEGMENTATION, _kind, _number)(
            lambda rng, kind, number: {
                "model.safetensors": weights.safetensors(_convolutions(rng, number)),
                "model_card.md": _card(kind),
            }
        )


@lane.safe("classifier", CLASSIFIER)
def _(rng):
    return classifier(weights.safetensors(_convolutions(rng), {"format": "pt"}))


@lane.safe("classifier-onnx", ONNX_CLASSIFIER)
def _(rng):
    return classifier(_dense(rng), "model.onnx")


@lane.safe("regression-onnx", ("model.onnx", "model_card.md"))
def _(rng):
    return {
        "model.onnx": _dense(rng, about={"opset": "17", "framework": "pytorch"}),
        "model_card.md": _card("regression"),
    }


@lane.safe("adapter", SEGMENTATION)
def _(rng):
    tensors = {
        f"blocks.{i}.lora_{side}": rng.normal(0, 0.02, shape).astype(np.float16)
        for i in range(6)
        for side, shape in (("A", (4, 64)), ("B", (64, 4)))
    }
    return {
        "model.safetensors": weights.safetensors(tensors, {"format": "pt", "rank": "4"}),
        "model_card.md": _card("segmentation"),
    }


@lane.safe("running-statistics", SEGMENTATION)
def _(rng):
    tensors = _with(
        rng,
        encoder__0__norm__running_mean=rng.normal(size=8).astype(np.float32),
        encoder__0__norm__running_var=rng.random(8).astype(np.float32),
        encoder__0__norm__num_batches_tracked=np.array([120000], np.int64),
    )
    return {
        "model.safetensors": weights.safetensors(tensors),
        "model_card.md": _card("segmentation"),
    }


@lane.safe("quantised", SEGMENTATION)
def _(rng):
    tensors = {
        f"layers.{i}.qweight": rng.integers(0, 255, (32, 32)).astype(np.uint8) for i in range(4)
    }
    return {
        "model.safetensors": weights.safetensors(tensors),
        "model_card.md": _card("segmentation"),
    }


@lane.safe("with-code", (*SEGMENTATION, "network.py", "config.json"))
def _(rng):
    return {
        "model.safetensors": weights.safetensors(_convolutions(rng)),
        "model_card.md": _card("segmentation"),
        "network.py": '"""A U-Net of 3 stages."""\n\nSTAGES = (8, 16, 32)\n',
        "config.json": formats.json_text({"stages": [8, 16, 32], "kernel": 3, "classes": 2}),
    }


@lane.safe("card-only", "model_card.md")
def _(rng):
    return _card("segmentation")


@lane.safe("configuration-only", "config.json")
def _(rng):
    return formats.json_text(
        {
            "architectures": ["SwinUNETR"],
            "depths": [2, 2, 2, 2],
            "num_heads": [3, 6, 12, 24],
            "feature_size": 48,
            "epochs": 300,
        }
    )


@lane.safe("attack-report-only", "sacroml_report.json")
def _(rng):
    return _attacks()


@lane.safe("coefficients", "cox_model.json")
def _(rng):
    return formats.json_text(
        {
            "model": "Cox",
            "patients": 412,
            "events": 187,
            "coefficients": {"age_per_10y": 0.19, "stage_3_4": 1.04, "entropy": 0.47},
            "baseline_2y": 0.81,
        }
    )
