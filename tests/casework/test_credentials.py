"""A token or a password opens to one person and to nobody else, until it ends; what is refused is logged without it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from people_specimens import BEGUN, CHEAP, PASSWORD, acting, founders, someone, token_of
from sqlalchemy import Engine

from casework.acting import Grant
from casework.credentials import Login, Refused, end_token, new_token, with_password, with_token
from casework.granting import ask, disable
from casework.keys import Token, password_key, password_salt, public_of, token_in, token_key
from casework.people import opened, prove
from casework.rights import rights_on
from casework.trust import Trust
from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import AuditLog
from storage.cases.credentials import credentials_of
from storage.people import NewPerson, People

# -- keys ------------------------------------------------------------------------------------------


def test_a_tokens_text_comes_back_and_nothing_else_is_one() -> None:
    token = Token(credential=7, secret=b"\x01" * 32)
    assert token_in(token.text) == token
    assert "01" * 8 not in repr(token)
    near = (f"x{token.text}", token.text + "0", token.text[:-1], token.text.upper(), token.text + "\n")
    for text in ("", "lantian_7_", "lantian_0_" + "01" * 32, "lantian_٧_" + "01" * 32, *near):
        assert token_in(text) is None, text


def test_a_key_follows_from_secret_and_salt_alone() -> None:
    salt = "ab" * 16
    assert public_of(token_key(b"\x01" * 32, salt)) == public_of(token_key(b"\x01" * 32, salt))
    different = {public_of(token_key(bytes([one]) * 32, two * 16)) for one in (1, 2) for two in ("ab", "cd")}
    assert len(different) == 4
    told = password_salt(b"\x02" * 16, CHEAP)
    assert told == "m=8,t=1,p=1$" + "02" * 16
    assert public_of(password_key("口令", told)) == public_of(password_key("口令", told))
    assert public_of(password_key("口令", told)) != public_of(password_key("口令 ", told))


# -- tokens ----------------------------------------------------------------------------------------


def test_a_token_opens_to_its_owner_with_what_he_may_now(engine: Engine) -> None:
    token = token_of(engine, "王一", Grant.EXAMINER, districts=("示例区",))
    wang = with_token(People(engine), token, BEGUN)
    assert (wang.name, wang.grants, wang.districts) == ("王一", {Grant.EXAMINER}, ("示例区",))
    wang.needs(Grant.REVIEWER, Grant.EXAMINER)
    with pytest.raises(UserMistake, match="王一 没有复核权限"):
        wang.needs(Grant.REVIEWER)
    token_of(engine, "王一", Grant.REVIEWER)
    assert with_token(People(engine), token, BEGUN).grants == {Grant.EXAMINER, Grant.REVIEWER}


def test_nothing_of_a_token_is_kept_or_told(engine: Engine, tmp_path: Path) -> None:
    token = token_of(engine, "王一")
    secret = token.rpartition("_")[2]
    wang = with_token(People(engine), token, BEGUN)
    assert secret not in repr(wang)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in kept
    assert bytes.fromhex(secret) not in kept
    assert wang.key.private_bytes_raw() not in kept


def test_what_opens_to_nobody_is_refused_and_logged_without_itself(engine: Engine) -> None:
    people, token = People(engine), token_of(engine, "王一")
    wang = with_token(people, token, BEGUN)
    ended = token_of(engine, "王一")
    end_token(people, wang, with_token(people, ended, BEGUN).credential, BEGUN)
    short = new_token(people, wang, "短", 1, BEGUN)
    assert with_token(people, short, BEGUN + timedelta(hours=23)).name == "王一"
    gone = token_of(engine, "李二")
    disable(people, founders(engine)[0], "李二", BEGUN)
    wrong = f"lantian_{wang.credential}_{'00' * 32}"
    for text, at, why in (
        ("王一", BEGUN, "no_token"),
        ("lantian_4711_" + "00" * 32, BEGUN, "unknown"),
        ("lantian_1_" + "00" * 32, BEGUN, "unknown"),
        (wrong, BEGUN, "wrong_token"),
        (ended, BEGUN, "ended"),
        (short, BEGUN + timedelta(days=1), "expired"),
        (gone, BEGUN, "disabled"),
    ):
        with pytest.raises(Refused) as refused:
            opened(people, text, at, "test")
        assert refused.value.why == why
        entry = AuditLog(engine).entries(after=AuditLog(engine).head().count - 1)[0]
        assert (entry.act, f'"{why}"' in entry.detail) == ("refused", True)
        secret = text.rpartition("_")[2]
        assert secret == "王一" or secret not in f"{entry}{refused.value}"


def test_a_name_that_is_not_the_tokens_is_refused(engine: Engine) -> None:
    people, token = People(engine), token_of(engine, "王一")
    assert opened(people, token, BEGUN, "test", "王一").name == "王一"
    with pytest.raises(Refused, match="--by 写的是 李二，凭据是 王一 的"):
        opened(people, token, BEGUN, "test", "李二")


def test_two_tokens_are_one_person(engine: Engine) -> None:
    people, first, second = People(engine), token_of(engine, "王一"), token_of(engine, "王一")
    one, other = (with_token(people, token, BEGUN) for token in (first, second))
    assert (one.person.id, one.credential != other.credential) == (other.person.id, True)


def test_a_token_is_ended_by_its_owner_or_by_who_administers(engine: Engine) -> None:
    people, wang, li = People(engine), someone(engine, "王一"), someone(engine, "李二", Grant.REVIEWER)
    with pytest.raises(UserMistake, match="不是你的"):
        end_token(people, li, wang.credential, BEGUN)
    with pytest.raises(UserMistake, match="没有第"):
        end_token(people, wang, 4711, BEGUN)
    ended = end_token(people, founders(engine)[0], wang.credential, BEGUN)
    assert (ended.ended_by, ended.ended_at) == ("示例创始", BEGUN)
    with pytest.raises(UserMistake, match="已经停用"):
        end_token(people, founders(engine)[0], wang.credential, BEGUN)
    with pytest.raises(UserMistake, match="没有第"):
        end_token(people, acting(engine, "王一"), acting(engine, "王一").credential, BEGUN)


# -- homes from before acts were signed -------------------------------------------------------------


def old_home(engine: Engine, *names: str) -> People:
    people, hasher = People(engine), PasswordHasher(time_cost=1, memory_cost=64)
    for name in names:
        people.add(NewPerson(name=name, badge=name, unit="", by="系统账号 示例"), hasher.hash(PASSWORD), BEGUN)
    return people


def signed_in(people: People, name: str) -> frozenset[Grant]:
    return with_password(people, Login(name=name, password=PASSWORD), BEGUN).grants


def test_an_old_password_still_proves_and_makes_its_credential_once(engine: Engine) -> None:
    people = old_home(engine, "王一", "李二")
    assert signed_in(people, "李二") == frozenset()
    assert signed_in(people, "王一") == {Grant.ADMIN}, "the first who was added"
    count = AuditLog(engine).head().count
    assert signed_in(people, "李二") == frozenset()
    assert signed_in(people, "王一") == {Grant.ADMIN}
    assert AuditLog(engine).head().count == count
    with engine.connect() as connection:
        assert [len(credentials_of(connection, one.id)) for one in people.everybody()] == [1, 1]
        assert rights_on(connection).founder == "王一"
    assert Trust(engine).verify_all().is_whole


def test_a_wrong_old_password_makes_nothing(engine: Engine) -> None:
    people = old_home(engine, "王一")
    with pytest.raises(Refused, match="口令不对"):
        prove(people, Login(name="王一", password="another one"), BEGUN, "test")
    with engine.connect() as connection:
        assert not rights_on(connection).keys


def test_who_has_left_is_no_founder(engine: Engine) -> None:
    people = old_home(engine, "王一", "李二", "张三")
    people.disable("王一", "系统账号 示例", BEGUN)
    assert signed_in(people, "张三") == frozenset()
    assert signed_in(people, "李二") == {Grant.ADMIN}


def test_a_founder_who_is_gone_and_was_never_disabled_does_not_block_the_others(engine: Engine) -> None:
    people = old_home(engine, "王一", "李二")
    li = with_password(people, Login(name="李二", password=PASSWORD), BEGUN)
    disable(people, li, "王一", BEGUN)
    with pytest.raises(Refused, match="已停用"):
        signed_in(people, "王一")
    assert signed_in(people, "李二") == {Grant.ADMIN}


def test_nobody_is_given_anything_before_he_has_proved_himself(engine: Engine) -> None:
    people = old_home(engine, "王一", "李二")
    wang = with_password(people, Login(name="王一", password=PASSWORD), BEGUN)
    with pytest.raises(UserMistake, match="还没有用口令登录过"):
        ask(people, wang, "李二", Grant.REVIEWER, BEGUN)
    signed_in(people, "李二")
    assert ask(people, wang, "李二", Grant.REVIEWER, BEGUN).confirmed_at == BEGUN


def test_somebody_whom_the_log_does_not_know_is_not_proved(engine: Engine) -> None:
    """A row for a person, put there once acts are signed."""
    someone(engine, "王一")
    people = old_home(engine, "假人")
    with pytest.raises(EvidenceBroken, match="假人"):
        signed_in(people, "假人")
