"""The rows of the law book: when an article is cited, when it is refused, what a person must look at. Strictly read."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from casework.law_words import Situation
from casework.lawbook.conditions import Conditions, Groups, read_conditions
from casework.letters.letter import Kind
from detectors.strict import Table, read_table

FOLDER = Path(__file__).parent


class Part(StrEnum):
    """What an article is cited for, which is also its place in a letter."""

    CONDUCT = "conduct"
    DUTY = "duty"
    PLATFORM = "platform"
    POWER = "power"
    TALK = "talk"
    ASSIST = "assist"
    HAND_OVER = "hand_over"
    JURISDICTION = "jurisdiction"
    HELP = "help"
    RISK = "risk"


PART_WORDS = {
    Part.CONDUCT: "行为",
    Part.DUTY: "平台义务",
    Part.PLATFORM: "对平台的职权",
    Part.POWER: "对行为人的职权",
    Part.TALK: "约谈",
    Part.ASSIST: "协助",
    Part.HAND_OVER: "移送",
    Part.JURISDICTION: "管辖",
    Part.HELP: "请求协助",
    Part.RISK: "风险提示",
}
ORDER = tuple(Part)
NEEDS_POWER = frozenset({Part.PLATFORM, Part.POWER, Part.TALK, Part.JURISDICTION, Part.HELP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An article may be cited for `part` when `when` holds; `place` is its row, for the order in a letter."""

    article: str
    when: Conditions
    part: Part
    why: str
    place: int
    paragraph: str = ""
    cite: str = ""
    orders: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An article may not be cited when `when` holds; a pitfall is told even where nobody asked.

    `letters` are the kinds in which it may all the same: a warning to applicants tells what threatens applicants.
    """

    article: str
    when: Conditions
    why: str
    is_pitfall: bool = False
    letters: tuple[str, ...] = ()

    def holds(self, situation: Situation) -> bool:
        return situation.measure not in self.letters and self.when.holds(situation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person must look at when `when` holds; `is_keyed`: only where an article with old numbers is cited."""

    when: Conditions
    text: str
    is_keyed: bool = False


@dataclass(frozen=True, kw_only=True)
class Rows:
    """All rows of the book."""

    uses: tuple[Use, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[Note, ...]
    groups: Groups

    @cached_property
    def uses_of(self) -> Mapping[str, tuple[Use, ...]]:
        """The uses of each article that has one."""
        names = dict.fromkeys(use.article for use in self.uses)
        return {name: tuple(use for use in self.uses if use.article == name) for name in names}

    @cached_property
    def refusals_of(self) -> Mapping[str, tuple[Refusal, ...]]:
        """The refusals of each article that has one."""
        names = dict.fromkeys(refusal.article for refusal in self.refusals)
        return {name: tuple(one for one in self.refusals if one.article == name) for name in names}


def load_rows(known: Container[str], folder: Path = FOLDER) -> Rows:
    """The three files; `known` are the ids of the articles there are. RuleInvalid names file and place."""
    groups, uses = _uses(read_table(folder / "uses.toml"), known)
    return Rows(
        uses=uses,
        refusals=_refusals(read_table(folder / "refusals.toml"), groups),
        notes=_notes(read_table(folder / "notes.toml"), groups),
        groups=groups,
    )


def _uses(table: Table, known: Container[str]) -> tuple[Groups, tuple[Use, ...]]:
    shared = table.table("groups")
    groups = {name: shared.texts(name) for name in shared.names()}
    uses = [use for place, entry in enumerate(table.tables("use")) for use in read_use(entry, groups, place * 100)]
    table.finish()
    for use in uses:
        if use.article not in known:
            raise table.refuse(f"laws 里没有条文 {use.article}")
    return groups, tuple(uses)


def read_use(entry: Table, groups: Groups, place: int) -> list[Use]:
    """One row of uses: as many uses as it names articles, from `place` on."""
    names = entry.texts("articles")
    first = Use(
        article=names[0],
        when=read_conditions(entry, groups),
        part=Part(entry.one_of("part", list(Part))),
        why=entry.text("why"),
        place=place,
        paragraph=entry.text("paragraph") if entry.has("paragraph") else "",
        cite=entry.text("cite") if entry.has("cite") else "",
        orders=entry.flag("orders") if entry.has("orders") else False,
    )
    entry.text("source")
    entry.finish()
    if (first.paragraph or first.cite) and len(names) > 1:
        raise entry.refuse("paragraph、cite 只能用于一条")
    return [replace(first, article=name, place=place + n) for n, name in enumerate(names)]


def _refusals(table: Table, groups: Groups) -> tuple[Refusal, ...]:
    refusals: list[Refusal] = []
    for entry in table.tables("refuse"):
        names = entry.texts("articles")
        when = read_conditions(entry, groups)
        is_pitfall = entry.flag("pitfall") if entry.has("pitfall") else False
        letters = entry.texts("but_in") if entry.has("but_in") else ()
        first = Refusal(article=names[0], when=when, why=entry.text("why"), is_pitfall=is_pitfall, letters=letters)
        entry.text("source")
        entry.finish()
        if unknown := set(letters) - set(Kind):
            raise entry.refuse(f"but_in 不认识 {'、'.join(sorted(unknown))}")
        refusals += [replace(first, article=name) for name in names]
    table.finish()
    return tuple(refusals)


def _notes(table: Table, groups: Groups) -> tuple[Note, ...]:
    notes: list[Note] = []
    for entry in table.tables("note"):
        when = read_conditions(entry, groups)
        is_keyed = entry.flag("keyed") if entry.has("keyed") else False
        notes.append(Note(when=when, text=entry.text("text"), is_keyed=is_keyed))
        entry.finish()
    table.finish()
    return tuple(notes)
