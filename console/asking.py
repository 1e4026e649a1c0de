"""The crawl of one claim of the roster, in a process of its own: `python -m console.asking CLAIM`.

It asks what of the claim has not ended, seals and shelves as a round does, and plans nothing. Its lease is kept by
whoever started it: with `--of PID` it ends together with that process.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from console.crawling import Manner, crawl_runs, known_rules, log_end, say_seen
from console.files import platform
from console.following import follow
from console.handing import hand_over
from console.homelocks import among_crawls
from console.logs import json_handler, speak_to_log
from console.output import harmless, say, speak_any_locale
from console.sealing import recover_files, seal_round
from console.shelving import shelve_round
from crawler import clock
from crawler.config import Config
from crawler.errors import (
    EXIT_DONE,
    EXIT_EVIDENCE,
    EXIT_NOT_CLEAN,
    EXIT_USAGE,
    EvidenceBroken,
    UserMistake,
    graver,
)
from crawler.items import Outcome
from crawler.watches import Watch
from patrol.descent import end_with
from patrol.recheck import NAME as RECHECK
from spiders.base import MAX_PAGES
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.handover import is_worker
from storage.marks import refuse_simulation
from storage.roster import Roster
from storage.roster_shapes import Claimed
from storage.shapes import PlannedRun, RunRow

logger = logging.getLogger(__name__)


def ask_claim(config: Config, claim_id: str) -> int:
    """Ask what of the claim has not ended, seal it, settle it; returns the exit code, that of a round.

    Once a process: Scrapy's reactor runs once. `UserMistake` when nothing of the claim is left to be done.
    """
    with among_crawls(config.home):
        store = ExhibitStore(open_database(config.database))
        try:
            refuse_simulation(store.engine)
            roster = Roster(store.engine)
            code = _asked(config, store, roster.claimed(claim_id))
            sealed = _put_away(config, store.engine)
            roster.settle(clock.now(), config.patrol.lease, config.patrol.tries)
            follow(config, store.engine, clock.now())
            return graver(code, sealed)
        finally:
            store.engine.dispose()


def _put_away(config: Config, engine: Engine) -> int:
    """Sealed and shelved; on a worker it goes to the machine that seals."""
    if is_worker(config.home):
        return hand_over(config, engine)
    return graver(seal_round(config, engine), shelve_round(config, engine))


def _asked(config: Config, store: ExhibitStore, claimed: Claimed) -> int:
    recover_files(config, store.engine)
    store.know_rules(claimed.round, known_rules(config))
    manner = _manner(config, claimed.watch.watch)
    runs = [run for run in claimed.runs if _is_askable(store, run, manner)]
    code = crawl_runs(config, store, runs, manner, _log_end) if runs else EXIT_NOT_CLEAN
    say_seen(store, claimed.runs)
    is_whole = len(runs) == len(claimed.runs) and all(store.run(run.id).outcome for run in runs)
    return graver(code, EXIT_DONE if is_whole else EXIT_NOT_CLEAN)


def _manner(config: Config, watch: Watch) -> Manner:
    """A place with a proxy of the office is where requests go out; any other stands in the platforms' addresses."""
    is_exit = any(one.name == watch.place for one in config.places)
    return Manner(
        pages=min(watch.depth or config.crawl.pages, MAX_PAGES),
        device=watch.device,
        city="" if is_exit else watch.place,
        exit=watch.place if is_exit else "",
        visits_all=watch.name == RECHECK,
    )


def _is_askable(store: ExhibitStore, run: PlannedRun, manner: Manner) -> bool:
    """Whether there is a spider that knows device and place and may ask this; where not, the run ends and says so."""
    try:
        runs = {run.query: run.id}
        platform(run.platform)(runs=runs, pages=manner.pages, place=manner.city, device=manner.device)
    except UserMistake as mistake:
        _log_end(store.finish_run(run.id, Outcome.ERROR, "not_askable", str(mistake), clock.now()))
        return False
    return True


def _log_end(row: RunRow) -> None:
    log_end(logger, row)


# -- as a process ----------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """What is to be said goes to stderr, which the patrol keeps in its log."""
    speak_any_locale()
    asked = _arguments().parse_args(arguments)
    if asked.of and not end_with(asked.of):
        return EXIT_NOT_CLEAN
    try:
        config = Config.load()
        _log_to_stderr(config, asked.claim)
        speak_to_log(config, asked.claim)
        return ask_claim(config, asked.claim)
    except UserMistake as mistake:
        say(f"{asked.claim}: {harmless(str(mistake))}")
        return EXIT_USAGE
    except EvidenceBroken as broken:
        say(f"{asked.claim}: 证据不完整：{harmless(str(broken))}")
        return EXIT_EVIDENCE
    except (OSError, OperationalError) as wrong:
        say(f"{asked.claim}: 读写失败：{harmless(str(wrong))}")
        return EXIT_USAGE


def _log_to_stderr(config: Config, claim: str) -> None:
    """Our own lines alone: Scrapy's are in its own log."""
    if config.log.format == "json":
        told = json_handler(sys.stderr, claim)
    else:
        told = logging.StreamHandler()
        told.setFormatter(logging.Formatter(f"%(asctime)s {claim} %(message)s"))
    logger.addHandler(told)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m console.asking", description="按认领编号巡查")
    parser.add_argument("claim", help="认领编号")
    parser.add_argument("--of", type=int, default=0, metavar="PID", help="随这个进程一起结束")
    return parser


if __name__ == "__main__":
    sys.exit(main())
