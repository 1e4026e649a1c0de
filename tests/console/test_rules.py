"""The rules as a person asks them, and what `lantian` says of rules that fell silent or fire out of measure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from storage_specimens import T0, finding, listing, page_of

from console.rule_stats import FLOOD, SILENT, RuleStat, rule_stats, sparkline
from detectors.rule import load_rules
from storage.db import open_database
from storage.exhibits import ExhibitStore
from storage.shapes import PlannedRun
from tests.console.conftest import Ran

Run = Callable[..., Ran]
GUILTY = "发明专利包授权，不过全额退款，内部渠道"
RULE = "guaranteed_grant_promise"


def test_every_rule_is_listed(here: Run) -> None:
    told = here("rules", "list", "--json").lines
    rules = load_rules()
    assert [one["id"] for one in told] == [rule.id for rule in rules]
    first = told[0]
    assert first["digest"] == rules[0].digest
    assert first["severity_word"] in "高中低"
    assert first["examples"] == len(rules[0].violates) + len(rules[0].lawful) >= 10
    spoken = here("rules", "list").out
    assert all(rule.id[:12] in spoken for rule in rules)


def test_an_unknown_rule_is_one_line(here: Run) -> None:
    ran = here("rules", "test", "none")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_one_rule_keeps_to_its_examples(lantian: Run) -> None:
    ran = lantian("rules", "test", RULE, "--json")
    told = json.loads(ran.out)
    assert ran.code == (2 if told["failed"] else 0)
    assert not [one for one in told["failed"] if one["rule"] == RULE and "没有命中" in one["said"]]


def test_explain_tells_what_suffices(lantian: Run) -> None:
    told = json.loads(lantian("rules", "explain", GUILTY, "--kind", "ad", "--json").out)
    by_rule = {one["rule"]: one for one in told["candidates"]}
    found = by_rule[RULE]
    assert found["is_finding"] is True
    assert found["missing"] == 0
    assert GUILTY[found["start"] : found["end"]] == found["quote"]
    assert found["points"] == sum(points for _, points in found["pro"] + found["contra"])
    assert (found["severity_word"], found["confidence"]) == ("高", "高")
    assert found["articles"]
    assert told["canonical"] == {}


def test_explain_shows_candidates_below_their_need_and_the_text_it_judged(here: Run, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("發明專利包✦授✦權是骗局吗？", encoding="utf-8")
    asked = ("rules", "explain", "--file", file, "--kind", "post")
    told = json.loads(here(*asked, "--json").out)
    below = [one for one in told["candidates"] if not one["is_finding"]]
    assert below
    assert all(one["missing"] == one["needs"] - one["points"] > 0 for one in below)
    assert set(told["canonical"]) == {"text"}
    assert "发明专利" in told["canonical"]["text"]
    spoken = here(*asked).out
    for word in ("规范后的正文", "还差", "不算", "支持", "反对", "条款"):
        assert word in spoken
    assert "涉嫌" not in spoken


def test_explain_says_when_there_is_nothing(here: Run) -> None:
    ran = here("rules", "explain", "出售二手自行车一辆")
    assert (ran.code, ran.out.count("\n")) == (0, 1)
    assert "没有找到" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("文字", "--file", "a.txt"),
        ("--file", "nowhere.txt"),
        ("文字", "--kind", "letter"),
        ("文字", "--registry", "nowhere.csv"),
    ],
)
def test_what_cannot_be_explained_is_one_line(here: Run, arguments: tuple[str, ...]) -> None:
    ran = here("rules", "explain", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


# -- over the rounds -------------------------------------------------------------------------------

MANY = {str(number): (replace(finding(), rule=RULE),) for number in range(40)}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExhibitStore]:
    (tmp_path / "home").mkdir(exist_ok=True)
    monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / "home"))
    engine = open_database(tmp_path / "home" / "lantian.db")
    yield ExhibitStore(engine)
    engine.dispose()


def rounds(store: ExhibitStore, *fired: int, first: datetime = T0) -> datetime:
    """A round a day with so many findings of one rule in each; returns when the last one began."""
    at = first
    for day, count in enumerate(fired):
        at = first + timedelta(days=day)
        round_id = store.begin_round(at, "t", "")
        run = PlannedRun(id=f"{at:%m%d}", platform="taobao", query="q", planned_at=at)
        store.plan(round_id, [run])
        store.know_rules(round_id, [(rule.id, rule.digest) for rule in load_rules()])
        items = tuple(listing(str(number)) for number in range(count))
        page = page_of(items, run=run.id, findings={one.item_id: MANY[one.item_id] for one in items})
        store.record(replace(page, sightings=replace(page.sightings, seen_at=at)))
    return at


def stat(store: ExhibitStore, now: datetime, days: int = 30) -> RuleStat:
    return next(one for one in rule_stats(store, now, days) if one.rule == RULE)


def test_counts_come_by_round(store: ExhibitStore) -> None:
    last = rounds(store, *range(1, 18))
    told = stat(store, last)
    assert told.rounds == tuple(range(4, 18))
    assert (told.findings, told.last_round, told.last_fired) == (sum(range(1, 18)), 17, last)
    assert told.usual == 9.5
    assert told.alarms == ()


@pytest.mark.parametrize(
    ("fired", "is_flood"),
    [
        ((2, 2, 2, 20), False),  # ten times is not above ten times
        ((2, 2, 2, 21), True),
        ((0, 0, 0, 19), False),
        ((0, 0, 0, 20), True),
        ((1, 1, 40, 40, 1, 1, 30), True),
        ((30, 30, 30, 30), False),
        ((40,), False),  # nothing to compare with
        ((0, 0, 21, 0), False),  # it was the round before
    ],
)
def test_a_flood_is_above_ten_times_the_usual_and_twenty(
    store: ExhibitStore, fired: tuple[int, ...], is_flood: bool
) -> None:
    assert (FLOOD in stat(store, rounds(store, *fired)).alarms) is is_flood


def test_rounds_before_a_rule_was_known_are_none_of_its(store: ExhibitStore) -> None:
    at = T0 - timedelta(days=30)
    for day in range(5):
        store.begin_round(at + timedelta(days=day), "t", "")
    last = rounds(store, 3, 30)
    assert stat(store, last).rounds == (3, 30)
    assert stat(store, last).alarms == ()


def test_silence_is_counted_in_days_from_the_last_finding(store: ExhibitStore) -> None:
    last = rounds(store, 3, 0, 0)
    fired = last - timedelta(days=2)
    assert SILENT not in stat(store, fired + timedelta(days=30)).alarms
    assert SILENT in stat(store, fired + timedelta(days=31)).alarms
    assert SILENT in stat(store, fired + timedelta(days=3), days=2).alarms
    never = next(one for one in rule_stats(store, last) if one.rule == "guaranteed_grant_refund")
    assert (never.last_fired, never.alarms) == (None, ())
    later = rule_stats(store, last + timedelta(days=40))
    assert SILENT in next(one for one in later if one.rule == "guaranteed_grant_refund").alarms


def test_a_home_without_rounds_raises_no_alarm(store: ExhibitStore) -> None:
    assert {one.alarms for one in rule_stats(store, T0)} == {()}


def test_a_rule_that_only_the_archive_knows_is_told(store: ExhibitStore) -> None:
    store.open_runs([PlannedRun(id="r", platform="taobao", query="q", planned_at=T0)], T0)
    store.record(page_of((listing("1"),), run="r", findings={"1": (replace(finding(), rule="old_one"),)}))
    told = next(one for one in rule_stats(store, T0 + timedelta(days=99)) if one.rule == "old_one")
    assert (told.state, told.findings, told.alarms) == ("gone", 1, ())


def test_stats_and_coverage_tell_the_same(store: ExhibitStore, here: Run) -> None:
    rounds(store, 1, 1, 30)
    told = {one["rule"]: one for one in here("rules", "stats", "--days", "9999", "--json").lines}
    assert (told[RULE]["flood"], told[RULE]["silent"], told[RULE]["rounds"]) == (True, False, [1, 1, 30])
    assert told[RULE]["last_fired"].startswith("2026-08-03T")
    spoken = here("rules", "stats")
    assert "命中 30 次" in spoken.err
    assert sparkline((1, 1, 30)) in spoken.out
    coverage = here("coverage")
    assert [line for line in coverage.err.splitlines() if RULE in line and "30 次" in line]
    (row,) = here("coverage", "--json").lines
    assert {"rule": RULE, "alarms": ["silent", "flood"]} in row["rules"], "months have passed since"
    assert row["query"] == "q"


def test_sparkline_shows_proportions() -> None:
    assert sparkline(()) == ""
    assert sparkline((0, 0)) == "··"
    assert sparkline((1, 4, 8, 0)) == "▁▄█·"
    assert len(sparkline(range(100_000, 100_014))) == 14
