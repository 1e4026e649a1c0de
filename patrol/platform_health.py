"""How one platform is doing over the rounds: seen or walled off, fields still read, advertisements still told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from patrol.causes import COOLING, Why, why_failed
from patrol.platforms import reads_ads, spider_of
from patrol.series import AGREE, Mark, Measure
from patrol.view import View
from storage.health_shapes import AlarmKind, Cause, Failure, Look, Sign, Subject

# A field's share is told from this many listings on.
LISTINGS_FROM = 10
# A field that fewer have is no field of the platform.
SHARE_FROM = 0.2
FIELD_WORDS = {
    "texts": "正文",
    "sellers": "卖家",
    "prices": "价格",
    "images": "图片",
    "urls": "对方网址",
    "shown_urls": "显示网址",
}
MOBILE = "手机"


def platform_signs(view: View, platform: str, device: str) -> Iterator[Sign]:
    """What the latest rounds on a platform come to."""
    looks = view.looks[platform, device]
    series = MOBILE if device == "mobile" else ""

    def subject(kind: AlarmKind, what: str = "") -> Subject:
        words = " · ".join(filter(None, (series, what)))
        return Subject(kind=kind, platform=platform, series=words)

    signs = [
        view.flags(
            subject(AlarmKind.LOGIN), [(one.at, _is_login(one)) for one in looks], partial(_login_cause, view, looks)
        ),
        _success(view, subject(AlarmKind.SUCCESS), looks),
        _unseen(view, subject(AlarmKind.UNSEEN), looks, device),
        _ads(view, subject(AlarmKind.ADS), looks, device),
    ]
    signs += [_field(view, subject(AlarmKind.FIELDS, FIELD_WORDS[name]), looks, name) for name in FIELD_WORDS]
    yield from filter(None, signs)


def _is_login(look: Look) -> bool:
    return look.login * 2 >= look.runs


def _success(view: View, subject: Subject, looks: Sequence[Look]) -> Sign | None:
    """Rounds in a row, or many rounds here and there: a platform that walls us off every other time is sick too."""
    limit = view.limits.success
    # What a login wall did is said by its own alarm.
    others = [one for one in looks if not _is_login(one)]
    flags = [(one.at, one.clean < limit * one.runs) for one in others]
    explain = partial(_success_cause, view, others)
    latest = others[: view.limits.runs]
    is_low = sum(one.clean for one in latest) < limit * sum(one.runs for one in latest)
    bad = [at for at, is_bad in flags[: view.limits.runs] if is_bad]
    is_spread = is_low and len(bad) >= AGREE and flags[0][1]
    if subject not in view.standing and is_spread:
        return Sign(subject=subject, is_bad=True, since=bad[-1], at=bad[0], cause=explain())
    return view.flags(subject, flags, explain)


def _unseen(view: View, subject: Subject, looks: Sequence[Look], device: str) -> Sign | None:
    days = view.limits.unseen_days
    explain = partial(_unseen_cause, view, looks)
    if subject in view.standing:
        return view.flags(subject, [(one.at, not one.clean) for one in looks], explain)
    if not looks or looks[0].clean:
        return None
    streak = view.health.unseen_platform(subject.platform, device, (view.back(days), view.now))
    return view.lasting(subject, streak, days, explain)


def _ads(view: View, subject: Subject, looks: Sequence[Look], device: str) -> Sign | None:
    """Rounds that read no listing say nothing about advertisements."""
    days = view.limits.ads_days
    standing = view.standing.get(subject)
    if standing is not None:
        seen = sum(bool(one.ads) for one in looks if one.at > standing.raised_at)
        at = looks[0].at if looks else standing.last_at
        return Sign(subject=subject, is_bad=not seen, since=standing.since, at=at, good=seen)
    since = view.now - timedelta(days=days)
    lately = [one for one in looks if one.listings and one.at > since]
    if not reads_ads(subject.platform) or len(lately) < AGREE or any(one.ads for one in lately):
        return None
    streak = view.health.without_ads(subject.platform, device, (view.back(days), view.now))
    return view.lasting(subject, streak, days, partial(_ads_cause, view, looks, streak.last))


def _field(view: View, subject: Subject, looks: Sequence[Look], name: str) -> Sign | None:
    told = [one for one in looks if one.listings >= LISTINGS_FROM]
    marks = [Mark(at=one.at, value=dict(one.fields)[name] / one.listings) for one in told]
    measure = Measure(runs=view.limits.runs, drop=view.limits.drop, least=SHARE_FROM)
    return view.level(subject, marks, measure, partial(_field_cause, view, told, name))


# -- why -------------------------------------------------------------------------------------------


def _failures(view: View, look: Look) -> tuple[tuple[Failure, ...], str]:
    """How a round failed, and one of the runs that did so most."""
    failures = view.health.failures(look.round, look.platform)
    first = min(failures, key=lambda one: one.reason == COOLING, default=None)
    return failures, first.run if first else ""


def _login_cause(view: View, looks: Sequence[Look]) -> Cause:
    _, run = _failures(view, looks[0])
    words = f"最近一轮 {looks[0].runs} 项中 {looks[0].login} 项要求登录：由人在自己的浏览器里看，存下后导入"
    return view.cause(Why(word="login", words=words), run)


def _success_cause(view: View, looks: Sequence[Look]) -> Cause:
    failures, run = _failures(view, looks[0])
    ratios = "、".join(f"{one.clean}/{one.runs}" for one in looks[: view.limits.runs])
    why = why_failed(failures)
    words = f"最近各轮查成的（新的在前）：{ratios}，低于 {view.limits.success:.0%}；{why.words}"
    return view.cause(Why(word=why.word, words=words), run)


def _unseen_cause(view: View, looks: Sequence[Look]) -> Cause:
    failures, run = _failures(view, looks[0])
    why = why_failed(failures)
    words = f"{view.limits.unseen_days} 天以上一项也没有看到过；{why.words}"
    return view.cause(Why(word=why.word, words=words), run)


def _ads_cause(view: View, looks: Sequence[Look], last: datetime | None) -> Cause:
    spider = spider_of(looks[0].platform)
    is_unproven = spider is not None and spider.evidence["ads"].startswith("code")
    how = "广告识别未经真实页面验证" if is_unproven else "广告的标记可能改了，也可能确实没有投放"
    words = f"{view.limits.ads_days} 天以上照常读到信息，却没有一条广告" + ("" if last else "（从来没有）") + f"：{how}"
    run = view.health.run_of_round(looks[0].round, looks[0].platform)
    return view.cause(Why(word="ad_markers", words=words), run)


def _field_cause(view: View, looks: Sequence[Look], name: str) -> Cause:
    newest = looks[0]
    shares = "、".join(f"{dict(one.fields)[name] / one.listings:.0%}" for one in looks[: view.limits.runs])
    words = f"页面读得出，有{FIELD_WORDS[name]}的信息却少了（新的在前）：{shares}；很可能改了版，爬虫要照新页面改"
    return view.cause(Why(word="markup", words=words), view.health.run_of_round(newest.round, newest.platform))
