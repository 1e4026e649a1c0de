"""`lantian archive export`: a result as a file that verifies, is masked, never runs, and goes on where it was left."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import stat
from hashlib import sha256
from io import StringIO
from pathlib import Path
from unicodedata import category

import pytest
from openpyxl import load_workbook
from people_specimens import token_of

from casework.acting import Grant
from console.archive.exporting import BATCH, Asked, export
from console.archive.query import Chosen
from console.archive.spool import spool_of
from crawler.config import Config
from crawler.errors import EvidenceBroken, UserMistake
from spiders.reading import clean
from storage.audit import AuditEntry, AuditLog
from storage.db import open_database
from storage.searching.shapes import Query
from tests.console.export_specimens import HOSTILE, PER_PAGE, PHONE, hostile, made, offers, page

WHO = "张示例"
PAGES = BATCH // PER_PAGE * 2 + 3


@pytest.fixture(scope="module")
def _big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("export") / "home"
    made(home, [offers(PER_PAGE, page) for page in range(1, PAGES + 1)])
    return home


@pytest.fixture
def big(_big: Path, tmp_path: Path) -> Path:
    """A home with more exhibits than two batches."""
    return Path(shutil.copytree(_big, tmp_path / "home"))


@pytest.fixture(scope="module")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("export") / "home"
    made(home, [hostile(), offers(3, 1)])
    return home


@pytest.fixture
def small(_small: Path, tmp_path: Path) -> Path:
    """A home with one page that would break a table, and one of three offers."""
    return Path(shutil.copytree(_small, tmp_path / "home"))


def config_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("LANTIAN_HOME", str(home))
    return Config.load()


def asked(out: Path, words: str = "", by: str = WHO, **chosen: str) -> Asked:
    narrowed = Chosen(**{"kinds": "product", **chosen})
    return Asked(words=words, chosen=narrowed, format=out.suffix[1:], out=out, by=by)


def exported(home: Path, monkeypatch: pytest.MonkeyPatch, wanted: Asked) -> bytes:
    """The file of this question, once the command has ended."""
    monkeypatch.setenv("LANTIAN_HOME", str(home))
    assert export(wanted, as_json=False) == 0
    assert not spool_of(wanted.out).exists()
    return wanted.out.read_bytes()


def acts(home: Path) -> list[AuditEntry]:
    engine = open_database(home / "lantian.db")
    entries = [one for one in AuditLog(engine).entries() if one.act == "archive_export"]
    engine.dispose()
    return entries


def table(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV, as a program reads them that knows its mark."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))


def objects(content: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in content.decode().split("\n")[:-1]]


def sheets(path: Path) -> list[list[tuple[object, ...]]]:
    book = load_workbook(path)
    return [[tuple(cell.value for cell in row) for row in sheet.iter_rows()] for sheet in book]


# -- what is in it ---------------------------------------------------------------------------------


def test_every_format_tells_the_same_exhibits_newest_first(
    big: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = objects(exported(big, monkeypatch, asked(tmp_path / "x.jsonl", "包授权")))
    rows = table(exported(big, monkeypatch, asked(tmp_path / "x.csv", "包授权")))
    exported(big, monkeypatch, asked(tmp_path / "x.xlsx", "包授权"))
    ((head, *cells),) = sheets(tmp_path / "x.xlsx")
    ids = [one["exhibit"] for one in lines]
    assert len(set(ids)) == len(ids) == PAGES * PER_PAGE
    assert [one["证据项"] for one in rows] == [one[0] for one in cells] == ids
    assert tuple(rows[0]) == head
    assert [str(one["seen_at"]) for one in lines] == sorted((str(one["seen_at"]) for one in lines), reverse=True)
    first = next(one for one in lines if one["title"] == "发明专利代写 包授权 1-1")
    assert (first["platform"], first["categories"], first["entities"]) == (
        "taobao",
        ["guaranteed_grant"],
        [["mobile", PHONE]],
    )
    assert (first["seal"], first["manifest"], first["masked"]) == ("sealed", 1, False)
    row = next(one for one in rows if one["证据项"] == first["exhibit"])
    assert (row["平台"], row["看见时间（北京时间）"][:16], row["类别（涉嫌）"]) == (
        "淘宝",
        "2026-05-01 09:01",
        "包授权",
    )
    assert row["固定的 SHA-256"] == first["sha256"] == sha256(page(offers(PER_PAGE, 1))).hexdigest()


def test_the_file_is_its_owners_and_the_log_knows_its_digest(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = exported(small, monkeypatch, asked(tmp_path / "x.csv", "包授权"))
    assert stat.S_IMODE((tmp_path / "x.csv").stat().st_mode) == 0o600
    (act,) = acts(small)
    detail = json.loads(act.detail)
    assert (act.who, act.subject, detail["query"]) == (WHO, "x.csv", "包授权")
    assert (detail["sha256"], detail["exhibits"]) == (sha256(content).hexdigest(), len(table(content)))
    assert json.loads(detail["asked"])["terms"][0]["text"] == "包授权"


def test_nothing_that_a_page_wrote_runs_or_steers_a_table(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table(exported(small, monkeypatch, asked(tmp_path / "x.csv")))
    exported(small, monkeypatch, asked(tmp_path / "x.xlsx"))
    whole = {one["exhibit"]: one for one in objects(exported(small, monkeypatch, asked(tmp_path / "x.jsonl")))}
    assert len(rows) == len(whole) == len(HOSTILE) + 3
    for row in rows:
        for cell in row.values():
            assert not cell.lstrip().startswith(tuple("=+-@|%＝＋－＠"))
            assert all(one == "\n" or one.isprintable() or category(one) == "Zs" for one in cell)
            assert len(cell.encode("utf-16-le")) <= 2 * 32_767
    titles = {str(whole[row["证据项"]]["title"]): row["标题"] for row in rows}
    assert titles[HOSTILE[0]] == f"'{HOSTILE[0]}"
    assert titles[HOSTILE[10]] == HOSTILE[10]
    assert titles["专" * 40_000].endswith("专……（共 40000 字）")
    assert titles["包授权\u202e反\u2066向"] == "包授权\ufffd反\ufffd向"
    book = load_workbook(tmp_path / "x.xlsx")
    for (cell,) in book.worksheets[0].iter_rows(min_row=2, min_col=7, max_col=7):
        assert cell.data_type == "s"
        assert cell.quotePrefix
    in_book = {row[0]: row[6] for row in sheets(tmp_path / "x.xlsx")[0][1:]}
    for row in rows:
        assert in_book[row["证据项"]].replace("_x005F_", "_") == row["标题"].removeprefix("'")


def test_json_lines_have_one_end_whatever_reader_looks_for_it(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = exported(small, monkeypatch, asked(tmp_path / "x.jsonl")).decode()
    assert content.splitlines() == content.split("\n")[:-1]
    titles = {one["title"] for one in objects(content.encode())}
    # White space and what the database cannot hold was replaced when it was read; all else is as it was.
    assert titles >= {clean(one) for one in HOSTILE}


# -- who may see what ------------------------------------------------------------------------------


def with_token(
    monkeypatch: pytest.MonkeyPatch, home: Path, name: str, *grants: Grant, districts: tuple[str, ...] = ()
) -> None:
    engine = open_database(home / "lantian.db")
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, name, *grants, districts=districts))
    engine.dispose()


def test_contacts_are_hidden_from_whoever_has_no_right_to_them(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_token(monkeypatch, small, "王示例", Grant.VIEWER)
    for suffix in ("csv", "jsonl", "xlsx"):
        exported(small, monkeypatch, asked(tmp_path / f"x.{suffix}", by=""))
    everything = (tmp_path / "x.csv").read_text() + (tmp_path / "x.jsonl").read_text()
    everything += str(sheets(tmp_path / "x.xlsx"))
    assert PHONE not in everything
    assert "138" in everything, "masked, not left out"
    assert all(one["masked"] for one in objects((tmp_path / "x.jsonl").read_bytes()))
    assert [(one.who, json.loads(one.detail)["masked"]) for one in acts(small)] == [("王示例", True)] * 3
    assert all("signature" in json.loads(one.detail) for one in acts(small))
    with pytest.raises(UserMistake, match="联系方式可见"):
        exported(small, monkeypatch, asked(tmp_path / "x.wacz", by=""))
    with_token(monkeypatch, small, "王示例", Grant.CONTACTS)
    assert PHONE in exported(small, monkeypatch, asked(tmp_path / "y.csv", by="")).decode()


def test_nobody_exports_without_a_credential_or_a_name(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserMistake, match="--by"):
        exported(small, monkeypatch, asked(tmp_path / "x.csv", by=""))
    with_token(monkeypatch, small, "王示例", Grant.VIEWER)
    monkeypatch.delenv("LANTIAN_TOKEN")
    with pytest.raises(UserMistake, match="凭据"):
        exported(small, monkeypatch, asked(tmp_path / "x.csv", by="王示例"))
    assert not list(tmp_path.glob(".x*"))


def test_nothing_leaves_over_a_log_with_a_gap(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported(small, monkeypatch, asked(tmp_path / "x.csv"))
    change(small, "DROP TRIGGER audit_no_update")
    change(small, "UPDATE audit SET who = '李示例'")
    with pytest.raises(EvidenceBroken, match="操作日志"):
        exported(small, monkeypatch, asked(tmp_path / "y.csv"))


def change(home: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(home / "lantian.db") as connection:
        connection.execute(statement, values)
    connection.close()


# -- nothing leaves that does not verify -----------------------------------------------------------


def test_what_is_not_sealed_does_not_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "home", [offers(2, 1)], is_sealed=False)
    for suffix in ("csv", "jsonl", "xlsx", "wacz"):
        with pytest.raises(EvidenceBroken, match="未封存"):
            exported(tmp_path / "home", monkeypatch, asked(tmp_path / f"x.{suffix}"))
        assert not (tmp_path / f"x.{suffix}").exists()
    assert not acts(tmp_path / "home")


def test_what_is_damaged_is_refused_by_name_and_goes_on_once_it_is_whole(
    big: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = asked(tmp_path / "x.csv")
    (file,) = (big / "archive").glob("*.warc.gz")
    whole = file.read_bytes()
    with sqlite3.connect(big / "lantian.db") as connection:
        row = connection.execute("SELECT id, offset, length FROM captures ORDER BY taken_at LIMIT 1").fetchone()
    connection.close()
    broken = bytearray(whole)
    broken[row[1] + row[2] // 2] ^= 1
    file.write_bytes(broken)
    with pytest.raises(EvidenceBroken, match=f"证据项 [0-9a-f]{{20}}：.*{row[0]}"):
        exported(big, monkeypatch, wanted)
    assert not wanted.out.exists()
    assert not acts(big)
    file.write_bytes(whole)
    content = exported(big, monkeypatch, wanted)
    assert content == exported(big, monkeypatch, asked(tmp_path / "y.csv"))


def test_a_page_whose_row_was_changed_does_not_leave(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(small, "UPDATE captures SET sha256 = ?", "ab" * 32)
    with pytest.raises(EvidenceBroken, match="digest"):
        exported(small, monkeypatch, asked(tmp_path / "x.jsonl"))


def test_stamps_are_demanded_where_the_house_demands_them(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (small / "lantian.toml").write_text('[seal]\ndemand = "stamped"\n')
    with pytest.raises(EvidenceBroken, match="导出要求已封存，有时间戳"):
        exported(small, monkeypatch, asked(tmp_path / "x.csv"))


def test_what_a_person_brought_in_leaves_once_it_is_backed(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(small, "UPDATE captures SET how = 'imported'")
    with pytest.raises(UserMistake, match="是人保存后导入的"):
        exported(small, monkeypatch, asked(tmp_path / "x.csv"))


def test_what_nobody_can_prove_any_more_is_left_out_and_said(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change(small, "UPDATE captures SET expired_in = 1 WHERE url LIKE '%p=1'")
    lines = objects(exported(small, monkeypatch, asked(tmp_path / "x.jsonl")))
    assert [one["title"] for one in lines] == [f"发明专利代写 包授权 1-{place}" for place in (3, 2, 1)]
    assert f"另有 {len(HOSTILE)} 项的固定已按保存期限删除" in capsys.readouterr().err
    assert json.loads(acts(small)[0].detail)["gone"] == len(HOSTILE)


def test_each_capture_is_read_once(big: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.archive.proving import Proving
    from storage.search import Search

    config = config_of(big, monkeypatch)
    engine = open_database(config.database)
    proving, search = Proving(config, engine), Search(engine)
    leaving = [one for rows in search.rows(Query()) for one in proving.leaving(search.hits(rows))]
    engine.dispose()
    assert (len(leaving), proving.read) == (PAGES * PER_PAGE, PAGES)
