"""What is asked: the office's words, a list, and words taken from the rules, each marked by where it is from.

A word of the rules is one of a rule's own wordings that its own examples use, so that it is how people write. The
office's words win over a list's, a list's over the rules', and a struck word never comes back.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.errors import UserMistake
from crawler.textfiles import read_text, shown
from crawler.watches import Origin, WatchQuery
from detectors.normal import canonical, squeezed
from detectors.phrase import Phrase
from detectors.rule import Rule
from spiders.counters import refuse_counter

LISTED = Path(__file__).parent.parent / "spiders" / "queries.toml"
LONGEST_QUERY, LONGEST_ADDRESS = 60, 2000  # characters
PER_RULE = 3
LONGEST_GENERATED, SHORTEST_WORDING = 10, 3
SUBJECTS = ("专利", "商标", "软著", "发明", "实用新型", "代理", "版权", "著作权")
_PLACE = re.compile(r"line (\d+), column (\d+)")
_FIRST = {Origin.OFFICE: 0, Origin.LIST: 1, Origin.RULES: 2}


def read_list(path: Path | None = None) -> tuple[WatchQuery, ...]:
    """A file's queries (`[[query]] words, category`, or a text file, one a line); without one the packaged list."""
    origin = Origin.LIST if path is None else Origin.OFFICE
    path = path or LISTED
    text, where = read_text(path, what="查询词文件"), f"查询词文件 {shown(path)}"
    entries = _of_toml(text, where) if path.suffix == ".toml" else _of_lines(text)
    found = chosen([_placed(one, origin, where) for one in entries])
    if not found:
        raise UserMistake(f"{where} 里没有查询词")
    return found


def from_rules(rules: Iterable[Rule], struck: Collection[str] = ()) -> tuple[WatchQuery, ...]:
    """What the active rules' own wordings come to as queries: the same rules give the same words in the same order."""
    found: dict[str, WatchQuery] = {}
    for rule in sorted(rules, key=lambda one: one.id):
        if rule.state == "active":
            wordings = [one for one in _wordings(rule, struck) if one not in found]
            for words in wordings[:PER_RULE]:
                found[words] = WatchQuery(words=words, origin=Origin.RULES, category=rule.category)
    return tuple(found.values())


def chosen(*lists: Sequence[WatchQuery]) -> tuple[WatchQuery, ...]:
    """All of them once, the office's first; `UserMistake` for a query that cannot be asked."""
    asked = [checked(one) for several in lists for one in several]
    found: dict[str, WatchQuery] = {}
    for one in sorted(asked, key=lambda one: _FIRST[one.origin]):
        found.setdefault(likeness(one.words), one)
    return tuple(found.values())


def checked(query: WatchQuery) -> WatchQuery:
    """The same without white space around it; an address must be whole."""
    words = query.words.strip()
    if not words or not words.isprintable():
        raise UserMistake(f"查询词 {query.words[:20]!r} 是空的，或含有控制字符")
    if is_address(words):
        _refuse_address(words)
        refuse_counter(words)
    elif len(words) > LONGEST_QUERY:
        raise UserMistake(f"查询词 {words[:20]}… 有 {len(words)} 字，最多 {LONGEST_QUERY} 字")
    return WatchQuery(words=words, origin=query.origin, category=query.category)


def is_address(words: str) -> bool:
    """Whether a query is requested as it is."""
    return words.startswith(("http://", "https://"))


def host_of(address: str) -> str:
    """The host name of a checked address, in small letters."""
    return urlsplit(address).hostname or ""


def _refuse_address(words: str) -> None:
    try:
        parts = urlsplit(words)
        is_whole = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        is_whole = False
    if not is_whole or len(words) > LONGEST_ADDRESS or any(one.isspace() for one in words):
        raise UserMistake(f"网址不能用：{words[:100]!r}（要有主机名，不带用户名和空格，最多 {LONGEST_ADDRESS} 个字符）")


