"""`lantian report …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cases.publish_cli import publish_app

report_app = typer.Typer(help="报表：台账、月度和年度统计、典型案例、公示名单、信用事实。", no_args_is_help=True)
report_app.add_typer(publish_app, name="publish")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
First = Annotated[str, typer.Option("--from", help="从哪一天起，如 2026-01-01；默认本年第一天")]
Last = Annotated[str, typer.Option("--to", help="到哪一天（含）；默认今天")]
Listed = Annotated[
    str, typer.Option("--list", help="打开这个数字背后的名单，如 leads.source.monitoring；leads.source 或 ? 列出名称")
]
By = Annotated[str, typer.Option(help="谁看；没有 LANTIAN_TOKEN 时在终端输入其口令")]
Xlsx = Annotated[Path, typer.Option("--out", help="写到哪个新文件（.xlsx）")]


@report_app.command("ledger")
def report_ledger(out: Xlsx, first: First = "", last: Last = "", by: By = "", as_json: Json = False) -> None:
    """工作台账：一条线索一行，连同办理过程和覆盖说明。"""
    from console.cases import reports

    raise typer.Exit(reports.ledger(reports.Typed(first=first, last=last, by=by), out, as_json=as_json))


@report_app.command("month")
def report_month(
    month: Annotated[str, typer.Argument(help="哪个月，如 2026-11")],
    listed: Listed = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """月度统计；每个数字都能打开背后的名单。"""
    from console.cases import reports

    raise typer.Exit(reports.show_month(month, reports.Typed(listed=listed, by=by), as_json=as_json))


@report_app.command("districts")
def report_districts(
    first: First = "", last: Last = "", listed: Listed = "", by: By = "", as_json: Json = False
) -> None:
    """各区县统计，合计在最后。"""
    from console.cases import reports

    typed = reports.Typed(first=first, last=last, listed=listed, by=by)
    raise typer.Exit(reports.show_districts(typed, as_json=as_json))


@report_app.command("year")
def report_year(
    year: Annotated[int, typer.Argument(min=2000, max=2999, help="哪一年，如 2026")],
    out: Annotated[Path | None, typer.Option(help="写到哪个新文件（.docx）")] = None,
    listed: Listed = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """年度总结：表格、图表和覆盖说明；系统没有的信息留作【待填】。"""
    from console.cases import reports, yearly

    raise typer.Exit(yearly.year(year, out, reports.Typed(listed=listed, by=by), as_json=as_json))


@report_app.command("due")
def report_due(by: By = "", as_json: Json = False) -> None:
    """什么该在哪一天报送，是否已逾期。"""
    from console.cases import yearly

    raise typer.Exit(yearly.show_due(by, as_json=as_json))


@report_app.command("trend")
def report_trend(
    out: Annotated[Path, typer.Option(help="写到哪个新文件（.png 或 .svg）")],
    first: First = "",
    last: Last = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """走势：每周看到的违法招揽信息，按类别。"""
    from console.cases import reports, yearly

    raise typer.Exit(yearly.trend(reports.Typed(first=first, last=last, by=by), out, as_json=as_json))


@report_app.command("case")
def report_case(  # noqa: PLR0913, PLR0917 - one parameter an option
    case: Annotated[str, typer.Argument(help="案件编号（A2026-00001）")],
    out: Annotated[Path, typer.Option(help="写到哪个新文件（.zip）")],
    anonymous: Annotated[bool, typer.Option("--anonymous", help="单位名称也隐去")] = False,
    pictures: Annotated[bool, typer.Option("--pictures", help="连同图片；图片未经遮盖")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """典型案例素材：事实、时间线和证据摘要，已去除个人信息。"""
    from console.cases import exporting

    asked = exporting.CaseAsked(word=case, anonymous=anonymous, pictures=pictures, by=by)
    raise typer.Exit(exporting.case(asked, out, as_json=as_json))


@report_app.command("credit")
def report_credit(out: Xlsx, first: First = "", last: Last = "", by: By = "", as_json: Json = False) -> None:
    """信用事实：这段时间复核属实的，只列事实，不计分。"""
    from console.cases import exporting, reports

    raise typer.Exit(exporting.credit(reports.Typed(first=first, last=last, by=by), out, as_json=as_json))
