"""`lantian letter draft`: what keeps a letter from being written, each seen; and what a written one is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from casework.letters.content import content_read, digest_of
from storage.audit import AuditLog
from storage.cases.letters import KeptLetters
from tests.console.conftest import Ran
from tests.console.letter_specimens import CAT, OPERATOR, Bureau, copied, new_home

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return new_home(tmp_path_factory.mktemp("bureau") / "home", monkeypatch)


@pytest.fixture
def bureau(decided: Path, here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    bureau = Bureau(copied(decided, tmp_path / "home"), here, monkeypatch)
    yield bureau
    bureau.engine.dispose()


def of_kind(here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **kinds: bool) -> Bureau:
    (tmp_path / "home").rmdir()
    return Bureau(new_home(tmp_path / "home", monkeypatch, **kinds), here, monkeypatch)


def refused(bureau: Bureau, ran: Ran, *words: str) -> None:
    """Nothing is written, and every reason is told."""
    assert ran.code in (2, 4), ran
    for word in words:
        assert word in ran.err, ran.err
    assert (bureau.files(), KeptLetters(bureau.engine).about([bureau.lead.id], OPERATOR, "remove")) == ([], {})


def in_full(bureau: Bureau, *more: object) -> Ran:
    """As `Bureau.draft`, where broken evidence is raised as `main` would tell it."""
    from crawler.errors import EvidenceBroken

    try:
        return bureau.draft(CAT, *more)
    except EvidenceBroken as broken:
        return Ran(4, "", str(broken))


def test_a_letter_is_drafted_with_all_that_belongs_to_it(bureau: Bureau) -> None:
    ran = bureau.draft()
    assert ran.code == 0, ran.err
    (told,) = ran.lines
    assert (told["verb"], told["addressee"], told["state"]) == ("商请", OPERATOR, "draft")
    assert (told["leads"], told["exhibits"]) == ([bureau.lead.number], [bureau.exhibit])
    assert bureau.files() == [f"{told['number']}-草稿.{kind}" for kind in ("docx", "json", "pdf", "xlsx")]
    text = "".join(page.extract_text() for page in PdfReader(bureau.out / f"{told['number']}-草稿.pdf").pages)
    plain = "".join(text.split())
    assert "草稿" in plain
    assert "【条文待核】" in plain
    assert "尚待依法查证" in plain
    assert "链首第1号" in plain
    assert "商请" in plain
    # The drafter signed for this digest, these leads, exhibits and articles.
    (*_, last) = AuditLog(bureau.engine).entries()
    detail = json.loads(last.detail)
    assert (last.who, last.act, last.subject) == (CAT, "letter_draft", told["number"])
    assert detail["digest"] == digest_of(bureau.letter.content) == told["digest"]
    assert (detail["leads"], detail["exhibits"], detail["articles"]) == (
        told["leads"],
        [bureau.exhibit],
        told["articles"],
    )
    content = content_read(bureau.letter.content)
    assert content.letter.marks == ()
    assert [one.lead for one in content.listed] == [bureau.lead.number]
    # A draft cannot be reminded of; what went out is. Nothing is overwritten.
    again = bureau.draft()
    assert (again.code, "remind" in again.err) == (2, False)
    assert f"请先发出或撤回：lantian letter withdraw {told['number']}" in again.err
    bureau.write("UPDATE letters SET state = 'sent'")
    again = bureau.draft()
    assert (again.code, f"lantian letter remind {told['number']}" in again.err) == (2, True)
    assert len(bureau.files()) == 4
    other = bureau.draft(CAT, "--kind", "system")
    assert (other.code, other.lines[0]["kind"]) == (0, "system"), other.err
    shown = json.loads((bureau.out / f"{told['number']}-草稿.json").read_text("utf-8"))["leads"][0]
    assert (bool(shown["query"]), shown["position"].startswith("第 ")) == (True, True)


def test_every_reason_is_told_at_once(decided: Path, bureau: Bureau) -> None:
    (bureau.home / "lantian.toml").write_text('[office]\nkind = "amr"\nlevel = "city"\n', encoding="utf-8")
    bureau.write("UPDATE operators SET is_current = 0")
    bureau.write("UPDATE leads SET state = 'confirmed'")
    office = "[office] 缺少：名称、机关代字、联系人、联系电话、所在省份"
    operator = ("还没有经具名人员确认", "北京百度网讯科技有限公司，未核")
    refused(bureau, in_full(bureau), office, "（2）", "要先由两人认定、复核", *operator)


def test_a_lead_that_two_people_did_not_decide(here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bureau = of_kind(here, tmp_path, monkeypatch, is_decided=False)
    refused(bureau, in_full(bureau), "要先由两人认定、复核")
    # Whoever writes the row writes nobody's signature.
    bureau.write("UPDATE leads SET state='approved', decided_by='甲', approved_by='乙', decision=3, approval=4")
    refused(bureau, in_full(bureau), "操作日志第 3 条不是")
    bureau.write("UPDATE leads SET decision=NULL, approval=NULL")
    refused(bureau, in_full(bureau), "没有认定或复核的签字记录")
    bureau.engine.dispose()


@pytest.mark.parametrize(
    ("kinds", "why"),
    [
        ({"is_sealed": False}, "未封存"),
        ({"is_specimen": True}, "不是真实平台，不能写进函里"),
    ],
)
def test_captures_that_may_not_leave(
    here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kinds: dict[str, bool], why: str
) -> None:
    bureau = of_kind(here, tmp_path, monkeypatch, **kinds)
    refused(bureau, in_full(bureau), why, bureau.exhibit, bureau.lead.number)
    if "is_specimen" in kinds:
        # A home for trying things out may, and the letter says what it is.
        (bureau.home / "SPECIMEN").write_text("", encoding="utf-8")
        assert in_full(bureau).lines[0]["specimen"] is True
        text = PdfReader(bureau.out / f"{bureau.letter.number}-草稿.pdf").pages[0].extract_text()
        assert "样本" in text
    bureau.engine.dispose()


def test_a_capture_that_no_longer_verifies(bureau: Bureau) -> None:
    bureau.damage()
    refused(bureau, in_full(bureau), bureau.exhibit)


def test_trial_rules_alone_write_no_letter(bureau: Bureau) -> None:
    bureau.write("UPDATE findings SET state = 'trial'")
    refused(bureau, in_full(bureau), "试行规则只供参考")


def test_an_operator_whom_nobody_signed_for(bureau: Bureau) -> None:
    bureau.write("UPDATE operators SET name = '别的公司'")
    refused(bureau, in_full(bureau), "与 示例初审 签字确认的不符")
    bureau.write("UPDATE operators SET entry = 1")
    refused(bureau, in_full(bureau), "操作日志第 1 条不是 baidu 的 operator_confirm")


def test_a_measure_that_is_not_ours_is_refused_with_the_reasons(bureau: Bureau) -> None:
    refused(bureau, in_full(bureau, "--kind", "order", "--to", "示例代理有限公司"), "本机关不能责令改正")
    refused(bureau, in_full(bureau, "--kind", "warn"), "--to")
    refused(bureau, in_full(bureau, "--kind", "letter"), "--kind 要是")
    refused(bureau, in_full(bureau, "--kind", "remove", "--to", "别处"), "不用 --to")


@pytest.mark.parametrize(
    ("kind", "to", "word"), [("transfer", "示例省知识产权局", "移送"), ("warn", "示例大学", "风险")]
)
def test_letters_to_others(bureau: Bureau, kind: str, to: str, word: str) -> None:
    ran = in_full(bureau, "--kind", kind, "--to", to)
    assert ran.code == 0, ran.err
    (told,) = ran.lines
    assert (told["addressee"], word in told["title"]) == (to, True)
    if kind == "warn":
        # A client learns of no other matter.
        files = [path.read_bytes() for path in bureau.out.glob("*.json")]
        assert json.loads(files[0])["leads"] == []
        assert bureau.lead.url not in bureau.letter.content


def test_a_rows_file_that_is_there_is_not_replaced(bureau: Bureau) -> None:
    bureau.out.mkdir()
    (bureau.out / "H2026-00001-草稿.pdf").write_text("别人的", encoding="utf-8")
    ran = in_full(bureau)
    assert (ran.code, "不覆盖" in ran.err) == (2, True)
    assert bureau.files() == ["H2026-00001-草稿.pdf"]
    assert KeptLetters(bureau.engine).about([bureau.lead.id], OPERATOR, "remove") == {}


def test_without_a_credential_or_the_right_nobody_drafts(bureau: Bureau) -> None:
    bureau.monkeypatch.delenv("LANTIAN_TOKEN", raising=False)
    ran = bureau.run("letter", "draft", "--leads", bureau.lead.number, "--out", bureau.out)
    assert (ran.code, "凭据" in ran.err) == (2, True)


def test_whoever_drafts_may_leave_articles_out_and_add_none(bureau: Bureau) -> None:
    refused(
        bureau, in_full(bureau, "--without", "AUC25-九,CL-二百二十二"), "只能去掉本函会引的条文，CL-二百二十二 不在其中"
    )
    ran = bureau.draft(CAT, "--without", "AUC25-九")
    assert ran.code == 0, ran.err
    letter = bureau.letter
    assert letter.articles
    assert "AUC25-九" not in letter.articles
    content = content_read(letter.content)
    assert content.without == ("AUC25-九",)
    assert "起草人决定不引：AUC25-九" in content.notes
    assert not any("反不正当竞争法" in one.text for one in content.letter.paragraphs)
    (*_, last) = AuditLog(bureau.engine).entries()
    assert (last.who, json.loads(last.detail)["without"]) == (CAT, ["AUC25-九"])
