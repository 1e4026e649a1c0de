"""`lantian spiders` and `lantian alarms`: which platforms there are, how they are doing, what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.output import MOST

spiders_app = typer.Typer(help="平台爬虫：有哪些，近来怎样。", no_args_is_help=True)
alarms_app = typer.Typer(help="警报：哪个平台病了、为什么、哪一页；由人确认。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
Number = Annotated[int, typer.Argument(min=1, max=MOST, help="警报编号")]


@spiders_app.command("list")
def spiders_list(as_json: Json = False) -> None:
    """列出平台，一行一个。"""
    from console import files

    files.list_spiders(as_json=as_json)


@spiders_app.command("health")
def spiders_health(as_json: Json = False) -> None:
    """每个平台近来怎样：最近看到、成功率、条数、字段、凭什么读、警报、冻结页。"""
    from console import spider_health

    raise typer.Exit(spider_health.show_health(as_json=as_json))


@spiders_app.command("freeze")
def spiders_freeze(  # noqa: PLR0913, PLR0917 - one parameter an option
    spider: Annotated[str, typer.Argument(help="平台名，见 lantian spiders list")],
    source: Annotated[str, typer.Argument(help="网址，或保存的页面文件")],
    url: Annotated[str, typer.Option(help="文件是哪个网址的页面")] = "",
    query: Annotated[str, typer.Option(help="查询词")] = "",
    out: Annotated[Path | None, typer.Option(help="写到哪个文件夹；默认是该平台的冻结页文件夹")] = None,
    stem: Annotated[str, typer.Option("--as", help="文件名，不带后缀")] = "page",
    as_json: Json = False,
) -> None:
    """做一个冻结页：取来或读入一页，遮盖个人信息和令牌，写出页面、说明和读法；不是 ok 或 empty 的退出码为 3。"""
    from console import freezing

    asked = freezing.Asked(spider=spider, source=source, url=url, query=query, out=out, stem=stem)
    raise typer.Exit(freezing.freeze_page(asked, as_json=as_json))


@alarms_app.command("list")
def alarms_list(
    with_cleared: Annotated[bool, typer.Option("--all", help="连同已解除的")] = False,
    as_json: Json = False,
) -> None:
    """未解除的警报：从何时起、很可能的原因、哪一页。"""
    from console import alarms

    alarms.list_alarms(with_cleared=with_cleared, as_json=as_json)


@alarms_app.command("show")
def alarms_show(number: Number, as_json: Json = False) -> None:
    """一条警报的全部。"""
    from console import alarms

    alarms.show_alarm(number, as_json=as_json)


@alarms_app.command("ack")
def alarms_ack(
    numbers: Annotated[list[int], typer.Argument(min=1, max=MOST, help="警报编号，可以有几个")],
    by: Annotated[str, typer.Option(help="谁确认；要与凭据一致")] = "",
    reason: Annotated[str, typer.Option(help="理由")] = "",
    as_json: Json = False,
) -> None:
    """确认知道了；警报照旧，直到恢复，或一直如此而成为新的常态。"""
    from console import alarms

    alarms.acknowledge(numbers, by, reason, as_json=as_json)
