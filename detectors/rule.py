"""A rule and the strict loader of rule files: rules/<id>.toml, one rule each, with its own examples.

Rules are data. A file that is not exactly as expected is refused, with file and place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from crawler.errors import RuleInvalid
from crawler.items import Kind, Listing
from detectors.article import article_ids
from detectors.phrase import Parts, Phrase, Wordings, read_parts, read_phrases, read_wordings
from detectors.strict import Table, read_table

RULES = Path(__file__).parent / "rules"
LEXICON = Path(__file__).parent / "lexicon"
PARTS = LEXICON / "parts.toml"
CATEGORIES = (
    "guaranteed_grant",
    "green_channel",
    "official_impersonation",
    "inventor_listing",
    "unqualified_agency",
    "licence_renting",
    "abnormal_filing",
    "malicious_trademark",
)
STATES = ("trial", "active")
# What a rule wants of the registry of agencies; see detectors.registered.
FILING, LICENCE = "filing", "licence"
REGISTRY_USES = (FILING, LICENCE)
EXAMPLES_AT_LEAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Wordings that weigh the same.

    `disguised`: their disguised spellings count too. `supports`: they only strengthen
    another wording of the rule, and are never what a finding quotes. `wants_offer`: articles and
    statutes say it too, so that it counts for less where nobody offers anything.
    """

    phrases: tuple[Phrase, ...]
    points: int
    disguised: bool
    supports: bool
    wants_offer: bool

    @property
    def parts(self) -> frozenset[str]:
        """Every word that one of its slots takes."""
        return frozenset(part for phrase in self.phrases for slot in phrase.slots for part in slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """Words that speak for or against a candidate.

    `within` is how many squeezed characters away at most; 0 is anywhere in the listing.
    `required`: without one of the required groups nothing is found.
    """

    wordings: Wordings
    points: int
    reason: str
    within: int
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one rule file says. Points of words, context and stance must reach `needs`.

    `registry` says what it asks the registry of agencies: nothing, `FILING` or `LICENCE`.
    """

    id: str
    digest: str
    title: str
    category: str
    state: str
    severity: int
    needs: int
    registry: str
    articles: tuple[str, ...]
    words: tuple[Words, ...]
    context: tuple[Nearby, ...]
    contra: tuple[Nearby, ...]
    violates: tuple[Listing, ...]
    lawful: tuple[Listing, ...]


def load_rules(folder: Path = RULES, articles: Container[str] | None = None) -> tuple[Rule, ...]:
    """Every rule of a folder, by id. RuleInvalid when one is wrong, or none is there."""
    known = article_ids() if articles is None else articles
    shared = load_parts()
    rules = tuple(load_rule(path, known, shared) for path in sorted(folder.glob("*.toml")))
    if not rules:
        raise RuleInvalid(f"{folder.name}: 没有规则文件")
    return rules


def rules_digest(folder: Path = RULES) -> str:
    """SHA-256 over all that the rules of a folder judge by: the rule files and what the lexicon holds."""
    told = hashlib.sha256(lexicon_digest())
    for path in sorted(folder.glob("*.toml")):
        told.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def load_parts(path: Path = PARTS) -> Parts:
    """The alternatives that every rule may take in by name; RuleInvalid names file and place."""
    return read_parts(read_table(path), {})


@cache
def lexicon_digest(folder: Path = LEXICON) -> bytes:
    """SHA-256 over the names and bytes of the word lists, in order of their names."""
    told = hashlib.sha256()
    for path in sorted(folder.glob("*.toml")):
        told.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return told.digest()


def load_rule(path: Path, articles: Container[str], shared: Parts | None = None) -> Rule:
    """One rule; its digest is the SHA-256 of the file's bytes and of every word list a verdict rests on."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise RuleInvalid(f"{path.name}: 读不了：{error.strerror}") from error
    table = read_table(path, body)
    rule = _read_rule(table, hashlib.sha256(body + lexicon_digest()).hexdigest(), shared or load_parts())
    table.finish()
    _check(rule, table, path.stem, articles)
    return rule


def _read_rule(table: Table, digest: str, shared: Parts) -> Rule:
    parts = read_parts(table.table("parts"), shared) if table.has("parts") else shared
    return Rule(
        id=table.text("id"),
        digest=digest,
        title=table.text("title"),
        category=table.one_of("category", CATEGORIES),
        state=table.one_of("state", STATES),
        severity=table.whole("severity"),
        needs=table.whole("needs"),
        registry=table.one_of("registry", REGISTRY_USES) if table.has("registry") else "",
        articles=table.texts("articles"),
        words=tuple(_read_words(entry, parts) for entry in table.tables("words")),
        context=tuple(_read_nearby(entry, 1, parts) for entry in table.tables("context"))
        if table.has("context")
        else (),
        contra=tuple(_read_nearby(entry, -1, parts) for entry in table.tables("contra")) if table.has("contra") else (),
        violates=tuple(_read_example(entry) for entry in table.tables("violates")),
        lawful=tuple(_read_example(entry) for entry in table.tables("lawful")),
    )


def _read_words(entry: Table, parts: Parts) -> Words:
    words = Words(
        phrases=read_phrases(entry, parts),
        points=entry.whole("points"),
        disguised=entry.flag("disguised") if entry.has("disguised") else False,
        supports=entry.flag("supports") if entry.has("supports") else False,
        wants_offer=entry.flag("wants_offer") if entry.has("wants_offer") else False,
    )
    entry.finish()
    if words.points <= 0:
        raise entry.refuse("points 应大于 0")
    return words


def _read_nearby(entry: Table, sign: int, parts: Parts) -> Nearby:
    nearby = Nearby(
        wordings=read_wordings(entry, parts),
        points=entry.whole("points"),
        reason=entry.text("reason"),
        within=entry.whole("within"),
        required=entry.flag("required") if sign > 0 and entry.has("required") else False,
    )
    entry.finish()
    if nearby.points * sign < 0 or nearby.within < 0:
        raise entry.refuse("points 的正负或 within 不对")
    return nearby


def _read_example(entry: Table) -> Listing:
    """A listing as an example tells it: title, text, kind, seller, url, price; ads say kind = "ad"."""
    kind = Kind(entry.one_of("kind", tuple(Kind))) if entry.has("kind") else Kind.RESULT
    told = {key: entry.text(key) for key in ("title", "text", "seller", "price") if entry.has(key)}
    url = entry.text("url") if entry.has("url") else "https://www.example/"
    entry.finish()
    if not told or not _names_host(url):
        raise entry.refuse("例子没有文字，或 url 不对")
    return Listing(
        platform="example",
        kind=kind,
        position=1,
        url=url,
        is_ad=kind is Kind.AD,
        title=told.get("title", ""),
        text=told.get("text", ""),
        seller=told.get("seller", ""),
        price=told.get("price", ""),
    )


def _names_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _check(rule: Rule, table: Table, stem: str, articles: Container[str]) -> None:
    if rule.id != stem:
        raise table.refuse(f"id {rule.id} 与文件名 {stem} 不符")
    if all(words.supports for words in rule.words):
        raise table.refuse("words 里没有能单独成立的写法")
    if not 1 <= rule.severity <= 3:
        raise table.refuse("severity 应为 1 到 3")
    if rule.needs <= 0:
        raise table.refuse("needs 应大于 0")
    for key, examples in (("violates", rule.violates), ("lawful", rule.lawful)):
        if len(examples) < EXAMPLES_AT_LEAST:
            raise table.refuse(f"{key} 至少要 {EXAMPLES_AT_LEAST} 个例子，只有 {len(examples)} 个")
    for article in rule.articles:
        if article not in articles:
            raise table.refuse(f"laws 里没有条文 {article}")
