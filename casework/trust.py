"""Whether a named person did an act and might, proved from the audit log alone: digests, signatures, keys and grants.

Rows say what entries say, or they are wrong: whoever changes one in the database proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from casework.acting import GRANT_WORDS, Grant
from casework.rights import ACTS, Fault, Rights, rights_on
from casework.signatures import detail_of
from crawler.errors import EvidenceBroken
from storage.audit import AuditEntry, AuditHead, AuditLog, entry_on, head_on
from storage.cases.audit_reading import alike_before
from storage.people import OURSELVES

MOST_TOLD = 20
# A person's acts by which matters go on. What the clock does of these is done in its own name.
_SIGNED = ("lead_", "case_", "letter_", "law_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An act that holds: who did it, when, and what its entry tells."""

    entry: int
    name: str
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What a look at the whole log found: how many entries, how many signed, and the first that do not hold."""

    entries: int
    signed: int
    head: str
    broken: tuple[Fault, ...]

    @property
    def is_whole(self) -> bool:
        return not self.broken


class Trust:
    """What one database's log proves. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rights = Rights()
        self._upto = 0

    def proven(self, entry: int, act: str, subject: str, *needs: Grant) -> Proven:
        """This entry as the act of this person; `EvidenceBroken` unless he signed it, and held one of `needs` then."""
        with self._engine.connect() as connection:
            self._read(connection, entry)
            found = _linked(connection, entry)
            if (found.act, found.subject) != (act, subject):
                raise EvidenceBroken(f"操作日志第 {entry} 条不是 {subject} 的 {act}")
            detail = detail_of(found)
            name = self._rights.signer(found, detail)
            _refuse_repeated(connection, found, detail)
        if needs and not self._rights.holds(name, entry, *needs):
            words = "或".join(GRANT_WORDS[one] for one in needs)
            raise EvidenceBroken(f"操作日志第 {entry} 条：{name} 当时没有{words}权限")
        return Proven(entry=entry, name=name, at=found.at, detail=detail)

    def verify_all(self, told: Callable[[], None] = lambda: None) -> Audited:
        """Every entry's digest and link, every signature, every right that a signature needs; `told` hears of each."""
        return _Walk(AuditLog(self._engine)).through(told)

    def _read(self, connection: Connection, entry: int) -> None:
        if entry > self._upto:
            self._rights, self._upto = rights_on(connection), head_on(connection).count


class _Walk:
    """One way through the log, an entry after the other, with the rights as they stood at each."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._rights = Rights()
        self._broken: list[Fault] = []
        self._last = AuditHead(count=0, digest="")
        self._signed = 0
        self._seen: set[bytes] = set()

    def through(self, told: Callable[[], None]) -> Audited:
        while entries := self._log.entries(after=self._last.count):
            for entry in entries:
                if not self._is_linked(entry):
                    return self._found()
                self._take(entry)
                told()
        return self._found()

    def _is_linked(self, entry: AuditEntry) -> bool:
        """After a break in the chain nothing that follows says anything."""
        if entry.follows(self._last):
            self._last = AuditHead(count=entry.id, digest=entry.digest)
            return True
        self._broken.append(Fault(entry=self._last.count + 1, why="与其摘要或前一条不符"))
        return False

    def _take(self, entry: AuditEntry) -> None:
        try:
            self._check(entry)
        except EvidenceBroken as broken:
            self._broken.append(Fault(entry=entry.id, why=str(broken)))

    def _check(self, entry: AuditEntry) -> None:
        if entry.act in ACTS:
            before = len(self._rights.faults)
            self._rights.take(entry)
            self._signed += '"signature"' in entry.detail
            if len(self._rights.faults) > before:
                raise EvidenceBroken(self._rights.faults[-1].why)
        elif '"signature"' in entry.detail:
            detail = detail_of(entry)
            self._rights.signer(entry, detail)
            self._signed += 1
            begins = bytes.fromhex(detail["signature"])[:12]
            if begins in self._seen:
                raise EvidenceBroken("是以前一条的重复")
            self._seen.add(begins)
        elif entry.act.startswith(_SIGNED) and entry.who != OURSELVES:
            raise EvidenceBroken("没有签名")

    def _found(self) -> Audited:
        told = tuple(self._broken[:MOST_TOLD])
        return Audited(entries=self._last.count, signed=self._signed, head=self._last.digest, broken=told)


def _linked(connection: Connection, number: int) -> AuditEntry:
    """The entry, whose digest and predecessor fit."""
    entry, before = entry_on(connection, number), entry_on(connection, number - 1) if number > 1 else None
    if entry is None:
        raise EvidenceBroken(f"操作日志没有第 {number} 条")
    detail_of(entry)
    if number > 1 and (before is None or before.computed() != before.digest):
        raise EvidenceBroken(f"操作日志第 {number - 1} 条与其摘要不符")
    if entry.previous != (before.digest if before else ""):
        raise EvidenceBroken(f"操作日志第 {number} 条与前一条不符")
    return entry


def _refuse_repeated(connection: Connection, entry: AuditEntry, detail: Mapping[str, Any]) -> None:
    """An act that was signed once is done once: whoever has the database could append it again."""
    for other in alike_before(connection, entry):
        if json.loads(other.detail).get("signature") == detail["signature"]:
            raise EvidenceBroken(f"操作日志第 {entry.id} 条是第 {other.id} 条的重复")
