"""How one query on one platform is doing: nothing after something, fewer than usual or than the page counts, unseen.

Queries that are addresses are only held to being seen: a page that changes or goes is no illness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import groupby

from crawler.clock import SHANGHAI
from crawler.items import Outcome
from patrol.causes import Why, why_fewer, why_of, why_zero
from patrol.platforms import spider_of
from patrol.series import AGREE, Mark, Measure
from patrol.view import View
from storage.health_shapes import AlarmKind, Cause, HealthRun, Sign, Subject

# Runs that are read of a query, or three times those looked back on: enough of them are of weekends.
BACK = 40
# Where this many listings are usual, three empty pages in a row are no chance.
ZERO_FROM = 4
# With fewer, half of them is chance.
VOLUME_FROM = 8
SEEN = tuple(one for one in Outcome if one.is_clean)
# An address that is gone was seen to be gone.
SEEN_ADDRESS = (*SEEN, Outcome.GONE)


def query_signs(view: View, platform: str, query: str) -> Iterator[Sign]:
    """What the latest runs of a query come to."""
    runs = view.health.runs_of(platform, query, view.now, max(BACK, 3 * view.limits.runs))
    if not is_address(query):
        for series, alike in groupby(sorted(runs, key=lambda run: run.series), key=lambda run: run.series):
            # Sorting is stable: within a series the newest still come first.
            yield from _series_signs(view, replace(_subject(platform, query), series=series), tuple(alike))
    yield from _unseen(view, replace(_subject(platform, query), kind=AlarmKind.UNSEEN), runs)


def is_address(query: str) -> bool:
    return query.startswith(("http://", "https://"))


def _subject(platform: str, query: str) -> Subject:
    return Subject(kind=AlarmKind.ZERO, platform=platform, query=query)


def _series_signs(view: View, subject: Subject, runs: Sequence[HealthRun]) -> Iterator[Sign]:
    clean = [run for run in runs if run.outcome.is_clean]
    if not clean:
        return
    some = [run for run in clean if run.listings]
    zero = Measure(runs=view.limits.runs, drop=0.0, least=ZERO_FROM)
    volume = Measure(runs=view.limits.runs, drop=view.limits.drop, least=VOLUME_FROM)
    counted = [run for run in clean if _is_counted(run)]
    flags = [(run.ended_at, run.listings < view.limits.drop * (run.total or 0)) for run in counted]
    signs = (
        view.level(subject, [_mark(run) for run in clean], zero, lambda: _zero_cause(view, clean[0])),
        view.level(
            replace(subject, kind=AlarmKind.VOLUME),
            [replace(_mark(run), pool=_pool(view, run)) for run in some],
            volume,
            lambda: _volume_cause(view, some),
        ),
        view.flags(replace(subject, kind=AlarmKind.COUNT), flags, lambda: _count_cause(view, counted[0])),
    )
    yield from filter(None, signs)


def _mark(run: HealthRun) -> Mark:
    return Mark(at=run.ended_at, value=float(run.listings))


def _pool(view: View, run: HealthRun) -> str:
    """Sellers advertise less on days off."""
    return "work" if view.days.kind_of(run.ended_at.astimezone(SHANGHAI).date()).is_workday else "rest"


def _is_counted(run: HealthRun) -> bool:
    """Whether the platform stated a count, all of which fits on the pages that were read."""
    spider = spider_of(run.platform)
    depth = spider.page_size * run.pages if spider else 0
    return run.total is not None and VOLUME_FROM <= run.total <= depth


def _zero_cause(view: View, run: HealthRun) -> Cause:
    newest = [looks[0] for (platform, _), looks in view.looks.items() if platform == run.platform and looks]
    look = max(newest, key=lambda one: one.at, default=None)
    alike, asked = (look.empty, look.runs) if look else (1, 1)
    return view.cause(why_zero(run, alike, asked), run.id)


def _volume_cause(view: View, runs: Sequence[HealthRun]) -> Cause:
    newest, before = runs[0], runs[AGREE:]
    why = why_fewer(newest, before)
    usual = max(one.listings for one in before)
    words = f"最近几次只读到 {newest.listings} 条（以前多时 {usual} 条）；{why.words}"
    return view.cause(Why(word=why.word, words=words), newest.id)


def _count_cause(view: View, run: HealthRun) -> Cause:
    words = f"页面自称共 {run.total} 条，翻完只读到 {run.listings} 条：爬虫漏读，或平台只给看一部分"
    return view.cause(Why(word="parser_lost", words=words), run.id)


def _unseen(view: View, subject: Subject, runs: Sequence[HealthRun]) -> Iterator[Sign]:
    days = view.limits.unseen_days
    explain = partial(_unseen_cause, view, runs)
    if subject in view.standing:
        sign = view.flags(subject, [(run.ended_at, not _is_seen(run)) for run in runs], explain)
    elif any(_is_seen(run) and run.ended_at > view.now - timedelta(days=days) for run in runs[:1]):
        return
    else:
        seen = SEEN_ADDRESS if is_address(subject.query) else SEEN
        streak = view.health.unseen_run(subject.platform, subject.query, seen, (view.back(days), view.now))
        sign = view.lasting(subject, streak, days, explain)
    if sign:
        yield sign


def _is_seen(run: HealthRun) -> bool:
    return run.outcome in (SEEN_ADDRESS if is_address(run.query) else SEEN)


def _unseen_cause(view: View, runs: Sequence[HealthRun]) -> Cause:
    words = f"{view.limits.unseen_days} 天以上没有看到过"
    if not runs:
        return view.cause(Why(word="not_run", words=f"{words}：每次都没有查成"), "")
    why = why_of(runs[0].outcome, runs[0].reason, runs[0].detail)
    return view.cause(Why(word=why.word, words=f"{words}；最近一次：{why.words}"), runs[0].id)
