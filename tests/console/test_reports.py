"""Reports as they are asked for: files and figures for whoever may read them, and no more of them than his."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from people_specimens import token_of
from report_specimens import (
    DISTRICTS,
    HOSTILE,
    PHONE,
    exhibit_on,
    lead_values,
    letter_values,
    link_values,
    move_values,
    random_home,
)
from sqlalchemy import Engine, insert, update

from casework.acting import Grant
from storage.db import open_database, writing
from storage.tables.leads import LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow

AT = datetime(2026, 11, 3, 4, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 16, tzinfo=UTC)  # the end of 4 December in Shanghai
Here = Callable[..., Any]


@pytest.fixture
def engine(made_home: Path) -> Iterator[Engine]:
    engine = open_database(made_home / "lantian.db")
    yield engine
    engine.dispose()


def planted(engine: Engine, *rows: dict[str, object]) -> None:
    with writing(engine).begin() as connection:
        connection.execute(insert(LeadRow), list(rows))


# -- the ledger --------------------------------------------------------------------------------


def sheet_of(path: Path, name: str) -> list[list[object]]:
    return [[cell.value for cell in row] for row in load_workbook(path)[name].iter_rows()]


def ledger_of(path: Path) -> list[dict[str, object]]:
    rows = sheet_of(path, "工作台账")
    return [dict(zip(rows[3], row, strict=True)) for row in rows[4:]]


def test_the_ledger_has_a_row_a_lead_and_every_act(here: Here, engine: Engine, tmp_path: Path) -> None:
    planted(
        engine,
        lead_values(1, AT, state="dismissed", reason="是新闻报道"),
        lead_values(2, AT, note="备注一", due_at=DUE),
    )
    sent = letter_values(1, AT, state="sent", sent_at=AT, due_at=DUE)
    with writing(engine).begin() as connection:
        for number, move in enumerate(("register", "claim", "dismiss"), 1):
            connection.execute(insert(MoveRow).values(move_values(number, 1, AT + timedelta(hours=number), move)))
        exhibit_on(connection, 7, 2, AT)
        connection.execute(insert(LetterRow).values(sent))
        connection.execute(insert(LetterLeadRow).values(link_values(1, 2)))
    out = tmp_path / "台账.xlsx"
    ran = here("report", "ledger", "--from", "2026-11-01", "--to", "2026-11-30", "--out", out, "--json")
    assert (ran.code, ran.lines[0]["leads"]) == (0, 2)
    first, second = ledger_of(out)
    assert (first["线索编号"], first["结论"], first["理由"]) == ("X2026-00001", "误报", "是新闻报道")
    assert (second["结论"], second["备注"], second["栏目类型"]) == ("待查", "备注一", "商品")
    assert second["证据编号与哈希"] == f"{7:032x} SHA-256 {7:064x}"
    assert first["立案号"] is None
    assert (second["期限"], second["办理期限"]) == ("2026-12-04", "2026-12-04"), "the last day, not the one after"
    moves = sheet_of(out, "办理过程")
    assert [(row[0], row[2], row[8]) for row in moves[2:]] == [
        ("X2026-00001", "登记", 1),
        ("X2026-00001", "认领", 2),
        ("X2026-00001", "认定不属实", 3),
    ]
    assert "没有查，就什么也没有看到" in str(sheet_of(out, "覆盖说明"))


def test_what_a_page_wrote_runs_nowhere(here: Here, engine: Engine, tmp_path: Path) -> None:
    planted(engine, lead_values(1, AT, title=HOSTILE, seller="@SUM(1)", note="+cmd|' /C calc'!A0", unit="\t=1"))
    out = tmp_path / "a.xlsx"
    assert here("report", "ledger", "--from", "2026-11-01", "--to", "2026-11-30", "--out", out).code == 0
    sheet = load_workbook(out)["工作台账"]
    for row in sheet.iter_rows():
        for cell in row:
            assert cell.data_type != "f"
            assert cell.quotePrefix or not isinstance(cell.value, str)
    title = str(ledger_of(out)[0]["标题"])
    assert title.startswith("=HYPERLINK(")
    assert "\x07" not in title
    assert "\u202e" not in title
    assert title.endswith("字）")
    assert len(title) < 2100


def test_contacts_are_for_those_who_may_see_them(
    here: Here, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(engine, lead_values(1, AT, title=f"包授权 电话 {PHONE}", note=f"手机 {PHONE}"))
    with writing(engine).begin() as connection:
        exhibit_on(connection, 7, 1, AT)
        reason = {"reason": f"对方电话 {PHONE}", "detail": [f"电话 {PHONE}"]}
        connection.execute(insert(MoveRow).values(move_values(1, 1, AT, "register", **reason)))
    asked = ("report", "ledger", "--from", "2026-11-01", "--to", "2026-11-30", "--out")
    for name, grants, sees in (("查看者", (), False), ("联系人", (Grant.CONTACTS,), True)):
        monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, name, Grant.VIEWER, *grants))
        out = tmp_path / f"{name}.xlsx"
        assert here(*asked, out).code == 0
        with zipfile.ZipFile(out) as packed:
            plain = b"".join(packed.read(one) for one in packed.namelist()).decode()
        assert (PHONE in plain) is sees


def test_nobody_without_a_credential_reads_anything(
    here: Here, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(engine, lead_values(1, AT))
    token = token_of(engine, "无权者")
    for asked in (("month", "2026-11"), ("districts",), ("ledger", "--out", tmp_path / "a.xlsx")):
        assert here("report", *asked, "--by", "示例创始").code == 2
        monkeypatch.setenv("LANTIAN_TOKEN", token)
        refused = here("report", *asked)
        assert refused.code == 2
        assert "没有" in refused.err
        monkeypatch.delenv("LANTIAN_TOKEN")
    assert not (tmp_path / "a.xlsx").exists()


def test_a_file_that_is_there_stays(here: Here, engine: Engine, tmp_path: Path) -> None:
    planted(engine, lead_values(1, AT))
    there = tmp_path / "a.xlsx"
    there.write_text("mine")
    for out in (there, tmp_path / "a.txt", tmp_path / "no" / "a.xlsx"):
        assert here("report", "ledger", "--out", out).code == 2
    assert there.read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.xlsx", "home"]


# -- figures -----------------------------------------------------------------------------------


def test_every_figure_opens_as_its_list(here: Here, engine: Engine) -> None:
    random_home(engine, 21, leads=60, letters=20)
    told = here("report", "month", "2026-06", "--json").lines[0]
    figures = [group["whole"] for group in told["groups"]] + [one for group in told["groups"] for one in group["parts"]]
    assert {one["of"] for one in figures} == {"leads", "letters", "moves", "actors", "exhibits"}
    opened = {one["of"]: one for one in figures if one["value"]}
    assert len(opened) == 5
    for figure in opened.values():
        rows = here("report", "month", "2026-06", "--list", figure["name"], "--json").lines
        assert len(rows) == figure["value"] == len({row["id"] for row in rows})
        plain = here("report", "month", "2026-06", "--list", figure["name"])
        assert len(plain.out.splitlines()) == figure["value"]
    assert any("覆盖说明" in line for line in told["coverage"])


def test_names_of_figures_are_found_from_the_screen(here: Here, engine: Engine) -> None:
    planted(engine, lead_values(1, AT), lead_values(2, AT, source="report", platform=""))
    month = ("report", "month", "2026-11")
    every = figures_told(here(*month, "--json").lines[0])
    assert "leads.source" in here(*month).out
    assert "--list '?'" in here(*month).err
    listed = here(*month, "--list", "?", "--json").lines
    assert {one["name"] for one in listed} == {one["name"] for one in every}
    assert not [one["name"] for one in listed if one["name"].endswith(".")]
    mine = here(*month, "--list", "leads.source", "--json").lines
    assert [(one["name"], one["label"], one["value"]) for one in mine] == [
        ("leads.source.monitoring", "网络监测", 1),
        ("leads.source.report", "投诉举报", 1),
    ]
    assert here(*month, "--list", "leads.source.…", "--json").lines == mine
    assert "leads.platform.不明" in here(*month, "--list", "leads.platform").out
    assert len(here(*month, "--list", "leads.platform.不明", "--json").lines) == 1
    for none in ("leads.sour", "", ".", "leads.source.nothing"):
        assert here(*month, "--list", none or " ").code == 2
    asked = ("report", "districts", "--from", "2026-11-01", "--to", "2026-11-30")
    assert "district.合计.线索" in here(*asked, "--list", "district.合计").out
    assert len(here("report", "year", "2026", "--list", "leads.source", "--json").lines) == 2


def figures_told(told: dict[str, Any]) -> list[dict[str, Any]]:
    groups = told["groups"]
    return [one for group in groups for one in (group["whole"], *group["parts"])]


def test_months_are_shown_in_words(here: Here, engine: Engine) -> None:
    planted(engine, lead_values(1, AT, state="approved", approved_at=AT), lead_values(2, AT, state="dismissed"))
    ran = here("report", "month", "2026-11")
    assert "属实率 50.0%（1/2）" in ran.out
    assert "网络监测 2" in ran.out
    assert "覆盖说明" in ran.err
    for wrong in (("2026",), ("2026-11", "--list", "leads.nothing")):
        assert here("report", "month", *wrong).code == 2


def test_districts_see_their_own(here: Here, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(engine, *(lead_values(one, AT, district=DISTRICTS[one % 4]) for one in range(1, 9)))
    asked = ("report", "districts", "--from", "2026-11-01", "--to", "2026-11-30")
    told = here(*asked, "--json").lines[0]
    assert [(one["district"], one["figures"][0]["value"]) for one in told["districts"]] == [
        *sorted((name, 2) for name in DISTRICTS[:3]),
        ("", 2),
        ("合计", 8),
    ]
    assert len(here(*asked, "--list", f"district.{DISTRICTS[0]}.线索", "--json").lines) == 2
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "甲区", Grant.VIEWER, districts=DISTRICTS[:1]))
    mine = here(*asked, "--json").lines[0]
    assert [one["district"] for one in mine["districts"]] == [DISTRICTS[0], "合计"]
    month = here("report", "month", "2026-11", "--list", "leads", "--json").lines
    assert [row["id"] for row in month] == [4, 8]
    assert "示例乙县" not in here("report", "districts").out


def test_a_list_is_masked_and_harmless(here: Here, engine: Engine) -> None:
    planted(engine, lead_values(1, AT, title=f"\x1b[31m电话 {PHONE}"))
    for form in ((), ("--json",)):
        out = here("report", "month", "2026-11", "--list", "leads", *form).out
        assert PHONE not in out
        assert "\x1b" not in out


def test_a_home_without_anything_is_a_mistake(here: Here) -> None:
    assert here("report", "month", "2026-11").code == 2


def test_changed_rows_change_figures(here: Here, engine: Engine) -> None:
    planted(engine, lead_values(1, AT), lead_values(2, AT))
    with writing(engine).begin() as connection:
        connection.execute(update(LeadRow).where(LeadRow.id == 2).values(source="report"))
    told = here("report", "month", "2026-11", "--json").lines[0]
    source = next(one for one in told["groups"] if one["name"] == "leads.source")
    assert {one["label"]: one["value"] for one in source["parts"]} == {"网络监测": 1, "投诉举报": 1}
    assert json.dumps(told, ensure_ascii=False)


def test_a_contact_at_the_cut_of_a_long_text_is_hidden(here: Here, engine: Engine, tmp_path: Path) -> None:
    planted(
        engine,
        *(lead_values(one, AT, title="长" * (1880 + one) + f"电话 {PHONE}" + "长" * 500) for one in range(1, 25)),
    )
    out = tmp_path / "a.xlsx"
    assert here("report", "ledger", "--from", "2026-11-01", "--to", "2026-11-30", "--out", out).code == 0
    titles = [str(row["标题"]) for row in ledger_of(out)]
    assert all("1380" not in title and title.endswith("字）") for title in titles)
