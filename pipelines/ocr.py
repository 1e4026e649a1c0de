"""The process beside the crawl in which pictures are read one at a time, so that no crawl ever waits for it.

A picture that makes the reader fall over, or takes too long, costs that process and is refused by
name; the next picture gets a new one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

from crawler.errors import PictureRefused
from crawler.pictures import PictureText
from detectors.pictures import Reader

READ_AT_MOST = 60  # seconds; the longest picture that is opened takes a quarter of it
NICE = 10  # the crawls go first
DIED = "reader_died"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Refused:
    """An error of ours does not travel between processes with all it says."""

    reason: str
    detail: str


@cache
def _reader() -> Reader:
    return Reader()


def _prepare() -> None:
    """In the new process: Ctrl-C is for the crawl to answer, and whoever started us may be killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _read(body: bytes) -> PictureText | _Refused:
    signal.alarm(READ_AT_MOST)  # nobody answers it: the process ends
    try:
        return _reader().read(body)
    except PictureRefused as refused:
        return _Refused(refused.reason, refused.detail)
    finally:
        signal.alarm(0)


class Desk:
    """Reads pictures in a process of its own, which is started by the first of them."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()  # one at a time: if the process dies, it is known of which picture

    async def read(self, body: bytes) -> PictureText:
        """What stands in the picture. Raises `PictureRefused`, with `DIED` when it cost the process."""
        async with self._turn:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_prepare)
            try:
                found = await asyncio.get_running_loop().run_in_executor(self._pool, _read, body)
            except (BrokenProcessPool, MemoryError) as wrong:
                self.close()
                raise PictureRefused(DIED, f"{type(wrong).__name__}: {wrong}") from None
        if isinstance(found, _Refused):
            raise PictureRefused(found.reason, found.detail)
        return found

    def close(self) -> None:
        """End the process, after the picture it is at."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
