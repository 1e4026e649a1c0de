"""A letter's life by commands: two people behind it whatever is done to the rows; sent, answered, reminded of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from people_specimens import BEGUN, token_of
from sqlalchemy import select

from casework.acting import Grant
from casework.credentials import with_token
from casework.letters.content import content_read, digest_of
from casework.workdays import last_day
from crawler import clock
from crawler.errors import EvidenceBroken
from storage.audit import Act, add_on
from storage.cases.letters import KeptLetters, LetterAct, approve_on
from storage.db import writing
from storage.people import People
from storage.rechecks import Rechecks
from storage.tables.letters import LetterRow
from tests.console.conftest import Ran
from tests.console.letter_specimens import (
    ANN,
    BEN,
    CAT,
    DOCUMENT,
    OPERATOR,
    Bureau,
    copied,
    new_home,
    read_law,
)

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one draft, whose articles nobody has read."""
    from console.cases import letter_drafting

    with pytest.MonkeyPatch.context() as monkeypatch:
        home = new_home(tmp_path_factory.mktemp("bureau") / "home", monkeypatch)
        monkeypatch.setenv("LANTIAN_HOME", str(home))
        bureau = Bureau(home, lambda: Ran(0, "", ""), monkeypatch)
        monkeypatch.setenv("LANTIAN_TOKEN", bureau.tokens[CAT])
        asked = letter_drafting.Asked(leads=(bureau.lead.number,), out=home.parent / "drafted")
        letter_drafting.draft(asked, as_json=False)
        bureau.engine.dispose()
    return home


