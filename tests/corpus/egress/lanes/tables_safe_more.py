"""Safe tables of a second generation: tempting, and of nobody."""

from __future__ import annotations

import json

import numpy as np

from tests.corpus.egress import formats
from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes.written import Written

lane = Lane("tables", series="second-")
_safe = Written(lane).safe

# ---- counts that keep to the policy ---------------------------------------------------

_safe(
    "arms",
    "table1.csv",
    """\
,AI-assisted,AI-assisted,Standard,Standard
Characteristic,n,%,n,%
Randomised,403,100.0,401,100.0
Female,211,52.4,207,51.6
Male,192,47.6,194,48.4
ECOG 0,361,89.6,352,87.8
ECOG 1-2,42,10.4,49,12.2
""",
)
_safe(
    "forest",
    "forest.csv",
    """\
subgroup,events/N intervention,events/N control,HR,lower,upper,p interaction
Overall,94/310,121/305,0.74,0.57,0.97,
Age < 65,41/150,58/149,0.68,0.46,1.01,0.48
Age >= 65,53/160,63/156,0.80,0.55,1.15,0.48
PD-L1 < 1%,40/131,52/128,0.72,0.48,1.09,0.91
PD-L1 >= 1%,54/179,69/177,0.75,0.53,1.07,0.91
""",
)
_safe(
    "at-risk",
    "risk_table.tsv",
    """\
strata\tm0\tm6\tm12\tm18\tm24\tm36
Deep score low\t188\t171\t150\t122\t97\t41
Deep score high\t187\t140\t98\t60\t31\t12
""",
)
_safe(
    "confusion",
    "cm.csv",
    """\
true,pred_benign,pred_malignant
benign,1204,141
malignant,63,388
""",
)
_safe(
    "kappa",
    "kappa.md",
    """\
| Pair | Lesions | Weighted kappa | 95% CI |
|---|---|---|---|
| reader 1 and 2 | 412 | 0.71 | 0.66 to 0.76 |
| reader 1 and 3 | 412 | 0.68 | 0.62 to 0.73 |
| reader 2 and 3 | 412 | 0.74 | 0.69 to 0.79 |
""",
)
_safe(
    "likert",
    "likert.csv",
    """\
score,1,2,3,4,5
reader A,12,31,104,188,77
reader B,18,26,99,201,68
""",
)
_safe(
    "german",
    "Tabelle_1.csv",
    """\
Merkmal;Anzahl;Anteil (%)
Patienten gesamt;1.204;100,0
Frauen;611;50,7
Männer;593;49,3
Raucher;512;42,5
Nichtraucher;692;57,5
""",
)
_safe(
    "french",
    "tableau_1.csv",
    """\
Groupe;Effectif;Suivi médian (mois)
Dépistage;2\u202f418;34,2
Témoins;2\u202f391;33,8
""",
)
_safe(
    "spanish",
    "tabla_2.md",
    """\
| Modelo | Pacientes | AUC | IC 95 % |
|---|---|---|---|
| Clínico | 640 | 0,74 | 0,70–0,78 |
| Radiómica | 640 | 0,79 | 0,75–0,83 |
| Combinado | 640 | 0,83 | 0,80–0,86 |
""",
)
_safe(
    "italian",
    "tabella_S2.csv",
    """\
sequenza;TR (ms);TE (ms);angolo;spessore (mm)
T2 TSE;4000;101;120;3
DWI b800;4600;64;90;4
DCE;5;2;12;1,5
""",
)
_safe(
    "booktabs",
    "tab2.tex",
    r"""\begin{tabular}{lccc}
\toprule
Model & AUC (95\% CI) & $p$ & Patients \\
\midrule
Clinical & 0.74 (0.70--0.78) & -- & 640 \\
Radiomics & 0.79 (0.75--0.83) & 0.03 & 640 \\
Combined & 0.83 (0.80--0.86) & 0.001 & 640 \\
\bottomrule
\end{tabular}
""",
)
_safe(
    "describe-quartiles",
    "describe.csv",
    """\
,age,tumour_volume_ml
count,412.0,412.0
mean,64.2,31.8
std,11.3,22.4
25%,57.0,14.2
50%,65.0,26.1
75%,72.0,42.9
""",
)
_safe(
    "osf-rounded",
    "flow.csv",
    """\
step,people
registered,12450
eligible,8105
imaged within 90 days,4310
""",
    policy="opensafely",
)
_safe(
    "osf-redacted",
    "by_region.csv",
    """\
region,people
North,405
Midlands,630
South,515
Islands,[REDACTED]
""",
    policy="opensafely",
)
_safe(
    "nhs-thousands",
    "by_trust.md",
    """\
| Trust | Scans |
|---|---|
| North | 1430 |
| South | 985 |
| Coast | 640 |
""",
    policy="nhs-sde",
)
_safe(
    "nhs-tex",
    "t2.tex",
    r"""\begin{tabular}{lr}
Stage & People \\
I & 215 \\
II & 190 \\
III & 155 \\
\end{tabular}
""",
    policy="nhs-sde",
)
_safe("two-files-far-apart", "", {
    "main.csv": "sex,n\nfemale,214\nmale,231\n",
    "sensitivity.csv": "sex,n\nfemale,181\nmale,194\n",
})  # fmt: skip
_safe(
    "two-suppressed",
    "stage_sex.csv",
    """\
stage,female,male
I,88,91
II,70,64
III,*,41
IV,*,*
""",
)
_safe("support", "classification_report.json", json.dumps({
    "GGO": {"precision": 0.87, "recall": 0.90, "f1-score": 0.88, "support": 310.0},
    "solid": {"precision": 0.84, "recall": 0.80, "f1-score": 0.82, "support": 154.0},
    "part-solid": {"precision": 0.78, "recall": 0.75, "f1-score": 0.76, "support": 96.0},
    "weighted avg": {"precision": 0.85, "recall": 0.85, "f1-score": 0.85, "support": 560.0},
}, indent=2))  # fmt: skip
_safe(
    "cox",
    "cox.csv",
    """\
term,coef,exp(coef),se(coef),z,p,patients
age (per 10 years),0.182,1.20,0.071,2.56,0.01,412
stage III,1.03,2.80,0.21,4.90,9.6e-07,412
entropy,0.47,1.60,0.16,2.94,0.003,412
""",
)
_safe(
    "styler",
    "styled.html",
    """\
<style type="text/css">#T_b7_row0_col1 { background-color: #440154; color: #f1f1f1 }</style>
<table id="T_b7"><thead><tr><th>&nbsp;</th><th class="col_heading">cases</th>
<th class="col_heading">AUC</th></tr></thead><tbody>
<tr><th class="row_heading">HER2+</th><td>144</td><td id="T_b7_row0_col1">0.82</td></tr>
<tr><th class="row_heading">TNBC</th><td>132</td><td>0.79</td></tr>
</tbody></table>
""",
)
_safe("excel-plain", "Table S1.xlsx", formats.xlsx({
    "Baseline": [["characteristic", "n (%)"], ["Female", "611 (50.7)"], ["Male", "593 (49.3)"]],
    "Notes": [["AUC", "area under the curve"], ["IQR", "interquartile range"]],
}))  # fmt: skip
_safe(
    "age-bins",
    "ages.csv",
    """\
age band,patients
18-49,61
50-59,104
60-69,131
70-79,98
80+,18
""",
)

