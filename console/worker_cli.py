"""`lantian worker`. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer


def worker(
    concurrency: Annotated[int, typer.Option(min=0, help="同时巡查几项；默认按 [patrol] children")] = 0,
) -> None:
    """工作机：从消息代理取巡查主机派出的项目，在本机巡查，结果写进共用的数据库；前台运行，Ctrl-C 停止。"""
    from console.working import work_here

    raise typer.Exit(work_here(concurrency))
