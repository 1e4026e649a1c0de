"""Showings of exhibits in which something was found after their page was written down: in a listing's picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, select, update

from crawler.captures import BrowserCapture, Showing
from crawler.items import Exhibit, Finding
from storage.models import ExhibitRow, FindingRow, ListingRow, PageRecord, Run
from storage.rows import EXHIBIT, FINDING, STANDS, finding_of, listing_of
from storage.showing_shapes import FlaggedPage
from storage.showing_writes import parts_of, showing_values, visit_values, write_showings, write_visits
from storage.tables.pictures import PictureRow
from storage.tables.showings import ShowingRow

MOST_ON_A_PAGE = 2000  # exhibits


class LateShowings:
    """The part of the store that knows what is still to be looked at in the browser."""

    engine: Engine
    _writer: Engine

    def pages_of_pictures(self, rows: Sequence[int]) -> tuple[FlaggedPage, ...]:
        """The pages on which these pictures of listings stand, by their rows in the queue; each page once."""
        query = select(PictureRow.exhibit_id).where(PictureRow.id.in_(rows)).order_by(PictureRow.exhibit_id)
        pages: dict[tuple[str, int], FlaggedPage] = {}
        with self.engine.connect() as connection:
            for exhibit in connection.execute(query.distinct()).scalars().all():
                whose = select(ExhibitRow.run_id, ExhibitRow.page_number).where(ExhibitRow.id == exhibit)
                run, number = connection.execute(whose).one()
                if (run, number) not in pages:
                    pages[run, number] = _page(connection, exhibit, run, number)
        return tuple(pages.values())

    def add_showings(self, page: FlaggedPage, visit: BrowserCapture | None, showings: Sequence[Showing]) -> None:
        """Write down what was seen of a page's exhibits later than the page itself, in one transaction."""
        rows = {one.id: (row, one.listing.key) for row, one in zip(page.rows, page.exhibits, strict=True)}
        values = [
            showing_values(one, rows[one.exhibit][1], page.run, page.seen_at) | {"exhibit_id": rows[one.exhibit][0]}
            for one in showings
        ]
        bare = update(ExhibitRow).where(ExhibitRow.id.in_(page.rows), ExhibitRow.picture_id.is_(None))
        with self._writer.begin() as connection:
            if visit:
                write_visits(connection, [visit_values(visit, page.run, page.number)], parts_of(visit))
                connection.execute(bare.values(picture_id=visit.picture.id if visit.picture else None))
            write_showings(connection, values)


def _page(connection: Connection, exhibit: int, run: str, number: int) -> FlaggedPage:
    """The page that this exhibit stands on. A page's exhibits have rows beside each other, so no table is walked."""
    seen = select(PageRecord.url, PageRecord.seen_at, Run.platform, Run.query).join(Run, Run.id == PageRecord.run_id)
    page = connection.execute(seen.where(PageRecord.run_id == run, PageRecord.number == number)).one()
    near = ExhibitRow.id.between(exhibit - MOST_ON_A_PAGE, exhibit + MOST_ON_A_PAGE)
    query: Select[Any] = select(*EXHIBIT).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
    query = query.where(near, ExhibitRow.run_id == run, ExhibitRow.page_number == number).order_by(ExhibitRow.id)
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    stands = select(*FINDING).where(FindingRow.exhibit_id.in_(ids), STANDS).order_by(FindingRow.id)
    findings: defaultdict[int, list[Finding]] = defaultdict(list)
    for found in connection.execute(stands):
        findings[found.exhibit_id].append(finding_of(found))
    has = select(ExhibitRow.public_id).join(ShowingRow, ShowingRow.exhibit_id == ExhibitRow.id)
    shown = connection.execute(has.where(ExhibitRow.id.in_(ids))).scalars().all()
    return FlaggedPage(
        run=run,
        number=number,
        platform=page.platform,
        query=page.query,
        url=page.url,
        seen_at=page.seen_at,
        rows=tuple(ids),
        exhibits=tuple(
            Exhibit(id=row.public_id, listing=listing_of(row), findings=tuple(findings[row.id])) for row in rows
        ),
        shown=frozenset(shown),
    )
