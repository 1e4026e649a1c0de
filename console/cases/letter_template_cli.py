"""`lantian letter template …`: the Word template that letters are made from, exported and checked. Nobody's act."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

template_app = typer.Typer(help="函的 Word 模板：导出、检查。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@template_app.command("export")
def template_export(
    out: Annotated[Path, typer.Option(help="写成哪个文件；已有的不覆盖")], as_json: Json = False
) -> None:
    """导出自带的模板，改好后存为主目录下的 templates/letter.docx。"""
    from casework.letters.template_read import write_template

    write_template(out)
    _say(out, f"已写出 {out}；在 Word 中改好版式后存为主目录下的 templates/letter.docx", as_json=as_json)


@template_app.command("check")
def template_check(file: Annotated[Path, typer.Argument(help="模板文件")], as_json: Json = False) -> None:
    """检查模板能不能用；不能用的说明哪里不对。"""
    from casework.letters.template_read import check_template

    check_template(file)
    _say(file, f"{file}：可以使用", as_json=as_json)


def _say(file: Path, words: str, *, as_json: bool) -> None:
    from console.output import harmless, print_json, say

    if as_json:
        print_json({"file": str(file), "ok": True})
    else:
        say(harmless(words))
