"""Pictures: scans in many wrappings, what else a picture may carry, and pictures of no patient."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, PngImagePlugin
from scipy import ndimage

from tests.corpus.egress import formats, people, pictures, plots, sources
from tests.corpus.egress.case import Lane

lane = Lane("images")

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


# ---- unsafe: scans as pictures --------------------------------------------------


def _same(image, rng):
    return image


def _crop(image, rng):
    height, width = image.shape[:2]
    return image[height // 4 : height * 3 // 4, width // 5 : width * 4 // 5]


def _turned(image, rng):
    return np.asarray(Image.fromarray(image).rotate(27, Image.Resampling.BILINEAR, fillcolor=255))


def _quarter_turn(image, rng):
    return np.ascontiguousarray(np.rot90(image))


def _thumbnail(image, rng):
    return pictures.resized(image, 96, 96)


def _squeezed(image, rng):
    return pictures.resized(image, 512, 220)


def _enlarged(image, rng):
    return pictures.resized(_crop(image, rng), 900, 900)


def _inverted(image, rng):
    return 255 - image


def _bordered(image, rng):
    return np.pad(image, 40, constant_values=255)


def _coarse(image, rng):
    return np.uint8(image // 32 * 32)


def _blurred(image, rng):
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(2)))


def _noisy(image, rng):
    return np.uint8(np.clip(image + rng.normal(0, 14, image.shape), 0, 255))


def _equalised(image, rng):
    ranks = np.searchsorted(np.sort(image.ravel()), image.ravel(), side="right")
    return np.uint8(ranks.reshape(image.shape) / image.size * 255)


def _colours(name: str) -> Change:
    return lambda image, rng: pictures.coloured(image, name)


def _outlined(image, rng):
    """The outline and fill of a segmentation over the scan."""
    picture = Image.fromarray(image).convert("RGB")
    height, width = image.shape[:2]
    veil = Image.new("L", picture.size)
    box = (width * 0.55, height * 0.3, width * 0.75, height * 0.5)
    ImageDraw.Draw(veil).ellipse(box, fill=110)
    picture.paste((255, 40, 40), mask=veil)
    ImageDraw.Draw(picture).ellipse(box, outline=(255, 255, 0), width=2)
    return np.asarray(picture)


def _heat(image, rng):
    """A class activation map over the scan."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width]
    heat = np.exp(-(((x / width - 0.6) / 0.2) ** 2 + ((y / height - 0.4) / 0.2) ** 2))
    over = pictures.coloured(np.uint8(heat * 255), "jet")
    return np.uint8(0.6 * image[..., None] + 0.4 * over)


