"""`lantian watch …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from console.output import MOST
from crawler.watches import Days, Device, Watch

if TYPE_CHECKING:
    from console.watching import Words

T = TypeVar("T")
watch_app = typer.Typer(help="巡查任务：查什么、在哪里、什么时候。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
Name = Annotated[str, typer.Argument(help="任务的名称")]
By = Annotated[str, typer.Option(help="谁决定；有了用户就要凭据，姓名要与凭据一致")]
Queries = Annotated[list[str] | None, typer.Option("--query", help="查询词，可写几次")]
QueryFile = Annotated[Path | None, typer.Option("--queries", help="查询词文件（TOML 或每行一词）")]
WithList = Annotated[bool, typer.Option("--list", help="用随附的词表")]
WithRules = Annotated[bool, typer.Option("--rules", help="用从规则生成的词")]
Urls = Annotated[list[str] | None, typer.Option("--url", help="网址，可写几次")]
Agencies = Annotated[list[str] | None, typer.Option("--agency", help="机构的代码或名称，可写几次：查它的名称")]
AllAgencies = Annotated[
    str, typer.Option("--agencies", help="all 名录里的全部机构，priority 重点监控名单（随名单更新）")
]
Sites = Annotated[bool, typer.Option("--sites", help="不查机构的名称，查名录里它自己的网址")]
UrlFile = Annotated[Path | None, typer.Option("--urls", help="网址文件，每行一个")]


def _words(  # noqa: PLR0913, PLR0917 - one parameter an option
    queries: list[str] | None,
    file: Path | None,
    with_list: bool,
    with_rules: bool,
    urls: list[str] | None,
    url_file: Path | None,
    agencies: list[str] | None,
    all_agencies: str,
    sites: bool,
) -> Words:
    from console.watching import Words

    return Words(
        queries=tuple(queries or ()), file=file, with_list=with_list, with_rules=with_rules, urls=tuple(urls or ()),
        url_file=url_file, agencies=tuple(agencies or ()), all_agencies=all_agencies, sites=sites,
    )  # fmt: skip


def _names(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.replace("，", ",").split(",") if one.strip())


def _or(new: T | None, old: T) -> T:
    """What was typed, else what was there."""
    return old if new is None else new


@watch_app.command("add")
def watch_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    name: Name,
    schedule: Annotated[str, typer.Option(help="时间表：cron 五段（分 时 日 月 星期），北京时间")],
    by: By = "",
    platforms: Annotated[str, typer.Option(help="平台，逗号分隔；不写则为所有能查词的平台")] = "",
    query: Queries = None,
    queries: QueryFile = None,
    with_list: WithList = False,
    with_rules: WithRules = False,
    url: Urls = None,
    urls: UrlFile = None,
    agency: Agencies = None,
    agencies: AllAgencies = "",
    sites: Sites = False,
    key_schedule: Annotated[str, typer.Option(help="重点日期另加的时间表")] = "",
    days: Annotated[Days, typer.Option(help="all 每天，workdays 工作日，restdays 休息日")] = Days.ALL,
    window: Annotated[str, typer.Option(help="时段，如 08:00-20:00，可过午夜；只在其中开始")] = "",
    grace: Annotated[int, typer.Option(max=MOST, help="过了时间还可以开始的分钟数")] = 360,
    place: Annotated[str, typer.Option(help="地点：平台网址里的城市，或配置里的 [[place]]")] = "",
    device: Annotated[Device, typer.Option(help="desktop 电脑页面，mobile 手机页面")] = Device.DESKTOP,
    depth: Annotated[int, typer.Option(max=MOST, help="每个查询最多翻几页；0 用设置值")] = 0,
    budget: Annotated[int, typer.Option(max=MOST, help="每天最多多少次；0 不限")] = 0,
    as_json: Json = False,
) -> None:
    """建立巡查任务；不写查询词则用随附的词表和从规则生成的词。"""
    from console import watching

    watch = Watch(
        name=name, platforms=_names(platforms), queries=(), schedule=schedule, key_schedule=key_schedule, days=days,
        window=window, grace=grace, place=place.strip(), device=device, depth=depth, budget=budget,
    )  # fmt: skip
    words = _words(query, queries, with_list, with_rules, url, urls, agency, agencies, sites)
    watching.add_watch(watch, words, by, as_json=as_json)


@watch_app.command("change")
def watch_change(  # noqa: PLR0913, PLR0917 - one parameter an option
    name: Name,
    by: By = "",
    schedule: Annotated[str | None, typer.Option(help="时间表：cron 五段，北京时间")] = None,
    platforms: Annotated[str | None, typer.Option(help="平台，逗号分隔")] = None,
    query: Queries = None,
    queries: QueryFile = None,
    with_list: WithList = False,
    with_rules: WithRules = False,
    url: Urls = None,
    urls: UrlFile = None,
    agency: Agencies = None,
    agencies: AllAgencies = "",
    sites: Sites = False,
    key_schedule: Annotated[str | None, typer.Option(help="重点日期另加的时间表；写 '' 取消")] = None,
    days: Annotated[Days | None, typer.Option(help="all、workdays 或 restdays")] = None,
    window: Annotated[str | None, typer.Option(help="时段；写 '' 取消")] = None,
    grace: Annotated[int | None, typer.Option(max=MOST, help="过了时间还可以开始的分钟数")] = None,
    place: Annotated[str | None, typer.Option(help="地点；写 '' 取消")] = None,
    device: Annotated[Device | None, typer.Option(help="desktop 或 mobile")] = None,
    depth: Annotated[int | None, typer.Option(max=MOST, help="每个查询最多翻几页；0 用设置值")] = None,
    budget: Annotated[int | None, typer.Option(max=MOST, help="每天最多多少次；0 不限")] = None,
    as_json: Json = False,
) -> None:
    """改任务，成为新的一版：没写的照旧；写了查询词就整个换掉。"""
    from console import watching

    old = watching.current(name).watch
    watch = replace(
        old, schedule=_or(schedule, old.schedule), key_schedule=_or(key_schedule, old.key_schedule),
        platforms=old.platforms if platforms is None else _names(platforms), days=_or(days, old.days),
        window=_or(window, old.window), grace=_or(grace, old.grace), place=_or(place, old.place).strip(),
        device=_or(device, old.device), depth=_or(depth, old.depth), budget=_or(budget, old.budget),
    )  # fmt: skip
    words = _words(query, queries, with_list, with_rules, url, urls, agency, agencies, sites)
    watching.change_watch(name, watch, words, by, as_json=as_json)


@watch_app.command("list")
def watch_list(as_json: Json = False) -> None:
    """所有巡查任务和各自的下一次。"""
    from console import watch_tables

    watch_tables.list_watches(as_json=as_json)


@watch_app.command("show")
def watch_show(name: Name, as_json: Json = False) -> None:
    """一项任务的全部：查询词各从哪里来，历次改动各是谁定的。"""
    from console import watch_tables

    watch_tables.show_watch(name, as_json=as_json)


@watch_app.command("pause")
def watch_pause(name: Name, by: By = "", as_json: Json = False) -> None:
    """暂停：从现在起不再排。"""
    from console import watching

    watching.pause_watch(name, by, is_paused=True, as_json=as_json)


@watch_app.command("resume")
def watch_resume(name: Name, by: By = "", as_json: Json = False) -> None:
    """恢复。"""
    from console import watching

    watching.pause_watch(name, by, is_paused=False, as_json=as_json)


@watch_app.command("put-back")
def watch_put_back(by: By = "", as_json: Json = False) -> None:
    """时钟曾经快了很多：撤下替今后写下的各项，所有任务从现在起照排。"""
    from console import watching

    watching.put_back_watches(by, as_json=as_json)


@watch_app.command("plan")
def watch_plan(
    first: Annotated[str, typer.Option("--from", help="从哪一天（含）或哪一刻，如 2026-11-20；默认今天")] = "",
    last: Annotated[str, typer.Option("--to", help="到哪一天（含）或哪一刻；默认 30 天")] = "",
    watch: Annotated[str, typer.Option(help="只看这一项任务")] = "",
    as_json: Json = False,
) -> None:
    """算出一段时间里应有的每一次：只由任务和日历得出，不看名册。"""
    from console import watch_tables

    watch_tables.show_plan(first, last, watch, as_json=as_json)


@watch_app.command("queries")
def watch_queries(
    file: Annotated[Path | None, typer.Option("--queries", help="以此文件代替随附的词表")] = None,
    strike: Annotated[str, typer.Option(help="划去一个从规则生成的词，不再生成")] = "",
    by: Annotated[str, typer.Option(help="谁决定划去；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """可用的查询词：词表加上从规则生成的词，各标来源。"""
    from console import watching

    if strike:
        watching.strike_query(strike, by, as_json=as_json)
    else:
        watching.list_queries(file, as_json=as_json)
