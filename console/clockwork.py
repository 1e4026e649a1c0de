"""APScheduler's clock in the thread that calls it: what is due runs here, one after another, and nothing is swallowed.

A clock that is put forward or back is noticed against the machine's steady clock: jobs are then due at once, not when
the old time would have come again.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.interval import IntervalTrigger

JUMP = timedelta(seconds=5)  # what NTP slews in a minute is far less
LONGEST = 60.0  # seconds without a look at the clock


class Clockwork(BaseScheduler):  # type: ignore[misc]
    """Jobs, due by the clock. Whoever holds it calls `run_due` again and again."""

    def __init__(self, now: Callable[[], datetime], steady: Callable[[], float] = time.monotonic) -> None:
        self._here = _InThisThread()
        super().__init__(timezone=UTC, executors={"default": self._here})
        self._now, self._steady = now, steady
        self._wall, self._mark = now(), steady()

    def every(self, seconds: float, name: str, job: Callable[[], None]) -> None:
        """Call `job` now and then every so many seconds; turns that were missed are one turn."""
        trigger = IntervalTrigger(seconds=seconds, timezone=UTC)
        self._add(job, name, trigger)

    def daily(self, trigger: Any, name: str, job: Callable[[], None]) -> None:
        """Call `job` whenever the trigger says; what was missed while nobody ran is not made up for."""
        self._add(job, name, trigger, is_now=False)

    def _add(self, job: Callable[[], None], name: str, trigger: Any, *, is_now: bool = True) -> None:
        more = {"next_run_time": self._now()} if is_now else {}
        self.add_job(job, trigger, id=name, coalesce=True, misfire_grace_time=None, max_instances=1, **more)

    def hurry(self, name: str) -> None:
        """This job is due now."""
        self.modify_job(name, next_run_time=self._now())

    def jumped(self) -> timedelta:
        """How far the clock was put forward, or back, since the last call; zero for what is no jump."""
        wall, mark = self._now(), self._steady()
        gone = wall - self._wall - timedelta(seconds=mark - self._mark)
        self._wall, self._mark = wall, mark
        if abs(gone) < JUMP:
            return timedelta(0)
        for job in self.get_jobs():
            # Also after a jump ahead: the turns of an hour that never was need not be counted one by one.
            following = job.trigger.get_next_fire_time(None, wall)
            self.modify_job(job.id, next_run_time=wall if isinstance(job.trigger, IntervalTrigger) else following)
        return gone

    def run_due(self) -> float:
        """Run what is due; returns the seconds until something is again. What a job raises is raised here."""
        wait = self._process_jobs()
        if self._here.wrong is not None:
            wrong, self._here.wrong = self._here.wrong, None
            raise wrong
        return LONGEST if wait is None else min(float(wait), LONGEST)

    def shutdown(self, wait: bool = True) -> None:
        """Forget every job."""
        super().shutdown(wait)

    def wakeup(self) -> None:
        """Nothing waits in here: whoever calls `run_due` does."""


class _InThisThread(BaseExecutor):  # type: ignore[misc]
    """Runs a job where it stands, and keeps what it raised: the scheduler would only log it."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: BaseException | None = None

    def _do_submit_job(self, job: Any, _run_times: Any) -> None:
        try:
            job.func(*job.args, **job.kwargs)
        except BaseException as wrong:  # noqa: BLE001 - raised again by `run_due`
            self.wrong = wrong
        self._run_job_success(job.id, [])


class Wakes:
    """What ends a wait: a child that ended, or a person or a service manager that asks to stop."""

    def __init__(self) -> None:
        self.stops = 0
        self._end, self._begin = os.pipe()

    @contextmanager
    def heard(self) -> Iterator[None]:
        """While this is open signals are heard; they wake `wait`, whenever they come."""
        for one in (self._end, self._begin):
            os.set_blocking(one, False)
        before = {one: signal.signal(one, self._stop) for one in (signal.SIGTERM, signal.SIGINT)}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._begin, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for one, what in before.items():
                signal.signal(one, what)
            os.close(self._end)
            os.close(self._begin)

    def wait(self, seconds: float) -> None:
        """Until a signal comes, or so many seconds have passed."""
        heard, _, _ = select.select([self._end], [], [], max(0.0, seconds))
        if heard:
            os.read(self._end, 4096)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stops += 1
