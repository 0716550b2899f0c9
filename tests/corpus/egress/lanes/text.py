"""Running text: captions, flow of a cohort, logs, code, configuration, and the names of files."""

from __future__ import annotations

import base64
import gzip
import zlib

import numpy as np

from tests.corpus.egress import formats, people, sources
from tests.corpus.egress.case import Lane

lane = Lane("text-and-captions")


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


# ---- unsafe: small numbers in sentences ---------------------------------------

SENTENCES = {
    "excluded": (
        "flow.txt",
        3,
        "Of 1,240 patients screened, 214 had no follow-up imaging.",
        "",
        "Three were excluded because of metal artefacts.",
    ),
    "digit": (
        "exclusions.md",
        5,
        "# Exclusions",
        "",
        "- no consent for research: 86",
        "- motion: 41",
        "- contrast missing: 4 patients",
    ),
    "caption": (
        "caption_fig2.txt",
        2,
        "Figure 2. Kaplan-Meier curves by radiomics risk group.",
        "In the high-risk group 5 of 88 patients were alive at 60 months.",
    ),
    "single": (
        "results.md",
        3,
        "## Results",
        "",
        "A single patient had a grade 4 reaction to the contrast agent (1/412).",
    ),
    "latex-flow": (
        "consort.tex",
        2,
        r"\node (a) {Assessed: $n=1240$};",
        r"\node (b) {Withdrew consent: $n=2$};",
        r"\node (c) {Analysed: $n=1238$};",
    ),
    "n-equals": (
        "caption_table4.txt",
        1,
        "Table 4. Subgroup of men with breast cancer (n = 6); values are medians (IQR).",
        "IQR, interquartile range.",
    ),
    "pair": (
        "abstract.txt",
        2,
        "We read 960 mammograms of 960 women.",
        "Both radiologists missed the same two cancers, both in dense breasts.",
    ),
    "deaths": ("summary.md", 3, "Follow-up", "", "7 deaths occurred in the ablation arm (n = 64)."),
    "yaml-flow": (
        "cohort.yaml",
        4,
        "cohort:",
        "  screened: 1530",
        "  eligible: 1204",
        "  withdrawn_patients: 3",
    ),
    "log": (
        "train.log",
        3,
        "2024-03-02 10:11:08 INFO loading the split",
        "2024-03-02 10:11:09 INFO train: 880 patients, validation: 176 patients",
        "2024-03-02 10:11:09 INFO test site Truro: 6 patients, 2 positive",
    ),
}

for _name, (_file, _line, *_text) in SENTENCES.items():
    lane.unsafe(f"small-{_name}", "small-cells", _file, _text, at=f"line {_line}")(
        lambda rng, text: _lines(*text)
    )

FOLLOWING = {
    "percent": ("caption.txt", "Local recurrence was seen in 2.4% of the 84 patients.", 1),
    "all-but": ("results.txt", "All but 3.1% of the 96 lesions' patients had a biopsy.", 1),
    "accuracy": ("eval.log", "site=Leeds n_patients=45 accuracy=0.9556", 1),
    "fraction": ("discussion.md", "One in sixteen of the 48 men had a false negative scan.", 1),
    "rest": ("methods.txt", "Of 206 patients, 121 had CT and 82 had MRI; the rest had PET.", 1),
    "ppv": ("screening.md", "PPV of recall was 97.9% (n = 94 recalled women).", 1),
}

for _name, (_file, _text, _line) in FOLLOWING.items():
    lane.unsafe(f"implied-{_name}", "implied-counts", _file, _text, at=f"line {_line}")(
        lambda rng, text: text + "\n"
    )

UNROUNDED = {
    "screening": (
        "flow.md",
        "nhs-sde",
        ("Invited: 10,432 women", "Attended: 7,318 women", "Recalled: 391 women"),
    ),
    "caption": (
        "caption.txt",
        "opensafely",
        ("Figure 1. Distribution of age in 1,207 patients of 14 trusts.",),
    ),
    "prose": (
        "results.txt",
        "opensafely",
        ("We included 640 patients.", "Cancer was found in 83 patients."),
    ),
}

