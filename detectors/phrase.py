"""Wordings as rule files write them, and where they stand in a squeezed text.

`不{成功|授权}<6>{退款|退费}`: alternatives in braces, then a gap of at most six characters;
`{名额|位置}<~8>{转让|出售}`: in either order.
`#15:天下证` wants a number before it, fifteen at most; `第二位<3>¥` an amount of money after it.
`{$office|官方}` takes in the part named so.
It refuses to judge what it finds.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from math import prod
from typing import NamedTuple

from detectors.normal import canonical, is_surely_canonical, squeezed
from detectors.strict import Table

BRACES = re.compile(r"\{([^{}]*)\}")
GAP = re.compile(r"<(\d{1,2})>")
EITHER_ORDER = re.compile(r"<~(\d{1,2})>")
LIMIT = re.compile(r"#(\d{1,5}):")
NUMBER = re.compile(r"(?:[0-9]{1,6}|[一二三四五六七八九十百两几半]{1,6})$")
DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "半": 1, "几": 5}
AMOUNT_SIGN = "¥"
# A year (2025授权) is no amount, nor is a part of a longer number; 1.2万 has lost its point by then.
AMOUNT = re.compile(
    r"(?<![0-9a-z])(?!20[12][0-9](?![0-9元块]))(?:[0-9]{1,4}[百千万kw][0-9]{0,2}|[0-9]{3,6}(?![0-9])[元块]?|[0-9]{2}[元块])"
    r"|(?<![一二三四五六七八九十])[一二三四五六七八九两几十][百千万][一二三四五六七八九百十千]{0,5}"
)
# 第一发明人奖励2000 and 罚款5000 are no prices.
GIVEN = re.compile("[奖罚扣计年]|补贴|补助")
ALTERNATIVES_AT_MOST, SPELLED_AT_MOST, LONGEST, SLOTS_AT_MOST = 2000, 20_000, 80, 8
# A wide gap may jump over a comma or a question (不下证？全额退款), never into another sentence.
WIDE_GAP = 7
WIDE_GAP_STOPS = "。\n"
GAP_STOPS = "。\n，！？；：、"
# 不成功也不退费 promises nothing, 转让与发明人 sells nothing, 挂名被取消保研资格 praises nothing.
TURNS = (
    "不", "未", "没", "无", "不予", "不会", "不能", "没有", "从不", "取消", "撤销", "失去", "与",
    "被", "遭", "防", "以免", "避免", "防止",
)  # fmt: skip
# Nor does 预审名额不得转借, wherever the ban stands between; an office that 推广电子申请平台 speaks of its own.
BANS = (
    "不得", "不可", "不许", "不准", "禁止", "严禁", "不影响", "推广", "发布", "公布", "启动",
    "不提供", "不含", "不承接", "不从事", "请勿", "谢绝", "拒绝",
    "被他人", "被别人", "被同行", "被恶意",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrase:
    """Slots in order, each with its alternatives; `gaps[i]` the most characters between slot i and the next.

    `at_most` is the greatest number that may stand before it; 0: no number is asked for.
    `amount_within`: so many characters after it at most an amount of money begins; -1: none is asked for.
    """

    slots: tuple[frozenset[str], ...]
    gaps: tuple[int, ...]
    at_most: int = 0
    amount_within: int = -1


class Place(NamedTuple):
    """Where a wording stands in the squeezed text, and whether its spelling was disguised."""

    start: int
    end: int
    disguised: str = ""

    def holds(self, other: Place) -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class Wordings:
    """Words that tell of what is said nearby, and phrases of several of them with gaps between."""

    words: frozenset[str]
    phrases: tuple[Phrase, ...] = ()

    @property
    def parts(self) -> frozenset[str]:
        """Everything to be looked for in a text."""
        return self.words.union(*(slot for phrase in self.phrases for slot in phrase.slots))


Places = Mapping[str, Sequence[Place]]
# Alternatives that several wordings of one file share, by name.
Parts = Mapping[str, Sequence[str]]


def read_parts(entry: Table, shared: Parts) -> Parts:
    """Every part with its alternatives spelled out; a part may use those above it, and stands for a shared one."""
    parts: dict[str, Sequence[str]] = dict(shared)
    for name in entry.names():
        templates = entry.texts(name)
        parts[name] = tuple(dict.fromkeys(one for template in templates for one in _spell_out(template, parts, entry)))
    return parts


def read_phrases(entry: Table, parts: Parts) -> tuple[Phrase, ...]:
    """The wordings under `any`; each must survive squeezing unchanged, or it could never be found."""
    return tuple(_read_phrase(one, parts, entry) for template in entry.texts("any") for one in _orders(template))


def _orders(template: str) -> tuple[str, ...]:
    """A template with `<~8>` between two slots, read in both orders."""
    pieces = EITHER_ORDER.split(template)
    if len(pieces) != 3:
        return (template,)
    first, gap, second = pieces
    return f"{first}<{gap}>{second}", f"{second}<{gap}>{first}"


def read_wordings(entry: Table, parts: Parts) -> Wordings:
    """The wordings under `any` where numbers and amounts make no sense."""
    phrases = read_phrases(entry, parts)
    if any(phrase.at_most or phrase.amount_within >= 0 for phrase in phrases):
        raise entry.refuse("这里的写法不能带数字")
    words = frozenset(part for phrase in phrases if len(phrase.slots) == 1 for part in phrase.slots[0])
    return Wordings(words, tuple(phrase for phrase in phrases if len(phrase.slots) > 1))


def _read_phrase(template: str, parts: Parts, entry: Table) -> Phrase:
    limit = LIMIT.match(template)
    if limit and not int(limit[1]):
        raise entry.refuse(f"写法 {template} 的数字应大于 0")
    pieces = GAP.split(template[limit.end() :] if limit else template)
    amount_within = int(pieces[-2]) if len(pieces) > 1 and pieces[-1] == AMOUNT_SIGN else -1
    pieces = pieces[:-2] if amount_within >= 0 else pieces
    slots = tuple(frozenset(_spell_out(piece, parts, entry)) for piece in pieces[::2])
    if len(slots) > SLOTS_AT_MOST:
        raise entry.refuse(f"写法 {template[:60]} 有 {len(slots)} 段，太多")
    for slot in slots:
        if len(slot) > ALTERNATIVES_AT_MOST:
            raise entry.refuse(f"写法 {template} 展开后有 {len(slot)} 种，太多")
        for part in slot:
            if not _is_canonical(part):
                raise entry.refuse(f"写法 {template} 里的「{part}」不是规范形式")
    return Phrase(slots, tuple(int(gap) for gap in pieces[1::2]), int(limit[1]) if limit else 0, amount_within)


@lru_cache(maxsize=100_000)
def _is_canonical(part: str) -> bool:
    """Whether a part is written as texts are compared."""
    return part.isalnum() and (is_surely_canonical(part) or squeezed(canonical(part)).text == part)


def _spell_out(template: str, parts: Parts, entry: Table) -> Iterator[str]:
    pieces = BRACES.split(template)
    choices = [
        [one for choice in piece.split("|") for one in _named(choice, parts, entry)] if number % 2 else [piece]
        for number, piece in enumerate(pieces)
    ]
    if prod(map(len, choices)) > SPELLED_AT_MOST or sum(max(map(len, one)) for one in choices) > LONGEST:
        raise entry.refuse(f"写法 {template[:60]} 展开后太多或太长")
    for choice in product(*choices):
        yield "".join(choice)


def _named(choice: str, parts: Parts, entry: Table) -> Sequence[str]:
    if not choice.startswith("$"):
        return (choice,)
    if choice[1:] not in parts:
        raise entry.refuse(f"没有叫 {choice[1:]} 的部分")
    return parts[choice[1:]]


def find_phrase(phrase: Phrase, places: Places, text: str, at_most: int) -> list[Place]:
    """Where a phrase stands, in every reading, at most so many."""
    slots = [_in_slot(slot, places) for slot in phrase.slots]
    if not all(slots):
        return []
    firsts = (_numbered(first, text, phrase.at_most) if phrase.at_most else first for first in slots[0])
    readings = (whole for first in firsts if first for whole in _readings(first, slots[1:], phrase.gaps, text))
    if phrase.amount_within >= 0:
        readings = (paid for one in readings if (paid := _with_amount(one, text, phrase.amount_within)))
    return list(islice(readings, at_most))


def _with_amount(place: Place, text: str, gap: int) -> Place | None:
    match = AMOUNT.search(text, place.end, place.end + gap + 8)
    if match is None or match.start() > place.end + gap:
        return None
    between = text[place.end : match.start()]
    return None if _parted(between, gap) or GIVEN.search(between) else place._replace(end=match.end())


def _in_slot(slot: frozenset[str], places: Places) -> list[Place]:
    # A slot may hold two thousand parts and a long text as many; the fewer are walked.
    fewer, more = (slot, places) if len(slot) < len(places) else (places, slot)
    present = [places[part] for part in fewer if part in more]
    if len(present) == 1:
        return list(present[0])
    return sorted(place for found in present for place in found)


def _numbered(place: Place, text: str, at_most: int) -> Place | None:
    match = NUMBER.search(text[max(0, place.start - 6) : place.start])
    if match is None or not 0 < number_of(match[0]) <= at_most:
        return None
    return Place(place.start - len(match[0]), place.end, place.disguised)


def number_of(written: str) -> int:
    """The value of up to six digits or of a Chinese number below a hundred; 两三 is three, 百 and more is 100."""
    if written.isdigit() and written.isascii():
        return int(written)
    if "百" in written:
        return 100
    tens, ten, ones = written.rpartition("十")
    return (DIGITS.get(tens[-1:], 1) * 10 if ten else 0) + DIGITS.get(ones[-1:], 0)


def _readings(place: Place, slots: Sequence[Sequence[Place]], gaps: Sequence[int], text: str) -> Iterator[Place]:
    if not slots:
        yield place
        return
    for after in _following(place, slots[0], gaps[0], text):
        step = Place(place.start, after.end, place.disguised or after.disguised)
        yield from _readings(step, slots[1:], gaps[1:], text)


def _following(before: Place, places: Sequence[Place], gap: int, text: str) -> Iterator[Place]:
    for index in range(bisect_left(places, Place(before.end, 0)), len(places)):
        place = places[index]
        if place.start > before.end + gap:
            return
        between = text[before.end : place.start]
        if _parted(between, gap):
            return
        if between.endswith(TURNS):
            continue
        yield place


def _parted(between: str, gap: int) -> bool:
    stops = WIDE_GAP_STOPS if gap >= WIDE_GAP else GAP_STOPS
    return any(stop in between for stop in stops) or any(ban in between for ban in BANS)
