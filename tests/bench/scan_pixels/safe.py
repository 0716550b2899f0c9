"""Pictures that hold no scan: plots, heat maps, diagrams, patterns, noise and photographs."""

import matplotlib
import matplotlib.colors
import numpy as np
import skimage.data
from matplotlib import cbook
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from scipy import ndimage, signal

from tests.bench.scan_pixels.scans import coloured, compressed, cropped, drawn, gamma, heat, resized

CMAPS = (
    "gray",
    "Blues",
    "viridis",
    "coolwarm",
    "jet",
    "hot",
    "magma",
    "gray_r",
    "RdBu_r",
    "Greys",
    "inferno",
)
PHOTOS = (
    "astronaut",
    "camera",
    "coffee",
    "chelsea",
    "coins",
    "rocket",
    "moon",
    "brick",
    "grass",
    "gravel",
    "clock",
    "page",
    "text",
    "horse",
    "logo",
    "hubble_deep_field",
    "cell",
    "chessboard_GRAY",
    "color",
    "motorcycle_left",
)


def _axes(rng, wide=None):
    size = (rng.uniform(3.5, 8), rng.uniform(3, 6))
    made = Figure(figsize=wide or size, dpi=int(rng.choice([72, 100, 100, 150])))
    axes = made.add_subplot()
    if rng.random() < 0.25:
        axes.set_facecolor("#EAEAF2")
        axes.grid(color="white")
    if rng.random() < 0.1:
        made.set_facecolor("#202020")
        axes.set_facecolor("black")
    return made, axes


