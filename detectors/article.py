"""The articles that rules may cite, loaded strictly from laws.toml.

It tells what an article says and between which days; it does not choose one for a letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from detectors.strict import Table, read_table

LAWS = Path(__file__).parent / "laws.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article of a law as it stands from `since` until `until`, both days included."""

    id: str
    law: str
    number: str
    since: date
    until: date
    text: str = ""

    @property
    def title(self) -> str:
        return f"{self.law}{self.number}"

    def stands_on(self, day: date) -> bool:
        return self.since <= day <= self.until


def load_articles(path: Path = LAWS) -> dict[str, Article]:
    """Every article by its id; RuleInvalid names file and place."""
    table = read_table(path)
    articles: dict[str, Article] = {}
    for entry in table.tables("article"):
        article = _read_article(entry)
        if article.id in articles:
            raise entry.refuse(f"条文 {article.id} 出现两次")
        articles[article.id] = article
    table.finish()
    return articles


def _read_article(entry: Table) -> Article:
    article = Article(
        id=entry.text("id"),
        law=entry.text("law"),
        number=entry.text("article"),
        since=entry.day("from"),
        until=entry.day("until") if entry.has("until") else date.max,
        text=entry.text("text").strip() if entry.has("text") else "",
    )
    entry.finish()
    if article.until < article.since:
        raise entry.refuse("until 早于 from")
    return article
