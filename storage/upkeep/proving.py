"""Whether a home that was laid out of a backup holds: all bytes read again, and every exhibit's page produced.

It raises at the first thing that does not hold; what is not sealed yet is no fault of a backup.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, func, select

from crawler.errors import EvidenceBroken
from crawler.items import Capture
from storage.archive import FolderArchive
from storage.ledger_check import contradictions
from storage.models import CaptureRow, ExhibitRow
from storage.rows import CAPTURE, capture_of
from storage.upkeep.copying import Watch
from storage.upkeep.homefiles import ARCHIVE
from storage.upkeep.inventory import Inventory
from storage.verifier.report import UNMET
from storage.verifier.source import Source
from storage.verify import NothingThere, Wanted, verify
from storage.whereabouts import SQLITE

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Whose time stamps are trusted (PEM files), and where files are read that lie on a shelf."""

    anchors: Sequence[bytes] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was read and holds: exhibits, their pages, records of the archive, and the state they are in.

    With rows on a server `pages` are all that was captured: nothing else held these rows against their bytes.
    `expired` pages were removed when their time was over; `away` ones lie on the shelf, or with workers.
    """

    exhibits: int
    pages: int
    records: int
    state: str
    expired: int = 0
    away: int = 0


def prove(home: Path, engine: Engine, inventory: Inventory, trusted: Trusted, watch: Watch) -> Proof:
    """The archive's whole verification, then every page of every exhibit; `EvidenceBroken` says what does not hold."""
    is_server = engine.dialect.name != SQLITE
    records, state = _verified(home, trusted, inventory, is_server=is_server)
    if is_server and (wrong := next(contradictions(engine, home / ARCHIVE), None)):
        raise EvidenceBroken(str(wrong))
    with engine.connect() as connection:
        exhibits = connection.execute(select(func.count()).select_from(ExhibitRow)).scalar_one()
    produced, expired, away = _produced(home, engine, inventory, watch)
    return Proof(exhibits=exhibits, pages=produced, records=records, state=state, expired=expired, away=away)


def _produced(home: Path, engine: Engine, inventory: Inventory, watch: Watch) -> tuple[int, int, int]:
    """How many captures were produced, how many had expired, and how many lie elsewhere."""
    here = {one.name.removeprefix(f"{ARCHIVE}/") for one in inventory.files}
    elsewhere = ({one.file for one in inventory.facts.shelf} - here) | set(inventory.facts.workers)
    archive = FolderArchive(home / ARCHIVE, tool="")
    produced = expired = away = 0
    query = _captures(engine)
    with engine.connect() as connection:
        wanted = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    with watch(wanted) as tell, closing(_each(engine, query)) as captures:
        for capture in captures:
            if capture.expired_in:
                expired += 1
            elif capture.file in elsewhere:
                away += 1
            else:
                archive.produce(capture)
                produced += 1
            tell(capture.file)
    return produced, expired, away


def _verified(home: Path, trusted: Trusted, inventory: Inventory, *, is_server: bool) -> tuple[int, str]:
    """How many records were read, and the state."""
    asked = Wanted(anchors=tuple(trusted.anchors), has_rows_elsewhere=is_server)
    try:
        report = verify(home, asked, trusted.source)
    except NothingThere:
        if inventory.facts.exhibits or inventory.facts.number:
            raise EvidenceBroken("备份里没有档案") from None
        return 0, ""
    if not report.is_consistent:
        raise EvidenceBroken(str(next(one for one in report.broken if one.kind not in UNMET)))
    if report.chain.number < inventory.facts.number:
        raise EvidenceBroken(f"备份里的清单只到第 {report.chain.number} 号，数据库说到第 {inventory.facts.number} 号")
    return report.checked, report.state


def _captures(engine: Engine) -> Select[Any]:
    """Those that exhibits were read from; all where the verifier could not hold the rows against their records."""
    query = select(*CAPTURE)
    if engine.dialect.name == SQLITE:
        query = query.where(select(ExhibitRow.capture_id).where(ExhibitRow.capture_id == CaptureRow.id).exists())
    return query


def _each(engine: Engine, query: Select[Any]) -> Generator[Capture, None, None]:
    """In the order they lie in."""
    ordered = query.order_by(CaptureRow.file, CaptureRow.offset)
    with engine.connect().execution_options(yield_per=_AT_ONCE) as connection, connection.execute(ordered) as rows:
        for row in rows:
            yield capture_of(row)