for _name, (_file, _policy, _text) in UNROUNDED.items():
    lane.unsafe(f"unrounded-{_name}", "unrounded-counts", _file, _text, policy=_policy)(
        lambda rng, text: _lines(*text)
    )


# ---- unsafe: who it is ------------------------------------------------------


@lane.unsafe("name-in-notes", "text-identifiers", "notes.txt", at="line 2")
def _(rng):
    return _lines(
        "Reader meeting, hard cases:",
        f"- {people.name(rng)}, born {people.birth_date(rng)}: spiculated mass, left",
        "- agreed to use the ACR lexicon",
    )


@lane.unsafe("nhs-number", "text-identifiers", "todo.md", at="line 3")
def _(rng):
    number = people.nhs_number(rng)
    return _lines("# To do", "", f"- ask for the report of {number[:3]} {number[3:6]} {number[6:]}")


@lane.unsafe("mrn-in-code", "text-identifiers", "preprocess.py", at="line 4", also=("identifiers",))
def _(rng):
    return _lines(
        '"""Resample every volume to 1 mm."""',
        "import SimpleITK as sitk",
        "",
        f'SKIP = ["MRN{rng.integers(10**6, 10**7)}", "MRN{rng.integers(10**6, 10**7)}"]',
        "",
        "def resample(image):",
        "    return sitk.Resample(image)",
    )


@lane.unsafe("uids-in-log", "text-identifiers", "convert.log", at="line 1", also=("identifiers",))
def _(rng):
    return _lines(*(f"WARNING no rescale slope in {people.uid(rng)}" for _ in range(6)))


@lane.unsafe(
    "paths-in-traceback", "text-identifiers", "slurm-8812.out", at="line 2", also=("identifiers",)
)
def _(rng):
    path = f"/mnt/pacs/{people.name(rng).replace('^', '_')}/19630418/CT/IM_0042"
    return _lines(
        "Traceback (most recent call last):",
        f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'",
    )


@lane.unsafe("radiology-report", "text-identifiers", "example_prompt.txt", at="line 1")
def _(rng):
    return _lines(
        f"Patient: {people.name(rng)}  Hosp No: {rng.integers(10**6, 10**7)}",
        "CT thorax with contrast, 14/03/2021.",
        "There is a 22 mm nodule in the right upper lobe.",
        "Reported by Dr H. Whitfield, GMC 6112983.",
    )


@lane.unsafe("email-phone", "text-identifiers", "contact.md", at="line 1")
def _(rng):
    return _lines(
        "Participant rang back: Margaret Whitfield, 07700 900142, "
        "mwhitfield1948@example.org, wants her scan deleted."
    )


@lane.unsafe(
    "exam-dates", "text-identifiers", "timeline.txt", at="line 2", also=("row-level-data",)
)
def _(rng):
    return _lines(
        "Course of the index case (SUBJ-0047):",
        "12/02/2019 mammogram, 26/02/2019 biopsy, 04/03/2019 mastectomy, TR7 2XX",
    )


@lane.unsafe(
    "latex-comment", "hidden-content", "table.tex", at="line 1", also=("text-identifiers",)
)
def _(rng):
    head = f"% checked against {people.nhs_number(rng)} {people.name(rng)}\n"
    return head + formats.latex(["stage", "n"], [["I", 150], ["II", 141]])


@lane.unsafe(
    "markdown-comment",
    "hidden-content",
    "README.md",
    at="line 3",
    also=("text-identifiers", "small-cells"),
)
def _(rng):
    return _lines(
        "# Segmentation of the liver",
        "",
        "<!-- Truro had only 2 patients, P. Novak and E. Sato -->",
        "Run `train.py`.",
    )


@lane.unsafe("zero-width", "hidden-content", "summary.txt", also=("encoded-blob",))
def _(rng):
    bits = "".join(f"{byte:08b}" for byte in people.nhs_number(rng).encode())
    hidden = "".join("\u200b" if bit == "0" else "\u200c" for bit in bits)
    return f"The model was trained for 40 epochs.{hidden} It converged early.\n"


