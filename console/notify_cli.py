"""`lantian notify …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from console.output import MOST

notify_app = typer.Typer(help="通知：日报、严重线索和警报；只报数，不报人。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@notify_app.command("test")
def notify_test(as_json: Json = False) -> None:
    """给每个地址发一条测试通知，说出哪些没有送到；有没送到的，退出码 3。"""
    from console import notifying

    raise typer.Exit(notifying.test_addresses(as_json=as_json))


@notify_app.command("preview")
def notify_preview(as_json: Json = False) -> None:
    """此刻的日报会写什么；不发送。"""
    from console import notifying

    notifying.preview(as_json=as_json)


@notify_app.command("list")
def notify_list(
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="最多几条")] = 50, as_json: Json = False
) -> None:
    """发过的通知，新的在前。"""
    from console import notifying

    notifying.list_notices(limit, as_json=as_json)