def _checker(image, rng):
    """The scan and its registration in a chequerboard."""
    y, x = np.indices(image.shape)
    moved = np.roll(image, (5, 7), (0, 1))
    return np.where((x // 32 + y // 32) % 2, image, moved).astype(np.uint8)


def _difference(image, rng):
    """The difference of a scan and itself moved by little: edges of the anatomy."""
    moved = np.roll(image, 2, 1).astype(float)
    return np.uint8(np.clip(128 + (image - moved) * 1.5, 0, 255))


def _annotated(image, rng):
    picture = Image.fromarray(image).convert("RGB")
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    draw.rectangle((width * 0.3, height * 0.3, width * 0.55, height * 0.5), outline=(0, 255, 0))
    draw.text((width * 0.3, height * 0.26), "nodule 0.97", fill=(0, 255, 0))
    return np.asarray(picture)


CHEST, BONE, SOFT, LUNG = (-100, 1600), (300, 1500), (40, 400), (-600, 1500)

SCANS = (
    ("ct-png", "ct-chest", None, _same, "png"),
    ("ct-soft-tissue", "ct-abdomen", SOFT, _same, "png"),
    ("ct-lung-window", "ct-abdomen-next", LUNG, _same, "jpg"),
    ("ct-bone-window", "ct-bundled", BONE, _same, "png"),
    ("ct-narrow-window", "ct-pancreas", (60, 120), _crop, "png"),
    ("ct-name-burned-in", "ct-burned-in", CHEST, _same, "png"),
    ("ct-perfusion", "ct-enhanced", None, _colours("hot"), "png"),
    ("ct-small-thumbnail", "ct-small", None, _thumbnail, "png"),
    ("ct-upscaled", "ct-small", None, _enlarged, "jpg"),
    ("ct-phantom", "ct", None, _same, "jpg"),
    ("ct-phantom-noisy", "ct", LUNG, _noisy, "png"),
    ("ct-activation", "ct-abdomen", SOFT, _heat, "png"),
    ("ct-segmentation", "ct-pancreas", SOFT, _outlined, "png"),
    ("ct-detection", "ct-chest", CHEST, _annotated, "jpg"),
    ("ct-bone-colours", "ct-chest", BONE, _colours("bone"), "png"),
    ("ct-edges", "ct-abdomen", SOFT, _difference, "png"),
    ("cr-chest", "cr-chest", None, lambda i, r: pictures.resized(i, 640, 526), "jpg"),
    ("cr-inverted", "cr-chest", None, lambda i, r: 255 - pictures.resized(i, 512, 421), "png"),
    ("cr-limb", "cr-limb", None, lambda i, r: pictures.resized(i, 480, 480), "png"),
    ("cr-crop", "cr-chest", None, lambda i, r: pictures.resized(_crop(i, r), 400, 330), "png"),
    ("mr-head", "mr-head-a", None, _same, "png"),
    ("mr-head-turned", "mr-head-b", None, _turned, "png"),
    ("mr-head-viridis", "mr-head-a", None, _colours("viridis"), "png"),
    ("mr-head-jet", "mr-head-b", None, _colours("jet"), "jpg"),
    ("mr-prostate", "mr-prostate", None, _same, "png"),
    ("mr-shoulder", "mr-knee", None, lambda i, r: pictures.resized(i, 384, 384), "jpg"),
    ("mr-neck-squeezed", "mr-siemens", None, _squeezed, "png"),
    ("mr-abdomen", "mr-overlay", None, _bordered, "png"),
    ("mr-abdomen-coarse", "mr-overlay", None, _coarse, "png"),
    ("mr-abdomen-blurred", "mr-overlay", None, _blurred, "jpg"),
    ("mr-abdomen-chequered", "mr-overlay", None, _checker, "png"),
    ("mr-phantom", "head", None, _same, "png"),
    ("mr-phantom-equalised", "head", None, _equalised, "png"),
    ("mr-phantom-quarter", "head", None, _quarter_turn, "jpg"),
    ("us-colour", "us-colour", None, _same, "jpg"),
    ("us-doppler", "us-bundled", None, _same, "png"),
    ("us-crop", "us-uncompressed", None, _crop, "png"),
    ("us-phantom", "ultrasound", None, _same, "png"),
    ("us-phantom-inverted", "ultrasound", None, _inverted, "png"),
    ("mammogram", "breast", None, _same, "png"),
    ("mammogram-magma", "breast", None, _colours("magma"), "png"),
    ("pet-ct", "petct-fused", None, _same, "png"),
)  # fmt: skip


def _window(scan: str, window: tuple[int, int] | None) -> np.ndarray:
    return sources.shown(scan, *window) if window else sources.shown(scan)


for _name, _scan, _range, _change, _kind in SCANS:
    lane.unsafe(
        _name, "scan-pixels", f"figure_{len(lane.cases) + 1}.{_kind}",
        _scan, _range, _change, _kind, needs=sources.needs(_scan),
        also=("text-identifiers",) if "burned" in _name else (),
    )(
        lambda rng, scan, window, change, kind: (
            pictures.png if kind == "png" else pictures.jpeg
        )(change(_window(scan, window), rng))
    )  # fmt: skip


@lane.unsafe("figure-axes", "scan-pixels", "fig1.png")
def _(rng):
    drawn, axes = pictures.figure()
    drawn.colorbar(axes.imshow(sources.phantom("ct"), cmap="gray", vmin=-1000), ax=axes, label="HU")
    axes.set(title="Example", xlabel="x, mm", ylabel="y, mm")
    return pictures.rendered(drawn)


@lane.unsafe("figure-real", "scan-pixels", "fig1.png", needs=sources.needs("mr-head-a"))
def _(rng):
    drawn, axes = pictures.figure()
    drawn.colorbar(axes.imshow(sources.pixels("mr-head-a"), cmap="gray"), ax=axes)
    return pictures.rendered(drawn)


@lane.unsafe("figure-three-views", "scan-pixels", "fig2.png")
def _(rng):
    drawn, grid = pictures.figure(1, 3, width=9, height=3)
    image = sources.shown("mr-overlay")
    for axes, shown, title in zip(
        grid, (image, _outlined(image, rng), _heat(image, rng)), ("a", "b", "c"), strict=True
    ):
        axes.imshow(shown, cmap="gray")
        axes.set_title(title)
        axes.axis("off")
    return pictures.rendered(drawn)


@lane.unsafe("figure-beside-plot", "scan-pixels", "fig3.png")
def _(rng):
    drawn, (left, right) = pictures.figure(1, 2, width=8, height=3.5)
    left.plot(np.linspace(0, 1, 50), np.linspace(0, 1, 50) ** 0.3)
    right.imshow(sources.shown("head"), cmap="gray")
    return pictures.rendered(drawn)


@lane.unsafe("figure-inset", "scan-pixels", "fig4.png")
def _(rng):
    drawn, axes = pictures.figure(width=7, height=4)
    axes.plot(np.exp(-np.linspace(0, 4, 80)))
    inset = axes.inset_axes((0.55, 0.45, 0.4, 0.5))
    inset.imshow(sources.shown("ct-small"), cmap="gray")
    inset.axis("off")
    return pictures.rendered(drawn)


@lane.unsafe("figure-plasma", "scan-pixels", "suv_map.jpg", needs=sources.needs("ct-pancreas"))
def _(rng):
    drawn, axes = pictures.figure()
    drawn.colorbar(axes.imshow(sources.shown("ct-pancreas", 40, 400), cmap="plasma"), ax=axes)
    return pictures.rendered(drawn, "jpg")


@lane.unsafe("montage-real", "scan-pixels", "overview.png", needs=sources.needs("ct-chest"))
def _(rng):
    names = ("ct-chest", "ct-abdomen", "ct-pancreas", "mr-head-a", "mr-prostate", "ct-small")
    return pictures.png(pictures.montage([sources.shown(n) for n in names], 3))


@lane.unsafe("montage-phantoms", "scan-pixels", "batch.jpg")
def _(rng):
    images = [sources.shown(n) for n in sources.PHANTOMS]
    return pictures.jpeg(pictures.montage([*images, *(np.fliplr(i) for i in images)], 4, 128))


@lane.unsafe("contact-sheet-tiny", "scan-pixels", "dataset.png")
def _(rng):
    images = [
        np.roll(sources.shown(n), int(rng.integers(-20, 20)), 1)
        for _ in range(16)
        for n in sources.PHANTOMS
    ]
    return pictures.png(pictures.montage(images, 8, 48, 1))


@lane.unsafe("palette-png", "scan-pixels", "map.png")
def _(rng):
    image = Image.fromarray(sources.shown("ct")).convert("P", palette=Image.Palette.ADAPTIVE)
    return pictures.png(image)


@lane.unsafe("sixteen-bit", "scan-pixels", "slice.png", also=("raw-image",))
def _(rng):
    return pictures.png(np.uint16(np.clip(sources.phantom("ct") + 1024, 0, 65535)))


@lane.unsafe("animated", "scan-pixels", "stack.png")
def _(rng):
    frames = [Image.fromarray(np.roll(sources.shown("head"), i, 0)) for i in range(4)]
    return pictures.png(frames[0], save_all=True, append_images=frames[1:], duration=200)


@lane.unsafe("later-frame", "scan-pixels", "loss.png", also=("hidden-content",))
def _(rng):
    with Image.open(io.BytesIO(pictures.rendered(plots.loss(rng)))) as first:
        plot = first.convert("RGB")
    scan = Image.fromarray(sources.shown("head")).convert("RGB").resize(plot.size)
    return pictures.png(plot, save_all=True, append_images=[scan], duration=1000)


# ---- unsafe: what else a picture carries ----------------------------------------


def _plot(rng, draw=plots.roc) -> Image.Image:
    with Image.open(io.BytesIO(pictures.rendered(draw(rng)))) as image:
        return image.convert("RGB")


@lane.unsafe("png-text", "image-metadata", "roc.png", also=("text-identifiers",))
def _(rng):
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", f"{people.name(rng)} {people.nhs_number(rng)}")
    return pictures.png(_plot(rng), pnginfo=info)


@lane.unsafe(
    "png-compressed-text", "image-metadata", "loss.png", also=("encoded-blob", "hidden-content")
)
def _(rng):
    info = PngImagePlugin.PngInfo()
    rows = formats.csv(["age", "sex", "stage", "sc", "v", "d", "e"], people.records(rng, 60))
    info.add_itxt("dataset", rows, zip=True)
    return pictures.png(_plot(rng, plots.loss), pnginfo=info)


@lane.unsafe("jpeg-comment", "image-metadata", "bars.jpg", also=("text-identifiers",))
def _(rng):
    return pictures.jpeg(_plot(rng, plots.bars), comment=f"study {people.uid(rng)}".encode())


@lane.unsafe("exif-description", "image-metadata", "forest.jpg", also=("text-identifiers",))
def _(rng):
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = f"{people.name(rng)} {people.birth_date(rng)}", "CT-03"
    return pictures.jpeg(_plot(rng, plots.forest), exif=exif)


@lane.unsafe("exif-gps", "image-metadata", "whiteboard.jpg", needs=("photographs",))
def _(rng):
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 31.0, 12.0), 3: "W", 4: (0.0, 7.0, 40.0)})
    return pictures.jpeg(sources.photograph("page"), exif=exif)


