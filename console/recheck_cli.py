"""`lantian recheck …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from console.output import MOST

recheck_app = typer.Typer(help="复查：发过函的网址再看，直到消失。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁决定；有了用户就要凭据，姓名要与凭据一致")]
Reason = Annotated[str, typer.Option(help="理由，如函的文号")]
Number = Annotated[int, typer.Argument(max=MOST, help="复查的号")]


@recheck_app.command("add")
def recheck_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    exhibit: Annotated[str, typer.Argument(help="证据项编号，或其前 6 位以上")] = "",
    url: Annotated[str, typer.Option(help="网址，代替证据项")] = "",
    quote: Annotated[str, typer.Option(help="应当消失的原文；默认是证据项的引文")] = "",
    by: By = "",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """列入复查：按 [recheck] days 的日程再看。"""
    from console import rechecking

    asked = rechecking.Asked(exhibit=exhibit, url=url, quote=quote, by=by, reason=reason)
    raise typer.Exit(rechecking.add_recheck(asked, as_json=as_json))


@recheck_app.command("list")
def recheck_list(
    state: Annotated[str, typer.Option(help="只列 open、gone 或 stopped")] = "",
    after: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一次：上一次最后一个号")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="最多几条")] = 200,
    as_json: Json = False,
) -> None:
    """在复查什么，各是什么状态。"""
    from console import rechecking

    rechecking.list_rechecks(state, after, limit, as_json=as_json)


@recheck_app.command("show")
def recheck_show(number: Number, as_json: Json = False) -> None:
    """一项复查的每一次：看到什么，固定在哪里，是否已封存。"""
    from console import rechecking

    rechecking.show_recheck(number, as_json=as_json)


@recheck_app.command("stop")
def recheck_stop(number: Number, by: By = "", reason: Reason = "", as_json: Json = False) -> None:
    """不再复查。"""
    from console import rechecking

    rechecking.stop_recheck(number, by, reason, as_json=as_json)
