# ruff: noqa: E501
"""Sentences, captions and printed lines that tell about few people, and many that do not."""

from __future__ import annotations

import pytest

from tests.support.checked import places, serious
from vitrine.egress import disclosure
from vitrine.egress.checks.rules.prose_implied import implied_by

UNSAFE = {
    "small-cells": [
        "We read 960 mammograms.\nBoth radiologists missed the same two cancers, both in dense breasts.",
        "The model missed three tumours in the validation set.",
        "Four lesions were false positives on review.",
        "Only one woman with a BRCA1 variant relapsed.",
        "A single patient developed a haematoma after biopsy.",
        "Two of them died within 30 days.",
        "Of the 64 ablations, two had to be repeated.",
        "Five men and four women declined.",
        "Among carriers (n=7) the AUC was 0.91.",
        "Figure 3. Survival of patients with ALK rearrangement (n = 8) and without (n = 412).",
        "Excluded (n = 34): no consent (n = 22), poor image quality (n = 8), duplicate (n = 4)",
        "Screened 640 -> excluded 7 -> analysed 633",
        "Assessed for eligibility: 412\nExcluded: 9\nAnalysed: 403 patients",
        "Eight participants withdrew consent.",
        "INFO test: 5 patients, 220 slices",
        "n_patients=6",
        "cohort['truro'] has 4 patients",
        "There were 3 deaths in the control arm.",
        "We lost six to follow-up.",
        "Nine were lost to follow-up and 120 completed the study.",
        "Six of the 212 women had bilateral disease.",
        "6/212 women had bilateral disease.",
        "The remaining five patients had metastases.",
        "There was one death in the treated group.",
        "two patients (1.2%) had an adverse reaction",
        "Adverse reactions were seen in 2 (1.2%).",
        "Another seven had no histology.",
        "A further three cases were excluded.",
        "Three children under five years of age were scanned.",
        "a pair of brothers with neurofibromatosis was included: two patients",
        "One patient was pregnant.",
        "Fig. 4: Two patients with false negative readings.",
        "legend: ● responders (N=31)  ○ non-responders (N=6)",
        "false negatives: 4",
        "TP 88, FP 12, FN 3, TN 204",
        "tp=88 fp=12 fn=3 tn=204",
        "confusion matrix: 4 false negatives and 12 false positives",
        "Recurrence was seen in five of eighty-eight men.",
        "We had 412 patients, of whom 4 were under 18.",
        "412 patients were included, four of whom were under 18.",
        "- Withdrew consent: 3\n- Analysed: 420",
        "Excluded because of motion: 5",
        "Interval cancers occurred in 7 women.",
    ],
    "implied-counts": [
        "All but 3.1% of the 96 lesions' patients had a biopsy.",
        "site=Leeds n_patients=45 accuracy=0.9556",
        "One in sixteen of the 48 men had a false negative scan.",
        "Of 206 patients, 121 had CT and 82 had MRI; the rest had PET.",
        "All but two of the 180 women attended.",
        "All except four of 96 patients completed follow-up.",
        "Sensitivity was 96.7% (60 cancers).",
        "Among 40 patients, 97.5% responded.",
        "2.5% of 80 patients had a recurrence.",
        "Of 210 participants, 207 completed the questionnaire.",
        "207 of 210 participants completed the questionnaire.",
        "207/210 (98.6%) participants completed it.",
        "We screened 412 patients and 408 were analysed.",
        "412 patients were screened; 408 were included.",
        "A third of the 12 carriers had a recurrence.",
        "One in ten of 40 women were recalled.",
        "Half of the 14 carriers progressed.",
        "specificity 0.98 in 50 controls",
        "The recall rate was 1.5% in 200 women.",
        "n=52, sensitivity=0.923",
        "Complications occurred in 3% of 100 procedures in patients.",
        "0.8% of the 250 women in arm B had a haematoma.",
        "Of 500 women, 498 had a mammogram.",
        "Test set: 45 patients, accuracy 95.6%",
        "accuracy 95.6 % on 45 patients",
        "150 patients: 98 stage I, 47 stage II, the rest stage III.",
        "Ninety-eight percent of the 150 patients survived.",
        "Of 64 men, 59 were alive at one year.",
        "Two thirds of the 9 carriers",
    ],
    "class-disclosure": [
        "All 16 patients with an STK11 variant progressed.",
        "None of the 24 women with dense breasts was recalled.",
        "No patient in the ablation arm survived five years.",
        "Every patient at the Truro site was female.",
        "100% of carriers relapsed.",
        "In the carriers, 100% relapsed (24 patients).",
        "Each of the 31 smokers had emphysema.",
        "All men with stage IV disease died.",
        "0% of the 45 women under 40 had cancer.",
        "All of the 22 diabetic patients were readmitted.",
        "Twelve of 12 carriers relapsed.",
        "30/30 patients with HIV had lymphadenopathy.",
        "Response was 0/25 among patients with KRAS variants.",
    ],
    "endpoints": [
        "Tumour volume ranged from 0.31 to 1,846.22 ml (median 14 ml, n = 240).",
        "Ages ran from 22 to 98 years, volumes up to 1,846.2 ml.",
        "The oldest patient was 103 years old.",
        "The youngest participant was 17.",
        "Median age 64 years (range 19-97).",
        "mean age 61 (min 18, max 99)",
        "age: mean 63.1, min 21, max 97",
        "Patients were aged 21 to 97 years.",
        "Maximum PSA was 5,012 ng/ml.",
        "The largest tumour measured 187 mm.",
        "Follow-up: median 31 months (range, 1 to 187 months).",
        "The heaviest patient weighed 213 kg.",
        "Age 64 [range: 19 to 97] years",
        "The longest hospital stay was 211 days.",
        "BMI varied between 14.2 and 61.8 kg/m2 in 412 patients.",
        "ages spanned 19 to 97 years",
        "The smallest lesion had a volume of 0.02 ml.",
    ],
    "row-level-data": [
        "age <- c(66, 68, 36, 79, 62, 69, 78, 64, 55, 46, 71, 62, 84, 65, 77, 68, 73, 64, 63, 58, 70, 48, 53)",
        "patient 1: dice 0.91\npatient 2: dice 0.88\npatient 3: dice 0.77\npatient 4: dice 0.81\npatient 5: dice 0.93\npatient 6: dice 0.66\n",
        "case 1 age 66 F stage II\ncase 2 age 71 M stage I\ncase 3 age 45 F stage IV\ncase 4 age 67 M stage II\ncase 5 age 59 M stage III\n",
        "The ages of the relapsed patients were 66, 68, 36, 79, 62, 69, 78, 64, 55, 46, 71 and 62 years.",
        "Individual tumour volumes (ml): 3.1, 4.8, 14.0, 3.3, 17.7, 1.8, 3.2, 3.8, 8.1, 5.7, 8.3",
    ],
    "text-identifiers": [
        "Participant rang back: Margaret Whitfield, 07700 900142, mwhitfield1948@example.org, wants her scan deleted.",
    ],
}
SAFE = [
    "We trained for 3 epochs on 4 GPUs with seeds 1 to 5.",
    "Two radiologists with 7 and 12 years of experience read all scans.",
    "Both radiologists agreed in 91% of cases.",
    "Three readers, two vendors and five folds.",
    "Counts below 10 are suppressed; n < 10 is shown as [c].",
    "Patients under 18 years were excluded.",
    "Patients were followed for 5 years; visits at 3, 6 and 12 months.",
    "We included 412 patients (198 women); 214 were men.",
    "All patients gave written consent.",
    "All 1,240 patients gave consent.",
    "No patient was contacted for this study.",
    "None of the authors has a conflict of interest.",
    "All scans were resampled to 1 mm.",
    "All 12 hospitals took part.",
    "All three readers were blinded.",
    "Every scan was read by two radiologists.",
    "Each patient had one scan.",
    "Each of the 5 folds has the same share of cancers.",
    "Of 1,240 patients, 640 had CT and 350 had MRI; the rest had PET.",
    "Of 1,240 patients screened, 214 had no follow-up imaging.",
    "Sensitivity was 84% (412 patients, 96 with cancer).",
    "The AUC was 0.91 (95% CI 0.88-0.94) in 412 patients.",
    "accuracy=0.84 n_patients=412",
    "The AUC ranged from 0.81 to 0.86 across folds.",
    "Dice ranged from 0.71 to 0.93 over the 5 folds.",
    "Slice thickness ranged from 0.6 to 3 mm.",
    "Tube voltage ranged from 80 to 140 kVp.",
    "Learning rates ranged from 1e-5 to 1e-2.",
    "Interquartile range 59 to 73 years.",
    "Median age was 64 years (IQR 55-73).",
    "Patients aged 50 to 70 years were invited to screening.",
    "Women aged 40-74 are eligible.",
    "Adults aged 18 to 80 years were eligible.",
    "Scores range from 1 to 5.",
    "Likert scores ranged from 1 (poor) to 5 (excellent).",
    "The maximum number of epochs was 200.",
    "The maximum batch size was 8.",
    "The largest model has 30 layers.",
    "The largest hospital contributed 310 patients.",
    "The smallest group had 14 patients.",
    "One in four patients (310 of 1,240) had cancer.",
    "A third of the 600 patients were smokers.",
    "Half of all patients were women.",
    "Two thirds of patients were men.",
    "One of the limitations is the retrospective design.",
    "Three limitations deserve mention.",
    "Two cancers may look alike on CT.",
    "Two patients with the same age may differ.",
    "These two groups of patients were compared.",
    "One patient in four may be missed by this method.",
    "The two cohorts had 412 and 388 patients.",
    "We compared two models, three losses and four backbones.",
    "Stage I, II, III and IV lesions were pooled.",
    "BI-RADS 4 and 5 lesions were biopsied.",
    "Fig. 2 shows 3 example phantoms.",
    "at least 5 patients per cluster are needed",
    "Sample size: 310 patients and 310 controls give 80% power.",
    "up to 4 lesions per patient were measured",
    "5-fold cross-validation of 412 patients; batches of 8 patients",
    "version 3.2.1, Python 3.11, CUDA 12.1, licence Apache 2.0",
    "dose 60 Gy in 30 fractions; 4 ml/s of contrast",
    "p = 0.03; 95% CI; HR 1.3; n = 412",
    "The intraclass correlation was 0.98 for 40 patients.",
    "ICC 0.97 (40 patients read twice).",
    "AUC 0.98 in 50 controls and 60 patients",
    "Dice 0.95 on 40 scans",
    "kappa = 0.85, 45 patients",
    "The test set has 640 patients, 15.6% with cancer.",
    "100% of scans were resampled.",
    "100% coverage of the tests.",
    "CPU 100%, GPU 0%",
    "0% of GPU memory was in use.",
    "Complete cases: 100%.",
    "The Hounsfield scale runs from -1000 to 3071.",
    "Patients with a PSA above 4 ng/ml were referred.",
    "Patients were randomised in a ratio of 2 to 1.",
    "Stratified by 4 age groups and 2 sexes.",
    "We thank the 3 reviewers for their 14 points.",
    "It took 2 hours for 40 patients.",
    "Reading took 4 minutes per patient.",
    "Two-sided tests at 5%.",
    "Five-year survival was 64% (412 patients).",
    "One-year mortality was 12.4% among 1,240 patients.",
    "We used 107 features, of which 9 were selected.",
    "Of 107 features, 104 were stable.",
    "Of 14 reviewer points, 12 were accepted.",
    "Of 22 items, 21 are reported.",
    "9 of 107 features were selected by the LASSO.",
    "3 of 5 folds improved.",
    "Two of three readers agreed.",
    "Model A beat model B in 4 of 5 folds.",
    "One of 12 hospitals used another vendor.",
    "The cut-off of 4 mm; threshold: 5",
    "total: 40 epochs, best: 34",
    "epoch 3: 412 patients seen",
    "A network of 3 blocks, each of two convolutions.",
    "Grade 3 or 4 events were pooled; CTCAE 4.0",
    "The minimum age for inclusion was 18 years.",
    "The maximum follow-up was limited to 60 months.",
    "Ages were rounded to 5 years and capped at 90.",
    "Contrast agent was given at 1 to 2 ml/kg.",
    "Images have between 40 and 400 slices.",
    "Cancers were rare.",
    "Only one model was trained.",
    "Only one of the three seeds diverged.",
    "One model, one loss.",
    "Missing values: 0",
    "errors: 0, warnings: 2",
    "2 failed, 31 passed",
    "retries: 3",
    "skipped 4 files",
    "loaded 3 checkpoints",
    "Table 2: page 3",
    "Excluded: see Table 3",
    "Withdrawn: none",
    "[c] stands for counts below 10.",
    "Excluded (n = 34): no consent (n = 22), poor quality (n = 12)",
    "TP 88, FP 12, FN 13, TN 204",
    "All hyper-parameters are in Table 4; all models used the same 5 folds.",
    "Everyone in the team had training.",
    "All women aged 50-70 are invited every 3 years.",
    "Two women in the patient panel commented on the design.",
    "The study has 3 arms of 120 patients each.",
    "Patient-level split: 70/15/15.",
    "The patients' mean age was 61.2 years (SD 10.3).",
    "There were 12 readers, of whom 3 were residents.",
    "Between 2014 and 2021, 1,240 patients were scanned.",
    "Of 640 women, 205 were recalled, of whom 48 had cancer.",
    "From 1 January to 31 May 2019 all patients at 12 hospitals were included.",
    "ages 40-49, 50-59 and 60-69",
    "Risk was 2.1 times higher in smokers.",
    "Number of patients per fold: 82",
    "Median 3 lesions per patient (IQR 2-5).",
    "Scan every 6 months for 5 patients per day",
    "Of 800 patients, 95% had a complete record.",
    "Follow-up ended at 60 months.",
]
LISTED = {
    "a.py": "y = [0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]\np = [0.4863, 0.2724, 0.2854, 0.0859, 0.631, 0.6461, 0.0193, 0.9381, 0.871, 0.2728, 0.0736, 0.5143, 0.5391, 0.1992, 0.0529, 0.8793, 0.2396, 0.7587, 0.1425, 0.1681, 0.6259, 0.4197, 0.1014, 0.3849]\n",
    "a.R": "age <- c(66, 68, 36, 79, 62, 69, 78, 64, 55, 46, 71, 62, 84, 65, 77, 68, 73, 64, 63, 58, 70, 48, 53)\nhist(age)\n",
    "b.py": "df = pd.DataFrame({'age': [66, 68, 36, 79, 62, 69, 78, 64, 55, 46, 71, 62],\n 'sex': ['F','M','F','F','M','M','F','M','F','F','M','M']})\n",
    "c.py": "volumes = np.array([\n 3.1, 4.8, 14.0, 3.3,\n 17.7, 1.8, 3.2, 3.8,\n 8.1, 5.7, 8.3, 1.2,\n 8.1, 3.1, 3.2, 1.9,\n])\n",
    "d.m": "survival = [12 45 67 23 89 34 56 78 91 11 33 44 55 66 77];\n",
    "e.py": "rows = [\n (66, 'F', 'II', 2.1),\n (71, 'M', 'I', 2.6),\n (45, 'F', 'III', 6.7),\n (59, 'M', 'I', 3.9),\n (62, 'F', 'IV', 1.5),\n (78, 'M', 'II', 10.5),\n]\n",
    "f.jl": "age = [66, 68, 36, 79, 62, 69, 78, 64, 55, 46, 71, 62, 84]\n",
    "g.tex": "\\addplot coordinates {(66,2.1) (71,2.6) (45,6.7) (59,3.9) (62,1.5) (78,10.5) (55,1.1) (64,9.2) (58,3.3) (70,4.4) (49,8.1) (67,2.2)};\n",
    "h.R": "d <- data.frame(age = c(66, 68, 36, 79, 62, 69, 78, 64, 55, 46), dead = c(0,1,0,0,1,0,1,1,0,0))\n",
    "i.py": "# true labels and scores of the test set\nlabels = [0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]\n",
    "j.py": "SCORES = {'a': 0.912, 'b': 0.871, 'c': 0.777, 'd': 0.654}\ndices = [0.912, 0.871, 0.777, 0.654, 0.931, 0.888, 0.792, 0.845, 0.901, 0.823, 0.765, 0.834]\n",
}
SETTINGS = {
    "a.py": "lr = [0.1, 0.01, 0.001, 0.0001, 0.00001]\nchannels = [16, 32, 64, 128, 256, 512, 512, 512, 256, 128, 64, 32, 16]\n",
    "b.py": "THRESHOLDS = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8]\n",
    "c.py": "mean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n",
    "d.py": "labels = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]\nseeds = [3, 17, 42, 99, 1234, 77, 1001, 5, 8, 23, 64, 91]\n",
    "e.R": "breaks <- c(0, 18, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120)\n",
    "f.py": "kernel = [1, 4, 6, 4, 1, 4, 16, 24, 16, 4, 6, 24, 36, 24, 6, 4, 16, 24, 16, 4, 1, 4, 6, 4, 1]\n",
    "g.py": "losses = [1.2, 0.9, 0.7, 0.6, 0.55, 0.5, 0.48, 0.46, 0.45, 0.44, 0.43, 0.425, 0.42]\nplt.plot(losses)\n",
    "h.py": "colors = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f', '#bcbd22', '#17becf', '#000000', '#ffffff']\n",
    "i.py": "PALETTE = [0, 0, 0, 128, 64, 128, 244, 35, 232, 70, 70, 70, 102, 102, 156, 190, 153, 153]\n",
    "j.py": "auc_by_fold = [0.81, 0.83, 0.79, 0.85, 0.82]\ndice = [0.91, 0.88, 0.85, 0.9, 0.89]\n",
    "k.py": "for epoch in range(40):\n    loss = step()\n    print(f'epoch {epoch}: {loss:.3f}')\n# ages are grouped at 40, 50, 60, 70\nage_bins = [0, 40, 50, 60, 70, 120]\n",
    "l.py": "if n_patients < 10:\n    raise ValueError('fewer than 10 patients')\nMIN_PATIENTS = 10\n",
    "m.py": "weights = [0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.05, 0.05]\nsigmas = [0.5, 0.5, 1, 1, 1.5, 1.5, 2, 2, 3, 3, 5, 5]\n",
    "n.py": "fpr = [0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0, 1.0]\ntpr = [0.0, 0.31, 0.45, 0.62, 0.75, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0, 1.0]\n",
    "o.py": "HU = [-1000, -800, -600, -500, -300, -100, -50, 0, 40, 80, 300, 700, 1000]\nangles = [0, 45, 90, 135, 180, 225, 270, 315, 30, 60, 120, 150]\n",
    "p.py": "def test_mean():\n    assert mean([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 30]) == 8\n",
    "q.py": "ICD = ['C34.1', 'C34.2', 'C34.3', 'C50.1', 'C50.2', 'E11.9', 'I21.0', 'I25.1', 'J44.9', 'N18.3', 'C61', 'C73']\n",
    "r.py": "milestones = [30, 60, 90]\nyears = [2010, 2012, 2011, 2015, 2014, 2016, 2018, 2017, 2019, 2021, 2020, 2013]\n",
    "s.py": "means = [61.2, 60.9, 63.4, 58.8]\nn = [120, 133, 98, 107]\n# 412 patients\n",
    "t.m": "x = [1 2 3 4 5 6 7 8 9 10 11 12];\nGy = [60 60 54 54 45 45 50 50 55 55 66 66];\n",
}


