"""Safe pictures of a second generation: plots in many styles, grey maps, photographs, diagrams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from tests.corpus.egress import pictures, plots, sources
from tests.corpus.egress.case import Lane

lane = Lane("images", series="second-")


def _unit(values: np.ndarray) -> np.ndarray:
    return np.uint8((values - values.min()) / np.ptp(values) * 255)


# ---- plots of a paper in other styles ---------------------------------------------------

STYLED = (
    ("roc", "dark_background", "png"),
    ("loss", "ggplot", "png"),
    ("bars", "grayscale", "jpg"),
    ("boxes", "seaborn-v0_8-darkgrid", "png"),
    ("forest", "bmh", "svg"),
    ("confusion", "dark_background", "png"),
    ("confusion-large", "grayscale", "jpg"),
    ("correlation", "dark_background", "jpg"),
    ("histogram", "fivethirtyeight", "png"),
    ("survival", "grayscale", "svg"),
    ("calibration", "Solarize_Light2", "png"),
    ("surface", "dark_background", "png"),
)


def _styled(rng: np.random.Generator, name: str, style: str, kind: str) -> bytes:
    import matplotlib.style

    with matplotlib.style.context(style):
        return pictures.rendered(plots.SAFE[name](rng), kind)


for _plot, _style, _kind in STYLED:
    lane.safe(
        f"{_plot}-{_style.lower().replace('_', '-')}", f"{_plot}.{_kind}", _plot, _style, _kind
    )(_styled)  # fmt: skip


def stacked(rng: np.random.Generator, axes: Any) -> None:
    """Stages over the years, tens of patients in each."""
    bottom = np.zeros(6)
    for stage in ("I", "II", "III", "IV"):
        counts = rng.integers(24, 90, 6)
        axes.bar(range(2016, 2022), counts, bottom=bottom, label=stage)
        bottom += counts
    axes.legend(title="stage")


def ridge(rng: np.random.Generator, axes: Any) -> None:
    """Smooth densities of four scanners."""
    x = np.linspace(-150, 150, 200)
    for place in range(4):
        axes.fill_between(
            x, place, place + 0.9 * np.exp(-(((x - 20 * place) / 40) ** 2)), alpha=0.7
        )
    axes.set(xlabel="HU", yticks=[])


def contours(rng: np.random.Generator, axes: Any) -> None:
    """A smooth density of two features."""
    x, y = np.meshgrid(np.linspace(-3, 3, 80), np.linspace(-3, 3, 80))
    axes.contourf(x, y, np.exp(-(x**2 + y**2 + x * y) / 2), 12, cmap="Greys")
    axes.set(xlabel="PC 1", ylabel="PC 2", title="n = 1,240")


def spokes(rng: np.random.Generator, axes: Any) -> None:
    """Mean scores of models over tasks."""
    angles = np.linspace(0, 2 * np.pi, 7)
    for scale in (0.7, 0.8, 0.85):
        axes.plot(scale * np.cos(angles), scale * np.sin(angles), "o-")
    axes.axis("equal")


def grouped(rng: np.random.Generator, axes: Any) -> None:
    """Mean Dice of three models in five organs."""
    for place in range(3):
        axes.bar(np.arange(5) + 0.27 * place, rng.uniform(0.7, 0.95, 5), 0.25, yerr=0.02)
    axes.set(ylim=(0.5, 1), ylabel="mean Dice, n = 412")


def lift(rng: np.random.Generator, axes: Any) -> None:
    """A decision curve."""
    x = np.linspace(0.01, 0.6, 60)
    axes.plot(x, 0.3 - 0.4 * x, label="model")
    axes.plot(x, 0.3 - 0.7 * x / (1 - x), label="treat all")
    axes.set(xlabel="threshold probability", ylabel="net benefit", ylim=(-0.05, 0.35))


def schedule(rng: np.random.Generator, axes: Any) -> None:
    """Cosine annealing with restarts."""
    step = np.arange(400)
    axes.semilogy(step, 1e-5 + 1e-3 * (1 + np.cos(np.pi * (step % 100) / 100)) / 2)
    axes.set(xlabel="iteration", ylabel="learning rate")


def annotated(rng: np.random.Generator, axes: Any) -> None:
    """A heat map with mean scores in each cell."""
    values = rng.uniform(0.6, 0.95, (6, 5)).round(2)
    axes.imshow(values, cmap="gray", vmin=0.5)
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color="tab:red")


def dendrogram(rng: np.random.Generator, axes: Any) -> None:
    """Clusters of features, not of patients."""
    for level in range(1, 5):
        for k in range(2 ** (5 - level)):
            x = (k + 0.5) * 2**level
            axes.plot([x - 2 ** (level - 1) / 2] * 2 + [x + 2 ** (level - 1) / 2] * 2,
                      [level - 1, level, level, level - 1], "k", lw=0.8)  # fmt: skip
    axes.set(ylabel="1 - |rho| between 16 features")


def bars_of_shap(rng: np.random.Generator, axes: Any) -> None:
    """Mean absolute SHAP values."""
    axes.barh([f"feature {k}" for k in range(15)], np.sort(rng.exponential(0.1, 15)))
    axes.set(xlabel="mean |SHAP|, 640 patients")


DRAWN: dict[str, Callable[[np.random.Generator, Any], None]] = {
    "stacked": stacked, "ridge": ridge, "contours": contours, "spokes": spokes,
    "grouped": grouped, "decision-curve": lift, "schedule": schedule, "annotated": annotated,
    "dendrogram": dendrogram, "shap": bars_of_shap,
}  # fmt: skip


def _one(rng: np.random.Generator, draw: Callable[[np.random.Generator, Any], None]) -> bytes:
    drawn, axes = pictures.figure()
    draw(rng, axes)
    return pictures.rendered(drawn)


for _name, _draw in DRAWN.items():
    lane.safe(f"drawn-{_name}", f"fig_{_name}.png", _draw)(_one)


# ---- grey and coloured maps of no patient ----------------------------------------------------


@lane.safe("grid-of-attention", "attention_heads.png")
def _(rng):
    heads = [_unit(ndimage.gaussian_filter(np.eye(49)[rng.permutation(49)], 1)) for _ in range(12)]
    return pictures.png(pictures.montage(heads, 4, 98, 6))


@lane.safe("mean-saliency-inferno", "mean_saliency.png")
def _(rng):
    """Where the network looks on average over 1,240 people, 12 by 12."""
    coarse = _unit(ndimage.gaussian_filter(rng.random((12, 12)), 1))
    return pictures.png(pictures.coloured(pictures.resized(coarse, 384, 384), "inferno"))


@lane.safe("positional-encoding", "positional_encoding.png")
def _(rng):
    place, wave = np.mgrid[:128, :64]
    return pictures.png(pictures.resized(_unit(np.sin(place / 50 ** (wave / 64))), 512, 256))


@lane.safe("deformation-grid", "grid.png")
def _(rng):
    picture = Image.new("L", (400, 400), 255)
    draw = ImageDraw.Draw(picture)
    t = np.linspace(0, 400, 80)
    for k in range(10, 400, 20):
        bent = k + 8 * np.sin(t / 40)
        draw.line(list(zip(t, bent, strict=True)), fill=0)
        draw.line(list(zip(bent, t, strict=True)), fill=0)
    return pictures.png(picture)


@lane.safe("bar-phantom", "line_pairs.png")
def _(rng):
    x = np.arange(512)
    bars = (np.floor(x / np.clip(16 - x // 36, 2, 16)) % 2) * 255
    return pictures.png(np.tile(np.uint8(bars), (160, 1)))


@lane.safe("mtf-disc", "disc.png")
def _(rng):
    y, x = np.mgrid[-1:1:300j, -1:1:300j]
    return pictures.png(np.uint8(np.where(np.hypot(x, y) < 0.6, 200, 40)))


@lane.safe("perlin-colour", "augmentation_noise.png")
def _(rng):
    return pictures.png(
        pictures.coloured(_unit(ndimage.gaussian_filter(rng.normal(size=(240, 240)), 9)), "viridis")
    )


@lane.safe("colour-bar", "colourbar.png")
def _(rng):
    ramp = np.tile(np.arange(256, dtype=np.uint8)[::-1, None], (2, 40))
    return pictures.png(pictures.coloured(ramp, "jet"))


@lane.safe("qr-like", "code.png")
def _(rng):
    return pictures.png(np.kron(np.uint8(rng.random((29, 29)) < 0.5) * 255, np.ones((8, 8), "u1")))


@lane.safe("flow-diagram", "flow.png")
def _(rng):
    picture = Image.new("RGB", (520, 420), "white")
    draw = ImageDraw.Draw(picture)
    boxes = ("Assessed n = 1,530", "Eligible n = 1,316", "Analysed n = 1,240")
    for place, text in enumerate(boxes):
        draw.rectangle((140, 30 + 130 * place, 380, 90 + 130 * place), outline="black")
        draw.text((190, 54 + 130 * place), text, fill="black")
    return pictures.png(picture)


# ---- photographs -----------------------------------------------------------------------------


def _photograph(rng: np.random.Generator, name: str, change: str) -> bytes:
    image = Image.fromarray(sources.photograph(name)).convert("RGB")
    if change == "grey":
        return pictures.jpeg(image.convert("L"))
    if change == "small":
        return pictures.png(image.resize((128, 128)))
    if change == "crop":
        return pictures.png(image.crop((60, 40, 300, 260)))
    return pictures.png(image.convert("P", palette=Image.Palette.ADAPTIVE))


for _photo, _how in (
    ("coffee", "grey"), ("rocket", "grey"), ("chelsea", "grey"), ("motorcycle_left", "grey"),
    ("gravel", "small"), ("hubble_deep_field", "grey"), ("brick", "crop"), ("coffee", "palette"),
):  # fmt: skip
    lane.safe(f"photo-{_photo}-{_how}", f"{_photo}.{'jpg' if _how == 'grey' else 'png'}",
              _photo, _how, needs=("photographs",))(_photograph)  # fmt: skip
