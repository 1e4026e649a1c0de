"""`lantian patrol`, the process that goes on: it looks at the clock and starts crawls, and loads nothing they need.

`lantian patrol` turns into `python -m console.patrolling`. Rows decide what is done; this process remembers nothing
that would be lost with it.
"""

from __future__ import annotations

import argparse
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

from console.clockwork import Clockwork, Wakes
from console.diskguard import full_disk
from console.doubts import Doubts, ask_sources, written_ahead
from console.homelocks import only_patrol
from console.logs import speak_to_log
from console.offering import ONLY_OFFERED, offers
from console.output import harmless, speak_any_locale
from console.patrol_told import Beside, Broker, Jumped, Started, Stopped, Stopping, Teller, Troubled
from crawler import clock
from crawler.config import VERSION, Config
from crawler.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_EVIDENCE,
    EXIT_NOT_CLEAN,
    EXIT_USAGE,
    GRAVEST_FIRST,
    UserMistake,
    graver,
)
from crawler.logs import PATROL
from crawler.watches import WatchVersion
from detectors.rule import rules_digest
from patrol.children import Begun, Ended, Local, Means
from patrol.snapshots import snapshot
from patrol.telling import is_due
from patrol.tick import PatrolStore, Ticked, tick
from storage.db import open_database
from storage.handover import is_waiting
from storage.marks import refuse_simulation
from storage.roster_shapes import DISK_FULL, Snapshot

LOOK = 1.0  # seconds between two looks at crawls that go on
TELL_AGAIN = 60.0  # seconds after which telling is tried again where it came to nothing
STOP_WAITS = 60.0  # seconds crawls have when the patrol is asked to stop
ASKING = (sys.executable, "-m", "console.asking", "--of")
FOLLOWING = (sys.executable, "-m", "console.following")
COLLECTING = (sys.executable, "-m", "console.handing")
PASSING = (OperationalError, InterfaceError, OSError, UserMistake)  # what may be over at the next tick


