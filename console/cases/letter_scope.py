"""Whose letters somebody sees: for who works for some districts, letters about leads of others are not there."""

from __future__ import annotations

from sqlalchemy import Engine

from casework.acting import Acting
from casework.letters.content import content_read
from crawler.errors import UserMistake
from storage.cases.leads import leads_on
from storage.cases.letter_shapes import KeptLetter
from storage.cases.letters import KeptLetters

AT_ONCE = 500


def letter_for(engine: Engine, acts: Acting, word: str) -> KeptLetter:
    """The letter of this number or id; `UserMistake` where he sees none."""
    kept = KeptLetters(engine).named(word)
    if not sees(engine, acts, kept):
        raise UserMistake(f"没有 {word} 这份函；见 lantian letter list")
    return kept


def sees(engine: Engine, acts: Acting, kept: KeptLetter) -> bool:
    """Whether each lead in it is of his districts; of a reminder, each of the letter it reminds of."""
    if not acts.districts:
        return True
    whole = KeptLetters(engine).named(str(kept.reminds)) if kept.reminds else kept
    ids = [one.id for one in content_read(whole.content).leads]
    with engine.connect() as connection:
        for at in range(0, len(ids), AT_ONCE):
            if not all(acts.sees(one.district) for one in leads_on(connection, ids[at : at + AT_ONCE])):
                return False
    return True
