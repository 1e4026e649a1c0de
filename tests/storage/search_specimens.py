"""An archive of invented rows, drawn from a seed, and what a plain reading of all of them finds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Engine, Table, insert, select

from crawler.clock import SHANGHAI
from storage.db import writing
from storage.models import (
    CaptureRow,
    EntityRow,
    ExhibitRow,
    FindingRow,
    ListingRow,
    Run,
)
from storage.searching.indexing import Indexer
from storage.searching.shapes import Facet, Field, Filters, Query, Term
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow
from storage.tables.patrol import RosterRow, WatchRow, WatchVersionRow
from storage.tables.pictures import PictureRow, PictureTextRow

START = datetime(2026, 1, 31, 15, 59, 58, tzinfo=UTC)  # two seconds before February in Shanghai
PLATFORMS = ("taobao", "baidu", "wuba", "zhihu")
KINDS = ("product", "ad", "post")
PLACES = ("", "", "示例市", "示例县")
STATES = ("new", "examining", "closed")
CATEGORIES = ("guaranteed_grant", "green_channel", "licence_renting")
WORDS = (
    *("包授权", "包", "授权", "专利", "商标", "绿色通道", "CN20", "cn2", "20", "Abc", "bC", "13800000000", "8000"),
    *("%", "_", "'", '"', "*", " ", "\n", "😀", "é", "e\u0301", "\ue012", "\ue0a5", "\ue1ff", "\ufffd", "-", "(", "^"),
)
NAMED = (("phone", "13800000000"), ("phone", "13800000001"), ("wechat", "abc20"), ("licence", "CN2020"), ("", "abc20"))


ROOTS = {2: 1, 3: 1}  # actors that were joined, and to whom in the end


@dataclass(slots=True)
class Seen:
    """One exhibit as its rows are."""

    row: int
    listing: str
    platform: str
    kind: str
    place: str
    seen_at: datetime
    title: str
    text: str
    pictures: list[str] = field(default_factory=list)
    entities: list[tuple[str, str]] = field(default_factory=list)
    categories: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    lead: int = 0
    state: str = ""
    actor: int = 0

    @property
    def public_id(self) -> str:
        return f"e{self.row:09d}"


@dataclass(frozen=True, slots=True)
class Sown:
    """All that was written, in the order of rows."""

    seen: tuple[Seen, ...]


def bands_of(title: str, text: str) -> tuple[int, ...]:
    """Bands for the indexer: not of any meaning."""
    return (len(title) + 1, len(text) + 1000) if title or text else ()


def indexed(engine: Engine) -> int:
    """Bring the index up to the rows."""
    return Indexer(engine, bands_of).catch_up(lambda number: None)


def values(table: Table, **told: Any) -> dict[str, Any]:
    """A row of which only this matters."""

    def empty(kind: Any) -> Any:
        if isinstance(kind, JSON):
            return []
        if isinstance(getattr(kind, "impl", kind), DateTime):
            return START
        return False if isinstance(kind, Boolean) else 0 if kind.python_type is int else ""

    return {
        column.name: told.get(column.name, None if column.nullable else empty(column.type))
        for column in table.columns
        if column.name in told or column is not table.autoincrement_column
    }


def drawn(chance: random.Random, most: int = 8) -> str:
    return "".join(chance.choice(WORDS) for _ in range(chance.randint(0, most)))


def sow(engine: Engine, seed: int, number: int, step: int = 300) -> Sown:
    """That many exhibits at rows that lie far apart, of listings, leads and actors that belong together anyhow."""
    chance = random.Random(seed)
    leads = sow_around(engine, chance)
    seen: list[Seen] = []
    row = 0
    for _ in range(number):
        row += chance.randint(1, step)
        seen.append(_drawn(chance, row, leads))
    sow_exhibits(engine, seen)
    return Sown(seen=tuple(seen))


def sow_around(engine: Engine, chance: random.Random) -> list[tuple[int, str, int]]:
    """What exhibits need to be there, and the leads they may be part of."""
    _sow_actors(engine)
    _sow_runs(engine)
    return _sow_leads(engine, chance, 12)


def _drawn(chance: random.Random, row: int, leads: Sequence[tuple[int, str, int]]) -> Seen:
    shop = chance.randint(1, 40)
    lead, state, actor = leads[shop % len(leads)] if shop % 3 else (0, "", 0)
    findings = {chance.choice(CATEGORIES) for _ in range(chance.randint(0, 2))}
    return Seen(
        row=row,
        listing=f"listing-{shop}",
        platform=PLATFORMS[shop % len(PLATFORMS)],
        kind=chance.choice(KINDS),
        place=chance.choice(PLACES),
        seen_at=START + timedelta(seconds=chance.randint(0, 4), days=chance.choice((0, 0, 1, 40)), microseconds=7),
        title=drawn(chance, 4),
        text=drawn(chance),
        pictures=[drawn(chance) for _ in range(chance.choice((0, 0, 1, 2)))],
        entities=[chance.choice(NAMED[:4]) for _ in range(chance.choice((0, 0, 1, 2)))],
        categories=findings,
        rules={f"{one}_rule" for one in findings},
        lead=lead,
        state=state,
        actor=actor,
    )


def _sow_actors(engine: Engine) -> None:
    """1 to 4; 2 was joined to 1, and 3 to 2."""
    with writing(engine).begin() as connection:
        for id_, into in ((1, None), (2, 1), (3, 2), (4, None)):
            told = {"id": id_, "number": f"A-{id_}", "name": f"示例公司{id_}", "merged_into": into}
            connection.execute(insert(ActorRow), values(ActorRow.__table__, **told))


def _sow_leads(engine: Engine, chance: random.Random, number: int) -> list[tuple[int, str, int]]:
    """Each with its state, and with whom it is held against by now."""
    leads = []
    with writing(engine).begin() as connection:
        for id_ in range(1, number + 1):
            state, actor = chance.choice(STATES), chance.choice((1, 2, 3, 4, None))
            told = {"id": id_, "number": f"L-{id_}", "state": state, "actor_id": actor}
            connection.execute(insert(LeadRow), values(LeadRow.__table__, **told))
            leads.append((id_, state, ROOTS.get(actor, actor) or 0))
    return leads


def _sow_runs(engine: Engine) -> None:
    with writing(engine).begin() as connection:
        connection.execute(insert(CaptureRow), values(CaptureRow.__table__, id="capture"))
        connection.execute(insert(Run), [values(Run.__table__, id=f"run-{place}") for place in sorted({*PLACES})])
        _sow_watch(connection)


def _sow_watch(connection: Any) -> None:
    connection.execute(insert(WatchRow), values(WatchRow.__table__, id=1, name="w"))
    for version, place in enumerate(sorted({*PLACES} - {""}), 1):
        told = {"watch_id": 1, "version": version, "place": place}
        connection.execute(insert(WatchVersionRow), values(WatchVersionRow.__table__, **told))
        told = {"key": f"k{version}", "watch_id": 1, "version": version, "run_id": f"run-{place}"}
        connection.execute(insert(RosterRow), values(RosterRow.__table__, **told))


def sow_exhibits(engine: Engine, seen: Sequence[Seen]) -> None:
    """The rows of these exhibits, and of their listings where they are new."""
    with writing(engine).begin() as connection:
        known = set(connection.execute(select(ListingRow.key)).scalars())
        for one in seen:
            if one.listing not in known:
                told = {"key": one.listing, "platform": one.platform, "lead_id": one.lead or None}
                connection.execute(insert(ListingRow), values(ListingRow.__table__, **told))
                known.add(one.listing)
        connection.execute(insert(ExhibitRow), [_exhibit(one) for one in seen])
        for table, rows in (
            (FindingRow, [told for one in seen for told in _findings(one)]),
            (EntityRow, [told for one in seen for told in _entities(one)]),
            (PictureTextRow, [told for one in seen for told in _texts(one)]),
            (PictureRow, [told for one in seen for told in _pictures(one)]),
        ):
            if rows:
                connection.execute(insert(table), rows)


def _exhibit(one: Seen) -> dict[str, Any]:
    told = {"id": one.row, "public_id": one.public_id, "listing_key": one.listing, "run_id": f"run-{one.place}"}
    told |= {"capture_id": "capture", "kind": one.kind, "title": one.title, "text": one.text, "seen_at": one.seen_at}
    return values(ExhibitRow.__table__, **told)


def _findings(one: Seen) -> Iterable[dict[str, Any]]:
    for category in sorted(one.categories):
        told = {"exhibit_id": one.row, "category": category, "rule": f"{category}_rule", "severity": 1}
        yield values(FindingRow.__table__, **told, replaced_in=None)
    yield values(FindingRow.__table__, exhibit_id=one.row, category="gone", rule="gone_rule", replaced_in=1)


def _entities(one: Seen) -> Iterable[dict[str, Any]]:
    return [values(EntityRow.__table__, exhibit_id=one.row, kind=kind, value=said) for kind, said in one.entities]


def _texts(one: Seen) -> Iterable[dict[str, Any]]:
    for number, text in enumerate(one.pictures):
        lines = [[line, 1.0, [0, 0, 1, 1], False] for line in text.split("\n")]
        yield values(PictureTextRow.__table__, sha256=f"{one.row}-{number}", lines=lines)


def _pictures(one: Seen) -> Iterable[dict[str, Any]]:
    for number in range(len(one.pictures)):
        told = {"exhibit_id": one.row, "run_id": f"run-{one.place}", "url": f"u{number}", "state": "read"}
        yield values(PictureRow.__table__, **told, sha256=f"{one.row}-{number}")


# -- plain reading -------------------------------------------------------------------------------------


def folded(text: str) -> str:
    return "".join(chr(ord(one) + 32) if "A" <= one <= "Z" else one for one in text)


def has(one: Seen, term: Term, fields: frozenset[Field]) -> bool:
    said = {
        Field.TITLE: [one.title],
        Field.TEXT: [one.text],
        Field.PICTURE: one.pictures,
        Field.ENTITY: [value for _, value in one.entities],
    }
    texts = [folded(text) for of in fields for text in said[of]]
    if any(
        _stands(folded(word), text, term.is_prefix) for word in (term.text, *term.spellings) if word for text in texts
    ):
        return True
    if Field.ENTITY not in fields:
        return False
    named = {("", value) for _, value in one.entities} | set(one.entities)
    return bool(named & set(term.entities)) or bool(set(bands_of(one.title, one.text)) & set(term.marks))


def _stands(word: str, text: str, is_prefix: bool) -> bool:
    places = [at for at in range(len(text)) if text.startswith(word, at)]
    return any(not is_prefix or at == 0 or text[at - 1] not in "0123456789abcdefghijklmnopqrstuvwxyz" for at in places)


def passes(one: Seen, filters: Filters) -> bool:
    asked = (
        (filters.platforms, {one.platform}),
        (filters.kinds, {one.kind}),
        (filters.categories, one.categories),
        (filters.rules, one.rules),
        (filters.places, {one.place}),
        (filters.states, {one.state}),
        ({ROOTS.get(actor, actor) for actor in filters.actors}, {one.actor}),
    )
    seen = one.seen_at.replace(microsecond=0)
    in_time = (filters.first is None or seen >= filters.first) and (filters.last is None or seen < filters.last)
    return in_time and all(not wanted or not wanted.isdisjoint(own) for wanted, own in asked)


def plainly(sown: Sown, query: Query) -> list[Seen]:
    """What the question finds, oldest first."""
    return [
        one
        for one in sown.seen
        if passes(one, query.filters)
        and all(has(one, term, query.fields) for term in query.terms)
        and not any(has(one, term, query.fields) for term in query.without)
    ]


def counted(found: Sequence[Seen]) -> dict[Facet, Counter[str]]:
    """How often which value is among them."""
    months = (one.seen_at.astimezone(SHANGHAI).strftime("%Y-%m") for one in found)
    return {
        Facet.PLATFORM: Counter(one.platform for one in found),
        Facet.KIND: Counter(one.kind for one in found),
        Facet.CATEGORY: Counter(category for one in found for category in one.categories),
        Facet.RULE: Counter(rule for one in found for rule in one.rules),
        Facet.STATE: Counter(one.state for one in found),
        Facet.ACTOR: Counter(f"A-{one.actor}" for one in found if one.actor),
        Facet.PLACE: Counter(one.place for one in found),
        Facet.MONTH: Counter(months),
    }


def drawn_query(chance: random.Random) -> Query:
    """Any question, such as people ask and such as they do not."""
    fields = [one for one in Field if chance.random() < 0.5] if chance.random() < 0.4 else []
    return Query(
        terms=tuple(_drawn_term(chance) for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))),
        without=tuple(_drawn_term(chance) for _ in range(chance.choice((0, 0, 0, 1, 2)))),
        fields=frozenset(fields or Field),
        filters=_drawn_filters(chance) if chance.random() < 0.6 else Filters(),
    )


def _drawn_term(chance: random.Random) -> Term:
    word = drawn(chance, 2) if chance.random() < 0.3 else chance.choice(WORDS)
    start = chance.randrange(max(len(word), 1))
    return Term(
        text=(word[start:] if chance.random() < 0.3 else word) or "包",
        entities=tuple(chance.sample(NAMED, chance.choice((0, 0, 1, 2)))),
        spellings=tuple(drawn(chance, 2) for _ in range(chance.choice((0, 0, 0, 1)))),
        marks=tuple(chance.sample(range(1, 12), chance.choice((0, 0, 0, 1)))),
        is_prefix=chance.random() < 0.2,
    )


def _drawn_filters(chance: random.Random) -> Filters:
    def some(ones: Sequence[Any]) -> frozenset[Any]:
        return frozenset(chance.sample(ones, chance.choice((0, 0, 0, 1, 1, 2))))

    since = START + timedelta(seconds=chance.randint(-1, 4)) if chance.random() < 0.3 else None
    until = (
        START + timedelta(seconds=chance.randint(0, 5), days=chance.choice((0, 1))) if chance.random() < 0.3 else None
    )
    return Filters(
        platforms=some((*PLATFORMS, "nowhere")),
        kinds=some(KINDS),
        categories=some((*CATEGORIES, "gone")),
        rules=some([f"{one}_rule" for one in CATEGORIES]),
        actors=some((1, 2, 4, 99)),
        places=some(("", "示例市", "示例县")),
        states=some(("", *STATES)),
        first=since,
        last=until,
    )
