"""Plots as a paper has them, of numbers that disclose nobody, and the same with a mark each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.corpus.egress import pictures

Drawing = Callable[[np.random.Generator], Any]


def roc(rng: np.random.Generator) -> Any:
    """Smooth ROC curves with an interval."""
    drawn, axes = pictures.figure()
    x = np.linspace(0, 1, 101)
    for power, label in ((0.2, "combined, AUC 0.83"), (0.35, "clinical, AUC 0.74")):
        axes.plot(x, x**power, label=label)
        axes.fill_between(x, x ** (power + 0.05), x ** (power - 0.05), alpha=0.2)
    axes.plot([0, 1], [0, 1], "k--", lw=0.8)
    axes.set(xlabel="1 - specificity", ylabel="sensitivity", title="n = 412 (96 with cancer)")
    axes.legend(loc="lower right")
    return drawn


def loss(rng: np.random.Generator) -> Any:
    """Training and validation loss."""
    drawn, axes = pictures.figure(width=6, height=3.5)
    epoch = np.arange(1, 201)
    for base, label in ((0.12, "training"), (0.2, "validation")):
        axes.plot(epoch, base + np.exp(-epoch / 30) + rng.normal(0, 0.015, 200), label=label)
    axes.set(xlabel="epoch", ylabel="loss", yscale="log")
    axes.grid(True)
    axes.legend()
    return drawn


def bars(rng: np.random.Generator) -> Any:
    """Bars with error bars."""
    drawn, axes = pictures.figure()
    means = rng.uniform(0.7, 0.9, 5)
    names = ["lung", "breast", "liver", "kidney", "prostate"]
    axes.bar(names, means, yerr=0.02, capsize=4, color="0.6", edgecolor="k")
    axes.set(ylabel="mean Dice", ylim=(0.5, 1), title="5 folds, n = 1,240")
    return drawn


def boxes(rng: np.random.Generator) -> Any:
    """Box plots from quantiles, without outliers."""
    drawn, axes = pictures.figure()
    stats = [
        {"med": m, "q1": m - 2, "q3": m + 3, "whislo": m - 5, "whishi": m + 8, "label": s}
        for m, s in zip((5, 7, 9, 12), ("I", "II", "III", "IV"), strict=True)
    ]
    axes.bxp(stats, showfliers=False)
    axes.set(xlabel="stage (n = 174, 134, 85, 19)", ylabel="SUVmax")
    return drawn


def forest(rng: np.random.Generator) -> Any:
    """Hazard ratios with intervals."""
    drawn, axes = pictures.figure(width=6)
    names = ["age, per 10 years", "male", "stage III-IV", "entropy", "volume"]
    ratios = np.array([1.2, 1.08, 2.8, 1.6, 1.3])
    axes.errorbar(ratios, range(5), xerr=[ratios * 0.2, ratios * 0.25], fmt="sk", capsize=3)
    axes.axvline(1, ls=":", c="k")
    axes.set(yticks=range(5), yticklabels=names, xscale="log", xlabel="hazard ratio (n = 412)")
    return drawn


def confusion(rng: np.random.Generator) -> Any:
    """A confusion matrix in grey with its counts."""
    drawn, axes = pictures.figure()
    counts = np.array([[131, 24, 12], [22, 58, 17], [11, 13, 84]])
    axes.imshow(counts, cmap="Greys")
    for (row, column), count in np.ndenumerate(counts):
        colour = "w" if count > 90 else "k"
        axes.text(column, row, str(count), ha="center", va="center", color=colour)
    axes.set(xlabel="predicted", ylabel="true")
    return drawn


def confusion_large(rng: np.random.Generator) -> Any:
    """A normalised confusion matrix of many classes with a colour bar."""
    drawn, axes = pictures.figure()
    matrix = rng.dirichlet(np.ones(20), 20) * 0.4 + np.eye(20) * 0.6
    drawn.colorbar(axes.imshow(matrix, cmap="gray_r", vmin=0, vmax=1), ax=axes)
    axes.set(xlabel="predicted organ", ylabel="true organ")
    return drawn


def correlation(rng: np.random.Generator) -> Any:
    """Correlations of features in grey."""
    drawn, axes = pictures.figure()
    factors = rng.normal(size=(40, 4)) @ rng.normal(size=(4, 300)) + rng.normal(size=(40, 300))
    drawn.colorbar(axes.imshow(np.corrcoef(factors), cmap="gray"), ax=axes, label="Spearman")
    axes.set(title="107 radiomic features (40 shown), n = 412")
    return drawn


def attention(rng: np.random.Generator) -> Any:
    """Attention of a transformer between tokens."""
    drawn, grid = pictures.figure(1, 3, width=8, height=3)
    for axes in grid:
        logits = rng.normal(size=(32, 32)) + 3 * np.eye(32)[:, rng.permutation(32)]
        weights = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        axes.imshow(weights, cmap="gray")
        axes.set(xlabel="key", ylabel="query")
    return drawn


def filters(rng: np.random.Generator) -> Any:
    """First-layer filters of a network."""
    drawn, grid = pictures.figure(8, 8, width=5, height=5)
    x, y = np.meshgrid(np.linspace(-1, 1, 7), np.linspace(-1, 1, 7))
    for axes in grid.ravel():
        turn, wave = rng.uniform(0, np.pi), rng.uniform(2, 6)
        gabor = np.cos(wave * (x * np.cos(turn) + y * np.sin(turn))) * np.exp(-(x**2 + y**2) * 2)
        axes.imshow(gabor + rng.normal(0, 0.1, (7, 7)), cmap="gray")
        axes.axis("off")
    return drawn


def hexbin(rng: np.random.Generator) -> Any:
    """A density of many pixels' values, with at least ten in a cell that is shown."""
    drawn, axes = pictures.figure()
    x = rng.normal(40, 15, 60000)
    axes.hexbin(x, x + rng.normal(0, 10, 60000), gridsize=25, mincnt=10, cmap="gray_r")
    axes.set(xlabel="HU, reader 1", ylabel="HU, reader 2", title="60,000 voxels of 1,240 patients")
    return drawn


