"""Shares, rates and numbers of persons as papers, logs and letters write them."""

import pytest

from tests.support.checked import serious

FOUND = {
    "48 of the patients responded, which is 96%.": "implied-counts",
    "Patients with M1 disease made up 2% of the cohort of 200.": "implied-counts",
    "One in fifty of the 150 patients relapsed.": "implied-counts",
    "n (%) = 4 (3.1)": "small-cells",
    "The remaining 3 had stable disease.": "small-cells",
    "\\newcommand{\\nrelapse}{7}": "small-cells",
    "Fisher's exact test on 12/40 vs 3/41, p=0.01": "small-cells",
    "Seven of our patients carried the variant.": "small-cells",
    "Hospital number H1234567": "text-identifiers",
    "subject S-00317: segmentation failed": "text-identifiers",
    "patients: 1022, 1077, 1101 and 1190 were excluded for motion": "text-identifiers",
    "ID=4711 age=67 sex=F outcome=dead": "text-identifiers",
    "Saved /anon/1.2.826.0.1.3680043.9.7133.1.1.12345.nii.gz": "text-identifiers",
    "Presented at the meeting on 03/02/2021": "text-identifiers",
}
SAFE = [
    "Sensitivity was 0.91 and specificity 0.88 in 412 patients with 190 cancers.",
    "In 85% of 400 patients the lesion was visible.",
    "One in five of the 400 patients relapsed.",
    "The model was trained on 2019-03-04 data release 4.",
    "Thresholds of 3, 5, 7 and 10 are in use in other environments.",
    "See section 3, table 2 and figure 4; 5 seeds, 3 folds.",
]


@pytest.mark.parametrize(("text", "check"), FOUND.items())
def test_a_sentence_that_gives_few_or_one_away_is_found(text, check):
    name = "paper.tex" if text.startswith("\\") else "letter.txt"
    assert check in serious(name, f"{text}\n")


@pytest.mark.parametrize("text", SAFE)
def test_a_sentence_that_gives_nobody_away_passes(text):
    assert serious("letter.txt", f"{text}\n") == {}


def test_a_rate_in_a_list_of_figures_is_one_of_its_number():
    assert serious("a.json", '{"n": 400, "event_rate": 0.25}') == {}
    assert "implied-counts" in serious("a.json", '{"n": 60, "event_rate": 0.05}')


def test_numbers_at_risk_and_rates_per_thousand_are_counts():
    risk = "strata\tm0\tm6\tm12\nlow\t188\t171\t150\nhigh\t187\t140\t8\n"
    assert "small-cells" in serious("a.tsv", risk)
    rates = "group,women screened,cancers per 1000\n50-54,12000,6.2\n45-49,1000,3.0\n"
    assert "implied-counts" in serious("a.csv", rates)
