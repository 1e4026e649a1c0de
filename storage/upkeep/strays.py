"""Backups of this home that its rows know nothing of: whoever made them died before he had written them down.

A backup of another home is none of ours, whatever folder it lies in: what it says of the audit log must stand in ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from crawler.errors import EvidenceBroken, UserMistake
from storage.tables.backups import BackupRow
from storage.tables.sealing import AuditRow
from storage.upkeep.backup import Made
from storage.upkeep.copying import PART
from storage.upkeep.inventory import LIST, Inventory, read_inventory


def strays(engine: Engine, folder: Path, since: int) -> Iterator[Made]:
    """Those in the folder that were made after this entry of the log, the oldest first: what is older than a restore
    was made by the home of before, which may go on."""
    found = [one.parent for one in folder.absolute().glob(f"lantian-*/{LIST}") if not one.parent.name.endswith(PART)]
    with engine.connect() as connection:
        places = select(BackupRow.place).where(BackupRow.place.in_([str(one) for one in found]))
        known = set(connection.execute(places).scalars())
        unknown = sorted(one for one in found if str(one) not in known)
        told = [made for place in unknown if (made := _made(place)) and _is_ours(connection, made.inventory, since)]
    yield from sorted(told, key=lambda made: made.inventory.made_at)


def _made(place: Path) -> Made | None:
    try:
        inventory, sha256 = read_inventory(place)
    except (EvidenceBroken, UserMistake, OSError):
        return None
    return Made(place=place, inventory=inventory, sha256=sha256, linked=0)


def _is_ours(connection: Connection, inventory: Inventory, since: int) -> bool:
    """Whether the log it was made of is the beginning of ours; where it had none, nobody can say whose it is."""
    audit = inventory.facts.audit
    entry = select(AuditRow.digest).where(AuditRow.id == audit.count)
    return audit.count > since and connection.execute(entry).scalar_one_or_none() == audit.digest
