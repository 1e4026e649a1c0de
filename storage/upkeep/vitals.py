"""What a home's database and folder say of its health, each by an index or a few rows: never by reading all of them.

Numbers and moments only; no text that a page or a person wrote.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, select, text
from sqlalchemy.exc import DatabaseError

from storage.models import ExhibitRow, Round, Run
from storage.tables.backups import BackupRow
from storage.tables.credentials import GrantRow
from storage.tables.fixity import FixityRow
from storage.tables.hand import OverrideRow, TaskRow
from storage.tables.leads import LeadRow
from storage.tables.patrol import WatchRow, WatchVersionRow
from storage.tables.people import UserRow
from storage.tables.sealing import ExtentRow, SealRow
from storage.whereabouts import SQLITE

DAY = timedelta(days=1)
QUICK_BYTES = 256 << 20  # what SQLite checks in a few seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How a home is. `exhibits` is the number of the newest, so those that were removed count; moments are `None` for
    what never was. `reviewers` are active users with that grant in force, `watches` those that are not paused,
    `backup_place` is where the last tested backup was laid, there or not."""

    exhibits: int
    sealed: int
    unstamped: int
    newest_seal: tuple[int, str] | None
    round_at: datetime | None
    run_ended_at: datetime | None
    planned_until: datetime | None
    watches: int
    tasks: int
    task_since: datetime | None
    overrides: int
    users: int
    reviewers: int
    read_at: datetime | None
    backup_at: datetime | None
    backup_trouble: str
    backup_place: str


def vitals(engine: Engine) -> Vitals:
    """All of it as of one moment."""
    with engine.connect() as connection:
        return _vitals_on(connection)


def _vitals_on(connection: Connection) -> Vitals:
    seal = connection.execute(select(SealRow.number, SealRow.sha256).order_by(SealRow.number.desc()).limit(1)).first()
    waiting = select(func.count(), func.min(TaskRow.opened_at)).where(TaskRow.closed_at.is_(None))
    tasks, task_since = connection.execute(waiting).one()
    tested = select(BackupRow.at, BackupRow.place).where(BackupRow.tested_at.is_not(None))
    backup = connection.execute(tested.order_by(BackupRow.id.desc()).limit(1)).one_or_none()
    newest = select(BackupRow.trouble).order_by(BackupRow.id.desc()).limit(1)

    def one(query: Select[Any]) -> int:
        return int(connection.execute(query).scalar_one() or 0)

    def moment(query: Select[Any]) -> datetime | None:
        found: datetime | None = connection.execute(query).scalar_one_or_none()
        return found

    return Vitals(
        exhibits=one(select(func.max(ExhibitRow.id))),
        sealed=one(select(func.sum(SealRow.leaves)).where(SealRow.kind == "records")),
        unstamped=one(select(func.count()).select_from(SealRow).where(SealRow.stamped_at.is_(None))),
        newest_seal=(seal.number, seal.sha256) if seal else None,
        round_at=moment(select(func.max(Round.started_at))),
        run_ended_at=moment(select(func.max(Run.ended_at))),
        planned_until=moment(select(func.max(WatchRow.planned_until))),
        watches=one(_running_watches()),
        tasks=tasks,
        task_since=task_since,
        overrides=one(select(func.count(func.distinct(OverrideRow.platform)))),
        users=one(select(func.count()).select_from(UserRow).where(UserRow.disabled_at.is_(None))),
        reviewers=one(_reviewers()),
        read_at=moment(select(func.max(FixityRow.checked_at))),
        backup_at=backup.at if backup else None,
        backup_place=backup.place if backup else "",
        backup_trouble=connection.execute(newest).scalar_one_or_none() or "",
    )


def _running_watches() -> Select[int]:
    holds = WatchVersionRow.until.is_(None) & WatchVersionRow.is_paused.is_(False)
    return select(func.count()).select_from(WatchVersionRow).where(holds)


def _reviewers() -> Select[int]:
    in_force = (GrantRow.grant == "reviewer", GrantRow.confirmed_at.is_not(None), GrantRow.ended_at.is_(None))
    active = (GrantRow.user_id == UserRow.id, UserRow.disabled_at.is_(None))
    return select(func.count(func.distinct(GrantRow.user_id))).where(*in_force, *active)


def runs_since(engine: Engine, since: datetime) -> Mapping[tuple[str, str], int]:
    """How many runs ended since then, by platform and outcome: costs what ended since."""
    query = select(Run.platform, Run.outcome, func.count()).where(Run.ended_at > since)
    with engine.connect() as connection:
        rows = connection.execute(query.group_by(Run.platform, Run.outcome)).all()
    return {(platform, outcome or ""): count for platform, outcome, count in rows}


def leads_by_state(engine: Engine) -> Mapping[str, int]:
    """Leads in each state, counted in their index alone."""
    query = select(LeadRow.state, func.count().label("leads")).group_by(LeadRow.state)
    with engine.connect() as connection:
        return {row.state: row.leads for row in connection.execute(query)}


def broken_files(engine: Engine, limit: int) -> tuple[tuple[str, int], ...]:
    """Files of the archive that did not come back whole when they were read again, and how many bytes of each are
    sealed, 0 for a manifest."""
    ends = select(func.coalesce(func.max(ExtentRow.to), 0)).where(ExtentRow.file == FixityRow.file).scalar_subquery()
    query = select(FixityRow.file, ends).where(FixityRow.broken != "").group_by(FixityRow.file)
    with engine.connect() as connection:
        return tuple((file, int(end)) for file, end in connection.execute(query.order_by(FixityRow.file).limit(limit)))


def integrity(engine: Engine, *, in_full: bool) -> str:
    """What SQLite finds wrong with its file, empty for nothing; a server looks after its own."""
    if engine.dialect.name != SQLITE:
        return ""
    check = "integrity_check" if in_full else "quick_check"
    try:
        with engine.connect() as connection:
            found = [str(row[0]) for row in connection.execute(text(f"PRAGMA {check}(5)"))]
    except DatabaseError as wrong:
        return str(wrong.orig)
    return "" if found == ["ok"] else "；".join(found)


def database_bytes(engine: Engine) -> int:
    """What the database takes on its disk, the journal beside it included."""
    if engine.dialect.name != SQLITE:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    path = Path(engine.url.database or "")
    beside = (path, path.with_name(f"{path.name}-wal"))
    return sum(one.stat().st_size for one in beside if one.exists())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What a folder's files come to, and how much of it was written since a moment."""

    files: int
    bytes: int
    new_bytes: int


def grown(folder: Path, since: datetime) -> Grown:
    """A folder with all below it, by names and sizes; a folder that is not there has nothing."""
    files, size, new = 0, 0, 0
    for one in _files(folder):
        try:
            told = one.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # it was shelved or finished meanwhile
        files, size = files + 1, size + told.st_size
        new += told.st_size if told.st_mtime > since.timestamp() else 0
    return Grown(files=files, bytes=size, new_bytes=new)


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for one in entries:
        if one.is_dir(follow_symlinks=False):
            yield from _files(Path(one.path))
        else:
            yield one
