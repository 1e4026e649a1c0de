"""The rules as a person may ask them: which there are, whether each keeps to its examples, what they make of a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from console.ledger import FIELD_WORDS, place_words
from console.output import (
    CATEGORY_WORDS,
    finding_told,
    harmless,
    page,
    print_json,
    print_line,
    progress,
    say,
    weight_words,
)
from console.rule_stats import STATE_WORDS
from crawler import clock
from crawler.errors import EXIT_DONE, EXIT_USAGE, UserMistake
from crawler.items import SEVERITY_WORDS, Finding, Kind, Listing
from detectors.article import Article, load_articles
from detectors.examples import example_screen, failed, trials
from detectors.normal import canonical
from detectors.rule import Rule, load_rules
from detectors.screen import Screen, load_screen
from storage.registry import CsvRegistry

NOTHING = "没有找到任何规则的写法（或写法旁边缺少规则必需的词），所以没有一条规则能给分"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person wants explained: a text, or a file of it, and what else the listing shows."""

    text: str | None = None
    file: Path | None = None
    title: str = ""
    kind: str = Kind.RESULT.value
    seller: str = ""
    url: str = ""
    price: str = ""
    registry: Path | None = None


def list_rules(*, as_json: bool) -> None:
    """Every rule of this version."""
    rules = load_rules()
    if as_json:
        for rule in rules:
            print_json(_rule_told(rule))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"规则 {len(rules)} 条", title_justify="left")
    for name in ("规则", "说的是", "类别", "状态", "严重", "条款", "摘要"):
        table.add_column(name, overflow="fold")
    for name in ("需分", "例子"):
        table.add_column(name, justify="right")
    for rule in rules:
        words = (rule.id, rule.title, CATEGORY_WORDS[rule.category], STATE_WORDS[rule.state],
                 SEVERITY_WORDS[rule.severity], " ".join(rule.articles), rule.digest[:12])  # fmt: skip
        counts = (str(rule.needs), f"{len(rule.violates)}+{len(rule.lawful)}")
        table.add_row(*(Text(harmless(word)) for word in words), *counts)
    page().print(table)


def _rule_told(rule: Rule) -> dict[str, Any]:
    names = ("id", "title", "category", "state", "severity", "needs", "digest", "articles")
    counts = {"violates": len(rule.violates), "lawful": len(rule.lawful)}
    told = {name: getattr(rule, name) for name in names}
    return told | counts | {
        "examples": sum(counts.values()), "severity_word": SEVERITY_WORDS[rule.severity], "registry": rule.registry,
    }  # fmt: skip


def check_rules(only: str, *, as_json: bool) -> int:
    """Whether each rule convicts and acquits as its examples say; 2 when one does not."""
    rules = load_rules()
    if only and only not in {rule.id for rule in rules}:
        raise UserMistake(f"没有规则 {only!r}；现有：{'、'.join(rule.id for rule in rules)}")
    screen, every, wrong = example_screen(rules), trials(rules, only), []
    with progress("例子", len(every)) as advance:
        for trial in every:
            if said := failed(screen, trial, only):
                wrong.append((trial, said))
            advance(trial.rule)
    if as_json:
        told = [
            {"rule": trial.rule, "said": said, "title": trial.shown.title, "text": trial.shown.text}
            for trial, said in wrong
        ]
        print_json({"rules": 1 if only else len(rules), "examples": len(every), "failed": told})
    else:
        for trial, said in wrong:
            shown = " ".join(filter(None, (trial.shown.title, trial.shown.text)))
            print_line(harmless(f"{trial.rule}：{said}：{shown[:100]}"))
        say(f"例子 {len(every)} 个，不合的 {len(wrong)} 个")
    return EXIT_USAGE if wrong else EXIT_DONE


# -- one text ----------------------------------------------------------------------------------


