"""Figures of a stretch of time: every one carries the rows behind it, and the parts of a group add up to its whole.

What belongs to no part has a part of its own, so nothing is lost between them. Nothing is counted that is not a row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import TypeVar

from casework.reports.words import Label
from storage.cases.shapes import Figure

LEADS, LETTERS, MOVES, ACTORS, EXHIBITS = "leads", "letters", "moves", "actors", "exhibits"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One figure and what people call it."""

    label: str
    figure: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A whole and its parts. Where one row may be in several parts, `overlaps`, and they add up to more."""

    name: str
    title: str
    whole: Figure
    parts: tuple[Part, ...]
    overlaps: bool = False

    def part(self, key: str) -> Figure:
        """The part of this key; an empty figure where no row was in it."""
        name = f"{self.name}.{key}"
        return next((one.figure for one in self.parts if one.figure.name == name), counted(name, self.whole.of, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many of so many; `share` is `None` where there is nothing to divide by."""

    label: str
    some: Figure
    among: Figure

    @property
    def share(self) -> float | None:
        return self.some.value / self.among.value if self.among.value else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Middle:
    """The median of hours over the rows that got there; `None` where none did."""

    label: str
    hours: float | None
    over: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All figures of a period."""

    since: datetime
    until: datetime
    groups: tuple[Group, ...]
    rates: tuple[Rate, ...]
    middles: tuple[Middle, ...]

    def group(self, name: str) -> Group:
        """The group of this name; it is a bug to ask for one that no report has."""
        return next(one for one in self.groups if one.name == name)

    def parts(self) -> Iterator[Part]:
        """Every figure once, wholes first."""
        seen: set[str] = set()
        for group in self.groups:
            for one in (Part(label=group.title, figure=group.whole), *group.parts):
                if one.figure.name not in seen:
                    seen.add(one.figure.name)
                    yield one


def counted(name: str, of: str, ids: Iterable[int]) -> Figure:
    """The figure of these rows, each counted once."""
    rows = tuple(dict.fromkeys(ids))
    return Figure(name=name, value=len(rows), of=of, ids=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How a group is made: its name and title, the label of a part's key, and the keys that are told in any case."""

    name: str
    title: str
    label: Label
    always: tuple[str, ...] = ()
    overlaps: bool = False


def grouped(
    grouping: Grouping,
    whole: Figure,
    rows: Iterable[T],
    key_of: Callable[[T], str | Sequence[str]],
    id_of: Callable[[T], int],
) -> Group:
    """The rows of a whole, by key. Rows without one are a part too, which is named as it is called."""
    nothing = grouping.label("")
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        key = key_of(row)
        for one in (key,) if isinstance(key, str) else tuple(dict.fromkeys(key)) or ("",):
            found[one or nothing].append(id_of(row))
    keys = [*grouping.always, *sorted(found.keys() - set(grouping.always), key=lambda one: (-len(found[one]), one))]
    parts = tuple(
        Part(
            label=key if key == nothing else grouping.label(key),
            figure=counted(f"{grouping.name}.{key}", whole.of, found[key]),
        )
        for key in keys
    )
    told = replace(whole, by={one.figure.name: one.figure.value for one in parts})
    return Group(name=grouping.name, title=grouping.title, whole=told, parts=parts, overlaps=grouping.overlaps)


def together(name: str, *figures: Figure) -> Figure:
    """The rows of several figures, each once."""
    return counted(name, figures[0].of, (one for figure in figures for one in figure.ids))


def middle(label: str, over: Figure, hours: Sequence[float]) -> Middle:
    """The median; `over` are the rows it is of."""
    return Middle(label=label, hours=median(hours) if hours else None, over=over)


def hours_between(first: datetime, then: datetime) -> float:
    """Hours from one to the other; a moment before counts as at once, for clocks differ by seconds."""
    return max(0.0, (then - first).total_seconds() / 3600)
