"""`lantian case …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cases.lead_acts_cli import By, Json, Reason

case_app = typer.Typer(help="案件：一个主体名下的全部线索。", no_args_is_help=True)

Case = Annotated[str, typer.Argument(help="案件编号（A2026-00001）或序号")]


@case_app.command("list")
def case_list(  # noqa: PLR0913, PLR0917 - one parameter an option
    state: Annotated[str, typer.Option(help="只看 open 或 closed")] = "",
    actor: Annotated[str, typer.Option(help="只看此主体的：编号或序号")] = "",
    assignee: Annotated[str, typer.Option(help="只看此责任人的")] = "",
    before: Annotated[str, typer.Option(help="接着上一页：上一页最后一件的编号")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几件")] = 50,
    by: By = "",
    as_json: Json = False,
) -> None:
    """案件，新的在前。"""
    from console.cases import cases

    asked = cases.Wanted(state=state, actor=actor, assignee=assignee, before=before, limit=limit)
    cases.list_cases(asked, by, as_json=as_json)


@case_app.command("show")
def case_show(case: Case, by: By = "", as_json: Json = False) -> None:
    """一件案件和它的线索。"""
    from console.cases import cases

    cases.show_case(case, by, as_json=as_json)


@case_app.command("close")
def case_close(case: Case, reason: Reason = "", by: By = "", as_json: Json = False) -> None:
    """结案：线索都已办结，理由必填。"""
    from console.cases import cases

    cases.close(case, reason, by, as_json=as_json)


@case_app.command("reopen")
def case_reopen(case: Case, reason: Reason = "", by: By = "", as_json: Json = False) -> None:
    """重开，理由必填。"""
    from console.cases import cases

    cases.reopen(case, reason, by, as_json=as_json)


@case_app.command("assign")
def case_assign(
    case: Case,
    unit: Annotated[str, typer.Option(help="责任部门")] = "",
    to: Annotated[str, typer.Option(help="责任人：已有的用户")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """分派责任部门、责任人。"""
    from console.cases import cases

    cases.assign(case, unit, to, by, as_json=as_json)
