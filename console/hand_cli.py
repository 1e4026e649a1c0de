"""`lantian tasks …`, `lantian import …` and `lantian login …`, as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from console.output import MOST

tasks_app = typer.Typer(help="任务：被拦或要求登录的查询，交给人。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@tasks_app.command("list")
def tasks_list(
    platform: Annotated[str, typer.Option(help="只看此平台")] = "",
    with_closed: Annotated[bool, typer.Option("--all", help="已关闭的也列出")] = False,
    before: Annotated[int, typer.Option(min=0, max=MOST, help="接着上一页：上一页最后一个任务的编号")] = 0,
    as_json: Json = False,
) -> None:
    """等人处理的查询：被拦或要求登录，每个平台、每个查询词一项。"""
    from console import tasks

    raise typer.Exit(tasks.list_tasks(platform, with_closed=with_closed, before=before, as_json=as_json))


@tasks_app.command("close")
def tasks_close(
    task: Annotated[int, typer.Argument(max=MOST, help="任务编号")],
    reason: Annotated[str, typer.Option(help="理由")],
    by: Annotated[str, typer.Option(help="谁关闭；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """关闭一项任务，写明姓名和理由；再次被拦时会重新打开。"""
    from console import tasks

    raise typer.Exit(tasks.close_task(task, by, reason, as_json=as_json))


class ImportGroup(TyperGroup):
    """`lantian import FILE` is `lantian import files FILE`: who brings a file in need not name what he does."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["files", *args]
        return super().parse_args(ctx, args)


import_app = typer.Typer(
    cls=ImportGroup,
    help="导入：人在自己的浏览器中保存的网页或截图。lantian import 文件… 即 lantian import files 文件…",
    no_args_is_help=True,
)


@import_app.command("files")
def import_files(  # noqa: PLR0913, PLR0917 - one parameter an option
    paths: Annotated[list[Path], typer.Argument(help="HTML、SingleFile、MHTML、WARC、WACZ、PNG、JPEG、WebP")],
    by: Annotated[str, typer.Option(help="谁导入；要与凭据一致")] = "",
    platform: Annotated[str, typer.Option(help="平台名；不写则按网址判断")] = "",
    query: Annotated[str, typer.Option(help="查询词；不写则从网址中取")] = "",
    url: Annotated[str, typer.Option(help="网址（据称）；不写则用文件里写的")] = "",
    saved_at: Annotated[str, typer.Option(help="保存时间（据称），如 2026-01-31T09:30；不写则用文件里写的")] = "",
    how: Annotated[str, typer.Option(help="怎样保存的，如 browser、phone")] = "",
    note: Annotated[str, typer.Option(help="备注")] = "",
    as_json: Json = False,
) -> None:
    """导入保存的网页或截图：同样读取、固定、判定、入库、封存；网址和时间只作据称。"""
    # Reading pictures and judging take a while to load.
    from console import importing
    from console.bringing import Claims

    claims = Claims(by=by, platform=platform, query=query, url=url, saved_at=saved_at, how=how, note=note)
    raise typer.Exit(importing.import_files(paths, claims, as_json=as_json))


@import_app.command("confirm")
def import_confirm(
    exhibit: Annotated[str, typer.Argument(help="证据项编号，或其前 6 位以上")],
    officers: Annotated[str, typer.Option(help="两名执法人员，如 王一,李二；各自输入本人口令")],
    login_file: Annotated[
        Path | None, typer.Option(help="口令文件，每行 姓名:口令，须为 0600；不写则在终端输入")
    ] = None,
    as_json: Json = False,
) -> None:
    """两名执法人员为一个导入的证据项签字；没有签字、也没有重新固定的，不能随函或导出。"""
    from console import importing

    raise typer.Exit(importing.confirm(exhibit, officers, login_file, as_json=as_json))


def login(  # noqa: PLR0913, PLR0917 - one parameter an option
    platform: Annotated[str, typer.Argument(help="平台名，见 lantian spiders list")],
    by: Annotated[str, typer.Option(help="谁登录；要与凭据一致")] = "",
    url: Annotated[str, typer.Option(help="登录页；不写则为平台首页")] = "",
    handed_out: Annotated[Path | None, typer.Option("--export", help="把加密的登录文件写到这里，带到别的机器")] = None,
    taken_in: Annotated[Path | None, typer.Option("--import", help="从别的机器带来的登录文件")] = None,
    as_json: Json = False,
) -> None:
    """用本单位自己的账号登录一个平台：打开窗口，由人登录；登录状态加密保存，只用于这个平台。"""
    from console import login as login_

    asked = login_.Asked(platform=platform, by=by, url=url, taken_in=taken_in, handed_out=handed_out)
    raise typer.Exit(login_.login(asked, as_json=as_json))
