"""Which old captures are still needed, as the ledger knows it: flagged within their time, extracted, on hold, or of a
lead that is not over.

What is young is needed too, but that its own date says. Nothing is read here but rows, file by file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from crawler.items import How
from crawler.tables import Retention
from storage.cases.moves import OVER
from storage.dialects import Elements
from storage.models import CaptureRow, ExhibitRow, FindingRow, ListingRow, PageRecord
from storage.tables.hand import ImportedPageRow, ImportRow
from storage.tables.keeping import HoldRow
from storage.tables.leads import LeadRow
from storage.tables.people import ExtractionRow
from storage.tables.pictures import PictureRow
from storage.tables.showings import BrowserCaptureRow, PaidOpeningRow, ShowingRow

Ids = Select[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Of one file: ids of the captures that have a row, and of those and of the visits that must stay though old.

    `asked` are the addresses by whose asking needed pages were come to, where that was not the page's own.
    """

    known: frozenset[str]
    captures: frozenset[str]
    visits: frozenset[str]
    asked: Mapping[str, str]


class Needs:
    """What is needed at one moment. Captures taken before `cutoff` stay only if they are."""

    def __init__(self, retention: Retention, now: datetime) -> None:
        self.cutoff = now - timedelta(days=retention.unflagged_days)
        self._since = now - timedelta(days=retention.flagged_days)

    def due_files(self, connection: Connection) -> frozenset[str]:
        """Files with captures that are old and not needed; such as have no row are not seen from here."""
        old = (CaptureRow.expired_in.is_(None), CaptureRow.taken_at < self.cutoff)
        # Grouped by the plain column, SQLite would walk all captures in the order of their files.
        of_file = CaptureRow.file.concat(literal_column("''"))
        counts = select(of_file, func.count()).where(*old).group_by(of_file)
        found = [(file, number) for file, number in connection.execute(counts)]
        return frozenset(file for file, number in found if self._old_needed(connection, file) < number)

    def in_file(self, connection: Connection, file: str) -> Needed:
        """What is needed of one file."""
        known = select(CaptureRow.id).where(CaptureRow.file == file, CaptureRow.expired_in.is_(None))
        return Needed(
            known=_ids(connection, [known]),
            captures=_ids(connection, self._captures(file)),
            visits=_ids(connection, self._visits(file)),
            asked={row[0]: row[1] for row in connection.execute(self._asked(file))},
        )

    def kept(self, connection: Connection, file: str) -> frozenset[str]:
        """Ids of the captures of one file that are needed, the parts of a visit with it."""
        visits = _ids(connection, self._visits(file))
        parts = [_part_ids(file, part) for part in _PARTS] if visits else []
        of_visits = {id_ for query in parts for visit, id_ in connection.execute(query) if visit in visits}
        return _ids(connection, self._captures(file)) | of_visits

    def _old_needed(self, connection: Connection, file: str) -> int:
        """How many old captures of the file stay."""
        here = (CaptureRow.file == file, CaptureRow.expired_in.is_(None), CaptureRow.taken_at < self.cutoff)
        return len(self.kept(connection, file) & _ids(connection, [select(CaptureRow.id).where(*here)]))

    # -- what needs a capture ----------------------------------------------------------------------

    def _captures(self, file: str) -> list[Ids]:
        page = select(CaptureRow.id).join(ExhibitRow, ExhibitRow.capture_id == CaptureRow.id)
        picture = select(CaptureRow.id).join(ExhibitRow, ExhibitRow.picture_id == CaptureRow.id)
        image = select(CaptureRow.id).join(PictureRow, PictureRow.capture_id == CaptureRow.id)
        image = image.join(ExhibitRow, ExhibitRow.id == PictureRow.exhibit_id)
        brought = select(CaptureRow.id).join(ImportRow, ImportRow.capture_id == CaptureRow.id)
        brought = brought.join(ImportedPageRow, ImportedPageRow.import_id == ImportRow.id)
        brought = brought.join(ExhibitRow, ExhibitRow.capture_id == ImportedPageRow.capture_id)
        queries = (page, picture, image, brought)
        return [self._of_needed_exhibits(query).where(CaptureRow.file == file) for query in queries]

    def _asked(self, file: str) -> Select[Any]:
        """Pages that were not what was asked for: a redirect led there, or a browser rendered what was answered."""
        pages: Any = select(CaptureRow.id, PageRecord.requested_url).join(
            ExhibitRow, ExhibitRow.capture_id == CaptureRow.id
        )
        of_run = (PageRecord.run_id == ExhibitRow.run_id) & (PageRecord.number == ExhibitRow.page_number)
        query = self._of_needed_exhibits(pages.join(PageRecord, of_run)).where(CaptureRow.file == file)
        is_other = or_(PageRecord.requested_url != CaptureRow.url, CaptureRow.how == How.BROWSER.value)
        return query.where(is_other).distinct()

    def _visits(self, file: str) -> list[Ids]:
        visit, here = select(BrowserCaptureRow.id), BrowserCaptureRow.file == file
        shown = visit.join(ShowingRow, ShowingRow.browser_capture_id == BrowserCaptureRow.id)
        shown = shown.join(ExhibitRow, ExhibitRow.id == ShowingRow.exhibit_id)
        pictured = visit.join(ExhibitRow, ExhibitRow.picture_id == BrowserCaptureRow.picture_id)
        opened = visit.join(PaidOpeningRow, PaidOpeningRow.browser_capture_id == BrowserCaptureRow.id)
        opened = opened.join(ExhibitRow, ExhibitRow.listing_key == PaidOpeningRow.listing_key)
        each = Elements(ExtractionRow.visits).table_valued("value")
        extracted = select(BrowserCaptureRow.id).select_from(ExtractionRow).join(each, each.c.value.is_not(None))
        extracted = extracted.join(BrowserCaptureRow, BrowserCaptureRow.id == each.c.value)
        extracted = extracted.join(ExhibitRow, ExhibitRow.public_id == ExtractionRow.exhibit)
        return [self._of_needed_exhibits(query).where(here) for query in (shown, pictured, opened, extracted)]

    def _of_needed_exhibits(self, query: Ids) -> Ids:
        joined = query.join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
        is_open = or_(_has_hold(HoldRow.lifted_at.is_(None)), _has_lead(LeadRow.state.not_in(OVER)))
        return joined.where(or_(is_open, was_flagged() & self._is_within_its_time()))

    def _is_within_its_time(self) -> ColumnElement[bool]:
        was_open = or_(_has_hold(HoldRow.lifted_at > self._since), _has_lead(LeadRow.state_at > self._since))
        return or_(ListingRow.last_seen > self._since, was_open)


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


def _has_lead(which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(LeadRow.id == ListingRow.lead_id, which)


def _part_ids(file: str, part: InstrumentedAttribute[Any]) -> Select[Any]:
    return select(BrowserCaptureRow.id, part).where(BrowserCaptureRow.file == file, part.is_not(None))


def _ids(connection: Connection, queries: Iterable[Ids]) -> frozenset[str]:
    return frozenset(id_ for query in queries for id_ in connection.execute(query).scalars())