def _field(values, rng, cmaps=CMAPS, **options):
    """A matrix as an image with axes or bare, with or without a colour bar."""
    cmap = str(rng.choice(cmaps))
    if rng.random() < 0.2:
        low, high = float(values.min()), float(values.max())
        colours = matplotlib.colormaps[cmap]((values - low) / max(high - low, 1e-9))
        picture = (colours[..., :3] * 255).astype(np.uint8)
        factor = max(1, int(rng.integers(100, 500)) // max(picture.shape[:2]))
        return picture.repeat(factor, 0).repeat(factor, 1)
    made, axes = _axes(rng)
    shown = axes.imshow(values, cmap=cmap, aspect=str(rng.choice(["auto", "equal"])), **options)
    if rng.random() < 0.6:
        made.colorbar(shown)
    if rng.random() < 0.3:
        axes.axis("off")
    else:
        axes.set_title("feature")
    return drawn(made)


def curves(rng):
    made, axes = _axes(rng)
    for number in range(int(rng.integers(1, 6))):
        steps = np.arange(int(rng.integers(10, 200)))
        axes.plot(np.exp(-steps / 30) + rng.normal(0, 0.02, steps.size), label=f"fold {number}")
    axes.set(xlabel="epoch", ylabel="loss", title="training")
    axes.legend()
    if rng.random() < 0.3:
        axes.fill_between(steps, 0.1, 0.4, alpha=0.3)
    return drawn(made)


def roc(rng):
    made, axes = _axes(rng)
    axes.plot(np.sort(rng.random(30)), np.sort(rng.random(30)), drawstyle="steps")
    axes.plot([0, 1], [0, 1], "--")
    return drawn(made)


def survival(rng):
    made, axes = _axes(rng)
    for _ in range(2):
        axes.step(np.sort(rng.random(40)) * 60, np.linspace(1, rng.random() / 2, 40))
    return drawn(made)


def boxes(rng):
    made, axes = _axes(rng)
    data = [rng.normal(k, 1, 80) for k in range(int(rng.integers(2, 7)))]
    axes.boxplot(data) if rng.random() < 0.5 else axes.violinplot(data)
    return drawn(made)


def scatter(rng):
    made, axes = _axes(rng)
    count = int(rng.choice([50, 400, 4000]))
    axes.scatter(
        rng.normal(size=count),
        rng.normal(size=count),
        c=rng.random(count),
        s=rng.uniform(2, 40),
        alpha=rng.uniform(0.2, 1),
    )
    return drawn(made)


def embedding(rng):
    made, axes = _axes(rng)
    for _ in range(6):
        middle = rng.normal(0, 5, 2)
        axes.scatter(*(middle + rng.normal(size=(300, 2))).T, s=4)
    axes.axis("off")
    return drawn(made)


def bars(rng):
    made, axes = _axes(rng)
    if rng.random() < 0.5:
        axes.hist(rng.normal(size=500), bins=int(rng.integers(8, 80)))
    else:
        axes.bar(range(8), rng.random(8), color=matplotlib.colormaps["tab10"](range(8)))
    return drawn(made)


def confusion(rng):
    size = int(rng.integers(2, 14))
    counts = rng.integers(0, 60, (size, size)) + np.eye(size) * 200
    made, axes = _axes(rng)
    axes.imshow(counts, cmap=str(rng.choice(["Blues", "gray", "Greys", "viridis"])))
    if rng.random() < 0.7:
        for row in range(size):
            for column in range(size):
                axes.text(column, row, int(counts[row, column]), ha="center", color="gray")
    return drawn(made)


def correlation(rng):
    size = int(rng.integers(10, 120))
    data = rng.normal(size=(size * 2, size)) + rng.normal(size=(size * 2, 1)) * rng.random()
    order = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    return _field(np.corrcoef(data.T) + np.exp(-order / rng.uniform(2, 20)), rng)


def density(rng):
    made, axes = _axes(rng)
    points = rng.normal(size=(int(rng.choice([800, 20000])), 2))
    points[:, 1] += points[:, 0] * rng.uniform(-1, 1)
    cmap = str(rng.choice(CMAPS))
    if rng.random() < 0.5:
        axes.hist2d(*points.T, bins=int(rng.integers(15, 150)), cmap=cmap)
    else:
        axes.hexbin(*points.T, gridsize=int(rng.integers(15, 60)), cmap=cmap)
    return drawn(made)


def spectrogram(rng):
    made, axes = _axes(rng)
    time = np.arange(20000) / 2000
    wave = np.sin(2 * np.pi * (100 + 60 * np.sin(time)) * time) + rng.normal(0, 0.3, time.size)
    wave += signal.chirp(time, 50, 10, 900) * rng.random()
    axes.specgram(
        wave,
        Fs=2000,
        NFFT=int(rng.choice([128, 256, 512])),
        noverlap=64,
        cmap=str(rng.choice(CMAPS)),
    )
    return drawn(made)


def kernels(rng):
    made = Figure(figsize=(6, 6), dpi=80)
    size = int(rng.choice([3, 5, 7, 11]))
    for axes in made.subplots(*rng.integers(3, 9, 2)).ravel():
        values = rng.normal(size=(size, size))
        axes.imshow(
            ndimage.gaussian_filter(values, rng.random()), cmap=str(rng.choice(["gray", "viridis"]))
        )
        axes.axis("off")
    return drawn(made)


def gabors(rng):
    made = Figure(figsize=(6, 4), dpi=80)
    rows, columns = np.mgrid[-1:1:48j, -1:1:48j]
    for axes in made.subplots(3, 5).ravel():
        angle = rng.uniform(0, np.pi)
        wave = np.cos(rng.uniform(5, 25) * (rows * np.cos(angle) + columns * np.sin(angle)))
        axes.imshow(wave * np.exp(-(rows**2 + columns**2) / 0.3), cmap="gray")
        axes.axis("off")
    return drawn(made)


def saliency(rng):
    size = int(rng.choice([7, 14, 28, 56, 224]))
    values = heat((size, size), rng) + rng.random((size, size)) * rng.choice([0, 0.05, 0.2])
    if rng.random() < 0.6:
        values = ndimage.zoom(values, 224 / size, order=int(rng.choice([1, 3])))
    return _field(values, rng)


def gradient_saliency(rng):
    values = np.abs(rng.normal(size=(112, 112))) * (0.1 + heat((112, 112), rng))
    return _field(ndimage.gaussian_filter(values, rng.choice([0, 0.7, 1.5])), rng)


def attention(rng):
    size = int(rng.integers(12, 200))
    values = rng.random((size, size)) ** 4 * np.tri(size)
    return _field(values / values.sum(1, keepdims=True), rng)


def noise(rng):
    side = int(rng.integers(64, 400))
    values = rng.normal(size=(side, side)) if rng.random() < 0.5 else rng.random((side, side))
    values = ndimage.gaussian_filter(values, rng.choice([0, 0, 1, 3, 8]))
    return _field(values, rng)


def terrain(rng):
    side = int(rng.integers(100, 300))
    waves = np.fft.fft2(rng.normal(size=(side, side)))
    rate = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    rate[0, 0] = 1
    values = np.fft.ifft2(waves / rate ** rng.uniform(1.2, 2.2)).real
    if rng.random() < 0.4:
        values = np.maximum(values, np.quantile(values, 0.4))
    if rng.random() < 0.4:
        made, axes = _axes(rng)
        axes.contourf(values, int(rng.integers(6, 30)), cmap=str(rng.choice(["terrain", *CMAPS])))
        return drawn(made)
    return _field(values, rng, ("terrain", *CMAPS))


def gradient(rng):
    rows, columns = np.mgrid[0:1:200j, 0:1:300j]
    kind = rng.integers(3)
    values = (rows, rows * columns, np.hypot(rows - 0.5, columns - 0.5))[kind]
    return _field(values, rng)


def contours(rng):
    made, axes = _axes(rng)
    rows, columns = np.mgrid[-3:3:100j, -3:3:100j]
    values = sum(
        np.exp(-((rows - a) ** 2 + (columns - b) ** 2) / c)
        for a, b, c in rng.uniform(0.3, 2, (4, 3)) * [1, -1, 1]
    )
    way = axes.contourf if rng.random() < 0.6 else axes.contour
    way(columns, rows, values, int(rng.integers(5, 40)), cmap=str(rng.choice(CMAPS)))
    return drawn(made)


def surface(rng):
    made = Figure(figsize=(6, 5), dpi=100)
    axes = made.add_subplot(projection="3d")
    rows, columns = np.mgrid[-3:3:60j, -3:3:60j]
    axes.plot_surface(
        rows,
        columns,
        np.sin(rows * rng.uniform(0.5, 2)) * np.cos(columns),
        cmap=str(rng.choice(CMAPS)),
        rstride=1,
        cstride=1,
    )
    return drawn(made)


def diagram(rng):
    image = Image.new("RGB", (int(rng.integers(500, 1000)), int(rng.integers(300, 700))), "white")
    pen = ImageDraw.Draw(image)
    for number in range(int(rng.integers(4, 12))):
        left, top = 30 + number % 4 * 140, 40 + number // 4 * 140
        pen.rounded_rectangle(
            (left, top, left + 100, top + 70),
            8,
            fill=tuple(rng.integers(150, 255, 3)),
            outline="black",
        )
        pen.text((left + 12, top + 28), f"block {number}", fill="black")
        pen.line((left + 100, top + 35, left + 140, top + 35), fill="black", width=2)
    return np.asarray(image)


def network(rng):
    made, axes = _axes(rng)
    spots = rng.random((40, 2))
    for first, second in rng.integers(0, 40, (90, 2)):
        axes.plot(*spots[[first, second]].T, "k-", lw=0.5)
    axes.scatter(*spots.T, s=80, c=rng.random(40), cmap="tab20")
    axes.axis("off")
    return drawn(made)


def phantom(rng):
    """Shepp-Logan or another drawing of smooth ellipses."""
    side = int(rng.choice([128, 256, 400]))
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    values = np.zeros((side, side))
    for _ in range(int(rng.integers(4, 11))):
        a, b, r, c, angle = *rng.uniform(0.05, 0.3, 2), *rng.uniform(-0.4, 0.4, 2), rng.random() * 3
        x, y = columns - c, rows - r
        x, y = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        values[(x / a) ** 2 + (y / b) ** 2 < 1] += rng.uniform(-0.3, 0.5)
    values[(columns / 0.7) ** 2 + (rows / 0.9) ** 2 < 1] += 0.3
    values[(columns / 0.66) ** 2 + (rows / 0.86) ** 2 > 1] *= 2
    if rng.random() < 0.5:
        values = resized(skimage.data.shepp_logan_phantom(), side) if rng.random() < 0.5 else values
    if rng.random() < 0.4:
        low, high = values.min(), values.max()
        return ((values - low) / (high - low) * 255).astype(np.uint8)
    return _field(values, rng, ("gray",))


def test_pattern(rng):
    image = Image.new("L", (400, 300), int(rng.integers(0, 255)))
    pen = ImageDraw.Draw(image)
    for number in range(16):
        pen.rectangle((number * 25, 0, number * 25 + 24, 80), fill=number * 17)
        pen.ellipse(
            (number * 25, 120 + number * 5, number * 25 + 40, 170 + number * 5),
            fill=255 - number * 15,
        )
    return np.asarray(image)


def logo(rng):
    image = Image.new("RGB", (200, 200), "white")
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        box = np.sort(rng.integers(0, 200, (2, 2)), 0).ravel().tolist()
        pen.ellipse(box, fill=tuple(rng.integers(0, 255, 3)))
    return np.asarray(image)


def table(rng):
    image = Image.new("RGB", (600, 400), "white")
    pen = ImageDraw.Draw(image)
    for row in range(18):
        for column in range(6):
            pen.text((20 + column * 95, 15 + row * 21), f"{rng.normal():.3f}", fill="black")
        pen.line((10, 10 + row * 21, 590, 10 + row * 21), fill=(180, 180, 180))
    return np.asarray(image)


def classes(rng):
    """A label map of smooth regions, as a segmentation of nothing real."""
    values = ndimage.gaussian_filter(
        rng.normal(size=(int(rng.integers(2, 8)), 160, 160)), (0, 12, 12)
    )
    return _field(values.argmax(0), rng, ("tab10", "viridis", "gray", "nipy_spectral"))


def digits(rng):
    """Drawn digits on black, as example inputs of a toy model."""
    image = Image.new("L", (28 * 8, 28 * 5))
    pen = ImageDraw.Draw(image)
    for row in range(5):
        for column in range(8):
            pen.text((column * 28 + 6, row * 28 + 2), str(rng.integers(10)), fill=255, font_size=22)
    blurred = ndimage.gaussian_filter(np.asarray(image), 0.6)
    return _field(blurred.astype(float), rng, ("gray", "gray_r", "viridis"))


def waterfall(rng):
    values = rng.normal(size=(int(rng.integers(40, 300)), int(rng.integers(40, 300))))
    values += np.linspace(0, 3, values.shape[1]) * rng.random() + rng.normal(size=(len(values), 1))
    return _field(values, rng)


def pie(rng):
    made, axes = _axes(rng)
    axes.pie(rng.random(int(rng.integers(3, 9))), autopct="%d")
    return drawn(made)


def fractal(rng):
    rows, columns = np.mgrid[-1.2:1.2:200j, -2:0.7:220j]
    start = columns + 1j * rows
    value, steps = np.zeros_like(start), np.zeros(start.shape)
    for _ in range(40):
        value = np.where(np.abs(value) < 2, value**2 + start, value)
        steps += np.abs(value) < 2
    return _field(steps, rng)


def blobs(rng):
    values = skimage.data.binary_blobs(200, blob_size_fraction=rng.uniform(0.03, 0.2), rng=rng)
    return _field(values + ndimage.gaussian_filter(values.astype(float), 3) * rng.random(), rng)


def flow(rng):
    made, axes = _axes(rng)
    rows, columns = np.mgrid[-2:2:25j, -2:2:25j]
    down, right = np.sin(rows * rng.uniform(0.5, 2)), np.cos(columns)
    if rng.random() < 0.5:
        axes.streamplot(
            columns[0], rows[:, 0], right, down, color=down, cmap=str(rng.choice(CMAPS))
        )
    else:
        axes.quiver(columns, rows, right, down)
    return drawn(made)


def waves(rng):
    rows, columns = np.mgrid[-1:1:256j, -1:1:256j]
    values = np.cos(rng.uniform(20, 90) * np.hypot(rows, columns)) + np.cos(
        rng.uniform(5, 60) * rows
    )
    return _field(values, rng)


def stars(rng):
    side = int(rng.integers(150, 400))
    points = (rng.random((side, side)) > 0.995) * rng.random((side, side))
    values = ndimage.gaussian_filter(points, rng.uniform(0.6, 2.5)) * 40
    return _field(
        np.clip(values + rng.normal(0, 0.05, values.shape), 0, 3), rng, ("gray", "hot", "viridis")
    )


def hills(rng):
    values = ndimage.gaussian_filter(rng.normal(size=(220, 220)), rng.uniform(4, 14))
    light = matplotlib.colors.LightSource(315, 45)
    if rng.random() < 0.5:
        return (light.hillshade(values, vert_exag=60) * 255).astype(np.uint8)
    return (
        light.shade(values, matplotlib.colormaps["terrain"], vert_exag=30)[..., :3] * 255
    ).astype(np.uint8)


def sinogram(rng):
    angles = np.linspace(0, np.pi, 180)
    spots = rng.uniform(-0.7, 0.7, (8, 2))
    values = np.zeros((180, 180))
    for (x, y), weight in zip(spots, rng.random(8), strict=True):
        place = x * np.cos(angles) + y * np.sin(angles)
        values += weight * np.exp(
            -((np.linspace(-1, 1, 180)[:, None] - place) ** 2) / rng.uniform(0.001, 0.05)
        )
    return _field(values, rng)


def spread_function(rng):
    rows, columns = np.mgrid[-1:1:128j, -1:1:128j]
    distance = np.hypot(rows, columns) * rng.uniform(8, 30) + 1e-6
    values = (np.sin(distance) / distance) ** 2 + rng.normal(0, 0.01, distance.shape)
    return _field(values ** rng.choice([0.3, 0.5, 1]) if values.min() > 0 else values, rng)


def dark_plot(rng):
    matplotlib.rcParams.update(matplotlib.rcParamsDefault)
    made = Figure(figsize=(6, 4), dpi=100, facecolor="#111111")
    axes = made.add_subplot(facecolor="#111111")
    axes.tick_params(colors="white")
    axes.plot(rng.normal(size=100).cumsum(), color="cyan")
    axes.fill_between(range(100), rng.random(100) * 4, alpha=0.4)
    return drawn(made)


def dendrogram(rng):
    made = Figure(figsize=(6, 6), dpi=90)
    top, main = made.subplots(2, 1, height_ratios=(1, 4))
    top.plot(np.repeat(np.arange(20), 3), rng.random(60), "k-", lw=0.8)
    top.axis("off")
    main.imshow(
        rng.normal(size=(60, 20)) + np.repeat(rng.normal(size=(6, 20)), 10, 0) * 2,
        cmap=str(rng.choice(CMAPS)),
        aspect="auto",
    )
    return drawn(made)


def code(rng):
    image = Image.new("RGB", (640, 400), (30, 30, 30) if rng.random() < 0.5 else "white")
    pen = ImageDraw.Draw(image)
    for row in range(22):
        pen.text(
            (10 + 16 * int(rng.integers(4)), 8 + row * 17),
            "for value in table: total += value"[: int(rng.integers(8, 34))],
            fill=(120, 160, int(rng.integers(80, 255))),
        )
    return np.asarray(image)


def mask(rng):
    """The outline of something, black and white."""
    values = ndimage.gaussian_filter(rng.normal(size=(180, 200)), rng.uniform(8, 25))
    labels, _ = ndimage.label(values > np.quantile(values, rng.uniform(0.5, 0.9)))
    sizes = np.bincount(labels.ravel())
    return _field((labels == sizes[1:].argmax() + 1).astype(float), rng)


def polar(rng):
    made = Figure(figsize=(5, 5), dpi=100)
    axes = made.add_subplot(projection="polar")
    axes.bar(
        np.linspace(0, 6, 14),
        rng.random(14),
        width=0.4,
        color=matplotlib.colormaps["viridis"](rng.random(14)),
    )
    return drawn(made)


def waveform(rng):
    made = Figure(figsize=(9, 5), dpi=80)
    for axes in made.subplots(4, 1):
        axes.plot(rng.normal(size=4000) * np.abs(np.sin(np.arange(4000) / 300)), lw=0.4)
        axes.axis("off")
    return drawn(made)


def automaton(rng):
    row, rows = rng.integers(0, 2, 160), []
    rule = int(rng.choice([30, 90, 110, 150]))
    for _ in range(120):
        rows.append(row)
        code = 4 * np.roll(row, 1) + 2 * row + np.roll(row, -1)
        row = (rule >> code) & 1
    return _field(np.array(rows).astype(float), rng)


def squares(rng):
    """A square code, as printed on labels."""
    size = int(rng.integers(21, 60))
    return _field(rng.integers(0, 2, (size, size)).astype(float), rng, ("gray", "gray_r"))


def regions(rng):
    """Areas of a map, each in one shade."""
    points = rng.random((int(rng.integers(10, 90)), 2))
    rows, columns = np.mgrid[0:1:220j, 0:1:260j]
    nearest = (
        (rows[..., None] - points[:, 0]) ** 2 + (columns[..., None] - points[:, 1]) ** 2
    ).argmin(-1)
    values = rng.random(len(points))[nearest]
    if rng.random() < 0.5:
        values[np.hypot(rows - 0.5, columns - 0.5) > 0.48] = 0
    return _field(values, rng)


def kernel_density(rng):
    rows, columns = np.mgrid[-3:3:150j, -3:3:150j]
    values = np.zeros(rows.shape)
    for y, x in rng.normal(size=(int(rng.integers(3, 60)), 2)):
        values += np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / rng.uniform(0.02, 0.3))
    return _field(values, rng)


