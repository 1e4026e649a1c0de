"""What is known of single characters: how they are read, what they look like, what they are put together of.

Tables only, for texts already folded; it knows no words and judges nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

from detectors.strict import Table, read_table

LEXICON = Path(__file__).parent / "lexicon"
# Digits are read too: 第1发明人 is 第一发明人.
DIGITS = {
    "〇": "ling", "0": "ling", "1": "yi", "2": "er", "3": "san", "4": "si", "5": "wu", "6": "liu", "7": "qi", "8": "ba",
    "9": "jiu",
}  # fmt: skip
# Forms that a radical has only as a part of a character, and what is typed for it instead.
SIDE_FORMS = {
    "扌": "手", "讠": "言", "纟": "丝", "辶": "之", "氵": "水", "亻": "人", "忄": "心", "刂": "刀", "钅": "金",
    "饣": "食", "犭": "犬", "礻": "示", "衤": "衣", "艹": "草", "宀": "", "疒": "", "灬": "火", "罒": "四", "冖": "",
    "攵": "文", "阝": "耳", "匚": "", "爫": "爪", "丬": "", "耂": "老", "冫": "", "夂": "", "勹": "", "龷": "",
    "牜": "牛", "尸": "", "囗": "口",
}  # fmt: skip
FLAT = re.compile(r"^([zcs])h")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """`sounds`: readings without tones, the usual one first. `looks`: those taken for it, the most alike first."""

    sounds: dict[str, tuple[str, ...]]
    looks: dict[str, str]
    splits: dict[str, tuple[str, ...]]

    def readings(self, character: str) -> tuple[str, ...]:
        """How a character is read, the usual way first; what has no reading is read as itself."""
        return self.sounds.get(character, (character,))

    def sound_alike(self, one: str, other: str) -> bool:
        heard = {merged(reading) for reading in self.readings(one)}
        return not heard.isdisjoint(merged(reading) for reading in self.readings(other))

    def mistaken(self, character: str) -> tuple[str, ...]:
        """What is taken for a character, or is left when it loses its side form: 口 for 局."""
        left = {"".join(one for one in parts if one not in SIDE_FORMS) for parts in self._with_side_forms(character)}
        return tuple(sorted(set(self.looks.get(character, "")) | {one for one in left if len(one) == 1}))

    def _with_side_forms(self, character: str) -> list[str]:
        several = self.splits.get(character, ())
        return [parts for parts in several if not SIDE_FORMS.keys().isdisjoint(parts)]

    def joins(self) -> dict[str, str]:
        """Parts that no ordinary text has side by side, for one of them is a side form, and the character they make."""
        return {parts: character for character in self.splits for parts in self._with_side_forms(character)}


@cache
def merged(syllable: str) -> str:
    """A syllable as southern speakers and hasty typists write it: zh as z, ng as n, lü as lu."""
    return FLAT.sub(r"\1", syllable).replace("v", "u").removesuffix("g")


def is_common(character: str) -> bool:
    """Whether it is among the 3,755 characters that the national standard GB 2312 lists as common."""
    return _row(character) in range(0xB0, 0xD8)


def is_rare(character: str) -> bool:
    """Whether it is a Han character outside that standard, as converters leave in place of others."""
    return character >= "\u3400" and character.isalpha() and _row(character) == 0


def _row(character: str) -> int:
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return 0
    return code[0] if len(code) == 2 else 0


@cache
def load_glyphs(folder: Path = LEXICON) -> Glyphs:
    """The packaged tables; RuleInvalid names file and place."""
    splits = _splits(read_table(folder / "splits.toml"))
    looks = dict(_texts(read_table(folder / "lookalikes.toml")))
    return Glyphs(_sounds(read_table(folder / "sounds.toml")), looks, splits)


def _sounds(table: Table) -> dict[str, tuple[str, ...]]:
    sounds: dict[str, tuple[str, ...]] = {digit: (reading,) for digit, reading in DIGITS.items()}
    for part in ("first", "also"):
        for reading, characters in _texts(table.table(part)):
            for character in characters:
                sounds[character] = (*sounds.get(character, ()), reading)
    table.finish()
    return sounds


def _splits(table: Table) -> dict[str, tuple[str, ...]]:
    """Every character with its parts, side forms also in full: 扌受 and 手受."""
    return {
        character: tuple(dict.fromkeys(one for parts in table.texts(character) for one in _forms(parts)))
        for character in table.names()
    }


def _forms(parts: str) -> list[str]:
    return ["".join(choice) for choice in product(*(one + SIDE_FORMS.get(one, "") for one in parts))]


def _texts(table: Table) -> list[tuple[str, str]]:
    return [(name, table.text(name)) for name in table.names()]
