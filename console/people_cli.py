"""`lantian user …` and `lantian extract`, as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console import people

user_app = typer.Typer(help="用户：执法人员各有自己的口令。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@user_app.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="姓名")],
    badge: Annotated[str, typer.Option(help="执法证号")],
    unit: Annotated[str, typer.Option(help="单位")] = "",
    by: Annotated[str, typer.Option(help="谁添加；不写则为当前系统账号")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="从文件读口令，文件须为 0600；不写则在终端输入两次")
    ] = None,
) -> None:
    """添加一名用户；口令至少 10 个字符，由本人输入。"""
    people.add_user(name, badge, unit, by, password_file)


@user_app.command("list")
def user_list(as_json: Json = False) -> None:
    """所有用户，停用的也在内。"""
    people.list_users(as_json=as_json)


@user_app.command("disable")
def user_disable(
    name: Annotated[str, typer.Argument(help="姓名")],
    by: Annotated[str, typer.Option(help="谁决定；不写则为当前系统账号")] = "",
) -> None:
    """停用一名用户：从此不能提取、签署；以前的记录不变。"""
    people.disable_user(name, by)
