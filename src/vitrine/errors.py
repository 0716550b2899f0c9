"""Every error raised on purpose. Each says what happened, to which thing, and what to do next.

A message is a sentence with a lower-case first word and no full stop. It names objects by id,
path or keyword and never holds a patient's value. `hint` says what to do next.
"""

from __future__ import annotations


class VitrineError(Exception):
    """Something that was meant to be refused or reported, with the way out of it."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint

    def sentence(self) -> str:
        """The message and, where there is one, the hint, as one line for a person."""
        return f"{self}: {self.hint}" if self.hint else str(self)


class SettingsError(VitrineError):
    """The configuration of this node is wrong or incomplete."""

    hint = "correct the environment file; deploy/env.example explains each variable"


class NotFound(VitrineError):
    """The named thing does not exist."""


class NotPermitted(VitrineError):
    """A policy said no; the message is the policy's own reason."""


class Conflict(VitrineError):
    """The thing changed since it was read, or exists already."""

    hint = "read it again and repeat what you meant to do"


class InvalidInput(VitrineError):
    """What was handed in cannot be accepted as it is."""


class IntegrityError(VitrineError):
    """Bytes or records are not what was recorded about them."""

    hint = "stop using it and follow deploy/runbooks/incident.md"


class Unavailable(VitrineError):
    """Another part of the node does not answer."""

    hint = "vitrine doctor says what is wrong with this node"
