"""What comes from elsewhere becomes leads, and whoever reported it is sealed, shown only to whom may see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from people_specimens import token_of
from reporter_specimens import NAME, PHONE, ROWS, SHOP, list_file, report_file
from sqlalchemy import Engine, text

from casework.acting import Grant
from storage.audit import AuditLog
from storage.cases.leads import WorkedLeads
from storage.db import open_database
from tests.console.conftest import Ran

Here = Callable[..., Ran]


@pytest.fixture
def engine(made_home: Path) -> Iterator[Engine]:
    engine = open_database(made_home / "lantian.db")
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def _key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "keys" / "reporter.key"))
    monkeypatch.delenv("LANTIAN_TOKEN", raising=False)


@pytest.fixture
def be(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """From now on commands act as this person."""

    def become(name: str, *grants: Grant) -> None:
        monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, name, *grants))

    return become


def test_a_report_becomes_a_lead_and_its_reporter_is_shown_to_whom_may_see_him(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path
) -> None:
    be("示例初审", Grant.EXAMINER)
    told = here("incoming", "report", report_file(tmp_path), "--json")
    assert (told.code, told.lines[0]["sealed"]) == (0, True)
    assert (tmp_path / "keys" / "reporter.key").stat().st_mode & 0o777 == 0o600
    number = told.lines[0]["lead"]
    lead = WorkedLeads(engine).named(number)
    assert (lead.source, lead.platform, lead.categories) == ("report", "landing", ("guaranteed_grant",))
    refused = here("incoming", "reporter", number, "--reveal")
    assert (refused.code, "举报人信息权限" in refused.err) == (2, True)
    be("示例机要", Grant.REPORTERS)
    assert "只在终端上" in here("incoming", "reporter", number).err
    assert NAME not in here("incoming", "reporter", number, "--json").out
    assert [one.act for one in AuditLog(engine).entries(limit=10_000)].count("reporter_seen") == 0
    shown = here("incoming", "reporter", number, "--reveal")
    assert f"姓名：{NAME}" in shown.out
    assert PHONE in shown.out
    assert json.loads(here("incoming", "reporter", number, "--reveal", "--json").out)["reporters"][0]["name"] == NAME
    seen = [one for one in AuditLog(engine).entries(limit=10_000) if one.act == "reporter_seen"]
    assert [one.subject for one in seen] == [number, number]
    assert set(json.loads(seen[0].detail)) == {"credential", "nonce", "signature"}


def test_a_report_that_names_its_reporter_is_refused_or_redacted(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path
) -> None:
    be("示例初审", Grant.EXAMINER)
    file = report_file(tmp_path, summary=f"来电人 {PHONE[:3]}-{PHONE[3:]}")
    refused = here("incoming", "report", file)
    assert (refused.code, PHONE[3:] in refused.err) == (2, False)
    assert "摘要里写有举报人的电话" in refused.err
    told = here("incoming", "report", file, "--redact", "--json")
    assert told.lines[0]["redacted"] == ["摘要"]
    assert WorkedLeads(engine).named(told.lines[0]["lead"]).note == "来电人 〔已隐去〕"


def test_a_reason_that_names_the_reporter_is_not_written_down(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be("示例初审", Grant.EXAMINER)
    number = here("incoming", "report", report_file(tmp_path), "--json").lines[0]["lead"]
    assert here("lead", "claim", number).code == 0
    for act in ("dismiss", "more"):
        told = here("lead", act, number, "--reason", f"{NAME}误报")
        assert (told.code, "理由中写有举报人的姓名" in told.err, NAME in told.err) == (2, True, False), told.err
    assert WorkedLeads(engine).named(number).state == "examining"
    assert NAME not in str([one.detail for one in AuditLog(engine).entries(limit=10_000)])
    # Without the key nobody can compare, and people go on working.
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "elsewhere.key"))
    assert here("lead", "more", number, "--reason", "缺截图").code == 0


def test_a_ledger_that_names_the_reporter_is_not_written(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be("示例初审", Grant.EXAMINER)
    number = here("incoming", "report", report_file(tmp_path), "--json").lines[0]["lead"]
    out = tmp_path / "ledger.xlsx"
    assert here("report", "ledger", "--out", out).code == 0
    out.unlink()
    with engine.begin() as connection:
        connection.execute(text("UPDATE leads SET note = :note"), {"note": f"{NAME}来电"})
    told = here("report", "ledger", "--out", out)
    assert (told.code, f"线索 {number} 的备注中写有举报人的姓名" in told.err, NAME in told.err) == (2, True, False), (
        told
    )
    assert not out.exists()
    # It is the office's own paper: without the key it is written, and says what was not looked at.
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "elsewhere.key"))
    told = here("report", "ledger", "--out", out)
    assert (told.code, "没有与举报人信息比对" in told.err) == (0, True)


def test_an_anonymous_report_needs_no_key(here: Here, be: Callable[..., None], tmp_path: Path) -> None:
    be("示例初审", Grant.EXAMINER)
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"url": "https://a.example/1", "title": "t"}), encoding="utf-8")
    path.chmod(0o600)
    assert here("incoming", "report", path, "--json").lines[0]["sealed"] is False
    assert not (tmp_path / "keys").exists()


def test_files_that_cannot_be_are_refused_without_being_repeated(
    here: Here, be: Callable[..., None], made_home: Path, tmp_path: Path
) -> None:
    be("示例初审", Grant.EXAMINER)
    file = report_file(tmp_path)
    file.chmod(0o644)
    assert "chmod 600" in here("incoming", "report", file).err
    file.chmod(0o600)
    inside = made_home / "report.toml"
    inside.write_bytes(file.read_bytes())
    inside.chmod(0o600)
    assert "不能放在" in here("incoming", "report", inside).err
    for name, content, why in (
        ("a.toml", f'name = "{NAME}" "{PHONE}"', "第 1 行不是 TOML"),
        ("a.json", f'{{"name": "{NAME}",\n {PHONE}x}}', "第 2 行不是 JSON"),
        ("b.json", f'["{NAME}"]', "名 = 值"),
    ):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        path.chmod(0o600)
        told = here("incoming", "report", path)
        assert (told.code, why in told.err) == (2, True), told.err
        assert NAME not in told.err
        assert PHONE not in told.err
    assert "要写举报文件" in here("incoming", "report").err


def test_nobody_reports_without_a_credential(here: Here, be: Callable[..., None], tmp_path: Path) -> None:
    be("示例只读", Grant.VIEWER)
    assert "没有初审或复核权限" in here("incoming", "report", report_file(tmp_path)).err


def test_without_the_key_the_rest_works(
    here: Here, be: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be("示例全能", Grant.EXAMINER, Grant.REPORTERS, Grant.ADMIN)
    number = here("incoming", "report", report_file(tmp_path), "--json").lines[0]["lead"]
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "gone.key"))
    for told in (here("incoming", "reporter", number, "--reveal"), here("incoming", "report", report_file(tmp_path))):
        assert (told.code, "密钥文件不在" in told.err) == (2, True)
    assert not (tmp_path / "gone.key").exists()  # a second key would hide that the first is lost
    assert "密钥文件不在" in here("incoming", "key").err
    made = here("incoming", "key", "--make", "--json")
    assert (made.code, len(made.lines[0]["sealed"])) == (0, 1)
    assert here("incoming", "report", report_file(tmp_path)).code == 0
    broken = here("incoming", "reporter", number, "--reveal", "--json")
    assert (broken.code, "要用密钥" in broken.err, NAME in broken.out + broken.err) == (2, True, False)


def test_all_reporters_are_sealed_again_under_a_new_key(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    be("示例全能", Grant.EXAMINER, Grant.REPORTERS, Grant.ADMIN)
    number = here("incoming", "report", report_file(tmp_path), "--json").lines[0]["lead"]
    with engine.connect() as connection:
        before = connection.execute(text("SELECT sealed FROM reporters")).scalar_one()
    told = here("incoming", "rekey", "--new", tmp_path / "keys" / "new.key", "--json")
    assert (told.code, told.lines[0]["reporters"]) == (0, 1)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT sealed FROM reporters")).scalar_one() != before
    assert "要用密钥" in here("incoming", "reporter", number, "--reveal").err
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "keys" / "new.key"))
    assert NAME in here("incoming", "reporter", number, "--reveal").out
    assert "同一把" in here("incoming", "rekey", "--new", tmp_path / "keys" / "new.key").err


# -- lists -----------------------------------------------------------------------------------------

SENT = ("--office", "示例省局", "--document", "示知函〔2026〕1号", "--kind", "transferred")


def test_a_list_is_taken_once_its_reporters_sealed_and_hidden(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path
) -> None:
    be("示例初审", Grant.EXAMINER)
    told = here("incoming", "import", list_file(tmp_path), *SENT, "--days", "5", "--json")
    assert told.code == 0, told.err
    first = told.lines[0]
    assert (len(first["new"]), first["sealed"], first["redacted"]) == (2, 1, [{"row": 3, "columns": ["备注"]}])
    one, two = (WorkedLeads(engine).named(number) for number in first["new"])
    assert (one.source, one.reference, one.office) == ("transferred", "示知函〔2026〕1号", "示例省局")
    assert one.due_at is not None
    assert one.due_at.isoformat() == "2026-11-20T16:00:00+00:00"
    assert two.due_at is not None
    assert two.note == "举报人 〔已隐去〕"
    again = here("incoming", "import", list_file(tmp_path), *SENT, "--days", "5", "--json").lines[0]
    assert (again["new"], again["changed"], again["known"]) == ([], [], 2)


def test_a_changed_row_is_noted_and_another_matter_is_refused(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path
) -> None:
    be("示例初审", Grant.EXAMINER)
    first = here("incoming", "import", list_file(tmp_path), *SENT, "--json").lines[0]["new"]
    changed = ((*ROWS[0][:4], "又写包过", *ROWS[0][5:]), ROWS[1])
    told = here("incoming", "import", list_file(tmp_path, changed), *SENT, "--json").lines[0]
    assert (told["changed"], told["new"]) == (first[:1], [])
    assert "来文更新（示知函〔2026〕1号" in WorkedLeads(engine).named(first[0]).note
    other = [*SENT[:3], "示知函〔2026〕2号", *SENT[4:]]
    refused = here("incoming", "import", list_file(tmp_path), *other)
    assert (refused.code, "另一份文件中用过" in refused.err) == (2, True)


def test_what_is_wrong_with_a_list_is_told_by_row_and_not_repeated(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path
) -> None:
    be("示例初审", Grant.EXAMINER)
    rows = (
        ("", "淘宝", f"{SHOP}1", "", "", "", "", "", NAME, PHONE),
        ("2", "没有的平台", f"{SHOP}2", "", "", PHONE, NAME, "", "", ""),
        ("2", "", PHONE, "", "", "", "2026-13-01", "", "", ""),
        ("3", "", "", "", "", "", "", "x", "", ""),
    )
    told = here("incoming", "import", list_file(tmp_path, rows), *SENT)
    assert told.code == 2
    for what in ("第 2 行没有编号", "第 3 行的平台", "第 3 行的类别", "第 3 行的截止日期", "第 4 行与第 3 行编号相同",
                 "第 4 行的网址", "第 4 行的截止日期", "第 5 行网址、主体、违规表述", "整份没有导入"):  # fmt: skip
        assert what in told.err, what
    assert NAME not in told.err
    assert PHONE not in told.err
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM leads")).scalar_one() == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--office", " ", "--document", "d", "--kind", "transferred"), "--office"),
        (("--office", "o", "--document", "", "--kind", "transferred"), "--document"),
        (("--office", "o", "--document", "d", "--kind", "x"), "--kind"),
        ((*SENT, "--due", "2026-11-31"), "--due"),
        ((*SENT, "--due", "2026-11-30", "--days", "3"), "只写一个"),
    ],
)
def test_what_is_said_of_a_list_must_be_right(
    here: Here, be: Callable[..., None], tmp_path: Path, options: tuple[str, ...], why: str
) -> None:
    be("示例初审", Grant.EXAMINER)
    told = here("incoming", "import", list_file(tmp_path), *options)
    assert (told.code, why in told.err) == (2, True), told.err


def test_the_template_is_a_list_that_is_read(here: Here, be: Callable[..., None], tmp_path: Path) -> None:
    be("示例初审", Grant.EXAMINER)
    out = tmp_path / "t.xlsx"
    assert here("incoming", "template", "--out", out, "--json").code == 0
    assert "已经存在" in here("incoming", "template", "--out", out).err
    assert "没有一行线索" in here("incoming", "import", out, *SENT).err


def test_the_sender_is_told_what_became_of_each(here: Here, be: Callable[..., None], tmp_path: Path) -> None:
    be("示例初审", Grant.EXAMINER)
    rows = ((*ROWS[0][:6], "2026-01-05", "", NAME, PHONE), ROWS[1])
    here("incoming", "import", list_file(tmp_path, rows), *SENT)
    out = tmp_path / "feedback.xlsx"
    told = here("incoming", "feedback", "--document", SENT[3], "--out", out, "--json")
    assert told.code == 0, told.err
    assert [one["is_late"] for one in told.lines[0]["rows"]] == [True, False]
    assert [one["due_day"] for one in told.lines[0]["rows"]] == ["2026-01-05", ""]
    cells = [str(cell.value) for row in load_workbook(out).active.iter_rows() for cell in row if cell.value]
    assert "2026-01-05" in cells
    assert {"省1", "省2", "待认领", "在办", "超期"} <= set(cells)
    assert not any(NAME in cell or PHONE in cell for cell in cells)
    assert "没有文号" in here("incoming", "feedback", "--document", "别的", "--out", tmp_path / "x.xlsx").err


# -- field checks ----------------------------------------------------------------------------------


def test_a_field_check_becomes_a_lead_with_digests_of_its_photographs(
    here: Here, be: Callable[..., None], engine: Engine, tmp_path: Path
) -> None:
    be("示例初审", Grant.EXAMINER)
    (tmp_path / "1.jpg").write_bytes(b"photo")
    file = tmp_path / "field.toml"
    told = 'day = "2026-01-05"\nofficers = ["示例甲", "示例乙"]\nplace = "样本路 1 号"\nfound = "门头写有绿色通道"\n'
    file.write_text(told + 'photos = ["1.jpg"]\nphotos_kept = "执法记录仪 3 号卡"\n', encoding="utf-8")
    number = here("incoming", "field", file, "--json").lines[0]["lead"]
    lead = WorkedLeads(engine).named(number)
    assert lead.source == "field"
    assert "示例甲、示例乙" in lead.note
    assert "SHA-256 ed9d45" not in told
    assert "照片 1.jpg SHA-256 " in lead.note
    for wrong, why in (
        (told.replace("day", "days"), "没有 days"),
        (told.replace('"2026-01-05"', '"2999-01-05"'), "今天以后"),
        (told + 'photos = ["1.jpg"]\n', "照片存放处"),
        (told + 'photos = ["2.jpg"]\nphotos_kept = "卡"\n', "不是文件"),
        (told + 'categories = ["x"]\n', "类别"),
        (told + 'url = "x"\n', "http"),
    ):
        file.write_text(wrong, encoding="utf-8")
        assert why in here("incoming", "field", file).err
