"""A table leaves only with rows that say what their pages say: what was altered in the database is refused by name."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from console.archive.proving import OPENED, Proving
from console.archive.spool import spool_of
from crawler.config import Config
from crawler.errors import EvidenceBroken
from storage.db import open_database, writing
from storage.models import ExhibitRow
from storage.search import Search
from storage.searching.shapes import Query
from tests.console.conftest import Ran
from tests.console.export_specimens import made, offers
from tests.console.test_export import kept_in

Here = Callable[..., Ran]
PAGES, PER_PAGE = OPENED + 2, 3
ALL = ("--platform", "taobao", "--by", "张示例")
# The exhibit in row 2, the column that is told of it, and what somebody made of it.
ALTERED = (
    ("UPDATE exhibits SET title = '发明专利申请' WHERE id = 2", "标题"),
    ("UPDATE exhibits SET title = title || ' ' WHERE id = 2", "标题"),
    ("UPDATE exhibits SET text = replace(text, '不授权全额退款', '') WHERE id = 2", "正文"),
    ("UPDATE exhibits SET seller = '示例无辜店' WHERE id = 2", "卖家"),
    ("UPDATE exhibits SET price = '¥1.00' WHERE id = 2", "价格"),
    ("UPDATE exhibits SET url = 'https://item.taobao.example/other' WHERE id = 2", "网址"),
    ("UPDATE exhibits SET display_url = 'other.example' WHERE id = 2", "显示网址"),
    ("UPDATE exhibits SET is_ad = 1 WHERE id = 2", "广告标志"),
    ("UPDATE exhibits SET kind = 'shop' WHERE id = 2", "类型"),
    ("UPDATE exhibits SET position = 9 WHERE id = 2", "重新读不到第 9 条"),
    ("UPDATE exhibits SET position = 0 WHERE id = 2", "重新读不到第 0 条"),
    ("UPDATE exhibits SET seen_at = '2026-04-01 01:01:00.000000' WHERE id = 2", "看见时间"),
    ("UPDATE exhibits SET public_id = 'abababababababababab' WHERE id = 2", "编号"),
    ("UPDATE exhibits SET run_id = 'run-2' WHERE id = 2", "网址"),
    ("UPDATE exhibits SET page_number = 2 WHERE id = 2", "网址"),
    ("UPDATE exhibits SET listing_key = (SELECT listing_key FROM exhibits WHERE id = 1) WHERE id = 2", "商品编号"),
    ("UPDATE listings SET seller_id = '7002' WHERE item_id = '1-2'", "卖家编号"),
    ("UPDATE listings SET item_id = '1-9' WHERE item_id = '1-2'", "商品编号"),
    ("UPDATE listings SET platform = 'jd' WHERE item_id = '1-2'", "重新读不到"),
    ("UPDATE listings SET platform = 'nobody_knows' WHERE item_id = '1-2'", "没有名为 'nobody_knows' 的平台"),
    (
        "UPDATE listings SET key = 'a' WHERE item_id = '1-2'; UPDATE exhibits SET listing_key = 'a' WHERE id = 2",
        "信息的编号",
    ),
    ("UPDATE pages SET url = 'https://s.taobao.example/?p=2' WHERE number = 1", "网址"),
)


@pytest.fixture(scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("reread") / "home"
    made(home, [offers(PER_PAGE, page) for page in range(1, PAGES + 1)])
    return home


@pytest.fixture
def home(_home: Path, tmp_path: Path) -> Path:
    """Some pages of three, more than are remembered."""
    return Path(shutil.copytree(_home, tmp_path / "home"))


def change(home: Path, *statements: str) -> None:
    with sqlite3.connect(home / "lantian.db") as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
    connection.close()


def proved(home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How many exhibits may leave, and how many captures were read for that."""
    monkeypatch.setenv("LANTIAN_HOME", str(home))
    config = Config.load()
    engine = open_database(config.database)
    proving, search = Proving(config, engine), Search(engine)
    try:
        leaving = [one for rows in search.rows(Query()) for one in proving.leaving(search.hits(rows))]
    finally:
        engine.dispose()
    return len(leaving), proving.read


def test_each_page_is_read_again_once_for_all_that_stands_on_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert proved(home, monkeypatch) == (PAGES * PER_PAGE, PAGES)


@pytest.mark.parametrize(("statement", "why"), ALTERED)
def test_what_a_row_says_and_its_page_does_not_is_refused_by_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, statement: str, why: str
) -> None:
    change(home, *statement.split(";"))
    with sqlite3.connect(home / "lantian.db") as connection:
        (name,) = connection.execute("SELECT public_id FROM exhibits WHERE id = 2").fetchone()
    connection.close()
    # An altered page is that of all its exhibits; the newest of them is the first.
    with pytest.raises(EvidenceBroken, match=f"证据项 {'.*' if 'pages' in statement else name}：.*{why}.*不能导出"):
        proved(home, monkeypatch)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl"])
def test_no_table_leaves_with_it_until_the_row_is_as_it_was(
    home: Path, here: Here, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"x.{suffix}"
    change(home, "UPDATE exhibits SET title = title || '改' WHERE id = 2")
    with pytest.raises(EvidenceBroken, match="标题，与数据库中的不同"):
        here("archive", "export", *ALL, "--out", out)
    assert (out.exists(), spool_of(out).exists()) == (False, True)
    change(home, "UPDATE exhibits SET title = substr(title, 1, length(title) - 1) WHERE id = 2")
    told = here("archive", "export", *ALL, "--out", out, "--json")
    assert (told.code, told.lines[0]["exhibits"]) == (0, PAGES * PER_PAGE), told.err


def test_a_page_that_was_packed_on_its_way_is_read_again(here: Here, tmp_path: Path) -> None:
    kept, out = kept_in(tmp_path / "home"), tmp_path / "x.jsonl"
    told = here("archive", "export", "--platform", "baidu", "--by", "张示例", "--out", out)
    assert told.code == 0, told.err
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {kept.flagged, kept.other} <= {one["exhibit"] for one in rows}
    kept.write("UPDATE exhibits SET text = text || '改' WHERE public_id = ?", kept.other)
    with pytest.raises(EvidenceBroken, match=f"证据项 {kept.other}：.*正文，与数据库中的不同"):
        here("archive", "export", "--platform", "baidu", "--by", "张示例", "--out", tmp_path / "y.jsonl")


def test_it_is_the_same_on_postgresql(
    here: Here, migrated_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_DATABASE", migrated_database)
    made(tmp_path / "home", [offers(PER_PAGE, 1)], database=migrated_database)
    assert here("archive", "export", *ALL, "--out", tmp_path / "x.csv").code == 0
    engine = open_database(migrated_database)
    with writing(engine).begin() as connection:
        connection.execute(update(ExhibitRow).where(ExhibitRow.id == 2).values(price="¥1.00"))
    engine.dispose()
    with pytest.raises(EvidenceBroken, match="价格，与数据库中的不同"):
        here("archive", "export", *ALL, "--out", tmp_path / "y.csv")
