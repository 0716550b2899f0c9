# ruff: noqa: E501
"""More tables and texts of many forms: which of them tell about single persons."""

from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import pytest

from vitrine.egress import disclosure
from vitrine.egress.checks import engine
from vitrine.egress.checks.finding import Severity

R = random.Random(11)
N = np.random.default_rng(5)


def df(**columns: object) -> str:
    return pd.DataFrame(columns).to_csv(index=False)


SAFE2 = {
    "per-class dice": ("c.csv", "class,dice,hd95,nsd\n1,0.91,4,0.9\n2,0.85,7,0.88\n3,0.77,9,0.8\n"),
    "per label names": (
        "c.csv",
        "label,name,color_r,color_g,color_b\n1,liver,255,0,0\n2,spleen,0,255,3\n3,kidney,4,5,255\n",
    ),
    "confusion normalised": (
        "cm.csv",
        ",0,1,2\n0,0.91,0.05,0.04\n1,0.1,0.85,0.05\n2,0.02,0.08,0.9\n",
    ),
    "table1 tex rounded": (
        "t1.tex",
        r"\begin{table}\caption{Baseline characteristics}\begin{tabular}{lrr}\hline & Training (n=800) & Test (n=200)\\ \hline Age (years), mean $\pm$ SD & 61.2 $\pm$ 10.3 & 60.9 $\pm$ 10.8\\ Female, n (\%) & 400 (50.0\%) & 105 (52.5\%)\\ Slice thickness (mm) & 3 & 3\\ Field strength & 3 T & 3 T\\ \hline\end{tabular}\end{table}",
    ),
    "km medians": (
        "km.csv",
        "arm,n,events,median_os_months,ci_lower,ci_upper\nA,120,80,14.2,12.1,16.3\nB,115,60,20.5,17.7,25.1\n",
    ),
    "optuna": (
        "study.json",
        json.dumps(
            {
                "best_params": {"n_layers": 3, "lr": 0.0003, "dropout": 0.2, "n_units_l0": 64},
                "best_value": 0.912,
                "n_trials": 50,
                "best_trial": 7,
            }
        ),
    ),
    "classification json": (
        "report.json",
        json.dumps(
            {
                "benign": {"precision": 0.9, "recall": 0.91, "f1-score": 0.905, "support": 120.0},
                "malignant": {"precision": 0.8, "recall": 0.79, "f1-score": 0.8, "support": 60.0},
                "accuracy": 0.87,
                "macro avg": {
                    "precision": 0.85,
                    "recall": 0.85,
                    "f1-score": 0.85,
                    "support": 180.0,
                },
            }
        ),
    ),
    "radiomics univariate": (
        "uni.csv",
        "feature,auc,p_value,q_value\n"
        + "\n".join(
            f"original_shape_F{k},{0.5 + R.random() / 3:.3f},{R.random():.4f},{R.random():.4f}"
            for k in range(60)
        ),
    ),
    "delong": (
        "delong.csv",
        "model_a,model_b,auc_a,auc_b,z,p\nCNN,radiomics,0.91,0.85,2.4,0.016\nCNN,clinical,0.91,0.76,4,0.0001\n",
    ),
    "calibration deciles": (
        "cal.csv",
        "decile,n,mean_predicted,observed_rate\n"
        + "\n".join(f"{k},50,{k / 12:.3f},{k / 11.5:.3f}" for k in range(1, 11)),
    ),
    "dca": (
        "dca.csv",
        "threshold,net_benefit_model,net_benefit_all\n"
        + "\n".join(f"{k / 100:.2f},{0.3 - k / 400:.4f},{0.3 - k / 150:.4f}" for k in range(60)),
    ),
    "pr curve": (
        "pr.csv",
        "recall,precision\n"
        + "\n".join(
            f"{k / 50:.2f},{1 - 0.3 * (k / 50) ** 2 + R.random() / 100:.4f}" for k in range(51)
        ),
    ),
    "multi run metrics": (
        "runs.csv",
        "run,seed,fold,dice,hd95\n"
        + "\n".join(
            f"{k},{k % 3},{k % 5},{0.85 + R.random() / 20:.4f},{4 + R.random():.2f}"
            for k in range(45)
        ),
    ),
    "fold x class": (
        "fc.csv",
        "fold,class,dice\n"
        + "\n".join(
            f"{f},{c},{0.7 + R.random() / 5:.3f}"
            for f in range(5)
            for c in ("liver", "spleen", "kidney")
        ),
    ),
    "mean hu by region": (
        "hu.csv",
        "region,mean HU,SD HU,patients\nupper lobe,-850,40,130\nlower lobe,-820,45,130\n",
    ),
    "likert distribution of readers": (
        "likert.md",
        "Reader scores (1-5)\n\n| criterion | reader 1 | reader 2 |\n|---|---|---|\n| noise | 4 | 5 |\n| artefacts | 3 | 4 |\n| overall | 4 | 4 |\n",
    ),
    "timings": (
        "time.txt",
        "stage        seconds  calls\nload               4      3\npreprocess         9      3\ninfer             31      1\n",
    ),
    "requirements": ("deps.csv", "package,version\nnumpy,2.1.0\nmonai,1.4.0\ntorch,2.4.1\n"),
    "network arch json": (
        "arch.json",
        json.dumps(
            {
                "layers": [
                    {"name": "conv1", "in": 1, "out": 32, "kernel": 3},
                    {"name": "conv2", "in": 32, "out": 64, "kernel": 3},
                    {"name": "fc", "in": 64, "out": 2, "kernel": 1},
                ]
            }
        ),
    ),
    "describe suppressed": (
        "d.csv",
        "statistic,age,bmi\ncount,410,400\nmean,62.1,26.4\nstd,10.2,4.1\n25%,55,23\n50%,63,26\n75%,70,29\n",
    ),
    "mortality by year": (
        "y.csv",
        "year,n_patients,mortality_pct\n2018,400,12\n2019,420,11\n2020,390,14\n",
    ),
    "scanner mix": (
        "s.csv",
        "manufacturer,field_strength_t,n_scans,percent\nSiemens,3,240,60.0\nGE,1.5,100,25.0\nPhilips,3,60,15.0\n",
    ),
    "lesion bins": (
        "l.csv",
        "lesion size (mm),lesions,sensitivity\n0-5,40,0.6\n5-10,85,0.82\n>10,120,0.95\n",
    ),
    "froc": (
        "froc.csv",
        "fp_per_scan,sensitivity\n0.125,0.55\n0.25,0.64\n0.5,0.71\n1,0.78\n2,0.84\n4,0.88\n8,0.91\n",
    ),
    "inter reader": (
        "icc.csv",
        "measurement,ICC,95% CI\nvolume,0.95,0.92-0.97\ndiameter,0.91,0.87-0.94\n",
    ),
    "prose limits": (
        "r.md",
        "Models were trained on 2 GPUs for 100 epochs with batch size 4. We used 5-fold cross-validation. Eight of ten features were selected. Patients were followed for 5 years. Type 2 diabetes patients formed 35% (n = 140). Two readers, with 3 and 7 years of experience, rated 120 scans. The 3 most important features were age, volume and stage. In 2 of 5 folds training diverged. Patients aged 5 to 18 years were excluded; 1 of 3 models failed. The p-value was 0.04 (Table 3).\n",
    ),
    "changelog": (
        "CHANGES.txt",
        "v1.2 (2024-03-01)\n- 3 bugs fixed\n- 2 new models\nv1.1: 4 layers\n",
    ),
    "notebook like output": (
        "o.txt",
        "Epoch 1/5\n 40/40 - 3s - loss: 0.61 - acc: 0.71\nEpoch 2/5\n 40/40 - 3s - loss: 0.51 - acc: 0.79\nTrain: 320 patients, test: 80 patients\nBest epoch: 4\n",
    ),
    "shape print": (
        "s.txt",
        "X_train shape: (320, 107)\nX_test shape: (80, 107)\nfeatures selected: 7\n",
    ),
    "coef table stats": (
        "sm.txt",
        "                 coef    std err          z      P>|z|      [0.025      0.975]\nconst         -1.2000      0.300     -4.000      0.000      -1.788      -0.612\nage            0.0300      0.010      3.000      0.003       0.010       0.050\nNo. Observations: 410\n",
    ),
    "subgroup auc": (
        "sub.csv",
        "subgroup,n,events,AUC,95% CI\nMale,210,80,0.90,0.86-0.94\nFemale,200,70,0.91,0.87-0.95\nAge <60,150,45,0.89,0.84-0.94\nAge >=60,260,105,0.90,0.87-0.93\n",
    ),
    "ordinal items": (
        "items.csv",
        "item,question,max_points\n1,orientation,5\n2,recall,3\n3,language,8\n",
    ),
    "b values": ("dwi.csv", "b-value,averages,directions\n0,2,1\n50,3,3\n800,8,3\n"),
    "monthly volumes": ("m.csv", "month,scans,median_wait_days\nJan,450,4\nFeb,430,5\nMar,470,3\n"),
    "vif": ("vif.csv", "variable,VIF\nage,1\nvolume,3\nstage,2\n"),
    "quality metrics": ("iq.csv", "method,PSNR,SSIM,FID\nGAN,28,0.89,9\nDDPM,31,0.93,4\n"),
    "power": (
        "power.csv",
        "effect_size,alpha,power,n_required\n0.5,0.05,0.8,65\n0.3,0.05,0.8,175\n",
    ),
    "icd counts": ("icd.csv", "icd10_chapter,patients\nI,1200\nJ,800\nC,350\n"),
    "cluster sizes": ("cl.csv", "cluster,size,mean_age\n0,120,61\n1,95,58\n2,140,66\n"),
    "thresholds": (
        "th.csv",
        "threshold,tp,fp,fn,tn,sensitivity\n0.3,90,40,10,160,0.9\n0.5,85,25,15,175,0.85\n0.7,70,15,30,185,0.7\n",
    ),
    "missingness": ("miss.csv", "variable,missing_pct\nage,0\nbmi,4\nhba1c,12\n"),
    "markdown ablation": (
        "ab.md",
        "| # | backbone | depth | heads | params (M) | Dice |\n|--|--|--|--|--|--|\n| 1 | ViT-S | 12 | 6 | 22 | 0.87 |\n| 2 | ViT-B | 12 | 12 | 86 | 0.88 |\n",
    ),
    "tsv with comments": (
        "x.tsv",
        "# generated 2024-05-01\ngene_set\tp\tES\nA\t0.01\t2\nB\t0.02\t3\n",
    ),
    "semi csv": ("d.csv", "Modell;AUC;n\nA;0,91;250\nB;0,88;250\n"),
    "html res": (
        "r.md",
        "<table><tr><th>fold</th><th>auc</th></tr><tr><td>1</td><td>0.9</td></tr><tr><td>2</td><td>0.8</td></tr></table>\n",
    ),
    "age by group sd n": ("a.csv", "group,n,age_mean,age_sd\nA,120,61.2,9.1\nB,110,60.8,8.7\n"),
    "percent dead": ("p.csv", "stage,patients,alive (%)\nI,150,80\nII,120,60\n"),
    "cum incidence": (
        "ci.csv",
        "time_days,cumulative_incidence\n"
        + "\n".join(f"{k * 30},{1 - 0.97**k:.4f}" for k in range(40)),
    ),
    "long metric": (
        "m.csv",
        "metric,split,value\nauc,train,0.95\nauc,test,0.9\nn_patients,train,320\nn_patients,test,80\nbest_epoch,train,7\n",
    ),
}
UNSAFE2 = {
    "t1 missing row": (
        "small-cells",
        "t.csv",
        "Variable,Cohort\nPatients,412\nMale sex,220 (53.4%)\nPregnant,2 (0.5%)\n",
    ),
    "deaths by ward": ("small-cells", "t.csv", "ward,admissions,deaths\nA,120,15\nB,80,2\n"),
    "pivot": (
        "small-cells",
        "t.csv",
        "diagnosis,2019,2020,2021,Total\nglioma,12,15,14,41\nmeningioma,22,25,20,67\nchordoma,1,0,2,3\n",
    ),
    "wide md": (
        "small-cells",
        "t.md",
        "Number of patients by stage and sex\n\n| | I | II | III |\n|-|-|-|-|\n| M | 20 | 31 | 5 |\n| F | 18 | 29 | 12 |\n",
    ),
    "json nested": (
        "small-cells",
        "t.json",
        json.dumps({"cohort": {"included": 120, "excluded": 4, "n_cases": 60}}),
    ),
    "json class counts": (
        "small-cells",
        "t.json",
        json.dumps({"class_counts": {"benign": 120, "malignant": 6}}),
    ),
    "html in md": (
        "small-cells",
        "t.md",
        "<table><tr><th>Group</th><th>N</th></tr><tr><td>a</td><td>45</td></tr><tr><td>b</td><td>3</td></tr></table>",
    ),
    "crosstab print": (
        "small-cells",
        "o.txt",
        "outcome    0   1\nsex             \nF         40   3\nM         35  12\n",
    ),
    "old value counts": (
        "small-cells",
        "o.txt",
        "no     120\nyes      5\nName: metastasis, dtype: int64\n",
    ),
    "describe groupby": (
        "small-cells",
        "d.csv",
        pd.DataFrame({"g": ["a"] * 4 + ["b"] * 20, "age": N.normal(60, 9, 24).round(1)})
        .groupby("g")
        .describe()
        .to_csv(),
    ),
    "cm numpy": ("small-cells", "o.txt", "Confusion matrix:\n[[51  4]\n [ 9 33]]\n"),
    "cm json": ("small-cells", "cm.json", json.dumps({"confusion_matrix": [[51, 4], [9, 33]]})),
    "fpfn json": (
        "small-cells",
        "m.json",
        json.dumps({"tp": 33, "fp": 4, "tn": 51, "fn": 9, "auc": 0.9}),
    ),
    "events at risk tex": (
        "small-cells",
        "k.tex",
        r"\begin{table}\caption{Number at risk}\begin{tabular}{lrrr} & 0 & 12 & 24\\ high & 45 & 21 & 6\\ low & 60 & 44 & 31\\ \end{tabular}\end{table}",
    ),
    "flow prose": (
        "small-cells",
        "f.md",
        "Of 130 patients, 5 patients were excluded because of motion artefacts.\n",
    ),
    "prose frac": ("small-cells", "f.txt", "Recurrence occurred in 4/41 patients (9.8%).\n"),
    "prose pct": (
        "small-cells",
        "f.txt",
        "Complications were rare: 3 (2.4%) in the treated group.\n",
    ),
    "prose one": (
        "small-cells",
        "f.md",
        "One patient withdrew consent and seven women were lost to follow-up.\n",
    ),
    "ext val": ("small-cells", "e.csv", "site,n_patients,auc\nA,210,0.9\nB,8,0.95\n"),
    "rare type": (
        "small-cells",
        "e.csv",
        "histology,count,percent\nductal,120,80\nlobular,25,16.7\nother,5,3.3\n",
    ),
    "tumour stage": (
        "small-cells",
        "e.csv",
        "T stage,Training cohort,Validation cohort\nT1,60 (30%),28 (28%)\nT2,90 (45%),50 (50%)\nT3,43 (21.5%),18 (18%)\nT4,7 (3.5%),4 (4%)\n",
    ),
    "freq": ("small-cells", "e.csv", "score,frequency\n1,40\n2,22\n3,4\n"),
    "lesion per segment": (
        "small-cells",
        "e.csv",
        "segment,lesions detected,lesions missed\nI,12,1\nII,44,5\n",
    ),
    "implied pct caption": (
        "implied-counts",
        "p.md",
        "Outcome (n = 50)\n\n| outcome | % |\n|---|---|\n| death | 6.0% |\n| relapse | 24.0% |\n",
    ),
    "implied rate": (
        "implied-counts",
        "p.csv",
        "centre,denominator,event_rate\nX,30,0.10\nY,80,0.25\n",
    ),
    "implied complement": ("implied-counts", "p.csv", "group,responders\nA,38/41\nB,20/45\n"),
    "all in one": ("class-disclosure", "c.csv", "gene,mutated,wild type\nA,12,30\nB,15,0\n"),
    "records json dict": (
        "row-level-data",
        "r.json",
        json.dumps(
            {
                f"pat{k:03}": {"age": 30 + k * 3 % 50, "dice": round(R.random(), 3)}
                for k in range(15)
            }
        ),
    ),
    "predictions csv": (
        "row-level-data",
        "p.csv",
        df(idx=range(60), label=N.integers(0, 2, 60), pred=N.random(60).round(4)),
    ),
    "clinical": (
        "row-level-data",
        "p.csv",
        df(
            age=N.integers(30, 85, 40),
            sex=N.choice(["M", "F"], 40),
            stage=N.choice(["I", "II"], 40),
            os_months=N.random(40).round(2) * 60,
        ),
    ),
    "study list": (
        "row-level-data",
        "p.csv",
        df(scan=[f"scan_{k:02}" for k in range(12)], volume_ml=N.random(12).round(2)),
    ),
    "radiomics rows": (
        "row-level-data",
        "p.csv",
        pd.DataFrame(
            {
                "ID": [f"LUNG1-{k:03}" for k in range(30)],
                **{f"original_firstorder_{k}": N.random(30).round(4) for k in range(12)},
            }
        ).to_csv(index=False),
    ),
    "tall records": (
        "row-level-data",
        "p.csv",
        df(
            sub=[f"sub-{k // 3:02}" for k in range(30)],
            visit=[k % 3 for k in range(30)],
            moca=N.integers(10, 30, 30),
        ),
    ),
    "printed frame": (
        "row-level-data",
        "o.txt",
        str(
            pd.DataFrame(
                {
                    "patient": [f"PT{k:03}" for k in range(8)],
                    "age": N.integers(40, 80, 8),
                    "gender": list("MFMFMFMF"),
                }
            )
        ),
    ),
    "headerless vols": (
        "row-level-data",
        "p.csv",
        "".join(
            f"{k + 1},{R.uniform(2, 90):.3f},{R.uniform(0, 1):.4f},{R.choice([0, 1])},{R.choice('MF')}\n"
            for k in range(60)
        ),
    ),
    "dob in json": (
        "identifiers",
        "j.json",
        json.dumps({"PatientBirthDate": "19500211", "Modality": "CT"}),
    ),
    "patientid key": ("identifiers", "j.json", json.dumps({"PatientID": "12345678", "Rows": 512})),
    "admissions": (
        "identifiers",
        "d.csv",
        df(admission_date=[f"{1 + k:02}/03/2021" for k in range(12)], los=N.integers(1, 20, 12)),
    ),
    "paths log": ("text-identifiers", "l.log", "reading /mnt/data/patient_0042/CT/IM0001.dcm\n"),
    "accession": (
        "identifiers",
        "a.csv",
        "accession_number,finding\nA00012345,nodule\nA00012346,mass\n",
    ),
    "phone": ("identifiers", "a.csv", "clinic,tel\nx,+44 20 7946 0958\n"),
    "uuid": (
        "identifiers",
        "a.csv",
        "id,score\n"
        + "\n".join(
            f"{R.getrandbits(32):08x}-1111-4222-8333-{R.getrandbits(48):012x},{k}" for k in range(6)
        ),
    ),
    "series uid": (
        "identifiers",
        "s.csv",
        "SeriesInstanceUID,n\n2.25.123456789012345678901234567890,40\n",
    ),
    "mrn prose": ("text-identifiers", "t.md", "see MRN 00482913 for an example\n"),
    "emb json": (
        "embeddings",
        "e.json",
        json.dumps({"embedding": [round(R.gauss(0, 1), 5) for _ in range(256)]}),
    ),
    "emb named": (
        "embeddings",
        "e.csv",
        pd.DataFrame(
            N.normal(size=(20, 32)).round(4), columns=[f"z{k}" for k in range(32)]
        ).to_csv(),
    ),
    "pix float": (
        "pixel-matrix",
        "x.csv",
        pd.DataFrame(
            np.add.outer(np.sin(np.arange(40) / 6), np.cos(np.arange(40) / 9)).round(3)
        ).to_csv(index=False, header=False),
    ),
    "pix header": (
        "pixel-matrix",
        "x.csv",
        pd.DataFrame(N.integers(0, 256, (32, 32))).to_csv(index=False),
    ),
    "minmax cols": (
        "endpoints",
        "d.csv",
        "variable,n,mean,sd,min,max\nage,120,61,9,19,94\npsa,118,8.1,4,0.3,88\n",
    ),
    "age range prose table": (
        "endpoints",
        "d.md",
        "| | All (n=120) |\n|-|-|\n| Age, mean [range] | 61 [19–94] |\n",
    ),
    "dde": ("formula", "f.csv", "name,n\n=cmd|' /C calc'!A0,45\n"),
    "base64": ("encoded-data", "b.csv", "a,b\n1," + "iVBORw0KGgo" * 40 + "\n"),
    "few residual": ("degrees-of-freedom", "r.txt", "Df Residuals: 4\n"),
}

