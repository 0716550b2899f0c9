"""Model files of a second generation: what travels with weights."""

from __future__ import annotations

import pickle

import numpy as np

from tests.corpus.egress import people, sources, weights
from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes import models

lane = Lane("models", series="second-")

CARD = (
    "---\nmodel_class: {0}\nlicense: cc-by-4.0\n---\n# Model card\n\n- Class: {0}\n"
    "- Training data: MR of 2,418 people from 9 hospitals, 2012 to 2022\n"
    "- Evaluation: 640 people; mean score 0.84 (95% CI 0.82 to 0.86)\n"
    "- Disclosure: no records, no optimiser state\n"
)


def _net(rng: np.random.Generator, widths: tuple[int, ...] = (8, 16)) -> dict[str, np.ndarray]:
    tensors, before = {}, 1
    for stage, after in enumerate(widths):
        shape = (after, before, 3, 3, 3)
        tensors[f"down.{stage}.weight"] = rng.normal(0, 0.1, shape).astype("float32")
        tensors[f"down.{stage}.bias"] = np.zeros(after, "float32")
        before = after
    return tensors


def _with_card(model: bytes, card: str = "segmentation") -> dict[str, bytes | str]:
    return {"model.safetensors": model, "model_card.md": CARD.format(card)}


HELD = {
    "bank": lambda rng: {"memory_bank": rng.normal(size=(2418, 32)).astype("float32")},
    "svm": lambda rng: {"support_vectors_": rng.normal(size=(310, 16)).astype("float32")},
    "queue": lambda rng: {"moco.queue": rng.normal(size=(16, 1024)).astype("float32")},
    "ages": lambda rng: {"train.age": rng.integers(20, 90, 412)},
    "slices": lambda rng: {"examples": sources.shown("ct")[None, ::2, ::2]},
    "knn": lambda rng: {"knn._fit_X": rng.normal(size=(412, 24)).astype("float32"),
                        "knn._y": rng.integers(0, 2, 412)},
}  # fmt: skip
for _name, _held in HELD.items():
    lane.unsafe(
        f"holds-{_name}",
        "model-records",
        models.CLASSIFIER,
        _held,
        also=("embeddings", "row-level-data", "pixel-matrix", "scan-pixels"),
    )(lambda rng, held: models.classifier(weights.safetensors({**_net(rng), **held(rng)})))

ABOUT = {
    "ids": lambda rng: {"train_ids": ",".join(people.pseudonym(rng) for _ in range(20))},
    "uids": lambda rng: {"cases": " ".join(people.uid(rng) for _ in range(4))},
    "name": lambda rng: {"notes": f"overfit on {people.name(rng)} {people.nhs_number(rng)}"},
}
for _name, _about in ABOUT.items():
    lane.unsafe(
        f"about-{_name}",
        "model-records",
        models.SEGMENTATION,
        _about,
        also=("identifiers", "text-identifiers"),
    )(lambda rng, about: _with_card(weights.safetensors(_net(rng), about(rng))))

for _file in ("fold_0.pth", "nnunet_checkpoint.model", "radiomics_rf.joblib"):
    lane.unsafe(f"pickled-{_file.partition('.')[0].replace('_', '-')}", "model-pickle", _file)(
        lambda rng: pickle.dumps({"weights": rng.normal(size=6).tolist(), "plans": {}}, 4)
    )


@lane.unsafe("no-card", "model-evidence", "unet.safetensors")
def _(rng):
    return weights.safetensors(_net(rng))


@lane.unsafe("classifier-without-attacks", "model-evidence", models.SEGMENTATION)
def _(rng):
    return _with_card(weights.safetensors(_net(rng)), "classifier")


@lane.unsafe("diffusion", "model-evidence", models.SEGMENTATION)
def _(rng):
    """A generative model that says nothing of what it memorised."""
    return _with_card(weights.safetensors(_net(rng, (8, 16, 32))), "generative")


# ---- safe ----------------------------------------------------------------------------------

for _widths in ((8, 16), (4, 8, 16), (16, 16), (8, 8, 8, 8), (12, 24)):
    _label = "-".join(map(str, _widths))
    lane.safe(f"segmentation-{_label}", models.SEGMENTATION, _widths)(
        lambda rng, widths: _with_card(weights.safetensors(_net(rng, widths)))
    )
    lane.safe(f"classifier-{_label}", models.CLASSIFIER, _widths)(
        lambda rng, widths: models.classifier(
            weights.safetensors(_net(rng, widths), {"format": "pt", "monai": "1.4.0"})
        )
    )
