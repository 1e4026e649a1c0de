"""An invented home whose pages were kept, written down and sealed at given times; shared by the tests of keeping."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from empty_home import laid
from sqlalchemy import Engine
from storage_specimens import T0, TOOL, exchange, finding, keep_snapshot, listing, page_of

from console.verifying import _WithShelf
from crawler import clock
from crawler.captures import Snapshot
from crawler.items import Capture, How
from crawler.tables import Retention
from storage import warc
from storage.archive import FolderArchive
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.holds import Holds
from storage.retention import Expired, Keeper, Order
from storage.seal import Sealer
from storage.shapes import PlannedRun
from storage.shelf import Shelf
from storage.verifier.report import Report
from storage.verifier.source import FolderSource
from storage.verify import verify

DAY = timedelta(days=1)
# A file's first record is dated by the clock, and nothing may be sealed before it was written.
NOW = clock.now()


@dataclass
class Home:
    """A home under construction; `pages` counts what was recorded."""

    folder: Path
    engine: Engine
    pages: int = 0
    shelf: Shelf | None = None
    seen: list[str] = field(default_factory=list)

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def store(self) -> ExhibitStore:
        return ExhibitStore(self.engine)

    @property
    def sealer(self) -> Sealer:
        return Sealer(self.archive, self.engine, tool=TOOL, demand="sealed")

    @property
    def holds(self) -> Holds:
        return Holds(self.engine)

    def produce(self, capture: Capture) -> bytes:
        return FolderArchive(self.archive, tool=TOOL, elsewhere=self.shelf).produce(capture)

    def seal(self) -> int:
        """Seal what is new; the number of manifests it took."""
        return self.sealer.seal("", clock.now()).manifests

    def verified(self) -> Report:
        source = _WithShelf(FolderSource(self.archive), self.shelf) if self.shelf else None
        return verify(self.folder, source=source)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.archive.iterdir() if path.is_file())

    def expire(self, now: datetime, *, is_trial: bool = False, **days: int) -> Expired:
        keeper = Keeper(self.sealer.chain, Retention(**days), self.shelf)
        now = max(now, clock.now())  # the chain's moments never go back, however long the suite has been running
        return keeper.expire(Order(by="王主任", now=now, is_trial=is_trial), lambda _: nullcontext(self.seen.append))

    def capture(self, id_: str) -> Capture:
        """A capture as its row has it now."""
        from sqlalchemy import select

        from storage.models import CaptureRow
        from storage.rows import CAPTURE, capture_of

        with self.engine.connect() as connection:
            return capture_of(connection.execute(select(*CAPTURE).where(CaptureRow.id == id_)).one())


@contextmanager
def home_in(folder: Path, database: Path | str = "") -> Iterator[Home]:
    engine = open_database(database or laid(folder / "lantian.db"))
    store = ExhibitStore(engine)
    store.begin_round(T0, TOOL, "")
    store.open_runs([PlannedRun(id="run-1", platform="taobao", query="包授权", planned_at=T0)], T0)
    (folder / "archive").mkdir(parents=True, exist_ok=True)
    yield Home(folder=folder, engine=engine)
    engine.dispose()


def keep_page(
    home: Home,
    archive: FolderArchive,
    items: dict[str, bool],
    at: datetime,
    *,
    asked: str = "",
    is_rendered: bool = False,
) -> list[str]:
    """Keep and record a page of these items, those that are true with a finding; the exhibits' ids."""
    home.pages += 1
    body, url = f"page {home.pages} ".encode() * 50, f"https://s.taobao.example/?page={home.pages}"
    if is_rendered:
        rendered = Snapshot(url=url, how=How.BROWSER, mime="text/html", body=body, taken_at=at, tool=TOOL)
        kept = keep_snapshot(archive, rendered)
    else:
        kept = archive.keep(exchange(body, fetched_at=at, url=url))
    page = page_of(
        tuple(listing(item) for item in items),
        number=home.pages,
        findings={item: (finding(articles=("PAR-二",)),) for item, is_flagged in items.items() if is_flagged},
    )
    archive.sync()
    addresses = {"requested_url": asked or url, "url": url}
    page = replace(page, sightings=replace(page.sightings, capture=kept, seen_at=at, **addresses))
    home.store.record(page)
    return [one.id for one in page.exhibits]


def keep_wall(archive: FolderArchive, at: datetime, path: str = "robots.txt") -> Capture:
    """An answer that the ledger does not know."""
    return archive.keep(exchange(b"User-agent: *", fetched_at=at, url=f"https://s.taobao.example/{path}"))


def keep_redirect(archive: FolderArchive, at: datetime, path: str, to: str) -> Capture:
    """An answer that leads to another address; the ledger does not know it either."""
    url, headers = f"https://s.taobao.example/{path}", (("Location", to),)
    return archive.keep(exchange(b"", fetched_at=at, url=url, status=302, response_headers=headers))


def keep_visit(archive: FolderArchive, visit: str, at: datetime) -> list[Capture]:
    """Some records of a browser's visit, as they lie in the file: text, picture, facts."""
    captures = []
    for how, mime in ((How.TEXT, "text/plain"), (How.PICTURE, "image/png"), (How.FACTS, "application/json")):
        address = f"urn:{'screenshot' if how is How.PICTURE else how}:https://s.taobao.example/"
        record_id, payload = str(uuid.uuid4()), warc.Payload(head=b"", body=f"{visit} {how}".encode() * 9)
        fields = [
            ("WARC-Type", "resource"),
            ("WARC-Record-ID", warc.urn(record_id)),
            ("WARC-Date", warc.date(at)),
            ("WARC-Target-URI", address),
            ("Content-Type", mime),
            ("Lantian-How", how),
            ("Lantian-Visit", visit),
        ]
        member = warc.member(fields, payload, payload.sha256)
        file, offset = archive._append(member)
        captures.append(
            Capture(
                id=record_id,
                url="https://s.taobao.example/",
                how=how,
                status=0,
                mime=mime,
                taken_at=at,
                file=file,
                offset=offset,
                length=len(member),
                sha256=payload.sha256,
                size=len(payload.body),
            )
        )
    return captures
