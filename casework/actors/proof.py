"""What an actor is, where a person said so: by his signed act in the audit log, never by the row alone.

What the registry says is a list's word and is told as that; who changes a row makes nobody unlicensed.
"""

from __future__ import annotations

from sqlalchemy import Engine

from casework.acting import OFFICERS
from casework.actors.kinds import PERSON, actor_kind
from casework.law_words import ActorKind
from casework.trust import Proven, Trust
from crawler.errors import EvidenceBroken, UserMistake
from storage.audit import AuditLog
from storage.cases.actors import Actors
from storage.cases.shapes import WorkedActor


def proven_kind(engine: Engine, trust: Trust, actor: WorkedActor) -> ActorKind:
    """What to ask `casework.law` about; `EvidenceBroken` where a row says of a person what the log does not."""
    if actor.kind:
        said = _proven(engine, trust, actor, "actor_kind", actor.kind_entry)
        if said.detail.get("kind") != actor.kind:
            raise EvidenceBroken(f"{actor.number} 的类别与操作日志第 {said.entry} 条不符")
    elif actor.matched_as == PERSON:
        said = _proven(engine, trust, actor, "actor_match", actor.match_entry)
        if said.detail.get("code") != (actor.agency_code or actor.credit_code):
            raise EvidenceBroken(f"{actor.number} 的机构与操作日志第 {said.entry} 条不符")
    return actor_kind(actor)


def _proven(engine: Engine, trust: Trust, actor: WorkedActor, act: str, entry: int | None) -> Proven:
    """The act may have been about one that was joined to this actor since."""
    found = AuditLog(engine).entries((entry or 0) - 1, 1) if entry else []
    if not found or found[0].id != entry:
        raise EvidenceBroken(f"{actor.number}：没有人确认过，操作日志里查不到")
    try:
        is_his = Actors(engine).named(found[0].subject).id == actor.id
    except UserMistake:
        is_his = False
    if not is_his:
        raise EvidenceBroken(f"操作日志第 {entry} 条说的不是 {actor.number}")
    return trust.proven(found[0].id, act, found[0].subject, *OFFICERS)
