"""The mapped classes of the search: what it needs beside the words' own index. All but saved searches follows from
other rows and can be made again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Big

_GOES_ON = text("ended_at IS NULL")


class SearchMark(Base):
    """How far a part of the index has come: `value` is the last row that is in it, `scheme` the way it was made."""

    __tablename__ = "search_marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Big]
    scheme: Mapped[int]


class StaleExhibit(Base):
    """An exhibit about which something was written since it was indexed."""

    __tablename__ = "search_stale"

    exhibit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class SearchValue(Base):
    """A value of a column of the search, or a set of values, by the code that stands for it in `SearchColumn`."""

    __tablename__ = "search_values"
    __table_args__ = (UniqueConstraint("name", "value"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str]


class SearchColumn(Base):
    """The codes of one column for exhibits that follow one another: block n has those from n × its size on."""

    __tablename__ = "search_columns"

    name: Mapped[str] = mapped_column(primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    codes: Mapped[bytes] = mapped_column(LargeBinary)


class LateWords(Base):
    """What came to an exhibit after it was first written, as the index holds it: text in pictures, what it names."""

    __tablename__ = "search_late"

    exhibit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    picture: Mapped[str]
    entities: Mapped[str]


class PageText(Base):
    """The readable text of a page that a browser took home whole, for as long as its capture is there."""

    __tablename__ = "page_texts"
    __table_args__ = (UniqueConstraint("capture_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    capture_id: Mapped[str] = mapped_column(ForeignKey("captures.id"))
    url: Mapped[str]
    platform: Mapped[str]
    taken_at: Mapped[datetime]
    text: Mapped[str]


class SavedSearch(Base):
    """A question that is asked again of whatever is new. `upto` is the exhibit up to which it has been asked.

    `asked` is the question as its words and filters were given; `ended_at` is when a person ended it.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (
        Index("ix_saved_searches_name", "name", unique=True, sqlite_where=_GOES_ON, postgresql_where=_GOES_ON),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    query: Mapped[str]
    asked: Mapped[list[Any]]
    upto: Mapped[Big]
    found: Mapped[int]
    found_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    entry: Mapped[int]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str]


class SavedFind(Base):
    """What a saved search found when it was asked again: so many exhibits up to `upto`, beyond the last find's."""

    __tablename__ = "saved_finds"
    __table_args__ = (Index("ix_saved_finds_search_id", "search_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    search_id: Mapped[int] = mapped_column(ForeignKey("saved_searches.id"))
    at: Mapped[datetime]
    found: Mapped[int]
    upto: Mapped[Big]


class PictureLook(Base):
    """What a picture looks like, in 64 bits that change little when it is scaled or compressed again."""

    __tablename__ = "picture_looks"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    look: Mapped[Big]


class PictureBand(Base):
    """Where looks are found that differ in few bits: `band` is a quarter of a look, with its place."""

    __tablename__ = "picture_bands"
    __table_args__ = (Index("ix_picture_bands_sha256", "sha256"), {"sqlite_with_rowid": False})

    band: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
