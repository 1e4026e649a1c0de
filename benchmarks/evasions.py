"""How sellers disguise a word, by named ways and a random source: the attack that rules and figures are held to.

It shares no table with the detectors: homophones are all of GB 2312 that pypinyin reads alike, the rest is written
down here. A way that does not suit a word leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random

import opencc
from pypinyin import Style, lazy_pinyin

ALIKE = {
    "包": "苞", "授": "绶", "权": "杈", "证": "怔征", "绿": "碌禄", "挂": "桂", "渠": "榘", "官": "宫", "部": "郜",
    "通": "逋", "道": "遒", "保": "倮", "款": "欹", "急": "息", "明": "眀阴", "国": "囯", "局": "周", "标": "栎",
    "识": "炽", "人": "入", "内": "禸", "退": "遣", "师": "帅", "代": "伐", "理": "埋", "利": "刊", "注": "汪",
    "册": "丹", "预": "顶", "审": "宙", "申": "甲", "请": "清", "位": "泣", "第": "笫", "未": "末", "已": "己", "土": "士",
    "办": "为", "拿": "掌", "收": "攸", "快": "怏", "速": "遬", "优": "忧", "先": "洗", "抢": "抡", "囤": "囷",
    "恶": "悪", "意": "億", "商": "啇", "评": "坪", "职": "枳", "称": "秤", "靠": "糕", "租": "祖", "借": "惜",
}  # fmt: skip
PARTS = {
    "授": "扌受", "权": "木又", "证": "讠正", "挂": "扌圭", "绿": "纟录", "通": "辶甬", "保": "亻呆", "过": "辶寸",
    "道": "辶首", "标": "木示", "利": "禾刂", "明": "日月", "理": "王里", "识": "讠只", "退": "辶艮", "款": "士示欠",
    "代": "亻弋", "位": "亻立", "快": "忄夬", "付": "亻寸", "注": "氵主", "预": "予页", "请": "讠青", "加": "力口",
    "功": "工力", "转": "车专", "让": "讠上", "评": "讠平", "职": "耳只", "称": "禾尔", "抢": "扌仓", "机": "木几",
    "构": "木勾", "租": "禾且", "借": "亻昔", "独": "犭虫", "名": "夕口", "软": "车欠", "件": "亻牛", "批": "扌比",
    "编": "纟扁", "炒": "火少", "级": "纟及", "驳": "马爻", "缴": "纟敫", "造": "辶告", "增": "土曾", "插": "扌臿",
}  # fmt: skip
LETTERS_ALIKE = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "y": "у", "x": "х", "i": "і", "s": "ѕ", "h": "һ"}
SPUN = {"代理": "署理", "服务": "效劳", "监管": "羁系"}
SEPARATORS = [".", "-", "·", "*", "|", "/", "_", "~", "＊", "•", "＋", "丶", "、、"]


@cache
def homophones() -> Mapping[str, str]:
    """The characters of GB 2312 by their reading without a tone."""
    found: dict[str, str] = {}
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF if high != 0xD7 else 0xFA):
            character = bytes([high, low]).decode("gb2312")
            reading = lazy_pinyin(character)[0]
            found[reading] = found.get(reading, "") + character
    return found


def readings(word: str, style: Style = Style.NORMAL) -> list[str]:
    return lazy_pinyin(word, style=style, v_to_u=False, errors=list)


def _some(word: str, random: Random, choices: Sequence[str | None], count: int = 1) -> str:
    """The word with `count` of its characters written as `choices` say, where they say anything."""
    known = [place for place, choice in enumerate(choices) if choice]
    chosen = random.sample(known, min(count, len(known)))
    return "".join((choices[place] or "") if place in chosen else one for place, one in enumerate(word))


def spaced(word: str, random: Random) -> str:
    return random.choice([" ", "　", "  ", "\u2003", "\t"]).join(word)


def dotted(word: str, random: Random) -> str:
    return random.choice(SEPARATORS[:-2]).join(word)


def marked(word: str, random: Random) -> str:
    return random.choice(["!", "！", "、", ",", "。"]).join(word) if len(word) > 2 else word


def emoji(word: str, random: Random) -> str:
    place = random.randrange(1, len(word))
    return word[:place] + random.choice(["🔥", "❤️", "✅", "👉🏻", "★", "㊙️"[1:], "🇨🇳", "👨‍👩‍👧"]) + word[place:]


def invisible(word: str, random: Random) -> str:
    return random.choice(["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\ufe0f"]).join(word)


def struck(word: str, random: Random) -> str:
    return "".join(one + random.choice(["\u0336", "\u20e3", "\u0489"]) for one in word)


def boxed(word: str, random: Random) -> str:
    place = random.randrange(len(word))
    box = random.choice(["（{}）", "[{}]", "【{}】", "「{}」", "<{}>"])
    return word[:place] + box.format(word[place]) + word[place + 1 :]


def downwards(word: str, _: Random) -> str:
    return "\n".join(word) if len(word) > 2 else word


def traditional(word: str, _: Random) -> str:
    return opencc.OpenCC("s2t").convert(word).replace("第一", "第壹")


def bracketed(word: str, random: Random) -> str:
    """Pinyin with tones in brackets, one or all, after traditional characters: 發(fā)明人."""
    written = traditional(word, random)
    box = random.choice(["({})", "（{}）", "[{}]", "【{}】", " ({})"])
    choices = [one + box.format(toned) for one, toned in zip(written, readings(word, Style.TONE), strict=True)]
    return _some(written, random, choices, random.choice([1, len(word)]))


def ruby(word: str, random: Random) -> str:
    """Pinyin beside its character, as text copied from a page with ruby has it: 发fa明人."""
    choices = [one + latin for one, latin in zip(word, readings(word), strict=True)]
    return random.choice([_some(word, random, [*choices[:-1], None]), "".join(choices)])


def pinyin(word: str, random: Random) -> str:
    return _some(word, random, readings(word), random.choice([1, 1, 2]) if len(word) > 2 else 1)


def capital_pinyin(word: str, random: Random) -> str:
    return _some(word, random, [random.choice([one.upper(), one.capitalize()]) for one in readings(word)])


def toned_pinyin(word: str, random: Random) -> str:
    return _some(word, random, readings(word, Style.TONE))


def spaced_pinyin(word: str, random: Random) -> str:
    return _some(word, random, [" ".join(one) for one in readings(word)])


def wide_pinyin(word: str, random: Random) -> str:
    return _some(
        word, random, ["".join(chr(ord(c) + 0xFEE0) if c.isascii() else c for c in one) for one in readings(word)]
    )


def fancy_pinyin(word: str, random: Random) -> str:
    """Letters from other alphabets and circled ones."""
    circled = ["".join(chr(0x24D0 + ord(c) - 97) if "a" <= c <= "z" else c for c in one) for one in readings(word)]
    foreign = ["".join(LETTERS_ALIKE.get(c, c) for c in one) for one in readings(word)]
    return _some(word, random, random.choice([circled, foreign]))


def all_pinyin(word: str, random: Random) -> str:
    return random.choice(["", " "]).join(readings(word))


def initial(word: str, random: Random) -> str:
    letters = [random.choice([one[0], one[0].upper()]) if one[0].isascii() else None for one in readings(word)]
    return _some(word, random, letters) if len(word) > 2 else word


def homophone(word: str, random: Random) -> str:
    return _homophones(word, random, 1)


def two_homophones(word: str, random: Random) -> str:
    return _homophones(word, random, 2) if len(word) > 2 else word


def _homophones(word: str, random: Random, count: int) -> str:
    several = [homophones().get(one, "") for one in readings(word)]
    others = [[one for one in alike if one != itself] for alike, itself in zip(several, word, strict=True)]
    return _some(word, random, [random.choice(choices) if choices else None for choices in others], count)


def lookalike(word: str, random: Random) -> str:
    return _some(word, random, [random.choice(ALIKE[one]) if one in ALIKE else None for one in word])


def split(word: str, random: Random) -> str:
    return _some(word, random, [PARTS.get(one) for one in word], random.choice([1, 2]))


def split_apart(word: str, random: Random) -> str:
    between = random.choice([" ", "·", "+", "/"])
    return _some(word, random, [between.join(PARTS[one]) if one in PARTS else None for one in word])


def masked(word: str, random: Random) -> str:
    """One character within the word covered."""
    mask = random.choice(["*", "＊", "×", "□", "x", "X", "某", "○", "?"])
    return _some(word, random, [None, *(mask,) * (len(word) - 2), None]) if len(word) > 2 else word


def damaged(word: str, random: Random) -> str:
    """What a converter leaves where it failed: one character lost within the word."""
    left = random.choice(["?", "？", "\ufffd", "\ue5d1", "??", "麢", "\ufffd\ufffd"])
    return _some(word, random, [None, *(left,) * (len(word) - 2), None]) if len(word) > 2 else word


def swapped(word: str, random: Random) -> str:
    if len(word) < 3:
        return word
    place = random.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def spun(word: str, _: Random) -> str:
    for plain, put in SPUN.items():
        word = word.replace(plain, put)
    return word


def numerals(word: str, random: Random) -> str:
    """第①发明人, 第壹发明人."""
    forms = {"一": "①壹1１㈠", "二": "②贰2２㈡", "三": "③叁3３㈢", "百": "佰", "零": "〇0"}
    return _some(word, random, [random.choice(forms[one]) if one in forms else None for one in word])


def mixed(word: str, random: Random) -> str:
    """Two ways at once: one character exchanged, then something put between."""
    first = random.choice([pinyin, homophone, traditional, split])
    written = first(word, random)
    return (
        random.choice([" ", "·", "\u200b", "."]).join(written)
        if first is not pinyin
        else "·".join([written[:1], written[1:]])
    )


DISGUISES: tuple[Callable[[str, Random], str], ...] = (
    spaced, dotted, marked, emoji, invisible, struck, boxed, downwards, traditional, bracketed, ruby, pinyin,
    capital_pinyin, toned_pinyin, spaced_pinyin, wide_pinyin, fancy_pinyin, all_pinyin, initial, homophone,
    two_homophones, lookalike, split, split_apart, masked, damaged, swapped, spun, numerals, mixed,
)  # fmt: skip
WAYS = {way.__name__: way for way in DISGUISES}


def disguise(word: str, way: str, random: Random) -> str:
    """The word written in one of WAYS; the word itself where the way does not suit it."""
    return WAYS[way](word, random)