@lane.unsafe("exif-thumbnail", "image-metadata", "curve.jpg", also=("scan-pixels",))
def _(rng):
    """A plot whose thumbnail is a scan, as an editor leaves it behind."""
    thumbnail = pictures.jpeg(_thumbnail(sources.shown("ct"), rng), 70)
    start = 26 + 2 + 12 * 3 + 4
    entries = ((0x0103, 3, 1, 6), (0x0201, 4, 1, start), (0x0202, 4, 1, len(thumbnail)))
    tiff = (
        b"II*\0"
        + struct.pack("<I", 8)
        + struct.pack("<HHHIII", 1, 0x0112, 3, 1, 1, 26)  # the picture: its orientation
        + struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        + struct.pack("<I", 0)
        + thumbnail
    )
    return pictures.jpeg(_plot(rng), exif=b"Exif\0\0" + tiff)


@lane.unsafe("xmp", "image-metadata", "diagram.png", also=("text-identifiers",))
def _(rng):
    info = PngImagePlugin.PngInfo()
    info.add_itxt(
        "XML:com.adobe.xmp",
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf="
        "'http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
        f"patient='{people.name(rng)}' mrn='{rng.integers(10**6, 10**7)}'/>"
        "</rdf:RDF></x:xmpmeta>",
    )
    return pictures.png(_plot(rng, plots.survival), pnginfo=info)


