"""`lantian rules …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

rules_app = typer.Typer(help="规则：有哪些，例子是否都合，怎样看一段文字，各轮命中多少。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@rules_app.command("list")
def rules_list(as_json: Json = False) -> None:
    """列出规则：类别、状态、严重程度、需分、例子、条款、摘要。"""
    from console import rules as rules_

    rules_.list_rules(as_json=as_json)


@rules_app.command("test")
def rules_test(
    rule: Annotated[str, typer.Argument(help="只查这条规则")] = "",
    as_json: Json = False,
) -> None:
    """每条规则是否命中自己的违法例、放过所有合法例；有不合的退出码为 2。"""
    from console import rules as rules_

    raise typer.Exit(rules_.check_rules(rule, as_json=as_json))


@rules_app.command("explain")
def rules_explain(  # noqa: PLR0913, PLR0917 - one parameter an option
    text: Annotated[str | None, typer.Argument(help="一段文字")] = None,
    file: Annotated[Path | None, typer.Option(help="从文件读文字")] = None,
    title: Annotated[str, typer.Option(help="标题")] = "",
    kind: Annotated[str, typer.Option(help="ad result product shop post article")] = "result",
    seller: Annotated[str, typer.Option(help="卖家")] = "",
    url: Annotated[str, typer.Option(help="网址")] = "",
    price: Annotated[str, typer.Option(help="价格")] = "",
    registry: Annotated[Path | None, typer.Option(help="机构名录，CSV 或 XLSX")] = None,
    as_json: Json = False,
) -> None:
    """每条规则怎样看这段文字：最强的一处、加分减分、需分、还差多少。"""
    from console import rules as rules_

    asked = rules_.Asked(
        text=text, file=file, title=title, kind=kind, seller=seller, url=url, price=price, registry=registry
    )
    rules_.explain(asked, as_json=as_json)


@rules_app.command("stats")
def rules_stats(
    days: Annotated[int | None, typer.Option(min=1, help="多少天没有命中算沉默；默认 30")] = None,
    as_json: Json = False,
) -> None:
    """每条规则在各轮命中多少；哪些很久没有命中，哪些命中过多。"""
    from console import rule_stats

    rule_stats.show_stats(days or rule_stats.SILENT_DAYS, as_json=as_json)
