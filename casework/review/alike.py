"""Leads that one decision may settle: open ones all of whose listings are in the same groups of like ones.

A lead that also holds something else is not decided along; it is told as left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casework.review.desk import Desk
from crawler.errors import UserMistake
from storage.cases.lead_exhibits import groups_of, leads_of_groups
from storage.cases.leads import leads_on
from storage.cases.moves import State
from storage.cases.shapes import WorkedLead

_DECIDABLE = (State.NEW, State.EXAMINING, State.MORE)
MOST = 1000  # leads decided as one


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Leads to decide as one, the asked ones first; like ones that hold more than that; the groups they share."""

    leads: tuple[WorkedLead, ...]
    left_out: tuple[WorkedLead, ...]
    groups: frozenset[int]


def alike(desk: Desk, asked: Sequence[WorkedLead]) -> Alike:
    """What may be decided along with these. Leads of other districts are not there."""
    with desk.engine.connect() as connection:
        groups = frozenset().union(*(groups_of(connection, lead.id) for lead in asked)) - {0}
        ids = leads_of_groups(connection, sorted(groups)) - {lead.id for lead in asked}
        if len(ids) > MOST:
            raise UserMistake(f"同类的线索超过 {MOST} 条，请分批")
        found = [lead for lead in leads_on(connection, ids) if _is_his(desk, lead)]
        same = {lead.id for lead in found if groups_of(connection, lead.id) <= groups}
    return Alike(
        leads=(*asked, *(lead for lead in found if lead.id in same)),
        left_out=tuple(lead for lead in found if lead.id not in same),
        groups=groups,
    )


def _is_his(desk: Desk, lead: WorkedLead) -> bool:
    return lead.state in _DECIDABLE and desk.acting.sees(lead.district)
