"""What a worker does with a message: claim what it names, crawl that in a child, keep the lease, settle.

It is done, and the message acknowledged, when every run of the claim has ended or can be tried by somebody else.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from celery import Celery
from celery.signals import worker_process_init
from sqlalchemy.exc import OperationalError

from patrol.broker import ASK
from patrol.children import Begun, Ended, Local, Means
from patrol.descent import end_with
from patrol.tick import PatrolStore
from storage.roster_shapes import Wanted

LOOKS = 1.0  # seconds between two looks at a child

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where a worker works. All are asked in the process that does the work: no connection survives a fork.

    While `has_room` says no, nothing is taken: it is offered again, perhaps to another machine.
    """

    store: Callable[[], PatrolStore]
    means: Callable[[], Means]
    now: Callable[[], datetime]
    has_room: Callable[[], bool] = lambda: True
    looks: float = LOOKS


def employ(app: Celery, place: Workplace) -> None:
    """From now on messages that this application gets are worked off there."""
    worker_process_init.connect(_end_with_the_worker, weak=False)

    @app.task(name=ASK, ignore_result=True)  # type: ignore[untyped-decorator]
    def ask(watch_id: int, version: int, platform: str) -> None:
        work(place, Wanted(watch_id=int(watch_id), version=int(version), platforms=(str(platform),)))


def work(place: Workplace, wanted: Wanted) -> int:
    """Claim it and see it through; how many runs it was, 0 when somebody else has them or their time is over."""
    if not place.has_room():
        logger.warning("the disk is full: nothing is taken")
        return 0
    store = place.store()
    try:
        local = Local(store, place.means(), _log)
        runs = local.take(wanted, place.now())
        try:
            _see_through(local, place)
        finally:
            if local.is_busy:
                local.end_all(place.now())
        return runs
    finally:
        store.database.dispose()


def _see_through(local: Local, place: Workplace) -> None:
    while local.is_busy:
        time.sleep(place.looks)
        try:
            local.tend(place.now())
        except OperationalError as wrong:
            # The crawl goes on, and so may the database: if not, the lease says when others may try.
            logger.warning("the database does not answer: %s", type(wrong.orig).__name__)


def _log(what: Begun | Ended) -> None:
    if isinstance(what, Begun):
        logger.info("claim %s of %s: %d runs, pid %d", what.claim, what.watch, what.runs, what.pid)
    else:
        why = f", {what.limit}" if what.limit else ""
        logger.info("claim %s of %s: exit %d, peak %d MB%s", what.claim, what.watch, what.code, what.peak, why)


def _end_with_the_worker(**_: object) -> None:
    """A process of the pool ends when the worker is killed, and its crawl with it: nobody would keep their claim."""
    if not end_with(os.getppid()):
        os._exit(1)
