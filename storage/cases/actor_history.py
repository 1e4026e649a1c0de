"""What was held against actors: leads, cases, letters, answers and relapses, counted and one by one.

Each is found from the actor through an index; nobody else's rows are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from storage.cases.actor_shapes import HeldCase, HeldLead, History, Relapse, Tally, WrittenLetter
from storage.cases.moves import Step
from storage.tables.actors import IdentityRow, JoinRow
from storage.tables.leads import CaseRow, LeadRow, MoveRow
from storage.tables.letters import LetterLeadRow, LetterRow

PERSON = "person"
Scope = Sequence[str]  # the asker's districts, none for the whole office


def tallies_on(connection: Connection, actors: Sequence[int], districts: Scope) -> Mapping[int, Tally]:
    """What is counted of each of these actors."""
    told: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for query in _counts(actors, districts):
        for row in connection.execute(query):
            told[row.actor] |= {name: int(value or 0) for name, value in row._mapping.items() if name != "actor"}
    return {one: Tally(**told[one]) for one in actors}


def _counts(actors: Sequence[int], districts: Scope) -> tuple[Select[*tuple[Any, ...]], ...]:
    of, lead = IdentityRow.actor_id, LeadRow.actor_id
    written = LetterRow.state.in_(("sent", "delivered", "answered", "closed"))
    return (
        select(
            of.label("actor"),
            func.count().label("identities"),
            func.count(IdentityRow.platform.distinct()).label("platforms"),
        )
        .where(of.in_(actors))
        .group_by(of),
        select(of.label("actor"), func.count().label("by_contact"))
        .join(JoinRow, JoinRow.one_id == IdentityRow.id)
        .where(of.in_(actors), JoinRow.undone_at.is_(None), JoinRow.kind != PERSON)
        .group_by(of),
        _seen(
            select(lead.label("actor"), func.count().label("leads"), func.sum(LeadRow.reopened).label("relapses")),
            districts,
        )
        .where(lead.in_(actors))
        .group_by(lead),
        _his(select(CaseRow.actor_id.label("actor"), func.count().label("cases")), districts)
        .where(CaseRow.actor_id.in_(actors))
        .group_by(CaseRow.actor_id),
        _seen(
            select(
                lead.label("actor"),
                func.count(LetterRow.id.distinct()).label("letters"),
                func.count(LetterLeadRow.back_at).label("broken"),
            ),
            districts,
        )
        .join(LetterLeadRow, LetterLeadRow.lead_id == LeadRow.id)
        .join(LetterRow, LetterRow.id == LetterLeadRow.letter_id)
        .where(lead.in_(actors), written)
        .group_by(lead),
        _later(actors, districts),
    )


def _later(actors: Sequence[int], districts: Scope) -> Select[*tuple[Any, ...]]:
    """Leads registered after the first letter was sent."""
    first = (
        select(LeadRow.actor_id.label("actor"), func.min(LetterRow.sent_at).label("sent"))
        .join(LetterLeadRow, LetterLeadRow.lead_id == LeadRow.id)
        .join(LetterRow, LetterRow.id == LetterLeadRow.letter_id)
        .where(LeadRow.actor_id.in_(actors), LetterRow.sent_at.is_not(None))
        .group_by(LeadRow.actor_id)
        .subquery()
    )
    later = select(first.c.actor.label("actor"), func.count().label("later"))
    later = later.join(LeadRow, LeadRow.actor_id == first.c.actor).where(LeadRow.registered_at > first.c.sent)
    return _seen(later, districts).group_by(first.c.actor)


def history_on(connection: Connection, actor: int, districts: Scope, limit: int) -> History:
    """What was held against one actor, at most so many of each."""
    return History(
        leads=_leads(connection, actor, districts, limit),
        cases=_cases(connection, actor, districts, limit),
        letters=_letters(connection, actor, districts, limit),
        relapses=_relapses(connection, actor, districts, limit),
    )


def _seen(query: Select[*tuple[Any, ...]], districts: Scope) -> Select[*tuple[Any, ...]]:
    return query.where(LeadRow.district.in_(districts)) if districts else query


def _leads(connection: Connection, actor: int, districts: Scope, limit: int) -> tuple[HeldLead, ...]:
    columns = (getattr(LeadRow, name) for name in HeldLead.__slots__)
    query = _seen(select(*columns).where(LeadRow.actor_id == actor), districts)
    rows = connection.execute(query.order_by(LeadRow.id.desc()).limit(limit))
    return tuple(HeldLead(**row._mapping) for row in rows)


def _his(query: Select[*tuple[Any, ...]], districts: Scope) -> Select[*tuple[Any, ...]]:
    """Cases with a lead of his."""
    if not districts:
        return query
    return query.where(exists().where(LeadRow.case_id == CaseRow.id, LeadRow.district.in_(districts)))


def _cases(connection: Connection, actor: int, districts: Scope, limit: int) -> tuple[HeldCase, ...]:
    columns = (getattr(CaseRow, name) for name in HeldCase.__slots__)
    query = _his(select(*columns).where(CaseRow.actor_id == actor), districts).order_by(CaseRow.id.desc())
    return tuple(HeldCase(**row._mapping) for row in connection.execute(query.limit(limit)))


def _letters(connection: Connection, actor: int, districts: Scope, limit: int) -> tuple[WrittenLetter, ...]:
    query = _seen(
        select(
            LetterRow.number.label("letter"),
            *(LetterRow.kind, LetterRow.addressee, LetterRow.state, LetterRow.document, LetterRow.sent_at),
            LeadRow.number.label("lead"),
            *(LetterLeadRow.answered_at, LetterLeadRow.measure, LetterLeadRow.remark),
            *(LetterLeadRow.gone_at, LetterLeadRow.back_at),
        )
        .join(LetterLeadRow, LetterLeadRow.letter_id == LetterRow.id)
        .join(LeadRow, LeadRow.id == LetterLeadRow.lead_id)
        .where(LeadRow.actor_id == actor),
        districts,
    )
    rows = connection.execute(query.order_by(LetterRow.id.desc(), LeadRow.id).limit(limit))
    return tuple(WrittenLetter(**row._mapping) for row in rows)


def _relapses(connection: Connection, actor: int, districts: Scope, limit: int) -> tuple[Relapse, ...]:
    query = _seen(
        select(LeadRow.number.label("lead"), MoveRow.at, MoveRow.reason)
        .join(LeadRow, LeadRow.id == MoveRow.lead_id)
        .where(LeadRow.actor_id == actor, MoveRow.move == Step.RELAPSE.value),
        districts,
    )
    rows = connection.execute(query.order_by(MoveRow.id.desc()).limit(limit))
    return tuple(Relapse(**row._mapping) for row in rows)
