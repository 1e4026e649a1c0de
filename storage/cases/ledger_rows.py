"""What the ledger (工作台账) tells of each lead, a batch at a time, so that memory does not grow with the leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.cases.figure_rows import Period, scoped, walked
from storage.cases.leads import lead_of
from storage.cases.shapes import Move, WorkedLead
from storage.models import CaptureRow, ExhibitRow, FindingRow, ListingRow
from storage.rows import STANDS
from storage.tables.actors import ActorRow
from storage.tables.leads import CaseRow, LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow
from storage.tables.reports import PublicationRow

SHOWN = 3  # exhibits of a lead that are told one by one
ACTIVE = "active"
_LEAD: tuple[InstrumentedAttribute[Any], ...] = tuple(
    getattr(LeadRow, column.name) for column in LeadRow.__table__.columns
)
_MOVE = tuple(MoveRow.__table__.columns)
_ACTOR = ("id", "number", "name", "kind", "agency", "agency_kind", "agency_code", "agency_status", "credit_code")
_LETTER = ("number", "kind", "verb", "addressee", "state", "document", "articles", "sent_at", "delivered_at")
_LETTER_TOO = ("delivery", "due_at", "drafted_at", "reminds")
_WANTED = (
    *(getattr(LetterRow, name) for name in (*_LETTER, *_LETTER_TOO, "id")),
    LetterRow.answered_at.label("letter_answered_at"),
)
_NOT_TOLD = ("id", "lead_id", "letter_answered_at")
_NO_LINK: dict[str, Any] = dict.fromkeys(("is_true", "measure", "measured_on", "remark"), "")
_NO_LINK |= {"answered_at": None, "looks": 0, "blocked": 0, "gone_at": None, "back_at": None}
_LINK = ("is_true", "measure", "measured_on", "remark", "answered_at", "looks", "blocked", "gone_at", "back_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerActor:
    """Who stands behind a lead, after all joins; see `storage.tables.actors.ActorRow`."""

    id: int
    number: str
    name: str
    kind: str
    agency: str
    agency_kind: str
    agency_code: str
    agency_status: str
    credit_code: str
    province: str
    in_charge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerExhibit:
    """One listing of a lead by its newest flagged exhibit."""

    exhibit: str
    sha256: str
    kind: str
    is_ad: bool
    seen_at: datetime
    taken_at: datetime
    seller: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLetter:
    """One letter that names the lead, and what came of it for this lead."""

    number: str
    kind: str
    verb: str
    addressee: str
    state: str
    document: str
    articles: tuple[str, ...]
    drafted_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    delivery: str
    due_at: datetime | None
    reminds: int | None
    is_true: str
    measure: str
    measured_on: str
    remark: str
    answered_at: datetime | None
    looks: int
    blocked: int
    gone_at: datetime | None
    back_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """All that is told of a lead. `exhibits` are the newest of so many `listings`."""

    lead: WorkedLead
    actor: LedgerActor | None
    exhibits: tuple[LedgerExhibit, ...]
    listings: int
    first_seen: datetime | None
    last_seen: datetime | None
    letters: tuple[LedgerLetter, ...]
    case: str
    merged_into: str
    published: tuple[datetime, ...]
    moves: tuple[Move, ...]


class LedgerRows:
    """Questions within one transaction: sheets of one ledger are of one moment."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def rows(self, period: Period) -> Iterator[LedgerRow]:
        """The leads registered in the period, in that order."""
        query = scoped(select(*_LEAD), period)
        query = query.where(LeadRow.registered_at >= period.since, LeadRow.registered_at < period.until)
        for found in walked(self.connection, query, (LeadRow.registered_at, LeadRow.id)):
            yield from self._told([lead_of(row) for row in found])

    def of(self, ids: Iterable[int]) -> tuple[LedgerRow, ...]:
        """These leads, in the order of their ids; at most some hundreds are asked for at once."""
        query = select(*_LEAD).where(LeadRow.id.in_(sorted(set(ids)))).order_by(LeadRow.id)
        return tuple(self._told([lead_of(row) for row in self.connection.execute(query)]))

    def count(self, period: Period) -> int:
        """How many there will be."""
        query = select(func.count()).where(LeadRow.registered_at >= period.since, LeadRow.registered_at < period.until)
        return int(self.connection.execute(scoped(query, period)).scalar_one())

    def _told(self, leads: Sequence[WorkedLead]) -> Iterator[LedgerRow]:
        ids = [one.id for one in leads]
        actors = self._actors({one.actor_id for one in leads if one.actor_id})
        shown, letters, moves = self._exhibits(ids), self._letters(ids), self._moves(ids)
        cases, published = self._cases({one.case_id for one in leads if one.case_id})
        merged = self._numbers({one.merged_into for one in leads if one.merged_into})
        for lead in leads:
            rows = shown[lead.id]
            yield LedgerRow(
                lead=lead,
                actor=actors.get(lead.actor_id or 0),
                exhibits=tuple(exhibit for _, exhibit in rows),
                listings=rows[0][0].listings if rows else 0,
                first_seen=rows[0][0].first if rows else None,
                last_seen=rows[0][0].last if rows else None,
                letters=tuple(letters[lead.id]),
                case=cases.get(lead.case_id or 0, ""),
                merged_into=merged.get(lead.merged_into or 0, ""),
                published=tuple(published[lead.case_id or 0]),
                moves=tuple(moves[lead.id]),
            )

    def _actors(self, ids: set[int]) -> dict[int, LedgerActor]:
        wanted = [getattr(ActorRow, name) for name in (*_ACTOR, "province", "in_charge", "merged_into")]
        rows: dict[int, Row[Any]] = {}
        asked = ids
        while asked:
            found = self.connection.execute(select(*wanted).where(ActorRow.id.in_(sorted(asked))))
            rows |= {row.id: row for row in found}
            asked = {row.merged_into for row in rows.values() if row.merged_into} - rows.keys()
        return {one: _actor(rows, one) for one in ids if one in rows}

    def _exhibits(self, leads: Sequence[int]) -> defaultdict[int, list[tuple[Row[Any], LedgerExhibit]]]:
        rows = self.connection.execute(_newest(leads)).all()
        quotes = self._quotes([row.id for row in rows])
        found: defaultdict[int, list[tuple[Row[Any], LedgerExhibit]]] = defaultdict(list)
        for row in rows:
            exhibit = LedgerExhibit(
                exhibit=row.public_id,
                sha256=row.sha256,
                kind=row.kind,
                is_ad=row.is_ad,
                seen_at=row.seen_at,
                taken_at=row.taken_at,
                seller=row.seller,
                quote=quotes.get(row.id, ""),
            )
            found[row.lead_id].append((row, exhibit))
        return found

    def _quotes(self, exhibits: Sequence[int]) -> dict[int, str]:
        """What each says most gravely, by the rules that stand."""
        query = select(FindingRow.exhibit_id, FindingRow.quote)
        query = query.where(FindingRow.exhibit_id.in_(exhibits), STANDS, FindingRow.state == ACTIVE)
        rows = self.connection.execute(query.order_by(FindingRow.points, FindingRow.id.desc()))
        return {row.exhibit_id: row.quote for row in rows}

    def _letters(self, leads: Sequence[int]) -> defaultdict[int, list[LedgerLetter]]:
        told = [getattr(LetterLeadRow, name) for name in _LINK]
        query = select(LetterLeadRow.lead_id, *told, *_WANTED).join(LetterRow, LetterRow.id == LetterLeadRow.letter_id)
        query = query.where(LetterLeadRow.lead_id.in_(leads)).order_by(LetterLeadRow.lead_id, LetterRow.id)
        rows = self.connection.execute(query).all()
        reminders = self._reminders({row.id for row in rows})
        found: defaultdict[int, list[LedgerLetter]] = defaultdict(list)
        for row in rows:
            found[row.lead_id] += [_letter(row), *reminders[row.id]]
        return found

    def _reminders(self, letters: set[int]) -> defaultdict[int, list[LedgerLetter]]:
        """Those of each letter: they name no leads of their own."""
        found: defaultdict[int, list[LedgerLetter]] = defaultdict(list)
        query = select(*_WANTED).where(LetterRow.reminds.in_(sorted(letters))).order_by(LetterRow.id)
        for row in self.connection.execute(query):
            found[row.reminds].append(_letter(row))
        return found

    def _moves(self, leads: Sequence[int]) -> defaultdict[int, list[Move]]:
        found: defaultdict[int, list[Move]] = defaultdict(list)
        query = select(*_MOVE).where(MoveRow.lead_id.in_(leads)).order_by(MoveRow.lead_id, MoveRow.id)
        for row in self.connection.execute(query):
            found[row.lead_id].append(Move(**{**row._mapping, "detail": tuple(row.detail)}))
        return found

    def _cases(self, ids: set[int]) -> tuple[dict[int, str], defaultdict[int, list[datetime]]]:
        query = select(CaseRow.id, CaseRow.number).where(CaseRow.id.in_(sorted(ids)))
        numbers = {row.id: row.number for row in self.connection.execute(query)}
        published: defaultdict[int, list[datetime]] = defaultdict(list)
        asked = select(PublicationRow.case_id, PublicationRow.first_day).order_by(PublicationRow.id)
        for row in self.connection.execute(asked.where(PublicationRow.case_id.in_(sorted(ids)))):
            published[row.case_id].append(row.first_day)
        return numbers, published

    def _numbers(self, ids: set[int]) -> dict[int, str]:
        query = select(LeadRow.id, LeadRow.number).where(LeadRow.id.in_(sorted(ids)))
        return {row.id: row.number for row in self.connection.execute(query)}