def words(rng):
    image = Image.new("RGB", (500, 300), "white" if rng.random() < 0.5 else "black")
    pen = ImageDraw.Draw(image)
    for _ in range(40):
        spot = tuple(rng.integers(0, 450, 2) * [1, 0.6])
        pen.text(
            spot,
            str(rng.choice(["model", "tissue", "study", "lesion"])),
            fill=tuple(rng.integers(60, 255, 3)),
            font_size=int(rng.integers(10, 46)),
        )
    return np.asarray(image)


def landscape(rng):
    """Measured heights of real hills, from matplotlib's examples."""
    with cbook.get_sample_data("jacksboro_fault_dem.npz") as heights:
        values = heights["elevation"]
    top, left = int(rng.integers(0, 120)), int(rng.integers(0, 180))
    values = values[
        top : top + int(rng.integers(100, 220)), left : left + int(rng.integers(100, 220))
    ]
    if rng.random() < 0.5:
        return (
            matplotlib.colors.LightSource(315, 45).hillshade(values, vert_exag=0.1) * 255
        ).astype(np.uint8)
    return _field(values, rng, ("terrain", "gist_earth", *CMAPS))


def feature_maps(rng):
    """What layers of a network answer to noise and to a shape: no picture can be seen in them."""
    made = Figure(figsize=(6, 6), dpi=80)
    shape = np.zeros((32, 32))
    shape[8:24, 8:24] = 1
    for axes in made.subplots(4, 4).ravel():
        values = ndimage.convolve(shape + rng.normal(0, 0.3, shape.shape), rng.normal(size=(5, 5)))
        axes.imshow(np.maximum(values, 0), cmap=str(rng.choice(["gray", "viridis"])))
        axes.axis("off")
    return drawn(made)


