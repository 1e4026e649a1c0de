"""Who may work in a home beside whom: locks that end with the process that holds them, and say what they refuse.

Crawls run beside each other; what removes or moves files of the archive runs beside none.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crawler.config import Config
from crawler.errors import UserMistake
from storage.alone import PICTURES, alone
from storage.folders import made


@contextmanager
def only_round(home: Path) -> Iterator[None]:
    """Two rounds in one home would take each other's runs for abandoned."""
    with _held(home, "round.lock", fcntl.LOCK_EX | fcntl.LOCK_NB, "另有一轮正在进行"):
        yield


@contextmanager
def only_patrol(home: Path) -> Iterator[None]:
    """Two patrols of one home would start twice as many crawls as the machine was said to bear."""
    with _held(home, "patrol.lock", fcntl.LOCK_EX | fcntl.LOCK_NB, "另有一个 lantian patrol 正在运行"):
        yield


@contextmanager
def among_crawls(home: Path) -> Iterator[None]:
    """Held by each crawl of planned runs; one that begins while files are being moved waits for that."""
    with _held(home, "crawls.lock", fcntl.LOCK_SH, ""):
        yield


@contextmanager
def between_crawls(home: Path) -> Iterator[None]:
    """While this is held no round and no crawl of planned runs goes on; refused while one does."""
    refusal = "正在按计划巡查或备份；请稍后再试"
    with only_round(home), _held(home, "crawls.lock", fcntl.LOCK_EX | fcntl.LOCK_NB, refusal):
        yield


@contextmanager
def only_backup(home: Path) -> Iterator[None]:
    """Two backups at once would take the same files twice."""
    with _held(home, "backup.lock", fcntl.LOCK_EX | fcntl.LOCK_NB, "另有一次备份正在进行"):
        yield


@contextmanager
def nothing_moves(home: Path) -> Iterator[None]:
    """While this is held crawls go on, but no file leaves the archive: what would expire or shelve one waits."""
    with among_crawls(home), only_shelving(home):
        yield


@contextmanager
def only_shelving(home: Path) -> Iterator[None]:
    """Two that end at once shelve one after the other: the second must not read what the first removes."""
    with _held(home, "shelf.lock", fcntl.LOCK_EX, ""):
        yield


@contextmanager
def only_pictures(config: Config) -> Iterator[bool]:
    """Whether the queue of pictures is ours to work off: two crawls would load the same pictures twice."""
    with ExitStack() as held:
        try:
            held.enter_context(_held(config.home, "pictures.lock", fcntl.LOCK_EX | fcntl.LOCK_NB, "-"))
        except _Taken:
            yield False
            return
        is_ours = held.enter_context(alone(config.database, PICTURES))
        if not is_ours:
            held.close()
        yield is_ours


class _Taken(UserMistake):
    """Somebody else holds the lock."""


@contextmanager
def _held(home: Path, name: str, how: int, refusal: str) -> Iterator[None]:
    made(home)
    with (home / name).open("w") as lock:
        try:
            fcntl.flock(lock, how)
        except BlockingIOError:
            raise _Taken(f"{home} 里{refusal}") from None
        yield
