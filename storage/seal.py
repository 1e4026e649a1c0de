"""Seals what an archive holds: finds whole records that no manifest covers, digests them, lengthens the chain.

It reads only what lies behind the last sealed byte of each file, never writes into a file of records,
and claims no more than it read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select

from crawler.items import Capture
from storage.audit import AuditHead
from storage.marks import refuse_simulation
from storage.models import CaptureRow
from storage.sealing.chain import Chain, Draft
from storage.sealing.manifests import Kind
from storage.sealing.sweep import MOST_LEAVES, Sweep
from storage.tables.sealing import ExtentRow, SealRow
from storage.warcfile import OPEN_SUFFIX


class State(StrEnum):
    """How well a capture stands: in no manifest, in one, in one that a time-stamping authority signed."""

    OPEN = "open"
    SEALED = "sealed"
    STAMPED = "stamped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What one call sealed: the last manifest's number and digest, all leaves; `manifests` is 0 when nothing was new.

    `troubles` say what could not be sealed as whole records, and where.
    """

    number: int
    sha256: str
    manifests: int
    leaves: int
    troubles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealState:
    """The state of one capture; `number` is 0 while it is open, `head` the SHA-256 of its manifest's head."""

    state: State
    number: int = 0
    head: str = ""
    sealed_at: datetime | None = None
    stamped_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealHead:
    """One manifest as its row has it; number 0 stands for a chain that has not begun."""

    number: int
    kind: str
    sha256: str
    sm3: str
    sealed_at: datetime | None
    stamped_at: datetime | None
    authority: str
    leaves: int
    audit: AuditHead
    tries: int
    last_error: str
    next_try_at: datetime | None


NO_HEAD = SealHead(
    number=0,
    kind="",
    sha256="",
    sm3="",
    sealed_at=None,
    stamped_at=None,
    authority="",
    leaves=0,
    audit=AuditHead(count=0, digest=""),
    tries=0,
    last_error="",
    next_try_at=None,
)


def weakest(states: Iterable[SealState]) -> SealState:
    """How well several captures stand together; the newest manifest of those that stand alike. Open for none."""
    ranks = tuple(State)
    ordered = sorted(states, key=lambda one: (ranks.index(one.state), -one.number))
    return ordered[0] if ordered else SealState(state=State.OPEN)


class Sealer:
    """Seals the archive in `folder`, whose rows are in `engine`; `tool` and `demand` go into each manifest."""

    def __init__(self, folder: Path, engine: Engine, *, tool: str, demand: str, most_leaves: int = MOST_LEAVES) -> None:
        self.folder = folder
        self.most_leaves = most_leaves
        self.chain = Chain(folder, engine, tool=tool, demand=demand)
        self._engine = engine

    # -- sealing -----------------------------------------------------------------------------------

    def seal(self, rules: str, now: datetime, *, waits: bool = True) -> Sealed:
        """Seal every whole record made until `now` that is not; safe beside living writers and other sealers.

        `EvidenceBroken` when what was written does not come back from the disk; `BlockingIOError` when another
        seals or expires and this is not to wait; `UserMistake` in a home that only simulates.
        """
        refuse_simulation(self._engine)
        sweep, manifests, leaves = Sweep(self.folder, now, self.most_leaves), 0, 0
        with self.chain.locked(now, waits=waits):
            while added := self._lengthen(sweep, rules, now):
                manifests, leaves = manifests + 1, leaves + added
            newest = self.chain.newest()
        return Sealed(
            number=newest.number,
            sha256=newest.sha256,
            manifests=manifests,
            leaves=leaves,
            troubles=sweep.troubles,
        )

    def _lengthen(self, sweep: Sweep, rules: str, now: datetime) -> int:
        """One more manifest; returns its leaves, 0 when there is nothing new."""
        with self.chain.leaves() as found:
            spans = sweep.into(found, self.chain.ends)
            if spans:
                self.chain.lengthen(Draft(kind=Kind.RECORDS, files=spans, rules=rules), found, now)
        return found.root.count

    def covered(self, now: datetime) -> Mapping[str, int]:
        """How far unfinished files are covered, by manifests too whose row a crash lost: recovery must not cut that."""
        with self.chain.locked(now):
            return self.chain.ends(path.name.removesuffix(OPEN_SUFFIX) for path in self.folder.glob(f"*{OPEN_SUFFIX}"))

    # -- questions ---------------------------------------------------------------------------------

    def state_of(self, capture: Capture) -> SealState:
        """In which manifest the capture's record was first listed, and whether that is stamped.

        Of an expired one, where it was listed as removed.
        """
        with self._engine.begin() as connection:
            row = connection.execute(_seal_query(_manifest_of(connection, capture))).one_or_none()
        if row is None:
            return SealState(state=State.OPEN)
        return SealState(
            state=State.STAMPED if row.stamped_at else State.SEALED,
            number=row.number,
            head=row.sha256,
            sealed_at=row.sealed_at,
            stamped_at=row.stamped_at,
        )

    def head(self) -> SealHead:
        """The newest manifest, `NO_HEAD` when there is none."""
        query = select(*_HEAD).order_by(SealRow.number.desc()).limit(1)
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return _head_of(row) if row else NO_HEAD

    def heads(self, first: int, last: int) -> list[SealHead]:
        """The manifests with these numbers and between, in order."""
        query = select(*_HEAD).where(SealRow.number.between(first, last)).order_by(SealRow.number)
        with self._engine.begin() as connection:
            return [_head_of(row) for row in connection.execute(query)]

    def waiting(self, limit: int) -> list[SealHead]:
        """The oldest manifests without a time stamp."""
        query = select(*_HEAD).where(SealRow.stamped_at.is_(None)).order_by(SealRow.number).limit(limit)
        with self._engine.begin() as connection:
            return [_head_of(row) for row in connection.execute(query)]


def _manifest_of(connection: Connection, capture: Capture) -> int:
    """The manifest's number, 0 while none has listed the capture."""
    if capture.expired_in:
        return capture.expired_in
    query = (
        select(ExtentRow.to, ExtentRow.number, CaptureRow.sealed_in)
        .outerjoin(CaptureRow, CaptureRow.id == capture.id)
        .where(ExtentRow.file == capture.file, ExtentRow.from_ <= capture.offset)
        .order_by(ExtentRow.from_.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None or row.to < capture.offset + capture.length:
        return 0
    return int(row.sealed_in or row.number)


def _seal_query(number: int) -> Select[Any]:
    columns: list[Any] = [SealRow.number, SealRow.sha256, SealRow.sealed_at, SealRow.stamped_at]
    return select(*columns).where(SealRow.number == number)


_HEAD = tuple(SealRow.__table__.columns)


def _head_of(row: Row[Any]) -> SealHead:
    return SealHead(
        number=row.number,
        kind=row.kind,
        sha256=row.sha256,
        sm3=row.sm3,
        sealed_at=row.sealed_at,
        stamped_at=row.stamped_at,
        authority=row.authority,
        leaves=row.leaves,
        audit=AuditHead(count=row.audit_count, digest=row.audit_head),
        tries=row.tries,
        last_error=row.last_error,
        next_try_at=row.next_try_at,
    )
