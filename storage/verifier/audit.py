"""The audit log in the database: each entry chained to the one before, and to the manifests that were sealed meanwhile.

A log that was rewritten does not lead to the heads that manifests have of it; a chain that was cut lacks manifests that
the log tells of.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator

from storage.verifier.chain import Chain
from storage.verifier.leaves import head_name
from storage.verifier.report import Broken

PART = "lantian.db"
_ENTRIES = "SELECT id, at, who, act, subject, detail, previous, digest FROM home.audit ORDER BY id"
_SEALING = frozenset({"seal", "adopt"})
Entry = tuple[int, str, str, str, str, str, str, str]


def missing_log(chain: Chain) -> Iterator[Broken]:
    """No log at all, as before there was one."""
    if any(head.audit_count for head in chain.heads):
        yield Broken(kind="audit", part=PART, detail="清单记有操作日志，数据库中没有")


def check_log(home: sqlite3.Connection, chain: Chain, is_there: Callable[[str], bool]) -> Iterator[Broken]:
    """Every entry's digest again, what it says of manifests, and the log's head as each manifest says it was."""
    count, previous = 0, ""
    known = {head.number: head.sha256 for head in chain.heads}
    for entry in home.execute(_ENTRIES):
        count += 1
        if entry[0] != count or entry[6] != previous or entry[7] != _digest(entry):
            detail = f"第 {count} 条与其摘要或前一条不符"
            yield Broken(kind="audit", part=PART, record=str(entry[0]), detail=detail)
            return
        previous = entry[7]
        if entry[3] in _SEALING:
            yield from _sealed(entry, known, is_there)
    yield from _heads(home, chain, count)


def _sealed(entry: Entry, known: dict[int, str], is_there: Callable[[str], bool]) -> Iterator[Broken]:
    """A manifest that was sealed is in the chain, unless it was sealed after we read the chain."""
    number, said = int(entry[4]), json.loads(entry[5])["sha256"]
    name = head_name(number)
    if number not in known and number > max(known, default=0) and not is_there(name):
        yield Broken(kind="chain_cut", part=name, detail=f"操作日志第 {entry[0]} 条记有这份清单（{said}），档案中没有")
    elif known.get(number, said) != said:
        detail = f"操作日志第 {entry[0]} 条记的是 {said}，档案中是 {known[number]}"
        yield Broken(kind="fork", part=name, detail=detail)


def _heads(home: sqlite3.Connection, chain: Chain, count: int) -> Iterator[Broken]:
    for head in chain.heads:
        said = home.execute("SELECT digest FROM home.audit WHERE id = ?", (head.audit_count,)).fetchone()
        if (said[0] if said else "") != head.audit_head:
            detail = f"封存时日志有 {head.audit_count} 条，末条 {head.audit_head or '空'}；现有 {count} 条，不含它"
            yield Broken(kind="audit", part=head_name(head.number), detail=detail)


def _digest(entry: Entry) -> str:
    """SHA-256 over an entry's canonical JSON."""
    number, at, who, act, subject, detail, previous, _ = entry
    told = {
        "act": act,
        "at": str(at).replace(" ", "T") + "Z",
        "detail": detail,
        "id": number,
        "previous": previous,
        "subject": subject,
        "who": who,
    }
    line = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()
