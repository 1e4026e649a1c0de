"""监管对象库: when each agency is due to be looked at again, whose look is overdue, which watches are after them.

Being watched closely (重点监控名单) makes an agency due every week instead of every quarter, and puts it into each
watch that follows that list. A blocked look is no look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from crawler.addresses import refuse_inside
from crawler.agencies import Agency
from crawler.errors import UserMistake
from crawler.watches import Origin, WatchQuery, WatchVersion
from patrol.queries import checked, likeness
from storage.supervision import Supervision
from storage.supervision_shapes import Aim, Follows, Priority, Supervised, identity
from storage.watches import Watches

EVERY = timedelta(days=90)
PRIORITY_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """An agency on the list of those watched closely that should have been seen by `due`, and was not."""

    priority: Priority
    due: datetime
    last_seen: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Queries after agencies with what each is after; `without` are agencies that have no address to ask."""

    queries: tuple[WatchQuery, ...]
    aims: tuple[Aim, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What became of a watch that follows a list: its name, its new version and its number of queries.

    `version` is 0 where nothing changed. It is paused where the list has become empty.
    """

    name: str
    version: int
    queries: int
    is_paused: bool


def due_at(one: Supervised) -> datetime:
    """When it is to be looked at next: at once when it was never seen, if it is not newly watched closely."""
    if one.priority is not None:
        return _priority_due(one.priority, one.last_seen)
    return one.since if one.last_seen is None else one.last_seen + EVERY


def overdue(engine: Engine, now: datetime) -> tuple[Overdue, ...]:
    """Agencies on the list that are not seen as often as it demands, whose look is longest due first.

    Whoever is newly on it has the whole time of one look.
    """
    store = Supervision(engine)
    seen = [(one, store.last_look(one)) for one in store.priorities()]
    late = [Overdue(priority=one, due=_priority_due(one, at), last_seen=at) for one, at in seen]
    return tuple(sorted((one for one in late if one.due < now), key=lambda one: (one.due, one.priority.agency)))


def _priority_due(priority: Priority, last_seen: datetime | None) -> datetime:
    return (priority.added_at if last_seen is None else max(last_seen, priority.added_at)) + PRIORITY_EVERY


# -- watches that are after agencies ---------------------------------------------------------------


def targets(entries: Iterable[Agency], follows: Follows) -> Targets:
    """What asks for these agencies: their names, or their own addresses."""
    queries: dict[str, WatchQuery] = {}
    aims, without = [], []
    for entry in entries:
        words = _site(entry) if follows.is_sites else entry.name
        if not words:
            without.append(entry.name)
            continue
        query = checked(WatchQuery(words=words, origin=Origin.OFFICE))
        # Two entries of one firm, or two firms with one page, are one query after both.
        kept = queries.setdefault(likeness(query.words), query)
        aims.append(Aim(words=kept.words, agency=identity(entry)))
    return Targets(queries=tuple(queries.values()), aims=tuple(aims), without=tuple(without))


def followed(engine: Engine, follows: Follows) -> Iterator[Agency]:
    """The agencies of the list that is followed, as the current registry has them.

    Who is watched closely stays so by name when no registry has him any more.
    """
    store = Supervision(engine)
    if follows.is_priority:
        yield from store.priority_entries()
    elif follows.is_all:
        for one in store.agencies():
            yield one.entry


def refresh(
    engine: Engine, by: str, now: datetime, *, only_priority: bool = False, was_empty: bool = False
) -> tuple[Refreshed, ...]:
    """Give the watches that follow a list its new queries: all of them, or those after the list watched closely.

    A watch whose list has become empty is paused, and goes on when the list `was_empty` and no longer is.
    """
    followers = {
        watch: follows
        for watch, follows in Supervision(engine).followers().items()
        if follows.is_priority or (follows.is_all and not only_priority)
    }
    current = [one for one in Watches(engine).current() if one.watch_id in followers] if followers else []
    return tuple(_refreshed(engine, one, followers[one.watch_id], (by, now), was_empty=was_empty) for one in current)


def _refreshed(
    engine: Engine, found: WatchVersion, follows: Follows, who: tuple[str, datetime], *, was_empty: bool
) -> Refreshed:
    by, now = who
    wanted = targets(followed(engine, follows), follows)
    watch = replace(found.watch, queries=wanted.queries or found.watch.queries)
    watch = replace(watch, is_paused=not wanted.queries or (found.watch.is_paused and not was_empty))
    # What queries are after is known before any of them can be seen.
    Supervision(engine).aim(found.watch_id, follows, wanted.aims)
    version = Watches(engine).change(found.watch_id, watch, by, now) if watch != found.watch else 0
    return Refreshed(name=watch.name, version=version, queries=len(wanted.queries), is_paused=watch.is_paused)


def _site(entry: Agency) -> str:
    """The agency's own address, empty where the registry has none that can be asked for."""
    site = entry.website.strip()
    if not site:
        return ""
    address = site if site.startswith(("http://", "https://")) else f"http://{site}"
    try:
        refuse_inside(address, {})
        return checked(WatchQuery(words=address)).words
    except UserMistake:
        return ""
