"""Nobody is believed without his own password, and what failed is counted and logged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from people_specimens import CHEAP
from sqlalchemy import Engine, text

from casework.credentials import Login, Refused, with_password
from casework.granting import Entrant, admit, disable, found
from casework.people import expect_two, prove
from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import AuditLog
from storage.people import NewPerson, People, Refusal

T0 = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)
PASSWORD = "xing-he 2026 示例"


@pytest.fixture
def people(engine: Engine) -> People:
    return People(engine)


def added(people: People, name: str = "王一", badge: str = "豫示例001", password: str = PASSWORD) -> None:
    new = NewPerson(name=name, badge=badge, unit="示例局", by="系统账号 root")
    entrant = Entrant(new=new, password=password, cost=CHEAP)
    if people.everybody():
        admit(people, with_password(people, Login(name="王一", password=PASSWORD), T0), entrant, T0)
    else:
        found(people, entrant, T0)


def disabled(people: People, name: str) -> None:
    disable(people, with_password(people, Login(name="王一", password=PASSWORD), T0), name, T0)


def told(people: People) -> list[tuple[str, str, str]]:
    return [(one.act, one.subject, one.detail) for one in AuditLog(people.engine).entries()]


def test_the_right_password_proves_who_he_is(people: People) -> None:
    added(people)
    person = prove(people, Login(name="王一", password=PASSWORD), T0, "test")
    assert (person.name, person.badge, person.unit, person.disabled_at) == ("王一", "豫示例001", "示例局", None)


def test_of_a_password_only_a_salt_and_a_public_key_are_kept(people: People, tmp_path: Path) -> None:
    added(people)
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"m=8,t=1,p=1$" in everything
    assert PASSWORD.encode() not in everything


def test_a_login_does_not_show_its_password() -> None:
    assert PASSWORD not in repr(Login(name="王一", password=PASSWORD))


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("王一", PASSWORD + " ", "wrong_password"),
        ("王一", "", "wrong_password"),
        ("王一", "\ud83d" * 12, "wrong_password"),
        ("张三", PASSWORD, "unknown"),
        ("王一\ud83d", PASSWORD, "unknown"),
        ("李二", PASSWORD, "disabled"),
    ],
)
def test_whoever_does_not_prove_it_is_refused_by_name_and_logged(
    people: People, name: str, password: str, why: str
) -> None:
    added(people)
    added(people, "李二", "豫示例002")
    disabled(people, "李二")
    with pytest.raises(Refused, match=name[:2]) as refused:
        prove(people, Login(name=name, password=password), T0, "extract abc")
    assert refused.value.why == why
    act, subject, detail = told(people)[-1]
    assert (act, subject[:2]) == ("refused", name[:2])
    assert why in detail
    assert "extract abc" in detail
    assert PASSWORD not in str(told(people))


@pytest.mark.parametrize(
    ("names", "words", "why"),
    [
        (("王一", "王一"), "两名不同的执法人员", "same_person"),
        (("王一", "张三"), "没有用户 '张三'", "unknown"),
        (("李二", "王一"), "李二 已停用", "disabled"),
    ],
)
def test_two_different_people_are_expected_who_may_sign(
    people: People, names: tuple[str, str], words: str, why: str
) -> None:
    added(people)
    added(people, "李二", "豫示例002")
    expect_two(people, ("王一", "李二"), T0, "test")
    disabled(people, "李二")
    with pytest.raises(Refused, match=words):
        expect_two(people, names, T0, "test")
    act, _, detail = told(people)[-1]
    assert (act, why in detail) == ("refused", True)


def test_after_three_failures_it_waits_and_a_right_password_forgets_them(people: People) -> None:
    added(people)
    wrong, right = Login(name="王一", password="not this one"), Login(name="王一", password=PASSWORD)
    for _ in range(3):
        with pytest.raises(Refused, match="口令不对"):
            prove(people, wrong, T0, "test")
    with pytest.raises(Refused, match="请过 4 秒再试"):
        prove(people, right, T0, "test")
    later = T0 + timedelta(seconds=4)
    with pytest.raises(Refused, match="口令不对"):
        prove(people, wrong, later, "test")
    with pytest.raises(Refused, match="请过 8 秒再试"):
        prove(people, right, later, "test")
    prove(people, right, later + timedelta(seconds=8), "test")
    assert people.named("王一").failures == 0


def test_the_wait_has_an_end(people: People) -> None:
    added(people)
    for _ in range(60):
        people.note_refusal(Refusal(name="王一", why="wrong_password", purpose="test", at=T0))
    login = Login(name="王一", password=PASSWORD)
    with pytest.raises(Refused, match="请过 900 秒再试"):
        prove(people, login, T0, "test")
    assert prove(people, login, T0 + timedelta(minutes=15), "test").name == "王一"


@pytest.mark.parametrize(
    "password", ["短口令 9 字符", "x" * 257, "aaaaaaaaaaaa", "ababababcabc", "我是王一的口令一二三"]
)
def test_weak_passwords_are_refused_and_nobody_is_added(people: People, password: str) -> None:
    with pytest.raises(UserMistake, match="口令") as refused:
        added(people, password=password)
    assert password not in str(refused.value)
    assert people.everybody() == ()


@pytest.mark.parametrize(
    ("name", "badge"),
    [("", "1"), ("王一", ""), (" 王一", "1"), ("王,一", "1"), ("王：一", "1"), ("王\n一", "1"), ("王\u202e一", "1")],
)
def test_names_that_cannot_be_signed_with_are_refused(people: People, name: str, badge: str) -> None:
    with pytest.raises(UserMistake):
        added(people, name, badge)
    assert people.everybody() == ()


def old(people: People, password: str) -> None:
    """Somebody as homes before 0.5 have him: a hash, and nothing that signs."""
    people.add(NewPerson(name="王一", badge="1", unit="", by="root"), password, T0)


def test_a_spoilt_record_is_broken_evidence_and_no_wrong_password(people: People) -> None:
    old(people, "plain text")
    with pytest.raises(EvidenceBroken, match="王一"):
        prove(people, Login(name="王一", password="plain text"), T0, "test")


@pytest.mark.parametrize("salt", ["", "m=8,t=1,p=1$zz", "m=8,t=0,p=1$" + "00" * 16, "m=1,t=1,p=9$" + "00" * 16])
def test_a_spoilt_salt_is_broken_evidence_too(people: People, salt: str) -> None:
    added(people)
    with people.engine.begin() as connection:
        connection.execute(text("UPDATE credentials SET salt = :salt"), {"salt": salt})
    with pytest.raises(EvidenceBroken, match="口令记录已损坏"):
        prove(people, Login(name="王一", password=PASSWORD), T0, "test")
