"""`lantian doctor` and `lantian metrics` as they are typed. Thin, as `console.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出到标准输出。")]


def doctor(
    full: Annotated[
        bool, typer.Option("--full", help="也做费时的：数据库从头检查、真读一张图、真要一个时间戳")
    ] = False,
    as_json: Json = False,
) -> None:
    """检查运行所需的一切：每一项的情况，和该怎么办；有一项不行时退出码 3。"""
    from console.upkeep import doctor as doctor_

    raise typer.Exit(doctor_.doctor(in_full=full, as_json=as_json))


def metrics(
    out: Annotated[Path | None, typer.Option(help="写入此文件（整个换掉），供 node_exporter 读")] = None,
    listen: Annotated[str, typer.Option(help="在此地址回答 Prometheus，如 127.0.0.1:9469；直到 Ctrl-C")] = "",
    as_json: Json = False,
) -> None:
    """运行情况的数字（Prometheus 格式）：不含任何个人信息；默认输出到标准输出。"""
    from console.upkeep import metrics as metrics_

    raise typer.Exit(metrics_.metrics(out, listen, as_json=as_json))
