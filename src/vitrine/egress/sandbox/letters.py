"""Letters of a hostile text as a person can see them."""

from __future__ import annotations


def visible(text: str) -> str:
    """`text` with each invisible or direction-changing character shown as its code point."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter in "\n\t" or letter.isprintable() else f"⟨U+{ord(letter):04X}⟩"
        for letter in text
    )
