"""Running text of a second generation: letters, abstracts, logs, cards, in several languages."""

from __future__ import annotations

import json

from tests.corpus.egress import people
from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes.written import Written

lane = Lane("text-and-captions", series="second-")
_unsafe, _safe = Written(lane).unsafe, Written(lane).safe

# ---- unsafe: counts ------------------------------------------------------------------

_unsafe(
    "letter-reviewer",
    "small-cells",
    "response_to_reviewers.md",
    "line 5",
    """\
**Reviewer 2, comment 4.** Please explain the exclusions.

We thank the reviewer. Of 1,530 examinations, 301 did not meet the protocol.

A further seven women had breast implants and were left out; the text now says so.
""",
)
_unsafe(
    "abstract-deaths",
    "small-cells",
    "abstract.txt",
    "line 3",
    """\
Purpose: To predict early death after TIPS from CT.
Materials and Methods: Retrospective study of 214 patients (2012-2021).
Results: There were 3 deaths within 30 days. The model reached an AUC of 0.81.
""",
)
_unsafe(
    "arms-in-prose",
    "small-cells",
    "results.tex",
    "line 2",
    r"""\section{Results}
Grade 3 pneumonitis occurred in 31 of 402 patients after SBRT and in 6 of 399 after surgery.
""",
)
_unsafe(
    "german-prose",
    "small-cells",
    "ergebnisse.txt",
    "line 2",
    """\
Eingeschlossen wurden 318 Patientinnen und Patienten, mittleres Alter 64 Jahre.
Vier Patienten erhielten vor der zweiten MRT eine Dialyse.
""",
)
_unsafe(
    "spanish-prose",
    "small-cells",
    "resultados.txt",
    "line 2",
    """\
Se incluyeron 412 pacientes consecutivos de doce hospitales.
Cinco pacientes presentaron una reacción grave al contraste.
""",
)
_unsafe(
    "italian-prose",
    "small-cells",
    "risultati.md",
    "line 3",
    """\
## Risultati

Due pazienti su 318 hanno sviluppato un ematoma dopo la biopsia.
""",
)
_unsafe(
    "french-prose",
    "small-cells",
    "resultats.txt",
    "line 2",
    """\
La cohorte compte 1\u202f204 patients suivis 34,2 mois en médiane.
Trois patientes ont été exclues en raison d'une grossesse.
""",
)
_unsafe(
    "caption-panel",
    "small-cells",
    "caption_fig5.txt",
    "line 2",
    """\
Figure 5. Box plots of ADC by Gleason group; boxes show quartiles.
Groups 1 to 4: n = 122, 140, 88, 61; group 5: n = 5.
""",
)
_unsafe(
    "caption-noun-last",
    "small-cells",
    "figure_legends.md",
    "line 3",
    """\
**Figure 1.** Flow of patients.

Excluded: motion (n=41), metal (n=28), consent withdrawn (n=1).
""",
)
_unsafe(
    "r-log-table",
    "small-cells",
    "analysis.Rout",
    "line 5",
    """\
> table(d$stage, d$relapse)

        no yes
  I    140  22
  II   118   4
  III   77  31
""",
)
_unsafe(
    "stata-log",
    "small-cells",
    "tab_sex_t.log",
    "line 5",
    """\
. tabulate tstage female

           |        female
    tstage |         0          1 |     Total
        T1 |       102          2 |       104
        T2 |        88         71 |       159
     Total |       190         73 |       263
""",
)
_unsafe(
    "train-log-classes",
    "small-cells",
    "nnunet.log",
    "line 3",
    """\
2024-05-01 09:12:44.1: do_split: 5-fold cross-validation, 412 training cases
2024-05-01 09:12:44.2: class counts {'adeno': 260, 'squamous': 112, 'other': 40}
2024-05-01 09:12:44.3: WARNING validation fold 3 has only 2 patients of class 'other'
""",
)
_unsafe(
    "readme-centres",
    "small-cells",
    "README.md",
    "line 6",
    """\
# Liver response

Patients per centre:

- Leeds: 211
- Truro: 8
- Hull: 96
""",
)
_unsafe(
    "model-card-groups",
    "small-cells",
    "MODEL_CARD.md",
    "line 4",
    """\
## Training data

- CT of 1,240 people from 12 hospitals
- by ethnic group: White 911, Asian 204, Black 119, Mixed 6
- years 2014-2021
""",
)
_unsafe(
    "python-comment",
    "small-cells",
    "cohort.py",
    "line 3",
    """\
def select(cohort):
    \"\"\"People of the main analysis.\"\"\"
    # drops the 4 kids who got into the adult list
    return cohort[cohort.age >= 18]
""",
)
_unsafe(
    "r-comment",
    "small-cells",
    "models.R",
    "line 2",
    """\
fit <- coxph(Surv(t, d) ~ entropy, data = df)
# without the three men with breast cancer HR goes to 1.4
summary(fit)
""",
)
_unsafe(
    "one-in",
    "implied-counts",
    "discussion.txt",
    "line 1",
    """\
Only one in fifty of the 150 recalled women had a second cancer.
""",
    "small-cells",
)
_unsafe(
    "percent-arm",
    "implied-counts",
    "results_primary.txt",
    "line 2",
    """\
The arms had 340 and 338 patients.
Dropout was 11.2% in arm A and 0.9% in arm B.
""",
)
_unsafe(
    "sensitivity-few",
    "implied-counts",
    "key_results.md",
    "line 2",
    """\
Key results
- Sensitivity for the 36 interval cancers was 94.4%
- AUC 0.88 (95% CI 0.85 to 0.91)
""",
)
_unsafe(
    "german-percent",
    "implied-counts",
    "abstrakt.txt",
    "line 1",
    """\
Bei 1,9 % der 212 Patienten zeigte sich ein Rezidiv im Bestrahlungsfeld.
""",
    "small-cells",
)
_unsafe(
    "remaining",
    "implied-counts",
    "methods.txt",
    "line 1",
    """\
Of 280 scans of 280 patients, 171 were at 1.5 T and 105 at 3 T; the others were low field.
""",
)
_unsafe(
    "yaml-rate",
    "implied-counts",
    "report.yaml",
    "",
    """\
test_set:
  patients: 64
  positive_rate: 0.0625
  auc: 0.79
""",
)
_unsafe(
    "osf-abstract",
    "unrounded-counts",
    "abstract_v2.md",
    "line 2",
    """\
# Abstract
We followed 12,437 people with a chest radiograph for 24 months.
""",
    policy="opensafely",
)
_unsafe(
    "nhs-caption",
    "unrounded-counts",
    "caption.txt",
    "line 1",
    """\
Figure 2. Time from referral to MRI in 3,218 men of nine trusts.
""",
    policy="nhs-sde",
)
_unsafe(
    "nhs-flow",
    "unrounded-counts",
    "flow.txt",
    "line 2",
    """\
Referred: 4,310 people
Imaged: 3,987 people
Biopsy: 1,205 people
""",
    policy="nhs-sde",
)
_unsafe(
    "all-died",
    "class-disclosure",
    "subgroup.txt",
    "line 2",
    """\
In the low-risk group 31 of 160 patients died.
In the group with leptomeningeal disease all 18 patients died within a year.
""",
)
_unsafe(
    "none-responded",
    "class-disclosure",
    "summary.md",
    "line 1",
    """\
None of the 14 patients of hospital C responded to treatment; 61 of 140 did elsewhere.
""",
    "small-cells",
)
_unsafe(
    "age-range",
    "endpoints",
    "demographics.txt",
    "line 1",
    """\
Median age was 66 years (range 18-103); 151 of 318 were women.
""",
)
_unsafe(
    "largest",
    "endpoints",
    "results_size.txt",
    "line 2",
    """\
Median tumour volume was 26 ml (IQR 14 to 43) in 412 patients.
The largest tumour, 1,884 ml, was in a woman.
""",
    "small-cells",
)
_unsafe("differs-by-two", "differencing", "main.txt", "", {
    "main.txt": "The primary analysis has 412 patients, 131 with relapse.\n",
    "sensitivity.txt": "Without patients from abroad it has 410, 131 with relapse.\n",
})  # fmt: skip
_unsafe(
    "suppressed-rest",
    "margins",
    "flow_rest.md",
    "line 4",
    """\
- eligible: 640 patients
- arm A: 318 patients
- arm B: 317 patients
- withdrew before randomisation: fewer than 10
""",
    "implied-counts",
)
_unsafe(
    "precise-log",
    "excess-precision",
    "metrics.log",
    "line 1",
    """\
INFO n=13 mean_volume=31.538461538461540 sd=12.817604361929
""",
)

