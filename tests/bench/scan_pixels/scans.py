"""Ways in which a scan turns up among results: bare, cropped, in a figure, a montage, coloured."""

import io

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from scipy import ndimage

MAPS = (
    "viridis",
    "jet",
    "hot",
    "magma",
    "inferno",
    "plasma",
    "bone",
    "turbo",
    "gray_r",
    "cividis",
    "pink",
)


def drawn(figure):
    """A figure as pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def grey(picture):
    return picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))


def resized(picture, side):
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    size = max(8, round(width * scale)), max(8, round(height * scale))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))


def bare(picture, rng):
    return picture


def smaller(picture, rng):
    return resized(picture, int(rng.integers(64, 128)))


def larger(picture, rng):
    return resized(picture, int(rng.integers(600, 1000)))


def cropped(picture, rng):
    height, width = picture.shape[:2]
    top, left = int(height * 0.1), int(width * 0.1)
    return picture[top : height - top, left : width - left]


def centre(picture, rng):
    height, width = picture.shape[:2]
    top, left = int(height * 0.22), int(width * 0.22)
    return picture[top : height - top, left : width - left]


def turned(picture, rng):
    return np.ascontiguousarray(np.rot90(picture, int(rng.integers(1, 4))))


def tilted(picture, rng):
    return ndimage.rotate(picture, float(rng.uniform(-25, 25)), reshape=False, order=1)


def inverted(picture, rng):
    return 255 - picture


def gamma(picture, rng):
    return (255 * (picture / 255) ** rng.uniform(0.5, 1.8)).astype(np.uint8)


def compressed(picture, rng):
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=int(rng.integers(35, 90)))
    return np.asarray(Image.open(out))


def bordered(picture, rng):
    wide = int(rng.integers(5, 60))
    shade = int(rng.choice([0, 255, 255, 40]))
    return np.pad(
        picture, [(wide, wide), (wide, wide)] + [(0, 0)] * (picture.ndim - 2), constant_values=shade
    )


def noisy(picture, rng):
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


def coloured(picture, rng):
    colours = matplotlib.colormaps[str(rng.choice(MAPS))]
    return (colours(grey(picture))[..., :3] * 255).astype(np.uint8)


def heat(shape, rng):
    points = np.zeros(shape)
    for _ in range(int(rng.integers(1, 4))):
        points[int(rng.integers(shape[0])), int(rng.integers(shape[1]))] = 1
    blurred = ndimage.gaussian_filter(points, min(shape) / 8)
    return blurred / blurred.max()


def overlaid(picture, rng):
    shades = grey(picture)
    warm = matplotlib.colormaps[str(rng.choice(["jet", "hot", "viridis"]))](
        heat(shades.shape, rng)
    )[..., :3]
    share = rng.uniform(0.25, 0.55)
    return (shades[..., None] * (1 - share) + warm * 255 * share).astype(np.uint8)


def masked(picture, rng):
    shades = grey(picture)
    mask = heat(shades.shape, rng) > 0.5
    shown = np.repeat(shades[..., None], 3, 2).astype(float)
    shown[mask] = shown[mask] * 0.5 + np.array([255, 40, 40]) * 0.5
    return shown.astype(np.uint8)


def figure(picture, rng):
    made = Figure(
        figsize=(rng.uniform(3, 8), rng.uniform(3, 6)), dpi=int(rng.choice([72, 100, 150]))
    )
    axes = made.add_subplot()
    shown = axes.imshow(picture, cmap=str(rng.choice(["gray", "gray", "viridis", "hot", "jet"])))
    axes.set_title(str(rng.choice(["case 4", "input", "Prediction", "slice 31"])))
    if rng.random() < 0.4:
        made.colorbar(shown)
    if rng.random() < 0.5:
        axes.axis("off")
    return drawn(made)


def beside_plot(picture, rng):
    made = Figure(figsize=(9, 4), dpi=int(rng.choice([72, 100])))
    left, right = made.subplots(1, 2)
    left.imshow(picture, cmap="gray")
    right.plot(rng.normal(size=40).cumsum())
    right.set_title("loss")
    return drawn(made)


def overlaid_figure(picture, rng):
    made = Figure(figsize=(5, 4), dpi=100)
    axes = made.add_subplot()
    axes.imshow(grey(picture), cmap="gray")
    axes.imshow(heat(picture.shape[:2], rng), cmap="jet", alpha=0.4)
    axes.axis("off")
    return drawn(made)


def panels(picture, rng):
    made = Figure(figsize=(9, 3.4), dpi=int(rng.choice([80, 100])))
    for axes, way in zip(made.subplots(1, 3), (bare, masked, overlaid), strict=True):
        axes.imshow(way(picture, rng), cmap="gray")
        axes.axis("off") if rng.random() < 0.7 else axes.set_xlabel("x")
    return drawn(made)


def montage(picture, rng):
    gap, rows, columns = (
        int(rng.choice([0, 2, 8])),
        int(rng.integers(2, 4)),
        int(rng.integers(2, 5)),
    )
    tile = resized(grey(picture), int(rng.integers(96, 200)))
    height, width = tile.shape
    shade = int(rng.choice([0, 255]))
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap), shade, np.uint8)
    for row in range(rows):
        for column in range(columns):
            changed = ndimage.zoom(tile, 1 - 0.05 * row, order=1)[:height, :width]
            top, left = gap + row * (height + gap), gap + column * (width + gap)
            sheet[top : top + changed.shape[0], left : left + changed.shape[1]] = changed
    return sheet


def viewer(picture, rng):
    height, width = 700, 1000
    shade = int(rng.choice([30, 45, 60, 240]))
    image = Image.new("RGB", (width, height), (shade,) * 3)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, width, 40), fill=(shade // 2 + 20,) * 3)
    for number in range(12):
        pen.rectangle((10 + number * 40, 8, 36 + number * 40, 32), outline=(150, 150, 160))
    for number in range(14):
        pen.text((12, 60 + number * 22), f"series {number}", fill=(128, 140, 150))
    side = int(rng.integers(420, 640))
    pen.rectangle((160, 50, 980, 690), fill=(0, 0, 0))
    tile = Image.fromarray(resized(picture, side))
    image.paste(tile, (560 - tile.width // 2, 370 - tile.height // 2))
    pen.text((170, 60), "W 400 L 40", fill=(230, 230, 90))
    pen.text((890, 660), "Im: 31/96", fill=(230, 230, 90))
    return np.asarray(image)


WAYS = (
    bare,
    bare,
    smaller,
    larger,
    cropped,
    centre,
    turned,
    tilted,
    inverted,
    gamma,
    compressed,
    bordered,
    noisy,
    coloured,
    overlaid,
    masked,
    figure,
    figure,
    beside_plot,
    overlaid_figure,
    panels,
    montage,
    viewer,
    inverted,
    coloured,
    overlaid,
    cropped,
)


def variants(picture, rng, count):
    """`count` ways of showing `picture`, each with its name; some are two ways after each other."""
    for number in rng.integers(len(WAYS), size=count):
        way, shown, name = WAYS[number], picture, WAYS[number].__name__
        if rng.random() < 0.35 and way in (
            figure,
            beside_plot,
            panels,
            montage,
            viewer,
            coloured,
            bordered,
            compressed,
        ):
            first = (smaller, cropped, turned, gamma, inverted)[int(rng.integers(5))]
            shown, name = first(shown, rng), f"{first.__name__} {name}"
        yield name, way(shown, rng)
