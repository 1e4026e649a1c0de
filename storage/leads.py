"""Leads and single exhibits, read back as frozen values. Every question walks an index and stops at its limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, Select, exists, select, tuple_
from sqlalchemy.exc import NoResultFound

from crawler.errors import EvidenceBroken, UserMistake
from crawler.items import Capture, Entity, Exhibit, Finding, How, Kind, Listing
from crawler.pictures import Fate
from storage.models import CaptureRow, EntityRow, ExhibitRow, FindingRow, ListingRow, PageRecord, encodable
from storage.picture_rows import PictureRow
from storage.picture_shapes import ExhibitPicture
from storage.rounds import run_on
from storage.shapes import ExhibitDetail, Lead, LeadFilter, Order

T = TypeVar("T")

SHORTEST_PREFIX = 6
BATCH = 10_000
_LAST_CHARACTER = "\U0010ffff"
_HISTORY = (
    ListingRow.platform,
    ListingRow.seller_id,
    ListingRow.item_id,
    ListingRow.first_seen,
    ListingRow.last_seen,
    ListingRow.sightings,
)
EXHIBIT = (*ExhibitRow.__table__.columns, *_HISTORY)
_CAPTURE = tuple(CaptureRow.__table__.columns)
_FINDING = tuple(FindingRow.__table__.columns)
_ENTITY = tuple(EntityRow.__table__.columns)
_PICTURE = (
    PictureRow.exhibit_id,
    PictureRow.url.label("picture_url"),
    PictureRow.state,
    PictureRow.reason,
    PictureRow.detail,
    PictureRow.sha256.label("picture_sha256"),
    PictureRow.findings,
    PictureRow.capture_id,
)
_EVERYTHING = LeadFilter()


@contextmanager
def _fitting() -> Iterator[None]:
    """Rows that contradict each other were not written by this code: that is broken evidence, not a bug."""
    try:
        yield
    except (LookupError, ValueError, TypeError, NoResultFound) as wrong:
        raise EvidenceBroken(f"数据库中的记录互不相符（{type(wrong).__name__}: {wrong}）") from None


class Leads:
    """The part of the store that answers what was found."""

    engine: Engine

    def leads(self, wanted: LeadFilter = _EVERYTHING) -> tuple[Lead, ...]:
        """One lead a flagged listing, a page of them at a time; see `LeadFilter`."""
        with self.engine.connect() as connection, _fitting():
            rows = connection.execute(_leads_query(connection, wanted)).all()
            findings = _findings(connection, [row.id for row in rows])
            captures, images = _captures(connection, rows), _images(connection, [row.id for row in rows])
            return tuple(_lead(row, findings[row.id], captures, images[row.id]) for row in rows)

    def exhibit(self, id_or_prefix: str) -> ExhibitDetail:
        """One exhibit by its id or by a beginning of it that is its alone, six characters at least."""
        with self.engine.connect() as connection, _fitting():
            row = _exhibit_row(connection, id_or_prefix)
            page_url = connection.execute(
                select(PageRecord.url).where(PageRecord.run_id == row.run_id, PageRecord.number == row.page_number)
            ).scalar_one()
            captures = _captures(connection, [row])
            return ExhibitDetail(
                exhibit=_exhibit(row, _findings(connection, [row.id])[row.id], _entities(connection, row.id)),
                run=run_on(connection, row.run_id),
                page_number=row.page_number,
                page_url=page_url,
                seen_at=row.seen_at,
                capture=captures[row.capture_id],
                picture=captures[row.picture_id] if row.picture_id else None,
                first_seen=row.first_seen,
                last_seen=row.last_seen,
                sightings=row.sightings,
                images=_images(connection, [row.id])[row.id],
            )


def _leads_query(connection: Connection, wanted: LeadFilter) -> Select[Any]:
    newest, points = ListingRow.flagged_id, ListingRow.points
    query = select(*EXHIBIT).join(ListingRow, ExhibitRow.id == newest).where(newest.is_not(None))
    if wanted.platform:
        query = query.where(ListingRow.platform == wanted.platform)
    if wanted.category:
        query = query.where(exists().where(FindingRow.category == wanted.category, FindingRow.exhibit_id == newest))
    last = _exhibit_row(connection, wanted.before) if wanted.before else None
    if wanted.order is Order.NEWEST:
        query = query.where(newest < last.id) if last else query
        return query.order_by(newest.desc()).limit(wanted.limit)
    query = query.where(tuple_(points, newest) < (last.points, last.id)) if last else query
    return query.order_by(points.desc(), newest.desc()).limit(wanted.limit)


def _exhibit_row(connection: Connection, prefix: str) -> Row[Any]:
    prefix = encodable(prefix)
    query = select(*EXHIBIT).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
    row = connection.execute(query.where(ExhibitRow.public_id == prefix)).one_or_none()
    if row is not None:
        return row
    if len(prefix) < SHORTEST_PREFIX:
        raise UserMistake(f"证据项编号至少写前 {SHORTEST_PREFIX} 位，不能是 {prefix!r}")
    between = query.where(ExhibitRow.public_id > prefix, ExhibitRow.public_id < prefix + _LAST_CHARACTER)
    rows = connection.execute(between.limit(2)).all()
    if not rows:
        raise UserMistake(f"没有证据项 {prefix!r}")
    if len(rows) > 1:
        raise UserMistake(f"不止一个证据项以 {prefix!r} 开头，请多写几位")
    return rows[0]


def _findings(connection: Connection, exhibit_ids: Sequence[int]) -> defaultdict[int, list[Finding]]:
    """Findings by exhibit row, the weightiest first."""
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    for ids in _batches(exhibit_ids):
        query = select(*_FINDING).where(FindingRow.exhibit_id.in_(ids))
        for row in connection.execute(query.order_by(FindingRow.exhibit_id, FindingRow.points.desc(), FindingRow.id)):
            found[row.exhibit_id].append(_finding(row))
    return found


def _entities(connection: Connection, exhibit_id: int) -> tuple[Entity, ...]:
    rows = connection.execute(select(*_ENTITY).where(EntityRow.exhibit_id == exhibit_id).order_by(EntityRow.id))
    return tuple(Entity(kind=row.kind, value=row.value, field=row.field, start=row.start, end=row.end) for row in rows)


def _captures(connection: Connection, exhibits: Iterable[Row[Any]]) -> dict[str, Capture]:
    wanted = sorted({one for row in exhibits for one in (row.capture_id, row.picture_id) if one})
    return {
        row.id: _capture(row)
        for ids in _batches(wanted)
        for row in connection.execute(select(*_CAPTURE).where(CaptureRow.id.in_(ids)))
    }


def _batches(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    # SQLite binds 32 766 values in one statement, and somebody may ask for every lead at once.
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _images(connection: Connection, exhibit_ids: Sequence[int]) -> defaultdict[int, tuple[ExhibitPicture, ...]]:
    """The pictures of exhibits that were to be read."""
    found: defaultdict[int, tuple[ExhibitPicture, ...]] = defaultdict(tuple)
    for ids in _batches(exhibit_ids):
        query = select(*_PICTURE, *_CAPTURE).outerjoin(CaptureRow, CaptureRow.id == PictureRow.capture_id)
        for row in connection.execute(
            query.where(PictureRow.exhibit_id.in_(ids)).order_by(PictureRow.exhibit_id, PictureRow.url)
        ):
            found[row.exhibit_id] = (*found[row.exhibit_id], _image(row))
    return found


def _image(row: Row[Any]) -> ExhibitPicture:
    return ExhibitPicture(
        url=row.picture_url,
        fate=Fate(row.state),
        reason=row.reason,
        detail=row.detail,
        sha256=row.picture_sha256,
        findings=row.findings,
        capture=_capture(row) if row.capture_id else None,
    )


def _lead(
    row: Row[Any], findings: list[Finding], captures: dict[str, Capture], images: tuple[ExhibitPicture, ...]
) -> Lead:
    return Lead(
        listing=row.listing_key,
        exhibit=row.public_id,
        platform=row.platform,
        seller=row.seller,
        title=row.title,
        url=row.url,
        categories=tuple(dict.fromkeys(finding.category for finding in findings)),
        points=row.points,
        findings=tuple(findings),
        capture=captures[row.capture_id],
        picture=captures[row.picture_id] if row.picture_id else None,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        sightings=row.sightings,
        images=images,
    )


def _exhibit(row: Row[Any], findings: list[Finding], entities: tuple[Entity, ...]) -> Exhibit:
    return Exhibit(id=row.public_id, listing=listing_of(row), findings=tuple(findings), entities=entities)


def listing_of(row: Row[Any]) -> Listing:
    """The listing of a row that has all of `EXHIBIT`."""
    return Listing(
        platform=row.platform,
        kind=Kind(row.kind),
        position=row.position,
        title=row.title,
        url=row.url,
        is_ad=row.is_ad,
        is_redirect=row.is_redirect,
        text=row.text,
        display_url=row.display_url,
        seller=row.seller,
        seller_id=row.seller_id,
        item_id=row.item_id,
        price=row.price,
        images=tuple(row.images),
    )


def _finding(row: Row[Any]) -> Finding:
    return Finding(
        rule=row.rule,
        rule_digest=row.rule_digest,
        state=row.state,
        category=row.category,
        severity=row.severity,
        field=row.field,
        start=row.start,
        end=row.end,
        quote=row.quote,
        points=row.points,
        needs=row.needs,
        pro=tuple((reason, points) for reason, points in row.pro),
        contra=tuple((reason, points) for reason, points in row.contra),
        articles=tuple(row.articles),
        tags=tuple(row.tags),
        image=row.image,
        box=tuple(row.box),
    )


def _capture(row: Row[Any]) -> Capture:
    return Capture(
        id=row.id,
        url=row.url,
        how=How(row.how),
        status=row.status,
        mime=row.mime,
        taken_at=row.taken_at,
        file=row.file,
        offset=row.offset,
        length=row.length,
        sha256=row.sha256,
        size=row.size,
        ip_address=row.ip_address,
        is_specimen=row.is_specimen,
    )
