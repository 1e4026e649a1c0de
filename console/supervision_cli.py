"""`lantian agency …`, `lantian sample` and `lantian draws`, as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from console.output import MOST

agency_app = typer.Typer(help="监管对象：名录里的机构、上次看过和下次到期。", no_args_is_help=True)
priority_app = typer.Typer(help="重点监控名单：更勤地看。", no_args_is_help=True)
agency_app.add_typer(priority_app, name="priority")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁决定；有了用户就要凭据，姓名要与凭据一致")]
Word = Annotated[str, typer.Argument(help="机构名称、机构代码或统一社会信用代码")]
Reason = Annotated[str, typer.Option(help="理由")]


@agency_app.command("list")
def agency_list(  # noqa: PLR0913, PLR0917 - one parameter an option
    never_seen: Annotated[bool, typer.Option("--never-seen", help="只列从未看过的")] = False,
    due: Annotated[bool, typer.Option("--due", help="只列到期的")] = False,
    priority: Annotated[bool, typer.Option("--priority", help="只列重点监控的")] = False,
    limit: Annotated[int, typer.Option(min=0, max=MOST, help="最多几家；0 为全部")] = 0,
    after: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一次：上一次最后一家的 number")] = 0,
    as_json: Json = False,
) -> None:
    """当前名录里的每家机构：上次看过、下次到期、有没有任务在查。"""
    from console import supervising

    shown = supervising.Shown(never_seen=never_seen, due=due, only_priority=priority, limit=limit, after=after)
    supervising.list_agencies(shown, as_json=as_json)


@agency_app.command("refresh")
def agency_refresh(by: By = "", as_json: Json = False) -> None:
    """导入新名录以后：随名录、随重点监控名单的任务换上新的查询词。"""
    from console import supervising

    supervising.refresh_watches(by, as_json=as_json)


@priority_app.command("add")
def priority_add(agency: Word, reason: Reason, by: By = "", as_json: Json = False) -> None:
    """列入重点监控名单。"""
    from console import supervising

    supervising.add_priority(agency, reason, by, as_json=as_json)


@priority_app.command("remove")
def priority_remove(agency: Word, reason: Reason, by: By = "", as_json: Json = False) -> None:
    """移出重点监控名单；历史保留。"""
    from console import supervising

    supervising.remove_priority(agency, reason, by, as_json=as_json)


@priority_app.command("list")
def priority_list(
    with_removed: Annotated[bool, typer.Option("--all", help="连同移出了的")] = False, as_json: Json = False
) -> None:
    """重点监控名单：理由、谁列入、上次看过、是否逾期。"""
    from console import supervising

    supervising.list_priority(with_removed=with_removed, as_json=as_json)


def sample(  # noqa: PLR0913, PLR0917 - one parameter an option
    source: Annotated[str, typer.Option("--from", help="registry 名录，shops 见过的店铺")],
    number: Annotated[int, typer.Option("-n", max=MOST, help="抽几个")],
    seed: Annotated[str, typer.Option(help="种子：同样的名单、同样的种子，抽出同样的结果")],
    active: Annotated[bool, typer.Option("--active", help="名录里只从在业的抽")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """双随机：从名录或店铺中抽取，结果和名单摘要记入日志。"""
    from console import sampling

    asked = sampling.Lots(source=source, wanted=number, seed=seed, only_active=active)
    sampling.sample(asked, by, as_json=as_json)


def draws(as_json: Json = False) -> None:
    """历次抽取。"""
    from console import sampling

    sampling.list_draws(as_json=as_json)
