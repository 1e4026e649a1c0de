"""Words of a question that name something, a phone, an account, a licence, an address: found in whatever spelling.

What a person typed is looked for as it stands too; nothing is guessed of a word that names nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from crawler.items import Entity
from detectors.addresses import address_mark, normal_address
from detectors.entities import NUMERALS, SEPARATOR, WORDS_FOR_WECHAT, find_entities
from detectors.normal import canonical
from storage.searching.shapes import Term

Span = tuple[int, int]
ANY = ""  # kind of an entity: a number may be a WeChat account on one page and a phone on another
# What may stand before a number without being a part of it, in the spellings of the entity finder.
_LABEL = re.compile(
    rf"[+(]*(?:电话|手机|座机|热线|联系电话|联系方式|号码|tel|phone|mobile|加?(?:我|我的)?(?:{WORDS_FOR_WECHAT})"
    r"|qq|q|扣扣|企鹅|邮箱|邮件|e-?mail|mail|备案|机构代码|代理机构代码|统一社会信用代码|信用代码|代码)?(?:同号|号|群|码|id)?\s*[:：=+(]*\s*"
    rf"(?:(?:\+|00)?86{SEPARATOR})?"
)
_TAIL = re.compile(r"[\s)。，,.;；!！]*")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_-]{4,29}")
_DIGITS = re.compile(r"[0-9]{5,18}")
# Long enough that they stand in nothing else: found also where a page runs them together with other letters.
_LONG = ("mobile", "phone", "credit_code", "icp")
_SHORTEST_LONG = 10


def terms_of(words: str, spans: Sequence[Span]) -> tuple[Term, ...]:
    """A term for each of these spans of the words; what several name together, as 138 0000 0000, is one."""
    taken: dict[int, tuple[int, Entity]] = {}
    for entity in sorted(find_entities(words, ""), key=lambda one: one.start):
        places = _places(words, spans, entity)
        if places and not any(
            place in range(first, last + 1) for first, (last, _) in taken.items() for place in places
        ):
            taken[places[0]] = (places[-1], entity)
    return tuple(_terms(words, spans, taken))


def _terms(words: str, spans: Sequence[Span], taken: dict[int, tuple[int, Entity]]) -> Iterator[Term]:
    place = 0
    while place < len(spans):
        last, entity = taken.get(place, (place, None))
        typed = words[spans[place][0] : spans[last][1]]
        yield _bare(typed) if entity is None else _named(typed, entity)
        place = last + 1


def _places(words: str, spans: Sequence[Span], entity: Entity) -> range:
    """Which spans it takes up together with its label; none where other words hang on to it."""
    touched = [place for place, (start, end) in enumerate(spans) if start < entity.end and entity.start < end]
    first, last = touched[0], touched[-1]
    if not _TAIL.fullmatch(words[entity.end : spans[last][1]]):
        return range(0)
    head = words[spans[first][0] : entity.start]
    if not _is_label(head):
        return range(0)
    if not head and first and (label := words[slice(*spans[first - 1])]) and _is_label(label):
        first -= 1
    return range(first, last + 1)


def _is_label(words: str) -> bool:
    return _LABEL.fullmatch(canonical(words).text) is not None


def _named(typed: str, entity: Entity) -> Term:
    kind = entity.kind if entity.kind in ("company", "icp") else ANY
    is_long = entity.kind in _LONG and len(entity.value) >= _SHORTEST_LONG
    return Term(text=typed, entities=((kind, entity.value),), spellings=_spellings(entity) if is_long else ())


def _spellings(entity: Entity) -> tuple[str, ...]:
    value = entity.value
    return (value, *(gap.join(_cut(value, cuts)) for cuts in _cuts(entity) for gap in "- "))


def _cuts(entity: Entity) -> tuple[tuple[int, ...], ...]:
    """Where people part such a number: 138 0000 0000, 400 000 0000 or 400 0000 000, 021 00000000."""
    if entity.kind == "mobile":
        return ((3, 7),)
    if entity.kind != "phone":
        return ()
    if not entity.value.startswith("0"):
        return (3, 6), (3, 7)
    return ((3 if entity.value[1] in "12" else 4,),)


def _cut(value: str, cuts: Sequence[int]) -> list[str]:
    return [value[start:end] for start, end in pairwise((0, *cuts, len(value)))]


def _bare(typed: str) -> Term:
    """A word that may be an account or a number by itself, or an address."""
    if normal := normal_address(typed):
        return Term(text=typed, marks=(address_mark(normal),))
    folded = canonical(typed).text
    label = _LABEL.match(folded)
    rest = folded[label.end() :] if label else folded
    for entity in find_entities(rest, "") if rest != folded else ():
        if (entity.start, entity.end) == (0, len(rest)):
            return _named(typed, entity)  # TEL13800000000, which pages write for 138…
    digits = folded.translate(NUMERALS)
    forms = [form for form, shape in ((folded, _ACCOUNT), (digits, _DIGITS)) if shape.fullmatch(form)]
    return Term(text=typed, entities=tuple((ANY, form) for form in dict.fromkeys(forms)))
