"""Documents and containers of a second generation."""

from __future__ import annotations

import base64
import gzip
import json
import zlib

import numpy as np

from tests.corpus.egress import formats, paper, people, pictures, plots, sources
from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes.written import Written

lane = Lane("documents-and-containers", series="second-")
_unsafe, _safe = Written(lane).unsafe, Written(lane).safe

ABSTRACT = ["Response from CT", "1,240 patients, 5 folds.", "AUC 0.83 (95% CI 0.80 to 0.86)."]
HEAD = ["age", "sex", "stage", "scanner", "ml", "days", "died"]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300">{}</svg>\n'
PAGE = "<!DOCTYPE html>\n<html><head><title>Report</title></head><body>{}</body></html>\n"


def _records(rng: np.random.Generator, count: int = 40) -> str:
    return formats.csv(HEAD, people.records(rng, count))


# ---- unsafe: PDF -----------------------------------------------------------------------

PDF_TEXT = (
    ("small", "small-cells", "Three patients withdrew consent after the second scan.", ()),
    ("range", "endpoints", "Age 66 years (range 18-103) in 318 patients.", ("text-identifiers",)),
    ("implied", "implied-counts", "Relapse in 4.7% of the 64 patients.", ("small-cells",)),
    ("all", "class-disclosure", "All 18 patients of ward C died.", ("small-cells",)),
)
for _name, _word, _line, _also in PDF_TEXT:
    lane.unsafe(f"pdf-{_name}", _word, "supplement.pdf", _line, at="page 2", also=_also)(
        lambda rng, line: paper.pdf([ABSTRACT, ["Results", line]])
    )


@lane.unsafe("pdf-appendix", "row-level-data", "appendix.pdf", at="page 2")
def _(rng):
    rows = ["  ".join(map(str, record)) for record in people.records(rng, 40)]
    return paper.pdf([ABSTRACT, [" ".join(HEAD), *rows]])


@lane.unsafe("pdf-header-name", "text-identifiers", "letter.pdf", at="page 1")
def _(rng):
    return paper.pdf([[f"Re: {people.name(rng)}, NHS {people.nhs_number(rng)}", *ABSTRACT]])


@lane.unsafe("pdf-information", "text-identifiers", "report.pdf",
             also=("hidden-content", "image-metadata"))  # fmt: skip
def _(rng):
    return paper.pdf([ABSTRACT], information=f"/Subject ({people.name(rng)} MRN4471023)")


@lane.unsafe("pdf-small-scan", "scan-pixels", "figures.pdf", at="page 2")
def _(rng):
    return paper.pdf(
        [ABSTRACT, ["Figure 2"]],
        resources="/XObject << /I1 100 0 R >>",
        drawn={2: b"q 90 0 0 90 60 640 cm /I1 Do Q\n"},
        objects={100: paper.picture(sources.shown("head"))},
    )


@lane.unsafe("pdf-montage", "scan-pixels", "gallery.pdf", at="page 1")
def _(rng):
    sheet = pictures.montage([sources.shown(n) for n in sources.PHANTOMS], 2)
    return paper.pdf(
        [["Gallery"]],
        resources="/XObject << /I1 100 0 R >>",
        drawn={1: b"q 300 0 0 300 60 400 cm /I1 Do Q\n"},
        objects={100: paper.picture(sheet)},
    )


@lane.unsafe("pdf-invisible", "hidden-content", "report.pdf", at="page 1",
             also=("text-identifiers",))  # fmt: skip
def _(rng):
    hidden = f"BT /F1 8 Tf 3 Tr 60 90 Td ({people.nhs_number(rng)}) Tj ET\n"
    return paper.pdf([ABSTRACT], drawn={1: hidden.encode()})


@lane.unsafe("pdf-script", "active-content", "form.pdf")
def _(rng):
    action = "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    return paper.pdf([ABSTRACT], catalogue=action)


@lane.unsafe("pdf-tail", "appended-bytes", "report.pdf", also=("row-level-data", "polyglot"))
def _(rng):
    return paper.pdf([ABSTRACT]) + _records(rng).encode()


# ---- unsafe: web pages and drawings -------------------------------------------------------


@lane.unsafe("html-comment", "hidden-content", "report.html", also=("row-level-data",))
def _(rng):
    return PAGE.format(f"<p>AUC 0.83</p><!--\n{_records(rng)}-->")


