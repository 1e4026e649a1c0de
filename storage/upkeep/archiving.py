"""Lays all that is finished in the archive on another shelf, each file read back whole. It takes nothing away: neither
the home's files nor the old shelf's, and no row changes before the settings name the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, select

from crawler.errors import EvidenceBroken
from storage.shelf import Shelf
from storage.shelving import Shelved, Shelver, fetch
from storage.tables.keeping import ShelvedRow

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What lies there now. `fetched` files came from the old shelf; `open` ones are not finished or sealed, and stay
    in the home until they are."""

    files: int
    bytes: int
    fetched: int
    open: int
    troubles: tuple[str, ...]


class ArchiveMove:
    """From the folder of an archive and its `old` shelf, if it had one, to the `new` one."""

    def __init__(self, folder: Path, engine: Engine, new: Shelf, old: Shelf | None) -> None:
        self._folder, self._engine = folder, engine
        self._new, self._old = new, old
        self._shelver = Shelver(folder, engine, new)

    def wanted(self) -> tuple[Shelved | str, ...]:
        """Names of files that lie here, and what lies on the old shelf alone."""
        query = select(ShelvedRow.file, ShelvedRow.size, ShelvedRow.sha256).where(ShelvedRow.is_replaced.is_(False))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(ShelvedRow.file)).all()
        known = [Shelved(file=row.file, size=row.size, sha256=row.sha256) for row in rows]
        here = {one.file for one in known if (self._folder / one.file).is_file()}
        away = [one for one in known if one.file not in here]
        return (*away, *dict.fromkeys((*self._shelver.waiting(), *sorted(here))))

    def lay(self, wanted: tuple[Shelved | str, ...], tell: Tell) -> Laid:
        """Put them all there; what lies there already is only read. `tell` is called with each name."""
        files = size = fetched = 0
        troubles: list[str] = []
        for one in wanted:
            try:
                laid = self._shelver.lay(one) if isinstance(one, str) else self._carry(one)
            except EvidenceBroken as broken:
                troubles.append(str(broken))
            else:
                files, size, fetched = files + 1, size + laid.size, fetched + (not isinstance(one, str))
            tell(one if isinstance(one, str) else one.file)
        names = {one for one in wanted if isinstance(one, str)}
        still = sum(path.name not in names for path in self._folder.glob("*.warc.gz*") if path.is_file())
        return Laid(files=files, bytes=size, fetched=fetched, open=still, troubles=tuple(troubles))

    def _carry(self, one: Shelved) -> Shelved:
        with TemporaryDirectory(dir=self._folder.parent, prefix=".move-") as scratch:
            between = Path(scratch, "file")
            fetch(self._old, one, between)
            self._new.put(between, one.file, one.sha256)
        return one
