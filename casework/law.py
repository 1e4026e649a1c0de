"""The law chooser: which articles may be cited in a situation, with which word, and why others may not.

It cites only what was read word for word, stands on the last day of the conduct, and lies in our office's power;
whatever else comes to mind is refused with the reason. What is lawful is in the rows of `casework.lawbook`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from casework.law_words import Choice, CitedArticle, PlaceKind, RefusedArticle, Situation
from casework.lawbook.conditions import CATEGORIES, days_words
from casework.lawbook.cover import jurisdiction
from casework.lawbook.office import office_uses, with_office
from casework.lawbook.powers import NEVER, Held, Holder, Powers, held, load_powers
from casework.lawbook.rows import NEEDS_POWER, ORDER, PART_WORDS, Part, Rows, Use, load_rows
from casework.lawbook.verbs import Reached, belongs, measures, notes, verb
from casework.letters.letter import Kind
from crawler.errors import UserMistake
from detectors.article import Article, all_prefixes, load_articles
from storage.canonical import canonical

Confirmations = Mapping[tuple[str, str], str]  # (article, digest): who confirmed that version


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Every article by its id, and the rows that say when each is cited."""

    articles: Mapping[str, Article]
    rows: Rows
    powers: Powers

    @classmethod
    def load(cls, office_file: Path | None = None) -> Book:
        """Ours, with what an office's own file overrides or adds; `RuleInvalid` names file and line."""
        powers = load_powers()
        articles = load_articles(prefixes=all_prefixes())
        for article in articles.values():
            powers.holder(article)
        if office_file is None or not office_file.exists():
            return cls(articles=articles, rows=load_rows(articles), powers=powers)
        whole = with_office(articles, powers, office_file)
        rows = load_rows(whole)
        own = office_uses(office_file, rows, whole)
        return cls(articles=whole, rows=replace(rows, uses=rows.uses + own), powers=powers)


@lru_cache(maxsize=1024)
def digest_of(article: Article) -> str:
    """SHA-256 of one version: all that a letter says of the article, and all that its use hangs on."""
    told = {
        "article": article.number,
        "cite": article.cite,
        "from": str(article.since),
        "id": article.id,
        "law": article.law,
        "power": article.power,
        "rank": article.rank,
        "text": article.text,
        "until": str(article.until),
        "verified": article.verified,
        "version": article.version,
    }
    return hashlib.sha256(canonical(told)).hexdigest()


def choose(situation: Situation, book: Book, confirmations: Confirmations | None = None) -> Choice:
    """What may be cited in this situation, in the order of a letter; `UserMistake` for a category nobody knows."""
    if situation.category not in CATEGORIES:
        raise UserMistake(f"没有类别 {situation.category}；现有：{'、'.join(CATEGORIES)}")
    reached: list[Reached] = []
    refused: dict[str, str] = {}
    for name in _candidates(situation, book):
        verdict = _judged(name, situation, book)
        if isinstance(verdict, Reached):
            reached.append(verdict)
        else:
            refused[name] = verdict
    reached.sort(key=lambda one: (ORDER.index(one.use.part), one.use.place))
    cited = [one for one in reached if belongs(one.use.part, situation.measure)]
    refused |= {
        one.article.id: f"本类文书不引（用于{PART_WORDS[one.use.part]}）" for one in reached if one not in cited
    }
    return Choice(
        articles=tuple(_cited(one, confirmations or {}) for one in cited),
        verb=verb(situation, reached),
        refused=tuple(RefusedArticle(id=name, why=why) for name, why in refused.items()),
        measures=measures(situation, reached),
        notes=notes(situation, cited, book.rows.notes),
    )


def _candidates(situation: Situation, book: Book) -> list[str]:
    """Every article that might be thought of, the traps first."""
    rows = book.rows
    traps = dict.fromkeys(one.article for one in rows.refusals if one.is_pitfall)
    named = [name for name in rows.refusals_of if name not in traps]
    rest = [name for name in book.articles if name not in traps and name not in rows.refusals_of]
    return [*traps, *(name for name in (*named, *rest) if _is_plausible(name, situation, book))]


