"""Facts that some articles ask for, and how one is seen: in an exhibit's findings, or in the words that were searched.

What no page of a listing can show has no row of that kind; only a person may say it, and no letter takes it as given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from casework.law_words import Fact
from crawler.items import Finding
from detectors.strict import Table, read_table

FILE = Path(__file__).parent / "facts.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A fact in words, why its absence refuses, and what shows it: findings of `rules` that say one of `said` (any,
    where it is empty), or a query that names one of `asked`."""

    fact: Fact
    words: tuple[str, ...]
    unseen: str
    rules: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


@cache
def signs() -> dict[str, Sign]:
    """Every fact by its id; `RuleInvalid` where the file is wrong or leaves one out."""
    table = read_table(FILE)
    found = [_sign(entry) for entry in table.tables("fact")]
    table.finish()
    if missing := set(Fact) - {one.fact for one in found}:
        raise table.refuse(f"缺少 {'、'.join(sorted(missing))}")
    return {one.fact.value: one for one in found}


def facts_seen(findings: Iterable[Finding], query: str) -> frozenset[str]:
    """The facts that these findings of one exhibit and the words of its search show."""
    kept, plain = tuple(findings), "".join(query.split()).casefold()
    return frozenset(
        name
        for name, sign in signs().items()
        if any(word in plain for word in sign.asked) or any(_shows(sign, one) for one in kept)
    )


def _shows(sign: Sign, finding: Finding) -> bool:
    """Points against are not heard: they say what the page is not."""
    if finding.rule not in sign.rules:
        return False
    told = "\n".join((finding.quote, *(words for words, _ in finding.pro)))
    return not sign.said or any(word in told for word in sign.said)


def _sign(entry: Table) -> Sign:
    sign = Sign(
        fact=Fact(entry.one_of("id", list(Fact))),
        words=entry.texts("words"),
        unseen=entry.text("unseen"),
        **{key: entry.texts(key) for key in ("rules", "said", "asked") if entry.has(key)},
    )
    entry.finish()
    return sign
