"""What leaves with an export beside the pages: leads of one's own districts, no reporter, packages, sheets, the log."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from unicodedata import category

import pytest
from openpyxl import load_workbook
from people_specimens import token_of
from sqlalchemy import select, update

from casework.acting import Grant
from casework.incoming.keys import make_key
from casework.incoming.reporter import Reporter, seal
from console.archive import exporting
from console.archive.columns import COLUMNS, Leaving
from console.archive.forms import BODY, LONGEST, Csv, JsonLines, Rows, row_of, shown
from console.archive.spool import spool_of
from console.archive.workbook import write_workbook
from crawler.errors import EvidenceBroken
from storage.audit import unsigned
from storage.cases.reporters import Sealed, add_sealed
from storage.db import open_database, writing
from storage.models import ExhibitRow, ListingRow
from storage.seal import SealState, State
from storage.searching.shapes import Hit
from storage.tables.leads import LeadRow
from storage.verifier.package import verify_package
from tests.console.conftest import Ran
from tests.console.export_specimens import BEGUN, HOSTILE, hostile, made, offers
from tests.console.test_export import kept_in

Here = Callable[..., Ran]
DISTRICTS = ("示例甲县", "示例乙县")
LEADS = ("X2026-00001", "X2026-00002")
ALL = ("--platform", "taobao")


@pytest.fixture(scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One page of three; the first two are leads, of a district each."""
    home = tmp_path_factory.mktemp("matters") / "home"
    made(home, [offers(3, 1)])
    engine = open_database(home / "lantian.db")
    with writing(engine).begin() as connection:
        for row, (number, district) in enumerate(zip(LEADS, DISTRICTS, strict=True), 1):
            connection.execute(LeadRow.__table__.insert().values(_lead(row, number, district)))
            key = connection.execute(select(ExhibitRow.listing_key).where(ExhibitRow.id == row)).scalar_one()
            connection.execute(update(ListingRow).where(ListingRow.key == key).values(lead_id=row))
    engine.dispose()
    return home


def _lead(row: int, number: str, district: str) -> dict[str, object]:
    words = ("title", "seller", "url", "note", "unit", "assignee", "reference", "office")
    values: dict[str, object] = dict.fromkeys((*words, "decided_by", "reason", "approved_by"), "")
    values |= dict.fromkeys(("state_at", "found_at", "registered_at"), BEGUN)
    values |= {"source": "monitoring", "platform": "taobao", "categories": [], "points": 0, "reopened": 0}
    return values | {"id": row, "number": number, "district": district, "state": "examining"}


@pytest.fixture
def home(_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_home, tmp_path / "home"))


def lines(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_leads_of_other_districts_are_not_told(
    home: Path, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "x.jsonl"
    assert here("archive", "export", *ALL, "--out", out, "--by", "张示例").code == 0
    assert [(one["lead"], one["state"]) for one in lines(out)] == [
        ("", ""),
        (LEADS[1], "examining"),
        (LEADS[0], "examining"),
    ]
    engine = open_database(home / "lantian.db")
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "王示例", Grant.VIEWER, districts=DISTRICTS[:1]))
    engine.dispose()
    out = tmp_path / "y.jsonl"
    assert here("archive", "export", *ALL, "--out", out).code == 0
    assert [(one["lead"], one["state"]) for one in lines(out)] == [("", ""), ("", ""), (LEADS[0], "examining")]
    told = here("archive", "export", "--state", "new", "--out", tmp_path / "z.jsonl")
    assert (told.code, "办案内容" in told.err) == (2, True)


def test_nothing_leaves_that_names_a_reporter(
    home: Path, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "keys" / "reporter.key"))
    key = make_key(tmp_path / "keys" / "reporter.key", ())
    engine = open_database(home / "lantian.db")
    with writing(engine).begin() as connection:
        sealed = seal(Reporter(name="星河知产"), LEADS[0], key)
        row = Sealed(lead=LEADS[0], sealed=sealed, key_id=key.id, at=BEGUN, by="")
        add_sealed(connection, 1, row, unsigned)
    engine.dispose()
    asked = ("archive", "export", *ALL, "--out", tmp_path / "x.csv", "--by", "张示例")
    told = here(*asked)
    assert (told.code, "写有举报人的姓名" in told.err, "星河知产" in told.err) == (2, True, False)
    assert not (tmp_path / "x.csv").exists()
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "elsewhere.key"))
    assert "不能与举报人信息比对" in here(*asked).err


# -- packages --------------------------------------------------------------------------------------


def test_a_result_leaves_as_a_package_that_verifies(here: Here, tmp_path: Path) -> None:
    kept_in(tmp_path / "home")
    out = tmp_path / "x.wacz"
    asked = ("archive", "export", "--category", "guaranteed_grant", "--by", "张示例", "--json", "--out")
    told = here(*asked, out)
    assert (told.code, told.lines[0]["exhibits"]) == (0, 1), told
    report = verify_package(out)
    assert (report.broken, report.state) == ((), "sealed")
    assert not spool_of(out).exists()
    log = here("audit", "list", "--json").lines
    (act,) = [one for one in log if one["act"] == "archive_export"]
    assert act["detail"]["sha256"] == told.lines[0]["sha256"]
    assert not [one for one in log if one["act"] == "export"], "it is in the log once"


