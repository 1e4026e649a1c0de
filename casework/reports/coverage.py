"""The coverage statement that stands with every report: what was looked at, and above all what was not.

The values are handed in: what was planned is known elsewhere. What was blocked is never told as if nothing were there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

TOLD = 8  # so many names one by one
NO_ROUNDS = "本期没有应查项，也没有人手工查过：没有查，就什么也没有看到，各项数字不能说明网上有无违法信息。"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCoverage:
    """One platform: how many looks were planned, saw the page, were not to be seen, and by which outcome."""

    label: str
    planned: int
    seen: int
    unseen: int
    open: int
    blocked: int
    missed: int
    ads_unproven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """One day on all platforms: how many looks saw the page, and how many ended without it."""

    day: date
    seen: int
    unseen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What was to be seen of the days from `first` to `last` as it was known at `as_of` (written for people)."""

    first: date
    last: date
    as_of: str
    platforms: tuple[PlatformCoverage, ...]
    by_hand: int = 0
    landings_opened: int = 0
    landings_seen: int = 0
    never_seen: tuple[str, ...] = ()
    unwritten: int = 0
    assumed_days: int = 0
    agencies: int = 0
    agencies_seen: int = 0
    days: tuple[Looks, ...] = ()

    @property
    def planned(self) -> int:
        return sum(one.planned for one in self.platforms)

    @property
    def seen(self) -> int:
        return sum(one.seen for one in self.platforms)

    @property
    def unseen(self) -> int:
        return sum(one.unseen for one in self.platforms)

    @property
    def open(self) -> int:
        return sum(one.open for one in self.platforms)


COLUMNS = ("平台", "应查", "看到", "没有看到", "其中被拦", "其中漏查", "还没有结果", "广告识别")


def statement(covered: Covered) -> tuple[str, ...]:
    """The statement in sentences."""
    lines = [f"覆盖说明：{covered.first} 至 {covered.last}，截至 {covered.as_of}。"]
    lines.append(_whole(covered))
    blind = [one.label for one in covered.platforms if one.unseen and not one.seen]
    if blind:
        lines.append(f"整段时间一项也没有看到的平台：{_some(blind)}。那里有没有违法信息，无从知道。")
    if covered.never_seen:
        lines.append(f"一次也没有看到的查询 {len(covered.never_seen)} 个：{_some(covered.never_seen)}。")
    if covered.unwritten:
        lines.append(f"巡查没有运行，没有任何记录的 {covered.unwritten} 项，已计入没有看到。")
    if covered.landings_opened:
        lines.append(f"广告主自己的网页另计：打开 {covered.landings_opened}，看到 {covered.landings_seen}。")
    if covered.assumed_days:
        lines.append(f"其中 {covered.assumed_days} 天没有当年的放假通知，工作日按推定安排。")
    unproven = [one.label for one in covered.platforms if one.ads_unproven]
    if unproven:
        lines.append(f"广告识别未经真实页面验证：{_some(unproven)}。这些平台的广告可能未被认出。")
    if covered.agencies:
        unseen = covered.agencies - covered.agencies_seen
        lines.append(f"监管对象排了 {covered.agencies} 家，看到 {covered.agencies_seen} 家，没有看到 {unseen} 家。")
    lines.append("被拦、漏查、出错的都不是“没有违法信息”；本报告的数字只来自看到了的页面和他人提供的线索。")
    return tuple(lines)


def table(covered: Covered) -> tuple[tuple[str, ...], ...]:
    """The same by platform, the sum last."""
    rows = [
        (
            one.label,
            *map(str, (one.planned, one.seen, one.unseen, one.blocked, one.missed, one.open)),
            "未经真实页面验证" if one.ads_unproven else "",
        )
        for one in covered.platforms
    ]
    whole = (covered.planned, covered.seen, covered.unseen, sum(one.blocked for one in covered.platforms))
    sums = (*whole, sum(one.missed for one in covered.platforms), covered.open)
    return (*rows, ("合计", *map(str, sums), ""))


def _whole(covered: Covered) -> str:
    if not covered.planned:
        return NO_ROUNDS
    hand = f"（其中手工查的 {covered.by_hand} 项）" if covered.by_hand else ""
    return (
        f"应查 {covered.planned} 项{hand}，看到 {covered.seen} 项，没有看到 {covered.unseen} 项，"
        f"还没有结果 {covered.open} 项。"
    )


def _some(names: tuple[str, ...] | list[str]) -> str:
    return "、".join(names[:TOLD]) + ("…" if len(names) > TOLD else "")
