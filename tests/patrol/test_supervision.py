"""监管对象库: a look is a run that succeeded and was after the agency; who is due, overdue, watched closely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from registry_specimens import table, written
from sqlalchemy import Engine, event
from storage_specimens import database_of, listing, on_both, on_sqlite, page_of

from crawler.agencies import Agency
from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.watches import Slot, Watch
from patrol.supervision import EVERY, PRIORITY_EVERY, due_at, followed, overdue, refresh, targets
from storage.audit import AuditLog
from storage.db import open_database
from storage.draws import Draws
from storage.exhibits import ExhibitStore
from storage.registers.store import Provenance, Registries
from storage.roster import Roster
from storage.roster_shapes import Snapshot, Wanted
from storage.rounds import Rounds
from storage.shapes import PlannedRun
from storage.supervision import PAGE, Supervision
from storage.supervision_shapes import Draw, Follows, Supervised, identity
from storage.watches import Watches

T0 = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
COLUMNS = ("类型", "机构名称", "曾用名", "机构代码", "统一社会信用代码", "状态", "网址")
STAR = ("专利代理机构", "星河知识产权代理有限公司", "", "99001", "91990000MA00000019", "在业", "www.xinghe.example")
MOON = ("专利代理机构", "月影专利代理事务所", "", "99002", "", "吊销", "https://yueying.example/about")
MARK = ("商标代理机构", "北辰商标代理有限公司", "", "", "", "在业", "")
TWIN = ("商标代理机构", "星河知识产权代理有限公司", "", "", "91990000MA00000019", "在业", "http://www.xinghe.example")
PERSON = ("专利代理师", "测试甲", "", "99001", "", "执业", "")
SNAPSHOT = Snapshot(tool="t", settings="{}")


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_of(request, tmp_path))
    load(engine, tmp_path, STAR, MOON, MARK, PERSON)
    yield engine
    engine.dispose()


def load(engine: Engine, folder: Path, *rows: tuple[str, ...], at: datetime = T0) -> None:
    Registries(engine).load(written(folder, table(*rows, columns=COLUMNS)), Provenance(at=at))


def agency_watch(engine: Engine, follows: Follows, entries: list[Agency] | None = None, name: str = "机构") -> int:
    wanted = targets(entries if entries is not None else followed(engine, follows), follows)
    watch = Watch(name=name, platforms=("sogou",), queries=wanted.queries, schedule="0 8 * * *")
    number = Watches(engine).add(watch, "甲", T0)
    Supervision(engine).aim(number, follows, wanted.aims)
    return number


def see(engine: Engine, watch_id: int, query: str, at: datetime, outcome: Outcome = Outcome.OK) -> None:
    """One planned run of a watch, from the roster's row to its outcome."""
    roster = Roster(engine)
    current = next(one for one in Watches(engine).current() if one.watch_id == watch_id)
    slot = Slot(
        watch_id=watch_id, version=current.version, platform="sogou", query=query, planned_at=at, latest=at + DAY
    )
    roster.write(watch_id, [slot], at, at)
    claim = roster.claim(Wanted(watch_id=watch_id, version=current.version), "h", at, 600, SNAPSHOT)
    (run,) = claim.runs
    rounds = Rounds(engine)
    rounds.open_runs([run], at)
    rounds.finish_run(run.id, outcome, "" if outcome is Outcome.OK else "reason", "", at)
    roster.settle(at, 600, 2)


def agencies(engine: Engine) -> dict[str, Supervised]:
    return {one.agency: one for one in Supervision(engine).agencies()}


def entry(engine: Engine, word: str) -> Agency:
    found = Registries(engine).ask(word).entry
    assert found is not None
    return found


# -- looks -----------------------------------------------------------------------------------------


@on_both
def test_every_agency_is_supervised_and_no_person(database: Engine) -> None:
    found = agencies(database)
    assert list(found) == ["99001", "99002", "北辰商标代理有限公司"]
    assert {(one.last_seen, one.is_aimed, one.priority) for one in found.values()} == {(None, False, None)}
    assert {due_at(one) for one in found.values()} == {T0}, "never seen: due at once"


