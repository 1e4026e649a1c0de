"""The law table: every case of `law_table.toml` as a jurist wrote it down, and the table seen to fail."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from casework.law import Book, choose
from casework.law_words import ActorKind, Level, OfficeKind, PlaceKind, Situation

CASES = tomllib.loads((Path(__file__).parent / "law_table.toml").read_text(encoding="utf-8"))["case"]


@cache
def book() -> Book:
    return Book.load()


def asked(words: str) -> Situation:
    told = words.split()
    facts = frozenset(one.removeprefix("+") for one in told if one.startswith("+"))
    category, actor, place, office, level, on, *measure = (one for one in told if not one.startswith("+"))
    return Situation(
        category=category,
        actor=ActorKind(actor),
        place=PlaceKind(place),
        office=OfficeKind(office),
        level=Level(level),
        on=date.fromisoformat(on),
        measure=measure[0] if measure else "",
        facts=facts,
    )


def complaints(case: dict[str, Any], book: Book) -> list[str]:
    """What of a case does not come out."""
    choice = choose(asked(case["asks"]), book)
    cited, refused = {one.id for one in choice.articles}, {one.id: one.why for one in choice.refused}
    wrong = [f"not cited: {one} ({refused.get(one)})" for one in case.get("cites", ()) if one not in cited]
    wrong += [f"cited: {one}" for one in (*case.get("never", ()), *case.get("refuses", ())) if one in cited]
    for one, why in case.get("refuses", {}).items():
        if why not in refused.get(one, ""):
            wrong.append(f"{one} refused as {refused.get(one)!r}, wanted {why}")
    if choice.verb != case["verb"]:
        wrong.append(f"verb {choice.verb}")
    wrong += [f"may not: {one}" for one in case.get("may", ()) if one not in choice.measures]
    wrong += [f"may: {one}" for one in case.get("may_not", ()) if one in choice.measures]
    wrong += [f"no note: {one}" for one in case.get("notes", ()) if not any(one in note for note in choice.notes)]
    return wrong


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case_comes_out_as_written_by_hand(case: dict[str, Any]) -> None:
    assert complaints(case, book()) == []


def test_the_table_is_wide_enough() -> None:
    questions = [asked(case["asks"]) for case in CASES]
    assert len(set(questions)) == len(CASES) >= 80
    assert {one.category for one in questions} >= {"guaranteed_grant", "malicious_trademark", "licence_renting"}
    for kind in (ActorKind, PlaceKind, OfficeKind, Level):
        assert set(kind) <= {value for one in questions for value in (one.actor, one.place, one.office, one.level)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TM19-六十八", "TM26-六十七"),
        ("AUC25-九", "AUC25-七"),
        ("EC-二十九", "NT-二十九"),
        ("PAR-二十五", "PAR-二十七"),
        ("AD-四十五", "AD-五十六"),
    ],
)
def test_two_articles_swapped_in_the_book_are_seen(one: str, other: str) -> None:
    def swapped(name: str) -> str:
        return {one: other, other: one}.get(name, name)

    whole = book()
    uses = tuple(replace(use, article=swapped(use.article)) for use in whole.rows.uses)
    turned = replace(whole, rows=replace(whole.rows, uses=uses))
    assert [case["name"] for case in CASES if complaints(case, turned)]


@pytest.mark.parametrize("name", ["TM19-六十八", "TM26-六十七", "AUC25-二十五", "PATR-四"])
def test_an_article_whose_days_are_wrong_is_seen(name: str) -> None:
    whole = book()
    wrong = replace(whole.articles[name], since=date(2030, 1, 1), until=date.max)
    assert any(complaints(case, replace(whole, articles={**whole.articles, name: wrong})) for case in CASES)


def test_every_use_of_the_book_holds_somewhere_in_the_table() -> None:
    """A row that no case reaches would change without anybody noticing: those left are named here."""
    reached = set()
    for case in CASES:
        situation = asked(case["asks"])
        reached |= {use.place for use in book().rows.uses if use.when.holds(situation)}
    assert [use.article for use in book().rows.uses if use.place not in reached] == []
