"""复查: what letters are about is looked at again on a schedule of its own until it is gone, by rows of the roster.

Absence is believed when it was seen again, in pages that are kept and sealed. Being blocked is no absence. What is
gone is looked for some times more, since sellers come back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Engine

from crawler.errors import UserMistake
from crawler.items import Capture, Outcome
from crawler.watches import Slot, Watch, WatchQuery, WatchVersion
from storage.rechecks import Look, Recheck, Rechecks, Seen, Standing, Verdict
from storage.roster import Roster
from storage.watches import Watches

NAME = "复查"
GRACE = 24 * 60  # minutes a look may begin after its time
AGAIN = timedelta(days=1)  # after a look that saw nothing, or absence for the first time
AFTERWARDS = (7, 30, 90)  # days after it was gone on which it is looked for once more
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
ENOUGH = {Verdict.GONE: 2, Verdict.TEXT_GONE: 2, Verdict.NOT_SHOWN: 3}  # lists change at every load, pages do not

IsSealed = Callable[[Capture], bool]


def following(since: datetime, days: Sequence[int], after: datetime) -> datetime:
    """The first moment of the schedule behind `after`: so many days after `since`, then every so many as the last."""
    for number in days:
        if (moment := since + timedelta(days=number)) > after:
            return moment
    times = (after - since) // timedelta(days=days[-1])
    return since + (times + 1) * timedelta(days=days[-1])


def afterwards(gone_at: datetime, after: datetime) -> datetime:
    """The first moment behind `after` at which something that is gone is looked for again; `NEVER` past the last."""
    moments = (gone_at + timedelta(days=number) for number in AFTERWARDS)
    return next((moment for moment in moments if moment > after), NEVER)


def _next(one: Recheck, days: Sequence[int], after: datetime) -> datetime:
    return afterwards(one.ended_at, after) if one.ended_at is not None else following(one.since, days, after)


# -- looking ---------------------------------------------------------------------------------------


def write_due(database: Engine, days: Sequence[int], now: datetime) -> int:
    """Every look that has become due goes into the roster; returns how many rows are new. It can be taken again."""
    rechecks, new = Rechecks(database), 0
    while due := rechecks.due(now):
        watch, roster = _own_watch(database, now), Roster(database)
        for one in due:
            slots = [_slot(watch, one, moment) for moment in _moments(one, days, now)]
            new += roster.write(watch.watch_id, slots, now, now)
            looks = [Look(recheck=one.id, planned_at=slot.planned_at, roster_key=slot.key) for slot in slots]
            rechecks.planned(one.id, looks, _next(one, days, now))
    return new


def _moments(one: Recheck, days: Sequence[int], now: datetime) -> Iterator[datetime]:
    moment = one.next_at
    while moment <= now:
        yield moment
        moment = _next(one, days, moment)


def _slot(watch: WatchVersion, one: Recheck, moment: datetime) -> Slot:
    latest = moment + timedelta(minutes=GRACE)
    return Slot(
        watch_id=watch.watch_id, version=watch.version, platform=one.platform, query=one.query, planned_at=moment,
        latest=latest,
    )  # fmt: skip


def _own_watch(database: Engine, now: datetime) -> WatchVersion:
    """The watch that all re-checks' rows belong to. It is paused: it plans nothing by itself."""
    watches = Watches(database)
    try:
        return watches.find(NAME)
    except UserMistake:
        own = Watch(
            name=NAME, platforms=("landing",), queries=(WatchQuery(words=NAME),), schedule="0 0 1 1 *", grace=GRACE,
            depth=1, is_paused=True,
        )  # fmt: skip
        watches.add(own, "lantian", now)
        return watches.find(NAME)


# -- what it came to -------------------------------------------------------------------------------


def conclude_ended(database: Engine, is_sealed: IsSealed, days: Sequence[int]) -> tuple[Recheck, ...]:
    """Give every look that has ended its verdict; returns what is gone since. An absence waits until it is sealed."""
    rechecks, gone = Rechecks(database), []
    for one, look, seen in rechecks.ended():
        verdict, reason = verdict_of(one, seen)
        if verdict.is_absence and not all(is_sealed(capture) for capture in seen.captures):
            continue
        capture = seen.captures[0].id if seen.captures else ""
        told = replace(
            look, verdict=verdict, reason=reason, run=seen.run, capture=capture, visit=seen.visit, at=seen.ended_at
        )
        after = rechecks.conclude(told, partial(stands, days))
        if one.state is Standing.OPEN and after.state is Standing.GONE:
            gone.append(after)
    return tuple(gone)


def verdict_of(one: Recheck, seen: Seen) -> tuple[Verdict, str]:
    """What a look saw of the thing, and the reason in a word."""
    if seen.outcome is Outcome.GONE and seen.captures:
        return Verdict.GONE, seen.reason
    if not seen.outcome.is_clean or not seen.captures:
        return Verdict.UNSEEN, f"{seen.outcome} {seen.reason}".strip()
    if not one.is_address:
        return (Verdict.PRESENT, "listed") if one.listing_key in seen.keys else (Verdict.NOT_SHOWN, seen.outcome)
    if seen.points > 0:
        return Verdict.PRESENT, "flagged"
    # What was quoted from a picture cannot be looked for in a text: then only the page's own end counts.
    if not one.quote or any(_plain(one.quote) in _plain(text) for text in seen.texts):
        return Verdict.PRESENT, "quote" if one.quote else "page"
    return Verdict.TEXT_GONE, seen.outcome


def _plain(text: str) -> str:
    return "".join(text.split())


def stands(days: Sequence[int], one: Recheck, looks: Sequence[Look]) -> tuple[Standing, datetime]:
    """How a thing stands after its newest look, and when the next is due. What was not seen counts for nothing."""
    newest = looks[0]
    if newest.verdict is None or newest.at is None:
        raise ValueError("the newest look has not ended")
    scheduled = max(following(one.since, days, newest.at), newest.at)
    if newest.verdict is Verdict.PRESENT:
        return Standing.OPEN, scheduled
    seen = [look.verdict for look in looks if look.verdict and look.verdict is not Verdict.UNSEEN]
    absent = next((place for place, verdict in enumerate(seen) if not verdict.is_absence), len(seen))
    if one.ended_at is not None and not (newest.verdict.is_absence and absent >= ENOUGH[newest.verdict]):
        return Standing.GONE, min(afterwards(one.ended_at, newest.at), newest.at + AGAIN)
    if newest.verdict.is_absence and absent >= ENOUGH[newest.verdict]:
        return Standing.GONE, afterwards(one.ended_at or newest.at, newest.at)
    return Standing.OPEN, min(scheduled, newest.at + AGAIN)