def histogram(rng: np.random.Generator) -> Any:
    """Ages in bins of at least ten."""
    drawn, axes = pictures.figure()
    counts = [34, 61, 120, 214, 260, 190, 97, 28]
    axes.bar(range(20, 100, 10), counts, width=9.5, align="edge", color="tab:blue")
    axes.set(xlabel="age", ylabel="patients")
    return drawn


def survival(rng: np.random.Generator) -> Any:
    """Survival each year, as steps of many."""
    drawn, axes = pictures.figure()
    for last, label in ((0.76, "low risk (n = 620)"), (0.45, "high risk (n = 580)")):
        axes.step(range(6), np.linspace(1, last, 6), where="post", label=label)
    axes.set(xlabel="years", ylabel="survival", ylim=(0, 1.02))
    axes.legend()
    return drawn


def calibration(rng: np.random.Generator) -> Any:
    """Calibration in ten groups."""
    drawn, axes = pictures.figure()
    x = np.linspace(0.05, 0.95, 10)
    axes.errorbar(x, x + rng.normal(0, 0.02, 10), yerr=0.05, fmt="o-", label="10 groups of 640")
    axes.plot([0, 1], [0, 1], "k:")
    axes.set(xlabel="predicted", ylabel="observed")
    axes.legend()
    return drawn


def surface(rng: np.random.Generator) -> Any:
    """A search over two hyperparameters in grey."""
    drawn, axes = pictures.figure()
    x, y = np.meshgrid(np.linspace(-5, -1, 60), np.linspace(-6, -2, 60))
    score = 0.5 + 0.35 * np.exp(-((x + 3) ** 2 + (y + 4) ** 2) / 3)
    drawn.colorbar(axes.imshow(score, cmap="gray", extent=(-5, -1, -6, -2)), ax=axes, label="AUC")
    axes.set(xlabel="log10 learning rate", ylabel="log10 weight decay")
    return drawn