@on_both
def test_only_success_is_a_look(database: Engine) -> None:
    watch = agency_watch(database, Follows.ALL)
    assert all(one.is_aimed for one in agencies(database).values())
    for day, outcome in enumerate((Outcome.OK, Outcome.EMPTY, Outcome.BLOCKED, Outcome.CHANGED, Outcome.MISSED)):
        see(database, watch, "月影专利代理事务所", T0 + (day + 1) * DAY, outcome)
    found = agencies(database)
    assert found["99002"].last_seen == T0 + 2 * DAY
    assert due_at(found["99002"]) == T0 + 2 * DAY + EVERY
    assert found["99001"].last_seen is None


@on_sqlite
def test_a_look_through_any_watch_and_at_its_own_page_counts(database: Engine) -> None:
    names, sites = (agency_watch(database, one, name=one.value) for one in (Follows.ALL, Follows.ALL_SITES))
    see(database, names, "星河知识产权代理有限公司", T0 + 3 * DAY)
    see(database, sites, "https://yueying.example/about", T0 + 2 * DAY)
    see(database, sites, "http://www.xinghe.example", T0 + 5 * DAY)
    found = agencies(database)
    assert [one.last_seen for one in found.values()] == [T0 + 5 * DAY, T0 + 2 * DAY, None]


@on_sqlite
def test_what_was_seen_stays_seen_when_the_watch_asks_for_others(database: Engine) -> None:
    watch = agency_watch(database, Follows.NAMED, [entry(database, "99002")])
    see(database, watch, "月影专利代理事务所", T0 + DAY)
    wanted = targets([entry(database, "99001")], Follows.NAMED)
    current = Watches(database).find("机构").watch
    Watches(database).change(watch, replace(current, queries=wanted.queries), "甲", T0 + 2 * DAY)
    Supervision(database).aim(watch, Follows.NAMED, wanted.aims)
    assert agencies(database)["99002"].last_seen == T0 + DAY


@on_both
def test_looks_outlive_a_new_list_that_knows_more_of_an_agency(database: Engine, tmp_path: Path) -> None:
    watch = agency_watch(database, Follows.ALL)
    see(database, watch, "北辰商标代理有限公司", T0 + DAY)
    priority = Supervision(database).add_priority(entry(database, "北辰商标代理有限公司"), "理由", "甲", T0)
    coded = (*MARK[:4], "91990000MA00000027", *MARK[5:])
    load(database, tmp_path, STAR, coded, at=T0 + 2 * DAY)
    found = agencies(database)["91990000MA00000027"]
    assert found.last_seen == T0 + DAY
    assert found.priority == priority
    assert Supervision(database).last_look(priority) == T0 + DAY


@on_sqlite
def test_the_agencies_come_in_pages(database: Engine, tmp_path: Path) -> None:
    many = [("专利代理机构", f"星河{number}知识产权代理有限公司", "", f"{20000 + number}", "", "在业", "")
            for number in range(PAGE + 7)]  # fmt: skip
    load(database, tmp_path, *many, at=T0 + DAY)
    statements: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *told: statements.append(told[2]))
    assert len(list(Supervision(database).agencies())) == PAGE + 7
    assert len([one for one in statements if "registry_entries" in one]) == 3, "two pages and an empty one"


@on_sqlite
def test_a_look_is_found_by_an_index(database: Engine) -> None:
    """However long the roster is: one seek for each query that was ever after the agency."""
    from sqlalchemy import select

    from storage.supervision import _LAST_LOOK
    from storage.tables.supervision import AgencyAimRow

    asked = select(AgencyAimRow.agency, _LAST_LOOK).where(AgencyAimRow.agency.in_(("99001",)))
    sql = str(asked.compile(database, compile_kwargs={"literal_binds": True}))
    with database.connect() as connection:
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))
    assert "ix_agency_aims_agency" in plan
    assert "ix_roster_seen" in plan
    assert "SCAN" not in plan


# -- queries after agencies ------------------------------------------------------------------------


@on_sqlite
def test_one_query_may_be_after_several(database: Engine, tmp_path: Path) -> None:
    load(database, tmp_path, STAR, TWIN, MOON, at=T0 + DAY)
    names = targets(followed(database, Follows.ALL), Follows.ALL)
    assert [one.words for one in names.queries] == ["星河知识产权代理有限公司", "月影专利代理事务所"]
    assert [(one.words[:2], one.agency) for one in names.aims] == [
        ("星河", "99001"), ("星河", "91990000MA00000019"), ("月影", "99002"),
    ]  # fmt: skip
    watch = agency_watch(database, Follows.ALL)
    see(database, watch, "星河知识产权代理有限公司", T0 + 2 * DAY)
    assert [one.last_seen for one in agencies(database).values()] == [T0 + 2 * DAY, T0 + 2 * DAY, None]


