"""Whether a text names a reporter, however it is spelt: full width, gaps, Chinese numerals, percent signs.

It knows no stranger: only what this one reporter told is looked for, and an answer names the field, never the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import unquote

from casework.incoming.reporter import Reporter
from detectors.entities import NUMERALS, TYPED_FOR
from detectors.normal import canonical

REDACTED = "〔已隐去〕"
SHORTEST_NUMBER = 5  # digits: a shorter one stands in every text
SHORTEST_ACCOUNT = 5  # letters or digits
SHORTEST_ADDRESS = 6  # characters
COPIED = 20  # characters in a row that stand in the reporter's own words too
ALIKE = 12  # the same, where somebody is only told of it
TITLES = ("先生", "女士", "小姐", "老师", "同志")
_TWO = re.compile("司徒|欧阳|上官|诸葛|司马|东方|夏侯|尉迟|皇甫|慕容|令狐|公孙|端木|长孙|宇文|轩辕")
_STARRED = re.compile(r"(\d{3,})[*＊xX×•·.…_-]{2,}(\d{2,})", re.ASCII)
GAP = 6  # characters between two digits of one number, or two characters of one name
PARTS_NAMES = frozenset("。！？；，、：")
RADIO = str.maketrans("洞拐勾", "079")  # as numbers are read aloud
AT, DOT = ("", "at", "艾特", "圈"), ("", "dot", "点")
_LATIN = re.compile(r"[a-z0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]")

Place = tuple[str, int, int]  # a character and where it stands in the original


@dataclass(frozen=True, slots=True)
class _Stream:
    """The characters of a text that count, and what stands around each in the canonical view."""

    text: str
    places: tuple[Place, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """What would give one reporter away: (field, needle) in letters, and in digits alone."""

    letters: tuple[tuple[str, str], ...] = field(repr=False)
    digits: tuple[tuple[str, str], ...] = field(repr=False)
    runs: frozenset[str] = field(repr=False)
    hints: tuple[str, ...] = field(default=(), repr=False)
    alike: frozenset[str] = field(default=frozenset(), repr=False)

    def found(self, text: str) -> tuple[str, ...]:
        """The fields of the reporter that this text has."""
        return tuple(dict.fromkeys(name for shown in _shown(text) for name, _, _ in self._hits(shown)))

    def hinted(self, text: str) -> tuple[str, ...]:
        """The same, and what only hints at him: 姓 and 先生, the given name, a phone with its middle starred.

        For what an officer writes, and can write otherwise: a page may say as much of somebody else.
        """
        return tuple(dict.fromkeys(name for shown in _shown(text) for name, _, _ in self._hints(shown)))

    def redacted(self, text: str, *, closely: bool = False) -> str:
        """The text without them, hints too if `closely`; whole, where only its decoded form has them."""
        hits, found = (self._hints, self.hinted) if closely else (self._hits, self.found)
        spans = sorted((start, end) for _, start, end in hits(text))
        left, last = [], 0
        for start, end in spans:
            if end > last:
                left += [text[last:start], REDACTED] if start >= last else []
                last = max(last, end)
        bare = "".join(left) + text[last:]
        return REDACTED if found(bare) else bare

    def copies(self, text: str) -> bool:
        """Whether a long piece of the reporter's own words stands in the text."""
        return not self.runs.isdisjoint(_runs(_letters(text).text, COPIED))

    def resembles(self, text: str) -> bool:
        """Whether a shorter piece of them does: they may have been written down anew."""
        return not self.alike.isdisjoint(_runs(_letters(text).text, ALIKE))

    def _hints(self, text: str) -> Iterator[tuple[str, int, int]]:
        yield from self._hits(text)
        letters, view = _letters(text), canonical(text)
        for hint in self.hints:
            for start, end in _places(letters, hint):
                yield "name", start, end
        phones = [number for name, number in self.digits if name == "phone"]
        for found in _STARRED.finditer(view.text):
            if any(one.startswith(found[1]) and one.endswith(found[2]) for one in phones):
                yield "phone", *view.span(*found.span())

    def _hits(self, text: str) -> Iterator[tuple[str, int, int]]:
        letters = _letters(text)
        for name, needle in self.letters:
            for start, end in _places(letters, needle):
                yield name, start, end
        for stream in (_digits(text, typed=False), _digits(text, typed=True)):
            for name, needle in self.digits:
                for start, end in _places(stream, needle):
                    yield name, start, end


def spellings(reporter: Reporter) -> Spellings:
    """All that is looked for of this reporter."""
    letters = [("name", _letters(reporter.name).text), ("address", _letters(reporter.address).text)]
    letters += [("identity", _letters(reporter.identity).text), ("contact", _letters(reporter.contact).text)]
    letters += [("mail", needle) for needle in _mail_needles(reporter.mail)]
    shortest = {"name": 2, "address": SHORTEST_ADDRESS}
    return Spellings(
        letters=tuple((name, one) for name, one in letters if len(one) >= shortest.get(name, SHORTEST_ACCOUNT)),
        digits=tuple(_numbers(reporter)),
        runs=frozenset(_runs(_letters(reporter.words).text, COPIED)),
        hints=tuple(_hints(_letters(reporter.name).text)),
        alike=frozenset(_runs(_letters(reporter.words).text, ALIKE)),
    )