# ---- unsafe: who it is, and records ----------------------------------------------------------


@lane.unsafe("path-with-name", "text-identifiers", "run.log", at="line 2", also=("identifiers",))
def _(rng):
    who = people.name(rng).replace("^", "_")
    return f"INFO resampling\nERROR /data/incoming/{who}_19{rng.integers(31, 92)}/T2.nii.gz\n"


@lane.unsafe("uid-in-config", "text-identifiers", "exclude.yaml", at="line 3",
             also=("identifiers",))  # fmt: skip
def _(rng):
    return f"seed: 7\nexclude:\n  - {people.uid(rng)}\n  - {people.uid(rng)}\n"


@lane.unsafe("accession-in-commit", "text-identifiers", "CHANGELOG.md", at="line 3",
             also=("identifiers",))  # fmt: skip
def _(rng):
    return f"# 0.3\n\n- skip accession CT{rng.integers(10**8, 10**9)}, wrong orientation\n"


@lane.unsafe("hash-list", "identifiers", "split.txt", also=("text-identifiers", "row-level-data"))
def _(rng):
    return "".join(f"{rng.bytes(20).hex()}\n" for _ in range(30))


@lane.unsafe("date-of-one", "text-identifiers", "limitations.txt", at="line 2",
             also=("identifiers", "small-cells"))  # fmt: skip
