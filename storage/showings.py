"""What complete captures by the browser are worth, and when the next is due; which paid links were opened.

A showing is written in the transaction of its exhibit. A paid link is written down before it is
opened, so that a death in between cannot lead to its being opened again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select
from sqlalchemy.dialects.postgresql import insert

from crawler.captures import Box, BrowserCapture, PictureVerdict, Place, Showing
from crawler.errors import EvidenceBroken
from crawler.items import Capture
from storage.models import CaptureRow, ExhibitRow, encodable
from storage.rows import CAPTURE, capture_of
from storage.showing_shapes import LastPicture, ShowingCounts, ShownAs
from storage.showing_writes import PARTS, parts_of, visit_values, write_visits
from storage.tables.showings import BrowserCaptureRow, PaidOpeningRow, ShowingRow

_COMPLETE = (PictureVerdict.SHOWS_QUOTE.value, PictureVerdict.DIFFERS.value)
# One that was begun and never ended was, for all we know.
_WAS_OPENED = PaidOpeningRow.outcome.not_in(("disallowed", "no_browser"))


class Showings:
    """The part of the store that knows what the browser saw."""

    engine: Engine
    _writer: Engine

    def last_pictures(self, keys: Sequence[str]) -> dict[str, LastPicture]:
        """What was last seen of each of these listings; those never captured completely are left out."""
        newest = func.max(ShowingRow.exhibit_id).label("newest")
        seen = select(ShowingRow.listing_key, ShowingRow.verdict, newest).where(
            ShowingRow.listing_key.in_(keys), ShowingRow.verdict.in_(_COMPLETE)
        )
        last = seen.group_by(ShowingRow.listing_key, ShowingRow.verdict).subquery()
        query: Select[Any] = select(last, ExhibitRow.text_digest, ExhibitRow.seen_at).join(
            ExhibitRow, ExhibitRow.id == last.c.newest
        )
        found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        with self.engine.connect() as connection:
            for row in connection.execute(query.order_by(last.c.newest)):
                found[row.listing_key].append(row)
        return {key: _last_picture(rows) for key, rows in found.items()}

    def browser_capture(self, visit: str) -> BrowserCapture:
        """One complete capture by its id."""
        with self.engine.connect() as connection:
            found = browser_captures(connection, [visit])
        if visit not in found:
            raise EvidenceBroken(f"没有浏览器固定 {visit}")
        return found[visit]

    def record_visit(self, visit: BrowserCapture) -> None:
        """Write down a visit that no run made."""
        with self._writer.begin() as connection:
            write_visits(connection, [visit_values(visit)], parts_of(visit))

    def showing_counts(self, runs: Sequence[str]) -> dict[str, ShowingCounts]:
        """What the captures of each of these runs were worth; runs without any are left out."""
        query = (
            select(ShowingRow.run_id, ShowingRow.verdict, ShowingRow.reason)
            .add_columns(func.count().label("number"))
            .where(ShowingRow.run_id.in_(runs))
            .group_by(ShowingRow.run_id, ShowingRow.verdict, ShowingRow.reason)
        )
        opened = select(PaidOpeningRow.run_id, func.count().label("number")).where(PaidOpeningRow.run_id.in_(runs))
        opened = opened.where(_WAS_OPENED)
        found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        with self.engine.connect() as connection:
            for row in connection.execute(query):
                found[row.run_id].append(row)
            paid = {row.run_id: row.number for row in connection.execute(opened.group_by(PaidOpeningRow.run_id))}
        return {run: _counts(found[run], paid.get(run, 0)) for run in {*found, *paid}}

    # -- paid links ----------------------------------------------------------------------------

    def begin_opening(self, listing_key: str, run: str, now: datetime, since: datetime) -> int:
        """Write down that the advertisement's link is about to be opened: the row, or 0 when it was opened `since`."""
        key = encodable(listing_key)
        recent = select(PaidOpeningRow.id).where(PaidOpeningRow.listing_key == key, PaidOpeningRow.opened_at > since)
        recent = recent.where(_WAS_OPENED)
        values = {"listing_key": key, "run_id": run, "opened_at": now, "outcome": "begun"}
        with self._writer.begin() as connection:
            if connection.execute(recent.limit(1)).first():
                return 0
            statement = insert(PaidOpeningRow).values(**values).returning(PaidOpeningRow.id)
            return connection.execute(statement).scalar_one()


# -- reading -------------------------------------------------------------------------------------------


