"""What must be true of a home after any disaster, once the next round has begun there."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from crawler import clock
from pipelines.room import TOOL
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.models import ExhibitRow, ListingRow, PageRecord, Run
from storage.recovery import recover
from storage.seal import Sealer
from storage.verify import Wanted, verify


def acknowledged(ack: Path) -> list[str]:
    """The ids on whole lines; a line that was cut was not acknowledged."""
    if not ack.exists():
        return []
    text = ack.read_text(encoding="utf-8", errors="replace")
    return text[: text.rfind("\n") + 1].split()


def picked_up(home: Path) -> None:
    """What the next round does before anything else, and a seal over all there is."""
    store = ExhibitStore(open_database(home / "lantian.db"))
    try:
        recover(home / "archive")
        store.sweep(clock.now())
        Sealer(home / "archive", store.engine, tool=TOOL, demand="sealed").seal("", clock.now())
    finally:
        store.engine.dispose()


def broken_promises(home: Path, ack: Path, body_of: object) -> list[str]:
    """Everything that does not hold, in words; the home has been picked up before."""
    store = ExhibitStore(open_database(home / "lantian.db"))
    try:
        return [*_lost(store, home, ack, body_of), *_counted_twice(store), *_not_sealed(home)]
    finally:
        store.engine.dispose()


def _lost(store: ExhibitStore, home: Path, ack: Path, body_of: object) -> list[str]:
    archive = FolderArchive(home / "archive", tool=TOOL)
    complaints = []
    for exhibit in dict.fromkeys(acknowledged(ack)):
        try:
            capture = store.exhibit(exhibit).capture
            body = archive.produce(capture)
        except Exception as wrong:  # noqa: BLE001 - whatever it is, the acknowledged exhibit is lost
            complaints.append(f"acknowledged {exhibit} is lost: {type(wrong).__name__}: {wrong}")
            continue
        if callable(body_of) and body != body_of(capture.url):
            complaints.append(f"acknowledged {exhibit} has another body")
    return complaints


def _counted_twice(store: ExhibitStore) -> list[str]:
    with store.engine.connect() as connection:
        counted = select(ExhibitRow.listing_key, func.count()).group_by(ExhibitRow.listing_key)
        rows = dict(connection.execute(counted).all())
        told = dict(connection.execute(select(ListingRow.key, ListingRow.sightings)).all())
        paged = select(PageRecord.run_id, func.count()).group_by(PageRecord.run_id)
        pages = dict(connection.execute(paged).all())
        runs = connection.execute(select(Run.id, Run.pages).where(Run.outcome.is_not(None))).all()
    listings = [(key, seen, rows.get(key, 0)) for key, seen in told.items()]
    wrong = [one for one in listings if one[1] != one[2]]
    complaints = [f"listing {key}: {seen} sightings, {there} exhibits" for key, seen, there in wrong]
    return complaints + [f"run {run}: {count} pages told" for run, count in runs if count != pages.get(run, 0)]


def _not_sealed(home: Path) -> list[str]:
    report = verify(home, Wanted(demand="sealed"))
    if not any((home / "archive").glob("*.warc.gz*")) and not report.chain.manifests:
        return []  # so early that nothing was kept
    return [f"does not verify: {one}" for one in report.broken[:3]]
