"""What is worth telling the office: counts of grave leads, alarms, duties that wait. It sends nothing, names nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from crawler import clock
from crawler.items import Outcome
from patrol.supervision import overdue
from storage.alarms import Alarms
from storage.health_shapes import AlarmKind
from storage.notices import Kind, Known, News, Notices
from storage.rechecks import Rechecks, Standing
from storage.roster import Roster
from storage.saved import Finds, SavedSearches
from storage.tasks import Tasks

DAY = timedelta(days=1)
MOST = 200  # things that are counted one by one; more are told as so many and more


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that a message may say. `alarms` are kind and platform of each that stands, `raised` of the new ones.

    `planned`, `unseen` and `missed` are runs of the last day; `finds` are those of saved searches; `key` says what a
    message at once would be about.
    """

    day: date
    key: str
    news: News
    finds: Finds
    alarms: tuple[tuple[AlarmKind, str], ...]
    raised: tuple[tuple[AlarmKind, str], ...]
    planned: int
    unseen: int
    missed: int
    tasks: int
    agencies: int
    rechecks: int
    broken: int

    @property
    def known(self) -> Known:
        """What a message of these figures knows of."""
        return Known(finding=self.news.upto, find=self.finds.upto)


def figures(database: Engine, now: datetime, *, is_digest: bool) -> Figures:
    """What there is to say now: news since the last digest, or since the last message at all; duties as they are."""
    notices, alarms = Notices(database), Alarms(database)
    kinds = (Kind.DIGEST,) if is_digest else (Kind.DIGEST, Kind.GRAVE)
    known, standing = notices.known(*kinds), alarms.standing()
    news, finds = notices.news(known.finding), SavedSearches(database).finds(known.find)
    told = notices.listed(kinds=kinds, limit=1)
    since = told[0].at if told else now - DAY
    raised = [one for one in standing if one.raised_at > since]
    tallies = Roster(database).tally(now - DAY, now)
    unseen = [one for one in tallies if one.outcome is None or not one.outcome.is_clean]
    return Figures(
        day=now.astimezone(clock.SHANGHAI).date(),
        key=f"{Kind.GRAVE} {news.upto} {max((one.id for one in raised), default=0)} {finds.upto}",
        news=news,
        finds=finds,
        alarms=tuple(sorted((one.subject.kind, one.subject.platform) for one in standing)),
        raised=tuple(sorted((one.subject.kind, one.subject.platform) for one in raised)),
        planned=sum(one.rows for one in tallies),
        unseen=sum(one.rows for one in unseen),
        missed=sum(one.rows for one in tallies if one.outcome is Outcome.MISSED),
        tasks=len(Tasks(database).waiting(limit=MOST)),
        agencies=len(overdue(database, now)),
        rechecks=len(Rechecks(database).rechecks(Standing.OPEN, limit=MOST)),
        broken=notices.broken_stretches(),
    )
