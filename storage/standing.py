"""How much of an archive is open, sealed and stamped, by its rows and its folder; reads no record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import JSON, Connection, Engine, Row, func, literal, select

from storage.dialects import Elements
from storage.models import CaptureRow, encodable
from storage.sealing.manifests import Kind
from storage.sealing.sweep import Sweep
from storage.tables.sealing import ExtentRow, SealRow
from storage.tables.workers import HandedOverRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Manifests and the records they list; removed ones are still counted where they were listed."""

    manifests: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`open_captures` are written down and in no manifest; `open_files` have `open_bytes` behind their last sealed
    byte, `open_finished` of them are no longer written: also those that workers handed over and nobody collected yet.
    `sealed` manifests have no time stamp, `stamped` ones have."""

    open_captures: int
    open_files: int
    open_bytes: int
    open_finished: int
    sealed: Count
    stamped: Count
    troubles: tuple[str, ...]

    @property
    def state(self) -> str:
        """Of the whole archive: the least of what any part of it is."""
        if self.open_bytes or not (self.sealed.manifests or self.stamped.manifests):
            return "open"
        return "sealed" if self.sealed.manifests else "stamped"

    def is_as(self, demand: str) -> bool:
        """Whether all there is stands as well as a house demands, by its rows.

        An empty home lacks nothing. Where `sealed` is enough, the end of a file that is being written may be open.
        """
        if demand == "stamped":
            return not self.open_bytes and not self.sealed.manifests
        return not self.open_finished


def standing(folder: Path, engine: Engine, now: datetime) -> Standing:
    """What there is now. Costs a look at the folder, not at what its files hold."""
    sweep = Sweep(folder, now)
    with engine.begin() as connection:
        uncovered = list(sweep.uncovered(lambda names: ends_on(connection, names)))
        left = {found.name: (start, found.size - start) for found, start in uncovered}
        coming = {one.file: (0, one.size or 0) for one in _handed_over(connection) if one.file not in left}
        left |= coming
        return Standing(
            open_captures=sum(_captures_from(connection, name, start) for name, (start, _) in left.items()),
            open_files=len(left),
            open_bytes=sum(size for _, size in left.values()),
            open_finished=sum(found.is_finished for found, _ in uncovered) + len(coming),
            sealed=_count(connection, is_stamped=False),
            stamped=_count(connection, is_stamped=True),
            troubles=sweep.troubles,
        )


def _handed_over(connection: Connection) -> Sequence[Row[str, int | None]]:
    """Files of workers that are not in the folder yet, and their sizes."""
    is_there = HandedOverRow.collected_at.is_(None) & HandedOverRow.at.is_not(None)
    return connection.execute(select(HandedOverRow.file, HandedOverRow.size).where(is_there)).all()


def ends_on(connection: Connection, names: Iterable[str]) -> Mapping[str, int]:
    """How far each of these files is covered, by its final name: one step into the index a file."""
    # A name on the disk need not be text, and no such file was ever sealed.
    files = [name for name in names if name == encodable(name)]
    asked = Elements(literal(files, JSON)).table_valued("value")
    last = select(ExtentRow.to).where(ExtentRow.file == asked.c.value).order_by(ExtentRow.from_.desc()).limit(1)
    query = select(asked.c.value, last.scalar_subquery().label("end"))
    return {row.value: row.end for row in connection.execute(query) if row.end is not None}


def _captures_from(connection: Connection, file: str, start: int) -> int:
    query = select(func.count()).where(CaptureRow.file == file, CaptureRow.offset >= start)
    return connection.execute(query).scalar_one()


def _count(connection: Connection, *, is_stamped: bool) -> Count:
    wanted = SealRow.stamped_at.is_not(None) if is_stamped else SealRow.stamped_at.is_(None)
    manifests = connection.execute(select(func.count()).where(wanted)).scalar_one()
    # An expiry manifest lists again what others listed first.
    records = select(func.coalesce(func.sum(SealRow.leaves), 0)).where(wanted, SealRow.kind == Kind.RECORDS.value)
    return Count(manifests=manifests, records=int(connection.execute(records).scalar_one()))
