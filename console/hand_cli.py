"""`lantian tasks …`, `lantian import …` and `lantian login …`, as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from console import tasks

tasks_app = typer.Typer(help="任务：被拦或要求登录的查询，交给人。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@tasks_app.command("list")
def tasks_list(
    platform: Annotated[str, typer.Option(help="只看此平台")] = "",
    with_closed: Annotated[bool, typer.Option("--all", help="已关闭的也列出")] = False,
    before: Annotated[int, typer.Option(min=0, help="接着上一页：上一页最后一个任务的编号")] = 0,
    as_json: Json = False,
) -> None:
    """等人处理的查询：被拦或要求登录，每个平台、每个查询词一项。"""
    raise typer.Exit(tasks.list_tasks(platform, with_closed=with_closed, before=before, as_json=as_json))


@tasks_app.command("close")
def tasks_close(
    task: Annotated[int, typer.Argument(help="任务编号")],
    by: Annotated[str, typer.Option(help="谁关闭")],
    reason: Annotated[str, typer.Option(help="理由")],
    as_json: Json = False,
) -> None:
    """关闭一项任务，写明姓名和理由；再次被拦时会重新打开。"""
    raise typer.Exit(tasks.close_task(task, by, reason, as_json=as_json))
