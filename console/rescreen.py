"""The archive judged again by today's rules, without a crawl: what would change, and with `--apply` what does.

It asks no network and touches no kept page. Without `--apply` nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.comparison import Bench, Change, differences, verdict_of
from console.files import platform
from console.homes import named_person
from console.ledger import opened
from console.output import finding_told, harmless, page, print_json, print_line, progress, say
from console.picture_words import quote_words
from crawler import clock
from crawler.config import TOOL, Config
from crawler.errors import EXIT_DONE, UserMistake
from crawler.items import Finding
from detectors.likeness import signature
from detectors.rule import rules_digest
from storage.care_shapes import Archived, ArchiveFilter, Likeness, Rejudging
from storage.exhibits import ExhibitStore

BATCH = 200  # exhibits, one transaction with --apply
FIELD_WORDS = {
    "category": "类别", "points": "分数", "needs": "需分", "quote": "引文", "pro": "理由", "contra": "理由",
    "articles": "条款", "severity": "严重程度", "state": "状态", "tags": "另涉",
    "field": "位置", "start": "位置", "end": "位置", "box": "位置",
}  # fmt: skip
KINDS = {"new": "新发现", "gone": "不再成立", "changed": "有变化"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of the archive, and whether to keep the result; empty words and 0 mean all."""

    since: str = ""
    platform: str = ""
    limit: int = 0
    before: str = ""
    apply: bool = False
    by: str = ""


def rescreen(asked: Asked, *, as_json: bool) -> int:
    """Judge again, tell every change and then the sums."""
    wanted, config = _wanted(asked), Config.load()
    with opened(config) as store:
        if asked.apply:
            asked = replace(asked, by=named_person(config, store.engine, asked.by))
        bench = Bench(config)
        rejudgement = _begun(store, asked) if asked.apply else 0
        run = Run(store, bench, rejudgement, as_json=as_json)
        left = run.through(wanted, asked.limit)
        if rejudgement:
            store.end_rejudgement(rejudgement, clock.now())
    run.tell_sums(left)
    return EXIT_DONE


class Run:
    """One walk over the archive, the newest exhibit first, a batch in memory at a time."""

    def __init__(self, store: ExhibitStore, bench: Bench, rejudgement: int, *, as_json: bool) -> None:
        self._store, self._bench, self._rejudgement, self._as_json = store, bench, rejudgement, as_json
        self._sums: Counter[tuple[str, str]] = Counter()
        self._seen = self._changed = self._left_alone = 0

    def through(self, wanted: ArchiveFilter, limit: int) -> str:
        """Walk; returns the exhibit after which to go on where a limit stopped it."""
        total = self._store.archived_count(wanted)
        with progress("重新判定", min(total, limit or total)) as advance:
            while limit == 0 or self._seen < limit:
                size = min(BATCH, limit - self._seen) if limit else BATCH
                batch = self._store.archived(size, wanted)
                if not batch:
                    break
                self._batch(batch, advance)
                wanted = replace(wanted, before=batch[-1].exhibit)
        return wanted.before if limit and self._seen < total else ""

    def _batch(self, batch: Sequence[Archived], advance: Any) -> None:
        changes = []
        for archived in batch:
            changes.append(self._bench.compared(archived))
            advance(platform_word(archived))
        left_alone = self._keep(changes) if self._rejudgement else ()
        self._seen += len(batch)
        self._left_alone += len(left_alone)
        for change in changes:
            if change.is_one and change.archived.row not in left_alone:
                self._tell(change)

    def _keep(self, changes: Sequence[Change]) -> tuple[int, ...]:
        """One transaction a batch: killed between two, what is written is whole, and a second time goes on."""
        verdicts = [verdict_of(change, self._bench.entities(change)) for change in changes if change.is_one]
        likenesses = [
            Likeness(exhibit=change.archived.exhibit, signature=signature(change.archived.listing))
            for change in changes
            if change.stands
        ]
        return self._store.rejudge(self._rejudgement, len(changes), verdicts, likenesses)

    def _tell(self, change: Change) -> None:
        self._changed += 1
        for kind, found in (("new", change.new), ("gone", [one.finding for one in change.gone]),
                            ("changed", [after for _, after in change.changed])):  # fmt: skip
            self._sums.update((finding.rule, kind) for finding in found)
        if self._as_json:
            print_json(_change_told(change))
        else:
            for line in _change_lines(change):
                print_line(harmless(line))

    def tell_sums(self, left: str) -> None:
        rules = sorted({rule for rule, _ in self._sums})
        if self._as_json:
            sums = [{"rule": rule} | {kind: self._sums[rule, kind] for kind in KINDS} for rule in rules]
            print_json({
                "seen": self._seen, "changed": self._changed, "left_alone": self._left_alone,
                "applied": bool(self._rejudgement), "rejudgement": self._rejudgement or None,
                "rules_digest": rules_digest(), "rules": sums, "before": left,
            })  # fmt: skip
            return
        if rules:
            table = Table("规则", *KINDS.values(), box=SIMPLE_HEAD, pad_edge=False)
            for rule in rules:
                table.add_row(Text(harmless(rule)), *(str(self._sums[rule, kind]) for kind in KINDS))
            page().print(table)
        written = (
            f"已写入（第 {self._rejudgement} 次改判）"
            if self._rejudgement
            else "没有写入；要写入，加 --apply --by 姓名"
        )
        say(f"看过 {self._seen} 条，{self._changed} 条有变化；{written}")
        if self._left_alone:
            say(f"{self._left_alone} 条在此期间另有变化，没有动：请再运行一次")
        if left:
            say(f"还有更多：--before {left} 接着做")


