"""Which old captures are still needed, as the ledger knows it: flagged within their time, extracted, or on hold.

What is young is needed too, but that its own date says. Nothing is read here but rows, file by file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from crawler.config import Retention
from storage.keeping_rows import HoldRow
from storage.models import CaptureRow, ExhibitRow, FindingRow, ListingRow
from storage.people_rows import ExtractionRow
from storage.picture_rows import PictureRow
from storage.showing_rows import BrowserCaptureRow, PaidOpeningRow, ShowingRow

Ids = Select[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Of one file: ids of the captures that have a row, and of those and of the visits that must stay though old."""

    known: frozenset[str]
    captures: frozenset[str]
    visits: frozenset[str]


class Needs:
    """What is needed at one moment. Captures taken before `cutoff` stay only if they are."""

    def __init__(self, engine: Engine, retention: Retention, now: datetime) -> None:
        self.cutoff = now - timedelta(days=retention.unflagged_days)
        self._since = now - timedelta(days=retention.flagged_days)
        self._engine = engine

    def due_files(self) -> frozenset[str]:
        """Files with captures that are old and not needed; such as have no row are not seen from here."""
        old = (CaptureRow.expired_in.is_(None), CaptureRow.taken_at < self.cutoff)
        counts = select(CaptureRow.file, func.count()).where(*old).group_by(CaptureRow.file)
        with self._engine.connect() as connection:
            found = [(file, number) for file, number in connection.execute(counts)]
            return frozenset(file for file, number in found if self._needed_of(connection, file) < number)

    def in_file(self, file: str) -> Needed:
        """What is needed of one file."""
        known = select(CaptureRow.id).where(CaptureRow.file == file, CaptureRow.expired_in.is_(None))
        with self._engine.connect() as connection:
            return Needed(
                known=_ids(connection, [known]),
                captures=_ids(connection, self._captures(file)),
                visits=_ids(connection, self._visits(file)),
            )

    def _needed_of(self, connection: Connection, file: str) -> int:
        """How many old captures of the file stay, the parts of a visit counted with it."""
        visits = _ids(connection, self._visits(file))
        parts = (_part_ids(file, part) for part in _PARTS)
        kept = set(_ids(connection, self._captures(file)))
        for query in parts:
            kept.update(id_ for visit, id_ in connection.execute(query) if visit in visits)
        old = select(CaptureRow.id).where(
            CaptureRow.file == file, CaptureRow.expired_in.is_(None), CaptureRow.taken_at < self.cutoff
        )
        return len(kept & _ids(connection, [old]))

    # -- what needs a capture ----------------------------------------------------------------------

    def _captures(self, file: str) -> list[Ids]:
        page = select(CaptureRow.id).join(ExhibitRow, ExhibitRow.capture_id == CaptureRow.id)
        picture = select(CaptureRow.id).join(ExhibitRow, ExhibitRow.picture_id == CaptureRow.id)
        image = select(CaptureRow.id).join(PictureRow, PictureRow.capture_id == CaptureRow.id)
        image = image.join(ExhibitRow, ExhibitRow.id == PictureRow.exhibit_id)
        return [self._of_needed_exhibits(query).where(CaptureRow.file == file) for query in (page, picture, image)]

    def _visits(self, file: str) -> list[Ids]:
        visit, here = select(BrowserCaptureRow.id), BrowserCaptureRow.file == file
        shown = visit.join(ShowingRow, ShowingRow.browser_capture_id == BrowserCaptureRow.id)
        shown = shown.join(ExhibitRow, ExhibitRow.id == ShowingRow.exhibit_id)
        pictured = visit.join(ExhibitRow, ExhibitRow.picture_id == BrowserCaptureRow.picture_id)
        opened = visit.join(PaidOpeningRow, PaidOpeningRow.browser_capture_id == BrowserCaptureRow.id)
        opened = opened.join(ExhibitRow, ExhibitRow.listing_key == PaidOpeningRow.listing_key)
        each = func.json_each(ExtractionRow.visits).table_valued("value")
        extracted = select(BrowserCaptureRow.id).select_from(ExtractionRow).join(each, each.c.value.is_not(None))
        extracted = extracted.join(BrowserCaptureRow, BrowserCaptureRow.id == each.c.value)
        extracted = extracted.join(ExhibitRow, ExhibitRow.public_id == ExtractionRow.exhibit)
        return [self._of_needed_exhibits(query).where(here) for query in (shown, pictured, opened, extracted)]

    def _of_needed_exhibits(self, query: Ids) -> Ids:
        joined = query.join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
        return joined.where(or_(_has_hold(HoldRow.lifted_at.is_(None)), was_flagged() & self._is_within_its_time()))

    def _is_within_its_time(self) -> ColumnElement[bool]:
        return or_(ListingRow.last_seen > self._since, _has_hold(HoldRow.lifted_at > self._since))


def was_flagged() -> ColumnElement[bool]:
    """Of an exhibit: it ever had a finding, also one that a rejudgement replaced, or two officers extracted it."""
    found = exists().where(FindingRow.exhibit_id == ExhibitRow.id)
    # A statement that begins at the extractions must not take this for the same row.
    extraction = aliased(ExtractionRow)
    return or_(found, exists().where(extraction.exhibit == ExhibitRow.public_id))


_PARTS: tuple[InstrumentedAttribute[Any], ...] = (
    BrowserCaptureRow.picture_id,
    BrowserCaptureRow.dom_id,
    BrowserCaptureRow.text_id,
    BrowserCaptureRow.mhtml_id,
    BrowserCaptureRow.facts_id,
)


def _has_hold(which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(HoldRow.listing_key == ListingRow.key, which)


def _part_ids(file: str, part: InstrumentedAttribute[Any]) -> Select[Any]:
    return select(BrowserCaptureRow.id, part).where(BrowserCaptureRow.file == file, part.is_not(None))


def _ids(connection: Connection, queries: Iterable[Ids]) -> frozenset[str]:
    return frozenset(id_ for query in queries for id_ in connection.execute(query).scalars())
