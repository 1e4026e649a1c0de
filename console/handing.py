"""Files of records on their way from a worker to the archive, as a crawl, a worker, the patrol or a command asks.

`python -m console.handing` does at once what this home has to do: a worker's hands over, the patrol host's collects.
A store that does not answer loses nothing: files stay where they are, and wait.
"""

from __future__ import annotations

import fcntl
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from console.logs import speak_to_log
from console.output import harmless, print_json, progress, say, speak_any_locale
from console.sealing import opened_engine, seal_round
from console.shelving import shelve_round
from crawler import clock
from crawler.config import Config
from crawler.errors import EXIT_DONE, EXIT_EVIDENCE, EXIT_USAGE, UserMistake, graver
from storage.db import open_database
from storage.handover import Collector, Moved, Sender, is_waiting, is_worker, refuse_worker, waiting
from storage.shelf import Shelf, ShelfUnreachable, open_shelf

NO_SHELF = "没有设置 [shelf] url：工作机的文件要经它交给巡查主机"


# -- on the worker ---------------------------------------------------------------------------------


def hand_over(config: Config, engine: Engine) -> int:
    """What a worker's crawls have kept goes on the shelf; what could not be put there is said. The exit code."""
    shelf = open_shelf(config)
    if shelf is None:
        say(f"{NO_SHELF}；文件留在本机")
        return EXIT_USAGE
    try:
        moved = _handed_over(config, engine, shelf)
    except (ShelfUnreachable, OSError) as away:
        say(f"{harmless(str(away))}；文件留在本机，会再交")
        return EXIT_DONE
    return EXIT_EVIDENCE if moved.troubles else EXIT_DONE


def _handed_over(config: Config, engine: Engine, shelf: Shelf) -> Moved:
    with _alone(config.home):
        moved = Sender(config.archive, engine, shelf, socket.gethostname()).hand_over(clock.now())
    for trouble in moved.troubles:
        say(f"没有交出，须由人查看：{harmless(trouble)}")
    if moved.files:
        say(f"已交到 {shelf.label}：{moved.files} 个文件，{moved.bytes} 字节，都已读回核对")
    return moved


# -- on the patrol host ----------------------------------------------------------------------------


def collect_evidence(*, as_json: bool) -> int:
    """`lantian evidence collect`: bring in what workers handed over, seal it, shelve it."""
    config = Config.load()
    refuse_worker(config.home)
    shelf = open_shelf(config)
    if shelf is None:
        raise UserMistake(NO_SHELF)
    with opened_engine(config) as engine:
        moved, code = _collected(config, engine, shelf)
    if as_json:
        told = asdict(moved)
        del told["freed"]
        print_json(told)
    return code


def _collected(config: Config, engine: Engine, shelf: Shelf) -> tuple[Moved, int]:
    with _alone(config.home), progress("收齐", sum(1 for _ in waiting(engine))) as tell:
        moved = Collector(config.archive, engine, shelf).collect(clock.now(), tell)
    for trouble in moved.troubles:
        say(f"收到的文件须由人查看：{harmless(trouble)}")
    code = EXIT_EVIDENCE if moved.troubles else EXIT_DONE
    if moved.files:
        say(f"已收进档案：{moved.files} 个文件，{moved.bytes} 字节，都与交出时一致")
        code = graver(code, seal_round(config, engine), shelve_round(config, engine))
    return moved, code


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two that hand over or collect at once go one after the other: the second finds the first's work done."""
    with (home / "handover.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# -- as a process ----------------------------------------------------------------------------------


def main() -> int:
    """What is to be said goes to stderr, which whoever started it keeps in its log."""
    speak_any_locale()
    try:
        config = Config.load()
        speak_to_log(config)
        engine = open_database(config.database)
        try:
            return hand_over(config, engine) if is_worker(config.home) else _collect(config, engine)
        finally:
            engine.dispose()
    except UserMistake as mistake:
        say(harmless(str(mistake)))
        return EXIT_USAGE
    except (OSError, OperationalError) as wrong:
        say(f"读写失败：{harmless(str(wrong))}")
        return EXIT_USAGE


def _collect(config: Config, engine: Engine) -> int:
    shelf = open_shelf(config)
    if shelf is None or not is_waiting(engine):
        return EXIT_DONE
    return _collected(config, engine, shelf)[1]


if __name__ == "__main__":
    sys.exit(main())
