"""Articles of law, loaded strictly from the files of `laws/`: one file a law, named by the prefix of its ids.

It tells what an article says, between which days and whose power it is; it does not choose one for a letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from crawler.errors import RuleInvalid
from detectors.strict import Table, read_table

LAWS = Path(__file__).parent / "laws"
# The laws that rules, tags and shapes cite. Other laws are not read until a letter is written.
CITED = (
    "PAR", "PAM", "PATR", "PATI", "TM19", "TM26", "TMI", "TMA", "TMR", "AD", "EC", "AUC25", "NT", "NE",
)  # fmt: skip
_ID = re.compile(rb'^id = "([^"\n]+)"\r?$', re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One version of an article as it stands from `since` until `until`, both days included.

    `power` is who may use it, in the material's words; `text` is empty unless it was read word for word (`verified`).
    `effective` says what is not certain about its days, `keyed` by which other law's numbers it cites.
    """

    id: str
    law: str
    number: str
    since: date
    until: date
    text: str = ""
    cite: str = ""
    version: str = ""
    rank: str = ""
    effective: str = ""
    power: str = ""
    use: str = ""
    wording: str = ""
    caution: str = ""
    keyed: str = ""
    categories: tuple[str, ...] = ()
    verified: bool = False
    source: str = ""

    @property
    def title(self) -> str:
        return f"{self.law}{self.number}"

    def stands_on(self, day: date) -> bool:
        return self.since <= day <= self.until


def load_articles(folder: Path = LAWS, prefixes: Iterable[str] = CITED) -> dict[str, Article]:
    """Every article of these laws by its id; RuleInvalid names file and place."""
    articles: dict[str, Article] = {}
    for prefix in prefixes:
        table = read_table(folder / f"{prefix}.toml")
        for entry in table.tables("article"):
            article = read_article(entry)
            if article.id in articles:
                raise entry.refuse(f"条文 {article.id} 出现两次")
            if article.id.partition("-")[0] != prefix:
                raise entry.refuse(f"条文 {article.id} 不属于 {prefix}.toml")
            articles[article.id] = article
        table.finish()
    return articles


def article_ids(folder: Path = LAWS, prefixes: Iterable[str] = CITED) -> frozenset[str]:
    """The ids alone, without reading what the articles say: all that a rule needs to be loaded."""
    try:
        bodies = [(folder / f"{prefix}.toml").read_bytes() for prefix in prefixes]
    except OSError as error:
        raise RuleInvalid(f"{folder.name}: 读不了：{error.strerror}") from error
    return frozenset(one.decode("utf-8", "replace") for body in bodies for one in _ID.findall(body))


def all_prefixes(folder: Path = LAWS) -> tuple[str, ...]:
    """Every law there is a file of."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def read_article(entry: Table) -> Article:
    """One `[[article]]`; what is not verified has no text, and what has no days says why."""
    article = Article(
        id=entry.text("id"),
        law=entry.text("law"),
        number=entry.text("article"),
        since=entry.day("from") if entry.has("from") else date.min,
        until=entry.day("until") if entry.has("until") else date.max,
        categories=entry.texts("categories") if entry.has("categories") else (),
        verified=entry.flag("verified"),
        cite=entry.text("cite"),
        version=entry.text("version"),
        rank=entry.text("rank"),
        source=entry.text("source"),
        text=_perhaps(entry, "text"),
        effective=_perhaps(entry, "effective"),
        power=_perhaps(entry, "power"),
        use=_perhaps(entry, "use"),
        wording=_perhaps(entry, "wording"),
        caution=_perhaps(entry, "caution"),
        keyed=_perhaps(entry, "keyed"),
    )
    entry.finish()
    if why := _complaint(article):
        raise entry.refuse(why)
    return article


def _perhaps(entry: Table, key: str) -> str:
    return entry.text(key).strip() if entry.has(key) else ""


def _complaint(article: Article) -> str:
    if article.until < article.since:
        return "until 早于 from"
    if article.verified != bool(article.text):
        return "verified = true 的条文要有 text，未核的不能有"
    if article.since == date.min and not article.effective:
        return "没有 from 的条文要用 effective 说明"
    return ""
