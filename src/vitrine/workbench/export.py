"""Asking for files to leave."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

from vitrine.errors import InvalidInput
from vitrine.workbench.agent import PathLike, ask, workspace_files
from vitrine.workbench.places import workspace_root


@dataclass(frozen=True, slots=True)
class Draft:
    """Files that were frozen for export and wait for you to submit them."""

    draft_id: str
    files: tuple[str, ...]
    review_url: str | None = None

    def __str__(self) -> str:
        """What to do next."""
        where = f" at {self.review_url}" if self.review_url else ""
        return (
            f"draft {self.draft_id} holds {len(self.files)} file(s); it leaves nothing by itself: "
            f"sign in to the review page{where}, read it once more and submit it"
        )

    def _repr_html_(self) -> str:
        text = html.escape(str(self))
        if self.review_url and self.review_url.startswith(("https://", "http://")):
            link = html.escape(self.review_url, quote=True)
            text += f' <a href="{link}" target="_blank" rel="noopener">Open it</a>'
        return f"<p>{text}</p>"


def request_export(paths: PathLike | Iterable[PathLike], *, context: str, title: str = "") -> Draft:
    """Freeze files of the workspace as a draft of an export request, and say what comes next.

    The bytes are taken now: what you change afterwards is not in the draft. A draft leaves
    nothing. Sign in to the review page, submit it, and output checkers read each file; what they
    approve you can download there. They see a cleaned copy (notebooks without output, images
    re-encoded), and that copy is what leaves.

    >>> workbench.request_export(
    ...     ["results/volumes.csv", "results/figure1.png"],
    ...     title="Tumour volumes, cohort A",
    ...     context="Mean volume for each stage; smallest group 14 patients; no single patients.",
    ... )

    Args:
        paths: one file or several, all below /workspace; no folders.
        context: what the files show, how many people stand behind each number, and why it cannot
            identify anyone. Output checkers decide by it; it is mandatory.
        title: a few words for the list of requests; the first file's name when left out.

    Raises:
        InvalidInput: when the context is empty or something named is not a file of the workspace.
        NotFound: when a file does not exist.
        NotPermitted: when the draft was refused; the message says why.
        Unavailable: when the session's agent does not answer.
    """
    if not context.strip():
        raise InvalidInput(
            "an export needs a context: say what the files show and how many people stand "
            "behind each number, request_export(..., context='...')"
        )
    files = workspace_files(paths, "to export")
    request = {
        "op": "draft",
        "title": title.strip() or files[0].name,
        "context": context.strip(),
        "paths": [str(path) for path in files],
    }
    answer = ask(request, "nothing was frozen")
    root = workspace_root().resolve()
    url = answer.get("review_url")
    return Draft(
        draft_id=str(answer.get("draft_id", "")),
        files=tuple(str(path.relative_to(root)) for path in files),
        review_url=None if url is None else str(url),
    )