@pytest.mark.parametrize(
    ("check", "text"), [(check, text) for check, texts in UNSAFE.items() for text in texts]
)
def test_a_sentence_about_few_people_is_found(check: str, text: str) -> None:
    found = serious("results.txt", f"{text}\n")
    assert check in found or (check != "endpoints" and "small-cells" in found)


@pytest.mark.parametrize("text", SAFE)
def test_a_sentence_about_many_or_about_no_people_passes(text: str) -> None:
    assert serious("results.txt", f"{text}\n") == {}


@pytest.mark.parametrize("name", LISTED)
def test_values_of_persons_listed_in_a_program_are_found(name: str) -> None:
    assert "row-level-data" in serious(name, LISTED[name])


@pytest.mark.parametrize("name", SETTINGS)
def test_lists_of_settings_pass(name: str) -> None:
    assert serious(name, SETTINGS[name]) == {}


def test_a_sentence_over_two_lines_is_read_as_one_and_found_where_it_begins():
    text = (
        "We read the scans of all women who had been invited. Of the 206 patients we saw,\n"
        "121 had CT and 82 had MRI; the rest had PET.\n"
    )
    assert places("a.md", text, "implied-counts") == ("line 1",)


def test_rounded_numbers_leave_nothing_over():
    text = "Of 210 patients, 205 had CT."
    assert list(implied_by(text, disclosure.load("acro")))
    assert not list(implied_by(text, disclosure.load("opensafely")))


def test_a_picture_drawn_with_letters_is_found():
    ramp = " .:-=+*#%@"
    art = "\n".join("".join(ramp[(x * y // 7 + x) % 10] for x in range(48)) for y in range(24))
    assert serious("preview.txt", art)["pixel-matrix"] == "warn"
    ruled = "\n".join(("+-----" * 8 + "+", "|     " * 8 + "|")[n % 2] for n in range(24))
    assert "pixel-matrix" not in serious("frame.txt", ruled)
