"""People and extractions as rows: nobody is forgotten, nothing is written twice, and the log knows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from storage_specimens import T0, finding, first_wrong, listing, page_of

from crawler.errors import UserMistake
from storage.audit import AuditLog
from storage.exhibits import ExhibitStore
from storage.people import Extraction, NewPerson, People, Person, Refusal

FACTS = '{"id":"20261120-1"}\n'


def person(people: People, name: str, badge: str) -> Person:
    return people.add(NewPerson(name=name, badge=badge, unit="", by="root"), "$argon2id$invented", T0)


def exhibit_of(planned: ExhibitStore) -> str:
    page = page_of((listing("1"),), findings={"1": (finding(),)})
    planned.record(page)
    return page.exhibits[0].id


def test_everybody_stays_in_the_order_they_came(store: ExhibitStore) -> None:
    people = People(store.engine)
    person(people, "王一", "1")
    person(people, "李二", "2")
    gone = people.disable("王一", "李二", T0 + timedelta(days=1))
    assert (gone.disabled_at, gone.disabled_by) == (T0 + timedelta(days=1), "李二")
    assert [one.name for one in people.everybody()] == ["王一", "李二"]
    assert "argon2" not in repr(people.everybody())


@pytest.mark.parametrize(("name", "badge"), [("王一", "2"), ("张三", "1")])
def test_name_and_badge_are_one_persons_for_ever(store: ExhibitStore, name: str, badge: str) -> None:
    people = People(store.engine)
    person(people, "王一", "1")
    people.disable("王一", "root", T0)
    with pytest.raises(UserMistake, match="已经"):
        person(people, name, badge)


def test_nobody_is_disabled_twice_or_unknown(store: ExhibitStore) -> None:
    people = People(store.engine)
    person(people, "王一", "1")
    people.disable("王一", "root", T0)
    with pytest.raises(UserMistake, match="已经停用"):
        people.disable("王一", "root", T0)
    with pytest.raises(UserMistake, match="没有用户"):
        people.disable("李二", "root", T0)


def test_an_extraction_comes_back_as_it_was_and_the_log_has_its_digest(planned: ExhibitStore) -> None:
    people, exhibit = People(planned.engine), exhibit_of(planned)
    officers = (person(people, "王一", "1"), person(people, "李二", "2"))
    done = Extraction(
        id="20261120-1",
        exhibit=exhibit,
        officers=(officers[0].id, officers[1].id),
        started_at=T0,
        ended_at=T0 + timedelta(seconds=41),
        place="示例局",
        visits=("visit-1",),
        outcome="shows_quote",
        reason="",
        seal=7,
        facts=FACTS,
    )
    people.keep_extraction(done, officers)
    later = replace(done, id="20261120-0", started_at=T0 + timedelta(hours=1), seal=None)
    people.keep_extraction(later, officers)
    assert people.extractions_of(exhibit) == (done, later)
    assert people.extractions_of("another") == ()
    entry = AuditLog(planned.engine).entries()[-2]
    assert (entry.act, entry.who, entry.subject) == ("extracted", "王一、李二", exhibit)
    assert hashlib.sha256(FACTS.encode()).hexdigest() in entry.detail
    with pytest.raises(IntegrityError):
        people.keep_extraction(done, officers)
    with pytest.raises(IntegrityError):
        people.keep_extraction(replace(done, id="3", exhibit="no such exhibit"), officers)


def test_only_a_wrong_password_counts(store: ExhibitStore) -> None:
    people = People(store.engine)
    person(people, "王一", "1")
    people.note_refusal(Refusal(name="王一", why="disabled", purpose="test", at=T0))
    assert people.named("王一").failures == 0
    people.note_refusal(Refusal(name="王一", why="wrong_password", purpose="test", at=T0))
    assert (people.named("王一").failures, people.named("王一").failed_at) == (1, T0)
    people.note_refusal(Refusal(name="无此人" * 1000, why="unknown", purpose="test", at=T0))
    assert len(AuditLog(store.engine).entries()[-1].subject) <= 100
    assert first_wrong(AuditLog(store.engine)) == 0
