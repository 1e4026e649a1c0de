"""Who says nearly the same, and who shows the same picture, over the whole archive: versions, not sightings.

It compares candidates by the caller's functions, so many at most, and an answer says when it left some out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from crawler.items import Listing
from storage.bulk import batches
from storage.leads import exhibit_row, fitting
from storage.looks import LikePicture, Looks
from storage.models import ExhibitRow, ListingRow
from storage.rows import EXHIBIT, listing_of, named_in
from storage.searching.indexing import indexed_upto
from storage.searching.rowids import newest_first
from storage.searching.words import words_of
from storage.tables.pictures import HAS_BYTES, PictureRow

CANDIDATES = 20_000  # sightings that are compared for one question
PICTURES = 50  # of one exhibit
LIKE_PICTURES = 200  # that are looked up for one picture
_BATCH = 1_000

Alike = Callable[[str, str], float]
"""How like a title and text are to the ones it was made for, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resembling:
    """How texts are found alike: the numbers that those share which may be, and how much they really are."""

    bands: Callable[[str, str], tuple[int, ...]]
    alike: Callable[[str, str], Alike]
    least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """Another version that is like the one asked about. `exhibit` is the newest of its `times` sightings.

    `likeness` is of its text, 0 to 1; `distance` counts the bits in which its picture `sha256` looks different from
    `of`, 0 for the same bytes too. `contacts` are kinds and values of what it names.
    """

    row: int
    exhibit: str
    listing_key: str
    listing: Listing
    seen_at: datetime
    times: int
    contacts: tuple[tuple[str, str], ...]
    is_same_listing: bool
    likeness: float = 0.0
    of: str = ""
    sha256: str = ""
    distance: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is like `exhibit`, the likest and then the newest first; `total` counts what was found, of which `found`
    has no more than asked for. Not `is_whole` where there were more candidates than are compared."""

    exhibit: str
    found: tuple[Similar, ...]
    total: int
    is_whole: bool
    pictures: tuple[tuple[str, str], ...] = ()  # digests and addresses of the pictures that were asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class _Near:
    """A version that may be told: its newest sighting, and why it is."""

    row: int
    key: str
    times: int
    likeness: float = 0.0
    of: str = ""
    sha256: str = ""
    distance: int = 0

    @property
    def rank(self) -> tuple[float, int, bool, int]:
        """What is likest comes first, the same bytes before the same look, then the newest."""
        return -self.likeness, self.distance, self.sha256 != self.of, -self.row


class Similars:
    """Likeness within one home. `engine` comes from `storage.db`; the index must have been brought up to its rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def texts(self, exhibit: str, resembling: Resembling, limit: int) -> Found:
        """Versions whose title and text are like those of an exhibit (its id, or a beginning of it)."""
        with self._engine.connect() as connection, fitting():
            asked = exhibit_row(connection, exhibit)
            numbers = resembling.bands(asked.title, asked.text)
            rows, is_whole = _candidates(connection, numbers)
            compared = _Compared(connection, asked, resembling)
            for batch in batches(rows, _BATCH):
                compared.take(batch)
            return _found(connection, asked, compared.near(), limit, is_whole=is_whole)

    def pictures(self, exhibit: str, limit: int) -> Found:
        """Other listings that show a picture of an exhibit: the same bytes, or one that looks the same."""
        with self._engine.connect() as connection, fitting():
            asked = exhibit_row(connection, exhibit)
            shown = _pictures(connection, asked.id)
        shows = _Shows(Looks(self._engine), asked.listing_key)
        for sha256 in dict.fromkeys(digest for digest, _ in shown[:PICTURES]):
            like = shows.like(sha256)
            with self._engine.connect() as connection:
                shows.take(connection, sha256, like)
        with self._engine.connect() as connection, fitting():
            is_whole = shows.is_whole and len(shown) <= PICTURES
            told = _found(connection, asked, shows.found, limit, is_whole=is_whole)
        return replace(told, pictures=tuple(shown[:PICTURES]))


# -- texts -----------------------------------------------------------------------------------------


def _candidates(connection: Connection, bands: Sequence[int]) -> tuple[list[int], bool]:
    """Sightings that share a band, the newest first, and whether these are all."""
    rows: list[int] = []
    words = words_of(connection)
    for first, last in newest_first(indexed_upto(connection)) if bands else ():
        rows += words.near(bands, first, last)[::-1].tolist()
        if len(rows) > CANDIDATES:
            return rows[:CANDIDATES], False
    return rows, True


