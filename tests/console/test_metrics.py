"""`lantian metrics`: numbers that Prometheus reads, nobody's words among them, and no scrape that loads the house."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from console.upkeep.metrics import FRESH, House, registry_of, write_whole
from crawler import clock
from crawler.config import Config
from crawler.items import Outcome
from crawler.tables import Secrets
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun
from storage.tables.backups import BackupRow
from storage.tables.fixity import FixityRow
from storage.tables.patrol import WatchRow
from storage.upkeep.inventory import LIST
from tests.console.conftest import ROOT, Ran
from tests.storage.test_vitals import backup

Run = Callable[..., Ran]
QUERY, SHOP = "示例甲代理 13800000000", "vx_lan888"


@pytest.fixture
def home(made_home: Path) -> Path:
    """A home with a run that was blocked, whose words must not be told."""
    engine = open_database(made_home / "lantian.db")
    store = ExhibitStore(engine)
    now = clock.now()
    runs = [PlannedRun(id="run-1", platform="jd", query=QUERY, planned_at=now)]
    store.plan(store.begin_round(now, "lantian", "pages=1"), runs)
    store.finish_run("run-1", Outcome.BLOCKED, "captcha", SHOP, clock.now())
    engine.dispose()
    (made_home / "lantian.log").write_bytes(b"x" * 1_000)
    return made_home


def samples(told: str) -> dict[str, float]:
    families = list(text_string_to_metric_families(told))
    assert all(one.documentation for one in families)
    return {
        f"{one.name}{''.join(f'|{value}' for value in one.labels.values())}": one.value
        for family in families
        for one in family.samples
    }


def test_numbers_are_told_and_no_words(here: Run, home: Path) -> None:
    ran = here("metrics")
    assert ran.code == 0
    told = samples(ran.out + "\n")
    assert told["lantian_up"] == 1
    assert told["lantian_runs_last_day|blocked|jd"] == told.get("lantian_runs_last_day|jd|blocked", 1) == 1
    assert told["lantian_tasks"] == 1
    assert told["lantian_log_bytes"] == 1_000
    assert told["lantian_disk_free_bytes"] > 0
    assert told["lantian_round_age_seconds"] >= 0
    assert "lantian_backup_age_seconds" not in told, "there never was one"
    assert [one for one in (QUERY, SHOP, "13800000000", "captcha", str(home)) if one in ran.out] == []
    as_json = here("metrics", "--json").lines[0]
    assert {"name": "lantian_tasks", "labels": {}, "value": 1.0} in as_json


def test_a_backup_that_is_not_to_be_found_has_no_age(here: Run, home: Path, tmp_path: Path) -> None:
    assert samples(here("metrics").out + "\n")["lantian_backup_there"] == 0
    (tmp_path / "laid").mkdir()
    (tmp_path / "laid" / LIST).touch()
    engine = open_database(home / "lantian.db")
    with engine.begin() as connection:
        connection.execute(insert(BackupRow).values(backup(tested_at=clock.now(), place=str(tmp_path / "laid"))))
    engine.dispose()
    told = samples(here("metrics").out + "\n")
    assert (told["lantian_backup_there"], "lantian_backup_age_seconds" in told) == (1, True)
    (tmp_path / "laid").rename(tmp_path / "away")
    told = samples(here("metrics").out + "\n")
    assert (told["lantian_backup_there"], "lantian_backup_age_seconds" in told) == (0, False)


def test_every_metric_is_documented(home: Path, tmp_path: Path) -> None:
    laid = tmp_path / "laid"
    laid.mkdir()
    (laid / LIST).touch()
    engine = open_database(home / "lantian.db")
    with engine.begin() as connection:
        connection.execute(insert(BackupRow).values(backup(tested_at=clock.now(), place=str(laid))))
        connection.execute(insert(FixityRow).values(file="a", from_=0, checked_at=clock.now(), broken=""))
        connection.execute(insert(WatchRow).values(name="示例", planned_until=clock.now()))
    engine.dispose()
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("\n## Metrics\n")[2]
    documented = set(re.findall(r"`(lantian_\w+)(?:\{[^}]*\})?`", told.partition("\n## ")[0]))
    assert documented == {one.name for one in registry_of(Config(home=home)).collect()}


def test_a_database_that_is_away_or_older_is_said_and_left_alone(home: Path) -> None:
    engine = open_database(home / "lantian.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    engine.dispose()
    older = {one.name for one in registry_of(Config(home=home)).collect()}
    assert {"lantian_up", "lantian_disk_free_bytes"} <= older
    assert "lantian_tasks" not in older
    (home / "lantian.db").write_bytes(b"no database" * 1_000)
    for config in (
        Config(home=home),
        replace(Config(home=home), secrets=Secrets(database="postgresql://geheim@127.0.0.1:1/none")),
    ):
        up = [one for one in registry_of(config).collect() if one.name == "lantian_up"]
        assert [sample.value for one in up for sample in one.samples] == [0.0]


def test_who_asks_too_often_gets_the_last_answer(home: Path) -> None:
    steady = [0.0]
    house = House(Config(home=home), clock.now, lambda: steady[0])

    def log_bytes() -> float:
        return next(one.samples[0].value for one in house.collect() if one.name == "lantian_log_bytes")

    assert log_bytes() == 1_000
    (home / "lantian.log").write_bytes(b"x" * 2_000)
    assert log_bytes() == 1_000
    steady[0] = FRESH
    assert log_bytes() == 2_000


def test_a_file_is_replaced_as_a_whole(here: Run, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "lantian.prom"
    assert here("metrics", "--out", out).code == 0
    assert "lantian_up 1.0" in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o644
    with out.open() as reader:
        write_whole(out, b"new\n")
        assert "lantian_up" in reader.read(), "who had it open reads the old one to its end"
    assert sorted(one.name for one in tmp_path.glob("*lantian.prom*")) == ["lantian.prom"]
    assert here("metrics", "--out", tmp_path / "none" / "x.prom", "--listen", "127.0.0.1:0").code == 2


@pytest.mark.parametrize("listen", ["9469", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", ":9469"])
def test_an_address_that_is_none_is_refused(here: Run, home: Path, listen: str) -> None:
    assert here("metrics", "--listen", listen).code == 2


def test_prometheus_is_answered_until_somebody_asks_to_stop(home: Path) -> None:
    program = "from console.cli import main; main()"
    environ = {"PATH": os.environ["PATH"], "LANTIAN_HOME": str(home), "LANG": "C.UTF-8"}
    command = [sys.executable, "-c", program, "metrics", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True) as going:
        assert going.stderr is not None
        said = going.stderr.readline()
        address = said[said.index("http://") :].split("，")[0]
        with urllib.request.urlopen(address, timeout=60) as answer:
            told = samples(answer.read().decode())
        assert told["lantian_up"] == 1
        going.send_signal(signal.SIGTERM)
        assert going.wait(60) == 0
    json.dumps(told)
