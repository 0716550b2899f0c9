# ruff: noqa: E501
"""Tables and texts that hold nothing about one person: no check may say a word against them."""

from __future__ import annotations

import json
import random

import pytest

from vitrine.egress import disclosure
from vitrine.egress.checks import engine
from vitrine.egress.checks.finding import Severity


def _log(rows: int) -> str:
    lines = ["epoch,step,lr,train_loss,val_loss,val_dice,seconds"]
    for k in range(rows):
        loss = 1.2 * 0.97**k
        lines.append(
            f"{k},{k * 40},{0.001 * 0.99**k:.6f},{loss:.4f},{loss * 1.1:.4f},{0.9 - loss / 3:.3f},{31 + k % 3}"
        )
    return "\n".join(lines) + "\n"


def _curve(rows: int) -> str:
    steps = [f"{k / rows:.3f},{(k / rows) ** 0.3:.3f},{1 - k / rows:.3f}" for k in range(rows + 1)]
    return "fpr,tpr,threshold\n" + "\n".join(steps) + "\n"


def _importances(count: int) -> str:
    names = [f"original_glcm_Feature{k}" for k in range(count)]
    lines = [f"{name},{1 / (k + 3):.5f},{0.01 / (k + 1):.5f}" for k, name in enumerate(names)]
    return "feature,importance_mean,importance_std\n" + "\n".join(lines) + "\n"


def _grid() -> str:
    chance = random.Random(3)
    rows = ["trial,lr,batch_size,dropout,optimizer,val_auc,val_loss"]
    for k in range(60):
        rows.append(
            f"{k},{10 ** -chance.uniform(2, 5):.6f},{chance.choice([4, 8, 16, 32])},{chance.choice([0, 0.1, 0.5])},"
            f"{chance.choice(['adam', 'sgd'])},{chance.uniform(0.7, 0.9):.4f},{chance.uniform(0.3, 0.9):.4f}"
        )
    return "\n".join(rows) + "\n"


def _correlations() -> str:
    names = [f"feature_{k}" for k in range(20)]
    rows = [",".join(["", *names])]
    for k, name in enumerate(names):
        rows.append(",".join([name, *(f"{1 / (1 + abs(k - j)):.3f}" for j in range(20))]))
    return "\n".join(rows) + "\n"