def test_agencies_without_an_address_are_named() -> None:
    def agency(name: str, website: str) -> Agency:
        return Agency(name=name, code="", kind="tm_agency", status="在业", website=website)

    found = targets(
        [agency("甲所", ""), agency("乙所", "http://[x"), agency("丙所", "bing.example"), agency("丁所", "ftp://d e")],
        Follows.ALL_SITES,
    )
    assert [one.words for one in found.queries] == ["http://bing.example"]
    assert found.without == ("甲所", "乙所", "丁所")


# -- who is watched closely ------------------------------------------------------------------------


@on_both
def test_the_list_keeps_its_history_and_says_who(database: Engine) -> None:
    store, star = Supervision(database), entry(database, "99001")
    store.add_priority(star, "屡被投诉", "甲", T0)
    with pytest.raises(UserMistake, match="已在重点监控名单里"):
        store.add_priority(star, "再", "乙", T0)
    store.remove_priority("99001", "已整改", "乙", T0 + DAY)
    assert store.priorities() == ()
    with pytest.raises(UserMistake, match="名单里没有"):
        store.remove_priority("99001", "再", "乙", T0 + DAY)
    store.add_priority(star, "又犯", "丙", T0 + 2 * DAY)
    history = [(one.reason, one.added_by, one.removed_why) for one in store.priorities(with_removed=True)]
    assert history == [("屡被投诉", "甲", "已整改"), ("又犯", "丙", "")]
    acts = [(one.who, one.act) for one in AuditLog(database).entries() if one.act.startswith("priority")]
    assert acts == [("甲", "priority_added"), ("乙", "priority_removed"), ("丙", "priority_added")]


@on_sqlite
def test_membership_makes_an_agency_due_sooner(database: Engine) -> None:
    watch = agency_watch(database, Follows.ALL)
    see(database, watch, "星河知识产权代理有限公司", T0 + DAY)
    assert due_at(agencies(database)["99001"]) == T0 + DAY + EVERY
    store = Supervision(database)
    store.add_priority(entry(database, "99001"), "理由", "甲", T0 + 2 * DAY)
    assert due_at(agencies(database)["99001"]) == T0 + 2 * DAY + PRIORITY_EVERY, "newly listed: the time of one look"
    see(database, watch, "星河知识产权代理有限公司", T0 + 4 * DAY)
    assert due_at(agencies(database)["99001"]) == T0 + 4 * DAY + PRIORITY_EVERY
    store.remove_priority("99001", "已整改", "甲", T0 + 5 * DAY)
    assert due_at(agencies(database)["99001"]) == T0 + 4 * DAY + EVERY


@on_sqlite
def test_who_is_overdue(database: Engine) -> None:
    watch, store = agency_watch(database, Follows.ALL), Supervision(database)
    assert overdue(database, T0 + 100 * DAY) == (), "the others are listed, not alarmed over"
    store.add_priority(entry(database, "99001"), "理由", "甲", T0)
    store.add_priority(entry(database, "99002"), "理由", "甲", T0)
    assert overdue(database, T0 + PRIORITY_EVERY) == ()
    see(database, watch, "星河知识产权代理有限公司", T0 + 3 * DAY)
    see(database, watch, "月影专利代理事务所", T0 + 4 * DAY, Outcome.BLOCKED)
    late = overdue(database, T0 + 8 * DAY)
    assert [(one.priority.agency, one.due, one.last_seen) for one in late] == [("99002", T0 + 7 * DAY, None)]
    late = overdue(database, T0 + 11 * DAY)
    assert [one.priority.agency for one in late] == ["99002", "99001"], "the longest due first"
    see(database, watch, "月影专利代理事务所", T0 + 11 * DAY, Outcome.EMPTY)
    assert [one.priority.agency for one in overdue(database, T0 + 11 * DAY)] == ["99001"]


