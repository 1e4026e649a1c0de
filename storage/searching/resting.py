"""What exhibits rest on: the pages and captures that their words were read from, and whose matter their leads are.

Asks only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, and_, select

from crawler.items import Capture, How
from storage.models import CaptureRow, ExhibitRow, PageRecord, Run
from storage.rows import CAPTURE, capture_of
from storage.tables.leads import LeadRow
from storage.tables.pictures import PictureRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """The captures that an exhibit's words were read from: its page, and its pictures that have a text.

    `url`, `requested_url` and `query` are those of the page of the run that this capture was kept of; the addresses
    are empty where the rows know of no such page.
    """

    page: Capture
    pictures: tuple[Capture, ...] = ()
    url: str = ""
    requested_url: str = ""
    query: str = ""

    @property
    def is_claimed(self) -> bool:
        """Whether a person brought the page in, so that address and time are claims."""
        return self.page.how is How.IMPORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A lead's row, and the district whose matter it is; empty for the whole office's."""

    lead: int
    district: str


def resting(engine: Engine, rows: Sequence[int]) -> dict[int, Resting]:
    """By the rows of exhibits, as their captures are now; exhibits that are gone are left out. For some hundreds."""
    # What was only queued or skipped has no text, and what has a digest was loaded.
    pictures = (
        select(PictureRow.exhibit_id.label("exhibit"), *CAPTURE)
        .join(CaptureRow, CaptureRow.id == PictureRow.capture_id)
        .where(PictureRow.exhibit_id.in_(rows), PictureRow.sha256 != "")
        .order_by(PictureRow.id)
    )
    seen: dict[int, list[Capture]] = {}
    with engine.connect() as connection:
        for row in connection.execute(pictures):
            seen.setdefault(row.exhibit, []).append(capture_of(row))
        found = connection.execute(_pages().where(ExhibitRow.id.in_(rows))).all()
    return {
        row.exhibit: Resting(
            page=capture_of(row),
            pictures=tuple(seen.get(row.exhibit, ())),
            url=row.page_url or "",
            requested_url=row.requested_url or "",
            query=row.query or "",
        )
        for row in found
    }


def _pages() -> Select[Any]:
    page = (PageRecord.run_id == ExhibitRow.run_id, PageRecord.number == ExhibitRow.page_number)
    told = (PageRecord.url.label("page_url"), PageRecord.requested_url, Run.query)
    return (
        select(ExhibitRow.id.label("exhibit"), *told, *CAPTURE)
        .join(CaptureRow, CaptureRow.id == ExhibitRow.capture_id)
        .outerjoin(PageRecord, and_(*page, PageRecord.capture_id == ExhibitRow.capture_id))
        .outerjoin(Run, Run.id == ExhibitRow.run_id)
    )


def matters_of(engine: Engine, numbers: Sequence[str]) -> dict[str, Matter]:
    """The leads with these numbers, by number."""
    query = select(LeadRow.id, LeadRow.number, LeadRow.district).where(LeadRow.number.in_(numbers))
    with engine.connect() as connection:
        return {row.number: Matter(lead=row.id, district=row.district) for row in connection.execute(query)}
