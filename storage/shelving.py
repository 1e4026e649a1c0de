"""Puts finished, wholly sealed files and all manifests on the shelf, and takes the records' files out of the home.

A file leaves the home only after the store has given it back whole, as it was sealed. Manifests stay in both places.
Whatever ends it in the middle, the next run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.dialects.postgresql import insert

from crawler.errors import EvidenceBroken
from storage.db import writing
from storage.folders import sync_folder
from storage.sealing.covered import Coverage, compare_file, coverage_of, members, newest_number
from storage.sealing.manifests import FOLDER
from storage.shelf import Shelf
from storage.tables.keeping import ShelvedRow

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """A file that lies on the shelf, and the SHA-256 of all its bytes."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelving:
    """What one run did: files and bytes put on the shelf, expired files taken from it, and what was left, and why."""

    files: int
    bytes: int
    removed: int
    troubles: tuple[str, ...]


class Shelver:
    """Moves what is finished from `folder`, whose rows are in `engine`, to the shelf."""

    def __init__(self, folder: Path, engine: Engine, shelf: Shelf) -> None:
        self._folder = folder
        self._engine = engine
        self._shelf = shelf
        self._newest = 0

    def waiting(self) -> tuple[str, ...]:
        """Names of what is to be put on the shelf: files of records first, manifests behind them."""
        known, self._newest = self._known(), newest_number(self._engine)
        local = sorted(path.name for path in self._folder.glob("*.warc.gz") if path.is_file())
        covered = [name for name in local if self._is_whole(coverage_of(self._engine, name))]
        beside = (path for path in (self._folder / FOLDER).rglob("*") if path.is_file() and self._is_entered(path))
        manifests = sorted(path.relative_to(self._folder).as_posix() for path in beside)
        return (*covered, *(name for name in manifests if name not in known))

    def _is_entered(self, path: Path) -> bool:
        """Not what a sealer is just writing: until it has its row, a manifest may yet be taken back."""
        number = path.name.partition(".")[0]
        return path.name[0] != "." and (not number.isdecimal() or int(number) <= self._newest)

    def shelve(self, now: datetime, tell: Tell, waiting: Sequence[str] | None = None) -> Shelving:
        """Put everything there that waits, or waited; `tell` is called with each name when it is done."""
        files = size = 0
        troubles: list[str] = []
        for name in self.waiting() if waiting is None else waiting:
            try:
                put = self._put(name, now)
            except EvidenceBroken as broken:
                troubles.append(str(broken))
            else:
                files, size = files + 1, size + put.size
            tell(name)
        return Shelving(files=files, bytes=size, removed=self._clear(), troubles=tuple(troubles))

    def _is_whole(self, coverage: Coverage) -> bool:
        return bool(coverage.manifests) and (self._folder / coverage.file).stat().st_size == coverage.size

    def lay(self, name: str) -> Shelved:
        """Put a copy of a file there, as it was sealed, and read it back whole; the file stays, and no row says so."""
        path = self._folder / name
        sha256, size = digested(path) if name.startswith(f"{FOLDER}/") else self._compared(path)
        self._shelf.put(path, name, sha256)
        return Shelved(file=name, size=size, sha256=sha256)

    def _put(self, name: str, now: datetime) -> Shelved:
        one = self.lay(name)
        with writing(self._engine).begin() as connection:
            _enter(connection, one, now)
        if not name.startswith(f"{FOLDER}/"):
            (self._folder / name).unlink()
            sync_folder(self._folder)
        return one

    def _compared(self, path: Path) -> tuple[str, int]:
        """The file's digest and size, if every record in it is the one that was sealed."""
        compared = compare_file(path, members(self._folder, coverage_of(self._engine, path.name)))
        return compared.sha256(), compared.size

    def _clear(self) -> int:
        """Take files from the shelf that an expiry has replaced; their digests stay in the chain."""
        gone = select(ShelvedRow.file).where(ShelvedRow.is_replaced)
        with self._engine.connect() as connection:
            names = connection.execute(gone).scalars().all()
        for name in names:
            self._shelf.remove(name)
            with writing(self._engine).begin() as connection:
                connection.execute(delete(ShelvedRow).where(ShelvedRow.file == name))
        return len(names)

    def _known(self) -> frozenset[str]:
        """The manifests' files that lie there."""
        with self._engine.connect() as connection:
            query = select(ShelvedRow.file).where(ShelvedRow.file.startswith(f"{FOLDER}/"))
            return frozenset(connection.execute(query).scalars())


def shelved(engine: Engine, file: str) -> Shelved:
    """What lies on the shelf under this name; `EvidenceBroken` when nothing was put there."""
    query = select(ShelvedRow.size, ShelvedRow.sha256).where(ShelvedRow.file == file)
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise EvidenceBroken(f"{file}: the file is missing")
    return Shelved(file=file, size=row.size, sha256=row.sha256)


def fetch(shelf: Shelf | None, wanted: Shelved, target: Path) -> None:
    """Bring a file back under another name; `EvidenceBroken` when it is not the one that was put there."""
    if shelf is None:
        raise EvidenceBroken(f"{wanted.file}: the file lies on a shelf that the settings do not name")
    digest = hashlib.sha256()
    try:
        with target.open("wb") as file:
            for piece in shelf.pieces(wanted.file):
                digest.update(piece)
                file.write(piece)
    except FileNotFoundError:
        raise EvidenceBroken(f"{shelf.label}/{wanted.file}: the file is missing") from None
    if digest.hexdigest() != wanted.sha256:
        raise EvidenceBroken(f"{shelf.label}/{wanted.file}: it is not the file that was put there")


def digested(path: Path) -> tuple[str, int]:
    """SHA-256 of all bytes of a file, and how many they are."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _enter(connection: Connection, one: Shelved, now: datetime) -> None:
    values = {"size": one.size, "sha256": one.sha256, "at": now, "is_replaced": False}
    new = insert(ShelvedRow).values(file=one.file, **values)
    connection.execute(new.on_conflict_do_update(index_elements=[ShelvedRow.file], set_=values))