def explain(asked: Asked, *, as_json: bool) -> None:
    """The strongest candidate of every rule, whether or not it suffices, with all that was weighed."""
    listing = _listing(asked)
    today = clock.now().astimezone(clock.SHANGHAI).date()
    registry = CsvRegistry.load(asked.registry, today) if asked.registry else None
    screen = load_screen(registry=registry, with_trial=True)
    found = _weighed(screen, listing)
    titles = {rule.id: rule.title for rule in screen.rules}
    folded = {
        name: canonical(getattr(listing, name)).text
        for name in ("title", "text", "seller")
        if canonical(getattr(listing, name)).text != getattr(listing, name)
    }
    if as_json:
        candidates = [_candidate_told(one, titles[one.rule]) for one in found]
        print_json({"candidates": candidates, "canonical": folded, "said": "" if found else NOTHING})
        return
    for name, text in folded.items():
        print_line(harmless(f"规范后的{FIELD_WORDS[name]}：{text}"))
    for one in found:
        _print_candidate(one, titles[one.rule])
    if not found:
        print_line(NOTHING)


def _listing(asked: Asked) -> Listing:
    if (asked.text is None) == (asked.file is None):
        raise UserMistake("要写一段文字，或用 --file 指一个文件，二者取一")
    if asked.kind not in set(Kind):
        raise UserMistake(f"--kind 没有 {asked.kind!r}；现有：{'、'.join(Kind)}")
    text = _read(asked.file) if asked.file else asked.text or ""
    kind = Kind(asked.kind)
    return Listing(
        platform="", kind=kind, position=1, is_ad=kind is Kind.AD, text=_whole(text), title=_whole(asked.title),
        url=_whole(asked.url), seller=_whole(asked.seller), price=_whole(asked.price),
    )  # fmt: skip


def _whole(text: str) -> str:
    """What the shell could not decode becomes a mark of one character."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise UserMistake(f"{file} 不是 UTF-8 文本：第 {wrong.start} 字节") from None
    except OSError as wrong:
        raise UserMistake(f"读不了文件 {file}：{wrong.strerror}") from None


def _weighed(screen: Screen, listing: Listing) -> list[Finding]:
    """Those that are findings with their tags, the nearest to being one first."""
    judged = {finding.rule: finding for finding in screen.judge(listing)}
    weighed = [judged.get(one.rule, one) for one in screen.weigh(listing)]
    return sorted(weighed, key=lambda one: (one.needs - one.points, one.rule))


def _candidate_told(one: Finding, title: str) -> dict[str, Any]:
    is_finding = one.points >= one.needs
    return finding_told(one) | {"title": title, "is_finding": is_finding, "missing": max(0, one.needs - one.points)}


def _print_candidate(one: Finding, title: str) -> None:
    missing = one.needs - one.points
    verdict = f"涉嫌{CATEGORY_WORDS[one.category]}" if missing <= 0 else f"不算{CATEGORY_WORDS[one.category]}"
    short = f"够了（{weight_words(one)}）" if missing <= 0 else f"还差 {missing} 分"
    state = "，试行规则" if one.state == "trial" else ""
    lines = [f"{verdict}：“{one.quote}”（{place_words(one)}）", f"  规则 {one.rule}（{title}{state}）"]
    for word, reasons in (("支持", one.pro), ("反对", one.contra)):
        if reasons:
            lines.append(f"  {word}：" + "，".join(f"{why} {points:+d}" for why, points in reasons))
    lines.append(f"  合计 {one.points}，需 {one.needs}：{short}")
    if one.tags:
        lines.append(f"  另涉：{'、'.join(one.tags)}")
    lines.append("  条款：" + "；".join(_titles(one, load_articles())))
    page().print(Text(harmless(lines[0]), style="bold" if missing <= 0 else ""), *map(harmless, lines[1:]), sep="\n")


def _titles(one: Finding, articles: dict[str, Article]) -> list[str]:
    return [f"{articles[name].title}（{name}）" for name in one.articles]
