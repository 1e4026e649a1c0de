"""Whatever anybody may do, two other people gave him; nobody gives himself anything, and rows say what entries say."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from people_specimens import BEGUN, FOUNDER, PASSWORD, SECOND, acting, entrant, founders, someone, token_of
from sqlalchemy import Engine

from casework.acting import Acting, Grant
from casework.credentials import Login, Refused, change_password, new_token, with_password, with_token
from casework.granting import admit, ask, confirm, disable, found, reset, revoke, scope
from casework.keys import Cost
from casework.people import prove
from casework.rights import CONFIRMERS, RESET, Rights, rights_on
from casework.trust import Trust
from crawler.errors import LantianError, UserMistake
from storage.audit import Act, AuditLog, add_on
from storage.cases.credentials import grants_on
from storage.db import writing
from storage.people import People

CHEAP = Cost(memory=8, passes=1, lanes=1)
NEW = "lin-yi 2027 新口令"


@pytest.fixture
def people(engine: Engine) -> People:
    return People(engine)


@pytest.fixture
def alone(people: People) -> Acting:
    """The founder of a home in which there is nobody else."""
    return found(people, entrant(FOUNDER, "0", by="系统账号 示例"), BEGUN)


def rights(engine: Engine) -> Rights:
    with engine.connect() as connection:
        return rights_on(connection)


def joined(people: People, by: Acting, name: str) -> Acting:
    admit(people, by, entrant(name, f"号 {name}"), BEGUN)
    return with_password(people, Login(name=name, password=PASSWORD), BEGUN)


# -- the founding ----------------------------------------------------------------------------------


def test_the_first_administers_and_there_is_one_founding(people: People, alone: Acting) -> None:
    assert (alone.grants, rights(people.engine).founder) == ({Grant.ADMIN}, FOUNDER)
    with pytest.raises(UserMistake, match="已经有用户"):
        found(people, entrant("李二", "2"), BEGUN)


def test_the_founder_gives_others_alone_until_another_could_confirm_and_the_log_says_so(
    people: People, alone: Acting
) -> None:
    joined(people, alone, "王一")
    joined(people, alone, "李二")
    assert ask(people, alone, "王一", Grant.EXAMINER, BEGUN).confirmed_at == BEGUN
    assert ask(people, alone, "李二", Grant.REVIEWER, BEGUN).confirmed_at == BEGUN
    waiting = ask(people, alone, "王一", Grant.CONTACTS, BEGUN)
    assert waiting.confirmed_at is None
    entries = AuditLog(people.engine).entries()
    said = ['"alone":true' in one.detail for one in entries if one.act in ("grant_founded", "grant_asked")]
    assert said == [True, True, True, False]
    assert acting(people.engine, "王一").grants == {Grant.EXAMINER}
    confirm(people, acting(people.engine, "李二"), waiting.id, BEGUN)
    assert acting(people.engine, "王一").grants == {Grant.EXAMINER, Grant.CONTACTS}


def test_the_founding_does_not_come_back_when_who_could_confirm_has_left(people: People, alone: Acting) -> None:
    joined(people, alone, "王一")
    joined(people, alone, "李二")
    ask(people, alone, "李二", Grant.REVIEWER, BEGUN)
    disable(people, alone, "李二", BEGUN)
    assert ask(people, alone, "王一", Grant.REVIEWER, BEGUN).confirmed_at is None
    with writing(people.engine).begin() as connection:
        detail = {"number": 99, "grant": "examiner", "alone": True}
        add_on(connection, alone.sign(Act(who="", act="grant_asked", subject="王一", at=BEGUN, detail=detail)))
    assert acting(people.engine, "王一").grants == frozenset()


# -- two people ------------------------------------------------------------------------------------


@pytest.mark.parametrize("grant", list(Grant))
def test_a_grant_holds_once_another_has_confirmed_it(engine: Engine, grant: Grant) -> None:
    people, (first, second) = People(engine), founders(engine)
    token = token_of(engine, "王一")
    asked = ask(people, first, "王一", grant, BEGUN)
    assert with_token(people, token, BEGUN).grants == frozenset()
    for nobody in (first, acting(engine, "王一"), someone(engine, "李二", Grant.EXAMINER)):
        with pytest.raises(UserMistake, match=r"另一人确认|没有管理或复核权限"):
            confirm(people, nobody, asked.id, BEGUN)
    assert confirm(people, second, asked.id, BEGUN).confirmed_by == SECOND
    assert with_token(people, token, BEGUN).grants == {grant}
    with pytest.raises(UserMistake, match="已经确认"):
        confirm(people, second, asked.id, BEGUN)
    with pytest.raises(UserMistake, match="已有"):
        ask(people, first, "王一", grant, BEGUN)


def test_a_reviewer_confirms_and_does_not_ask(engine: Engine) -> None:
    people, (first, _), reviewer = People(engine), founders(engine), someone(engine, "李二", Grant.REVIEWER)
    someone(engine, "王一")
    confirm(people, reviewer, ask(people, first, "王一", Grant.EXAMINER, BEGUN).id, BEGUN)
    with pytest.raises(UserMistake, match="没有管理权限"):
        ask(people, reviewer, "王一", Grant.CONTACTS, BEGUN)


def test_nobody_gives_himself_anything(engine: Engine) -> None:
    people, (first, _) = People(engine), founders(engine)
    for act in (
        lambda: ask(people, first, FOUNDER, Grant.REVIEWER, BEGUN),
        lambda: reset(people, first, entrant(FOUNDER, "0", password=NEW), BEGUN),
        lambda: scope(people, first, FOUNDER, (), BEGUN),
    ):
        with pytest.raises(UserMistake, match="不能给自己"):
            act()


def test_who_confirms_with_an_old_credential_object_does_not(engine: Engine) -> None:
    """What counts is what stands when the row is written, not what was opened before."""
    people, (first, second) = People(engine), founders(engine)
    someone(engine, "王一")
    asked = ask(people, first, "王一", Grant.REVIEWER, BEGUN)
    revoke(people, first, SECOND, Grant.ADMIN, BEGUN)
    assert second.may(Grant.ADMIN), "as it was opened"
    with pytest.raises(UserMistake, match="当时没有这个权限"):
        confirm(people, second, asked.id, BEGUN)
    with engine.connect() as connection:
        assert grants_on(connection)[-1].confirmed_at is None
    assert Trust(engine).verify_all().is_whole, "nothing of it stayed"


def test_what_is_taken_back_before_it_is_confirmed_is_not_confirmed(engine: Engine) -> None:
    people, (first, second) = People(engine), founders(engine)
    someone(engine, "王一")
    asked = ask(people, first, "王一", Grant.REVIEWER, BEGUN)
    revoke(people, second, "王一", Grant.REVIEWER, BEGUN)
    with pytest.raises(UserMistake, match="已经结束"):
        confirm(people, second, asked.id, BEGUN)
    with pytest.raises(UserMistake, match="没有这个权限"):
        revoke(people, second, "王一", Grant.REVIEWER, BEGUN)


def test_what_somebody_asked_who_administers_no_more_is_not_confirmed(engine: Engine) -> None:
    people, (first, second) = People(engine), founders(engine)
    someone(engine, "王一")
    asked = ask(people, second, "王一", Grant.REVIEWER, BEGUN)
    reviewer = someone(engine, "李二", Grant.REVIEWER)
    revoke(people, first, SECOND, Grant.ADMIN, BEGUN)
    with pytest.raises(UserMistake, match="不能确认"):
        confirm(people, reviewer, asked.id, BEGUN)


# -- leaving ---------------------------------------------------------------------------------------


def test_the_last_who_administers_stays(people: People, alone: Acting) -> None:
    joined(people, alone, "王一")
    for act in (
        lambda: disable(people, alone, FOUNDER, BEGUN),
        lambda: revoke(people, alone, FOUNDER, Grant.ADMIN, BEGUN),
    ):
        with pytest.raises(UserMistake, match="最后一名管理"):
            act()
    ask(people, alone, "王一", Grant.ADMIN, BEGUN)
    assert disable(people, acting(people.engine, "王一"), FOUNDER, BEGUN).disabled_by == "王一"


def test_only_who_administers_disables_and_whoever_is_disabled_acts_no_more(engine: Engine) -> None:
    people, (first, _) = People(engine), founders(engine)
    token, wang = token_of(engine, "王一", Grant.EXAMINER), someone(engine, "王一")
    with pytest.raises(UserMistake, match="没有管理权限"):
        disable(people, wang, SECOND, BEGUN)
    with pytest.raises(UserMistake, match="没有用户"):
        disable(people, first, "无此人", BEGUN)
    disable(people, first, "王一", BEGUN)
    with pytest.raises(Refused, match="已停用"):
        with_token(people, token, BEGUN)
    with pytest.raises(UserMistake, match="已停用"):
        ask(people, first, "王一", Grant.REVIEWER, BEGUN)
    with pytest.raises(UserMistake, match="已停用"):
        new_token(people, wang, "迟到", 0, BEGUN)


def test_districts_are_told_by_entries(engine: Engine) -> None:
    people, (first, _) = People(engine), founders(engine)
    wang = someone(engine, "王一", districts=("甲区", "乙区"))
    assert (wang.districts, wang.sees("甲区"), wang.sees("丙区")) == (("甲区", "乙区"), True, False)
    scope(people, first, "王一", (), BEGUN)
    assert acting(engine, "王一").districts == ()
    for words in (("",), (" 甲区",), ("甲\n区",)):
        with pytest.raises(UserMistake, match="地区名"):
            scope(people, first, "王一", words, BEGUN)


# -- passwords -------------------------------------------------------------------------------------


def test_a_new_password_from_others_counts_once_it_is_confirmed(engine: Engine) -> None:
    people, (first, second) = People(engine), founders(engine)
    someone(engine, "王一", Grant.EXAMINER)
    old, new = Login(name="王一", password=PASSWORD), Login(name="王一", password=NEW)
    waiting = reset(people, first, entrant("王一", "", password=NEW), BEGUN)
    assert (waiting.grant, waiting.confirmed_at) == (RESET, None)
    prove(people, old, BEGUN, "test")
    with pytest.raises(Refused, match="口令不对"):
        prove(people, new, BEGUN, "test")
    with pytest.raises(UserMistake, match="另一人确认"):
        confirm(people, first, waiting.id, BEGUN)
    confirm(people, second, waiting.id, BEGUN)
    assert with_password(people, new, BEGUN).grants == {Grant.EXAMINER}
    with pytest.raises(Refused, match="口令不对"):
        prove(people, old, BEGUN, "test")
    assert Trust(engine).verify_all().is_whole


def test_a_reset_that_is_taken_back_counts_never(engine: Engine) -> None:
    people, (first, second) = People(engine), founders(engine)
    someone(engine, "王一")
    waiting = reset(people, first, entrant("王一", "", password=NEW), BEGUN)
    revoke(people, second, "王一", RESET, BEGUN)
    with pytest.raises(UserMistake, match="已经结束"):
        confirm(people, second, waiting.id, BEGUN)
    prove(people, Login(name="王一", password=PASSWORD), BEGUN, "test")


def test_ones_own_password_is_changed_alone_and_tokens_stay(engine: Engine) -> None:
    people, token = People(engine), token_of(engine, "王一", Grant.EXAMINER)
    change_password(people, with_token(people, token, BEGUN), NEW, BEGUN, CHEAP)
    with pytest.raises(Refused, match="口令不对"):
        prove(people, Login(name="王一", password=PASSWORD), BEGUN, "test")
    assert with_password(people, Login(name="王一", password=NEW), BEGUN).name == "王一"
    assert with_token(people, token, BEGUN).grants == {Grant.EXAMINER}


def test_who_is_added_needs_who_administers_and_proves_himself_by_his_password(engine: Engine) -> None:
    people, wang = People(engine), someone(engine, "王一", Grant.EXAMINER, Grant.REVIEWER)
    with pytest.raises(UserMistake, match="没有管理权限"):
        admit(people, wang, entrant("李二", "2"), BEGUN)
    li = joined(people, founders(engine)[0], "李二")
    assert (li.grants, li.person.added_by) == (frozenset(), FOUNDER)


# -- properties ------------------------------------------------------------------------------------


@dataclass
class Crook:
    """One person with a shell: his own credentials, those of whoever he adds, and the database's entries."""

    engine: Engine
    chance: random.Random
    own: list[Acting]
    made: list[str] = field(default_factory=list)

    def act(self) -> None:
        people, by, at = People(self.engine), self.chance.choice(self.own), BEGUN + timedelta(hours=1)
        name = self.chance.choice([*self.made, by.name, FOUNDER, SECOND, "王一"])
        grant = self.chance.choice(list(Grant))
        with self.engine.connect() as connection:
            number = self.chance.choice([0, *(one.id for one in grants_on(connection))])
        acts: list[Callable[[], object]] = [
            self._add,
            lambda: ask(people, by, name, grant, at),
            lambda: confirm(people, by, number, at),
            lambda: confirm(people, by, number, at),
            lambda: reset(people, by, entrant(name, "", password=NEW), at),
            lambda: disable(people, by, name, at) if name not in (FOUNDER, self.own[0].name) else None,
            lambda: revoke(people, by, name, grant, at) if name != self.own[0].name else None,
            lambda: self._forge(by, name, grant, number),
        ]
        with contextlib.suppress(LantianError):
            self.chance.choice(acts)()

    def _add(self) -> None:
        name = f"假人{len(self.made)}"
        admit(People(self.engine), self.own[0], entrant(name, f"假 {name}"), BEGUN)
        self.made.append(name)
        self.own.append(acting(self.engine, name))

    def _forge(self, by: Acting, name: str, grant: Grant, number: int) -> None:
        """Entries with fitting digests, signed by what keys he has, in whatever name."""
        as_other = self.chance.choice([by, replace(by, person=replace(by.person, name=FOUNDER))])
        words = self.chance.choice(["grant_asked", "grant_confirmed", "grant_founded", "grant_ended"])
        detail = {"number": self.chance.choice([number, 900 + self.chance.randrange(99)]), "grant": str(grant)}
        if self.chance.random() < 0.5:
            detail |= {"alone": True}
        with writing(self.engine).begin() as connection:
            act = Act(who=as_other.name, act=words, subject=name, at=BEGUN, detail=detail)
            add_on(connection, as_other.sign(act) if self.chance.random() < 0.8 else act)


