"""Every alarm is seen to be raised, not to be raised by one bad look, and to be cleared; and what must raise none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from empty_home import laid
from looked import CAPTCHA, EMPTY, LOGIN, Looked, Saw, day
from sqlalchemy import Engine, event, text

from crawler.agencies import PATENT_AGENCY, Agency
from crawler.errors import UserMistake
from crawler.items import Outcome
from crawler.tables import Alarms as Limits
from crawler.watches import Device, Watch, WatchQuery
from patrol.health import watch_over
from storage.alarms import Alarms
from storage.db import open_database
from storage.health import Health
from storage.health_shapes import ACCEPTED, NOT_ASKED, RECOVERED, Alarm, AlarmKind
from storage.landings import Landings
from storage.supervision import Supervision
from storage.watches import Watches

LIMITS = Limits()
QUERY = "包授权"
ONE = {QUERY: Saw(total=10)}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(laid(tmp_path / "lantian.db"))
    # Hundreds of rounds: what survives a power cut is not what these tests are about.
    event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA synchronous=OFF"))
    yield engine
    engine.dispose()


@pytest.fixture
def looked(engine: Engine) -> Looked:
    return Looked(engine)


def test_on_postgresql_everything_is_raised_and_cleared_alike(migrated_database: str) -> None:
    engine = open_database(migrated_database)
    days = Days(Looked(engine), step=0.25)
    bad = {"包授权": Saw(count=3, total=10, without=("seller", "images"), detail="\x00\ud800")}
    assert days.go(*[ONE] * 8, bad, bad) == []
    raised = days.go(bad)
    assert sorted(kinds(raised)) == sorted([(AlarmKind.COUNT, True), (AlarmKind.VOLUME, True)])
    days.go({QUERY: CAPTCHA}, limits=replace(LIMITS, unseen_days=1, ads_days=1))
    assert len(Alarms(engine).acknowledge([raised[0].id], "王敏", "知道了", day(9))) == 1
    assert len([one for one in days.go(*[ONE] * 3) if not one.stands]) == 2
    engine.dispose()


class Days:
    """One round a day, looked over after each, as patrol does."""

    def __init__(self, looked: Looked, platform: str = "baidu", step: float = 1) -> None:
        self.looked, self.platform, self.step, self.at = looked, platform, step, 0.0
        self.engine = looked.store.engine

    def go(self, *rounds: Mapping[str, Saw], limits: Limits = LIMITS) -> list[Alarm]:
        changed: list[Alarm] = []
        for saw in rounds:
            self.looked.round(day(self.at), saw, self.platform)
            changed += watch_over(self.engine, limits, day(self.at) + timedelta(minutes=5))
            self.at += self.step
        return changed

    @property
    def standing(self) -> list[AlarmKind]:
        return [one.subject.kind for one in Alarms(self.engine).standing()]


def kinds(alarms: list[Alarm]) -> list[tuple[AlarmKind, bool]]:
    return [(one.subject.kind, one.stands) for one in alarms]


BAD = {
    AlarmKind.ZERO: EMPTY,
    AlarmKind.VOLUME: Saw(count=3),
    AlarmKind.FIELDS: Saw(without=("seller",)),
    AlarmKind.COUNT: Saw(count=3, total=10),
    AlarmKind.SUCCESS: CAPTCHA,
    AlarmKind.LOGIN: LOGIN,
}


@pytest.mark.parametrize("kind", BAD)
def test_an_alarm_is_raised_when_three_looks_agree_and_cleared_by_three_good_ones(
    kind: AlarmKind, looked: Looked
) -> None:
    days = Days(looked, step=0.25)
    assert days.go(*[ONE] * 10) == []
    bad = {QUERY: BAD[kind]}
    assert days.go(bad, bad) == [], "two are no three"
    raised = days.go(bad)
    assert (kind, True) in kinds(raised)
    alarm = next(one for one in raised if one.subject.kind is kind)
    assert alarm.since == day(2.5)
    assert alarm.cause.run == "run-13-0"
    assert alarm.cause.page_number == 1
    assert alarm.cause.capture == "capture-run-13-0-1"
    assert alarm.cause.url == "https://www.baidu.com/s?wd=x&pn=1"
    assert days.go(bad, ONE, ONE, bad) == [], "it stands, and two good looks clear nothing"
    assert days.go(ONE, ONE) == []
    assert kind in days.standing
    cleared = days.go(ONE)
    assert (kind, False) in kinds(cleared)
    assert {one.cleared_by for one in cleared} == {RECOVERED}
    assert days.standing == []


@pytest.mark.parametrize("kind", BAD)
def test_one_bad_look_raises_nothing(kind: AlarmKind, looked: Looked) -> None:
    days = Days(looked)
    days.go(*[ONE] * 8)
    for _ in range(3):
        assert days.go({QUERY: BAD[kind]}, ONE, ONE, ONE) == []


def only(changed: list[Alarm], kind: AlarmKind) -> Alarm:
    (found,) = (one for one in changed if one.subject.kind is kind)
    return found


def test_an_advertiser_s_page_that_is_walled_for_ever_is_no_alarm(looked: Looked) -> None:
    days, limits = Days(looked, step=31), replace(LIMITS, unseen_days=60)
    for _ in range(5):
        at = day(days.at)
        (run,) = looked.round(at, ONE)
        (landing,) = Landings(days.engine).plan(looked.store.run(run).round, [run], lambda *_: True, 1, at)
        looked.end(landing, CAPTCHA, at)
        assert watch_over(days.engine, limits, at + timedelta(minutes=5)) == ()
        assert Health(days.engine).touched(at - timedelta(minutes=1), at).queries == (("baidu", QUERY),)
        days.at += days.step


def test_a_platform_unseen_for_days_is_said_once_and_not_by_every_query(looked: Looked) -> None:
    days, limits = Days(looked), replace(LIMITS, unseen_days=4)
    two = {QUERY: CAPTCHA, "发明人挂名": CAPTCHA}
    days.go({query: Saw() for query in two}, limits=limits)
    before = days.go(*[two] * 4, limits=limits)
    assert kinds(before) == [(AlarmKind.SUCCESS, True)], "three days are not four"
    alarm = only(days.go(two, limits=limits), AlarmKind.UNSEEN)
    assert (alarm.subject.platform, alarm.subject.query, alarm.since) == ("baidu", "", day(1))
    assert alarm.cause.word == "wall"
    assert "验证" in alarm.cause.words
    good = {query: Saw() for query in two}
    assert days.go(good, good, limits=limits) == []
    assert (AlarmKind.UNSEEN, False) in kinds(days.go(good, limits=limits))


def test_one_query_that_is_never_seen_is_said_though_its_platform_is_well(looked: Looked) -> None:
    days, limits = Days(looked), replace(LIMITS, unseen_days=4)
    hidden = replace(CAPTCHA, reason="filtered")
    saw = {f"查询{number}": Saw() for number in range(5)} | {QUERY: hidden}
    changed = days.go(*[saw] * 6, limits=limits)
    alarm = only(changed, AlarmKind.UNSEEN)
    assert (alarm.subject.query, alarm.since, len(changed)) == (QUERY, day(0), 1)
    good = saw | {QUERY: Saw()}
    assert days.go(good, good, limits=limits) == []
    assert (AlarmKind.UNSEEN, False) in kinds(days.go(good, limits=limits))


def test_an_address_that_is_gone_was_seen_and_is_no_illness_of_its_platform(looked: Looked) -> None:
    days, limits = Days(looked), replace(LIMITS, unseen_days=4)
    gone = Saw(count=0, outcome=Outcome.GONE, reason="http_404", ads=0)
    assert days.go(*[{"https://xinghe.example/1": gone}] * 8, limits=limits) == []
    alarm = only(days.go(*[{"https://xinghe.example/2": CAPTCHA}] * 6, limits=limits), AlarmKind.UNSEEN)
    assert alarm.subject.query == "https://xinghe.example/2"


def test_no_advertisement_for_days_is_said_only_where_the_platform_was_read(looked: Looked) -> None:
    days, limits = Days(looked), replace(LIMITS, ads_days=4)
    none = {QUERY: Saw(ads=0)}
    days.go(ONE, limits=limits)
    assert days.go(*[none] * 4, limits=limits) == []
    alarm = only(days.go(none, limits=limits), AlarmKind.ADS)
    assert (alarm.since, alarm.cause.word) == (day(1), "ad_markers")
    assert "未经真实页面验证" in alarm.cause.words
    assert days.go(none, none, ONE, none, ONE, none, limits=limits) == []
    assert kinds(days.go(ONE, limits=limits)) == [(AlarmKind.ADS, False)]


def test_a_blocked_platform_says_nothing_about_advertisements(looked: Looked) -> None:
    days, limits = Days(looked), replace(LIMITS, ads_days=4)
    assert AlarmKind.ADS not in dict(kinds(days.go(*[{QUERY: CAPTCHA}] * 8, limits=limits)))


def test_a_platform_that_knows_no_advertisements_is_not_asked_for_them(looked: Looked) -> None:
    days, limits = Days(looked, "landing"), replace(LIMITS, ads_days=4)
    assert days.go(*[{QUERY: Saw(ads=0)}] * 8, limits=limits) == []


def test_a_wall_every_other_time_is_said_and_does_not_flap(looked: Looked) -> None:
    days = Days(looked, step=0.5)
    changed = days.go(*[{QUERY: CAPTCHA}, ONE] * 8)
    assert kinds(changed) == [(AlarmKind.SUCCESS, True)]


# -- what must raise none --------------------------------------------------------------------------


def test_a_weekend_with_fewer_listings_is_no_fall(looked: Looked) -> None:
    days = Days(looked, step=0.5)
    for week in range(4):
        assert days.go(*[{QUERY: Saw(count=20, pages=2)}] * 10) == [], week
        assert days.go(*[{QUERY: Saw(count=7)}] * 4) == [], week
    assert kinds(days.go(*[{QUERY: Saw(count=7)}] * 3)) == [(AlarmKind.VOLUME, True)], "on workdays it is one"


def test_a_weekend_far_below_other_weekends_is_one(looked: Looked) -> None:
    days = Days(looked, step=0.5)
    for _ in range(3):
        days.go(*[{QUERY: Saw(count=30, pages=3)}] * 10, *[{QUERY: Saw(count=24)}] * 4)
    days.go(*[{QUERY: Saw(count=30, pages=3)}] * 10)
    assert kinds(days.go(*[{QUERY: Saw(count=5)}] * 3)) == [(AlarmKind.VOLUME, True)]


@pytest.mark.parametrize("counts", [(0, 1, 2), (2, 0, 0), (1, 1, 0), (3, 3, 1)])
def test_a_rare_query_may_find_nothing(looked: Looked, counts: tuple[int, ...]) -> None:
    days = Days(looked, step=0.5)
    found = [{QUERY: Saw(count=count) if count else EMPTY, "专利": Saw()} for count in counts]
    assert days.go(*found * 4, *[{QUERY: EMPTY, "专利": Saw()}] * 4) == []


def test_a_query_that_often_finds_nothing_has_no_usual_level(looked: Looked) -> None:
    days = Days(looked, step=0.25)
    some = {QUERY: Saw(count=9)}
    assert days.go(*[some, some, {QUERY: EMPTY}] * 5, *[{QUERY: EMPTY}] * 3) == []


def test_a_platform_that_was_paused_is_not_sick(looked: Looked) -> None:
    days, limits = Days(looked), replace(LIMITS, unseen_days=5, ads_days=4)
    days.go(*[ONE] * 6, limits=limits)
    days.at += 30
    assert watch_over(looked.store.engine, limits, day(days.at)) == ()
    assert days.go({QUERY: CAPTCHA}, {QUERY: CAPTCHA}, limits=limits) == [], "it was not asked in between"
    assert days.go(*[{QUERY: Saw(ads=0)}] * 3, limits=limits) == []


def test_a_shallower_round_by_hand_is_not_compared_with_deep_ones(looked: Looked) -> None:
    days = Days(looked, step=0.25)
    days.go(*[{QUERY: Saw(count=30, pages=3)}] * 8)
    for number in range(4):
        looked.round(day(2 + number / 8), {QUERY: Saw(count=10)}, settings="pages=3x delay=3")
        assert watch_over(looked.store.engine, LIMITS, day(2 + number / 8)) == ()


def test_what_a_person_brought_in_says_nothing_about_the_platform(looked: Looked) -> None:
    days = Days(looked)
    days.go(*[ONE] * 6)
    with looked.store.engine.begin() as connection:
        connection.execute(text("UPDATE runs SET round_id = NULL, outcome = 'blocked' WHERE id != 'run-1-0'"))
    assert watch_over(looked.store.engine, LIMITS, day(6)) == ()


# -- standing, known, no longer asked --------------------------------------------------------------


def test_what_a_person_knows_of_becomes_usual_when_it_stays(looked: Looked) -> None:
    days = Days(looked, step=0.25)
    few = {QUERY: Saw(count=3)}
    days.go(*[ONE] * 10)
    alarm = only(days.go(*[few] * 3), AlarmKind.VOLUME)
    store = Alarms(looked.store.engine)
    (known,) = store.acknowledge([alarm.id], "王敏", "平台清理了一批店铺", day(3.2))
    assert (known.acked_by, known.stands) == ("王敏", True)
    assert days.go(*[few] * 9) == []
    cleared = days.go(few)
    assert [(one.subject.kind, one.cleared_by) for one in cleared] == [(AlarmKind.VOLUME, ACCEPTED)]
    assert days.go(*[few] * 5) == [], "and is not raised again"
    with pytest.raises(UserMistake, match="已经解除"):
        store.acknowledge([alarm.id], "王敏", "再说一次", day(9))


def test_acknowledging_is_in_the_audit_log_and_needs_a_name_and_a_reason(looked: Looked) -> None:
    days = Days(looked)
    alarm = only(days.go(*[{QUERY: CAPTCHA}] * 3), AlarmKind.SUCCESS)
    store = Alarms(looked.store.engine)
    for by, reason in (("", "知道了"), ("王敏", " "), ("王敏", "长" * 501)):
        with pytest.raises(UserMistake):
            store.acknowledge([alarm.id], by, reason, day(4))
    with pytest.raises(UserMistake, match="没有编号"):
        store.acknowledge([alarm.id, 99], "王敏", "知道了", day(4))
    store.acknowledge([alarm.id], "王敏", "知道了", day(4))
    with pytest.raises(UserMistake, match="已由 王敏 确认"):
        store.acknowledge([alarm.id], "李强", "知道了", day(4))
    with looked.store.engine.connect() as connection:
        log = connection.execute(text("SELECT who, act, subject FROM audit")).all()
    assert [tuple(one) for one in log] == [("王敏", "alarm_acknowledged", str(alarm.id))]


def test_an_alarm_about_what_nobody_asks_any_more_is_cleared(looked: Looked) -> None:
    days = Days(looked)
    days.go(*[{QUERY: CAPTCHA}] * 3)
    assert watch_over(looked.store.engine, LIMITS, day(22)) == ()
    (cleared,) = watch_over(looked.store.engine, LIMITS, day(23))
    assert (cleared.subject.kind, cleared.cleared_by) == (AlarmKind.SUCCESS, NOT_ASKED)


def test_looking_twice_raises_nothing_twice(looked: Looked) -> None:
    days = Days(looked)
    days.go(*[{QUERY: CAPTCHA}] * 3)
    for _ in range(3):
        assert watch_over(looked.store.engine, LIMITS, day(2.1)) == ()
    assert days.standing == [AlarmKind.SUCCESS]


def test_runs_that_ended_while_the_clock_was_ahead_do_not_hide_later_ones(looked: Looked) -> None:
    days = Days(looked)
    days.go(ONE)
    looked.round(day(400), {QUERY: Saw()})
    for number in (1, 2, 3):
        looked.round(day(number), {QUERY: CAPTCHA})
    watch_over(looked.store.engine, LIMITS, day(400))
    assert AlarmKind.SUCCESS not in days.standing, "it was good last"
    assert kinds(list(watch_over(looked.store.engine, LIMITS, day(5)))) == [(AlarmKind.SUCCESS, True)]


# -- by a telephone, and what it costs -------------------------------------------------------------


def test_a_telephone_and_a_desk_are_not_compared(looked: Looked) -> None:
    engine = looked.store.engine
    assert [watched(engine, device) for device in Device] == [1, 2]
    for number in range(8):
        for place, count in ((1, 30), (2, 10)):
            at = day(number / 8)
            (run,) = looked.round(at, {QUERY: Saw(count=count, pages=1)})
            plant(engine, run, place, at)
            assert watch_over(engine, LIMITS, at) == ()
    for number in range(3):
        at = day(2 + number / 8)
        (run,) = looked.round(at, {QUERY: CAPTCHA})
        plant(engine, run, 2, at)
        changed = watch_over(engine, LIMITS, at)
    assert [(one.subject.kind, one.subject.series) for one in changed] == [(AlarmKind.SUCCESS, "手机")]


def watched(engine: Engine, device: Device) -> int:
    """A watch in its first version, as far as health asks for it."""
    watch = Watch(
        name=f"巡查 {device}", platforms=("baidu",), queries=(WatchQuery(words=QUERY),), schedule="0 8 * * *",
        device=device,
    )  # fmt: skip
    return Watches(engine).add(watch, "王敏", day(-1))


def plant(engine: Engine, run: str, watch: int, at: datetime) -> None:
    row = (
        "INSERT INTO roster (key, watch_id, version, platform, query, planned_at, latest, assumed, state, claim,"
        " holder, attempts, run_id, reason, detail) VALUES (:run, :watch, 1, 'baidu', :query, :at, :at, '', 'ended',"
        " '', '', 1, :run, '', '')"
    )
    with engine.begin() as connection:
        moment = at.strftime("%Y-%m-%d %H:%M:%S.000000")
        connection.execute(text(row), {"run": run, "watch": watch, "query": QUERY, "at": moment})


def statements(engine: Engine) -> list[str]:
    told: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *words: told.append(words[2]))
    return told


def test_the_cost_is_of_new_runs_whatever_there_was_before(looked: Looked) -> None:
    days = Days(looked)
    told = statements(looked.store.engine)

    def cost() -> int:
        looked.round(day(days.at), ONE)
        told.clear()
        watch_over(looked.store.engine, LIMITS, day(days.at))
        days.at += 1
        return len(told)

    days.go(*[ONE] * 2)
    first = cost()
    days.go(*[{f"查询{number}": Saw(count=1) for number in range(8)}] * 4)
    cost()
    assert cost() <= first
    watch_over(looked.store.engine, LIMITS, day(days.at + 10))
    told.clear()
    watch_over(looked.store.engine, LIMITS, day(days.at + 11))
    assert len(told) < 20, "nothing new costs next to nothing"


def test_no_question_of_health_walks_a_table(looked: Looked) -> None:
    days = Days(looked)
    told = statements(looked.store.engine)
    days.go(*[{QUERY: CAPTCHA}] * 3, *[ONE] * 3, limits=replace(LIMITS, unseen_days=2))
    asked = {one for one in told if one.startswith("SELECT") and "watched" not in one}
    assert len(asked) > 10
    with looked.store.engine.connect() as connection:
        for one in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", tuple(0 for _ in range(one.count("?"))))
            walked = [row.detail for row in plan if row.detail.startswith("SCAN") and not is_small(row.detail)]
            assert walked == [], one


SMALL = ("holiday_notices", "key_dates", "priority_agencies", "ix_alarms_standing", "CONSTANT")


def is_small(step: str) -> bool:
    """What an office writes by hand, or an index of standing alarms alone."""
    return any(name in step for name in SMALL)


# -- overdue, and whoever looks beside us ----------------------------------------------------------


def test_an_overdue_agency_is_an_alarm_until_it_is_seen(looked: Looked) -> None:
    engine = looked.store.engine
    agency = Agency(name="星河知产", code="11000", kind=PATENT_AGENCY, status="")
    Supervision(engine).add_priority(agency, "多次被投诉", "王敏", day(0))
    assert watch_over(engine, LIMITS, day(6.9)) == ()
    (alarm,) = watch_over(engine, LIMITS, day(7.1))
    assert (alarm.subject.kind, alarm.subject.query, alarm.since) == (AlarmKind.OVERDUE, "星河知产", day(7))
    assert "没有看到过" in alarm.cause.words
    assert watch_over(engine, LIMITS, day(40)) == (), "it stands, however long nobody asks"
    Supervision(engine).remove_priority("星河知产", "已注销", "王敏", day(41))
    assert kinds(list(watch_over(engine, LIMITS, day(41)))) == [(AlarmKind.OVERDUE, False)]


def test_several_that_look_at_once_raise_one_alarm(looked: Looked) -> None:
    for number in range(3):
        looked.round(day(number), {QUERY: CAPTCHA})
    with ThreadPoolExecutor(4) as pool:
        changed = list(pool.map(lambda _: watch_over(looked.store.engine, LIMITS, day(2.1)), range(4)))
    assert sum(len(one) for one in changed) == 1
    assert len(Alarms(looked.store.engine).standing()) == 1


def test_one_that_died_before_it_settled_is_made_good_by_the_next(looked: Looked) -> None:
    for number in range(3):
        looked.round(day(number), {QUERY: CAPTCHA})
    health = Health(looked.store.engine)
    health.write_looks(health.touched(day(-1), day(3)).rounds)
    assert kinds(list(watch_over(looked.store.engine, LIMITS, day(2.1)))) == [(AlarmKind.SUCCESS, True)]