SAFE3 = {
    "statsmodels": (
        "ols.txt",
        """                            OLS Regression Results
==============================================================================
Dep. Variable:                 volume   R-squared:                       0.416
Model:                            OLS   Adj. R-squared:                  0.353
No. Observations:                 410   F-statistic:                     6.646
Df Residuals:                     406   Prob (F-statistic):            0.00157
Df Model:                           3
==============================================================================
                 coef    std err          t      P>|t|      [0.025      0.975]
------------------------------------------------------------------------------
Intercept      1.5000      0.400      3.750      0.000       0.714       2.286
age            0.0300      0.010      3.000      0.003       0.010       0.050
==============================================================================
Omnibus:                        0.176   Durbin-Watson:                   2.346
""",
    ),
    "cv results": (
        "cv_results.csv",
        pd.DataFrame(
            {
                "mean_fit_time": N.random(12).round(3),
                "param_C": [0.1, 1, 10] * 4,
                "param_gamma": [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],
                "split0_test_score": N.random(12).round(4),
                "split1_test_score": N.random(12).round(4),
                "mean_test_score": N.random(12).round(4),
                "rank_test_score": range(1, 13),
            }
        ).to_csv(),
    ),
    "tensorboard": (
        "tb.csv",
        "Wall time,Step,Value\n"
        + "\n".join(f"{1714000000 + k * 31.2:.2f},{k},{1 / (k + 1):.5f}" for k in range(60)),
    ),
    "wandb": (
        "wandb-summary.json",
        json.dumps(
            {
                "epoch": 49,
                "_step": 1960,
                "_runtime": 5123,
                "val/dice": 0.871,
                "train/loss": 0.12,
                "best_epoch": 41,
                "lr": 1e-5,
            }
        ),
    ),
    "deid profile": (
        "tags.csv",
        "group,element,keyword,vr,action\n0010,0010,PatientName,PN,X\n0010,0020,PatientID,LO,Z\n0008,0050,AccessionNumber,SH,Z\n0010,0030,PatientBirthDate,DA,Z\n",
    ),
    "pip": ("requirements.txt", "numpy==2.1.0\nmonai==1.4.0\ntorch==2.4.1\npydicom==3.0.1\n"),
    "labels map": (
        "dataset.json",
        json.dumps(
            {
                "channel_names": {"0": "CT"},
                "labels": {"background": 0, "liver": 1, "tumour": 2},
                "numTraining": 120,
                "file_ending": ".nii.gz",
            }
        ),
    ),
    "bland altman": (
        "ba.csv",
        "comparison,n,bias_ml,lower_loa,upper_loa\nAI vs reader,120,-1.2,-9.5,7.1\nreader 1 vs 2,120,3,-8,9\n",
    ),
    "forest": (
        "forest.csv",
        "subgroup,hr,lower,upper,n,events\nage<65,0.8,0.6,1.1,200,60\nage>=65,0.7,0.5,0.9,210,85\n",
    ),
    "sample size": (
        "ss.csv",
        "delta,sd,alpha,power,n_per_arm\n3,8,0.05,0.8,112\n4,8,0.05,0.8,63\n5,8,0.05,0.8,41\n",
    ),
    "r table print": (
        "out.txt",
        "       outcome\nsmoker   no yes\n  no    120  25\n  yes    80  35\n",
    ),
    "r lm": (
        "lm.txt",
        "Coefficients:\n            Estimate Std. Error t value Pr(>|t|)\n(Intercept)  3.00000    0.50000   6.000 1.2e-08 ***\nage          0.20000    0.04000   5.000 8.1e-07 ***\n\nResidual standard error: 4.2 on 408 degrees of freedom\n",
    ),
    "dose levels": (
        "dose.csv",
        "protocol,kVp,mAs,CTDIvol_mGy,DLP,n_exams\nchest,120,100,7,280,540\nhead,120,250,45,900,620\n",
    ),
    "class balance": ("bal.csv", "class,train,val,test\nbenign,320,40,40\nmalignant,160,20,20\n"),
    "ranking": ("lead.csv", "rank,team,dice,hd95\n1,A,0.91,4\n2,B,0.9,5\n3,C,0.88,7\n"),
    "hourly": ("hour.csv", "hour,scans\n" + "\n".join(f"{h},{20 + h * 5}" for h in range(24))),
    "icc by slices": (
        "sl.csv",
        "slices per volume,volumes,mean dice\n16,40,0.81\n32,80,0.85\n64,120,0.88\n",
    ),
    "aug config yaml": (
        "aug.yaml",
        "transforms:\n  - rotate: 15\n  - scale: [0.9, 1.1]\nbatch_size: 4\nnum_workers: 8\nn_patients: 120\n",
    ),
    "age sex pyramid": (
        "pyr.csv",
        "age_band,male,female\n0-19,15,20\n20-39,45,40\n40-59,80,85\n60-79,120,110\n80+,30,45\n",
    ),
    "survival table": (
        "st.csv",
        "time_years,n_at_risk,survival,ci_low,ci_high\n0,410,1,1,1\n1,360,0.92,0.89,0.95\n2,300,0.85,0.81,0.89\n5,120,0.7,0.65,0.75\n",
    ),
    "pca var": (
        "pv.json",
        json.dumps({"explained_variance_ratio": [0.4, 0.2, 0.1, 0.08, 0.05, 0.04]}),
    ),
    "thresholds json": (
        "t.json",
        json.dumps(
            [
                {"threshold": 0.3, "sens": 0.9, "spec": 0.7},
                {"threshold": 0.5, "sens": 0.85, "spec": 0.8},
            ]
        ),
    ),
    "loss json": (
        "l.json",
        json.dumps(
            {
                "train_loss": [round(1 / (k + 1) + R.random() / 50, 4) for k in range(50)],
                "val_loss": [round(1.1 / (k + 1) + R.random() / 50, 4) for k in range(50)],
            }
        ),
    ),
    "ellipsis": (
        "e.md",
        "| Model | Params | FLOPs | Top-1 |\n|---|---|---|---|\n| R18 | 11M | 2G | 70 |\n| R50 | 25M | 4G | 76 |\n",
    ),
    "mixed ci": (
        "ci.csv",
        "metric,estimate,ci_low,ci_high,n\nsensitivity,0.88,0.82,0.93,200\nspecificity,0.91,0.87,0.94,300\n",
    ),
    "inclusion table": (
        "inc.csv",
        "step,excluded,remaining\nall scans,0,1200\nno contrast,150,1050\nmotion artefacts,40,1010\nmissing outcome,25,985\n",
    ),
    "missing rounding": ("mr.csv", "variable,missing n (%)\nBMI,45 (10.0%)\nPSA,90 (20.0%)\n"),
    "km p": ("lr.csv", "comparison,chi2,df,p\nhigh vs low,9,1,0.003\nmid vs low,4,1,0.04\n"),
    "genes": ("genes.csv", "gene,log2fc,padj\nTP53,2,0.001\nEGFR,-3,0.004\nKRAS,1,0.02\n"),
    "voxel stats": (
        "vox.csv",
        "organ,voxels,volume_ml_mean,n\nliver,1200340,1500,120\nspleen,204050,210,120\n",
    ),
    "prose results": (
        "res.md",
        "The AUC was 0.91 (95% CI 0.88-0.94). Sensitivity was 85% and specificity 91%. The mean age was 63 years (SD 9). The median follow-up was 3 years (IQR 2-5). Grade 3 tumours occurred in 20% of patients. We tested 4 architectures on 2 datasets; 9 of 107 features were stable. In the 5-year analysis, patients with a score above 7 had HR 2.1 (p < 0.001). Each patient had one scan; two patients groups were compared. Fig. 3 patients at risk are shown. One patient per row.\n",
    ),
    "readme": (
        "README.md",
        "# Results\n\nRun `python train.py --folds 5`. 3 figures, 2 tables. Contact: see the project page.\n\n1. Install\n2. Run\n3. Look\n",
    ),
    "latex reg": (
        "reg.tex",
        r"\begin{table}\caption{Cox regression (N = 410, 145 events)}\begin{tabular}{lrrr} Variable & HR & 95\% CI & $p$ \\ Age & 1.02 & 1.00--1.04 & 0.03 \\ Stage III & 2.1 & 1.4--3.2 & $<0.001$ \\ \end{tabular}\end{table}",
    ),
    "pandas latex": (
        "p.tex",
        "\\begin{tabular}{lrr}\n\\toprule\nmodel & auc & folds \\\\\n\\midrule\nA & 0.90 & 5 \\\\\nB & 0.80 & 5 \\\\\n\\bottomrule\n\\end{tabular}\n",
    ),
    "spearman matrix": (
        "sp.csv",
        ",age,volume,hu,suv\nage,1,0.3,-0.2,0.1\nvolume,0.3,1,0.4,0.6\nhu,-0.2,0.4,1,0.2\nsuv,0.1,0.6,0.2,1\n",
    ),
    "suppressed big": (
        "s.csv",
        "diagnosis,n,percent\nglioma,120,60\nmeningioma,65,32.5\nother,<10,<5\n",
    ),
    "nested metrics": (
        "nm.json",
        json.dumps(
            {
                "fold_0": {"dice": 0.9, "hd95": 4.1},
                "fold_1": {"dice": 0.91, "hd95": 3.9},
                "mean": {"dice": 0.905, "hd95": 4},
            }
        ),
    ),
    "quantile cut": (
        "q.csv",
        "quintile,deprivation_range,patients,deaths\n1,0-8,220,20\n2,9-15,210,25\n3,16-22,205,30\n4,23-31,200,35\n5,32+,190,40\n",
    ),
    "mean sd wide": (
        "w.csv",
        'group,"age, mean (SD)","volume ml, mean (SD)",N\nA,61.2 (9.1),30.5 (12.1),120\nB,60.8 (8.7),28.2 (11.0),115\n',
    ),
    "sensitivity fraction": (
        "sf.csv",
        "test,sensitivity,specificity\nCT,85/100 (85.0%),170/200 (85.0%)\nMRI,80/100 (80.0%),180/200 (90.0%)\n",
    ),
    "epochs time": ("et.csv", "epoch,time\n1,31\n2,30\n3,32\n"),
    "label studio": (
        "ann.csv",
        "annotator,images,mean_seconds,kappa\nA1,400,31,0.8\nA2,380,29,0.82\n",
    ),
    "bootstrap dist": (
        "bs.csv",
        "bootstrap_auc\n" + "\n".join(f"{0.9 + R.gauss(0, 0.01):.4f}" for _ in range(200)),
    ),
    "grid heat": (
        "gh.csv",
        "lr,8,16,32\n0.1,0.81,0.82,0.8\n0.01,0.85,0.86,0.84\n0.001,0.88,0.87,0.86\n",
    ),
    "attention": (
        "param_count.csv",
        "module,n_params,n_layers\nencoder,1200000,12\ndecoder,800000,6\n",
    ),
    "vote": (
        "poll.csv",
        "statement,agree (%),neutral (%),disagree (%)\nuseful,80,15,5\neasy,70,22,8\n",
    ),
    "abbrev": (
        "abb.csv",
        "abbreviation,meaning\nAUC,area under the curve\nCI,confidence interval\nHU,Hounsfield unit\n",
    ),
    "time to event dist": (
        "tte.csv",
        "quantile,months_high_risk,months_low_risk\n25%,6,14\n50%,12,31\n75%,22,48\n",
    ),
    "score vs outcome": (
        "pirads.csv",
        "PI-RADS,patients,cancer (%)\n1,100,10\n2,150,20\n3,120,40\n4,110,60\n5,90,80\n",
    ),
    "json list of names": (
        "f.json",
        json.dumps({"features": ["age", "sex", "volume"], "selected": 3}),
    ),
    "histology wide": (
        "h.csv",
        "cohort,adenocarcinoma,squamous,other\ntrain,220,90,30\ntest,60,25,15\n",
    ),
}
UNSAFE3 = {
    "nnunet summary": (
        "row-level-data",
        "summary.json",
        json.dumps(
            {
                "foreground_mean": {"Dice": 0.9},
                "metric_per_case": [
                    {
                        "prediction_file": f"/out/LIV_{k:03}.nii.gz",
                        "metrics": {"1": {"Dice": round(R.random(), 4)}},
                    }
                    for k in range(12)
                ],
            }
        ),
    ),
    "latex small": (
        "small-cells",
        "t.tex",
        r"\begin{tabular}{lcc} & Alive (n=38) & Dead (n=12)\\ Female, n (\%) & 20 (52.6) & 4 (33.3)\\ \end{tabular}",
    ),
    "html small": (
        "small-cells",
        "t.md",
        "<table><thead><tr><th></th><th>count</th></tr></thead><tbody><tr><th>benign</th><td>45</td></tr><tr><th>malignant</th><td>8</td></tr></tbody></table>",
    ),
    "inclusion": (
        "small-cells",
        "inc.csv",
        "step,excluded,remaining\nall scans,0,120\nno contrast,15,105\nmotion artefacts,3,102\n",
    ),
    "class balance": (
        "small-cells",
        "bal.csv",
        "class,train,val,test\nbenign,320,40,40\nmalignant,25,4,3\n",
    ),
    "pyramid": ("small-cells", "pyr.csv", "age_band,male,female\n0-19,15,20\n80+,3,12\n"),
    "hist": ("small-cells", "hist.csv", "bin_start,bin_end,count\n0,10,45\n10,20,2\n"),
    "sens fraction": ("implied-counts", "sf.csv", "test,sensitivity\nCT,38/40 (95.0%)\n"),
    "thresholds": (
        "small-cells",
        "th.csv",
        "threshold,tp,fp,fn,tn\n0.3,90,40,2,160\n0.5,85,25,15,175\n",
    ),
    "survival": (
        "small-cells",
        "st.csv",
        "time_years,n_at_risk,survival\n0,41,1\n1,36,0.92\n5,4,0.7\n",
    ),
    "quintile": ("small-cells", "q.csv", "quintile,patients,deaths\n1,220,20\n2,210,6\n"),
    "adverse": (
        "small-cells",
        "ae.csv",
        "adverse event,Grade 1-2,Grade 3-4\nnausea,45,12\nneutropenia,20,5\n",
    ),
    "n header row": ("small-cells", "x.csv", ",A,B\nN,45,7\nmean age,61.2,60.1\n"),
    "footnote": ("small-cells", "x.csv", "race,n (%)\nWhite,120 (80.0%)\nAsian,4* (2.7%)\n"),
    "thousand": ("small-cells", "x.csv", 'race,patients\nWhite,"1,204"\nAsian,7\n'),
    "prose n": ("small-cells", "x.txt", "Subgroup with EGFR mutation: n=6; AUC 0.93.\n"),
    "prose group": (
        "small-cells",
        "x.md",
        "Among the mutation carriers, 4 out of 21 patients relapsed.\n",
    ),
    "log lines": ("small-cells", "x.log", "INFO num_patients=7 split=test\n"),
    "yaml counts": ("small-cells", "x.yaml", "cohort:\n  n_patients: 6\n"),
    "tsv long": (
        "small-cells",
        "x.tsv",
        "year\tdiagnosis\tcases\n2019\tglioma\t41\n2020\tglioma\t3\n",
    ),
    "groupby size": (
        "small-cells",
        "x.txt",
        "sex  stage\nF    I        40\n     II        3\nM    I        35\ndtype: int64\n",
    ),
    "feature rows": (
        "row-level-data",
        "x.csv",
        pd.DataFrame(
            {
                "original_firstorder_Mean": N.normal(size=60).round(4),
                "original_glcm_Contrast": N.random(60).round(4),
                "label": N.integers(0, 2, 60),
            }
        ).to_csv(index=False),
    ),
    "slice level": (
        "row-level-data",
        "x.csv",
        df(filename=[f"IM{k:04}.png" for k in range(20)], prob=N.random(20).round(4)),
    ),
    "longitudinal": (
        "row-level-data",
        "x.csv",
        df(
            RID=np.repeat(range(100, 115), 3),
            visit=["bl", "m12", "m24"] * 15,
            hippocampus=N.normal(3000, 300, 45).round(1),
            age=N.integers(60, 85, 45),
        ),
    ),
    "bland json cols": (
        "row-level-data",
        "x.json",
        json.dumps(
            {
                "age": [int(x) for x in N.integers(20, 90, 40)],
                "sex": [R.choice("MF") for _ in range(40)],
                "volume": [round(float(x), 2) for x in N.normal(30, 8, 40)],
            }
        ),
    ),
    "two row df": (
        "row-level-data",
        "x.md",
        "| patient | age | diagnosis |\n|---|---|---|\n| P01 | 63 | glioma |\n| P02 | 58 | GBM |\n| P03 | 70 | GBM |\n",
    ),
    "dob text": ("text-identifiers", "x.txt", "subject born 12/03/1951, scanned twice\n"),
    "uids md": (
        "identifiers",
        "x.md",
        "| Series | dice |\n|---|---|\n| 1.3.12.2.1107.5.2.32.35162.30000015050317233592200000046 | 0.9 |\n",
    ),
    "ehr dates": (
        "identifiers",
        "x.csv",
        "diagnosis_date,death_date,stage\n2019-02-11,2021-03-01,II\n2018-05-21,2020-01-13,III\n",
    ),
    "names col": ("identifiers", "x.csv", "surname,score\nMüller,4.5\nSmith,3.5\n"),
    "email": ("identifiers", "x.json", json.dumps({"annotator": "joe.bloggs@nhs.net", "n": 45})),
    "umap3": (
        "row-level-data",
        "x.csv",
        df(UMAP1=N.normal(size=40).round(3), UMAP2=N.normal(size=40).round(3)),
    ),
    "long decimals": (
        "excess-precision",
        "x.json",
        json.dumps({f"auc_{k}": float(N.random()) for k in range(8)}),
    ),
    "range cols": ("endpoints", "x.csv", "variable,n,median,range\nage,120,61,19-94\n"),
    "class all": (
        "class-disclosure",
        "x.csv",
        'var,"A (N=40)","B (N=60)"\n"Died, n (%)",0 (0%),20 (33.3%)\n',
    ),
    "implied pct": ("implied-counts", "x.csv", "subgroup,N,% with metastasis\nA,50,4\nB,80,25\n"),
    "logits": (
        "embeddings",
        "x.csv",
        pd.DataFrame(N.normal(size=(30, 40)).round(3)).to_csv(index=False),
    ),
    "hu grid": (
        "pixel-matrix",
        "x.tsv",
        pd.DataFrame(N.integers(-1000, 400, (20, 20))).to_csv(index=False, header=False, sep="\t"),
    ),
}


