"""Publication, credit facts, typical cases, the summary and the trend, as people ask for them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from people_specimens import someone, token_of
from report_specimens import (
    DISTRICTS,
    PHONE,
    actor_values,
    case_values,
    exhibit_on,
    lead_values,
    letter_values,
    link_values,
)
from reporter_specimens import KEY_ONE
from sqlalchemy import Connection, Engine, insert, update
from storage_specimens import SNAPSHOT, archive_in, keep_snapshot

from casework.acting import Acting, Grant
from casework.incoming.keys import make_key
from casework.incoming.reporter import Reporter, seal
from casework.reports.publishing import Wanted, Withdrawn, publish, take_off
from casework.trust import Trust
from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import Act, add_on
from storage.cases.publications import PUBLISH, Publications
from storage.cases.reporters import Sealed, add_sealed
from storage.db import open_database, writing
from storage.draws import Draws
from storage.models import CaptureRow, ExhibitRow, FindingRow, PageRecord
from storage.rows import capture_values
from storage.supervision_shapes import Draw
from storage.tables.actors import ActorRow
from storage.tables.leads import CaseRow, LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow
from tests.console.conftest import Ran

AT = datetime(2026, 11, 3, 4, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
AGENCY = "示例星河知识产权代理有限公司"
WANTED = Wanted(case="A2026-00001", title="示例标题", facts="发布包授权广告", basis="示例条例第一条", days=30)
Here = Callable[..., Ran]


@dataclass(frozen=True)
class Office:
    """Somebody of each kind."""

    examiner: Acting
    reviewer: Acting
    other: Acting


@pytest.fixture
def engine(made_home: Path) -> Iterator[Engine]:
    engine = open_database(made_home / "lantian.db")
    yield engine
    engine.dispose()


@pytest.fixture
def office(engine: Engine) -> Office:
    examiner = someone(engine, "示例初审", Grant.EXAMINER, Grant.REVIEWER)
    reviewer = someone(engine, "示例复核", Grant.REVIEWER)
    other = someone(engine, "示例另一", Grant.REVIEWER)
    with writing(engine).begin() as connection:
        named = {"agency": AGENCY, "agency_kind": "patent_agency", "agency_code": "99999", "credit_code": "9" * 18}
        connection.execute(insert(ActorRow).values(actor_values(1, **named)))
        connection.execute(insert(CaseRow).values(case_values(1, actor_id=1)))
        connection.execute(insert(CaseRow).values(case_values(2)))
        approved_on(connection, 1, examiner, reviewer)
        exhibit_on(connection, 9, 1, AT)
    return Office(examiner=examiner, reviewer=reviewer, other=other)


def approved_on(connection: Connection, number: int, decides: Acting, approves: Acting) -> None:
    """A lead that two people found true, as the log proves it."""
    name = f"X2026-{number:05}"
    decision = add_on(connection, decides.sign(Act(who="", act="lead_confirm", subject=name, at=AT)))
    act = Act(who="", act="lead_approve", subject=name, at=AT, detail={"decision": decision})
    approval = add_on(connection, approves.sign(act))
    told = {"decided_by": decides.name, "decided_at": AT, "decision": decision}
    told |= {"approved_by": approves.name, "approved_at": AT, "approval": approval}
    place = {"actor_id": 1, "case_id": 1, "state": "approved", "district": DISTRICTS[0], "assignee": "王示例"}
    connection.execute(insert(LeadRow).values(lead_values(number, AT, **told, **place, note="举报人赵示例提供")))
    for at, by, move, entry in ((AT, decides.name, "confirm", decision), (AT, approves.name, "approve", approval)):
        moved = {"before": "", "after": "", "reason": "赵示例说的", "detail": []}
        connection.execute(insert(MoveRow).values(lead_id=number, move=move, by=by, at=at, entry=entry, **moved))


# -- who may publish ---------------------------------------------------------------------------


def test_a_reviewer_who_decided_nothing_publishes(engine: Engine, office: Office) -> None:
    made = publish(engine, office.reviewer, WANTED, NOW)
    assert (made.case, made.actor, made.published_by) == ("A2026-00001", AGENCY, "示例复核")
    proven = Trust(engine).proven(made.entry, PUBLISH, made.case, Grant.REVIEWER)
    assert (proven.name, proven.detail["title"]) == ("示例复核", "示例标题")


@pytest.mark.parametrize(
    ("who", "changes", "why"),
    [
        ("examiner", {}, "不能由同一人决定公示"),
        ("reviewer", {"case": "A2026-00002"}, "没有经复核属实的线索"),
        ("reviewer", {"case": "A2026-00003"}, "没有案件"),
        ("reviewer", {"title": " "}, "不能空"),
        ("reviewer", {"facts": f"电话 {PHONE}"}, "联系方式"),
        ("reviewer", {"basis": "长" * 2001}, "最多"),
        ("reviewer", {"days": 0}, "--days"),
        ("reviewer", {"days": 2000}, "--days"),
    ],
)
def test_what_may_not_be_published(engine: Engine, office: Office, who: str, changes: dict[str, Any], why: str) -> None:
    told = {name: getattr(WANTED, name) for name in ("case", "title", "facts", "basis", "days")} | changes
    with pytest.raises(UserMistake, match=why):
        publish(engine, getattr(office, who), Wanted(**told), NOW)
    assert Publications(engine).in_force(NOW, NOW) == ()


def test_without_the_right_nobody_publishes_or_takes_off(engine: Engine, office: Office) -> None:
    viewer = someone(engine, "示例查看", Grant.VIEWER, Grant.EXAMINER)
    made = publish(engine, office.reviewer, WANTED, NOW)
    with pytest.raises(UserMistake, match="没有复核权限"):
        publish(engine, viewer, WANTED, NOW)
    with pytest.raises(UserMistake, match="没有复核权限"):
        take_off(engine, viewer, Withdrawn(number=made.id, reason="信用修复"), NOW)


def test_who_reported_is_not_published(engine: Engine, office: Office) -> None:
    with writing(engine).begin() as connection:
        sealed = seal(Reporter(name="司徒样本"), "X2026-00001", KEY_ONE)
        row = Sealed(lead="X2026-00001", sealed=sealed, key_id=KEY_ONE.id, at=AT, by="")
        add_sealed(connection, 1, row, office.examiner.sign)
    with pytest.raises(UserMistake, match="不能与举报人信息比对"):
        publish(engine, office.reviewer, WANTED, NOW)
    for name in ("title", "facts", "basis"):
        with pytest.raises(UserMistake, match=f"--{name}中写有举报人的姓名"):
            publish(engine, office.reviewer, replace(WANTED, key=KEY_ONE, **{name: "经司徒样本举报"}), NOW)  # type: ignore[arg-type]
    made = publish(engine, office.reviewer, replace(WANTED, key=KEY_ONE), NOW)
    with pytest.raises(UserMistake, match="--reason中写有举报人的姓名"):
        take_off(engine, office.other, Withdrawn(number=made.id, reason="司徒样本撤回", key=KEY_ONE), NOW)
    assert take_off(engine, office.other, Withdrawn(number=made.id, reason="信用修复", key=KEY_ONE), NOW).id == made.id


def test_other_districts_cases_are_not_there(engine: Engine, office: Office) -> None:
    elsewhere = someone(engine, "示例乙县人", Grant.REVIEWER, districts=DISTRICTS[1:2])
    made = publish(engine, office.reviewer, WANTED, NOW)
    for ask in (
        lambda: publish(engine, elsewhere, WANTED, NOW),
        lambda: take_off(engine, elsewhere, Withdrawn(number=made.id, reason="信用修复"), NOW),
    ):
        with pytest.raises(UserMistake, match="没有案件"):
            ask()


def test_rows_alone_publish_nothing(engine: Engine, office: Office) -> None:
    """A row that says that two people stood behind it is nothing without their signatures."""
    with writing(engine).begin() as connection:
        connection.execute(update(LeadRow).values(approval=1))
    with pytest.raises(EvidenceBroken):
        publish(engine, office.reviewer, WANTED, NOW)


def test_one_person_behind_both_entries_is_refused(engine: Engine, office: Office) -> None:
    with writing(engine).begin() as connection:
        connection.execute(insert(CaseRow).values(case_values(3)))
        approved_on(connection, 5, office.other, office.other)
        connection.execute(update(LeadRow).where(LeadRow.id == 5).values(case_id=3))
    with pytest.raises(EvidenceBroken, match="同一人"):
        publish(engine, office.reviewer, Wanted(**_told(WANTED) | {"case": "A2026-00003"}), NOW)


def _told(wanted: Wanted) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("case", "title", "facts", "basis", "days")}


def test_nothing_that_the_log_does_not_prove_leaves(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例复核", Grant.REVIEWER))
    with writing(engine).begin() as connection:
        connection.execute(update(LeadRow).values(approval=1))
    asked = ("--from", "2026-11-01", "--to", "2026-11-30", "--out", tmp_path / "a.xlsx")
    for words in (("credit", *asked), ("case", "A2026-00001", "--out", tmp_path / "a.zip")):
        with pytest.raises(EvidenceBroken):
            here("report", *words)
    assert [one.name for one in tmp_path.iterdir()] == ["home"]


# -- how long ----------------------------------------------------------------------------------


def on_list(here: Here, day: str) -> list[int]:
    return [one["id"] for one in here("report", "publish", "list", "--on", day, "--json").lines]


def test_an_entry_ends_by_itself(here: Here, engine: Engine, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例查看", Grant.VIEWER))
    made = publish(engine, office.reviewer, Wanted(**_told(WANTED) | {"days": 2}), NOW)
    days = ("2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22")
    assert [on_list(here, day) for day in days] == [[], [made.id], [made.id], []]


def test_restored_credit_takes_it_off_and_keeps_why(
    here: Here, engine: Engine, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例复核", Grant.REVIEWER))
    made = publish(engine, office.reviewer, WANTED, NOW)
    gone = take_off(engine, office.other, Withdrawn(number=made.id, reason="信用修复"), NOW + timedelta(days=3))
    assert (gone.reason, gone.removed_by) == ("信用修复", "示例另一")
    days = ("2026-11-20", "2026-11-22", "2026-11-23", "2026-11-24")
    assert [on_list(here, day) for day in days] == [[made.id], [made.id], [], []]
    with pytest.raises(UserMistake, match="已经移出"):
        take_off(engine, office.other, Withdrawn(number=made.id, reason="信用修复"), NOW)
    with pytest.raises(UserMistake, match="没有公示"):
        take_off(engine, office.other, Withdrawn(number=77, reason="信用修复"), NOW)


def test_the_list_is_the_same_in_every_form(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例复核", Grant.REVIEWER))
    hostile = "<script>alert(1)</script>=1+1"
    added = here(
        "report", "publish", "add", "A2026-00001", "--title", hostile, "--facts", "事实", "--basis", "依据",
        "--days", "30", "--json",
    )  # fmt: skip
    assert added.lines[0]["title"] == hostile
    for form in ("xlsx", "json", "html"):
        ran = here("report", "publish", "list", "--out", tmp_path / f"a.{form}")
        assert ran.code == 0
    page = (tmp_path / "a.html").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["entries"][0]["标题"] == hostile
    rows = list(load_workbook(tmp_path / "a.xlsx")["公示名单"].iter_rows(values_only=True))
    assert rows[3][1] == AGENCY == told["entries"][0]["当事人"]
    assert here("report", "publish", "list", "--out", tmp_path / "a.csv").code == 2
    removed = here("report", "publish", "remove", added.lines[0]["id"], "--reason", "信用修复", "--json")
    assert removed.lines[0]["reason"] == "信用修复"
    assert here("report", "publish", "list", "--json").lines == []


# -- credit facts ------------------------------------------------------------------------------


def test_credit_facts_are_what_stands_of_agencies(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例查看", Grant.VIEWER))
    with writing(engine).begin() as connection:
        approved_on(connection, 2, office.examiner, office.reviewer)
        approved_on(connection, 3, office.examiner, office.reviewer)
        connection.execute(update(LeadRow).where(LeadRow.id == 2).values(actor_id=None))
        connection.execute(update(LeadRow).where(LeadRow.id == 3).values(state="examining", approved_at=None))
        connection.execute(insert(LetterRow).values(letter_values(1, AT, document="示知函〔2026〕1号")))
        connection.execute(insert(LetterLeadRow).values(link_values(1, 1)))
    asked = ("report", "credit", "--from", "2026-11-01", "--to", "2026-11-30", "--out", tmp_path / "a.xlsx", "--json")
    assert here(*asked).lines[0]["facts"] == 1
    rows = list(load_workbook(tmp_path / "a.xlsx")["信用事实"].iter_rows(values_only=True))
    assert [one[:3] for one in rows[3:]] == [(AGENCY, "99999", "9" * 18)]
    fact = dict(zip(rows[2], rows[3], strict=True))
    assert (fact["文书"], fact["复核日期"], fact["案件编号"]) == ("示知函〔2026〕1号", "2026-11-03", "A2026-00001")
    assert PHONE not in str(rows)
    earlier = here(
        "report", "credit", "--from", "2026-10-01", "--to", "2026-10-31", "--out", tmp_path / "b.xlsx", "--json"
    )
    assert earlier.lines[0]["facts"] == 0


# -- typical cases -----------------------------------------------------------------------------


def package_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def text_of(files: dict[str, bytes]) -> str:
    document = Document(BytesIO(files["案情素材.docx"]))
    cells = [cell.text for one in document.tables for row in one.rows for cell in row.cells]
    footer = [one.text for one in document.sections[0].footer.paragraphs]
    plain = [content.decode() for name, content in files.items() if not name.endswith((".docx", ".png"))]
    return "\n".join([*(one.text for one in document.paragraphs), *cells, *footer, *plain])


def test_a_typical_case_names_nobody(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例联系", Grant.VIEWER, Grant.CONTACTS))
    with writing(engine).begin() as connection:
        sent = {
            "sent_at": AT + timedelta(days=1),
            "answered_at": AT + timedelta(days=4),
            "addressee": "示例网络有限公司",
        }
        connection.execute(insert(LetterRow).values(letter_values(1, AT, **sent)))
        connection.execute(insert(LetterLeadRow).values(link_values(1, 1, measure="删除")))
        connection.execute(update(FindingRow).values(quote=f"包授权_星河知产 电话 {PHONE}_星河知产"))
        connection.execute(update(CaptureRow).values(taken_at=AT - timedelta(seconds=30)))
    named = here("report", "case", "A2026-00001", "--out", tmp_path / "a.zip", "--json")
    assert named.lines[0]["files"] == ["案情素材.docx", "时间线.json", "证据摘要.json", "说明.txt"]
    plain = text_of(package_of(tmp_path / "a.zip"))
    assert AGENCY in plain
    assert f"{9:064x}" in plain
    assert "收到反馈：删除" in plain
    hidden = here("report", "case", "A2026-00001", "--anonymous", "--out", tmp_path / "b.zip")
    assert hidden.code == 0
    anonymous = text_of(package_of(tmp_path / "b.zip"))
    assert "某某知识产权代理公司" in anonymous
    for secret in (PHONE, "王示例", "赵示例", "示例初审", "示例复核", "示例知识产权代理"):
        assert secret not in plain
        assert secret not in anonymous
    for name in (AGENCY, "星河", "示例网络有限公司", "百度", "示例店"):
        assert name not in anonymous
    assert "没有登记过的简称" in anonymous
    assert "名称没有隐去" in plain
    for told in (plain, anonymous):
        assert "涉嫌包授权，尚待依法查证" in told
        assert "违法类别" not in told
    (digest,) = json.loads(package_of(tmp_path / "b.zip")["证据摘要.json"])
    assert (digest["seen_at"], digest["taken_at"]) == ("2026-11-03 12:00:00", "2026-11-03 11:59:30")
    tables = Document(BytesIO(package_of(tmp_path / "b.zip")["案情素材.docx"])).tables
    heads = [cell.text for cell in tables[-1].rows[0].cells]
    shown = [cell.text for cell in tables[-1].rows[1].cells]
    assert dict(zip(heads, shown, strict=True))["发现时间"] == digest["seen_at"]
    assert dict(zip(heads, shown, strict=True))["固定时间"] == digest["taken_at"]
    assert digest["quote"].startswith("包授权_")
    again = here("report", "case", "A2026-00001", "--anonymous", "--out", tmp_path / "c.zip")
    assert again.code == 0


def test_a_typical_case_is_compared_with_who_reported_it(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例查看", Grant.VIEWER))
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "keys" / "reporter.key"))
    key = make_key(tmp_path / "keys" / "reporter.key", ())
    with writing(engine).begin() as connection:
        sealed = seal(Reporter(name="示例网络有限公司"), "X2026-00001", key)
        add_sealed(
            connection, 1, Sealed(lead="X2026-00001", sealed=sealed, key_id=key.id, at=AT, by=""), office.examiner.sign
        )
    ask = ("report", "case", "A2026-00001", "--out", tmp_path / "a.zip")
    assert here(*ask).code == 0
    (tmp_path / "a.zip").unlink()
    with writing(engine).begin() as connection:
        connection.execute(update(FindingRow).values(quote="包授权 示例网络有限公司"))
    told = here(*ask)
    assert (told.code, "中写有举报人的姓名" in told.err, (tmp_path / "a.zip").exists()) == (2, True, False)
    monkeypatch.setenv("LANTIAN_REPORTER_KEY", str(tmp_path / "elsewhere.key"))
    assert "不能与举报人信息比对" in here(*ask).err


def test_pictures_are_left_out_unless_asked_for(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例查看", Grant.VIEWER))
    with archive_in(tmp_path / "home" / "archive") as archive:
        picture = keep_snapshot(archive, SNAPSHOT)
    with writing(engine).begin() as connection:
        connection.execute(insert(CaptureRow).values(capture_values(picture) | {"expired_in": None, "sealed_in": None}))
        connection.execute(update(ExhibitRow).values(picture_id=picture.id))
        page = {column.name: None if column.nullable else 0 for column in PageRecord.__table__.columns}
        words = dict.fromkeys(("requested_url", "url", "outcome", "reason", "detail"), "")
        place = {"id": 1, "run_id": f"{9:032x}", "number": 1, "seen_at": AT}
        connection.execute(insert(PageRecord).values(page | words | place))
    without = here("report", "case", "A2026-00001", "--out", tmp_path / "a.zip")
    assert "图片" not in "".join(package_of(tmp_path / "a.zip")) + without.err
    ran = here("report", "case", "A2026-00001", "--pictures", "--out", tmp_path / "b.zip")
    files = package_of(tmp_path / "b.zip")
    assert files[f"图片/{9:032x}.png"] == SNAPSHOT.body
    assert "未经遮盖" in files["图片/未经遮盖.txt"].decode()
    assert "图片未经遮盖" in ran.err


def test_a_case_that_nobody_found_true_is_no_typical_one(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例查看", Grant.VIEWER))
    assert here("report", "case", "A2026-00002", "--out", tmp_path / "a.zip").code == 2
    assert not (tmp_path / "a.zip").exists()


# -- the year, what is due, the trend ----------------------------------------------------------


def test_a_year_is_written_and_opened(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例查看", Grant.VIEWER))
    publish(engine, office.reviewer, WANTED, NOW)
    out = tmp_path / "a.docx"
    told = here("report", "year", "2026", "--out", out, "--json").lines[0]
    assert (told["due"], told["file"]) == ("2026-11-15", str(out))
    document = "\n".join(one.text for one in Document(out).paragraphs)
    assert "登记线索 1 条" in document
    assert "公示曝光 1 条" in document
    opened = here("report", "year", "2026", "--list", "leads.conclusion.true", "--json").lines
    assert [one["number"] for one in opened] == ["X2026-00001"]
    assert here("report", "year", "2026").code == 2


def test_what_is_due_is_told(here: Here, made_home: Path) -> None:
    (made_home / "lantian.toml").write_text('[reports]\nsummary_due = "10-21"\nsummary_to = "示例处"\n')
    rows = here("report", "due", "--json").lines
    assert {one["due"][5:] for one in rows} == {"10-21"}
    assert {one["to"] for one in rows} == {"示例处"}
    assert [one["late_days"] > 0 for one in rows][1] is False
    assert "年度总结" in here("report", "due").out


def test_a_trend_is_drawn(here: Here, engine: Engine, office: Office, tmp_path: Path) -> None:
    token = token_of(engine, "示例查看", Grant.VIEWER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANTIAN_TOKEN", token)
        asked = ("report", "trend", "--from", "2026-11-01", "--to", "2026-11-30", "--json", "--out")
        told = here(*asked, tmp_path / "a.svg").lines[0]
    assert told["listings"] == [None, 1, None, None, None, None]
    assert told["categories"] == {"guaranteed_grant": [None, 1, None, None, None, None]}, "nobody looked: no zeros"
    assert told["looks"] == [{"seen": 0, "unseen": 0}] * 6
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")


def test_draws_of_the_year_are_in_the_summary(
    here: Here, engine: Engine, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANTIAN_TOKEN", token_of(engine, "示例查看", Grant.VIEWER))
    for year in (2025, 2026):
        drawn = {"size": 10, "digest": "ab" * 32, "results": (("taobao", "1"),), "drawn_by": "示例", "method": "m"}
        at = datetime(year, 6, 1, tzinfo=UTC)
        Draws(engine).keep(Draw(source="shops", version=0, seed="1", wanted=1, drawn_at=at, **drawn))
    out = tmp_path / "a.docx"
    assert here("report", "year", "2026", "--out", out).code == 0
    document = "\n".join(one.text for one in Document(out).paragraphs)
    assert "双随机抽查 1 次" in document
    assert "2026-06-01，从 见过的店铺 10 家中抽取 1 家（10.0%）" in document