def _(rng):
    return (
        "The scanner was replaced in 2019.\n"
        f"One patient died in the scanner on 4 May 2021 (born {people.birth_date(rng)}).\n"
    )


@lane.unsafe("case-report", "text-identifiers", "vignette.md", at="line 1",
             also=("small-cells", "identifiers", "row-level-data"))  # fmt: skip
def _(rng):
    surname = rng.choice(people.SURNAMES)
    return f"Mrs {surname}, aged 57, NHS no {people.nhs_number(rng)}, had a 31 mm mass.\n"


@lane.unsafe("tensorboard-dump", "row-level-data", "events.txt")
def _(rng):
    return "".join(
        f"step=0 tag=test/case_{k:03}/dice value={v:.4f}\n"
        for k, v in enumerate(rng.beta(9, 2, 40))
    )


@lane.unsafe("records-in-test", "row-level-data", "test_loader.py")
def _(rng):
    lines = ",\n".join(f"    {record}" for record in people.records(rng, 25))
    return f"ROWS = [\n{lines},\n]\n\n\ndef test_loader():\n    assert len(ROWS) == 25\n"


@lane.unsafe("records-in-r", "row-level-data", "plot.R")
def _(rng):
    values = ", ".join(map(str, rng.lognormal(2, 0.8, 60).round(1)))
    return f"suv <- c({values})\nhist(suv)\n"


@lane.unsafe("pred-yaml", "row-level-data", "predictions.yaml")
def _(rng):
    return "".join(f"- {{y: {y}, p: {p}}}\n" for y, p in people.scores(rng, 40))


@lane.unsafe("vector-in-log", "embeddings", "debug.log", also=("row-level-data",))
def _(rng):
    return "".join(
        f"DEBUG feat[{k}] = {rng.normal(size=64).round(4).tolist()}\n" for k in range(12)
    )


@lane.unsafe("array-in-log", "pixel-matrix", "assert.log", also=("row-level-data", "scan-pixels"))
def _(rng):
    rows = (rng.normal(40, 12, (32, 32)).round().astype(int)).tolist()
    return "AssertionError: slice differs\n" + "\n".join(map(str, rows)) + "\n"


