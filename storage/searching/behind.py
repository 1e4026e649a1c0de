"""Which state leads are in and who is behind them, as arrays by the number of the lead: looked up when it is asked, so
that what people decide needs no new index."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from sqlalchemy import Connection, select

from storage.cases.same_actor import joined_to, root_of
from storage.searching.rowids import Mask, Rows, joined
from storage.tables.actors import ActorRow
from storage.tables.leads import LeadRow


def leads_in(connection: Connection, states: Collection[str]) -> Rows:
    """The leads in one of these states; 0, which stands for none, where the empty state is among them."""
    leads = joined(connection, select(LeadRow.id).where(LeadRow.state.in_(sorted(states))))[0]
    return np.append(leads, 0) if "" in states else leads


def leads_of(connection: Connection, actors: Collection[int]) -> Rows:
    """The leads of these actors, and of all that are one with them by now."""
    ones = joined_to(connection, {root_of(connection, actor) for actor in actors})
    return joined(connection, select(LeadRow.id).where(LeadRow.actor_id.in_(sorted(ones))))[0]


def actors_by_lead(connection: Connection, most: int) -> Rows:
    """For each lead up to `most`, at its number, the actor it is held against by now; 0 for none."""
    wanted = (LeadRow.actor_id.is_not(None), LeadRow.id <= most)
    leads, whose = joined(connection, select(LeadRow.id, LeadRow.actor_id).where(*wanted))
    actors = np.zeros(most + 1, np.int64)
    actors[leads] = _roots(_into(connection), whose)
    return actors


def states_by_lead(connection: Connection, most: int) -> tuple[Rows, tuple[str, ...]]:
    """For each lead up to `most`, at its number, which of the states it is in: 0 is the first, that of no lead."""
    states = ["", *connection.execute(select(LeadRow.state).group_by(LeadRow.state)).scalars()]
    places = np.zeros(most + 1, np.int64)
    for place, state in enumerate(states[1:], 1):
        query = select(LeadRow.id).where(LeadRow.state == state, LeadRow.id <= most)
        places[joined(connection, query)[0]] = place
    return places, tuple(states)


def chosen(numbers: Rows) -> Mask:
    """A mask that is true at these numbers, false at the others, and false at its end for all that are greater."""
    mask = np.zeros(int(numbers.max(initial=0)) + 2, np.bool_)
    mask[numbers] = True
    return mask


def _into(connection: Connection) -> Rows:
    """For each row of actors, at its number, which it was joined to, or itself."""
    joins = select(ActorRow.id, ActorRow.merged_into).where(ActorRow.merged_into.is_not(None))
    ones, targets = joined(connection, joins)
    into = np.arange(max(ones.max(initial=0), targets.max(initial=0)) + 1)
    into[ones] = targets
    return into


def _roots(into: Rows, actors: Rows) -> Rows:
    while len(actors):
        moved = np.where(actors < len(into), into[np.minimum(actors, len(into) - 1)], actors)
        if np.array_equal(moved, actors):
            break
        actors = moved
    return actors
