"""`lantian user …` and `lantian extract`, as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.output import MOST

user_app = typer.Typer(help="用户：各有自己的口令和凭据，权限由两人给。", no_args_is_help=True)
token_app = typer.Typer(help="凭据：代替口令证明本人的一串字，用在命令行。", no_args_is_help=True)
user_app.add_typer(token_app, name="token")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁；要与凭据一致，在终端输入口令时必写")]
Name = Annotated[str, typer.Argument(help="姓名")]
PasswordFile = Annotated[Path | None, typer.Option(help="从文件读口令，文件须为 0600；不写则在终端输入两次")]


@user_app.command("add")
def user_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    name: Annotated[str, typer.Argument(help="姓名")],
    badge: Annotated[str, typer.Option(help="执法证号")],
    unit: Annotated[str, typer.Option(help="单位")] = "",
    by: By = "",
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """添加一名用户；口令至少 10 个字符，由本人输入。第一名用户有管理权限，以后由管理添加。"""
    from console import people
    from storage.people import NewPerson

    new = NewPerson(name=name.strip(), badge=badge.strip(), unit=unit.strip(), by=by.strip())
    people.add_user(new, password_file, as_json=as_json)


@user_app.command("list")
def user_list(as_json: Json = False) -> None:
    """所有用户，停用的也在内，各有什么权限。"""
    from console import people

    people.list_users(as_json=as_json)


@user_app.command("disable")
def user_disable(name: Name, by: By = "", as_json: Json = False) -> None:
    """停用一名用户：从此不能提取、签署；以前的记录不变。"""
    from console import people

    people.disable_user(name, by, as_json=as_json)


@user_app.command("whoami")
def user_whoami(by: By = "", as_json: Json = False) -> None:
    """凭据是谁的，有什么权限。"""
    from console import people

    people.whoami(by, as_json=as_json)


@user_app.command("scope")
def user_scope(
    name: Name,
    district: Annotated[list[str] | None, typer.Option(help="地区；可以有几个，不写则为全部")] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """一名用户管哪些地区的线索；不能给自己定。"""
    from console import people

    people.scope_user(name, district or (), by, as_json=as_json)


@user_app.command("grant")
def user_grant(
    name: Name,
    grant: Annotated[str, typer.Argument(help="查看、初审、复核、管理、联系方式可见、举报人信息、法制审核")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """提出授权：由管理提出，另一人（管理或复核）确认后才生效；谁都不能给自己授权。"""
    from console.cases import grants

    grants.ask_grant(name, grant, by, as_json=as_json)


@user_app.command("confirm")
def user_confirm(
    number: Annotated[int, typer.Argument(min=1, max=MOST, help="授权的号，见 lantian user grants")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """确认别人提出的授权或新口令；提出的人不能确认，得到的人要已有管理或复核才能确认。"""
    from console.cases import grants

    grants.confirm_grant(number, by, as_json=as_json)


@user_app.command("revoke")
def user_revoke(
    name: Name,
    grant: Annotated[str, typer.Argument(help="权限，或“新口令”（还没有确认的）")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """收回授权，一名管理即可；最后一名管理不能收回。"""
    from console.cases import grants

    grants.revoke_grant(name, grant, by, as_json=as_json)


@user_app.command("grants")
def user_grants(
    name: Annotated[str, typer.Option(help="只看此人")] = "",
    after: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一次：上一次最后一个号")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="最多几条")] = 200,
    as_json: Json = False,
) -> None:
    """授权：谁提出，谁确认，到何时。"""
    from console.cases import grants

    grants.list_grants(name, after, limit, as_json=as_json)


@user_app.command("password")
def user_password(by: By = "", password_file: PasswordFile = None, as_json: Json = False) -> None:
    """改自己的口令；旧口令作废，凭据不变。"""
    from console.cases import tokens

    tokens.set_password(by, password_file, as_json=as_json)


@user_app.command("reset")
def user_reset(name: Name, by: By = "", password_file: PasswordFile = None, as_json: Json = False) -> None:
    """为忘了口令的人定新口令：由管理提出，本人输入，另一人确认后才算数。"""
    from console.cases import tokens

    tokens.ask_reset(name, by, password_file, as_json=as_json)


@token_app.command("new")
def token_new(
    label: Annotated[str, typer.Option(help="放在哪里用，如 办公室电脑")],
    days: Annotated[int, typer.Option(min=0, max=3650, help="多少天后到期；0 为不到期")] = 365,
    by: By = "",
    password_file: Annotated[
        Path | None, typer.Option(help="从文件读本人口令（配合 --by），文件须为 0600；不写则用凭据或在终端输入")
    ] = None,
    as_json: Json = False,
) -> None:
    """给自己一个新凭据，只显示一次；放进环境变量 LANTIAN_TOKEN。"""
    from console.cases import tokens

    tokens.make_token(label, days, (by, password_file), as_json=as_json)


@token_app.command("list")
def token_list(by: By = "", as_json: Json = False) -> None:
    """自己的凭据，停用的也在内。"""
    from console.cases import tokens

    tokens.list_tokens(by, as_json=as_json)


@token_app.command("end")
def token_end(
    number: Annotated[int, typer.Argument(min=1, max=MOST, help="凭据的号")], by: By = "", as_json: Json = False
) -> None:
    """停用一个凭据：自己的，或由管理停用别人的。"""
    from console.cases import tokens

    tokens.stop_token(number, by, as_json=as_json)


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
