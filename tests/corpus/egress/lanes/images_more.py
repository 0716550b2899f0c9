"""Scans of a second generation: in figures, viewers and mosaics, and text burned into pictures."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from tests.corpus.egress import people, pictures, plots, sources
from tests.corpus.egress.case import Lane

lane = Lane("images", series="second-")

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _sized(width: int, height: int) -> Change:
    return lambda image, rng: pictures.resized(image, width, height)


def _colours(name: str) -> Change:
    return lambda image, rng: pictures.coloured(image, name)


def _gamma(power: float) -> Change:
    return lambda image, rng: np.uint8((image / 255.0) ** power * 255)


def _mirrored(image, rng):
    return np.ascontiguousarray(image[::-1, ::-1])


def _posterised(image, rng):
    return np.uint8(image // 64 * 85)


def _dithered(image, rng):
    return np.asarray(Image.fromarray(image).convert("1").convert("L"))


def _pale(image, rng):
    """The scan at low contrast upon white, as a watermark."""
    return np.uint8(215 + image / 6.5)


def _circle(image, rng):
    y, x = np.mgrid[-1 : 1 : image.shape[0] * 1j, -1 : 1 : image.shape[1] * 1j]
    return np.where(x**2 + y**2 < 0.8, image, 255).astype(np.uint8)


def _tinted(image, rng):
    return np.uint8(image[..., None] * np.array([1.0, 0.82, 0.6]))


def _tiles(image, rng):
    """Patches of the scan in random order, as a puzzle task of self-supervision shows them."""
    side = 80
    image = pictures.resized(image, 320, 320)
    parts = [image[y : y + side, x : x + side] for y in range(0, 320, side)
             for x in range(0, 320, side)]  # fmt: skip
    parts = [parts[k] for k in rng.permutation(16)]
    return np.vstack([np.hstack(parts[k : k + 4]) for k in range(0, 16, 4)])


def _masked(image, rng):
    """The scan with half of its patches masked, as a masked autoencoder sees it."""
    image = pictures.resized(image, 320, 320).copy()
    for y in range(0, 320, 32):
        for x in range(0, 320, 32):
            if rng.random() < 0.4:
                image[y : y + 32, x : x + 32] = 127
    return image


SCANS = (
    ("ct-wide", "ct", (0, 2400), _sized(512, 512), "png"),
    ("ct-liver-window", "ct", (60, 150), _sized(400, 400), "jpg"),
    ("ct-mirrored", "ct", (-600, 1500), _mirrored, "png"),
    ("ct-inferno", "ct", (40, 400), _colours("inferno"), "png"),
    ("ct-tinted", "ct-bundled", None, _tinted, "jpg"),
    ("ct-circle", "ct-bundled", None, _circle, "png"),
    ("ct-puzzle", "ct", (40, 500), _tiles, "png"),
    ("mr-masked", "head", None, _masked, "png"),
    ("mr-pale", "head", None, _pale, "png"),
    ("mr-dark", "mr-overlay", None, _gamma(2.5), "png"),
    ("mr-posterised", "head", None, _posterised, "png"),
    ("mr-dithered", "mr-overlay", None, _dithered, "png"),
    ("mr-spectral", "mr-overlay", None, _colours("nipy_spectral"), "jpg"),
    ("breast-bright", "breast", None, _gamma(0.4), "jpg"),
    ("us-strip", "ultrasound", None, _sized(700, 180), "png"),
)


def _scan(rng, scan, window, change, kind):
    shown = sources.shown(scan, *window) if window else sources.shown(scan)
    return (pictures.png if kind == "png" else pictures.jpeg)(change(shown, rng))


for _name, _source, _window, _change, _kind in SCANS:
    lane.unsafe(
        _name, "scan-pixels", f"panel_{len(lane.cases) + 1}.{_kind}",
        _source, _window, _change, _kind, needs=sources.needs(_source),
    )(_scan)  # fmt: skip


# ---- in figures ------------------------------------------------------------------------


@lane.unsafe("viewer", "scan-pixels", "screenshot.png")
def _(rng):
    """A viewer: dark frame, list of series, the scan with its numbers."""
    screen = Image.new("RGB", (900, 560), (28, 30, 34))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 900, 32), fill=(60, 63, 70))
    draw.text((12, 10), "File  View  Tools  Window", fill=(220, 220, 220))
    for place in range(5):
        draw.rectangle((10, 44 + 100 * place, 150, 134 + 100 * place), fill=(48, 50, 56))
        draw.text((18, 50 + 100 * place), f"Series {place + 1}", fill=(200, 200, 200))
    screen.paste(Image.fromarray(sources.shown("ct", 40, 400)).resize((500, 500)), (260, 45))
    draw.text((270, 52), "WL 40 WW 400\nIm 74/320", fill=(255, 220, 90))
    return pictures.png(screen)


@lane.unsafe("four-up", "scan-pixels", "mpr.jpg")
def _(rng):
    parts = [sources.shown(n) for n in ("ct", "head", "ct", "head")]
    parts[2], parts[3] = np.rot90(parts[2]), parts[3][:, ::-1]
    return pictures.jpeg(pictures.montage(parts, 2, 260, 2))


@lane.unsafe("slide", "scan-pixels", "slide7.png")
def _(rng):
    slide = Image.new("RGB", (960, 540), "white")
    draw = ImageDraw.Draw(slide)
    draw.rectangle((0, 0, 960, 70), fill=(20, 60, 120))
    draw.text((30, 28), "Example of a false negative", fill="white")
    draw.text((40, 120), "- 31 mm mass\n- missed by model\n- dense breast", fill="black")
    slide.paste(Image.fromarray(sources.shown("breast")).resize((400, 400)), (500, 110))
    return pictures.png(slide)


@lane.unsafe("scatter-of-thumbnails", "scan-pixels", "tsne_thumbnails.png")
def _(rng):
    drawn, axes = pictures.figure(width=7, height=5)
    for x, y in rng.uniform(0, 1, (24, 2)):
        part = axes.inset_axes((x * 0.88, y * 0.86, 0.1, 0.13))
        part.imshow(sources.shown(str(rng.choice(sources.PHANTOMS)))[::4, ::4], cmap="gray")
        part.axis("off")
    axes.set(xlabel="t-SNE 1", ylabel="t-SNE 2")
    return pictures.rendered(drawn)


@lane.unsafe("contour-over", "scan-pixels", "contours.png")
def _(rng):
    drawn, axes = pictures.figure()
    image = sources.shown("head")
    axes.imshow(image, cmap="bone")
    axes.contour(image > 200, levels=[0.5], colors="r", linewidths=0.6)
    axes.set(title="prediction (red)", xticks=[], yticks=[])
    return pictures.rendered(drawn)


@lane.unsafe("rows-of-models", "scan-pixels", "qualitative.png")
def _(rng):
    drawn, grid = pictures.figure(2, 4, width=8, height=4)
    for row, scan in zip(grid, ("ct", "ultrasound"), strict=True):
        for axes, title in zip(row, ("input", "U-Net", "Swin", "truth"), strict=True):
            axes.imshow(sources.shown(scan), cmap="gray")
            if title != "input":
                axes.imshow(np.ma.masked_less(sources.shown(scan), 190), cmap="autumn", alpha=0.5)
            axes.set_title(title, fontsize=8)
            axes.axis("off")
    return pictures.rendered(drawn)


@lane.unsafe("small-in-large", "scan-pixels", "poster.png")
def _(rng):
    drawn, grid = pictures.figure(2, 2, width=9, height=7)
    for axes in grid.ravel()[:3]:
        axes.plot(np.exp(-np.linspace(0, 4, 90)) + rng.normal(0, 0.01, 90))
    grid[1, 1].imshow(sources.shown("mr-overlay"), cmap="gray", interpolation="bilinear")
    return pictures.rendered(drawn)


@lane.unsafe("svg-with-scan", "scan-pixels", "figure2.svg",
             also=("encoded-blob", "embedded-file"))  # fmt: skip
def _(rng):
    drawn, axes = pictures.figure()
    axes.imshow(sources.shown("ct"), cmap="gray")
    return pictures.rendered(drawn, "svg")


@lane.unsafe("photograph-of-screen", "scan-pixels", "whiteboard.jpg", needs=("photographs",))
def _(rng):
    photo = Image.fromarray(sources.photograph("coffee"))
    scan = ImageEnhance.Brightness(Image.fromarray(sources.shown("head")).convert("RGB"))
    photo.paste(scan.enhance(0.85).resize((260, 260)).rotate(4), (170, 70))
    return pictures.jpeg(photo, 80)


# ---- text burned in, marks, metadata -------------------------------------------------------


def _written(picture: Image.Image, *lines: str, fill: str = "black") -> bytes:
    draw = ImageDraw.Draw(picture)
    for place, line in enumerate(lines):
        draw.text((14, 10 + 24 * place), line, fill=fill, font=ImageFont.load_default(18))
    return pictures.png(picture)


def _roc(rng) -> Image.Image:
    return Image.open(io.BytesIO(pictures.rendered(plots.roc(rng)))).convert("RGB")


@lane.unsafe("name-on-plot", "text-identifiers", "roc_annotated.png", also=("scan-pixels",))
def _(rng):
    return _written(_roc(rng), f"{people.name(rng)}  DOB {people.birth_date(rng)}")


@lane.unsafe("worklist", "text-identifiers", "worklist.png",
             also=("row-level-data", "scan-pixels"))  # fmt: skip
def _(rng):
    lines = [f"{people.name(rng)}  {people.nhs_number(rng)}  CT chest" for _ in range(10)]
    return _written(Image.new("RGB", (620, 280), "white"), *lines)


@lane.unsafe("counts-in-picture", "small-cells", "confusion.svg")
def _(rng):
    drawn, axes = pictures.figure()
    counts = np.array([[131, 24], [3, 84]])
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        axes.text(column, row, f"n = {count}", ha="center")
    return pictures.rendered(drawn, "svg")


@lane.unsafe("title-with-accession", "text-identifiers", "slice_profile.svg",
             also=("identifiers", "image-metadata"))  # fmt: skip
def _(rng):
    drawn, axes = pictures.figure()
    axes.plot(np.exp(-(np.linspace(-2, 2, 60) ** 2)))
    axes.set(title=f"Accession CT{rng.integers(10**8, 10**9)}", xlabel="mm", ylabel="HU")
    return pictures.rendered(drawn, "svg")


@lane.unsafe("xmp", "image-metadata", "roc_final.jpg", also=("text-identifiers",))
def _(rng):
    about = f"<dc:description>{people.name(rng)} {people.nhs_number(rng)}</dc:description>"
    packet = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{about}</x:xmpmeta>"
    return pictures.jpeg(_roc(rng), xmp=packet.encode())


@lane.unsafe("swimmer-with-events", "one-mark-per-patient", "swimmer.svg",
             also=("row-level-data",))  # fmt: skip
def _(rng):
    drawn, axes = pictures.figure()
    months = np.sort(rng.exponential(14, 28))
    axes.barh(range(28), months, color="0.8")
    axes.plot(months * 0.6, range(28), "r^", ms=4)
    return pictures.rendered(drawn, "svg")


@lane.unsafe("paired-lines", "one-mark-per-patient", "before_after.svg",
             also=("row-level-data",))  # fmt: skip
def _(rng):
    drawn, axes = pictures.figure()
    for first, second in rng.lognormal(2, 0.5, (34, 2)):
        axes.plot([0, 1], [first, second], "o-", c="0.5", ms=3, lw=0.6)
    axes.set(xticks=[0, 1], xticklabels=["before", "after"], ylabel="SUVmax")
    return pictures.rendered(drawn, "svg")
