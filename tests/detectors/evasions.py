"""How sellers disguise a word, as functions of a word and a random source. Used to attack our own rules."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import opencc

PINYIN = dict(
    zip(
        "包授权下证保过绿色通道内部渠官方挂名发明人第一署",
        "bao shou quan xia zheng bao guo lü se tong dao nei bu qu guan fang gua ming fa ming ren di yi shu".split(),
        strict=True,
    )
)
TONED = {"a": "ā", "o": "ǒ", "e": "é", "i": "ì", "u": "ú", "ü": "ǜ"}
SPLIT = {"授": "扌受", "权": "木又", "证": "讠正", "挂": "扌圭", "绿": "纟录", "通": "辶甬", "保": "亻呆", "过": "辶寸"}
ALIKE = {
    "包": "苞",
    "授": "绶",
    "权": "杈",
    "证": "怔",
    "绿": "録",
    "挂": "桂",
    "名": "茗",
    "渠": "璩",
    "官": "倌",
    "部": "步",
}


def _toned(syllable: str) -> str:
    vowel = next(one for one in "aoeiuü" if one in syllable)
    return syllable.replace(vowel, TONED[vowel], 1)


def _one(word: str, random: Random, table: dict[str, str]) -> str:
    places = [place for place, one in enumerate(word) if one in table]
    if not places:
        return word
    place = random.choice(places)
    return word[:place] + table[word[place]] + word[place + 1 :]


def spaced(word: str, random: Random) -> str:
    return random.choice([" ", "　", "  ", "\u2003"]).join(word)


def dotted(word: str, random: Random) -> str:
    return random.choice([".", "-", "·", "*", "|", "/", "_", "~", "＊", "•", "＋"]).join(word)


def marked(word: str, random: Random) -> str:
    return random.choice(["!", "！", "、", ",", "。"]).join(word) if len(word) > 2 else word


def emoji(word: str, random: Random) -> str:
    place = random.randrange(1, len(word))
    return word[:place] + random.choice(["🔥", "❤️", "✅", "👉🏻", "★"]) + word[place:]


def invisible(word: str, random: Random) -> str:
    return random.choice(["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060"]).join(word)


def struck(word: str, _: Random) -> str:
    return "".join(one + "\u0336" for one in word)


def bracketed(word: str, random: Random) -> str:
    return _one(word, random, {one: f"{one}({_toned(PINYIN[one])})" for one in PINYIN})


def boxed(word: str, random: Random) -> str:
    place = random.randrange(len(word))
    return word[:place] + random.choice(["（{}）", "[{}]", "【{}】"]).format(word[place]) + word[place + 1 :]


def traditional(word: str, _: Random) -> str:
    return opencc.OpenCC("s2t").convert(word).replace("第一", "第壹")


def pinyin(word: str, random: Random) -> str:
    return _one(word, random, {one: latin.replace("ü", "v") for one, latin in PINYIN.items()})


def capital_pinyin(word: str, random: Random) -> str:
    return _one(word, random, {one: latin.replace("ü", "v").capitalize() for one, latin in PINYIN.items()})


def wide_pinyin(word: str, random: Random) -> str:
    wide = {one: "".join(chr(ord(c) + 0xFEE0) for c in latin.replace("ü", "v")) for one, latin in PINYIN.items()}
    return _one(word, random, wide)


def initial(word: str, random: Random) -> str:
    return (
        _one(word, random, {one: latin[0].replace("ü", "v") for one, latin in PINYIN.items()})
        if len(word) > 2
        else word
    )


def split(word: str, random: Random) -> str:
    return _one(word, random, SPLIT)


def alike(word: str, random: Random) -> str:
    return _one(word, random, ALIKE)


def downwards(word: str, _: Random) -> str:
    return "\n".join(word) if len(word) > 2 else word


WAYS: tuple[Callable[[str, Random], str], ...] = (
    spaced, dotted, marked, emoji, invisible, struck, bracketed, boxed, traditional,
    pinyin, capital_pinyin, wide_pinyin, initial, split, alike, downwards,
)  # fmt: skip
