"""An act holds only if the log proves it: whatever is changed, inserted or appended behind its back proves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from people_specimens import BEGUN, FOUNDER, acting, founders, someone, token_of
from sqlalchemy import Connection, Engine, text

from casework.acting import Acting, Grant
from casework.credentials import end_token, with_token
from casework.granting import revoke
from casework.keys import public_of, token_in
from casework.rights import rights_on
from casework.trust import Trust
from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import Act, AuditLog, add_on
from storage.db import writing
from storage.people import People

LEAD = "线索〔2026〕0001号"
CONFIRM = "lead_confirm"


@pytest.fixture
def wang(engine: Engine) -> Acting:
    return someone(engine, "王一", Grant.EXAMINER)


def decided(engine: Engine, by: Acting, subject: str = LEAD, at: timedelta = timedelta()) -> int:
    """His decision upon a lead, signed; the number of its entry."""
    act = Act(who=by.name, act=CONFIRM, subject=subject, at=BEGUN + at, detail={"exhibits": ["ab12"], "reason": "属实"})
    with writing(engine).begin() as connection:
        return add_on(connection, by.sign(act))


def appended(engine: Engine, act: Act) -> int:
    """An entry that somebody who has the database appends: its digest fits, and that is all."""
    with writing(engine).begin() as connection:
        return add_on(connection, act)


def change(engine: Engine, statement: str, **values: object) -> None:
    """Whoever has the database takes its triggers away first."""
    with engine.begin() as connection:
        for name in ("audit_no_update", "audit_no_delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        connection.execute(text(statement), values)


def broken(engine: Engine, entry: int, *needs: Grant, match: str = "操作日志") -> None:
    with pytest.raises(EvidenceBroken, match=match):
        Trust(engine).proven(entry, CONFIRM, LEAD, *needs)


def test_who_signed_and_held_the_grant_is_proven_with_his_words(engine: Engine, wang: Acting) -> None:
    entry = decided(engine, wang)
    proven = Trust(engine).proven(entry, CONFIRM, LEAD, Grant.EXAMINER, Grant.REVIEWER)
    assert (proven.entry, proven.name, proven.at) == (entry, "王一", BEGUN)
    assert (proven.detail["exhibits"], proven.detail["reason"]) == (["ab12"], "属实")
    assert Trust(engine).verify_all().is_whole


def test_one_trust_hears_of_what_was_written_since(engine: Engine, wang: Acting) -> None:
    trust = Trust(engine)
    assert trust.proven(decided(engine, wang), CONFIRM, LEAD, Grant.EXAMINER).name == "王一"
    li = someone(engine, "李二", Grant.REVIEWER)
    assert trust.proven(decided(engine, li), CONFIRM, LEAD, Grant.REVIEWER).name == "李二"


@pytest.mark.parametrize(("act", "subject"), [("lead_approve", LEAD), (CONFIRM, "线索〔2026〕0002号")])
def test_another_act_or_another_subject_is_not_it(engine: Engine, wang: Acting, act: str, subject: str) -> None:
    entry = decided(engine, wang)
    with pytest.raises(EvidenceBroken, match="不是"):
        Trust(engine).proven(entry, act, subject)
    with pytest.raises(EvidenceBroken, match="没有第"):
        Trust(engine).proven(entry + 1, CONFIRM, LEAD)


def test_who_lacks_the_grant_proves_nothing(engine: Engine, wang: Acting) -> None:
    broken(engine, decided(engine, wang), Grant.REVIEWER, match="当时没有复核权限")


def test_a_grant_counts_from_its_confirmation_to_its_end(engine: Engine) -> None:
    early = decided(engine, someone(engine, "王一"))
    during = decided(engine, someone(engine, "王一", Grant.EXAMINER))
    revoke(People(engine), founders(engine)[0], "王一", Grant.EXAMINER, BEGUN)
    late = decided(engine, someone(engine, "王一"))
    assert Trust(engine).proven(during, CONFIRM, LEAD, Grant.EXAMINER).name == "王一"
    for entry in (early, late):
        broken(engine, entry, Grant.EXAMINER, match="当时没有初审权限")


def test_an_ended_token_signs_nothing_and_what_it_signed_stands(engine: Engine, wang: Acting) -> None:
    before = decided(engine, wang)
    end_token(People(engine), wang, wang.credential, BEGUN)
    assert Trust(engine).proven(before, CONFIRM, LEAD, Grant.EXAMINER).name == "王一"
    broken(engine, decided(engine, wang), match="当时不是任何人的")
    assert len(Trust(engine).verify_all().broken) == 1


# -- changed behind its back -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = '李二' WHERE id = :entry",
        "UPDATE audit SET subject = '别的' WHERE id = :entry",
        "UPDATE audit SET at = '2026-03-01 00:00:00' WHERE id = :entry",
        "UPDATE audit SET detail = replace(detail, 'ab12', 'cd34') WHERE id = :entry",
        "UPDATE audit SET detail = '[]' WHERE id = :entry",
        "UPDATE audit SET previous = '' WHERE id = :entry",
        "UPDATE audit SET who = '别人' WHERE id = :entry - 1",
        "DELETE FROM audit WHERE id = :entry - 1",
        "DELETE FROM audit WHERE id = :entry",
    ],
)
def test_a_changed_entry_proves_nothing(engine: Engine, wang: Acting, statement: str) -> None:
    entry = decided(engine, wang)
    change(engine, statement, entry=entry)
    broken(engine, entry)


@pytest.mark.parametrize(
    "to", [{"who": "李二"}, {"subject": "别的"}, {"at": BEGUN + timedelta(days=1)}, {"detail": "cd34"}]
)
def test_a_changed_entry_whose_digest_was_made_to_fit_lacks_the_signature(
    engine: Engine, wang: Acting, to: dict[str, object]
) -> None:
    someone(engine, "李二", Grant.EXAMINER)
    (entry,) = AuditLog(engine).entries(after=decided(engine, wang) - 1)
    detail = json.loads(entry.detail)
    words = {**detail, "exhibits": ["cd34"]} if "detail" in to else detail
    forged = {"who": entry.who, "act": entry.act, "subject": entry.subject, "at": entry.at} | to | {"detail": words}
    number = appended(engine, Act(**forged))  # type: ignore[arg-type]
    with pytest.raises(EvidenceBroken, match=r"签名不对|不是其本人"):
        Trust(engine).proven(number, CONFIRM, str(forged["subject"]))
    assert [one.entry for one in Trust(engine).verify_all().broken] == [number]


def test_a_signed_entry_appended_once_more_is_a_copy(engine: Engine, wang: Acting) -> None:
    (entry,) = AuditLog(engine).entries(after=decided(engine, wang) - 1)
    copy = Act(who=entry.who, act=entry.act, subject=entry.subject, at=entry.at, detail=json.loads(entry.detail))
    number = appended(engine, copy)
    broken(engine, number, match="重复")
    assert [one.entry for one in Trust(engine).verify_all().broken] == [number]


def test_an_entry_without_a_signature_proves_nothing(engine: Engine, wang: Acting) -> None:
    number = appended(engine, Act(who=wang.name, act=CONFIRM, subject=LEAD, at=BEGUN, detail={"exhibits": []}))
    broken(engine, number, match="没有签名")
    (fault,) = Trust(engine).verify_all().broken
    assert (fault.entry, fault.why) == (number, "没有签名")


def test_an_own_key_does_not_sign_for_another(engine: Engine, wang: Acting) -> None:
    """Somebody who may nothing has the database and his own token."""
    mallory, own = someone(engine, "马三"), Ed25519PrivateKey.generate()
    as_wang = replace(mallory, person=wang.person)
    for forger, said in ((as_wang, "不是其本人"), (replace(as_wang, credential=wang.credential, key=own), "签名不对")):
        broken(engine, decided(engine, forger), match=said)
    broken(engine, decided(engine, mallory), Grant.EXAMINER, match="当时没有初审权限")


# -- rows ------------------------------------------------------------------------------------------


def test_an_inserted_grant_gives_nothing(engine: Engine) -> None:
    token = token_of(engine, "马三")
    change(
        engine,
        'INSERT INTO grants (user_id, "grant", asked_at, asked_by, confirmed_at, confirmed_by, ended_by, entry)'
        " SELECT id, 'reviewer', :at, :by, :at, '示例共管', '', 1 FROM users WHERE name = '马三'",
        at=str(BEGUN)[:19],
        by=FOUNDER,
    )
    mallory = with_token(People(engine), token, BEGUN)
    assert mallory.grants == frozenset()
    broken(engine, decided(engine, mallory), Grant.REVIEWER)


@pytest.mark.parametrize("number", [4711, 0])
def test_an_inserted_or_replaced_credential_proves_nobody(engine: Engine, wang: Acting, number: int) -> None:
    """With the attacker's own key in a new row, or in that of another's token."""
    secret, salt = b"\x07" * 32, "00" * 16
    from casework.keys import Token, token_key

    key, number = token_key(secret, salt), number or wang.credential
    change(engine, "DELETE FROM credentials WHERE id = :number", number=number)
    change(
        engine,
        "INSERT INTO credentials (id, user_id, kind, label, salt, public, made_at, ended_by, entry)"
        " SELECT :number, id, 'token', '', :salt, :public, :at, '', 3 FROM users WHERE name = '王一'",
        number=number,
        salt=salt,
        public=public_of(key),
        at=str(BEGUN)[:19],
    )
    with pytest.raises(EvidenceBroken, match="操作日志"):
        with_token(People(engine), Token(credential=number, secret=secret).text, BEGUN)
    broken(engine, decided(engine, replace(wang, credential=number, key=key)))


def test_a_token_given_to_another_in_the_rows_is_nobodys(engine: Engine, wang: Acting) -> None:
    token = token_of(engine, "马三")
    change(engine, "UPDATE credentials SET user_id = :user", user=wang.person.id)
    with pytest.raises(EvidenceBroken, match="不符"):
        with_token(People(engine), token, BEGUN)


def test_names_exchanged_in_the_rows_exchange_nobody(engine: Engine, wang: Acting) -> None:
    token = token_of(engine, "马三")
    change(engine, "UPDATE users SET name = '某某' WHERE name = '王一'")
    change(engine, "UPDATE users SET name = '王一' WHERE name = '马三'")
    with pytest.raises((EvidenceBroken, UserMistake)):
        with_token(People(engine), token, BEGUN)
    assert token_in(token)


# -- forged entries about people -------------------------------------------------------------------


def add_key(connection: Connection, forger: Acting) -> None:
    detail = {"added": 99, "public": public_of(Ed25519PrivateKey.generate()), "kind": "token", "expires": ""}
    add_on(connection, forger.sign(Act(who="", act="credential_added", subject="王一", at=BEGUN, detail=detail)))


def own_key(connection: Connection, forger: Acting) -> None:
    """A first credential that introduces itself, for somebody who has one."""
    own = Ed25519PrivateKey.generate()
    detail = {"added": 99, "public": public_of(own), "kind": "token", "expires": ""}
    wang = replace(forger, person=replace(forger.person, name="王一"), credential=99, key=own)
    add_on(connection, wang.sign(Act(who="", act="credential_added", subject="王一", at=BEGUN, detail=detail)))


def ask_and_confirm(connection: Connection, forger: Acting) -> None:
    detail = {"number": 99, "grant": "reviewer"}
    for act in ("grant_asked", "grant_confirmed"):
        add_on(connection, forger.sign(Act(who="", act=act, subject=forger.name, at=BEGUN, detail=detail)))


def confirm_unsigned(connection: Connection, forger: Acting) -> None:
    detail = {"number": 99, "grant": "reviewer"}
    for who, act in ((FOUNDER, "grant_asked"), ("示例共管", "grant_confirmed")):
        add_on(connection, Act(who=who, act=act, subject=forger.name, at=BEGUN, detail=detail))


def found_again(connection: Connection, forger: Acting) -> None:
    detail = {"number": 99, "grant": "admin", "alone": True}
    add_on(connection, forger.sign(Act(who="", act="grant_founded", subject=forger.name, at=BEGUN, detail=detail)))


def add_person(connection: Connection, forger: Acting) -> None:
    add_on(connection, forger.sign(Act(who="", act="user_added", subject="假人", at=BEGUN, detail={"badge": "9"})))


def disable_founder(connection: Connection, forger: Acting) -> None:
    add_on(connection, forger.sign(Act(who="", act="user_disabled", subject=FOUNDER, at=BEGUN)))


def end_key(connection: Connection, forger: Acting) -> None:
    add_on(connection, forger.sign(Act(who="", act="credential_ended", subject=FOUNDER, at=BEGUN, detail={"ended": 1})))


def widen(connection: Connection, forger: Acting) -> None:
    detail = {"districts": ["别处"]}
    add_on(connection, forger.sign(Act(who="", act="user_scoped", subject=forger.name, at=BEGUN, detail=detail)))


def nothing_said(connection: Connection, forger: Acting) -> None:
    add_on(connection, forger.sign(Act(who="", act="grant_asked", subject="王一", at=BEGUN, detail={"number": "99"})))


FORGERIES = (
    add_key, own_key, ask_and_confirm, confirm_unsigned, found_again, add_person, disable_founder, end_key, widen,
    nothing_said,
)  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES)
def test_forged_entries_about_people_change_nothing_and_are_told(
    engine: Engine, wang: Acting, forge: Callable[[Connection, Acting], None]
) -> None:
    mallory = someone(engine, "马三", districts=("示例区",))
    before = AuditLog(engine).head().count
    with writing(engine).begin() as connection:
        forge(connection, mallory)
    with engine.connect() as connection:
        rights = rights_on(connection)
    assert {one.entry for one in rights.faults} == set(range(before + 1, AuditLog(engine).head().count + 1))
    assert (rights.grants_of("马三"), rights.members["马三"].districts) == (frozenset(), ("示例区",))
    assert "假人" not in rights.members
    assert acting(engine, FOUNDER).may(Grant.ADMIN)
    assert Trust(engine).proven(decided(engine, wang), CONFIRM, LEAD, Grant.EXAMINER).name == "王一"
    assert not Trust(engine).verify_all().is_whole


def test_copied_entries_give_back_nothing_that_was_taken(engine: Engine) -> None:
    token = token_of(engine, "王一", Grant.REVIEWER)
    revoke(People(engine), founders(engine)[0], "王一", Grant.REVIEWER, BEGUN)
    for entry in AuditLog(engine).entries():
        if entry.act in ("grant_asked", "grant_confirmed", "credential_added", "grant_founded"):
            told = {"who": entry.who, "act": entry.act, "subject": entry.subject, "at": entry.at}
            appended(engine, Act(**told, detail=json.loads(entry.detail)))  # type: ignore[arg-type]
    assert with_token(People(engine), token, BEGUN).grants == frozenset()


# -- the whole log ---------------------------------------------------------------------------------


def test_the_whole_log_is_walked_in_portions_and_told_entry_by_entry(engine: Engine, wang: Acting) -> None:
    for number in range(5):
        decided(engine, wang, f"线索 {number}", timedelta(seconds=number))
    steps: list[int] = []
    audited = Trust(engine).verify_all(lambda: steps.append(1))
    head = AuditLog(engine).head()
    assert (audited.is_whole, audited.entries, audited.head, len(steps)) == (True, head.count, head.digest, head.count)
    assert audited.signed == head.count - 1, "all but the founder's own entry"


def test_after_a_break_nothing_more_is_believed(engine: Engine, wang: Acting) -> None:
    entry = decided(engine, wang)
    change(engine, "UPDATE audit SET digest = 'ab' WHERE id = :entry", entry=entry - 2)
    audited = Trust(engine).verify_all()
    assert ([one.entry for one in audited.broken], audited.entries) == ([entry - 2], entry - 3)


def test_it_costs_by_the_people_and_not_by_the_acts(engine: Engine, wang: Acting) -> None:
    """Of a log of many acts a proof reads what is about people, and its own entry's neighbours."""
    with engine.connect() as connection:
        plan = connection.execute(
            text("EXPLAIN QUERY PLAN SELECT * FROM audit WHERE act IN ('grant_asked', 'user_added') ORDER BY id")
        ).all()
        alike = connection.execute(
            text("EXPLAIN QUERY PLAN SELECT * FROM audit WHERE subject = 'a' AND act = 'b' AND id < 9 ORDER BY id")
        ).all()
    assert "ix_audit_act" in str(plan)
    assert "SEARCH audit USING INDEX" in str(alike)
