"""`lantian upgrade`, `lantian move` as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]
By = Annotated[str, typer.Option(help="谁做的；写了就要与凭据一致，不写记系统账号")]


def upgrade(
    backup: Annotated[Path | None, typer.Option(help="放备份的文件夹；默认按设置，没有设置就在数据目录旁边")] = None,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="不先备份；数据库仍留一份升级前的副本")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """升级：先备份并试恢复，再升级数据库，证据逐行对照，全部核验，补编检索；失败的，原样不动。"""
    from console.upkeep import upgrading

    asked = upgrading.Asked(by=by, folder=backup, has_backup=not no_backup)
    raise typer.Exit(upgrading.run_upgrade(asked, as_json=as_json))


def move(
    database: Annotated[str, typer.Option(help="搬到的数据库地址：postgresql://… 或 sqlite:////…；要是空的")] = "",
    archive: Annotated[str, typer.Option(help="搬到的存储：s3://桶/前缀，或文件夹")] = "",
    endpoint: Annotated[str, typer.Option(help="与 --archive 同用：存储服务的地址；默认按设置")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """搬家：数据库搬到 PostgreSQL 或搬回文件，档案搬到存储；两边逐一对照，原处不动，最后说改哪一项设置。"""
    from console.upkeep import moving

    asked = moving.Asked(database=database, archive=archive, endpoint=endpoint, by=by)
    raise typer.Exit(moving.run_move(asked, as_json=as_json))
