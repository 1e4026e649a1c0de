"""Reads what exhibits say and tests it, where that costs less than asking the index, or where the index cannot know."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from storage.models import EntityRow, ExhibitRow
from storage.searching.rowids import Rows
from storage.searching.shapes import Field, Term
from storage.tables.search import LateWords

AT_ONCE = 1_000
FEW = 256  # rows that are read sooner than all is asked for that a frequent word has
_NO_WORD_BEFORE = "(?<![0-9A-Za-z])"


@dataclass(slots=True)
class Words:
    """What one exhibit says, field by field, and what it names."""

    of: dict[Field, list[str]] = field(default_factory=dict)
    named: set[tuple[str, str]] = field(default_factory=set)


def having(connection: Connection, rows: Rows, term: Term, fields: Collection[Field]) -> list[bool]:
    """Of each of these exhibits whether it has the term by its text, or by what it names; marks are not looked at."""
    tests = _tests(term, fields)
    answers: list[bool] = []
    for start in range(0, len(rows), AT_ONCE):
        some = [int(row) for row in rows[start : start + AT_ONCE]]
        words = _words(connection, some, fields)
        answers += [tests.passes(words[row]) for row in some]
    return answers


def pattern_of(term: Term) -> re.Pattern[str] | None:
    """What finds the term by its text and its other spellings; nothing where it has none."""
    several = "|".join(re.escape(one) for one in (term.text, *term.spellings) if one)
    # With ASCII, IGNORECASE folds A to Z and nothing else, as LIKE does.
    begins = _NO_WORD_BEFORE if term.is_prefix else ""
    return re.compile(f"{begins}(?:{several})", re.ASCII | re.IGNORECASE) if several else None


@dataclass(frozen=True, slots=True)
class _Tests:
    pattern: re.Pattern[str] | None
    entities: tuple[tuple[str, str], ...]

    def passes(self, words: Words) -> bool:
        if self.pattern is not None and any(self.pattern.search(one) for some in words.of.values() for one in some):
            return True
        return any(self._is_named(kind, value, words) for kind, value in self.entities)

    @staticmethod
    def _is_named(kind: str, value: str, words: Words) -> bool:
        return (kind, value) in words.named if kind else any(value == known for _, known in words.named)


def _tests(term: Term, fields: Collection[Field]) -> _Tests:
    return _Tests(pattern_of(term), term.entities if Field.ENTITY in fields else ())


def _words(connection: Connection, rows: Sequence[int], fields: Collection[Field]) -> defaultdict[int, Words]:
    found: defaultdict[int, Words] = defaultdict(Words)
    if Field.TITLE in fields or Field.TEXT in fields:
        said = select(ExhibitRow.id, ExhibitRow.title, ExhibitRow.text).where(ExhibitRow.id.in_(rows))
        for row, title, text in connection.execute(said).all():
            shown = {Field.TITLE: [title], Field.TEXT: [text]}
            found[row].of |= {one: several for one, several in shown.items() if one in fields}
    if Field.PICTURE in fields:
        late = select(LateWords.exhibit_id, LateWords.picture).where(LateWords.exhibit_id.in_(rows))
        for row, picture in connection.execute(late).all():
            found[row].of[Field.PICTURE] = json.loads(picture)
    if Field.ENTITY in fields:
        named = select(EntityRow.exhibit_id, EntityRow.kind, EntityRow.value).where(EntityRow.exhibit_id.in_(rows))
        for row, kind, value in connection.execute(named).all():
            found[row].named.add((kind, value))
            found[row].of.setdefault(Field.ENTITY, []).append(value)
    return found
