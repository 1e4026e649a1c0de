"""What exhibits rest on: the captures that their words were read from, and whose matter their leads are. Asks only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from crawler.items import Capture, How
from storage.models import CaptureRow, ExhibitRow
from storage.rows import CAPTURE, capture_of
from storage.tables.leads import LeadRow
from storage.tables.pictures import PictureRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """The captures that an exhibit's words were read from: its page, and its pictures that have a text."""

    page: Capture
    pictures: tuple[Capture, ...] = ()

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
    pages = select(ExhibitRow.id.label("exhibit"), *CAPTURE).join(CaptureRow, CaptureRow.id == ExhibitRow.capture_id)
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
        found = connection.execute(pages.where(ExhibitRow.id.in_(rows))).all()
    return {row.exhibit: Resting(page=capture_of(row), pictures=tuple(seen.get(row.exhibit, ()))) for row in found}


def matters_of(engine: Engine, numbers: Sequence[str]) -> dict[str, Matter]:
    """The leads with these numbers, by number."""
    query = select(LeadRow.id, LeadRow.number, LeadRow.district).where(LeadRow.number.in_(numbers))
    with engine.connect() as connection:
        return {row.number: Matter(lead=row.id, district=row.district) for row in connection.execute(query)}