@lane.unsafe(
    "private-chunk",
    "image-metadata",
    "calibration.png",
    also=("hidden-content", "encoded-blob", "appended-bytes"),
)
def _(rng):
    image = pictures.png(_plot(rng, plots.calibration))
    rows = zlib.compress(formats.csv(["y", "p"], people.scores(rng, 120)).encode())
    chunk = struct.pack(">I", len(rows)) + b"vtRw" + rows
    return image[:-12] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + image[-12:]


@lane.unsafe("appended-zip", "appended-bytes", "roc.png", also=("polyglot", "archive"))
def _(rng):
    rows = formats.csv(["y", "p"], people.scores(rng, 120))
    return pictures.png(_plot(rng)) + formats.zipped({"p.csv": rows})


@lane.unsafe("appended-scan", "appended-bytes", "bars.jpg", also=("scan-pixels", "raw-image"))
def _(rng):
    return pictures.jpeg(_plot(rng, plots.bars)) + sources.dicom_path("ct-small").read_bytes()


@lane.unsafe("appended-second-jpeg", "appended-bytes", "boxes.jpg", also=("scan-pixels",))
def _(rng):
    return pictures.jpeg(_plot(rng, plots.boxes)) + pictures.jpeg(sources.shown("head"))


@lane.unsafe("appended-text", "appended-bytes", "hist.png", also=("row-level-data",))
def _(rng):
    return (
        pictures.png(_plot(rng, plots.histogram))
        + formats.csv(["y", "p"], people.scores(rng, 80)).encode()
    )