SAFE4 = {
    "per-epoch multi metric": (
        "h.csv",
        "epoch,train/loss,val/loss,val/dice_liver,val/dice_tumor,lr\n"
        + "\n".join(
            f"{k + 1},{1 / (k + 1):.4f},{1.1 / (k + 1):.4f},{0.9 - 0.3 / (k + 1):.3f},{0.7 - 0.4 / (k + 1):.3f},0.0{9 - k % 9}"
            for k in range(30)
        ),
    ),
    "ensemble weights": ("w.csv", "model,weight\nunet,0.4\nvnet,0.35\nswin,0.25\n"),
    "class iou": (
        "iou.csv",
        "class_id,class_name,iou,acc\n0,background,0.99,0.99\n1,liver,0.92,0.95\n2,lesion,0.65,0.71\n",
    ),
    "feature selection": (
        "fs.csv",
        "feature,selected_in_folds,mean_rank\noriginal_shape_Sphericity,5,2\nwavelet_glcm_Idn,4,5\noriginal_firstorder_Kurtosis,3,8\n",
    ),
    "stability icc": (
        "icc.csv",
        "feature,icc,stable\n"
        + "\n".join(
            f"feat_{k},{0.5 + R.random() / 2:.3f},{'yes' if k % 2 else 'no'}" for k in range(50)
        ),
    ),
    "mri sequences": (
        "seq.csv",
        "sequence,TE,TR,matrix,averages,b-values\nT2w,100,4000,320x320,3,\nDWI,60,5000,128x128,4,3\n",
    ),
    "reader study": (
        "rs.csv",
        "reader,experience_years,auc_without_ai,auc_with_ai\nR1,3,0.81,0.88\nR2,7,0.85,0.9\nR3,12,0.88,0.91\n",
    ),
    "cost": ("cost.csv", "item,hours,eur\nannotation,120,4\nstorage,0,9\n"),
    "outcome by arm": (
        "arm.md",
        "| | Arm A (n=120) | Arm B (n=115) |\n|---|---|---|\n| Response, n (%) | 60 (50.0) | 40 (34.8) |\n| Median OS, months (95% CI) | 14 (11-17) | 9 (7-11) |\n| HR | 0.7 | ref |\n",
    ),
    "shape table": ("sh.csv", "tensor,dim0,dim1,dim2\ninput,1,128,128\nlatent,8,16,16\n"),
    "ssim by acceleration": (
        "acc.csv",
        "acceleration,psnr,ssim\n2,38,0.96\n4,34,0.92\n8,30,0.86\n",
    ),
    "net sizes": (
        "n.md",
        "Network sizes\n\n| stage | blocks | channels | output |\n|---|---|---|---|\n| 1 | 2 | 32 | 64 |\n| 2 | 3 | 64 | 32 |\n| 3 | 4 | 128 | 16 |\n",
    ),
    "timeline": (
        "t.csv",
        "milestone,date\nprotocol approved,2023-01-15\nrecruitment start,2023-03-01\nfreeze,2024-06-30\n",
    ),
    "git log": ("log.txt", "a1b2c3d 2024-05-01 fix loader\ne4f5a6b 2024-05-02 add 3 tests\n"),
    "loss components": (
        "lc.json",
        json.dumps(
            {"losses": {"dice": 0.2, "ce": 0.3, "weights": [1, 4, 9]}, "epochs": [1, 2, 3, 4, 5]}
        ),
    ),
    "time series daily": ("ts.csv", "date,scans\n2024-01-01,55\n2024-01-02,60\n2024-01-03,45\n"),
    "auc by vendor": (
        "v.csv",
        "vendor,scanners,scans,auc\nSiemens,4,240,0.9\nGE,3,160,0.89\nPhilips,2,110,0.91\n",
    ),
    "sites": ("s.csv", "site,readers,patients,auc\nA,3,120,0.9\nB,4,150,0.88\nC,2,95,0.91\n"),
    "stage by cohort pct": (
        "sp.csv",
        "stage,training %,test %\nI,30,31\nII,45,41\nIII,22,20\nIV,3,8\n",
    ),
    "mean scores by group": ("ms.csv", "group,n,score_mean,score_sd\nA,45,3,1\nB,60,4,1\n"),
    "crp": (
        "crp.csv",
        "marker,cutoff,sensitivity,specificity,auc\nCRP,5,80,71,0.8\nPSA,4,85,40,0.7\n",
    ),
    "lr table": ("lrt.csv", "likelihood ratio,value\nLR+,8\nLR-,0.2\n"),
    "kappa matrix": ("km.csv", ",R1,R2,R3\nR1,1,0.8,0.7\nR2,0.8,1,0.75\nR3,0.7,0.75,1\n"),
    "interp pr": (
        "ipr.json",
        json.dumps(
            {
                "recall": [k / 100 for k in range(101)],
                "precision": [round(1 - 0.4 * (k / 100) ** 2, 4) for k in range(101)],
            }
        ),
    ),
    "radar": (
        "radar.csv",
        "dimension,model_a,model_b\naccuracy,4,5\nspeed,5,3\nrobustness,3,4\ninterpretability,2,3\n",
    ),
    "imaging findings pct": (
        "f.csv",
        "finding,prevalence_pct,auc\neffusion,12.5,0.92\nnodule,6.1,0.85\n",
    ),
    "volumes tertile": (
        "tert.csv",
        "tertile,volume range (ml),n,events\n1,<10,140,20\n2,10-30,135,35\n3,>30,135,60\n",
    ),
    "prose long": (
        "d.md",
        "## Methods\n\nWe used 3D U-Nets with 5 levels (32 to 512 channels) trained on 4 A100 GPUs. Patches of 128 x 128 x 64 voxels were sampled, 2 per volume. A total of 1,205 patients from 6 hospitals were included between 2015 and 2020; 210 patients (17.4%) had recurrence. Inter-reader agreement between 2 radiologists (5 and 9 years of experience) was good (kappa = 0.81). The number needed to treat was 7. Slices were 3 mm thick. See Table 4 and section 3. A 7-point scale was used; 5 = excellent. In 95 of 100 bootstrap runs the feature was retained. The first 5 principal components were kept. We reviewed 8 studies. BI-RADS 4 lesions were included. Patients were scanned at 3 T. 1 case per row in the CSV. In case 3 we resampled.\n",
    ),
    "captions": (
        "c.tex",
        r"\begin{figure}\caption{Kaplan-Meier curves for 4 risk groups. Shaded: 95\% CI. Group 3 patients had the worst prognosis; $p=0.003$ and $k=5$.}\end{figure}",
    ),
    "yaml": (
        "c.yaml",
        "model:\n  layers: 4\n  heads: 8\n  n_classes: 3\ntrain:\n  epochs: 5\n  folds: 5\n  n_images_per_batch: 4\n",
    ),
    "log sizes": (
        "l.log",
        "Loaded 320 volumes from 4 folders\nFold 1: train 255 cases, val 65 cases\nbest model: step 3\nSaved 2 figures\n",
    ),
    "code output": ("o.txt", "auc     0.91\nacc     0.85\nn     410.00\ndtype: float64\n"),
    "series metrics": (
        "o2.txt",
        "fold\n1    0.91\n2    0.90\n3    0.92\nName: auc, dtype: float64\n",
    ),
    "df info": (
        "o3.txt",
        "<class 'pandas.core.frame.DataFrame'>\nRangeIndex: 410 entries, 0 to 409\nData columns (total 4 columns):\n #   Column  Non-Null Count  Dtype\n---  ------  --------------  -----\n 0   age     410 non-null    int64\n 1   sex     410 non-null    object\n 2   bmi     400 non-null    float64\ndtypes: float64(1), int64(1), object(1)\nmemory usage: 12.9+ KB\n",
    ),
    "dtypes": ("o4.txt", "age      int64\nsex     object\nbmi    float64\ndtype: object\n"),
    "value counts pct": ("o5.txt", "sex\nM    0.55\nF    0.45\nName: proportion, dtype: float64\n"),
    "table2 multi": (
        "t2.csv",
        "outcome,model,n,OR (95% CI),p\ndeath,unadjusted,410,1.5 (1.1-2.0),0.01\ndeath,adjusted,410,1.3 (1.0-1.8),0.06\n",
    ),
    "umap params": (
        "up.json",
        json.dumps({"n_neighbors": 5, "min_dist": 0.1, "n_components": 2, "metric": "cosine"}),
    ),
    "perf by size": ("ps.csv", "size_mm,sensitivity,n_lesions\n<5,60,40\n5-10,80,85\n>10,95,120\n"),
    "monte carlo": ("mc.csv", "simulation,bias,coverage\n1,0.02,0.95\n2,0.01,0.94\n3,-0.03,0.96\n"),
    "wide folds": (
        "wf.csv",
        "model,fold 1,fold 2,fold 3,fold 4,fold 5,mean,sd\nA,0.9,0.91,0.88,0.9,0.92,0.9,0.01\nB,0.85,0.86,0.84,0.87,0.85,0.85,0.01\n",
    ),
    "pct cm": (
        "pcm.md",
        "Confusion matrix (%)\n\n| | benign | malignant |\n|-|-|-|\n| benign | 95 | 5 |\n| malignant | 8 | 92 |\n",
    ),
    "delphi": (
        "del.csv",
        "item,round 1 median,round 2 median\nslice thickness,4,5\ncontrast,3,4\n",
    ),
    "risk groups": (
        "rg.csv",
        "risk group,patients,events,5-year survival (%)\nlow,140,20,88\nmid,135,40,70\nhigh,135,75,45\n",
    ),
    "empty": ("e.csv", "a,b\n"),
    "one row": ("or.csv", "auc,sens,spec,n\n0.91,0.85,0.88,250\n"),
    "wavelengths": (
        "wl.csv",
        "wavelength_nm,absorbance\n"
        + "\n".join(f"{400 + 5 * k},{abs(np.sin(k / 9)):.4f}" for k in range(60)),
    ),
    "psf": ("hist2.csv", "dice_bin,scans\n0.7-0.8,20\n0.8-0.9,65\n0.9-1.0,115\n"),
    "score cutpoints": ("cp.csv", "cutoff,n above,n below,hr\n3,120,290,1.9\n5,60,350,2.4\n"),
    "hp importance": ("hpi.csv", "param,importance\nlr,0.51\nbatch_size,0.2\ndropout,0.15\n"),
}

