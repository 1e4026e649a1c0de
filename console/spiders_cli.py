"""`lantian spiders` and `lantian alarms`: which platforms there are, how they are doing, what is wrong with them."""

from __future__ import annotations

from typing import Annotated

import typer

from console import alarms, files, spider_health

spiders_app = typer.Typer(help="平台爬虫：有哪些，近来怎样。", no_args_is_help=True)
alarms_app = typer.Typer(help="警报：哪个平台病了、为什么、哪一页；由人确认。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
Number = Annotated[int, typer.Argument(min=1, help="警报编号")]


@spiders_app.command("list")
def spiders_list(as_json: Json = False) -> None:
    """列出平台，一行一个。"""
    files.list_spiders(as_json=as_json)


@spiders_app.command("health")
def spiders_health(as_json: Json = False) -> None:
    """每个平台近来怎样：最近看到、成功率、条数、字段、凭什么读、警报、冻结页。"""
    raise typer.Exit(spider_health.show_health(as_json=as_json))


@alarms_app.command("list")
def alarms_list(
    with_cleared: Annotated[bool, typer.Option("--all", help="连同已解除的")] = False,
    as_json: Json = False,
) -> None:
    """未解除的警报：从何时起、很可能的原因、哪一页。"""
    alarms.list_alarms(with_cleared=with_cleared, as_json=as_json)


@alarms_app.command("show")
def alarms_show(number: Number, as_json: Json = False) -> None:
    """一条警报的全部。"""
    alarms.show_alarm(number, as_json=as_json)


@alarms_app.command("ack")
def alarms_ack(
    number: Number,
    by: Annotated[str, typer.Option(help="谁确认")] = "",
    reason: Annotated[str, typer.Option(help="理由")] = "",
) -> None:
    """确认知道了；警报照旧，直到恢复，或一直如此而成为新的常态。"""
    alarms.acknowledge(number, by, reason)
