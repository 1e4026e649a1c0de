"""`lantian user …` and `lantian extract`, as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    from console import people

    people.add_user(name, badge, unit, by, password_file)


@user_app.command("list")
def user_list(as_json: Json = False) -> None:
    """所有用户，停用的也在内。"""
    from console import people

    people.list_users(as_json=as_json)


@user_app.command("disable")
def user_disable(
    name: Annotated[str, typer.Argument(help="姓名")],
    by: Annotated[str, typer.Option(help="谁决定；不写则为当前系统账号")] = "",
) -> None:
    """停用一名用户：从此不能提取、签署；以前的记录不变。"""
    from console import people

    people.disable_user(name, by)


def extract(
    exhibit: Annotated[str, typer.Argument(help="证据项编号，或其前 6 位以上")],
    officers: Annotated[str, typer.Option(help="两名执法人员，如 王一,李二；各自输入本人口令")],
    place: Annotated[str, typer.Option(help="提取地点")] = "",
    login_file: Annotated[
        Path | None, typer.Option(help="口令文件，每行 姓名:口令，须为 0600；不写则在终端输入")
    ] = None,
    as_json: Json = False,
) -> None:
    """两名执法人员提取一个证据项：重新打开网页、固定、核对、封存，写出提取笔录和证据清单。"""
    # Papers and the browser take a while to load, and no other command needs both.
    from console import extract as extract_

    asked = extract_.Asked(officers=officers, place=place, login_file=login_file)
    raise typer.Exit(extract_.extract(exhibit, asked, as_json=as_json))
