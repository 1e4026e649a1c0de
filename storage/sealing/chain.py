"""The chain of manifests of one archive: who may lengthen it, and in what order files and row are written.

One process at a time, under a lock beside the manifests. A manifest gets its row only after the
verifier has read it and what it covers back from the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert, select

from crawler.errors import EvidenceBroken
from storage.audit import Act, AuditLog, Detail, add_on
from storage.db import writing
from storage.folders import made, sync_folder
from storage.handover import refuse_worker
from storage.keeping.expiring import apply_expiry, settle
from storage.keeping.orders import NeededMeanwhile
from storage.marks import refuse_simulation
from storage.sealing.manifests import (
    FOLDER,
    Head,
    Kind,
    Leaves,
    Span,
    drop,
    head_path,
    leaves_path,
    new_leaves,
    read_head,
    save_head,
    sm3,
    unpacked,
)
from storage.standing import ends_on
from storage.tables.sealing import ExtentRow, SealRow
from storage.verifier.report import KINDS
from storage.verify import check_manifest

Also = Callable[[Connection], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the next manifest will say of itself: its kind, the files it covers, and the rules of the round."""

    kind: Kind
    files: tuple[Span, ...]
    rules: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The newest manifest of the chain; number 0 where there is none."""

    number: int = 0
    sha256: str = ""


class Chain:
    """The archive in `folder` and its rows; `tool` and `demand` go into every head."""

    def __init__(self, folder: Path, engine: Engine, *, tool: str, demand: str) -> None:
        self.folder = folder
        self.engine = engine
        self.tool = tool
        self.demand = demand

    @contextmanager
    def locked(self, now: datetime, *, waits: bool = True) -> Iterator[None]:
        """Nobody else lengthens the chain meanwhile; what a crash left half done is finished or taken back first.

        `BlockingIOError` when somebody else does now and this is not to wait.
        """
        refuse_worker(self.folder.parent)
        folder = self.folder / FOLDER
        made(folder)
        sync_folder(self.folder)
        fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._adopt(now)
            settle(self.folder, self.engine)
            yield
        finally:
            os.close(fd)

    def leaves(self) -> AbstractContextManager[Leaves]:
        """A place for the next manifest's leaves; only while the chain is locked."""
        return new_leaves(self.folder)

    def newest(self) -> Link:
        """The last manifest that has a row."""
        query = select(SealRow.number, SealRow.sha256).order_by(SealRow.number.desc()).limit(1)
        with self.engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return Link(number=row.number, sha256=row.sha256) if row else Link()

    def ends(self, names: Iterable[str]) -> Mapping[str, int]:
        """How far each of these files is covered."""
        with self.engine.begin() as connection:
            return ends_on(connection, names)

    def lengthen(self, draft: Draft, leaves: Leaves, now: datetime, also: Also | None = None) -> Head:
        """Write the next manifest and enter it; `also` writes more in the same transaction.

        `EvidenceBroken` when the disk does not give back what was written, `NeededMeanwhile` when an expiry would
        remove what somebody has come to need since: then there is no such manifest. `UserMistake` in a home that
        only simulates: it never has one.
        """
        refuse_simulation(self.engine)
        head = self._head(draft, leaves, now)
        leaves.save(leaves_path(self.folder, head.number))
        raw = save_head(self.folder, head)
        try:
            self._check(head.number)
            self._enter(head, raw, now, "seal", also)
        except (EvidenceBroken, NeededMeanwhile):
            drop(self.folder, head.number)
            raise
        return head

    def _head(self, draft: Draft, leaves: Leaves, now: datetime) -> Head:
        newest = self.newest()
        before = self._read(newest) if newest.number else b""
        return Head(
            archive=unpacked(before).archive if before else str(uuid.uuid4()),
            audit=AuditLog(self.engine).head(),
            demand=self.demand,
            files=draft.files,
            kind=draft.kind,
            leaves=leaves.root.count,
            leaves_sm3=leaves.sm3,
            number=newest.number + 1,
            previous=newest.sha256,
            previous_sm3=sm3(before) if before else "",
            root=leaves.root.digest().hex(),
            rules=draft.rules,
            sealed_at=now,
            tool=self.tool,
        )

    def _read(self, link: Link) -> bytes:
        """A manifest's head as its row says it must be."""
        raw = read_head(self.folder, link.number)
        if hashlib.sha256(raw).hexdigest() != link.sha256:
            raise EvidenceBroken(f"{FOLDER}/{link.number:06d}.json 不是封存时的清单")
        return raw

    def _check(self, number: int) -> None:
        if broken := check_manifest(self.folder, number):
            first = broken[0]
            said = f"{KINDS[first.kind]}（{first.part} {first.detail}）".replace("  ", " ")
            raise EvidenceBroken(f"第 {number} 号清单与磁盘不符：{said}")

    # -- rows --------------------------------------------------------------------------------------

    def _adopt(self, now: datetime) -> None:
        """Enter manifests that were written whole and whose row a crash, or an older database, lost.

        An expiry is taken back instead if somebody has come to need what it removes and nothing has come of it yet.
        """
        while head_path(self.folder, (newest := self.newest()).number + 1).exists():
            raw = read_head(self.folder, newest.number + 1)
            head = unpacked(raw)
            if head.previous != newest.sha256 or head.number != newest.number + 1:
                raise EvidenceBroken(f"{FOLDER}/{newest.number + 1:06d}.json 与前一份清单接不上")
            self._check(head.number)
            try:
                self._enter(head, raw, now, "adopt", None)
            except NeededMeanwhile:
                drop(self.folder, head.number)

    def _enter(self, head: Head, raw: bytes, now: datetime, act: str, also: Also | None) -> None:
        digest = hashlib.sha256(raw).hexdigest()
        with writing(self.engine).begin() as connection:
            connection.execute(insert(SealRow).values(_seal_values(head, raw)))
            if head.kind is Kind.EXPIRY:
                apply_expiry(connection, self.folder, head)
            _cover(connection, head)
            detail: Detail = {"sha256": digest, "leaves": head.leaves, "kind": head.kind.value}
            add_on(connection, Act(who=self.tool, act=act, subject=f"{head.number:06d}", at=now, detail=detail))
            if also:
                also(connection)


def _seal_values(head: Head, raw: bytes) -> dict[str, object]:
    return {
        "number": head.number,
        "kind": head.kind.value,
        "sha256": hashlib.sha256(raw).hexdigest(),
        "sm3": sm3(raw),
        "previous": head.previous,
        "sealed_at": head.sealed_at,
        "leaves": head.leaves,
        "rules": head.rules,
        "audit_count": head.audit.count,
        "audit_head": head.audit.digest,
        "demand": head.demand,
    }


def _cover(connection: Connection, head: Head) -> None:
    """The extents that the manifest adds; where it rewrote a file, the old ones go with the old file."""
    if head.kind is Kind.EXPIRY:
        connection.execute(delete(ExtentRow).where(ExtentRow.file.in_([span.file for span in head.files])))
        spans = [Span(file=span.new, start=0, end=span.new_size) for span in head.files if span.new]
    else:
        spans = list(head.files)
    for span in spans:
        values = {"file": span.file, "from_": span.start, "to": span.end, "number": head.number}
        connection.execute(insert(ExtentRow).values(values))
