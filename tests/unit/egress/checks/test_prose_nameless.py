"""Counts that no noun names, and numbers so near to each other that a few are between them."""

import pytest

from tests.support.checked import serious

COUNTS = [
    "In the first arm 112 patients were analysed and in the other 109. Colitis: in 3 versus 1.",
    "Figure 2. Kaplan-Meier curves. Numbers at risk: 120, 88, 43, 12, 4.",
    "We included 240 scans of 180 patients; male 96, female 81, not recorded 3.",
    "BRCA1 carriers were rare (7 of 512).",
    "Stage I/II/III/IV: 34/28/12/2.",
    "ECOG 0, 1, 2 and 3 in 56, 41, 12 and 3 respectively.",
    "- hepatocellular carcinoma: 61\n- cholangiocarcinoma: 5\n- angiosarcoma: 1",
    "Cases per hospital: A 124, B 61, C 3, D 45.",
    "Sex (M/F): 112/4",
    "HER2 0 / 1+ / 2+ / 3+ : 45 / 31 / 12 / 3",
    "Deaths by year: 2017: 12, 2018: 15, 2019: 4.",
    "Two of the cohort had brain metastases; 84 patients had none.",
    "epoch 99 val: n_pos=4 n_neg=201 auc=0.91",
    "Zwei Patienten entwickelten ein Lokalrezidiv, 84 blieben rezidivfrei.",
    "Tres pacientes fallecieron durante el seguimiento (n=95).",
    "Quattro pazienti su 118 hanno sviluppato metastasi cerebrali.",
    "Cinq patients sur 130 ont présenté une récidive locale.",
    "Half a dozen patients needed a repeat scan.",
]
NEARLY = [
    "Sensitivity was 96.7% (29/30) and specificity 70% (28/40).",
    "Table 1 lists 400 participants. After excluding smokers 396 remained.",
    "In total 310 examinations (312 before removing duplicates) were read.",
    "Patients: 250. With progression: 247.",
    "Of the remaining 61, 58 responded.",
    "n=120 in total; n=117 after quality control.",
]
SAFE = [
    "Of 1,240 patients screened, 214 had no follow-up.\nThis left 840 patients in 12 hospitals.",
    "The 214 patients underwent 3 scans each: baseline, week 4 and week 12, respectively.",
    "Stage I: 120\nStage II: 85\nStage III: 40",
    "Inference took 3/10 s for 120 patients. Epoch 3/100. 12/120 slices done.",
    "Stage groups I, II, III and IV were mapped to 1, 2, 3 and 4, respectively, in 420 patients.",
    "Blood pressure was below 140/90 in most patients. The study ran from 3/2018 to 11/2021.",
    "Patients received doses of 50, 60 and 70 Gy in 25, 30 and 35 fractions respectively.",
    "Two readers, 5 and 12 years of experience, scored 150 patients on a scale from 1 to 5.",
    "Suppose that 3 of 100 patients have the disease.",
    "Wir analysierten 312 Patienten mit 2 Modellen in 5 Durchläufen.",
]


@pytest.mark.parametrize("text", COUNTS)
def test_a_small_count_without_a_noun_is_found(text):
    assert "small-cells" in serious("results.txt", f"{text}\n")


@pytest.mark.parametrize("text", NEARLY)
def test_numbers_that_leave_a_few_of_each_other_are_found(text):
    assert "implied-counts" in serious("results.txt", f"{text}\n")


@pytest.mark.parametrize("text", SAFE)
def test_numbers_that_count_no_few_people_pass(text):
    assert serious("results.txt", f"{text}\n") == {}