def _is_plausible(name: str, situation: Situation, book: Book) -> bool:
    """Whether somebody might cite it here: the material lists it for the category or for platforms, or a row does."""
    listed = book.articles[name].categories if name in book.articles else ()
    has_platform = situation.place is not PlaceKind.OWN_SITE
    if situation.category in listed or (has_platform and "platform_duty" in listed):
        return True
    if any(one.holds(situation) for one in book.rows.refusals_of.get(name, ())):
        return True
    return any(situation.category in _categories(one) for one in book.rows.uses_of.get(name, ()))


def _categories(use: Use) -> tuple[str, ...]:
    return use.when.categories or tuple(CATEGORIES)


def _judged(name: str, situation: Situation, book: Book) -> Reached | str:
    """The article as it may be cited, or why not."""
    for refusal in book.rows.refusals_of.get(name, ()):
        if refusal.holds(situation):
            return refusal.why
    if name not in book.articles:
        return "本情形没有引用它的规则"
    article = book.articles[name]
    if why := _barred(article, situation, book.powers):
        return why
    unmet = [(use.when.unmet(situation), use) for use in book.rows.uses_of.get(name, ())]
    holding = [use for why_not, use in unmet if not why_not]
    if not holding:
        return _unmet_words(article, unmet, situation, book.powers)
    return _in_power(article, holding[0], situation, book.powers)


def _barred(article: Article, situation: Situation, powers: Powers) -> str:
    """Why an article is cited in no letter of this day, whatever the matter is."""
    holder = powers.holder(article)
    is_warned = holder is Holder.APPLICANTS and situation.measure == Kind.WARN
    if holder in NEVER and not is_warned:
        return powers.why[holder]
    if not article.verified:
        return "条文未核，没有原文，不得带内容进入函件" + (f"；{article.use}" if article.use else "")
    if article.stands_on(situation.on):
        return ""
    return f"《{article.law}》{article.version}：{days_words(article.since, article.until, situation.on)}"


def _unmet_words(
    article: Article, unmet: Sequence[tuple[tuple[str, ...], Use]], situation: Situation, powers: Powers
) -> str:
    """The reasons of the row that comes nearest, with whose power it were; without any row, what the article is for."""
    if unmet:
        nearest, use = min(unmet, key=lambda one: (situation.category not in _categories(one[1]), len(one[0])))
        verdict = _in_power(article, use, situation, powers)
        whose = (verdict,) if len(nearest) == 1 and use.when.facts and isinstance(verdict, str) else ()
        return "；".join((*nearest, *whose))
    if powers.holder(article) is Holder.STATE:
        return powers.why[Holder.STATE]
    return f"本情形不引：{article.caution or article.use or article.title}"


def _in_power(article: Article, use: Use, situation: Situation, powers: Powers) -> Reached | str:
    ours = held(powers, article, situation) if use.part in NEEDS_POWER else Held(is_ours=True)
    if not ours.is_ours:
        return ours.why
    if why := jurisdiction(use.part, situation):
        return why
    return Reached(article=article, use=use, by=ours.by)


def _cited(one: Reached, confirmations: Confirmations) -> CitedArticle:
    article, use, digest = one.article, one.use, digest_of(one.article)
    by = f"；依 {one.by.giver} {one.by.number}" if one.by else ""
    return CitedArticle(
        id=article.id,
        cite=use.cite or f"{article.cite}{use.paragraph}",
        text=article.text,
        digest=digest,
        part=use.part,
        purpose=f"{use.why}{by}",
        confirmed_by=confirmations.get((article.id, digest), ""),
    )


__all__ = ["Book", "Choice", "Confirmations", "Part", "choose", "digest_of"]
