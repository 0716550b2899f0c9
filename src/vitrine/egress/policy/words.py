"""Whether words that people write say enough, in few enough characters. Pure."""

from __future__ import annotations

from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.egress.request import RequestFile, Vote

CONTEXT_MIN = 20
"""Characters that a context has at least: shorter ones never explained anything to a checker."""


CONTEXT_MAX = 10_000


REASON_MAX = 2_000


COMMENT_MAX = 4_000


ANCHOR_MAX = 200


COMMENTS_MAX = 500
"""Comments on one request: more were never a conversation."""


def context_is_sound(context: str) -> Verdict:
    """Whether a context says enough, in few enough words."""
    length = len(context.strip())
    if length < CONTEXT_MIN:
        return Verdict(
            f"the context has {length} characters and needs {CONTEXT_MIN}: say what the files "
            "show, of how many patients, and how small numbers were treated"
        )
    if length > CONTEXT_MAX:
        return Verdict(f"the context has {length} characters; {CONTEXT_MAX} are allowed")
    return ALLOWED


def plea_is_sound(reason: str) -> Verdict:
    """Whether an author's reason for an exception says enough, in few enough words."""
    length = len(reason.strip())
    if length < CONTEXT_MIN:
        return Verdict(
            f"the reason has {length} characters and needs {CONTEXT_MIN}: say why nobody can be "
            "recognised by this file although the check objects"
        )
    return reason_fits(reason)


def exception_is_sound(file: RequestFile, answer: str, sha256: str) -> Verdict:
    """Whether a decision names the bytes, and says why."""
    if sha256 != file.cleaned_sha256:
        return Verdict(f"{file.path} is not the copy that you looked at; open it again")
    if not answer.strip():
        return Verdict(f"say why about {file.path}: its author and the checkers read it")
    return reason_fits(answer)


def vote_is_sound(file: RequestFile, value: Vote, reason: str, sha256: str) -> Verdict:
    """Whether a vote says enough: it names the bytes, and gives a reason to change them."""
    if sha256 != file.cleaned_sha256:
        return Verdict(f"{file.path} is not the copy that you looked at; open it again")
    if value is Vote.CHANGES_REQUESTED and not reason.strip():
        return Verdict(f"say what should change in {file.path}: its author reads the reason")
    return reason_fits(reason)


def reason_fits(reason: str) -> Verdict:
    """Whether a reason is short enough to keep."""
    if len(reason) > REASON_MAX:
        return Verdict(f"the reason has {len(reason)} characters; {REASON_MAX} are allowed")
    return ALLOWED


def comment_is_sound(body: str) -> Verdict:
    """Whether a comment says something, in few enough words."""
    if not body.strip():
        return Verdict("the comment is empty")
    if len(body) > COMMENT_MAX:
        return Verdict(f"the comment has {len(body)} characters; {COMMENT_MAX} are allowed")
    return ALLOWED


def has_room(comments: int) -> Verdict:
    """Whether a request that has so many comments takes another one."""
    if comments >= COMMENTS_MAX:
        return Verdict(f"this request has {comments} comments; {COMMENTS_MAX} are allowed")
    return ALLOWED