SAFE: dict[str, Drawing] = {
    "roc": roc,
    "loss": loss,
    "bars": bars,
    "boxes": boxes,
    "forest": forest,
    "confusion": confusion,
    "confusion-large": confusion_large,
    "correlation": correlation,
    "attention": attention,
    "filters": filters,
    "hexbin": hexbin,
    "histogram": histogram,
    "survival": survival,
    "calibration": calibration,
    "surface": surface,
}


def scatter(rng: np.random.Generator) -> Any:
    """Age against volume, a mark for each patient."""
    drawn, axes = pictures.figure()
    axes.scatter(rng.normal(64, 11, 140).round(), rng.lognormal(2, 0.8, 140), s=14)
    axes.set(xlabel="age", ylabel="tumour volume, ml")
    return drawn


def embedding(rng: np.random.Generator) -> Any:
    """A t-SNE of patients."""
    drawn, axes = pictures.figure()
    for middle, label in zip(rng.normal(0, 20, (4, 2)), "ABCD", strict=True):
        axes.scatter(*(middle + rng.normal(0, 5, (55, 2))).T, s=9, label=f"site {label}")
    axes.legend()
    axes.set(xlabel="t-SNE 1", ylabel="t-SNE 2")
    return drawn


def waterfall(rng: np.random.Generator) -> Any:
    """Best response of each patient."""
    drawn, axes = pictures.figure(width=7)
    axes.bar(range(61), np.sort(np.clip(rng.normal(-15, 40, 61), -100, 100))[::-1])
    axes.set(xlabel="patient", ylabel="change, %")
    return drawn


def swimmer(rng: np.random.Generator) -> Any:
    """Time on treatment of each patient."""
    drawn, axes = pictures.figure()
    axes.barh(range(34), np.sort(rng.exponential(14, 34)), color="tab:green")
    axes.set(xlabel="months on treatment", ylabel="patient")
    return drawn


def bland_altman(rng: np.random.Generator) -> Any:
    """Differences of two readers for each lesion."""
    drawn, axes = pictures.figure()
    axes.plot(rng.uniform(5, 60, 90), rng.normal(0, 2, 90), "o", ms=4)
    axes.axhline(0, c="k")
    axes.set(xlabel="mean diameter, mm", ylabel="difference, mm")
    return drawn


def strip(rng: np.random.Generator) -> Any:
    """Points over box plots."""
    drawn, axes = pictures.figure()
    for place, mean in enumerate((5, 7, 9)):
        axes.plot(place + rng.uniform(-0.15, 0.15, 40), rng.normal(mean, 1.5, 40), "k.", ms=5)
    axes.set(xticks=range(3), xticklabels=["I", "II", "III"], ylabel="SUVmax")
    return drawn


def spaghetti(rng: np.random.Generator) -> Any:
    """PSA of each patient over time."""
    drawn, axes = pictures.figure()
    for _ in range(38):
        axes.plot(range(6), np.cumsum(rng.normal(0.1, 0.5, 6)) + rng.uniform(2, 9), lw=0.7, c="C0")
    axes.set(xlabel="visit", ylabel="PSA")
    return drawn


def km_ticks(rng: np.random.Generator) -> Any:
    """Survival with a step for each death and a tick for each censoring."""
    drawn, axes = pictures.figure()
    days = np.sort(rng.exponential(900, 60))
    axes.step(days, np.cumprod(1 - 1 / np.arange(60, 0, -1) * 0.6), where="post")
    axes.plot(days[::3], np.cumprod(1 - 1 / np.arange(60, 0, -1) * 0.6)[::3], "k|")
    axes.set(xlabel="days", ylabel="survival")
    return drawn


EACH: dict[str, Drawing] = {
    "scatter": scatter,
    "embedding": embedding,
    "waterfall": waterfall,
    "swimmer": swimmer,
    "bland-altman": bland_altman,
    "strip": strip,
    "spaghetti": spaghetti,
    "km-ticks": km_ticks,
}
