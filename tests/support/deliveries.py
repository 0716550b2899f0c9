"""Folders of small DICOM files with a clinical table, as a hospital would deliver them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from vitrine.access import store as access
from vitrine.access.account import Account, Role
from vitrine.catalogue.dataset import DatasetVersion
from vitrine.catalogue.publish import publish
from vitrine.permits import govern
from vitrine.settings import Settings
from vitrine.storage.database import Database

FAR = datetime(2030, 1, 1, tzinfo=UTC)


def write_instance(target: Path, **attributes: object) -> Path:
    """A CT image of 2 x 2 pixels with these attributes; None leaves one out."""
    instance = Dataset()
    values: dict[str, object] = {
        "PatientID": "PAT-1",
        "PatientIdentityRemoved": "YES",
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": "1.2.3.4.1",
        "StudyInstanceUID": "1.2.3.1",
        "SeriesInstanceUID": "1.2.3.2",
        "Modality": "CT",
        "SeriesDescription": "chest",
        "BodyPartExamined": "CHEST",
        "InstanceNumber": 1,
        "Rows": 2,
        "Columns": 2,
        "BitsAllocated": 16,
        "PixelRepresentation": 0,
        "PixelData": bytes(8),
        **attributes,
    }
    for keyword, value in values.items():
        if value is not None:
            setattr(instance, keyword, value)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = str(values["SOPInstanceUID"] or "1.2.3")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    instance.file_meta = meta
    target.parent.mkdir(parents=True, exist_ok=True)
    instance.save_as(target, enforce_file_format=True)
    return target


@dataclass(frozen=True)
class Delivery:
    """A folder of images and a clinical table."""

    images: Path
    clinical: Path


def a_delivery(root: Path, *, patients: int = 2, slices: int = 3) -> Delivery:
    """A delivery that can be published: one series for each patient."""
    for patient in range(1, patients + 1):
        for number in range(1, slices + 1):
            write_instance(
                root / "in" / f"doe{patient}" / f"IM{slices - number}",
                PatientID=f"PAT-{patient}",
                StudyInstanceUID=f"1.2.{patient}.1",
                SeriesInstanceUID=f"1.2.{patient}.2",
                SOPInstanceUID=f"1.2.{patient}.3.{number}",
                InstanceNumber=number,
            )
    rows = "".join(f"PAT-{patient},{50 + patient}\n" for patient in range(1, patients + 1))
    clinical = root / "table.csv"
    clinical.write_text("PatientID,age\n" + rows)
    return Delivery(root / "in", clinical)


def publish_delivery(
    database: Database, settings: Settings, delivery: Delivery, name: str = "lung-ct"
) -> DatasetVersion:
    """The delivery as the next version of `name`."""
    return publish(
        database,
        settings,
        delivery.images,
        delivery.clinical,
        name=name,
        title="Lungs",
        actor="os:root",
    )


def a_person(database: Database, name: str, *roles: Role) -> Account:
    """A person who never signs in, which is quicker; a researcher unless said otherwise."""
    wanted = frozenset(roles or {Role.RESEARCHER})
    with database.begin() as tx:
        return access.add_account(tx, name, roles=wanted, password_hash="none")


def a_project(
    database: Database, *members: str, project_id: str = "lungs", dataset: str = "lung-ct"
) -> None:
    """A project on `dataset` that ends in 2030, with these members, who have accounts."""
    govern.create_project(
        database,
        project_id,
        title="Lungs",
        datasets=[dataset],
        expires_at=FAR,
        reviewers_required=2,
        actor="os:root",
    )
    for person in members:
        govern.add_member(database, project_id, person, actor="os:root")