@lane.unsafe("trailing-blanks", "hidden-content", "methods.md", also=("encoded-blob",))
def _(rng):
    bits = "".join(f"{byte:08b}" for byte in rng.bytes(24))
    words = [f"Sentence {i} of the methods." for i in range(len(bits))]
    return _lines(*(w + (" " if b == "0" else "\t") for w, b in zip(words, bits, strict=True)))


# ---- unsafe: records, pixels and bytes in text ------------------------------


@lane.unsafe("per-case-dice", "row-level-data", "test.log")
def _(rng):
    return _lines(
        *(
            f"[{i:03}/064] dice={rng.beta(9, 2):.4f} hd95={rng.exponential(4):.2f} "
            f"volume={rng.lognormal(3, 1):.1f}ml"
            for i in range(1, 65)
        )
    )


@lane.unsafe("printed-frame", "row-level-data", "output.txt")
def _(rng):
    rows = [
        f"{i:<4}{a:>5}{s:>5}{st:>6}{v:>9}"
        for i, (a, s, st, _, v, *_) in enumerate(people.records(rng, 40))
    ]
    return _lines("     age  sex stage   volume", *rows)


@lane.unsafe("cases-in-code", "row-level-data", "figure3.R", at="line 2")
def _(rng):
    ages = ", ".join(str(record[0]) for record in people.records(rng, 48))
    return _lines("# Figure 3", f"age <- c({ages})", "hist(age)")


@lane.unsafe("list-in-python", "row-level-data", "plot_roc.py", at="line 3")
def _(rng):
    pairs = people.scores(rng, 60)
    return _lines(
        "import matplotlib.pyplot as plt",
        "",
        f"y = {[y for y, _ in pairs]}",
        f"p = {[p for _, p in pairs]}",
        "plt.plot(p)",
    )


@lane.unsafe("jsonl", "row-level-data", "predictions.jsonl", also=("identifiers",))
def _(rng):
    return _lines(
        *(f'{{"i": {i}, "y": {y}, "p": {p}}}' for i, (y, p) in enumerate(people.scores(rng, 80)))
    )


@lane.unsafe("printed-array", "pixel-matrix", "debug.log")
def _(rng):
    image = sources.phantom("ct")[60:260:6, 40:280:8].round().astype(int)
    with np.printoptions(threshold=10**6, linewidth=400):
        return f"DEBUG input batch[0]:\n{image}\n"


@lane.unsafe("ascii-art", "pixel-matrix", "preview.txt", also=("scan-pixels",))
def _(rng):
    image = sources.shown("ct")[::4, ::2] // 26
    return _lines(*("".join(" .:-=+*#%@"[min(v, 9)] for v in row) for row in image.tolist()))


@lane.unsafe("printed-embedding", "embeddings", "encoder.log", also=("row-level-data",))
def _(rng):
    return _lines(
        *(f"z[{i}] = " + " ".join(f"{v:.3f}" for v in rng.normal(size=48)) for i in range(24))
    )


@lane.unsafe("base64-png", "encoded-blob", "notes.txt", at="line 3", also=("scan-pixels",))
def _(rng):
    from tests.corpus.egress import pictures

    blob = base64.b64encode(pictures.png(sources.shown("ct")[::2, ::2])).decode()
    return _lines("Checkpoint digest:", "", blob)


@lane.unsafe("base64-csv", "encoded-blob", "config.yaml", at="line 3", also=("row-level-data",))
def _(rng):
    rows = formats.csv(["age", "sex", "stage", "scanner", "v", "d", "e"], people.records(rng, 60))
    return _lines("seed: 7", "lr: 0.001", f"cache: {base64.b64encode(rows.encode()).decode()}")


@lane.unsafe("hex-gzip", "encoded-blob", "weights_hash.txt", at="line 1")
def _(rng):
    return gzip.compress(sources.phantom("head")[::4, ::4].astype("<i2").tobytes(), mtime=0).hex()