SAFE5 = {
    "model names": (
        "m.csv",
        "name,auc,score\nRandom Forest,0.9,0.8\nLogistic Regression,0.85,0.75\nGradient Boosting,0.91,0.82\n",
    ),
    "km grid": (
        "k.csv",
        "month,survival\n" + "\n".join(f"{k},{0.99**k:.3f}" for k in range(0, 61, 3)),
    ),
    "x y roc": (
        "r.csv",
        "x,y\n" + "\n".join(f"{k / 50:.2f},{(k / 50) ** 0.4:.3f}" for k in range(51)),
    ),
    "seeds dice": (
        "s.csv",
        "seed,dice\n" + "\n".join(f"{k},{0.85 + R.random() / 40:.4f}" for k in range(40)),
    ),
    "random search": (
        "rs.csv",
        "alpha,l1_ratio,r2\n"
        + "\n".join(
            f"{R.random():.4f},{R.random():.3f},{0.5 + R.random() / 5:.4f}" for k in range(50)
        ),
    ),
    "checksums": (
        "sha.csv",
        "file,sha256\nmodel.safetensors," + "a1" * 32 + "\nconfig.json," + "b2" * 32 + "\n",
    ),
    "simulated": (
        "perm.csv",
        "permutation,statistic\n" + "\n".join(f"{k},{R.gauss(0, 1):.4f}" for k in range(100)),
    ),
    "weights per feature": (
        "coef.csv",
        "feature,coefficient\n" + "\n".join(f"f_{k},{R.gauss(0, 1):.4f}" for k in range(60)) + "\n",
    ),
    "subject-level none": (
        "fi.csv",
        "radiomic_feature,icc,p\n"
        + "\n".join(
            f"original_glszm_{a},{R.random():.3f},{R.random():.4f}"
            for a in "abcdefghijklmnopqrstuvwxyzabcdefghijk"
        ),
    ),
}
UNSAFE5 = {
    "scatter": (
        "row-level-data",
        "x.csv",
        df(x=N.normal(size=60).round(3), y=N.normal(size=60).round(3)),
    ),
    "manual auto": (
        "row-level-data",
        "x.csv",
        df(manual_volume=N.normal(30, 9, 60).round(2), auto_volume=N.normal(30, 9, 60).round(2)),
    ),
    "ages": (
        "row-level-data",
        "x.json",
        json.dumps({"ages": [int(a) for a in N.integers(30, 85, 80)]}),
    ),
    "event times": (
        "row-level-data",
        "x.csv",
        "timeline,KM_estimate\n"
        + "\n".join(
            f"{t},{s:.4f}"
            for t, s in zip(np.cumsum(N.integers(1, 40, 30)), np.linspace(1, 0.4, 30), strict=True)
        ),
    ),
    "xyz": (
        "pixel-matrix",
        "x.csv",
        "x,y,value\n"
        + "\n".join(f"{x},{y},{R.randrange(256)}" for x in range(20) for y in range(20)),
    ),
    "base64 lines": (
        "encoded-data",
        "x.csv",
        "line\n"
        + "\n".join(
            "".join(
                R.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
                for _ in range(76)
            )
            for _ in range(20)
        ),
    ),
    "rle": (
        "encoded-data",
        "x.csv",
        "image_id,rle\nI1," + " ".join(f"{k * 37} {k % 9 + 1}" for k in range(80)) + "\n",
    ),
    "names": ("identifiers", "x.csv", "name,age,stage\nAnn Smith,63,II\nJoe Bloggs,55,I\n"),
    "inverted": (
        "identifiers",
        "x.csv",
        'patient,result\n"Smith, Ann",positive\n"Bloggs, Joe",negative\n',
    ),
    "parquet vec": (
        "encoded-data",
        "x.json",
        json.dumps(
            [
                {"study": f"s{k}", "emb": str([round(R.gauss(0, 1), 5) for _ in range(64)])}
                for k in range(4)
            ]
        ),
    ),
    "json deep": (
        "small-cells",
        "x.json",
        json.dumps({"results": {"site_a": {"n_train": 120, "n_test": 4, "auc": 0.9}}}),
    ),
    "mean n=1": ("small-cells", "x.csv", "stage,n,mean_volume\nI,40,20.1\nIV,1,99.2\n"),
    "md prose small": (
        "small-cells",
        "x.md",
        "- Excluded: 3 patients (motion)\n- Included: 120 patients\n",
    ),
    "n colon": ("small-cells", "x.md", "Deaths in group B, n: 4\n"),
    "excluded n": (
        "small-cells",
        "x.tex",
        r"\begin{figure}\caption{Flow chart. Excluded: no contrast ($n=6$), motion ($n=15$).}\end{figure}",
    ),
    "title table": (
        "small-cells",
        "x.csv",
        "Distribution of diagnoses,,\ndiagnosis,training,testing\nnodule,120,30\nmass,45,6\n",
    ),
    "hospital cross": ("small-cells", "x.csv", "hospital,CT,MRI,PET\nA,120,80,4\nB,90,60,25\n"),
    "lowercase counts": ("small-cells", "x.csv", "outcome,no_events,n_events\nstroke,300,6\n"),
    "tnm": ("small-cells", "x.csv", ",N0,N1,N2\nT1,30,12,4\nT2,25,18,10\n"),
    "perc and n": ("small-cells", "x.csv", "finding,percent,n\nnodule,12.0,48\neffusion,1.5,6\n"),
    "gleason": ("small-cells", "x.csv", "Gleason,Biopsy,Surgery\n6,40,31\n7,55,60\n9,4,12\n"),
    "birads": ("small-cells", "x.csv", "BI-RADS,benign,malignant\n2,120,1\n3,80,4\n4,30,45\n"),
}