def doses(rng):
    """Smooth ellipses on black under a colour map, as a simulated field."""
    rows, columns = np.mgrid[-1:1:160j, -1:1:160j]
    values = np.clip(
        1 - (rows / rng.uniform(0.4, 0.9)) ** 2 - (columns / rng.uniform(0.4, 0.9)) ** 2, 0, None
    )
    return _field(values ** rng.uniform(0.2, 2), rng)


def photo(rng):
    picture = getattr(skimage.data, str(rng.choice(PHOTOS)), None)
    picture = picture() if callable(picture) else skimage.data.camera()
    picture = picture[0] if isinstance(picture, tuple) else picture
    picture = (picture * 255).astype(np.uint8) if picture.dtype == bool else picture
    picture = Image.fromarray(picture).convert("L" if rng.random() < 0.35 else "RGB")
    picture = np.asarray(picture)
    if rng.random() < 0.6:
        height, width = picture.shape[:2]
        part = rng.uniform(0.35, 0.95)
        top, left = int(rng.random() * (1 - part) * height), int(rng.random() * (1 - part) * width)
        picture = picture[top : top + int(part * height), left : left + int(part * width)]
    picture = resized(picture, int(rng.integers(100, 700)))
    way = rng.integers(7)
    if way == 5:
        return coloured(picture, rng)
    if way == 6:
        return gamma(picture, rng)
    if way == 0:
        made, axes = _axes(rng)
        axes.imshow(picture, cmap="gray")
        return drawn(made)
    if way == 1:
        return compressed(picture, rng)
    if way == 2:
        return np.ascontiguousarray(np.rot90(cropped(picture, rng)))
    return picture


