"""What a person said of an actor is believed from the audit log; a row that says more is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from actor_specimens import SAID, appear, appearance, unsigned
from empty_home import laid
from people_specimens import someone
from sqlalchemy import Engine, update

from casework.acting import Acting, Grant
from casework.actors.proof import proven_kind
from casework.law_words import ActorKind
from casework.trust import Trust
from crawler.agencies import ACTIVE, PATENT_AGENCY, Agency
from crawler.errors import EvidenceBroken
from storage.cases.actor_acts import Said, confirm_kind, join_by_hand, match_by_hand
from storage.cases.actors import Actors
from storage.db import open_database, writing
from storage.tables.actors import ActorRow

STAR = Agency(name="星河专利事务所", code="99001", kind=PATENT_AGENCY, status=ACTIVE, province="北京")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(laid(tmp_path / "lantian.db"))
    appear(engine, appearance("1"), appearance("2"), appearance("3"))
    yield engine
    engine.dispose()


@pytest.fixture
def examiner(engine: Engine) -> Acting:
    return someone(engine, "示例甲", Grant.EXAMINER)


def said_by(acting: Acting) -> Said:
    return Said(by=acting.name, at=SAID.at, reason="官方系统未查到")


def judged(engine: Engine, actor: int = 1) -> ActorKind:
    return proven_kind(engine, Trust(engine), Actors(engine).actor(actor))


def change(engine: Engine, actor: int = 1, **values: Any) -> None:
    with writing(engine).begin() as connection:
        connection.execute(update(ActorRow).where(ActorRow.id == actor).values(**values))


def test_a_signed_confirmation_holds_also_for_whom_it_was_joined_to(engine: Engine, examiner: Acting) -> None:
    with writing(engine).begin() as connection:
        confirm_kind(connection, 2, "unlicensed", said_by(examiner), examiner.sign)
        join_by_hand(connection, 1, 2, said_by(examiner), examiner.sign)
    assert judged(engine) is ActorKind.UNLICENSED
    assert judged(engine, 3) is ActorKind.UNKNOWN


def test_a_changed_row_makes_nobody_unlicensed(engine: Engine, examiner: Acting) -> None:
    change(engine, kind="unlicensed")
    with pytest.raises(EvidenceBroken, match="没有人确认过"):
        judged(engine)
    change(engine, kind="", kind_entry=None)
    with writing(engine).begin() as connection:
        entry = confirm_kind(connection, 3, "tm_unfiled", said_by(examiner), examiner.sign)
    change(engine, kind="tm_unfiled", kind_entry=entry)
    with pytest.raises(EvidenceBroken, match="说的不是"):
        judged(engine)
    change(engine, 3, kind="unlicensed")
    with pytest.raises(EvidenceBroken, match="不符"):
        judged(engine, 3)
    change(engine, 3, kind_entry=9999)
    with pytest.raises(EvidenceBroken):
        judged(engine, 3)


def test_what_nobody_signed_or_might_not_is_not_believed(engine: Engine) -> None:
    viewer = someone(engine, "示例乙", Grant.VIEWER)
    with writing(engine).begin() as connection:
        confirm_kind(connection, 1, "unlicensed", said_by(viewer), viewer.sign)
        confirm_kind(connection, 2, "unlicensed", SAID, unsigned)
    for actor in (1, 2):
        with pytest.raises(EvidenceBroken):
            judged(engine, actor)


def test_a_match_by_a_person_is_what_he_signed(engine: Engine, examiner: Acting) -> None:
    with writing(engine).begin() as connection:
        match_by_hand(connection, 1, (STAR, "北京市知识产权局"), said_by(examiner), examiner.sign)
    assert judged(engine) is ActorKind.PATENT_AGENCY
    change(engine, agency_code="99002")
    with pytest.raises(EvidenceBroken, match="不符"):
        judged(engine)