def likeness(words: str) -> str:
    """Two queries that differ only in width, case and blanks ask the same; addresses are taken as they are."""
    return words if is_address(words) else squeezed(canonical(words)).text or words


class _Entry(NamedTuple):
    place: str
    words: str
    category: str


def _of_toml(text: str, where: str) -> list[_Entry]:
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        place = _PLACE.search(str(wrong))
        raise UserMistake(f"{where}{f' 第 {place[1]} 行第 {place[2]} 字' if place else ''}：不是 TOML") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in brackets
        raise UserMistake(f"{where}：不是 TOML") from None
    entries = told.get("query")
    if not isinstance(entries, list):
        raise UserMistake(f"{where}：没有 [[query]]")
    return [_entry(one, f"第 {number} 个 [[query]]", where) for number, one in enumerate(entries, 1)]


def _entry(told: object, place: str, where: str) -> _Entry:
    """An entry with its place; `UserMistake` where it has other than words."""
    words, category = (told.get("words"), told.get("category", "")) if isinstance(told, dict) else (None, "")
    if not isinstance(words, str) or not isinstance(category, str):
        raise UserMistake(f"{where} {place}：要有 words，words 和 category 要是文字")
    return _Entry(place, words, category)


def _of_lines(text: str) -> list[_Entry]:
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [_Entry(f"第 {number} 行", line, "") for number, line in lines if line and not line.startswith("#")]


def _placed(one: _Entry, origin: Origin, where: str) -> WatchQuery:
    try:
        return checked(WatchQuery(words=one.words, category=one.category, origin=origin))
    except UserMistake as wrong:
        raise UserMistake(f"{where} {one.place}：{wrong}") from None


# -- words from rules --------------------------------------------------------------------------------


def _wordings(rule: Rule, struck: Collection[str]) -> list[str]:
    """A rule's wordings that its own examples use, those that weigh most and are used most first."""
    examples = [squeezed(canonical(f"{one.title}。{one.text}")).text for one in rule.violates]
    weights: dict[str, int] = {}
    used: Counter[str] = Counter()
    for words in rule.words:
        for text in (text for phrase in words.phrases for text in _used_in(phrase, examples) if not words.supports):
            weights[text] = max(words.points, weights.get(text, 0))
            used[text] += 1
    subject = Counter(one for text in examples for one in SUBJECTS[:3] if one in text)
    about = max(SUBJECTS[:3], key=lambda one: subject[one])
    ranked = sorted(weights, key=lambda one: (-weights[one], -used[one], len(one), one))
    asked = (one if any(subject in one for subject in SUBJECTS) else about + one for one in ranked)
    return _unlike([one for one in asked if len(one) <= LONGEST_GENERATED and one not in struck])


def _unlike(words: Sequence[str]) -> list[str]:
    """Without those that hold one before them, or are held by it: both would bring the same pages."""
    found: list[str] = []
    for one in words:
        if not any(one in other or other in one for other in found):
            found.append(one)
    return found


def _used_in(phrase: Phrase, examples: Sequence[str]) -> Iterator[str]:
    """What of a wording stands in each of the examples, without what lies between its parts."""
    if phrase.at_most or phrase.amount_within >= 0 or len(phrase.slots) > 2:
        return
    for example in examples:
        present = [[part for part in slot if part in example] for slot in phrase.slots]
        for parts in product(*present):
            text = "".join(parts)
            if len(text) >= SHORTEST_WORDING and _stands(parts, phrase.gaps, example):
                yield text


def _stands(parts: Sequence[str], gaps: Sequence[int], example: str) -> bool:
    """Whether the parts follow one another somewhere, no further apart than the wording allows."""
    if len(parts) == 1:
        return True
    return any(
        0 <= after - (start + len(first)) <= gap
        for (first, second), gap in zip(pairwise(parts), gaps, strict=True)
        for start in _places(first, example)
        for after in _places(second, example)
    )


def _places(part: str, example: str) -> Iterator[int]:
    at = example.find(part)
    while at >= 0:
        yield at
        at = example.find(part, at + 1)
