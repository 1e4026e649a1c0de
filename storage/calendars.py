"""Notices of holidays and key dates in the database: who brought them and when, never overwritten.

Whatever changes holds only after all that is already written into the roster, so that the plan and the rows cannot
come apart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from crawler.errors import UserMistake
from crawler.holidays import KeyDate, Notice, NoticeDay
from storage.audit import Act, Detail, add_on
from storage.canonical import canonical
from storage.db import writing
from storage.models import encodable
from storage.tables.patrol import WatchRow
from storage.tables.supervision import KeyDateRow, NoticeRow

OFF, WORKED = "休", "班"
# Whoever plans at this moment has read the calendar as it was, and may write its rows a little later.
AHEAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRecord:
    """A notice with the file it came from, who imported it and when; `digest` is of its days."""

    notice: Notice
    file: str
    digest: str
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDateRecord:
    """A key date with who named it, and who took it off the list."""

    key: KeyDate
    added_at: datetime
    added_by: str
    removed_at: datetime | None
    removed_by: str


class Calendars:
    """What an office knows of the calendar. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = writing(engine)

    def import_notice(self, year: int, days: tuple[NoticeDay, ...], file: str, by: str, now: datetime) -> bool:
        """Go by these days from soon on; False when that is what this year goes by already."""
        told = [[one.day.isoformat(), WORKED if one.is_workday else OFF, encodable(one.name)] for one in days]
        digest = hashlib.sha256(canonical(told)).hexdigest()
        with self._writer.begin() as connection:
            newest = select(NoticeRow.digest).where(NoticeRow.year == year).order_by(NoticeRow.id.desc()).limit(1)
            if connection.execute(newest).scalar_one_or_none() == digest:
                return False
            values = {"year": year, "file": encodable(file), "digest": digest, "days": told, "imported_by": by}
            since = _from_now_on(connection, now)
            connection.execute(insert(NoticeRow).values(values | {"imported_at": now, "since": since}))
            detail: Detail = {"file": file, "digest": digest, "days": len(told)}
            add_on(connection, Act(who=by, act="holidays_imported", subject=str(year), at=now, detail=detail))
        return True

    def add_key_date(self, key: KeyDate, by: str, now: datetime) -> KeyDate:
        """One more, with the moment from which it holds; its name must be no other's on the list."""
        name = encodable(key.name)
        with self._writer.begin() as connection:
            standing = select(KeyDateRow.id).where(KeyDateRow.name == name, KeyDateRow.until.is_(None))
            if connection.execute(standing).first():
                raise UserMistake(f"已有名为 {key.name} 的重点日期")
            since = _from_now_on(connection, now)
            values = {"name": name, "first": key.first, "last": key.last, "lead": key.lead, "since": since}
            values |= {"added_at": now, "added_by": by, "removed_by": ""}
            connection.execute(insert(KeyDateRow).values(values))
            detail: Detail = {"first": key.first, "last": key.last, "lead": key.lead}
            add_on(connection, Act(who=by, act="key_date_added", subject=key.name, at=now, detail=detail))
        return KeyDate(name=name, first=key.first, last=key.last, lead=key.lead, since=since)

    def remove_key_date(self, name: str, by: str, now: datetime) -> None:
        """Soon it is none; what was planned for it stays."""
        is_it = (KeyDateRow.name == encodable(name), KeyDateRow.until.is_(None))
        with self._writer.begin() as connection:
            since = connection.execute(select(KeyDateRow.since).where(*is_it)).scalar_one_or_none()
            if since is None:
                raise UserMistake(f"没有名为 {name} 的重点日期；现有的见 lantian calendar key-date list")
            until = max(since, _from_now_on(connection, now))
            gone = update(KeyDateRow).where(*is_it)
            connection.execute(gone.values(until=until, removed_at=now, removed_by=by))
            add_on(connection, Act(who=by, act="key_date_removed", subject=name, at=now))

    def notices(self) -> tuple[NoticeRecord, ...]:
        """Every import, the first one first: of a year the last one counts."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(*NoticeRow.__table__.columns).order_by(NoticeRow.id))
            return tuple(_notice(row) for row in rows)

    def key_dates(self) -> tuple[KeyDateRecord, ...]:
        """Every one there ever was, in the order they were named."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(*KeyDateRow.__table__.columns).order_by(KeyDateRow.id))
            return tuple(_key_date(row) for row in rows)


def _from_now_on(connection: Connection, now: datetime) -> datetime:
    """From soon on, counted from where the roster's rows end if that is later: a clock may have jumped back."""
    written = connection.execute(select(func.max(WatchRow.planned_until))).scalar_one()
    return (now if written is None else max(now, written)) + AHEAD


def _notice(row: Row[Any]) -> NoticeRecord:
    days = tuple(
        NoticeDay(day=date.fromisoformat(day), is_workday=kind == WORKED, name=name) for day, kind, name in row.days
    )
    return NoticeRecord(
        notice=Notice(year=row.year, days=days, since=row.since),
        file=row.file,
        digest=row.digest,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
    )


def _key_date(row: Row[Any]) -> KeyDateRecord:
    key = KeyDate(name=row.name, first=row.first, last=row.last, lead=row.lead, since=row.since, until=row.until)
    return KeyDateRecord(
        key=key,
        added_at=row.added_at,
        added_by=row.added_by,
        removed_at=row.removed_at,
        removed_by=row.removed_by,
    )
