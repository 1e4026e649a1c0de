"""Messages: what they say and never say, once each, bounded, over a real loopback server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from crawling import RawServer, http
from empty_home import laid
from sqlalchemy import Engine
from storage_specimens import T0, finding, listing, page_of

from console.notifying import digest_words, grave_words, notify, send_all
from crawler.config import Config
from crawler.items import Outcome
from crawler.tables import Notify, Secrets
from patrol.notify import figures
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.health_shapes import AlarmKind
from storage.models import ExhibitRow, FindingRow
from storage.notices import TRIES, Kind, Known, Notices, turned_grave
from storage.shapes import PlannedRun

# 09:00 in Shanghai, half an hour after the digest.
MORNING = datetime(2026, 8, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(laid(tmp_path / "lantian.db"))
    yield engine
    engine.dispose()


@pytest.fixture
def inbox() -> Iterator[RawServer]:
    with RawServer(lambda _: http("{}")) as server:
        yield server


def office(home: Path, *addresses: str, **settings: object) -> Config:
    return Config(home=home, secrets=Secrets(notify=addresses), notify=replace(Notify(), **settings))


def at(server: RawServer) -> str:
    return f"json://127.0.0.1:{server.port}/token-Xyz123/"


def flagged(database: Engine, run: str, *things: str, severity: int = 3, category: str = "guaranteed_grant") -> None:
    store = ExhibitStore(database)
    store.open_runs([PlannedRun(id=run, platform="taobao", query="包授权", planned_at=T0)], T0)
    found = {thing: (finding(category, severity=severity),) for thing in things}
    store.record(page_of(tuple(listing(thing) for thing in things), run=run, findings=found))
    store.finish_run(run, Outcome.OK, "", "", T0)


def sent(database: Engine) -> list[str]:
    return [one.words for one in reversed(Notices(database).listed()) if one.sent_at]


# -- what is said ----------------------------------------------------------------------------------


def test_a_message_counts_and_names_nobody(database: Engine) -> None:
    flagged(database, "r1", "1", "2", category="guaranteed_grant")
    flagged(database, "r2", "3", category="inventor_listing")
    flagged(database, "r3", "4", severity=2)
    told = figures(database, MORNING, is_digest=True)
    words = digest_words(told) + grave_words(told)
    assert "淘宝" in words
    assert "包授权 2" in words
    assert "发明人挂名 1" in words
    with database.connect() as connection:
        rows = connection.execute(ExhibitRow.__table__.select()).mappings().all()
    stored = {
        str(value) for row in rows for name, value in row.items() if name in ("title", "text", "url", "seller", "price")
    }
    assert stored
    assert not [text for text in stored if text and text in words]
    assert not re.search(r"\d{7,}|http|@", words)


def test_a_lead_is_news_once(database: Engine, inbox: RawServer, tmp_path: Path) -> None:
    config = office(tmp_path, at(inbox))
    flagged(database, "r1", "1")
    notify(config, database, MORNING)
    flagged(database, "r2", "1")  # the same listing again
    notify(config, database, MORNING + DAY)
    flagged(database, "r3", "1", "2")
    notify(config, database, MORNING + 2 * DAY)
    first, second, third = sent(database)
    assert "包授权 1" in first
    assert "没有新的严重线索" in second
    assert "包授权 1" in third


def test_a_day_without_news_is_told_too(database: Engine, inbox: RawServer, tmp_path: Path) -> None:
    notify(office(tmp_path, at(inbox)), database, MORNING)
    (only,) = sent(database)
    assert "没有新的严重线索" in only
    assert "应查 0 项，没有看到 0 项" in only
    body = json.loads(inbox.hits[0].head.partition(b"\r\n\r\n")[2] or b"{}") or {}
    assert body == {} or only in body["message"]


def test_alarms_are_told_by_kind_and_platform(database: Engine) -> None:
    told = replace(
        figures(database, MORNING, is_digest=True),
        alarms=((AlarmKind.ZERO, "baidu"), (AlarmKind.ZERO, "baidu"), (AlarmKind.OVERDUE, "")),
        raised=((AlarmKind.LOGIN, "jd"),),
        tasks=200,
        missed=3,
    )
    assert "警报 3 个" in digest_words(told)
    assert "百度" in digest_words(told)
    assert "200 以上" in digest_words(told)
    assert "漏查 3 项" in digest_words(told)
    assert "京东" in grave_words(told)


def test_what_turns_grave_later_is_news_whatever_it_was_before(
    database: Engine, inbox: RawServer, tmp_path: Path
) -> None:
    config = office(tmp_path, at(inbox))
    flagged(database, "r1", "1", "2", severity=2)
    notify(config, database, MORNING)
    flagged(database, "r2", "1")
    notify(config, database, MORNING + DAY)
    with database.begin() as connection:  # as a picture that is read later, or a rejudgement, adds to what is there
        columns = [one.name for one in FindingRow.__table__.columns if one.name not in ("id", "severity")]
        names = ", ".join(f'"{name}"' for name in columns)
        connection.exec_driver_sql(
            f"INSERT INTO findings ({names}, severity) SELECT {names}, 3 FROM findings WHERE id = 2"
        )
    notify(config, database, MORNING + 2 * DAY)
    notify(config, database, MORNING + 3 * DAY)
    assert ["包授权 1" in words for words in sent(database)] == [False, True, True, False]


def test_news_reads_the_new_findings_and_the_past_of_their_listings_alone(database: Engine) -> None:
    with database.connect() as connection:
        words = str(turned_grave(5).compile(connection))
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", tuple(0 for _ in range(words.count("?"))))
        told = [row.detail for row in steps]
    assert not [one for one in told if one.startswith("SCAN")]
    assert not [one for one in told if "findings_1" in one and "(exhibit_id=?)" not in one]


# -- how often -------------------------------------------------------------------------------------


def test_one_digest_a_day_at_its_time(database: Engine, inbox: RawServer, tmp_path: Path) -> None:
    config = office(tmp_path, at(inbox))
    notify(config, database, MORNING - timedelta(hours=1))
    assert inbox.hits == []
    for minutes in (0, 1, 600):
        notify(config, database, MORNING + timedelta(minutes=minutes))
    assert len(inbox.hits) == 1
    notify(config, database, MORNING + DAY)
    assert len(inbox.hits) == 2


def test_without_at_once_nothing_comes_between_and_with_it_no_more_than_a_day_may_have(
    database: Engine, inbox: RawServer, tmp_path: Path
) -> None:
    notify(office(tmp_path, at(inbox)), database, MORNING)
    flagged(database, "r0", "0")
    notify(office(tmp_path, at(inbox)), database, MORNING + timedelta(minutes=1))
    assert len(inbox.hits) == 1
    config = office(tmp_path, at(inbox), at_once=True, per_day=3)
    for number in range(1, 9):
        flagged(database, f"r{number}", f"{number}")
        notify(config, database, MORNING + timedelta(minutes=10 + number))
        notify(config, database, MORNING + timedelta(minutes=10 + number, seconds=5))
    grave = Notices(database).listed(kinds=(Kind.GRAVE,))
    assert len(grave) == 3
    assert len(inbox.hits) == 4
    # What was held back is in the next digest.
    notify(config, database, MORNING + DAY)
    assert "包授权 9" in sent(database)[-1]


# -- how it goes out -------------------------------------------------------------------------------


def test_without_addresses_nothing_is_done(database: Engine, tmp_path: Path) -> None:
    flagged(database, "r1", "1")
    notify(office(tmp_path), database, MORNING)
    assert Notices(database).listed() == ()


def test_what_did_not_go_out_is_tried_again_later_and_given_up_in_the_end(database: Engine, tmp_path: Path) -> None:
    with RawServer(lambda _: http("no", status="500 Broken")) as broken:
        config = office(tmp_path, at(broken))
        now = MORNING
        notify(config, database, now)
        notify(config, database, now + timedelta(minutes=1))
        assert len(broken.hits) == 1, "not at once"
        for minutes in (6, 16, 36, 76, 200, 400):
            notify(config, database, now + timedelta(minutes=minutes))
        assert len(broken.hits) == TRIES
        (notice,) = Notices(database).listed()
        assert notice.sent_at is None
        assert notice.error == "第 1 个地址（json）没有送到"
        assert "token-Xyz123" not in notice.error


def test_what_reached_somebody_is_not_sent_twice_and_says_whom_it_missed(
    database: Engine, inbox: RawServer, tmp_path: Path
) -> None:
    with RawServer(lambda _: http("no", status="500 Broken")) as broken:
        config = office(tmp_path, at(broken), at(inbox), "nonsense")
        notify(config, database, MORNING)
        notify(config, database, MORNING + timedelta(hours=5))
    assert len(inbox.hits) == 1
    (notice,) = Notices(database).listed()
    assert notice.sent_at
    assert notice.error == "第 1 个地址（json）没有送到；第 3 个地址写得不对"


def test_a_death_between_writing_and_sending_costs_no_message(
    database: Engine, inbox: RawServer, tmp_path: Path
) -> None:
    Notices(database).write("digest 2026-08-02", Kind.DIGEST, "写下了，还没有发", Known(), MORNING)
    notify(office(tmp_path, at(inbox)), database, MORNING + timedelta(seconds=1))
    assert len(inbox.hits) == 1
    assert sent(database) == ["写下了，还没有发"]


def test_no_secret_is_in_what_is_said_of_an_address(caplog: pytest.LogCaptureFixture) -> None:
    failed = send_all("t", "w", ["json://user:secretpass@127.0.0.1:1/hook-secret", "mailto://%%"])
    assert len(failed) == 2
    told = "".join(failed) + caplog.text
    assert "secret" not in told
