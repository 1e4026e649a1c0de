"""`lantian registry …`, as it is typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.output import MOST

registry_app = typer.Typer(help="机构名录：导入、版本、查询。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@registry_app.command("import")
def registry_import(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[Path, typer.Argument(help="名录：CSV 或 XLSX")],
    as_of: Annotated[str, typer.Option(help="名录截至哪一天，如 2026-01-31")] = "",
    source: Annotated[str, typer.Option(help="名录的来源")] = "",
    by: Annotated[str, typer.Option(help="谁导入；要与凭据一致")] = "",
    is_trial: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
    as_json: Json = False,
) -> None:
    """导入一份名录：逐行检查，有一处不对就整份不收；旧版本都保留。"""
    from console import registry as registry_

    asked = registry_.Asked(as_of=as_of, source=source, by=by, is_trial=is_trial)
    raise typer.Exit(registry_.import_registry(file, asked, as_json=as_json))


@registry_app.command("list")
def registry_list(as_json: Json = False) -> None:
    """名录的各个版本，* 是当前所用。"""
    from console import registry as registry_

    registry_.list_versions(as_json=as_json)


@registry_app.command("find")
def registry_find(
    word: Annotated[str, typer.Argument(help="机构名称、机构代码或统一社会信用代码")], as_json: Json = False
) -> None:
    """在当前名录里查一个机构；没有匹配时列出相近的。"""
    from console import registry as registry_

    registry_.find_agency(word, as_json=as_json)


@registry_app.command("use")
def registry_use(
    version: Annotated[int, typer.Argument(max=MOST, help="版本号，见 lantian registry list")],
    by: Annotated[str, typer.Option(help="谁决定；要与凭据一致")] = "",
    as_json: Json = False,
) -> None:
    """改用另一个版本的名录。"""
    from console import registry as registry_

    registry_.use_version(version, by, as_json=as_json)


@registry_app.command("template")
def registry_template(file: Annotated[Path, typer.Argument(help="要写出的 CSV")]) -> None:
    """写出一份只有列名的空名录。"""
    from console import registry as registry_

    registry_.write_template(file)
