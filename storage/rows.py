"""Captures, findings and listings as rows and back, for all who write or read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.dialects.postgresql import insert

from crawler.items import SEVERITY_WORDS, Capture, Entity, Finding, How, Kind, Listing
from storage.bulk import Bulk
from storage.models import CaptureRow, EntityRow, ExhibitRow, FindingRow, ListingRow

Values = dict[str, Any]

_HISTORY = (
    ListingRow.platform,
    ListingRow.seller_id,
    ListingRow.item_id,
    ListingRow.first_seen,
    ListingRow.last_seen,
    ListingRow.sightings,
)
EXHIBIT = (*ExhibitRow.__table__.columns, *_HISTORY)
CAPTURE = tuple(CaptureRow.__table__.columns)
FINDING = tuple(FindingRow.__table__.columns)
ENTITY = tuple(EntityRow.__table__.columns)
# What no rejudgement has replaced.
STANDS = FindingRow.replaced_in.is_(None)

NEW_CAPTURES = Bulk(insert(CaptureRow).on_conflict_do_nothing(index_elements=[CaptureRow.id]))
NEW_FINDINGS = Bulk(insert(FindingRow))


def capture_values(capture: Capture) -> Values:
    return {
        "id": capture.id,
        "url": capture.url,
        "how": capture.how.value,
        "status": capture.status,
        "mime": capture.mime,
        "taken_at": capture.taken_at,
        "file": capture.file,
        "offset": capture.offset,
        "length": capture.length,
        "sha256": capture.sha256,
        "size": capture.size,
        "ip_address": capture.ip_address,
        "is_specimen": capture.is_specimen,
    }


def finding_values(finding: Finding) -> Values:
    return {
        "rule": finding.rule,
        "rule_digest": finding.rule_digest,
        "state": finding.state,
        "category": finding.category,
        "severity": finding.severity,
        "field": finding.field,
        "start": finding.start,
        "end": finding.end,
        "quote": finding.quote,
        "points": finding.points,
        "needs": finding.needs,
        "pro": finding.pro,
        "contra": finding.contra,
        "articles": finding.articles,
        "tags": finding.tags,
        "image": finding.image,
        "box": finding.box,
    }


# -- rows to values --------------------------------------------------------------------------------


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


def entity_of(row: Row[Any]) -> Entity:
    """The entity of a row that has all of `ENTITY`."""
    return Entity(kind=row.kind, value=row.value, field=row.field, start=row.start, end=row.end)


def named_in(connection: Connection, exhibits: Collection[int]) -> defaultdict[int, tuple[tuple[str, str], ...]]:
    """What each of these exhibits names, by its row: kinds and normal forms, each once, in their order."""
    query = select(EntityRow.exhibit_id, EntityRow.kind, EntityRow.value).where(EntityRow.exhibit_id.in_(exhibits))
    found: defaultdict[int, tuple[tuple[str, str], ...]] = defaultdict(tuple)
    for row in connection.execute(query.distinct().order_by(EntityRow.exhibit_id, EntityRow.kind, EntityRow.value)):
        found[row.exhibit_id] = (*found[row.exhibit_id], (row.kind, row.value))
    return found


def finding_of(row: Row[Any]) -> Finding:
    """The finding of a row that has all of `FINDING`; a severity we have no word for is a `LookupError`."""
    SEVERITY_WORDS[row.severity]
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


def capture_now(engine: Engine, capture: Capture) -> Capture:
    """The same capture as its row is now, which an expiry may have changed; itself where no row knows it."""
    with engine.connect() as connection:
        row = connection.execute(select(*CAPTURE).where(CaptureRow.id == capture.id)).one_or_none()
    return capture_of(row) if row else capture


def capture_of(row: Row[Any]) -> Capture:
    """The capture of a row that has all of `CAPTURE`."""
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
        expired_in=row.expired_in or 0,
    )


def captures_of(engine: Engine, ids: Collection[str]) -> tuple[Capture, ...]:
    """The captures with these ids, as they are now; those that are not there are left out."""
    with engine.connect() as connection:
        return tuple(capture_of(row) for row in connection.execute(select(*CAPTURE).where(CaptureRow.id.in_(ids))))
