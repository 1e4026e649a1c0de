"""The archive judged again: exhibits are read in batches, and what changed is written without touching history.

A finding that gives way stays, with the rejudgement that replaced it; what stands has none. Each batch is one
transaction, and an exhibit about which something else was written meanwhile is left for the next time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, func, select, update
from sqlalchemy.dialects.postgresql import insert

from crawler.items import Finding
from crawler.pictures import Fate
from storage.audit import Act, Detail, add_on
from storage.bulk import Bulk
from storage.care_shapes import Archived, ArchiveFilter, Likeness, Rejudging, StoredFinding, StoredPicture, Verdict
from storage.groups import find_head, place, unplace
from storage.leads import exhibit_row, fitting
from storage.models import EntityRow, ExhibitRow, FindingRow, ListingRow, encodable
from storage.pictures import new_entities, text_of
from storage.placing import placing_of
from storage.rows import EXHIBIT, STANDS, Values, finding_of, finding_values, listing_of
from storage.searching.stale import touch_on
from storage.tables.care import Rejudgement
from storage.tables.pictures import PictureRow, PictureTextRow

_NEW_FINDINGS = Bulk(insert(FindingRow))
_NEW_ENTITIES = Bulk(insert(EntityRow))
_EVERYTHING = ArchiveFilter()
_NOTHING = 2**63 - 1  # greater than every row


class Rejudgements:
    """The part of the store that gives exhibits out to be judged again, and takes back what came of it."""

    engine: Engine
    _writer: Engine

    def archived_count(self, wanted: ArchiveFilter = _EVERYTHING) -> int:
        """How many exhibits `archived` will give out in all."""
        with self.engine.connect() as connection, fitting():
            query = select(func.count()).select_from(ExhibitRow).where(*_wanted(connection, wanted))
            if wanted.platform:
                query = query.join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
            return connection.execute(query).scalar_one()

    def archived(self, limit: int, wanted: ArchiveFilter = _EVERYTHING) -> tuple[Archived, ...]:
        """The next exhibits, the newest first; `before` of the next question is the last of these."""
        with self.engine.connect() as connection, fitting():
            query = select(*EXHIBIT).join(ListingRow, ListingRow.key == ExhibitRow.listing_key)
            query = query.where(*_wanted(connection, wanted)).order_by(ExhibitRow.id.desc()).limit(limit)
            rows = connection.execute(query).all()
            ids = [row.id for row in rows]
            findings, pictures = _standing(connection, ids), _pictures(connection, ids)
            return tuple(
                Archived(
                    row=row.id,
                    exhibit=row.public_id,
                    listing=listing_of(row),
                    findings=tuple(findings[row.id]),
                    pictures=tuple(pictures[row.id]),
                )
                for row in rows
            )

    def begin_rejudgement(self, rejudging: Rejudging) -> int:
        """A new rejudgement's number: every time something may be written is a row, whether or not anything changes."""
        values = {
            "at": rejudging.at,
            "by": encodable(rejudging.by),
            "tool": rejudging.tool,
            "rules_digest": rejudging.rules_digest,
            "asked": encodable(rejudging.asked),
        }
        new = insert(Rejudgement).values(**values, seen=0, changed=0).returning(Rejudgement.id)
        detail: Detail = {"asked": rejudging.asked, "rules": rejudging.rules_digest, "tool": rejudging.tool}
        with self._writer.begin() as connection:
            number = connection.execute(new).scalar_one()
            add_on(
                connection, Act(who=rejudging.by, act="rescreen", subject=f"{number}", at=rejudging.at, detail=detail)
            )
            return number

    def rejudge(
        self, rejudgement: int, seen: int, verdicts: Sequence[Verdict], likenesses: Sequence[Likeness] = ()
    ) -> tuple[int, ...]:
        """Write what changed in a batch of `seen` exhibits, in one transaction.

        `likenesses` are those of all its exhibits about which anything stands now: leads that were
        never grouped are. Returns the rows of exhibits that were left alone, since what stands about
        them is no longer what they were judged against.
        """
        with self._writer.begin() as connection:
            standing = _standing(connection, [one.row for one in verdicts])
            moved = {one.row for one in verdicts if {held.row for held in standing[one.row]} != set(one.stood)}
            written = [one for one in verdicts if one.row not in moved]
            keys = [_write(connection, rejudgement, one) for one in written]
            _group(connection, keys, likenesses)
            counted = update(Rejudgement).where(Rejudgement.id == rejudgement)
            changed = Rejudgement.changed + len(written)
            connection.execute(counted.values(seen=Rejudgement.seen + seen, changed=changed))
        return tuple(sorted(moved))

    def end_rejudgement(self, rejudgement: int, at: datetime) -> None:
        """It came to its end; one without that was cut short."""
        end = update(Rejudgement).where(Rejudgement.id == rejudgement).values(ended_at=at)
        end = end.returning(Rejudgement.by, Rejudgement.seen, Rejudgement.changed)
        with self._writer.begin() as connection:
            row = connection.execute(end).one()
            detail: Detail = {"seen": row.seen, "changed": row.changed}
            add_on(connection, Act(who=row.by, act="rescreened", subject=f"{rejudgement}", at=at, detail=detail))


# -- reading -----------------------------------------------------------------------------------