# ---- numbers that count nobody -----------------------------------------------------------

_safe("nnunet-mean", "summary.json", json.dumps({
    "foreground_mean": {"Dice": 0.8312, "IoU": 0.7301}, "cases": 240,
    "mean": {"1": {"Dice": 0.9571, "IoU": 0.918}, "2": {"Dice": 0.7053, "IoU": 0.5422}},
}, indent=4))  # fmt: skip
_safe("nnunet-plans", "nnUNetPlans.json", json.dumps({
    "plans_name": "nnUNetPlans", "original_median_spacing_after_transp": [2.5, 0.8, 0.8],
    "configurations": {"3d_fullres": {
        "batch_size": 2, "patch_size": [64, 192, 160], "spacing": [2.5, 0.8, 0.8],
        "UNet_base_num_features": 32, "n_conv_per_stage_encoder": [2, 2, 2, 2, 2],
        "pool_op_kernel_sizes": [[1, 2, 2], [2, 2, 2], [2, 2, 2], [1, 2, 2]]}},
}, indent=4))  # fmt: skip
_safe(
    "monai-config",
    "train.yaml",
    """\
seed: 7
network:
  _target_: UNet
  channels: [16, 32, 64, 128, 256]
  strides: [2, 2, 2, 2]
  num_res_units: 2
trainer: {max_epochs: 300, val_interval: 5}
lr: 0.0002
""",
)
_safe(
    "fold-scores",
    "folds.csv",
    """\
fold,best epoch,mean Dice,HD95 mm,patients
1,112,0.84,6.1,96
2,98,0.85,5.8,96
3,131,0.83,6.6,96
4,87,0.86,5.2,96
5,104,0.84,6.0,96
""",
)
_safe(
    "hu-ranges",
    "hu_ranges.csv",
    """\
tissue,from HU,to HU
air,-1000,-950
fat,-120,-60
water,-5,5
muscle,35,55
bone,300,1900
""",
)
_safe(
    "voxels",
    "label_voxels.csv",
    """\
label,voxels over 412 scans,share
background,9120443812,0.962
liver,310224118,0.033
tumour,48190226,0.005
""",
)
_safe(
    "software",
    "environment.csv",
    """\
package,version
python,3.11.9
torch,2.5.1
monai,1.4.0
nibabel,5.3.2
""",
)
_safe(
    "publication-years",
    "review_years.csv",
    """\
year,papers on radiomics
2012,1
2013,3
2014,4
2015,9
2016,17
""",
)
_safe(
    "checklist-claim",
    "claim.csv",
    """\
item,section,page
1,Title,1
2,Abstract,2
3,Introduction,3
7,Methods,5
9,Methods,6
""",
)
_safe(
    "power",
    "sample_size.csv",
    """\
kappa0,kappa1,alpha,power,lesions needed
0.6,0.7,0.05,0.8,310
0.6,0.75,0.05,0.8,140
0.5,0.7,0.05,0.9,118
""",
)
_safe(
    "protocol",
    "sequences.csv",
    """\
sequence,(0018;0080) TR,(0018;0081) TE,(0018;1314) flip,NEX
T1 VIBE,4,2,9,1
T2 HASTE,1000,92,160,1
DWI,5200,58,90,3
""",
)
_safe(
    "p-values",
    "pairwise.csv",
    """\
comparison,delta AUC,p,p (Holm)
combined - clinical,0.09,0.0004,0.0012
combined - radiomics,0.04,0.021,0.042
radiomics - clinical,0.05,0.03,0.042
""",
)


