import io

import numpy as np
import pytest
import skimage.data
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from vitrine.egress import disclosure
from vitrine.egress.checks import readers
from vitrine.egress.checks.rules import images


def a_plot():
    figure = Figure(figsize=(5, 4), dpi=100)
    axes = figure.add_subplot()
    axes.plot(np.sin(np.arange(60) / 5))
    axes.fill_between(range(60), -0.3, 0.3, alpha=0.4)
    axes.set_title("training")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def a_heat_map():
    figure = Figure(figsize=(5, 4), dpi=100)
    axes = figure.add_subplot()
    rows, columns = np.mgrid[-2:2:80j, -2:2:80j]
    figure.colorbar(axes.imshow(np.exp(-(rows**2) - columns**2), cmap="viridis"))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def png(picture, **options):
    out = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(out, "PNG", **options)
    return out.getvalue()


def found(content, kind="png"):
    document = readers.read(f"a.{kind}", content, kind)
    policy = disclosure.load()
    return {
        finding.check: finding
        for rule in images.RULES
        if rule.name != "scan-pixels"
        for finding in rule.findings(document, policy)
    }


def with_message(picture, message, channels=slice(None)):
    marked = picture.copy()
    part = marked[..., channels] if marked.ndim == 3 else marked
    flat = part.reshape(-1).copy()
    bits = np.unpackbits(np.frombuffer(message, np.uint8))[: flat.size]
    flat[: bits.size] = (flat[: bits.size] & 0xFE) | bits
    part[...] = flat.reshape(part.shape)
    return marked


TEXT = b"one line of a table that nobody was meant to take along, " * 4


@pytest.mark.parametrize("picture", [a_plot(), a_heat_map()], ids=["plot", "heat map"])
def test_a_figure_hides_nothing(picture):
    assert found(png(picture)) == {}


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(skimage.data.camera(), id="camera"),
        pytest.param(skimage.data.coffee(), id="coffee"),
        pytest.param(skimage.data.moon(), id="moon"),
        pytest.param(skimage.data.page(), id="page"),
        pytest.param(np.random.default_rng(1).integers(0, 256, (300, 300), np.uint8), id="noise"),
        pytest.param(np.tile(np.arange(256, dtype=np.uint8), (200, 2)), id="ramp"),
    ],
)
def test_pictures_without_a_message_are_quiet(picture):
    assert "low-bits" not in found(png(picture))


def test_a_photograph_through_jpeg_is_quiet():
    out = io.BytesIO()
    Image.fromarray(skimage.data.astronaut()).save(out, "JPEG", quality=80)
    assert found(out.getvalue(), "jpeg") == {}


@pytest.mark.parametrize("quality", [40, 75, 95])
def test_a_plot_through_jpeg_is_quiet(quality):
    out = io.BytesIO()
    Image.fromarray(a_heat_map()).save(out, "JPEG", quality=quality)
    assert found(out.getvalue(), "jpeg") == {}


@pytest.mark.parametrize(
    "marked",
    [
        pytest.param(with_message(a_plot(), TEXT), id="text from the first pixel"),
        pytest.param(with_message(a_plot(), TEXT, slice(2, 3)), id="text in blue"),
        pytest.param(with_message(a_plot()[..., 0], TEXT), id="text in a grey plot"),
        pytest.param(
            with_message(skimage.data.camera(), np.random.default_rng(2).bytes(32_768)),
            id="noise in all of a photograph",
        ),
    ],
)
def test_a_message_in_the_lowest_bits_is_found(marked):
    assert found(png(marked))["low-bits"].severity == "warn"


def test_colours_under_transparent_pixels_are_found():
    picture = np.dstack([a_plot(), np.full((400, 500), 255, np.uint8)])
    picture[:100, :, 3] = 0
    picture[:100, :, :3] = 255
    assert found(png(picture)) == {}
    picture[20:60, 30:90, :3] = np.arange(60, dtype=np.uint8)[None, :, None]
    assert list(found(png(picture))) == ["transparent-pixels"]


def test_wide_values_are_found():
    wide = Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64))
    assert "deep-pixels" in found(png(wide))


def test_frames_are_found():
    frames = [Image.new("L", (30, 30), shade) for shade in (0, 90, 200)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert "3 frames" in found(out.getvalue(), "gif")["animation"].message


def test_metadata_and_appended_bytes_are_found_without_their_content():
    info = PngImagePlugin.PngInfo()
    info.add_text("Description", "Jane Doe")
    findings = found(png(a_plot(), pnginfo=info) + b"Jane Doe again")
    assert sorted(findings) == ["appended-bytes", "image-metadata"]
    assert not any("Jane" in each.message for each in findings.values())
