"""Packages and lists of other offices as rows: what came once is never taken in twice, and whom we believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from storage.tables.leads import LeadRow
from storage.tables.letters import LetterLeadRow, LetterRow
from storage.tables.reports import TransferredLeadRow, TransferRow

OUT, IN, TRUST, DISTRUST = "out", "in", "trust", "distrust"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One row, see `TransferRow`. `leads` are lead numbers here, in the package's order."""

    id: int = 0
    direction: str
    digest: str
    office: str
    signed_with: str
    at: datetime
    by: str
    leads: tuple[str, ...]
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A lead of another office that is here, see `TransferredLeadRow`; `number` is its own here."""

    office: str
    origin: str
    digest: str
    lead_id: int
    number: str = ""
    document: str
    due_at: datetime | None
    at: datetime


_TRANSFER = tuple(TransferRow.__table__.columns)
_ORIGIN = (
    TransferredLeadRow.office,
    TransferredLeadRow.origin,
    TransferredLeadRow.digest,
    TransferredLeadRow.lead_id,
    LeadRow.number,
    TransferredLeadRow.document,
    TransferredLeadRow.due_at,
    TransferredLeadRow.at,
)


class Transfers:
    """What went to other offices and came from them. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def transfers(self, direction: str, before: int, limit: int) -> list[Transfer]:
        """The newest first; `direction` empty for both ways, trusted keys apart."""
        wanted = (direction,) if direction else (OUT, IN)
        query = select(*_TRANSFER).where(TransferRow.direction.in_(wanted))
        query = query.where(TransferRow.id < before) if before else query
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(TransferRow.id.desc()).limit(limit))
            return [Transfer(**{**row._mapping, "leads": tuple(row.leads)}) for row in rows]

    def named(self, direction: str, digest: str) -> Transfer | None:
        """The one with this digest; `None` where there is none."""
        with self._engine.connect() as connection:
            return transfer_on(connection, direction, digest)


def transfer_on(connection: Connection, direction: str, digest: str) -> Transfer | None:
    """The package of this digest, or the trusted key of this fingerprint, as this transaction sees it."""
    query = select(*_TRANSFER).where(TransferRow.direction == direction, TransferRow.digest == digest)
    row = connection.execute(query).one_or_none()
    return Transfer(**{**row._mapping, "leads": tuple(row.leads)}) if row else None


def add_transfer(connection: Connection, new: Transfer) -> int:
    """Its row; the transaction and the audit entry are the caller's."""
    told = {name: getattr(new, name) for name in Transfer.__slots__ if name not in ("id", "leads")}
    row = insert(TransferRow).values(**told, leads=list(new.leads)).returning(TransferRow.id)
    return connection.execute(row).scalar_one()


def origins_on(connection: Connection, office: str, origins: Sequence[str]) -> dict[str, Origin]:
    """Which of these are here already, by their number there."""
    found: dict[str, Origin] = {}
    for at in range(0, len(origins), 500):
        some = origins[at : at + 500]
        its = select(*_ORIGIN).join(LeadRow).where(TransferredLeadRow.office == office)
        rows = connection.execute(its.where(TransferredLeadRow.origin.in_(some)))
        found |= {row.origin: Origin(**row._mapping) for row in rows}
    return found


def add_origin(connection: Connection, new: Origin) -> None:
    """That this lead of another office is here."""
    told = {name: getattr(new, name) for name in ("office", "origin", "digest", "lead_id", "document", "due_at", "at")}
    connection.execute(insert(TransferredLeadRow).values(told))


def add_note(connection: Connection, lead_id: int, line: str) -> None:
    """One more line in a lead's note; the transaction and the audit entry are the caller's."""
    its = select(LeadRow.note).where(LeadRow.id == lead_id)
    note = connection.execute(its).scalar_one()
    joined = f"{note}\n{line}" if note else line
    connection.execute(update(LeadRow).where(LeadRow.id == lead_id).values(note=joined))


def renew_origin(connection: Connection, new: Origin) -> None:
    """What it says now, and until when."""
    its = update(TransferredLeadRow).where(TransferredLeadRow.office == new.office)
    its = its.where(TransferredLeadRow.origin == new.origin)
    connection.execute(its.values(digest=new.digest, due_at=new.due_at))


# -- feedback ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLetter:
    """A letter of ours about a lead, by the number the office gave it."""

    lead_id: int
    document: str
    sent_at: datetime
    measure: str


def origins_of(connection: Connection, office: str, document: str) -> list[Origin]:
    """What came under this document, in the order it came; of one office, or of whichever sent it."""
    query = select(*_ORIGIN).join(LeadRow).where(TransferredLeadRow.document == document)
    query = query.where(TransferredLeadRow.office == office) if office else query
    rows = connection.execute(query.order_by(TransferredLeadRow.id))
    return [Origin(**row._mapping) for row in rows]


def sent_letters(connection: Connection, lead_ids: Sequence[int]) -> list[SentLetter]:
    """The letters about these leads that went out, in the order they did."""
    found: list[SentLetter] = []
    columns = (LetterLeadRow.lead_id, LetterRow.document, LetterRow.sent_at, LetterLeadRow.measure)
    for at in range(0, len(lead_ids), 500):
        its = select(*columns).join(LetterRow).where(LetterLeadRow.lead_id.in_(lead_ids[at : at + 500]))
        rows = connection.execute(its.where(LetterRow.sent_at.is_not(None)).order_by(LetterRow.id))
        found += [SentLetter(**row._mapping) for row in rows]
    return found
