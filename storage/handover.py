"""How files of records come from a worker's machine into the one archive: over the shelf, under `incoming/`.

The chain of manifests is one and lies with the patrol host, so a worker never seals. It puts its finished files on
the shelf, and keeps its own copy until the patrol host has the file in its folder, safe and compared. Whatever ends
either of them in the middle, the next time goes on where it stopped, and no file is ever only on its way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, Engine, and_, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake
from storage.archive import Elsewhere
from storage.db import writing
from storage.folders import made, save, sync_folder, take_name
from storage.recovery import recover
from storage.sealing.manifests import FOLDER
from storage.sealing.members import DAMAGED, Unreadable, Walk
from storage.shelf import Shelf, open_shelf
from storage.shelving import Shelved, digested, fetch, shelved
from storage.tables.workers import HandedOverRow

INCOMING = "incoming"
MARK = "WORKER"
MOST = 200  # files of one look
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.warc\.gz")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What one run moved: files and bytes, and what stays where it is, and why.

    `freed` are files of a worker that went, because the patrol host has them.
    """

    files: int = 0
    bytes: int = 0
    freed: int = 0
    troubles: tuple[str, ...] = ()


# -- whose home it is ------------------------------------------------------------------------------


def is_worker(home: Path) -> bool:
    """Whether files are written here for another machine's archive."""
    return (home / MARK).exists()


def become_worker(home: Path) -> None:
    """From now on nothing is sealed in this home; refused where that was ever done."""
    if any((home / "archive" / FOLDER).glob("*.json")):
        raise UserMistake(f"{home} 里有封存的清单：它是巡查主机的目录；工作机请另设一个 LANTIAN_HOME")
    if not is_worker(home):
        made(home)
        save(home / MARK, "这是工作机的目录：固定的网页由巡查主机收齐、封存。\n".encode())


def refuse_worker(home: Path) -> None:
    """The chain is the patrol host's alone: a second one would be as good as none."""
    if is_worker(home):
        raise UserMistake(f"{home} 是工作机的目录，不在这里封存：请在巡查主机上运行")


# -- on the worker ---------------------------------------------------------------------------------


def announce(engine: Engine, file: str, worker: str, now: datetime) -> None:
    """A worker begins this file: until it comes, what lies in it is not missing but there."""
    new = insert(HandedOverRow).values(file=file, worker=worker, begun_at=now)
    with writing(engine).begin() as connection:
        connection.execute(new.on_conflict_do_nothing(index_elements=[HandedOverRow.file]))


def still_with(engine: Engine, file: str) -> str:
    """The worker that has the file and has not handed it over yet; empty for any other file."""
    query = select(HandedOverRow.worker).where(HandedOverRow.file == file, HandedOverRow.at.is_(None))
    with engine.connect() as connection:
        return connection.execute(query).scalar_one_or_none() or ""


class Sender:
    """Hands over what lies finished in a worker's `folder`. `worker` is the machine's name, for people."""

    def __init__(self, folder: Path, engine: Engine, shelf: Shelf, worker: str) -> None:
        self._folder = folder
        self._engine = engine
        self._shelf = shelf
        self._worker = worker

    def hand_over(self, now: datetime) -> Moved:
        """Finish what dead crawls left, put everything on the shelf that is not there, let go what was collected."""
        troubles = _recovered(self._folder)
        files = size = freed = 0
        for path in sorted(self._folder.glob("*.warc.gz")):
            is_collected = self._fate(path.name)
            if is_collected:
                path.unlink(missing_ok=True)
                freed += 1
            elif is_collected is None:
                try:
                    size += self._put(path, now)
                except EvidenceBroken as broken:
                    troubles.append(str(broken))
                    continue
                files += 1
        if freed:
            sync_folder(self._folder)
        return Moved(files=files, bytes=size, freed=freed, troubles=tuple(troubles))

    def _fate(self, file: str) -> bool | None:
        """Whether the patrol host has it; `None` while nobody was told of it."""
        query = select(HandedOverRow.at, HandedOverRow.collected_at).where(HandedOverRow.file == file)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None or row.at is None else row.collected_at is not None

    def _put(self, path: Path, now: datetime) -> int:
        """The file lies on the shelf and was read back from there before the database is told."""
        sha256, size = digested(path)
        self._shelf.put(path, f"{INCOMING}/{path.name}", sha256)
        told = {"size": size, "sha256": sha256, "at": now}
        new = insert(HandedOverRow).values(file=path.name, worker=self._worker, begun_at=now, **told)
        with writing(self._engine).begin() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=[HandedOverRow.file], set_=told))
        return size


def _recovered(folder: Path) -> list[str]:
    try:
        recover(folder)
    except EvidenceBroken as broken:
        return [str(broken)]
    return []


# -- on the patrol host ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A file that a worker handed over and that is not in the archive yet."""

    file: str
    size: int
    sha256: str
    worker: str
    at: datetime


