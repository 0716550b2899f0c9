# ruff: noqa: E501
"""Tables whose numbers give small counts, single persons or the exact counts behind them away."""

from __future__ import annotations

import pytest

from tests.support.checked import serious
from vitrine.egress import disclosure
from vitrine.egress.checks import engine
from vitrine.egress.checks.rules.tables_precision import is_quotient

UNSAFE = {
    "small-cells": [
        ("a.csv", "variant,carriers,non-carriers\nBRCA1,14,402\nTP53,3,413\n"),
        ("a.txt", "stage\nI      120\nII      75\nIII      5\nName: count, dtype: int64\n"),
        ("a.csv", "ethnicity,<60,60+\nWhite,310,288\nBlack,22,4\n"),
        ("a.csv", "time (months),number at risk\n0,120\n12,88\n24,41\n36,6\n"),
        ("a.csv", "reader,false negatives,false positives\n1,14,31\n2,3,22\n"),
        ("a.csv", "month,deaths\nJan,31\nFeb,22\nMar,6\n"),
        (
            "a.html",
            "<table><tr><th>arm</th><th>relapses</th></tr><tr><td>A</td><td>31</td></tr><tr><td>B</td><td>4</td></tr></table>",
        ),
        ("a.tex", "\\begin{tabular}{lr} Stage & $n$ \\\\ I & 120 \\\\ II & 6 \\\\ \\end{tabular}"),
        ("a.toml", "[cohort]\nn_patients = 7\n"),
        ("a.yaml", "sites:\n  Leeds: {patients: 310}\n  Truro: {patients: 7}\n"),
        ("a.yaml", "cohort:\n  screened: 412\n  excluded:\n    motion: 4\n    consent: 22\n"),
        ("a.json", '{"excluded": {"motion": 4, "consent": 22}, "analysed": 412}'),
        ("a.json", '{"tp": 88, "fp": 12, "fn": 4, "tn": 204}'),
        ("a.json", '{"sites": {"Leeds": {"patients": 310}, "Truro": {"patients": 7}}}'),
        (
            "a.md",
            "| | Cancer | No cancer |\n|---|---|---|\n| Positive | 88 | 12 |\n| Negative | 4 | 204 |\n",
        ),
        ("a.csv", "Stage,No. (%)\nI,120 (60.0)\nII,75 (37.5)\nIII,5 (2.5)\n"),
        ("a.csv", "scanner;men;women\nA;120;88\nB;64;7\n"),
    ],
    "implied-counts": [
        ("a.csv", "site,women,women with follow-up\nA,120,98\nB,133,129\n"),
        ("a.csv", "step,n\neligible,412\nconsented,409\nscanned,388\n"),
        ("a.csv", "cohort,screened,included\nA,412,310\nB,133,128\n"),
        (
            "a.md",
            "| smoking | patients |\n|---|---|\n| never | 140 |\n| former | 180 |\n| current | 88 |\n| **all** | **412** |\n",
        ),
        ("a.csv", ",A,B\nfemale,60,71\nmale,58,66\nall,120,137\n"),
        ("a.csv", "sex,n\nF,214\nM,190\nTotal,412\n"),
        (
            "a.json",
            '{"results": [{"fold": 1, "n": 52, "accuracy": 0.9423}, {"fold": 2, "n": 52, "accuracy": 0.8846}]}',
        ),
        ("a.csv", "n,45\naccuracy,0.956\nauc,0.93\n"),
        ("a.csv", "metric,value\nn,45\naccuracy,0.956\nF1,0.93\n"),
        ("a.md", "| | n | complete response |\n|--|--|--|\n| A | 120 | 31% |\n| B | 40 | 5% |\n"),
        ("a.csv", "outcome,%\nalive,93.3\ndead,6.7\nn,60\n"),
        ("a.csv", "group,N,event rate (%)\nA,412,23\nB,36,5.6\n"),
        ("a.csv", "group,N,proportion with cancer\nA,412,0.23\nB,36,0.083\n"),
        ("a.csv", "hospital,scans,% of diagnostic quality\nA,400,95\nB,60,95.0\n"),
        ("a.csv", "setting,cancers,sensitivity\nscreening,214,0.883\nsymptomatic,42,0.929\n"),
        ("a.csv", "site,controls,specificity\nLeeds,310,0.91\nTruro,48,0.979\n"),
        ("a.csv", "subgroup,n,accuracy\nmen,240,0.88\nwomen,61,0.951\n"),
        ("a.csv", "model,test images,error rate (%)\nA,400,9.5\nB,60,5.0\n"),
        ("a.json", '{"n": 60, "accuracy": 0.95}'),
        ("a.json", '{"test": {"n_patients": 45, "accuracy": 0.9556, "auc": 0.93}}'),
        (
            "a.json",
            '{"classes": {"a": {"n": 120, "recall": 0.8583}, "b": {"n": 35, "recall": 0.9429}}}',
        ),
        (
            "a.json",
            '[{"site": "A", "patients": 300, "accuracy": 0.85}, {"site": "B", "patients": 45, "accuracy": 0.9556}]',
        ),
        (
            "a.md",
            "| class | support | recall |\n|---|---|---|\n| benign | 300 | 0.91 |\n| cancer | 52 | 0.942 |\n",
        ),
        ("a.csv", "stage,patients,5-year survival\nI,180,0.911\nII,90,0.72\nIV,31,0.065\n"),
        ("a.csv", "arm,patients,response rate\nA,120,0.42\nB,64,0.047\n"),
        ("a.csv", "arm,n,mortality %\nA,120,22\nB,64,4.7\n"),
        ("a.csv", "reader,cancers,detection rate\n1,212,0.81\n2,60,0.95\n"),
        (
            "r.txt",
            "              precision    recall  f1-score   support\n\n      benign       0.91      0.95      0.93       240\n   malignant       0.93      0.95      0.90        60\n\n    accuracy                           0.91       300\n",
        ),
        (
            "a.csv",
            "examination (first per patient),n\nall patients,503\nchest CT,311\nchest radiograph,188\n",
        ),
        ("a.csv", "characteristic,n\ntotal,420\nmale,260\nfemale,157\n"),
        ("a.csv", "step,patients\nscreened,412\nno consent,60\npoor quality,44\nanalysed,305\n"),
        (
            "a.md",
            "| modality | patients |\n|---|---|\n| CT | 121 |\n| MRI | 82 |\n| total | 206 |\n",
        ),
        ("a.json", '{"total": 206, "ct": 121, "mri": 82}'),
        ("a.csv", "stage,n\nI,120\nII,88\nIII,64\nAll,275\n"),
        ("a.csv", "flow,n\nassessed for eligibility,412\nrandomised,404\n"),
        ("a.csv", "group,patients,followed up\nA,120,117\nB,133,101\n"),
        ("a.csv", "site,invited,attended\nLeeds,420,310\nYork,212,208\n"),
        ("a.csv", "group,n,of which women\nA,120,117\nB,133,101\n"),
        ("a.json", '{"screened": 412, "eligible": 405, "analysed": 300}'),
    ],
    "class-disclosure": [
        ("a.md", "| ward | positive | negative |\n|--|--|--|\n| 1 | 22 | 31 |\n| 2 | 18 | 0 |\n"),
        ("a.csv", "group,with disease,total\nA,31,120\nB,44,44\n"),
        ("a.csv", "genotype,relapsed,not relapsed\nAA,31,89\nAB,0,44\nBB,12,19\n"),
        ("a.csv", "genotype,n,relapsed (%)\nAA,120,31\nAB,44,100\nBB,31,22\n"),
        ("a.csv", "variant,responded,progressed\nEGFR,41,22\nSTK11,0,18\nKRAS,30,41\n"),
        ("a.csv", "ward,n,positive %\nA,41,22\nB,18,100\nC,30,41\n"),
        ("a.csv", "site,patients,mortality\nA,120,0.22\nB,64,0\nC,88,0.12\n"),
        ("a.csv", "group,n,smokers\nI,41,20\nII,18,18\nIII,30,14\n"),
    ],
    "endpoints": [
        (
            "a.tex",
            "\\begin{tabular}{lr} Age, median [range] & 61 [19--97] \\\\ BMI, median [range] & 27 [14--62] \\\\ \\end{tabular}",
        ),
        ("a.csv", ",age,bmi\nmean,61,27\nmax,97,61.8\nn,412,412\n"),
        ("a.csv", "group,max volume (ml),n\nA,1846.2,120\nB,912.1,133\n"),
        ("a.json", '{"volume_ml": {"median": 14, "maximum": 1846.2}}'),
        ("a.json", '{"age_min": 19, "age_max": 97, "n": 412}'),
        ("a.csv", "variable,mean (min-max)\nage,61 (19-97)\nvolume,14 (0.1-1846)\n"),
        ("a.csv", "variable,median,min-max\nage,61,19-97\n"),
        ("a.csv", "variable,mean,sd,min,max\nage,61.2,10.1,19,97\nbmi,27,4,14.2,61.8\n"),
        ("a.csv", "variable,median,range\nage,61,19-97\nPSA,7.1,0.2-5012\n"),
        ("a.csv", "variable,value\nage median,61\nage minimum,19\nage maximum,97\n"),
        ("a.json", '{"age": {"mean": 61.2, "min": 19, "max": 97}, "n": 412}'),
        ("a.csv", "statistic,age,tumour volume\ncount,412,412\nmean,61,14\nmax,97,1846.2\n"),
        ("a.md", "| | all (n = 412) |\n|---|---|\n| age, median (range) | 61 (19 to 97) |\n"),
        ("a.csv", "variable,P0,P50,P100\nage,19,61,97\nvolume,0.1,14,1846\n"),
        ("a.csv", "group,n,oldest,youngest\nA,120,97,19\nB,133,94,21\n"),
        ("a.csv", "variable,largest,smallest\nlesion mm,187,2\n"),
        ("a.csv", 'statistic,value\npatients,412\n"age, max",97\n'),
        (
            "a.txt",
            "       age    volume\ncount  412.0   412.0\nmean    61.2    14.1\nstd     10.1    22.0\nmin     19.0     0.1\n25%     54.0     4.1\n50%     61.0     9.1\n75%     69.0    17.1\nmax     97.0  1846.2\n",
        ),
    ],
    "excess-precision": [
        ("a.txt", "mean dice 0.8717948717948718\n"),
        ("a.csv", "group,mean\nA,61.41463414634146\nB,60.2\n"),
        ("a.json", '{"mean_age": 61.41463414634146, "n": 41}'),
        (
            "metrics.json",
            '{"n": 203, "sensitivity": 0.8356164383561644, "specificity": 0.9, "auc": 0.913277133825079}',
        ),
        ("metrics.csv", "metric,value\nsensitivity,0.8356164383561644\nauc,0.91\n"),
        (
            "a.csv",
            "stage,mean age\nI,61.41463414634146\nII,63.95652173913044\nIII,66.16666666666667\n",
        ),
        ("a.md", "| group | mean volume |\n|---|---|\n| A | 14.2857142857 |\n| B | 21.4 |\n"),
        ("a.txt", "accuracy: 0.8666666666666667\n"),
    ],
    "missing-counts": [
        ("a.csv", "smoking status,mean FEV1,SD\nnever,3.1,0.6\ncurrent,2.4,0.7\n"),
        ("a.md", "| Age | AUC |\n|---|---|\n| <50 | 0.91 |\n| 50-70 | 0.89 |\n| >70 | 0.84 |\n"),
        ("a.csv", "centre,AUC\nA,0.91\nB,0.88\nC,0.79\n"),
        ("a.csv", "subgroup,odds ratio,95% CI\nmen,1.4,1.1-1.8\nwomen,1.2,0.9-1.5\n"),
        ("a.csv", "Sex,Sensitivity (%),Specificity (%)\nMen,88.1,91.2\nWomen,86.0,90.4\n"),
        (
            "auc.csv",
            "ethnicity,AUC,lower,upper\nWhite,0.91,0.89,0.93\nAsian,0.88,0.8,0.95\nBlack,0.86,0.74,0.96\n",
        ),
        ("auc.csv", "site,sensitivity,specificity\nLeeds,0.91,0.88\nTruro,0.84,0.79\n"),
        ("auc.csv", "age group,dice\n18-40,0.91\n41-60,0.88\n61+,0.82\n"),
        (
            "auc.md",
            "| sex | AUC (95% CI) |\n|---|---|\n| female | 0.91 (0.88-0.93) |\n| male | 0.89 (0.85-0.92) |\n",
        ),
        (
            "hr.csv",
            "variable,HR,CI lower,CI upper,p\nage,1.2,1.1,1.3,0.01\nstage IV,3.1,2.1,4.4,0.001\n",
        ),
        ("m.csv", "sex,mean age,sd\nmale,61,10\nfemale,60,11\n"),
        ("m.csv", "stage,median survival (months)\nI,61\nII,42\nIV,9\n"),
        ("m.json", '{"female": {"auc": 0.91}, "male": {"auc": 0.89}}'),
        ("m.csv", "subgroup,prevalence %\nmen,31\nwomen,24\n"),
    ],
}
TOGETHER = [
    {
        "main.csv": "sex,patients\nfemale,198\nmale,214\n",
        "main_no_consent_withdrawn.csv": "sex,patients\nfemale,195\nmale,212\n",
    },
    {
        "all_patients.csv": "outcome,n\ndead,88\nalive,324\n",
        "excluding_truro.csv": "outcome,n\ndead,85\nalive,300\n",
    },
    {
        "t_2023.csv": "stage,n\nI,120\nII,88\nIII,64\n",
        "t_2024.csv": "stage,n\nI,123\nII,90\nIII,64\n",
    },
    {
        "a.csv": "tumour size,patients\n0-20 mm,120\n21-40 mm,200\nover 40 mm,92\n",
        "b.csv": "tumour size,patients\n0-19 mm,114\n20-40 mm,206\nover 40 mm,92\n",
    },
    {"a.csv": "age,n\n<50,120\n>=50,292\n", "b.csv": "age,n\n<51,124\n>=51,288\n"},
    {
        "over64.csv": "age,patients\n<=64,203\n>64,209\n",
        "over65.csv": "age,patients\n<=65,209\n>65,203\n",
    },
    {
        "a.csv": "age,n\nunder 65,203\n65 and over,209\n",
        "b.csv": "age,n\nunder 66,208\n66 and over,204\n",
    },
    {"a.csv": "BMI,women\n<25,203\n>=25,209\n", "b.csv": "BMI,women\n<26,210\n>=26,202\n"},
    {
        "a.csv": "age group,patients\n18-39,103\n40-64,209\n65+,300\n",
        "b.csv": "age group,patients\n18-39,103\n40-65,213\n66+,296\n",
    },
    {
        "all.md": "| response | patients |\n| --- | --- |\n| yes | 140 |\n| no | 272 |\n",
        "s.json": '{"ever smokers": {"yes": 135, "no": 211}}',
    },
    {"all.csv": "response,n\nyes,140\nno,272\n", "men.csv": "response,n\nyes,136\nno,190\n"},
    {
        "all.csv": "stage,n\nI,140\nII,272\nIII,88\n",
        "without_truro.csv": "stage,n\nI,137\nII,260\nIII,80\n",
    },
    {
        "a.csv": "stage,n\nI,120\nII,88\nIII,64\n",
        "w.csv": "stage,n\nI,61\nII,40\nIII,<10\n",
        "m.csv": "stage,n\nI,59\nII,48\nIII,58\n",
    },
    {
        "a.csv": "stage,n\nI,120\nII,88\nIII,[c]\n",
        "b.csv": "sex,n\nmale,112\nfemale,104\ntotal,216\n",
    },
]
SAFE = [
    (
        "a.txt",
        "Model: unet\nlayers   params  stride\nconv1      432       1\nconv2     9248       2\n",
    ),
    (
        "a.txt",
        "              precision    recall  f1-score   support\n\n      benign       0.91      0.92      0.91       240\n   malignant       0.83      0.85      0.84       160\n\n    accuracy                           0.90       400\n",
    ),
    ("a.toml", "[train]\nepochs = 40\nseed = 7\nbatch_size = 2\n"),
    (
        "a.yaml",
        "policy:\n  min_patients: 5\n  folds: 5\ntest:\n  patients: 640\n  accuracy: 0.88\n",
    ),
    (
        "a.yaml",
        "model: unet\nlayers: 4\nchannels: [32, 64, 128, 256]\nlr: 0.001\nclasses: 3\nworkers: 8\n",
    ),
    (
        "a.json",
        '{"per_class": {"benign": {"n": 310, "recall": 0.91}, "malignant": {"n": 240, "recall": 0.88}}}',
    ),
    (
        "a.json",
        '{"test": {"n": 640, "accuracy": 0.88, "auc": 0.94}, "val": {"n": 310, "accuracy": 0.9, "auc": 0.95}}',
    ),
    ("a.json", '{"window": {"level": 40, "width": 400}, "spacing": [1, 1, 3], "classes": 4}'),
    (
        "a.json",
        '{"lr": 0.0003, "epochs": 40, "batch": 4, "folds": 5, "n_train": 640, "n_val": 160}',
    ),
    (
        "a.csv",
        "k,train,test\n1,0.99,0.797\n2,0.98,0.793\n3,0.97,0.79\n4,0.96,0.787\n5,0.95,0.783\n6,0.94,0.78\n7,0.93,0.777\n8,0.92,0.773\n9,0.91,0.77\n10,0.9,0.767\n11,0.89,0.763\n12,0.88,0.76\n13,0.87,0.757\n14,0.86,0.753\n15,0.85,0.75\n16,0.84,0.747\n17,0.83,0.743\n18,0.82,0.74\n19,0.81,0.737\n20,0.8,0.733\n21,0.79,0.73\n22,0.78,0.727\n23,0.77,0.723\n24,0.76,0.72\n25,0.75,0.717\n26,0.74,0.713\n27,0.73,0.71\n28,0.72,0.707\n29,0.71,0.703\n",
    ),
    (
        "a.csv",
        "time,survival A,survival B\n0,1.0,1.0\n6,0.97,0.95\n12,0.94,0.9\n18,0.91,0.85\n24,0.88,0.8\n30,0.85,0.75\n36,0.82,0.7\n42,0.79,0.65\n48,0.76,0.6\n54,0.73,0.55\n60,0.7,0.5\n",
    ),
    (
        "a.csv",
        "fold,class,dice\n0,liver,0.878\n0,spleen,0.888\n0,kidney,0.867\n0,pancreas,0.873\n1,liver,0.825\n1,spleen,0.814\n1,kidney,0.81\n1,pancreas,0.863\n2,liver,0.891\n2,spleen,0.836\n2,kidney,0.854\n2,pancreas,0.827\n3,liver,0.865\n3,spleen,0.89\n3,kidney,0.872\n3,pancreas,0.848\n4,liver,0.891\n4,spleen,0.844\n4,kidney,0.895\n4,pancreas,0.882\n",
    ),
    ("a.csv", "threshold,PPV,NPV\n0.1,0.2,0.99\n0.5,0.6,0.95\n"),
    ("a.csv", "decile,risk,observed\n1,0.05,0.04\n5,0.2,0.22\n10,0.6,0.55\n"),
    ("a.csv", "age,women,recalled\n50-59,2200,110\n60-69,1950,88\n"),
    ("a.csv", "stage,n,%\nI,140,34\nII,150,36.4\nIII,122,29.6\ntotal,412,100\n"),
    ("a.csv", "stage,patients,% of all\nI,140,34.0\nII,150,36.4\nIII,122,29.6\n"),
    ("a.csv", "group,patients,mean (SD)\nA,120,61 (10)\nB,133,60 (9)\n"),
    ("a.csv", "sex,patients,AUC\nfemale,198,0.91\nmale,214,0.88\n"),
    ("a.csv", "patients,AUC\n412,0.91\n388,0.88\n"),
    ("a.csv", "class,IoU,Dice\ntumour,0.8,0.89\noedema,0.75,0.86\n"),
    ("a.csv", "model,TP rate,FP rate\nA,0.88,0.09\nB,0.85,0.07\n"),
    (
        "a.csv",
        "outcome,odds ratio,95% CI,patients\ndeath,1.4,1.1-1.8,412\nstroke,1.2,0.9-1.5,388\n",
    ),
    ("a.csv", "NYHA class,points\nI,0\nII,1\nIII,2\n"),
    (
        "a.csv",
        "FROC operating point,FP per scan,sensitivity\n1,0.125,0.71\n2,0.25,0.78\n3,0.5,0.84\n4,1,0.89\n",
    ),
    ("a.csv", "lesion size mm,false positives per scan\n3-5,2\n6-10,1\n11-20,0.3\n"),
    ("a.csv", "package,tests,lines,coverage %\ncore,31,412,100\nweb,9,210,98\n"),
    ("a.csv", "milestone,quarter,year\ndata,1,2024\nmodel,3,2024\n"),
    ("a.csv", "site,scanner models,protocols\nA,2,3\nB,1,1\n"),
    ("a.csv", "hyperparameter,grid size,best\ndepth,5,4\nlr,7,3\n"),
    ("a.csv", "preprocessing step,parameter,value\nresample,mm,1\nclip,HU,400\ncrop,voxels,96\n"),
    ("a.csv", "feature set,features,selected\nshape,14,3\ntexture,75,9\nintensity,18,2\n"),
    ("a.csv", "atlas,regions,networks\nSchaefer,100,7\nAAL,116,8\n"),
    ("a.csv", "region,voxels,peak x,peak y,peak z\ninsula,88,38,12,4\namygdala,9,-22,-4,-18\n"),
    ("a.csv", "cluster,size (voxels),peak t\n1,412,7.1\n2,9,4.2\n3,5,4.0\n"),
    ("a.csv", "bin,lower HU,upper HU\n1,-1000,-900\n2,-900,-800\n3,-800,-700\n"),
    ("a.csv", "vendor,software version,pixel size mm\nGE,8,0.7\nSiemens,7,0.6\n"),
    ("a.csv", "contrast phase,delay s\narterial,25\nportal,70\nlate,180\n"),
    ("a.csv", "comparison,U,z,p\nA vs B,1204,2.4,0.02\nA vs C,1120,2.9,0.004\n"),
    ("a.csv", "test,statistic,df,p\nchi2,4.1,2,0.13\nF,3.2,3,0.04\n"),
    (
        "a.csv",
        "trial,lr,dropout,layers,value\n0,0.001,0.1,3,0.81\n1,0.0003,0.2,4,0.84\n2,0.01,0.3,2,0.77\n",
    ),
    ("a.csv", "batch size,steps per second,GPU memory GB\n2,9,11\n4,7,19\n8,4,33\n"),
    ("a.csv", "epoch,train loss,val loss\n1,0.9,1.0\n2,0.8,0.9\n3,0.7,0.85\n"),
    ("a.csv", "question,1,2,3,4,5\nnoise,0%,5%,20%,50%,25%\nsharpness,0%,4%,26%,50%,20%\n"),
    ("a.csv", "variable,VIF\nage,1.2\nPSA,3.1\nstage,2\n"),
    ("a.csv", "variable,missing (%)\nage,0\nPSA,3.1\nstage,5\n"),
    ("a.csv", "grade,mitoses per 10 HPF\n1,7\n2,14\n3,15\n"),
    ("a.csv", "stage,T,N,M\nIA,1,0,0\nIIA,2,1,0\nIV,4,3,1\n"),
    ("a.csv", "ECOG,description\n0,fully active\n1,restricted\n2,ambulatory\n3,limited\n"),
    ("a.csv", "level,ASA class,meaning\n1,I,healthy\n2,II,mild disease\n"),
    ("a.csv", "nuclide,half-life,keV\nF-18,110 min,511\nGa-68,68 min,511\nLu-177,6.6 d,208\n"),
    ("a.csv", "structure,margin mm,fractions\nGTV,0,5\nCTV,5,5\nPTV,8,5\n"),
    ("a.csv", "organ at risk,Dmax Gy,V20 %\nlung,20,30\nheart,30,10\ncord,45,0\n"),
    ("a.csv", "day,time,modality\n1,9,CT\n2,14,MR\n"),
    ("a.csv", "model,input slices,classes,parameters (M)\nA,3,4,31\nB,5,4,9\n"),
    ("a.csv", "run,volumes,TR (s),dummy scans\n1,240,2,5\n2,240,2,5\n"),
    ("a.csv", "author,year,studies\nSmith,2019,5\nLi,2020,12\n"),
    ("a.csv", "author,year,patients\nSmith,2019,85\nLi,2020,412\nRossi,2021,40\n"),
    ("a.csv", "database,hits,included studies\nPubMed,412,9\nEmbase,310,7\n"),
    ("a.csv", "scenario,patients,events needed\nlow,860,120\nhigh,310,60\n"),
    ("a.csv", "phase,weeks,patients per week\nrun-in,2,5\nmain,30,8\n"),
    ("a.csv", "reader,sessions,cases per session\nA,3,40\nB,4,35\n"),
    ("a.csv", "hyperparameter,value\nepochs,5\nbatch size,4\nfolds,5\nseed,7\n"),
    ("a.csv", "hospital,beds,CT scanners,MR scanners\nA,900,4,3\nB,400,2,1\n"),
    ("a.csv", "site,scanners\nA,4\nB,2\nC,1\n"),
    ("a.csv", "reader,years of experience\n1,7\n2,12\n3,4\n"),
    ("a.csv", "reader,experience (years),specialty\nR1,7,thoracic\nR2,12,breast\n"),
    ("a.csv", "year,version\n2019,1\n2020,2\n2021,3\n"),
    ("a.csv", "item,page\n1,1\n2,2\n13,6\n16,8\n"),
    ("a.csv", "TNM,code\nT1,1\nT2,2\nT3,3\n"),
    ("a.csv", "tissue,HU low,HU high\nair,-1000,-900\nfat,-120,-60\nwater,0,5\nbone,300,2000\n"),
    ("a.csv", "dose level,mg\n1,5\n2,10\n3,20\n"),
    ("a.csv", "fraction scheme,Gy,fractions\nhypo,40,15\nSBRT,54,3\nconv,60,30\n"),
    ("a.csv", "tracer,dose MBq,uptake min\nFDG,250,60\nPSMA,150,60\nDOTATATE,180,45\n"),
    ("a.csv", "contrast agent,ml/s,ml\niohexol,4,80\niopamidol,3,90\n"),
    ("a.csv", "augmentation,probability,degrees\nrotation,0.5,10\nflip,0.5,0\nscale,0.2,0\n"),
    ("a.csv", "stage,blocks,channels,resolution\n1,3,64,112\n2,4,128,56\n3,6,256,28\n4,3,512,14\n"),
    ("a.csv", "model,layers,heads,params M\nViT-S,12,6,22\nViT-B,12,12,86\n"),
    ("a.csv", "class id,class\n0,background\n1,liver\n2,tumour\n"),
    (
        "a.csv",
        "BI-RADS,meaning\n1,negative\n2,benign\n3,probably benign\n4,suspicious\n5,highly suggestive\n",
    ),
    ("a.csv", "BI-RADS,follow-up months\n1,24\n2,24\n3,6\n"),
    ("a.csv", "score,label\n1,poor\n2,fair\n3,good\n"),
    ("a.csv", "question,scale min,scale max\nnoise,1,5\nsharpness,1,5\n"),
    ("a.csv", "question,median score\nnoise,4\nsharpness,5\nartefacts,3\n"),
    ("a.csv", "criterion,reader 1,reader 2,reader 3\nnoise,4,5,4\nsharpness,3,4,4\n"),
    ("a.csv", "method,rank\nA,1\nB,2\nC,3\n"),
    ("a.csv", "method,dice rank,hd95 rank,mean rank\nA,1,2,1.5\nB,2,1,1.5\nC,3,3,3\n"),
    ("a.csv", "package,version\nnumpy,2\ntorch,2\nmonai,1\n"),
    ("a.csv", "journal,year,papers\nRadiology,2019,5\nEur Radiol,2020,9\nMIA,2021,3\n"),
    ("a.csv", "step,records\nidentified,840\nduplicates,120\nscreened,720\npapers included,31\n"),
    ("a.csv", "fold,epoch,best epoch\n1,40,34\n2,40,9\n3,40,41\n"),
    ("a.csv", "fold,learning rate,epochs\n1,0.001,40\n2,0.001,35\n"),
    ("a.csv", "phantom,insert mm,measured mm\nA,5,5\nA,8,8\nB,3,3\n"),
    ("a.csv", "matrix,slice mm,FOV mm\n512,1,350\n256,5,240\n"),
    ("a.csv", "sequence,b-value,directions\nDWI,800,3\nDTI,1000,64\n"),
    ("a.csv", "window,level,width\nlung,-600,1500\nbrain,40,80\n"),
    ("a.csv", "level,threshold\nlow,3\nmedium,5\nhigh,8\n"),
    ("a.csv", "Charlson item,weight\ndiabetes,1\nrenal disease,2\nmetastasis,6\n"),
    ("a.csv", "risk factor,points\nage over 70,2\nsmoker,1\nstage IV,4\n"),
    ("a.csv", "criterion,points\nage over 70,2\nstage III or IV,3\n"),
    ("a.csv", "visit,month\nbaseline,0\nfirst,3\nsecond,6\nthird,12\n"),
    ("a.csv", "visit,days after treatment,window (days)\n1,30,5\n2,90,10\n"),
    ("a.csv", "task,hours\nannotation,9\ntraining,31\nwriting,5\n"),
    ("a.csv", "GPU,memory GB,hours\nA100,40,9\nV100,16,31\n"),
    ("a.csv", "metric,difference,p\ndice,3,0.04\nhd95,2,0.2\n"),
    ("a.csv", "vendor,detector rows,kVp\nSiemens,64,120\nGE,128,100\n"),
    ("a.csv", "organ,label,colour\nliver,5,3\nspleen,1,9\n"),
    ("a.csv", "quantity,decimals\nage,0\nvolume,1\n"),
    ("a.csv", "parameter,CT A,CT B\nkVp,120,100\nmAs,90,75\nslice,1,2\nkernel,40,3\n"),
    ("a.csv", "work package,start month,end month\n1,1,6\n2,4,12\n3,9,24\n"),
    ("a.csv", "milestone,month\nM1,3\nM2,9\nM3,18\n"),
    ("a.csv", "deliverable,due month,pages\nD1,6,9\nD2,12,14\n"),
    ("a.csv", "k,silhouette\n2,0.41\n3,0.52\n4,0.48\n5,0.44\n"),
    ("a.csv", "clusters,AIC,BIC\n2,410,430\n3,395,420\n4,399,431\n"),
    ("a.csv", "neighbours,accuracy\n1,0.81\n3,0.84\n5,0.85\n7,0.84\n"),
    ("a.csv", "depth,leaves,accuracy\n3,8,0.81\n4,16,0.83\n5,31,0.84\n"),
    ("a.csv", "features selected,AUC\n3,0.81\n5,0.83\n8,0.84\n"),
    ("a.csv", "training size,AUC\n100,0.7\n200,0.75\n400,0.79\n"),
    ("a.csv", "percentage of training data,Dice\n1,0.51\n5,0.66\n10,0.71\n100,0.88\n"),
    ("a.csv", "noise level,PSNR\n5,38\n10,34\n20,29\n"),
    ("a.csv", "kernel size,stride,parameters\n3,1,9\n5,2,25\n7,2,49\n"),
    (
        "a.csv",
        "ICD-10,description\nC34,lung cancer\nC50,breast cancer\nI21,myocardial infarction\n",
    ),
    ("a.csv", "code,meaning\n0,alive\n1,dead\n9,unknown\n"),
    ("a.csv", "variable,type,levels\nsex,categorical,2\nstage,ordinal,4\nage,numeric,1\n"),
    ("a.csv", "variable,categories,missing allowed\nsex,2,no\nstage,4,no\n"),
    ("a.csv", "table,rows,columns\ntable1,12,4\ntable2,8,5\n"),
    ("a.csv", "file,lines,functions\ntrain.py,210,9\nmodel.py,88,4\n"),
    ("a.csv", "test,passed,failed\nunit,31,2\nintegration,12,0\n"),
    ("a.csv", "region,hospitals\nNorth,4\nSouth,3\nWest,5\n"),
    ("a.csv", "country,sites,investigators\nUK,4,9\nDE,3,5\n"),
    ("a.csv", "reader pair,kappa\n1-2,0.81\n1-3,0.77\n2-3,0.84\n"),
    ("a.csv", "radiologist,sessions,minutes per session\nA,3,40\nB,4,35\n"),
    ("a.csv", "iteration,RMSE\n1,9\n2,7\n3,5\n4,4\n"),
    ("a.csv", "week,lectures\n1,2\n2,3\n3,1\n"),
    ("a.csv", "Gleason pattern,grade group\n3+3,1\n3+4,2\n4+3,3\n4+4,4\n"),
    ("a.csv", "PI-RADS,biopsy cores\n3,2\n4,3\n5,4\n"),
    ("a.csv", "age band,from,to\n1,18,39\n2,40,49\n"),
    ("a.csv", "Fleischner size mm,interval months\n6,12\n8,6\n"),
    ("a.csv", "AJCC,T,N,M\nIA,1,0,0\nIIB,2,1,0\n"),
    ("a.csv", "bits,latency ms\n32,48\n16,27\n8,15\n4,14\n"),
    ("a.csv", "head,width\n1,2\n2,4\n4,8\n"),
    ("a.csv", "trial,n_layers,n_units\n0,3,64\n1,2,128\n2,4,32\n"),
    ("a.csv", "outcome,power %,sample size per group\nAUC,80,310\nsensitivity,90,415\n"),
    ("a.csv", "lag,autocorrelation\n1,0.9\n2,0.7\n3,0.4\n"),
    ("a.csv", "SNR,slices,averages\n12,24,2\n9,30,1\n"),
    ("a.csv", "instrument,items,score range\nEORTC QLQ-C30,30,0-100\nHADS,14,0-21\n"),
    ("a.csv", "medication,dose mg,times per day\naspirin,75,1\nmetformin,500,2\n"),
    ("a.csv", "exposure,mGy,mSv\nchest CT,8,5\nradiograph,0.1,0.02\n"),
    ("a.csv", "scanner,field strength,channels\nPrisma,3,64\nAera,1,20\n"),
    ("a.csv", "hyperparameter,range low,range high,chosen\ndepth,2,8,4\nleaf,1,20,5\n"),
    ("a.csv", "annotator,contours per hour\nA,9\nB,7\n"),
    ("a.csv", "checkpoint,epoch,step\na,5,1000\nb,10,2000\n"),
    ("a.csv", "fold,train,validation\n1,640,160\n2,640,160\n"),
    ("a.csv", "position,token\n1,CLS\n2,lung\n"),
    ("a.csv", "month,release\n1,v1\n4,v2\n"),
    ("a.csv", "dataset,modalities,classes,year\nLIDC,1,4,2011\nBraTS,4,3,2020\nKiTS,1,2,2019\n"),
    ("a.csv", "dataset,public,tasks\nLIDC,yes,2\nBraTS,yes,3\n"),
    ("a.csv", "group,n,sensitivity\nA,412,0.84\nB,388,0.81\n"),
    ("a.csv", "subgroup,n,AUC,lower,upper\nmen,240,0.98,0.95,0.99\nwomen,261,0.97,0.94,0.99\n"),
    ("a.csv", "subgroup,n,ICC\nmen,40,0.98\nwomen,61,0.97\n"),
    ("a.csv", "subgroup,n,Dice\nmen,40,0.95\nwomen,61,0.96\n"),
    ("a.csv", "arm,n,mean age,SD\nA,120,61.2,10.1\nB,133,60.4,9.8\n"),
    (
        "a.csv",
        "predicted risk,patients,mean predicted,observed\n0-20%,410,0.1,0.12\n20-40%,220,0.3,0.32\n40-60%,118,0.5,0.52\n60-80%,95,0.7,0.72\n80-100%,180,0.9,0.92\n",
    ),
    (
        "a.csv",
        "decile,patients,observed\n1,120,0.11\n2,118,0.15\n3,122,0.21\n4,121,0.25\n5,119,0.31\n",
    ),
    ("a.csv", "characteristic,n\ntotal,420\nmale,260\nfemale,160\n"),
    ("a.csv", "step,patients\nscreened,412\nno consent,60\npoor quality,44\nanalysed,308\n"),
    ("a.csv", "stage,n\nI,120\nII,118\nIII,112\n"),
    ("a.csv", "site,patients\nLeeds,210\nYork,205\nHull,201\n"),
    ("a.csv", "group,patients,with cancer\nA,120,48\nB,133,51\n"),
    ("a.csv", "variant,mean Dice,SD over seeds\nno augmentation,0.79,0.02\nflips,0.81,0.02\n"),
    ("a.csv", "feature,coefficient,p\noriginal_glcm_1,0.3,0.01\noriginal_glcm_2,0.1,0.2\n"),
    ("a.csv", "model,AUC,sensitivity\nCNN,0.91,0.88\nradiomics,0.85,0.8\n"),
    ("a.csv", "model,AUC,lower,upper\nCNN,0.91,0.88,0.94\nradiomics,0.85,0.81,0.88\n"),
    ("a.csv", "model,accuracy\nCNN,0.912\nradiomics,0.851\n"),
    ("a.csv", "loss,Dice,HD95\nCE,0.85,7\nDice,0.87,6\nfocal,0.86,6\n"),
    ("a.csv", "feature,ICC\nsphericity,0.98\nentropy,0.91\nvolume,0.99\n"),
    ("a.csv", "threshold,sensitivity,specificity\n0.1,0.99,0.31\n0.3,0.95,0.55\n0.5,0.88,0.74\n"),
    ("a.csv", "organ,Dice\nliver,0.96\nspleen,0.94\npancreas,0.81\n"),
    ("a.csv", "structure,Dice,HD95 mm\nliver,0.96,4\nspleen,0.94,3\nleft kidney,0.95,3\n"),
    ("a.csv", "stage,HR,95% CI,n\nII,1.4,1.1-1.7,120\nIII,2.1,1.6-2.8,98\n"),
    (
        "a.csv",
        "rank,importance\n1,1.0\n2,0.5\n3,0.333\n4,0.25\n5,0.2\n6,0.167\n7,0.143\n8,0.125\n9,0.111\n10,0.1\n11,0.091\n12,0.083\n13,0.077\n14,0.071\n15,0.067\n16,0.062\n17,0.059\n18,0.056\n19,0.053\n20,0.05\n21,0.048\n22,0.045\n23,0.043\n24,0.042\n25,0.04\n26,0.038\n27,0.037\n28,0.036\n29,0.034\n30,0.033\n31,0.032\n32,0.031\n33,0.03\n34,0.029\n35,0.029\n36,0.028\n37,0.027\n38,0.026\n39,0.026\n",
    ),
    (
        "a.csv",
        "component,eigenvalue\n1,40.0\n2,20.0\n3,13.333\n4,10.0\n5,8.0\n6,6.667\n7,5.714\n8,5.0\n9,4.444\n10,4.0\n11,3.636\n12,3.333\n13,3.077\n14,2.857\n15,2.667\n16,2.5\n17,2.353\n18,2.222\n19,2.105\n20,2.0\n21,1.905\n22,1.818\n23,1.739\n24,1.667\n25,1.6\n26,1.538\n27,1.481\n28,1.429\n29,1.379\n30,1.333\n31,1.29\n32,1.25\n33,1.212\n34,1.176\n35,1.143\n36,1.111\n37,1.081\n38,1.053\n39,1.026\n",
    ),
    ("a.csv", "age,patients\n<=64,203\n>64,209\n"),
    (
        "a.csv",
        "sex,age group,smoker,n\nF,40-59,no,120\nF,40-59,yes,80\nF,60+,no,140\nF,60+,yes,71\nM,40-59,no,111\nM,40-59,yes,92\nM,60+,no,101\nM,60+,yes,77\n",
    ),
    ("a.csv", "sex,stage,dice,n\nF,I,0.91,120\nF,II,0.89,111\nM,I,0.9,130\nM,II,0.88,98\n"),
    (
        "a.csv",
        "model,dataset,fold,dice\nunet,A,1,0.887\nunet,A,2,0.898\nunet,A,3,0.876\nunet,A,4,0.853\nunet,A,5,0.882\nunet,B,1,0.844\nunet,B,2,0.889\nunet,B,3,0.875\nunet,B,4,0.84\nunet,B,5,0.826\nswin,A,1,0.838\nswin,A,2,0.857\nswin,A,3,0.809\nswin,A,4,0.838\nswin,A,5,0.811\nswin,B,1,0.887\nswin,B,2,0.866\nswin,B,3,0.836\nswin,B,4,0.879\nswin,B,5,0.826\n",
    ),
    (
        "a.csv",
        "loss,optimiser,lr,AUC\nce,sgd,0.1,0.884\nce,sgd,0.01,0.87\nce,sgd,0.001,0.865\nce,adam,0.1,0.865\nce,adam,0.01,0.877\nce,adam,0.001,0.815\nfocal,sgd,0.1,0.834\nfocal,sgd,0.01,0.808\nfocal,sgd,0.001,0.899\nfocal,adam,0.1,0.832\nfocal,adam,0.01,0.86\nfocal,adam,0.001,0.88\ndice,sgd,0.1,0.873\ndice,sgd,0.01,0.819\ndice,sgd,0.001,0.869\ndice,adam,0.1,0.84\ndice,adam,0.01,0.882\ndice,adam,0.001,0.865\n",
    ),
    (
        "a.csv",
        "measure,fold 1,fold 2,fold 3,fold 4,fold 5\ndice,0.91,0.9,0.88,0.92,0.89\nauc,0.93,0.91,0.94,0.9,0.92\n",
    ),
    ("a.csv", "characteristic,training,test\npatients,800,200\nfemale,410,104\nmale,390,96\n"),
    (
        "a.json",
        '{"n": 412, "accuracy": 0.84, "auc": 0.91, "epochs": 40, "seed": 7, "folds": 5, "batch_size": 4}',
    ),
    (
        "a.json",
        '{"model": "unet", "layers": 4, "channels": [16, 32, 64, 128], "lr": 0.001, "patience": 5, "n_folds": 5}',
    ),
    ("a.json", '{"female": {"n": 198, "auc": 0.91}, "male": {"n": 214, "auc": 0.89}}'),
    ("a.json", '{"auc": 0.9132, "f1": 0.8123, "lr": 0.0001, "time": 12.345678}'),
    ("a.yaml", "epochs: 40\nfolds: 5\nseed: 7\nbatch_size: 4\nthresholds: [3, 5, 8]\n"),
    (
        "a.tex",
        "\\begin{tabular}{lrr}parameter & CT A & CT B \\\\ slice (mm) & 1 & 2 \\\\ pitch & 1 & 0.9 \\\\\\end{tabular}\n",
    ),
    ("a.csv", "week,mean score,n\n0,61.2,120\n4,58.1,117\n8,55,111\n"),
    ("a.csv", "months,at risk A,at risk B\n0,120,133\n12,98,104\n24,61,72\n"),
    ("a.csv", "time,at risk,events\n0,1200,40\n12,1100,62\n24,985,71\n36,760,33\n"),
    ("a.csv", "class,precision,recall,support\nbenign,0.91,0.92,131\nmalignant,0.84,0.82,97\n"),
    (
        "fig.csv",
        "dose,response\n0,0.7\n2,10.0\n4,17.5\n6,23.1\n8,28.6\n10,33.9\n12,37.6\n14,41.8\n16,45.1\n18,47.5\n20,50.4\n22,52.9\n24,54.6\n26,56.9\n28,58.8\n30,60.0\n32,61.6\n34,63.3\n36,64.7\n38,66.4\n40,67.4\n42,67.9\n44,68.8\n46,69.8\n48,71.3\n50,72.1\n52,73.1\n54,73.2\n56,73.9\n58,75.0\n60,75.1\n62,76.1\n64,76.8\n66,76.9\n68,77.5\n70,78.3\n72,78.7\n74,79.4\n76,80.1\n78,79.8\n",
    ),
]
SAFE_TOGETHER = [
    {"a.csv": "reader,score\n1,4\n2,5\n", "b.csv": "reader,score\n1,3\n2,5\n"},
    {"a.csv": "age,n\n<50,120\n>=50,292\n", "b.csv": "age,n\n<65,240\n>=65,172\n"},
    {"arm_a.csv": "response,n\nyes,64\nno,58\n", "arm_b.csv": "response,n\nyes,61\nno,52\n"},
    {
        "train.csv": "stage,n\nI,140\nII,150\nIII,122\n",
        "test.csv": "stage,n\nI,38\nII,41\nIII,33\n",
    },
    {"a.csv": "stage,n\nI,140\nII,150\n", "b.csv": "sex,n\nF,141\nM,149\n"},
    {"a.csv": "sex,n\nfemale,198\nmale,214\n", "b.csv": "density,n\na-b,230\nc-d,182\n"},
    {"a.csv": "stage,n\nI,140\nII,272\nIII,88\n", "men.csv": "stage,n\nI,71\nII,130\nIII,44\n"},
    {"a.csv": "site,n\nA,140\nB,137\nC,88\n", "b.csv": "scanner,n\nX,140\nY,142\nZ,83\n"},
    {"a.csv": "age,patients\n<=64,203\n>64,209\n", "b.csv": "age,patients\n<=70,269\n>70,143\n"},
]


