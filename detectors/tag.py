"""Concerns of other offices in a listing that has findings: 广告违法, 价格违法, each with its reasons and articles.

A tag is a hint where to look, so borders of words and stance are not asked. It refuses to find anything
by itself: a listing without findings has no tag.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.items import Finding, Kind, Listing
from detectors.article import article_ids
from detectors.index import Index
from detectors.normal import canonical, squeezed
from detectors.phrase import Parts, Phrase, find_phrase, read_parts, read_phrases
from detectors.rule import CATEGORIES
from detectors.strict import Table, read_table

TAGS = Path(__file__).parent / "lexicon" / "tags.toml"
NAMES = ("广告违法", "价格违法")
READ_AT_MOST = 20_000  # characters of one text: a hint need not be looked for in a book


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What makes a listing the concern of another office: wherever it holds, `tag` is due for `reason`.

    It holds in listings of `kinds`, where a finding of `categories` was made and, if there are `phrases`,
    one of them stands.
    """

    tag: str
    reason: str
    articles: tuple[str, ...]
    kinds: frozenset[Kind]
    categories: frozenset[str]
    phrases: tuple[Phrase, ...]


class Tags:
    """All signs, their wordings searched together."""

    def __init__(self, signs: Sequence[Sign]) -> None:
        self._signs = tuple(signs)
        self._index = Index(
            {part for sign in signs for phrase in sign.phrases for slot in phrase.slots for part in slot}
        )

    def signs_of(self, listing: Listing, findings: Sequence[Finding]) -> tuple[Sign, ...]:
        """The signs that hold, in the file's order; none without findings."""
        categories = {finding.category for finding in findings}
        due = [
            sign for sign in self._signs if listing.kind in sign.kinds and not sign.categories.isdisjoint(categories)
        ]
        if not due:
            return ()
        whole = "\n".join((listing.title, listing.text[:READ_AT_MOST], listing.price))
        text = squeezed(canonical(whole)).text
        places = self._index.places(text)
        return tuple(
            sign
            for sign in due
            if not sign.phrases or any(find_phrase(phrase, places, text, 1) for phrase in sign.phrases)
        )

    def tags_of(self, listing: Listing, findings: Sequence[Finding]) -> tuple[str, ...]:
        """The tags due, each once, 广告违法 first."""
        held = {sign.tag for sign in self.signs_of(listing, findings)}
        return tuple(name for name in NAMES if name in held)


def load_tags(path: Path = TAGS, articles: Container[str] | None = None) -> Tags:
    """The packaged signs; RuleInvalid names file and place."""
    known = article_ids() if articles is None else articles
    table = read_table(path)
    parts = read_parts(table.table("parts"), {}) if table.has("parts") else {}
    signs = tuple(_read_sign(entry, parts, known) for entry in table.tables("sign"))
    table.finish()
    return Tags(signs)


def _read_sign(entry: Table, parts: Parts, known: Container[str]) -> Sign:
    sign = Sign(
        tag=entry.one_of("tag", NAMES),
        reason=entry.text("reason"),
        articles=entry.texts("articles"),
        kinds=frozenset(Kind(kind) for kind in _some("kinds", tuple(Kind), entry)),
        categories=frozenset(_some("categories", CATEGORIES, entry)),
        phrases=read_phrases(entry, parts) if entry.has("any") else (),
    )
    entry.finish()
    for article in sign.articles:
        if article not in known:
            raise entry.refuse(f"laws 里没有条文 {article}")
    return sign


def _some(key: str, choices: Sequence[str], entry: Table) -> Sequence[str]:
    """The choices that an entry names under this key, all of them when it has none."""
    if not entry.has(key):
        return choices
    chosen = entry.texts(key)
    for one in chosen:
        if one not in choices:
            raise entry.refuse(f"{key} 里的 {one} 应为 {'、'.join(choices)} 之一")
    return chosen