def test_a_package_that_was_refused_or_killed_is_packed_anew(here: Here, tmp_path: Path) -> None:
    kept, out = kept_in(tmp_path / "home"), tmp_path / "x.wacz"
    asked = ("archive", "export", "--category", "guaranteed_grant", "--by", "张示例", "--out", out)
    kept.write("UPDATE exhibits SET title = title || '改'")
    with pytest.raises(EvidenceBroken, match="标题，与数据库中的不同"):
        here(*asked)
    assert not out.exists()
    for left in ("x.wacz", ".x.wacz.0badcafe.part"):
        (spool_of(out) / left).write_bytes(b"half")
    kept.write("UPDATE exhibits SET title = substr(title, 1, length(title) - 1)")
    assert here(*asked).code == 0
    assert verify_package(out).broken == ()
    assert not spool_of(out).exists()


def test_a_package_has_its_bounds(home: Path, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST_PACKED", 2)
    told = here("archive", "export", *ALL, "--out", tmp_path / "x.wacz", "--by", "张示例")
    assert (told.code, "符合的有 3 项，一个证据包最多 2 项" in told.err) == (2, True)
    assert not spool_of(tmp_path / "x.wacz").exists()


# -- the command -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--out", "x.txt"), "--format 要是 csv、xlsx、jsonl、wacz 之一"),
        (("--out", "x"), "--format 要是"),
        (("--out", "x.csv", "--format", "xlsx"), "要写成已有文件夹中的 .xlsx 文件"),
        (("--out", "nowhere/x.csv"), "要写成已有文件夹中的 .csv 文件"),
        (("--out", "x.csv", "--platform", "无此平台"), "没有"),
        (("--out", "x.csv", '"不成对'), "引号"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(  # noqa: PLR0917 - fixtures
    home: Path, here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = here("archive", "export", "--by", "张示例", *asked)
    assert (told.code, why in told.err, told.err.count("\n")) == (2, True, 1), told.err
    assert {path.name for path in tmp_path.iterdir()} == {"home"}


@pytest.mark.usefixtures("home")
def test_it_is_a_command_of_its_own_process(lantian: Callable[..., Ran], tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    told = lantian("archive", "export", "包授权", "--out", out, "--by", "张示例", "--json")
    assert told.code == 0, told.err
    assert told.lines == [json.loads(told.out)]
    assert told.lines[0]["exhibits"] == 3
    again = lantian("archive", "export", "包授权", "--out", out, "--by", "张示例")
    assert (again.code, "不会覆盖" in again.err) == (2, True)


def test_a_home_on_postgresql_exports_the_same(
    here: Here, migrated_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [offers(3, 1), hostile()]
    for name, database in (("sqlite", ""), ("postgresql", migrated_database)):
        monkeypatch.setenv("LANTIAN_HOME", str(tmp_path / name))
        monkeypatch.setenv("LANTIAN_DATABASE", database)
        made(tmp_path / name, pages, database=database)
        told = here("archive", "export", "包授权", "--out", tmp_path / f"{name}.jsonl", "--by", "张示例")
        assert told.code == 0, told.err
    ours = ("exhibit", "capture", "run")  # of ids that are made anew each time
    rows = [
        [{key: value for key, value in one.items() if key not in ours} for one in lines(tmp_path / f"{name}.jsonl")]
        for name in ("sqlite", "postgresql")
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 3


# -- workbooks and cells ---------------------------------------------------------------------------


def raw(title: str) -> Leaving:
    """An exhibit with a title that no spider cleaned."""
    told = replace(offers(1, 1)[0], title=title)
    hit = Hit(row=1, exhibit="ab" * 10, listing_key="k", listing=told, seen_at=BEGUN, run="run-1", capture="c")
    return Leaving(hit=hit, sha256="ab" * 32, seal=SealState(state=State.SEALED), is_specimen=False, is_claimed=False)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_cell_neither_runs_nor_steers_whoever_wrote_it(title: str) -> None:
    at = next(place for place, column in enumerate(COLUMNS) if column.name == "title")
    line = Csv().line(raw(title)).decode()
    (row,) = csv.reader(StringIO(line, newline=""))
    assert not row[at].lstrip().startswith(tuple("=+-@|%＝＋－＠"))
    assert all(one == "\n" or one.isprintable() or category(one) == "Zs" for one in row[at])
    assert "第一行" not in title or row[at] == "第一行\n第二行\n第三行\n第四行"
    assert Rows().line(raw(title)).count(b"\n") == 1
    told = JsonLines(is_masked=False).line(raw(title)).decode()
    assert len(told.splitlines()) == 1
    assert json.loads(told)["title"] == title


def test_what_one_sheet_cannot_hold_goes_on_in_the_next(tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    rows.write_bytes(b"".join(row_of([f"项{at}", at], style=BODY) for at in range(10)))
    out = BytesIO()
    write_workbook(rows, 10, out, most=5)
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(out)]
    assert [len(sheet) for sheet in sheets] == [5, 5, 3]
    heads = tuple(column.head for column in COLUMNS)
    assert {tuple(sheet[0]) for sheet in sheets} == {heads}
    assert [row[:2] for sheet in sheets for row in sheet[1:]] == [(f"项{at}", at) for at in range(10)]
    again = BytesIO()
    write_workbook(rows, 10, again, most=5)
    assert again.getvalue() == out.getvalue()


@pytest.mark.parametrize("one", ["专", "😀", "e\u0301", "\n"])
def test_no_cell_is_longer_than_a_table_bears_and_none_is_cut_in_a_character(one: str) -> None:
    for number in (LONGEST // 2 - 1, LONGEST // 2, LONGEST // 2 + 1, LONGEST - 1, LONGEST, LONGEST + 1, LONGEST * 2):
        text = one * number
        cell = shown(text)
        units = len(cell.encode("utf-16-le")) // 2
        assert units <= LONGEST
        fits = len(text.encode("utf-16-le")) // 2 <= LONGEST
        assert (cell == text) is fits
        assert fits or cell.endswith(f"……（共 {len(text)} 字）")
        assert "\ufffd" not in cell
