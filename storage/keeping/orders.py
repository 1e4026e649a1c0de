"""Who ordered an expiry and by which terms: said in the audit log before its manifest is written, and held against what
is needed when it is entered, whoever enters it. What somebody has come to need meanwhile is not removed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from crawler.errors import UserMistake
from crawler.tables import Retention
from storage.audit import Act, Detail, add_on
from storage.keeping.needs import Needs
from storage.sealing.manifests import Head, head_path, leaves_of
from storage.tables.keeping import ShelvedRow
from storage.tables.sealing import AuditRow

BEGUN, DONE = "expire_begun", "expire"


class NeededMeanwhile(UserMistake):
    """Somebody placed a hold, or something was found, since it was decided what goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Who has records removed, at which moment, and how long they had to be kept until then."""

    by: str
    at: datetime
    retention: Retention


def begin(connection: Connection, number: int, order: Ordered, files: Sequence[str]) -> None:
    """Say that the manifest of this number is about to be written; `files` are those that it rewrites."""
    days = order.retention
    detail: Detail = {"files": files, "unflagged_days": days.unflagged_days, "flagged_days": days.flagged_days}
    add_on(connection, Act(who=order.by, act=BEGUN, subject=f"{number:06d}", at=order.at, detail=detail))


def ordered(connection: Connection, number: int) -> Ordered | None:
    """Whose order it is; `None` where the log does not know, as in a copy of the database from before it."""
    query = select(AuditRow.who, AuditRow.at, AuditRow.detail).order_by(AuditRow.id.desc()).limit(1)
    row = connection.execute(query.where(AuditRow.act == BEGUN, AuditRow.subject == f"{number:06d}")).one_or_none()
    if row is None:
        return None
    told = json.loads(row.detail)
    retention = Retention(unflagged_days=told["unflagged_days"], flagged_days=told["flagged_days"])
    return Ordered(by=row.who, at=row.at, retention=retention)


def refuse_needed(connection: Connection, folder: Path, head: Head) -> None:
    """`NeededMeanwhile` when the expiry removes what is needed now, and nothing has come of it yet."""
    order = ordered(connection, head.number)
    if order is None or not _is_untouched(connection, folder, head):
        return
    needs = Needs(order.retention, order.at)
    needed = frozenset(id_ for span in head.files for id_ in needs.kept(connection, span.file))
    if needed and any(leaf.to == -1 and leaf.id in needed for leaf in leaves_of(folder, head.number)):
        raise NeededMeanwhile("这期间有新的保留要求或发现；没有删除，请再运行一次")


def note_done(connection: Connection, head: Head, records: int, captures: int) -> None:
    """Say in the log who had the records removed."""
    order = ordered(connection, head.number)
    if order is None:
        return
    detail: Detail = {"files": [span.file for span in head.files], "records": records, "captures": captures}
    add_on(connection, Act(who=order.by, act=DONE, subject="archive", at=head.sealed_at, detail=detail))


def _is_untouched(connection: Connection, folder: Path, head: Head) -> bool:
    """Whether the manifest can be taken back: no other follows it, no authority signed it, every old file is there."""
    is_last = not head_path(folder, head.number + 1).exists()
    is_stamped = head_path(folder, head.number).with_suffix(".tsr").exists()
    return is_last and not is_stamped and all(_is_there(connection, folder, span.file) for span in head.files)


def _is_there(connection: Connection, folder: Path, file: str) -> bool:
    shelved = select(ShelvedRow.file).where(ShelvedRow.file == file)
    return (folder / file).exists() or connection.execute(shelved).first() is not None
