"""`python -m benchmarks.make_lexicon sounds` renews detectors/lexicon/sounds.toml from pypinyin's tables.

Only what a text holds after folding is listed: simplified forms, readings without tones, ü written v.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from pathlib import Path

from pypinyin.phrases_dict import phrases_dict
from pypinyin.pinyin_dict import pinyin_dict

from detectors.normal import fold

LEXICON = Path(__file__).parent.parent / "detectors" / "lexicon"
SEEN_IN_PHRASES = 3
SOUNDS_HEAD = """\
# How every character is read, without tones, ü as v: [first] its usual reading, [also] others that dictionary phrases use.
# Facts from pypinyin (MIT). Made by `python -m benchmarks.make_lexicon sounds`; not edited by hand.
"""


def toneless(reading: str) -> str:
    plain = unicodedata.normalize("NFD", reading.replace("ɡ", "g")).replace("u\u0308", "v")
    return "".join(one for one in plain if "a" <= one <= "z")


def in_phrases() -> Counter[tuple[str, str]]:
    """How many dictionary phrases read a character so."""
    count: Counter[tuple[str, str]] = Counter()
    for phrase, readings in phrases_dict.items():
        if len(phrase) == len(readings):
            count.update((one, toneless(choice[0])) for one, choice in zip(phrase, readings, strict=True))
    return count


def readings_of(character: str, count: Counter[tuple[str, str]]) -> list[str]:
    """The readings that count, the most usual first."""
    every = [one for one in dict.fromkeys(map(toneless, pinyin_dict[ord(character)].split(","))) if len(one) <= 6]
    used = [one for one in every if count[character, one] >= SEEN_IN_PHRASES]
    return sorted(used, key=lambda one: -count[character, one]) or every[:1]


def sounds() -> str:
    count = in_phrases()
    first: dict[str, list[str]] = {}
    also: dict[str, list[str]] = {}
    for code in range(0x4E00, 0xA000):
        character = chr(code)
        if code in pinyin_dict and fold(character) == character:
            for place, reading in enumerate(readings_of(character, count)):
                (also if place else first).setdefault(reading, []).append(character)
    lines = [SOUNDS_HEAD]
    for name, table in (("first", first), ("also", also)):
        lines += [f"[{name}]", *(f'{reading} = "{"".join(table[reading])}"' for reading in sorted(table)), ""]
    return "\n".join(lines).rstrip() + "\n"


TABLES = {"sounds": sounds}


def main() -> None:
    for name in sys.argv[1:] or TABLES:
        (LEXICON / f"{name}.toml").write_text(TABLES[name](), encoding="utf-8")


if __name__ == "__main__":
    main()
