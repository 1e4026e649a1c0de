"""`python -m benchmarks.make_lexicon [FONT]` renews the generated tables of detectors/lexicon.

sounds.toml from pypinyin's tables; with FONT, a Noto Sans CJK collection, lookalikes.toml from how
characters look in it. Only what a text holds after folding is listed: simplified forms.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from pypinyin.phrases_dict import phrases_dict
from pypinyin.pinyin_dict import pinyin_dict

from detectors.normal import fold

LEXICON = Path(__file__).parent.parent / "detectors" / "lexicon"
SEEN_IN_PHRASES = 3
SIMPLIFIED_FACE, SIDE = 2, 24
STANDARD_AT_MOST, RARE_AT_MOST = 14, 3
LOOKS_HEAD = """\
# For every common character those that are easily taken for it: how alike they are when drawn.
# Made by `python -m benchmarks.make_lexicon FONT`, drawn in Noto Sans CJK SC; not edited by hand.
"""
SOUNDS_HEAD = """\
# How every character is read, without tones, ü as v: [first] its usual reading, [also] others that dictionary phrases use.
# Facts from pypinyin (MIT). Made by `python -m benchmarks.make_lexicon`; not edited by hand.
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
    used = [one for one in every if count[character, one] >= SEEN_IN_PHRASES or one == every[0]]
    return sorted(used, key=lambda one: -count[character, one])


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


def pictures(characters: list[str], font: str) -> NDArray[np.float32]:
    """Every character as a small blurred square, SIDE by SIDE."""
    face = ImageFont.truetype(font, 40, index=SIMPLIFIED_FACE)
    shown = []
    for character in characters:
        sheet = Image.new("L", (48, 48), 0)
        ImageDraw.Draw(sheet).text((4, -6), character, font=face, fill=255)
        small = sheet.filter(ImageFilter.GaussianBlur(1.0)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        shown.append(np.asarray(small, dtype=np.float32))
    return np.stack(shown)


def normalised(squares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows whose products are correlations."""
    rows = squares.reshape(len(squares), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-6), dtype=np.float32)


def is_standard(character: str, last: int) -> bool:
    """Whether GB 2312 has it, in a row up to `last`: 0xD7 ends the common characters, 0xF7 the others."""
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and 0xB0 <= code[0] <= last


def lookalikes(font: str) -> str:
    """For every common character those taken for it, the most similar first.

    The whole must be alike, or one side (扌|受) nearly the same and the whole not far.
    """
    every = [chr(code) for code in range(0x4E00, 0xA000) if fold(chr(code)) == chr(code) and code in pinyin_dict]
    squares, lines = pictures(every, font), [LOOKS_HEAD]
    whole = normalised(squares)
    sides = [normalised(side) for side in (squares[:, :, 9:], squares[:, :, :15], squares[:, 9:], squares[:, :15])]
    for place, character in enumerate(every):
        if is_standard(character, 0xD7):
            likeness = whole @ whole[place]
            best = np.max([side @ side[place] for side in sides], axis=0)
            near = [int(one) for one in np.argsort(-likeness)[1:150]]
            taken = taken_by_kind(
                [every[one] for one in near if is_taken(every[one], float(likeness[one]), float(best[one]))]
            )
            if taken:
                lines.append(f'"{character}" = "{"".join(taken)}"')
    return "\n".join(lines) + "\n"


def is_taken(other: str, whole: float, side: float) -> bool:
    standard = is_standard(other, 0xF7)
    return whole >= (0.76 if standard else 0.83) or (side >= 0.92 and whole >= (0.7 if standard else 0.74))


def taken_by_kind(taken: list[str]) -> list[str]:
    """The most similar of the standard's characters, then of those beyond it."""
    standard = [one for one in taken if is_standard(one, 0xF7)]
    return standard[:STANDARD_AT_MOST] + [one for one in taken if one not in standard][:RARE_AT_MOST]


def main() -> None:
    (LEXICON / "sounds.toml").write_text(sounds(), encoding="utf-8")
    if sys.argv[1:]:
        (LEXICON / "lookalikes.toml").write_text(lookalikes(sys.argv[1]), encoding="utf-8")


if __name__ == "__main__":
    main()
