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
