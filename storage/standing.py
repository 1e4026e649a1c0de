"""How much of an archive is open, sealed and stamped, by its rows and its folder; reads no record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from storage.manifests import Kind
from storage.models import CaptureRow
from storage.sealing_rows import ExtentRow, SealRow
from storage.sweep import Sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Manifests and the records they list; removed ones are still counted where they were listed."""

    manifests: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`open_captures` are written down and in no manifest; `open_files` have `open_bytes` behind their last sealed
    byte. `sealed` manifests have no time stamp, `stamped` ones have."""

    open_captures: int
    open_files: int
    open_bytes: int
    sealed: Count
    stamped: Count
    troubles: tuple[str, ...]

    @property
    def state(self) -> str:
        """Of the whole archive: the least of what any part of it is."""
        if self.open_bytes or not (self.sealed.manifests or self.stamped.manifests):
            return "open"
        return "sealed" if self.sealed.manifests else "stamped"


def standing(folder: Path, engine: Engine, now: datetime) -> Standing:
    """What there is now. Costs a look at the folder, not at what its files hold."""
    sweep = Sweep(folder, now)
    with engine.begin() as connection:
        uncovered = sweep.uncovered(ends_on(connection))
        left = {found.name: (start, found.size - start) for found, start in uncovered}
        return Standing(
            open_captures=sum(_captures_from(connection, name, start) for name, (start, _) in left.items()),
            open_files=len(left),
            open_bytes=sum(size for _, size in left.values()),
            sealed=_count(connection, is_stamped=False),
            stamped=_count(connection, is_stamped=True),
            troubles=sweep.troubles,
        )


def ends_on(connection: Connection) -> Mapping[str, int]:
    """How far each file is covered, by its final name."""
    query = select(ExtentRow.file, func.max(ExtentRow.to).label("end")).group_by(ExtentRow.file)
    return {row.file: row.end for row in connection.execute(query)}


def _captures_from(connection: Connection, file: str, start: int) -> int:
    query = select(func.count()).where(CaptureRow.file == file, CaptureRow.offset >= start)
    return connection.execute(query).scalar_one()


def _count(connection: Connection, *, is_stamped: bool) -> Count:
    wanted = SealRow.stamped_at.is_not(None) if is_stamped else SealRow.stamped_at.is_(None)
    manifests = connection.execute(select(func.count()).where(wanted)).scalar_one()
    # An expiry manifest lists again what others listed first.
    records = select(func.coalesce(func.sum(SealRow.leaves), 0)).where(wanted, SealRow.kind == Kind.RECORDS.value)
    return Count(manifests=manifests, records=connection.execute(records).scalar_one())
