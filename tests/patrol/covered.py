"""An invented office for the tests of coverage: its plan is written into the roster, each row ends as it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from empty_home import laid
from looked import Saw, page
from sqlalchemy import Engine

from crawler.items import Outcome
from crawler.watches import Slot, Watch, WatchQuery
from patrol.calendar import Calendar
from patrol.plan import planned
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.landings import Landings
from storage.roster import Roster
from storage.roster_shapes import Snapshot, Wanted
from storage.shapes import PlannedRun
from storage.watches import Watches

BEGUN = datetime(2026, 8, 2, 16, 0, tzinfo=UTC)  # midnight in Shanghai, a Monday begins
DAY = timedelta(days=1)
SNAPSHOT = Snapshot(tool="t", settings="{}", words="pages=3")
WATCH = Watch(
    name="日常",
    platforms=("baidu", "taobao"),
    queries=(WatchQuery(words="包授权"), WatchQuery(words="绿色通道")),
    schedule="0 9 * * *",
)
Ends = Callable[[Slot], tuple[Outcome, str]]


def ok(_slot: Slot) -> tuple[Outcome, str]:
    return Outcome.OK, ""


class Office:
    """A home's database in which patrols ran."""

    def __init__(self, home: Path | str, watch: Watch = WATCH, begun: datetime = BEGUN) -> None:
        self.engine: Engine = open_database(laid(home / "lantian.db") if isinstance(home, Path) else home)
        self.begun = begun
        self.watch_id = Watches(self.engine).add(watch, "王敏", begun)
        self.roster, self.store = Roster(self.engine), ExhibitStore(self.engine)

    def slots(self, until: datetime) -> list[Slot]:
        """What is planned up to then and not yet written down."""
        (written,) = Watches(self.engine).written()
        versions = Watches(self.engine).versions(written.until, until)
        return list(planned(versions, written.until, until, Calendar()))

    def patrol(self, until: datetime, ends: Ends = ok) -> None:
        """Everything planned up to then is written down and asked at its time; `missed` is not asked at all."""
        slots = self.slots(until)
        for at in sorted({slot.planned_at for slot in slots}):
            due = [slot for slot in slots if slot.planned_at == at]
            self.roster.write(self.watch_id, due, at, at)
            self._ask(at, {(slot.platform, slot.query): ends(slot) for slot in due})
        self.roster.write(self.watch_id, [], until, until)

    def opens_besides(self, runs: Sequence[str], limit: int) -> None:
        """So many advertisers' own pages that these runs' pages name: the second is behind a wall, the third empty."""
        run = self.store.run(runs[0])
        at = run.planned_at
        if not run.listings:
            asked = PlannedRun(id=run.id, platform=run.platform, query=run.query, planned_at=at)
            self.store.record(page(asked, Saw(count=10, ads=10), 1, at))
        planned = Landings(self.engine).plan(run.round, runs, lambda *_: True, limit, at)
        assert len(planned) == limit
        ends = [(Outcome.OK, ""), (Outcome.BLOCKED, "captcha"), (Outcome.EMPTY, "no_result"), (Outcome.OK, "")]
        for one, (outcome, reason) in zip(planned, ends, strict=False):
            self.store.finish_run(one.id, outcome, reason, "", at)

    def _ask(self, at: datetime, due: dict[tuple[str, str], tuple[Outcome, str]]) -> None:
        claimed = self.roster.claim(Wanted(watch_id=self.watch_id, version=1), "t", at, 600, SNAPSHOT)
        for run in claimed.runs:
            outcome, reason = due[run.platform, run.query]
            self.store.open_runs([run], at)
            self.store.finish_run(run.id, outcome, reason, "", at)
        self.roster.settle(at, 600, 1)
