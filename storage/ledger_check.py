"""What the rows alone can contradict where no verifier reads them: the log's own chain, the manifests that speak of
it, and the newest manifest against its file.

For databases that are no file; a file's rows the independent verifier compares all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, or_, select

from crawler.errors import EvidenceBroken
from storage.audit import AuditEntry, AuditLog
from storage.sealing.manifests import read_head
from storage.tables.sealing import AuditRow, SealRow
from storage.verifier.leaves import head_name
from storage.verifier.report import Broken


def contradictions(engine: Engine, folder: Path) -> Iterator[Broken]:
    """What does not hold; `folder` is the archive's. It costs the log's entries and one row a manifest."""
    yield from _log(AuditLog(engine))
    yield from _speaks_of(engine)
    yield from _newest(engine, folder)


def _log(log: AuditLog) -> Iterator[Broken]:
    """The first entry that does not follow from the one before, or whose words are not those of its digest."""
    last, previous = 0, ""
    while entries := log.entries(after=last):
        for entry in entries:
            if not _follows(entry, last, previous):
                yield Broken(kind="audit", part="audit", record=str(entry.id))
                return
            last, previous = entry.id, entry.digest


def _follows(entry: AuditEntry, last: int, previous: str) -> bool:
    return (entry.id, entry.previous, entry.digest) == (last + 1, previous, entry.computed())


def _speaks_of(engine: Engine) -> Iterator[Broken]:
    """Manifests that were written over another log than this."""
    with_log = select(SealRow.number).outerjoin(AuditRow, AuditRow.id == SealRow.audit_count)
    differs = or_(AuditRow.digest.is_(None), AuditRow.digest != SealRow.audit_head)
    with engine.connect() as connection:
        wrong = connection.execute(with_log.where(SealRow.audit_count > 0, differs).order_by(SealRow.number).limit(1))
        for number in wrong.scalars():
            yield Broken(kind="audit", part=head_name(number), detail="清单写下的日志链首与日志不符")


def _newest(engine: Engine, folder: Path) -> Iterator[Broken]:
    """The newest manifest's row against its file; those before it are chained to that."""
    query = select(SealRow.number, SealRow.sha256).order_by(SealRow.number.desc()).limit(1)
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return
    try:
        found = hashlib.sha256(read_head(folder, row.number)).hexdigest()
    except (EvidenceBroken, OSError):
        detail = f"数据库中有这份清单（{row.sha256}），档案中没有"
        yield Broken(kind="chain_cut", part=head_name(row.number), detail=detail)
        return
    if found != row.sha256:
        detail = f"数据库中是 {row.sha256}，档案中是 {found}"
        yield Broken(kind="fork", part=head_name(row.number), detail=detail)
