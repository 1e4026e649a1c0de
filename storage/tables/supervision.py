"""The mapped classes of supervision: notices of holidays, key dates, struck words, who is watched closely, draws."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base


class NoticeRow(Base):
    """One imported notice of holidays; of a year the last one counts. `days` holds (day, 休 or 班, name).

    It holds for what is planned after `since`.
    """

    __tablename__ = "holiday_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    file: Mapped[str]
    digest: Mapped[str]
    days: Mapped[list[Any]]
    since: Mapped[datetime]
    imported_at: Mapped[datetime]
    imported_by: Mapped[str]


_STANDS = text("until IS NULL")


class KeyDateRow(Base):
    """Days on which more is looked at, from `since` until `until`. Written once, but for its end."""

    __tablename__ = "key_dates"
    __table_args__ = (
        Index("ix_key_dates_standing", "name", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    first: Mapped[str]
    last: Mapped[str]
    lead: Mapped[int]
    since: Mapped[datetime]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    until: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str]


class StruckWordsRow(Base):
    """A query the rules offered and the office does not want, for good."""

    __tablename__ = "struck_words"

    words: Mapped[str] = mapped_column(primary_key=True)
    struck_at: Mapped[datetime]
    struck_by: Mapped[str]


class AgencyWatchRow(Base):
    """A watch whose queries are agencies: all of the registry, those watched closely, or some that were named."""

    __tablename__ = "agency_watches"

    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"), primary_key=True)
    follows: Mapped[str]


class AgencyAimRow(Base):
    """Which agency a query of a watch is after. It stays when the watch drops the query: what was seen was seen."""

    __tablename__ = "agency_aims"
    __table_args__ = (Index("ix_agency_aims_agency", "agency"),)

    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"), primary_key=True)
    words: Mapped[str] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(primary_key=True)


_IS_WATCHED = text("removed_at IS NULL")


class PriorityRow(Base):
    """An agency on the list of those watched closely, with the reasons it came and went. Rows stay."""

    __tablename__ = "priority_agencies"
    __table_args__ = (
        Index("ix_priority_standing", "agency", unique=True, sqlite_where=_IS_WATCHED, postgresql_where=_IS_WATCHED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agency: Mapped[str]
    name: Mapped[str]
    reason: Mapped[str]
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str]
    removed_why: Mapped[str]


class DrawRow(Base):
    """One draw by lot: of which list (by its digest), with what seed, how many of how many, and who came out."""

    __tablename__ = "draws"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    version: Mapped[int]
    seed: Mapped[str]
    wanted: Mapped[int]
    size: Mapped[int]
    digest: Mapped[str]
    method: Mapped[str]
    results: Mapped[list[Any]]
    drawn_at: Mapped[datetime]
    drawn_by: Mapped[str]
