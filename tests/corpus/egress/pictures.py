"""Pictures and plots as bytes that are the same at every run."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image


def png(image: np.ndarray | Image.Image, **options: Any) -> bytes:
    """A picture as PNG."""
    return _saved(image, "PNG", **options)


def jpeg(image: np.ndarray | Image.Image, quality: int = 90, **options: Any) -> bytes:
    """A picture as JPEG."""
    return _saved(image, "JPEG", quality=quality, **options)


def _saved(image: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def resized(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture at another size."""
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def montage(images: list[np.ndarray], columns: int, side: int = 160, gap: int = 4) -> np.ndarray:
    """Grey pictures side by side on a white sheet."""
    rows = -(-len(images) // columns)
    sheet = np.full((rows * (side + gap) + gap, columns * (side + gap) + gap), 255, np.uint8)
    for index, image in enumerate(images):
        top, left = (gap + (side + gap) * place for place in divmod(index, columns))
        sheet[top : top + side, left : left + side] = resized(image, side, side)
    return sheet


def coloured(image: np.ndarray, colours: str) -> np.ndarray:
    """A grey picture in a colour map of matplotlib."""
    from matplotlib import colormaps

    return np.uint8(colormaps[colours](image)[..., :3] * 255)


def data_uri(content: bytes, kind: str = "image/png") -> str:
    """Bytes as a data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def figure(rows: int = 1, columns: int = 1, width: float = 5, height: float = 4) -> Any:
    """A figure of matplotlib and its axes, without a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(width, height), dpi=90, layout="constrained")
    FigureCanvasAgg(drawn)
    return drawn, drawn.subplots(rows, columns)


def rendered(drawn: Any, kind: str = "png") -> bytes:
    """A figure as `png`, `jpg`, `svg` or `pdf`."""
    import matplotlib

    empty: dict[str, Any] = {
        "svg": {"Date": None},
        "pdf": {"CreationDate": None, "ModDate": None},
        "png": {},
        "jpg": {},
    }
    stream = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "corpus", "svg.fonttype": "none"}):
        options = {"metadata": empty[kind]} if kind != "jpg" else {}
        drawn.savefig(stream, format=kind, **options)
    return stream.getvalue()
