"""`lantian report publish …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.output import MOST

publish_app = typer.Typer(help="公示名单：复核人员决定，到期自动移出，信用修复提前移出。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁；没有 LANTIAN_TOKEN 时在终端输入其口令")]


@publish_app.command("add")
def publish_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    case: Annotated[str, typer.Argument(help="案件编号（A2026-00001）")],
    title: Annotated[str, typer.Option(help="标题")],
    facts: Annotated[str, typer.Option(help="违法事实")],
    basis: Annotated[str, typer.Option(help="依据")],
    days: Annotated[int, typer.Option(min=1, max=MOST, help="公示几天，从今天起")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """把一件经复核属实的案件列入公示；认定的人不能自己决定公示。"""
    from casework.reports.publishing import Wanted
    from console.cases import publishing

    wanted = Wanted(case=case, title=title, facts=facts, basis=basis, days=days)
    raise typer.Exit(publishing.add(wanted, by, as_json=as_json))


@publish_app.command("list")
def publish_list(
    on: Annotated[str, typer.Option(help="哪一天的名单，如 2026-11-20；默认今天")] = "",
    out: Annotated[Path | None, typer.Option(help="写到哪个新文件（.xlsx、.json 或 .html）")] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """一天的公示名单。"""
    from console.cases import publishing

    raise typer.Exit(publishing.show(publishing.Listing(on=on, out=out, by=by), as_json=as_json))


@publish_app.command("remove")
def publish_remove(
    number: Annotated[int, typer.Argument(min=1, max=MOST, help="公示的号")],
    reason: Annotated[str, typer.Option(help="理由，如信用修复")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """提前移出公示名单。"""
    from console.cases import publishing

    raise typer.Exit(publishing.remove(number, reason, by, as_json=as_json))
