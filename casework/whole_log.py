"""Whether the audit log is whole, asked before anything leaves: what is not there cannot be proved by what is.

An entry alone proves an act; that no later one took it back is only proved by a log without a gap, which still holds
what every sealed manifest knew of it. What was cut off since the newest manifest is not noticed: the next one is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from crawler.errors import EvidenceBroken
from storage.audit import AuditHead, AuditLog
from storage.cases.audit_reading import HeadSealed, sealed_heads


def refuse_gaps(engine: Engine, archive: Path) -> None:
    """`EvidenceBroken` unless every entry follows upon the one before, and is what manifests say; digests only."""
    heads = sealed_heads(archive)
    known: dict[int, HeadSealed] = {}
    for one in heads:
        if known.setdefault(one.head.count, one).head.digest != one.head.digest:
            raise EvidenceBroken(f"第 {one.manifest} 号清单与前面的清单对操作日志所记不同")
    last = AuditHead(count=0, digest="")
    for last in _links(AuditLog(engine)):
        sealed = known.pop(last.count, None)
        if sealed is not None and sealed.head.digest != last.digest:
            raise EvidenceBroken(f"操作日志第 {last.count} 条与第 {sealed.manifest} 号清单所记不符：日志被改写过")
    missing = [one for count, one in sorted(known.items()) if count > last.count]
    if missing:
        raise EvidenceBroken(f"操作日志只有 {last.count} 条，第 {missing[0].manifest} 号清单所记更多：日志被截短过")


def _links(log: AuditLog) -> Iterator[AuditHead]:
    last = AuditHead(count=0, digest="")
    while entries := log.entries(after=last.count):
        for entry in entries:
            if not entry.follows(last):
                raise EvidenceBroken(f"操作日志第 {last.count + 1} 条与其摘要或前一条不符（lantian audit verify）")
            last = AuditHead(count=entry.id, digest=entry.digest)
            yield last
