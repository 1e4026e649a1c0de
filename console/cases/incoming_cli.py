"""`lantian incoming …`, as it is typed. Thin, as `console.cli`. Nothing of a reporter is ever an argument."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

incoming_app = typer.Typer(
    help="外来线索：公众举报、转办交办清单、现场检查；举报人信息加密保存。", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
Document = Annotated[str, typer.Option(help="来文文号")]


@incoming_app.command("report")
def incoming_report(
    file: Annotated[Path | None, typer.Argument(help="举报文件（TOML 或 JSON，0600）；不写则在终端上输入")] = None,
    redact: Annotated[bool, typer.Option("--redact", help="标题、摘要等写有举报人信息时隐去，而不是拒绝")] = False,
    as_json: Json = False,
) -> None:
    """登记一件举报：被举报的成为线索，举报人和原话加密保存。"""
    from console.cases import incoming

    incoming.take_report(file, redact=redact, as_json=as_json)


@incoming_app.command("reporter")
def incoming_reporter(
    lead: Annotated[str, typer.Argument(help="线索编号")],
    reveal: Annotated[bool, typer.Option("--reveal", help="也输出到终端以外的地方，或输出为 JSON")] = False,
    as_json: Json = False,
) -> None:
    """查看举报人：要有举报人信息权限，每次查看记入审计日志。"""
    from console.cases import reporter_keys

    reporter_keys.show_reporter(lead, reveal=reveal, as_json=as_json)


@incoming_app.command("key")
def incoming_key(
    make: Annotated[bool, typer.Option("--make", help="没有密钥文件时生成一个")] = False,
    as_json: Json = False,
) -> None:
    """举报人密钥：现用哪一把，各加密了几条。"""
    from console.cases import reporter_keys

    reporter_keys.show_key(make=make, as_json=as_json)


@incoming_app.command("rekey")
def incoming_rekey(
    new: Annotated[Path, typer.Option(help="新密钥文件；没有就生成")],
    old: Annotated[Path | None, typer.Option(help="旧密钥文件；默认是现用的")] = None,
    as_json: Json = False,
) -> None:
    """换举报人密钥：全部用新密钥重新加密，或一条也不改。"""
    from console.cases import reporter_keys

    reporter_keys.change_key(new, old, as_json=as_json)


@incoming_app.command("import")
def incoming_import(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[Path, typer.Argument(help="清单（xlsx 或 CSV），列见 lantian incoming template")],
    office: Annotated[str, typer.Option(help="来文单位，如 省局")],
    document: Document,
    kind: Annotated[str, typer.Option(help="transferred（转办）或 assigned（交办）")],
    due: Annotated[str, typer.Option(help="清单没有写截止日期时的最后一天，如 2026-11-30")] = "",
    days: Annotated[int, typer.Option(min=0, max=250, help="同上，写成从明天起的工作日数")] = 0,
    district: Annotated[str, typer.Option(help="清单没有写区县时的区县")] = "",
    as_json: Json = False,
) -> None:
    """导入转办、交办清单：整份导入或一条也不导入，同一编号不重复登记。"""
    from console.cases import incoming

    asked = incoming.ListAsked(office=office, document=document, kind=kind, due=due, days=days, district=district)
    incoming.import_list(file, asked, as_json=as_json)


@incoming_app.command("template")
def incoming_template(
    out: Annotated[Path, typer.Option(help="写成哪个 xlsx 文件")],
    as_json: Json = False,
) -> None:
    """清单的空白模板。"""
    from console.cases import incoming

    incoming.save_template(out, as_json=as_json)


@incoming_app.command("feedback")
def incoming_feedback(
    document: Document,
    out: Annotated[Path, typer.Option(help="写成哪个 xlsx 文件")],
    office: Annotated[str, typer.Option(help="来文单位；几个单位用过同一文号时要写")] = "",
    as_json: Json = False,
) -> None:
    """给来文单位的反馈：每条的状态、结论、函件和时间，标出超期；不含举报人，联系方式遮盖。"""
    from console.cases import incoming

    incoming.save_feedback(office, document, out, as_json=as_json)


@incoming_app.command("field")
def incoming_field(
    file: Annotated[Path, typer.Argument(help="检查记录（TOML 或 JSON）：day officers place found photos …")],
    as_json: Json = False,
) -> None:
    """登记一次现场检查：谁、何时、何地、发现什么；照片只记摘要。"""
    from console.cases import incoming

    incoming.take_field_check(file, as_json=as_json)