@lane.unsafe("base85-comment", "encoded-blob", "utils.py", at="line 2")
def _(rng):
    packed = zlib.compress(formats.csv(["y", "p"], people.scores(rng, 90)).encode())
    return _lines("def load():", f"    return {base64.b85encode(packed).decode()!r}")


@lane.unsafe("wrapped-base64", "encoded-blob", "key.pem")
def _(rng):
    body = base64.encodebytes(sources.phantom("breast")[::4, ::4].astype("<i2").tobytes()).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


@lane.unsafe("decimal-bytes", "encoded-blob", "lut.json", also=("pixel-matrix", "row-level-data"))
def _(rng):
    packed = zlib.compress(formats.csv(["y", "p"], people.scores(rng, 120)).encode())
    return formats.json_text({"lut": list(packed)})


# ---- unsafe: groups, extremes, references, names ------------------------------


@lane.unsafe("all-died", "class-disclosure", "abstract.md", at="line 2")
def _(rng):
    return _lines("Results.", "All 14 patients from the Truro site had died within one year.")


@lane.unsafe("none-smoked", "class-disclosure", "caption.txt", at="line 1")
def _(rng):
    return "None of the 21 women with a BRCA2 variant was free of recurrence at 5 years.\n"


@lane.unsafe("oldest", "endpoints", "methods.txt", at="line 1")
def _(rng):
    return "We included 412 patients aged 23 to 97 years (the oldest died of metastases).\n"


@lane.unsafe("largest", "endpoints", "results.md", at="line 1")
def _(rng):
    return "Tumour volume ranged from 0.31 to 1,846.22 ml (median 14 ml, n = 240).\n"


@lane.unsafe("fifteen-digits", "excess-precision", "final.log", at="line 1")
def _(rng):
    return "mean age of 73 patients: 64.13698630136987 sd 9.872119485123771\n"


@lane.unsafe("no-denominator", "missing-counts", "findings.md", at="line 1")
def _(rng):
    return "Recurrence was 31.0% in triple negative, 8.1% in luminal A patients.\n"


@lane.unsafe("remote-image", "external-reference", "README.md", at="line 3")
def _(rng):
    return _lines("# Model", "", "![status](https://badges.example.net/p.png?site=leeds&n=42)")


@lane.unsafe(
    "name-says-who", "name", "Whitfield_Margaret_1948-03-02.txt", also=("text-identifiers",)
)
def _(rng):
    return "The segmentation was accepted by both readers.\n"


@lane.unsafe("name-with-number", "name", "nodule_9990548609.csv", also=("text-identifiers",))
def _(rng):
    return formats.csv(["metric", "value"], [["epochs", 40], ["batch size", 16]])


@lane.unsafe("name-turned-round", "name", "report_\u202efdp.txt")
def _(rng):
    return "A summary.\n"


@lane.unsafe("name-two-endings", "name", "results.csv.exe")
def _(rng):
    return formats.csv(["stage", "n"], [["I", 150], ["II", 141]])


@lane.unsafe("name-collision", "name", ("Table1.csv", "table1.csv"))
def _(rng):
    return {
        "Table1.csv": formats.csv(["stage", "n"], [["I", 150], ["II", 141]]),
        "table1.csv": formats.csv(["stage", "n"], [["I", 150], ["II", 141]]),
    }


@lane.unsafe("name-zero-width", "name", "tab\u200ble1.md")
def _(rng):
    return formats.markdown(["stage", "n"], [["I", 150], ["II", 141]])


# ---- safe -------------------------------------------------------------------

