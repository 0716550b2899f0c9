"""Safe tables of integers that count no people, in the forms that results are written in."""

from __future__ import annotations

from tests.corpus.egress import formats
from tests.corpus.egress.case import Lane

lane = Lane("safe-integers")

TABLES: dict[str, tuple[str, list[str], list[list[object]]]] = {
    "hyperparameters": ("csv", ["parameter", "value"], [
        ["epochs", 40], ["batch size", 2], ["folds", 5], ["seed", 7], ["depth", 4], ["heads", 6],
        ["warm-up epochs", 3]]),
    "architecture": ("csv", ["layer", "kernel", "stride", "padding", "channels"], [
        ["stem", 7, 2, 3, 64], ["block 1", 3, 1, 1, 64], ["block 2", 3, 2, 1, 128],
        ["block 3", 3, 2, 1, 256], ["head", 1, 1, 0, 2]]),
    "image-sizes": ("md", ["data set", "rows", "columns", "slices", "spacing (mm)"], [
        ["chest CT", 512, 512, 320, 1], ["prostate MR", 384, 384, 24, 3],
        ["mammography", 3328, 2560, 1, 0]]),
    "protocol-ct": ("tex", ["parameter", "CT A", "CT B"], [
        ["tube voltage (kVp)", 120, 100], ["reference mAs", 90, 75], ["slice (mm)", 1, 2],
        ["reconstruction kernel", 40, 3]]),
    "protocol-mr": ("csv", ["sequence", "TR ms", "TE ms", "flip angle", "averages", "echo train"], [
        ["T2 TSE", 4000, 101, 120, 3, 25], ["DWI", 4600, 64, 90, 4, 1], ["DCE", 5, 2, 12, 1, 1]]),
    "b-values": ("csv", ["b value (s/mm2)", "directions", "averages"], [
        [0, 1, 1], [50, 3, 2], [400, 3, 4], [800, 3, 8], [1500, 6, 9]]),
    "years": ("csv", ["scanner model", "installed", "software version"], [
        ["A", 2009, 6], ["B", 2014, 8], ["C", 2021, 3]]),
    "ranks": ("csv", ["feature", "rank, fold 1", "rank, fold 2", "rank, fold 3"], [
        ["sphericity", 1, 2, 1], ["entropy", 2, 1, 4], ["contrast", 3, 5, 2], ["volume", 4, 3, 3]]),
    "label-map": ("csv", ["label", "structure", "red", "green", "blue"], [
        [0, "background", 0, 0, 0], [1, "spleen", 157, 108, 162], [2, "right kidney", 185, 102, 83],
        [3, "left kidney", 185, 102, 83], [5, "liver", 221, 130, 101]]),
    "likert-anchors": ("md", ["score", "meaning"], [
        [1, "not diagnostic"], [2, "poor"], [3, "acceptable"], [4, "good"], [5, "excellent"]]),
    "bi-rads": ("html", ["category", "assessment"], [
        [0, "incomplete"], [1, "negative"], [2, "benign"], [3, "probably benign"],
        [4, "suspicious"], [5, "highly suggestive of malignancy"], [6, "known malignancy"]]),
    "staging-rules": ("csv", ["T", "N", "M", "stage group"], [
        [1, 0, 0, 1], [2, 0, 0, 2], [2, 1, 0, 3], [4, 3, 0, 3], [1, 0, 1, 4]]),
    "recist": ("csv", ["criterion", "lesions per organ, at most", "lesions in total, at most",
                       "short axis mm, at least"], [
        ["RECIST 1.0", 5, 10, 10], ["RECIST 1.1", 2, 5, 15]]),
    "gpu": ("csv", ["model", "GPUs", "hours", "memory GiB"], [
        ["U-Net", 1, 9, 11], ["Swin UNETR", 4, 31, 22], ["DenseNet", 1, 3, 6]]),
    "runtimes": ("csv", ["step", "seconds"], [
        ["load", 2], ["resample", 5], ["predict", 8], ["post-process", 1]]),
    "epochs": ("csv", ["epoch", "learning rate x 1e6", "loss x 1000"], [
        [e, 1000 // e, 900 // e + 80] for e in range(1, 21)]),
    "early-stopping": ("csv", ["fold", "best epoch", "stopped at epoch"], [
        [1, 34, 44], [2, 9, 19], [3, 41, 51], [4, 7, 17], [5, 28, 38]]),
    "seeds": ("json", ["run", "seed"], [[1, 7], [2, 13], [3, 42], [4, 2024], [5, 3]]),
    "settings-pyradiomics": ("md", ["setting", "value"], [
        ["binWidth", 25], ["resampledPixelSpacing", 1], ["normalizeScale", 100], ["padDistance", 5],
        ["voxelArrayShift", 300], ["glcm distance", 1]]),
    "feature-families": ("csv", ["family", "features"], [
        ["shape", 14], ["first order", 18], ["GLCM", 24], ["GLRLM", 16], ["NGTDM", 5]]),
    "parameters": ("parquet", ["network", "parameters", "layers"], [
        ["U-Net", 31043521, 23], ["DenseNet-121", 7978856, 121], ["LeNet", 61706, 5]]),
    "windows": ("csv", ["window", "centre HU", "width HU"], [
        ["lung", -600, 1500], ["soft tissue", 40, 400], ["stroke", 35, 8], ["bone", 300, 1500]]),
    "hounsfield": ("csv", ["material", "nominal HU", "measured HU"], [
        ["air", -1000, -998], ["acrylic", 120, 123], ["water", 0, 1], ["bone", 955, 948]]),
    "dicom-tags": ("csv", ["group", "element", "keyword", "VM"], [
        [8, 96, "Modality", 1], [40, 16, "Rows", 1], [40, 17, "Columns", 1],
        [32, 50, "ImagePositionPatient", 3], [40, 48, "PixelSpacing", 2]]),
    "versions": ("csv", ["package", "major", "minor", "patch"], [
        ["numpy", 2, 4, 6], ["SimpleITK", 2, 4, 1], ["monai", 1, 4, 0]]),
    "gantt": ("xlsx", ["work package", "first week", "last week"], [
        ["data access", 1, 6], ["labelling", 5, 20], ["training", 12, 30], ["report", 28, 34]]),
    "codebook": ("xlsx", ["variable", "code", "label"], [
        ["sex", 1, "female"], ["sex", 2, "male"], ["smoking", 0, "never"], ["smoking", 1, "former"],
        ["smoking", 2, "current"], ["smoking", 9, "unknown"]]),
    "icd": ("csv", ["chapter", "code", "meaning"], [
        [2, "C34", "bronchus and lung"], [2, "C50", "breast"], [2, "C61", "prostate"]]),
    "sample-size": ("tex", ["AUC difference (points)", "power (%)", "patients needed"], [
        [3, 80, 860], [5, 80, 310], [5, 90, 415], [8, 80, 125]]),
    "checklist": ("md", ["item", "page", "line"], [
        [1, 1, 3], [2, 1, 9], [3, 2, 4], [4, 4, 7], [5, 6, 1]]),
    "age-bands": ("csv", ["band", "from", "to"], [
        [1, 18, 39], [2, 40, 49], [3, 50, 59], [4, 60, 69], [5, 70, 120]]),
    "augmentation": ("json", ["transform", "degrees", "voxels", "percent"], [
        ["rotate", 15, 0, 50], ["shift", 0, 8, 50], ["flip", 180, 0, 50], ["noise", 0, 0, 20]]),
    "radiotherapy": ("csv", ["schedule", "fractions", "dose per fraction Gy", "total Gy"], [
        ["A", 5, 7, 35], ["B", 20, 3, 60], ["C", 3, 18, 54]]),
    "follow-up-plan": ("md", ["visit", "month", "CT", "MR"], [
        [1, 0, 1, 1], [2, 3, 1, 0], [3, 6, 1, 0], [4, 12, 1, 1]]),
    "wilcoxon": ("csv", ["comparison", "degrees of freedom", "chi squared"], [
        ["stage", 3, 9], ["sex", 1, 2], ["site", 4, 6]]),
    "kernel-grid": ("csv", ["kernel", "dilation", "mean Dice x 100 over 1,240 patients"], [
        [3, 1, 86], [3, 2, 87], [5, 1, 86], [7, 1, 84]]),
    "confounders": ("csv", ["node", "parents", "children"], [
        ["age", 0, 3], ["stage", 1, 2], ["scanner", 0, 1], ["response", 4, 0]]),
    "quantisation": ("csv", ["bits", "model MB", "latency ms"], [
        [32, 119, 48], [16, 60, 27], [8, 30, 15], [4, 15, 14]]),
}  # fmt: skip

WRITERS = {
    "csv": formats.csv,
    "md": formats.markdown,
    "tex": formats.latex,
    "html": formats.html,
    "parquet": formats.parquet,
    "xlsx": lambda head, rows: formats.xlsx({"Sheet1": [head, *rows]}),
    "json": lambda head, rows: formats.json_text(
        [dict(zip(head, row, strict=True)) for row in rows]
    ),
}

_POLICIES = ("acro", "opensafely", "nhs-sde")

for _index, (_name, (_kind, _head, _rows)) in enumerate(TABLES.items()):
    lane.safe(
        _name, f"{_name}.{_kind}", _kind, _head, _rows, policy=_POLICIES[_index % 3]
    )(lambda rng, kind, head, rows: WRITERS[kind](head, rows))  # fmt: skip
