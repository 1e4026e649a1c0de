"""Pictures that wait to be read: a durable queue, one row a picture of an exhibit, and what was read in each.

A picture ends once: its row, its capture, its findings and the lead's points change in one
transaction, and only while the row still waits, so that a death in between neither loses nor
doubles anything.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Integer, Row, case, cast, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from crawler.items import Entity
from crawler.pictures import Fate, Mark, PictureLine, PictureText, WantedPicture
from storage.bulk import Bulk
from storage.care import count_findings
from storage.dialects import greatest
from storage.groups import place
from storage.looks import keep_on
from storage.models import CaptureRow, EntityRow, ExhibitRow, ListingRow, encodable
from storage.picture_shapes import PictureCounts, PictureEnd, Shown, Waiting
from storage.placing import placing_of
from storage.rows import EXHIBIT, NEW_CAPTURES, NEW_FINDINGS, Values, capture_values, finding_values, listing_of
from storage.searching.stale import touch_on, touch_picture_on
from storage.tables.pictures import PictureRow, PictureTextRow

NEW_PICTURES = Bulk(insert(PictureRow).on_conflict_do_nothing(index_elements=[PictureRow.exhibit_id, PictureRow.url]))
_NEW_ENTITIES = Bulk(insert(EntityRow))


class Pictures:
    """The part of the store that knows what is to be read in pictures."""

    engine: Engine
    _writer: Engine

    def waiting(self, limit: int, besides: Collection[str] = ()) -> tuple[Waiting, ...]:
        """Addresses to load next: those never read before come first, then the oldest; not those in `besides`."""
        earlier = aliased(PictureRow)
        known = exists().where(earlier.url == PictureRow.url, earlier.state == Fate.READ.value)
        query = (
            select(PictureRow.url, func.max(cast(CaptureRow.is_specimen, Integer)).label("is_specimen"))
            .join(ExhibitRow, ExhibitRow.id == PictureRow.exhibit_id)
            .join(CaptureRow, CaptureRow.id == ExhibitRow.capture_id)
            .where(PictureRow.state == Fate.PENDING.value, PictureRow.url.not_in(besides))
            .group_by(PictureRow.url)
            .order_by(known, func.min(PictureRow.id))
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return tuple(Waiting(url=row.url, is_specimen=bool(row.is_specimen)) for row in connection.execute(query))

    def shown(self, url: str) -> tuple[Shown, ...]:
        """Every exhibit that waits for this picture."""
        query = (
            select(PictureRow.id.label("picture_row"), *EXHIBIT)
            .join(ExhibitRow, ExhibitRow.id == PictureRow.exhibit_id)
            .join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
            .where(PictureRow.state == Fate.PENDING.value, PictureRow.url == url)
            .order_by(PictureRow.id)
        )
        with self.engine.connect() as connection:
            return tuple(
                Shown(row=row.picture_row, listing=listing_of(row), is_flagged=row.points > 0)
                for row in connection.execute(query)
            )

    def still_waiting(self, urls: Sequence[str]) -> tuple[str, ...]:
        """Those of these addresses that some exhibit waits for."""
        waits = select(PictureRow.url).where(PictureRow.state == Fate.PENDING.value, PictureRow.url.in_(urls))
        with self.engine.connect() as connection:
            return tuple(connection.execute(waits.distinct()).scalars())

    def picture_text(self, sha256: str, engine: str) -> PictureText | None:
        """What this engine read in these bytes before; `None` when it has not."""
        query = select(*PictureTextRow.__table__.columns).where(
            PictureTextRow.sha256 == sha256, PictureTextRow.engine == engine
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return text_of(row) if row else None

    def text_in_picture(self, sha256: str) -> PictureText | None:
        """What was last read in these bytes, by whatever engine; `None` when nothing was."""
        query = select(*PictureTextRow.__table__.columns).where(PictureTextRow.sha256 == sha256)
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return text_of(row) if row else None

    def keep_picture_text(self, sha256: str, engine: str, text: PictureText, at: datetime) -> None:
        """Remember what was read; what another engine read is replaced."""
        values = _text_values(text) | {"engine": engine, "read_at": at}
        statement = insert(PictureTextRow).values(sha256=sha256, **values)
        with self._writer.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=[PictureTextRow.sha256], set_=values))
            keep_on(connection, sha256, text.look)
            touch_picture_on(connection, sha256)

    def end_pictures(self, ends: Sequence[PictureEnd]) -> int:
        """Write down how pictures ended, in one transaction; returns how many of them still waited."""
        with self._writer.begin() as connection:
            return sum(end_on(connection, end) for end in ends)

    def expire_pictures(self, before: datetime, now: datetime) -> int:
        """Give up what has waited since `before`: a shop changes its pictures. Returns how many."""
        old = update(PictureRow).where(PictureRow.state == Fate.PENDING.value, PictureRow.queued_at < before)
        given_up = {"state": Fate.FAILED.value, "reason": "expired", "ended_at": now}
        with self._writer.begin() as connection:
            return connection.execute(old.values(**given_up)).rowcount

    def pictures_waiting(self) -> int:
        """How many pictures wait, of whatever round."""
        waits = select(func.count()).select_from(PictureRow).where(PictureRow.state == Fate.PENDING.value)
        with self.engine.connect() as connection:
            return connection.execute(waits).scalar_one()

    def picture_counts(self, runs: Sequence[str]) -> dict[str, PictureCounts]:
        """What became of the pictures of each of these runs; runs without pictures are left out."""
        query = (
            select(PictureRow.run_id, PictureRow.state, PictureRow.reason, func.count().label("number"))
            .add_columns(func.sum(case((PictureRow.findings > 0, 1), else_=0)).label("hits"))
            .where(PictureRow.run_id.in_(runs))
            .group_by(PictureRow.run_id, PictureRow.state, PictureRow.reason)
        )
        found: dict[str, list[Row[Any]]] = {}
        with self.engine.connect() as connection:
            for row in connection.execute(query):
                found.setdefault(row.run_id, []).append(row)
        return {run: _counts(rows) for run, rows in found.items()}


def picture_values(wanted: WantedPicture, run: str, queued_at: datetime) -> Values:
    """A row of the queue, but for its exhibit."""
    return {
        "run_id": run,
        "url": wanted.url,
        "queued_at": queued_at,
        "ended_at": queued_at if wanted.skipped else None,
        "state": (Fate.SKIPPED if wanted.skipped else Fate.PENDING).value,
        "reason": wanted.skipped,
        "detail": "",
        "capture_id": None,
        "sha256": "",
        "findings": 0,
    }


# -- ending ----------------------------------------------------------------------------------------


def end_on(connection: Connection, end: PictureEnd) -> bool:
    """Whether the row still waited; if it did not, nothing of this is written."""
    if end.capture:
        NEW_CAPTURES.execute(connection, [capture_values(end.capture)])
    waits = update(PictureRow).where(PictureRow.id == end.row, PictureRow.state == Fate.PENDING.value)
    ended = connection.execute(
        waits.values(
            state=end.fate.value,
            reason=end.reason,
            detail=encodable(end.detail),
            ended_at=end.at,
            capture_id=end.capture.id if end.capture else None,
            sha256=end.sha256,
            findings=len(end.findings),
        ).returning(PictureRow.exhibit_id)
    ).scalar_one_or_none()
    if ended is not None:
        touch_on(connection, [ended])
        if end.findings:
            _flag(connection, ended, end)
    return ended is not None


def _flag(connection: Connection, exhibit: int, end: PictureEnd) -> None:
    """Add findings and entities to the exhibit; its listing becomes a lead, or the lead weighs more."""
    rows = [finding_values(finding) | {"exhibit_id": exhibit} for finding in end.findings]
    NEW_FINDINGS.execute(connection, [_encodable(values) for values in rows])
    _NEW_ENTITIES.execute(connection, new_entities(connection, exhibit, end.entities))
    most = max(finding.points for finding in end.findings)
    points = greatest(ExhibitRow.points, most)
    reached = update(ExhibitRow).where(ExhibitRow.id == exhibit).values(points=points)
    key, weight = connection.execute(reached.returning(ExhibitRow.listing_key, ExhibitRow.points)).one()
    is_latest = func.coalesce(ListingRow.flagged_id, 0) <= exhibit
    lead = update(ListingRow).where(ListingRow.key == key, is_latest)
    lead = lead.values(flagged_id=exhibit, points=weight, led_upto=None)
    found = connection.execute(lead.returning(*ListingRow.__table__.columns)).one_or_none()
    if found is not None:
        place(connection, [placing_of(connection, found, end.signature)])
    _count(connection, exhibit, end)


def _count(connection: Connection, exhibit: int, end: PictureEnd) -> None:
    seen = select(ExhibitRow.run_id, ExhibitRow.seen_at).where(ExhibitRow.id == exhibit)
    run, seen_at = connection.execute(seen).one()
    count_findings(connection, run, [(finding.rule, finding.rule_digest) for finding in end.findings], seen_at)


def new_entities(connection: Connection, exhibit: int, entities: Sequence[Entity]) -> list[Values]:
    """Rows for those of these entities that the exhibit does not have yet."""
    known = select(EntityRow.kind, EntityRow.value, EntityRow.field).where(EntityRow.exhibit_id == exhibit)
    seen = {(row.kind, row.value, row.field) for row in connection.execute(known)}
    return [
        _encodable(
            {
                "exhibit_id": exhibit,
                "kind": one.kind,
                "value": one.value,
                "field": one.field,
                "start": one.start,
                "end": one.end,
            }
        )
        for one in entities
        if (one.kind, one.value, one.field) not in seen
    ]


def _encodable(values: Values) -> Values:
    return {name: encodable(value) for name, value in values.items()}


# -- texts and counts ------------------------------------------------------------------------------


def _text_values(text: PictureText) -> Values:
    return {
        "width": text.width,
        "height": text.height,
        "lines": [[encodable(line.text), line.score, line.box, line.goes_on] for line in text.lines],
        "marks": [[mark.box, mark.view, mark.hash] for mark in text.marks],
    }


def text_of(row: Row[Any]) -> PictureText:
    """What was read, out of a row of `PictureTextRow`."""
    return PictureText(
        width=row.width,
        height=row.height,
        lines=tuple(
            PictureLine(text=words, score=score, box=tuple(box), goes_on=goes_on)
            for words, score, box, goes_on in row.lines
        ),
        marks=tuple(Mark(box=tuple(box), view=view, hash=digits) for box, view, digits in row.marks),
    )


def _counts(rows: Sequence[Row[Any]]) -> PictureCounts:
    counted = {fate: sum(row.number for row in rows if row.state == fate.value) for fate in Fate}
    return PictureCounts(
        read=counted[Fate.READ],
        hits=sum(row.hits for row in rows),
        pending=counted[Fate.PENDING],
        skipped=counted[Fate.SKIPPED],
        failed=counted[Fate.FAILED],
        reasons=tuple((row.reason, row.number) for row in rows if row.reason),
    )