SAFE6 = {
    "feature ids": (
        "f.csv",
        "feature,importance\n" + "\n".join(f"feature_{k:03},{R.random():.4f}" for k in range(40)),
    ),
    "radiomics ids": (
        "f.csv",
        "name,icc\n" + "\n".join(f"radiomic_{k:04},{R.random():.4f}" for k in range(40)),
    ),
    "rois": (
        "f.csv",
        "roi,beta,p,n\n"
        + "\n".join(f"roi_{k:03},{R.gauss(0, 1):.3f},{R.random():.4f},120" for k in range(90)),
    ),
    "wide features": (
        "w.csv",
        "fold,"
        + ",".join(f"feature_{k:03}" for k in range(12))
        + "\n"
        + "\n".join(f"{f}," + ",".join(f"{R.random():.3f}" for _ in range(12)) for f in range(5)),
    ),
    "years across": (
        "y.csv",
        "region,2015,2016,2017,2018,2019\nnorth,120,130,125,140,135\nsouth,90,95,100,105,110\n",
    ),
    "brats results": (
        "b.csv",
        "challenge,region,dice\nBraTS2020,WT,0.91\nBraTS2021,TC,0.87\nBraTS2023,ET,0.83\n",
    ),
    "exp table": (
        "e.csv",
        "experiment,dice,hd95\n"
        + "\n".join(
            f"exp_{k:03},{0.8 + R.random() / 10:.4f},{4 + R.random():.2f}" for k in range(30)
        ),
    ),
    "models ids": (
        "e.csv",
        "checkpoint,dice\n"
        + "\n".join(f"ckpt_{k:04},{0.8 + R.random() / 10:.4f}" for k in range(0, 3000, 100)),
    ),
    "dates of runs": (
        "e.csv",
        "run_date,commit,auc\n2024-05-01,a1b2c3d,0.9\n2024-05-08,b2c3d4e,0.91\n",
    ),
    "percentiles": ("p.csv", "percentile,dice\n5,0.7\n25,0.8\n50,0.86\n75,0.9\n95,0.94\n"),
    "odds only": (
        "o.md",
        "Multivariable model (n = 410; 145 events)\n\n| term | OR | p |\n|--|--|--|\n| age | 1.02 | 0.03 |\n| stage | 2 | 0.001 |\n",
    ),
    "volumes of organs": (
        "v.csv",
        "organ,mean volume (ml),SD,scans\nliver,1510,310,240\nspleen,210,80,240\n",
    ),
    "visits": (
        "v.csv",
        "visit,participants,retention (%)\nbaseline,400,100\nmonth 6,360,90\nmonth 12,320,80\n",
    ),
    "trial phases": ("v.csv", "phase,weeks,doses\n1,4,2\n2,8,3\n3,12,4\n"),
    "gpu memory": ("g.txt", "name    mem_gb  util\ngpu0        40     9\ngpu1        38     7\n"),
    "segment metrics md": (
        "s.md",
        "**Table 3.** Per-structure results (n=60 test scans)\n\n| Structure | DSC | ASSD | Rank |\n|:--|:-:|:-:|:-:|\n| LV | 0.94 ± 0.02 | 0.4 | 1 |\n| RV | 0.91 ± 0.03 | 0.6 | 2 |\n| Myo | 0.88 ± 0.03 | 0.5 | 3 |\n",
    ),
    "questionnaire": (
        "q.csv",
        "question,1,2,3,4,5\nQ1,0.05,0.1,0.2,0.4,0.25\nQ2,0.1,0.1,0.3,0.3,0.2\n",
    ),
    "json params list": (
        "j.json",
        json.dumps(
            [
                {"lr": 0.001, "layers": 3, "dice": 0.81},
                {"lr": 0.01, "layers": 4, "dice": 0.83},
                {"lr": 0.1, "layers": 5, "dice": 0.79},
            ]
        ),
    ),
    "mesh": ("m.csv", "vertices,faces,lod\n1200,2400,1\n600,1200,2\n300,600,3\n"),
    "cohort summary": (
        "c.csv",
        "cohort,patients,scans,female (%),median age\ntrain,320,410,52,63\ntest,80,95,50,62\n",
    ),
    "ci text": (
        "c.csv",
        "metric,value\nAUC,0.91 (0.88-0.94)\nPatients,250\nEvents,95\nThreshold,0.5\nEpochs,7\n",
    ),
    "dicom params": ("d.csv", "SliceThickness,PixelSpacing,scans\n1,0.7,120\n3,0.8,90\n5,0.9,45\n"),
    "suv": ("s.csv", "lesion type,SUVmax mean,SUVmax SD,lesions\nnode,8,3,60\nbone,5,2,45\n"),
    "ordinal reg": (
        "or.csv",
        "predictor,estimate,std_error,z,p_value,n_obs\nage,0.02,0.01,2,0.04,410\ngrade,1,0.3,3,0.002,410\n",
    ),
    "schedule": ("sch.csv", "week,topic,hours\n1,intro,2\n2,loading,3\n3,training,4\n"),
}
UNSAFE6 = {
    "genes by patients": (
        "row-level-data",
        "x.csv",
        "gene,"
        + ",".join(f"PAT{k:03}" for k in range(12))
        + "\n"
        + "\n".join(f"g{g}," + ",".join(f"{R.random():.3f}" for _ in range(12)) for g in range(10)),
    ),
    "uid header": (
        "identifiers",
        "x.csv",
        "metric,1.2.840.113619.2.55.3.604688119.969\ndice,0.9\n",
    ),
    "small subgroup md": (
        "small-cells",
        "x.md",
        "| Subgroup | No. of patients | AUC |\n|--|--|--|\n| <50 y | 45 | 0.9 |\n| >80 y | 6 | 0.7 |\n",
    ),
    "at risk tex": (
        "small-cells",
        "x.tex",
        r"\begin{tabular}{lccc}\toprule No. at risk & 0 & 1 & 2\\ \midrule Low & 120 & 80 & 31\\ High & 60 & 22 & 3\\ \bottomrule\end{tabular}",
    ),
    "events per arm": (
        "small-cells",
        "x.csv",
        "arm,randomised,discontinued,died\nA,120,15,4\nB,118,12,11\n",
    ),
    "misclassified": (
        "small-cells",
        "x.json",
        json.dumps({"n_test": 80, "misclassified": 3, "accuracy": 0.9625}),
    ),
    "cm list txt": ("small-cells", "x.txt", "confusion_matrix = [[40, 2], [5, 33]]\n"),
    "sheet html": (
        "small-cells",
        "x.md",
        pd.DataFrame({"site": ["A", "B"], "patients": [120, 3]}).to_html(index=False),
    ),
    "groupby nunique": (
        "identifiers",
        "x.txt",
        "          patient_id\nscanner             \nGE                45\nHitachi            2\nSiemens          120\n",
    ),
    "weekly deaths": ("small-cells", "x.csv", "week,deaths\n1,12\n2,3\n3,0\n4,15\n"),
    "long variable": (
        "small-cells",
        "x.csv",
        "variable,level,count,percent\nsex,F,60,50\nsex,M,60,50\nstage,IV,4,3.3\n",
    ),
    "tnm pct": (
        "small-cells",
        "x.csv",
        'variable,"Train, n (%)","Test, n (%)"\nIV,9 (2.8),3 (3.8)\n',
    ),
    "embedding in json dict": (
        "row-level-data",
        "x.json",
        json.dumps({f"case{k}": [round(R.gauss(0, 1), 4) for _ in range(64)] for k in range(5)}),
    ),
    "mri preds": (
        "row-level-data",
        "x.csv",
        df(subject_id=range(1001, 1021), dx=N.choice(["AD", "CN"], 20), prob=N.random(20).round(3)),
    ),
    "image grid hu floats": (
        "pixel-matrix",
        "x.csv",
        pd.DataFrame((N.normal(40, 200, (64, 64))).round(0)).to_csv(index=False),
    ),
    "followup dates": (
        "identifiers",
        "x.csv",
        "case,last_followup_date,status\n1,2021-03-04,alive\n2,2022-01-09,dead\n3,2020-07-30,alive\n",
    ),
}