SAFE = {
    "table one, rounded": (
        "table1.csv",
        'characteristic,"Overall (N=410)","Cases (N=200)","Controls (N=210)",p\n'
        '"Age, mean (SD)",63.2 (11.4),64.0 (10.9),62.4 (11.8),0.15\n'
        '"Male, n (%)",240 (58.5%),125 (62.5%),115 (54.8%),0.11\n'
        '"Smoking, n (%)",,,,0.04\nNever,150 (36.6%),60 (30.0%),90 (42.9%),\n'
        "Former,160 (39.0%),85 (42.5%),75 (35.7%),\nCurrent,100 (24.4%),55 (27.5%),45 (21.4%),\n"
        '"BMI, median (IQR)",26 (23-29),27 (24-30),26 (23-28),0.20\n',
    ),
    "training log": ("history.csv", _log(100)),
    "short training log": ("log.csv", _log(8)),
    "roc curve": ("roc.csv", _curve(40)),
    "feature importances": ("importances.csv", _importances(107)),
    "hyperparameter grid": ("grid.csv", _grid()),
    "correlation matrix": ("correlations.csv", _correlations()),
    "folds": (
        "folds.csv",
        "fold,auc,accuracy,sensitivity,specificity\n1,0.91,0.85,0.80,0.88\n2,0.89,0.84,0.79,0.87\n"
        "3,0.92,0.86,0.82,0.89\n4,0.90,0.83,0.81,0.85\n5,0.88,0.82,0.78,0.86\n",
    ),
    "folds with sizes": (
        "folds.csv",
        "fold,n_train,n_val,auc\n1,320,80,0.91\n2,320,80,0.89\n3,320,80,0.92\n4,320,80,0.90\n",
    ),
    "classes with support": (
        "report.csv",
        ",precision,recall,f1-score,support\nbenign,0.91,0.93,0.92,120\nmalignant,0.85,0.81,0.83,60\n"
        "accuracy,0.89,0.89,0.89,180\nmacro avg,0.88,0.87,0.87,180\n",
    ),
    "large confusion matrix": (
        "confusion.csv",
        ",pred benign,pred malignant\ntrue benign,110,15\ntrue malignant,20,55\n",
    ),
    "confusion matrix in per cent": (
        "confusion_pct.csv",
        ",benign,malignant\nbenign,96,4\nmalignant,7,93\n",
    ),
    "likert scores": (
        "reader_scores.csv",
        "question,reader_1,reader_2,reader_3\nimage quality,4,5,4\nconfidence,3,4,4\nsharpness,5,5,4\n",
    ),
    "ranks": (
        "ranks.csv",
        "method,dataset A,dataset B,mean rank\nnnU-Net,1,1,1.0\nUNETR,2,3,2.5\nSwin,3,2,2.5\n",
    ),
    "settings": (
        "settings.csv",
        "parameter,value\nlearning_rate,0.001\nbatch_size,8\nn_layers,5\nseed,3\nepochs,50\n"
        "n_folds,5\nimage_size,224\npatience,7\nnum_heads,4\n",
    ),
    "settings as json": (
        "config.json",
        json.dumps(
            {"n_estimators": 5, "max_depth": 3, "seed": 7, "folds": 5, "patch_size": [4, 4, 2],
             "optimizer": {"name": "adam", "lr": 0.001, "warmup_epochs": 5}, "num_classes": 4}
        ),
    ),
    "metrics as json": (
        "metrics.json",
        json.dumps({"auc": 0.91, "ci": [0.88, 0.94], "n": 250, "threshold": 0.5, "dice": 0.87}),
    ),
    "regression": (
        "cox.csv",
        "variable,hr,ci_lower,ci_upper,p,n\nage (per 10 years),1.21,1.05,1.40,0.008,410\n"
        "male,0.95,0.80,1.12,0.55,410\nlesion volume,1.45,1.20,1.75,<0.001,410\n",
    ),
    "odds ratios": (
        "odds.csv",
        "term,OR,95% CI,p-value,events,N\nstage III,2.1,1.3–3.4,0.002,80,410\nstage IV,3.5,2.0–6.1,<0.001,45,410\n",
    ),
    "results with intervals": (
        "results.csv",
        "model,AUC (95% CI),sensitivity,specificity,n\nCNN,0.91 (0.88-0.94),0.85,0.84,250\n"
        "radiomics,0.85 (0.81-0.89),0.80,0.79,250\nclinical,0.75 (0.70-0.80),0.70,0.72,250\n",
    ),
    "segmentation by organ": (
        "organs.csv",
        "organ,dice_mean,dice_std,hd95_mean,n_scans\nliver,0.96,0.02,3.1,120\nspleen,0.94,0.03,4,120\n"
        "pancreas,0.81,0.09,7,115\n",
    ),
    "cross table": (
        "cross.csv",
        "stage,male,female,total\nI,45,50,95\nII,60,40,100\nIII,35,25,60\n",
    ),
    "suppressed long form": (
        "counts.csv",
        "region,sex,n\nnorth,male,45\nnorth,female,<10\nsouth,male,60\nsouth,female,80\n",
    ),
    "numbers at risk": (
        "at_risk.csv",
        "group,0,12,24,36\nhigh,120,90,60,35\nlow,130,110,85,50\n",
    ),
    "weekly counts": (
        "weekly.csv",
        "week,year,admissions\n1,2021,55\n2,2021,60\n3,2021,45\n4,2021,70\n",
    ),
    "age bands": (
        "ages.csv",
        "age_band,n,mean_dice\n0-4,25,0.8\n5-9,30,0.81\n10-14,55,0.85\n",
    ),
    "ablation": (
        "ablation.csv",
        "configuration,augmentation,attention,dice,delta\nbaseline,no,no,0.81,0\n+ aug,yes,no,0.84,3\n"
        "+ attention,no,yes,0.83,2\nfull,yes,yes,0.87,6\n",
    ),
    "scanner protocol": (
        "protocol.csv",
        "sequence,TR (ms),TE (ms),flip angle,slice thickness (mm),averages\nT1,500,9,90,3,1\n"
        "T2,4000,90,150,3,2\nDWI,6000,70,90,4,4\n",
    ),
    "architecture": (
        "architecture.csv",
        "layer,type,kernel_size,stride,channels,params\n1,conv,3,1,16,448\n2,conv,3,2,32,4640\n3,conv,3,2,64,18496\n",
    ),
    "percent-valued metrics": (
        "percent.csv",
        "method,accuracy (%),sensitivity (%),dice (%)\nA,91,4,88\nB,93,7,89\nC,89,80,85\n",
    ),
    "p values": (
        "tests.csv",
        "comparison,statistic,df,p\nA vs B,4,2,0.13\nA vs C,7,2,0.03\nB vs C,3,2,0.22\n",
    ),
    "mean intensities": (
        "hu.csv",
        "tissue,mean_hu,std_hu,n\nfat,-95,12,110\nmuscle,50,9,110\nbone,400,85,110\nwater,3,5,110\n",
    ),
    "calibration": (
        "calibration.csv",
        "bin,predicted,observed,n\n1,0.05,0.06,80\n2,0.15,0.14,85\n3,0.25,0.27,90\n",
    ),
    "seeds": (
        "seeds.csv",
        "seed,auc\n0,0.91\n1,0.90\n2,0.92\n3,0.91\n4,0.89\n",
    ),
    "gpu times": (
        "speed.csv",
        "model,gpus,hours,memory_gb,params_m\nUNet,1,4,8,31\nSwin,4,9,24,62\n",
    ),
    "markdown results": (
        "results.md",
        "# Results\n\nWe included 410 patients (n = 410) and trained 5 folds with 3 seeds.\n"
        "Three radiologists with 7 years of experience read each image.\n\n"
        "| model | AUC | layers | n |\n|---|---|---|---|\n| A | 0.91 | 5 | 410 |\n| B | 0.88 | 3 | 410 |\n\n"
        "See Table 2 and Figure 3. Stage 3 patients were 85 of 410 (20.7%).\n",
    ),
    "latex results": (
        "results.tex",
        "\\begin{table}\n\\caption{Segmentation results on the test set ($n=120$).}\n"
        "\\begin{tabular}{lcc}\n\\toprule\nMethod & Dice & HD95 (mm) \\\\\n\\midrule\n"
        "U-Net & $0.87 \\pm 0.05$ & 4 \\\\\nnnU-Net & $0.90 \\pm 0.04$ & 3 \\\\\n\\bottomrule\n"
        "\\end{tabular}\n\\end{table}\n",
    ),
    "log": (
        "train.log",
        "2024-05-01 12:33:01 INFO epoch 3/50 step 7 loss 0.512\n2024-05-01 12:34:01 INFO epoch 4/50 step 8 loss 0.431\n"
        "2024-05-01 12:34:09 INFO using 2 gpus and 4 workers, batch size 8\n",
    ),
    "flow in prose": (
        "methods.txt",
        "Of 1200 screened patients, 410 were included. At least 10 patients were required per group;\n"
        "groups with fewer than 10 patients were merged. The model has 5 layers; p = 0.03.\n"
        "Images were 3 mm thick and had 4 slices per patient. We repeated training 3 times (n = 3 seeds).\n",
    ),
    "describe of folds": (
        "describe.csv",
        ",auc,dice\ncount,5,5\nmean,0.90,0.85\nstd,0.01,0.02\nmin,0.88,0.82\nmax,0.92,0.88\n",
    ),
    "learning curve": (
        "learning.csv",
        "train_size,train_score,test_score\n50,0.99,0.71\n100,0.97,0.78\n200,0.95,0.83\n400,0.93,0.86\n",
    ),
    "histogram of ages": (
        "histogram.csv",
        "bin_start,bin_end,count\n20,30,25\n30,40,45\n40,50,80\n50,60,120\n60,70,90\n",
    ),
    "shap summary": (
        "shap.csv",
        "rank,feature,mean_abs_shap\n1,age,0.21\n2,lesion_volume,0.15\n3,stage,0.08\n4,sex,0.03\n",
    ),
    "explained variance": (
        "pca.csv",
        "component,explained_variance_ratio,cumulative\n1,0.41,0.41\n2,0.22,0.63\n3,0.1,0.73\n",
    ),
    "loadings": (
        "loadings.csv",
        "feature,PC1,PC2,PC3\nage,0.41,0.1,0.3\nvolume,0.22,0.63,0.2\nstage,0.1,0.73,0.1\n",
    ),
    "readers' agreement": (
        "kappa.csv",
        "reader pair,kappa,95% CI,n\n1 vs 2,0.81,0.75-0.87,200\n1 vs 3,0.78,0.71-0.85,200\n",
    ),
    "data dictionary": (
        "dictionary.csv",
        "variable,type,description,unit\npatient_id,string,pseudonym,\nage,integer,age at scan,years\n"
        "n_lesions,integer,number of lesions,\nscan_date,date,date of the scan,\n",
    ),
    "survival curve": (
        "km.csv",
        "months,survival,lower,upper\n0,1.00,1.00,1.00\n6,0.92,0.88,0.95\n12,0.85,0.80,0.90\n24,0.7,0.62,0.78\n",
    ),
    "search space": (
        "space.csv",
        "hyperparameter,min,max,best\nlr,0.00001,0.01,0.0004\nn_layers,2,8,5\ndropout,0,0.5,0.1\n",
    ),
    "rounded percentages": (
        "rates.csv",
        "group,n,deaths,mortality (%)\nA,200,40,20\nB,150,45,30\n",
    ),
    "bootstrap": (
        "bootstrap.json",
        json.dumps({"auc": {"mean": 0.91, "lower": 0.88, "upper": 0.94, "n_bootstrap": 1000},
                    "dice": {"mean": 0.85, "lower": 0.83, "upper": 0.87, "n_bootstrap": 1000}}),
    ),
    "history as json": (
        "history.json",
        json.dumps({"epoch": list(range(40)), "loss": [round(1 / (k + 1), 4) for k in range(40)],
                    "val_loss": [round(1.2 / (k + 1), 4) for k in range(40)]}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("policy", ["acro", "nhs-sde"])
@pytest.mark.parametrize("name", SAFE)
def test_a_safe_file_passes(name: str, policy: str) -> None:
    path, text = SAFE[name]
    report, _ = engine.look(path, text.encode(), disclosure.load(policy))
    assert [each for each in report.findings if each.severity is not Severity.INFO] == []
