"""Complete captures as rows, written in the transaction of the exhibits that they show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, update
from sqlalchemy.dialects.postgresql import insert

from crawler.captures import Box, BrowserCapture, PaidOpening, Showing
from crawler.items import Capture, Exhibits
from storage.models import encodable
from storage.rows import NEW_CAPTURES, Values, capture_values
from storage.searching.pagetexts import note_visits_on
from storage.tables.showings import BrowserCaptureRow, PaidOpeningRow, ShowingRow

PARTS = ("picture", "dom", "text", "mhtml", "facts")


def visit_values(visit: BrowserCapture, run: str | None = None, page_number: int | None = None) -> Values:
    names = ("id", "url", "requested_url", "started_at", "ended_at", "file", "offset", "length", "records")
    parts = {f"{name}_id": part.id if (part := getattr(visit, name)) else None for name in PARTS}
    whose = {"run_id": run, "page_number": page_number, "is_specimen": visit.is_specimen}
    return {name: getattr(visit, name) for name in names} | parts | whose


def visits_of(exhibits: Exhibits) -> list[BrowserCapture]:
    """The visit of the page, and those of paid links on it."""
    return [one for one in (exhibits.visit, *(paid.visit for paid in exhibits.openings)) if one]


def captures_of(exhibits: Exhibits) -> list[Capture]:
    """The captures that these visits consist of."""
    return [part for visit in visits_of(exhibits) for part in parts_of(visit)]


def showing_values(showing: Showing, listing_key: str, run: str, seen_at: datetime) -> Values:
    """A row of a showing, but for its exhibit."""
    return {
        "listing_key": listing_key,
        "run_id": run,
        "browser_capture_id": showing.visit or None,
        "verdict": showing.verdict.value,
        "reason": showing.reason,
        "detail": showing.detail,
        "frame": _frame_values(showing),
        "position": showing.position,
        "seen_at": seen_at,
    }


def write_visits(connection: Connection, visits: Sequence[Values], captures: Sequence[Capture] = ()) -> None:
    """Visits, and the captures they consist of unless those are written already. A visit is written once."""
    NEW_CAPTURES.execute(connection, [encodable_values(capture_values(one)) for one in captures])
    if visits:
        statement = insert(BrowserCaptureRow).on_conflict_do_nothing(index_elements=[BrowserCaptureRow.id])
        connection.execute(statement, [encodable_values(one) for one in visits])
        note_visits_on(connection, [one["id"] for one in visits])


def write_showings(connection: Connection, showings: Sequence[Values]) -> None:
    if showings:
        connection.execute(insert(ShowingRow), list(showings))


def end_openings(connection: Connection, openings: Sequence[PaidOpening]) -> None:
    """How each paid link that was opened ended."""
    for one in openings:
        ended = {"outcome": one.outcome, "browser_capture_id": one.visit.id if one.visit else None}
        connection.execute(update(PaidOpeningRow).where(PaidOpeningRow.id == one.number).values(**ended))


def encodable_values(values: Values) -> Values:
    return {name: encodable(value) for name, value in values.items()}


def parts_of(visit: BrowserCapture) -> list[Capture]:
    return [part for name in PARTS if (part := getattr(visit, name))]


def _frame_values(showing: Showing) -> Values:
    return {
        "width": showing.width,
        "height": showing.height,
        "query_box": _edges(showing.query_box),
        "places": [
            {
                "quote": encodable(one.quote),
                "box": _edges(one.box),
                "label": _edges(one.label),
                "label_text": encodable(one.label_text),
                "image": encodable(one.image),
            }
            for one in showing.places
        ],
    }


def _edges(box: Box | None) -> list[int] | None:
    return [box.left, box.top, box.right, box.bottom] if box else None