def _wanted(connection: Connection, wanted: ArchiveFilter) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.before:
        asked.append(ExhibitRow.id < exhibit_row(connection, wanted.before).id)
    if wanted.platform:
        asked.append(ListingRow.platform == wanted.platform)
    if wanted.since:
        # Row numbers grow with time, so the walk down them ends where the first such row is.
        # `+ 0` makes SQLite ask the index on the time, and not walk all that is older.
        first = select(func.min(ExhibitRow.id + 0)).where(ExhibitRow.seen_at >= wanted.since)
        asked += [ExhibitRow.id >= func.coalesce(first.scalar_subquery(), _NOTHING), ExhibitRow.seen_at >= wanted.since]
    return asked


def _standing(connection: Connection, exhibits: Sequence[int]) -> defaultdict[int, list[StoredFinding]]:
    found: defaultdict[int, list[StoredFinding]] = defaultdict(list)
    query = select(*FindingRow.__table__.columns).where(FindingRow.exhibit_id.in_(exhibits), STANDS)
    for row in connection.execute(query.order_by(FindingRow.exhibit_id, FindingRow.id)):
        found[row.exhibit_id].append(StoredFinding(row=row.id, finding=finding_of(row)))
    return found


def _pictures(connection: Connection, exhibits: Sequence[int]) -> defaultdict[int, list[StoredPicture]]:
    """The texts of pictures that were read, each once an exhibit."""
    found: defaultdict[int, list[StoredPicture]] = defaultdict(list)
    query = (
        select(PictureRow.exhibit_id, *PictureTextRow.__table__.columns)
        .join(PictureTextRow, PictureTextRow.sha256 == PictureRow.sha256)
        .where(PictureRow.exhibit_id.in_(exhibits), PictureRow.state == Fate.READ.value)
        .order_by(PictureRow.exhibit_id, PictureRow.id)
    )
    for row in connection.execute(query):
        if all(known.sha256 != row.sha256 for known in found[row.exhibit_id]):
            found[row.exhibit_id].append(StoredPicture(sha256=row.sha256, text=text_of(row)))
    return found


# -- writing -----------------------------------------------------------------------------------


def _write(connection: Connection, rejudgement: int, verdict: Verdict) -> str:
    """What changed about one exhibit; returns its listing's key."""
    if verdict.replaced:
        gone = update(FindingRow).where(FindingRow.id.in_(verdict.replaced))
        connection.execute(gone.values(replaced_in=rejudgement))
    new = [{**finding_values(one), "exhibit_id": verdict.row, "rejudged_in": rejudgement} for one in verdict.findings]
    _NEW_FINDINGS.execute(connection, [_encodable(values) for values in new])
    _NEW_ENTITIES.execute(connection, new_entities(connection, verdict.row, verdict.entities))
    standing = [held.finding for held in _standing(connection, [verdict.row])[verdict.row]]
    points = max((one.points for one in standing), default=0)
    exhibit = update(ExhibitRow).where(ExhibitRow.id == verdict.row).values(points=points)
    key = connection.execute(exhibit.returning(ExhibitRow.listing_key)).scalar_one()
    touch_on(connection, [verdict.row])
    _count_pictures(connection, verdict.row, standing)
    _follow(connection, key)
    return key


def _count_pictures(connection: Connection, exhibit: int, standing: Sequence[Finding]) -> None:
    read = select(PictureRow.id, PictureRow.sha256, PictureRow.findings).where(
        PictureRow.exhibit_id == exhibit, PictureRow.state == Fate.READ.value
    )
    for row in connection.execute(read).all():
        number = sum(one.image == row.sha256 for one in standing)
        if number != row.findings:
            connection.execute(update(PictureRow).where(PictureRow.id == row.id).values(findings=number))


def _follow(connection: Connection, key: str) -> None:
    """The listing's lead is the latest exhibit about which something stands; without one it is none."""
    flagged = select(ExhibitRow.id, ExhibitRow.points).where(ExhibitRow.listing_key == key, ExhibitRow.points > 0)
    latest = connection.execute(flagged.order_by(ExhibitRow.id.desc()).limit(1)).one_or_none()
    lead = update(ListingRow).where(ListingRow.key == key)
    if latest is not None:
        # The leads look at it again: what stands may weigh more, or be of a rule that was on trial before.
        connection.execute(lead.values(flagged_id=latest.id, points=latest.points, placed_as=None, led_upto=None))
    else:
        gone = lead.values(flagged_id=None, points=0).returning(ListingRow.platform)
        unplace(connection, key, connection.execute(gone).scalar_one())


def _group(connection: Connection, keys: Sequence[str], likenesses: Sequence[Likeness]) -> None:
    """Groups and their heads follow: of the listings that changed, and of those that were never placed."""
    ids = select(ExhibitRow.id, ExhibitRow.public_id).where(
        ExhibitRow.public_id.in_([one.exhibit for one in likenesses])
    )
    rows = {row.public_id: row.id for row in connection.execute(ids)}
    signatures = {rows[one.exhibit]: one.signature for one in likenesses if one.exhibit in rows}
    unplaced = ListingRow.flagged_id.in_(signatures) & ListingRow.placed_as.is_(None)
    leads = select(*ListingRow.__table__.columns).where(
        ListingRow.flagged_id.is_not(None), ListingRow.key.in_(keys) | unplaced
    )
    found = connection.execute(leads.order_by(ListingRow.flagged_id)).all()
    place(connection, [placing_of(connection, row, signatures.get(row.flagged_id, ())) for row in found])
    for row in found:
        group = connection.execute(select(ListingRow.group_id).where(ListingRow.key == row.key)).scalar_one()
        find_head(connection, group or 0, row.platform)


def _encodable(values: Values) -> Values:
    return {name: encodable(value) for name, value in values.items()}
