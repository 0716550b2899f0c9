"""Unsafe tables of a second generation: records of people, and what a workbook hides."""

from __future__ import annotations

import numpy as np
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName

from tests.corpus.egress import formats, people
from tests.corpus.egress.case import Lane

lane = Lane("tables", series="second-")

# ---- records ---------------------------------------------------------------------------


@lane.unsafe("dsc-per-case", "row-level-data", "dsc.csv")
def _(rng):
    rows = [[f"case_{k:03}", *rng.beta(9, 2, 3).round(3)] for k in range(40)]
    return formats.csv(["", "liver", "spleen", "tumour"], rows)


@lane.unsafe("bland-heads", "row-level-data", "fig4_source.csv")
def _(rng):
    return formats.csv([f"v{k}" for k in range(1, 8)], people.records(rng, 60))


@lane.unsafe("nnunet-summary", "row-level-data", "summary.json", also=("identifiers",))
def _(rng):
    each = [
        {"reference_file": f"labelsTs/LUNG_{k:03}.nii.gz", "metrics": {"1": {"Dice": float(d)}}}
        for k, d in enumerate(rng.beta(9, 2, 30).round(4))
    ]
    return formats.json_text({"metric_per_case": each, "foreground_mean": {"Dice": 0.83}})


@lane.unsafe("monai-raw-dice", "row-level-data", "val_mean_dice_raw.csv", also=("identifiers",))
def _(rng):
    rows = [[f"/data/img{k}.nii.gz", *rng.beta(9, 2, 2).round(4)] for k in range(25)]
    return formats.csv(["filename", "class0", "class1"], rows)


@lane.unsafe("wandb-table", "row-level-data", "wandb-table.table.json")
def _(rng):
    rows = [[k, *score] for k, score in enumerate(people.scores(rng, 40))]
    return formats.json_text({"columns": ["idx", "gt", "p(malignant)"], "data": rows, "ncols": 3})


@lane.unsafe("packed-cells", "row-level-data", "volumes.csv", at="column volumes")
def _(rng):
    rows = [
        [stage, 24, "; ".join(map(str, rng.lognormal(2, 0.9, 24).round(1)))]
        for stage in people.STAGES
    ]
    return formats.csv(["stage", "n", "volumes"], rows)


@lane.unsafe("wide-patients", "row-level-data", "features_T.csv")
def _(rng):
    rows = [[name, *rng.normal(5, 2, 36).round(3)] for name in ("entropy", "energy", "contrast")]
    return formats.csv(["feature", *(f"S{k}" for k in range(36))], rows)


@lane.unsafe("radiomics-parquet", "row-level-data", "original_firstorder.parquet")
def _(rng):
    rows = rng.lognormal(1, 0.6, (80, 6)).round(4).tolist()
    return formats.parquet([f"original_firstorder_{k}" for k in "ABCDEF"], rows)


@lane.unsafe("stage-key", "identifiers", "features.csv", at="column key", also=("row-level-data",))
def _(rng):
    rows = [[people.uid(rng), int(rng.integers(20, 90))] for _ in range(12)]
    return formats.csv(["key", "slices"], rows)


@lane.unsafe("hash-index", "identifiers", "folds.csv", at="column sample", also=("row-level-data",))
def _(rng):
    rows = [[rng.bytes(16).hex(), k % 5] for k in range(20)]
    return formats.csv(["sample", "fold"], rows)


@lane.unsafe(
    "accession-note", "text-identifiers", "failures.csv", at="row 2", also=("identifiers",)
)
def _(rng):
    rows = [
        ["too few slices", 24, ""],
        ["corrupt header", 13, f"e.g. accession RAD{rng.integers(10**7, 10**8)}"],
        ["motion", 61, ""],
    ]
    return formats.csv(["reason", "n", "note"], rows)


@lane.unsafe("latents", "embeddings", "latents.csv", also=("row-level-data",))
def _(rng):
    return formats.csv([f"z{k}" for k in range(64)], rng.normal(size=(30, 64)).round(5).tolist())


@lane.unsafe("clip-json", "embeddings", "image_features.json", also=("row-level-data",))
def _(rng):
    return formats.json_text({str(k): rng.normal(size=48).round(5).tolist() for k in range(20)})


