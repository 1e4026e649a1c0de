"""What writers tell the search, in their own transaction: that something was written about an exhibit since it was
indexed, or that it goes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, Select, delete, select
from sqlalchemy.dialects.postgresql import insert

from storage.models import ExhibitRow, ListingRow
from storage.searching import columns, given, late, marks
from storage.searching.documents import Document
from storage.searching.words import words_of
from storage.tables.pictures import HAS_BYTES, PictureRow
from storage.tables.search import StaleExhibit

_TOGETHER = 10_000  # SQLite binds 32 766 values in one statement


def touch_on(connection: Connection, exhibits: Collection[int]) -> None:
    """Something was written about these exhibits that the index is to know too."""
    if exhibits:
        put = insert(StaleExhibit).on_conflict_do_nothing(index_elements=[StaleExhibit.exhibit_id])
        connection.execute(put, [{"exhibit_id": one} for one in sorted(set(exhibits))])


def touch_listings_on(connection: Connection, keys: Collection[str]) -> None:
    """All exhibits of these listings belong to another lead now."""
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), _TOGETHER):
        some = ordered[start : start + _TOGETHER]
        _touch(connection, select(ExhibitRow.id).where(ExhibitRow.listing_key.in_(some)))


def touch_led_on(connection: Connection, led: Sequence[tuple[str, int | None]]) -> None:
    """These listings are about to belong to these leads; most do already."""
    for start in range(0, len(led), _TOGETHER):
        some = led[start : start + _TOGETHER]
        query = select(ListingRow.key, ListingRow.lead_id).where(ListingRow.key.in_([key for key, _ in some]))
        before = {row.key: row.lead_id for row in connection.execute(query)}
        touch_listings_on(connection, [key for key, lead in some if key in before and before[key] != lead])


def touch_picture_on(connection: Connection, sha256: str) -> None:
    """Something else was read in these bytes."""
    shown = select(PictureRow.exhibit_id).where(PictureRow.sha256 == sha256, HAS_BYTES)
    _touch(connection, shown.distinct())


def touch_lead_on(connection: Connection, lead: int) -> None:
    """All exhibits of this lead are about to belong to another."""
    query = select(ExhibitRow.id).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
    _touch(connection, query.where(ListingRow.lead_id == lead))


def forget_on(connection: Connection, exhibits: Collection[int]) -> None:
    """These exhibits are about to be removed: their words go with them. They must still be there."""
    rows = sorted(set(exhibits))
    if marks.is_outdated(connection):
        # Its words cannot be taken out one by one any more.
        begin_on(connection)
    connection.execute(delete(StaleExhibit).where(StaleExhibit.exhibit_id.in_(rows)))
    known = [row for row in rows if row <= marks.upto(connection)]
    if known:
        words_of(connection).forget(_written(connection, known))
        late.drop_late(connection, known)
        columns.empty_cells(connection, known)
        given.give(connection, known, [()] * len(known))
        # A new exhibit may get the number of the last one that went.
        marks.reach(connection, min(marks.upto(connection), _last_besides(connection, rows)))


def begin_on(connection: Connection) -> None:
    """Make the index of exhibits empty, whatever was there."""
    words_of(connection).begin()
    columns.begin(connection)
    late.begin(connection)
    connection.execute(delete(StaleExhibit))
    marks.reach(connection, 0)
    if marks.is_known(connection, marks.PAGES):
        marks.reach(connection, 0, marks.PAGES)  # their words were in the same table; their texts are kept


def _touch(connection: Connection, query: Select[int]) -> None:
    put = insert(StaleExhibit).from_select([StaleExhibit.exhibit_id], query)
    connection.execute(put.on_conflict_do_nothing(index_elements=[StaleExhibit.exhibit_id]))


def _written(connection: Connection, rows: Sequence[int]) -> list[Document]:
    """The documents of these exhibits as they are in the index."""
    query = select(ExhibitRow.id, ExhibitRow.title, ExhibitRow.text).where(ExhibitRow.id.in_(rows))
    numbers = given.given_to(connection, rows)
    bodies = [
        Document(number=2 * row.id, title=row.title, text=row.text, given=numbers[row.id])
        for row in connection.execute(query).all()
    ]
    return sorted([*bodies, *late.late_of(connection, rows).values()], key=lambda one: one.number)


def _last_besides(connection: Connection, rows: Sequence[int]) -> int:
    """The last exhibit that is none of these."""
    query = select(ExhibitRow.id).order_by(ExhibitRow.id.desc()).limit(len(rows) + 1)
    gone = frozenset(rows)
    return next((row for row in connection.execute(query).scalars() if row not in gone), 0)
