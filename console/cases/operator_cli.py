"""`lantian letter operator …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

operator_app = typer.Typer(help="平台经营者：名称和住所地由具名人员核对一次。", no_args_is_help=True)

By = Annotated[str, typer.Option(help="谁；没有设 LANTIAN_TOKEN 时询问口令")]
Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@operator_app.command("confirm")
def operator_confirm(  # noqa: PLR0913, PLR0917 - one parameter an option
    platform: Annotated[str, typer.Option(help="平台名，见 lantian spiders list")],
    name: Annotated[str, typer.Option(help="经营者的法定名称")],
    seat: Annotated[str, typer.Option(help="住所地，如 北京市海淀区")],
    code: Annotated[str, typer.Option(help="统一社会信用代码")] = "",
    source: Annotated[str, typer.Option(help="在哪里核对的，如 国家企业信用信息公示系统")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """确认一个平台由谁经营；以后的确认代替以前的。"""
    from console.cases import operators

    asked = operators.Confirmation(platform=platform, name=name, seat=seat, code=code, source=source)
    operators.confirm_operator(asked, by=by, as_json=as_json)


@operator_app.command("list")
def operator_list(by: By = "", as_json: Json = False) -> None:
    """各平台的经营者：谁确认的，或只是第三方材料中的名称。"""
    from console.cases import operators

    operators.list_operators(by=by, as_json=as_json)
