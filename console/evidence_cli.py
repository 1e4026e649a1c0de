"""`lantian evidence`: sealing, checking, handing over and keeping what was captured. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console import sealing, stamping

evidence_app = typer.Typer(help="证据：封存、状态、链首、验证、导出、保存期限。", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


@evidence_app.command("seal")
def evidence_seal(as_json: Json = False) -> None:
    """封存：把尚未封存的记录列入新的清单，接到链上；有时间戳服务的，随即请求时间戳。"""
    raise typer.Exit(sealing.seal(as_json=as_json))


@evidence_app.command("status")
def evidence_status(as_json: Json = False) -> None:
    """状态：未封存、已封存、有时间戳的各多少，链首，等待中的时间戳，操作日志。"""
    raise typer.Exit(sealing.show_status(as_json=as_json))


@evidence_app.command("head")
def evidence_head(
    export: Annotated[Path | None, typer.Option(help="写成文件，交第三方存证")] = None,
    as_json: Json = False,
) -> None:
    """链首：编号、SHA-256、SM3、封存时间、时间戳时间、操作日志；附件上所印的就是它。"""
    raise typer.Exit(sealing.show_head(export, as_json=as_json))


@evidence_app.command("stamp")
def evidence_stamp(as_json: Json = False) -> None:
    """时间戳：立即为每份还没有时间戳的清单请求；还有等待的，退出码 4。"""
    raise typer.Exit(stamping.stamp(as_json=as_json))
