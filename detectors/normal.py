"""Canonical views of a text, each with an exact map back to the original characters.

Two views: `canonical` folds forms and keeps marks and gaps; `squeezed` also drops what sellers put
inside words. It refuses to join across a sentence mark, and judges nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from string import ascii_lowercase

import opencc

from detectors.glyphs import SIDE_FORMS, load_glyphs

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
RADICAL_FORMS = str.maketrans("⺘⺡⺅⻌⻏⻖⺩⺨⺮⺾⻊⺼", "扌氵亻辶阝阝王犭竹艹足月")
# 壹 and 妳 come from machine conversion (第壹發明人); OpenCC leaves them, and the Japanese forms, alone.
VARIANTS = str.maketrans(
    "壹弌贰弍叁弎妳権発証専総囲図関処広国辺変駅囯仝", "一一二二三三你权发证专总围图关处广国边变驿国同"
)
# Letters of other alphabets, and small capitals, that are read as Latin ones. Pinyin is often typed with ɑ and ɡ.
LATIN = str.maketrans(
    "АВЕЅІЈКМНОРСТУХавеѕіјкмнорстухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικνορτυχɑɡıᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "abesijkmhopctyxabesijkmhopctyxhdqwabezhikmnoptyxaeikvoptuxagiabcdefghijklmnoprstuvwyz",
)
LATIN |= {0x1F150 + offset + place: ord(one) for offset in (0, 0x20) for place, one in enumerate(ascii_lowercase)}
# Stops, commas and line ends part clauses. Middle dots, dashes, slashes, stars, quotes and gaps do not.
HARD_MARKS = frozenset("。．！!？?；;，,、：:\n\r\u2028\u2029\u0085…")
FOLDED_MARKS = {"!": "！", "?": "？", ";": "；", ",": "，", ":": "：", "\r": "\n", "\u2028": "\n", "\u2029": "\n"}
SYLLABLE = (
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ueng|ang|eng|ing|ong|iao|ian|uai|uan|van|ai|ei|ui|ao|ou|iu|ie|ia|ve|ue|ua|uo|er|an|en|in|un|vn"
    r"|a|o|e|i|u|v)"
)
OPENS = "([【〔"
BRACKETED = re.compile(rf"(?<=[{HAN}])(?: ?[(\[【〔] ?[a-zü]{{1,7}}[1-5]? ?[)\]】〕])+")
IS_SYLLABLE = re.compile(SYLLABLE)
# 包!授!权: the same mark on both sides of a single character parts nothing, nor does a line end (written downwards).
MARK = r"([^\w\s]|\n)"
DOTTED = re.compile(rf"(?<=[{HAN}]){MARK}(?=[{HAN}]\1[{HAN}])|(?<=[{HAN}]{MARK}[{HAN}])\2(?=[{HAN}])")
# 著 is 着 but in 著作权, 软著, 著录, 专著 and their like, which are our terms. Beside a gap
# the squeezed view decides.
MARKS = "".join(sorted(HARD_MARKS))
WRITTEN_ZHU = re.compile(rf"(?<=[{HAN}])(?<![软专编原论显卓土译合遗巨名较])著(?=[{HAN}{MARKS}]|$)(?![作录名称者述书])")
GAPS = re.compile(r"[\W_]+")
WORDS = re.compile(rf"(?:[^\W_]|[{MARKS}])+")
RADICALS = "".join(SIDE_FORMS)


@dataclass(frozen=True, slots=True)
class View:
    """A derived text. Character i stands for original characters [starts[i], ends[i])."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Original offsets of view characters [start, end); the span must not be empty."""
        return self.starts[start], max(self.ends[start:end])


@cache
def simplified() -> dict[int, str]:
    """Every traditional character with its simplified form, one character each."""
    every = [chr(code) for low, high in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for code in range(low, high)]
    plain = opencc.OpenCC("t2s").convert("\n".join(every)).split("\n")
    return {ord(old): new for old, new in zip(every, plain, strict=True) if old != new and len(new) == 1}


def fold(character: str) -> str:
    """One original character as it is compared: compatibility form, lower case, simplified."""
    folded = _folded_once(character)
    # ά is α with a mark, and α is read as a.
    return folded if folded in ("", character) else "".join(fold(one) for one in folded)


def _folded_once(character: str) -> str:
    if unicodedata.category(character) in ("Cf", "Mn", "Me", "Cc", "Cs", "Co") and character not in "\n\r\t\u0085":
        return ""
    plain = unicodedata.normalize("NFKC", character.translate(RADICAL_FORMS).translate(LATIN))
    plain = plain.translate(VARIANTS).lower()
    folded = "".join(simplified().get(ord(one), one) for one in plain)
    bare = "".join(one for one in unicodedata.normalize("NFD", folded) if unicodedata.category(one) != "Mn")
    return "".join(FOLDED_MARKS.get(one, one) for one in bare)


def is_inside_word(character: str) -> bool:
    """Letters, digits and Han characters make words; everything else is what stands between them."""
    return character.isalnum()


class Folding(dict[int, str]):
    """A table for str.translate that folds a character when it is first met.

    With `keeps` false, everything that is no letter or digit vanishes: the cheap view that
    holds every match of the exact ones, and more. `uneven` has the characters met so far
    that do not fold to exactly one.
    """

    def __init__(self, *, keeps: bool) -> None:
        super().__init__()
        self._keeps = keeps
        self.uneven: set[str] = set()

    def __missing__(self, code: int) -> str:
        folded = fold(chr(code))
        if not self._keeps:
            folded = "".join(one for one in folded if is_inside_word(one))
        if len(folded) != 1:
            self.uneven.add(chr(code))
        if len(self) < 200_000:
            self[code] = folded
        return folded


