"""Reports and lists as rows, on both databases: what belongs together is one transaction, what came stays once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from people_specimens import someone
from reporter_specimens import KEY_ONE, KEY_TWO, KNOWN, NAME, NOW, PHONE, ROWS, list_file
from sqlalchemy import Engine, text, update
from storage_specimens import database_of

from casework.acting import Acting, Grant
from casework.incoming.feedback import answers
from casework.incoming.guard import known_reporters, refuse_reporters, uncompared
from casework.incoming.listed import ListedLead, read_list
from casework.incoming.lists import Sent, Taken, take_list
from casework.incoming.reporter import Reporter, unseal
from casework.incoming.reports import register_report, rekey, report_of, reporters_of
from crawler.errors import UserMistake
from storage.cases.leads import WorkedLeads
from storage.cases.reporters import Reporters
from storage.db import open_database
from storage.tables.leads import LeadRow

TOLD = {"url": "https://shop.xinghe.example/1", "title": "包授权", "platform": "taobao"}
SENT = Sent(office="示例省局", document="示知函〔2026〕1号", kind="assigned")
WHO = {"name": NAME, "phone": PHONE}


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(database_of(request, tmp_path))
    yield engine
    engine.dispose()


@pytest.fixture
def acting(engine: Engine) -> Acting:
    return someone(engine, "示例全能", Grant.EXAMINER, Grant.REPORTERS, Grant.ADMIN)


def listed(folder: Path, rows: object = ROWS) -> tuple[ListedLead, ...]:
    return read_list(list_file(folder, rows), KNOWN)


def counts(engine: Engine) -> tuple[int, int, int]:
    with engine.connect() as connection:
        tables = ("leads", "reporters", "transferred_leads")
        return tuple(connection.execute(text(f"SELECT count(*) FROM {one}")).scalar_one() for one in tables)  # type: ignore[return-value]


on_each = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


@on_each
def test_a_report_is_sealed_seen_and_sealed_again(engine: Engine, acting: Acting) -> None:
    report = report_of(TOLD | {"reporter": WHO}, ["taobao"], NOW)
    lead = register_report(engine, report, KEY_ONE, acting, NOW)
    second = register_report(engine, report, KEY_ONE, acting, NOW)
    (row,) = Reporters(engine).of(lead.id)
    assert NAME not in repr(row)
    assert unseal(row.sealed, lead.number, KEY_ONE).phone == PHONE
    assert rekey(engine, KEY_ONE, KEY_TWO, acting, NOW) == 2
    assert Reporters(engine).keys() == {KEY_TWO.id: 2}
    assert [one.name for one in reporters_of(engine, second, KEY_TWO, acting, NOW)] == [NAME]
    assert rekey(engine, KEY_ONE, KEY_TWO, acting, NOW) == 0


@on_each
def test_a_list_is_taken_in_once(engine: Engine, acting: Acting, tmp_path: Path) -> None:
    rows = listed(tmp_path)
    first = take_list(engine, rows, SENT, (acting, KEY_ONE, NOW))
    assert (len(first.new), first.sealed) == (2, 1)
    again = take_list(engine, rows, SENT, (acting, KEY_ONE, NOW))
    assert again == Taken(new=(), changed=(), known=2, sealed=0)
    changed = (replace(rows[0], note="催办"), rows[1])
    assert take_list(engine, changed, SENT, (acting, KEY_ONE, NOW)).changed == first.new[:1]
    assert counts(engine) == (2, 1, 2)
    told = answers(engine, ("", SENT.document), lambda _: True, NOW)
    assert [(one.origin, one.lead, one.result) for one in told] == [
        ("省1", first.new[0], "在办"),
        ("省2", first.new[1], "在办"),
    ]
    with pytest.raises(UserMistake, match="没有文号"):
        answers(engine, ("别的局", SENT.document), lambda _: True, NOW)
    with pytest.raises(UserMistake, match="没有文号"):
        answers(engine, ("", SENT.document), lambda _: False, NOW)


def test_nothing_stays_of_a_list_that_is_refused_in_the_middle(engine: Engine, acting: Acting, tmp_path: Path) -> None:
    rows = listed(tmp_path)
    bad = replace(rows[1], reporter=Reporter(name="x" * 300))
    with pytest.raises(UserMistake, match="姓名最多"):
        take_list(engine, (rows[0], bad), SENT, (acting, KEY_ONE, NOW))
    assert counts(engine) == (0, 0, 0)
    with pytest.raises(UserMistake, match="没有举报人密钥"):
        take_list(engine, rows, SENT, (acting, None, NOW))


def test_rights_are_asked_for(engine: Engine, acting: Acting, tmp_path: Path) -> None:
    viewer = someone(engine, "示例查看", Grant.VIEWER)
    report = report_of(TOLD | {"reporter": WHO}, ["taobao"], NOW)
    lead = register_report(engine, report, KEY_ONE, acting, NOW)
    for act in (
        lambda: register_report(engine, report, KEY_ONE, viewer, NOW),
        lambda: take_list(engine, listed(tmp_path), SENT, (viewer, KEY_ONE, NOW)),
        lambda: reporters_of(engine, lead, KEY_ONE, viewer, NOW),
        lambda: rekey(engine, KEY_ONE, KEY_TWO, viewer, NOW),
    ):
        with pytest.raises(UserMistake, match="权限"):
            act()
    with pytest.raises(UserMistake, match="没有举报人密钥"):
        register_report(engine, report, None, acting, NOW)


def test_a_reporter_of_another_district_is_not_his_to_see(engine: Engine, acting: Acting) -> None:
    report = report_of(TOLD | {"district": "甲区", "reporter": WHO}, ["taobao"], NOW)
    lead = register_report(engine, report, KEY_ONE, acting, NOW)
    other = someone(engine, "示例乙区", Grant.REPORTERS, districts=("乙区",))
    with pytest.raises(UserMistake, match="没有线索"):
        reporters_of(engine, lead, KEY_ONE, other, NOW)


def test_what_leaves_is_searched_for_those_who_reported(engine: Engine, acting: Acting) -> None:
    report = report_of(TOLD | {"reporter": WHO}, ["taobao"], NOW)
    lead = register_report(engine, report, KEY_ONE, acting, NOW)
    known = known_reporters(engine, [lead.id], KEY_ONE)
    refuse_reporters(known, [("标题", "包授权")])
    with pytest.raises(UserMistake, match="标题中写有举报人的姓名") as caught:
        refuse_reporters(known, [("标题", f"由 {NAME} 举报")])
    assert NAME not in str(caught.value)


@on_each
def test_without_the_right_key_nothing_leaves_unless_somebody_says_so(engine: Engine, acting: Acting) -> None:
    report = report_of(TOLD | {"reporter": WHO}, ["taobao"], NOW)
    lead, other = (register_report(engine, report, KEY_ONE, acting, NOW) for _ in range(2))
    plain = register_report(engine, report_of(TOLD, ["taobao"], NOW), None, acting, NOW)
    for key, why in ((None, "不在这里"), (KEY_TWO, "不是当时")):
        with pytest.raises(UserMistake, match=f"{why}.*{lead.number}"):
            known_reporters(engine, [plain.id, lead.id], key)
        assert known_reporters(engine, [lead.id], key, is_unchecked=True).found(NAME) == ()
        assert uncompared(engine, [lead.id, other.id], key) == (lead.number, other.number)
        assert known_reporters(engine, [plain.id], key).found(NAME) == ()
    assert uncompared(engine, [lead.id, plain.id], KEY_ONE) == ()
    with engine.begin() as connection:  # into a lead that nobody reported
        connection.execute(update(LeadRow).where(LeadRow.id == other.id).values(merged_into=lead.id))
        connection.execute(update(LeadRow).where(LeadRow.id == lead.id).values(merged_into=plain.id))
    assert known_reporters(engine, [plain.id], KEY_ONE).found(NAME) == ("name",)
    assert uncompared(engine, [plain.id], None) == (lead.number, other.number)


def test_a_list_without_its_reporters_is_what_a_lead_says(engine: Engine, acting: Acting, tmp_path: Path) -> None:
    rows = ((*ROWS[0][:4], f"据{NAME}反映包授权", *ROWS[0][5:]), ("省3", "", "", f"{NAME}", "", "", "", "", "", ""))
    taken = take_list(engine, listed(tmp_path, rows), SENT, (acting, KEY_ONE, NOW))
    titles = [WorkedLeads(engine).named(one).title for one in taken.new]
    assert titles == ["据〔已隐去〕反映包授权", "〔已隐去〕"]


def test_a_number_that_names_a_reporter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserMistake, match="编号里写有举报人信息") as caught:
        listed(tmp_path, ((f"{PHONE}-1", *ROWS[0][1:]),))
    assert PHONE not in str(caught.value)


# -- hostile files ---------------------------------------------------------------------------------


def test_formulas_are_text_and_unknown_columns_are_refused(tmp_path: Path) -> None:
    rows = (("=1+1", "", "https://a.example/", '=HYPERLINK("http://a")', "", "", "", "", "", ""),)
    (one,) = listed(tmp_path, rows)
    assert (one.origin, one.seller) == ("=公式", "=公式")  # nothing is computed
    head = ("编号", "网址", "主体", "联系人电话")
    with pytest.raises(UserMistake, match="第 1 行的 D 列列名不认识"):
        read_list(list_file(tmp_path, (("1", "https://a.example/", "", PHONE),), head), KNOWN)
    with pytest.raises(UserMistake, match="有两列 网址"):
        read_list(list_file(tmp_path, (("1", "", "", ""),), ("编号", "网址", "主体", "链接")), KNOWN)
    with pytest.raises(UserMistake, match="没有 编号 列"):
        read_list(list_file(tmp_path, (("", "", "x"),), ("平台", "网址", "主体")), KNOWN)
    with pytest.raises(UserMistake, match="没有列名"):
        read_list(list_file(tmp_path, (("1", "", "x", PHONE),), ("编号", "网址", "主体")), KNOWN)
    with pytest.raises(UserMistake, match="没有找到列名"):
        read_list(list_file(tmp_path, (("x",),), ("a", "b")), KNOWN)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 no zip", b"\xd0\xcf\x11\xe0", b"\x00\x01", "编号,网址\n".encode()]
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    with pytest.raises(UserMistake):
        read_list(path, KNOWN)
    with pytest.raises(UserMistake):
        read_list(tmp_path / "none.xlsx", KNOWN)


def test_a_hidden_sheet_is_not_passed_over(tmp_path: Path) -> None:
    path = list_file(tmp_path)
    book = load_workbook(path)
    book.create_sheet("更多").sheet_state = "hidden"
    book.save(path)
    with pytest.raises(UserMistake, match="隐藏的工作表"):
        read_list(path, KNOWN)


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.incoming.listed.ROWS_AT_MOST", 1)
    with pytest.raises(UserMistake, match="超过 1 行"):
        listed(tmp_path)
    monkeypatch.setattr("casework.incoming.listed.BYTES_AT_MOST", 10)
    with pytest.raises(UserMistake, match="大于"):
        listed(tmp_path)


def test_a_csv_is_a_list_too(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("编号,网址,违规表述,举报人\n1,https://a.example/,包授权,示例丙丁\n".encode("gb18030"))
    (one,) = read_list(path, KNOWN)
    assert (one.origin, one.reporter.is_known) == ("1", True)
