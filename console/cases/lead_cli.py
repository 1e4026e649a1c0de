"""`lantian lead …`, as it is typed. Thin, as `console.cli`; the acts are in `console.cases.lead_acts_cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cases import lead_acts_cli as acts
from console.cases.lead_acts_cli import By, Json, Lead
from console.output import MOST

lead_app = typer.Typer(help="线索：认领、研判、复核、交办、移送、办结。", no_args_is_help=True)
example_app = typer.Typer(help="误报例：收进规则文件，或不收。", no_args_is_help=True)
lead_app.add_typer(example_app, name="example")

Number = Annotated[int, typer.Argument(min=1, max=MOST, help="误报例的号")]


@lead_app.command("list")
def lead_list(  # noqa: PLR0913, PLR0917 - one parameter an option
    state: Annotated[str, typer.Option(help="只看这些状态，逗号分隔；如 new,examining")] = "",
    source: Annotated[str, typer.Option(help="只看此来源，如 monitoring、report")] = "",
    platform: Annotated[str, typer.Option(help="只看此平台")] = "",
    category: Annotated[str, typer.Option(help="只看此类别")] = "",
    assignee: Annotated[str, typer.Option(help="只看此责任人的")] = "",
    district: Annotated[str, typer.Option(help="只看此区县的")] = "",
    case: Annotated[str, typer.Option(help="只看此案件的")] = "",
    actor: Annotated[str, typer.Option(help="只看此主体的：编号或序号")] = "",
    first: Annotated[str, typer.Option("--from", help="从哪一天登记起，如 2026-11-01")] = "",
    last: Annotated[str, typer.Option("--to", help="到哪一天（含）")] = "",
    before: Annotated[str, typer.Option(help="接着上一页：上一页最后一条的编号")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几条")] = 50,
    by: By = "",
    as_json: Json = False,
) -> None:
    """线索，新的在前。"""
    from console.cases import leads

    asked = leads.Wanted(
        states=state,
        source=source,
        platform=platform,
        category=category,
        assignee=assignee,
        district=district,
        case=case,
        actor=actor,
        first=first,
        last=last,
        before=before,
        limit=limit,
    )
    leads.list_leads(asked, by, as_json=as_json)


@lead_app.command("show")
def lead_show(
    lead: Lead,
    limit: Annotated[int, typer.Option(min=1, max=500, help="最多显示几个证据项")] = 10,
    by: By = "",
    as_json: Json = False,
) -> None:
    """一条线索：发现和引文、证据项、经过、三个时间、主体。"""
    from console.cases import leads

    leads.show_lead(lead, limit, by, as_json=as_json)


@lead_app.command("counts")
def lead_counts(by: By = "", as_json: Json = False) -> None:
    """各状态各有几条。"""
    from console.cases import leads

    leads.show_counts(by, as_json=as_json)


@lead_app.command("examples")
def lead_examples(
    rule: Annotated[str, typer.Option(help="只看此规则的")] = "",
    state: Annotated[str, typer.Option(help="proposed、taken 或 refused")] = "proposed",
    after: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一次：上一次最后一个号")] = 0,
    by: By = "",
    as_json: Json = False,
) -> None:
    """误报例：可以直接贴进规则文件的 lawful。"""
    from console.cases import lead_examples as examples

    examples.list_examples(examples.Wanted(rule=rule, state=state, after=after), by, as_json=as_json)


@example_app.command("take")
def example_take(number: Number, by: By = "", as_json: Json = False) -> None:
    """已收进规则文件。"""
    from console.cases import lead_examples as examples

    examples.settle_example(number, by, is_taken=True, as_json=as_json)


@example_app.command("refuse")
def example_refuse(number: Number, by: By = "", as_json: Json = False) -> None:
    """不收。"""
    from console.cases import lead_examples as examples

    examples.settle_example(number, by, is_taken=False, as_json=as_json)


lead_app.command("claim")(acts.claim)
lead_app.command("assign")(acts.assign)
lead_app.command("confirm")(acts.confirm)
lead_app.command("dismiss")(acts.dismiss)
lead_app.command("more")(acts.more)
lead_app.command("merge")(acts.merge)
lead_app.command("hand-over")(acts.hand_over)
lead_app.command("delegate")(acts.delegate)
lead_app.command("feedback")(acts.feedback)
lead_app.command("approve")(acts.approve)
lead_app.command("send-back")(acts.send_back)
lead_app.command("answer")(acts.answer)
lead_app.command("close")(acts.close)
lead_app.command("reopen")(acts.reopen)