@on_both
def test_watches_follow_the_list(database: Engine) -> None:
    store, watches = Supervision(database), Watches(database)
    store.add_priority(entry(database, "99001"), "理由", "甲", T0)
    watch = agency_watch(database, Follows.PRIORITY)
    still = agency_watch(database, Follows.ALL, name="全部")

    def asked() -> list[str]:
        return [one.words for one in watches.find("机构").watch.queries]

    assert asked() == ["星河知识产权代理有限公司"]
    store.add_priority(entry(database, "99002"), "理由", "乙", T0 + DAY)
    (done,) = refresh(database, "乙", T0 + DAY, only_priority=True)
    assert (done.name, done.version, done.queries) == ("机构", 2, 2)
    assert asked() == ["星河知识产权代理有限公司", "月影专利代理事务所"]
    assert refresh(database, "乙", T0 + DAY, only_priority=True)[0].version == 0, "nothing has changed"
    store.remove_priority("99001", "已整改", "乙", T0 + 2 * DAY)
    store.remove_priority("99002", "已整改", "乙", T0 + 2 * DAY)
    (done,) = refresh(database, "乙", T0 + 2 * DAY, only_priority=True)
    assert done.is_paused
    assert watches.find("机构").watch.is_paused, "an empty list plans nothing"
    store.add_priority(entry(database, "99002"), "理由", "丙", T0 + 3 * DAY)
    (done,) = refresh(database, "丙", T0 + 3 * DAY, only_priority=True, was_empty=True)
    assert (done.is_paused, asked()) == (False, ["月影专利代理事务所"])
    assert watches.find("机构").by == "丙"
    assert watches.version(still, 1).until is None, "who follows another list is left alone"
    see(database, watch, "月影专利代理事务所", T0 + 4 * DAY)
    assert agencies(database)["99002"].last_seen == T0 + 4 * DAY


@on_sqlite
def test_a_new_registry_reaches_the_watches_that_follow_it(database: Engine, tmp_path: Path) -> None:
    agency_watch(database, Follows.ALL)
    agency_watch(database, Follows.NAMED, [entry(database, "99002")], name="点名")
    Supervision(database).add_priority(entry(database, "99002"), "理由", "甲", T0)
    agency_watch(database, Follows.PRIORITY, name="重点")
    load(database, tmp_path, STAR, at=T0 + DAY)
    done = {one.name: (one.version, one.queries) for one in refresh(database, "乙", T0 + DAY)}
    assert done == {"机构": (2, 1), "重点": (0, 1)}, "who is watched closely stays so, though the list lost him"


def test_before_a_registry_there_is_nobody_to_supervise(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "lantian.db")
    with pytest.raises(UserMistake, match="还没有导入名录"):
        Supervision(engine).page()
    with pytest.raises(UserMistake, match="还没有导入名录"):
        Draws(engine).registry_version()
    assert overdue(engine, T0) == ()
    engine.dispose()


# -- lists to draw from ----------------------------------------------------------------------------


@on_both
def test_lists_of_agencies(database: Engine) -> None:
    draws = Draws(database)
    version = draws.registry_version()
    assert [line[0] for line in draws.agencies(version)] == ["99001", "99002", "北辰商标代理有限公司"]
    assert [line[0] for line in draws.agencies(version, only_active=True)] == ["99001", "北辰商标代理有限公司"]
    assert {line[0] for line in draws.agencies(version)} == {identity(one.entry) for one in agencies(database).values()}


@on_both
def test_lists_of_shops(database: Engine) -> None:
    store = ExhibitStore(database)
    store.open_runs([PlannedRun(id="run-1", platform="taobao", query="专利", planned_at=T0)], T0)
    of_sellers = (("7001", "星河"), ("7001", "改名的星河"), ("7002", "月影"), ("", "示例店"), ("", "示例店"), ("", ""))
    listings = tuple(
        listing(str(number), seller_id=seller_id, seller=seller)
        for number, (seller_id, seller) in enumerate(of_sellers)
    )
    store.record(page_of(listings))
    found = sorted(Draws(database).shops())
    assert [line[:2] for line in found] == [("taobao", ""), ("taobao", "7001"), ("taobao", "7002")]
    assert found[0][2] == "示例店"


@on_both
def test_draws_are_written_once_and_logged(database: Engine) -> None:
    draw = Draw(
        source="registry", version=1, seed="a", wanted=1, size=3, digest="d", method="m",
        results=(("99001", "星河知识产权代理有限公司"),), drawn_at=T0, drawn_by="甲",
    )  # fmt: skip
    number = Draws(database).keep(draw)
    assert Draws(database).all() == ((number, draw),)
    (act,) = [one for one in AuditLog(database).entries() if one.act == "drawn"]
    for told in ('"seed":"a"', '"digest":"d"', '"wanted":1', '"size":3', "99001 星河"):
        assert told in act.detail
