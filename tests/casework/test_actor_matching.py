"""What the registry says of actors, and what it is never made to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from actor_specimens import SAID, appear, appearance, unsigned
from empty_home import laid
from sqlalchemy import Engine, select
from storage_specimens import T0

from casework.actors.in_charge import in_charge, office_words
from casework.actors.kinds import actor_kind, confirmable, registry_words
from casework.actors.matching import match_up
from casework.actors.standing import standing
from casework.law_words import ActorKind
from crawler.agencies import ACTIVE, BRANCH, FORMER_NAME, PATENT_AGENCY, TRADEMARK_AGENCY, Agency
from crawler.errors import UserMistake
from storage.cases.actor_acts import confirm_kind, join_by_hand, match_by_hand, undo_join, unmatch_by_hand
from storage.cases.actor_shapes import Tally
from storage.cases.actors import Actors
from storage.cases.appearances import Appearance
from storage.cases.shapes import WorkedActor
from storage.db import open_database, writing
from storage.registers.names import name_norm
from storage.tables.actors import ActorRow

STAR = Agency(name="星河专利事务所", code="99001", kind=PATENT_AGENCY, status=ACTIVE, province="北京")
MOON = Agency(name="示例月专利事务所", code="99002", kind=PATENT_AGENCY, status="吊销", province="江苏省")
MARK = Agency(name="北辰商标代理有限公司", code="", kind=TRADEMARK_AGENCY, status=ACTIVE, province="内蒙古")


@dataclass
class Listed:
    """A list of agencies in memory, which remembers how often it was asked."""

    agencies: tuple[Agency, ...] = (STAR, MOON, MARK)
    version: int = 1
    as_of: str = "2026-08-01"
    asked: list[str] = field(default_factory=list)

    def find(self, name: str) -> Agency | None:
        self.asked.append(name)
        return next((one for one in self.agencies if name_norm(one.name) == name_norm(name)), None)

    def find_code(self, code: str) -> Agency | None:
        return next((one for one in self.agencies if code and code in (one.code, one.credit_code)), None)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(laid(tmp_path / "lantian.db"))
    yield engine
    engine.dispose()


def called(name: str, *contacts: tuple[str, str]) -> Appearance:
    return replace(appearance(name, contacts), name=name, kind="company")


def matched(engine: Engine, *appearances: Appearance, registry: Listed | None = None) -> WorkedActor:
    actor = appear(engine, *appearances)[0]
    match_up(engine, registry or Listed(), T0)
    return Actors(engine).actor(actor)


def test_a_sellers_own_name_matches(engine: Engine) -> None:
    actor = matched(engine, called("星河专利事务所（普通合伙）"))
    assert (actor.agency, actor.matched_as, actor.in_charge) == ("星河专利事务所", "name", "北京市知识产权局")
    assert actor_kind(actor) is ActorKind.PATENT_AGENCY
    assert "在业" in registry_words(actor, "2026-08-01")


def test_a_code_it_shows_matches(engine: Engine) -> None:
    actor = matched(engine, appearance("1", [("agency_code", "99001")]))
    assert (actor.agency, actor.matched_as) == ("星河专利事务所", "code")
    assert actor_kind(actor) is ActorKind.PATENT_AGENCY


def test_who_only_names_an_agency_is_not_it(engine: Engine) -> None:
    actor = matched(engine, appearance("1", [("company", "星河专利事务所")]))
    assert (actor.agency, actor.matched_as, actor.in_charge) == ("", "mention", "")
    assert actor_kind(actor) is ActorKind.UNKNOWN
    assert "待人工确定" in registry_words(actor, "2026-08-01")


def test_who_shows_two_agencies_codes_is_matched_by_a_person(engine: Engine) -> None:
    actor = matched(engine, appearance("1", [("agency_code", "99001"), ("agency_code", "99002")]))
    assert (actor.agency, actor.matched_as) == ("", "several")
    with writing(engine).begin() as connection:
        match_by_hand(connection, actor.id, (STAR, in_charge(STAR)), SAID, unsigned)
    said = Actors(engine).actor(actor.id)
    assert (said.agency, said.matched_by, said.in_charge) == ("星河专利事务所", SAID.by, "北京市知识产权局")
    assert actor_kind(said) is ActorKind.PATENT_AGENCY
    with writing(engine).begin() as connection:
        unmatch_by_hand(connection, actor.id, SAID, unsigned)
        with pytest.raises(UserMistake, match="不是人工匹配"):
            unmatch_by_hand(connection, actor.id, SAID, unsigned)
    match_up(engine, Listed(), T0)
    assert Actors(engine).actor(actor.id).matched_as == "several"


def test_one_that_is_not_listed_is_never_called_unlicensed(engine: Engine) -> None:
    actor = matched(engine, appearance("1"))
    words = registry_words(actor, "2026-08-01")
    assert words.startswith("未在导入登记册（截至 2026-08-01）中匹配")
    assert actor_kind(actor) is ActorKind.UNKNOWN
    assert registry_words(replace(actor, registry_version=None), "") == "尚未与登记册比对"


def test_one_whose_licence_was_taken_is_no_agency_and_not_unlicensed_either(engine: Engine) -> None:
    actor = matched(engine, called("示例月专利事务所"))
    assert actor.agency_status == "吊销"
    assert actor_kind(actor) is ActorKind.UNKNOWN


def test_a_trademark_agency_is_filed_and_its_office_is_not_guessed(engine: Engine) -> None:
    actor = matched(engine, called("北辰商标代理有限公司"))
    assert actor_kind(actor) is ActorKind.TM_AGENCY
    assert actor.in_charge == ""
    assert "内蒙古自治区" in office_words(actor)
    assert "市场监督管理部门" in office_words(actor)


@pytest.mark.parametrize(
    ("province", "office"),
    [
        ("北京", "北京市知识产权局"),
        ("江苏省", "江苏省知识产权局"),
        ("新疆", "新疆维吾尔自治区知识产权局"),
        ("某地", ""),
        ("", ""),
    ],
)
def test_the_office_is_the_provinces_or_nobodys(province: str, office: str) -> None:
    assert in_charge(replace(STAR, province=province)) == office


def test_an_unknown_province_is_said(engine: Engine) -> None:
    actor = matched(engine, called("星河专利事务所"), registry=Listed((replace(STAR, province="某地"),)))
    assert "某地" in office_words(actor)


def test_a_branch_and_its_agency_are_one(engine: Engine) -> None:
    branch = Agency(name="星河专利事务所苏州分所", code="", kind=BRANCH, status=ACTIVE, parent_code="99001")
    listed = Listed((replace(STAR, found_as=FORMER_NAME), branch))
    first, second = called("星河专利事务所苏州分所", ("qq", "12345678")), called("星河专利事务所", ("qq", "12345678"))
    assert matched(engine, first, second, registry=listed).agency == "星河专利事务所"


def test_only_who_was_not_asked_about_is_asked_about(engine: Engine) -> None:
    appear(engine, *(called(f"示例{number}公司") for number in range(250)))
    listed = Listed()
    assert match_up(engine, listed, T0) == 250
    listed.asked.clear()
    assert match_up(engine, listed, T0) == 0
    appear(engine, called("示例7公司", ("company", "星河专利事务所")))
    assert match_up(engine, listed, T0) == 1
    assert match_up(engine, Listed(version=2), T0) == 250
    assert match_up(engine, Listed(version=1), T0) == 250
    assert match_up(engine, None, T0) == 0


def test_a_persons_match_stays_with_a_new_status(engine: Engine) -> None:
    actor = matched(engine, called("星河专利事务所"))
    with writing(engine).begin() as connection:
        match_by_hand(connection, actor.id, (MOON, ""), SAID, unsigned)
    match_up(engine, Listed((STAR, replace(MOON, status="注销")), version=2), T0 + timedelta(days=1))
    said = Actors(engine).actor(actor.id)
    assert (said.agency, said.agency_status, said.matched_by) == (MOON.name, "注销", SAID.by)
    match_up(engine, Listed((STAR,), version=3), T0)
    assert Actors(engine).actor(actor.id).agency == MOON.name
    with writing(engine).begin() as connection:
        match_by_hand(connection, actor.id, (None, ""), SAID, unsigned)
    match_up(engine, Listed(version=4), T0)
    assert "人工认定不是" in registry_words(Actors(engine).actor(actor.id), "2026-08-01")


def test_joined_actors_are_asked_about_anew_and_parted_ones_too(engine: Engine) -> None:
    matched(engine, called("星河专利事务所"), called("示例二店"))
    with writing(engine).begin() as connection:
        join = join_by_hand(connection, 1, 2, SAID, unsigned)
    assert match_up(engine, Listed(), T0) == 1
    with writing(engine).begin() as connection:
        undo_join(connection, join, SAID, unsigned)
    assert match_up(engine, Listed(), T0) == 2
    with engine.connect() as connection:
        assert connection.execute(select(ActorRow.agency).order_by(ActorRow.id)).scalars().all() == [STAR.name, ""]


def test_only_a_person_calls_somebody_unlicensed(engine: Engine) -> None:
    actor = matched(engine, appearance("1"))
    with writing(engine).begin() as connection:
        confirm_kind(connection, actor.id, confirmable("unlicensed"), SAID, unsigned)
    assert actor_kind(Actors(engine).actor(actor.id)) is ActorKind.UNLICENSED
    for word in ("unknown", "", "licensed"):
        with pytest.raises(UserMistake):
            confirmable(word)


@pytest.mark.parametrize(
    ("tally", "gang", "repeats"),
    [
        (Tally(identities=1), False, 0),
        (Tally(identities=3, by_contact=0), False, 0),
        (Tally(identities=3, by_contact=2, platforms=2), True, 0),
        (Tally(identities=1, leads=1, cases=1, letters=1), False, 0),
        (Tally(identities=1, relapses=1), False, 1),
        (Tally(identities=1, cases=2, letters=2, later=1, broken=1), False, 4),
    ],
)
def test_groups_and_repeaters_are_told_by_reasons(tally: Tally, gang: bool, repeats: int) -> None:
    judged = standing(tally)
    assert (judged.is_gang, len(judged.repeats)) == (gang, repeats)
    assert judged.is_repeater is bool(repeats)
