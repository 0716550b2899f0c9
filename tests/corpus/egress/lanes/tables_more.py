"""Unsafe tables of a second generation: supplements of papers, exports of frameworks, workbooks."""

from __future__ import annotations

import json

from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes.written import Written

lane = Lane("tables", series="second-")
_unsafe = Written(lane).unsafe

# ---- counts below the threshold -----------------------------------------------------

_unsafe(
    "arms-two-heads",
    "small-cells",
    "supplementary_table_S1.csv",
    "row 7",
    """\
,AI-assisted,AI-assisted,Standard,Standard
Characteristic,n,%,n,%
Randomised,403,100.0,401,100.0
Female,211,52.4,207,51.6
Male,192,47.6,194,48.4
ECOG 0-1,398,98.8,377,94.0
ECOG 2,5,1.2,24,6.0
""",
    "implied-counts",
    "class-disclosure",
)
_unsafe("consort-json", "small-cells", "consort.json", "", json.dumps({
    "assessed": 1530, "randomised": 804,
    "excluded": {"declined": 418, "not eligible": 301, "claustrophobia": 7},
}, indent=1))  # fmt: skip
_unsafe(
    "at-risk-wide",
    "small-cells",
    "risk_table.tsv",
    "row 2",
    """\
strata\tm0\tm6\tm12\tm18\tm24\tm36
Deep score low\t188\t171\t150\t122\t97\t41
Deep score high\t187\t140\t98\t60\t31\t8
""",
)
_unsafe(
    "forest-subgroups",
    "small-cells",
    "fig3_forest_data.csv",
    "row 5",
    """\
subgroup,events/N intervention,events/N control,HR,lower,upper
Overall,94/310,121/305,0.74,0.57,0.97
Age < 65,41/150,58/149,0.68,0.46,1.01
Age >= 65,53/160,63/156,0.80,0.55,1.15
Adenocarcinoma,80/262,100/258,0.75,0.56,1.01
Large cell,4/17,11/16,0.31,0.10,0.98
""",
    "margins",
)
_unsafe(
    "confusion-four",
    "small-cells",
    "cm_test.csv",
    "row 3, column pred_T3",
    """\
true,pred_T1,pred_T2,pred_T3,pred_T4
T1,88,19,14,11
T2,21,97,24,12
T3,12,26,6,17
T4,10,15,22,64
""",
)
_unsafe(
    "readers-cross",
    "small-cells",
    "kappa.md",
    "row 4",
    """\
Weighted kappa 0.71 (95% CI 0.66 to 0.76)

| Reader A / Reader B | PI-RADS 2 | PI-RADS 3 | PI-RADS 4 | PI-RADS 5 |
|---|---|---|---|---|
| PI-RADS 2 | 140 | 31 | 14 | 11 |
| PI-RADS 3 | 27 | 88 | 29 | 12 |
| PI-RADS 4 | 16 | 24 | 101 | 33 |
| PI-RADS 5 | 12 | 1 | 30 | 77 |
""",
)
_unsafe(
    "booktabs-n-percent",
    "small-cells",
    "tab_baseline.tex",
    "row 5",
    r"""
\begin{tabular}{lrr}
\toprule
 & Derivation ($N=512$) & Validation ($N=240$) \\
\midrule
Never smoker & 122 (23.8\%) & 61 (25.4\%) \\
Former smoker & 260 (50.8\%) & 120 (50.0\%) \\
Current smoker & 130 (25.4\%) & 59 (24.6\%) \\
\addlinespace
Contralateral nodule & 41 (8.0\%) & 4 (1.7\%) \\
\bottomrule
\end{tabular}
""",
    "implied-counts",
)
_unsafe(
    "styler",
    "small-cells",
    "styled.html",
    "row 3",
    """\
<style type="text/css">#T_a1_row2_col1 { background-color: #fde725; color: #000 }</style>
<table id="T_a1"><thead><tr><th class="blank level0">&nbsp;</th>
<th class="col_heading level0 col0">cases</th><th class="col_heading level0 col1">pCR</th></tr>
</thead><tbody>
<tr><th class="row_heading">HER2+</th><td>144</td><td id="T_a1_row0_col1">71</td></tr>
<tr><th class="row_heading">TNBC</th><td>132</td><td id="T_a1_row1_col1">52</td></tr>
<tr><th class="row_heading">Luminal A</th><td>118</td><td id="T_a1_row2_col1">3</td></tr>
</tbody></table>
""",
)
_unsafe("sklearn-report", "small-cells", "classification_report.json", "", json.dumps({
    "GGO": {"precision": 0.87, "recall": 0.90, "f1-score": 0.88, "support": 310.0},
    "solid": {"precision": 0.84, "recall": 0.80, "f1-score": 0.82, "support": 154.0},
    "cavitary": {"precision": 0.5, "recall": 0.6, "f1-score": 0.55, "support": 5.0},
    "accuracy": 0.86,
}, indent=2))  # fmt: skip
_unsafe(
    "german-decimal-comma",
    "small-cells",
    "Tabelle_2.csv",
    "row 4",
    """\
Merkmal;Anzahl;Anteil (%)
Patienten gesamt;1.204;100,0
Frauen;611;50,7
Männer;593;49,3
Schwangere;6;0,5
""",
    "implied-counts",
)
_unsafe(
    "french-thin-space",
    "small-cells",
    "tableau_S3.csv",
    "row 3",
    """\
Groupe;Effectif;Suivi médian (mois)
Dépistage;2\u202f418;34,2
Témoins;2\u202f391;33,8
Perdus de vue avant TDM;4;2,1
""",
)
_unsafe(
    "italian-markdown",
    "small-cells",
    "tabella.md",
    "row 3",
    """\
| Complicanza | Pazienti | % |
|---|---|---|
| Pneumotorace | 41 | 11,2 |
| Emottisi | 23 | 6,3 |
| Embolia gassosa | 2 | 0,5 |
""",
    "implied-counts",
)
_unsafe(
    "words-for-counts",
    "small-cells",
    "adverse_events.csv",
    "row 3, column patients",
    """\
event,grade,patients
contrast extravasation,1-2,thirty-one
vasovagal reaction,1-2,fourteen
anaphylaxis,4,two
""",
)
_unsafe(
    "bland-value",
    "small-cells",
    "fig1_data.csv",
    "row 4, column value",
    """\
label,value
centre 1,318
centre 2,244
centre 3,96
centre 4,7
""",
)
_unsafe(
    "cohort-yaml",
    "small-cells",
    "cohort.yaml",
    "",
    """\
train: {patients: 640, scans: 1184}
validation: {patients: 160, scans: 301}
external:
  hospital_a: {patients: 212, scans: 212}
  hospital_b: {patients: 9, scans: 15}
""",
)
_unsafe(
    "long-tail-histology",
    "small-cells",
    "histology.tsv",
    "row 5",
    """\
ICD-O-3\tmorphology\tn
8140/3\tadenocarcinoma NOS\t402
8070/3\tsquamous cell carcinoma\t188
8041/3\tsmall cell carcinoma\t64
8240/3\tcarcinoid\t12
8972/3\tpulmonary blastoma\t1
8082/3\tlymphoepithelioma-like\t2
""",
)
_unsafe(
    "events-by-week",
    "small-cells",
    "diagnoses_per_week.csv",
    "row 3",
    """\
iso_week,new_diagnoses
2022-W07,31
2022-W08,27
2022-W09,4
2022-W10,29
""",
)
_unsafe(
    "outcode-by-year",
    "small-cells",
    "area_year.csv",
    "row 3",
    """\
outcode,2019,2020,2021
BN1,34,29,41
BN2,28,22,36
BN27,11,3,12
""",
)
_unsafe(
    "counts-in-column-names",
    "small-cells",
    "dice_by_vendor.csv",
    "column Canon (n=4)",
    """\
structure,Siemens (n=318),GE (n=140),Canon (n=4)
liver,0.96,0.95,0.91
tumour,0.71,0.69,0.44
""",
)
_unsafe(
    "slash-cells",
    "small-cells",
    "sensitivity.csv",
    "row 3",
    """\
lesion size,detected/total,sensitivity
>20 mm,171/184,0.93
10-20 mm,102/141,0.72
<5 mm,3/22,0.14
""",
)
_unsafe(
    "spanish-wide",
    "small-cells",
    "tabla1.csv",
    "row 3",
    """\
Variable;Grupo A (n=214);Grupo B (n=209)
Mujeres;104 (48,6 %);99 (47,4 %)
Diabetes;33 (15,4 %);29 (13,9 %)
Trasplante previo;5 (2,3 %);11 (5,3 %)
""",
    "implied-counts",
)
_unsafe(
    "jsonl-groups",
    "small-cells",
    "groups.jsonl",
    "line 3",
    """\
{"site": "lung", "sex": "F", "n": 118, "auc": 0.84}
{"site": "lung", "sex": "M", "n": 146, "auc": 0.86}
{"site": "breast", "sex": "M", "n": 3, "auc": 0.5}
""",
)
_unsafe(
    "regression-subgroup",
    "small-cells",
    "cox_by_site.csv",
    "row 4, column n",
    """\
site,n,events,hr,p
lung,318,121,1.42,0.003
colon,240,88,1.30,0.02
rectum,151,50,1.22,0.11
appendix,8,8,6.10,0.04
""",
    "class-disclosure",
)
_unsafe(
    "odds-of-vendors",
    "small-cells",
    "table_s7.md",
    "row 2",
    """\
| Vendor | Discordant reads | Concordant reads |
|:--|--:|--:|
| A | 31 | 402 |
| B | 3 | 288 |
| C | 22 | 197 |
""",
)

