"""Lays a backup's files out as a home again, each compared with the backup's list while it is copied.

It writes only into a folder that is new, and refuses a backup with one file too few, one too many, or a link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from crawler.errors import EvidenceBroken
from storage.upkeep.copying import Copied, Watch, copied, digested_file, linked, must_fit, safe_all
from storage.upkeep.homefiles import ARCHIVE, RECORDS, is_known
from storage.upkeep.inventory import BESIDE, DATABASE, DUMP, BackedFile, Inventory
from storage.whereabouts import SQLITE


def lay_out(backup: Path, inventory: Inventory, target: Path, watch: Watch, *, links: bool) -> None:
    """All files of the backup below `target`, safe on the disk; `EvidenceBroken` names the first that is not whole.

    With `links` finished files of records are linked where that can be: for a look, not for a home that goes on.
    """
    refuse_strangers(backup, inventory)
    must_fit(target, sum(one.size for one in inventory.files if not (links and _is_final(one))))
    (target / ARCHIVE).mkdir(mode=0o700)
    with watch(len(inventory.files)) as tell:
        for one in inventory.files:
            found = _laid(backup / one.name, target / one.name, is_linked=links and _is_final(one))
            if (found.size, found.sha256) != (one.size, one.sha256):
                raise EvidenceBroken(
                    f"备份中的 {one.name} 不是备份时的样子（SHA-256 {found.sha256}，应为 {one.sha256}）"
                )
            tell(one.name)
    safe_all(target)


def refuse_strangers(backup: Path, inventory: Inventory) -> None:
    """`EvidenceBroken` unless exactly the files of the list lie there, each a file of its own."""
    listed = {one.name for one in inventory.files}
    database = DATABASE if inventory.database == SQLITE else DUMP
    if unknown := [name for name in listed if not is_known(name, database)]:
        raise EvidenceBroken(f"备份清单里有不该有的文件名：{min(unknown)}")
    there = set(_names(backup)) - BESIDE
    for wrong, what in ((listed - there, "缺少"), (there - listed, "多出")):
        if wrong:
            raise EvidenceBroken(f"备份{what}文件：{min(wrong)}" + (f" 等 {len(wrong)} 个" if len(wrong) > 1 else ""))


def _names(backup: Path) -> Iterator[str]:
    for root, folders, files in os.walk(backup):
        for path in (Path(root) / name for name in (*folders, *files)):
            name = path.relative_to(backup).as_posix()
            kind = path.lstat().st_mode
            if not stat.S_ISDIR(kind) and not stat.S_ISREG(kind):
                raise EvidenceBroken(f"备份里的 {name} 不是普通文件")
            if stat.S_ISREG(kind):
                yield name


def _is_final(one: BackedFile) -> bool:
    return one.name.startswith(f"{ARCHIVE}/") and one.name.endswith(RECORDS)


def _laid(source: Path, target: Path, *, is_linked: bool) -> Copied:
    if is_linked and linked(source, target):
        return digested_file(target)
    fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return copied(fd, os.fstat(fd).st_size, target)
    finally:
        os.close(fd)