@lane.unsafe("roi-matrix", "pixel-matrix", "roi.csv", also=("row-level-data", "scan-pixels"))
def _(rng):
    y, x = np.mgrid[:48, :48]
    body = 60 - 900 * (((x - 24) ** 2 + (y - 22) ** 2) > 300) + rng.normal(0, 15, (48, 48))
    return formats.csv([str(k) for k in range(48)], body.round().astype(int).tolist())


# ---- workbooks ------------------------------------------------------------------------------

GOOD = [["stage", "n"], ["I", 150], ["II", 141], ["III", 121]]


def _book(rng, **more):
    return formats.workbook({"Summary": GOOD, **more})


def _raw(rng, count=20):
    return [["age", "sex", "stage", "scanner", "ml", "days", "died"], *people.records(rng, count)]


@lane.unsafe("very-hidden", "hidden-parts", "Table S2.xlsx", at="sheet _calc")
def _(rng):
    book = _book(rng, _calc=_raw(rng))
    book["_calc"].sheet_state = "veryHidden"
    return formats.xlsx(book)


@lane.unsafe("hidden-rows", "hidden-parts", "Table S3.xlsx", at="sheet Summary, row 5")
def _(rng):
    book = _book(rng)
    book["Summary"].append(["IV, trial patients", 3])
    book["Summary"].row_dimensions[5].hidden = True
    return formats.xlsx(book)


@lane.unsafe("hidden-column", "hidden-parts", "Table S4.xlsx", at="sheet Summary")
def _(rng):
    book = _book(rng)
    for row, ids in enumerate(("P0041;P0077", "P0101;P0122", "P0003;P0099"), 2):
        book["Summary"].cell(row, 5, ids)
    book["Summary"].column_dimensions["E"].hidden = True
    return formats.xlsx(book)


@lane.unsafe("comment-name", "hidden-parts", "Table S5.xlsx", at="sheet Summary",
             also=("text-identifiers", "identifiers"))  # fmt: skip
def _(rng):
    book = _book(rng)
    book["Summary"]["B4"].comment = Comment(f"without {people.name(rng)}, died at CT", "reader")
    return formats.xlsx(book)


@lane.unsafe("white-font", "hidden-parts", "Table S6.xlsx", at="sheet Summary",
             also=("small-cells",))  # fmt: skip
def _(rng):
    book = _book(rng)
    cell = book["Summary"].cell(12, 9, "IV: 3 patients")
    cell.font = Font(color="FFFFFFFF")
    return formats.xlsx(book)


@lane.unsafe("name-constant", "hidden-parts", "Table S7.xlsx", also=("identifiers",))
def _(rng):
    book = _book(rng)
    ids = ";".join(people.nhs_number(rng) for _ in range(6))
    book.defined_names["index"] = DefinedName("index", attr_text=f'"{ids}"', hidden=True)
    return formats.xlsx(book)


@lane.unsafe("pivot-cache", "hidden-parts", "pivot.xlsx", also=("row-level-data", "embedded-file"))
def _(rng):
    rows = "".join(
        f'<r><n v="{age}"/><s v="{sex}"/><s v="{stage}"/><n v="{ml}"/></r>'
        for age, sex, stage, _, ml, *_ in people.records(rng, 40)
    )
    name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cache = f'<pivotCacheRecords xmlns="{name}" count="40">{rows}</pivotCacheRecords>'
    member = "xl/pivotCache/pivotCacheRecords1.xml"
    return formats.settled(formats.xlsx(_book(rng)), {member: cache})


@lane.unsafe("second-sheet", "row-level-data", "Supplement.xlsx", at="sheet source")
def _(rng):
    return formats.xlsx(_book(rng, source=_raw(rng, 60)))


@lane.unsafe("small-far-right", "small-cells", "Appendix.xlsx", at="sheet Summary, row 3")
def _(rng):
    book = _book(rng)
    book["Summary"]["Z1"], book["Summary"]["Z2"] = "relapsed", 22
    book["Summary"]["Z3"], book["Summary"]["Z4"] = 4, 31
    return formats.xlsx(book)