# ---- rounding, implied counts, totals ------------------------------------------------

_unsafe(
    "osf-unrounded",
    "unrounded-counts",
    "table1.csv",
    "row 2",
    """\
group,n
all,1240
screen detected,618
symptomatic,622
""",
    policy="opensafely",
)
_unsafe(
    "osf-one-unrounded",
    "unrounded-counts",
    "flow.csv",
    "row 3",
    """\
step,people
registered,12450
eligible,8105
imaged within 90 days,4312
""",
    policy="opensafely",
)
_unsafe(
    "nhs-mixed-rounding",
    "unrounded-counts",
    "by_trust.md",
    "row 2",
    """\
| Trust | Scans |
|---|---|
| North | 1,430 |
| South | 987 |
| Coast | 640 |
""",
    policy="nhs-sde",
)
_unsafe(
    "nhs-tex-unrounded",
    "unrounded-counts",
    "t2.tex",
    "row 1",
    r"""\begin{tabular}{lr}
\toprule
Stage & People \\
\midrule
I & 213 \\
II & 190 \\
III & 155 \\
\bottomrule
\end{tabular}
""",
    policy="nhs-sde",
)
_unsafe(
    "percent-of-head",
    "implied-counts",
    "table1_percent.csv",
    "row 4",
    """\
"characteristic, % of N = 412",value
female,51.0
stage III,29.1
ever smoked,66.5
pacemaker,0.7
""",
)
_unsafe(
    "per-thousand",
    "implied-counts",
    "rates.csv",
    "row 3",
    """\
group,women screened,cancers per 1000
50-54,12000,6.2
55-59,11000,7.1
45-49 (pilot),1000,3.0
""",
)
_unsafe(
    "accuracy-of-few",
    "implied-counts",
    "external_test.csv",
    "row 2, column sensitivity",
    """\
cohort,positives,sensitivity,negatives,specificity
internal,240,0.85,600,0.88
external,24,0.9167,180,0.89
""",
)
_unsafe(
    "complement",
    "implied-counts",
    "followup.csv",
    "row 2",
    """\
arm,randomised,completed 12-month MRI (%)
A,340,91.2
B,338,99.1
""",
)
_unsafe(
    "person-years",
    "implied-counts",
    "incidence.csv",
    "row 2",
    """\
group,person-years,deaths per 100 person-years
low risk,3200,1.5
high risk,250,2.0
""",
)
_unsafe(
    "margin-star",
    "margins",
    "stage_sex.csv",
    "row 3",
    """\
stage,female,male,total
I,88,91,179
II,70,64,134
III,*,41,48
total,*,196,361
""",
    "implied-counts",
)
_unsafe(
    "margin-below",
    "margins",
    "sites_suppressed.md",
    "row 4",
    """\
| Site | Patients |
|---|---|
| Lung | 240 |
| Breast | 198 |
| Liver | 62 |
| Thymus | <10 |
| All | 506 |
""",
    "implied-counts",
)
_unsafe("margin-other-file", "margins", "by_stage.csv", "row 4", {
    "by_stage.csv": "stage,n\nI,160\nII,131\nIII,88\nIV,[c]\n",
    "totals.csv": "cohort,n\nall stages,385\n",
}, "implied-counts", "differencing")  # fmt: skip
_unsafe(
    "margin-column",
    "margins",
    "reader_grades.csv",
    "row 2",
    """\
grade,reader 1,reader 2,both
0,61,58,119
1,44,redacted,51
2,39,42,81
""",
    "implied-counts",
)
_unsafe("difference-cutoff", "differencing", "age_over_18.csv", "", {
    "age_over_18.csv": "sex,n\nfemale,214\nmale,231\n",
    "age_over_19.csv": "sex,n\nfemale,211\nmale,231\n",
})  # fmt: skip
_unsafe("difference-dates", "differencing", "cut_2024-03-01.csv", "", {
    "cut_2024-03-01.csv": "stage,n\nI,140\nII,122\nIII,98\n",
    "cut_2024-03-08.csv": "stage,n\nI,142\nII,122\nIII,99\n",
})  # fmt: skip
_unsafe("difference-text", "differencing", "main.csv", "", {
    "main.csv": "cohort,patients\nanalysed,412\n",
    "sensitivity.csv": "cohort,patients\nanalysed without prisoners,409\n",
})  # fmt: skip
_unsafe(
    "all-of-group",
    "class-disclosure",
    "mutation.csv",
    "row 3",
    """\
scanner site,KRAS mutated,KRAS wild type
A,41,66
B,38,52
C,24,0
""",
    "small-cells",
)
_unsafe(
    "hundred-percent",
    "class-disclosure",
    "outcome_by_ward.csv",
    "row 2, column died (%)",
    """\
ward,n,died (%)
oncology,120,31.0
palliative,18,100.0
surgery,210,12.0
""",
)
_unsafe(
    "no-counts",
    "missing-counts",
    "mean_suv.csv",
    "",
    """\
hospital,sex,stage,mean SUVmax,SD
A,F,I,6.2,2.1
A,M,I,7.4,2.6
B,F,IV,11.8,0.9
B,M,IV,12.3,3.4
""",
)
_unsafe(
    "describe-index",
    "endpoints",
    "describe.csv",
    "row 4",
    """\
,age,tumour_volume_ml,suvmax
count,412.0,412.0,412.0
mean,64.2,31.8,9.1
std,11.3,22.4,4.2
min,19.0,0.4,1.1
25%,57.0,14.2,6.0
50%,65.0,26.1,8.4
75%,72.0,42.9,11.5
max,103.0,188.6,31.7
""",
)
_unsafe(
    "median-range",
    "endpoints",
    "baseline.md",
    "row 2",
    """\
| Variable | All (n = 318) |
|---|---|
| Age, median (range) | 66 (18-101) |
| Female, n (%) | 151 (47.5) |
""",
)
_unsafe(
    "top-five",
    "endpoints",
    "largest_lesions.csv",
    "",
    """\
rank,diameter_mm
1,214
2,201
3,187
4,183
5,176
""",
    "row-level-data",
)
_unsafe(
    "first-event",
    "endpoints",
    "dates.csv",
    "row 1",
    """\
item,value
first scan,2017-03-14
last death,2023-11-02
patients,318
""",
    "row-level-data",
    "text-identifiers",
    "identifiers",
)
_unsafe(
    "precise-means",
    "excess-precision",
    "means.csv",
    "row 1, column mean volume",
    """\
group,n,mean volume,sd
A,12,31.4166666666666643,22.0381772612345
B,14,28.7142857142857117,19.5509182733421
""",
)
_unsafe("precise-json", "excess-precision", "result.json", "", json.dumps({
    "n": 11, "mean_age": 61.27272727272727, "sd_age": 12.450629768612, "unit": "years"}
))  # fmt: skip
