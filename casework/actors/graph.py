"""An actor as a graph: its identities, what several of them show, and people's word; each line has its reason.

What cannot be drawn within the limit is counted, never left out in silence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from casework.actors.words import CONTACT_WORDS, IDENTITY_WORDS, Veil
from storage.cases.actor_shapes import Identity, Join, ShownContact

SWEEPS = 4
_PERSON = "person"


class Bond(StrEnum):
    """What a line says."""

    JOINS = "joins"  # why two are one
    SHOWN = "shown"  # shown, but no reason: too many show it
    UNDONE = "undone"  # a reason that was undone


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An identity, or a reason; `head` is what it is, `words` what it says, `note` where from."""

    id: str
    is_identity: bool
    kind: str
    head: str
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """From an identity to a reason."""

    identity: str
    reason: str
    bond: Bond
    exhibit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The identities and the reasons, each in the order in which they are drawn."""

    title: str
    subtitle: str
    identities: tuple[Node, ...]
    reasons: tuple[Node, ...]
    lines: tuple[Line, ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What is to be drawn. `platforms` are their names in words, in the order of the identities."""

    title: str
    subtitle: str
    identities: Sequence[Identity]
    platforms: Sequence[str]
    contacts: Sequence[ShownContact]
    joins: Sequence[Join]
    total: int


def graph_of(drawn: Drawn, veil: Veil, limit: int) -> Graph:
    """At most `limit` nodes. A contact that one identity alone shows says nothing, unless there is but one."""
    several = len(drawn.identities) > 1
    kept = drawn.identities[: max(limit * 2 // 3, 1)]
    here = {one.id for one in kept}
    shown = _shown(drawn, here, several=several)
    by_hand = [one for one in drawn.joins if one.kind == _PERSON and {one.one_id, one.other_id} <= here]
    reasons = [_contact(key, some, veil) for key, some in shown.items()] + [_hand(one, veil) for one in by_hand]
    reasons = reasons[: limit - len(kept)]
    lines = _lines(drawn, shown, by_hand, {one.id for one in reasons})
    nodes = [_identity(one, word, veil) for one, word in zip(kept, drawn.platforms, strict=False)]
    left, right = _ordered([one.id for one in nodes], [one.id for one in reasons], lines)
    place = {name: number for number, name in enumerate((*left, *right))}
    return Graph(
        title=drawn.title,
        subtitle=drawn.subtitle,
        identities=tuple(sorted(nodes, key=lambda one: place[one.id])),
        reasons=tuple(sorted(reasons, key=lambda one: place[one.id])),
        lines=tuple(sorted(lines, key=lambda one: (place[one.identity], place[one.reason]))),
        left_out=drawn.total - len(kept) + len(shown) + len(by_hand) - len(reasons),
    )


Value = tuple[str, str]


def _shown(drawn: Drawn, here: set[int], *, several: bool) -> dict[Value, list[ShownContact]]:
    found: defaultdict[Value, list[ShownContact]] = defaultdict(list)
    for one in drawn.contacts:
        if one.identity_id in here:
            found[one.kind, one.value].append(one)
    return {key: some for key, some in sorted(found.items()) if len(some) > 1 or not several}


def _lines(
    drawn: Drawn, shown: dict[Value, list[ShownContact]], by_hand: Sequence[Join], reasons: set[str]
) -> list[Line]:
    bonds = _bonds(drawn.joins)
    lines = [
        Line(
            identity=f"i{one.identity_id}",
            reason=_name(key),
            bond=bonds.get((one.identity_id, *key), Bond.SHOWN),
            exhibit=one.exhibit,
        )
        for key, some in shown.items()
        for one in some
    ]
    for one in by_hand:
        bond = Bond.JOINS if one.undone_at is None else Bond.UNDONE
        lines += [Line(identity=f"i{end}", reason=f"j{one.id}", bond=bond) for end in (one.one_id, one.other_id)]
    return [one for one in lines if one.reason in reasons]


def _bonds(joins: Sequence[Join]) -> dict[tuple[int, str, str], Bond]:
    """Of each identity and value whether a join by it stands; one that stands says more than one undone."""
    bonds: dict[tuple[int, str, str], Bond] = {}
    for one in sorted(joins, key=lambda one: one.undone_at is None):
        bond = Bond.JOINS if one.undone_at is None else Bond.UNDONE
        bonds |= {(end, one.kind, one.value): bond for end in (one.one_id, one.other_id)}
    return bonds


# -- nodes -----------------------------------------------------------------------------------------


def _name(key: Value) -> str:
    return f"c:{key[0]}:{key[1]}"


def _identity(one: Identity, platform: str, veil: Veil) -> Node:
    head = f"{platform} · {IDENTITY_WORDS.get(one.kind, one.kind)}"
    return Node(id=f"i{one.id}", is_identity=True, kind=one.kind, head=head, words=veil.name(one))


def _contact(key: Value, some: Sequence[ShownContact], veil: Veil) -> Node:
    common = "；很多身份都有，不据此关联" if any(one.is_common for one in some) else ""
    return Node(
        id=_name(key),
        is_identity=False,
        kind=key[0],
        head=CONTACT_WORDS.get(key[0], key[0]),
        words=veil.value(*key),
        note=f"{len(some)} 个身份，如证据项 {some[0].exhibit[:8]}{common}",
    )


def _hand(one: Join, veil: Veil) -> Node:
    undone = f"已由 {one.undone_by} 撤销" if one.undone_at is not None else f"第 {one.id} 号关联"
    return Node(
        id=f"j{one.id}",
        is_identity=False,
        kind=_PERSON,
        head=f"{one.by} 认定",
        words=veil.text(one.value),
        note=undone,
    )


# -- order -----------------------------------------------------------------------------------------


def _ordered(left: list[str], right: list[str], lines: Sequence[Line]) -> tuple[list[str], list[str]]:
    """Each side by the middle of what it is tied to on the other, a few times over: few lines cross."""
    ties: defaultdict[str, list[str]] = defaultdict(list)
    for one in lines:
        ties[one.identity].append(one.reason)
        ties[one.reason].append(one.identity)
    for _ in range(SWEEPS):
        right = _by_middle(right, left, ties)
        left = _by_middle(left, right, ties)
    return left, right


def _by_middle(some: list[str], others: list[str], ties: dict[str, list[str]]) -> list[str]:
    place = {name: number for number, name in enumerate(others)}
    was = {name: number for number, name in enumerate(some)}

    def middle(name: str) -> tuple[float, int]:
        tied = [place[one] for one in ties.get(name, ()) if one in place]
        return (sum(tied) / len(tied) if tied else float(len(others))), was[name]

    return sorted(some, key=middle)


def degrees(graph: Graph) -> Counter[str]:
    """How many lines end at each node."""
    return Counter(end for one in graph.lines for end in (one.identity, one.reason))
