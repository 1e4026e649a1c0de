"""How often each rule fires, kept per round as pages are recorded, so that asking costs rounds and never exhibits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, func, literal, select
from sqlalchemy.dialects.postgresql import Insert, insert

from storage.bulk import Bulk
from storage.care_shapes import RoundCount, RoundTime, RuleTotal
from storage.dialects import greatest
from storage.models import Round, Run
from storage.tables.care import RuleCount

NO_ROUND = ""


class Care:
    """The part of the store that knows how the rules are doing."""

    engine: Engine
    _writer: Engine

    def know_rules(self, round_id: str, rules: Sequence[tuple[str, str]]) -> None:
        """These rules, with their digests, judge from this round on; those known already stay as they are."""
        with self._writer.begin() as connection:
            known = set(connection.execute(select(RuleCount.rule).distinct()).scalars())
            new = [(rule, digest) for rule, digest in rules if rule not in known]
            _COUNTED.execute(connection, [_values(round_id, rule, digest, 0, None) for rule, digest in new])

    def rule_totals(self) -> tuple[RuleTotal, ...]:
        """Every rule that is known, with all its findings, also those outside of rounds."""
        query = (
            select(RuleCount.rule, func.sum(RuleCount.findings).label("findings"))
            .add_columns(func.max(RuleCount.last_at, type_=RuleCount.last_at.type).label("last_at"))
            .add_columns(func.min(Round.started_at, type_=Round.started_at.type).label("since"))
            .outerjoin(Round, Round.id == RuleCount.round_id)
            .group_by(RuleCount.rule)
        )
        with self.engine.connect() as connection:
            return tuple(
                RuleTotal(rule=row.rule, findings=row.findings, last_at=row.last_at, since=row.since)
                for row in connection.execute(query)
            )

    def last_rounds(self, limit: int) -> tuple[RoundTime, ...]:
        """The latest rounds, the newest first."""
        query = select(Round.id, Round.started_at).order_by(Round.started_at.desc(), Round.id.desc()).limit(limit)
        with self.engine.connect() as connection:
            return tuple(RoundTime(id=row.id, started_at=row.started_at) for row in connection.execute(query))

    def first_round(self) -> RoundTime | None:
        """The round with which the archive begins; `None` before it."""
        query = select(Round.id, Round.started_at).order_by(Round.started_at, Round.id).limit(1)
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return RoundTime(id=row.id, started_at=row.started_at) if row else None

    def round_counts(self, rounds: Sequence[str]) -> tuple[RoundCount, ...]:
        """The findings of each rule in each of these rounds; what did not fire is left out."""
        query = (
            select(RuleCount.round_id, RuleCount.rule, func.sum(RuleCount.findings).label("findings"))
            .where(RuleCount.round_id.in_(rounds), RuleCount.findings > 0)
            .group_by(RuleCount.round_id, RuleCount.rule)
        )
        with self.engine.connect() as connection:
            return tuple(
                RoundCount(round=row.round_id, rule=row.rule, findings=row.findings)
                for row in connection.execute(query)
            )


def count_findings(connection: Connection, run_id: str, fired: Sequence[tuple[str, str]], at: datetime) -> None:
    """Add findings, each by rule and digest, to their round.

    It is called in the transaction that writes them, so that each counts once.
    """
    run = select(func.coalesce(Run.round_id, literal(NO_ROUND))).where(Run.id == run_id)
    round_id = connection.execute(run).scalar_one()
    counted = sorted(Counter(fired).items())
    _COUNTED.execute(connection, [_values(round_id, rule, digest, number, at) for (rule, digest), number in counted])


def _values(round_id: str, rule: str, digest: str, findings: int, at: datetime | None) -> dict[str, object]:
    return {"round_id": round_id, "rule": rule, "digest": digest, "findings": findings, "last_at": at}


def _counted() -> Insert:
    statement = insert(RuleCount)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[RuleCount.rule, RuleCount.digest, RuleCount.round_id],
        set_={
            "findings": RuleCount.findings + new.findings,
            "last_at": greatest(
                func.coalesce(RuleCount.last_at, new.last_at), func.coalesce(new.last_at, RuleCount.last_at)
            ),
        },
    )


_COUNTED = Bulk(_counted())
