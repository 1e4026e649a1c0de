"""What was told, once each: a message is written down before it goes out, and tried again a bounded number of times.

Its figures are counts. What a message may say of people and sellers is decided here: nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.orm import aliased

from storage.db import writing
from storage.models import ExhibitRow, FindingRow, ListingRow, encodable
from storage.tables.fixity import FixityRow
from storage.tables.rechecks import NoticeRow

GRAVE = 3  # severity
TRIES = 5
LATER = timedelta(minutes=5)  # after the first failure; twice as long after each further one
_NOTICE = tuple(NoticeRow.__table__.columns)


class Kind(StrEnum):
    """The day's digest, or what could not wait for it."""

    DIGEST = "digest"
    GRAVE = "grave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message. `sent_at` is `None` while it waits or was given up; `error` says what failed, without addresses."""

    key: str
    kind: Kind
    at: datetime
    words: str
    upto: int
    sent_at: datetime | None
    tries: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """New grave leads by platform and category, and the newest exhibit that was counted."""

    counts: tuple[tuple[str, str, int], ...]
    upto: int


class Notices:
    """The messages in a database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)

    def write(self, key: str, kind: Kind, words: str, upto: int, now: datetime) -> bool:
        """Write it down to be sent; False when it is there already."""
        values = {"key": key, "kind": kind.value, "words": encodable(words), "upto": upto, "at": now}
        with self._writer.begin() as connection:
            if connection.execute(select(NoticeRow.key).where(NoticeRow.key == key)).first():
                return False
            connection.execute(insert(NoticeRow).values(**values, sent_at=None, tries=0, error=""))
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

    def tried(self, key: str, now: datetime, error: str, *, is_sent: bool) -> None:
        """How one try of sending ended."""
        values = {"tries": NoticeRow.tries + 1, "error": encodable(error), "sent_at": now if is_sent else None}
        with self._writer.begin() as connection:
            connection.execute(update(NoticeRow).where(NoticeRow.key == key).values(values))

    def count(self, kind: Kind, since: datetime, until: datetime) -> int:
        """How many of this kind were written in this time."""
        within = (NoticeRow.kind == kind.value, NoticeRow.at >= since, NoticeRow.at < until)
        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(NoticeRow).where(*within)).scalar_one())

    def told_up_to(self, *kinds: Kind) -> int:
        """The newest exhibit that a message of these kinds knew of; 0 before the first."""
        query = select(NoticeRow.upto).where(NoticeRow.kind.in_([one.value for one in kinds]))
        with self._engine.connect() as connection:
            return connection.execute(query.order_by(NoticeRow.at.desc()).limit(1)).scalar_one_or_none() or 0

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
        """Grave leads that are new behind exhibit `after`: listings flagged there for the first time."""
        earlier = aliased(ExhibitRow)
        was_flagged = (
            select(earlier.id)
            .where(earlier.listing_key == ExhibitRow.listing_key, earlier.points > 0, earlier.id <= after)
            .exists()
        )
        counted = func.count(ExhibitRow.listing_key.distinct())
        query = (
            select(ListingRow.platform, FindingRow.category, counted)
            .join(FindingRow, FindingRow.exhibit_id == ExhibitRow.id)
            .join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
            .where(ExhibitRow.id > after, ExhibitRow.points > 0, ~was_flagged)
            .where(FindingRow.severity >= GRAVE, FindingRow.state == "active", FindingRow.replaced_in.is_(None))
            .group_by(ListingRow.platform, FindingRow.category)
            .order_by(ListingRow.platform, FindingRow.category)
        )
        with self._engine.connect() as connection:
            newest = connection.execute(select(func.max(ExhibitRow.id))).scalar_one_or_none() or 0
            rows = connection.execute(query).all()
        return News(counts=tuple((row[0], row[1], row[2]) for row in rows), upto=newest)

    def broken_stretches(self) -> int:
        """Stretches of the archive that did not come back whole when they were read again."""
        query = select(func.count()).select_from(FixityRow).where(FixityRow.broken != "")
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())


def _due(notice: Notice) -> datetime:
    return notice.at if not notice.tries else notice.at + LATER * (2**notice.tries - 1)


def _notice(row: object) -> Notice:
    told = {column.name: getattr(row, column.name) for column in _NOTICE}
    return Notice(**told | {"kind": Kind(told["kind"])})
