"""`lantian worker`: takes from the broker what the patrol host offers, and crawls it on this machine.

Its database, broker and shelf are the patrol host's; its home is its own, and nothing is sealed in it.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from console.diskguard import full_disk
from console.handing import NO_SHELF, hand_over
from console.logs import speak_to_log
from console.output import say
from console.patrolling import ASKING
from crawler import clock
from crawler.config import VERSION, Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.logs import WORKER, log_to
from crawler.watches import WatchVersion
from detectors.rule import rules_digest
from patrol.broker import application, must_answer, shown
from patrol.children import Means
from patrol.snapshots import snapshot
from patrol.tick import PatrolStore
from patrol.workers import Workplace, employ
from storage.db import open_database
from storage.handover import INCOMING, become_worker
from storage.marks import refuse_simulation
from storage.roster_shapes import Snapshot
from storage.shelf import open_shelf
from storage.whereabouts import POSTGRES, url_of

AGAIN = 300.0  # seconds between two looks at what waits to be handed over, or was collected
HANDING = (sys.executable, "-m", "console.handing")


def work_here(concurrency: int) -> int:
    """Work until somebody asks to stop: crawls that go on are ended first. Returns the exit code."""
    config = Config.load()
    speak_to_log(config)
    _must_be_set(config)
    app = application(config.secrets.broker, config.patrol)
    _must_be_there(config)
    must_answer(app, config.secrets.broker)
    employ(app, _workplace(config))
    log_to(config, WORKER)
    number = concurrency or config.patrol.children
    say(
        f"工作机已就绪：{socket.gethostname()}，同时 {number} 项；"
        f"从 {shown(config.secrets.broker)} 取；数据在 {config.home}"
    )
    threading.Thread(target=_hand_over_later, args=(config.home / WORKER,), daemon=True).start()
    worker = app.Worker(
        hostname=f"lantian@{socket.gethostname()}-{os.getpid()}",
        concurrency=number,
        pool_cls="prefork",
        without_gossip=True,
        without_mingle=True,
        loglevel=logging.INFO,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or EXIT_DONE)


def _must_be_set(config: Config) -> None:
    if not config.secrets.broker:
        raise UserMistake("没有设置 LANTIAN_BROKER：从哪里取要做的（redis:// 或 amqp://）")
    if not config.secrets.database or url_of(config.secrets.database).get_backend_name() != POSTGRES:
        raise UserMistake("没有设置 LANTIAN_DATABASE：工作机与巡查主机要用同一个 PostgreSQL（postgresql://）")
    if not config.shelf.url:
        raise UserMistake(NO_SHELF)


def _must_be_there(config: Config) -> None:
    """Database and shelf answer, and this home is a worker's; what an earlier crawl left is handed over."""
    engine = open_database(config.database)
    try:
        refuse_simulation(engine)
        become_worker(config.home)
        shelf = open_shelf(config)
        if shelf is not None:
            shelf.names(INCOMING)
        hand_over(config, engine)
    finally:
        engine.dispose()


def _workplace(config: Config) -> Workplace:
    def known(watch: WatchVersion) -> Snapshot:
        return snapshot(watch, config, f"lantian/{VERSION}", rules_digest())

    def means() -> Means:
        return Means(
            argv=(*ASKING, str(os.getpid())),
            log=config.home / WORKER,
            holder=f"{socket.gethostname()} worker {os.getpid()}",
            snapshot=known,
        )

    return Workplace(
        store=lambda: PatrolStore(open_database(config.database), config.patrol),
        means=means,
        now=clock.now,
        has_room=lambda: not full_disk(config),
    )


def _hand_over_later(log: Path) -> None:
    """What could not be handed over when its crawl ended, and what can go because it was collected."""
    while True:
        threading.Event().wait(AGAIN)
        with log.open("ab") as told:
            subprocess.run(  # noqa: S603 - our own program
                HANDING, stdin=subprocess.DEVNULL, stdout=told, stderr=told, check=False
            )