def _veiled(plot: Image.Image, scan: np.ndarray) -> np.ndarray:
    """A plot with white margins whose pixels, fully transparent, are a scan."""
    colour = np.asarray(plot).copy()
    height, width = colour.shape[:2]
    whole = np.concatenate([colour, np.full((height, width, 1), 255, np.uint8)], 2)
    blank = ndimage.minimum_filter(colour.min(2), 9) == 255
    under = pictures.resized(scan, width, height)
    whole[blank] = np.dstack([under, under, under, np.zeros_like(under)])[blank]
    return whole


@lane.unsafe("under-alpha", "transparent-pixels", "survival.png", also=("scan-pixels",))
def _(rng):
    return pictures.png(_veiled(_plot(rng, plots.survival), sources.shown("head")))


@lane.unsafe("all-transparent", "transparent-pixels", "spacer.png", also=("scan-pixels",))
def _(rng):
    scan = sources.shown("mr-overlay")
    return pictures.png(np.dstack([scan, scan, scan, np.zeros_like(scan)]))


@lane.unsafe("faint-alpha", "transparent-pixels", "forest.png", also=("scan-pixels",))
def _(rng):
    whole = _veiled(_plot(rng, plots.forest), sources.shown("ct"))
    whole[..., 3] = np.maximum(whole[..., 3], 1)
    return pictures.png(whole)


@lane.unsafe("scan-in-alpha", "transparent-pixels", "plate.png", also=("scan-pixels",))
def _(rng):
    alpha = 128 + sources.shown("head") // 2
    return pictures.png(np.dstack([np.full((*alpha.shape, 3), 255, np.uint8), alpha]))


@lane.unsafe(
    "scan-in-low-bits", "low-bits", "coffee.png", also=("scan-pixels",), needs=("photographs",)
)
def _(rng):
    photo = sources.photograph("coffee")
    scan = pictures.resized(sources.shown("ct"), photo.shape[1], photo.shape[0])
    return pictures.png((photo & 0xF0) | (scan >> 4)[..., None])


@lane.unsafe("bytes-in-low-bits", "low-bits", "loss.png")
def _(rng):
    image = np.asarray(_plot(rng, plots.loss)).copy()
    rows = zlib.compress(formats.csv(["y", "p"], people.scores(rng, 400)).encode())
    bits = np.unpackbits(np.frombuffer(rows, np.uint8))
    flat = image.reshape(-1)
    flat[: bits.size] = (flat[: bits.size] & 0xFE) | bits
    return pictures.png(image)


@lane.unsafe("two-low-bits", "low-bits", "gradient.png", also=("scan-pixels",))
def _(rng):
    y, x = np.mgrid[:320, :320]
    scan = sources.shown("breast")
    return pictures.png(np.uint8(((x + y) * 0.39).astype(np.uint8) & 0xFC | scan >> 6))


@lane.unsafe("near-white", "low-bits", "white.png", also=("scan-pixels", "hidden-content"))
def _(rng):
    return pictures.png(np.uint8(252 + (sources.shown("mr-overlay") >> 6)))


for _name, _draw in plots.EACH.items():
    lane.unsafe(
        f"each-{_name}", "one-mark-per-patient", f"{_name}.svg", _draw, also=("row-level-data",)
    )(lambda rng, draw: pictures.rendered(draw(rng), "svg"))


# ---- safe -------------------------------------------------------------------

for _index, (_name, _draw) in enumerate(plots.SAFE.items()):
    _kind = ("png", "jpg", "svg")[_index % 3]
    for _each in dict.fromkeys(("png", _kind)):
        lane.safe(f"plot-{_name}-{_each}", f"{_name}.{_each}", _draw, _each)(
            lambda rng, draw, kind: pictures.rendered(draw(rng), kind)
        )

PHOTOGRAPHS = (
    "coffee",
    "chelsea",
    "rocket",
    "hubble_deep_field",
    "brick",
    "grass",
    "gravel",
    "coins",
    "moon",
    "page",
    "text",
    "motorcycle_left",
    "horse",
    "clock_motion",
    "chessboard_GRAY",
    "logo",
    "camera",
)

for _name in PHOTOGRAPHS:
    lane.safe(f"photo-{_name}", f"{_name}.jpg", _name, needs=("photographs",))(
        lambda rng, name: pictures.jpeg(sources.photograph(name))
    )


def _unit(image: np.ndarray) -> np.ndarray:
    return np.uint8((image - image.min()) / np.ptp(image) * 255)


