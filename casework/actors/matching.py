"""Asks the registry whom it knows among the actors: by their own names, the codes they show, the firms they name.

One that leads to several agencies, or only names one, is matched with none; a person says which. Asked again when
the list is another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine

from casework.actors.in_charge import in_charge
from casework.actors.kinds import CODE, MENTION, NAME, PERSON, SEVERAL
from crawler.agencies import Agency, RegistryView
from storage.cases.matches import Answered, Known, answer_on, due_on
from storage.db import writing

BATCH = 100  # actors in one transaction: the write lock is held while the registry is asked


class Version(RegistryView, Protocol):
    """A registry that says which version it is: `storage.registry.StoredRegistry`."""

    @property
    def version(self) -> int: ...


def match_up(engine: Engine, registry: Version | None, now: datetime) -> int:
    """Ask about every actor that this version was not asked about; how many there were. No registry, no answer."""
    if registry is None:
        return 0
    asked = 0
    while True:
        with writing(engine).begin() as connection:
            due = due_on(connection, registry.version, BATCH)
            answer_on(connection, [answered(one, registry) for one in due], registry.version, now)
        asked += len(due)
        if len(due) < BATCH:
            return asked


def answered(known: Known, registry: RegistryView) -> Answered:
    """What a registry says of one actor."""
    if known.is_said:
        agency = looked_up(known.said, registry)
        return Answered(actor=known.actor, agency=agency, matched_as=PERSON, office=in_charge(agency) if agency else "")
    tiers: tuple[tuple[str, Iterable[str], Callable[[str], Agency | None]], ...] = (
        (NAME, known.names, registry.find),
        (CODE, known.codes, registry.find_code),
        (MENTION, known.mentioned, registry.find),
    )
    for matched_as, words, ask in tiers:
        found = _different(ask(word) for word in words)
        if found and matched_as == MENTION:  # whoever names an agency may hide behind it
            return Answered(actor=known.actor, agency=None, matched_as=MENTION)
        if len(found) == 1:
            return Answered(actor=known.actor, agency=found[0], matched_as=matched_as, office=in_charge(found[0]))
        if found:
            return Answered(actor=known.actor, agency=None, matched_as=SEVERAL)
    return Answered(actor=known.actor, agency=None, matched_as="")


def looked_up(word: str, registry: RegistryView) -> Agency | None:
    """The entry of a code or a name."""
    return (registry.find_code(word) or registry.find(word)) if word else None


def _different(answers: Iterable[Agency | None]) -> list[Agency]:
    """Once each; a branch is its agency."""
    found: dict[str, Agency] = {}
    for one in answers:
        if one is not None:
            key = one.parent_code or one.code or one.credit_code or one.name
            if key not in found or not one.parent_code:
                found[key] = one
    return list(found.values())
