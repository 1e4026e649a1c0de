"""`lantian calendar …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.output import MOST

calendar_app = typer.Typer(help="日历：放假通知、重点日期。", no_args_is_help=True)
key_date_app = typer.Typer(help="重点日期：这些天加查。", no_args_is_help=True)
calendar_app.add_typer(key_date_app, name="key-date")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁决定；有了用户就要凭据，姓名要与凭据一致")]


@calendar_app.command("import")
def calendar_import(
    file: Annotated[Path, typer.Argument(help="CSV：date,kind,name；kind 是 休 或 班")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """导入国务院办公厅一年的放假通知：逐行检查，有一处不对就整份不收。"""
    from console import calendars

    calendars.import_notice(file, by, as_json=as_json)


@calendar_app.command("list")
def calendar_list(as_json: Json = False) -> None:
    """导入过的放假通知；同一年以最后一份为准。"""
    from console import calendars

    calendars.list_notices(as_json=as_json)


@calendar_app.command("show")
def calendar_show(
    first: Annotated[str, typer.Option("--from", help="从哪一天，如 2026-11-20")],
    last: Annotated[str, typer.Option("--to", help="到哪一天（含）")],
    as_json: Json = False,
) -> None:
    """每一天怎样计：班或休、是否重点、是否推算。"""
    from console import calendars

    calendars.show_days(first, last, as_json=as_json)


@key_date_app.command("add")
def key_date_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    name: Annotated[str, typer.Argument(help="名称")],
    first: Annotated[str, typer.Option("--on", help="哪一天：04-26（每年）、2026-04-26，或节日名如 春节")],
    last: Annotated[str, typer.Option("--until", help="到哪一天（含），写法同 --on")] = "",
    lead: Annotated[int, typer.Option(max=MOST, help="提前几天就算")] = 0,
    by: By = "",
    as_json: Json = False,
) -> None:
    """加入一个重点日期。"""
    from console import calendars

    calendars.add_key_date((name, first.strip(), last.strip(), lead), by, as_json=as_json)


@key_date_app.command("remove")
def key_date_remove(name: Annotated[str, typer.Argument(help="名称")], by: By = "", as_json: Json = False) -> None:
    """去掉一个重点日期。"""
    from console import calendars

    calendars.remove_key_date(name, by, as_json=as_json)


@key_date_app.command("list")
def key_date_list(
    with_removed: Annotated[bool, typer.Option("--all", help="连同去掉了的")] = False, as_json: Json = False
) -> None:
    """重点日期，各是谁加的。"""
    from console import calendars

    calendars.list_key_dates(with_removed=with_removed, as_json=as_json)