class _Compared:
    """Versions among candidates, each text compared once however often it was seen."""

    def __init__(self, connection: Connection, asked: Row[Any], resembling: Resembling) -> None:
        self._connection, self._asked = connection, asked
        self._alike, self._least = resembling.alike(asked.title, asked.text), resembling.least
        self._likeness: dict[str, float] = {}
        self._newest: dict[tuple[str, str], int] = {}
        self._times: Counter[tuple[str, str]] = Counter()

    def take(self, rows: Sequence[int]) -> None:
        """Compare these candidates; they come from the newest on."""
        query = select(ExhibitRow.id, ExhibitRow.listing_key, ExhibitRow.text_digest).where(ExhibitRow.id.in_(rows))
        found = self._connection.execute(query.order_by(ExhibitRow.id.desc())).all()
        self._compare({row.text_digest: row.id for row in found if row.text_digest not in self._likeness})
        for row in found:
            version = (row.listing_key, row.text_digest)
            self._newest.setdefault(version, row.id)
            self._times[version] += 1

    def _compare(self, texts: dict[str, int]) -> None:
        query = select(ExhibitRow.text_digest, ExhibitRow.title, ExhibitRow.text)
        for row in self._connection.execute(query.where(ExhibitRow.id.in_(texts.values()))):
            self._likeness[row.text_digest] = self._alike(row.title, row.text)

    def near(self) -> list[_Near]:
        mine = (self._asked.listing_key, self._asked.text_digest)
        return [
            _Near(row=row, key=key, times=self._times[key, digest], likeness=likeness)
            for (key, digest), row in self._newest.items()
            if (likeness := self._likeness[digest]) >= self._least and (key, digest) != mine
        ]


# -- pictures --------------------------------------------------------------------------------------


def _pictures(connection: Connection, exhibit: int) -> list[tuple[str, str]]:
    """Digests and addresses of the pictures of an exhibit, one more than are looked up."""
    query = select(PictureRow.sha256, PictureRow.url).where(PictureRow.exhibit_id == exhibit, HAS_BYTES)
    rows = connection.execute(query.order_by(PictureRow.id).limit(PICTURES + 1))
    return [(row.sha256, row.url) for row in rows]


class _Shows:
    """Other listings that show a picture or one like it, each by its newest sighting."""

    def __init__(self, looks: Looks, mine: str) -> None:
        self._looks, self._mine = looks, mine
        self._left = CANDIDATES
        self.found: list[_Near] = []
        self.is_whole = True

    def like(self, sha256: str) -> Sequence[LikePicture]:
        """The picture itself, then those that look like it."""
        like, are_all = self._looks.like(sha256)
        self.is_whole = self.is_whole and are_all and len(like) <= LIKE_PICTURES
        return LikePicture(sha256=sha256, distance=0), *like[:LIKE_PICTURES]

    def take(self, connection: Connection, of: str, pictures: Sequence[LikePicture]) -> None:
        """Look up who shows these, the newest sightings first, while some may still be looked at."""
        for picture in pictures:
            query = select(PictureRow.exhibit_id, ExhibitRow.listing_key).join(ExhibitRow)
            query = query.where(PictureRow.sha256 == picture.sha256, HAS_BYTES)
            rows = connection.execute(query.order_by(PictureRow.exhibit_id.desc()).limit(self._left + 1)).all()
            self.is_whole = self.is_whole and len(rows) <= self._left
            self._add(of, picture, rows[: self._left])
            self._left = max(self._left - len(rows), 0)

    def _add(self, of: str, picture: LikePicture, rows: Sequence[Row[int, str]]) -> None:
        times = Counter(row.listing_key for row in rows)
        newest = {row.listing_key: row.exhibit_id for row in reversed(rows) if row.listing_key != self._mine}
        self.found += [
            _Near(row=row, key=key, times=times[key], of=of, sha256=picture.sha256, distance=picture.distance)
            for key, row in newest.items()
        ]


# -- told ------------------------------------------------------------------------------------------


def _found(connection: Connection, asked: Row[Any], near: Collection[_Near], limit: int, *, is_whole: bool) -> Found:
    first = sorted(near, key=lambda one: one.rank)[:limit]
    rows = {one.row for one in first}
    query = select(*EXHIBIT).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
    shown = {row.id: row for row in connection.execute(query.where(ExhibitRow.id.in_(rows)))}
    contacts = named_in(connection, rows)
    return Found(
        exhibit=asked.public_id,
        found=tuple(_similar(one, shown[one.row], contacts[one.row], asked.listing_key) for one in first),
        total=len(near),
        is_whole=is_whole,
    )


def _similar(one: _Near, shown: Row[Any], contacts: tuple[tuple[str, str], ...], mine: str) -> Similar:
    return Similar(
        row=one.row,
        exhibit=shown.public_id,
        listing_key=one.key,
        listing=listing_of(shown),
        seen_at=shown.seen_at,
        times=one.times,
        contacts=contacts,
        is_same_listing=one.key == mine,
        likeness=one.likeness,
        of=one.of,
        sha256=one.sha256,
        distance=one.distance,
    )
