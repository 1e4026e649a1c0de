"""Watches in all their versions: every change is a new one by a named person, and nothing is overwritten.

A version holds for times after its `since`, up to and with its `until`. None begins before what is already written
into the roster, so that the plan and the rows cannot come apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, insert, or_, select, update

from crawler.errors import UserMistake
from crawler.watches import LONGEST_QUERY, Days, Device, Origin, Watch, WatchQuery, WatchVersion, is_too_long
from storage.audit import Act, Detail, add_on
from storage.canonical import canonical
from storage.db import writing
from storage.models import encodable
from storage.tables.patrol import WatchRow, WatchVersionRow

_VERSION = tuple(WatchVersionRow.__table__.columns)
_NAMED = select(WatchRow.name, *_VERSION).join(WatchRow, WatchRow.id == WatchVersionRow.watch_id)
_ORDER = (WatchVersionRow.watch_id, WatchVersionRow.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Up to when the runs of a watch are written into the roster, and its newest version."""

    watch_id: int
    until: datetime
    newest: int


class Watches:
    """What the office wants looked at. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def add(self, watch: Watch, by: str, now: datetime) -> int:
        """A new watch's id; it plans from now on. Its name must be nobody's."""
        watch = _sound(watch, by)
        with self._writer.begin() as connection:
            if connection.execute(select(WatchRow.id).where(WatchRow.name == watch.name)).first():
                raise UserMistake(f"已有名为 {watch.name} 的巡查任务")
            new = insert(WatchRow).values(name=watch.name, planned_until=now).returning(WatchRow.id)
            watch_id = int(connection.execute(new).scalar_one())
            first = WatchVersion(watch_id=watch_id, version=1, watch=watch, since=now, until=None, by=by.strip())
            write_on(connection, first, "watch_added", now)
        return watch_id

    def change(self, watch_id: int, watch: Watch, by: str, now: datetime) -> int:
        """The number of the new version. It holds from now on, or from where the roster's rows end if that is later;
        a watch keeps its name."""
        watch = _sound(watch, by)
        with self._writer.begin() as connection:
            newest = newest_on(connection, watch_id)
            if newest.watch.name != watch.name:
                raise UserMistake(f"巡查任务不能改名：{newest.watch.name}；请另立新任务，停用这一个")
            written = select(WatchRow.planned_until).where(WatchRow.id == watch_id)
            since = max(now, newest.since, connection.execute(written).scalar_one())
            ended = update(WatchVersionRow).where(_is(watch_id), WatchVersionRow.until.is_(None))
            connection.execute(ended.values(until=since))
            number = newest.version + 1
            next_one = WatchVersion(
                watch_id=watch_id, version=number, watch=watch, since=since, until=None, by=by.strip()
            )
            write_on(connection, next_one, "watch_changed", now)
        return number

    def find(self, name: str) -> WatchVersion:
        """The watch of this name as it is; `UserMistake` when there is none."""
        query = _NAMED.where(WatchRow.name == encodable(name.strip()), WatchVersionRow.until.is_(None))
        with self.engine.connect() as connection:
            return _version(connection, query, name)

    def version(self, watch_id: int, number: int) -> WatchVersion:
        """One version of one watch; `UserMistake` when there is none."""
        query = _NAMED.where(_is(watch_id), WatchVersionRow.version == number)
        with self.engine.connect() as connection:
            return _version(connection, query, watch_id)

    def current(self) -> tuple[WatchVersion, ...]:
        """Every watch as it is, the paused too."""
        with self.engine.connect() as connection:
            return _versions(connection.execute(_NAMED.where(WatchVersionRow.until.is_(None)).order_by(*_ORDER)))

    def versions(self, since: datetime, until: datetime, watch_id: int = 0) -> tuple[WatchVersion, ...]:
        """Every version that held at some time after `since`, up to `until`; of one watch where that is named."""
        until_then = WatchVersionRow.until
        held = or_(until_then.is_(None), and_(until_then > since, until_then > WatchVersionRow.since))
        query = _NAMED.where(WatchVersionRow.since < until, held).order_by(*_ORDER)
        with self.engine.connect() as connection:
            return _versions(connection.execute(query.where(_is(watch_id)) if watch_id else query))

    def written(self) -> tuple[Written, ...]:
        """Up to when each watch's runs are in the roster."""
        newest = select(WatchRow.id, WatchRow.planned_until, WatchVersionRow.version).join(
            WatchVersionRow, WatchVersionRow.watch_id == WatchRow.id
        )
        query = newest.where(WatchVersionRow.until.is_(None)).order_by(WatchRow.id)
        with self.engine.connect() as connection:
            rows = connection.execute(query)
            return tuple(Written(watch_id=row.id, until=row.planned_until, newest=row.version) for row in rows)


