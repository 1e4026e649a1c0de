"""Which exhibits of a range have a term: by the words index, by the entities' own index, and by what the rows say where
the words index cannot tell."""

from __future__ import annotations

import string
from functools import cached_property

import numpy as np
from sqlalchemy import Connection, select

from storage.models import EntityRow
from storage.searching.rowids import NONE, Mask, Rows, joined
from storage.searching.shapes import Field, Term
from storage.searching.texts import FEW, having
from storage.searching.words import Words, words_of

_LETTERS = string.digits + string.ascii_lowercase


class Terms:
    """Asks for terms in one transaction; `fields` are those in which they may stand."""

    def __init__(self, connection: Connection, fields: frozenset[Field]) -> None:
        self._connection = connection
        self._fields = fields
        self._words: Words = words_of(connection)

    def mask(self, term: Term, first: int, last: int) -> Mask:
        """Of each row of the range whether it is an exhibit that has the term."""
        found = np.zeros(last - first + 1, np.bool_)
        for text in (term.text, *term.spellings):
            found[self._standing(text, term.is_prefix, first, last) - first] = True
        if Field.ENTITY in self._fields:
            found[self._marked(term, first, last) - first] = True
            for kind, value in term.entities:
                found[self._named(kind, value, first, last) - first] = True
        return found

    def kept(self, term: Term, rows: Rows) -> Mask:
        """Of each of these few rows whether it has the term; read row by row."""
        has = np.array(having(self._connection, rows, term, self._fields), np.bool_)
        if term.marks and len(rows) and Field.ENTITY in self._fields:
            has |= np.isin(rows, self._marked(term, int(rows[0]), int(rows[-1])))
        return has

    # -- the words index -----------------------------------------------------------------------------

    def _standing(self, text: str, is_prefix: bool, first: int, last: int) -> Rows:
        if not text:
            return NONE
        found = self._words.matching(text, self._fields, first, last)
        return self._at_beginnings(text, found, first, last) if is_prefix else found

    def _at_beginnings(self, text: str, found: Rows, first: int, last: int) -> Rows:
        """Of few the rows tell. Of more, those where it stands after a letter nowhere are sure."""
        doubtful = found
        if len(found) > FEW:
            inside = np.zeros(last - first + 1, np.bool_)
            for letter in _LETTERS:
                inside[self._words.matching(letter + text, self._fields, first, last) - first] = True
            doubtful = found[inside[found - first]]
        begun = having(self._connection, doubtful, Term(text=text, is_prefix=True), self._fields)
        return np.setdiff1d(found, doubtful[~np.array(begun, np.bool_)], assume_unique=True)

    def _marked(self, term: Term, first: int, last: int) -> Rows:
        return self._words.near(term.marks, first, last) if term.marks else NONE

    # -- the entities' index -------------------------------------------------------------------------

    def _named(self, kind: str, value: str, first: int, last: int) -> Rows:
        several = [kind] if kind else self._kinds
        return np.concatenate([self._named_as(one, value, first, last) for one in several] or [NONE])

    def _named_as(self, kind: str, value: str, first: int, last: int) -> Rows:
        query = select(EntityRow.exhibit_id).where(
            EntityRow.kind == kind, EntityRow.value == value, EntityRow.exhibit_id.between(first, last)
        )
        return joined(self._connection, query)[0]

    @cached_property
    def _kinds(self) -> list[str]:
        """Each kind once, by a step in the index for each."""
        kinds: list[str] = []
        query = select(EntityRow.kind).order_by(EntityRow.kind).limit(1)
        while kind := self._connection.execute(query.where(EntityRow.kind > (kinds or [""])[-1])).scalar():
            kinds.append(kind)
        return kinds
