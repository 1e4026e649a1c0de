"""What was told, once each: a message is written down before it goes out, and tried again a bounded number of times.

Its figures are counts. What a message may say of people and sellers is decided here: nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import aliased

from storage.db import writing
from storage.models import ExhibitRow, FindingRow, ListingRow, encodable
from storage.tables.fixity import FixityRow
from storage.tables.rechecks import NoticeRow

GRAVE = 3  # severity
TRIES = 5
LATER = timedelta(minutes=5)  # after the first failure; twice as long after each further one
SENDING = "没有记下结果：正在送，或送的时候中断"
_NOTICE = tuple(NoticeRow.__table__.columns)


class Kind(StrEnum):
    """The day's digest, or what could not wait for it."""

    DIGEST = "digest"
    GRAVE = "grave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message. `sent_at` is `None` while it waits or was given up; `error` says what failed, without addresses.

    `tries` were begun, the last of them at `tried_at`.
    """

    key: str
    kind: Kind
    at: datetime
    words: str
    upto: int
    sent_at: datetime | None
    tries: int
    tried_at: datetime | None
    error: str
    finds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The newest finding, and the newest find of a saved search, that a message knew of."""

    finding: int = 0
    find: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """New grave leads by platform and category, and the newest finding that was looked at."""

    counts: tuple[tuple[str, str, int], ...]
    upto: int


class Notices:
    """The messages in a database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)

    def write(self, key: str, kind: Kind, words: str, known: Known, now: datetime) -> bool:
        """Write it down to be sent; False when it is there already."""
        values = {"key": key, "kind": kind.value, "words": encodable(words), "at": now}
        values |= {"upto": known.finding, "finds": known.find}
        with self._writer.begin() as connection:
            if connection.execute(select(NoticeRow.key).where(NoticeRow.key == key)).first():
                return False
            connection.execute(insert(NoticeRow).values(**values, sent_at=None, tries=0, tried_at=None, error=""))
        return True

    def has(self, key: str) -> bool:
        with self._engine.connect() as connection:
            return connection.execute(select(NoticeRow.key).where(NoticeRow.key == key)).first() is not None

    def waiting(self, now: datetime, since: datetime) -> tuple[Notice, ...]:
        """What is to be sent now: not sent, not given up, and its next try due. Older ones than `since` are stale."""
        query = select(*_NOTICE).where(NoticeRow.at >= since, NoticeRow.sent_at.is_(None), NoticeRow.tries < TRIES)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(NoticeRow.at))
            return tuple(one for row in rows if _due(one := _notice(row)) <= now)

    def claim(self, one: Notice, now: datetime) -> bool:
        """Whether the next try of this message is the caller's, before anything goes out: of several it is one's alone.

        Who dies with a claim leaves the message to be tried again after its time: it may go out once more for it.
        """
        mine = update(NoticeRow).where(
            NoticeRow.key == one.key, NoticeRow.tries == one.tries, NoticeRow.sent_at.is_(None)
        )
        with self._writer.begin() as connection:
            return connection.execute(mine.values(tries=one.tries + 1, tried_at=now, error=SENDING)).rowcount == 1

    def tried(self, one: Notice, now: datetime, error: str, *, is_sent: bool) -> None:
        """How the try ended that was claimed for this message; a failure says nothing where a later try has begun."""
        its = update(NoticeRow).where(NoticeRow.key == one.key, NoticeRow.sent_at.is_(None))
        its = its if is_sent else its.where(NoticeRow.tries == one.tries + 1)
        with self._writer.begin() as connection:
            connection.execute(its.values(error=encodable(error), sent_at=now if is_sent else None))

    def count(self, kind: Kind, since: datetime, until: datetime) -> int:
        """How many of this kind were written in this time."""
        within = (NoticeRow.kind == kind.value, NoticeRow.at >= since, NoticeRow.at < until)
        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(NoticeRow).where(*within)).scalar_one())

    def known(self, *kinds: Kind) -> Known:
        """What the last message of these kinds knew of; nothing before the first."""
        query = select(NoticeRow.upto, NoticeRow.finds).where(NoticeRow.kind.in_([one.value for one in kinds]))
        with self._engine.connect() as connection:
            last = connection.execute(query.order_by(NoticeRow.at.desc()).limit(1)).one_or_none()
        return Known(finding=last.upto, find=last.finds) if last else Known()

    def listed(
        self, kinds: Sequence[Kind] = tuple(Kind), before: datetime | None = None, limit: int = 50
    ) -> tuple[Notice, ...]:
        """The newest first."""
        query = select(*_NOTICE).where(NoticeRow.kind.in_([one.value for one in kinds]))
        query = query.order_by(NoticeRow.at.desc(), NoticeRow.key).limit(limit)
        query = query.where(NoticeRow.at < before) if before else query
        with self._engine.connect() as connection:
            return tuple(_notice(row) for row in connection.execute(query))

    # -- figures -----------------------------------------------------------------------------------

    def news(self, after: int) -> News:
        """Listings that turned grave behind finding `after`: whatever lesser finding they had before, it hides nothing.

        Counts and `upto` are of one moment. No finding with a lesser number comes later: whoever writes findings holds
        the writers' lock from before they are numbered until they are to be seen, on SQLite and PostgreSQL alike.
        """
        with self._engine.connect() as connection:
            newest = connection.execute(select(func.max(FindingRow.id))).scalar_one_or_none() or 0
            rows = connection.execute(turned_grave(after)).all()
        return News(counts=tuple((row[0], row[1], row[2]) for row in rows), upto=newest)

    def broken_stretches(self) -> int:
        """Stretches of the archive that did not come back whole when they were read again."""
        query = select(func.count()).select_from(FixityRow).where(FixityRow.broken != "")
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())


def turned_grave(after: int) -> Any:
    before, earlier = aliased(FindingRow), aliased(ExhibitRow)
    # Asked plainly, SQLite could walk all earlier findings for each new one, not the listing's own.
    has_grave = (
        select(before.id)
        .where(before.exhibit_id == earlier.id, func.coalesce(before.id, 0) <= after)
        .where(before.severity >= GRAVE, before.state == "active")
        .exists()
    )
    was_grave = (
        select(earlier.id).where(earlier.listing_key == ExhibitRow.listing_key, earlier.points > 0, has_grave).exists()
    )
    return (
        select(ListingRow.platform, FindingRow.category, func.count(ExhibitRow.listing_key.distinct()))
        .join(ExhibitRow, ExhibitRow.id == FindingRow.exhibit_id)
        .join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
        .where(FindingRow.id > after, ExhibitRow.points > 0, ~was_grave)
        .where(FindingRow.severity >= GRAVE, FindingRow.state == "active", FindingRow.replaced_in.is_(None))
        .group_by(ListingRow.platform, FindingRow.category)
        .order_by(ListingRow.platform, FindingRow.category)
    )


def _due(notice: Notice) -> datetime:
    """Its next try: ever later after it was written, and never while the last one may still be going on."""
    if notice.tried_at is None:
        return notice.at
    later: timedelta = LATER * (2**notice.tries - 1)
    return max(notice.at + later, notice.tried_at + LATER)


def _notice(row: object) -> Notice:
    told = {column.name: getattr(row, column.name) for column in _NOTICE}
    return Notice(**told | {"kind": Kind(told["kind"])})