class Patrolling:
    """One patrol of one home. `argv` starts the crawl of a claim; the claim's id is added to it."""

    def __init__(self, config: Config, store: PatrolStore, tell: Teller, argv: Sequence[str] = ()) -> None:
        self._config, self._store, self._tell = config, store, tell
        means = Means(
            argv=tuple(argv) or (*ASKING, str(os.getpid())),
            log=config.home / PATROL,
            holder=f"{socket.gethostname()} patrol {os.getpid()}",
            snapshot=self._snapshot,
        )
        self._local = Local(store, means, self._heard)
        self._engine = offers(config, tell) if config.secrets.broker else self._local
        self._wakes = Wakes()
        self._ended, self._code = 0, EXIT_DONE
        self._trouble, self._is_well, self._has_offered = "", True, True
        self._told = -math.inf
        self._beside: dict[Sequence[str], subprocess.Popen[bytes]] = {}
        self._clockwork = Clockwork(clock.now)
        self._doubts = Doubts(2 * config.patrol.tick, partial(ask_sources, config))

    # -- the two ways to run -----------------------------------------------------------------------

    def run(self) -> int:
        """Until somebody asks to stop; that is no failure."""
        works, settings = self._clockwork, self._config
        works.start()
        works.every(settings.patrol.tick, "tick", self._tick)
        hour, minute = settings.notify.digest.split(":")
        works.daily(CronTrigger(hour=int(hour), minute=int(minute), timezone=clock.SHANGHAI), "day", self._follow)
        with self._wakes.heard():
            self._tell(Started(home=str(settings.home), watches=len(self._store.watches.written())))
            while not self._wakes.stops:
                if jump := works.jumped().total_seconds():
                    self._tell(Jumped(seconds=jump))
                wait = works.run_due()
                self._wakes.wait(min(wait, LOOK) if self._is_busy else wait)
                self._look()
            self._stop()
        works.shutdown()
        return EXIT_DONE

    def once(self) -> int:
        """What is due now, to its end; the exit code is the gravest of its crawls, and tells what was not looked at.

        With a broker it only offers: who takes it ends it, and how that went stands in the roster.
        """
        since, goes_on = clock.now(), True
        with self._wakes.heard():
            self._tick()
            while self._doubts.is_waiting and not self._wakes.stops:
                self._wakes.wait(min(LOOK, self._config.patrol.tick))
                self._tick()
            while self._is_busy and not self._wakes.stops:
                self._wakes.wait(LOOK)
                if self._look():
                    goes_on = self._guarded(self._go_on)
            if self._wakes.stops:
                self._stop()
        is_well = self._guarded(lambda: self._count_unseen(since)) and goes_on and self._is_well
        return graver(self._code, EXIT_DONE if is_well else EXIT_USAGE)

    def _count_unseen(self, since: datetime) -> None:
        """Whatever was missed since then, whoever wrote it down, and what nobody began, is not clean."""
        now = clock.now()
        is_waiting = bool(self._store.roster.waiting(now))
        if self._engine is not self._local:
            if is_waiting and self._has_offered:
                self._tell(Broker(words=ONLY_OFFERED))
            elif is_waiting:
                self._code = graver(self._code, EXIT_USAGE)  # the broker is away, which was told
            is_waiting = False
        if is_waiting or self._store.roster.has_missed(since, now):
            self._code = graver(self._code, EXIT_NOT_CLEAN)

    # -- what is done ------------------------------------------------------------------------------

    def _tick(self) -> None:
        self._is_well = self._guarded(self._look_at_clock)

    def _look_at_clock(self) -> None:
        now = clock.now()
        written = [one.until for one in self._store.watches.written()]
        if why := self._doubts.held(written, now):
            raise UserMistake(why)
        self._have_told()
        full = full_disk(self._config)
        ticked = tick(self._store, self._engine, now, DISK_FULL if full else "")
        self._has_offered = ticked.taken >= ticked.waiting
        self._tell(ticked)
        self._collect()
        if why := full or written_ahead(written, now):
            raise UserMistake(why)

    def _go_on(self) -> None:
        """What is left of what was due: nothing new becomes due meanwhile, so that `once` has an end."""
        now = clock.now()
        settled, waiting = self._store.settle(now), self._store.roster.waiting(now)
        taken = 0 if full_disk(self._config) else self._engine.offer(waiting, now)
        self._tell(Ticked(settled=settled, written=0, waiting=sum(one.rows for one in waiting), taken=taken))

    def _guarded(self, work: Callable[[], None]) -> bool:
        """What the operator must see to is said once, and tried again at the next tick; whether all was well."""
        try:
            work()
            self._trouble = ""
        except PASSING as wrong:
            why = str(getattr(wrong, "orig", None) or wrong)
            if why != self._trouble:
                self._tell(Troubled(why=why))
            self._trouble = why
        return not self._trouble

    def _look(self) -> bool:
        """Look after crawls between two ticks; whether one has ended, and then the next tick is due."""
        self._look_beside()
        before = self._ended
        if self._local.is_busy:
            self._guarded(lambda: self._local.tend(clock.now()))
        if self._ended == before:
            return False
        if self._clockwork.running:
            self._clockwork.hurry("tick")
        return True

    def _look_beside(self) -> None:
        """Children that are no crawls: one that failed is told, and counts."""
        for argv, child in list(self._beside.items()):
            code = child.poll()
            if code is None:
                continue
            del self._beside[argv]
            if code:
                self._count(code)
                self._tell(Beside(what=argv[-1], pid=child.pid, code=code))

    def _stop(self) -> None:
        """Nothing new begins; what goes on has some time to end, and what has not can be tried again."""
        self._tell(Stopping(is_busy=self._local.is_busy, seconds=STOP_WAITS))
        until = time.monotonic() + STOP_WAITS
        while self._local.is_busy and self._wakes.stops < 2 and time.monotonic() < until:
            self._wakes.wait(LOOK)
            self._look()
        self._local.end_all(clock.now())
        self._store.settle(clock.now())
        self._tell(Stopped())

    def _follow(self) -> None:
        """Once a day, also when nothing was crawled: what has not been seen for long is news too."""
        self._start_beside(FOLLOWING)

    def _have_told(self) -> None:
        """A digest whose time came while nobody was here, and messages that did not go out, wait for no crawl."""
        if not self._config.secrets.notify or time.monotonic() - self._told < TELL_AGAIN:
            return
        if is_due(self._store.database, self._config.notify, clock.now()):
            self._told = time.monotonic()
            self._start_beside(FOLLOWING)

    def _collect(self) -> None:
        """What workers handed over is brought in, sealed and shelved; without workers there is nothing."""
        if self._engine is not self._local and is_waiting(self._store.database):
            self._start_beside(COLLECTING)

    def _start_beside(self, argv: Sequence[str]) -> None:
        """A child that is no crawl; one of each at a time."""
        if argv not in self._beside:
            with (self._config.home / PATROL).open("ab") as log:
                self._beside[argv] = subprocess.Popen(  # noqa: S603 - our own program
                    argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )

    @property
    def _is_busy(self) -> bool:
        return self._local.is_busy or bool(self._beside)

    def _heard(self, what: Begun | Ended) -> None:
        if isinstance(what, Ended):
            self._ended += 1
            self._count(what.code)
            self._count(EXIT_NOT_CLEAN if what.has_left else EXIT_DONE)
        self._tell(what)

    def _count(self, code: int) -> None:
        """The gravest end of a child so far: a signal is no clean one, a code that we do not know a bug of ours."""
        known = EXIT_NOT_CLEAN if code < 0 else code if code in GRAVEST_FIRST else EXIT_BUG
        self._code = graver(self._code, known)

    def _snapshot(self, watch: WatchVersion) -> Snapshot:
        """Of the settings as the crawl will read them: somebody may have changed them since this began."""
        return snapshot(watch, Config.load(), f"lantian/{VERSION}", rules_digest())


def patrol(config: Config, *, is_once: bool, as_json: bool, argv: Sequence[str] = ()) -> int:
    """Patrol the home until stopped, or once; `UserMistake` where another does, or the home only simulates."""
    with only_patrol(config.home):
        database = open_database(config.database)
        tell = Teller(config, as_json=as_json)
        speak_to_log(config)
        try:
            refuse_simulation(database)
            patrolling = Patrolling(config, PatrolStore(database, config.patrol, config.recheck.days), tell, argv)
            return patrolling.once() if is_once else patrolling.run()
        finally:
            tell.close()
            database.dispose()


# -- as a process ----------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    speak_any_locale()
    parser = argparse.ArgumentParser(prog="lantian patrol", description="按计划巡查")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        return patrol(Config.load(), is_once=asked.once, as_json=asked.json)
    except UserMistake as mistake:
        return _ended(str(mistake), EXIT_USAGE)
    except OperationalError as wrong:
        return _ended(f"数据库不能读写：{wrong.orig}", EXIT_USAGE)
    except DatabaseError as wrong:
        return _ended(f"数据库已损坏：{wrong.orig}", EXIT_EVIDENCE)
    except OSError as wrong:
        return _ended(f"读写失败：{wrong}", EXIT_USAGE)


def _ended(message: str, code: int) -> int:
    print(f"lantian: {harmless(message)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
