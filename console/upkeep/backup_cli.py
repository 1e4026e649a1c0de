"""`lantian backup`, `lantian backups`, `lantian restore` as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.output import MOST

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


def backup(
    folder: Annotated[Path | None, typer.Argument(help="放备份的文件夹；默认设置 [backup] folder")] = None,
    by: Annotated[str, typer.Option(help="谁做的；写了就要与凭据一致，不写记系统账号")] = "",
    no_test: Annotated[bool, typer.Option("--no-test", help="不试恢复；这样的备份不算数")] = False,
    with_shelf: Annotated[bool, typer.Option("--with-shelf", help="把只在存储上的文件也取回放进备份")] = False,
    as_json: Json = False,
) -> None:
    """备份：巡查照常进行；写完立即试恢复并全部核验，通过的才算数；试恢复没有通过，退出码 4。"""
    from console.upkeep import backups as backups_

    asked = backups_.Asked(folder=folder, by=by, is_tested=not no_test, with_shelf=with_shelf)
    raise typer.Exit(backups_.run_backup(asked, as_json=as_json))


def backups(
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="最多几份")] = 50,
    before: Annotated[int, typer.Option(min=0, help="接着上一页：上一页最后一份的号")] = 0,
    as_json: Json = False,
) -> None:
    """现有的备份：何时、多大、试恢复通过没有、在哪里。"""
    from console.upkeep import backups as backups_

    raise typer.Exit(backups_.list_backups(limit, before, as_json=as_json))


def restore(
    backup: Annotated[Path, typer.Argument(help="备份的文件夹（里面有 BACKUP.json）")],
    home: Annotated[Path, typer.Option(help="恢复成的数据目录；不覆盖已有的")],
    sha256: Annotated[str | None, typer.Option(help="备份清单的 SHA-256，抄在别处的")] = None,
    as_json: Json = False,
) -> None:
    """恢复：逐个文件对照清单，数据库、证据和操作日志全部核验，都通过才成为新的数据目录；不通过，退出码 4。"""
    from console.upkeep import restoring

    asked = restoring.Asked(backup=backup, home=home, sha256=restoring.noted(sha256))
    raise typer.Exit(restoring.run_restore(asked, as_json=as_json))