WHOLE = Folding(keeps=True)
BARE = Folding(keeps=False)


def is_pinyin(latin: str) -> bool:
    """Whether letters, folded, spell one Mandarin syllable."""
    return IS_SYLLABLE.fullmatch(latin.replace("ü", "v")) is not None


def bracketed_pinyin(folded: str) -> list[tuple[int, int]]:
    """Spans such as (fa) in 发(fa)明人, which converters leave behind."""
    if not any(opens in folded for opens in OPENS):
        return []
    return [
        match.span()
        for match in BRACKETED.finditer(folded)
        if all(is_pinyin(latin) for latin in re.findall(r"[a-zü]+", match[0]))
    ]


@cache
def _stranger() -> re.Pattern[str]:
    """Any character that folding changes, or a bracket that pinyin may stand in.

    Most texts have none; asking that first is ten times cheaper than folding every character.
    """
    tables = (simplified(), VARIANTS, RADICAL_FORMS)
    changed = {chr(code) for table in tables for code, to in table.items() if to not in (code, chr(code))}
    han = "".join(chr(code) for code in range(0x4E00, 0xA000) if chr(code) not in changed)
    return re.compile(f"[^{han}a-z0-9\\s_,.:;!?'\"/|+*#%&@=<>~。，、：；！？“”‘’《》·—…￥-]")


def is_surely_canonical(word: str) -> bool:
    """Whether a word of letters and characters is written as texts are compared; cheap, and never wrongly true."""
    is_whole = "著" not in word and not any(one in RADICALS for one in word)
    return is_whole and word.isalnum() and _stranger().search(word) is None


def probe(text: str) -> str:
    """Letters, digits and Han characters alone, for the one pass that decides whether to look closer."""
    if _stranger().search(text) is None:
        return GAPS.sub("", text)
    if not any(opens in text for opens in "(（[［【〔⁽₍︵﹙"):
        return text.translate(BARE)
    folded, pieces, last = text.translate(WHOLE), [], 0
    for start, end in bracketed_pinyin(folded):
        pieces.append(folded[last:start])
        last = end
    return ("".join(pieces) + folded[last:]).translate(BARE)


class _Writer:
    """Builds a View character by character."""

    def __init__(self) -> None:
        self.characters: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []

    def write(self, folded: str, start: int, end: int) -> None:
        for one in folded:
            self.characters.append(one)
            self.starts.append(start)
            self.ends.append(end)

    def stretch(self, end: int) -> None:
        if self.ends:
            self.ends[-1] = end

    def view(self) -> View:
        return View("".join(self.characters), tuple(self.starts), tuple(self.ends))


@cache
def _joins() -> tuple[re.Pattern[str], dict[str, str]]:
    joins = load_glyphs().joins()
    longest_first = sorted(joins, key=lambda parts: (-len(parts), parts))
    return re.compile("|".join(longest_first)), joins


def joined(view: View) -> View:
    """The view with split characters (扌受) put together, and 著 read as 着 where it is."""
    pattern, joins = _joins()
    # What was put together may be a part itself, as deep as the table goes: 辶文 of 亠乂.
    while pattern.search(view.text) is not None:
        view = _joined_once(view, pattern, joins)
    # Last, for 艹者 is 著 too.
    return View(WRITTEN_ZHU.sub("着", view.text), view.starts, view.ends)


def _joined_once(view: View, pattern: re.Pattern[str], joins: dict[str, str]) -> View:
    writer, last, text = _Writer(), 0, view.text
    for match in [*pattern.finditer(text), None]:
        until = match.start() if match else len(text)
        for place in range(last, until):
            writer.write(text[place], view.starts[place], view.ends[place])
        if match:
            writer.write(joins[match[0]], view.starts[match.start()], view.ends[match.end() - 1])
            last = match.end()
    return writer.view()


def canonical(text: str) -> View:
    """Folded forms without invisible characters and bracketed pinyin; marks and gaps stay."""
    folded = text.translate(WHOLE)
    if WHOLE.uneven.isdisjoint(text):
        return joined(without_pinyin(View(folded, range(len(text)), range(1, len(text) + 1))))
    return joined(without_pinyin(_folded(text)))


def _folded(text: str) -> View:
    """Character by character, where one becomes several or none."""
    writer = _Writer()
    for place, character in enumerate(text):
        folded = WHOLE[ord(character)]
        if folded:
            writer.write(folded, place, place + 1)
        elif unicodedata.category(character) in ("Mn", "Me"):
            writer.stretch(place + 1)
    return writer.view()


def without_pinyin(view: View) -> View:
    """The view without bracketed pinyin; the character before it then stands for both."""
    spans = bracketed_pinyin(view.text)
    if not spans:
        return view
    writer, last = _Writer(), 0
    for start, end in [*spans, (len(view.text), len(view.text))]:
        for place in range(last, start):
            writer.write(view.text[place], view.starts[place], view.ends[place])
        if end > start:
            writer.stretch(view.ends[end - 1])
        last = end
    return writer.view()


def squeezed(view: View) -> View:
    """A canonical view without what stands inside words: gaps, dots, stars, emoji, brackets."""
    whole = joined(_only(view, (match.span() for match in WORDS.finditer(view.text))))
    dotted = [match.start() for match in DOTTED.finditer(whole.text)]
    if not dotted:
        return whole
    borders = [-1, *dotted, len(whole.text)]
    return joined(_only(whole, ((low + 1, high) for low, high in pairwise(borders))))


def _only(view: View, spans: Iterable[tuple[int, int]]) -> View:
    """The view of these spans alone."""
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for low, high in spans:
        texts.append(view.text[low:high])
        starts += view.starts[low:high]
        ends += view.ends[low:high]
    return View("".join(texts), starts, ends)