@lane.unsafe("html-details", "row-level-data", "report.html", also=("hidden-content",))
def _(rng):
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in record) + "</tr>\n"
        for record in people.records(rng, 30)
    )
    return PAGE.format(f"<p>AUC 0.83</p><details><table>{rows}</table></details>")


@lane.unsafe("html-attributes", "row-level-data", "map.html",
             also=("hidden-content", "identifiers", "text-identifiers"))  # fmt: skip
def _(rng):
    marks = "".join(
        f'<i data-id="{people.pseudonym(rng)}" title="age {r[0]}, stage {r[2]}">o</i>'
        for r in people.records(rng, 40)
    )
    return PAGE.format(f"<div>{marks}</div>")


@lane.unsafe("html-json", "active-content", "dashboard.html",
             also=("row-level-data", "hidden-content"))  # fmt: skip
def _(rng):
    rows = json.dumps(people.records(rng, 40))
    return PAGE.format(f"<div id='v'></div><script>const rows = {rows};</script>")


@lane.unsafe("html-scan", "scan-pixels", "report.html", also=("encoded-blob", "embedded-file"))
def _(rng):
    uri = pictures.data_uri(pictures.jpeg(sources.shown("ct")), "image/jpeg")
    return PAGE.format(f'<p>Example</p><img src="{uri}" alt="axial slice">')


@lane.unsafe("html-small", "small-cells", "summary.html")
def _(rng):
    return PAGE.format("<p>640 patients.</p>\n<ul><li>anaphylaxis: 2 patients</li></ul>")


_unsafe("html-beacon", "external-reference", "report.html", "", PAGE.format(
    '<p>AUC 0.83</p><img src="https://stats.example.org/p.gif?run=41" width="1" height="1">'
))  # fmt: skip
_unsafe("css-import", "external-reference", "report.html", "", PAGE.format(
    '<style>@import url("//fonts.example.com/a.css");</style><p>AUC 0.83</p>'
))  # fmt: skip
_unsafe("svg-handler", "active-content", "plot.svg", "", SVG.format(
    '<rect width="40" height="90" onmouseover="fetch(\'/hub\')"/>'
))  # fmt: skip
_unsafe("svg-use", "external-reference", "plot.svg", "", SVG.format(
    '<use href="https://cdn.example.com/marks.svg#circle"/>'
))  # fmt: skip


@lane.unsafe("svg-description", "hidden-content", "plot.svg",
             also=("text-identifiers", "identifiers"))  # fmt: skip
def _(rng):
    return SVG.format(f"<desc>{people.name(rng)} {people.nhs_number(rng)}</desc><rect width='9'/>")


@lane.unsafe("svg-off-canvas", "hidden-content", "plot.svg",
             also=("text-identifiers", "identifiers"))  # fmt: skip
def _(rng):
    ids = "".join(f'<text x="-900" y="{k}">{people.nhs_number(rng)}</text>' for k in range(9))
    return SVG.format(f'<rect width="40" height="90"/>{ids}')


@lane.unsafe("svg-titles", "one-mark-per-patient", "scatter.svg",
             also=("row-level-data", "text-identifiers", "hidden-content"))  # fmt: skip
def _(rng):
    marks = (
        f'<circle cx="{r[0] * 4}" cy="{r[4]}" r="2"><title>{r[0]} {r[1]}, {r[2]}</title></circle>'
        for r in people.records(rng, 50)
    )
    return SVG.format("".join(marks))


# ---- unsafe: containers and disguises --------------------------------------------------------


@lane.unsafe("docx-like", "archive", "manuscript_data.zip")
def _(rng):
    return formats.zipped({"tables/all.csv": _records(rng)})


@lane.unsafe("gz-as-csv", "archive", "table1.csv", also=("encoded-blob", "polyglot", "name"))
def _(rng):
    return gzip.compress(_records(rng).encode(), mtime=0)


@lane.unsafe("nifti-as-log", "raw-image", "train.log", also=("archive", "name"))
def _(rng):
    head = bytearray(352)
    head[:4] = (348).to_bytes(4, "little")
    head[344:348] = b"n+1\0"
    head[40:48] = np.array([3, 64, 64, 1], "<i2").tobytes()
    head[70:74] = np.array([4, 16], "<i2").tobytes()
    return bytes(head) + sources.phantom("ct")[:64, :64].astype("<i2").tobytes()


