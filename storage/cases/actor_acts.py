"""What people do with actors: join, undo a join, confirm what one is, say which agency it is. Each act is signed.

Nothing is deleted: what was undone stays with its reason, and a person's word stands until a person takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from crawler.agencies import Agency
from crawler.errors import UserMistake
from storage.audit import Act, Detail, Signer, add_on
from storage.cases.unions import part_on, unite_on
from storage.tables.actors import ActorRow, IdentityRow, JoinRow

PERSON = "person"
BY_PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who says so, when and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What undoing a join came to: the numbers that parted, none where other joins still hold them together."""

    join: int
    parted: tuple[str, ...]
    entry: int


def join_by_hand(connection: Connection, one: int, other: int, said: Said, sign: Signer) -> int:
    """Two actors are one, a person says; the join's number. The transaction must hold the write lock."""
    pair = _own(connection, one), _own(connection, other)
    if pair[0].id == pair[1].id:
        raise UserMistake(f"{pair[0].number} 与自己已经是同一主体")
    first, second = (_first_identity(connection, row.id) for row in pair)
    detail: Detail = {"other": pair[1].number, "reason": _told(said)}
    entry = add_on(connection, sign(_act(said, "actor_join", pair[0].number, detail)))
    told = {"one_id": first, "other_id": second, "kind": PERSON, "value": said.reason, "at": said.at, "by": said.by}
    kept = told | {"undone_at": None, "undone_by": "", "reason": "", "entry": entry, "undone_entry": None}
    join = connection.execute(insert(JoinRow).values(kept).returning(JoinRow.id)).scalar_one()
    unite_on(connection, [(first, second)], said.at)
    return join


def undo_join(connection: Connection, join: int, said: Said, sign: Signer) -> Undone:
    """The two are not one for this reason, a person says; they part unless another join still holds them."""
    row = connection.execute(select(JoinRow.__table__).where(JoinRow.id == join)).one_or_none()
    if row is None:
        raise UserMistake(f"没有第 {join} 号关联")
    if row.undone_at is not None:
        raise UserMistake(f"第 {join} 号关联已由 {row.undone_by} 撤销")
    of = update(JoinRow).where(JoinRow.id == join)
    connection.execute(of.values(undone_at=said.at, undone_by=said.by, reason=_told(said)))
    parted = part_on(connection, (row.one_id, row.other_id), said.at)
    detail: Detail = {"kind": row.kind, "parted": parted, "reason": said.reason}
    entry = add_on(connection, sign(_act(said, "join_undone", str(join), detail)))
    connection.execute(of.values(undone_entry=entry))
    return Undone(join=join, parted=tuple(parted), entry=entry)


def confirm_kind(connection: Connection, actor: int, kind: str, said: Said, sign: Signer) -> int:
    """What an actor is, a person says; an empty `kind` takes it back. The audit entry's number."""
    row = _own(connection, actor)
    if not kind and row.kind_entry is None:
        raise UserMistake(f"{row.number} 没有人确认过类别")
    entry = add_on(
        connection, sign(_act(said, "actor_kind", row.number, {"kind": kind, "was": row.kind, "reason": _told(said)}))
    )
    values = {"kind": kind, "kind_entry": entry if kind else None}
    connection.execute(update(ActorRow).where(ActorRow.id == row.id).values(**values))
    return entry


def match_by_hand(
    connection: Connection, actor: int, match: tuple[Agency | None, str], said: Said, sign: Signer
) -> int:
    """Which agency an actor is, with the office in charge, or that it is none, a person says: no later list is asked
    about that again, but for the status of whichever he named. The audit entry's number.
    """
    row, (agency, office) = _own(connection, actor), match
    told: Detail = {
        "agency": agency.name if agency else "",
        "code": (agency.code or agency.credit_code) if agency else "",
        "reason": _told(said),
    }
    entry = add_on(connection, sign(_act(said, "actor_match", row.number, told)))
    values = agency_values(agency) | {"matched_as": BY_PERSON, "match_entry": entry}
    values |= {"matched_by": said.by, "matched_at": said.at, "registry_version": None, "in_charge": office}
    connection.execute(update(ActorRow).where(ActorRow.id == row.id).values(**values))
    return entry


def unmatch_by_hand(connection: Connection, actor: int, said: Said, sign: Signer) -> int:
    """A person takes his word back: from now on the registry is asked again. The audit entry's number."""
    row = _own(connection, actor)
    if row.match_entry is None:
        raise UserMistake(f"{row.number} 的机构不是人工匹配的")
    detail: Detail = {"agency": row.agency, "reason": _told(said)}
    entry = add_on(connection, sign(_act(said, "actor_unmatch", row.number, detail)))
    values = agency_values(None) | {"matched_as": "", "match_entry": None, "matched_by": "", "matched_at": None}
    connection.execute(update(ActorRow).where(ActorRow.id == row.id).values(**values, registry_version=None))
    return entry


def agency_values(agency: Agency | None) -> dict[str, Any]:
    """What an actor's row says of an agency; its office in charge is somebody else's judgement."""
    if agency is None:
        names = ("agency", "agency_kind", "agency_code", "agency_status", "credit_code", "province", "in_charge")
        return dict.fromkeys(names, "")
    return {
        "agency": agency.name,
        "agency_kind": agency.kind,
        "agency_code": agency.code,
        "agency_status": agency.status,
        "credit_code": agency.credit_code,
        "province": agency.province,
        "in_charge": "",
    }


def _told(said: Said) -> str:
    if not said.reason.strip():
        raise UserMistake("要写理由：--reason")
    return said.reason


def _act(said: Said, act: str, subject: str, detail: Detail) -> Act:
    return Act(who=said.by, act=act, subject=subject, at=said.at, detail=detail)


def _own(connection: Connection, actor: int) -> Any:
    """The actor's row; where it was joined to another, that one's."""
    row = connection.execute(select(ActorRow.__table__).where(ActorRow.id == actor)).one_or_none()
    if row is None:
        raise UserMistake(f"没有第 {actor} 号主体")
    return row if row.merged_into is None else _own(connection, row.merged_into)


def _first_identity(connection: Connection, actor: int) -> int:
    query = select(IdentityRow.id).where(IdentityRow.actor_id == actor).order_by(IdentityRow.id).limit(1)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise UserMistake(f"第 {actor} 号主体没有任何身份")
    return found
