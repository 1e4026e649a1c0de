"""Texts as two characters at a time, so that any part of one is found exactly, whatever its length.

Every character begins one pair; the last is paired with an end mark. It folds A to Z and nothing else.
"""

from __future__ import annotations

from itertools import pairwise

from storage.models import encodable
from storage.searching.shapes import FOLDED

# SQLite's tokenizer takes every character beyond ASCII for part of a word. What it would not take is moved here,
# and what stands here is written as three, of which none is used for anything else: so no two texts become one.
_ROOM, _ROOM_END = 0xE000, 0xE400
_ESCAPE, _HIGH, _LOW = 0xE080, 0xE100, 0xE140
END = "\ue1ff"
BETWEEN = "\0"  # two texts of one field; no text has it


def _table() -> dict[int, str]:
    table = {code: chr(_ROOM + code) for code in range(128) if not chr(code).isalnum()}
    table |= {code: chr(folded) for code, folded in FOLDED.items()}
    for code in range(_ROOM, _ROOM_END):
        high, low = divmod(code - _ROOM, 32)
        table[code] = chr(_ESCAPE) + chr(_HIGH + high) + chr(_LOW + low)
    return table


_TABLE = _table()


def words(text: str) -> str:
    """The text as words of two characters, in its order."""
    letters = encodable(text).translate(_TABLE) if BETWEEN not in text else _apart(text)
    return " ".join(map("".join, pairwise(letters + END))) if letters else ""


def phrase(text: str) -> str:
    """What finds every text of `words` that has this one in it, in the language of FTS5."""
    letters = encodable(text).translate(_TABLE)
    if not letters:
        raise ValueError("nothing is everywhere")
    if len(letters) == 1:
        return f'"{letters}" *'
    return f'"{" ".join(map("".join, pairwise(letters)))}"'


def folded(text: str) -> str:
    """The text as two are compared."""
    return str(encodable(text)).translate(FOLDED)


def _apart(text: str) -> str:
    return BETWEEN.join(encodable(part) for part in text.split(BETWEEN)).translate(_TABLE)