SAFE7 = {
    "exp dates": (
        "e.csv",
        "date,model,score\n2024-05-01,A,0.8\n2024-05-02,B,0.9\n2024-05-09,C,0.7\n",
    ),
    "pred path": ("l.log", "saved results/fold_01/pred.nii.gz\n"),
    "found": ("l.log", "Found 120 images belonging to 2 classes.\n"),
    "tf": (
        "o.txt",
        "Total params: 1,204,300\nTrainable params: 1,204,300\nNon-trainable params: 0\n",
    ),
    "keras": (
        "o.txt",
        " Layer (type)      Output Shape     Param #\n conv2d (Conv2D)   (None, 26, 26, 32)  320\n dense (Dense)     (None, 10)    5130\n",
    ),
    "nvidia": (
        "o.txt",
        "| 0  A100  On | 00000000:07:00.0 Off | 0 |\n| N/A 31C P0 52W / 400W | 4MiB / 40GB | 3% |\n",
    ),
    "tqdm": ("o.txt", "100%|##########| 40/40 [00:31<00:00,  1.29it/s, loss=0.31]\n"),
    "pct in text": (
        "o.md",
        "Accuracy was 3% higher. We saw 5% of patients with recurrence (n = 400).\n",
    ),
    "ref list": (
        "o.md",
        "## References\n\n1. Smith J, et al. 3 patients groups. Radiology 2019; 4(2): 12-18.\n2. Doe J. Med Phys 2020;7:3.\n",
    ),
    "figure list": (
        "o.md",
        "- Figure 1: ROC curves (n=250)\n- Figure 2: calibration in 10 deciles\n",
    ),
    "json schema": (
        "s.json",
        '{"type":"object","properties":{"n_patients":{"type":"integer","minimum":1},"age":{"type":"number","maximum":120}}}',
    ),
    "age adjusted": ("a.csv", "age,predicted_risk\n40,0.05\n50,0.08\n60,0.14\n70,0.22\n80,0.31\n"),
    "pdp": (
        "a.csv",
        "age,partial_dependence\n" + "\n".join(f"{a},{a / 200:.3f}" for a in range(20, 90)),
    ),
    "nomogram": (
        "n.csv",
        "variable,level,points\nage,<50,0\nage,50-70,4\nage,>70,8\nstage,I,0\nstage,II,3\n",
    ),
    "score def": ("n.csv", "criterion,points\nfever,2\ncough,1\nnodule,5\n"),
    "isup": ("n.csv", "ISUP grade,kappa\n1,0.8\n2,0.7\n3,0.75\n"),
    "roi size": ("n.csv", "organ,voxels_x,voxels_y,voxels_z\nliver,64,64,8\nspleen,32,32,6\n"),
    "tiers": (
        "n.md",
        "| tier | label | colour |\n|--|--|--|\n| 1 | low | green |\n| 2 | high | red |\n",
    ),
    "multi unit": (
        "n.csv",
        "parameter,arterial,venous,delayed\ndelay (s),25,70,180\nslice (mm),3,3,5\nkVp,120,120,120\n",
    ),
    "contrast": ("n.csv", "phase,delay_s,kvp\narterial,25,120\nvenous,70,120\n"),
}