def showings_of(connection: Connection, exhibits: Sequence[Row[Any]]) -> dict[int, ShownAs]:
    """By exhibit row: what was shown of it, else what was last shown of the same listing."""
    own = _showing_rows(connection, [row.id for row in exhibits])
    others = [row.listing_key for row in exhibits if row.id not in own]
    newest = select(func.max(ShowingRow.exhibit_id)).where(ShowingRow.listing_key.in_(others))
    ids = connection.execute(newest.group_by(ShowingRow.listing_key)).scalars().all()
    earlier = {row.listing_key: row for row in _showing_rows(connection, ids).values()}
    found = {row.id: own.get(row.id) or earlier.get(row.listing_key) for row in exhibits}
    rows = {exhibit: row for exhibit, row in found.items() if row is not None}
    visits = browser_captures(connection, [row.browser_capture_id for row in rows.values()])
    paid = _openings(connection, [row.listing_key for row in exhibits])
    return {
        exhibit: ShownAs(
            exhibit=row.public_id,
            showing=_showing(row),
            seen_at=row.seen_at,
            capture=visits[row.browser_capture_id] if row.browser_capture_id else None,
            openings=paid.get(row.listing_key, 0),
        )
        for exhibit, row in rows.items()
    }


def browser_captures(connection: Connection, ids: Sequence[str | None]) -> dict[str, BrowserCapture]:
    """Complete captures with their parts, by their ids."""
    query = select(*BrowserCaptureRow.__table__.columns).where(BrowserCaptureRow.id.in_({one for one in ids if one}))
    rows = connection.execute(query).all()
    wanted = {part for row in rows for name in PARTS if (part := getattr(row, f"{name}_id"))}
    found = connection.execute(select(*CAPTURE).where(CaptureRow.id.in_(wanted)))
    parts = {row.id: capture_of(row) for row in found}
    return {row.id: _browser_capture(row, parts) for row in rows}


def _showing_rows(connection: Connection, ids: Sequence[int]) -> dict[int, Row[Any]]:
    query: Select[Any] = select(*ShowingRow.__table__.columns, ExhibitRow.public_id)
    query = query.join(ExhibitRow, ExhibitRow.id == ShowingRow.exhibit_id).where(ShowingRow.exhibit_id.in_(ids))
    return {row.exhibit_id: row for row in connection.execute(query)}


def _openings(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    query = select(PaidOpeningRow.listing_key, func.count().label("number"))
    query = query.where(PaidOpeningRow.listing_key.in_(keys), _WAS_OPENED).group_by(PaidOpeningRow.listing_key)
    return {row.listing_key: row.number for row in connection.execute(query)}


def _last_picture(rows: Sequence[Row[Any]]) -> LastPicture:
    """`rows`: the newest showing of each verdict, the newest of all last."""
    good = [row.seen_at for row in rows if row.verdict == PictureVerdict.SHOWS_QUOTE.value]
    return LastPicture(text_digest=rows[-1].text_digest, good_at=good[-1] if good else None)


def _browser_capture(row: Row[Any], parts: Mapping[str, Capture]) -> BrowserCapture:
    return BrowserCapture(
        id=row.id,
        url=row.url,
        requested_url=row.requested_url,
        started_at=row.started_at,
        ended_at=row.ended_at,
        file=row.file,
        offset=row.offset,
        length=row.length,
        records=row.records,
        picture=parts[row.picture_id] if row.picture_id else None,
        dom=parts[row.dom_id],
        text=parts[row.text_id],
        mhtml=parts[row.mhtml_id] if row.mhtml_id else None,
        facts=parts[row.facts_id],
        is_specimen=row.is_specimen,
    )


def _showing(row: Row[Any]) -> Showing:
    return Showing(
        exhibit=row.public_id,
        verdict=PictureVerdict(row.verdict),
        reason=row.reason,
        detail=row.detail,
        visit=row.browser_capture_id or "",
        width=row.frame["width"],
        height=row.frame["height"],
        places=tuple(_place(one, row.public_id) for one in row.frame["places"]),
        query_box=_box(row.frame["query_box"]),
        position=row.position,
    )


def _place(told: Mapping[str, Any], exhibit: str) -> Place:
    left, top, right, bottom = told["box"]
    return Place(
        exhibit=exhibit,
        quote=told["quote"],
        box=Box(left=left, top=top, right=right, bottom=bottom),
        label=_box(told["label"]),
        label_text=told["label_text"],
        image=told["image"],
    )


def _box(edges: Sequence[int] | None) -> Box | None:
    if edges is None:
        return None
    left, top, right, bottom = edges
    return Box(left=left, top=top, right=right, bottom=bottom)


def _counts(rows: Sequence[Row[Any]], openings: int) -> ShowingCounts:
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for row in rows:
        verdicts[row.verdict] += row.number
        if row.reason:
            reasons[row.reason] += row.number
    return ShowingCounts(
        shown=verdicts[PictureVerdict.SHOWS_QUOTE],
        differs=verdicts[PictureVerdict.DIFFERS],
        failed=verdicts[PictureVerdict.FAILED],
        openings=openings,
        reasons=tuple(reasons.most_common()),
    )
