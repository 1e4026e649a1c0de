"""`lantian audit …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from console.output import MOST

audit_app = typer.Typer(help="操作日志：谁做了什么，只增不改，逐条相连，本人签名。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@audit_app.command("list")
def audit_list(  # noqa: PLR0913, PLR0917 - one parameter an option
    subject: Annotated[str, typer.Option(help="只看对它做的，如线索号、姓名、证据项编号")] = "",
    act: Annotated[str, typer.Option(help="只看这种操作，如 lead_confirm")] = "",
    who: Annotated[str, typer.Option(help="只看此人做的")] = "",
    first: Annotated[str, typer.Option("--from", help="从哪一天（含）起，如 2026-01-31")] = "",
    before: Annotated[str, typer.Option(help="到哪一天为止（不含）")] = "",
    below: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一页：上一页最后一条的号")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="最多几条")] = 100,
    by: Annotated[str, typer.Option(help="谁在看；有用户以后，没有 LANTIAN_TOKEN 时在终端输入其口令")] = "",
    as_json: Json = False,
) -> None:
    """查操作日志，新的在前；有用户以后要本人的凭据，限定区县的人只查本人的操作。"""
    from console.cases import audit

    asked = audit.Asked(subject=subject, act=act, who=who, first=first, before=before, below=below, limit=limit,
                          by=by)  # fmt: skip
    audit.list_entries(asked, as_json=as_json)


@audit_app.command("verify")
def audit_verify(as_json: Json = False) -> None:
    """核验整个操作日志：逐条摘要、前后相连、每个签名和当时的权限，并与最新的封存清单对照。"""
    from console.cases import audit

    raise typer.Exit(audit.verify_log(as_json=as_json))