SAFE8 = {
    "tripod": ("t.csv", "item,section,page\n1,title,1\n2,abstract,2\n3a,introduction,3\n"),
    "fairness": (
        "f.csv",
        "attribute,group,n,tpr,fpr\nsex,male,210,0.85,0.12\nsex,female,200,0.84,0.11\nage,<60,150,0.86,0.1\n",
    ),
    "inference": (
        "i.csv",
        "device,batch_size,latency_ms,throughput\nA100,1,9,111\nA100,8,31,258\nCPU,1,210,5\n",
    ),
    "auc ci json": (
        "a.json",
        json.dumps(
            {
                "models": [
                    {"name": "cnn", "auc": 0.91, "ci_low": 0.88, "ci_high": 0.94, "n": 250},
                    {"name": "lr", "auc": 0.8, "ci_low": 0.75, "ci_high": 0.85, "n": 250},
                ]
            }
        ),
    ),
    "weights of classes": (
        "cw.json",
        json.dumps({"class_weights": {"benign": 1, "malignant": 4}, "loss": "ce"}),
    ),
    "hd quantiles": (
        "h.csv",
        "structure,HD95 median,HD95 IQR,n\nliver,3,2-5,120\nkidney,2,1-4,120\n",
    ),
    "t1 json": (
        "t.json",
        json.dumps(
            [
                {"variable": "Age", "train": "61 ± 10", "test": "62 ± 9"},
                {"variable": "N", "train": "320", "test": "80"},
            ]
        ),
    ),
    "consort": (
        "c.md",
        "| step | n |\n|--|--|\n| screened | 1200 |\n| eligible | 800 |\n| randomised | 410 |\n",
    ),
    "icc levels": ("l.csv", "ICC category,features\nexcellent,60\ngood,25\nmoderate,15\npoor,7\n"),
    "acq": ("a.csv", "parameter,site A,site B\nslices,30,35\nTE,9,12\nechoes,1,2\n"),
    "cv scheme": ("cv.csv", "outer folds,inner folds,repeats\n5,3,10\n"),
    "survival metrics": (
        "s.csv",
        "model,c_index,ibs,n,events\nCox,0.71,0.15,410,145\nDeepSurv,0.74,0.14,410,145\n",
    ),
    "pairs": ("p.csv", "pair,dice,volume difference (%)\nA-B,0.91,4\nA-C,0.9,5\nB-C,0.92,3\n"),
    "loss landscape": (
        "z.csv",
        pd.DataFrame(
            np.add.outer(np.arange(8) ** 2, np.arange(8) ** 2) / 100,
            columns=[f"a{k}" for k in range(8)],
        ).to_csv(),
    ),
    "tokens": ("tok.csv", "token,frequency_rank,embedding_norm\nnodule,1,3.2\nlung,2,2.9\n"),
    "thresh csv": (
        "th.csv",
        "operating point,threshold,sensitivity,specificity,PPV,NPV\nhigh sens,0.2,95,60,45,97\nbalanced,0.5,85,84,70,93\n",
    ),
    "md steps": (
        "m.md",
        "1. Resample to 1 mm\n2. Clip HU to -1000..400\n3. Normalise\n\nWe used 3 x 3 kernels, 2 residual blocks and 8 attention heads.\n",
    ),
    "annual": ("an.csv", "year,papers,citations\n2020,3,41\n2021,5,77\n2022,8,120\n"),
    "ecog": ("e.csv", "ECOG,patients,median OS (months)\n0,150,20\n1,180,14\n2,80,7\n"),
    "dvh": (
        "d.csv",
        "dose_gy,volume_pct\n" + "\n".join(f"{k},{100 - k * 1.6:.1f}" for k in range(0, 60)),
    ),
}
UNSAFE8 = {
    "ecog": (
        "small-cells",
        "e.csv",
        "ECOG,patients,median OS (months)\n0,150,20\n1,180,14\n3,4,3\n",
    ),
    "consort": (
        "small-cells",
        "c.md",
        "| step | n |\n|--|--|\n| screened | 120 |\n| withdrawn | 3 |\n",
    ),
    "fairness": (
        "small-cells",
        "f.csv",
        "attribute,group,n,tpr\nethnicity,White,210,0.85\nethnicity,Other,6,0.5\n",
    ),
    "t1 json": (
        "small-cells",
        "t.json",
        json.dumps([{"variable": "Male, n (%)", "train": "160 (50%)", "test": "7 (8.8%)"}]),
    ),
    "xtab three": (
        "small-cells",
        "x.csv",
        "scanner,nodule present,nodule absent\nSiemens,60,45\nToshiba,3,9\n",
    ),
    "mutations": (
        "small-cells",
        "x.csv",
        "mutation,carriers,non-carriers\nEGFR,45,120\nALK,5,160\n",
    ),
    "reg small n": ("small-cells", "x.csv", "model,estimate,se,p,n\nA,0.3,0.1,0.01,8\n"),
    "per image txt": (
        "row-level-data",
        "x.txt",
        "image      dice   hd95\nIMG_0001   0.91   3.2\nIMG_0002   0.88   4.1\nIMG_0003   0.79   7.7\n",
    ),
    "cases json": (
        "row-level-data",
        "x.json",
        json.dumps(
            {"cases": [{"case_id": f"C{k:03}", "auc": 0.9, "volume": R.random()} for k in range(6)]}
        ),
    ),
    "outliers md": (
        "row-level-data",
        "x.md",
        "Worst cases\n\n| case | Dice | age |\n|--|--|--|\n| case_017 | 0.31 | 81 |\n| case_044 | 0.35 | 77 |\n| case_101 | 0.41 | 69 |\n",
    ),
    "percent small": (
        "implied-counts",
        "x.md",
        "| arm | N | died (%) |\n|--|--|--|\n| A | 60 | 5.0 |\n| B | 62 | 24.2 |\n",
    ),
    "margins json": (
        "margins",
        "x.json",
        json.dumps(
            [
                {"stage": "I", "male": 40, "female": "<10", "total": 46},
                {"stage": "II", "male": 30, "female": 25, "total": 55},
            ]
        ),
    ),
    "margins md": (
        "margins",
        "x.md",
        "| | M | F | Total |\n|--|--|--|--|\n| I | 45 | * | 49 |\n| II | 60 | 40 | 100 |\n| Total | 105 | 44 | 149 |\n",
    ),
    "min max md": (
        "endpoints",
        "x.md",
        "| variable | n | mean | SD | min | max |\n|--|--|--|--|--|--|\n| age | 120 | 61 | 9 | 19 | 97 |\n",
    ),
    "timestamps": (
        "identifiers",
        "x.csv",
        "AcquisitionDateTime,kvp\n2021-03-04 10:22:31,120\n2021-03-05 11:02:13,100\n",
    ),
}

SAFE = SAFE2 | SAFE3 | SAFE4 | SAFE5 | SAFE6 | SAFE7 | SAFE8
UNSAFE = UNSAFE2 | UNSAFE3 | UNSAFE5 | UNSAFE6 | UNSAFE8


@pytest.mark.parametrize("policy", ["acro", "nhs-sde"])
@pytest.mark.parametrize("name", SAFE)
def test_a_safe_file_of_any_form_passes(name: str, policy: str) -> None:
    path, text = SAFE[name]
    report, _ = engine.look(path, text.encode(), disclosure.load(policy))
    assert [each for each in report.findings if each.severity is not Severity.INFO] == []


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_file_of_any_form_is_found(name: str) -> None:
    check, path, text = UNSAFE[name]
    report, _ = engine.look(path, text.encode(), disclosure.load("acro"))
    assert check in {each.check for each in report.findings if each.severity is not Severity.INFO}
