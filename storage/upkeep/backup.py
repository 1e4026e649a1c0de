"""Makes a backup of a home while crawls and people go on: its rows as of one moment first, then the files, so that the
bytes of every row are there.

It refuses a worker's home, never touches an older backup, and has no name before all of it is safe on the disk. Whoever
calls it sees to it that nothing expires or is shelved meanwhile.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from crawler.config import VERSION, Config
from crawler.errors import EvidenceBroken, UserMistake
from storage.folders import made, save_new, sync_folder
from storage.handover import is_worker
from storage.shelf import Shelf
from storage.shelving import Shelved, fetch
from storage.upkeep.copying import (
    PART,
    Tell,
    Watch,
    clear,
    copied,
    digested_file,
    folder_of_ours,
    linked,
    megabytes,
    must_fit,
    safe_all,
)
from storage.upkeep.dumping import dumped, kind_of, size_of
from storage.upkeep.homefiles import ARCHIVE, FOLDERS, HomeFile, Listed, home_files
from storage.upkeep.inventory import (
    DATABASE,
    DIGEST,
    DUMP,
    LIMIT,
    LIST,
    BackedFile,
    Facts,
    Inventory,
    digest_line,
    read_inventory,
)
from storage.warcfile import OPEN_SUFFIX, settled_size
from storage.whereabouts import SQLITE

NAME = "lantian-{:%Y%m%dT%H%M%SZ}"
SCRATCH = ".test"  # behind the name of a backup that is being restored for a test


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Where to: a folder of backups. `base` is a whole backup whose unchanged files may be linked instead of copied;
    with `shelf` what lies there alone is fetched too."""

    folder: Path
    now: datetime
    base: Path | None = None
    shelf: Shelf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that has its name: where it is, its list and the list's SHA-256, and how many bytes were linked."""

    place: Path
    inventory: Inventory
    sha256: str
    linked: int


def back_up(config: Config, order: Order, watch: Watch) -> Made:
    """Write a backup of the home; `UserMistake` or `OSError` says why there is none, and then nothing is left of it."""
    refuse(config, order.folder)
    made(order.folder)
    place = _free_name(order.folder, order.now)
    for dead in (*order.folder.glob(f"lantian-*{PART}"), *order.folder.glob(f".lantian-*{SCRATCH}")):
        with suppress(UserMistake, OSError):
            clear(dead)
    with folder_of_ours(place.with_name(place.name + PART)) as part:
        must_fit(part, size_of(config.database))
        facts = dumped(config.database, part)
        writer = _Writer(config, part, _known(order.base), order.base)
        writer.database()
        listed = home_files(config, facts.number)
        shelf = facts.shelf if order.shelf else ()
        must_fit(part, writer.to_copy(listed) + sum(one.size for one in shelf))
        with watch(len(listed.files) + len(shelf)) as tell:
            writer.copy(listed, tell)
            writer.fetch(shelf, order.shelf, tell)
        inventory = _inventory(config, order, facts, writer.files, listed)
        sha256 = _finish(part, inventory)
        part.rename(place)
    sync_folder(order.folder)
    return Made(place=place, inventory=inventory, sha256=sha256, linked=writer.linked)


def refuse(config: Config, folder: Path) -> None:
    """`UserMistake` where no backup of this home may be made, or none there."""
    if is_worker(config.home):
        raise UserMistake(f"{config.home} 是工作机的目录：备份在巡查主机上做")
    if kind_of(config.database) == SQLITE and not size_of(config.database):
        raise UserMistake(f"{config.home} 里还没有数据，没有可备份的")
    target = folder.resolve()
    copied_too = (config.archive, *(config.home / name for name in FOLDERS))
    if target == config.home.resolve() or any(target.is_relative_to(one.resolve()) for one in copied_too):
        raise UserMistake(f"备份不能放在 {folder}：请放在数据目录之外，最好是另一块磁盘")


def _free_name(folder: Path, now: datetime) -> Path:
    name = NAME.format(now)
    taken = {path.name.removesuffix(PART) for path in folder.iterdir()}
    return folder / next(one for one in (name, *(f"{name}-{number}" for number in range(2, 1000))) if one not in taken)