@lane.unsafe("dicom-as-text", "raw-image", "notes.txt", also=("name", "text-identifiers"))
def _(rng):
    return sources.dicom_path("ct-small").read_bytes()


@lane.unsafe("blob-in-yaml", "encoded-blob", "config.yaml", also=("raw-image", "archive"))
def _(rng):
    packed = base64.b64encode(zlib.compress(_records(rng, 200).encode())).decode()
    return f"seed: 7\nepochs: 40\ncache: {packed}\n"


@lane.unsafe("hex-in-json", "encoded-blob", "metrics.json", also=("raw-image",))
def _(rng):
    scan = sources.shown("head")[::4, ::4].tobytes().hex()
    return formats.json_text({"auc": 0.83, "state": scan})


@lane.unsafe("formula", "active-content", "results.csv")
def _(rng):
    return 'model,AUC\ncombined,0.83\n"=HYPERLINK(""https://example.org/?x="",""more"")",0.79\n'


@lane.unsafe("double-suffix", "name", "figure1.pdf.svg", also=("active-content",))
def _(rng):
    return SVG.format('<rect width="40" height="90"/>')


# ---- safe ------------------------------------------------------------------------------------

PAGES = {
    "abstract": [ABSTRACT],
    "methods": [ABSTRACT, ["Methods", "Two readers, 8 and 15 years; 5-point scale; 3 T."]],
    "protocol": [["Protocol", "1. Consent", "2. MRI at 0, 3, 6 and 12 months", "3. Blood test"]],
    "results": [["Results", "Relapse in 131 of 412 patients (31.8%).", "HR 1.42 (1.10-1.83)"]],
    "checklist": [["CLAIM", "Item 1: page 1", "Item 2: page 1", "Item 7: page 5"]],
    "sample-size": [["Sample size", "310 lesions give 80% power for kappa 0.6 against 0.7."]],
}
for _name, _pages in PAGES.items():
    lane.safe(f"pdf-{_name}", f"{_name}.pdf", _pages)(lambda rng, pages: paper.pdf(pages))

for _name in ("roc", "loss", "forest", "calibration"):
    lane.safe(f"pdf-plot-{_name}", f"{_name}.pdf", _name)(
        lambda rng, name: pictures.rendered(plots.SAFE[name](rng), "pdf")
    )

_safe("html-models", "models.html", formats.html(
    ["model", "AUC", "patients"], [["clinical", 0.74, 640], ["combined", 0.83, 640]]
))  # fmt: skip
_safe("html-lists", "methods.html", PAGE.format(
    "<ol><li>resample to 1 mm</li><li>clip to -160 to 240 HU</li></ol><p>40 epochs.</p>"
))  # fmt: skip
_safe("html-link", "readme.html", PAGE.format(
    '<p>See <a href="https://doi.org/10.1016/j.ejca.2011.11.036">Lambin 2012</a>.</p>'
))  # fmt: skip
_safe("html-comment", "index.html", PAGE.format("<!-- made by pandoc 3.1 --><p>AUC 0.83</p>"))
_safe("svg-bars", "bars.svg", SVG.format(
    '<rect x="20" y="60" width="40" height="83"/><text x="20" y="160">AUC 0.83</text>'
))  # fmt: skip
_safe("svg-curve", "roc.svg", SVG.format(
    '<path d="M20 280 C 40 90 140 40 380 20" fill="none" stroke="black"/><title>ROC</title>'
))  # fmt: skip
_safe("svg-pipeline", "pipeline.svg", SVG.format(
    "".join(f'<rect x="{90 * k}" width="70" height="30"/><text x="{90 * k}">step {k}</text>'
            for k in range(1, 5))
))  # fmt: skip
_safe("xlsx-two-sheets", "Table S1.xlsx", formats.xlsx({
    "Table S1": [["model", "AUC", "patients"], ["clinical", 0.74, 640], ["combined", 0.83, 640]],
    "Legend": [["AUC", "area under the curve"]],
}))  # fmt: skip
_safe("csv-dashes", "terms.csv", "term,HR\n- age,1.2\n- stage III,2.8\npatients,412\n")
_safe("json-config", "config.json", formats.json_text({"lr": 2e-4, "epochs": 40, "folds": 5}))


@lane.safe("html-plot", "report.html")
def _(rng):
    uri = pictures.data_uri(pictures.rendered(plots.roc(rng)))
    return PAGE.format(f'<p>Figure 1</p><img src="{uri}" alt="ROC curve">')