@lane.safe("learning-curve", "scalars.csv")
def _(rng):
    rows = [[e, 1 / (1 + e / 9) + 0.1, 0.9 - 0.6 / (1 + e / 6)] for e in range(60)]
    return formats.csv(["step", "train/loss", "val/dice"], np.round(rows, 4).tolist())


@lane.safe("icc-features", "icc.csv")
def _(rng):
    rows = [[f"original_glcm_{k}", 412, *np.sort(rng.beta(9, 2, 3)).round(2)[[1, 0, 2]]]
            for k in ("Contrast", "Idm", "Imc1", "JointEnergy", "ClusterShade")]  # fmt: skip
    return formats.csv(["feature", "lesions", "ICC(2,1)", "lower", "upper"], rows)


@lane.safe("decision-curve", "dca.csv")
def _(rng):
    rows = [
        [t / 100, round(0.3 - 0.004 * t, 3), round(0.3 - 0.009 * t, 3)] for t in range(5, 55, 5)
    ]
    return formats.csv(["threshold", "net benefit model", "net benefit treat all"], rows)


@lane.safe("roc-grid", "roc_grid.csv")
def _(rng):
    x = np.linspace(0, 1, 21)
    return formats.csv(["fpr", "mean tpr"], np.c_[x, x**0.2].round(2).tolist())


@lane.safe("tuning", "sweep.csv")
def _(rng):
    grid = [(rate, decay) for rate in (1e-3, 3e-4) for decay in (0, 0.01, 0.1)]
    rows = [[k, *pair, round(float(rng.beta(30, 6)), 3)] for k, pair in enumerate(grid)]
    return formats.csv(["run", "lr", "weight_decay", "val_auc"], rows)


@lane.safe("importance", "shap_mean.csv")
def _(rng):
    rows = [[f"feature {k}", round(float(v), 3)] for k, v in enumerate(rng.exponential(0.1, 15), 1)]
    return formats.csv(["feature", "mean |SHAP| over 640 patients"], rows)
