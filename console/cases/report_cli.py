"""`lantian report …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

report_app = typer.Typer(help="报表：台账、月度和年度统计、典型案例、公示名单、信用事实。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
First = Annotated[str, typer.Option("--from", help="从哪一天起，如 2026-01-01；默认本年第一天")]
Last = Annotated[str, typer.Option("--to", help="到哪一天（含）；默认今天")]
Listed = Annotated[str, typer.Option("--list", help="打开这个数字背后的名单，如 leads.source.monitoring")]
By = Annotated[str, typer.Option(help="谁看；没有 LANTIAN_TOKEN 时在终端输入其口令")]
Xlsx = Annotated[Path, typer.Option("--out", help="写到哪个新文件（.xlsx）")]


@report_app.command("ledger")
def ledger(out: Xlsx, first: First = "", last: Last = "", by: By = "", as_json: Json = False) -> None:
    """工作台账：一条线索一行，连同办理过程和覆盖说明。"""
    from console.cases import reports

    raise typer.Exit(reports.ledger(reports.Typed(first=first, last=last, by=by), out, as_json=as_json))


@report_app.command("month")
def month(
    which: Annotated[str, typer.Argument(metavar="MONTH", help="哪个月，如 2026-11")],
    listed: Listed = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """月度统计；每个数字都能打开背后的名单。"""
    from console.cases import reports

    raise typer.Exit(reports.show_month(which, reports.Typed(listed=listed, by=by), as_json=as_json))


@report_app.command("districts")
def districts(first: First = "", last: Last = "", listed: Listed = "", by: By = "", as_json: Json = False) -> None:
    """各区县统计，合计在最后。"""
    from console.cases import reports

    typed = reports.Typed(first=first, last=last, listed=listed, by=by)
    raise typer.Exit(reports.show_districts(typed, as_json=as_json))