def photo_stack(rng):
    photos = [resized(photo(rng), 200) for _ in range(2)]
    made = Figure(figsize=(8, 4), dpi=80)
    for axes, picture in zip(made.subplots(1, 2), photos, strict=True):
        axes.imshow(picture, cmap="gray")
        axes.axis("off")
    return drawn(made)


KINDS = (
    curves,
    roc,
    survival,
    boxes,
    scatter,
    embedding,
    bars,
    confusion,
    correlation,
    density,
    spectrogram,
    kernels,
    gabors,
    saliency,
    gradient_saliency,
    attention,
    noise,
    terrain,
    gradient,
    contours,
    surface,
    diagram,
    network,
    phantom,
    test_pattern,
    logo,
    table,
    classes,
    digits,
    waterfall,
    pie,
    fractal,
    blobs,
    flow,
    waves,
    stars,
    hills,
    sinogram,
    spread_function,
    dark_plot,
    dendrogram,
    code,
    mask,
    polar,
    waveform,
    automaton,
    squares,
    regions,
    kernel_density,
    words,
    landscape,
    feature_maps,
    doses,
    photo,
    photo,
    photo,
    photo_stack,
)


def pictures(rng, count):
    """`count` pictures of each kind with its name; a fifth went through JPEG."""
    for kind in KINDS:
        for _ in range(count):
            picture = kind(rng)
            if rng.random() < 0.2:
                picture = compressed(picture, rng)
            yield kind.__name__, picture
