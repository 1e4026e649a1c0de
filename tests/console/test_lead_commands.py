"""`lantian lead` and `lantian case` as people type them, each with a credential of his own."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from people_specimens import token_of
from review_specimens import LANE, PROMISE, Office, office_in

from casework.acting import Grant
from tests.console.conftest import Ran

Run = Callable[..., Ran]
PHONE = "13800000000"


@pytest.fixture
def office(made_home: Path) -> Iterator[Office]:
    """Two sellers' leads in a home; the first has two listings."""
    office = office_in(made_home / "lantian.db")
    office.see({"1": (PROMISE,), "2": (LANE,)})
    office.see(
        {"5": (PROMISE,)},
        seller="晨野知产",
        seller_id="7002",
        title="包授权 \x1b[31m红字\u202e",
        text="电话 13800000000",
    )
    office.take_in()
    yield office
    office.engine.dispose()


@pytest.fixture
def acts(office: Office, here: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`acts("示例初审", "lead", …)`: a command under a person's token."""
    tokens = {
        "示例初审": token_of(office.engine, "示例初审", Grant.EXAMINER),
        "示例复核": token_of(office.engine, "示例复核", Grant.REVIEWER),
        "示例查看": token_of(office.engine, "示例查看", Grant.VIEWER),
        "示例可见": token_of(office.engine, "示例可见", Grant.VIEWER, Grant.CONTACTS),
        "示例区内": token_of(office.engine, "示例区内", Grant.EXAMINER, districts=("示例甲区",)),
        "示例空手": token_of(office.engine, "示例空手"),
    }

    def run(who: str, *arguments: str | Path) -> Ran:
        monkeypatch.setenv("LANTIAN_TOKEN", tokens[who])
        return here(*arguments)

    return run


def test_from_the_inbox_to_the_end(acts: Run) -> None:
    (second, first) = acts("示例查看", "lead", "list", "--json").lines
    assert (first["number"], first["state"], first["state_word"]) == ("X2026-00001", "new", "待认领")
    assert acts("示例初审", "lead", "claim", "X2026-00001").err.startswith("X2026-00001 研判中")
    (held,) = acts("示例初审", "lead", "confirm", "1", "--reason", "页面可见", "--json").lines
    assert (held["state"], held["decided_by"], held["times"]["handled"]["hours"] is not None) == (
        "confirmed", "示例初审", True,
    )  # fmt: skip
    refused = acts("示例初审", "lead", "approve", "1")
    assert (refused.code, "没有复核权限" in refused.err) == (2, True)
    assert acts("示例复核", "lead", "approve", "1", "--json").lines[0]["approved_by"] == "示例复核"
    assert acts("示例初审", "lead", "answer", "1", "--result", "已告知举报人").code == 0
    assert acts("示例初审", "lead", "hand-over", "1", "--to", "示例局", "--document", "示〔2026〕1号").code == 0
    shown = acts("示例查看", "lead", "show", "1", "--json").lines[0]
    assert [move["move"] for move in shown["moves"]] == [
        "register", "claim", "confirm", "approve", "answer", "hand_over",
    ]  # fmt: skip
    assert (shown["case"], shown["listings"], shown["unexamined"], shown["office"]) == ("A2026-00001", 2, [], "示例局")
    assert {one["findings"][0]["quote"] for one in shown["exhibits"]} == {"包授权", "不授权"}
    assert {one["seal"] for one in shown["exhibits"]} == {"open"}
    assert "（未封存）" in acts("示例查看", "lead", "show", "1").out
    of_actor = acts("示例查看", "lead", "list", "--actor", shown["actor"]["number"], "--json").lines
    assert [one["number"] for one in of_actor] == ["X2026-00001"]
    assert (
        acts("示例查看", "case", "list", "--actor", shown["actor"]["number"], "--json").lines[0]["number"]
        == shown["case"]
    )
    assert acts("示例初审", "lead", "close", "1", "--reason", "已移送").code == 0
    assert acts("示例初审", "case", "close", "A2026-00001", "--reason", "已移送").code == 0
    assert acts("示例查看", "case", "list", "--state", "closed", "--json").lines[0]["state_word"] == "已结案"
    assert acts("示例复核", "lead", "reopen", "1", "--reason", "又有举报").code == 0
    case = acts("示例查看", "case", "show", "1", "--json").lines[0]
    assert (case["state"], case["reopened"], case["leads"][0]["number"]) == ("open", 1, "X2026-00001")
    counts = json.loads(acts("示例查看", "lead", "counts", "--json").out)
    assert (counts["examining"], counts["new"], sum(counts.values())) == (1, 1, 2)
    assert second["number"] == "X2026-00002"


def test_nobody_acts_or_looks_without_a_credential(
    acts: Run, here: Run, lantian: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (
        ["lead", "list"],
        ["lead", "show", "1"],
        ["lead", "counts"],
        ["case", "list"],
        ["lead", "claim", "1"],
    ):
        assert acts("示例空手", *words).code == 2
        monkeypatch.delenv("LANTIAN_TOKEN")
        told = here(*words)
        assert (told.code, "凭据" in told.err) == (2, True)
    ran = lantian("lead", "claim", "1", "--by", "示例初审", LANTIAN_TOKEN="lt-nonsense")
    assert (ran.code, "Traceback" in ran.err) == (2, False)
    assert lantian("lead", "list").code == 2


def test_before_there_are_users_one_may_look_but_not_act(office: Office, here: Run) -> None:
    assert len(here("lead", "list", "--json").lines) == 2
    assert PHONE not in here("lead", "show", "2", "--json").out
    assert here("lead", "claim", "1").code == 2


def test_contacts_and_controls_are_hidden(acts: Run) -> None:
    for words in (["lead", "list"], ["lead", "list", "--json"], ["lead", "show", "2"], ["lead", "show", "2", "--json"]):
        told = acts("示例查看", *words)
        assert told.code == 0
        assert PHONE not in told.out + told.err
        assert "\x1b[31m" not in told.out
        assert "--json" in words or "\u202e" not in told.out
    assert PHONE in acts("示例可见", "lead", "show", "2", "--json").out


def test_a_district_sees_nothing_of_others(acts: Run) -> None:
    assert acts("示例区内", "lead", "list", "--json").lines == []
    for word in ("1", "X2026-00001"):
        told = acts("示例区内", "lead", "show", word)
        assert (told.code, f"没有线索 {word}" in told.err) == (2, True)
    assert sum(json.loads(acts("示例区内", "lead", "counts", "--json").out).values()) == 0
    assert acts("示例初审", "lead", "delegate", "1", "--to", "示例甲区", "--due", "2026-12-31").code == 0
    (lead,) = acts("示例区内", "lead", "list", "--json").lines
    assert (lead["due_at"], lead["district"]) == ("2026-12-31T16:00:00+00:00", "示例甲区")
    assert lead["due_day"] == "2026-12-31"
    assert "要求反馈 2026-12-31（含当日）" in acts("示例区内", "lead", "show", "1").out
    assert "2026-12-31" in "".join(acts("示例区内", "lead", "list").out.split())
    assert acts("示例区内", "lead", "feedback", "1", "--result", "属实", "--from", "示例甲区局").code == 0
    assert acts("示例区内", "lead", "list", "--state", "examining", "--json").lines[0]["number"] == "X2026-00001"


def test_an_actor_tells_every_name_it_sold_under(acts: Run, office: Office) -> None:
    actor = acts("示例查看", "lead", "show", "1", "--json").lines[0]["actor"]["number"]
    (first,) = acts("示例查看", "actor", "show", actor, "--json").lines
    assert (len(first["seller_names"]), first["is_names_cut"]) == (1, False)
    assert "用过的卖家名称" not in acts("示例查看", "actor", "show", actor).out
    for at in range(1, 12):
        office.see({"1": (PROMISE,)}, seller=f"示例改名 {at} 13800000000")
    office.take_in()
    (told,) = acts("示例查看", "actor", "show", actor, "--json").lines
    assert len(told["identities"]) == 1
    assert [one["name"].split()[1] for one in told["seller_names"]] == [str(at) for at in range(11, 1, -1)]
    assert told["is_names_cut"] is True
    shown = acts("示例查看", "actor", "show", actor).out
    assert "用过的卖家名称（只列最近的 10 个）" in shown
    assert ("示例改名 7" in shown, "13800000000" in shown) == (True, False)


def test_a_stale_view_is_told_who_was_there(acts: Run) -> None:
    seen = acts("示例查看", "lead", "show", "1", "--json").lines[0]["state_at"]
    assert acts("示例复核", "lead", "claim", "1", "--seen", seen).code == 0
    told = acts("示例初审", "lead", "delegate", "1", "--to", "示例区", "--seen", seen)
    assert (told.code, "两人同时处理 X2026-00001：示例复核 已于" in told.err) == (2, True)
    for wrong in ("昨天", "2026-08-01T00:00:00"):
        assert acts("示例初审", "lead", "more", "1", "--reason", "缺截图", "--seen", wrong).code == 2
    assert acts("示例初审", "lead", "more", "1", "2", "--reason", "缺截图", "--seen", seen).code == 2


def test_like_ones_are_listed_before_they_are_decided(acts: Run, office: Office) -> None:
    words = {"title": "软著 包授权 当天出证", "text": "低价办理，不成功退款，全国可做"}
    for number in range(3):
        office.see({f"9{number}": (PROMISE,)}, seller=f"示例店{number}", seller_id=f"81{number}", **words)
    office.take_in()
    asked = acts("示例初审", "lead", "dismiss", "3", "--like", "--reason", "普法")
    assert (asked.code, "3 条一并决定要加 --yes" in asked.err) == (2, True)
    assert "示例店2" in asked.err
    done = acts("示例初审", "lead", "dismiss", "3", "--like", "--yes", "--reason", "普法", "--json").lines
    assert {(one["number"], one["state"]) for one in done} == {(f"X2026-0000{n}", "dismissed") for n in (3, 4, 5)}


def test_a_false_alarm_can_be_pasted_into_the_rule(acts: Run, office: Office) -> None:
    acts("示例初审", "lead", "claim", "2")
    assert acts("示例初审", "lead", "dismiss", "2", "--reason", "普法").code == 0
    (one,) = acts("示例查看", "lead", "examples", "--rule", PROMISE.rule, "--json").lines
    (entry,) = tomllib.loads(one["toml"])["lawful"]
    assert PHONE not in json.dumps(entry)
    assert entry["title"].startswith("包授权 ")
    assert {"title", "text", "kind"} >= set(entry)
    assert "[[lawful]]" in acts("示例查看", "lead", "examples").out
    assert acts("示例查看", "lead", "example", "take", "1").code == 2
    assert acts("示例初审", "lead", "example", "take", "1", "--json").lines[0]["settled_by"] == "示例初审"
    assert acts("示例初审", "lead", "example", "refuse", "1").code == 2
    assert acts("示例查看", "lead", "examples", "--state", "nonsense").code == 2


def test_the_other_acts(acts: Run) -> None:
    assert acts("示例初审", "lead", "assign", "1", "2", "--unit", "保护科", "--to", "示例复核").code == 0
    assert acts("示例初审", "lead", "assign", "1", "--to", "示例无人").code == 2
    (into,) = acts("示例初审", "lead", "merge", "2", "--into", "1", "--json").lines
    assert (into["number"], into["unit"]) == ("X2026-00001", "保护科")
    assert acts("示例查看", "lead", "show", "1", "--json").lines[0]["merged"] == ["X2026-00002"]
    assert acts("示例复核", "lead", "claim", "1").code == 0
    assert acts("示例复核", "lead", "more", "1", "--reason", "缺截图").code == 0
    acts("示例初审", "lead", "claim", "1")
    exhibit = acts("示例查看", "lead", "show", "1", "--json").lines[0]["exhibits"][0]["exhibit"]
    assert acts("示例初审", "lead", "confirm", "1", "2", "--exhibit", exhibit).code == 2
    assert acts("示例初审", "lead", "confirm", exhibit[:8], "--exhibit", exhibit).code == 0
    shown = acts("示例查看", "lead", "show", "1")
    assert "（未经研判）" in shown.out
    assert acts("示例复核", "lead", "send-back", "1", "--reason", "再看").code == 0
    acts("示例初审", "lead", "confirm", "1")
    assert acts("示例初审", "case", "assign", "1", "--unit", "执法科", "--json").lines[0]["unit"] == "执法科"
    assert acts("示例初审", "case", "close", "1", "--reason", "示例").code == 2
    assert acts("示例复核", "case", "reopen", "1", "--reason", "示例").code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["lead", "list", "--state", "nonsense"],
        ["lead", "list", "--from", "11月"],
        ["lead", "list", "--case", "A2026-99999"],
        ["lead", "list", "--before", "X2026-99999"],
        ["lead", "show", "X2026-99999"],
        ["case", "list", "--state", "nonsense"],
        ["case", "show", "A2026-99999"],
    ],
)
def test_a_wrong_word_is_a_persons_mistake(acts: Run, words: list[str]) -> None:
    assert acts("示例查看", *words).code == 2


def test_pages_follow_each_other(acts: Run) -> None:
    first = acts("示例查看", "lead", "list", "--limit", "1")
    assert "--before X2026-00002" in first.err
    assert [one["number"] for one in acts("示例查看", "lead", "list", "--before", "X2026-00002", "--json").lines] == [
        "X2026-00001"
    ]
    assert (
        len(acts("示例查看", "lead", "list", "--state", "new,sent", "--category", "green_channel", "--json").lines) == 1
    )


def test_the_same_through_the_entry_point(lantian: Run, office: Office) -> None:
    token = token_of(office.engine, "示例初审", Grant.EXAMINER)
    ran = lantian("lead", "claim", "1", "--json", LANTIAN_TOKEN=token)
    assert (ran.code, ran.lines[0]["assignee"]) == (0, "示例初审")
    told = lantian("lead", "claim", "1", LANTIAN_TOKEN=token)
    assert (told.code, told.err) == (2, "lantian: 研判中的线索不能认领\n")
