"""What runs came to, as health asks for it: new ones since the last look, the latest of a query, rounds added up.

Every question goes down an index and stops at its limit; nothing here reads all there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, case, exists, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from crawler.items import Outcome
from storage.db import writing
from storage.health_shapes import Failure, HealthRun, Look, Streak, Touched
from storage.models import ExhibitRow, PageRecord, Round, Run
from storage.tables.alarms import PlatformLook, WatchedRow
from storage.tables.patrol import RosterRow, WatchVersionRow
from storage.tables.rechecks import LandingRow

Span = tuple[datetime, datetime]  # after the first, up to the second
RUNS = "runs"
CLEAN = tuple(one.value for one in Outcome if one.is_clean)
_MISSED = Outcome.MISSED.value
FIELDS = ("texts", "sellers", "prices", "images", "urls", "shown_urls")
_COUNTS = ("runs", "clean", "empty", "login", "listings", "ads", *FIELDS)
_IS_ADDRESS = or_(Run.query.startswith("http://"), Run.query.startswith("https://"))
# What a person brought in, or tried by hand, says nothing about how the platform answers us.
# An advertiser's page that a round opened besides says nothing of how a platform answers.
_OF_A_ROUND = and_(Run.round_id.is_not(None), ~exists().where(LandingRow.run_id == Run.id))
_HOW = (WatchVersionRow.device, WatchVersionRow.place, WatchVersionRow.depth, Round.settings.label("settings"))
_RUN = (
    Run.id,
    Run.platform,
    Run.query,
    Run.ended_at,
    Run.outcome,
    Run.reason,
    Run.detail,
    Run.pages,
    Run.listings,
    Run.lost,
    Run.total,
)


class Health:
    """Runs, looks and failures. `engine` comes from `storage.db`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def watched_until(self) -> datetime | None:
        """Up to when runs have been looked over; `None` before the first time."""
        query = select(WatchedRow.until).where(WatchedRow.name == RUNS)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none()

    def touched(self, since: datetime, until: datetime) -> Touched:
        """What has runs that ended in (since, until]."""
        ended = (Run.ended_at > since, Run.ended_at <= until, _OF_A_ROUND)
        queries = select(Run.platform, Run.query).where(*ended).distinct().order_by(Run.platform, Run.query)
        rounds = select(Run.round_id).where(*ended).distinct().order_by(Run.round_id)
        with self.engine.connect() as connection:
            return Touched(
                queries=tuple((row.platform, row.query) for row in connection.execute(queries)),
                rounds=tuple(row.round_id for row in connection.execute(rounds) if row.round_id),
            )

    def runs_of(self, platform: str, query: str, until: datetime, limit: int) -> tuple[HealthRun, ...]:
        """The latest runs of one query on one platform that ended, missed ones left out, the newest first."""
        wanted = (
            select(*_RUN, *_HOW)
            .outerjoin(RosterRow, RosterRow.run_id == Run.id)
            .outerjoin(
                WatchVersionRow,
                and_(WatchVersionRow.watch_id == RosterRow.watch_id, WatchVersionRow.version == RosterRow.version),
            )
            .outerjoin(Round, Round.id == Run.round_id)
            .where(Run.platform == platform, Run.query == query, Run.ended_at <= until)
            .where(Run.outcome != _MISSED, _OF_A_ROUND)
            .order_by(Run.ended_at.desc(), Run.id.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return tuple(_health_run(row) for row in connection.execute(wanted))

    def unseen_run(self, platform: str, query: str, seen: Sequence[Outcome], span: Span) -> Streak:
        """How long one query was asked without an outcome that counts as seen, within (since, until]."""
        of_it = (Run.platform == platform, Run.query == query, _OF_A_ROUND)
        return self._streak(Run.ended_at, of_it, Run.outcome.in_([one.value for one in seen]), span)

    def unseen_platform(self, platform: str, device: str, span: Span) -> Streak:
        """The same for a whole platform, by its rounds."""
        of_it = (PlatformLook.platform == platform, PlatformLook.device == device)
        return self._streak(PlatformLook.at, of_it, PlatformLook.clean > 0, span)

    def without_ads(self, platform: str, device: str, span: Span) -> Streak:
        """How long rounds read listings of a platform and no advertisement among them."""
        of_it = (PlatformLook.platform == platform, PlatformLook.device == device, PlatformLook.listings > 0)
        return self._streak(PlatformLook.at, of_it, PlatformLook.ads > 0, span)

    def _streak(self, at: InstrumentedAttribute[Any], of_it: Sequence[Any], seen: Any, span: Span) -> Streak:
        since, until = span
        with self.engine.connect() as connection:
            last = connection.execute(
                select(func.max(at, type_=at.type)).where(*of_it, seen, at > since, at <= until)
            ).scalar_one()
            ends = (func.min(at, type_=at.type).label("since"), func.max(at, type_=at.type).label("until"))
            after = select(*ends, func.count().label("rows"))
            row = connection.execute(after.where(*of_it, at > (last or since), at <= until)).one()
            return Streak(since=row.since, until=row.until, count=row.rows, last=last)

    # -- rounds added up -----------------------------------------------------------------------

    def write_looks(self, rounds: Sequence[str]) -> None:
        """Add up these rounds, platform by platform; a round that is still going on is added up so far."""
        for round_id in rounds:
            with writing(self.engine).begin() as connection:
                if looks := [*_looks_on(connection, round_id)]:
                    connection.execute(_NEW_LOOKS, looks)

    def devices_of(self, rounds: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Which platforms, seen by what device, these rounds looked at."""
        found: dict[tuple[str, str], None] = {}
        with self.engine.connect() as connection:
            for round_id in rounds:
                query = select(PlatformLook.platform, PlatformLook.device).where(PlatformLook.round_id == round_id)
                found |= {(row.platform, row.device): None for row in connection.execute(query)}
        return tuple(sorted(found))

    def looks_of(self, platform: str, device: str, until: datetime, limit: int) -> tuple[Look, ...]:
        """The latest looks at a platform, the newest first."""
        query = (
            select(*PlatformLook.__table__.columns)
            .where(PlatformLook.platform == platform, PlatformLook.device == device, PlatformLook.at <= until)
            .order_by(PlatformLook.at.desc(), PlatformLook.round_id.desc())
            .limit(limit)
        )
        with self.engine.connect() as connection:
            return tuple(_look(row) for row in connection.execute(query))

    def last_clean(self, platform: str, device: str, until: datetime) -> datetime | None:
        """When a round last had a clean look at a platform; `None` when none ever had."""
        seen = (PlatformLook.platform == platform, PlatformLook.device == device, PlatformLook.clean > 0)
        query = select(PlatformLook.at).where(*seen, PlatformLook.at <= until).order_by(PlatformLook.at.desc()).limit(1)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none()

    # -- why -----------------------------------------------------------------------------------

    def failures(self, round_id: str, platform: str) -> tuple[Failure, ...]:
        """How the runs of a round on a platform failed, the most frequent first."""
        alike = (Run.outcome, Run.reason)
        query = (
            select(*alike, func.count().label("runs"), func.min(Run.id).label("run"))
            .where(Run.round_id == round_id, Run.platform == platform, not_(_IS_ADDRESS))
            .where(Run.outcome.not_in((*CLEAN, _MISSED)))
            .group_by(*alike)
            .order_by(func.count().desc(), *alike)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
            ids = select(Run.id, Run.detail).where(Run.id.in_([row.run for row in rows]))
            details = {row.id: row.detail for row in connection.execute(ids)}
        return tuple(
            Failure(
                outcome=Outcome(row.outcome), reason=row.reason, detail=details[row.run], run=row.run, runs=row.runs
            )
            for row in rows
        )

    def run_of_round(self, round_id: str, platform: str) -> str:
        """One run of a round that read listings of this platform, empty when none did."""
        query = select(Run.id).where(Run.round_id == round_id, Run.platform == platform, Run.listings > 0)
        with self.engine.connect() as connection:
            return connection.execute(query.order_by(Run.id).limit(1)).scalar_one_or_none() or ""

    def telling_page(self, run: str) -> tuple[int, str, str]:
        """Number, capture and address of the page that decided a run: its first that was not clean, else its first."""
        is_clean = case((PageRecord.outcome.in_(CLEAN), 1), else_=0)
        query = (
            select(PageRecord.number, PageRecord.capture_id, PageRecord.url)
            .where(PageRecord.run_id == run)
            .order_by(is_clean, PageRecord.number)
            .limit(1)
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return (row.number, row.capture_id or "", row.url) if row else (0, "", "")


def _new_looks() -> Any:
    statement = insert(PlatformLook)
    kept = ("round_id", "platform")
    columns = [one.name for one in PlatformLook.__table__.columns if one.name not in kept]
    return statement.on_conflict_do_update(
        index_elements=[PlatformLook.round_id, PlatformLook.platform],
        set_={name: statement.excluded[name] for name in columns},
    )


_NEW_LOOKS = _new_looks()


def _looks_on(connection: Connection, round_id: str) -> Iterator[dict[str, Any]]:
    device = connection.execute(_device(round_id)).scalar_one_or_none() or "desktop"
    fields = {row.platform: row for row in connection.execute(_fields(round_id))}
    for row in connection.execute(_outcomes(round_id)):
        counts = {name: getattr(row, name) for name in ("runs", "clean", "empty", "login")}
        seen = fields.get(row.platform)
        counts |= {name: getattr(seen, name) if seen else 0 for name in ("listings", "ads", *FIELDS)}
        yield {"round_id": round_id, "platform": row.platform, "device": device, "at": row.at} | counts


def _outcomes(round_id: str) -> Any:
    # At an address the page that is gone is what was asked about; a search that is gone is not.
    return (
        select(
            Run.platform,
            func.max(Run.ended_at, type_=Run.ended_at.type).label("at"),
            func.count().label("runs"),
            _number(Run.outcome.in_(CLEAN)).label("clean"),
            _number(Run.outcome == Outcome.EMPTY.value).label("empty"),
            _number(Run.outcome == Outcome.LOGIN.value).label("login"),
        )
        .where(Run.round_id == round_id, Run.outcome != _MISSED, not_(_IS_ADDRESS))
        .group_by(Run.platform)
    )


def _fields(round_id: str) -> Any:
    """Listings of clean pages, by the capture they were read from: exhibits are found by no run."""
    has = {
        "ads": ExhibitRow.is_ad,
        "texts": ExhibitRow.text != "",
        "sellers": ExhibitRow.seller != "",
        "prices": ExhibitRow.price != "",
        "images": func.json_array_length(ExhibitRow.images) > 0,
        "urls": not_(ExhibitRow.is_redirect),
        "shown_urls": ExhibitRow.display_url != "",
    }
    return (
        select(Run.platform, func.count().label("listings"), *(_number(test).label(name) for name, test in has.items()))
        .join(PageRecord, PageRecord.run_id == Run.id)
        .join(ExhibitRow, and_(ExhibitRow.capture_id == PageRecord.capture_id, ExhibitRow.run_id == PageRecord.run_id))
        .where(Run.round_id == round_id, Run.outcome.in_(CLEAN), not_(_IS_ADDRESS))
        .group_by(Run.platform)
    )


def _device(round_id: str) -> Any:
    return (
        select(WatchVersionRow.device)
        .join(
            RosterRow,
            and_(WatchVersionRow.watch_id == RosterRow.watch_id, WatchVersionRow.version == RosterRow.version),
        )
        .join(Run, Run.id == RosterRow.run_id)
        .where(Run.round_id == round_id)
        .limit(1)
    )


def _number(test: Any) -> Any:
    return func.sum(case((test, literal(1)), else_=literal(0)))


def _health_run(row: Any) -> HealthRun:
    return HealthRun(
        id=row.id,
        platform=row.platform,
        query=row.query,
        series=_series(row),
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome),
        reason=row.reason,
        detail=row.detail,
        pages=row.pages,
        listings=row.listings,
        lost=row.lost,
        total=row.total,
    )


def _series(row: Any) -> str:
    """How the run was asked, in words: only what was asked alike is compared."""
    if row.device is None:
        return " ".join(("手工", *(row.settings or "").split()[:1]))
    depth = f"{row.depth} 页" if row.depth else ""
    return " · ".join(filter(None, ("手机" if row.device == "mobile" else "", row.place, depth)))


def _look(row: Any) -> Look:
    counts = {name: getattr(row, name) for name in _COUNTS if name not in FIELDS}
    fields = tuple((name, getattr(row, name)) for name in FIELDS)
    return Look(round=row.round_id, platform=row.platform, device=row.device, at=row.at, fields=fields, **counts)