def _known(base: Path | None) -> Mapping[str, BackedFile]:
    """What the backup before holds; nothing where it is not to be read."""
    if base is None:
        return {}
    with suppress(EvidenceBroken, UserMistake, OSError):
        return {one.name: one for one in read_inventory(base)[0].files}
    return {}


@dataclass(slots=True, kw_only=False)
class _Writer:
    """Puts the files of one backup together."""

    config: Config
    part: Path
    known: Mapping[str, BackedFile]
    base: Path | None
    files: list[BackedFile] = field(default_factory=list)
    linked: int = 0

    def database(self) -> None:
        """The file that was dumped, synced and digested."""
        name = DATABASE if kind_of(self.config.database) == SQLITE else DUMP
        with (self.part / name).open("rb+") as file:
            os.fsync(file.fileno())
        found = digested_file(self.part / name)
        self.files.append(BackedFile(name=name, size=found.size, sha256=found.sha256))

    def to_copy(self, listed: Listed) -> int:
        """Bytes that cannot be linked, as far as one knows before."""
        sizes = ((one, one.path.stat().st_size) for one in listed.files if one.path.exists())
        return sum(size for one, size in sizes if self._same(one, size) is None)

    def copy(self, listed: Listed, tell: Tell) -> None:
        for one in listed.files:
            self._take(one)
            tell(one.name)

    def _take(self, one: HomeFile) -> None:
        fd = _opened(one.path)
        if fd < 0:
            return  # a file that went since it was listed, and of which no row speaks
        try:
            size = os.fstat(fd).st_size if one.is_final else _settled(fd)
            same = self._same(one, size)
            if same and self.base and linked(self.base / one.name, self.part / one.name):
                self.linked += same.size
                self.files.append(same)
                return
            found = copied(fd, size, self.part / one.name)
        finally:
            os.close(fd)
        self.files.append(BackedFile(name=one.name, size=found.size, sha256=found.sha256))

    def _same(self, one: HomeFile, size: int) -> BackedFile | None:
        """Finished files of records never change: name and size say enough, and a test reads what was linked."""
        known = self.known.get(one.name)
        return known if one.is_final and known and known.size == size else None

    def fetch(self, shelved: tuple[Shelved, ...], shelf: Shelf | None, tell: Tell) -> None:
        """What lies on the shelf alone."""
        for one in shelved:
            target = self.part / ARCHIVE / one.file
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            known = self.known.get(f"{ARCHIVE}/{one.file}")
            is_linked = known == BackedFile(name=f"{ARCHIVE}/{one.file}", size=one.size, sha256=one.sha256)
            if is_linked and self.base and linked(self.base / ARCHIVE / one.file, target):
                self.linked += one.size
            else:
                fetch(shelf, one, target)
                with target.open("rb+") as file:
                    os.fsync(file.fileno())
            self.files.append(BackedFile(name=f"{ARCHIVE}/{one.file}", size=one.size, sha256=one.sha256))
            tell(one.file)


def _opened(path: Path) -> int:
    """-1 for a file that is gone; one that was finished meanwhile is read under its new name."""
    for name in (path, path.with_name(path.name.removesuffix(OPEN_SUFFIX))):
        try:
            return os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
    return -1


def _settled(fd: int) -> int:
    """How long the file is between two appends of its writer, where it has one."""
    with suppress(BlockingIOError):
        size = settled_size(fd)
        if size >= 0:
            return size
    return os.fstat(fd).st_size


def _inventory(config: Config, order: Order, facts: Facts, files: list[BackedFile], listed: Listed) -> Inventory:
    return Inventory(
        made_at=order.now,
        version=VERSION,
        database=kind_of(config.database),
        facts=facts,
        files=tuple(files),
        left_out=listed.left_out,
    )


def _finish(part: Path, inventory: Inventory) -> str:
    raw = inventory.written()
    if len(raw) > LIMIT:
        raise UserMistake(f"文件太多：备份清单超过 {megabytes(LIMIT)}；先把写完的文件移到存储上（evidence shelve）")
    sha256 = hashlib.sha256(raw).hexdigest()
    save_new(part / LIST, raw)
    save_new(part / DIGEST, digest_line(sha256))
    safe_all(part)
    return sha256