class Collector:
    """Brings what workers handed over into the archive in `folder`."""

    def __init__(self, folder: Path, engine: Engine, shelf: Shelf) -> None:
        self._folder = folder
        self._engine = engine
        self._shelf = shelf

    def collect(self, now: datetime, tell: Tell) -> Moved:
        """All that waits, oldest first; what cannot be brought in stays under `incoming/`, and is said."""
        files = size = 0
        troubles: list[str] = []
        made(self._folder)
        for one in waiting(self._engine):
            try:
                troubles += self._bring(one)
            except EvidenceBroken as broken:
                troubles.append(f"{one.worker}: {broken}")
                continue
            self._enter(one, now)
            self._shelf.remove(f"{INCOMING}/{one.file}")
            files, size = files + 1, size + one.size
            tell(one.file)
        self._tidy()
        return Moved(files=files, bytes=size, troubles=tuple(troubles))

    def _bring(self, one: Waiting) -> list[str]:
        """The file is in the folder, safe under its name, as it was handed over; says which records are damaged."""
        if not _NAME.fullmatch(one.file):
            raise EvidenceBroken(f"{one.file!r} is no name of a file of records")
        target = self._folder / one.file
        if not target.exists() and self._was_shelved(one):
            return []
        if not target.exists():
            self._fetch(one, target)
        sha256, size = digested(target)
        if (sha256, size) != (one.sha256, one.size):
            raise EvidenceBroken(f"{one.file}: another file of this name is in the archive")
        return _damages(target)

    def _fetch(self, one: Waiting, target: Path) -> None:
        temp = target.with_name(f".{one.file}.part")
        wanted = Shelved(file=f"{INCOMING}/{one.file}", size=one.size, sha256=one.sha256)
        try:
            fetch(self._shelf, wanted, temp)
            with temp.open("rb") as file:
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # whoever was faster is compared with what was handed over
                take_name(temp, target)
        finally:
            temp.unlink(missing_ok=True)
        sync_folder(self._folder)

    def _was_shelved(self, one: Waiting) -> bool:
        """Brought in before, sealed and shelved, and only the row of it was lost."""
        try:
            there = shelved(self._engine, one.file)
        except EvidenceBroken:
            return False
        if (there.sha256, there.size) != (one.sha256, one.size):
            raise EvidenceBroken(f"{one.file}: another file of this name is on the shelf")
        return True

    def _enter(self, one: Waiting, now: datetime) -> None:
        mine = update(HandedOverRow).where(HandedOverRow.file == one.file)
        with writing(self._engine).begin() as connection:
            connection.execute(mine.values(collected_at=now))

    def _tidy(self) -> None:
        """What is in the archive is taken from `incoming/`, where a run before this one died before it could."""
        for name in self._shelf.names(INCOMING):
            file = name.removeprefix(f"{INCOMING}/")
            query = select(HandedOverRow.collected_at).where(HandedOverRow.file == file)
            with self._engine.connect() as connection:
                row = connection.execute(query).one_or_none()
            if row is not None and row.collected_at is not None:
                self._shelf.remove(name)


def waiting(engine: Engine) -> Iterator[Waiting]:
    """What was handed over and is not collected, oldest first, asked for a page at a time."""
    columns = (HandedOverRow.file, HandedOverRow.size, HandedOverRow.sha256, HandedOverRow.worker, HandedOverRow.at)
    is_there = HandedOverRow.collected_at.is_(None) & HandedOverRow.at.is_not(None)
    query = select(*columns).where(is_there).order_by(HandedOverRow.at, HandedOverRow.file)
    behind: ColumnElement[bool] = true()
    while True:
        with engine.connect() as connection:
            rows = connection.execute(query.where(behind).limit(MOST)).all()
        if not rows:
            return
        last = rows[-1]
        same_moment = and_(HandedOverRow.at == last.at, HandedOverRow.file > last.file)
        behind = or_(HandedOverRow.at > last.at, same_moment)
        for row in rows:
            yield Waiting(file=row.file, size=row.size, sha256=row.sha256, worker=row.worker, at=row.at)


def is_waiting(engine: Engine) -> bool:
    """Whether there is anything to collect."""
    return next(waiting(engine), None) is not None


def _damages(path: Path) -> list[str]:
    """Records that are not whole: they were no better when they were handed over, so they are kept and said."""
    with path.open("rb") as file:
        walk = Walk(file.fileno(), 0, path.stat().st_size, is_finished=True)
        try:
            return [f"{path.name}: no whole record at {one.offset}" for one in walk.members() if one.type == DAMAGED]
        except Unreadable as wrong:
            raise EvidenceBroken(f"{path.name} cannot be read ({wrong})") from None


# -- reading what is not in the folder -------------------------------------------------------------


class _OnTheShelf:
    """Files that have left the folder, and those that have not come yet."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def read(self, name: str, start: int, end: int) -> bytes:
        try:
            return self._shelf.read(name, start, end)
        except FileNotFoundError:
            return self._shelf.read(f"{INCOMING}/{name}", start, end)


def open_elsewhere(config: Config) -> Elsewhere | None:
    """Where the archive looks for what is not in its folder; nowhere without a shelf."""
    shelf = open_shelf(config)
    return None if shelf is None else _OnTheShelf(shelf)
