"""Ideas by which tables give counts or persons away whatever their columns are called."""

import pytest

from tests.support.checked import serious

FOUND = {
    "pairs in a cell": ("small-cells", "group,cases / controls\nsmoker,45 / 30\nnever,4 / 62\n"),
    "a part beside its whole": ("small-cells", "dose level,treated,DLT\n1,12,0\n2,14,1\n3,13,4\n"),
    "a rate of a positive": ("implied-counts", "centre,positive rate,n\nA,0.025,40\nB,0.333,60\n"),
    "decimal commas": ("implied-counts", "group;Anteil;N\nA;0,05;60\nB;0,35;80\n"),
    "a share of what was taken out": (
        "implied-counts",
        "type,n,%\nadeno,150,75.0\nsquamous,44,22.0\nsmall cell,x,3.0\n",
    ),
    "a letter for a count": ("margins", "stage,n\nI,100\nII,c\nIII,60\nAll stages,165\n"),
    "bands of a property": (
        "margins",
        "age,F,M,both\n<50,45,32,77\n50-69,71,*,*\n70+,38,44,82\nall,154,83,237\n",
    ),
    "means of groups": ("missing-counts", ",mean,std\nmalignant,34.1,11.2\nbenign,12.2,6.6\n"),
    "a step for each event": (
        "row-level-data",
        "x,y\n0,1.0\n2.1,0.98\n2.7,0.96\n4.9,0.94\n5.5,0.92\n6.1,0.9\n8.8,0.88\n9.3,0.86\n",
    ),
}
SAFE = {
    "a curve": "fpr,tpr\n0,0\n0.01,0.3\n0.03,0.52\n0.08,0.61\n0.13,0.7\n0.21,0.8\n0.33,0.9\n1,1\n",
    "a decay": "epoch,lr\n1,1.0\n2,0.9\n3,0.8\n4,0.7\n5,0.6\n6,0.5\n7,0.4\n8,0.3\n9,0.2\n10,0.1\n",
    "classes beside patients": "dataset,patients,classes,size\nA,1010,3,512\nB,2100,2,512\n",
    "a group's time": "group,n,median OS (months)\nA,120,14\nB,98,21\n",
    "weights": '{"class_weights": {"benign": 1, "malignant": 4}, "loss": "ce"}',
}


@pytest.mark.parametrize(("check", "text"), FOUND.values(), ids=FOUND)
def test_a_table_that_gives_somebody_away_is_found(check, text):
    assert check in serious("table.csv", text)


@pytest.mark.parametrize("text", SAFE.values(), ids=SAFE)
def test_a_table_that_counts_nobody_passes(text):
    assert serious("table.json" if text.startswith("{") else "table.csv", text) == {}
