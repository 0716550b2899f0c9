"""The datasets of a session as tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pandas as pd

from vitrine.errors import IntegrityError, NotFound
from vitrine.workbench.places import data_root

_TEXT_COLUMNS: Final = (
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "SeriesDescription",
    "BodyPartExamined",
    "path",
)


def datasets() -> pd.DataFrame:
    """The datasets of this project, one row each.

    Columns: `dataset` (the name that other functions take), `title`, `version`, `patients`,
    `series`, `instances`, `description`. The folder of a dataset is `/data/<dataset>`.

    >>> workbench.datasets()
    """
    rows = []
    for name in _names():
        about = _about(name)
        table = _series_table(name)
        rows.append(
            {
                "dataset": name,
                "title": about.get("title", ""),
                "version": about.get("version"),
                "patients": table["PatientID"].nunique(),
                "series": len(table),
                "instances": int(table["n_instances"].sum()),
                "description": about.get("description", ""),
            }
        )
    columns = ["dataset", "title", "version", "patients", "series", "instances", "description"]
    return pd.DataFrame(rows, columns=columns)


def series(dataset: str | None = None) -> pd.DataFrame:
    """The image series of `dataset`, or of all datasets, one row each.

    Columns: `dataset`, `PatientID` (joins with `clinical`), `StudyInstanceUID`,
    `SeriesInstanceUID` (what `load_series` takes), `Modality`, `SeriesDescription`,
    `BodyPartExamined`, `n_instances` (DICOM files), `Rows`, `Columns` (of one image), `path`
    (folder of the files below `/data/<dataset>`). Identifiers are text, also where they look like
    numbers.

    >>> ct = workbench.series("lung-ct").query("Modality == 'CT'")

    Raises:
        NotFound: when this session has no such dataset.
        IntegrityError: when the dataset has no readable list of series.
    """
    names = _names() if dataset is None else [_existing(dataset)]
    tables = []
    for name in names:
        table = _series_table(name)
        table.insert(0, "dataset", name)
        tables.append(table)
    if not tables:
        return pd.DataFrame(columns=["dataset", *_TEXT_COLUMNS])
    return pd.concat(tables, ignore_index=True)


def clinical(dataset: str | None = None) -> pd.DataFrame:
    """The clinical table of `dataset`; the name may be left out when there is only one dataset.

    One row as the data holder delivered it, usually one for each patient. `PatientID` is text and
    joins with `series`:

    >>> workbench.series("lung-ct").merge(workbench.clinical("lung-ct"), on="PatientID")

    Raises:
        NotFound: when this session has no such dataset, or the name is needed.
        IntegrityError: when the dataset has no readable clinical table.
    """
    if dataset is None:
        names = _names()
        if len(names) != 1:
            raise NotFound(f"say which dataset, clinical(name): this session has {_listed(names)}")
        dataset = names[0]
    return _table(_existing(dataset), "clinical.csv", text_columns=("PatientID",))


def dataset_folder(dataset: str) -> Path:
    """The folder of a dataset that this session has.

    Raises:
        NotFound: when it has none of that name.
    """
    return data_root() / _existing(dataset)


def _names() -> list[str]:
    root = data_root()
    if not root.is_dir():
        return []
    return sorted(entry.name for entry in root.iterdir() if (entry / "dataset.json").is_file())


def _existing(dataset: str) -> str:
    names = _names()
    if dataset not in names:
        raise NotFound(
            f"this session has no dataset {dataset!r}, it has {_listed(names)}; "
            "your project's record decides which are mounted, ask its data steward for more"
        )
    return dataset


def _listed(names: list[str]) -> str:
    return ", ".join(names) if names else "none"


def _about(dataset: str) -> dict[str, Any]:
    path = data_root() / dataset / "dataset.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise _damaged(dataset, "dataset.json")
    return found


def _series_table(dataset: str) -> pd.DataFrame:
    table = _table(dataset, "series.csv", text_columns=_TEXT_COLUMNS)
    if not {*_TEXT_COLUMNS, "n_instances"} <= set(table.columns):
        raise _damaged(dataset, "series.csv")
    return table


def _table(dataset: str, name: str, *, text_columns: tuple[str, ...]) -> pd.DataFrame:
    """A CSV file of a dataset; in `text_columns` nothing is turned into a number or a gap."""
    path = data_root() / dataset / name
    try:
        return pd.read_csv(path, converters=dict.fromkeys(text_columns, str), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _damaged(dataset, name) from error


def _damaged(dataset: str, name: str) -> IntegrityError:
    return IntegrityError(
        f"{name} of dataset {dataset} cannot be read; "
        "tell your administrator, who can check it with: vitrine dataset verify " + dataset,
        hint="",
    )
