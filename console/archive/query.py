"""The language of `lantian archive`: words and filters as people type them, made a question to the search.

`包授权 -公告 "绿色 通道" CN20*`: all words, none of those behind a minus, phrases in quotes, beginnings before a star.
What is in quotes stands as it is; a word that names something is looked for in every spelling (`spelling`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from console.archive.columns import KIND_WORDS
from console.archive.spelling import terms_of
from console.cases.viewing import day_begins, day_ends
from console.files import platforms
from console.output import CATEGORY_WORDS, harmless
from crawler.errors import UserMistake
from detectors.rule import RULES
from storage.cases.moves import STATE_WORDS
from storage.models import encodable
from storage.searching.shapes import Field, Filters, Query, Term

LONGEST, MOST_TERMS = 1_000, 20  # characters, terms
FIELD_NAMES = {
    str(field): words
    for field, words in (
        (Field.TITLE, "标题"),
        (Field.TEXT, "正文"),
        (Field.PICTURE, "图片文字"),
        (Field.ENTITY, "号码与名称"),
    )
}
KIND_NAMES = {str(kind): words for kind, words in KIND_WORDS.items()}
NO_LEAD = "none"
STATE_NAMES = {str(state): words for state, words in STATE_WORDS.items()} | {NO_LEAD: "没有线索"}
_CLOSES = {'"': '"', "“": "”"}
_MINUS = "-－"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen besides words, as it was typed: several values are set apart by commas, empty is all.

    `first` and `last` are days in Shanghai. `actor_ids` are whom `actors` name, once somebody looked them up.
    """

    fields: str = ""
    platforms: str = ""
    kinds: str = ""
    categories: str = ""
    rules: str = ""
    actors: str = ""
    places: str = ""
    states: str = ""
    first: str = ""
    last: str = ""
    is_literal: bool = False
    actor_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Token:
    """One word or phrase, where it stands in what was typed, and what was typed with it."""

    text: str
    start: int
    end: int
    is_quoted: bool = False
    is_out: bool = False
    is_prefix: bool = False

    @property
    def is_plain(self) -> bool:
        return not (self.is_quoted or self.is_out or self.is_prefix)


def parsed(words: str, chosen: Chosen) -> Query:
    """The question; `UserMistake` for what cannot be one. Without words something must be chosen."""
    if len(words) > LONGEST:
        raise UserMistake(f"检索词有 {len(words)} 字，最多 {LONGEST} 字")
    words, filters = encodable(words), _filters(chosen)
    fields = frozenset(map(Field, _known("--in", chosen.fields, FIELD_NAMES))) or frozenset(Field)
    tokens = _literal(words) if chosen.is_literal else list(_tokens(words))
    if not tokens and filters == Filters():
        raise UserMistake("没有检索词：写上词，或选定平台、类别、日期等（见 --help）")
    terms, without = tuple(_wanted(words, tokens)), tuple(_term(one) for one in tokens if one.is_out)
    if len(terms) + len(without) > MOST_TERMS:
        raise UserMistake(f"检索词有 {len(terms) + len(without)} 个，最多 {MOST_TERMS} 个；要整句查，放在引号里")
    return Query(terms=terms, without=without, fields=fields, filters=filters)


# -- words -----------------------------------------------------------------------------------------


def _literal(words: str) -> list[_Token]:
    return [_Token(words, 0, len(words), is_quoted=True)] if words else []


def _tokens(words: str) -> Iterator[_Token]:
    at = 0
    while at < len(words):
        if words[at].isspace():
            at += 1
            continue
        token = _token(words, at)
        yield token
        at = token.end


def _token(words: str, start: int) -> _Token:
    follows = words[start + 1 : start + 2]
    is_out = words[start] in _MINUS and bool(follows) and not follows.isspace()
    begun = start + is_out
    if words[begun] in _CLOSES:
        text, end = _phrase(words, begun)
        is_prefix = words[end : end + 1] == "*"
        return _Token(text, start, end + is_prefix, is_quoted=True, is_out=is_out, is_prefix=is_prefix)
    end = next((at for at in range(begun, len(words)) if words[at].isspace()), len(words))
    text = words[begun:end]
    if text.count('"') % 2:
        raise UserMistake(_unbalanced(text))
    is_prefix = len(text) > 1 and text.endswith("*")
    return _Token(text[:-1] if is_prefix else text, start, end, is_out=is_out, is_prefix=is_prefix)


def _phrase(words: str, start: int) -> tuple[str, int]:
    """The words between quotes, and where what follows begins. Twice the closing one stands for itself."""
    closes, at, text = _CLOSES[words[start]], start + 1, ""
    while (end := words.find(closes, at)) >= 0:
        text += words[at:end]
        if words[end + 1 : end + 2] != closes:
            if not text:
                raise UserMistake("引号里没有词")
            return text, end + 1
        text, at = text + closes, end + 2
    raise UserMistake(_unbalanced(words[start:]))


def _unbalanced(words: str) -> str:
    return f"引号没有成对：{harmless(words[:40])}；要查引号本身，用 --literal"


def _wanted(words: str, tokens: Sequence[_Token]) -> Iterator[Term]:
    """Plain words that stand beside one another may name something together."""
    for is_plain, beside in groupby(tokens, key=lambda one: one.is_plain):
        some = list(beside)
        if is_plain:
            begin = some[0].start
            spans = [(one.start - begin, one.end - begin) for one in some]
            yield from terms_of(words[begin : some[-1].end], spans)
        else:
            yield from (_term(one) for one in some if not one.is_out)


def _term(token: _Token) -> Term:
    if token.is_quoted or token.is_prefix:
        return Term(text=token.text, is_prefix=token.is_prefix)
    return terms_of(token.text, [(0, len(token.text))])[0]


# -- filters ---------------------------------------------------------------------------------------


def _filters(chosen: Chosen) -> Filters:
    first, last = day_begins(chosen.first), day_ends(chosen.last)
    if first and last and first >= last:
        raise UserMistake(f"--from {chosen.first} 在 --to {chosen.last} 之后")
    states = _known("--state", chosen.states, STATE_NAMES)
    rules = {path.stem: "" for path in RULES.glob("*.toml")} if chosen.rules else {}
    return Filters(
        platforms=frozenset(_known("--platform", chosen.platforms, platform_names() if chosen.platforms else {})),
        kinds=frozenset(_known("--kind", chosen.kinds, KIND_NAMES)),
        categories=frozenset(_known("--category", chosen.categories, CATEGORY_WORDS)),
        rules=frozenset(_known("--rule", chosen.rules, rules)),
        actors=chosen.actor_ids,
        places=frozenset(parts(chosen.places)),
        states=frozenset("" if one == NO_LEAD else one for one in states),
        first=first,
        last=last,
    )


def platform_names() -> Mapping[str, str]:
    """What people call each platform."""
    return {name: spider.label for name, spider in platforms().items()}


def parts(typed: str) -> list[str]:
    """Several values that were typed as one."""
    return [one.strip() for one in typed.replace("，", ",").split(",") if one.strip()]


def _known(option: str, typed: str, names: Mapping[str, str]) -> Iterable[str]:
    """The ids of what was typed, by id or by what people call it; `UserMistake` for what there is not."""
    by_words = {words: name for name, words in names.items() if words}
    for one in parts(typed):
        if one not in names and one not in by_words:
            there = "、".join(f"{name}（{words}）" if words else name for name, words in names.items())
            raise UserMistake(f"{option} 没有 {harmless(one[:40])}；现有：{there}")
        yield one if one in names else by_words[one]
