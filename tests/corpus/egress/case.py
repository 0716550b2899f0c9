"""What a case of the corpus is: files of one request, and what a careful reviewer says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

Split = str
Made = bytes | str | Mapping[str, bytes | str]
Maker = Callable[[np.random.Generator], Made]

WORDS = {
    "small-cells": "a count of people below the threshold",
    "unrounded-counts": "a count that should have been rounded and is not",
    "implied-counts": "a small count that follows from a rate, a percentage or a sum",
    "row-level-data": "a row, column or record for each patient, lesion or examination",
    "identifiers": "a column of identifiers, real or pseudonymous",
    "embeddings": "a vector for each patient or image",
    "pixel-matrix": "the pixels of an image written as numbers",
    "excess-precision": "so many decimals that the raw values follow",
    "class-disclosure": "everyone, or nobody, of a group has a property",
    "endpoints": "an extreme that belongs to one patient",
    "hidden-parts": "a part of a workbook that its reader does not see",
    "missing-counts": "results of groups without the counts they rest on",
    "margins": "a suppressed cell that follows from the totals",
    "differencing": "two tables of one request whose difference is a small group",
    "raw-image": "an image file of a scanner or of an analysis, whatever its name",
    "scan-pixels": "a scan of a patient shown as a picture",
    "image-metadata": "something about a patient in the metadata of a picture",
    "appended-bytes": "content after the end of a picture or document",
    "transparent-pixels": "content under full transparency",
    "low-bits": "content in the lowest bits of a picture",
    "notebook-output": "an output of a cell that shows records",
    "notebook-attachment": "a file attached to a cell",
    "notebook-data": "data behind a plot or widget of a notebook",
    "active-content": "content that runs when the file is opened",
    "external-reference": "something that is loaded from elsewhere when the file is opened",
    "hidden-content": "content that a reader of the page does not see",
    "embedded-file": "a file within a file",
    "one-mark-per-patient": "a plot with a mark for each patient",
    "encoded-blob": "bytes written as text",
    "polyglot": "a file that is of two kinds at once",
    "archive": "a container of other files",
    "name": "a name that deceives, collides or says who",
    "text-identifiers": "an identifier in running text",
    "model-pickle": "a model whose file runs code when it is loaded",
    "model-records": "a model file that holds records of training data",
    "model-evidence": "a model without the evidence that its class needs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """What makes a case unsafe, and where it is.

    `also` holds other words of the vocabulary under which the same defect may rightly be found.
    """

    word: str
    path: str
    location: str = ""
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = {self.word, *self.also} - WORDS.keys()
        if unknown:
            raise ValueError(f"no words of the vocabulary: {sorted(unknown)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The files of one request with their label; no defect means that it is safe."""

    id: str
    lane: str
    policy: str
    paths: tuple[str, ...]
    defect: Defect | None
    needs: tuple[str, ...] = ()
    make: Maker = field(repr=False, compare=False)

    @property
    def unsafe(self) -> bool:
        return self.defect is not None

    @property
    def split(self) -> Split:
        """`development` or `frozen`: half each, by a hash of the id."""
        return ("development", "frozen")[hashlib.sha256(self.id.encode()).digest()[-1] & 1]

    def contents(self) -> dict[str, bytes]:
        """The bytes of each file, the same at each call."""
        seed = int.from_bytes(hashlib.sha256(b"corpus " + self.id.encode()).digest()[:8], "big")
        made = self.make(np.random.default_rng(seed))
        if isinstance(made, bytes | str):
            made = {self.paths[0]: made}
        if set(made) != set(self.paths):
            raise ValueError(f"{self.id} makes {sorted(made)} instead of {sorted(self.paths)}")
        return {
            path: content.encode() if isinstance(content, str) else bytes(content)
            for path, content in made.items()
        }


class Lane:
    """The cases of one lane, in the order of their declaration.

    A later generation of cases is a lane of the same name; `series` begins the names of its cases.
    """

    def __init__(self, name: str, series: str = "") -> None:
        self.name = name
        self.series = series
        self.cases: list[Case] = []

    def safe(
        self,
        name: str,
        files: str | tuple[str, ...],
        *arguments: object,
        policy: str = "acro",
        needs: tuple[str, ...] = (),
    ) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
        """Declare a safe case; the function makes its files from a generator and `arguments`."""
        return self._declare(name, files, arguments, policy, needs, None)

    def unsafe(
        self,
        name: str,
        word: str,
        files: str | tuple[str, ...],
        *arguments: object,
        at: str = "",
        path: str = "",
        also: tuple[str, ...] = (),
        policy: str = "acro",
        needs: tuple[str, ...] = (),
    ) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
        """Declare an unsafe case; `path` is the file with the defect, the first when empty."""
        first = files if isinstance(files, str) else files[0]
        defect = Defect(word=word, path=path or first, location=at, also=also)
        return self._declare(name, files, arguments, policy, needs, defect)

    def _declare(
        self,
        name: str,
        files: str | tuple[str, ...],
        arguments: tuple[object, ...],
        policy: str,
        needs: tuple[str, ...],
        defect: Defect | None,
    ) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
        def declare(make: Callable[..., Made]) -> Callable[..., Made]:
            paths = (files,) if isinstance(files, str) else files
            self.cases.append(
                Case(
                    id=f"{self.name}/{'unsafe' if defect else 'safe'}/{self.series}{name}",
                    lane=self.name,
                    policy=policy,
                    paths=paths,
                    defect=defect,
                    needs=needs,
                    make=partial(_call, make, arguments),
                )
            )
            return make

        return declare


def _call(
    make: Callable[..., Made], arguments: tuple[object, ...], rng: np.random.Generator
) -> Made:
    return make(rng, *arguments)