@lane.unsafe(
    "name-of-file", "name", "results_OKAFOR_AMARA_19570312.txt", also=("text-identifiers",)
)
def _(rng):
    return "AUC 0.83 in 1,240 patients.\n"


# ---- safe -----------------------------------------------------------------------------------

_safe(
    "letter",
    "response_to_reviewers.md",
    """\
**Reviewer 1, comment 2.** How was the threshold chosen?

On fold 1 of 5, by Youden's index (see section 2.4, page 7, line 12). Reviewer 3 asked the same.
""",
)
_safe(
    "abstract",
    "abstract.txt",
    """\
Purpose: To predict response from CT.
Materials and Methods: Retrospective study of 1,240 patients (2014-2021) from 12 hospitals.
Results: AUC was 0.83 (95% CI: 0.80, 0.86; P < .001). Two readers agreed well (kappa 0.71).
""",
)
_safe(
    "german",
    "methoden.txt",
    """\
Zwei Fachärzte mit 8 und 15 Jahren Erfahrung werteten alle 1.204 Untersuchungen aus.
Schichtdicke 1,5 mm; b-Werte 50, 400 und 800 s/mm².
""",
)
_safe(
    "spanish",
    "metodos.txt",
    """\
Tres radiólogos evaluaron 412 estudios de 412 pacientes en una escala de 5 puntos.
El modelo se entrenó durante 40 épocas en 2 GPU.
""",
)
_safe(
    "french",
    "methodes.txt",
    """\
Deux lecteurs ont relu 2\u202f418 examens; l'apprentissage a duré 3 jours sur 4 cartes.
""",
)
_safe(
    "italian",
    "metodi.txt",
    """\
Sono stati analizzati 318 pazienti; 5 ripetizioni della validazione incrociata a 10 gruppi.
""",
)
_safe(
    "caption-readers",
    "caption_fig3.txt",
    """\
Figure 3. ROC curves of three readers and the model in 640 patients (212 with cancer).
Shaded: 95% interval of 2,000 bootstrap samples.
""",
)
_safe(
    "caption-groups",
    "caption_fig4.txt",
    """\
Figure 4. Box plots of ADC by Gleason group (n = 122, 140, 88, 61 and 24).
""",
)
_safe(
    "flow",
    "flow.txt",
    """\
Assessed: 1,530 patients
Excluded: no follow-up (n = 214), protocol (n = 76)
Analysed: 1,240 patients
""",
)
_safe(
    "training-log",
    "train.log",
    """\
2024-05-01 09:12:44 epoch 1/40 loss 0.9124 lr 2.0e-04 3.1 s/it
2024-05-01 09:20:01 epoch 2/40 loss 0.7713 lr 2.0e-04 3.0 s/it
2024-05-01 09:27:19 epoch 3/40 loss 0.6902 lr 2.0e-04 3.0 s/it
2024-05-01 09:27:20 4 workers, 2 GPUs, patch 64x192x160, 3 poolings
""",
)
_safe(
    "r-session",
    "sessionInfo.txt",
    """\
R version 4.3.2 (2023-10-31)
Platform: x86_64-pc-linux-gnu (64-bit)
other attached packages:
[1] survival_3.5-7 pROC_1.18.5 ggplot2_3.4.4
""",
)
_safe(
    "r-glm",
    "glm.Rout",
    """\
Coefficients:
            Estimate Std. Error z value Pr(>|z|)
(Intercept)  -2.1042     0.3121  -6.742 1.56e-11 ***
entropy       0.4713     0.1602   2.942  0.00326 **
    Null deviance: 541.2  on 411  degrees of freedom
Residual deviance: 498.7  on 409  degrees of freedom
Number of Fisher Scoring iterations: 4
""",
)
_safe(
    "stata",
    "stcox.log",
    """\
. stcox age i.stage
No. of subjects =          412                  Number of obs =    412
No. of failures =          131
LR chi2(4)      =        38.11                  Prob > chi2   = 0.0000
""",
)
_safe(
    "osf-rounded",
    "results.md",
    """\
We included 12,435 people; counts are rounded to the nearest 5 and those up to 7 are redacted.
""",
    policy="opensafely",
)
_safe(
    "nhs-rounded",
    "caption.txt",
    """\
Figure 2. Time from referral to MRI in 3,220 men. Numbers are rounded to 5.
""",
    policy="nhs-sde",
)
_safe(
    "sample-size",
    "protocol.md",
    """\
With alpha = 0.05 and power 0.80 a difference of 5 points needs 310 patients (formula 3 of [7]).
Two interim analyses are planned after 100 and 200 patients.
""",
)
_safe(
    "config",
    "config.yaml",
    """\
model: {name: swin_unetr, depth: [2, 2, 2, 2], heads: [3, 6, 12, 24], feature_size: 48}
train: {epochs: 300, batch: 2, folds: 5, seed: 7, warmup: 3}
window: {centre: 40, width: 400}
""",
)
_safe(
    "readme",
    "README.md",
    """\
# Liver response

1. `pip install -r requirements.txt` (Python 3.11)
2. `python train.py --fold 0 --epochs 40`
3. needs 1 GPU with 8 GB; takes 6 hours
""",
)
_safe(
    "card",
    "MODEL_CARD.md",
    """\
- CT of 1,240 people from 12 hospitals
- by age: under 50 161, 50-64 402, 65-74 427, 75 and over 250
- Dice 0.86 (95% CI 0.84 to 0.88) in 412 held-out patients
""",
)
_safe(
    "tags-code",
    "read.py",
    """\
WANTED = [(0x0008, 0x0060), (0x0018, 0x0050), (0x0028, 0x0030)]
CT_UID = "1.2.840.10008.5.1.4.1.1.2"  # CT Image Storage
LITTLE = "1.2.840.10008.1.2.1"
""",
)
_safe(
    "citations",
    "references.bib",
    """\
@article{lambin2012, title={Radiomics}, journal={Eur J Cancer}, volume={48}, number={4},
  pages={441--446}, year={2012}, doi={10.1016/j.ejca.2011.11.036}}
""",
)
_safe(
    "checksum",
    "weights.sha256",
    """\
9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  model.safetensors
""",
)
_safe(
    "recist",
    "definitions.txt",
    """\
Up to 5 target lesions per patient and 2 per organ were measured (RECIST 1.1).
PI-RADS 4 and 5 counted as positive; ECOG 0 to 2 was eligible; grade 3 or more was severe.
""",
)
_safe(
    "literature",
    "introduction.txt",
    """\
Seven earlier studies, the largest of 3 hospitals, reported AUCs of 0.70 to 0.91 [4-10].
""",
)
_safe(
    "quartiles",
    "demographics.txt",
    """\
Median age was 66 years (IQR 57 to 73); 151 of 318 patients (47%) were women.
""",
)
_safe(
    "latex-stats",
    "stats.tex",
    r"""The likelihood ratio test ($\chi^2_4 = 38.1$, $p < 0.001$)
favoured the combined model; ICC(2,1) was 0.91 over 3 raters and 240 lesions.
""",
)
_safe(
    "sklearn-text",
    "report.txt",
    """\
              precision    recall  f1-score   support

      benign       0.90      0.88      0.89       310
   malignant       0.82      0.85      0.83       204

    accuracy                           0.87       514
""",
)
_safe("json-metrics", "metrics.json", json.dumps(
    {"epoch": 40, "val/auc": 0.83, "val/dice": 0.86, "val/n": 248, "best_epoch": 34, "fold": 3}
))  # fmt: skip
_safe(
    "requirements",
    "requirements.txt",
    """\
monai==1.4.0
torch==2.5.1
nibabel==5.3.2
pydicom==3.0.1
""",
)
_safe(
    "acknowledgement",
    "acknowledgements.txt",
    """\
We thank our two lay partners and the four radiographers who wrote the protocol.
Grant EP/X000001/1; ethics 21/YH/0042.
""",
)