def version_on(connection: Connection, watch_id: int, number: int) -> WatchVersion:
    """One version as this transaction sees it; `UserMistake` when there is none."""
    return _version(connection, _NAMED.where(_is(watch_id), WatchVersionRow.version == number), watch_id)


def newest_on(connection: Connection, watch_id: int) -> WatchVersion:
    """The watch as it is, or will be, as this transaction sees it; `UserMistake` when there is none."""
    return _version(connection, _NAMED.where(_is(watch_id), WatchVersionRow.until.is_(None)), watch_id)


def _is(watch_id: int) -> Any:
    return WatchVersionRow.watch_id == watch_id


def _sound(watch: Watch, by: str) -> Watch:
    """The watch as it can be written; what every watch must have is demanded here, its words by whoever asks."""
    if not by.strip():
        raise UserMistake("巡查任务要写明是谁定的")
    if not watch.name.strip() or not watch.platforms or not watch.queries:
        raise UserMistake("巡查任务要有名称、平台和查询词")
    words = [query.words for query in watch.queries]
    if any(map(is_too_long, words)):
        raise UserMistake(f"查询词最长 {LONGEST_QUERY} 字节")
    if len(set(words)) < len(words) or len(set(watch.platforms)) < len(watch.platforms):
        raise UserMistake("巡查任务里有重复的平台或查询词")
    queries = tuple(replace(one, words=encodable(one.words), category=encodable(one.category)) for one in watch.queries)
    return replace(watch, name=encodable(watch.name.strip()), place=encodable(watch.place), queries=queries)


def write_on(connection: Connection, version: WatchVersion, act: str, now: datetime) -> None:
    """A version that is there from now on, and who decided it."""
    watch = asdict(version.watch)
    name = watch.pop("name")
    watch["platforms"] = list(version.watch.platforms)
    watch["queries"] = [[one.words, one.origin, one.category] for one in version.watch.queries]
    row = {"watch_id": version.watch_id, "version": version.version, "since": version.since, "by": version.by}
    connection.execute(insert(WatchVersionRow).values(watch | row))
    detail: Detail = {"version": version.version, "watch": canonical(watch).decode().rstrip("\n")}
    add_on(connection, Act(who=version.by, act=act, subject=name, at=now, detail=detail))


def _version(connection: Connection, query: Any, asked: object) -> WatchVersion:
    found = connection.execute(query).one_or_none()
    if found is None:
        raise UserMistake(f"没有巡查任务 {asked}")
    return _versions([found])[0]


def _versions(rows: Iterable[Row[Any]]) -> tuple[WatchVersion, ...]:
    return tuple(
        WatchVersion(
            watch_id=row.watch_id,
            version=row.version,
            watch=_watch(row),
            since=row.since,
            until=row.until,
            by=row.by,
        )
        for row in rows
    )


def _watch(row: Row[Any]) -> Watch:
    return Watch(
        name=row.name,
        platforms=tuple(row.platforms),
        queries=tuple(
            WatchQuery(words=words, origin=Origin(origin), category=category) for words, origin, category in row.queries
        ),
        schedule=row.schedule,
        key_schedule=row.key_schedule,
        days=Days(row.days),
        window=row.window,
        grace=row.grace,
        place=row.place,
        device=Device(row.device),
        depth=row.depth,
        budget=row.budget,
        is_paused=row.is_paused,
    )
