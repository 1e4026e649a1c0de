"""Saved searches: questions that people leave to be asked again of whatever is new, and what each asking found.

It asks nothing and understands no question: what was typed is kept as it was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from crawler.errors import UserMistake
from storage.audit import Act, Signer, add_on
from storage.db import writing
from storage.models import encodable
from storage.tables.search import SavedFind, SavedSearch

MOST = 200  # that go on: each is asked whenever something is new
LONGEST_NAME = 60
_SAVED = tuple(SavedSearch.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSaved:
    """A question as it was typed: `query` the words, `asked` the rest by name. It is new behind the exhibit `upto`."""

    name: str
    query: str
    asked: tuple[tuple[str, str], ...]
    upto: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One saved search: asked up to the exhibit `upto`, it found `found` behind `since`, at last at `found_at`.

    `ended_at` is `None` while it goes on.
    """

    id: int
    name: str
    query: str
    asked: tuple[tuple[str, str], ...]
    since: int
    upto: int
    found: int
    found_at: datetime | None
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finds:
    """How many exhibits several searches found that nobody was told of; `upto` is the newest find of all."""

    searches: int = 0
    exhibits: int = 0
    upto: int = 0


class SavedSearches:
    """The saved searches of one database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)

    def save(self, new: NewSaved, sign: Signer) -> Saved:
        """Write it down under a name that none has which goes on; `UserMistake` for any other name."""
        name = _fit(new.name)
        with self._writer.begin() as connection:
            going = _going(connection)
            if any(one.name == name for one in going):
                raise UserMistake(f"已有名为 {name} 的检索；先结束它（lantian archive unsave），或换个名称")
            if len(going) >= MOST:
                raise UserMistake(f"存下的检索已有 {MOST} 个，先结束不用的（lantian archive unsave）")
            detail = {"query": new.query, "asked": [f"{key}={value}" for key, value in new.asked]}
            act = Act(who=new.by, act="search_saved", subject=name, at=new.at, detail=detail)
            values: dict[str, Any] = {
                "name": name,
                "query": new.query,
                "asked": [list(pair) for pair in encodable(new.asked)],
                "upto": new.upto,
                "found": 0,
                "made_at": new.at,
                "made_by": encodable(new.by),
                "entry": add_on(connection, sign(act)),
                "ended_by": "",
            }
            number = connection.execute(insert(SavedSearch).values(values).returning(SavedSearch.id)).scalar_one()
            # Where it begins: found so far, 0.
            begin = {"search_id": number, "at": new.at, "found": 0, "upto": new.upto}
            connection.execute(insert(SavedFind).values(begin))
            return _named(connection, name)

    def end(self, name: str, by: str, at: datetime, sign: Signer) -> Saved:
        """It is asked no more; what it found stays written."""
        with self._writer.begin() as connection:
            one = _named(connection, name.strip())
            detail: dict[str, int] = {"found": one.found}
            add_on(connection, sign(Act(who=by, act="search_ended", subject=one.name, at=at, detail=detail)))
            ended = update(SavedSearch).where(SavedSearch.id == one.id)
            connection.execute(ended.values(ended_at=at, ended_by=encodable(by)))
            return one

    def saved(self) -> tuple[Saved, ...]:
        """Those that go on, in the order in which they were made."""
        with self._engine.connect() as connection:
            return _going(connection)

    def named(self, name: str) -> Saved:
        """One that goes on, by its name."""
        with self._engine.connect() as connection:
            return _named(connection, name.strip())

    def note(self, one: Saved, upto: int, found: int, at: datetime) -> bool:
        """It was asked of all up to `upto`; False, and nothing is noted, where somebody else has asked it meanwhile."""
        its = (SavedSearch.id == one.id, SavedSearch.upto == one.upto, SavedSearch.ended_at.is_(None))
        values: dict[str, Any] = {"upto": upto}
        values |= {"found": SavedSearch.found + found, "found_at": at} if found else {}
        with self._writer.begin() as connection:
            if connection.execute(update(SavedSearch).where(*its).values(values)).rowcount != 1:
                return False
            if found:
                find = {"search_id": one.id, "at": at, "found": found, "upto": upto}
                connection.execute(insert(SavedFind).values(find))
            return True

    def finds(self, after: int) -> Finds:
        """What was found behind the find `after`, of searches that go on or not."""
        query = select(func.count(SavedFind.search_id.distinct()), func.sum(SavedFind.found))
        with self._engine.connect() as connection:
            newest = connection.execute(select(func.max(SavedFind.id))).scalar_one_or_none() or 0
            behind = query.where(SavedFind.id > after, SavedFind.id <= newest, SavedFind.found > 0)
            searches, exhibits = connection.execute(behind).one()
        return Finds(searches=searches, exhibits=int(exhibits or 0), upto=newest)


def _fit(name: str) -> str:
    name = str(encodable(name.strip()))
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UserMistake(f"名称要有 1 到 {LONGEST_NAME} 个字，没有控制字符")
    return name


def _going(connection: Connection) -> tuple[Saved, ...]:
    query = select(*_SAVED).where(SavedSearch.ended_at.is_(None)).order_by(SavedSearch.id)
    return _saved(connection, connection.execute(query).all())


def _named(connection: Connection, name: str) -> Saved:
    query = select(*_SAVED).where(SavedSearch.name == encodable(name), SavedSearch.ended_at.is_(None))
    found = _saved(connection, connection.execute(query).all())
    if not found:
        raise UserMistake(f"没有名为 {name} 的检索；现有的见 lantian archive saved")
    return found[0]


def _saved(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Saved, ...]:
    begun = select(SavedFind.search_id, func.min(SavedFind.upto).label("since"))
    begun = begun.where(SavedFind.search_id.in_([row.id for row in rows])).group_by(SavedFind.search_id)
    since = {row.search_id: row.since for row in connection.execute(begun)} if rows else {}
    return tuple(
        Saved(
            id=row.id,
            name=row.name,
            query=row.query,
            asked=tuple((str(key), str(value)) for key, value in row.asked),
            since=since[row.id],
            upto=row.upto,
            found=row.found,
            found_at=row.found_at,
            made_at=row.made_at,
            made_by=row.made_by,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
        )
        for row in rows
    )