def together(several: Iterable[Spellings]) -> Spellings:
    """All that would give any of them away."""
    every = list(several)
    return Spellings(
        letters=tuple(dict.fromkeys(one for some in every for one in some.letters)),
        digits=tuple(dict.fromkeys(one for some in every for one in some.digits)),
        runs=frozenset[str]().union(*(some.runs for some in every)),
        hints=tuple(dict.fromkeys(one for some in every for one in some.hints)),
        alike=frozenset[str]().union(*(some.alike for some in every)),
    )


def _hints(name: str) -> Iterator[str]:
    """Of a Chinese name: its surname before a title, and the given name of two characters or more."""
    if not 2 <= len(name) <= 4 or len(_HAN.findall(name)) != len(name):
        return
    surname = name[:2] if _TWO.match(name) else name[:1]
    yield from (surname + title for title in TITLES)
    given = name[len(surname) :]
    if len(given) >= 2:
        yield given


def _numbers(reporter: Reporter) -> Iterator[tuple[str, str]]:
    told = (("phone", reporter.phone), ("identity", reporter.identity), ("contact", reporter.contact))
    for name, written in (*told, ("mail", reporter.mail.partition("@")[0])):
        for number in re.split(r"[、，,;；/\n]", written):
            digits = _digits(number, typed=False).text
            for one in _without_prefix(name, digits):
                if len(one) >= SHORTEST_NUMBER:
                    yield name, one


def _without_prefix(name: str, digits: str) -> tuple[str, ...]:
    """A number without the country's and the city's code leads to the reporter as well."""
    if name != "phone":
        return (digits,)
    bare = digits.removeprefix("0086")
    bare = bare.removeprefix("86") if len(bare) > 11 else bare
    if bare.startswith("0") and len(bare) >= 10:
        return (bare, bare[4:] if len(bare) >= 11 else bare[3:])
    return (bare,)


def _mail_needles(mail: str) -> list[str]:
    local, _, host = mail.partition("@")
    names = [_letters(part).text for part in host.split(".")]
    begins = _letters(local).text
    whole = [begins + at + dot.join(names) for at in AT for dot in DOT] if host and begins else []
    return [*whole, begins]


def _shown(text: str) -> tuple[str, ...]:
    """The text, and what a browser would make of it."""
    shown = {text: None, unescape(text): None}
    if "%" in text:
        for encoding in ("utf-8", "gbk"):
            once = unquote(text, encoding, errors="replace")
            shown |= {once: None, unquote(once, encoding, errors="replace"): None}
    return tuple(shown)


def _letters(text: str) -> _Stream:
    return _stream(text, lambda one: one if one.isalnum() else "")


def _digits(text: str, *, typed: bool) -> _Stream:
    def digit(one: str) -> str:
        plain = one.translate(NUMERALS).translate(RADIO)
        if typed:
            plain = plain.translate(TYPED_FOR)
        value = unicodedata.decimal(plain, None) if len(plain) == 1 else None
        return "" if value is None else str(value)

    return _stream(text, digit)


def _stream(text: str, meant: Callable[[str], str]) -> _Stream:
    view = canonical(text)
    places: list[Place] = []
    gaps: list[str] = []
    gap: list[str] = []
    for at, one in enumerate(view.text):
        kept = meant(one)
        if kept:
            places.append((kept, view.starts[at], view.ends[at]))
            gaps.append("".join(gap))
            gap = []
        else:
            gap.append(one)
    return _Stream("".join(one for one, _, _ in places), tuple(places), (*gaps, "".join(gap)))


def _places(stream: _Stream, needle: str) -> Iterator[tuple[int, int]]:
    """Where the needle stands, in the original; not across a sentence mark, nor within a longer Latin word."""
    at = stream.text.find(needle)
    while at >= 0:
        end = at + len(needle)
        if _is_together(stream, at, end, needle) and not _is_inside_word(stream, at, end, needle):
            yield stream.places[at][1], stream.places[end - 1][2]
        at = stream.text.find(needle, at + 1)


def _is_together(stream: _Stream, at: int, end: int, needle: str) -> bool:
    parts = frozenset() if needle.isdigit() else PARTS_NAMES
    return all(len(gap) <= GAP and parts.isdisjoint(gap) for gap in stream.gaps[at + 1 : end])


def _is_inside_word(stream: _Stream, at: int, end: int, needle: str) -> bool:
    if not _LATIN.fullmatch(needle) or needle.isdigit():
        return False
    before = at > 0 and not stream.gaps[at] and stream.text[at - 1].isascii()
    behind = end < len(stream.text) and not stream.gaps[end] and stream.text[end].isascii()
    return before or behind


def _runs(text: str, length: int) -> Iterator[str]:
    """Every piece of so many characters that is mostly Han: an address of the web is nobody's own words."""
    for at in range(len(text) - length + 1):
        piece = text[at : at + length]
        if len(_HAN.findall(piece)) > length // 2:
            yield piece
