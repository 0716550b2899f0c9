"""The answer of every rule: yes, or no with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vitrine.errors import NotPermitted


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes when `reason` is empty; otherwise no, because of `reason`.

    A page shows `reason`, a verb calls `require()`: both show the same sentence.
    """

    reason: str = ""

    def __bool__(self) -> bool:
        return not self.reason

    def require(self) -> None:
        """Pass when the answer is yes.

        Raises:
            NotPermitted: with the reason, when the answer is no.
        """
        if self.reason:
            raise NotPermitted(self.reason)


ALLOWED: Final = Verdict()
