"""Whose power an article is, and whether our office holds it: of its own, or by a delegation that covers it that day.

A delegation whose scope takes something out opens nothing: what it leaves must be said by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from casework.law_words import Delegation, Level, OfficeKind, Situation
from casework.lawbook.rows import FOLDER
from casework.lawbook.seats import parted
from crawler.errors import RuleInvalid
from detectors.article import Article
from detectors.strict import Table, read_table

KIND_WORDS = {"delegation": "委托", "assignment": "交办"}
_EXCEPTS = re.compile(r"不|除|除外|except|not|without", re.I)
_PHRASES = re.compile(r"[，,、；;\s]+")
_LOWER = re.compile(r"[市县区州旗盟]")


class Holder(StrEnum):
    """Who may use an article."""

    PROVINCE = "province"
    MARKET = "market"
    ANYONE = "anyone"
    STATE = "state"
    APPLICANTS = "applicants"
    CRIMINAL = "criminal"
    CIVIL = "civil"
    COURT = "court"
    GUIDE = "guide"
    ASSOCIATION = "association"


# What these say is never a basis of an authority's letter, whatever it is cited for.
NEVER = frozenset(
    {Holder.APPLICANTS, Holder.CRIMINAL, Holder.CIVIL, Holder.COURT, Holder.GUIDE, Holder.ASSOCIATION}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Words of a delegation, and the articles that each of them opens."""

    words: tuple[str, ...]
    opens: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """Holders by the words of an article's `power`, why another may not, and what words of a delegation open."""

    holders: Mapping[str, Holder]
    why: Mapping[Holder, str]
    scopes: tuple[Scope, ...]

    def holder(self, article: Article) -> Holder:
        """`RuleInvalid` where the article's `power` is none that we know."""
        if not article.power:
            return Holder.ANYONE
        if article.power not in self.holders:
            raise RuleInvalid(f"{article.id}: power 要是这些之一：{'；'.join(self.holders)}")
        return self.holders[article.power]

    def unknown(self, scope: Sequence[str], articles: Mapping[str, Article]) -> tuple[str, ...]:
        """The phrases of a scope that open nothing: they hold none of our words and name no article of the province."""
        ours = [one for one in articles.values() if self.holder(one) is Holder.PROVINCE]
        names = {name for one in ours for name in (one.id, one.title, one.cite)}
        return tuple(
            phrase
            for phrase in scope
            if not names & set(_PHRASES.split(phrase)) and not any(word in phrase.lower() for word in self.words)
        )

    @property
    def words(self) -> tuple[str, ...]:
        """Every word of a scope that opens something."""
        return tuple(dict.fromkeys(word for one in self.scopes for word in one.words))

    def opens(self, delegation: Delegation, article: Article) -> bool:
        """Whether the scope names the article, or holds a word that opens it."""
        named = {word for phrase in delegation.scope for word in _PHRASES.split(phrase)}
        if {article.id, article.title, article.cite} & named:
            return True
        told = [phrase for phrase in delegation.scope if not _EXCEPTS.search(phrase)]
        if len(told) < len(delegation.scope):
            return False
        open_here = [one for one in self.scopes if article.id in one.opens]
        return any(word in phrase.lower() for phrase in told for one in open_here for word in one.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Whether our office may use an article; by which document, or why not."""

    is_ours: bool
    why: str = ""
    by: Delegation | None = None


def load_powers(folder: Path = FOLDER) -> Powers:
    """The holders and scopes; RuleInvalid names file and place."""
    table = read_table(folder / "powers.toml")
    holders: dict[str, Holder] = {}
    why: dict[Holder, str] = {}
    for entry in table.tables("holder"):
        who = Holder(entry.one_of("who", list(Holder)))
        why[who] = entry.text("why") if entry.has("why") else ""
        holders |= dict.fromkeys(entry.texts("powers"), who)
        entry.finish()
    scopes = tuple(_scope(entry) for entry in table.tables("scope"))
    table.finish()
    return Powers(holders=holders, why=why, scopes=scopes)


def _scope(entry: Table) -> Scope:
    scope = Scope(words=entry.texts("words"), opens=entry.texts("opens"))
    entry.finish()
    return scope


def held(powers: Powers, article: Article, situation: Situation) -> Held:
    """Whether our office may use this article here."""
    holder = powers.holder(article)
    if holder is Holder.ANYONE or (holder is Holder.MARKET and situation.office is OfficeKind.AMR):
        return Held(is_ours=True)
    if holder is not Holder.PROVINCE:
        return Held(is_ours=False, why=powers.why[holder])
    if situation.level is Level.PROVINCE:
        return Held(is_ours=True)
    why = [powers.why[holder]]
    for one in situation.delegations:
        if not (missing := lacks(powers, one, article, situation.written or situation.on)):
            return Held(is_ours=True, by=one)
        why.append(missing)
    return Held(is_ours=False, why="；".join(why))


def lacks(powers: Powers, delegation: Delegation, article: Article, day: date) -> str:
    """Why a delegation does not give this power on this day; empty where it does."""
    name = f"{KIND_WORDS[delegation.kind]}文书 {delegation.number}"
    if not is_provincial(delegation.giver):
        return f"{name} 的委托、交办机关“{delegation.giver}”不是省级部门"
    if not delegation.first <= day <= delegation.last:
        return f"{name} 的期限是 {delegation.first} 至 {delegation.last}，{day} 不在其内"
    if not powers.opens(delegation, article):
        return f"{name} 的范围（{'、'.join(delegation.scope)}）不含本条"
    return ""


def is_provincial(giver: str) -> bool:
    """Whether a giver is a province's department, or the state's: only they have what is given here."""
    plain = "".join(giver.split())
    if plain.lower().startswith(("国家", "本省", "省", "provinc", "cnipa")):
        return not _LOWER.search(plain.replace("市场", ""))
    province, rest = parted(plain)
    return bool(province) and not _LOWER.search(rest.replace("市场", ""))
