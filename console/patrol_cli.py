"""`lantian patrol` and `lantian roster`, as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from console.output import MOST
from crawler.watches import Claim

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


def patrol(
    is_once: Annotated[bool, typer.Option("--once", help="只看一次时间，查完到时间的就结束（供定时器用）")] = False,
    days: Annotated[
        int, typer.Option("--simulate", min=0, max=400, help="不巡查，只模拟今后这么多天；之后此处永不能封存")
    ] = 0,
    seed: Annotated[int, typer.Option(help="模拟所用的种子：同一种子，同样的结果")] = 1,
    as_json: Json = False,
) -> None:
    """按计划巡查：一直运行，到时间就查，直到 Ctrl-C 或 SIGTERM。"""
    from console.simulating import simulate_days

    if days:
        raise typer.Exit(simulate_days(days, seed, as_json=as_json))
    # This process has loaded what crawls need; the one that goes on for months is better off without.
    flags = ["--once"] * is_once + ["--json"] * as_json
    os.execv(sys.executable, [sys.executable, "-m", "console.patrolling", *flags])  # noqa: S606 - our own program


def roster_(  # noqa: PLR0913, PLR0917 - one parameter an option
    first: Annotated[str, typer.Option("--from", help="从哪天（时刻）起，北京时间；默认今天")] = "",
    last: Annotated[str, typer.Option("--to", help="到哪天（时刻）；默认同 --from 那天")] = "",
    platform: Annotated[str, typer.Option(help="只看此平台")] = "",
    watch: Annotated[str, typer.Option(help="只看此巡查任务")] = "",
    state: Annotated[Claim | None, typer.Option(help="planned 待查，claimed 在查，ended 已有结果")] = None,
    limit: Annotated[int | None, typer.Option(min=1, max=MOST, help="最多几项；默认 50，--json 时全部")] = None,
    after: Annotated[str, typer.Option(help="接着上一页：上一页最后一项的编号")] = "",
    as_json: Json = False,
) -> None:
    """应巡名册：每一项计划中的查询，各是什么结果。"""
    from console import roster

    wanted = roster.Asked(
        first=first,
        last=last,
        platform=platform,
        watch=watch,
        state=state,
        limit=limit or 0 if as_json else limit or 50,
        after=after,
    )
    roster.show_roster(wanted, as_json=as_json)
