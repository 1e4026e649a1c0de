"""`lantian metrics`: how the house is, as numbers that Prometheus reads, in a file for node_exporter or over HTTP.

A scrape costs a few index look-ups and a look at the folder's names, whatever the archive holds. Labels are platforms,
outcomes and states: no name, no query and no address is ever among them.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from console.output import print_json, print_line, say
from console.upkeep.checks import EXPECTED
from crawler import clock
from crawler.config import VERSION, Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.logs import MEGABYTE, logs_bytes
from storage.alarms import Alarms
from storage.db import HEAD, open_database, schema_of
from storage.notices import Notices
from storage.roster import Roster
from storage.searching.indexing import Indexer
from storage.standing import standing
from storage.upkeep.backups import is_laid
from storage.upkeep.vitals import DAY, Vitals, database_bytes, grown, leads_by_state, runs_since, vitals

FRESH = 5.0  # seconds for which a scrape's answer is used again: nobody can load the house by asking
READABLE = 0o644  # node_exporter is another user

Families = Iterator[GaugeMetricFamily]


class House(Collector):
    """What one home says of itself when it is asked."""

    def __init__(
        self,
        config: Config,
        now: Callable[[], datetime] = clock.now,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config, self._now, self._steady = config, now, steady
        self._lock = threading.Lock()
        self._told: tuple[float, list[GaugeMetricFamily]] | None = None

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is asked when it is registered."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All families; what is away is left out, and `lantian_up` says so."""
        with self._lock:
            if self._told is None or self._steady() - self._told[0] >= FRESH:
                self._told = self._steady(), list(self._asked())
            yield from self._told[1]

    def _asked(self) -> Families:
        yield _labelled("lantian_build", "The program.", ("version",), [((VERSION,), 1)])
        with suppress(FileNotFoundError):
            yield from _of_disk(self._config)
        try:
            found = list(_of_database(self._config, self._now()))
        except EXPECTED:
            found = []
        yield _one("lantian_up", "Whether the database could be asked.", bool(found))
        yield from found


def _of_disk(config: Config) -> Families:
    archive = grown(config.archive, clock.now())
    yield _one("lantian_disk_free_bytes", "Free in the home's file system.", shutil.disk_usage(config.home).free)
    least = config.disk.free_megabytes * MEGABYTE
    yield _one("lantian_disk_least_bytes", "Below this no crawl begins.", least)
    yield _one("lantian_archive_bytes", "Files of the archive in the home.", archive.bytes)
    yield _one("lantian_archive_files", "Their number.", archive.files)
    yield _one("lantian_log_bytes", "All logs, those put aside too.", logs_bytes(config.home))


def _of_database(config: Config, now: datetime) -> Families:
    if schema_of(config.database) != HEAD:
        return  # it is not for a scrape to upgrade it
    engine = open_database(config.database)
    try:
        told = vitals(engine)
        yield _one("lantian_database_bytes", "The database.", database_bytes(engine))
        yield from _kept(config, engine, told, now)
        yield from _done(engine, told, now)
        yield from _waiting(engine, told, now)
    finally:
        engine.dispose()


def _kept(config: Config, engine: Engine, told: Vitals, now: datetime) -> Families:
    open_now = standing(config.archive, engine, now)
    yield _one("lantian_exhibits", "The newest exhibit's number: all that were ever written down.", told.exhibits)
    yield _one("lantian_captures_sealed", "Captures listed in manifests.", told.sealed)
    yield _one("lantian_captures_unsealed", "Captures in no manifest yet.", open_now.open_captures)
    yield _one("lantian_manifests_unstamped", "Manifests without a time stamp.", told.unstamped)
    yield _one("lantian_broken_stretches", "What reading again found broken.", Notices(engine).broken_stretches())


def _done(engine: Engine, told: Vitals, now: datetime) -> Families:
    labels = ("platform", "outcome")
    yield _labelled(
        "lantian_runs_last_day", "Runs that ended in 24 hours.", labels, runs_since(engine, now - DAY).items()
    )
    states = [((state,), count) for state, count in leads_by_state(engine).items()]
    yield _labelled("lantian_leads", "Leads by state.", ("state",), states)
    is_there = told.backup_at is not None and is_laid(told.backup_place)
    yield _one("lantian_backup_there", "Whether the last backup that a test restore proved is where it was.", is_there)
    laid = told.backup_at if is_there else None
    moments = (
        ("lantian_round_age_seconds", "Since the last round or claim began.", told.round_at),
        ("lantian_run_age_seconds", "Since a run last ended.", told.run_ended_at),
        ("lantian_roster_age_seconds", "Since the roster was last written on.", told.planned_until),
        ("lantian_backup_age_seconds", "Since the last backup that a test restore proved, where it is there.", laid),
        ("lantian_fixity_age_seconds", "Since anything was last read again.", told.read_at),
    )
    for name, words, moment in moments:
        if moment is not None:
            yield _one(name, words, (now - moment).total_seconds())


def _waiting(engine: Engine, told: Vitals, now: datetime) -> Families:
    kinds = Counter(alarm.subject.kind.value for alarm in Alarms(engine).standing())
    counted = [((kind,), count) for kind, count in kinds.items()]
    yield _labelled("lantian_alarms", "Alarms that stand, by kind.", ("kind",), counted)
    waiting = Roster(engine).waiting(now)
    lag = max(((now - one.since).total_seconds() for one in waiting), default=0.0)
    yield _one(
        "lantian_roster_waiting", "Planned runs that could begin and have not.", sum(one.rows for one in waiting)
    )
    yield _one("lantian_roster_lag_seconds", "How long the oldest of them has waited.", lag)
    yield _one("lantian_tasks", "Walled pages that wait for a person.", told.tasks)
    behind = Indexer(engine, lambda _title, _text: ()).behind()
    yield _one("lantian_search_behind", "Exhibits the search does not have as they are.", behind)


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=float(value))


def _labelled(
    name: str, words: str, labels: tuple[str, ...], values: Iterable[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=labels)
    for which, value in sorted(values):
        family.add_metric(which, value)
    return family


# -- as a command ----------------------------------------------------------------------------------


def registry_of(config: Config) -> CollectorRegistry:
    """Our own registry: nothing of the process or of Python is in it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(House(config))
    return registry


def metrics(out: Path | None, listen: str, *, as_json: bool) -> int:
    """On stdout, into a file, or to whoever asks until somebody asks to stop."""
    if out is not None and listen:
        raise UserMistake("--out 和 --listen 只能用一个")
    config = Config.load()
    if listen:
        return _serve(config, *_address(listen))
    registry = registry_of(config)
    if as_json:
        samples = [one for family in registry.collect() for one in family.samples]
        print_json([{"name": one.name, "labels": one.labels, "value": one.value} for one in samples])
    elif out is not None:
        write_whole(out, generate_latest(registry))
        say(f"已写入 {out}")
    else:
        print_line(generate_latest(registry).decode().rstrip("\n"))
    return EXIT_DONE


def write_whole(path: Path, content: bytes) -> None:
    """Whoever reads the file reads all of it, the old or the new one."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.chmod(READABLE)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UserMistake(f"--listen 要写成 地址:端口，如 127.0.0.1:9469，不能是 {listen}")
    return host.strip("[]"), int(port)


def _serve(config: Config, host: str, port: int) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    server, thread = start_http_server(port, host, registry_of(config))
    say(f"指标在 http://{host}:{server.server_port}/metrics，Ctrl-C 停止")
    signal.sigwait(STOPS)
    server.shutdown()
    thread.join()
    return EXIT_DONE


STOPS = (signal.SIGTERM, signal.SIGINT)
