"""Leads and single exhibits, read back as frozen values. Every question walks an index and stops at its limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, case, exists, func, select, tuple_
from sqlalchemy.exc import NoResultFound

from crawler.errors import EvidenceBroken, UserMistake
from crawler.items import Capture, Entity, Exhibit, Finding
from crawler.pictures import Fate
from storage.bulk import batches
from storage.care_shapes import Rejudged
from storage.models import CaptureRow, EntityRow, ExhibitRow, FindingRow, ListingRow, PageRecord, encodable
from storage.picture_shapes import ExhibitPicture
from storage.rounds import run_on
from storage.rows import CAPTURE, ENTITY, EXHIBIT, FINDING, STANDS, capture_of, entity_of, finding_of, listing_of
from storage.shapes import ExhibitDetail, Lead, LeadFilter, Order
from storage.showing_shapes import as_it_stands
from storage.showings import showings_of
from storage.tables.care import GroupHead, LeadGroup, Rejudgement
from storage.tables.pictures import PictureRow

SHORTEST_PREFIX = 6
_LAST_CHARACTER = "\U0010ffff"
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
_GROUP = (ListingRow.group_id, LeadGroup.size.label("group_size"))
_EVERYTHING = LeadFilter()


@contextmanager
def fitting() -> Iterator[None]:
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
        with self.engine.connect() as connection, fitting():
            rows = connection.execute(_leads_query(connection, wanted)).all()
            findings = _findings(connection, [row.id for row in rows])
            captures, images = _captures(connection, rows), _images(connection, [row.id for row in rows])
            shown = showings_of(connection, rows)
            leads = tuple(
                replace(
                    _lead(row, findings[row.id], captures, images[row.id]),
                    shown=as_it_stands(row.public_id, shown.get(row.id), findings[row.id]),
                )
                for row in rows
            )
            if not wanted.by_group:
                return leads
            sellers = _sellers(connection, [lead.group for lead in leads if lead.group_size > 1])
            return tuple(replace(lead, group_sellers=sellers.get(lead.group, 1)) for lead in leads)

    def exhibit(self, id_or_prefix: str) -> ExhibitDetail:
        """One exhibit by its id or by a beginning of it that is its alone, six characters at least."""
        with self.engine.connect() as connection, fitting():
            row = exhibit_row(connection, id_or_prefix)
            page = connection.execute(
                select(PageRecord.url, PageRecord.requested_url).where(
                    PageRecord.run_id == row.run_id, PageRecord.number == row.page_number
                )
            ).one()
            captures, findings = _captures(connection, [row]), _findings(connection, [row.id])[row.id]
            return ExhibitDetail(
                exhibit=_exhibit(row, findings, _entities(connection, row.id)),
                run=run_on(connection, row.run_id),
                page_number=row.page_number,
                page_url=page.url,
                requested_url=page.requested_url,
                seen_at=row.seen_at,
                capture=captures[row.capture_id],
                picture=captures[row.picture_id] if row.picture_id else None,
                first_seen=row.first_seen,
                last_seen=row.last_seen,
                sightings=row.sightings,
                images=_images(connection, [row.id])[row.id],
                shown=as_it_stands(row.public_id, showings_of(connection, [row]).get(row.id), findings),
                rejudgements=_rejudgements(connection, row.id),
            )


def _leads_query(connection: Connection, wanted: LeadFilter) -> Select[Any]:
    query = select(*EXHIBIT, *_GROUP).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
    query = query.outerjoin(LeadGroup, LeadGroup.id == ListingRow.group_id)
    newest, points = ListingRow.flagged_id, ListingRow.points
    if wanted.by_group:
        # Whoever asks for groups of one platform sees each by its newest lead there.
        newest, points = GroupHead.newest, GroupHead.points
        query = query.join(GroupHead, GroupHead.newest == ExhibitRow.id).where(GroupHead.platform == wanted.platform)
    else:
        query = query.where(ExhibitRow.id == newest, newest.is_not(None))
        query = query.where(ListingRow.platform == wanted.platform) if wanted.platform else query
    if wanted.category:
        has = exists().where(FindingRow.category == wanted.category, FindingRow.exhibit_id == newest, STANDS)
        query = query.where(has)
    last = exhibit_row(connection, wanted.before) if wanted.before else None
    if wanted.order is Order.NEWEST:
        query = query.where(newest < last.id) if last else query
        return query.order_by(newest.desc()).limit(wanted.limit)
    query = query.where(tuple_(points, newest) < (last.points, last.id)) if last else query
    return query.order_by(points.desc(), newest.desc()).limit(wanted.limit)


def _sellers(connection: Connection, groups: Sequence[int]) -> dict[int, int]:
    """How many sellers stand behind each of these groups, as far as listings name them."""
    named = case(
        (ListingRow.seller_id != "", ListingRow.platform + "\n" + ListingRow.seller_id), else_=ListingRow.seller
    )
    query = select(ListingRow.group_id, func.count(func.nullif(named, "").distinct()).label("sellers"))
    query = query.where(ListingRow.group_id.in_(groups), ListingRow.flagged_id.is_not(None))
    return {row.group_id: row.sellers for row in connection.execute(query.group_by(ListingRow.group_id))}


def exhibit_row(connection: Connection, prefix: str) -> Row[Any]:
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
    """The findings that stand, by exhibit row, the weightiest first."""
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    for ids in batches(exhibit_ids):
        query = select(*FINDING).where(FindingRow.exhibit_id.in_(ids), STANDS)
        for row in connection.execute(query.order_by(FindingRow.exhibit_id, FindingRow.points.desc(), FindingRow.id)):
            found[row.exhibit_id].append(finding_of(row))
    return found


def _rejudgements(connection: Connection, exhibit_id: int) -> tuple[Rejudged, ...]:
    """The rejudgements that changed what stands about an exhibit, with what each replaced."""
    query = select(*FINDING).where(FindingRow.exhibit_id == exhibit_id, FindingRow.replaced_in.is_not(None))
    replaced: defaultdict[int, list[Finding]] = defaultdict(list)
    for row in connection.execute(query.order_by(FindingRow.id)):
        replaced[row.replaced_in].append(finding_of(row))
    made = select(FindingRow.rejudged_in).where(
        FindingRow.exhibit_id == exhibit_id, FindingRow.rejudged_in.is_not(None)
    )
    ids = sorted({*replaced, *connection.execute(made).scalars()})
    rows = connection.execute(select(*Rejudgement.__table__.columns).where(Rejudgement.id.in_(ids))).all()
    return tuple(
        Rejudged(
            id=row.id,
            at=row.at,
            by=row.by,
            tool=row.tool,
            rules_digest=row.rules_digest,
            replaced=tuple(replaced[row.id]),
        )
        for row in sorted(rows, key=lambda row: row.id)
    )


def _entities(connection: Connection, exhibit_id: int) -> tuple[Entity, ...]:
    rows = connection.execute(select(*ENTITY).where(EntityRow.exhibit_id == exhibit_id).order_by(EntityRow.id))
    return tuple(entity_of(row) for row in rows)


def _captures(connection: Connection, exhibits: Iterable[Row[Any]]) -> dict[str, Capture]:
    wanted = sorted({one for row in exhibits for one in (row.capture_id, row.picture_id) if one})
    return {
        row.id: capture_of(row)
        for ids in batches(wanted)
        for row in connection.execute(select(*CAPTURE).where(CaptureRow.id.in_(ids)))
    }


def _images(connection: Connection, exhibit_ids: Sequence[int]) -> defaultdict[int, tuple[ExhibitPicture, ...]]:
    """The pictures of exhibits that were to be read."""
    found: defaultdict[int, tuple[ExhibitPicture, ...]] = defaultdict(tuple)
    for ids in batches(exhibit_ids):
        query = select(*_PICTURE, *CAPTURE).outerjoin(CaptureRow, CaptureRow.id == PictureRow.capture_id)
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
        capture=capture_of(row) if row.capture_id else None,
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
        group=row.group_id or 0,
        group_size=row.group_size or 1,
    )


def _exhibit(row: Row[Any], findings: list[Finding], entities: tuple[Entity, ...]) -> Exhibit:
    return Exhibit(id=row.public_id, listing=listing_of(row), findings=tuple(findings), entities=entities)