@lane.safe("white-noise", "noise.png")
def _(rng):
    return pictures.png(np.uint8(rng.integers(0, 256, (256, 256))))


@lane.safe("smooth-noise", "augmentation_field.png")
def _(rng):
    return pictures.png(_unit(ndimage.gaussian_filter(rng.normal(size=(300, 300)), 12)))


@lane.safe("gradient", "ramp.png")
def _(rng):
    return pictures.png(np.tile(np.arange(256, dtype=np.uint8), (120, 2)))


@lane.safe("gaussian", "psf.png")
def _(rng):
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    return pictures.png(_unit(np.exp(-(x**2 + y**2) * 8)))


@lane.safe("saliency", "mean_attention.png")
def _(rng):
    """A coarse map of where a network looks on average, of no patient."""
    return pictures.png(pictures.resized(_unit(rng.random((14, 14)) ** 2), 448, 448))


@lane.safe("saliency-colour", "position_importance.png")
def _(rng):
    coarse = pictures.resized(_unit(rng.random((7, 7))), 336, 336)
    return pictures.png(pictures.coloured(coarse, "jet"))


@lane.safe("spectrum", "noise_power.png")
def _(rng):
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2(rng.normal(size=(256, 256)))))
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    return pictures.png(_unit(np.log(spectrum + 1) * np.exp(-(np.hypot(x, y) ** 2))))


@lane.safe("k-space-mask", "sampling_mask.png")
def _(rng):
    lines = rng.random(256) < 0.25
    lines[118:138] = True
    return pictures.png(np.uint8(np.tile(lines, (256, 1)) * 255))


@lane.safe("gram-matrix", "gram.png")
def _(rng):
    rows = rng.normal(size=(128, 24))
    return pictures.png(pictures.resized(_unit(rows @ rows.T), 384, 384))


@lane.safe("adjacency", "adjacency.png")
def _(rng):
    linked = rng.random((96, 96)) < 0.07
    return pictures.png(pictures.resized(np.uint8((linked | linked.T) * 255), 288, 288))


@lane.safe("learned-kernels", "conv1.png")
def _(rng):
    kernels = [_unit(ndimage.gaussian_filter(rng.normal(size=(9, 9)), 1)) for _ in range(48)]
    return pictures.png(pictures.montage(kernels, 8, 36, 2))


@lane.safe("blobs", "synthetic_blobs.png")
def _(rng):
    field = ndimage.gaussian_filter(rng.normal(size=(256, 256)), 6)
    return pictures.png(np.uint8((field > 0.02) * 255))


@lane.safe("spectrogram", "spectrogram.png")
def _(rng):
    y, x = np.mgrid[:1:180j, :1:400j]
    wave = np.exp(-(((y - 0.5 - 0.3 * np.sin(6 * x)) / 0.04) ** 2))
    return pictures.png(_unit(wave + 0.1 * rng.random(wave.shape)))


@lane.safe("diagram", "pipeline.png")
def _(rng):
    picture = Image.new("RGB", (700, 160), "white")
    draw = ImageDraw.Draw(picture)
    for place, word in enumerate(("DICOM", "resample", "nnU-Net", "features", "Cox model")):
        left = 15 + 138 * place
        draw.rectangle((left, 50, left + 108, 110), outline="black", fill=(225, 235, 250))
        draw.text((left + 14, 74), word, fill="black")
        if place < 4:
            draw.line((left + 108, 80, left + 138, 80), fill="black", width=2)
    return pictures.png(picture)


@lane.safe("terrain", "fractal.png")
def _(rng):
    layers = [
        ndimage.gaussian_filter(rng.normal(size=(256, 256)), 2.0**k) * 2.0**k for k in range(6)
    ]
    return pictures.png(_unit(sum(layers)))


@lane.safe("transparent-plot", "roc_transparent.png")
def _(rng):
    image = np.asarray(_plot(rng)).copy()
    alpha = np.where(image.min(2) == 255, 0, 255).astype(np.uint8)
    return pictures.png(np.dstack([image, alpha]))


@lane.safe("plot-with-software", "loss.png")
def _(rng):
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "Matplotlib version 3.11.2, https://matplotlib.org/")
    return pictures.png(_plot(rng, plots.loss), pnginfo=info, dpi=(300, 300))