def platform_word(archived: Archived) -> str:
    return platform(archived.listing.platform).label


def _change_told(change: Change) -> dict[str, Any]:
    listing = change.archived.listing
    told = {"exhibit": change.archived.exhibit, "listing": listing.key}
    changed = [
        {"from": finding_told(before.finding), "to": finding_told(after), "fields": differences(before.finding, after)}
        for before, after in change.changed
    ]
    return told | {
        "platform": listing.platform, "title": listing.title, "url": listing.url,
        "new": [finding_told(one) for one in change.new], "gone": [finding_told(one.finding) for one in change.gone],
        "changed": changed,
    }  # fmt: skip


def _change_lines(change: Change) -> Iterator[str]:
    yield f"{change.archived.exhibit} {platform_word(change.archived)} {change.archived.listing.title[:60]}"
    for finding in change.new:
        yield f"  新发现 {_said(finding)}"
    for held in change.gone:
        yield f"  不再成立 {_said(held.finding)}"
    for before, after in change.changed:
        words = dict.fromkeys(FIELD_WORDS.get(name, "其他") for name in differences(before.finding, after))
        yield f"  有变化（{'、'.join(words)}）{_said(before.finding)} → {_said(after)}"


def _said(finding: Finding) -> str:
    return f"{finding.rule} {finding.category}“{quote_words(finding)}”{finding.points} 分"


# -- what was asked ------------------------------------------------------------------------------


def _wanted(asked: Asked) -> ArchiveFilter:
    if asked.platform:
        platform(asked.platform)
    return ArchiveFilter(since=_since(asked.since), platform=asked.platform, before=asked.before)


def _since(written: str) -> datetime | None:
    if not written:
        return None
    try:
        return datetime.combine(date.fromisoformat(written), time(), clock.SHANGHAI)
    except ValueError:
        raise UserMistake(f"--since 要写成 2026-01-31，不能是 {written}") from None


def _begun(store: ExhibitStore, asked: Asked) -> int:
    words = (("since", asked.since), ("platform", asked.platform), ("limit", asked.limit), ("before", asked.before))
    said = " ".join(f"{name}={value}" for name, value in words if value)
    told = Rejudging(at=clock.now(), by=asked.by, tool=TOOL, rules_digest=rules_digest(), asked=said)
    return store.begin_rejudgement(told)
