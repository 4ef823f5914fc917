"""Text from outside, as a terminal may have it."""

import unicodedata

_HARMLESS = frozenset("\t")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control and format characters, surrogates, and separators of lines:
with them a published event could move the cursor, change colours, or hide what is there."""


def printable(text: str) -> str:
    """The text on one line, with what is not to be seen written out as in ``\\x1b``."""
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in _HARMLESS or unicodedata.category(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
