"""Backups that counted and do so no more: the shelf's file that one needs was rewritten, or a file that several share
by a link is damaged.

It reads lists, names and rows, and file contents only of what a failed test restore has to be explained by.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select

from crawler.errors import EvidenceBroken, UserMistake
from storage.shelf import Shelf
from storage.shelving import Shelved
from storage.tables.keeping import ShelvedRow
from storage.upkeep.backups import Backup, Backups
from storage.upkeep.copying import digested_file
from storage.upkeep.homefiles import ARCHIVE
from storage.upkeep.inventory import Inventory, read_inventory

REWRITTEN = "货架上的文件已按期限改写：这份备份恢复不了，请重新备份"
_SHARED = "与没有通过的备份共用的文件已损坏：{}"
_AT_ONCE = 500


def needed(inventory: Inventory) -> tuple[Shelved, ...]:
    """What a restore reads on the shelf, because the backup does not hold it."""
    here = {one.name for one in inventory.files}
    return tuple(one for one in inventory.facts.shelf if f"{ARCHIVE}/{one.file}" not in here)


def rewritten(engine: Engine, now: datetime) -> tuple[Backup, ...]:
    """Mark the backups that are there and whose files on the shelf are not those of their lists; which were found."""
    known = Backups(engine)
    found = tuple(one for one in known.newest() if not one.trouble and one.is_there and _is_rewritten(engine, one))
    known.spoilt([one.id for one in found], REWRITTEN, now)
    return found


def _is_rewritten(engine: Engine, one: Backup) -> bool:
    with suppress(EvidenceBroken, UserMistake, OSError):
        wanted = needed(read_inventory(Path(one.place))[0])
        return any(not _stand(engine, wanted[at : at + _AT_ONCE]) for at in range(0, len(wanted), _AT_ONCE))
    return False


def _stand(engine: Engine, wanted: tuple[Shelved, ...]) -> bool:
    """A file that came home again has no row, and one that an expiry replaced has another digest, a mark, or no row."""
    names = [one.file for one in wanted]
    query = select(ShelvedRow.file, ShelvedRow.size, ShelvedRow.sha256)
    query = query.where(ShelvedRow.file.in_(names), ~ShelvedRow.is_replaced)
    with engine.connect() as connection:
        return {Shelved(**row._mapping) for row in connection.execute(query)} == set(wanted)


def refuse_rewritten(inventory: Inventory, shelf: Shelf | None) -> None:
    """`EvidenceBroken` where the shelf holds no longer what a restore would read there."""
    for one in needed(inventory) if shelf else ():
        try:
            is_same = shelf is not None and shelf.size(one.file) == one.size
        except FileNotFoundError:
            is_same = False
        if not is_same:
            raise EvidenceBroken(f"{one.file}：{REWRITTEN}")


def sharing(known: Backups, place: Path, now: datetime) -> tuple[Backup, ...]:
    """Mark the backups that share a damaged file with the one at `place`, which did not hold; which those are."""
    bad = [name for name, wanted in _linked(place) if digested_file(place / name).sha256 != wanted]
    others = [one for one in known.newest() if one.is_there and Path(one.place) != place]
    found = {name: [one for one in others if _is_same(place / name, Path(one.place) / name)] for name in bad}
    for name, hit in found.items():
        known.spoilt([one.id for one in hit], _SHARED.format(name), now)
    return tuple({one.id: one for hit in found.values() for one in hit}.values())


def _linked(place: Path) -> list[tuple[str, str]]:
    with suppress(EvidenceBroken, UserMistake, OSError):
        files = read_inventory(place)[0].files
        there = [one for one in files if (place / one.name).is_file()]
        return [(one.name, one.sha256) for one in there if (place / one.name).stat().st_nlink > 1]
    return []


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False