@pytest.mark.parametrize("seed", range(4))
def test_one_person_with_a_shell_gives_nobody_a_role_after_the_founding(engine: Engine, seed: int) -> None:
    """He administers, adds whom he likes and acts for them all; the others do nothing, and he only takes away."""
    _, second = founders(engine)
    someone(engine, "王一", Grant.EXAMINER)
    before = {name: rights(engine).grants_of(name) for name in (FOUNDER, SECOND, "王一")}
    crook = Crook(engine, random.Random(seed), [second])
    for _ in range(40):
        crook.act()
    after = rights(engine)
    assert len(crook.made) > 1
    assert all(not after.grants_of(name) for name in crook.made)
    for name, had in before.items():
        assert after.grants_of(name) <= had
    prove(People(engine), Login(name=FOUNDER, password=PASSWORD), BEGUN, "test")


@pytest.mark.parametrize("seed", range(2))
def test_whatever_honest_people_do_two_gave_it_and_rows_say_what_entries_say(engine: Engine, seed: int) -> None:
    chance, people = random.Random(seed), People(engine)
    names = ["王一", "李二", "张三", "赵四"]
    founders(engine)
    for name in names:
        someone(engine, name)
    for _ in range(40):
        by = acting(engine, chance.choice([FOUNDER, SECOND, *names]))
        name, grant = chance.choice([SECOND, *names]), chance.choice([Grant.EXAMINER, Grant.REVIEWER, Grant.ADMIN])
        with engine.connect() as connection:
            number = chance.choice([one.id for one in grants_on(connection)])
        acts: list[Callable[[], object]] = [
            lambda by=by, name=name, grant=grant: ask(people, by, name, grant, BEGUN),
            lambda by=by, number=number: confirm(people, by, number, BEGUN),
            lambda by=by, name=name, grant=grant: chance.random() < 0.3 and revoke(people, by, name, grant, BEGUN),
        ]
        with contextlib.suppress(UserMistake):
            chance.choice(acts)()
    now = rights(engine)
    assert not now.faults
    with engine.connect() as connection:
        rows = grants_on(connection)
    held = {(one.name, one.grant) for one in rows if one.confirmed_at and not one.ended_at}
    assert held == {(name, grant) for name in now.members for grant in now.grants_of(name)}
    for one in rows[2:]:
        if one.confirmed_at:
            assert len({one.asked_by, one.confirmed_by, one.name}) == 3
    assert any(one.grant in CONFIRMERS for one in rows)


def test_two_are_enough_to_go_on(people: People, alone: Acting) -> None:
    """Who could confirm for others may confirm what is for himself; whoever asked never may, and nor may a stranger."""
    joined(people, alone, "王一")
    joined(people, alone, "李二")
    ask(people, alone, "李二", Grant.REVIEWER, BEGUN)
    for_second = ask(people, alone, "李二", Grant.LEGAL, BEGUN)
    assert for_second.confirmed_at is None
    with pytest.raises(UserMistake, match="提出的人"):
        confirm(people, alone, for_second.id, BEGUN)
    assert confirm(people, acting(people.engine, "李二"), for_second.id, BEGUN).confirmed_by == "李二"
    for_stranger = ask(people, alone, "王一", Grant.REVIEWER, BEGUN)
    with pytest.raises(UserMistake, match="没有管理或复核"):
        confirm(people, acting(people.engine, "王一"), for_stranger.id, BEGUN)
