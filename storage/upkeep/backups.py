"""The backups that a home knows of: written down, tested, and taken away when enough newer ones were tested.

A backup that was never restored for a test counts for nothing, and takes the place of none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert, select, update

from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import Act, add_on, entries_of
from storage.canonical import canonical
from storage.db import writing
from storage.folders import save, sync_folder
from storage.people import OURSELVES
from storage.tables.backups import BackupRow
from storage.upkeep.backup import Made
from storage.upkeep.copying import PART, clear
from storage.upkeep.homefiles import ARCHIVE
from storage.upkeep.inventory import LIST, TESTED, read_inventory
from storage.upkeep.proving import Proof
from storage.warc import date

MOST = 1000  # backups that are looked through at once
_COLUMNS = tuple(BackupRow.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup as the home wrote it down; `entry` is its number in the audit log, `head` that of the chain."""

    id: int
    at: datetime
    place: str
    files: int
    bytes: int
    exhibits: int
    head: str
    made_by: str
    entry: int
    tested_at: datetime | None
    trouble: str

    @property
    def is_there(self) -> bool:
        """Whether the folder is there now: a disk may not be mounted."""
        return is_laid(self.place)


class Backups:
    """The backups in one database. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, limit: int = MOST, before: int = 0) -> tuple[Backup, ...]:
        """The newest first; those with a smaller id than `before` where one is given."""
        query = select(*_COLUMNS).order_by(BackupRow.id.desc()).limit(limit)
        query = query.where(BackupRow.id < before) if before else query
        with self._engine.connect() as connection:
            return tuple(Backup(**row._mapping) for row in connection.execute(query))

    def newest_tested(self) -> Backup | None:
        """The last one that a test restore proved, there or not."""
        query = select(*_COLUMNS).where(BackupRow.tested_at.is_not(None)).order_by(BackupRow.id.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return Backup(**row._mapping) if row else None

    def holding(self, file: str, least: int) -> Path | None:
        """The newest tested one that is there and has this file of the archive, at least so long: its test read it."""
        for one in self.newest():
            if one.tested_at and one.is_there and _has(Path(one.place), f"{ARCHIVE}/{file}", least):
                return Path(one.place)
        return None

    def base(self) -> Path | None:
        """The newest one that is there, whose files may be linked; none when that one did not hold."""
        last = next((one for one in self.newest(20) if one.is_there), None)
        return Path(last.place) if last and not last.trouble else None

    def enter(self, made: Made, by: str) -> int:
        """Write a backup down, with who had it made; its id."""
        inventory = made.inventory
        facts = inventory.facts
        act = Act(
            who=by,
            act="backup",
            subject=made.place.name,
            at=inventory.made_at,
            detail={"list": made.sha256, "exhibits": facts.exhibits, "chain": f"{facts.number} {facts.head}".strip()},
        )
        with writing(self._engine).begin() as connection:
            values = {
                "at": inventory.made_at,
                "place": str(made.place.absolute()),
                "files": len(inventory.files),
                "bytes": inventory.size,
                "exhibits": facts.exhibits,
                "head": facts.head,
                "made_by": by,
                "entry": add_on(connection, act),
                "tested_at": None,
                "trouble": "",
            }
            new = insert(BackupRow).values(values).returning(BackupRow.id)
            return int(connection.execute(new).scalar_one())

    def proved(self, number: int, made: Made, proof: Proof, now: datetime) -> None:
        """A test restore of it held: in its own folder first, then here."""
        told = asdict(proof) | {"list": made.sha256, "tested_at": date(now)}
        save(made.place / TESTED, canonical(told))
        act = Act(who=OURSELVES, act="backup_tested", subject=made.place.name, at=now, detail={"list": made.sha256})
        self._end(number, act, tested_at=now)

    def failed(self, number: int, made: Made, trouble: str, now: datetime) -> None:
        """A test restore of it did not hold."""
        detail = {"list": made.sha256, "why": trouble}
        act = Act(who=OURSELVES, act="backup_failed", subject=made.place.name, at=now, detail=detail)
        self._end(number, act, trouble=trouble)

    def _end(self, number: int, act: Act, tested_at: datetime | None = None, trouble: str = "") -> None:
        mine = update(BackupRow).where(BackupRow.id == number)
        with writing(self._engine).begin() as connection:
            connection.execute(mine.values(tested_at=tested_at, trouble=trouble))
            add_on(connection, act)

    def spoilt(self, ids: Sequence[int], trouble: str, now: datetime) -> None:
        """Backups that were tested once, and of which something is known now that lets them count no longer."""
        for one in self.newest():
            if one.id in ids and not one.trouble:
                name = Path(one.place).name
                act = Act(who=OURSELVES, act="backup_spoilt", subject=name, at=now, detail={"why": trouble})
                self._end(one.id, act, trouble=trouble)

    def prune(self, keep: int, now: datetime, folder: Path, tell: Callable[[str, str], None]) -> int:
        """Take away what is older than the `keep` newest that were tested and are there; how many those were.

        Only what lies in `folder` and what this home made since it was restored, if it was: older rows speak of the
        backups of another home. `tell` is told each place, and why it stayed if it did.
        """
        since, at = self.restored(), folder.resolve()
        known = [one for one in self.newest() if one.entry > since and Path(one.place).resolve().parent == at]
        tested = [one.id for one in known if one.tested_at and one.is_there]
        if len(tested) <= max(keep, 1):
            return 0
        removed = 0
        for one in [one for one in known if one.id < tested[max(keep, 1) - 1] and one.is_there]:
            try:
                _remove(Path(one.place))
            except (OSError, UserMistake) as wrong:
                tell(one.place, str(wrong))
                continue
            with writing(self._engine).begin() as connection:
                _forget(connection, one, now)
            tell(one.place, "")
            removed += 1
        return removed

    def restored(self) -> int:
        """The entry with which this home began, where it came of a backup."""
        with self._engine.connect() as connection:
            return max((entry.id for entry in entries_of(connection, ("restore",))), default=0)


def is_laid(place: str) -> bool:
    """Whether a backup lies there that we may read."""
    try:
        return (Path(place) / LIST).is_file()
    except OSError:
        return False


def _has(place: Path, name: str, least: int = 0) -> bool:
    try:
        listed = read_inventory(place)[0].files
        return any(one.name == name and one.size >= least for one in listed) and (place / name).is_file()
    except (EvidenceBroken, UserMistake, OSError):
        return False


def was_tested(backup: Path, sha256: str) -> str:
    """When a test restore of this very backup held, as its own folder says; empty where none did."""
    try:
        told = json.loads((backup / TESTED).read_bytes())
        return str(told["tested_at"]) if told["list"] == sha256 else ""
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def _remove(place: Path) -> None:
    """Under a name that says it is no backup any more, so that one that is half gone is none."""
    gone = place.with_name(place.name + PART)
    place.rename(gone)
    sync_folder(place.parent)
    clear(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _forget(connection: Connection, one: Backup, now: datetime) -> None:
    connection.execute(delete(BackupRow).where(BackupRow.id == one.id))
    add_on(connection, Act(who=OURSELVES, act="backup_removed", subject=Path(one.place).name, at=now))