def _letter(row: Row[Any]) -> LedgerLetter:
    """An answer that says nothing of this lead is an answer all the same."""
    values = _NO_LINK | {name: value for name, value in row._mapping.items() if name not in _NOT_TOLD}
    answered = values["answered_at"] or row.letter_answered_at
    return LedgerLetter(**values | {"articles": tuple(row.articles), "answered_at": answered})


def _newest(leads: Sequence[int]) -> Select[Any]:
    """The newest exhibits of each lead, with how many listings it has, and between when they were seen."""
    of_lead: Any = {"partition_by": ListingRow.lead_id}
    listed = (
        select(
            ListingRow.lead_id,
            ListingRow.flagged_id,
            func.count().over(**of_lead).label("listings"),
            func.min(ListingRow.first_seen).over(**of_lead).label("first"),
            func.max(ListingRow.last_seen).over(**of_lead).label("last"),
            func.row_number().over(**of_lead, order_by=ListingRow.flagged_id.desc()).label("place"),
        )
        .where(ListingRow.lead_id.in_(leads), ListingRow.flagged_id.is_not(None))
        .subquery()
    )
    exhibit = (ExhibitRow.id, ExhibitRow.public_id, ExhibitRow.kind, ExhibitRow.is_ad, ExhibitRow.seen_at)
    kept = (ExhibitRow.seller, CaptureRow.sha256, CaptureRow.taken_at)
    query = select(listed, *exhibit, *kept).join(ExhibitRow, ExhibitRow.id == listed.c.flagged_id)
    query = query.join(CaptureRow, CaptureRow.id == ExhibitRow.capture_id).where(listed.c.place <= SHOWN)
    return query.order_by(listed.c.lead_id, listed.c.place)


def _actor(rows: dict[int, Row[Any]], one: int) -> LedgerActor:
    row = rows[one]
    while row.merged_into:
        row = rows[row.merged_into]
    return LedgerActor(**{name: value for name, value in row._mapping.items() if name != "merged_into"})