SAFE = {
    "flow.txt": (
        "acro",
        "Of 1,240 patients screened, 214 had no follow-up imaging.",
        "Another 186 had no histology, which left 840 patients in 12 hospitals.",
    ),
    "flow_rounded.md": (
        "opensafely",
        "# Flow",
        "",
        "- invited: 10,430 women",
        "- attended: 7,320 women",
        "- recalled: 390 women",
        "- cancer: [REDACTED] in those below 40",
    ),
    "caption1.txt": (
        "acro",
        "Figure 1. ROC curves of 3 models on 2 test sets (n = 412 patients, 96 with cancer).",
        "Shading: 95% interval of 1,000 bootstrap samples.",
    ),
    "caption2.txt": (
        "acro",
        "Figure 2. Architecture: 5 stages, 2 convolutions each, "
        "3 x 3 kernels, stride 2, 32 to 320 channels.",
    ),
    "caption3.txt": (
        "nhs-sde",
        "Figure 3. Calibration in 10 equal groups of 640 patients.",
        "Vertical lines are 95% intervals.",
    ),
    "methods.md": (
        "acro",
        "## Imaging",
        "",
        "CT at 120 kVp, slice thickness 1.5 mm, pitch 0.9,",
        "kernel Br40; 2 of 4 phases used. MR at 3 T, b = 0, 50, 800 s/mm2.",
        "2 radiologists with 7 and 12 years of experience read all examinations twice,",
        "4 weeks apart.",
    ),
    "training.log": (
        "acro",
        *(
            f"epoch {e:>3}/8 lr 1e-{3 + e // 4} loss {1 / e:.4f} "
            f"val_dice {0.9 - 0.3 / e:.4f} time {40 + e}s"
            for e in range(1, 9)
        ),
    ),
    "config.yaml": (
        "acro",
        "seed: 7",
        "folds: 5",
        "batch_size: 2",
        "patch: [128, 128, 64]",
        "optimizer: {name: sgd, momentum: 0.99, nesterov: true}",
        "gpus: 4",
    ),
    "pyproject.toml": (
        "acro",
        "[project]",
        'name = "nodule"',
        'version = "0.3.2"',
        'dependencies = ["numpy>=2", "monai==1.4"]',
    ),
    "train.py": (
        "acro",
        '"""Train the segmentation."""',
        "import argparse",
        "",
        "EPOCHS = 40",
        "WINDOW = (-1000, 400)  # HU",
        "",
        "def main() -> None:",
        "    parser = argparse.ArgumentParser()",
        '    parser.add_argument("--fold", type=int, default=3)',
        "",
        "main()",
    ),
    "analysis.R": (
        "acro",
        "library(survival)",
        "fit <- coxph(Surv(t, e) ~ age + stage, d)",
        "print(round(exp(coef(fit)), 2))",
        "plot(survfit(fit), xlim = c(0, 5))",
    ),
    "cohort.sql": (
        "acro",
        "SELECT stage, COUNT(*) AS n FROM patients",
        "WHERE age >= 18 AND year BETWEEN 2014 AND 2021",
        "GROUP BY stage HAVING COUNT(*) >= 10;",
    ),
    "abstract.md": (
        "acro",
        "**Purpose.** To predict response from CT.",
        "**Methods.** 1,204 patients of 7 centres (2014-2021); 5-fold cross-validation.",
        "**Results.** AUC 0.83 (95% CI 0.79-0.87) against 0.71 for TNM stage (p < .001).",
        "Sensitivity was 84% at a specificity of 75%.",
        "**Conclusion.** Radiomics adds to TNM.",
    ),
    "model.tex": (
        "acro",
        r"\section{Loss}",
        r"We minimise $L = L_{dice} + 3 L_{ce}$ over 4 scales",
        r"with weights $1, 1/2, 1/4, 1/8$ (see~\cite{nnunet}).",
        "% layout: two columns",
    ),
    "references.bib": (
        "acro",
        "@article{kickingereder2019,",
        "  title={Automated quantitative tumour response assessment},",
        "  journal={Lancet Oncol}, volume={20}, number={5}, pages={728--740},",
        "  year={2019}, doi={10.1016/S1470-2045(19)30098-1}",
        "}",
    ),
    "CHANGELOG.md": (
        "acro",
        "# Changes",
        "",
        "## 0.3.1 - 2024-05-02",
        "",
        "- 4 fewer warnings on import",
        "- fix issue 12: one worker was idle",
    ),
    "results.md": (
        "acro",
        "The kappa of 2 readers was 0.71 (n = 240 patients).",
        "Reading took 4 min (median) without and 3 min with the model.",
    ),
    "statistics.txt": (
        "acro",
        "Wilcoxon signed-rank test, two-sided: W = 8123, p = 0.004, n = 203 pairs.",
        "Bonferroni for 6 comparisons.",
    ),
    "power.txt": (
        "acro",
        "To see a difference of 5 points in AUC with 80% power at alpha 0.05",
        "the study needs 310 patients with and 310 without cancer (3 readers).",
    ),
    "environment.txt": (
        "acro",
        "numpy==2.4.6",
        "scipy==1.15.1",
        "SimpleITK==2.4.1",
        "torch==2.5.1+cu121",
    ),
    "gpu.log": (
        "acro",
        "GPU 0: 14.2 GiB of 24 GiB, 71 C",
        "GPU 1: 3.1 GiB of 24 GiB, 44 C",
        "2 workers restarted",
    ),
    "captions_rounded.md": (
        "opensafely",
        "Figure 2. Attendance in 1,200 women, of whom 305 were",
        "under 50, in 15 practices.",
    ),
    "letter.txt": (
        "acro",
        "Dear editor, we answer the 3 reviewers' 14 points one by one.",
        "Point 1: we now report all 5 folds. Point 2: see page 7, lines 3 to 9.",
    ),
    "checklist.md": (
        "acro",
        "| item | page |",
        "| --- | --- |",
        "| 1 Title | 1 |",
        "| 2 Abstract | 2 |",
        "| 13 Participants | 6 |",
        "| 16 Performance | 8 |",
    ),
    "tripod.json": ("acro", '{"items": 22, "reported": 21, "pages": [1, 2, 4, 5, 6, 7, 8]}'),
    "digest.txt": (
        "acro",
        "sha256 of the weights:",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    "demo_ids.py": (
        "acro",
        "import pydicom",
        "",
        "# a UID of the standard, not of a patient",
        'CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"',
        "",
        "def is_ct(dataset: pydicom.Dataset) -> bool:",
        "    return dataset.SOPClassUID == CT_IMAGE_STORAGE",
    ),
    "survey.txt": (
        "nhs-sde",
        "Q1. How confident are you in the model? (1 = not, 5 = very)",
        "65 radiologists answered; 45 chose 4 or 5.",
    ),
}

for _file, (_policy, *_text) in SAFE.items():
    lane.safe(_file, _file, tuple(_text), policy=_policy)(lambda rng, text: _lines(*text))


# ---- long files, with one bad line or none ------------------------------------------------

MANUSCRIPT = (
    "# Radiomics and response to immunotherapy",
    "",
    "## Methods",
    "",
    "We included adults with stage III or IV lung cancer who had a contrast-enhanced CT within",
    "6 weeks before treatment at one of 12 hospitals between 2014 and 2021. Slices thicker than",
    "3 mm were resampled. Two radiologists with 7 and 12 years of experience outlined the largest",
    "lesion; a third decided in 2 of 10 training meetings. 107 features were computed at 1 mm.",
    "",
    "Models were trained with 5-fold cross-validation, repeated 10 times with seeds 0 to 9.",
    "We report AUC with 95% intervals from 2,000 bootstrap samples (TRIPOD items 1 to 22).",
    "",
    "## Results",
    "",
    "Of 1,530 patients screened, 290 had no usable CT; 1,240 were analysed (median age 66 years,",
    "interquartile range 59 to 73; 586 women). Response was seen in 372 (30%) patients.",
    "The combined model reached an AUC of 0.83 (0.79 to 0.87) against 0.71 (0.66 to 0.76).",
    "",
    "## Discussion",
    "",
    "Reading took 4 minutes on average, 1 minute less than without the model. See Table 3,",
    "Figure 2 and Supplement 4. Three limitations deserve mention: the design was retrospective,",
    "scanners of 4 vendors were mixed, and follow-up ended at 60 months.",
)


def _planted(line: int, sentence: str) -> str:
    return _lines(*MANUSCRIPT[: line - 1], sentence, *MANUSCRIPT[line - 1 :])


PLANTED = {
    "exclusion": ("small-cells", 17, "Another 4 patients were left out for metal artefacts.", ()),
    "site": ("small-cells", 17, "The Truro hospital contributed six patients, all in 2016.", ()),
    "percent": ("implied-counts", 17, "Pneumonitis occurred in 2.2% of 137 women over 75.", ()),
    "index": ("text-identifiers", 9, "The index case (MRN 4471902) was read twice.", ()),
    "initials": (
        "text-identifiers",
        19,
        "Mrs Elin Lindqvist, born 3 May 1951, gave permission for Figure 2.",
        (),
    ),
    "range": ("endpoints", 17, "Ages ran from 22 to 98 years, volumes up to 1,846.2 ml.", ()),
    "everyone": (
        "class-disclosure",
        17,
        "All 16 patients with an STK11 variant progressed.",
        ("small-cells",),
    ),
}

for _name, (_word, _line, _sentence, _also) in PLANTED.items():
    lane.unsafe(
        f"manuscript-{_name}",
        _word,
        "manuscript.md",
        _line,
        _sentence,
        at=f"line {_line}",
        also=_also,
    )(lambda rng, line, sentence: _planted(line, sentence))


def _training(rng: np.random.Generator, bad: str = "") -> str:
    lines = ["2024-05-02 09:14:55 INFO config: seed 7, fold 2/5, patch 128 128 64, batch 2"]
    for epoch in range(1, 121):
        loss = 0.2 + np.exp(-epoch / 25) + rng.normal(0, 0.01)
        lines.append(
            f"2024-05-02 {9 + epoch // 30:02}:{epoch % 60:02}:07 INFO epoch {epoch}/120 "
            f"loss {loss:.4f} mean dice {0.9 - loss / 4:.4f} lr {0.01 * 0.97**epoch:.6f}"
        )
    if bad:
        lines.insert(70, bad)
    return _lines(*lines)


@lane.unsafe(
    "long-log-path", "text-identifiers", "train_fold2.log", at="line 71", also=("identifiers",)
)
def _(rng):
    return _training(
        rng,
        f"2024-05-02 11:02:40 WARNING /data/{people.name(rng).replace('^', '_')}"
        f"_{people.nhs_number(rng)}/ct.nii.gz has 3 slices",
    )


@lane.unsafe(
    "long-log-uid", "text-identifiers", "train_fold3.log", at="line 71", also=("identifiers",)
)
def _(rng):
    return _training(rng, f"2024-05-02 11:02:40 WARNING resampled {people.uid(rng)}")


@lane.unsafe("long-log-scores", "row-level-data", "train_fold4.log")
def _(rng):
    cases = [
        f"2024-05-02 13:01:{i % 60:02} INFO case {i} dice {rng.beta(9, 2):.4f} "
        f"surface distance {rng.exponential(2):.3f}"
        for i in range(62)
    ]
    return _training(rng) + _lines(*cases)


@lane.safe("manuscript", "manuscript.md")
def _(rng):
    return _lines(*MANUSCRIPT)


@lane.safe("manuscript-figures", "legends.md")
def _(rng):
    return _lines(
        "**Figure 1.** Flow of the study (1,530 screened, 290 without CT, 1,240 analysed).",
        "**Figure 2.** Network with 4 encoder and 3 decoder stages; numbers are channels.",
        "**Figure 3.** Mean Dice by fold (1 to 5); bars are standard errors over 10 repeats.",
        "**Table 1.** Characteristics of 1,240 patients. Cells below 10 are suppressed ([c]).",
        "**Table 2.** Hazard ratios of 6 covariates, Cox model with 868 events.",
    )


@lane.safe("long-log", "train_fold1.log")
def _(rng):
    return _training(rng)


@lane.safe("sweep-log", "sweep.log")
def _(rng):
    return _lines(
        *(
            f"trial {i}/150 depth={rng.integers(2, 7)} width={2 ** rng.integers(4, 8)} "
            f"lr={10 ** rng.uniform(-5, -2):.6f} mean_auc={rng.uniform(0.7, 0.84):.3f}"
            for i in range(1, 151)
        )
    )