@pytest.fixture(scope="module")
def read(drafted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, read by a legal reviewer."""
    home = copied(drafted, tmp_path_factory.mktemp("read") / "home")
    with pytest.MonkeyPatch.context() as monkeypatch:
        bureau = Bureau(home, lambda: Ran(0, "", ""), monkeypatch)
        read_law(bureau.engine, set(bureau.letter.articles))
        bureau.engine.dispose()
    return home


@pytest.fixture
def bureau(read: Path, here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    bureau = Bureau(copied(read, tmp_path / "home"), here, monkeypatch)
    yield bureau
    bureau.engine.dispose()


def told(bureau: Bureau, name: str, *arguments: object) -> str:
    """How a refusal reads; nothing may have been exported."""
    try:
        ran = bureau.by(name, *arguments)
    except EvidenceBroken as broken:
        assert bureau.files() == []
        return str(broken)
    assert ran.code == 2, ran
    assert bureau.files() == []
    return ran.err


def no_letter(bureau: Bureau, name: str = ANN) -> str:
    return told(bureau, name, "export", "1", "--out", bureau.out)


def test_what_the_law_reviewer_has_not_read_is_not_approved(
    drafted: Path, here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau = Bureau(copied(drafted, tmp_path / "home"), here, monkeypatch)
    said = told(bureau, BEN, "approve", "1")
    assert "【条文待核】" in said
    assert bureau.letter.articles[0] in said
    # A row alone reads no law.
    for one in content_read(bureau.letter.content).articles:
        bureau.write(
            "INSERT OR IGNORE INTO law_confirmations (article, digest, source, confirmed_at, confirmed_by, entry) "
            "VALUES (?, ?, '', '2026-11-20 00:00:00.000000', '示例法制', 1)",
            one.id,
            one.digest,
        )
    assert "【条文待核】" in told(bureau, BEN, "approve", "1")
    bureau.engine.dispose()


def test_one_person_cannot_produce_a_letter(bureau: Bureau) -> None:
    assert "不能由同一人复核" in told(bureau, CAT, "approve", "1")
    assert "由 示例初审 认定" in told(bureau, ANN, "approve", "1")
    assert "没有可以导出的正式稿" in no_letter(bureau)
    # A second token is no second person.
    bureau.tokens["second"] = token_of(bureau.engine, CAT)
    assert "不能由同一人复核" in told(bureau, "second", "approve", "1")
    assert "不能发出" in told(bureau, CAT, "send", "1", "--document", DOCUMENT) or "还没有复核" in told(
        bureau, CAT, "send", "1", "--document", DOCUMENT
    )


def forge(bureau: Bureau, entry: int | str) -> None:
    bureau.write(
        f"UPDATE letters SET state='approved', approved_by='{BEN}', approved_at='2026-11-20 00:00:00.000000', "
        f"approval={entry}"
    )


def test_rows_that_say_approved_convince_nobody(bureau: Bureau) -> None:
    for entry in ("NULL", "entry", "1", "999999"):
        forge(bureau, entry)
        said = no_letter(bureau)
        assert "还没有复核" in said or "操作日志" in said


def test_an_entry_that_nobody_signed_convinces_nobody(bureau: Bureau) -> None:
    digest = bureau.letter.digest
    with writing(bureau.engine).begin() as connection:
        act = Act(
            who=BEN, act="letter_approve", subject=bureau.letter.number, at=clock.now(), detail={"digest": digest}
        )
        entry = add_on(connection, act)
    forge(bureau, entry)
    assert "操作日志" in no_letter(bureau)


def test_an_entry_signed_in_anothers_name_convinces_nobody(bureau: Bureau) -> None:
    """With his own key, under a colleague's name, or naming a colleague's credential."""
    cat = with_token(People(bureau.engine), bureau.tokens[CAT], BEGUN)
    ben = with_token(People(bureau.engine), bureau.tokens[BEN], BEGUN)
    for detail in ({"credential": ben.credential}, {}):
        with writing(bureau.engine).begin() as connection:
            signed = cat.sign(
                Act(
                    who=CAT,
                    act="letter_approve",
                    subject=bureau.letter.number,
                    at=clock.now(),
                    detail={"digest": bureau.letter.digest},
                )
            )
            entry = add_on(
                connection,
                Act(
                    who=BEN,
                    act=signed.act,
                    subject=signed.subject,
                    at=signed.at,
                    detail={**signed.detail, **detail},
                ),
            )
        forge(bureau, entry)
        assert "操作日志" in no_letter(bureau)


def test_a_signature_of_his_own_past_the_command_is_his_own(bureau: Bureau) -> None:
    """Who may review, drafts, and signs an approval of it himself, without the command that refuses him."""
    cat = with_token(People(bureau.engine), bureau.tokens[CAT], BEGUN)
    with writing(bureau.engine).begin() as connection:
        approve_on(connection, 1, LetterAct(by=CAT, at=clock.now()), cat.sign)
    assert bureau.letter.state == "approved"
    assert "不能由同一人复核" in no_letter(bureau)


def test_a_grant_row_makes_no_reviewer(bureau: Bureau) -> None:
    """Somebody with no rights, given the right by a row, approves: his signature counts, his right does not."""
    bureau.tokens["无权"] = token_of(bureau.engine, "示例无权")
    person = People(bureau.engine).named("示例无权")
    bureau.write(
        'INSERT INTO grants (user_id, "grant", asked_at, asked_by, confirmed_at, confirmed_by, ended_by) VALUES '
        "(?, 'reviewer', '2026-01-01 00:00:00.000000', ?, '2026-01-01 00:00:00.000000', ?, '')",
        person.id,
        BEN,
        ANN,
    )
    assert "没有复核权限" in told(bureau, "无权", "approve", "1")
    acting = with_token(People(bureau.engine), bureau.tokens["无权"], BEGUN)
    with writing(bureau.engine).begin() as connection:
        approve_on(connection, 1, LetterAct(by="示例无权", at=clock.now()), acting.sign)
    assert "没有复核权限" in no_letter(bureau)


def test_what_was_changed_after_the_approval_does_not_leave(bureau: Bureau) -> None:
    assert bureau.by(BEN, "approve", "1").code == 0
    content = bureau.letter.content.replace("商请你单位", "责令你单位")
    assert content != bureau.letter.content
    bureau.write("UPDATE letters SET content = ?", content)
    assert "起草时签字的不符" in no_letter(bureau)
    bureau.write("UPDATE letters SET digest = ?", digest_of(content))
    assert "起草时签字的不符" in no_letter(bureau)
    # Not even whoever may draft signs it anew over the old approval.
    cat = with_token(People(bureau.engine), bureau.tokens[CAT], BEGUN)
    with writing(bureau.engine).begin() as connection:
        act = Act(
            who=CAT,
            act="letter_draft",
            subject=bureau.letter.number,
            at=clock.now(),
            detail={"digest": digest_of(content)},
        )
        entry = add_on(connection, cat.sign(act))
    bureau.write("UPDATE letters SET entry = ?", entry)
    assert "复核时签字的不符" in no_letter(bureau)


def test_a_decision_taken_back_takes_the_letter_with_it(bureau: Bureau) -> None:
    assert bureau.by(BEN, "approve", "1").code == 0
    from casework.review.deciding import send_back

    send_back(bureau.desk(BEN), [bureau.lead], "看错了")
    bureau.write("UPDATE leads SET state = 'approved'")
    assert "不再作数" in no_letter(bureau)


def test_what_is_taken_out_of_the_log_lets_nothing_out(bureau: Bureau) -> None:
    """That a decision was taken back cannot be taken out again: the log must be whole before anything leaves."""
    from casework.review.deciding import send_back

    assert bureau.by(BEN, "approve", "1").code == 0
    send_back(bureau.desk(BEN), [bureau.lead], "看错了")
    token_of(bureau.engine, CAT)  # something goes on after it
    bureau.write("UPDATE leads SET state = 'approved'")
    bureau.write("DROP TRIGGER audit_no_delete")
    bureau.write("DELETE FROM audit WHERE act = 'lead_send_back'")
    assert "与其摘要或前一条不符" in no_letter(bureau)


def test_evidence_that_broke_since_is_seen_at_every_step(bureau: Bureau) -> None:
    bureau.damage()
    assert bureau.exhibit in told(bureau, BEN, "approve", "1")
    bureau.damage()  # the same bit: whole again
    assert bureau.by(BEN, "approve", "1").code == 0
    bureau.damage()
    assert bureau.exhibit in no_letter(bureau)


@pytest.fixture(scope="module")
def approved(read: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from console.cases import letter_acts

    home = copied(read, tmp_path_factory.mktemp("approved") / "home")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("LANTIAN_HOME", str(home))
        bureau = Bureau(home, lambda: Ran(0, "", ""), monkeypatch)
        monkeypatch.setenv("LANTIAN_TOKEN", bureau.tokens[BEN])
        letter_acts.approve("1", as_json=False)
        bureau.engine.dispose()
    return home


@pytest.fixture
def ready(approved: Path, here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bureau]:
    bureau = Bureau(copied(approved, tmp_path / "home"), here, monkeypatch)
    yield bureau
    bureau.engine.dispose()


def test_exported_sent_answered_and_reminded_of(ready: Bureau, tmp_path: Path) -> None:
    exported = ready.by(ANN, "export", "1", "--out", ready.out, "--json")
    assert exported.code == 0, exported.err
    number = ready.letter.number
    assert ready.files() == [f"{number}.{kind}" for kind in ("docx", "json", "pdf", "xlsx")]
    assert json.loads((ready.out / f"{number}.json").read_text("utf-8"))["marks"] == ["未编号、未签发、未用印"]
    for document in ("示知函[2026]12号", "示知函〔2026〕第12号", "示知函〔2026〕012号", "〔2026〕12号", "x〔2026〕1号"):
        assert ready.by(ANN, "send", "1", "--document", document).code == 2
    for day in ("2026-13-01", "2999-01-01", "2020-01-01"):
        assert ready.by(ANN, "send", "1", "--document", DOCUMENT, "--on", day).code == 2
    sent = ready.by(ANN, "send", "1", "--document", DOCUMENT)
    assert sent.code == 0, sent.err
    letter = ready.letter
    assert (letter.state, letter.document, ready.lead.state) == ("sent", DOCUMENT, "sent")
    assert letter.due_at is not None
    assert letter.sent_at is not None
    assert (letter.due_at - letter.sent_at).days >= 13  # ten working days
    told_at_sending = sent.err.partition("请于")[2].partition("前反馈")[0]
    due = last_day(letter.due_at)
    assert told_at_sending.startswith(f"{due.year}年{due.month}月{due.day}日"), sent.err
    assert due.isoformat() in ready.by(ANN, "list").out
    assert ready.by(ANN, "list", "--json").lines[0]["due_day"] == due.isoformat()
    assert f"反馈期限 {due}" in ready.by(ANN, "show", "1").out
    (recheck,) = Rechecks(ready.engine).rechecks()
    assert (recheck.exhibit, recheck.by) == (ready.exhibit, ANN)
    (row,) = KeptLetters(ready.engine).leads_of(1)
    assert row.recheck_id == recheck.id
    assert ready.by(ANN, "send", "1", "--document", DOCUMENT).code == 2
    assert ready.by(ANN, "delivered", "1", "--way", "邮寄").code == 0
    early = ready.by(CAT, "remind", "1", "--out", ready.out)
    assert (early.code, f"期限未到（{due.month}月{due.day}日）" in early.err) == (2, True)
    ready.write("UPDATE letters SET due_at = ?", f"{clock.now():%Y-%m-%d %H:%M:%S.%f}")
    reminded = ready.by(CAT, "remind", "1", "--out", ready.out, "--json")
    assert reminded.code == 0, reminded.err
    assert (reminded.lines[0]["kind"], reminded.lines[0]["reminds"]) == ("remind", 1)
    assert "还没有发出" in ready.by(CAT, "remind", "1", "--out", ready.out).err
    # A reminder goes through two people like any letter, and the letter it reminds of knows.
    assert "不能由同一人复核" in ready.by(CAT, "approve", "2").err
    assert ready.by(BEN, "approve", "2").code == 0
    assert f"已用于 {number}" in ready.by(ANN, "send", "2", "--document", DOCUMENT).err
    assert ready.by(ANN, "send", "2", "--document", "示知函〔2026〕13号").code == 0
    assert [one.step for one in KeptLetters(ready.engine).steps_of(1)][-1] == "remind"
    assert "期限未到" in ready.by(CAT, "remind", "1", "--out", ready.out).err, "the reminder gave days of its own"
    assert "本身是催办" in ready.by(CAT, "remind", "2", "--out", ready.out).err
    answered(ready, tmp_path)


def answered(ready: Bureau, tmp_path: Path) -> None:
    """The sheet that came with the letter, filled in as a platform would."""
    book = load_workbook(ready.out / f"{ready.letter.number}.xlsx")
    sheet = book["反馈回执"]
    for at, words in enumerate(("属实", "下架：违反平台规则", "2026-11-20", "示例公司 13800000000", "示例经办"), 2):
        sheet.cell(4, at).value = words
    book.save(tmp_path / "back.xlsx")
    ran = ready.by(ANN, "answer", "1", tmp_path / "back.xlsx", "--json")
    assert ran.code == 0, ran.err
    assert ran.lines == [{"letter": ready.letter.number, "answered": [ready.lead.number], "all": True}]
    assert ready.letter.state == "answered"
    shown = ready.by(ANN, "show", "1", "--json").lines[0]["results"][0]
    assert (shown["is_true"], shown["measure"], shown["measured_on"]) == ("属实", "下架", "2026-11-20")
    # Contacts are for whoever may see them.
    assert "13800000000" not in shown["remark"]
    assert "违反平台规则" in shown["remark"]
    card = ready.by(ANN, "scorecard", "--platform", "baidu", "--json").lines
    figures = {one["name"]: (one["value"], one["ids"]) for one in card[0]["figures"]}
    assert (card[0]["operator"], figures["sent"], figures["answered"]) == (OPERATOR, (1, [1]), (1, [1]))
    assert (figures["claimed"], figures["gone"]) == ((1, [1]), (0, []))
    assert ready.by(ANN, "close", "1", "--reason", "平台已处置").code == 0
    assert ready.by(ANN, "list", "--state", "closed", "--json").lines[0]["id"] == 1


def test_withdrawn_it_never_goes_out(ready: Bureau) -> None:
    assert ready.by(ANN, "withdraw", "1").code == 2
    assert ready.by(ANN, "withdraw", "1", "--reason", "改写").code == 0
    assert "已撤回" in no_letter(ready)
    assert ready.by(ANN, "send", "1", "--document", DOCUMENT).code == 2
    assert KeptLetters(ready.engine).about([ready.lead.id], OPERATOR, "remove") == {}


def receipt(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def test_no_state_without_its_table(ready: Bureau) -> None:
    """Only what was sent is delivered, answered or closed."""
    with ready.engine.connect() as connection:
        assert connection.execute(select(LetterRow.state)).scalar_one() == "approved"
    for arguments in (
        ("delivered", "1", "--way", "邮寄"),
        ("close", "1", "--reason", "无"),
        ("remind", "1", "--out", ready.out),
    ):
        assert ready.by(ANN, *arguments).code == 2


def test_who_works_for_other_districts_sees_no_letter(ready: Bureau) -> None:
    ready.tokens["别区"] = token_of(ready.engine, "示例别区", Grant.REVIEWER, districts=("示例区",))
    assert ready.by("别区", "list", "--json").lines == []
    assert ready.by("别区", "scorecard", "--json").lines == []
    for arguments in (("show", "1"), ("export", "1", "--out", ready.out), ("send", "1", "--document", DOCUMENT)):
        ran = ready.by("别区", *arguments)
        assert (ran.code, "没有 1 这份函" in ran.err) == (2, True)
    assert ready.by(ANN, "list", "--json").lines[0]["id"] == 1
