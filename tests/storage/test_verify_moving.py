"""The verifier beside those who seal, expire and shelve: what moves is read again, what is broken is still broken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from keeping_specimens import DAY, NOW, Home, home_in, keep_page
from storage_specimens import archive_in

from crawler import clock
from storage.verify import verify


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[threading.Event]:
    """Work again and again in a thread until the block ends; what went wrong there is raised here."""
    over, wrong = threading.Event(), []

    def labour() -> None:
        try:
            while not over.is_set():
                work()
        except BaseException as one:  # noqa: BLE001 - told by the test's own thread
            wrong.append(one)

    thread = threading.Thread(target=labour)
    thread.start()
    try:
        yield over
    finally:
        over.set()
        thread.join()
    assert not wrong, wrong


def kept_and_expired(home: Home, numbers: Iterator[int]) -> None:
    """A file of which half is due, sealed, then rewritten; and one that is due as a whole."""
    for both in (True, False):
        with archive_in(home.archive) as archive:
            keep_page(home, archive, {str(next(numbers)): False}, NOW - 300 * DAY)
            if both:
                keep_page(home, archive, {str(next(numbers)): True}, NOW)
        home.seal()
    assert home.expire(clock.now()).manifests


def test_beside_rounds_and_expiries_nothing_is_called_broken(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with home_in(tmp_path / "home") as home:
        numbers, cycles, rest = count(), list[int](), threading.Event()
        kept_and_expired(home, numbers)
        reports = [verify(home.folder)]

        def now_and_then() -> None:
            kept_and_expired(home, numbers)
            cycles.append(1)
            rest.wait(2.5)  # an archive in which something moves all the time can be read by nobody

        with beside(now_and_then):
            while len(cycles) < 4:
                reports.append(verify(home.folder))
            rest.set()
        reports.append(verify(home.folder))
        # Between the end of a file and its seal it is finished and not sealed, and that is said.
        assert [report.broken for report in reports if not report.is_consistent] == []
        assert reports[-1].expired > reports[0].expired