@pytest.mark.parametrize(
    ("check", "path", "text"), [(check, *case) for check, cases in UNSAFE.items() for case in cases]
)
def test_what_a_table_gives_away_is_found(check: str, path: str, text: str) -> None:
    found = serious(path, text)
    assert check in found or (check == "class-disclosure" and "small-cells" in found)


@pytest.mark.parametrize(("path", "text"), SAFE)
def test_a_table_that_gives_nothing_away_passes(path: str, text: str) -> None:
    assert serious(path, text) == {}


def together(files: dict[str, str], policy: str = "acro") -> set[str]:
    chosen = disclosure.load(policy)
    facts = [engine.look(path, text.encode(), chosen)[1] for path, text in files.items()]
    return {each.check for found in engine.compare(facts, chosen).values() for each in found}


@pytest.mark.parametrize("files", TOGETHER)
def test_what_two_tables_give_away_together_is_found(files: dict[str, str]) -> None:
    assert "differencing" in together(files)


@pytest.mark.parametrize("files", SAFE_TOGETHER)
def test_tables_of_other_things_or_of_large_differences_pass(files: dict[str, str]) -> None:
    assert together(files) == set()


def test_rounded_totals_leave_nothing_over():
    text = b"sex,n\nfemale,200\nmale,205\ntotal,410\n"
    for policy, is_found in (("acro", True), ("opensafely", False)):
        report, _ = engine.look("a.csv", text, disclosure.load(policy))
        assert ("implied-counts" in {each.check for each in report.findings}) is is_found


@pytest.mark.parametrize(
    ("written", "is_one"),
    [
        ("38.41463414634146", True),
        ("0.8356164383561644", True),
        ("0.3333333333333333", False),
        ("0.30000000000000004", False),
        ("0.913277133825079", False),
        ("3.141592653589793", False),
        ("0.7071067811865476", False),
        ("1.2e-05", False),
    ],
)
def test_a_long_decimal_gives_its_counts_away_only_if_it_is_a_quotient(
    written: str, is_one: bool
) -> None:
    assert is_quotient(written) is is_one
